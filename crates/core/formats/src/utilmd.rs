//! UTILMD (UN D.11A): master data of points and meters between the parties of the market, electricity (MIG S2.1, S2.2) and gas
//! (MIG G1.1, G1.2).
//!
//! Each fact that a transaction tells becomes a row of `master_data`, whatever the process (Pruefidentifikator) it belongs to:
//! an application is a fact as well as its confirmation. The envelope is read in `edifact`.

mod codes;
mod facts;
mod groups;
mod message;
mod pruefidentifikator;
mod transaction;

pub use crate::edifact::Decoder;
pub(crate) use message::Reader;

use crate::detect::Head;
use crate::edifact::{MessageType, Shown, shown_by};
use crate::page::Table;

use self::groups::{About, Group};

/// An EDIFACT interchange, or a message without one, whose first message that is read is a UTILMD.
#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    (shown_by(head) == Shown::First(MessageType::Utilmd)).then_some("an EDIFACT interchange with a UTILMD message")
}

#[must_use]
pub fn tables() -> Vec<Table> {
    let pairs = |name, columns, pairs: &[(&str, &str)]| {
        let rows = pairs.iter().map(|(code, word)| vec![code_of(code), code_of(word)]);
        Table { name, columns, rows: rows.collect() }
    };
    let kind = |kind: &str| if kind.is_empty() { "by the shape of the id".to_owned() } else { code_of(kind) };
    let places = codes::PLACES.iter().map(|place| vec![code_of(place.code), place.title.to_owned(), kind(place.kind)]);
    let period = |(code, standing, has_data): &(&str, &str, bool)| {
        vec![code_of(code), code_of(standing), if *has_data { "" } else { "none (`data` is `none`)" }.to_owned()]
    };
    let party = |(code, word, standing): &(&str, &str, &str)| vec![code_of(code), code_of(word), code_of(standing)];
    let ranges = [("electricity", &pruefidentifikator::ELECTRICITY[..]), ("gas", &pruefidentifikator::GAS)];
    let ranges =
        ranges.map(|(market, known)| vec![market.to_owned(), known.iter().map(range).collect::<Vec<_>>().join(", ")]);
    vec![
        Table { name: "places", columns: &["LOC", "place", "subject_kind"], rows: places.collect() },
        Table {
            name: "groups",
            columns: &["stated", "expected", "in_system", "informative", "group", "subject_kind", "in front of facts"],
            rows: groups::GROUPS.iter().map(group).collect(),
        },
        pairs("dates", &["DTM", "fact"], &codes::DATES),
        Table {
            name: "periods",
            columns: &["RFF", "standing", "data"],
            rows: codes::PERIODS.iter().map(period).collect(),
        },
        pairs("references", &["RFF in groups", "subject_kind, else fact"], &codes::REFERENCES),
        pairs("relations", &["RFF of the transaction", "fact"], &codes::RELATIONS),
        pairs("statuses", &["STS", "fact"], &codes::STATUSES),
        pairs("quantities", &["QTY", "fact"], &codes::QUANTITIES),
        pairs("classes", &["CCI DE7059", "fact"], &codes::CLASSES),
        pairs("characteristics", &["CCI DE7037", "fact"], &codes::CHARACTERISTICS),
        pairs("values", &["CCI DE7037 as value", "fact"], &codes::VALUES),
        pairs("labels", &["CAV DE7111", "fact"], &codes::LABELS),
        pairs("products", &["PIA DE7143", "fact"], &codes::PRODUCTS),
        Table {
            name: "parties",
            columns: &["NAD", "fact", "standing"],
            rows: codes::PARTIES.iter().map(party).collect(),
        },
        Table { name: "pruefidentifikatoren", columns: &["market", "RFF+Z13"], rows: ranges.to_vec() },
    ]
}

fn group(group: &Group) -> Vec<String> {
    let about = match group.about {
        About::Place(kind) | About::Device(kind) => code_of(kind),
        About::Register => "`meter` or `gateway`, with `part`".to_owned(),
        About::Transaction => "that of the transaction".to_owned(),
    };
    let codes = group.codes.iter().map(|code| code_of(code));
    codes.chain([group.title.to_owned(), about, code_of(group.topic)]).collect()
}

fn range((first, last): &(u32, u32)) -> String {
    if first == last { format!("`{first}`") } else { format!("`{first}`\u{2013}`{last}`") }
}

fn code_of(code: &str) -> String {
    if code.is_empty() { String::new() } else { format!("`{code}`") }
}
