//! MSCONS (UN D.04B; MIG 1.6 to 2.5): meter readings, load curves and amounts of energy between the parties of the market.
//!
//! The envelope is read in `edifact`; what a message holds is read below, one concern a file. Which application of MSCONS a
//! message is (Pruefidentifikator) changes nothing about how it is read: its values say themselves what they are.

mod header;
mod line;
mod message;
mod pruefidentifikator;
pub(crate) mod standing;
pub(crate) mod status;
mod time;
pub(crate) mod unit;
mod value;
pub mod write;

pub(crate) use message::Reader;
pub(crate) use unit::named as unit_named;

pub use crate::edifact::Decoder;

use crate::detect::Head;
use crate::edifact::{MessageType, Shown, shown_by};
use crate::page::Table;

use self::standing::Standing;
use self::status::Category;

#[must_use]
pub fn tables() -> Vec<Table> {
    let pairs = |name, columns, pairs: &[(&str, &str)]| {
        let rows = pairs.iter().map(|(code, title)| vec![format!("`{code}`"), (*title).to_owned()]);
        Table { name, columns, rows: rows.collect() }
    };
    let quality = |standing: &Standing| match standing.method {
        Some(method) => format!("`{}`, method `{method}`", standing.quality),
        None => format!("`{}`", standing.quality),
    };
    let standing =
        |standing: &Standing| vec![format!("`{}`", standing.qualifier), standing.title.to_owned(), quality(standing)];
    let category = |category: &Category| {
        let place = if category.is_method { "`method`" } else { "`reason`" };
        vec![format!("`{}`", category.code), category.title.to_owned(), place.to_owned()]
    };
    vec![
        pairs("pruefidentifikatoren", &["RFF+Z13", "application"], &pruefidentifikator::KNOWN),
        Table {
            name: "qualifiers",
            columns: &["QTY", "standing", "quality"],
            rows: standing::STANDINGS.iter().map(standing).collect(),
        },
        pairs("units", &["QTY DE6411", "unit"], &unit::UNITS),
        Table {
            name: "categories",
            columns: &["STS", "category", "goes to"],
            rows: status::CATEGORIES.iter().map(category).collect(),
        },
        pairs("methods", &["Z32", "method"], &status::METHODS),
        pairs("hints", &["Z33", "hint"], &status::HINTS),
        pairs("reasons", &["Z34, Z40", "reason"], &status::REASONS),
    ]
}

/// An EDIFACT interchange, or a message without one, whose first message that is read is a MSCONS.
#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    (shown_by(head) == Shown::First(MessageType::Mscons)).then_some("an EDIFACT interchange with a MSCONS message")
}
