//! Days, gas days and months of the German market: which one an instant belongs to, and from when to when it lasts.
//!
//! A day of electricity begins at 00:00 in Berlin, a gas day at 06:00. Where clocks are changed a day is an hour shorter or
//! longer (or, in 1945 and 1947, changed twice a year): lengths are counted from the zone's data, never assumed.

use std::sync::LazyLock;

use chrono::{Months, NaiveDate, NaiveDateTime, NaiveTime};

use super::{Instants, Zone};
use crate::reading::Period;
use crate::time::{HOUR, QUARTER_HOUR, SECOND, Timestamp};

/// The local hour at which the gas day and the gas month begin.
pub const GAS_DAY_HOUR: u32 = 6;

/// Microseconds of a day whose clocks are not changed.
const DAY: i64 = 24 * HOUR;

/// The day of electricity that an instant belongs to; `None` beyond the years a calendar names.
#[must_use]
pub fn local_day(at: Timestamp) -> Option<NaiveDate> {
    NaiveDate::from_epoch_days(day_number(at))
}

/// The same day as a number, counted from 1970-01-01 as day 0 (the date of Arrow and SQL).
#[must_use]
pub fn day_number(at: Timestamp) -> i32 {
    // Microseconds in 64 bits reach 107 million days either way.
    local_micros(at).div_euclid(DAY) as i32
}

/// The hour 0 to 23 that clocks in Berlin show; the doubled hour of autumn is 2 both times.
#[must_use]
pub fn local_hour(at: Timestamp) -> u32 {
    (local_micros(at).rem_euclid(DAY) / HOUR) as u32
}

/// The gas day that an instant belongs to: before 06:00 that of the day before. The gas day of 23 or 25 hours is therefore
/// the one named after the Saturday on which it begins.
#[must_use]
pub fn gas_day(at: Timestamp) -> Option<NaiveDate> {
    let day = local_micros(at).saturating_sub(i64::from(GAS_DAY_HOUR) * HOUR).div_euclid(DAY);
    NaiveDate::from_epoch_days(day as i32)
}

/// From midnight to midnight; `None` for the last date that a calendar names.
#[must_use]
pub fn day_period(date: NaiveDate) -> Option<Period> {
    period(date, date.succ_opt()?, 0)
}

/// From 06:00 of the date to 06:00 of the next; `None` for the last date that a calendar names.
#[must_use]
pub fn gas_day_period(date: NaiveDate) -> Option<Period> {
    period(date, date.succ_opt()?, GAS_DAY_HOUR)
}

/// The quarter-hours of a day: 96, or 92 and 100 where clocks are changed; 0 for a date without [`day_period`].
#[must_use]
pub fn quarter_hours(date: NaiveDate) -> u32 {
    day_period(date).map_or(0, |period| count(period, QUARTER_HOUR))
}

/// The hours of a gas day: 24, or 23 and 25 where clocks are changed; 0 for a date without [`gas_day_period`].
#[must_use]
pub fn gas_hours(date: NaiveDate) -> u32 {
    gas_day_period(date).map_or(0, |period| count(period, HOUR))
}

/// The balancing month of electricity, from 00:00 of its first day; `None` where there is no such month.
#[must_use]
pub fn month_period(year: i32, month: u32) -> Option<Period> {
    month_from(year, month, 0)
}

/// The balancing month of gas, from 06:00 of its first day; `None` where there is no such month.
#[must_use]
pub fn gas_month_period(year: i32, month: u32) -> Option<Period> {
    month_from(year, month, GAS_DAY_HOUR)
}

/// The quarter-hours of a month of electricity: 2972 in March, 2980 in October; `None` where there is no such month.
#[must_use]
pub fn month_quarter_hours(year: i32, month: u32) -> Option<u32> {
    month_period(year, month).map(|period| count(period, QUARTER_HOUR))
}

fn month_from(year: i32, month: u32, hour: u32) -> Option<Period> {
    let first = NaiveDate::from_ymd_opt(year, month, 1)?;
    period(first, first.checked_add_months(Months::new(1))?, hour)
}

fn period(first: NaiveDate, next: NaiveDate, hour: u32) -> Option<Period> {
    let time = NaiveTime::from_hms_opt(hour, 0, 0)?;
    Period::interval(reached(first.and_time(time))?, reached(next.and_time(time))?)
}

/// The first instant at which clocks in Berlin showed `clock` or had gone past it.
fn reached(clock: NaiveDateTime) -> Option<Timestamp> {
    match Zone::BERLIN.instants(clock) {
        Instants::One(at) | Instants::Two { earlier: at, .. } => Some(at),
        // On 1 April 1893 local mean time ended at midnight, and clocks went on at 00:06:32.
        Instants::None => {
            let as_utc = Timestamp::from_utc(clock);
            as_utc.plus(-offset_micros(as_utc.plus(-DAY)?))
        }
    }
}

