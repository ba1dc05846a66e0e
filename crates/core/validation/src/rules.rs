//! The rules, one file each: what it says, its limits, its cases.

use metrify_domain::Severity;

pub(crate) mod future_time;
pub(crate) mod impossible_time;
pub(crate) mod impossible_value;
pub(crate) mod negative_value;
pub(crate) mod odd_interval;
pub(crate) mod out_of_range;
pub(crate) mod register_backwards;
pub(crate) mod unit_mismatch;
pub(crate) mod unknown_unit;

/// A rule that adds findings. What [`impossible_time`] and [`impossible_value`] refuse has none, since it is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Rule {
    FutureTime,
    OddInterval,
    UnknownUnit,
    UnitMismatch,
    NegativeValue,
    OutOfRange,
    RegisterBackwards,
}

impl Rule {
    pub const ALL: [Self; 7] = [
        Self::FutureTime,
        Self::OddInterval,
        Self::UnknownUnit,
        Self::UnitMismatch,
        Self::NegativeValue,
        Self::OutOfRange,
        Self::RegisterBackwards,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FutureTime => "future_time",
            Self::OddInterval => "odd_interval",
            Self::UnknownUnit => "unknown_unit",
            Self::UnitMismatch => "unit_mismatch",
            Self::NegativeValue => "negative_value",
            Self::OutOfRange => "out_of_range",
            Self::RegisterBackwards => "register_backwards",
        }
    }

    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::UnknownUnit => Severity::Note,
            Self::FutureTime | Self::OddInterval | Self::OutOfRange | Self::RegisterBackwards => Severity::Warning,
            Self::UnitMismatch | Self::NegativeValue => Severity::Error,
        }
    }
}
