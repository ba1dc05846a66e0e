//! POI of the DWD (`10315-BEOB.csv`): what a weather station measured in the last day, an hour a row, the newest first.
//!
//! Three lines stand above the rows: the names of the columns, the station's id with their units, and German words. `;`, decimal
//! comma, `---` for no value, times in UTC as the third line says (`Uhrzeit (UTC)`). The id is that of the WMO or the one that DWD
//! gave instead (`10315`, `A191_`, where `_` fills five places); a table without one needs `--point`. Values that come once or a few
//! times a day are `---` in every other hour, which says nothing; every other `---` is a missing reading.

mod columns;

use metrify_domain::time::{HOUR, MINUTE};
use metrify_domain::{Channel, Document, Finding, Kind, Point, PointKind, Quality, Reading, Severity, Timestamp, Unit};

use chrono::NaiveDate;

use crate::columns::Loss;
use crate::dates::shown;
use crate::detect::Head;
use crate::format::Options;
use crate::numbers::Notation;
use crate::output::{Meter, Output};
use crate::page::Table;
use crate::sheet::{self, Row, Rows, Sheet, Unfit};
use columns::{COLUMNS, Column, Over, UNITS, known, unit};

const FIRST: [&str; 2] = ["surface observations", "Parameter description"];

#[must_use]
pub fn tables() -> Vec<Table> {
    let over = |over: Over| match over {
        Over::Instant => "at the stamp".to_owned(),
        Over::Hour => "the hour before it".to_owned(),
        Over::Hours(hours) => format!("the {hours} hours before it"),
        Over::PreviousDay => "the day before it, in UTC [verify]".to_owned(),
    };
    let column = |column: &Column| {
        let code = |text: &str| format!("`{text}`");
        vec![code(column.name), code(column.quantity), column.unit.to_owned(), over(column.over)]
    };
    let units = UNITS.iter().map(|(name, unit)| vec![format!("`{name}`"), format!("`{unit}`")]).collect();
    vec![
        Table {
            name: "columns",
            columns: &["column", "quantity", "unit", "when"],
            rows: COLUMNS.iter().map(column).collect(),
        },
        Table { name: "units", columns: &["unit", "kept as"], rows: units },
    ]
}

#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    is_header(&sheet::fields(head.first_line())).then_some("the first line of a POI table of the DWD")
}

fn is_header(fields: &[String]) -> bool {
    fields.get(..2).is_some_and(|two| two == FIRST)
}

pub struct Decoder(Sheet<Observations>);

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

struct Observations {
    point: Point,
    measured: Vec<Measured>,
    /// Columns that are not known, or in another unit than is known.
    strangers: Vec<(usize, String)>,
    columns: usize,
}

struct Measured {
    index: usize,
    channel: Channel,
    unit: Unit,
    over: Over,
}

impl Rows for Observations {
    const HEADER_LINES: usize = 3;

    fn read(header: &[Vec<String>], options: &Options) -> Result<Self, Unfit> {
        let [names, units, words] = header else {
            return Err(Unfit::Foreign("the header has not three lines".to_owned()));
        };
        if !is_header(names) {
            return Err(Unfit::Foreign(format!("the first line does not begin with `{}`", FIRST.join(";"))));
        }
        // The one place that names the zone.
        if words.get(1).is_none_or(|word| word != "Uhrzeit (UTC)") {
            return Err(Unfit::Foreign("the third line does not say that times are in UTC".to_owned()));
        }
        let id = units.first().map_or("", String::as_str).trim_end_matches('_');
        let point = id.parse().ok().or_else(|| options.point.clone());
        let point: Point = point.ok_or_else(|| Unfit::Untold {
            reason: "the second line does not begin with a station: give --point".to_owned(),
            width: names.len().saturating_sub(2).max(1) as u64,
        })?;
        let mut read = Self { point, measured: Vec::new(), strangers: Vec::new(), columns: names.len() };
        for (index, name) in names.iter().enumerate().skip(2) {
            let written = units.get(index).map_or("", String::as_str);
            match read.measured(index, name, written) {
                Ok(measured) => read.measured.push(measured),
                Err(reason) => read.strangers.push((index, reason)),
            }
        }
        Ok(read)
    }

