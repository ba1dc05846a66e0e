//! The traffic light of the German grid control cooperation (NRV-Saldo-Ampel of netztransparenz.de, `TrafficLight`): a JSON list
//! of `{"From":"2024-10-10T13:00:00Z","To":"2024-10-10T13:01:00Z","Value":"GREEN"}`, a row of `grid_status` each.
//!
//! The light stands for the four control areas together, so the area is `DE` unless the options name another one. Words are kept
//! as they came, since the operators added some over the years and give yellow and red a sign. Stamps carry their offset.

use metrify_domain::calendar::Zone;
use metrify_domain::{Document, Point, Severity, Timestamp};

use crate::dates::{self, shown};
use crate::detect::Head;
use crate::format::Options;
use crate::json::{Item, Items, Object, Outline, Value};
use crate::output::Output;
use crate::page::Table;
use crate::record::{Record, RecordTable};

/// The colours that words begin with, with what the operators mean by them: the balance of the last five minutes as a share of
/// the reserves dimensioned for it (FAQ of netztransparenz.de on the NRV-Saldo-Ampel).
const COLOURS: [(&str, &str); 4] = [
    ("BLUE", "so near to balance that the direction says nothing"),
    ("GREEN", "less than 0.6 of the reserves"),
    ("YELLOW", "from 0.6 to less than 0.8 of the reserves"),
    ("RED", "0.8 of the reserves or more"),
];
/// Longest word that is a status, in bytes.
const STATUS_BYTES_MAX: usize = 64;

#[must_use]
pub fn tables() -> Vec<Table> {
    let rows = COLOURS.iter().map(|(word, meaning)| vec![format!("`{word}`"), (*meaning).to_owned()]);
    vec![Table { name: "colours", columns: &["`Value` begins with", "meaning"], rows: rows.collect() }]
}

#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    let outline = Outline::read(head)?;
    let ours = outline.is_list && outline.object()?.has(["From", "To", "Value"]);
    ours.then_some("a JSON list of `From`, `To` and `Value`")
}

pub struct Decoder {
    items: Items,
    reader: Reader,
}

struct Reader {
    area: Option<Point>,
    zone: Option<Zone>,
    /// Words we do not know that were told of, each once.
    unknown: Vec<String>,
}

/// Words we do not know that are told of.
const UNKNOWN_MAX: usize = 20;

impl Decoder {
    #[must_use]
    pub fn new(options: &Options) -> Self {
        let area = options.area.clone().or_else(|| "DE".parse().ok());
        Self { items: Items::default(), reader: Reader { area, zone: options.zone, unknown: Vec::new() } }
    }

    pub fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        self.items.push(bytes, out, |item, value, out| self.reader.item(item, value, out));
    }

    pub fn finish(&mut self, out: &mut Output<'_>) {
        self.items.finish(out, |item, value, out| self.reader.item(item, value, out));
    }
}

impl Reader {
    fn item(&mut self, item: Item, value: Value<'_>, out: &mut Output<'_>) {
        if value.is_broken() {
            return;
        }
        let row = match value {
            Value::Object(object) => self.row(item, object, out),
            other => Err(format!("{} is no object with `From`, `To` and `Value`", other.described())),
        };
        match row {
            Ok(record) => out.record(record),
            Err(reason) => out.problem(item.loss("", value, reason, 1)),
        }
    }

    fn row(&mut self, item: Item, object: Object<'_>, out: &mut Output<'_>) -> Result<Record, String> {
        let [from, to, status] = object.pick(["From", "To", "Value"])?;
        let (from, to) = (self.time("From", from)?, self.time("To", to)?);
        if to <= from {
            return Err(format!("it ends at {to}, which is not after its begin {from}"));
        }
        let status = status.and_then(Value::said).ok_or("`Value` says nothing")?;
        if status.len() > STATUS_BYTES_MAX {
            return Err(format!("`{}` (`Value`) is too long for a word", shown(&status)));
        }
        self.doubt(item, &status, out);
        let area = self.area.as_ref().ok_or("no area is known")?;
        let cells = vec![area.as_str().into(), from.into(), to.into(), status.into_owned().into()];
        Record::new(RecordTable::GridStatus, Document::default(), cells).ok_or_else(|| "it is no row".to_owned())
    }

    fn time(&self, key: &str, value: Option<Value<'_>>) -> Result<Timestamp, String> {
        let text = value.and_then(Value::said).ok_or_else(|| format!("`{key}` is missing"))?;
        dates::instant(&text, self.zone, &mut None).map_err(|error| error.to_string())
    }

    fn doubt(&mut self, item: Item, status: &str, out: &mut Output<'_>) {
        let coloured = COLOURS.iter().any(|(colour, _)| status.starts_with(colour));
        let known = coloured || self.unknown.iter().any(|word| word == status);
        if known || self.unknown.len() >= UNKNOWN_MAX {
            return;
        }
        self.unknown.push(status.to_owned());
        let reason = format!("`{}` begins with no colour that we know; it is kept as it stands", shown(status));
        out.finding(item.finding(".Value", Severity::Note, "unknown_status", reason));
    }
}
