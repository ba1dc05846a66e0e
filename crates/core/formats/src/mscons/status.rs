//! Status codes of values (STS): by which method a substitute was formed, and what else is said about a value.

use metrify_domain::Code;

/// A category (DE9015), its title, and where its codes go.
pub(super) struct Category {
    pub(super) code: &'static str,
    pub(super) title: &'static str,
    pub(super) is_method: bool,
}

const fn category(code: &'static str, title: &'static str, is_method: bool) -> Category {
    Category { code, title, is_method }
}

/// Codes of a category that is not among them are kept as reasons, too.
pub(super) const CATEGORIES: [Category; 6] = [
    category("Z32", "Ersatzwertbildungsverfahren", true),
    category("Z33", "Plausibilisierungshinweis", false),
    category("Z34", "Korrekturgrund", false),
    category("Z40", "Grund der Ersatzwertbildung", false),
    category("Z31", "Gasqualität", false),
    category("10", "Grundlage der Energiemenge", false),
];

/// Whether the codes of a category name a method; those of all others are reasons.
pub(super) fn is_method(category: &[u8]) -> bool {
    CATEGORIES.iter().any(|known| known.code.as_bytes() == category && known.is_method)
}

/// Whether a code names a method, where its category is not told (BO4E).
pub(crate) fn names_method(code: &str) -> bool {
    METHODS.iter().any(|(known, _)| *known == code)
}

/// Distinct codes in the order of their appearance, joined by a space; `None` where they do not fit one code.
pub(crate) fn joined_with(codes: Option<Code>, code: &str) -> Option<Code> {
    match codes {
        None => Code::new(code),
        Some(codes) if codes.as_str().split(' ').any(|known| known == code) => Some(codes),
        Some(codes) => Code::new(&format!("{codes} {code}")),
    }
}

/// Codes of Z32 (MIG 2.4c and 2.5).
pub(super) const METHODS: [(&str, &str); 13] = [
    ("Z88", "Vergleichsmessung (geeicht)"),
    ("Z89", "Vergleichsmessung (nicht geeicht)"),
    ("Z90", "Messwertnachbildung aus geeichten Werten"),
    ("Z91", "Messwertnachbildung aus nicht geeichten Werten"),
    ("Z92", "Interpolation"),
    ("Z93", "Haltewert"),
    ("Z94", "Bilanzierung Netzabschnitt"),
    ("Z95", "historische Messwerte"),
    ("ZJ2", "statistische Methode"),
    ("ZQ8", "Aufteilung"),
    ("ZQ9", "Werte des Störmengenzählwerks"),
    ("ZR0", "Umgangs- und Korrekturmengen"),
    ("ZS0", "gemäß Angaben auf Ebene der Messlokation"),
];

/// Codes of Z33.
pub(super) const HINTS: [(&str, &str); 8] = [
    ("Z83", "Kundenselbstablesung"),
    ("Z84", "Leerstand"),
    ("Z85", "realer Zählerüberlauf geprüft"),
    ("Z86", "plausibel wegen Kontrollablesung"),
    ("Z87", "plausibel wegen Kundenhinweis"),
    ("ZC3", "Austausch des Ersatzwertes"),
    ("ZR5", "Rechenwert"),
    ("ZS2", "Wert auf Basis der modernen Messeinrichtung"),
];

/// Codes of Z34 and Z40.
pub(super) const REASONS: [(&str, &str); 32] = [
    ("Z74", "kein Zugang"),
    ("Z75", "Kommunikationsstörung"),
    ("Z76", "Netzausfall"),
    ("Z77", "Spannungsausfall"),
    ("Z78", "Gerätewechsel"),
    ("Z79", "Kalibrierung"),
    ("Z80", "Gerät arbeitet außerhalb der Betriebsbedingungen"),
    ("Z81", "Messeinrichtung gestört oder defekt"),
    ("Z82", "Unsicherheit der Messung"),
    ("Z98", "Berücksichtigung Störmengenzählwerk"),
    ("Z99", "Mengenumwertung unvollständig"),
    ("ZA0", "Uhrzeit gestellt, Synchronisation"),
    ("ZA1", "Messwert unplausibel"),
    ("ZA3", "falscher Wandlerfaktor"),
    ("ZA4", "fehlerhafte Ablesung"),
    ("ZA5", "Änderung der Berechnung"),
    ("ZA6", "Umbau der Messlokation"),
    ("ZA7", "Datenbearbeitungsfehler"),
    ("ZA8", "Brennwertkorrektur"),
    ("ZA9", "Z-Zahl-Korrektur"),
    ("ZB0", "Störung oder Defekt der Messeinrichtung"),
    ("ZB9", "Änderung der Tarifschaltzeiten"),
    ("ZC2", "Tarifschaltgerät defekt"),
    ("ZC4", "Impulswertigkeit nicht ausreichend"),
    ("ZJ8", "Energiemenge in ungemessenem Zeitintervall"),
    ("ZJ9", "Energiemenge aus dem ungepairten Zeitintervall"),
    ("ZR1", "Wartungsarbeiten an geeichtem Messgerät"),
    ("ZR2", "gestörte Werte"),
    ("ZR3", "Wartungsarbeiten an eichrechtskonformen Messgeräten"),
    ("ZR4", "Konsistenz- und Synchronprüfung"),
    ("ZS9", "gemäß Angaben auf Ebene der Messlokation"),
    ("ZT8", "zum angeforderten vergangenen Zeitpunkt liegt kein Wert vor"),
];
