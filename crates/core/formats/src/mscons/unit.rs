//! Units of values: named by QTY (DE6411, after UN/ECE recommendation 20, whose codes ENTSO-E has, too), or implied by the OBIS code, as the code list of OBIS codes has it.

use metrify_domain::{ObisCode, Unit};

/// Codes of DE6411 and the units that they mean.
pub(super) const UNITS: [(&str, &str); 16] = [
    ("KWH", "kWh"),
    ("MWH", "MWh"),
    ("WHR", "Wh"),
    ("KWT", "kW"),
    ("MAW", "MW"),
    ("WTT", "W"),
    ("K3", "kvarh"),
    ("KVH", "kvarh"),
    ("KVR", "kvar"),
    ("KVA", "kVA"),
    ("D54", "W/m2"),
    ("MTS", "m/s"),
    ("MTQ", "m3"),
    ("CEL", "Cel"),
    ("P1", "%"),
    ("C62", "1"),
];

/// The unit that DE6411 names; a code that we do not know is kept as it stands. `None` where it cannot be a unit.
pub(crate) fn named(code: &str) -> Option<Unit> {
    let known = UNITS.iter().find(|(known, _)| *known == code).map(|(_, unit)| *unit);
    Unit::new(known.unwrap_or(code))
}

/// The unit that an OBIS code implies where QTY names none: that of the quantity, and those of codes that MSCONS alone has.
pub(crate) fn implied(obis: ObisCode) -> Option<Unit> {
    let [medium, _, function, processing, ..] = obis.groups();
    let of_messages = || match (medium, function, processing) {
        // Time integral 3, which older senders use for load curves.
        (1, 1 | 2, 10) => Some("kWh"),
        (1, 3..=8, 10) => Some("kvarh"),
        // Codes that only look like OBIS: profiles, their reference measurement, the allocated amount of gas.
        (1, 1, 98) | (1, 9, 99) | (7, 9, 98) => Some("kWh"),
        // Z-Zahl and Brennwert.
        (7, 52, _) => Some("1"),
        (7, 54, _) => Some("kWh/m3"),
        _ => None,
    };
    obis.default_unit().or_else(|| Unit::new(of_messages()?))
}

#[cfg(test)]
mod tests {
    use super::{implied, named};

    fn check(obis: &str) -> String {
        let code = obis.parse().expect(obis);
        implied(code).map_or("-".to_owned(), |unit| unit.to_string())
    }

    #[test]
    fn an_obis_code_implies_its_unit() {
        for (obis, unit) in [
            ("1-1:1.29.0", "kWh"),
            ("1-0:2.8.0", "kWh"),
            ("1-1:41.29.0", "kWh"),
            ("1-1:7.29.0*255", "kvarh"),
            ("1-1:1.6.0", "kW"),
            ("1-1:3.6.1", "kvar"),
            ("1-1:1.10.0", "kWh"),
            ("1-1:1.98.0", "kWh"),
            ("1-1:9.99.0", "kWh"),
            ("1-1:0.1.0", "-"),
            ("7-1:3.0.0", "m3"),
            ("7-1:13.2.0", "m3"),
            ("7-10:99.33.17", "kWh"),
            ("7-0:52.0.22", "1"),
            ("7-0:54.0.16", "kWh/m3"),
            ("7-1:9.98.0", "kWh"),
        ] {
            assert_eq!(check(obis), unit, "{obis}");
        }
    }

    #[test]
    fn a_named_unit_is_kept_even_where_we_do_not_know_it() {
        assert_eq!(named("D54").map(|unit| unit.to_string()).as_deref(), Some("W/m2"));
        assert_eq!(named("XYZ").map(|unit| unit.to_string()).as_deref(), Some("XYZ"));
        assert_eq!(named("NOTAUNITATALLEVER"), None);
    }
}
