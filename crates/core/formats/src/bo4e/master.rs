//! Master data: what a Marktlokation, a Messlokation or a Zaehler tells about itself, a row of `master_data` for each fact.
//!
//! A fact is named by the keys that lead to it (`netzebene`, `zaehlwerke[0].obisKennzahl`) and keeps its value as it stands.
//! People are left out: partners and customers are no facts about a point, and nothing here needs them.

use metrify_domain::{Point, PointKind, Severity};

use super::envelope::Envelope;
use super::series::LISTS;
use crate::json::{Item, Object, Value};
use crate::output::{Meter, Output};
use crate::page::Table;
use crate::record::{Cell, Record, RecordTable};

/// Facts of one object that are kept. A Marktlokation of all fields has some two hundred.
const FACTS_MAX: usize = 2_000;
/// Longest value of a fact, in bytes.
const VALUE_BYTES_MAX: usize = 1 << 10;
/// Deepest object in which facts are looked for.
const DEPTH_MAX: usize = 6;

/// An object that tells about a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Subject {
    pub(super) typ: &'static str,
    /// The member that names the point.
    pub(super) id: &'static str,
    pub(super) kind: &'static str,
}

pub(super) const SUBJECTS: [Subject; 3] = [
    Subject { typ: "MARKTLOKATION", id: "marktlokationsId", kind: "market_location" },
    Subject { typ: "MESSLOKATION", id: "messlokationsId", kind: "metering_location" },
    Subject { typ: "ZAEHLER", id: "zaehlernummer", kind: "meter" },
];

/// Members that are no facts about the point: what the format says about itself, people and companies, and values.
const PASSED_OVER: [&str; 14] = [
    "_typ",
    "boTyp",
    "_version",
    "versionStruktur",
    "_id",
    "endkunde",
    "zaehlerhersteller",
    "geschaeftspartner",
    "ansprechpartner",
    "zusatzAttribute",
    "externeReferenzen",
    "verbrauchsmengen",
    "verbrauchsmenge",
    "geraetehersteller",
];

/// The meters of a Messlokation.
pub(super) const METERS: &str = "messlokationszaehler";

pub(super) fn table() -> Table {
    let rows =
        SUBJECTS.iter().map(|subject| [subject.typ, subject.id, subject.kind].map(|cell| format!("`{cell}`")).to_vec());
    Table { name: "subjects", columns: &["object", "`subject` from", "`subject_kind`"], rows: rows.collect() }
}

/// Tells the facts of an object whose point is known.
pub(super) struct Facts<'a> {
    pub(super) item: Item,
    pub(super) envelope: &'a Envelope,
    pub(super) subject: Subject,
    pub(super) point: &'a Point,
    pub(super) path: &'a str,
    pub(super) told: usize,
}

impl Facts<'_> {
    pub(super) fn tell(&mut self, object: Object<'_>, out: &mut Output<'_>) {
        if self.subject.kind == "meter" {
            let (point, kind) = (self.point.clone(), Some(PointKind::Device));
            out.meter(Meter { point, kind, name: None, server_id: None, maker: None, resolution: None });
        }
        self.object(object, &mut String::new(), DEPTH_MAX, out);
    }

    fn object(&mut self, object: Object<'_>, fact: &mut String, depth: usize, out: &mut Output<'_>) {
        let length = fact.len();
        for (key, value) in object.members() {
            let key = key.read();
            // A meter in a location tells its facts itself; the location tells which meter it has.
            let is_of_meter = fact.starts_with(METERS) && key != "zaehlernummer";
            if is_of_meter || PASSED_OVER.contains(&&*key) || LISTS.contains(&&*key) {
                continue;
            }
            if length > 0 {
                fact.push('.');
            }
            fact.push_str(&key);
            self.value(value, fact, depth, out);
            fact.truncate(length);
        }
    }

    fn value(&mut self, value: Value<'_>, fact: &mut String, depth: usize, out: &mut Output<'_>) {
        match value {
            Value::Null => {}
            Value::Object(_) | Value::List(_) if depth == 0 => {
                self.doubt(fact, "it is nested too deeply", out);
            }
            Value::Object(object) => self.object(object, fact, depth - 1, out),
            Value::List(list) => {
                let length = fact.len();
                for (index, element) in list.elements().enumerate() {
                    fact.push_str(&format!("[{index}]"));
                    self.value(element, fact, depth - 1, out);
                    fact.truncate(length);
                }
            }
            Value::Bool(_) | Value::Number(_) | Value::Text(_) => {
                let Some(said) = value.said() else { return };
                if said.len() > VALUE_BYTES_MAX || fact.len() > VALUE_BYTES_MAX {
                    return self.doubt(fact, "it is too long", out);
                }
                self.told += 1;
                if self.told == FACTS_MAX + 1 {
                    self.doubt(fact, "there are more facts than are kept", out);
                }
                if self.told <= FACTS_MAX {
                    self.record(fact, said.into_owned(), out);
                }
            }
        }
    }

    fn record(&self, fact: &str, value: String, out: &mut Output<'_>) {
        let Envelope { document, category, sender, receiver, .. } = self.envelope;
        let cells = vec![
            self.point.as_str().into(),
            self.subject.kind.into(),
            fact.into(),
            value.into(),
            Cell::Null,
            Cell::Null,
            category.clone().into(),
            sender.clone().into(),
            receiver.clone().into(),
            document.reference.clone().into(),
        ];
        if let Some(record) = Record::new(RecordTable::MasterData, document.clone(), cells) {
            out.record(record);
        }
    }

    fn doubt(&self, fact: &str, reason: &str, out: &mut Output<'_>) {
        let fact = fact.get(..fact.floor_char_boundary(100)).unwrap_or_default();
        let path = format!("{}.{fact}", self.path);
        out.finding(self.item.finding(
            &path,
            Severity::Warning,
            "fact_left_out",
            format!("the fact is left out: {reason}"),
        ));
    }
}
