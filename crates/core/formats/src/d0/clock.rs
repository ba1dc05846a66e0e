//! Times as meters write them: stamps of the VDEW (`1230701121500`), times and dates of the clock, and dates with marks.
//!
//! The first digit of a stamp tells its season: 0 standard time, 1 summer time, 2 UTC.

use chrono::NaiveDateTime;

use crate::dates::{DateError, shown};
use crate::page::Table;
use crate::stamps::{Season, Stamp, digits};

/// First digits of stamps.
const SEASONS: [(char, Season, &str); 3] = [
    ('0', Season::Standard, "standard time (MEZ)"),
    ('1', Season::Summer, "summer time (MESZ)"),
    ('2', Season::Utc, "UTC"),
];

/// Reads `YYMMDDhhmm` or `YYMMDDhhmmss`, with a digit for the season before it or without, or digits set apart by marks.
pub(super) fn stamp(text: &str) -> Result<Stamp, DateError> {
    let figures = figures(text);
    let (season, figures) = season(&figures);
    digits(figures).map(|clock| Stamp { clock, season }).map_err(|_| DateError::NoSuchTime(shown(text)))
}

/// The clock of a meter, told in a date and a time of day, either of which may have a digit for the season.
pub(super) fn date_and_time(date: &str, time: &str) -> Result<Stamp, DateError> {
    let (date, time) = (figures(date), figures(time));
    let (of_date, date) = season(&date);
    let (of_time, time) = season(&time);
    let clock: Result<NaiveDateTime, DateError> = digits(&format!("{date}{time}"));
    clock.map(|clock| Stamp { clock, season: of_time.or(of_date) })
}

/// Whether a stamp is that of an event that never was.
pub(super) fn is_unset(text: &str) -> bool {
    figures(text).bytes().all(|figure| figure == b'0')
}

/// The digits of a stamp without the marks between them, and without the century.
fn figures(text: &str) -> String {
    let parts = || text.split(|letter: char| !letter.is_ascii_digit()).filter(|part| !part.is_empty());
    let mut figures = String::new();
    for (index, part) in parts().take(7).enumerate() {
        let is_year = index == 0 && part.len() == 4 && parts().nth(1).is_some();
        figures.push_str(if is_year { &part[2..] } else { part });
    }
    figures
}

/// The season that the first of an odd count of digits tells, and the digits behind it.
fn season(figures: &str) -> (Option<Season>, &str) {
    let told = SEASONS.iter().find(|(digit, ..)| figures.len() % 2 == 1 && figures.starts_with(*digit));
    match told {
        Some((_, season, _)) => (Some(*season), &figures[1..]),
        None => (None, figures),
    }
}

pub(super) fn tables() -> Vec<Table> {
    let rows = SEASONS.iter().map(|(digit, _, what)| vec![digit.to_string(), (*what).to_owned()]).collect();
    vec![Table { name: "seasons", columns: &["first digit", "clock"], rows }]
}

#[cfg(test)]
mod tests {
    use super::{date_and_time, is_unset, stamp};
    use crate::stamps::{Season, Stamp};

    fn said(read: Result<Stamp, crate::dates::DateError>) -> String {
        read.map_or_else(
            |error| error.to_string(),
            |stamp| match stamp.season {
                Some(Season::Standard) => format!("{} standard", stamp.clock),
                Some(Season::Summer) => format!("{} summer", stamp.clock),
                Some(Season::Utc) => format!("{} utc", stamp.clock),
                None => stamp.clock.to_string(),
            },
        )
    }

    #[test]
    fn stamps_have_or_lack_seconds_and_a_season() {
        assert_eq!(said(stamp("2307011215")), "2023-07-01 12:15:00");
        assert_eq!(said(stamp("12307011215")), "2023-07-01 12:15:00 summer");
        assert_eq!(said(stamp("0230101001500")), "2023-01-01 00:15:00 standard");
        assert_eq!(said(stamp("2230701001500")), "2023-07-01 00:15:00 utc");
        assert_eq!(said(stamp("2017-01-18&01:36:47")), "2017-01-18 01:36:47");
        assert_eq!(said(stamp("23-07-01 12:15")), "2023-07-01 12:15:00");
        for wrong in ["", "42307011215", "2313011215", "230701", "--"] {
            assert!(said(stamp(wrong)).contains("names no moment"), "{wrong}");
        }
    }

    #[test]
    fn a_clock_is_told_in_two_parts() {
        assert_eq!(said(date_and_time("1230701", "1121507")), "2023-07-01 12:15:07 summer");
        assert_eq!(said(date_and_time("230701", "12:15:07")), "2023-07-01 12:15:07");
        assert_eq!(said(date_and_time("2023-07-01", "0121507")), "2023-07-01 12:15:07 standard");
        assert!(is_unset("0000000000") && is_unset("") && !is_unset("0000000001"));
    }
}
