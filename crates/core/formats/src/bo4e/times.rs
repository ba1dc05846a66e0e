//! When a value holds: Zeitraum in its versions, or the moment of a reading.
//!
//! An interval ends before its end. A date without a time of day is a whole day of Berlin, and as an end it is included; days of
//! gas begin at 06:00. Times of day carry their offset; those without are read in the zone of the options. Where an end is
//! missing, the length does: that of the interval (`dauer`) or of the series (`zeitIntervallLaenge`).

use chrono::{Days, Months, NaiveDate, TimeDelta};
use metrify_domain::calendar::{Instants, LocalClock, Zone, day};
use metrify_domain::time::{HOUR, MINUTE, QUARTER_HOUR, SECOND};
use metrify_domain::{Period, Timestamp};

use crate::dates::{self, DateError, shown};
use crate::json::{Object, Value};

/// A length of time: months and days are those of the calendar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Length {
    months: u32,
    days: u32,
    micros: i64,
}

/// How the stamps of one series are read.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) zone: Option<Zone>,
    /// Of stamps without an offset, in the order of the values.
    clock: Option<LocalClock>,
    pub(super) gas: bool,
    /// Of the intervals of the series.
    pub(super) length: Option<Length>,
}

impl Reader {
    pub(super) const fn new(zone: Option<Zone>, gas: bool, length: Option<Length>) -> Self {
        Self { zone, clock: None, gas, length }
    }

    /// Reads `zeitraum`, or an object that has its members itself.
    pub(super) fn period(&mut self, object: Object<'_>) -> Result<Period, String> {
        const KEYS: [&str; 10] = [
            "startdatum",
            "startuhrzeit",
            "enddatum",
            "enduhrzeit",
            "dauer",
            "startzeitpunkt",
            "endzeitpunkt",
            "datumUhrzeitVon",
            "datumUhrzeitBis",
            "zeitpunkt",
        ];
        let [start_day, start_time, end_day, end_time, length, from, to, older_from, older_to, at] =
            object.pick(KEYS)?.map(|value| value.and_then(Value::said));
        if let Some(at) = at {
            return self.at(&at);
        }
        let first = from.or(older_from);
        let start = match (first.as_deref(), start_day.as_deref()) {
            (Some(stamp), _) => self.start(stamp, None)?,
            (None, Some(day)) => self.start(day, start_time.as_deref())?,
            (None, None) => return Err("nothing says when it begins (`zeitraum`)".to_owned()),
        };
        let last = to.or(older_to);
        let end = match (last.as_deref(), end_day.as_deref(), length.as_deref()) {
            (Some(stamp), ..) => self.end(stamp, None, start)?,
            (None, Some(day), _) => self.end(day, end_time.as_deref(), start)?,
            (None, None, Some(length)) => {
                let length =
                    Length::iso(length).ok_or_else(|| format!("`{}` is no length such as PT15M", shown(length)))?;
                length.after(start).ok_or("its end lies beyond the calendar")?
            }
            (None, None, None) => match self.length {
                Some(length) => length.after(start).ok_or("its end lies beyond the calendar")?,
                None => start,
            },
        };
        if start == end {
            return Ok(Period::instant(start));
        }
        Period::interval(start, end).ok_or_else(|| format!("it ends at {end}, which is not after its begin {start}"))
    }

    /// The moment at which a register was read.
    pub(super) fn at(&mut self, text: &str) -> Result<Period, String> {
        self.start(text, None).map(Period::instant)
    }

    fn start(&mut self, date: &str, time: Option<&str>) -> Result<Timestamp, String> {
        match (dates::day(date), time) {
            (Ok(date), None) => self.morning(Some(date)),
            (Ok(date), Some(time)) => self.instant(&format!("{date}T{time}")),
            (Err(error @ DateError::NoSuchTime(_)), _) => Err(error.to_string()),
            (Err(_), _) => self.instant(date),
        }
    }

    fn instant(&mut self, text: &str) -> Result<Timestamp, String> {
        dates::instant(text, self.zone, &mut self.clock).map_err(|error| error.to_string())
    }

    fn end(&self, date: &str, time: Option<&str>, start: Timestamp) -> Result<Timestamp, String> {
        let end = |text: &str| dates::end(text, self.zone, start).map_err(|error| error.to_string());
        match (dates::day(date), time) {
            // The day is included.
            (Ok(date), None) => self.morning(date.checked_add_days(Days::new(1))),
            (Ok(date), Some(time)) => end(&format!("{date}T{time}")),
            (Err(error @ DateError::NoSuchTime(_)), _) => Err(error.to_string()),
            (Err(_), _) => end(date),
        }
    }

    /// When a day begins in Berlin.
    fn morning(&self, date: Option<NaiveDate>) -> Result<Timestamp, String> {
        let period = date.and_then(|date| if self.gas { day::gas_day_period(date) } else { day::day_period(date) });
        period.map(|period| period.start()).ok_or_else(|| "its day lies beyond the calendar".to_owned())
    }
}

