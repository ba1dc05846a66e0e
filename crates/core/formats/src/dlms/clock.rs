//! Date and time of DLMS (IEC 62056-6-2, twelve bytes): local clock, deviation from UTC, status.
//!
//! UTC is local time plus deviation. Where the deviation is not told, the caller's zone is needed; of the two passes of the
//! doubled autumn hour the status bit for daylight saving tells which is meant, where the meter sets it at all.

use chrono::{NaiveDate, NaiveDateTime};
use metrify_domain::Timestamp;
use metrify_domain::calendar::{ClockError, Instants, LocalClock, Zone};
use metrify_domain::time::{HOUR, MINUTE};

/// Bytes of a date with time.
pub(super) const BYTES: usize = 12;

const UNSPECIFIED: u8 = 0xFF;
const DEVIATION_UNKNOWN: i16 = i16::MIN;
/// Minutes that a clock may be away from UTC; the norm allows 720, and Kiribati is 840 away.
const DEVIATION_MAX: u16 = 840;

const STATUS_INVALID: u8 = 1;
const STATUS_DAYLIGHT_SAVING: u8 = 1 << 7;

/// What a clock showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    local: NaiveDateTime,
    deviation: Option<i16>,
    daylight_saving: Option<bool>,
}

/// Why a clock names no instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoInstant {
    #[error("the clock {0} has no deviation from UTC: give --timezone")]
    NoZone(NaiveDateTime),
    #[error(transparent)]
    Clock(#[from] ClockError),
}

/// Tells the local times of one meter, in the order in which they come.
#[derive(Debug, Default)]
pub(super) struct Teller {
    series: Option<LocalClock>,
    /// The meter sets the bit for daylight saving, so its absence means something.
    sets_daylight_saving: bool,
}

impl Clock {
    /// `None` where the bytes name no moment, or the meter calls its own clock invalid.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let [century, year, month, day, _, hour, minute, second, hundredths, high, low, status] = bytes else {
            return None;
        };
        let of_second = |value: u8| if value == UNSPECIFIED { 0 } else { value };
        let date = NaiveDate::from_ymd_opt(
            i32::from(u16::from_be_bytes([*century, *year])),
            u32::from(*month),
            u32::from(*day),
        )?;
        let millis = 10 * u32::from(of_second(*hundredths));
        let second = u32::from(of_second(*second));
        let local = date.and_hms_milli_opt(u32::from(*hour), u32::from(*minute), second, millis)?;
        let deviation = match i16::from_be_bytes([*high, *low]) {
            DEVIATION_UNKNOWN => None,
            minutes if minutes.unsigned_abs() <= DEVIATION_MAX => Some(minutes),
            _ => return None,
        };
        let daylight_saving = (*status != UNSPECIFIED).then_some(status & STATUS_DAYLIGHT_SAVING != 0);
        let valid = *status == UNSPECIFIED || status & STATUS_INVALID == 0;
        valid.then_some(Self { local, deviation, daylight_saving })
    }

    /// The instant of a clock that is at most an hour away from another one of the same telegram, whose instant is known.
    ///
    /// Lists tell the hour that their registers belong to beside the time at which they were sent; the two are no series.
    pub(super) fn beside(self, other: Self, at: Timestamp) -> Option<Timestamp> {
        let apart = (self.local - other.local).num_microseconds()?;
        let near = self.deviation.is_none() && other.deviation.is_none() && apart.abs() <= HOUR;
        near.then(|| at.plus(apart)).flatten()
    }

    /// From a date and a time of day of their own, as some Austrian meters send them.
    pub(super) fn of_parts(date: [u8; 5], time: [u8; 4]) -> Option<Self> {
        let [century, year, month, day, weekday] = date;
        let [hour, minute, second, hundredths] = time;
        let [high, low] = DEVIATION_UNKNOWN.to_be_bytes();
        let status = UNSPECIFIED;
        Self::read(&[century, year, month, day, weekday, hour, minute, second, hundredths, high, low, status])
    }
}

