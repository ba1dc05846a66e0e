//! What personal data of metering may be used for. The lists are exhaustive: sections 66 to 69 of the MsbG name them
//! for each body, and nothing beside them is allowed ("ausschliesslich ... zwingend erforderlich").
//!
//! This is the table; `policies/msbg.cedar` says the same as policies, which is what decides, and a test holds the two
//! equal. Every number that is in force stands here but these, whose text of today was not at hand: of section 66, no. 9
//! (once of the EEG levy), and of section 67, all but nos. 6 and 7. What is not listed is not allowed, so that a missing
//! number denies. Sections 66(1) no. 4 and 69(1) no. 7 were repealed.

use std::fmt;
use std::str::FromStr;

use crate::Party;

/// A purpose, by its name in requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purpose(&'static Entry);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Entry {
    name: &'static str,
    /// Whom the law allows it, and where.
    parties: &'static [(Party, &'static str)],
}

const ENTRIES: &[Entry] = &[
    Entry { name: "metering", parties: &[(Party::MeteringOperator, "MsbG 60(1)")] },
    Entry { name: "customer_information", parties: &[(Party::MeteringOperator, "MsbG 53, 61")] },
    Entry { name: "grid_use_billing", parties: &[(Party::GridOperator, "MsbG 66(1) no. 1")] },
    Entry { name: "feed_in_support", parties: &[(Party::GridOperator, "MsbG 66(1) no. 2")] },
    Entry { name: "grid_operation", parties: &[(Party::GridOperator, "MsbG 66(1) no. 3")] },
    Entry { name: "flexibility", parties: &[(Party::GridOperator, "MsbG 66(1) no. 5")] },
    Entry { name: "concession_fee", parties: &[(Party::GridOperator, "MsbG 66(1) no. 6")] },
    Entry { name: "grid_balancing", parties: &[(Party::GridOperator, "MsbG 66(1) no. 7")] },
    Entry {
        name: "balance_aggregation",
        parties: &[
            (Party::GridOperator, "MsbG 66(1) no. 8"),
            (Party::TransmissionOperator, "MsbG 67(1) no. 6"),
            (Party::Aggregator, "MsbG 67b(1) no. 1"),
        ],
    },
    Entry { name: "balance_coordination", parties: &[(Party::TransmissionOperator, "MsbG 67(1) no. 7")] },
    Entry { name: "value_processing", parties: &[(Party::ValueProcessor, "MsbG 67a(1) no. 1")] },
    Entry { name: "balance_management", parties: &[(Party::BalanceResponsible, "MsbG 68(1) no. 1")] },
    Entry {
        name: "settlement_review",
        parties: &[(Party::BalanceResponsible, "MsbG 68(1) no. 2"), (Party::Supplier, "MsbG 69(1) no. 5")],
    },
    Entry { name: "supply_billing", parties: &[(Party::Supplier, "MsbG 69(1) no. 1")] },
    Entry { name: "supplier_change", parties: &[(Party::Supplier, "MsbG 69(1) no. 2")] },
    Entry { name: "tariff_change", parties: &[(Party::Supplier, "MsbG 69(1) no. 3")] },
    Entry { name: "metering_method_change", parties: &[(Party::Supplier, "MsbG 69(1) no. 4")] },
    Entry { name: "supply_forecast", parties: &[(Party::Supplier, "MsbG 69(1) no. 6")] },
    Entry { name: "direct_marketing", parties: &[(Party::DirectMarketer, "MsbG 50(2) no. 8")] },
    Entry {
        name: "regulatory_duty",
        parties: &[
            (Party::GridOperator, "MsbG 66(1) no. 10"),
            (Party::ValueProcessor, "MsbG 67a(1) no. 2"),
            (Party::Aggregator, "MsbG 67b(1) no. 2"),
            (Party::BalanceResponsible, "MsbG 68(1) no. 3"),
            (Party::Supplier, "MsbG 69(1) no. 8"),
        ],
    },
    Entry { name: "consent", parties: &[(Party::Consented, "MsbG 49(2) no. 9, GDPR 7")] },
];

impl Purpose {
    pub fn all() -> impl Iterator<Item = Self> {
        ENTRIES.iter().map(Self)
    }

    /// What the law allows somebody with these market roles, in the order of its sections.
    #[must_use]
    pub fn of(parties: &[Party]) -> Vec<Self> {
        let allows = |purpose: &Self| purpose.parties().iter().any(|(party, _)| parties.contains(party));
        Self::all().filter(allows).collect()
    }

    /// Whether it is lawful because the user of the connection consented to it, so that it needs a grant.
    #[must_use]
    pub fn rests_on_consent(self) -> bool {
        self.parties().iter().any(|(party, _)| *party == Party::Consented)
    }

    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// Whom the law allows it, with the place in it; each party once.
    #[must_use]
    pub const fn parties(self) -> &'static [(Party, &'static str)] {
        self.0.parties
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a purpose ({names})", names = ENTRIES.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", "))]
pub struct UnknownPurpose(String);

impl FromStr for Purpose {
    type Err = UnknownPurpose;

    fn from_str(text: &str) -> Result<Self, UnknownPurpose> {
        let found = Self::all().find(|purpose| purpose.name() == text);
        found.ok_or_else(|| UnknownPurpose(text.chars().take(40).collect()))
    }
}
