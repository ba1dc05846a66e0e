//! What the words and numbers around the values of a table mean: seasons, months, day types, times, units, the profile's name.

use chrono::{Datelike, Month, NaiveDate, TimeDelta};
use metrify_domain::calendar::working_day::DayType;
use metrify_domain::profile::{Part, Season};
use metrify_domain::{Decimal, Unit};

use super::{number, shortened};
use crate::dates;
use crate::numbers::grouped;

/// Minutes of a day.
pub(super) const DAY_MINUTES: u32 = 1_440;
/// Minutes of a quarter-hour.
pub(super) const QUARTER_MINUTES: u32 = 15;
/// Longest name of a profile, in bytes.
const NAME_BYTES_MAX: usize = 15;

/// What a cell holds. A number is decimal text, as a spreadsheet writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Text(String),
    Number(String),
}

impl Cell {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(text) => text,
        }
    }

    pub(super) fn number(&self) -> Option<number::Number> {
        match self {
            Self::Text(text) => number::written(text),
            Self::Number(text) => number::spreadsheet(text),
        }
    }
}

/// Words for the seasons of 1999; each is known by how it begins, in lower case.
pub(super) const SEASONS: [(&[&str], Season); 3] = [
    (&["winter"], Season::Winter),
    (&["sommer", "summer"], Season::Summer),
    (&["übergang", "uebergang", "transition"], Season::Transition),
];

/// Words for the day types; each is the whole word, in lower case.
pub(super) const DAY_TYPES: [(&[&str], DayType); 3] = [
    (&["wt", "werktag", "workday", "working_day"], DayType::WorkingDay),
    (&["sa", "samstag", "saturday"], DayType::Saturday),
    (&["ft", "so", "sonntag", "feiertag", "sunday"], DayType::Sunday),
];

/// Words for the units of values.
pub(super) const UNITS: [(&[&str], Unit); 2] =
    [(&["[w]", "w", "watts"], Unit::literal("W")), (&["[kwh]", "kwh"], Unit::literal("kWh"))];

/// How the names of months begin, German and English, from January on.
const MONTHS: [&[&str]; 12] = [
    &["jan", "jän"],
    &["feb"],
    &["mär", "maer", "mar", "mrz"],
    &["apr"],
    &["mai", "may"],
    &["jun"],
    &["jul"],
    &["aug"],
    &["sep"],
    &["okt", "oct"],
    &["nov"],
    &["dez", "dec"],
];

fn named<T: Copy>(words: &[(&[&str], T)], fits: impl Fn(&str) -> bool) -> Option<T> {
    words.iter().find(|(words, _)| words.iter().any(|word| fits(word))).map(|(_, meaning)| *meaning)
}

pub(super) fn unit(text: &str) -> Option<Unit> {
    let text = text.trim().to_lowercase();
    named(&UNITS, |word| word == text)
}

pub(super) fn day_type(text: &str) -> Option<DayType> {
    let text = text.trim().to_lowercase();
    named(&DAY_TYPES, |word| word == text)
}

/// A season or a month: its name, its number, or a date in it, which a spreadsheet keeps as the number of its day.
pub(super) fn part(cell: &Cell, days_from_1904: bool) -> Option<Part> {
    if let Cell::Number(number) = cell {
        return month_of_number(number, days_from_1904).map(Part::Month);
    }
    let text = cell.text().trim().to_lowercase();
    if let Some(season) = named(&SEASONS, |word| text.starts_with(word)) {
        return Some(Part::Season(season));
    }
    let name = text.chars().all(|letter| letter.is_alphabetic() || letter == '.');
    let index = MONTHS.iter().position(|words| name && words.iter().any(|word| text.starts_with(word)));
    let number = match index {
        Some(index) => u32::try_from(index + 1).ok(),
        None => text.parse().ok().or_else(|| dates::day(&text).ok().map(|day| day.month())),
    };
    month(number?).map(Part::Month)
}

fn month_of_number(text: &str, days_from_1904: bool) -> Option<Month> {
    /// Spreadsheets of 1904 count from 1904-01-01, others from 1899-12-30.
    const BETWEEN_DAYS: i64 = 1_462;
    let number: i64 = text.parse().ok()?;
    if (1..=12).contains(&number) {
        return month(u32::try_from(number).ok()?);
    }
    let days = if days_from_1904 { number.checked_add(BETWEEN_DAYS)? } else { number };
    let first = NaiveDate::from_ymd_opt(1899, 12, 30)?;
    month(first.checked_add_signed(TimeDelta::try_days(days)?)?.month())
}

fn month(number: u32) -> Option<Month> {
    Month::try_from(u8::try_from(number).ok()?).ok()
}

/// Which quarter-hour a row tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// `00:15-00:30`: it begins at this minute.
    Range(u32),
    /// `00:15`: it begins or ends at this minute.
    Time(u32),
}

pub(super) fn label(cell: &Cell) -> Option<Label> {
    match cell {
        // A time of day is a part of one.
        Cell::Number(text) => {
            let part = number::spreadsheet(text)?.value;
            let minutes = part.product(Decimal::from(i64::from(DAY_MINUTES)), 0)?;
            let minutes = (0..=DAY_MINUTES).find(|minute| Decimal::from(i64::from(*minute)) == minutes)?;
            Some(Label::Time(minutes))
        }
        Cell::Text(text) => match text.split_once(['-', '–']) {
            Some((begin, end)) => {
                let (begin, end) = (minute(begin)?, minute(end)?);
                ((begin + QUARTER_MINUTES) % DAY_MINUTES == end % DAY_MINUTES).then_some(Label::Range(begin))
            }
            None => minute(text).map(Label::Time),
        },
    }
}

