//! One value: QTY with its DTM and STS, and the reading that they make.

use metrify_domain::decimal::DecimalError;
use metrify_domain::point::PointError;
use metrify_domain::{Code, Decimal, Quality, Quantity, Reading, Timestamp, Unit};

use super::line::Basis;
use super::time::{Times, Wanted};
use super::{standing, status, unit};
use crate::dates::shown;
use crate::edifact::segments::{SEGMENT_BYTES_MAX, Segment};
use crate::edifact::stamp::{LocalDays, StampError};

/// Why a value could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("the segment is longer than {SEGMENT_BYTES_MAX} bytes, of which only the beginning was read")]
    TooLong,
    #[error("`{0}` is no segment of MSCONS; it may have held a value")]
    UnknownSegment(String),
    #[error("the value stands in the segment before it, whose terminator is missing")]
    Swallowed,
    #[error("the delivery ends within the value")]
    CutOff,
    #[error("`{0}` is not a qualifier of values (QTY DE6063) that we know")]
    Qualifier(String),
    #[error("QTY gives no number")]
    NoNumber,
    #[error("the value `{0}` {1}")]
    Number(String, DecimalError),
    #[error("`{0}` is not a unit (QTY DE6411)")]
    Unit(String),
    #[error("QTY names no unit, and {0} implies none")]
    NoUnit(Quantity),
    #[error(transparent)]
    Stamp(#[from] StampError),
    #[error("`{0}` contradicts what was said before it")]
    Contradiction(String),
    #[error("the interval ends at {end}, which is not after its begin {begin}")]
    EndNotAfterBegin { begin: Timestamp, end: Timestamp },
    #[error("the interval has an end (DTM+164) and no begin (DTM+163)")]
    NoBegin,
    #[error("the interval has a begin (DTM+163) and no end (DTM+164)")]
    NoEnd,
    #[error("nothing says for which interval the value is (DTM+163 and DTM+164)")]
    NoPeriod,
    #[error("nothing says when the register was read (DTM+7 or DTM+9)")]
    NoInstant,
    #[error("no OBIS code in LIN: PIA is missing, so what was measured is unknown")]
    NoQuantity,
    #[error("`{0}` (PIA) is not an OBIS code such as 1-1:1.29.0")]
    NotAQuantity(String),
    #[error("the location names no point: LOC has no id, and neither RFF+AGK nor RFF+MG stands for it")]
    NoPoint,
    #[error("the terminator of LOC is missing, so its id goes over into the next segment")]
    UnterminatedLocation,
    #[error("the id `{0}` (LOC) names no point: {1}")]
    NotAPoint(String, PointError),
}

/// A value as far as its segments have been read.
#[derive(Debug)]
pub(super) struct Value {
    /// Where its QTY stands in the message.
    pub(super) segment: u64,
    pub(super) times: Times,
    /// What was wrong first.
    pub(super) fault: Option<Fault>,
    /// A status code did not fit beside the others.
    pub(super) status_left_out: bool,
    quality: Quality,
    number: Option<Decimal>,
    unit: Option<Unit>,
    method: Option<Code>,
    reason: Option<Code>,
    /// STS+Z40 says why a substitute was formed.
    explained: bool,
}

impl Value {
    pub(super) fn faulty(segment: u64, fault: Fault) -> Self {
        Self { fault: Some(fault), ..Self::empty(segment) }
    }

    fn empty(segment: u64) -> Self {
        Self {
            segment,
            times: Times::default(),
            fault: None,
            status_left_out: false,
            quality: Quality::Missing,
            number: None,
            unit: None,
            method: None,
            reason: None,
            explained: false,
        }
    }

    /// Reads QTY.
    pub(super) fn read(segment: u64, quantity: &Segment<'_>) -> Self {
        let mut value = Self::empty(segment);
        if let Err(fault) = value.read_quantity(quantity) {
            value.fault = Some(fault);
        }
        value
    }

    fn read_quantity(&mut self, quantity: &Segment<'_>) -> Result<(), Fault> {
        let [qualifier, number, unit] = quantity.composite(1);
        let unknown = || Fault::Qualifier(shown(&qualifier.text()));
        let standing = standing::of(qualifier.raw()).ok_or_else(unknown)?;
        (self.quality, self.method) = (standing.quality, standing.method);
        if !unit.is_empty() {
            let code = unit.text();
            self.unit = Some(unit::named(code.trim()).ok_or_else(|| Fault::Unit(shown(&code)))?);
        }
        // Some senders fill the number of a missing value with zero, which would be a statement.
        if self.quality == Quality::Missing {
            return Ok(());
        }
        if number.is_empty() {
            return Err(Fault::NoNumber);
        }
        let decimal = number.decimal().map_err(|error| Fault::Number(shown(&number.text()), error))?;
        self.number = Some(decimal);
        Ok(())
    }

    /// Reads STS: the method or a reason, by its category.
    pub(super) fn status(&mut self, segment: &Segment<'_>) {
        let category = segment.field(1);
        // The code stands in C556; the categories without a reason of their own (10) have it in C555.
        let code = [segment.field(3), segment.field(2)].into_iter().find(|field| !field.is_empty());
        let Some(code) = code.map(|field| field.text()) else { return };
        let joined = if status::is_method(category.raw()) { &mut self.method } else { &mut self.reason };
        match status::joined_with(*joined, code.trim()) {
            Some(codes) => *joined = Some(codes),
            None => self.status_left_out = true,
        }
        self.explained |= category == "Z40";
    }

    /// What the value says about its line.
    pub(super) fn reading(&self, basis: &Basis, outer: [&Times; 3], situation: Situation) -> Result<Reading, Fault> {
        let unit = self.unit.or(basis.unit).ok_or(Fault::NoUnit(basis.channel.quantity))?;
        let wanted = Wanted {
            nature: basis.nature,
            curve: basis.curve,
            days: LocalDays { gas: basis.gas, ..situation.days },
            before: situation.before,
        };
        let [line, location, message] = outer;
        let (kind, period) = Times::settle(&[&self.times, line, location, message], wanted)?;
        let Self { number: value, quality, method, reason, .. } = *self;
        Ok(Reading { kind, period, value, unit, quality, method, reason })
    }

    /// What a substitute value fails to say; `None` where it says all, or is none.
    pub(super) fn unexplained(&self) -> Option<&'static str> {
        if self.quality != Quality::Substitute {
            return None;
        }
        match (self.method.is_some(), self.explained) {
            (true, true) => None,
            (false, true) => Some("its method (STS+Z32)"),
            (true, false) => Some("its reason (STS+Z40)"),
            (false, false) => Some("its method (STS+Z32) and its reason (STS+Z40)"),
        }
    }
}

/// Where a value stands: the clock of its stamps, and the end of the value before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Situation {
    pub(super) days: LocalDays,
    pub(super) before: Option<Timestamp>,
}
