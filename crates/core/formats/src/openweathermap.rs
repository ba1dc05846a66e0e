//! Replies of OpenWeatherMap: current weather (one place or a group), 5 day, hourly and 16 day forecast, One Call 3.0 (current,
//! minutely, hourly, daily, a moment, the summary of a day), air pollution.
//!
//! Times count seconds since 1970. Forecasts are `forecast`, everything else `true`; a moment, a summary and air tell by whether
//! their time lies behind that of receipt. The service does not say when a forecast was made, so the time of receipt counts. What
//! a reply lacks (rain where there was none, gusts) is absent and no zero. Which units a reply is in, its temperatures tell
//! ([`units`]). The service's refusals (`cod`, `message`) and its names of places hold no readings: each is a problem with its
//! reason.

mod fields;
mod place;
mod reply;
mod units;

use std::cell::OnceCell;

use metrify_domain::{Channel, Document, Kind, Period, Point, PointKind, Quality, Reading, Severity, Timestamp};

use crate::columns::UnknownNames;
use crate::dates::{self, Stamp, shown};
use crate::detect::Head;
use crate::format::Options;
use crate::json::{Item, Items, Object, Outline, Value};
use crate::output::{Meter, Output, Problem};
use crate::page::Table;
use fields::{Field, Measure, Member, Over};
use place::{Clock, Place};
use reply::{Group, Reply};
use units::{Evidence, System};

/// Longest part of a reply that stands before a step which can be read again, in bytes; a usual one has two hundred.
const PRELUDE_BYTES_MAX: usize = 2 << 10;

#[must_use]
pub fn tables() -> Vec<Table> {
    [vec![units::table()], fields::tables()].concat()
}

#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    let outline = Outline::read(head)?;
    let object = outline.object()?;
    let first = |key: &str| object.get(key).and_then(Value::list)?.open_elements().next()?.object();
    let place = object.has(["lat", "lon"]);
    if object.has(["coord", "main", "dt"]) || place && object.has(["timezone", "timezone_offset"]) {
        return Some("JSON weather of a place, as OpenWeatherMap has it");
    }
    if object.has(["cod", "list"]) || first("list").is_some_and(|step| step.has(["dt", "main"])) {
        return Some("a JSON list of weather or air pollution, as OpenWeatherMap has it");
    }
    if place && object.has(["tz", "date", "units"]) {
        return Some("a JSON summary of a day, as OpenWeatherMap has it");
    }
    if place && object.has(["name", "country"]) && (outline.is_list || object.get("zip").is_some()) {
        return Some("JSON names of places, as OpenWeatherMap has them");
    }
    let refusal = !outline.is_list && object.has(["cod", "message"]) && object.members().count() <= 3;
    refusal.then_some("a refusal of OpenWeatherMap (`cod` and `message`)")
}

pub struct Decoder {
    items: Items,
    reader: Reader,
}

struct Reader {
    options: Options,
    unknown: UnknownNames,
    /// The place that was told of last.
    told: Option<Point>,
    told_units: bool,
    told_geocoding: bool,
}

impl Decoder {
    #[must_use]
    pub fn new(options: &Options) -> Self {
        let reader = Reader {
            options: options.clone(),
            unknown: UnknownNames::new("unknown_field"),
            told: None,
            told_units: false,
            told_geocoding: false,
        };
        Self { items: Items::default(), reader }
    }

    pub fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        self.items.push(bytes, out, |item, value, out| self.reader.item(item, value, out));
    }

    pub fn finish(&mut self, out: &mut Output<'_>) {
        self.items.finish(out, |item, value, out| self.reader.item(item, value, out));
    }
}

const GEOCODING: &str = "names of places hold no readings";
const UNITS_ASSUMED: &str = "the reply does not name its units; its temperatures are no Kelvin, so they are taken as metric \
                             (Celsius, m/s). An imperial reply from a cold place looks the same";

/// A reply and what all its steps have in common.
struct Context<'a> {
    item: Item,
    object: Object<'a>,
    place: Place,
    system: System,
    /// What stands before a step that is read again; made with the first such step, since it takes a look at all the reply.
    head: OnceCell<String>,
}

/// One step, and where it stands.
struct Step<'a> {
    group: Group<'a>,
    path: String,
    value: Value<'a>,
}

/// When the values of a step are.
struct Times {
    at: Timestamp,
    day: Option<(Clock, chrono::NaiveDate)>,
    quality: Quality,
}

