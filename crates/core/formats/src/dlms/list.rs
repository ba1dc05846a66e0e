//! What a telegram says: its values with their codes, scalers and units, its clock, and what names the meter.
//!
//! Meters write their lists in many shapes: structures of code, value, scaler and unit; all of these in one row; code and value
//! alone; a list of objects and then their values; values alone. One walk reads them all but the last, which are known by
//! their positions.

use metrify_domain::ObisCode;

use super::clock::{self, Clock};
use super::data::Value;
use super::lists::{self, Positions, Slot};
use crate::units;

/// Codes of texts that hold the meter's number, the best first; Kamstrup has a code of its own.
pub(super) const NUMBER_CODES: [[u8; 5]; 5] =
    [[0, 0, 96, 1, 0], [0, 0, 96, 1, 1], [1, 1, 0, 0, 5], [1, 0, 0, 0, 0], [0, 0, 42, 0, 0]];
/// Codes of texts that hold the list's name and the meter's type.
const VERSION_CODES: [[u8; 5]; 2] = [[1, 0, 0, 2, 129], [1, 1, 0, 2, 129]];
const MODEL_CODES: [[u8; 5]; 2] = [[0, 0, 96, 1, 7], [1, 1, 96, 1, 1]];

/// A number, as it stood.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Measured {
    Integer(i128),
    Single(f32),
    Double(f64),
    /// There should be a value, and there is none.
    Missing,
}

/// A value with its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub code: ObisCode,
    pub measured: Measured,
    /// Scaler and unit.
    pub scale: Option<(i8, u8)>,
    /// The last clock of the list that stands before it.
    pub clock: Option<Result<Clock, Unset>>,
    /// When the meter captured it, where that is told of this value alone.
    pub captured: Option<Clock>,
}

/// A clock that was never set, or that its meter calls invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unset;

#[derive(Debug, Default)]
pub(super) struct List<'a> {
    pub entries: Vec<Entry>,
    /// The first clock of the list.
    pub clock: Option<Result<Clock, Unset>>,
    pub version: Option<&'a [u8]>,
    pub model: Option<&'a [u8]>,
    /// Numbers of the meter, by their rank in [`NUMBER_CODES`].
    number: Option<(usize, &'a [u8])>,
    /// Numbers without a name.
    pub nameless: u64,
    last_clock: Option<Result<Clock, Unset>>,
    pending: Option<ObisCode>,
    /// The last entry may still get its scaler and unit.
    unscaled: bool,
}

impl<'a> List<'a> {
    pub(super) fn read(body: &Value<'a>, typed_time: bool) -> Self {
        let mut list = Self::default();
        match body {
            Value::List(values) => {
                if let Some(positions) = lists::by_position(values, typed_time) {
                    list.by_position(positions, values);
                } else if let Some(objects) = objects(values) {
                    list.by_objects(&objects, values);
                } else {
                    list.walk(values);
                }
            }
            value => list.one(value),
        }
        list
    }

