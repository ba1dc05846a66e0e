//! The times of a period's positions: a step of minutes and hours everywhere, of days, months and years by a calendar.
//!
//! Periods are told in UTC, yet a day of the platform begins at midnight in the area's zone, and its resolution `P1D` is 23 or
//! 25 hours where clocks are changed. The zone is that in which the period begins at midnight: the area's own where it is not
//! on Central European Time, then Central European Time, which all publications have that are made for the whole market, then
//! UTC.

use std::str::FromStr;

use chrono::{Days, Months, NaiveDateTime, NaiveTime};
use metrify_domain::calendar::{Instants, Zone};
use metrify_domain::time::{HOUR, MINUTE, SECOND};
use metrify_domain::{Period, Timestamp};

/// Most positions of a period. A year of minutes has 527 040.
const POSITIONS_MAX: u64 = 600_000;
/// Most positions whose times a calendar tells: thirteen years of days.
const CALENDAR_POSITIONS_MAX: u64 = 5_000;
const DAY: i64 = 24 * HOUR;

/// Areas that are not on Central European Time, by their EIC.
pub(super) const ZONES: [(&str, &str); 16] = [
    ("10YFI-1--------U", "Europe/Helsinki"),
    ("10Y1001A1001A39I", "Europe/Tallinn"),
    ("10YLV-1001A00074", "Europe/Riga"),
    ("10YLT-1001A0008Q", "Europe/Vilnius"),
    ("10YGB----------A", "Europe/London"),
    ("10Y1001A1001A92E", "Europe/London"),
    ("10Y1001A1001A016", "Europe/London"),
    ("10Y1001A1001A59C", "Europe/Dublin"),
    ("10YIE-1001A00010", "Europe/Dublin"),
    ("10YPT-REN------W", "Europe/Lisbon"),
    ("10YGR-HTSO-----Y", "Europe/Athens"),
    ("10YRO-TEL------P", "Europe/Bucharest"),
    ("10YCA-BULGARIA-R", "Europe/Sofia"),
    ("10YCY-1001A0003J", "Asia/Nicosia"),
    ("10YTR-TEIAS----W", "Europe/Istanbul"),
    ("10Y1001C--00003F", "Europe/Kyiv"),
];

/// A resolution: `PT15M`, `PT1H`, `P1D`, `P7D`, `P1M`, `P1Y`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resolution {
    Micros(i64),
    Days(u32),
    Months(u32),
}

impl FromStr for Resolution {
    type Err = ();

    /// One number and its unit, as all resolutions of the platform are.
    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.strip_prefix('P').ok_or(())?;
        let (clock, text) = text.strip_prefix('T').map_or((false, text), |text| (true, text));
        let unit = text.chars().next_back().ok_or(())?;
        let number: u32 = text.strip_suffix(unit).and_then(|digits| digits.parse().ok()).ok_or(())?;
        if number == 0 || number > 10_000 {
            return Err(());
        }
        Ok(match (clock, unit) {
            (true, 'S') => Self::Micros(i64::from(number) * SECOND),
            (true, 'M') => Self::Micros(i64::from(number) * MINUTE),
            (true, 'H') => Self::Micros(i64::from(number) * HOUR),
            (false, 'D') => Self::Days(number),
            (false, 'W') => Self::Days(7 * number),
            (false, 'M') => Self::Months(number),
            (false, 'Y') => Self::Months(12 * number),
            _ => return Err(()),
        })
    }
}

/// The times of the positions of one period.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steps {
    start: Timestamp,
    resolution: Resolution,
    zone: Zone,
    /// How many whole steps the period has.
    pub(super) positions: u64,
    /// Whether its end is that of a step.
    pub(super) is_whole: bool,
}

impl Steps {
    /// # Errors
    /// Where the period has too many positions or its times are beyond what can be told, in words.
    pub(super) fn new(period: Period, resolution: Resolution, area: &str) -> Result<Self, String> {
        let (start, end) = (period.start(), period.end());
        let zone = zone(start, area);
        let mut steps = Self { start, resolution, zone, positions: 0, is_whole: true };
        let length = end.micros().saturating_sub(start.micros());
        let (shortest, most) = match resolution {
            Resolution::Micros(micros) => (micros, POSITIONS_MAX),
            Resolution::Days(days) => (i64::from(days) * (DAY - 3 * HOUR), CALENDAR_POSITIONS_MAX),
            Resolution::Months(months) => (i64::from(months) * 27 * DAY, CALENDAR_POSITIONS_MAX),
        };
        if (length / shortest).unsigned_abs() > most {
            return Err(format!("the period from {start} to {end} has more than {most} positions"));
        }
        if let Resolution::Micros(micros) = resolution {
            return Ok(Self { positions: (length / micros).unsigned_abs(), is_whole: length % micros == 0, ..steps });
        }
        let mut at = start;
        while at < end {
            let next = steps.at(steps.positions + 1).filter(|next| *next > at);
            at = next.ok_or_else(|| format!("the period from {start} to {end} is beyond the calendar"))?;
            steps.positions += u64::from(at <= end);
        }
        Ok(Self { is_whole: at == end, ..steps })
    }

