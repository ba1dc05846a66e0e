//! BO4E, the business objects of the German energy market as JSON (v202607 and older): Lastgang, Zeitreihe, Energiemenge,
//! registers (Zaehlwerk) with their states; Marktlokation, Messlokation and Zaehler as master data.
//!
//! An object stands alone, in a list, or in a BOneyComb, whose `transaktionsdaten` name the message. What an object is, `_typ`
//! says (`boTyp` in older versions). Statuses are those of MSCONS by other names ([`status`]); the direction of energy lies in
//! the OBIS code. The schemas of BO4E, which are JSON as well, describe deliveries and are none.

mod envelope;
mod master;
mod series;
mod status;
mod times;
mod units;

use metrify_domain::{Point, Severity};

use crate::dates::shown;
use crate::detect::Head;
use crate::format::Options;
use crate::json::{Item, Items, List, Object, Outline, Value};
use crate::output::Output;
use crate::page::Table;
use envelope::Envelope;
use master::{Facts, METERS, SUBJECTS, Subject};
use series::{LISTS, Place, Series};

/// Kinds of objects we do not read that are told of in one delivery, each once.
const UNREAD_MAX: usize = 50;

/// Lists in a location or a meter that hold values or meters.
const INNER: [&str; 5] =
    ["verbrauchsmengen", "verbrauchsmenge", "zaehlwerke", "zaehlwerkeDerBeteiligtenMarktrolle", METERS];

/// Lists of words that BO4E defines; their schemas do not name it.
const WORD_LISTS: [&str; 10] = [
    "Energierichtung",
    "Marktrolle",
    "Medium",
    "Mengeneinheit",
    "Messart",
    "Messwertstatus",
    "Messwertstatuszusatz",
    "Rollencodetyp",
    "Sparte",
    "Zeitreihentyp",
];

#[must_use]
pub fn tables() -> Vec<Table> {
    vec![status::table(), units::table(), master::table()]
}

#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    let outline = Outline::read(head)?;
    let object = outline.object()?;
    if typ(object).is_some() || object.has(["obisKennzahl", "werte"]) {
        return Some("a JSON object of BO4E (`_typ`)");
    }
    if object.has(["stammdaten", "transaktionsdaten"]) {
        return Some("JSON `stammdaten` and `transaktionsdaten`, a BOneyComb of BO4E");
    }
    schema(object).map(|_| "a JSON schema of BO4E")
}

/// What an object says it is, as BO4E writes it.
fn typ(object: Object<'_>) -> Option<String> {
    let said = object.get("_typ").or_else(|| object.get("boTyp"))?.said()?;
    let is_word = said.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    is_word.then(|| said.into_owned())
}

/// The name of what a schema of BO4E describes; `None` where the object is no such schema.
fn schema(object: Object<'_>) -> Option<String> {
    let title = object.get("title").and_then(Value::said)?;
    let words = object.get("enum").is_some() && WORD_LISTS.contains(&&*title);
    let named = || object.get("description").and_then(Value::said).is_some_and(|text| text.contains("BO4E"));
    (words || object.get("properties").is_some() && named()).then(|| title.into_owned())
}

pub struct Decoder {
    items: Items,
    reader: Reader,
}

struct Reader {
    options: Options,
    unread: Vec<String>,
}

impl Decoder {
    #[must_use]
    pub fn new(options: &Options) -> Self {
        Self { items: Items::default(), reader: Reader { options: options.clone(), unread: Vec::new() } }
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
        let Value::Object(object) = value else {
            let reason = format!("{} is no object of BO4E", value.described());
            return out.problem(item.loss("", value, reason, 1));
        };
        if let Some(objects) = object.get("stammdaten").and_then(Value::list) {
            let data = object.get("transaktionsdaten").and_then(Value::object);
            let envelope = data.map(|data| Envelope::read(item, data, self.options.zone, out)).unwrap_or_default();
            for (index, value) in objects.open_elements().enumerate() {
                let place = Place { item, envelope: &envelope, path: format!(".stammdaten[{index}]"), point: None };
                self.value(value, place, out);
            }
            return;
        }
        let envelope = Envelope::default();
        self.value(value, Place { item, envelope: &envelope, path: String::new(), point: None }, out);
    }

