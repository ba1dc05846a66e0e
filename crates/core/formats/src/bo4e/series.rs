//! Values: those of a Lastgang or a Zeitreihe, of a register (Zaehlwerk), or the one of an Energiemenge.

use std::borrow::Cow;

use metrify_domain::{Channel, Finding, Kind, Period, Point, Quality, Quantity, Reading, Severity, Unit};

use super::envelope::{Envelope, last_part};
use super::status::Standing;
use super::times::{Length, Reader};
use super::units;
use crate::dates::shown;
use crate::format::Options;
use crate::ids;
use crate::json::{Item, List, Object, Value, write_text};
use crate::mscons::unit::implied;
use crate::output::{Output, Problem};

/// What a value may have.
const VALUE_KEYS: [&str; 13] = [
    "zeitraum",
    "wert",
    "menge",
    "einheit",
    "status",
    "messwertstatus",
    "wertermittlungsverfahren",
    "statuszusatz",
    "messwertstatuszusatz",
    "obiskennzahl",
    "obisKennzahl",
    "ablesedatum",
    "zeitpunkt",
];

/// Longest member of an object that stands before a value which is read again, in bytes.
const HEAD_BYTES_MAX: usize = 256;
/// Members of an object that say what its values are, beside its location.
const HEAD_KEYS: [&str; 11] = [
    "_typ",
    "boTyp",
    "obisKennzahl",
    "obiskennzahl",
    "messgroesse",
    "einheit",
    "sparte",
    "medium",
    "zeitIntervallLaenge",
    "wertherkunft",
    "bezeichnung",
];
/// Lists of values, in their versions.
pub(super) const LISTS: [&str; 4] = ["werte", "messwerte", "zaehlerstaende", "energieverbrauch"];

/// What the values of a series are, as far as its object says it.
pub(super) struct Series<'a> {
    pub(super) item: Item,
    pub(super) envelope: &'a Envelope,
    /// Where the object stands in its item.
    pub(super) path: String,
    pub(super) object: Object<'a>,
    point: Point,
    quantity: Option<Quantity>,
    unit: Option<Unit>,
    status: Option<Value<'a>>,
    times: Reader,
    /// What is odd about several values is told of once.
    told_status: bool,
    told_missing: bool,
    /// What stands before a value that is read again; made with the first such value, since it takes a look at all the object.
    head: Option<String>,
}

/// Where an object stands, and what it takes over from the object around it.
#[derive(Clone)]
pub(super) struct Place<'a> {
    pub(super) item: Item,
    pub(super) envelope: &'a Envelope,
    pub(super) path: String,
    pub(super) point: Option<Point>,
}

impl<'a> Series<'a> {
    /// # Errors
    /// Why no value of the object can be read.
    pub(super) fn read(
        object: Object<'a>,
        place: Place<'a>,
        options: &Options,
        out: &mut Output<'_>,
    ) -> Result<Self, String> {
        const KEYS: [&str; 9] = [
            "obisKennzahl",
            "obiskennzahl",
            "messgroesse",
            "einheit",
            "sparte",
            "medium",
            "zeitIntervallLaenge",
            "wertherkunft",
            "bezeichnung",
        ];
        let [obis, older_obis, measure, unit, division, medium, length, origin, label] = object.pick(KEYS)?;
        let Place { item, envelope, path, point } = place;
        let point = match point {
            Some(point) => Some(point),
            None => location(object, |rule, reason| {
                out.finding(item.finding(&path, Severity::Warning, rule, reason));
            })?,
        };
        // A Zeitreihe has no location; its label names it. An Energiemenge has none either, nor a register alone.
        let label = label.and_then(Value::said).and_then(|label| label.parse().ok());
        let point = point.or(label).or_else(|| options.point.clone()).ok_or(NO_POINT)?;
        let measure = measure.and_then(Value::said);
        let quantity = match obis.or(older_obis).and_then(Value::said) {
            Some(text) => Some(obis_code(&text)?),
            None => options.quantity.or_else(|| physical(measure.as_deref()?)),
        };
        let gas = [division, medium].into_iter().flatten().filter_map(Value::said).any(|name| name == "GAS");
        let unit = match unit.and_then(Value::said) {
            Some(name) => Some(units::named(&name).ok_or_else(|| format!("`{}` is no Mengeneinheit", shown(&name)))?),
            None => measure.as_deref().and_then(units::named),
        };
        let gas = gas || matches!(quantity, Some(Quantity::Obis(code)) if code.groups()[0] == 7);
        let length = length.and_then(Value::object).and_then(Length::read);
        let times = Reader::new(options.zone, gas, length);
        let (told_status, told_missing) = (false, false);
        Ok(Self {
            item,
            envelope,
            path,
            object,
            point,
            quantity,
            unit,
            status: origin,
            times,
            told_status,
            told_missing,
            head: None,
        })
    }