    /// The interval of a position, from 1; `None` behind the last.
    pub(super) fn interval(&self, position: u64) -> Option<Period> {
        if position == 0 || position > self.positions {
            return None;
        }
        Period::interval(self.at(position - 1)?, self.at(position)?)
    }

    fn at(&self, index: u64) -> Option<Timestamp> {
        let count = |unit: u32| u32::try_from(index).ok()?.checked_mul(unit);
        let clock = || self.zone.clock(self.start);
        match self.resolution {
            Resolution::Micros(micros) => self.start.plus(i64::try_from(index).ok()?.checked_mul(micros)?),
            Resolution::Days(days) => self.instant(clock()?.checked_add_days(Days::new(count(days)?.into()))?),
            Resolution::Months(months) => self.instant(clock()?.checked_add_months(Months::new(count(months)?))?),
        }
    }

    fn instant(&self, clock: NaiveDateTime) -> Option<Timestamp> {
        match self.zone.instants(clock) {
            Instants::One(at) | Instants::Two { earlier: at, .. } => Some(at),
            Instants::None => None,
        }
    }
}

/// The zone in which a day begins at `start`.
fn zone(start: Timestamp, area: &str) -> Zone {
    let own = ZONES.iter().find(|(eic, _)| *eic == area).and_then(|(_, name)| name.parse().ok());
    let is_midnight = |zone: &Zone| zone.clock(start).is_some_and(|clock| clock.time() == NaiveTime::MIN);
    own.into_iter().chain([Zone::BERLIN]).find(is_midnight).unwrap_or(Zone::UTC)
}

#[cfg(test)]
mod tests {
    use metrify_domain::Period;
    use metrify_domain::calendar::Zone;
    use metrify_domain::identifier::EicCode;

    use super::super::head::instant;
    use super::{Resolution, Steps, ZONES};

    fn steps(start: &str, end: &str, resolution: &str, area: &str) -> Vec<String> {
        let period = instant(start).zip(instant(end)).and_then(|(start, end)| Period::interval(start, end));
        let steps = Steps::new(period.expect("a period"), resolution.parse().expect("a resolution"), area);
        let steps = steps.expect("steps");
        assert!(steps.is_whole);
        let intervals = (1..=steps.positions).filter_map(|position| steps.interval(position));
        intervals.map(|interval| interval.start().to_string()).collect()
    }

    #[test]
    fn days_months_and_years_are_those_of_the_area() {
        assert_eq!(
            steps("2023-03-24T23:00Z", "2023-03-27T22:00Z", "P1D", "10YFR-RTE------C"),
            ["2023-03-24T23:00:00Z", "2023-03-25T23:00:00Z", "2023-03-26T22:00:00Z"]
        );
        assert_eq!(
            steps("2023-10-27T21:00Z", "2023-10-30T22:00Z", "P1D", "10YFI-1--------U"),
            ["2023-10-27T21:00:00Z", "2023-10-28T21:00:00Z", "2023-10-29T22:00:00Z"]
        );
        assert_eq!(
            steps("2024-01-31T23:00Z", "2024-04-30T22:00Z", "P1M", "10YFI-1--------U"),
            ["2024-01-31T23:00:00Z", "2024-02-29T23:00:00Z", "2024-03-31T22:00:00Z"]
        );
        assert_eq!(
            steps("2023-12-31T23:00Z", "2025-12-31T23:00Z", "P1Y", "10YBE----------2"),
            ["2023-12-31T23:00:00Z", "2024-12-31T23:00:00Z"]
        );
        assert_eq!(steps("2024-01-01T00:00Z", "2024-01-15T00:00Z", "P7D", "").len(), 2);
        assert_eq!(steps("2023-10-28T22:00Z", "2023-10-29T23:00Z", "PT15M", "10YFR-RTE------C").len(), 100);
    }

    #[test]
    fn what_is_no_resolution_or_has_no_end_of_positions_is_refused() {
        for text in ["", "P", "PT", "P0D", "P1DT1H", "PT1.5H", "1D", "P1", "P99999D", "P1H"] {
            assert_eq!(text.parse::<Resolution>(), Err(()), "{text}");
        }
        let period = |start, end| Period::interval(instant(start)?, instant(end)?);
        let age = period("0001-01-01T00:00Z", "9999-01-01T00:00Z").expect("a period");
        for resolution in [Resolution::Micros(1_000_000), Resolution::Days(1)] {
            assert!(Steps::new(age, resolution, "").is_err(), "{resolution:?}");
        }
        let odd = period("2024-01-01T00:00Z", "2024-01-01T01:20Z").expect("a period");
        let steps = Steps::new(odd, "PT15M".parse().expect("a resolution"), "").expect("steps");
        assert_eq!((steps.positions, steps.is_whole), (5, false));
    }

    #[test]
    fn the_areas_of_the_table_are_codes_and_have_zones() {
        for (eic, zone) in ZONES {
            assert!(eic.parse::<EicCode>().is_ok(), "{eic}");
            assert!(zone.parse::<Zone>().is_ok(), "{zone}");
        }
    }
}
