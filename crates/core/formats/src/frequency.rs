//! Grid frequency as operators publish it: a time and a frequency a row, mostly each second or each ten.
//!
//! The frequency stands in Hz, or as the deviation from 50 Hz in mHz; what is kept is in Hz, exactly (50 + mHz / 1000). Layouts, told
//! by the header, in upper or lower case, set apart by `,`, `;`, tab or `|`:
//! * `timestamp,deviation mHz` and the like: a column of times and one that says what it holds;
//! * `dtm,f` of National Grid ESO;
//! * day, time and frequency in three columns, as TransnetBW has them \[verify\];
//! * the same, or time and frequency, without a header, as in the archive of 50Hertz \[verify\]: such a file is known by its first
//!   rows, whose last value lies between 47 and 53.
//!
//! The area is that of `--area`, since no file names it; times without an offset need `--timezone`.

use metrify_domain::calendar::{LocalClock, Zone};
use metrify_domain::{
    Channel, Decimal, Document, Period, Point, PointKind, Quality, Quantity, Reading, Timestamp, Unit,
};

use metrify_domain::Kind;

use crate::columns::Loss;
use crate::dates;
use crate::detect::{HEAD_BYTES, Head};
use crate::format::Options;
use crate::numbers::Notation;
use crate::output::{Meter, Output};
use crate::page::Table;
use crate::sheet::{self, Row, Rows, Sheet, Unfit};

const HERTZ: Unit = Unit::literal("Hz");
const FREQUENCY: Quantity = Quantity::named("frequency");
/// In Hz; deviations are told from it.
const NOMINAL: i64 = 50;
/// What a first value has to lie between where no header says that it is a frequency, in Hz: grids shed all load before.
const PLAUSIBLE: [i64; 2] = [47, 53];
/// Rows at the beginning of a table without header that have to look like frequencies.
const ROWS_LOOKED_AT: usize = 3;

const TIMES: [&str; 10] =
    ["timestamp", "time", "datetime", "date_time", "dtm", "zeit", "zeitstempel", "zeitpunkt", "utc", "date"];
const DAYS: [&str; 3] = ["date", "datum", "day"];
const CLOCKS: [&str; 3] = ["time", "uhrzeit", "zeit"];
const FREQUENCIES: [&str; 10] = [
    "f",
    "frequency",
    "frequency [hz]",
    "frequency (hz)",
    "frequency_hz",
    "frequency_[hz]",
    "frequenz",
    "frequenz [hz]",
    "netzfrequenz",
    "netzfrequenz [hz]",
];
const DEVIATIONS: [&str; 8] = [
    "deviation mhz",
    "deviation [mhz]",
    "deviation (mhz)",
    "deviation_mhz",
    "frequency deviation mhz",
    "frequency_deviation_mhz",
    "abweichung [mhz]",
    "frequenzabweichung [mhz]",
];

#[must_use]
pub fn tables() -> Vec<Table> {
    let row = |(what, names): (&str, &[&str])| {
        vec![what.to_owned(), names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")]
    };
    let rows = [
        ("a time", &TIMES[..]),
        ("a day, beside a time of day", &DAYS),
        ("a time of day", &CLOCKS),
        ("a frequency in Hz", &FREQUENCIES),
        ("a deviation from 50 Hz in mHz", &DEVIATIONS),
    ];
    vec![Table { name: "columns", columns: &["holds", "names"], rows: rows.into_iter().map(row).collect() }]
}

#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    if Layout::named(&sheet::fields(head.first_line())).is_some() {
        return Some("a column of times beside one of frequencies");
    }
    let text = head.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head.bytes);
    // The last line of a beginning that was cut may be the half of one.
    let cut = head.bytes.len() >= HEAD_BYTES;
    let whole = text.split_inclusive(|byte| *byte == b'\n').filter(|line| !cut || line.ends_with(b"\n"));
    let mut lines = whole.map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()).take(ROWS_LOOKED_AT).peekable();
    let some = lines.peek().is_some();
    let all = lines.all(|line| Layout::bare(&sheet::fields(line)).is_some());
    (some && all).then_some("rows of times beside frequencies near 50 Hz, without a header")
}

pub struct Decoder(Sheet<Frequencies>);

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

/// Where time and value of a row stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Layout {
    day: Option<usize>,
    time: usize,
    value: usize,
    in_mhz: bool,
    bare: bool,
}

impl Layout {
    /// By the names of a header.
    fn named(header: &[String]) -> Option<Self> {
        let names: Vec<String> = header.iter().map(|name| name.trim().to_lowercase()).collect();
        let find = |known: &[&str]| names.iter().position(|name| known.contains(&name.as_str()));
        let (value, in_mhz) =
            find(&FREQUENCIES).map(|value| (value, false)).or_else(|| find(&DEVIATIONS).map(|value| (value, true)))?;
        let (day, time) = match (find(&DAYS), find(&CLOCKS)) {
            (Some(day), Some(time)) if day != time => (Some(day), time),
            _ => (None, find(&TIMES)?),
        };
        (names.len() <= 4 && time != value).then_some(Self { day, time, value, in_mhz, bare: false })
    }