/// Why a text is no time of a row.
pub(super) fn no_time(text: &str) -> String {
    if text.is_empty() {
        return "the row has values, yet no time such as 00:15 or 00:15-00:30".to_owned();
    }
    format!("`{}` is not a time such as 00:15 or 00:15-00:30", shortened(text))
}

/// Why a text is no value.
pub(super) fn no_number(text: &str) -> String {
    format!("`{}` is not a decimal number, or has too many digits", shortened(text))
}

/// Whether a row is one of sums or means below a table.
pub(super) fn is_sum(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    ["summe", "sum", "total", "gesamt", "mittel", "mean"].iter().any(|word| text.starts_with(word))
}

/// `00:15`, `0:15`, `00:15:00`, `24:00`.
fn minute(text: &str) -> Option<u32> {
    let mut parts = text.trim().split(':').map(|part| {
        let digits = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<u32>().ok().filter(|_| digits)
    });
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = parts.next().unwrap_or(Some(0))?;
    let minutes = hour * 60 + minute;
    (minute < 60 && second == 0 && minutes <= DAY_MINUTES && parts.next().is_none()).then_some(minutes)
}

/// `H0`, `G25`: a capital letter, then capitals and digits, at least one of them.
pub(super) fn profile(text: &str) -> Option<&str> {
    let text = text.trim();
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    let named = text.bytes().all(fits) && text.bytes().any(|byte| byte.is_ascii_digit());
    let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_uppercase());
    (named && begins && text.len() <= NAME_BYTES_MAX).then_some(text)
}

/// The consumption of a year that values are made for, in kWh: `normiert auf 1 Mio kWh Jahresverbrauch`, `für den Jahresverbrauch
/// von 1.000 kWh/a`.
pub(super) fn annual_kwh(text: &str) -> Option<Decimal> {
    if !text.contains("Jahresverbrauch") {
        return None;
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = words.iter().position(|word| word.starts_with("kWh"))?;
    let before = |distance: usize| at.checked_sub(distance).and_then(|index| words.get(index)).copied();
    let (number, factor) = match before(1)? {
        "Mio" | "Mio." => (before(2)?, Decimal::from(1_000_000)),
        number => (number, Decimal::from(1)),
    };
    grouped(number, b',', b'.')?.ok()?.product(factor, 3)
}

#[cfg(test)]
mod tests {
    use super::{Cell, Label, annual_kwh, label, part, profile};
    use chrono::Month;
    use metrify_domain::profile::{Part, Season};

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    fn number(text: &str) -> Cell {
        Cell::Number(text.to_owned())
    }

    #[test]
    fn seasons_and_months_are_known_by_name_number_and_date() {
        for (cell, expected) in [
            (text("Winter"), Some(Part::Season(Season::Winter))),
            (text("Übergangszeit"), Some(Part::Season(Season::Transition))),
            (text("März"), Some(Part::Month(Month::March))),
            (text("Mai"), Some(Part::Month(Month::May))),
            (text("oct."), Some(Part::Month(Month::October))),
            (text("7"), Some(Part::Month(Month::July))),
            (text("2012-02-01"), Some(Part::Month(Month::February))),
            (number("40909"), Some(Part::Month(Month::January))),
            (number("12"), Some(Part::Month(Month::December))),
            (text("13"), None),
            (text("Marktgebiet 3"), None),
            (number("-1e9"), None),
        ] {
            assert_eq!(part(&cell, false), expected, "{cell:?}");
        }
        assert_eq!(part(&number("39447"), true), Some(Part::Month(Month::January)));
    }

    #[test]
    fn a_row_is_known_by_its_times() {
        for (cell, expected) in [
            (text("00:00-00:15"), Some(Label::Range(0))),
            (text("23:45-00:00"), Some(Label::Range(1_425))),
            (text("23:45 - 24:00"), Some(Label::Range(1_425))),
            (text("00:15"), Some(Label::Time(15))),
            (text("24:00"), Some(Label::Time(1_440))),
            (text("0:15:00"), Some(Label::Time(15))),
            (number("1.0416666666666666E-2"), Some(Label::Time(15))),
            (number("0.95833333333333337"), Some(Label::Time(1_380))),
            (text("00:00-00:30"), None),
            (text("24:15"), None),
            (text("00:60"), None),
            (text("00:15:30"), None),
            (number("1.5"), None),
            (text(""), None),
        ] {
            assert_eq!(label(&cell), expected, "{cell:?}");
        }
    }

    #[test]
    fn the_name_of_a_profile_has_capitals_and_a_digit() {
        for (cell, expected) in [
            ("H0", Some("H0")),
            (" S25 ", Some("S25")),
            ("TLP-HZ1", Some("TLP-HZ1")),
            ("Haushalt", None),
            ("SA", None),
            ("2012", None),
            ("H", None),
        ] {
            assert_eq!(profile(cell), expected, "{cell}");
        }
    }

    #[test]
    fn the_consumption_of_a_year_is_told_in_words() {
        for (text, expected) in [
            ("normiert auf 1 Mio kWh Jahresverbrauch", Some("1000000")),
            ("Viertelstunden-Leistungswerte für den Jahresverbrauch von 1.000 kWh/a", Some("1000")),
            ("1 Mio kWh", None),
            ("Jahresverbrauch kWh", None),
            ("Jahresverbrauch", None),
        ] {
            assert_eq!(annual_kwh(text).map(|number| number.to_string()).as_deref(), expected, "{text}");
        }
    }
}