    fn value(&mut self, value: Value<'_>, place: Place<'_>, out: &mut Output<'_>) {
        let around = place.clone();
        let lost = |reason: String, readings: u64| around.loss(value, reason, readings);
        let Value::Object(object) = value else {
            return out.problem(lost(format!("{} is no object of BO4E", value.described()), 1));
        };
        match typ(object).or_else(|| guess(object)).as_deref() {
            Some("LASTGANG" | "ZEITREIHE" | "ENERGIEMENGE" | "ZAEHLERSTAND" | "ZAEHLWERK") => {
                self.series(object, place, out);
            }
            Some("LASTGANGKOMPAKT") => {
                let days = object.get("tagesvektoren").and_then(Value::list);
                let days = days.into_iter().flat_map(List::elements).filter_map(Value::object);
                let values = days.filter_map(|day| day.get("werte")?.list()).map(|list| list.elements().count() as u64);
                let reason =
                    "a LastgangKompakt of older versions is not read: send a Lastgang, whose values have their times";
                out.problem(lost(reason.to_owned(), values.sum()));
            }
            Some(name) => match SUBJECTS.iter().find(|subject| subject.typ == name) {
                Some(subject) => self.subject(*subject, object, place, out),
                None => self.unread(name, &place, out),
            },
            None => match schema(object) {
                Some(name) => {
                    let name = shown(&name);
                    let reason = format!("it is the JSON schema of `{name}`, which describes deliveries and is none");
                    out.problem(lost(reason, 1));
                }
                None => out.problem(lost("it does not say which object of BO4E it is (`_typ`)".to_owned(), 1)),
            },
        }
    }

    /// An object without values and without facts about a point.
    fn unread(&mut self, name: &str, place: &Place<'_>, out: &mut Output<'_>) {
        let name = shown(name);
        if self.unread.len() < UNREAD_MAX && !self.unread.contains(&name) {
            let reason = format!("objects `{name}` hold neither values nor facts about a point, and are passed over");
            out.finding(place.item.finding(&place.path, Severity::Note, "object_passed_over", reason));
            self.unread.push(name);
        }
    }

    /// Reads the values of an object.
    fn series(&self, object: Object<'_>, place: Place<'_>, out: &mut Output<'_>) {
        let around = place.clone();
        let lists = || LISTS.iter().filter_map(|key| Some((*key, object.get(key)?.list()?)));
        let lost = lists().map(|(_, list)| list.elements().count() as u64).sum();
        let read = Series::read(object, place, &self.options, out).and_then(|mut series| {
            let mut lists = lists().peekable();
            if lists.peek().is_none() {
                // What the end of the delivery takes along is told of with its item.
                let is_whole = !Value::Object(object).is_broken();
                return if is_whole { series.value(object, &around.path, out) } else { Ok(()) };
            }
            lists.for_each(|(key, list)| series.list(key, list, out));
            Ok(())
        });
        if let Err(reason) = read {
            out.problem(around.loss(Value::Object(object), reason, lost));
        }
    }

    /// Reads a location or a meter: its facts, the values in it, and the meters in it.
    fn subject(&self, subject: Subject, object: Object<'_>, place: Place<'_>, out: &mut Output<'_>) {
        let around = place.clone();
        let (item, envelope, path) = (place.item, place.envelope, place.path);
        let point = series::location(object, |rule, reason| {
            out.finding(item.finding(&path, Severity::Warning, rule, reason));
        });
        let point: Point = match point {
            Ok(Some(point)) => point,
            Ok(None) => {
                let reason = format!("the {} has no `{}`, so nothing says what it is about", subject.typ, subject.id);
                return out.problem(around.loss(Value::Object(object), reason, 1));
            }
            Err(reason) => return out.problem(around.loss(Value::Object(object), reason, 1)),
        };
        Facts { item, envelope, subject, point: &point, path: &path, told: 0 }.tell(object, out);
        for (key, list) in INNER.iter().filter_map(|key| Some((*key, object.get(key)?.list()?))) {
            for (index, inner) in list.open_elements().enumerate() {
                let Some(inner) = inner.object() else { continue };
                let path = format!("{path}.{key}[{index}]");
                let is_register = key.starts_with("zaehlwerke");
                let has_values = || LISTS.iter().any(|key| inner.get(key).and_then(Value::list).is_some());
                if key == METERS {
                    let [.., meter] = SUBJECTS;
                    self.subject(meter, inner, Place { item, envelope, path, point: None }, out);
                } else if !is_register || has_values() {
                    self.series(inner, Place { item, envelope, path, point: Some(point.clone()) }, out);
                }
            }
        }
    }
}

/// What an object without `_typ` is by its members.
fn guess(object: Object<'_>) -> Option<String> {
    let is_series = object.has(["obisKennzahl", "werte"]);
    is_series.then(|| "LASTGANG".to_owned())
}
