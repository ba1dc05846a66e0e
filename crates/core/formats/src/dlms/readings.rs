//! The telegrams of a delivery as readings, held until it is known which meters they are from and when they were sent.

use std::collections::HashSet;

use metrify_domain::calendar::Zone;
use metrify_domain::reading::Kind;
use metrify_domain::{
    Channel, Decimal, Document, ObisCode, Period, Point, Quality, Quantity, Reading, Severity, Timestamp, Unit,
};

use super::cipher::Title;
use super::clock::{Clock, NoInstant, Teller};
use super::frames::TELEGRAM_BYTES_MAX;
use super::hdlc::Address;
use super::joins::{Source, Telegram};
use super::list::{Entry, List, Measured, Unset};
use super::lists::{E450_SCALES, Scales};
use super::speakers::{self, Speaker, Speakers, Voice};
use crate::dump::Place;
use crate::format::Options;
use crate::kind::shown_kind;
use crate::output::{Output, Problem};
use crate::remarks::{Remarks, finding};
use crate::timeline;
use crate::units;

/// Readings that are held at most, with those of a last telegram: half a day of a meter that sends three every second. They are no more
/// than a power of two, so that the last telegram does not double their room.
const HELD_READINGS_MAX: usize = (1 << 17) - TELEGRAM_BYTES_MAX / CODE_BYTES;
/// Bytes of the code that stands before a value, with its tag and its length.
const CODE_BYTES: usize = 8;
/// Telegrams that are held at most: a day of a meter that sends one every second.
const HELD_TELEGRAMS_MAX: usize = 1 << 17;
/// Bytes of telegrams that name no meter and are held until one of the delivery does.
const HELD_BYTES_MAX: usize = 4 << 20;
/// Meters of which it is kept that they were described.
const DESCRIBED_MAX: usize = 20_000;

/// How the system titles of the E450 begin; what other meters of Landis+Gyr push without scalers is not known.
const LANDIS_GYR_E450: &[u8] = b"LGZ\x67";
/// The addresses from and to which they push.
const E450_ADDRESSES: [Address; 2] = [Address::new(1, None), Address::new(103, Some(127))];
/// Group A of what belongs to no medium: counts of events and the like, whose objects have no scaler.
const ABSTRACT: u8 = 0;

#[derive(Clone, Copy, Debug)]
enum At {
    Instant(Timestamp),
    /// On the line of its speaker.
    Second(i64),
}

#[derive(Debug)]
struct Held {
    code: ObisCode,
    kind: Kind,
    value: Option<Decimal>,
    unit: Unit,
    at: At,
}

/// A telegram whose readings are held.
#[derive(Debug)]
struct HeldTelegram {
    place: Place,
    speaker: usize,
    number: Option<Point>,
    readings: usize,
    /// Kept where the telegram may come to name no meter.
    frames: Vec<u8>,
}

/// What a telegram says, and what is known of its sender.
pub(super) struct Told<'a> {
    pub telegram: &'a Telegram<'a>,
    pub title: Option<Title>,
    /// Its own date and time, or none.
    pub time: &'a [u8],
    pub list: List<'a>,
}

/// The instants of the clocks of one telegram.
struct Times<'a> {
    speaker: &'a mut Speaker,
    zone: Option<Zone>,
    received_at: Timestamp,
    told: Vec<(Clock, Result<Timestamp, NoInstant>)>,
    second: Option<i64>,
    /// A clock was there, and could not be used.
    unset: bool,
}

#[derive(Debug)]
pub(super) struct Readings {
    zone: Option<Zone>,
    /// That of telegrams which name no meter, as the caller says.
    point: Option<Point>,
    received_at: Timestamp,
    speakers: Speakers,
    telegrams: Vec<HeldTelegram>,
    held: Vec<Held>,
    held_bytes: usize,
    described: HashSet<Point>,
    remarks: Remarks,
}

