//! The groups of a transaction (SEQ DE1229): whom they are about, and how their data stand.

/// Whom a group is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// A place of the transaction, named by an RFF, or else the only one of its kind.
    Place(&'static str),
    /// A device, named by CAV+Z30.
    Device(&'static str),
    /// A register of a device that RFF+MG (or Z11, Z14) names; which one PIA says.
    Register,
    /// The whole transaction; so are groups that we do not know.
    Transaction,
}

/// A group by its codes: as stated, expected, in the system of the sender, for information. Empty where there is none.
pub(super) struct Group {
    pub(super) codes: [&'static str; 4],
    pub(super) about: About,
    /// In front of the facts' names where a place has several groups of facts.
    pub(super) topic: &'static str,
    pub(super) title: &'static str,
}

/// How the data of a group stand, in the order of its codes. What is merely stated says nothing about it.
pub(super) const STANDINGS: [Option<&str>; 4] = [None, Some("expected"), Some("in_system"), Some("informative")];

const fn group(codes: [&'static str; 4], about: About, topic: &'static str, title: &'static str) -> Group {
    Group { codes, about, topic, title }
}

const MARKET: About = About::Place("market_location");
const METERING: About = About::Place("metering_location");
const GRID: About = About::Place("grid_location");
const TRANCHE: About = About::Place("tranche");
const CONTROLLABLE: About = About::Place("controllable_resource");
const TECHNICAL: About = About::Place("technical_resource");
const BALANCING: About = About::Place("balancing_point");

pub(super) const GROUPS: [Group; 44] = [
    group(["Z01", "Z80", "Z81", "Z98"], MARKET, "", "Daten der Marktlokation"),
    group(["Z29", "", "", ""], MARKET, "other_party", "Daten der Marktlokation der beteiligten Marktrolle"),
    group(["Z02", "", "", ""], MARKET, "", "OBIS-Daten der Marktlokation"),
    group(["Z30", "", "", ""], MARKET, "other_party", "OBIS-Daten der Marktlokation der beteiligten Marktrolle"),
    group(["Z45", "", "", ""], MARKET, "grid_billing", "Netznutzungsabrechnungsdaten der Marktlokation"),
    group(["Z76", "", "", ""], MARKET, "metering_billing", "Messstellenbetriebsabrechnungsdaten der Marktlokation"),
    group(["Z27", "", "", ""], MARKET, "required", "erforderliches Messprodukt der Marktlokation"),
    group(["Z59", "", "", ""], MARKET, "", "Produkt-Daten der Marktlokation"),
    group(["Z40", "", "", ""], MARKET, "grid_operator", "Produkt-Daten der Marktlokation des NB"),
    group(["Z44", "", "", ""], MARKET, "use", "Verbrauchsart und Nutzung der OBIS-Kennzahl der Marktlokation"),
    group(["Z15", "Z94", "Z95", "ZE7"], TRANCHE, "", "Daten der Tranche"),
    group(["Z31", "", "", ""], TRANCHE, "other_party", "Daten der Tranche der beteiligten Marktrolle"),
    group(["Z16", "", "", "ZE8"], TRANCHE, "required", "erforderliches Messprodukt der Tranche"),
    group(["Z17", "Z99", "ZA0", "ZE9"], TRANCHE, "", "OBIS-Daten der Tranche"),
    group(["Z32", "", "", ""], TRANCHE, "other_party", "OBIS-Daten der Tranche der beteiligten Marktrolle"),
    group(["Z18", "ZG6", "ZG7", "ZF3"], METERING, "", "Daten der Messlokation"),
    group(["Z19", "", "", "ZF4"], METERING, "required", "erforderliches Messprodukt der Messlokation"),
    group(["Z51", "", "", "ZD7"], GRID, "", "Daten der Netzlokation"),
    group(["Z71", "", "", ""], GRID, "reactive_billing", "Abrechnungsdaten der Netzlokation"),
    group(["Z57", "ZA7", "ZA8", "ZD9"], GRID, "", "OBIS-Daten der Netzlokation"),
    group(["Z60", "ZG8", "ZG9", "ZE0"], GRID, "", "Produkt-Daten der Netzlokation"),
    group(["Z62", "ZB1", "ZB2", "ZF1"], CONTROLLABLE, "", "Daten der steuerbaren Ressource"),
    group(["Z61", "ZB3", "ZB4", "ZF2"], CONTROLLABLE, "", "Produkt-Daten der steuerbaren Ressource"),
    group(["Z52", "ZG4", "ZG5", "ZF0"], TECHNICAL, "", "Daten der technischen Ressource"),
    group(["Z03", "ZA3", "ZA4", "ZF5"], About::Device("meter"), "", "Zähleinrichtungsdaten"),
    group(["Z20", "ZA5", "ZA6", "ZF6"], About::Register, "", "OBIS-Daten der Zähleinrichtung"),
    group(["Z04", "ZB9", "ZC0", "ZF7"], About::Device("transformer"), "", "Wandlerdaten"),
    group(["Z05", "ZB7", "ZB8", "ZF8"], About::Device("communication"), "", "Kommunikationseinrichtungsdaten"),
    group(["Z06", "ZC1", "ZC2", "ZF9"], About::Device("control"), "", "Daten der technischen Steuereinrichtung"),
    group(["Z13", "ZC3", "", ""], About::Device("gateway"), "", "Smartmeter-Gateway"),
    group(["Z14", "", "", ""], About::Device("control_box"), "", "Daten der Steuerbox"),
    group(["Z78", "", "ZC8", "ZD5"], About::Transaction, "bundle", "Referenz auf die Lokationsbündelstruktur"),
    group(["Z58", "ZC9", "ZD0", "ZD6"], About::Transaction, "bundle", "Zuordnung Lokation zum Objektcode"),
    group(["Z79", "", "", ""], About::Transaction, "package", "Bestandteil eines Produktpakets"),
    group(["ZH0", "", "", ""], About::Transaction, "package", "Priorisierung des erforderlichen Produktpakets"),
    group(["Z75", "", "", ""], About::Transaction, "customer", "Daten des Kunden des Lieferanten"),
    group(["Z21", "", "", ""], About::Transaction, "profile", "Profildaten"),
    group(["Z33", "", "", ""], About::Transaction, "profile", "Profildaten der beteiligten Marktrolle"),
    group(["Z08", "Z87", "Z88", "ZG2"], About::Transaction, "profile_set", "Profilschardaten"),
    group(["Z38", "", "", ""], About::Transaction, "reference_profile", "Referenzprofildaten"),
    group(["Z22", "", "", ""], BALANCING, "", "Daten der Summenzeitreihe"),
    group(["Z23", "", "", ""], BALANCING, "", "Produkt-Daten der Summenzeitreihe"),
    group(["Z24", "", "", ""], BALANCING, "transfer", "Daten der Überführungszeitreihe"),
    group(["Z25", "", "", ""], BALANCING, "transfer", "Produkt-Daten der Überführungszeitreihe"),
];

/// The group of a code, and how its data stand.
pub(super) fn of(code: &[u8]) -> Option<(&'static Group, Option<&'static str>)> {
    GROUPS.iter().find_map(|group| {
        let at = group.codes.iter().position(|known| !known.is_empty() && known.as_bytes() == code)?;
        Some((group, STANDINGS.get(at).copied().flatten()))
    })
}
