//! What the tables hold: quantities by the category of a row or the name of a column, areas by the name of an operator.
//!
//! Names and layouts are those of the API as its users have them in their tests and notes; only redispatch tables were at hand as
//! files. What no file confirmed is marked \[verify\].

use metrify_domain::{Quality, Quantity, Unit};

/// Areas as columns name them.
pub(super) const AREAS: [(&str, &str); 6] = [
    ("50Hertz", "50Hertz"),
    ("Amprion", "Amprion"),
    ("TenneT TSO", "TenneT"),
    ("TenneT", "TenneT"),
    ("TransnetBW", "TransnetBW"),
    ("Deutschland", "DE"),
];

/// `Datenkategorie` of tables with a column for each operator, with the quantity; where columns are `(Positiv)` and `(Negativ)`,
/// that word follows.
pub(super) const CATEGORIES: [(&str, &str); 10] = [
    ("NRV-Saldo", "balance.nrv"),
    ("RZ-Saldo", "balance.control_area"),
    ("PRL", "balance.fcr"),
    ("Aktivierte SRL", "balance.afrr"),
    ("Aktivierte MRL", "balance.mfrr"),
    ("SRL Optimierung", "balance.afrr_optimisation"),
    ("MRL Optimierung", "balance.mfrr_optimisation"),
    ("Difference", "balance.difference"),
    ("Zusatzmassnahmen", "balance.additional_measures"),
    ("Abschaltbare Lasten", "balance.interruptible_loads"),
];
/// As [`CATEGORIES`]: a table that no row was seen of \[verify\].
pub(super) const UNSEEN_CATEGORIES: [(&str, &str); 1] = [("Nothilfe", "balance.emergency_aid")];

/// Columns that are a quantity by their name alone, of an area, in a unit that the row has to say.
pub(super) const NAMED: [(&str, &str, &str, &str); 8] = [
    ("reBAP unterdeckt", "price.imbalance_short", "DE", "EUR/MWh"),
    ("reBAP ueberdeckt", "price.imbalance_long", "DE", "EUR/MWh"),
    ("AEP-Schätzer", "price.imbalance_estimate", "DE", "EUR/MWh"),
    ("AEP Modul 1", "price.imbalance_module_1", "DE", "EUR/MWh"),
    ("AEP Modul 2", "price.imbalance_module_2", "DE", "EUR/MWh"),
    ("AEP Modul 3", "price.imbalance_module_3", "DE", "EUR/MWh"),
    ("VoAA (Positiv)", "price.avoided_activation_positive", "DE", "EUR/MWh"),
    ("VoAA (Negativ)", "price.avoided_activation_negative", "DE", "EUR/MWh"),
];

/// Columns of tables without a category that are a quantity by their name, of an area, in a unit.
pub(super) const PRICES: [(&str, &str, &str, &str); 2] = [
    ("Spotmarktpreis in ct/kWh", "price.day_ahead", "DE-LU", "ct/kWh"),
    ("ID AEP in €/MWh", "price.intraday_aep", "DE", "EUR/MWh"),
];

/// Columns of the table of negative hours: whether prices were negative for so many hours on end.
pub(super) const NEGATIVE: [(&str, &str); 4] = [
    ("Stunde1", "price.negative_1h"),
    ("Stunde3", "price.negative_3h"),
    ("Stunde4", "price.negative_4h"),
    ("Stunde6", "price.negative_6h"),
];

/// Columns that say something about the row beside them, and are no reading.
pub(super) const REMARKS: [&str; 5] =
    ["Status", "MOL-Abweichung", "Mrl-Mol-Abweichung", "Srl-Mol-Abweichung", "AEP Knappheitskomponente"];

/// `Datentyp`, with the quality of the values.
pub(super) const TYPES: [(&str, Quality); 3] = [
    ("Betrieblich", Quality::Provisional),
    ("Qualitätsgesichert", Quality::True),
    ("Qualitaetsgesichert", Quality::True),
];

pub(super) const CENTS: Unit = Unit::literal("ct/kWh");

/// Units as they are written, with ours.
const UNITS: [(&str, &str); 6] =
    [("MW", "MW"), ("MWh", "MWh"), ("kWh", "kWh"), ("EUR/MWh", "EUR/MWh"), ("€/MWh", "EUR/MWh"), ("ct/kWh", "ct/kWh")];

/// Energy that the operators took from or gave to balancing for renewables: the one table of operators in kWh.
pub(super) const RENEWABLES_IN_KWH: &str = "balance.renewables";

pub(super) fn unit(text: &str) -> Option<Unit> {
    UNITS.iter().find(|(name, _)| *name == text).and_then(|(_, unit)| Unit::new(unit))
}

pub(super) fn area(text: &str) -> Option<&'static str> {
    AREAS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, area)| *area)
}

/// The name of a column taken apart: `TenneT TSO (Positiv)` or `50Hertz (MW)`.
pub(super) fn taken_apart(name: &str) -> (&str, Option<&str>) {
    let inner = name.strip_suffix(')').and_then(|name| name.rsplit_once('('));
    inner.map_or((name, None), |(before, within)| (before.trim_end(), Some(within)))
}

pub(super) fn category(text: &str) -> Option<&'static str> {
    CATEGORIES.iter().chain(&UNSEEN_CATEGORIES).find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, name)| *name)
}

pub(super) fn quality(text: &str) -> Option<Quality> {
    TYPES.iter().find(|(name, _)| *name == text).map(|(_, quality)| *quality)
}

/// A quantity, with the word of its direction behind it.
pub(super) fn directed(category: &str, direction: Option<&str>) -> Option<Quantity> {
    match direction {
        None => category.parse().ok(),
        Some(direction) => format!("{category}_{direction}").parse().ok(),
    }
}

pub(super) fn direction(text: &str) -> Option<&'static str> {
    match text {
        "Positiv" => Some("positive"),
        "Negativ" => Some("negative"),
        _ => None,
    }
}
