//! Replies of Bright Sky (api.brightsky.dev), which serves the DWD's open data as JSON: `/weather`, `/current_weather`, `/synop`,
//! and `/sources`, which holds stations alone.
//!
//! A value belongs to the station of its source: that of the record, or the one that `fallback_source_ids` names for it. What a
//! source observed is `true`, what MOSMIX forecasts is `forecast`. A null says that a source has no value, and most often that it
//! never has one: it is a missing value where the same source has the parameter in another record of the reply, and nothing
//! elsewhere. The reply does not name its units; temperatures and pressures tell those of the DWD (the default) from SI. What the
//! service refuses is a problem with the service's own words.

mod columns;
mod sources;

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use metrify_domain::{Channel, Decimal, Document, Reading, Severity, Timestamp};

use crate::columns::UnknownNames;
use crate::dates::{self, shown};
use crate::detect::Head;
use crate::format::Options;
use crate::json::{Item, Items, List, Object, Outline, Value};
use crate::output::{Output, Problem};
use crate::page::Table;
use columns::{COLUMNS, Column, System};
use sources::Sources;

/// Sources that stand before a record which is read again. A record takes from one and some that stand in.
const SOURCES_BEFORE_MAX: usize = 4;
/// Wrong parameters that a refusal is told with.
const FAULTS_MAX: usize = 5;

#[must_use]
pub fn tables() -> Vec<Table> {
    let kinds = sources::KINDS.iter().map(|(kind, quality)| vec![format!("`{kind}`"), format!("`{quality}`")]);
    vec![
        columns::table(),
        Table { name: "observation_types", columns: &["`observation_type`", "quality"], rows: kinds.collect() },
    ]
}

#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    let outline = Outline::read(head)?;
    let object = outline.object().filter(|_| !outline.is_list)?;
    let first = |key: &str| match object.get(key)? {
        Value::List(list) => list.open_elements().next()?.object(),
        Value::Object(object) => Some(object),
        _ => None,
    };
    if first("weather").is_some_and(|record| record.has(["timestamp", "source_id"])) {
        return Some("JSON records of weather with `timestamp` and `source_id`, as Bright Sky has them");
    }
    if first("sources").is_some_and(|source| source.has(["dwd_station_id", "observation_type"])) {
        return Some("JSON `sources` with `dwd_station_id` and `observation_type`, as Bright Sky has them");
    }
    let other = first("radar").is_some_and(|record| record.has(["timestamp", "precipitation_5"]))
        || first("alerts").is_some_and(|alert| alert.has(["alert_id", "onset"]));
    if other {
        return Some("JSON `radar` or `alerts`, as Bright Sky has them");
    }
    let words = object.members().count();
    let refusal = match refusal(object) {
        Some(Refusal::Detail(_)) => words == 1,
        Some(Refusal::Title(title, _)) => words == 2 && title.split(' ').next().is_some_and(is_code),
        None => false,
    };
    refusal.then_some("a refusal of Bright Sky (`detail`, or `title` and `description`)")
}

/// What the service says where it does not answer.
enum Refusal<'a> {
    /// Words, or a list of what is wrong with the parameters.
    Detail(Value<'a>),
    /// `404 Not Found`, and why.
    Title(Cow<'a, str>, Cow<'a, str>),
}

fn refusal(object: Object<'_>) -> Option<Refusal<'_>> {
    let said = |key: &str| object.get(key).and_then(Value::said);
    match object.get("detail") {
        Some(detail @ (Value::Text(_) | Value::List(_))) => Some(Refusal::Detail(detail)),
        Some(_) => None,
        None => Some(Refusal::Title(said("title")?, said("description")?)),
    }
}

/// A status of HTTP that is no success.
fn is_code(text: &str) -> bool {
    text.len() == 3 && text.starts_with(['4', '5']) && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Display for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Title(title, description) => write!(f, "{}: {}", shown(title), shown(description)),
            Self::Detail(Value::List(faults)) => {
                for (index, fault) in faults.elements().filter_map(Value::object).take(FAULTS_MAX).enumerate() {
                    let place = fault.get("loc").and_then(Value::list).into_iter().flat_map(List::elements);
                    let place: Vec<_> = place.filter_map(Value::said).take(FAULTS_MAX).collect();
                    let message = fault.get("msg").and_then(Value::said).unwrap_or_default();
                    let between = if index > 0 { "; " } else { "" };
                    write!(f, "{between}{}: {}", shown(&place.join(".")), shown(&message))?;
                }
                Ok(())
            }
            Self::Detail(detail) => f.write_str(&shown(&detail.said().unwrap_or_default())),
        }
    }
}

pub struct Decoder {
    items: Items,
    reader: Reader,
}

struct Reader {
    options: Options,
    unknown: UnknownNames,
    /// It was told once that nothing tells the units.
    told_units: bool,
}

impl Decoder {
    #[must_use]
    pub fn new(options: &Options) -> Self {
        let unknown = UnknownNames::new("unknown_parameter");
        Self { items: Items::default(), reader: Reader { options: options.clone(), unknown, told_units: false } }
    }

