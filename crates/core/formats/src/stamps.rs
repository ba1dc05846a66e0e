//! Stamps of meters in bare digits, `YYMMDDhhmm` and `YYMMDDhhmmss`, and what they say of summer time.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime};
use metrify_domain::Timestamp;
use metrify_domain::calendar::{Instants, LocalClock, Zone};
use metrify_domain::time::HOUR;

use crate::dates::{DateError, shown};

/// What a stamp says of its offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Season {
    Standard,
    Summer,
    Utc,
}

/// What a meter's clock showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub clock: NaiveDateTime,
    pub season: Option<Season>,
}

impl Stamp {
    /// The moment that the stamp means. One that tells its season counts from `zone` or else from `home`, the zone that the
    /// norm fixes; one that does not is the next of a `series` told in `zone`.
    pub(crate) fn at(
        self,
        zone: Option<Zone>,
        home: Zone,
        series: &mut Option<LocalClock>,
    ) -> Result<Timestamp, DateError> {
        let summer = match self.season {
            Some(Season::Utc) => return Ok(Timestamp::from_utc(self.clock)),
            Some(season) => season == Season::Summer,
            None => {
                let zone = zone.ok_or_else(|| DateError::NoZone(self.clock.to_string()))?;
                return Ok(series.get_or_insert_with(|| LocalClock::new(zone)).read(self.clock)?);
            }
        };
        by_season(zone.unwrap_or(home), self.clock, summer).ok_or_else(|| DateError::NoSuchTime(self.clock.to_string()))
    }
}

/// Reads ten or twelve digits; `24` ends its day. Years from 70 on are those of 1970 and later.
pub(crate) fn digits(text: &str) -> Result<NaiveDateTime, DateError> {
    let error = || DateError::NoSuchTime(shown(text));
    let bytes = text.as_bytes();
    if !bytes.iter().all(u8::is_ascii_digit) || !matches!(bytes.len(), 10 | 12) {
        return Err(DateError::NotATime(shown(text)));
    }
    let mut pairs =
        bytes.chunks_exact(2).map(|pair| pair.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')));
    let mut next = || pairs.next().unwrap_or(0);
    let (year, month, day, hour, minute, second) = (next(), next(), next(), next(), next(), next());
    let year = if year < 70 { 2000 + year } else { 1900 + year };
    let date = NaiveDate::from_ymd_opt(year as i32, month, day).ok_or_else(error)?;
    if (hour, minute, second) == (24, 0, 0) {
        return date.checked_add_days(Days::new(1)).map(|date| date.and_time(NaiveTime::MIN)).ok_or_else(error);
    }
    date.and_hms_opt(hour, minute, second).ok_or_else(error)
}

/// The moment at which a clock in a zone showed a time while summer time was in force, or was not.
///
/// The calendar is not asked: many meters stay on standard time all the year and say so.
fn by_season(zone: Zone, clock: NaiveDateTime, summer: bool) -> Option<Timestamp> {
    let offset = |month| {
        let midnight = NaiveDate::from_ymd_opt(clock.year(), month, 1)?.and_time(NaiveTime::MIN);
        match zone.instants(midnight) {
            Instants::One(at) | Instants::Two { earlier: at, .. } => {
                Some(Timestamp::from_utc(midnight).micros() - at.micros())
            }
            Instants::None => None,
        }
    };
    let (january, july) = (offset(1)?, offset(7)?);
    let standard = january.min(july);
    let advanced = if january == july { standard + HOUR } else { january.max(july) };
    Timestamp::from_utc(clock).plus(-if summer { advanced } else { standard })
}

#[cfg(test)]
mod tests {
    use super::{Season, Stamp, digits};
    use metrify_domain::calendar::Zone;

    fn at(text: &str, season: Option<Season>, zone: Option<&str>) -> String {
        let zone = zone.map(|name| name.parse().expect("a zone"));
        let read = digits(text).and_then(|clock| Stamp { clock, season }.at(zone, Zone::BERLIN, &mut None));
        read.map_or_else(|error| error.to_string(), |at| at.to_string())
    }

    #[test]
    fn the_season_tells_the_doubled_hour_of_autumn() {
        assert_eq!(at("231029023000", Some(Season::Summer), None), "2023-10-29T00:30:00Z");
        assert_eq!(at("231029023000", Some(Season::Standard), None), "2023-10-29T01:30:00Z");
        assert!(at("231029023000", None, Some("Europe/Berlin")).contains("came twice"));
    }

    #[test]
    fn a_meter_may_stay_on_standard_time_all_the_year() {
        assert_eq!(at("2307011200", Some(Season::Standard), None), "2023-07-01T11:00:00Z");
        assert_eq!(at("2307011200", Some(Season::Utc), None), "2023-07-01T12:00:00Z");
        assert_eq!(at("2307011200", Some(Season::Summer), Some("Europe/Vilnius")), "2023-07-01T09:00:00Z");
    }

    #[test]
    fn what_names_no_time_is_refused() {
        assert_eq!(at("2301312400", Some(Season::Utc), None), "2023-02-01T00:00:00Z");
        assert_eq!(at("700101010000", Some(Season::Standard), None), "1970-01-01T00:00:00Z");
        assert!(at("632525252525", Some(Season::Standard), None).contains("names no moment"));
        assert!(at("2307011200", None, None).contains("give --timezone"));
        for wrong in ["", "230701", "23070112000", "23070112000x"] {
            assert!(digits(wrong).is_err(), "{wrong}");
        }
    }
}