impl Readings {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            zone: options.zone,
            point: options.point.clone(),
            received_at: options.received_at,
            speakers: Speakers::default(),
            telegrams: Vec::new(),
            held: Vec::new(),
            held_bytes: 0,
            described: HashSet::new(),
            remarks: Remarks::default(),
        }
    }

    pub(super) fn take(&mut self, told: &Told<'_>, out: &mut Output<'_>) {
        let place = told.telegram.place;
        self.make_room(place, out);
        let number = self.speakers.number(told.title.map_or(Voice::Source(told.telegram.source), Voice::Title));
        let Some(speaker) = self.speakers.get_mut(number) else { return };
        let point = told.list.number().and_then(speakers::point);
        if let Some(point) = &point {
            speaker.learn(point);
        }
        let frames = if point.is_some() || speaker.is_named() { Vec::new() } else { told.telegram.frames.to_vec() };
        let before = self.held.len();
        let times = Times {
            speaker,
            zone: self.zone,
            received_at: self.received_at,
            told: Vec::new(),
            second: None,
            unset: false,
        };
        let (lost, reason) = hold(told, times, &mut self.held, out);
        if lost > 0 {
            let reason = format!("values that are not read: {lost}; {reason}");
            out.problem(problem(place, reason, lost, told.telegram.frames.to_vec()));
        }
        let readings = self.held.len() - before;
        if readings > 0 {
            self.held_bytes += frames.len();
            self.telegrams.push(HeldTelegram { place, speaker: number, number: point, readings, frames });
        } else if lost == 0 && self.remarks.first("no_values") {
            let reason = "the telegram has no measured values".to_owned();
            out.finding(finding("no_values", Severity::Note, &place.to_string(), reason));
        }
    }

    /// Hands on what is held.
    pub(super) fn finish(&mut self, out: &mut Output<'_>) {
        self.release(out);
    }

    /// Hands on what is held before more would be kept than the limits allow.
    fn make_room(&mut self, place: Place, out: &mut Output<'_>) {
        let too_many = self.speakers.is_full();
        let is_full = self.held.len() >= HELD_READINGS_MAX
            || self.telegrams.len() >= HELD_TELEGRAMS_MAX
            || self.held_bytes >= HELD_BYTES_MAX;
        if !too_many && !is_full {
            return;
        }
        if self.remarks.first("held_readings") {
            let reason = "there are more telegrams than can be held: those before here do not know the numbers that come \
                          behind it, and those without a time are placed before and after the time of receipt";
            out.finding(finding("held_readings", Severity::Warning, &place.to_string(), reason.to_owned()));
        }
        self.release(out);
        if too_many {
            self.speakers = Speakers::default();
        }
    }

    fn release(&mut self, out: &mut Output<'_>) {
        self.speakers.settle();
        self.held_bytes = 0;
        let mut held = std::mem::take(&mut self.held).into_iter();
        for telegram in std::mem::take(&mut self.telegrams) {
            let readings = held.by_ref().take(telegram.readings);
            let Some(speaker) = self.speakers.get(telegram.speaker) else { continue };
            let Some(point) = telegram.number.or_else(|| speaker.point(self.point.as_ref())) else {
                let lost = readings.count() as u64;
                let reason = "the telegram names no meter: it has neither number nor system title nor address, and there is \
                              not one number alone in the delivery: give --point";
                out.problem(problem(telegram.place, reason.to_owned(), lost, telegram.frames));
                continue;
            };
            for held in readings {
                let at = match held.at {
                    At::Instant(at) => at,
                    At::Second(second) => speaker.timeline.instant(second, self.received_at),
                };
                let channel = Channel { point: point.clone(), quantity: Quantity::Obis(held.code) };
                out.reading(&channel, &Document::default(), &held.reading(at));
            }
            if !self.described.contains(&point) {
                if self.described.len() >= DESCRIBED_MAX {
                    self.described.clear();
                }
                out.meter(speaker.describe(&point));
                self.described.insert(point);
            }
        }
    }
}

impl Held {
    fn reading(self, at: Timestamp) -> Reading {
        let Self { kind, value, unit, .. } = self;
        let period = Period::instant(at);
        match value {
            Some(_) => Reading { kind, period, value, unit, quality: Quality::True, method: None, reason: None },
            None => Reading::missing(kind, period, unit),
        }
    }
}

/// Holds the values of a telegram. Returns how many are lost, and why the first of them.
fn hold(told: &Told<'_>, mut times: Times<'_>, held: &mut Vec<Held>, out: &mut Output<'_>) -> (u64, String) {
    let list = &told.list;
    let own = (!told.time.is_empty()).then(|| Clock::read(told.time).ok_or(Unset));
    let scales = scales(told);
    let mut lost = list.nameless;
    let mut reason = None;
    times.tell(own.or(list.clock));
    for entry in &list.entries {
        let read = measured(entry, scales).and_then(|(value, unit)| {
            let at = times.at(entry.captured, &[entry.clock, own, list.clock]).map_err(|error| error.to_string())?;
            let unit = units::unit(unit);
            Ok(Held { code: entry.code, kind: shown_kind(entry.code, &unit), value, unit, at })
        });
        match read {
            Ok(reading) => held.push(reading),
            Err(error) => {
                lost += 1;
                reason = reason.or(Some(error));
            }
        }
    }
    if times.unset && times.speaker.remarks.first("meter_clock") {
        let reason =
            "the meter's clock is unset or invalid, before 2009, or more than a day after the receipt: it is not used";
        out.finding(finding("meter_clock", Severity::Note, &told.telegram.place.to_string(), reason.to_owned()));
    }
    let nameless = "numbers have no code, and the list is none of those known by the position of their values";
    (lost, reason.unwrap_or_else(|| nameless.to_owned()))
}

