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
        const LOGICAL_NAME: i128 = 1;
        const SCALER_AND_UNIT: i128 = 3;
        for (object, value) in objects.iter().zip(values).skip(1) {
            match (object.attribute, value) {
                (LOGICAL_NAME, _) => {}
                (SCALER_AND_UNIT, Value::List(parts)) => {
                    let scale = scaler_and_unit(parts);
                    let entries = self.entries.iter_mut().filter(|entry| entry.code == object.code);
                    entries.for_each(|entry| entry.scale = entry.scale.or(scale));
                }
                (_, value) => {
                    self.pending = Some(object.code).filter(|code| !is_push(*code));
                    self.one(value);
                    self.forget();
                }
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
                None => {
                    self.forget();
                    self.walk(parts);
                    // A code within a structure names nothing outside of it.
                    self.forget();
                }
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

    const fn forget(&mut self) {
        self.pending = None;
        self.unscaled = false;
    }

    fn push(&mut self, code: ObisCode, measured: Measured) {
        self.entries.push(Entry { code, measured, scale: None, clock: self.last_clock });
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
    code: ObisCode,
    attribute: i128,
}

/// The list of objects with which some pushes begin: class, name, attribute and index of each of their values.
fn objects(values: &[Value<'_>]) -> Option<Vec<Object>> {
    let Some(Value::List(descriptions)) = values.first() else { return None };
    let object = |value: &Value<'_>| match value {
        Value::List(parts) => match parts.as_slice() {
            [Value::Integer(_), Value::Octets([a, b, c, d, e, f]), Value::Integer(attribute), Value::Integer(_)] => {
                Some(Object { code: ObisCode::from_bytes([*a, *b, *c, *d, *e, *f]), attribute: *attribute })
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

fn scaler_and_unit(parts: &[Value<'_>]) -> Option<(i8, u8)> {
    match parts {
        [Value::Integer(scaler), Value::Enumerated(unit)] => Some((i8::try_from(*scaler).ok()?, *unit)),
        _ => None,
    }
}
