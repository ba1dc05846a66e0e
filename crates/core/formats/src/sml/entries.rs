//! One list: when it holds, how far its values can be trusted, and what each of its entries shows.

use std::ops::RangeInclusive;

use metrify_domain::reading::Kind;
use metrify_domain::{Decimal, ObisCode, Quality, Timestamp};

use super::message::{Entry, List, Time};
use super::meters::Meter;
use super::tree::{Element, Integer};
use crate::kind::shown_kind;
use crate::status_word;
use crate::timeline::{self, LEAP_MAX};
use crate::units::{self, WATT};

/// Serials of the DZG meters whose powers lack the sign byte, as their maker named them: those of the series DVS74 that were
/// made before it was mended.
const UNSIGNED_POWER_SERIALS: [RangeInclusive<u32>; 2] = [42_000_000..=48_999_999, 55_000_000..=58_999_999];

/// When a reading holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum At {
    Instant(Timestamp),
    /// On the line of its meter.
    Second(i64),
}

/// What holds for all entries of a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances {
    received_at: Timestamp,
    at: At,
    /// The second index that `at` stands for.
    index: Option<u64>,
    /// The worst status of the list and what it makes of the values; a fault is one of the meter, not of one register.
    status: Option<u64>,
    quality: Quality,
    unsigned_power: bool,
}

/// What was odd about a list.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Oddities {
    pub kermit: bool,
    /// It gives a time that cannot be right.
    pub unset_clock: bool,
    /// The second index ran backwards or leapt.
    pub restarted: bool,
    pub unsigned_power: bool,
    pub influence: Option<u64>,
    pub fault: Option<u64>,
}

impl Oddities {
    pub(super) const fn any(&self) -> bool {
        let flags = self.kermit || self.unset_clock || self.restarted || self.unsigned_power;
        flags || self.influence.is_some() || self.fault.is_some()
    }
}

/// What an entry shows: a number of some unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    pub code: ObisCode,
    pub value: Decimal,
    pub unit: u8,
    pub scaler: i8,
    pub kind: Kind,
    pub at: At,
    pub status: Option<u64>,
    pub quality: Quality,
}

/// Finds out what holds for a list, and gives it its place among those of its meter.
pub(super) fn circumstances(list: &List<'_>, meter: &mut Meter, received_at: Timestamp) -> (Circumstances, Oddities) {
    let clocks = [list.sensor_time, list.gateway_time];
    let clock = clocks.iter().find_map(|time| instant(*time, received_at));
    let index = second_index(list);
    let place = clock.is_none().then(|| meter.timeline.place(index));
    let at = match (clock, place) {
        (Some(clock), _) => At::Instant(clock),
        (None, place) => At::Second(place.map_or(0, |place| place.second)),
    };
    let statuses = || list.entries.iter().filter_map(|entry| entry.status);
    let status = statuses().min_by_key(|status| status_word::quality(*status));
    let quality = status.map_or(Quality::True, status_word::quality);
    let unsigned_power = lacks_sign_bytes(&meter.server_id);
    let oddities = Oddities {
        kermit: false,
        unset_clock: clock.is_none() && clocks.iter().any(|time| matches!(time, Some(Time::Unix(_)))),
        restarted: place.is_some_and(|place| place.restarted),
        unsigned_power: unsigned_power && list.entries.iter().any(|entry| without_sign(entry).is_some()),
        influence: statuses().find(|status| status_word::is_influenced(*status)),
        fault: status.filter(|_| quality != Quality::True),
    };
    (Circumstances { received_at, at, index, status, quality, unsigned_power }, oddities)
}

impl Circumstances {
    /// What an entry shows; `None` for the maker, the server id, the public key and other texts and lists.
    ///
    /// # Errors
    /// Why a number cannot be kept exactly.
    pub(super) fn shown(&self, entry: &Entry<'_>) -> Result<Option<Shown>, String> {
        let mantissa = match (entry.value, without_sign(entry)) {
            (_, Some(value)) if self.unsigned_power => i128::from(value),
            (Element::Signed(Integer { value, .. }), _) => i128::from(value),
            (Element::Unsigned(Integer { value, .. }), _) => i128::from(value),
            (Element::Octets(_) | Element::Flag | Element::List(_), _) => return Ok(None),
        };
        let (code, scaler) = (entry.code, entry.scaler);
        let value = Decimal::scaled(mantissa, i32::from(scaler))
            .map_err(|error| format!("{code}: {mantissa} with the scaler {scaler} {error}"))?;
        let unit = unit(entry);
        Ok(Some(Shown {
            code,
            value,
            unit,
            scaler,
            kind: shown_kind(code, &units::unit(unit)),
            at: self.at(entry.time),
            status: entry.status.or(self.status.filter(|_| self.quality != Quality::True)),
            quality: self.quality,
        }))
    }

