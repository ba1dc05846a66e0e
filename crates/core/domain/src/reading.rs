//! One exact value on a channel: a register state, an interval amount or an instantaneous value, never a mixture.

use std::fmt;
use std::str::FromStr;

use crate::decimal::Decimal;
use crate::point::Point;
use crate::quality::{Code, Quality};
use crate::quantity::Quantity;
use crate::time::Timestamp;
use crate::unit::Unit;

/// Point and quantity: the key of a series.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Channel {
    pub point: Point,
    pub quantity: Quantity,
}

/// Which of the three kinds of value a reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Zaehlerstand: what a counting register showed at an instant.
    Register = 0,
    /// An amount over a half-open interval, such as one value of a load curve (Lastgang).
    Interval = 1,
    /// A value at an instant: a power, a voltage, a temperature.
    Instant = 2,
}

impl Kind {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Interval => "interval",
            Self::Instant => "instant",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a kind (register, interval, instant)")]
pub struct UnknownKind(String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        match text {
            "register" => Ok(Self::Register),
            "interval" => Ok(Self::Interval),
            "instant" => Ok(Self::Instant),
            _ => Err(UnknownKind(text.chars().take(40).collect())),
        }
    }
}

/// A half-open interval `[start, end)` in UTC. An instant has both ends equal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Period {
    start: Timestamp,
    end: Timestamp,
}

impl Period {
    /// `None` where the end does not come after the start.
    #[must_use]
    pub fn interval(start: Timestamp, end: Timestamp) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }

    #[must_use]
    pub const fn instant(at: Timestamp) -> Self {
        Self { start: at, end: at }
    }

    #[must_use]
    pub const fn start(&self) -> Timestamp {
        self.start
    }

    #[must_use]
    pub const fn end(&self) -> Timestamp {
        self.end
    }
}

/// What a register showed at an instant. Two states of one register make an amount; states never add up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RegisterState {
    pub at: Timestamp,
    pub value: Decimal,
    pub unit: Unit,
}

/// An amount over an interval. Amounts of neighbouring intervals in one unit add up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IntervalAmount {
    period: Period,
    pub value: Decimal,
    pub unit: Unit,
}

/// A value at an instant. It neither adds up nor makes an amount.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InstantValue {
    pub at: Timestamp,
    pub value: Decimal,
    pub unit: Unit,
}

impl IntervalAmount {
    /// `None` where the end does not come after the start.
    #[must_use]
    pub fn new(start: Timestamp, end: Timestamp, value: Decimal, unit: Unit) -> Option<Self> {
        Period::interval(start, end).map(|period| Self { period, value, unit })
    }

    /// The advance of one register from `first` to `last` (E = R(t1) - R(t0)).
    ///
    /// `None` where `last` is not later, or its unit does not convert exactly into that of `first`.
    #[must_use]
    pub fn advance(first: &RegisterState, last: &RegisterState) -> Option<Self> {
        let end = last.unit.convert(last.value, &first.unit)?;
        Self::new(first.at, last.at, end.checked_sub(first.value)?, first.unit)
    }

    #[must_use]
    pub const fn period(&self) -> Period {
        self.period
    }

    /// The amount over both intervals; `None` where `next` does not follow directly or its unit does not convert exactly.
    #[must_use]
    pub fn followed_by(&self, next: &Self) -> Option<Self> {
        if self.period.end != next.period.start {
            return None;
        }
        let more = next.unit.convert(next.value, &self.unit)?;
        Self::new(self.period.start, next.period.end, self.value.checked_add(more)?, self.unit)
    }
}

/// One statement about a channel, as a decoder hands it on. Its second time, when it became known, is that of its document or delivery.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Reading {
    pub kind: Kind,
    pub period: Period,
    /// `None` exactly where the quality is missing.
    pub value: Option<Decimal>,
    pub unit: Unit,
    pub quality: Quality,
    pub method: Option<Code>,
    pub reason: Option<Code>,
}

impl Reading {
    /// The same statement with another standing.
    #[must_use]
    pub fn with_quality(mut self, quality: Quality) -> Self {
        self.quality = quality;
        self
    }

    #[must_use]
    pub fn with_reason(mut self, reason: Option<Code>) -> Self {
        self.reason = reason;
        self
    }

    #[must_use]
    pub fn with_method(mut self, method: Option<Code>) -> Self {
        self.method = method;
        self
    }

    /// It is known that there should be a value, and that there is none.
    #[must_use]
    pub fn missing(kind: Kind, period: Period, unit: Unit) -> Self {
        Self { kind, period, value: None, unit, quality: Quality::Missing, method: None, reason: None }
    }

    fn measured(kind: Kind, period: Period, value: Decimal, unit: Unit) -> Self {
        Self { kind, period, value: Some(value), unit, quality: Quality::True, method: None, reason: None }
    }
}

impl From<RegisterState> for Reading {
    fn from(state: RegisterState) -> Self {
        Self::measured(Kind::Register, Period::instant(state.at), state.value, state.unit)
    }
}

impl From<IntervalAmount> for Reading {
    fn from(amount: IntervalAmount) -> Self {
        Self::measured(Kind::Interval, amount.period, amount.value, amount.unit)
    }
}

impl From<InstantValue> for Reading {
    fn from(value: InstantValue) -> Self {
        Self::measured(Kind::Instant, Period::instant(value.at), value.value, value.unit)
    }
}

#[cfg(test)]
mod tests {
    use super::{IntervalAmount, RegisterState};
    use crate::{Timestamp, Unit};

    fn state(seconds: i64, value: &str, unit: &'static str) -> RegisterState {
        let at = Timestamp::from_seconds(seconds).expect("in range");
        RegisterState { at, value: value.parse().expect("a decimal"), unit: Unit::literal(unit) }
    }

    #[test]
    fn two_states_of_a_register_make_an_amount() {
        let amount = IntervalAmount::advance(&state(0, "2043104.7", "Wh"), &state(900, "2043.1052", "kWh"));
        assert_eq!(amount.map(|a| a.value.to_string()), Some("0.5".to_owned()));
        assert_eq!(IntervalAmount::advance(&state(900, "1", "Wh"), &state(0, "2", "Wh")), None);
        assert_eq!(IntervalAmount::advance(&state(0, "1", "kWh"), &state(900, "2", "kvarh")), None);
    }

    #[test]
    fn only_neighbouring_amounts_add_up() {
        let at = |seconds| Timestamp::from_seconds(seconds).expect("in range");
        let amount = |from, to| IntervalAmount::new(at(from), at(to), 1.into(), Unit::literal("kWh")).expect("ordered");
        assert_eq!(amount(0, 900).followed_by(&amount(900, 1800)).map(|a| a.value.to_string()), Some("2".to_owned()));
        assert_eq!(amount(0, 900).followed_by(&amount(1800, 2700)), None);
    }
}
