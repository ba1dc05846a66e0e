//! Working days: those of a Land, those of market communication, and the day types of standard load profiles.

use chrono::{Datelike, NaiveDate, Weekday};

use super::holiday::{holiday, holiday_anywhere};
use super::land::Land;

/// The three kinds of day that standard load profiles know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DayType {
    WorkingDay,
    Saturday,
    Sunday,
}

impl DayType {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WorkingDay => "working_day",
            Self::Saturday => "saturday",
            Self::Sunday => "sunday",
        }
    }
}

/// Monday to Friday, and no public holiday in the Land.
#[must_use]
pub fn is_working_day(date: NaiveDate, land: Land) -> bool {
    !is_weekend(date) && holiday(date, land).is_none()
}

/// The Werktag of GPKE and GeLi Gas, by which deadlines are counted: a holiday in one Land counts in all, and 24 and 31 December
/// are holidays. On 6 June 2025 market communication stood still for the start of the supplier switch within 24 hours.
#[must_use]
pub fn is_market_working_day(date: NaiveDate) -> bool {
    let switch_start = (date.year(), date.month(), date.day()) == (2025, 6, 6);
    !is_weekend(date) && !is_year_end(date) && !switch_start && holiday_anywhere(date).is_none()
}

/// The day type of the BDEW's standard load profiles: a holiday is a Sunday, 24 and 31 December are Saturdays unless a Sunday.
#[must_use]
pub fn day_type(date: NaiveDate, land: Land) -> DayType {
    if date.weekday() == Weekday::Sun || holiday(date, land).is_some() {
        return DayType::Sunday;
    }
    if date.weekday() == Weekday::Sat || is_year_end(date) {
        return DayType::Saturday;
    }
    DayType::WorkingDay
}

fn is_weekend(date: NaiveDate) -> bool {
    date.weekday().num_days_from_monday() >= Weekday::Sat.num_days_from_monday()
}

fn is_year_end(date: NaiveDate) -> bool {
    date.month() == 12 && matches!(date.day(), 24 | 31)
}

#[cfg(test)]
mod tests {
    use super::{DayType, day_type, is_market_working_day, is_working_day};
    use crate::calendar::land::Land;
    use chrono::{Datelike, NaiveDate};

    fn date(text: &str) -> NaiveDate {
        text.parse().expect(text)
    }

    #[test]
    fn a_working_day_is_one_of_its_land() {
        for (day, land, expected) in [
            ("2024-11-01", Land::Bayern, false),
            ("2024-11-01", Land::Berlin, true),
            ("2024-10-31", Land::Sachsen, false),
            ("2024-10-31", Land::Bayern, true),
            ("2024-06-01", Land::Berlin, false),
            ("2024-06-02", Land::Berlin, false),
            ("2024-12-24", Land::Berlin, true),
        ] {
            assert_eq!(is_working_day(date(day), land), expected, "{day} {land}");
        }
    }

    #[test]
    fn a_holiday_in_one_land_is_none_of_the_markets_working_days() {
        for (day, expected) in [
            ("2026-01-02", true),
            ("2026-01-06", false),
            ("2024-03-08", false),
            ("2018-03-08", true),
            ("2025-05-08", false),
            ("2024-08-15", false),
            ("2024-08-08", true),
            ("2024-09-20", false),
            ("2024-10-31", false),
            ("2024-11-20", false),
            ("2024-12-23", true),
            ("2024-12-24", false),
            ("2024-12-31", false),
            ("2025-06-05", true),
            ("2025-06-06", false),
            ("2024-06-01", false),
        ] {
            assert_eq!(is_market_working_day(date(day)), expected, "{day}");
        }
    }

    #[test]
    fn the_market_has_244_working_days_in_2024() {
        let days = date("2024-01-01").iter_days().take_while(|day| day.year() == 2024);
        assert_eq!(days.filter(|day| is_market_working_day(*day)).count(), 244);
    }

    #[test]
    fn load_profiles_take_holidays_for_sundays_and_the_years_end_for_saturdays() {
        for (day, land, expected) in [
            ("2024-06-03", Land::Berlin, DayType::WorkingDay),
            ("2024-06-01", Land::Berlin, DayType::Saturday),
            ("2024-06-02", Land::Berlin, DayType::Sunday),
            ("2024-11-01", Land::Bayern, DayType::Sunday),
            ("2024-11-01", Land::Berlin, DayType::WorkingDay),
            ("2024-12-24", Land::Berlin, DayType::Saturday),
            ("2024-12-25", Land::Berlin, DayType::Sunday),
            ("2023-12-24", Land::Berlin, DayType::Sunday),
            ("2022-12-31", Land::Berlin, DayType::Saturday),
            ("2026-10-03", Land::Berlin, DayType::Sunday),
        ] {
            assert_eq!(day_type(date(day), land), expected, "{day} {land}");
        }
    }
}
