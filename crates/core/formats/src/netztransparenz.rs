//! CSV of the API and the website of netztransparenz.de: balances of the control areas, activated reserves, prices, projections.
//!
//! `;`, decimal comma, `N.A.` or nothing for a missing value, days as `dd.mm.yyyy` or `yyyy-mm-dd`. The zone of the times stands in
//! each row: `UTC` in the API, `CET` and `CEST` on the website. What a column holds is told by its name and, in the tables of the
//! balance, by the category of the row; the tables of solar and wind power have the same columns for projections, forecasts and
//! sales, so that the quantity has to be given. Prices in ct/kWh are kept in EUR/MWh, as the others of their channel. A power in MW is the mean of its interval. Lines that begin with `===` are remarks
//! at the end of an answer.

mod header;
mod series;

use std::collections::BTreeSet;

use metrify_domain::calendar::{LocalClock, Zone};
use metrify_domain::decimal::SCALE;
use metrify_domain::time::HOUR;
use metrify_domain::{
    Channel, Decimal, Document, Finding, Kind, Period, PointKind, Quality, Reading, Severity, Timestamp, Unit,
};

use crate::columns::Loss;
use crate::dates::{self, shown};
use crate::detect::Head;
use crate::format::Options;
use crate::generation;
use crate::numbers::Notation;
use crate::output::{Meter, Output};
use crate::page::Table;
use crate::sheet::{self, Row, Rows, Sheet, Unfit};
use header::{Header, Times, Value};
use series::{AREAS, CATEGORIES, NAMED, NEGATIVE, PRICES, REMARKS, TYPES, UNSEEN_CATEGORIES};

/// The unit of all prices: in one channel they are compared and reckoned with, whoever told them.
const PRICE: Unit = Unit::literal("EUR/MWh");
/// A ct/kWh in EUR/MWh.
const CENTS_PER_PRICE: i64 = 10;

#[must_use]
pub fn tables() -> Vec<Table> {
    let code = |text: &str| format!("`{text}`");
    let pair = |(name, meaning): &(&str, &str)| vec![code(name), code(meaning)];
    let seen = CATEGORIES.iter().map(pair);
    let unseen = UNSEEN_CATEGORIES.iter().map(|(name, meaning)| vec![format!("`{name}` [verify]"), code(meaning)]);
    let named = |(name, quantity, area, unit): &(&str, &str, &str, &str)| {
        let kept = if *unit == series::CENTS.as_str() { format!("`{unit}`, kept as `{PRICE}`") } else { code(unit) };
        vec![code(name), code(quantity), code(area), kept]
    };
    let negative = |(name, quantity): &(&str, &str)| vec![code(name), code(quantity), code("DE-LU"), code("1")];
    let columns = NAMED.iter().chain(&PRICES).map(named).chain(NEGATIVE.iter().map(negative));
    let remarks = REMARKS.iter().map(|name| vec![code(name)]).collect();
    let types = TYPES.iter().map(|(name, quality)| vec![code(name), code(quality.name())]).collect();
    vec![
        Table { name: "categories", columns: &["`Datenkategorie`", "quantity"], rows: seen.chain(unseen).collect() },
        Table { name: "columns", columns: &["column", "quantity", "area", "unit"], rows: columns.collect() },
        Table { name: "areas", columns: &["column", "area"], rows: AREAS.iter().map(pair).collect() },
        Table { name: "types", columns: &["`Datentyp`", "quality"], rows: types },
        Table { name: "remarks", columns: &["column that is passed over"], rows: remarks },
    ]
}

#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    header::is_header(&sheet::fields(head.first_line())).then_some("the columns of a table of netztransparenz.de")
}

pub struct Decoder(Sheet<Reader>);

impl Decoder {
    #[must_use]
    pub fn new(options: &Options) -> Self {
        Self(Sheet::new(options))
    }

    pub fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        self.0.push(bytes, out);
    }

    pub fn finish(&mut self, out: &mut Output<'_>) {
        self.0.finish(out);
    }
}

struct Reader {
    header: Header,
    zone: Option<Zone>,
    clock: Option<LocalClock>,
}

/// What a row says about all of its values.
struct Standing {
    period: Period,
    quality: Quality,
    unit: Option<Unit>,
    category: Option<String>,
}

impl Rows for Reader {
    fn read(header: &[Vec<String>], options: &Options) -> Result<Self, Unfit> {
        let header = Header::read(header.first().map_or(&[][..], Vec::as_slice), options)?;
        Ok(Self { header, zone: options.zone, clock: None })
    }

    fn begin(&mut self, out: &mut Output<'_>) {
        let areas = self.header.values.iter().filter_map(|(_, value)| match value {
            Value::Told(channel, _) => Some(&channel.point),
            Value::OfCategory { area, .. } => Some(area),
            Value::Stranger(_) => None,
        });
        for point in areas.collect::<BTreeSet<_>>() {
            let (point, kind) = (point.clone(), Some(PointKind::Area));
            out.meter(Meter { point, kind, name: None, server_id: None, maker: None, resolution: None });
        }
        let mut note = |rule: &'static str, severity, reason| {
            let position = "line 1".to_owned();
            out.finding(Finding { rule: rule.into(), severity, channel: None, period: None, position, reason });
        };
        for name in &self.header.remarks {
            note("unread_column", Severity::Note, format!("`{}` is passed over: it is no reading", shown(name)));
        }
        if self.header.hinted {
            let reason = "the table does not say what its values are: they are taken as the quantity that was given";
            note("hinted_quantity", Severity::Note, reason.to_owned());
        }
    }

    fn width(&self) -> u64 {
        self.header.values.len() as u64
    }

    fn row(&mut self, row: &Row<'_>, out: &mut Output<'_>) -> Result<(), Loss> {
        if row.cell(0).starts_with("===") {
            return Ok(());
        }
        let width = self.width();
        let standing = self.standing(row).map_err(|reason| Loss { reason, readings: width })?;
        let (mut lost, mut first) = (0, None);
        for (index, value) in &self.header.values {
            let cell = row.cell(*index);
            match reading(value, &cell, &standing, out) {
                Ok(Some((channel, reading))) => out.reading(&channel, &Document::default(), &reading),
                Ok(None) => {}
                Err(reason) => {
                    lost += 1;
                    first.get_or_insert(format!("field {}: {reason}", index + 1));
                }
            }
        }
        first.map_or(Ok(()), |reason| Err(Loss { reason, readings: lost }))
    }
}