    pub fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        self.items.push(bytes, out, |item, value, out| self.reader.item(item, value, out));
    }

    pub fn finish(&mut self, out: &mut Output<'_>) {
        self.items.finish(out, |item, value, out| self.reader.item(item, value, out));
    }
}

/// A reply as far as it concerns all its records.
struct Reply<'a> {
    item: Item,
    sources: Sources<'a>,
    system: System,
    /// Sources and parameters, by their place in the table, that have a value somewhere in the reply.
    measured: HashSet<(i64, usize)>,
}

impl Reader {
    fn item(&mut self, item: Item, value: Value<'_>, out: &mut Output<'_>) {
        let read = match value {
            Value::Object(object) => self.reply(item, object, out),
            other => Err((format!("{} is no reply of Bright Sky", other.described()), 1)),
        };
        if let Err((reason, readings)) = read {
            out.problem(item.loss("", value, reason, readings));
        }
    }

    /// # Errors
    /// Why nothing of it can be read, and how many readings that costs.
    fn reply(&mut self, item: Item, object: Object<'_>, out: &mut Output<'_>) -> Result<(), (String, u64)> {
        let [weather, sources, radar, alerts, units] =
            object.pick(["weather", "sources", "radar", "alerts", "units"]).map_err(|reason| (reason, 1))?;
        if radar.is_some() || alerts.is_some() {
            return Err((NOT_READ.to_owned(), 1));
        }
        let named = sources.and_then(Value::list);
        let sources = named.map(|list| Sources::read(list, out)).unwrap_or_default();
        let weather = match weather {
            Some(weather @ (Value::List(_) | Value::Object(_))) => Weather::read(weather),
            None if named.is_some() => return Ok(()),
            _ => {
                let refused = refusal(object).map(|refusal| format!("the service refused: {refusal}"));
                return Err((refused.unwrap_or_else(|| "it has neither `weather` nor `sources`".to_owned()), 1));
            }
        };
        // A reply has no `units`; what is kept to be read again has.
        let named = units.and_then(Value::said).and_then(|units| System::named(&units));
        let told = || weather.system().map_err(|reason| (reason.to_owned(), weather.values()));
        let system = named.map_or_else(told, |system| Ok(Some(system)))?;
        let measured = weather.measured();
        let has_units = weather.objects().flat_map(parameters).any(|(_, column, _)| column.differs());
        if system.is_none() && has_units && !measured.is_empty() && !self.told_units {
            self.told_units = true;
            let reason =
                "neither a temperature nor a pressure tells the units: taken as those of the DWD, such as km/h";
            out.finding(item.finding(".weather", Severity::Note, "units_assumed", reason));
        }
        let reply = Reply { item, sources, system: system.unwrap_or(System::Dwd), measured };
        for (index, record) in weather.records() {
            let path = index.map_or(".weather".to_owned(), |index| format!(".weather[{index}]"));
            match record {
                Value::Object(record) => self.record(&reply, &path, record, out),
                other => out.problem(item.loss(&path, other, format!("{} is no record", other.described()), 1)),
            }
        }
        Ok(())
    }

    fn record(&mut self, reply: &Reply<'_>, path: &str, record: Object<'_>, out: &mut Output<'_>) {
        for (key, _) in record.members() {
            let key = key.read();
            if columns::column(&key).is_none() && !columns::OTHERS.contains(&&*key) {
                let position = reply.item.position(path);
                self.unknown.tell(&key, &[], format_args!("{position}"), out);
            }
        }
        let at = match time(record, &self.options) {
            Ok(at) => at,
            Err(reason) => {
                let lost = values(record);
                return out.problem(reply.loss(path, record, reason, lost));
            }
        };
        let origin = Origin::of(record);
        let (mut lost, mut first) = (0, None);
        for (index, column, value) in parameters(record) {
            let source = origin.source(index);
            let is_gap = || source.is_some_and(|id| column.is_due(at) && reply.measured.contains(&(id, index)));
            if matches!(value, Value::Null) && !is_gap() {
                continue;
            }
            let read = source.ok_or_else(|| "the record names no source".to_owned());
            if let Err(reason) = read.and_then(|id| reply.value((id, column), at, value, out)) {
                lost += 1;
                first.get_or_insert(format!("`{}`: {reason}", column.name));
            }
        }
        if let (1.., Some(reason)) = (lost, first) {
            out.problem(reply.loss(path, record, reason, lost));
        }
    }
}

const NOT_READ: &str = "alerts and radar are not read: they hold no values of a station";

