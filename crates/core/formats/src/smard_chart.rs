//! Charts of SMARD (`smard.de/app/chart_data/.../{filter}_{region}_{resolution}_{begin}.json`): a JSON object with
//! `"series": [[milliseconds, value or null], ...]`.
//!
//! What the values are and of which area stands in the address of the file alone, so the caller has to say it: `quantity` is the
//! name of the quantity (`load`) or SMARD's number of the series (`smard.410`), which tells forecasts apart from measured values
//! too; `area` is the region, `DE` without one (a series of prices tells its zone by its number). Times count milliseconds of UTC
//! to the beginning of an interval. How long an interval is, its neighbours tell; days, weeks, months and years are those of a
//! clock in Berlin. `meta_data.created` is when the values became known. A null before that is a missing value, behind it a value
//! that is still to come.

mod filters;

use metrify_domain::calendar::Zone;
use metrify_domain::unit::Dimension;
use metrify_domain::{
    Channel, Document, Finding, Kind, Period, Point, PointKind, Quality, Reading, Severity, Timestamp, Unit,
};

use crate::detect::Head;
use crate::format::Options;
use crate::json::{Item, Items, List, Object, Outline, Value};
use crate::output::{Meter, Output, Problem};
use crate::page::Table;
use crate::smard::COARSE;
use crate::smard::length::{Begin, Length};
use filters::Meaning;

/// Microseconds in a millisecond.
const MILLISECOND: i64 = 1_000;

#[must_use]
pub fn tables() -> Vec<Table> {
    vec![filters::table()]
}

#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    let outline = Outline::read(head)?;
    let object = outline.object().filter(|_| !outline.is_list)?;
    if let Some(series) = object.get("series").and_then(Value::list) {
        let pairs = match series.open_elements().next() {
            None => object.get("meta_data").is_some(),
            Some(Value::List(pair)) => pair.open_elements().next().is_none_or(|first| first.whole().is_some()),
            // The data behind SMARD's tables, which are refused by name.
            Some(Value::Object(entry)) => entry.has(["timestamp", "versions"]) || entry.has(["values"]),
            Some(_) => false,
        };
        return pairs.then_some("a JSON `series` of times and values, as SMARD's charts have it");
    }
    let times = object.get("timestamps").and_then(Value::list)?;
    let index = object.members().count() == 1 && times.elements().take(3).all(|time| time.whole().is_some());
    index.then_some("a JSON list of `timestamps`, the index of SMARD's charts")
}

pub struct Decoder {
    items: Items,
    reader: Reader,
}

struct Reader {
    options: Options,
}

impl Decoder {
    #[must_use]
    pub fn new(options: &Options) -> Self {
        Self { items: Items::default(), reader: Reader { options: options.clone() } }
    }

    pub fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        self.items.push(bytes, out, |item, value, out| self.reader.item(item, value, out));
    }

    pub fn finish(&mut self, out: &mut Output<'_>) {
        self.items.finish(out, |item, value, out| self.reader.item(item, value, out));
    }
}

/// What all values of a chart have in common.
struct Chart {
    item: Item,
    channel: Channel,
    unit: Unit,
    quality: Quality,
    document: Document,
    /// What was known then: a null behind it is none.
    known_until: Timestamp,
    /// Of an interval: what `meta_data` says of it, else the shortest step.
    length: Option<Length>,
    /// Intervals that were not over then, and have no value.
    nulls_to_come: u64,
}

impl Reader {
    fn item(&self, item: Item, value: Value<'_>, out: &mut Output<'_>) {
        let read = match value {
            Value::Object(object) => self.object(item, object, out),
            other => Err((format!("{} is no chart of SMARD", other.described()), 1)),
        };
        if let Err((reason, readings)) = read {
            out.problem(item.loss("", value, reason, readings));
        }
    }

    /// # Errors
    /// Why nothing of it can be read, and how many readings that costs.
    fn object(&self, item: Item, object: Object<'_>, out: &mut Output<'_>) -> Result<(), (String, u64)> {
        let [series, timestamps, meta] =
            object.pick(["series", "timestamps", "meta_data"]).map_err(|reason| (reason, 1))?;
        let Some(series) = series.and_then(Value::list) else {
            return Err(match timestamps {
                Some(_) => (INDEX.to_owned(), 1),
                None => ("it has no list `series`".to_owned(), 1),
            });
        };
        let count = (series.elements().count() as u64).max(1);
        if series.open_elements().next().is_some_and(|element| element.object().is_some()) {
            return Err((TABLE_DATA.to_owned(), count));
        }
        let meta = meta.and_then(Value::object);
        let created = meta.and_then(|meta| meta.get("created")).and_then(|created| time(created).ok());
        let meaning = self.meaning(item, created, out).map_err(|reason| (reason, count))?;
        let resolution = meta.and_then(|meta| meta.get("resolution")).and_then(Value::said);
        let mut chart = Chart {
            length: resolution.and_then(|name| Length::named(&name)),
            item,
            channel: meaning.0,
            unit: meaning.1.unit,
            quality: meaning.1.quality,
            document: Document { reference: String::new(), known_at: created },
            known_until: created.unwrap_or(self.options.received_at),
            nulls_to_come: 0,
        };
        chart.read(series, out);
        Ok(())
    }