    /// When an entry holds: by its own time where it has one that means something, else when its list does.
    fn at(&self, time: Option<Time>) -> At {
        match (time, self.at, self.index) {
            (Some(Time::Unix(_)), at, _) => instant(time, self.received_at).map_or(at, At::Instant),
            (Some(Time::Index(own @ 1..)), At::Second(second), Some(index)) => {
                let before = index.checked_sub(own).filter(|before| *before <= LEAP_MAX).unwrap_or(0);
                At::Second(second.saturating_sub_unsigned(before))
            }
            (_, at, _) => at,
        }
    }
}

/// How many entries of a list are numbers; at least one.
pub(super) fn numbers(list: &List<'_>) -> u64 {
    let is_number = |entry: &&Entry<'_>| matches!(entry.value, Element::Signed(_) | Element::Unsigned(_));
    (list.entries.iter().filter(is_number).count() as u64).max(1)
}

/// How many readings some bytes held, told by the names of registers and powers at the beginning of entries; at least one.
pub(super) fn readings_within(bytes: &[u8]) -> u64 {
    let is_reading = |window: &&[u8]| match window {
        [0x77, 0x07, a, b, c, d, e, f] => ObisCode::from_bytes([*a, *b, *c, *d, *e, *f]).natural_kind().is_some(),
        _ => false,
    };
    (bytes.windows(8).filter(is_reading).count() as u64).max(1)
}

/// The instant of a clock, where it can be right.
fn instant(time: Option<Time>, received_at: Timestamp) -> Option<Timestamp> {
    let Some(Time::Unix(seconds)) = time else { return None };
    let at = Timestamp::from_seconds(i64::try_from(seconds).ok()?)?;
    timeline::is_plausible(at, received_at).then_some(at)
}

/// The second index of a list, or that of its newest entry; zero is sent by meters that do not count.
fn second_index(list: &List<'_>) -> Option<u64> {
    let index = |time: Option<Time>| match time {
        Some(Time::Index(index @ 1..)) => Some(index),
        Some(Time::Index(_) | Time::Unix(_)) | None => None,
    };
    index(list.sensor_time).or_else(|| list.entries.iter().filter_map(|entry| index(entry.time)).max())
}

/// The code of an entry's unit; meters also send 0 for none.
fn unit(entry: &Entry<'_>) -> u8 {
    entry.unit.filter(|unit| *unit != 0).unwrap_or_else(|| units::natural(entry.code))
}

/// Whether a meter writes powers from 327.68 W on in two bytes, as if these had no sign. It sends negative ones in four.
fn lacks_sign_bytes(server_id: &[u8]) -> bool {
    let [0x0A, 0x01, b'D', b'Z', b'G', 0, serial @ ..] = server_id else { return false };
    let serial = <[u8; 4]>::try_from(serial).map(u32::from_be_bytes);
    serial.is_ok_and(|serial| UNSIGNED_POWER_SERIALS.iter().any(|serials| serials.contains(&serial)))
}

/// A power whose sign may stand for its highest digit, read without a sign.
fn without_sign(entry: &Entry<'_>) -> Option<u16> {
    match entry.value {
        Element::Signed(Integer { value: value @ ..0, bytes: 1 }) if unit(entry) == WATT => {
            i8::try_from(value).ok().map(|value| u16::from(value.cast_unsigned()))
        }
        Element::Signed(Integer { value: value @ ..0, bytes: 2 }) if unit(entry) == WATT => {
            i16::try_from(value).ok().map(i16::cast_unsigned)
        }
        Element::Signed(_) | Element::Unsigned(_) | Element::Octets(_) | Element::Flag | Element::List(_) => None,
    }
}