impl Teller {
    pub(super) fn instant(&mut self, clock: Clock, zone: Option<Zone>) -> Result<Timestamp, NoInstant> {
        self.sets_daylight_saving |= clock.daylight_saving == Some(true);
        if let Some(minutes) = clock.deviation {
            let local = Timestamp::from_utc(clock.local);
            return Ok(local.plus(i64::from(minutes) * MINUTE).unwrap_or(local));
        }
        let zone = zone.ok_or(NoInstant::NoZone(clock.local))?;
        let series = self.series.get_or_insert_with(|| LocalClock::new(zone));
        let told = match (zone.instants(clock.local), clock.daylight_saving) {
            (Instants::Two { earlier, .. }, Some(true)) => Some(earlier),
            (Instants::Two { later, .. }, Some(false)) if self.sets_daylight_saving => Some(later),
            (Instants::Two { .. } | Instants::One(_) | Instants::None, _) => None,
        };
        match (told.map_or_else(|| series.read(clock.local), Ok), zone.instants(clock.local)) {
            // Nothing but the bit speaks, and it says that daylight saving is over.
            (Err(ClockError::Ambiguous { .. }), Instants::Two { later, .. })
                if clock.daylight_saving == Some(false) =>
            {
                Ok(later)
            }
            (told, _) => Ok(told?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, Teller};
    use metrify_domain::calendar::Zone;

    const AUTUMN: [u8; 9] = [0x07, 0xE7, 10, 29, 7, 2, 30, 0, 0xFF];

    fn with(clock: [u8; 9], rest: [u8; 3]) -> Option<Clock> {
        Clock::read(&[clock.as_slice(), &rest].concat())
    }

    fn told(teller: &mut Teller, rest: [u8; 3], zone: Option<Zone>) -> String {
        let told = teller.instant(with(AUTUMN, rest).expect("a clock"), zone);
        told.map_or_else(|error| error.to_string(), |at| at.to_string())
    }

    #[test]
    fn utc_is_local_time_plus_deviation() {
        let told = |rest| told(&mut Teller::default(), rest, None);
        assert_eq!(told([0xFF, 0x88, 0x80]), "2023-10-29T00:30:00Z");
        assert_eq!(told([0xFF, 0xC4, 0x00]), "2023-10-29T01:30:00Z");
        assert_eq!(told([0x00, 0x3C, 0x00]), "2023-10-29T03:30:00Z");
        assert_eq!(told([0x00, 0x00, 0xFF]), "2023-10-29T02:30:00Z");
        assert_eq!(
            told([0x80, 0x00, 0x00]),
            "the clock 2023-10-29 02:30:00 has no deviation from UTC: give --timezone"
        );
    }

    #[test]
    fn the_bit_for_daylight_saving_tells_the_pass_of_the_doubled_hour() {
        let zone = Some(Zone::BERLIN);
        let mut teller = Teller::default();
        assert_eq!(told(&mut teller, [0x80, 0, 0x80], zone), "2023-10-29T00:30:00Z");
        assert_eq!(told(&mut teller, [0x80, 0, 0x00], zone), "2023-10-29T01:30:00Z");
        assert_eq!(told(&mut Teller::default(), [0x80, 0, 0x00], zone), "2023-10-29T01:30:00Z");
        assert!(told(&mut Teller::default(), [0x80, 0, 0xFF], zone).contains("came twice"));
        // A meter that never sets the bit, or says nothing: the order tells.
        for status in [0x00, 0xFF] {
            let mut teller = Teller::default();
            let before = [0x07, 0xE7, 10, 29, 7, 1, 30, 0, 0xFF];
            teller.instant(with(before, [0x80, 0, status]).expect("a clock"), zone).expect("one instant");
            assert_eq!(told(&mut teller, [0x80, 0, status], zone), "2023-10-29T00:30:00Z");
            assert_eq!(told(&mut teller, [0x80, 0, status], zone), "2023-10-29T01:30:00Z");
        }
    }

    #[test]
    fn what_names_no_moment_is_no_clock() {
        assert_eq!(Clock::read(&[0xFF; 12]), None);
        assert_eq!(Clock::read(&[0; 12]), None);
        assert_eq!(Clock::read(&[0x07, 0xE7, 10, 29]), None);
        assert_eq!(with(AUTUMN, [0x04, 0x00, 0x00]), None);
        assert_eq!(with(AUTUMN, [0xFF, 0xC4, 0x01]), None, "the meter calls its clock invalid");
        assert!(with(AUTUMN, [0xFF, 0xC4, 0x02]).is_some(), "doubtful is not invalid");
        let hundredths = Clock::read(&[0x07, 0xE7, 10, 29, 7, 2, 30, 5, 25, 0, 0, 0]).expect("a clock");
        let told = Teller::default().instant(hundredths, None).map(|at| at.to_string());
        assert_eq!(told.as_deref(), Ok("2023-10-29T02:30:05.250Z"));
    }
}
