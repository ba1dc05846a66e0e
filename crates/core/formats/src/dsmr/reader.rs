//! Telegrams whose checksum was looked at as readings: of the meter itself, and of the devices on its M-Bus.

use std::collections::{BTreeMap, HashMap};

use metrify_domain::calendar::Zone;
use metrify_domain::{Channel, Kind, ObisCode, Period, Point, Quality, Quantity, Reading, Severity, Timestamp, Unit};

use super::codes::{self, Role};
use super::stamp::{self, OldStamps, When};
use crate::datasets::{DataSet, DataSets, Item, Losses, ascii_unit, damaged, number, number_and_unit};
use crate::dates::shown;
use crate::format::Options;
use crate::kind::{assumed_unit, shown_kind};
use crate::meters::{Meters, Place, Statement};
use crate::output::Output;
use crate::remarks::{Remarks, finding};
use crate::timeline::CLOCK_AHEAD_MAX;

/// Logs whose last text is remembered.
const LOGS_MAX: usize = 4_096;
/// Series of stamps that are remembered.
const SERIES_MAX: usize = 16_384;

/// The meter itself, or a device on its M-Bus.
#[derive(Clone, Debug)]
struct Device {
    number: usize,
    point: Point,
}

/// What a telegram says of the devices that it speaks of, by the channel of each; the meter itself has 0.
#[derive(Debug, Default)]
struct Devices {
    known: BTreeMap<u8, Device>,
    kinds: BTreeMap<u8, u8>,
}

#[derive(Debug)]
pub(super) struct Reader {
    zone: Option<Zone>,
    received_at: Timestamp,
    swap_tariffs: bool,
    /// The meter of telegrams that name none.
    given: Option<Point>,
    meters: Meters,
    /// The stamps of versions 2 and 3, which do not tell their season, each value of a meter for itself.
    old_stamps: HashMap<(Option<Point>, ObisCode), OldStamps>,
    logs: HashMap<(Point, ObisCode), String>,
    pub remarks: Remarks,
}

/// A value as it stands, of the device on a channel.
#[derive(Clone, Copy, Debug)]
struct Said<'a> {
    channel: u8,
    code: ObisCode,
    at: Option<&'a str>,
    value: &'a str,
}

/// One telegram on its way.
struct Telegram<'t> {
    devices: Devices,
    place: Place,
    position: &'t str,
    losses: Losses,
}

