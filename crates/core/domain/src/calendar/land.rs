//! The sixteen Laender: each has its own law of holidays.

use std::fmt;
use std::str::FromStr;

/// A Land by its code of ISO 3166-2:DE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Land {
    BadenWuerttemberg = 0,
    Bayern = 1,
    Berlin = 2,
    Brandenburg = 3,
    Bremen = 4,
    Hamburg = 5,
    Hessen = 6,
    MecklenburgVorpommern = 7,
    Niedersachsen = 8,
    NordrheinWestfalen = 9,
    RheinlandPfalz = 10,
    Saarland = 11,
    Sachsen = 12,
    SachsenAnhalt = 13,
    SchleswigHolstein = 14,
    Thueringen = 15,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a Land such as BY, Bayern or Bavaria")]
pub struct UnknownLand(String);

impl Land {
    pub const ALL: [Self; 16] = [
        Self::BadenWuerttemberg,
        Self::Bayern,
        Self::Berlin,
        Self::Brandenburg,
        Self::Bremen,
        Self::Hamburg,
        Self::Hessen,
        Self::MecklenburgVorpommern,
        Self::Niedersachsen,
        Self::NordrheinWestfalen,
        Self::RheinlandPfalz,
        Self::Saarland,
        Self::Sachsen,
        Self::SachsenAnhalt,
        Self::SchleswigHolstein,
        Self::Thueringen,
    ];

    /// Two letters, such as `BY`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::BadenWuerttemberg => "BW",
            Self::Bayern => "BY",
            Self::Berlin => "BE",
            Self::Brandenburg => "BB",
            Self::Bremen => "HB",
            Self::Hamburg => "HH",
            Self::Hessen => "HE",
            Self::MecklenburgVorpommern => "MV",
            Self::Niedersachsen => "NI",
            Self::NordrheinWestfalen => "NW",
            Self::RheinlandPfalz => "RP",
            Self::Saarland => "SL",
            Self::Sachsen => "SN",
            Self::SachsenAnhalt => "ST",
            Self::SchleswigHolstein => "SH",
            Self::Thueringen => "TH",
        }
    }

    /// The German name first; then how it is written without umlauts, and in English.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::BadenWuerttemberg => &["Baden-Württemberg", "Baden-Wuerttemberg"],
            Self::Bayern => &["Bayern", "Bavaria"],
            Self::Berlin => &["Berlin"],
            Self::Brandenburg => &["Brandenburg"],
            Self::Bremen => &["Bremen"],
            Self::Hamburg => &["Hamburg"],
            Self::Hessen => &["Hessen", "Hesse"],
            Self::MecklenburgVorpommern => {
                &["Mecklenburg-Vorpommern", "Mecklenburg-Western Pomerania", "Mecklenburg-West Pomerania"]
            }
            Self::Niedersachsen => &["Niedersachsen", "Lower Saxony"],
            Self::NordrheinWestfalen => &["Nordrhein-Westfalen", "North Rhine-Westphalia"],
            Self::RheinlandPfalz => &["Rheinland-Pfalz", "Rhineland-Palatinate"],
            Self::Saarland => &["Saarland"],
            Self::Sachsen => &["Sachsen", "Saxony"],
            Self::SachsenAnhalt => &["Sachsen-Anhalt", "Saxony-Anhalt"],
            Self::SchleswigHolstein => &["Schleswig-Holstein"],
            Self::Thueringen => &["Thüringen", "Thueringen", "Thuringia"],
        }
    }

    #[must_use]
    pub const fn name(self) -> &'static str {
        self.names()[0]
    }
}

impl FromStr for Land {
    type Err = UnknownLand;

    /// Reads a code or a name, in capital or small letters alike.
    fn from_str(text: &str) -> Result<Self, UnknownLand> {
        let means = |land: &Self| {
            let mut names = land.names().iter();
            land.code().eq_ignore_ascii_case(text) || names.any(|name| name.eq_ignore_ascii_case(text))
        };
        Self::ALL.into_iter().find(means).ok_or_else(|| UnknownLand(text.chars().take(40).collect()))
    }
}

impl fmt::Display for Land {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::Land;

    #[test]
    fn a_land_is_read_by_its_code_and_by_its_names() {
        for land in Land::ALL {
            assert_eq!(land.to_string().parse(), Ok(land));
            assert_eq!(land.name().parse(), Ok(land));
        }
        for (text, code) in [
            ("by", "BY"),
            ("Bavaria", "BY"),
            ("Thueringen", "TH"),
            ("Lower Saxony", "NI"),
            ("North Rhine-Westphalia", "NW"),
            ("Saxony-Anhalt", "ST"),
        ] {
            assert_eq!(text.parse::<Land>().map(Land::code), Ok(code), "{text}");
        }
    }

    #[test]
    fn what_is_no_land_is_refused() {
        for text in ["", "XX", "DE", "Franken", " BY"] {
            assert!(text.parse::<Land>().is_err(), "{text}");
        }
    }
}
