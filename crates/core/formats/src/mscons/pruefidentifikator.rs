//! The Pruefidentifikatoren of MSCONS (RFF+Z13): which application of the message it is, and what its rules demand.

/// Those of the MSCONS application handbooks since 2.1, with their titles there.
pub(super) const KNOWN: [(&str, &str); 25] = [
    ("13002", "Zählerstand (Gas)"),
    ("13003", "Summenzeitreihe"),
    ("13005", "EEG-Überführungszeitreihe"),
    ("13006", "Storno"),
    ("13007", "Gasbeschaffenheit"),
    ("13008", "Lastgang (Gas)"),
    ("13009", "Energiemenge (Gas)"),
    ("13010", "normiertes Profil"),
    ("13011", "Profilschar"),
    ("13012", "Vergangenheitswerte zu TEP mit Referenzmessung"),
    ("13013", "marktlokationsscharfe Allokationsliste Gas (MMMA)"),
    ("13014", "marktlokationsscharfe bilanzierte Menge (MMMA)"),
    ("13015", "Arbeit und Leistungsmaximum im Kalenderjahr vor Lieferbeginn"),
    ("13016", "Energiemenge und Leistungsmaximum (Strom)"),
    ("13017", "Zählerstand (Strom)"),
    ("13018", "Lastgang Messlokation, Netzkoppelpunkt, Netzlokation"),
    ("13019", "Energiemenge (Strom)"),
    ("13020", "Redispatch: Ausfallarbeitsüberführungszeitreihe"),
    ("13021", "Redispatch: meteorologische Daten"),
    ("13022", "Redispatch: Einzelzeitreihe Ausfallarbeit"),
    ("13023", "Redispatch: Ausfallarbeitssummenzeitreihe"),
    ("13025", "Lastgang Marktlokation, Tranche"),
    ("13026", "Redispatch: EEG-Überführungszeitreihe aufgrund Ausfallarbeit"),
    ("13027", "Werte nach Typ 2"),
    ("13028", "Grundlage der POG-Ermittlung"),
];

/// Stornierung: takes back a message as a whole.
const WITHDRAWAL: &str = "13006";

pub(super) fn is_known(id: &str) -> bool {
    KNOWN.iter().any(|(known, _)| *known == id)
}

pub(super) fn is_withdrawal(id: &str) -> bool {
    id == WITHDRAWAL
}

/// Register readings and load curves: a substitute value must say by which method (STS+Z32) and why (STS+Z40) it was formed.
pub(super) fn demands_method(id: &str) -> bool {
    matches!(id, "13002" | "13008" | "13017" | "13018" | "13025")
}