/// The scales of a list that leaves them out.
fn scales(told: &Told<'_>) -> Option<&'static Scales> {
    let by_version = told.list.version.and_then(|version| Scales::of_version(version, told.list.model));
    let is_e450 = match (told.title, told.telegram.source) {
        (Some(title), _) => title.0.starts_with(LANDIS_GYR_E450),
        (None, Source::Hdlc { source, destination }) => [source, destination] == E450_ADDRESSES,
        (None, Source::Wired(_) | Source::Bare) => false,
    };
    by_version.or_else(|| is_e450.then_some(&E450_SCALES))
}

/// The value of an entry with the code of its unit; within, `None` where it is missing.
fn measured(entry: &Entry, scales: Option<&'static Scales>) -> Result<(Option<Decimal>, u8), String> {
    let Entry { code, measured, scale, .. } = entry;
    let [medium, ..] = code.groups();
    let abstract_scale = (medium == ABSTRACT).then_some((0, units::UNITLESS));
    let scale = scale.or(abstract_scale).or_else(|| scales?.scale(*code));
    let (mantissa, places) = match measured {
        Measured::Missing => return Ok((None, scale.map_or_else(|| units::natural(*code), |(_, unit)| unit))),
        Measured::Integer(number) => (*number, 0),
        Measured::Single(number) => fraction(*code, &number.to_string())?,
        Measured::Double(number) => fraction(*code, &number.to_string())?,
    };
    let (scaler, unit) = scale.ok_or_else(|| {
        format!("{code} has neither scaler nor unit, and the list is none of those whose scalers are known")
    })?;
    let value = Decimal::scaled(mantissa, i32::from(scaler) - places);
    let value = value.map_err(|error| format!("{code}: {mantissa} with the scaler {scaler} {error}"))?;
    Ok((Some(value), unit))
}

/// A binary fraction by the shortest digits that mean it: as a whole number, and how many of its digits are places.
fn fraction(code: ObisCode, digits: &str) -> Result<(i128, i32), String> {
    let number: Decimal = digits.parse().map_err(|error| format!("{code}: {digits} {error}"))?;
    Ok((number.units(), metrify_domain::decimal::SCALE as i32))
}

impl Times<'_> {
    /// Tells the time of the telegram before those at which its values were captured, which are told by their distance from it.
    fn tell(&mut self, clock: Option<Result<Clock, Unset>>) {
        if let Some(Ok(clock)) = clock {
            // Where it fails, it does again for the value that needs it.
            _ = self.instant(clock);
        }
    }

    /// When a value holds: when it was captured, else by the first clock that was set.
    fn at(&mut self, captured: Option<Clock>, clocks: &[Option<Result<Clock, Unset>>]) -> Result<At, NoInstant> {
        if let Some(captured) = captured {
            let at = match self.known(captured) {
                Some(known) => known?,
                // Values are captured when they will, and are no series.
                None => Teller::default().instant(captured, self.zone)?,
            };
            if timeline::is_plausible(at, self.received_at) {
                return Ok(At::Instant(at));
            }
            self.unset = true;
        }
        let mut told = clocks.iter().flatten();
        let told = match told.find_map(|clock| clock.ok()) {
            Some(clock) => Some(self.instant(clock)?),
            None => {
                self.unset |= clocks.iter().any(Option::is_some);
                None
            }
        };
        match told.filter(|at| timeline::is_plausible(*at, self.received_at)) {
            Some(at) => Ok(At::Instant(at)),
            None => {
                self.unset |= told.is_some();
                let second = self.second.get_or_insert_with(|| self.speaker.timeline.place(None).second);
                Ok(At::Second(*second))
            }
        }
    }

    /// A clock is told once for all values, so that the doubled hour is told by telegrams and not by values.
    fn instant(&mut self, clock: Clock) -> Result<Timestamp, NoInstant> {
        let told = self.known(clock).unwrap_or_else(|| self.speaker.teller.instant(clock, self.zone));
        self.told.push((clock, told.clone()));
        told
    }

    /// A clock that was told already, or one beside it.
    fn known(&self, clock: Clock) -> Option<Result<Timestamp, NoInstant>> {
        if let Some((_, told)) = self.told.iter().rfind(|(known, _)| *known == clock) {
            return Some(told.clone());
        }
        self.told.iter().find_map(|(known, told)| clock.beside(*known, *told.as_ref().ok()?)).map(Ok)
    }
}

pub(super) fn problem(place: Place, reason: String, readings: u64, bytes: Vec<u8>) -> Problem {
    Problem { position: place.to_string(), reason, readings, prelude: Vec::new(), bytes }
}
