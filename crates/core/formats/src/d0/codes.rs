//! The codes of data sets: OBIS codes in full or short (`1-0:1.8.0*255`, `1.8.0*01`, `C.1.0`, `1.5`), and what stands behind each.

use metrify_domain::{ObisCode, Unit};

use crate::datasets::ascii_unit;
use crate::page::Table;

/// Groups C and D of codes that are no readings, with what is made of them.
const SERVICES: [(&str, &str, &str); 14] = [
    ("0.0.x, C.1.x", "the meter's numbers", "name the point"),
    ("0.9.1, 0.9.2, 0.9.4", "the meter's clock", "places the readings"),
    ("0.1.2*n", "time of reset n", "places the values of reset n"),
    ("F.F, F", "error register", "a finding where it is not zero, and the reason beside the readings"),
    ("C.5.0", "status word", "read where it has the form of the FNN, as in SML"),
    ("C.7.x", "power failures", "read as counts"),
    ("C.8.x", "operating time", "read where it has a unit"),
    ("P.01 and others of their shape", "load profile", "read"),
    ("P.98, P.99 and others", "logs", "not read"),
    ("0.1.0", "count of resets", "not read"),
    ("0.x", "versions, constants, ratios, periods", "not read"),
    ("x.4.0 of currents", "limits of fuses", "not read"),
    ("C.x, L.x", "switches, texts, times of events", "not read"),
    ("empty parentheses", "registers that the meter does not use", "not read"),
];

/// The codes of Ultraheat heat meters, which are of two groups and not those of the norm, and the codes of EN 13757-1 for them.
const HEAT: [([u8; 2], &str, [u8; 3]); 6] = [
    ([6, 8], "energy, in all or by tariff", [1, 0, 0]),
    ([6, 26], "volume", [2, 0, 0]),
    ([6, 6], "highest power", [8, 5, 0]),
    ([6, 33], "highest flow", [9, 5, 0]),
    ([9, 4], "highest temperatures of flow and return", [10, 5, 0]),
    ([6, 31], "operating time", [96, 8, 0]),
];
/// The second value of 9.4.
pub(super) const HEAT_RETURN_TEMPERATURE: ObisCode = ObisCode::from_bytes([6, 0, 11, 5, 0, 255]);

/// Units that meters write otherwise than we do.
const UNITS: [(&str, &str); 13] = [
    ("C", "Cel"),
    ("m3ph", "m3/h"),
    ("m3/ph", "m3/h"),
    ("KWH", "kWh"),
    ("KWh", "kWh"),
    ("kWH", "kWh"),
    ("kwh", "kWh"),
    ("KW", "kW"),
    ("kVArh", "kvarh"),
    ("kVarh", "kvarh"),
    ("kVAr", "kvar"),
    ("VAr", "var"),
    ("VArh", "varh"),
];

/// What stands behind a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A number of the meter; the lower the better it names the point.
    Number(u8),
    Time,
    Date,
    DateAndTime,
    ResetTime,
    Error,
    Status,
    Profile,
    Log,
    Count,
    Service,
    Value,
}

/// What is known of one code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Code {
    pub obis: ObisCode,
    pub role: Role,
}

/// Reads a code; `None` where it is none. `heat` tells that the meter is one of heat with codes of its own.
pub(super) fn read(text: &str, heat: bool) -> Option<Code> {
    let (medium, rest) = match text.split_once(':') {
        Some((medium, rest)) => {
            let (a, b) = medium.split_once('-')?;
            ([number(a)?, number(b)?], rest)
        }
        None => ([1, 0], text),
    };
    let (rest, f) = match rest.split_once(['*', '&']) {
        Some((rest, f)) => (rest, number(f)?),
        None => (rest, 255),
    };
    let mut groups = rest.split('.');
    let c = group(groups.next()?)?;
    // The error register is also written `F`.
    let d = groups.next().map_or((c == 97).then_some(97), group)?;
    let e = groups.next().map_or(Some(0), group)?;
    if groups.next().is_some() {
        return None;
    }
    if heat && let Some((_, _, [to, processing, _])) = HEAT.iter().find(|(from, ..)| *from == [c, d]) {
        return Some(Code { obis: ObisCode::from_bytes([6, 0, *to, *processing, e, f]), role: Role::Value });
    }
    let obis = ObisCode::from_bytes([medium[0], medium[1], c, d, e, f]);
    let role = if heat { heat_role([c, d]) } else { role([c, d, e]) };
    Some(Code { obis, role })
}

/// Whether codes and units are those of an Ultraheat heat meter: energy of heat at 6.8, volume at 6.26.
pub(super) fn tells_heat(code: &str, unit: Option<&str>) -> bool {
    matches!((code, unit), ("6.8", Some("MWh" | "kWh" | "GJ" | "MJ")) | ("6.26", Some("m3")))
}