    /// What names the meter.
    pub(super) fn number(&self) -> Option<&'a [u8]> {
        self.number.map(|(_, number)| number)
    }

    fn by_position(&mut self, list: &Positions, values: &[Value<'a>]) {
        let mut parts = (None, None);
        for (slot, value) in list.slots.iter().zip(values) {
            match (slot, value) {
                (Slot::Version(_), Value::Octets(bytes) | Value::Text(bytes)) => self.version = Some(bytes),
                (Slot::Model, Value::Octets(bytes) | Value::Text(bytes)) => self.model = Some(bytes),
                (Slot::Number, Value::Octets(bytes) | Value::Text(bytes)) => self.name(0, bytes),
                (Slot::Clock, Value::Octets(bytes)) => self.tell_clock(Clock::read(bytes)),
                (Slot::TimeOfDay, Value::Octets(bytes)) => parts.0 = bytes.first_chunk(),
                (Slot::Date, Value::Octets(bytes)) => {
                    parts.1 = bytes.first_chunk();
                    if let (Some(time), Some(date)) = parts {
                        self.clock = Clock::of_parts(*date, *time).map(Ok);
                    }
                }
                (Slot::Measured(function, processing, scaler), Value::Integer(number)) => {
                    let code = lists::code(*function, *processing);
                    self.push(code, Measured::Integer(*number));
                    self.scale((*scaler, units::natural(code)));
                }
                _ => {}
            }
        }
    }

    /// Values behind a list of the objects that they belong to; the list itself is the first value.
    fn by_objects(&mut self, objects: &[Object], values: &[Value<'a>]) {
        let mut measured_by = Vec::new();
        for (object, value) in objects.iter().zip(values).skip(1) {
            let Some(code) = object.measured() else { continue };
            self.pending = Some(code).filter(|code| !is_push(*code));
            self.one(value);
            self.forget();
            measured_by.resize(self.entries.len(), object);
        }
        for (object, value) in objects.iter().zip(values).skip(1) {
            let entries = self.entries.iter_mut().zip(&measured_by);
            let of_object = entries.filter(|(_, measured_by)| measured_by.code == object.code);
            match value {
                Value::List(parts) if object.is_scale() => {
                    let scale = scaler_and_unit(parts);
                    of_object.for_each(|(entry, _)| entry.scale = entry.scale.or(scale));
                }
                Value::Octets(bytes) if object.is_capture_time() => {
                    let captured = of_object.filter(|(_, measured_by)| measured_by.is_captured());
                    captured.for_each(|(entry, _)| entry.captured = Clock::read(bytes));
                }
                _ => {}
            }
        }
    }

    fn walk(&mut self, values: &[Value<'a>]) {
        values.iter().for_each(|value| self.one(value));
    }

    fn one(&mut self, value: &Value<'a>) {
        if let Value::List(parts) = value {
            // A scaler with its unit behind anything but a number says nothing.
            match scaler_and_unit(parts) {
                Some(scale) if self.unscaled => self.scale(scale),
                Some(_) => {}
                None => self.structure(parts),
            }
            return;
        }
        self.unscaled = false;
        match (self.pending.take(), value) {
            (None, Value::Octets([a, b, c, d, e, f])) => {
                self.pending = Some(ObisCode::from_bytes([*a, *b, *c, *d, *e, *f])).filter(|code| !is_push(*code));
            }
            (None, Value::Octets(bytes) | Value::Text(bytes)) => self.loose(bytes),
            (Some(code), Value::Octets(bytes) | Value::Text(bytes)) => self.text(code, bytes),
            (Some(code), Value::Integer(number)) => self.push(code, Measured::Integer(*number)),
            (Some(code), Value::Single(number)) => self.push(code, Measured::Single(*number)),
            (Some(code), Value::Double(number)) => self.push(code, Measured::Double(*number)),
            (Some(code), Value::Null) if code.natural_kind().is_some() => self.push(code, Measured::Missing),
            (None, Value::Integer(_) | Value::Single(_) | Value::Double(_)) => self.nameless += 1,
            // Switches, states and what says nothing: no measured value.
            (_, Value::Null | Value::Enumerated(_) | Value::Other | Value::List(_)) => {}
        }
    }

    /// Values that stand together. A code within names nothing outside, and neither does the time at which the one value of
    /// a structure was captured.
    fn structure(&mut self, parts: &[Value<'a>]) {
        let (clocks, before) = ((self.clock, self.last_clock), self.entries.len());
        self.forget();
        self.walk(parts);
        self.forget();
        if let (Some(captured), [entry]) = (capture_time(parts), self.entries.get_mut(before..).unwrap_or_default()) {
            entry.captured = Some(captured);
            (self.clock, self.last_clock) = clocks;
        }
    }

    const fn forget(&mut self) {
        self.pending = None;
        self.unscaled = false;
    }

    fn push(&mut self, code: ObisCode, measured: Measured) {
        self.entries.push(Entry { code, measured, scale: None, clock: self.last_clock, captured: None });
        self.unscaled = true;
    }

    fn scale(&mut self, scale: (i8, u8)) {
        if let Some(entry) = self.entries.last_mut() {
            entry.scale = Some(scale);
        }
        self.unscaled = false;
    }

    fn tell_clock(&mut self, clock: Option<Clock>) {
        self.last_clock = Some(clock.ok_or(Unset));
        self.clock = self.clock.or(self.last_clock);
    }

    /// A text that no code names: the clock, the name of the list, or the meter's number.
    fn loose(&mut self, bytes: &'a [u8]) {
        let clock = Some(bytes).filter(|bytes| bytes.len() == clock::BYTES).and_then(Clock::read);
        if clock.is_some() {
            self.tell_clock(clock);
        } else if bytes.contains(&b'_') {
            self.version = self.version.or(Some(bytes));
        } else if lists::is_number(bytes) && bytes.iter().any(u8::is_ascii_digit) {
            self.name(NUMBER_CODES.len(), bytes);
        }
    }

    fn text(&mut self, code: ObisCode, bytes: &'a [u8]) {
        let [groups @ .., _] = code.groups();
        if matches!(groups, [0, _, 1, 0, 0]) {
            self.tell_clock(Clock::read(bytes));
        } else if let Some(rank) = NUMBER_CODES.iter().position(|code| *code == groups) {
            self.name(rank, bytes);
        } else if VERSION_CODES.contains(&groups) {
            self.version = Some(bytes);
        } else if MODEL_CODES.contains(&groups) {
            self.model = Some(bytes);
        }
    }

    fn name(&mut self, rank: usize, bytes: &'a [u8]) {
        if !bytes.is_empty() && self.number.is_none_or(|(best, _)| rank < best) {
            self.number = Some((rank, bytes));
        }
    }
}

/// One attribute of an object that a push sends.
struct Object {
    class: i128,
    code: ObisCode,
    attribute: i128,
}

impl Object {
    /// Classes of IEC 62056-6-2.
    const REGISTER: i128 = 3;
    const EXTENDED_REGISTER: i128 = 4;
    const DEMAND_REGISTER: i128 = 5;

    /// The code of the value that the attribute is; `None` where it tells something about a value, such as its status.
    fn measured(&self) -> Option<ObisCode> {
        match (self.class, self.attribute) {
            // What the averaging period ended with, beside what it has come to so far.
            (Self::DEMAND_REGISTER, 3) => Some(last_average(self.code)),
            (_, 2) => Some(self.code),
            _ => None,
        }
    }

    const fn is_scale(&self) -> bool {
        matches!(
            (self.class, self.attribute),
            (Self::REGISTER | Self::EXTENDED_REGISTER, 3) | (Self::DEMAND_REGISTER, 4)
        )
    }

    const fn is_capture_time(&self) -> bool {
        matches!((self.class, self.attribute), (Self::EXTENDED_REGISTER, 5) | (Self::DEMAND_REGISTER, 6))
    }

    /// Whether the value is the one that the object's capture time is of.
    const fn is_captured(&self) -> bool {
        matches!((self.class, self.attribute), (Self::EXTENDED_REGISTER, 2) | (Self::DEMAND_REGISTER, 3))
    }
}

/// The code of the last average where that of the current one is given: processing 5 instead of 4, in each of the three
/// averaging schemes. Other codes are those of the object as a whole.
fn last_average(code: ObisCode) -> ObisCode {
    let [medium, channel, function, processing, tariff, storage] = code.groups();
    let last = if matches!(processing, 4 | 14 | 24) { processing + 1 } else { processing };
    ObisCode::from_bytes([medium, channel, function, last, tariff, storage])
}

/// The list of objects with which some pushes begin: class, name, attribute and index of each of their values.
fn objects(values: &[Value<'_>]) -> Option<Vec<Object>> {
    let Some(Value::List(descriptions)) = values.first() else { return None };
    let object = |value: &Value<'_>| match value {
        Value::List(parts) => match parts.as_slice() {
            [
                Value::Integer(class),
                Value::Octets([a, b, c, d, e, f]),
                Value::Integer(attribute),
                Value::Integer(_),
            ] => {
                let code = ObisCode::from_bytes([*a, *b, *c, *d, *e, *f]);
                Some(Object { class: *class, code, attribute: *attribute })
            }
            _ => None,
        },
        _ => None,
    };
    let objects: Vec<Object> = descriptions.iter().map(object).collect::<Option<_>>()?;
    (objects.len() == values.len()).then_some(objects)
}

/// The name of a push, which stands before the values of some lists.
fn is_push(code: ObisCode) -> bool {
    matches!(code.groups(), [0, _, 25, 9, 0, _])
}

/// The clock behind the one value of a structure that begins with its code.
fn capture_time(parts: &[Value<'_>]) -> Option<Clock> {
    let [Value::Octets([_, _, _, _, _, _]), Value::Integer(_) | Value::Single(_) | Value::Double(_), behind @ ..] =
        parts
    else {
        return None;
    };
    behind.iter().find_map(|part| match part {
        Value::Octets(bytes) => Clock::read(bytes),
        _ => None,
    })
}

fn scaler_and_unit(parts: &[Value<'_>]) -> Option<(i8, u8)> {
    match parts {
        [Value::Integer(scaler), Value::Enumerated(unit)] => Some((i8::try_from(*scaler).ok()?, *unit)),
        _ => None,
    }
}