    /// Reads the values of a list of the object.
    pub(super) fn list(&mut self, key: &str, list: List<'_>, out: &mut Output<'_>) {
        for (index, value) in list.elements().enumerate() {
            let path = format!("{}.{key}[{index}]", self.path);
            let read = match value {
                Value::Object(object) => self.value(object, &path, out),
                other => Err(format!("{} is no value with its time", other.described())),
            };
            if let Err(reason) = read {
                let prelude = format!("{},\"{key}\":[", self.head());
                let bytes = [value.kept().as_slice(), b"]}", self.envelope.suffix.as_bytes()].concat();
                let loss = self.item.loss(&path, value, reason, 1);
                out.problem(Problem { prelude: prelude.into_bytes(), bytes, ..loss });
            }
        }
    }

    /// Reads one value and hands it on.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) fn value(&mut self, object: Object<'_>, path: &str, out: &mut Output<'_>) -> Result<(), String> {
        let [
            span,
            number,
            amount,
            unit,
            status,
            older_status,
            procedure,
            addition,
            older_addition,
            obis,
            own_obis,
            read_at,
            at,
        ] = object.pick(VALUE_KEYS)?;
        let period = match (span.and_then(Value::object), at.or(read_at).and_then(Value::said)) {
            (Some(span), _) => self.times.period(span)?,
            (None, Some(at)) => self.times.at(&at)?,
            (None, None) => self.times.period(object)?,
        };
        let quantity = match obis.or(own_obis).and_then(Value::said) {
            Some(text) => obis_code(&text)?,
            None => self
                .quantity
                .ok_or("nothing says what was measured: `obisKennzahl` is missing, and there is no --quantity")?,
        };
        // A Menge has its number and its unit in an object of its own.
        let menge = [number, amount].into_iter().flatten().find_map(Value::object);
        let (number, unit) = match menge {
            Some(menge) => (menge.get("wert"), menge.get("einheit").or(unit)),
            None => (number.or(amount), unit),
        };
        let unit = match unit.and_then(Value::said) {
            Some(name) => units::named(&name).ok_or_else(|| format!("`{}` is no Mengeneinheit", shown(&name)))?,
            None => self
                .unit
                .or_else(|| unit_of(quantity))
                .ok_or("neither `messgroesse` nor the OBIS code tells the unit")?,
        };
        let status = status.or(older_status).or(procedure).or(self.status);
        let standing = Standing::read(status, addition.or(older_addition))?;
        let number = number.filter(|number| !matches!(number, Value::Null));
        let value = match number {
            // Some senders fill the number of a missing value with zero, which would be a statement.
            Some(_) if standing.quality == Quality::Missing => None,
            Some(number) => Some(number.decimal(out)?),
            None => None,
        };
        let kind = kind(quantity, period)?;
        let channel = Channel { point: self.point.clone(), quantity };
        let absent = value.is_none() && status.is_some() && standing.quality != Quality::Missing;
        self.doubt((&channel, path), status.is_none() && value.is_some(), absent, out);
        let Standing { quality, method, reason } = standing;
        let quality = if value.is_none() { Quality::Missing } else { quality };
        out.reading(&channel, &self.envelope.document, &Reading { kind, period, value, unit, quality, method, reason });
        Ok(())
    }

    /// What is odd about a value, once for each object.
    fn doubt(&mut self, (channel, path): (&Channel, &str), untold: bool, absent: bool, out: &mut Output<'_>) {
        let odd = [
            (untold && !self.told_status).then_some(("status_untold", STATUS_UNTOLD)),
            (absent && !self.told_missing).then_some(("value_absent", VALUE_ABSENT)),
        ];
        self.told_status |= untold;
        self.told_missing |= absent;
        for (rule, reason) in odd.into_iter().flatten() {
            let finding = self.item.finding(path, Severity::Note, rule, reason);
            out.finding(Finding { channel: Some(channel.clone()), ..finding });
        }
    }

    /// The object of a value that is read again, up to its list.
    fn head(&mut self) -> &str {
        let Self { head, object, point, envelope, .. } = self;
        head.get_or_insert_with(|| {
            let mut members = vec![location_of(point)];
            // A key that stands twice is one too many.
            for (key, value) in object.members() {
                if members.len() > HEAD_KEYS.len() {
                    break;
                }
                let raw = value.raw();
                if HEAD_KEYS.contains(&&*key.read()) && raw.len() <= HEAD_BYTES_MAX {
                    members.push(format!("\"{}\":{raw}", key.read()));
                }
            }
            format!("{}{{{}", envelope.prefix, members.join(","))
        })
    }
}