impl Reader {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            zone: options.zone,
            received_at: options.received_at,
            swap_tariffs: options.swap_tariffs,
            given: options.point.clone(),
            meters: Meters::new(options.received_at),
            old_stamps: HashMap::new(),
            logs: HashMap::new(),
            remarks: Remarks::default(),
        }
    }

    /// Reads the data sets of a telegram, and says what was lost of them.
    pub(super) fn read(&mut self, text: &str, position: &str, out: &mut Output<'_>) -> Losses {
        self.meters.make_room(position, out);
        let mut losses = Losses::default();
        let mut sets = Vec::new();
        for item in DataSets::new(text) {
            match item {
                Item::Set(set) => match set.code.parse::<ObisCode>() {
                    Ok(code) => sets.push((code, set)),
                    Err(error) => losses.add(1, || error.to_string()),
                },
                Item::Stray(stray) => losses.add(1, || format!("`{}` is no data set", shown(stray))),
                Item::Damaged(text, readings) => losses.add(readings, || damaged(text)),
            }
        }
        let devices = self.devices(&sets);
        let place = self.place(&devices, &sets, position, out);
        let mut telegram = Telegram { devices, place, position, losses };
        for (code, set) in &sets {
            self.set(*code, set, &mut telegram, out);
        }
        telegram.losses
    }

    pub(super) fn finish(&mut self, out: &mut Output<'_>) {
        self.meters.finish(out);
    }

    fn devices(&mut self, sets: &[(ObisCode, DataSet<'_>)]) -> Devices {
        let mut named: BTreeMap<u8, (u8, Point)> = BTreeMap::new();
        let mut kinds = BTreeMap::new();
        for (code, set) in sets {
            let value = set.values.first().map_or("", |value| value.trim());
            match codes::role(*code) {
                Role::Number { channel, rank } => {
                    if let Some(point) = codes::name(value)
                        && named.get(&channel).is_none_or(|(known, _)| rank < *known)
                    {
                        named.insert(channel, (rank, point));
                    }
                }
                Role::DeviceKind { channel } => {
                    if let Ok(kind) = value.parse() {
                        kinds.insert(channel, kind);
                    }
                }
                Role::Time | Role::DeviceValue { .. } | Role::OldDeviceValue { .. } => {}
                Role::Log | Role::Count | Role::Service | Role::Value => {}
            }
        }
        if let (false, Some(point)) = (named.contains_key(&0), &self.given) {
            named.insert(0, (u8::MAX, point.clone()));
        }
        let mut known = BTreeMap::new();
        for (channel, (_, point)) in named {
            let number = self.meters.number(&point);
            self.meters.learn_maker(number, || None);
            known.insert(channel, Device { number, point });
        }
        Devices { known, kinds }
    }

    /// The time of the telegram where it tells one (from version 4 on), else a place before the time of receipt.
    fn place(
        &mut self,
        devices: &Devices,
        sets: &[(ObisCode, DataSet<'_>)],
        position: &str,
        out: &mut Output<'_>,
    ) -> Place {
        let time = sets.iter().find(|(code, _)| codes::role(*code) == Role::Time);
        let time = time.and_then(|(code, set)| Some((*code, *set.values.first()?)));
        let device = devices.known.get(&0).or_else(|| devices.known.values().next());
        let number = device.map(|device| device.number);
        let received_at = self.received_at;
        let receipt = |meters: &mut Meters| number.map_or(Place::At(received_at), |number| meters.place(number, None));
        let Some((code, text)) = time else { return receipt(&mut self.meters) };
        let why = match self.when(device, code, text, "") {
            When::At(at) if self.received_at.plus(CLOCK_AHEAD_MAX).is_none_or(|latest| at <= latest) => {
                return Place::At(at);
            }
            When::At(at) => format!("shows {at}, long after the receipt"),
            When::Unset => "was never set".to_owned(),
            When::Unknown(error) => format!("is not understood: {error}"),
        };
        if self.remarks.first("meter_clock") {
            let reason = format!("the meter's clock {why}: the time of receipt places its values");
            out.finding(finding("meter_clock", Severity::Note, position, reason));
        }
        receipt(&mut self.meters)
    }

    fn set(&mut self, code: ObisCode, set: &DataSet<'_>, telegram: &mut Telegram<'_>, out: &mut Output<'_>) {
        let values: Vec<&str> = set.values.iter().map(|value| value.trim()).collect();
        let mut say = |channel, at, value| self.value(Said { channel, code, at, value }, telegram, out);
        match (codes::role(code), values.as_slice()) {
            (Role::Value | Role::Count, [value]) => say(0, None, value),
            (Role::Value, [at, value]) => say(0, Some(*at), value),
            (Role::DeviceValue { channel }, [value]) => say(channel, None, value),
            (Role::DeviceValue { channel }, [at, value]) => say(channel, Some(*at), value),
            (Role::OldDeviceValue { channel }, [at, _, _, _, code, unit, value]) => match code.parse() {
                Ok(code) => {
                    let value = if value.is_empty() { String::new() } else { format!("{value}*{unit}") };
                    self.value(Said { channel, code, at: Some(at), value: &value }, telegram, out);
                }
                Err(_) => telegram.losses.add(1, || format!("{}: `{}` is no code", set.code, shown(code))),
            },
            (Role::Log, values) => self.log(code, values, telegram, out),
            (Role::Value | Role::Count | Role::DeviceValue { .. } | Role::OldDeviceValue { .. }, values) => {
                telegram
                    .losses
                    .add(1, || format!("{code} has {} values, and nothing tells what they are", values.len()));
            }
            (Role::Number { .. } | Role::Time | Role::DeviceKind { .. } | Role::Service, _) => {}
        }
    }

    /// One value, at its own stamp or when the telegram was made.
    fn value(&mut self, said: Said<'_>, telegram: &mut Telegram<'_>, out: &mut Output<'_>) {
        let Said { channel, code, at, value } = said;
        let device = telegram.devices.known.get(&channel);
        let place = match at.map(|at| self.when(device, code, at, value)) {
            None => telegram.place,
            Some(When::At(at)) => Place::At(at),
            Some(When::Unset) => return self.unset(code, telegram.position, out),
            Some(When::Unknown(error)) => return telegram.losses.add(1, || format!("{code}: {error}")),
        };
        if value.is_empty() {
            return;
        }
        let Some(device) = device else {
            let lack = match channel {
                0 => "there is no 0-0:96.1.1: give --point".to_owned(),
                channel => format!("there is no 0-{channel}:96.1.0"),
            };
            return telegram.losses.add(1, || format!("nothing names the meter of {code}: {lack}"));
        };
        let quantity = if channel == 0 {
            if self.swap_tariffs { codes::swapped(code) } else { code }
        } else {
            codes::device_quantity(telegram.devices.kinds.get(&channel).copied(), code)
        };
        match self.shown(device, quantity, value) {
            Ok(reading) => {
                let channel = Channel { point: device.point.clone(), quantity: Quantity::Obis(quantity) };
                self.meters.take(Statement { meter: device.number, place, channel, reading }, out);
            }
            Err(reason) => telegram.losses.add(1, || format!("{code}: {reason}")),
        }
    }

    /// A number as a reading whose time is still to be told.
    fn shown(&mut self, device: &Device, code: ObisCode, value: &str) -> Result<Reading, String> {
        let (text, unit) = number_and_unit(value);
        let is_count = codes::role(code) == Role::Count && unit.is_none();
        let unit = match unit {
            Some(unit) => Unit::new(ascii_unit(unit)).ok_or("its unit is no text")?,
            None if is_count => const { Unit::literal("1") },
            None => assumed_unit(code).ok_or("it has no unit")??,
        };
        let (value, places) = number(text)?;
        self.meters.learn_step(device.number, code, places, unit);
        let kind = if is_count { Kind::Register } else { shown_kind(code, &unit) };
        let quality = if value.is_some() { Quality::True } else { Quality::Missing };
        let missing = Reading::missing(kind, Period::instant(Timestamp::default()), unit);
        Ok(Reading { value, quality, ..missing })
    }

    /// The moment of a stamp beside a value.
    fn when(&mut self, device: Option<&Device>, code: ObisCode, stamp: &str, value: &str) -> When {
        if stamp::is_stamp(stamp) {
            return stamp::read(stamp, self.zone, &mut None);
        }
        let key = (device.map(|device| device.point.clone()), code);
        if self.old_stamps.len() >= SERIES_MAX && !self.old_stamps.contains_key(&key) {
            self.old_stamps.clear();
        }
        self.old_stamps.entry(key).or_default().read(stamp, value, self.zone)
    }

    fn unset(&mut self, code: ObisCode, position: &str, out: &mut Output<'_>) {
        if self.remarks.first("unset_stamp") {
            let reason = format!("{code} has a stamp that was never set: there was no value yet, and none is read");
            out.finding(finding("unset_stamp", Severity::Note, position, reason));
        }
    }

    /// A log: how many rows, their codes, and then rows of a stamp and a value for each code. It is told once for each change.
    fn log(&mut self, code: ObisCode, values: &[&str], telegram: &mut Telegram<'_>, out: &mut Output<'_>) {
        let columns: Vec<ObisCode> = values.iter().skip(1).map_while(|value| value.parse().ok()).collect();
        let rows = values.get(1 + columns.len()..).unwrap_or_default();
        if rows.is_empty() {
            return;
        }
        if columns.is_empty() {
            if self.remarks.first("log_without_codes") {
                let reason =
                    format!("{code} does not tell the codes of its {} values: it is passed over", values.len());
                out.finding(finding("log_without_codes", Severity::Note, telegram.position, reason));
            }
            return;
        }
        if !self.is_news(code, values, telegram) {
            return;
        }
        for row in rows.chunks(1 + columns.len()) {
            let [at, fields @ ..] = row else { continue };
            if fields.len() < columns.len() {
                return telegram.losses.add(1, || format!("the last row of {code} is not whole"));
            }
            let mut at = *at;
            for (column, field) in columns.iter().zip(fields) {
                if stamp::is_stamp(field) {
                    at = field;
                } else if field.contains('*') {
                    self.value(Said { channel: 0, code: *column, at: Some(at), value: field }, telegram, out);
                }
            }
        }
    }

    fn is_news(&mut self, code: ObisCode, values: &[&str], telegram: &Telegram<'_>) -> bool {
        let Some(device) = telegram.devices.known.get(&0) else { return true };
        let text = values.join(" ");
        let key = (device.point.clone(), code);
        if self.logs.get(&key) == Some(&text) {
            return false;
        }
        if self.logs.len() >= LOGS_MAX {
            self.logs.clear();
        }
        self.logs.insert(key, text);
        true
    }
}
