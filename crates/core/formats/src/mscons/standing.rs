//! The codes of MSCONS for how far a value can be trusted, as BO4E has them, too: qualifiers (QTY DE6063) and statuses (STS).

use metrify_domain::{Code, Quality};

/// The standing that a qualifier (QTY DE6063) gives, and the method where the qualifier itself tells it.
///
/// An amount for a delivery note (Z31) is what is settled, like a sum (79) of readings whose own standing it does not tell.
/// An amount that decides on the price cap (Z47) is an average over years: formed, not measured.
pub(crate) fn standing(qualifier: &[u8]) -> Option<(Quality, Option<Code>)> {
    let standing = match qualifier {
        b"220" | b"79" => (Quality::True, None),
        b"67" => (Quality::Substitute, None),
        b"201" => (Quality::Proposed, None),
        b"20" => (Quality::Faulty, None),
        b"187" => (Quality::Forecast, None),
        b"Z18" => (Quality::Provisional, None),
        b"Z30" => (Quality::Missing, None),
        b"Z31" => (Quality::True, Some(Code::literal("Z31"))),
        b"Z47" => (Quality::Substitute, Some(Code::literal("Z47"))),
        _ => return None,
    };
    Some(standing)
}

/// How substitutes are formed (STS+Z32): comparison measurement, interpolation, statistics, and for gas holding the last value,
/// balancing, history. Every other status is a reason.
const METHODS: [&str; 13] = ["Z88", "Z89", "Z90", "Z91", "Z92", "Z93", "Z94", "Z95", "ZJ2", "ZQ8", "ZQ9", "ZR0", "ZS0"];

/// Whether a status tells a method; BO4E does not say which category a status belongs to.
pub(crate) fn is_method(code: &str) -> bool {
    METHODS.contains(&code)
}

/// Distinct codes in the order of their appearance, joined by a space; `None` where they do not fit one code.
pub(crate) fn joined_with(codes: Option<Code>, code: &str) -> Option<Code> {
    match codes {
        None => Code::new(code),
        Some(codes) if codes.as_str().split(' ').any(|known| known == code) => Some(codes),
        Some(codes) => Code::new(&format!("{codes} {code}")),
    }
}