    /// What the caller says the values are.
    fn meaning(
        &self,
        item: Item,
        created: Option<Timestamp>,
        out: &mut Output<'_>,
    ) -> Result<(Channel, Meaning), String> {
        let quantity = self.options.quantity.ok_or(NO_QUANTITY)?;
        let meaning = filters::meaning(quantity).ok_or_else(|| {
            format!(
                "`{quantity}` is no quantity of SMARD: give one such as load, generation.photovoltaics or smard.410"
            )
        })?;
        let assumed = self.options.area.is_none() && meaning.area.is_none();
        let area = meaning.area.and_then(|area| area.parse::<Point>().ok()).or_else(|| self.options.area.clone());
        let point = area.or_else(|| "DE".parse().ok()).ok_or("no area is known")?;
        if assumed {
            let reason = "nothing says of which area the values are: taken as DE";
            out.finding(item.finding("", Severity::Note, "area_assumed", reason));
        }
        if created.is_none() {
            let reason = "`meta_data.created` does not say when the values became known; the time of receipt counts";
            out.finding(item.finding("", Severity::Note, "document_time", reason));
        }
        let kind = Some(point.kind()).filter(|kind| *kind != PointKind::Other).or(Some(PointKind::Area));
        let meter = Meter { point: point.clone(), kind, name: None, server_id: None, maker: None, resolution: None };
        out.meter(meter);
        Ok((Channel { point, quantity: meaning.quantity }, meaning))
    }
}

const INDEX: &str = "it is the index of a chart, which holds the beginnings of its files and no values: fetch the file of \
                     each of its timestamps";
const TABLE_DATA: &str =
    "it is the data of a table of SMARD (`versions` of values), which is not read: fetch `chart_data` instead";
const NO_QUANTITY: &str = "what the values are stands in the address of the file alone: give --quantity, such as load or the \
                           number of the series as smard.410";

impl Chart {
    fn read(&mut self, series: List<'_>, out: &mut Output<'_>) {
        // A gap makes a step too long, never too short, so that the finest is meant.
        let begins = || series.elements().map(|element| begin(element).ok());
        let steps = begins().zip(begins().skip(1)).filter_map(|(first, second)| Length::between(first?, second?));
        self.length = self.length.into_iter().chain(steps).min();
        let is_amount = self.unit.dimension() == Dimension::ActiveEnergy;
        if let Some(reason) = self.length.and_then(Length::coarse).filter(|_| is_amount) {
            let finding = self.item.finding(".series", Severity::Note, COARSE, reason);
            out.finding(Finding { channel: Some(self.channel.clone()), ..finding });
        }
        for (index, element) in series.elements().enumerate() {
            match self.reading(element, out) {
                Ok(Some(reading)) => out.reading(&self.channel, &self.document, &reading),
                Ok(None) => self.nulls_to_come += 1,
                Err(reason) => self.lose(index, element, reason, out),
            }
        }
        if self.nulls_to_come > 0 {
            let reason =
                format!("{} intervals that end behind {} have no value yet", self.nulls_to_come, self.known_until);
            let finding = self.item.finding(".series", Severity::Note, "values_to_come", reason);
            out.finding(Finding { channel: Some(self.channel.clone()), ..finding });
        }
    }

    /// `None` for an interval whose value is still to come.
    fn reading(&self, element: Value<'_>, out: &mut Output<'_>) -> Result<Option<Reading>, String> {
        let begin = begin(element)?;
        let length = self.length.ok_or("no neighbour tells how long the interval is")?;
        let period = length.end(begin).and_then(|end| Period::interval(begin.at, end));
        let period = period.ok_or_else(|| format!("no {} begins at {}", length.name(), begin.at))?;
        let (kind, unit, quality) = (Kind::Interval, self.unit, self.quality);
        match element.list().and_then(|pair| pair.elements().nth(1)) {
            Some(Value::Null) if period.end() > self.known_until => Ok(None),
            Some(Value::Null) => Ok(Some(Reading::missing(kind, period, unit))),
            Some(value) => {
                let value = Some(value.decimal(out)?);
                Ok(Some(Reading { kind, period, value, unit, quality, method: None, reason: None }))
            }
            None => Err("the time has no value".to_owned()),
        }
    }

    fn lose(&self, index: usize, element: Value<'_>, reason: String, out: &mut Output<'_>) {
        let created = self.document.known_at.map(|at| format!("\"created\":{}", at.micros() / MILLISECOND));
        let resolution = self.length.map(|length| format!("\"resolution\":\"{}\"", length.name()));
        let meta: Vec<String> = created.into_iter().chain(resolution).collect();
        out.problem(Problem {
            position: self.item.position(&format!(".series[{index}]")),
            reason,
            readings: 1,
            prelude: format!("{{\"meta_data\":{{{}}},\"series\":[", meta.join(",")).into_bytes(),
            bytes: format!("{}]}}", element.raw()).into_bytes(),
        });
    }
}

/// The time of a pair of time and value.
fn begin(element: Value<'_>) -> Result<Begin, String> {
    let mut parts = element.list().into_iter().flat_map(List::elements);
    let (Some(at), Some(_), None) = (parts.next(), parts.next(), parts.next()) else {
        return Err("expected a time and a value".to_owned());
    };
    let at = time(at)?;
    let clock = Zone::BERLIN.clock(at).ok_or("the time is beyond what a calendar names")?;
    Ok(Begin { at, clock })
}

/// Milliseconds since 1970.
fn time(value: Value<'_>) -> Result<Timestamp, String> {
    let millis = match value {
        Value::Number(text) => text.parse::<i64>().ok(),
        _ => None,
    };
    let micros = millis.and_then(|millis| millis.checked_mul(MILLISECOND));
    micros.map(Timestamp::from_micros).ok_or_else(|| format!("{} is no count of milliseconds", value.described()))
}