impl Reader {
    fn item(&mut self, item: Item, value: Value<'_>, out: &mut Output<'_>) {
        let Value::Object(object) = value else {
            let reason = format!("{} is no reply of OpenWeatherMap", value.described());
            return out.problem(item.loss("", value, reason, 1));
        };
        match Reply::read(object) {
            Reply::Weather(groups) => self.weather(item, object, &groups, out),
            Reply::Geocoding if self.told_geocoding => {}
            Reply::Geocoding => {
                self.told_geocoding = true;
                out.problem(item.loss("", value, GEOCODING, 1));
            }
            Reply::Refusal(reason) => out.problem(item.loss("", value, reason, 1)),
            Reply::Unknown => {
                out.problem(item.loss("", value, "it is no reply of OpenWeatherMap that we know", 1));
            }
        }
    }

    fn weather(&mut self, item: Item, object: Object<'_>, groups: &[Group<'_>], out: &mut Output<'_>) {
        let mut place = Place::of(object, &Place::default());
        if let Some(city) = object.get("city").and_then(Value::object) {
            place = Place::of(city, &place);
        }
        let system = match self.system(item, object, groups, out) {
            Ok(system) => system,
            Err(reason) => {
                let lost = groups.iter().flat_map(|group| group.steps().map(|(_, step)| values(*group, step))).sum();
                return out.problem(item.loss("", Value::Object(object), reason, lost));
            }
        };
        let context = Context { item, object, place, system, head: OnceCell::new() };
        for group in groups {
            for (index, value) in group.steps() {
                let path = match index {
                    Some(index) => format!(".{}[{index}]", group.key),
                    None if group.key.is_empty() => String::new(),
                    None => format!(".{}", group.key),
                };
                self.step(&context, &Step { group: *group, path, value }, out);
            }
        }
    }

    /// The units of a reply: what it says, else what its temperatures tell.
    fn system(
        &mut self,
        item: Item,
        object: Object<'_>,
        groups: &[Group<'_>],
        out: &mut Output<'_>,
    ) -> Result<System, &'static str> {
        if let Some(named) = object.get("units").and_then(Value::said) {
            return System::named(&named).ok_or("its `units` are none of standard, metric and imperial");
        }
        let mut evidence = Evidence::default();
        for group in groups {
            for step in group.steps().filter_map(|(_, step)| step.object()) {
                group.shape.members(step, |member| {
                    if let Member::Known(Field { measure: Measure::Temperature, .. }, value) = member
                        && let Some(temperature) = value.number()
                    {
                        evidence.take(temperature);
                    }
                });
            }
        }
        let (system, proven) = evidence.system()?;
        if !proven && !evidence.is_empty() && !self.told_units {
            self.told_units = true;
            out.finding(item.finding("", Severity::Note, "units_assumed", UNITS_ASSUMED));
        }
        Ok(system)
    }

    fn step(&mut self, context: &Context<'_>, step: &Step<'_>, out: &mut Output<'_>) {
        let Value::Object(object) = step.value else {
            let reason = format!("{} is no step of the weather", step.value.described());
            return out.problem(context.item.loss(&step.path, step.value, reason, 1));
        };
        let place = if step.group.key == "list" { Place::of(object, &context.place) } else { context.place.clone() };
        let basis = || {
            let point = place.point.clone().ok_or("the reply names no place: neither an id nor coordinates")?;
            Ok((point, self.times(step, object, place.clock)?))
        };
        let (point, times) = match basis() {
            Ok(basis) => basis,
            Err(reason) => {
                let reason: String = reason;
                return out.problem(context.loss(step, reason, values(step.group, step.value)));
            }
        };
        self.tell(&point, place.name, out);
        let (mut lost, mut first) = (0, None);
        step.group.shape.members(object, |member| match member {
            Member::Known(field, value) => match times.reading(field, context.system, value, out) {
                Ok(reading) => {
                    let channel = Channel { point: point.clone(), quantity: field.quantity };
                    out.reading(&channel, &Document::default(), &reading);
                }
                Err(reason) => {
                    lost += 1;
                    first.get_or_insert(format!("`{}`: {reason}", field.path));
                }
            },
            Member::Unknown(name) => {
                let position = context.item.position(&step.path);
                self.unknown.tell(&name, &[], format_args!("{position}"), out);
            }
        });
        if let (1.., Some(reason)) = (lost, first) {
            out.problem(context.loss(step, reason, lost));
        }
    }

    fn times(&self, step: &Step<'_>, object: Object<'_>, clock: Option<Clock>) -> Result<Times, String> {
        if let Some(date) = object.get("date").and_then(Value::said) {
            let (at, day) = summarised(&date, object)?;
            return Ok(Times {
                at,
                day: Some(day),
                quality: step.group.standing.quality(at, self.options.received_at),
            });
        }
        let seconds = object.get("dt").ok_or("the step has no time `dt`")?;
        let at = seconds.whole().and_then(Timestamp::from_seconds);
        let at = at.ok_or_else(|| format!("its time `dt` is no count of seconds: `{}`", shown(&seconds.raw())))?;
        let day = clock.and_then(|clock| Some((clock, clock.day(at)?)));
        Ok(Times { at, day, quality: step.group.standing.quality(at, self.options.received_at) })
    }

    fn tell(&mut self, point: &Point, name: Option<String>, out: &mut Output<'_>) {
        if self.told.as_ref() == Some(point) {
            return;
        }
        self.told = Some(point.clone());
        let kind = Some(PointKind::Station);
        out.meter(Meter { point: point.clone(), kind, name, server_id: None, maker: None, resolution: None });
    }
}