fn count(period: Period, step: i64) -> u32 {
    ((period.end().micros() - period.start().micros()) / step) as u32
}

/// What clocks in Berlin show, as microseconds since they showed 1970-01-01 00:00.
fn local_micros(at: Timestamp) -> i64 {
    at.micros().saturating_add(offset_micros(at))
}

/// By how many microseconds clocks in Berlin are ahead of UTC.
///
/// One look into a table of equal steps, because SQL asks this of every row: a search in the zone's changes takes ten times as long.
#[must_use]
pub fn offset_micros(at: Timestamp) -> i64 {
    let steps = &*STEPS;
    let index = usize::try_from(at.micros().saturating_sub(TABLE_START) >> STEP_BITS).unwrap_or(0);
    match steps.get(index).or(steps.last()) {
        Some(step) if at.micros() < step.change => step.before,
        Some(step) => step.after,
        None => 0,
    }
}

/// A step of the table, in which clocks are changed once at most. Instants and offsets in microseconds.
struct Step {
    /// The end of the step where nothing changes.
    change: i64,
    before: i64,
    after: i64,
}

/// A step lasts 2^41 microseconds, 25 days; no two changes of Berlin's clocks are nearer than 35 days (April and May 1947).
const STEP_BITS: u32 = 41;
/// 1890-01-01, before zone time (1893), and 2110-01-01, after the last change that the zone's data foretells.
const TABLE_START: i64 = -29_219 * DAY;
const TABLE_END: i64 = 51_134 * DAY;

static STEPS: LazyLock<Vec<Step>> = LazyLock::new(|| {
    let starts = (TABLE_START..TABLE_END).step_by(1 << STEP_BITS);
    starts.map(|start| step(start, start + (1 << STEP_BITS))).collect()
});

fn step(start: i64, end: i64) -> Step {
    let (before, after) = (zone_offset(start), zone_offset(end));
    let (mut same, mut change) = (start, end);
    while before != after && change - same > 1 {
        let middle = same + (change - same) / 2;
        if zone_offset(middle) == before {
            same = middle;
        } else {
            change = middle;
        }
    }
    Step { change, before, after }
}

fn zone_offset(micros: i64) -> i64 {
    let utc = Timestamp::from_micros(micros).utc();
    utc.map_or(0, |utc| i64::from(Zone::BERLIN.offset_seconds(utc)) * SECOND)
}

#[cfg(test)]
mod tests {
    use super::{
        day_number, day_period, gas_day, gas_day_period, gas_hours, gas_month_period, local_day, local_hour,
        month_period, month_quarter_hours, quarter_hours,
    };
    use crate::calendar::Zone;
    use crate::{Period, Timestamp};
    use chrono::{NaiveDate, NaiveDateTime, Timelike};
    use proptest::prelude::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().expect(text)
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::from_utc(NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%SZ").expect(text))
    }

    fn written(period: Option<Period>) -> String {
        period.map_or("none".to_owned(), |period| format!("{}..{}", period.start(), period.end()))
    }

    #[test]
    fn an_instant_belongs_to_the_day_that_clocks_in_berlin_show() {
        for (instant, day, hour) in [
            ("2023-12-31T22:59:59Z", "2023-12-31", 23),
            ("2023-12-31T23:00:00Z", "2024-01-01", 0),
            ("2024-06-30T21:59:59Z", "2024-06-30", 23),
            ("2024-06-30T22:00:00Z", "2024-07-01", 0),
            ("2023-10-29T00:30:00Z", "2023-10-29", 2),
            ("2023-10-29T01:30:00Z", "2023-10-29", 2),
            ("2023-03-26T01:00:00Z", "2023-03-26", 3),
            ("1969-12-31T23:30:00Z", "1970-01-01", 0),
            ("1947-06-01T21:00:00Z", "1947-06-02", 0),
            ("1850-01-01T00:00:00Z", "1850-01-01", 0),
            ("2500-07-01T23:00:00Z", "2500-07-02", 0),
        ] {
            assert_eq!((local_day(at(instant)), local_hour(at(instant))), (Some(date(day)), hour), "{instant}");
        }
        assert_eq!(day_number(at("1969-12-31T22:00:00Z")), -1);
        assert_eq!(local_day(Timestamp::from_micros(i64::MAX)), None);
        assert_eq!(local_day(Timestamp::from_micros(i64::MIN)), None);
    }