impl Length {
    /// `zeitIntervallLaenge`: a Menge of time.
    pub(super) fn read(menge: Object<'_>) -> Option<Self> {
        let count = menge.get("wert")?.whole().filter(|count| (1..=1_000_000).contains(count))?;
        let times = u32::try_from(count).ok()?;
        let micros = |unit: i64| Some(Self { micros: count.checked_mul(unit)?, ..Self::default() });
        match &*menge.get("einheit")?.said()? {
            "SEKUNDE" => micros(SECOND),
            "MINUTE" => micros(MINUTE),
            "VIERTEL_STUNDE" => micros(QUARTER_HOUR),
            "STUNDE" => micros(HOUR),
            "TAG" => Some(Self { days: times, ..Self::default() }),
            "WOCHE" => Some(Self { days: times.checked_mul(7)?, ..Self::default() }),
            "MONAT" => Some(Self { months: times, ..Self::default() }),
            "QUARTAL" => Some(Self { months: times.checked_mul(3)?, ..Self::default() }),
            "HALBJAHR" => Some(Self { months: times.checked_mul(6)?, ..Self::default() }),
            "JAHR" => Some(Self { months: times.checked_mul(12)?, ..Self::default() }),
            _ => None,
        }
    }

    /// `PT15M`, `P1D`, `P1Y2M3DT4H5M6S`, each number whole.
    pub(super) fn iso(text: &str) -> Option<Self> {
        let rest = text.strip_prefix('P')?;
        let (date, time) = rest.split_once('T').unwrap_or((rest, ""));
        let mut length = Self::default();
        for (count, letter) in
            parts(date).chain(parts(time).map(|(count, letter)| (count, letter.to_ascii_lowercase())))
        {
            let count = count?;
            let add = |sum: u32, factor: u32| sum.checked_add(u32::try_from(count).ok()?.checked_mul(factor)?);
            let add_micros = |sum: i64, unit: i64| sum.checked_add(count.checked_mul(unit)?);
            match letter {
                'Y' => length.months = add(length.months, 12)?,
                'M' => length.months = add(length.months, 1)?,
                'W' => length.days = add(length.days, 7)?,
                'D' => length.days = add(length.days, 1)?,
                'h' => length.micros = add_micros(length.micros, HOUR)?,
                'm' => length.micros = add_micros(length.micros, MINUTE)?,
                's' => length.micros = add_micros(length.micros, SECOND)?,
                _ => return None,
            }
        }
        (length != Self::default()).then_some(length)
    }

    /// The moment so much later. Days and months are counted on the clock of Berlin.
    pub(super) fn after(self, start: Timestamp) -> Option<Timestamp> {
        if self.months == 0 && self.days == 0 {
            return start.plus(self.micros);
        }
        let clock = Zone::BERLIN.clock(start)?;
        let clock = clock.checked_add_months(Months::new(self.months))?;
        let clock = clock.checked_add_signed(TimeDelta::days(i64::from(self.days)))?;
        match Zone::BERLIN.instants(clock) {
            Instants::One(at) | Instants::Two { earlier: at, .. } => at.plus(self.micros),
            Instants::None => None,
        }
    }
}

/// Numbers with the letter behind each; `None` for what is no number.
fn parts(text: &str) -> impl Iterator<Item = (Option<i64>, char)> {
    text.split_inclusive(|letter: char| !letter.is_ascii_digit()).map(|part| {
        let letter = part.chars().next_back().unwrap_or_default();
        (part.strip_suffix(letter).and_then(|digits| digits.parse().ok()), letter)
    })
}

#[cfg(test)]
mod tests {
    use super::Length;
    use metrify_domain::Timestamp;

    #[test]
    fn lengths_are_counted_on_the_clock_of_berlin() {
        // 2025-03-29T23:00:00Z is midnight before the day of 23 hours.
        let start = Timestamp::from_seconds(1_743_289_200).expect("in range");
        for (text, expected) in [
            ("PT15M", Some("2025-03-29T23:15:00Z")),
            ("PT1H30M5S", Some("2025-03-30T00:30:05Z")),
            ("P1D", Some("2025-03-30T22:00:00Z")),
            ("P1W", Some("2025-04-05T22:00:00Z")),
            ("P1M", Some("2025-04-29T22:00:00Z")),
            ("P1Y", Some("2026-03-29T22:00:00Z")),
            ("P1DT1H", Some("2025-03-30T23:00:00Z")),
            ("P", None),
            ("PT", None),
            ("15M", None),
            ("PT15", None),
            ("PTM", None),
            ("P1X", None),
            ("PT99999999999999999999S", None),
        ] {
            let end = Length::iso(text).and_then(|length| length.after(start));
            assert_eq!(end.map(|end| end.to_string()).as_deref(), expected, "{text}");
        }
    }
}
