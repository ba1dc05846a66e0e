//! The bodies that may process personal data of metering at all (MsbG section 49(2)).

use std::fmt;
use std::str::FromStr;

/// A market role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// Messstellenbetreiber.
    MeteringOperator,
    /// Netzbetreiber.
    GridOperator,
    /// Uebertragungsnetzbetreiber, and the Bilanzkoordinator that it is.
    TransmissionOperator,
    /// Bilanzkreisverantwortlicher.
    BalanceResponsible,
    /// Direktvermarktungsunternehmer.
    DirectMarketer,
    /// Energielieferant.
    Supplier,
    /// Aggregationsverantwortlicher.
    Aggregator,
    /// Messwertweiterverarbeiter.
    ValueProcessor,
    /// Whoever the user of the connection consented to (GDPR Art. 7).
    Consented,
}

impl Party {
    pub const ALL: [Self; 9] = [
        Self::MeteringOperator,
        Self::GridOperator,
        Self::TransmissionOperator,
        Self::BalanceResponsible,
        Self::DirectMarketer,
        Self::Supplier,
        Self::Aggregator,
        Self::ValueProcessor,
        Self::Consented,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MeteringOperator => "metering_operator",
            Self::GridOperator => "grid_operator",
            Self::TransmissionOperator => "transmission_operator",
            Self::BalanceResponsible => "balance_responsible",
            Self::DirectMarketer => "direct_marketer",
            Self::Supplier => "supplier",
            Self::Aggregator => "aggregator",
            Self::ValueProcessor => "value_processor",
            Self::Consented => "consented",
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a party ({names})", names = Party::ALL.map(Party::name).join(", "))]
pub struct UnknownParty(String);

impl FromStr for Party {
    type Err = UnknownParty;

    fn from_str(text: &str) -> Result<Self, UnknownParty> {
        let found = Self::ALL.into_iter().find(|party| party.name() == text);
        found.ok_or_else(|| UnknownParty(text.chars().take(40).collect()))
    }
}
