//! How far a value can be trusted: the codes of QualityOfReading.

use metrify_domain::{Code, Quality};

use crate::page::Table;

const QUALITIES: &[(u16, Quality, &str)] = &[
    (0, Quality::True, "valid"),
    (7, Quality::Substitute, "manually edited: replaced or approved by a human"),
    (8, Quality::Substitute, "estimated using a reference day"),
    (9, Quality::Substitute, "estimated using linear interpolation"),
    (10, Quality::Provisional, "questionable: failed one or more checks"),
    (11, Quality::Substitute, "derived: calculated, not measured"),
    (12, Quality::Forecast, "projected"),
    (13, Quality::Provisional, "mixed"),
    (14, Quality::Provisional, "raw: not validated"),
    (15, Quality::Substitute, "normalized for weather"),
    (16, Quality::Provisional, "other"),
    (17, Quality::True, "validated by approved procedures"),
    (18, Quality::True, "verified: failed a check, and yet actual usage"),
    (19, Quality::True, "revenue quality"),
];

/// What a code says; `None` for one that there is not.
pub(super) fn quality(code: u16) -> Option<Quality> {
    QUALITIES.iter().find(|(known, ..)| *known == code).map(|(_, quality, _)| *quality)
}

/// `quality 8`.
pub(super) fn reason(code: u16) -> Option<Code> {
    Code::new(&format!("quality {code}"))
}

pub(super) fn table() -> Table {
    let rows = QUALITIES
        .iter()
        .map(|(code, quality, words)| vec![format!("`{code}`"), (*words).to_owned(), format!("`{quality}`")]);
    Table { name: "qualities", columns: &["quality", "what", "here"], rows: rows.collect() }
}
