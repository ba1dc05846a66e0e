//! Mengeneinheit: the words of BO4E for units.

use metrify_domain::Unit;

use crate::page::Table;

const UNITS: [(&str, &str); 25] = [
    ("W", "W"),
    ("WH", "Wh"),
    ("KW", "kW"),
    ("KWH", "kWh"),
    ("KVARH", "kvarh"),
    ("MW", "MW"),
    ("MWH", "MWh"),
    ("STUECK", "1"),
    ("KUBIKMETER", "m3"),
    ("SEKUNDE", "s"),
    ("MINUTE", "min"),
    ("STUNDE", "h"),
    // UCUM has no name for it.
    ("VIERTEL_STUNDE", "quarter_hour"),
    ("TAG", "d"),
    ("WOCHE", "wk"),
    ("MONAT", "mo"),
    ("QUARTAL", "quarter"),
    ("HALBJAHR", "half_year"),
    ("JAHR", "a"),
    ("PROZENT", "%"),
    ("KVAR", "kvar"),
    ("KWHK", "kWh/K"),
    ("VAR", "var"),
    ("VARH", "varh"),
    ("HZ", "Hz"),
];
/// Written in full by v202607, and left out by older versions.
const DIMENSIONLESS: (&str, &str) = ("DIMENSIONSLOS", "1");

fn units() -> impl Iterator<Item = (&'static str, &'static str)> {
    UNITS.into_iter().chain([DIMENSIONLESS])
}

pub(super) fn named(name: &str) -> Option<Unit> {
    units().find(|(known, _)| *known == name).map(|(_, unit)| Unit::literal(unit))
}

pub(super) fn table() -> Table {
    let rows = units().map(|(name, unit)| vec![format!("`{name}`"), format!("`{unit}`")]);
    Table { name: "units", columns: &["`Mengeneinheit`", "unit"], rows: rows.collect() }
}