    #[test]
    fn a_day_has_as_many_quarter_hours_as_clocks_show() {
        for (day, count) in [
            ("2023-03-26", 92),
            ("2023-10-29", 100),
            ("2024-02-29", 96),
            ("2026-03-29", 92),
            ("2026-10-25", 100),
            ("1980-04-06", 92),
            ("1980-09-28", 100),
            // No summer time in between.
            ("1960-03-27", 96),
            ("1979-10-28", 96),
            // Double summer time began and ended within summer time.
            ("1945-04-02", 92),
            ("1945-05-24", 92),
            ("1945-09-24", 100),
            ("1945-11-18", 100),
            ("1947-04-06", 92),
            ("1947-05-11", 92),
            ("1947-06-29", 100),
            ("1947-10-05", 100),
        ] {
            assert_eq!(quarter_hours(date(day)), count, "{day}");
        }
        let of_year = |year: i32| -> u32 {
            let days =
                date(&format!("{year}-01-01")).iter_days().take_while(|day| day.to_string() < format!("{}", year + 1));
            days.map(quarter_hours).sum()
        };
        assert_eq!((of_year(2023), of_year(2024), of_year(1955)), (35_040, 35_136, 35_040));
        assert_eq!(quarter_hours(NaiveDate::MAX), 0);
    }

    #[test]
    fn a_month_has_as_many_quarter_hours_as_its_days() {
        let months: Vec<_> = (1..=12).filter_map(|month| month_quarter_hours(2024, month)).collect();
        assert_eq!(months, [2976, 2784, 2972, 2880, 2976, 2880, 2976, 2976, 2880, 2980, 2880, 2976]);
        assert_eq!(month_quarter_hours(2023, 2), Some(2688));
        assert_eq!(month_quarter_hours(2024, 13), None);
        assert_eq!(written(month_period(2024, 3)), "2024-02-29T23:00:00Z..2024-03-31T22:00:00Z");
        assert_eq!(written(gas_month_period(2024, 3)), "2024-03-01T05:00:00Z..2024-04-01T04:00:00Z");
        assert_eq!(written(month_period(2023, 12)), "2023-11-30T23:00:00Z..2023-12-31T23:00:00Z");
    }

    #[test]
    fn the_odd_gas_day_is_named_after_the_saturday() {
        for (day, hours) in [
            ("2023-03-25", 23),
            ("2023-03-26", 24),
            ("2023-10-28", 25),
            ("2023-10-29", 24),
            ("2024-03-30", 23),
            ("2024-10-26", 25),
        ] {
            assert_eq!(gas_hours(date(day)), hours, "{day}");
        }
        assert_eq!(written(gas_day_period(date("2023-10-28"))), "2023-10-28T04:00:00Z..2023-10-29T05:00:00Z");
        assert_eq!(gas_day(at("2023-10-29T04:59:59Z")), Some(date("2023-10-28")));
        assert_eq!(gas_day(at("2023-10-29T05:00:00Z")), Some(date("2023-10-29")));
        assert_eq!(gas_day(at("2024-07-01T03:59:59Z")), Some(date("2024-06-30")));
    }

    #[test]
    fn days_follow_each_other_without_gap_or_overlap() {
        let mut end = None;
        for day in date("1889-12-01").iter_days().take_while(|day| *day < date("2111-01-01")) {
            let (electricity, gas) = (day_period(day).expect("a day"), gas_day_period(day).expect("a day"));
            assert!(end.is_none_or(|end| end == electricity.start()), "{day}");
            end = Some(electricity.end());
            let last = |period: Period| period.end().plus(-1).expect("in range");
            assert_eq!(local_day(electricity.start()), Some(day));
            assert_eq!(local_day(last(electricity)), Some(day));
            assert_eq!((gas_day(gas.start()), gas_day(last(gas))), (Some(day), Some(day)));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn the_table_says_what_the_zone_says(micros in -3_000_000_000_000_000..5_000_000_000_000_000_i64) {
            let at = Timestamp::from_micros(micros);
            let clock = Zone::BERLIN.clock(at).expect("a year of the calendar");
            prop_assert_eq!(local_day(at), Some(clock.date()));
            prop_assert_eq!(local_hour(at), clock.hour());
        }

        #[test]
        fn any_instant_has_an_hour(micros in any::<i64>()) {
            let at = Timestamp::from_micros(micros);
            prop_assert!(local_hour(at) < 24);
            prop_assert_eq!(local_day(at), Zone::BERLIN.clock(at).map(|clock| clock.date()));
            prop_assert!(gas_day(at) <= local_day(at));
        }
    }
}
