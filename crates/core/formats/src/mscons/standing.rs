//! The standing of a value: the qualifier of its quantity (QTY DE6063).

use metrify_domain::{Code, Quality};

/// A qualifier, its title in the handbook, the quality it gives, and the method where the qualifier itself tells it.
pub(super) struct Standing {
    pub(super) qualifier: &'static str,
    pub(super) title: &'static str,
    pub(super) quality: Quality,
    pub(super) method: Option<Code>,
}

const fn plain(qualifier: &'static str, title: &'static str, quality: Quality) -> Standing {
    Standing { qualifier, title, quality, method: None }
}

const fn formed(qualifier: &'static str, title: &'static str, quality: Quality, method: &'static str) -> Standing {
    Standing { qualifier, title, quality, method: Some(Code::literal(method)) }
}

/// An amount for a delivery note (Z31) is what is settled, like a sum (79) of readings whose own standing it does not tell.
/// An amount that decides on the price cap (Z47) is an average over years: formed, not measured. How each came about is told in
/// words, since these codes are none of a method.
pub(super) const STANDINGS: [Standing; 10] = [
    plain("220", "wahrer Wert", Quality::True),
    plain("67", "Ersatzwert", Quality::Substitute),
    plain("Z18", "vorläufiger Wert", Quality::Provisional),
    plain("201", "Vorschlagswert", Quality::Proposed),
    plain("187", "Prognosewert", Quality::Forecast),
    plain("20", "nicht verwendbarer Wert", Quality::Faulty),
    plain("Z30", "fehlender Wert", Quality::Missing),
    formed("79", "summierte Energiemenge", Quality::True, "sum"),
    formed("Z31", "Angabe für Lieferschein", Quality::True, "delivery_note"),
    formed("Z47", "Grundlage der POG-Ermittlung", Quality::Substitute, "price_cap_basis"),
];

pub(super) fn of(qualifier: &[u8]) -> Option<&'static Standing> {
    STANDINGS.iter().find(|standing| standing.qualifier.as_bytes() == qualifier)
}

/// The quality that a qualifier gives, and the method where the qualifier itself tells it.
pub(crate) fn standing(qualifier: &[u8]) -> Option<(Quality, Option<Code>)> {
    of(qualifier).map(|standing| (standing.quality, standing.method))
}