    fn begin(&mut self, out: &mut Output<'_>) {
        let (point, kind) = (self.point.clone(), Some(PointKind::Station));
        out.meter(Meter { point, kind, name: None, server_id: None, maker: None, resolution: None });
        for (_, reason) in &self.strangers {
            out.finding(Finding {
                rule: "unknown_column".into(),
                severity: Severity::Warning,
                channel: None,
                period: None,
                position: "line 1".to_owned(),
                reason: reason.clone(),
            });
        }
    }

    fn width(&self) -> u64 {
        self.measured.len().max(1) as u64
    }

    fn row(&mut self, row: &Row<'_>, out: &mut Output<'_>) -> Result<(), Loss> {
        let at = row.fits(self.columns).and_then(|()| stamp(&row.cell(0), &row.cell(1)));
        let at = at.map_err(|reason| Loss { reason, readings: self.width() })?;
        let (mut lost, mut first) = (0, None);
        for measured in &self.measured {
            match measured.reading(&row.cell(measured.index), at, out) {
                Ok(Some(reading)) => out.reading(&measured.channel, &Document::default(), &reading),
                Ok(None) => {}
                Err(reason) => {
                    lost += 1;
                    first.get_or_insert(format!("field {}: {reason}", measured.index + 1));
                }
            }
        }
        for (index, reason) in &self.strangers {
            if !is_missing(&row.cell(*index)) {
                lost += 1;
                first.get_or_insert(format!("field {}: {reason}", index + 1));
            }
        }
        first.map_or(Ok(()), |reason| Err(Loss { reason, readings: lost }))
    }
}

fn is_missing(cell: &str) -> bool {
    matches!(cell, "" | "---")
}

impl Observations {
    fn measured(&self, index: usize, name: &str, written: &str) -> Result<Measured, String> {
        let column =
            known(name).ok_or_else(|| format!("the column `{}` is none of DWD's that are known", shown(name)))?;
        let unit = unit(written).filter(|_| written == column.unit).ok_or_else(|| {
            format!("the column `{name}` is in `{}`, yet in `{}` as far as it is known", shown(written), column.unit)
        })?;
        let quantity = column.quantity().ok_or("the quantity has no name")?;
        Ok(Measured { index, channel: Channel { point: self.point.clone(), quantity }, unit, over: column.over })
    }
}

impl Measured {
    /// `None` where there is nothing to say.
    fn reading(&self, cell: &str, at: Timestamp, out: &mut Output<'_>) -> Result<Option<Reading>, String> {
        let (kind, unit): (Kind, Unit) = (self.over.kind(), self.unit);
        let period = self.over.period(at).ok_or("the time lies beyond the calendar")?;
        if is_missing(cell) {
            return Ok(self.over.is_due().then(|| Reading::missing(kind, period, unit)));
        }
        let value = Notation::Comma.read(cell, out).map_err(|error| error.to_string())?;
        let quality = Quality::True;
        Ok(Some(Reading { kind, period, value: Some(value), unit, quality, method: None, reason: None }))
    }
}

/// `12.04.23` and `11:00`.
fn stamp(day: &str, time: &str) -> Result<Timestamp, String> {
    let wrong = || format!("`{} {}` is not a time such as 12.04.23 11:00", shown(day), shown(time));
    let number = |text: &str| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u32>().ok()).flatten()
    };
    let mut parts = day.split('.').map(number);
    let (Some(Some(day)), Some(Some(month)), Some(Some(year)), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(wrong());
    };
    let (hour, minute) = time.split_once(':').ok_or_else(wrong)?;
    let (Some(hour @ 0..=23), Some(minute @ 0..=59)) = (number(hour), number(minute)) else { return Err(wrong()) };
    let date = NaiveDate::from_ymd_opt(2000 + year as i32, month, day).ok_or_else(wrong)?;
    let at = Timestamp::midnight(date).plus(i64::from(hour) * HOUR + i64::from(minute) * MINUTE);
    at.ok_or_else(wrong)
}