impl Place<'_> {
    /// The loss of an object as a whole, with what it needs from around it to be read again.
    pub(super) fn loss(&self, value: Value<'_>, reason: String, readings: u64) -> Problem {
        let loss = self.item.loss(&self.path, value, reason, readings);
        let takes_over = |object: Object<'_>| self.point.as_ref().filter(|_| object.get("lokationsId").is_none());
        let (opening, bytes) = match value.object().and_then(takes_over) {
            Some(point) => {
                let rest = loss.bytes.get(1..).unwrap_or_default();
                (format!("{{\"_typ\":\"ENERGIEMENGE\",{},", location_of(point)), rest.to_vec())
            }
            None => (String::new(), loss.bytes),
        };
        let prelude = format!("{}{opening}", self.envelope.prefix).into_bytes();
        Problem { prelude, bytes: [bytes.as_slice(), self.envelope.suffix.as_bytes()].concat(), ..loss }
    }
}

/// A member that names a point.
fn location_of(point: &Point) -> String {
    let mut text = Vec::new();
    write_text(&mut text, point.as_str());
    format!("\"lokationsId\":{}", String::from_utf8_lossy(&text))
}

const STATUS_UNTOLD: &str =
    "the value has no status; it is taken as read off, as are the others of the object without one";
const VALUE_ABSENT: &str =
    "the status claims a value, yet there is none: it is missing, as are others of the object like it";
const NO_POINT: &str =
    "nothing says where it was measured: it has neither a Marktlokation nor a Messlokation nor a Zaehler: give --point";

fn obis_code(text: &str) -> Result<Quantity, String> {
    let code = text.parse().map(Quantity::Obis);
    code.map_err(|_| format!("`{}` is not an OBIS code such as 1-1:1.29.0", shown(text)))
}

/// A physical quantity (Messgroesse) of a Zeitreihe without an OBIS code. In a Lastgang `messgroesse` is a unit.
fn physical(name: &str) -> Option<Quantity> {
    if units::named(name).is_some() {
        return None;
    }
    format!("bo4e.{}", name.to_ascii_lowercase()).parse().ok()
}

fn unit_of(quantity: Quantity) -> Option<Unit> {
    match quantity {
        Quantity::Obis(code) => implied(code),
        Quantity::Named(_) => quantity.default_unit(),
    }
}

/// A register with a period tells the amount of that period, as in MSCONS.
fn kind(quantity: Quantity, period: Period) -> Result<Kind, String> {
    let is_interval = period.start() != period.end();
    match quantity.natural_kind() {
        Some(Kind::Interval) if !is_interval => {
            Err(format!("a value of {quantity} holds over an interval, of which one end alone is told"))
        }
        _ if is_interval => Ok(Kind::Interval),
        Some(kind) => Ok(kind),
        None => Ok(Kind::Instant),
    }
}

/// Where an object says that its values were measured. `find` hears what is odd.
///
/// # Errors
/// Where an id names no point.
pub(super) fn location(
    object: Object<'_>,
    mut find: impl FnMut(&'static str, String),
) -> Result<Option<Point>, String> {
    const KEYS: [&str; 8] = [
        "marktlokation",
        "messlokation",
        "zaehler",
        "lokationsId",
        "marktlokationsId",
        "messlokationsId",
        "zaehlernummer",
        "locationsId",
    ];
    let [market, metering, meter, older, market_id, metering_id, number, oldest] = object.pick(KEYS)?;
    let id = |value: Option<Value<'_>>, key: &str| match value? {
        Value::Object(object) => object.get(key)?.said().map(Cow::into_owned),
        other => other.said().map(|text| last_part(&text).to_owned()),
    };
    let market = id(market, "marktlokationsId").or_else(|| id(market_id, ""));
    let metering = id(metering, "messlokationsId").or_else(|| id(metering_id, ""));
    if let (Some(market), Some(metering)) = (&market, &metering) {
        let reason = format!(
            "it names `{}` and `{}`: its values are taken as those of the first",
            shown(market),
            shown(metering)
        );
        find("two_locations", reason);
    }
    let older = id(older.or(oldest), "");
    let is_market = market.is_some() || older.as_ref().is_some_and(|id| id.len() == 11);
    let meter = id(meter, "zaehlernummer").or_else(|| id(number, ""));
    let Some(id) = market.or(metering).or(older).or(meter) else { return Ok(None) };
    if let (true, Some(error)) = (is_market, ids::doubt(&id)) {
        find("check_digit", format!("the id `{}`: {error}", shown(&id)));
    }
    let point = id.parse().map_err(|error| format!("the id `{}` names no point: {error}", shown(&id)))?;
    Ok(Some(point))
}