    /// By the first row of a table without header.
    fn bare(row: &[String]) -> Option<Self> {
        let layout = match row {
            [day, time, _] | [day, time, _, _] if dates::day(&iso(day)).is_ok() && dates::is_time_of_day(time) => {
                Self { day: Some(0), time: 1, value: 2, in_mhz: false, bare: true }
            }
            [time, _] if dates::stamp(&iso(time)).is_ok() => {
                Self { day: None, time: 0, value: 1, in_mhz: false, bare: true }
            }
            _ => return None,
        };
        let value = row.get(layout.value)?;
        let value = notation(value).number(value).ok()?;
        let [least, most] = PLAUSIBLE.map(Decimal::from);
        (least < value && value < most).then_some(layout)
    }
}

/// Days as `2019/01/31` are read as `2019-01-31`.
fn iso(text: &str) -> String {
    match text.as_bytes() {
        [_, _, _, _, b'/', _, _, b'/', ..] => text.replacen('/', "-", 2),
        _ => text.to_owned(),
    }
}

/// A frequency has a decimal point or a decimal comma, and never groups of thousands.
fn notation(text: &str) -> Notation {
    if text.contains(',') { Notation::Comma } else { Notation::Point }
}

struct Frequencies {
    layout: Layout,
    channel: Channel,
    columns: usize,
    zone: Option<Zone>,
    clock: Option<LocalClock>,
}

impl Rows for Frequencies {
    fn read(header: &[Vec<String>], options: &Options) -> Result<Self, Unfit> {
        let header = header.first().map_or(&[][..], Vec::as_slice);
        let layout = Layout::named(header).or_else(|| Layout::bare(header)).ok_or_else(|| {
            Unfit::Foreign("the first line names no columns of a time and a frequency, nor is it such a row".to_owned())
        })?;
        let point: Point = options.area.clone().or_else(|| options.point.clone()).ok_or_else(|| Unfit::Untold {
            reason: "the table does not say of which grid the frequency is: give --area, such as TransnetBW".to_owned(),
            width: 1,
        })?;
        let channel = Channel { point, quantity: FREQUENCY };
        Ok(Self { layout, channel, columns: header.len(), zone: options.zone, clock: None })
    }

    fn begin(&mut self, out: &mut Output<'_>) {
        let (point, kind) = (self.channel.point.clone(), Some(PointKind::Area));
        out.meter(Meter { point, kind, name: None, server_id: None, maker: None, resolution: None });
    }

    fn is_bare(&self) -> bool {
        self.layout.bare
    }

    fn width(&self) -> u64 {
        1
    }

    fn row(&mut self, row: &Row<'_>, out: &mut Output<'_>) -> Result<(), Loss> {
        let reading = self.reading(row, out).map_err(Loss::one)?;
        out.reading(&self.channel, &Document::default(), &reading);
        Ok(())
    }
}

impl Frequencies {
    fn reading(&mut self, row: &Row<'_>, out: &mut Output<'_>) -> Result<Reading, String> {
        row.fits(self.columns)?;
        let period = Period::instant(self.at(row)?);
        let cell = row.cell(self.layout.value);
        if matches!(cell.as_ref(), "" | "-" | "nan" | "NaN" | "NA" | "N.A.") {
            return Ok(Reading::missing(Kind::Instant, period, HERTZ));
        }
        let value = notation(&cell).read(&cell, out).map_err(|error| error.to_string())?;
        let value = if self.layout.in_mhz { above_nominal(value)? } else { value };
        Ok(Reading {
            kind: Kind::Instant,
            period,
            value: Some(value),
            unit: HERTZ,
            quality: Quality::True,
            method: None,
            reason: None,
        })
    }

    fn at(&mut self, row: &Row<'_>) -> Result<Timestamp, String> {
        let time = row.cell(self.layout.time);
        let text = match self.layout.day {
            Some(day) => format!("{} {time}", iso(&row.cell(day))),
            None => iso(&time),
        };
        dates::instant(&text, self.zone, &mut self.clock).map_err(|error| error.to_string())
    }
}

/// 50 Hz and a deviation in mHz.
fn above_nominal(deviation: Decimal) -> Result<Decimal, String> {
    let exact = (deviation.units() % 1_000 == 0).then(|| Decimal::from_units(deviation.units() / 1_000)).flatten();
    let value = exact.and_then(|hertz| hertz.checked_add(Decimal::from(NOMINAL)));
    value.ok_or_else(|| format!("a deviation of {deviation} mHz has more places than are kept of a frequency"))
}