impl Reply<'_> {
    fn value(
        &self,
        (id, column): (i64, &Column),
        at: Timestamp,
        value: Value<'_>,
        out: &mut Output<'_>,
    ) -> Result<(), String> {
        let source = self.sources.get(id)?;
        let period = column.period(at).ok_or("its time lies beyond what can be stored")?;
        let (kind, unit) = (column.kind(), column.unit(self.system));
        let reading = match value {
            Value::Null => Reading::missing(kind, period, unit),
            value => {
                let (value, quality) = (Some(value.decimal(out)?), source.quality);
                Reading { kind, period, value, unit, quality, method: None, reason: None }
            }
        };
        let channel = Channel { point: source.point.clone(), quantity: column.quantity };
        out.reading(&channel, &Document::default(), &reading);
        Ok(())
    }

    /// A record of which something is lost, behind the sources that it needs to be read again.
    fn loss(&self, path: &str, record: Object<'_>, reason: String, readings: u64) -> Problem {
        let origin = Origin::of(record);
        let mut ids: Vec<i64> = origin.source.into_iter().chain(origin.fallbacks.into_iter().flatten()).collect();
        ids.sort_unstable();
        ids.dedup();
        let sources = ids.iter().take(SOURCES_BEFORE_MAX).filter_map(|id| self.sources.get(*id).ok());
        let sources: Vec<_> = sources.map(sources::Source::raw).filter(|raw| !raw.is_empty()).collect();
        let value = Value::Object(record);
        let units = self.system.name();
        let prelude = format!("{{\"units\":\"{units}\",\"sources\":[{}],\"weather\":[", sources.join(","));
        let bytes = [value.kept().as_slice(), b"]}"].concat();
        Problem { prelude: prelude.into_bytes(), bytes, ..self.item.loss(path, value, reason, readings) }
    }
}

/// The records of a reply: a list of them, or one (`/current_weather`).
#[derive(Clone, Copy)]
struct Weather<'a> {
    list: Option<List<'a>>,
    one: Option<Object<'a>>,
}

impl<'a> Weather<'a> {
    fn read(value: Value<'a>) -> Self {
        Self { list: value.list(), one: value.object() }
    }

    /// With the place of each, where there is a list.
    fn records(self) -> impl Iterator<Item = (Option<usize>, Value<'a>)> {
        let listed = self.list.into_iter().flat_map(List::elements).enumerate();
        let one = self.one.filter(|object| !Value::Object(*object).is_broken());
        listed.map(|(index, value)| (Some(index), value)).chain(one.map(|object| (None, Value::Object(object))))
    }

    fn objects(self) -> impl Iterator<Item = Object<'a>> {
        self.records().filter_map(|(_, record)| record.object())
    }

    /// What the temperatures and pressures say about the units; `None` where there are none.
    ///
    /// # Errors
    /// Where they contradict each other.
    fn system(self) -> Result<Option<System>, &'static str> {
        let parameters = self.objects().flat_map(parameters);
        let mut told = None;
        for system in parameters.filter_map(|(_, column, value)| system(column, value.number()?)) {
            if *told.get_or_insert(system) != system {
                return Err("some temperatures or pressures are in SI units and others are not");
            }
        }
        Ok(told)
    }

    /// Which source has a value of which parameter.
    fn measured(self) -> HashSet<(i64, usize)> {
        let mut measured = HashSet::new();
        for record in self.objects() {
            let origin = Origin::of(record);
            for (index, _, value) in parameters(record) {
                if let (false, Some(id)) = (matches!(value, Value::Null), origin.source(index)) {
                    measured.insert((id, index));
                }
            }
        }
        measured
    }

    fn values(self) -> u64 {
        self.objects().map(values).sum()
    }
}

/// The parameters of a record that we know, with their places in the table.
fn parameters(record: Object<'_>) -> impl Iterator<Item = (usize, &'static Column, Value<'_>)> {
    record
        .members()
        .filter_map(|(key, value)| columns::column(&key.read()).map(|(index, column)| (index, column, value)))
}

/// How many values a record has.
fn values(record: Object<'_>) -> u64 {
    parameters(record).filter(|(_, _, value)| !matches!(value, Value::Null)).count() as u64
}

/// The sources of a record.
#[derive(Clone, Copy)]
struct Origin {
    source: Option<i64>,
    /// By parameter, where another source stands in.
    fallbacks: [Option<i64>; COLUMNS.len()],
}

impl Origin {
    fn of(record: Object<'_>) -> Self {
        let source = record.get("source_id").and_then(Value::whole);
        let mut fallbacks = [None; COLUMNS.len()];
        let named = record.get("fallback_source_ids").and_then(Value::object);
        for (index, _, id) in named.into_iter().flat_map(parameters) {
            if let Some(fallback) = fallbacks.get_mut(index) {
                *fallback = id.whole();
            }
        }
        Self { source, fallbacks }
    }

    /// The source that a parameter comes from, by its place in the table.
    fn source(&self, index: usize) -> Option<i64> {
        self.fallbacks.get(index).copied().flatten().or(self.source)
    }
}

/// The units that a value can be in at all: no air has 100 degrees Celsius, none is as cold as 100 Kelvin; no pressure at sea
/// level has 2000 hPa, none as little as 2000 Pa.
fn system(column: &Column, value: Decimal) -> Option<System> {
    let limit = match column.unit(System::Si).as_str() {
        "K" => 100,
        "Pa" => 2_000,
        _ => return None,
    };
    Some(if value > Decimal::from(limit) { System::Si } else { System::Dwd })
}

fn time(record: Object<'_>, options: &Options) -> Result<Timestamp, String> {
    let text = record.get("timestamp").and_then(Value::said).ok_or("the record has no `timestamp`")?;
    dates::instant(&text, options.zone, &mut None).map_err(|error| error.to_string())
}
