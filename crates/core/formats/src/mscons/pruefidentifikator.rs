//! The Pruefidentifikatoren of MSCONS (RFF+Z13): which application of the message it is, and what its rules demand.

/// Those of the MSCONS application handbooks since 2.1.
const KNOWN: [&str; 25] = [
    "13002", "13003", "13005", "13006", "13007", "13008", "13009", "13010", "13011", "13012", "13013", "13014",
    "13015", "13016", "13017", "13018", "13019", "13020", "13021", "13022", "13023", "13025", "13026", "13027",
    "13028",
];

/// Stornierung: takes back a message as a whole.
const WITHDRAWAL: &str = "13006";

pub(super) fn is_known(id: &str) -> bool {
    KNOWN.contains(&id)
}

pub(super) fn is_withdrawal(id: &str) -> bool {
    id == WITHDRAWAL
}

/// Register readings and load curves: a substitute value must say by which method (STS+Z32) and why (STS+Z40) it was formed.
pub(super) fn demands_method(id: &str) -> bool {
    matches!(id, "13002" | "13008" | "13017" | "13018" | "13025")
}