impl Reader {
    fn standing(&mut self, row: &Row<'_>) -> Result<Standing, String> {
        row.fits(self.header.width)?;
        let cell = |index: Option<usize>| index.map(|index| row.cell(index));
        let quality = match cell(self.header.kind) {
            None => Quality::True,
            Some(text) => {
                series::quality(&text).ok_or_else(|| format!("`{}` is no Datentyp that is known", shown(&text)))?
            }
        };
        let unit = match cell(self.header.unit) {
            None => None,
            Some(text) => {
                Some(series::unit(&text).ok_or_else(|| format!("`{}` is no unit that is known", shown(&text)))?)
            }
        };
        let category = cell(self.header.category).map(std::borrow::Cow::into_owned);
        Ok(Standing { period: self.period(row)?, quality, unit, category })
    }

    fn period(&mut self, row: &Row<'_>) -> Result<Period, String> {
        match self.header.times {
            Times::Hour { at } => {
                let start =
                    dates::instant(&row.cell(at), self.zone, &mut self.clock).map_err(|error| error.to_string())?;
                let end = start.plus(HOUR);
                end.and_then(|end| Period::interval(start, end))
                    .ok_or_else(|| "the hour lies beyond the calendar".to_owned())
            }
            Times::Zoned { day, start, end } => {
                let at = |time: usize, zone: &str| {
                    dates::zoned(&row.cell(day), &row.cell(time), zone).map_err(|error| error.to_string())
                };
                let ([start, begins_in], [end, ends_in]) = (start, end);
                let is_shared = begins_in == ends_in;
                let (begins_in, ends_in) = (row.cell(begins_in), row.cell(ends_in));
                let start = at(start, &begins_in)?;
                // The day is that of the beginning: an interval that ends at midnight or behind it ends on the next one.
                let behind = |end: Timestamp| if end <= start { end.plus(24 * HOUR).unwrap_or(end) } else { end };
                let told = behind(at(end, &ends_in)?);
                let end = match dates::other_season(&ends_in).filter(|_| is_shared) {
                    Some(other) => end_across(start, (told, &ends_in), (at(end, other)?, other)),
                    None => told,
                };
                Period::interval(start, end)
                    .ok_or_else(|| format!("the end {end} does not lie behind the start {start}"))
            }
        }
    }
}

/// The end of an interval whose row names one zone for both times. It is that of the beginning: where the clock was changed in
/// between, the end is told in the other one, unless adding up gave it.
fn end_across(start: Timestamp, told: (Timestamp, &str), other: (Timestamp, &str)) -> Timestamp {
    let holds_until = told.0.plus(-1).is_some_and(|before| dates::is_season(before, told.1));
    // Who writes one of the zones all year round means no change.
    if holds_until || !dates::is_season(start, told.1) {
        return told.0;
    }
    let (other, zone) = other;
    let ends = [Some(other), other.plus(24 * HOUR)];
    ends.into_iter().flatten().find(|end| *end > start && dates::is_season(*end, zone)).unwrap_or(told.0)
}

/// `None` where a column says nothing.
fn reading(
    value: &Value,
    cell: &str,
    standing: &Standing,
    out: &mut Output<'_>,
) -> Result<Option<(Channel, Reading)>, String> {
    let missing = matches!(cell, "" | "-" | "N.A." | "n.a.");
    let (channel, unit) = match value {
        Value::Stranger(_) if missing => return Ok(None),
        Value::Stranger(name) => return Err(format!("the column `{name}` is none that is known")),
        Value::Told(channel, unit) => (channel.clone(), *unit),
        Value::OfCategory { area, direction } => {
            let category = standing.category.as_deref().unwrap_or_default();
            let known = series::category(category).and_then(|known| series::directed(known, *direction));
            let quantity = known.ok_or_else(|| format!("`{}` is no Datenkategorie that is read", shown(category)))?;
            (Channel { point: area.clone(), quantity }, None)
        }
    };
    let unit = unit.or(standing.unit).ok_or("nothing says the unit")?;
    let is_price = channel.quantity.default_unit() == Some(PRICE);
    if is_price && matches!(unit.as_str(), "MW" | "MWh" | "kWh") {
        return Err(format!("the unit `{unit}` is none of a price"));
    }
    let in_cents = is_price && unit == series::CENTS;
    let unit = if in_cents { PRICE } else { unit };
    let (kind, period) = (Kind::Interval, standing.period);
    if missing {
        return Ok(Some((channel, Reading::missing(kind, period, unit))));
    }
    let value = Notation::Comma.read(cell, out).map_err(|error| error.to_string())?;
    let value = if in_cents { value.product(Decimal::from(CENTS_PER_PRICE), SCALE) } else { Some(value) };
    let value = Some(value.ok_or("the price is beyond what can be stored")?);
    let quality =
        if generation::is_forecast(&channel.quantity.to_string()) { Quality::Forecast } else { standing.quality };
    Ok(Some((channel, Reading { kind, period, value, unit, quality, method: None, reason: None })))
}