/// How many values a step has.
fn values(group: Group<'_>, step: Value<'_>) -> u64 {
    let mut count = 0;
    if let Some(step) = step.object() {
        group.shape.members(step, |member| count += u64::from(matches!(member, Member::Known(..))));
    }
    count
}

/// The day of a summary, whose clock keeps one offset all day long.
fn summarised(date: &str, object: Object<'_>) -> Result<(Timestamp, (Clock, chrono::NaiveDate)), String> {
    let day = dates::day(date).map_err(|error| error.to_string())?;
    let zone = object.get("tz").and_then(Value::said).ok_or("the summary has no `tz`")?;
    let Ok(Stamp::At(at)) = dates::stamp(&format!("{day}T00:00:00{zone}")) else {
        return Err(format!("`{}` (`tz`) is no offset such as +01:00", shown(&zone)));
    };
    let offset = Timestamp::midnight(day).micros() - at.micros();
    Ok((at, (Clock::Offset(offset), day)))
}

impl Times {
    fn reading(
        &self,
        field: &Field,
        system: System,
        value: Value<'_>,
        out: &mut Output<'_>,
    ) -> Result<Reading, String> {
        let value = Some(value.decimal(out)?);
        let period = match field.over {
            Over::Instant => Some(Period::instant(self.at)),
            Over::Before(span) => self.at.plus(-span).and_then(|start| Period::interval(start, self.at)),
            Over::Day | Over::Hour(_) => {
                let (clock, day) = self.day.ok_or("nothing tells when a day begins there (`timezone`)")?;
                match field.over {
                    Over::Hour(hour) => clock.at(day, hour).map(Period::instant),
                    Over::Day | Over::Instant | Over::Before(_) => clock.period(day),
                }
            }
        };
        let period = period.ok_or("its time lies beyond what can be stored")?;
        let kind = if period.start() == period.end() { Kind::Instant } else { Kind::Interval };
        let (unit, quality) = (field.unit(system), self.quality);
        Ok(Reading { kind, period, value, unit, quality, method: None, reason: None })
    }
}

impl Context<'_> {
    /// A step of which something is lost, within as much of the reply as it needs to be read again.
    fn loss(&self, step: &Step<'_>, reason: String, readings: u64) -> Problem {
        let loss = self.item.loss(&step.path, step.value, reason, readings);
        if step.group.key.is_empty() {
            return loss;
        }
        let prelude = format!("{},\"{}\":[", self.head.get_or_init(|| self.head()), step.group.key);
        let bytes = [step.value.kept().as_slice(), b"]}"].concat();
        Problem { prelude: prelude.into_bytes(), bytes, ..loss }
    }

    fn head(&self) -> String {
        let mut head = format!("{{\"units\":\"{}\"", self.system.name());
        for key in ["lat", "lon", "timezone", "timezone_offset", "coord", "city_id", "city"] {
            let Some(value) = self.object.get(key) else { continue };
            let raw = value.raw();
            if head.len() + raw.len() < PRELUDE_BYTES_MAX {
                head.push_str(&format!(",\"{key}\":{raw}"));
            }
        }
        head
    }
}