fn role(groups: [u8; 3]) -> Role {
    match groups {
        [0, 0, 9] | [96, 1, 255] => Role::Number(0),
        [0, 0, 0] => Role::Number(1),
        [96, 1, 0] => Role::Number(2),
        [0, 0, _] | [96, 1, _] => Role::Number(3),
        [0, 9, 1] => Role::Time,
        [0, 9, 2] => Role::Date,
        [0, 9, 4] => Role::DateAndTime,
        [0, 1, 2] => Role::ResetTime,
        [97, 97, _] => Role::Error,
        [96, 5, 0] => Role::Status,
        [96, 7, _] => Role::Count,
        [96, 8, _] => Role::Value,
        [99, 98..=255, _] => Role::Log,
        [99, ..] => Role::Profile,
        [0 | 96..=98, ..] => Role::Service,
        [31 | 51 | 71, 4, _] => Role::Service,
        _ => Role::Value,
    }
}

fn heat_role(groups: [u8; 2]) -> Role {
    match groups {
        [0, 0] => Role::Number(1),
        [97, 97] => Role::Error,
        [9, 36] => Role::DateAndTime,
        _ => Role::Service,
    }
}

/// A group in digits, or one of the letters that stand for 96 to 99.
fn group(text: &str) -> Option<u8> {
    match text {
        "C" => Some(96),
        "F" => Some(97),
        "L" => Some(98),
        "P" => Some(99),
        _ => number(text),
    }
}

fn number(text: &str) -> Option<u8> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// The unit as we write it; `None` for what is no text of a unit.
pub(super) fn unit(text: &str) -> Option<Unit> {
    let text = ascii_unit(text);
    let known = UNITS.iter().find(|(from, _)| *from == text).map(|(_, to)| *to);
    Unit::new(known.unwrap_or(text))
}

pub(super) fn tables() -> Vec<Table> {
    let texts = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect();
    let services = SERVICES.iter().map(|(code, what, becomes)| texts(&[code, what, becomes])).collect();
    let heat = HEAT.iter().map(|([c, d], what, [to, processing, e])| {
        vec![format!("`{c}.{d}`"), (*what).to_owned(), format!("`6-0:{to}.{processing}.{e}`")]
    });
    vec![
        Table { name: "codes", columns: &["code", "what it is", "what becomes of it"], rows: services },
        Table { name: "heat", columns: &["Ultraheat", "what it is", "read as"], rows: heat.collect() },
        Table {
            name: "units",
            columns: &["meter", "read as"],
            rows: UNITS.iter().map(|(from, to)| texts(&[from, to])).collect(),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::{Role, read};

    fn check(text: &str, heat: bool, expected: Option<(&str, Role)>) {
        let found = read(text, heat).map(|code| (code.obis.to_string(), code.role));
        assert_eq!(found, expected.map(|(code, role)| (code.to_owned(), role)), "{text}");
    }

    #[test]
    fn codes_are_read_in_full_and_short() {
        check("1-0:1.8.0*255", false, Some(("1-0:1.8.0", Role::Value)));
        check("1-1:1.8.1", false, Some(("1-1:1.8.1", Role::Value)));
        check("1.8.0", false, Some(("1-0:1.8.0", Role::Value)));
        check("1.8.1*01", false, Some(("1-0:1.8.1*1", Role::Value)));
        check("1.6.1&33", false, Some(("1-0:1.6.1*33", Role::Value)));
        check("1.5", false, Some(("1-0:1.5.0", Role::Value)));
        check("C.1.0", false, Some(("1-0:96.1.0", Role::Number(2))));
        check("0-0:96.1.255*255", false, Some(("0-0:96.1.255", Role::Number(0))));
        check("F.F", false, Some(("1-0:97.97.0", Role::Error)));
        check("F", true, Some(("1-0:97.97.0", Role::Error)));
        check("P.01", false, Some(("1-0:99.1.0", Role::Profile)));
        check("P.98", false, Some(("1-0:99.98.0", Role::Log)));
        check("31.7", false, Some(("1-0:31.7.0", Role::Value)));
        for wrong in ["", "hello", "1", "1.", "1.8.0.0", "1.300.0", "1-0:", "1:1.8.0", "1.8.0*"] {
            check(wrong, false, None);
        }
    }

    #[test]
    fn heat_meters_have_codes_of_their_own() {
        check("6.8", true, Some(("6-0:1.0.0", Role::Value)));
        check("6.8.2*01", true, Some(("6-0:1.0.2*1", Role::Value)));
        check("6.26", true, Some(("6-0:2.0.0", Role::Value)));
        check("6.36", true, Some(("1-0:6.36.0", Role::Service)));
        check("6.8.0", false, Some(("1-0:6.8.0", Role::Value)));
    }
}
