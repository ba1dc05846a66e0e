//! Measures against congestion as netztransparenz.de publishes them: a row each of the table `redispatch`.
//!
//! The CSV of the API and of the website has fifteen columns. Each end of a measure has its own zone: `CET` and `CEST` on the
//! website, `UTC` in the API, so no hint is needed. Numbers have a decimal comma. Texts are kept as they came, several operators
//! one after the other, set apart by ` & `; of the direction the word is `increase` or `decrease`.

use metrify_domain::{Decimal, Document};

use crate::columns::Loss;
use crate::dates;
use crate::detect::Head;
use crate::format::Options;
use crate::numbers::Notation;
use crate::output::Output;
use crate::page::Table;
use crate::record::{Cell, Record, RecordTable};
use crate::sheet::{self, Row, Rows, Sheet, Unfit};

/// The columns, with what becomes of each.
const COLUMNS: [(&str, &str); 15] = [
    ("BEGINN_DATUM", "`period_start`"),
    ("BEGINN_UHRZEIT", "`period_start`"),
    ("ZEITZONE_VON", "the zone of `period_start`"),
    ("ENDE_DATUM", "`period_end`"),
    ("ENDE_UHRZEIT", "`period_end`"),
    ("ZEITZONE_BIS", "the zone of `period_end`"),
    ("GRUND_DER_MASSNAHME", "`reason`"),
    ("RICHTUNG", "`direction`"),
    ("MITTLERE_LEISTUNG_MW", "`mean_power_mw`"),
    ("MAXIMALE_LEISTUNG_MW", "`max_power_mw`"),
    ("GESAMTE_ARBEIT_MWH", "`energy_mwh`"),
    ("ANWEISENDER_UENB", "`instructing_operator`"),
    ("ANFORDERNDER_UENB", "`requesting_operator`"),
    ("BETROFFENE_ANLAGE", "`plant`"),
    ("PRIMAERENERGIEART", "`energy_source`"),
];

/// Directions by how they begin and end, since the publisher has them with a damaged letter, too (`erh¿hen`).
const DIRECTIONS: [([&str; 2], &str); 2] =
    [(["Wirkleistungseinspeisung redu", "zieren"], "decrease"), (["Wirkleistungseinspeisung erh", "hen"], "increase")];

#[must_use]
pub fn tables() -> Vec<Table> {
    let columns = COLUMNS.iter().map(|(name, meaning)| vec![format!("`{name}`"), (*meaning).to_owned()]).collect();
    let direction =
        |([begin, end], meaning): &([&str; 2], &str)| vec![format!("`{begin}` ... `{end}`"), format!("`{meaning}`")];
    vec![
        Table { name: "columns", columns: &["column", "becomes"], rows: columns },
        Table {
            name: "directions",
            columns: &["`RICHTUNG`", "`direction`"],
            rows: DIRECTIONS.iter().map(direction).collect(),
        },
    ]
}

#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    Measures::places(&sheet::fields(head.first_line())).ok().map(|_| "the columns of a redispatch table")
}

pub struct Decoder(Sheet<Measures>);

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

struct Measures {
    /// Where each of [`COLUMNS`] stands.
    places: [usize; COLUMNS.len()],
    width: usize,
}

impl Measures {
    fn places(header: &[String]) -> Result<[usize; COLUMNS.len()], String> {
        let mut places = [0; COLUMNS.len()];
        for (place, (name, _)) in places.iter_mut().zip(COLUMNS) {
            *place = sheet::column(header, name).ok_or_else(|| format!("the column `{name}` is missing"))?;
        }
        Ok(places)
    }

    fn record(&self, row: &Row<'_>, out: &mut Output<'_>) -> Result<Record, String> {
        row.fits(self.width)?;
        let cells = self.places.map(|place| row.cell(place));
        let [start_day, start_time, start_zone, end_day, end_time, end_zone, rest @ ..] = &cells;
        let [reason, direction, mean, max, energy, instructing, requesting, plant, source] = rest;
        let start = dates::zoned(start_day, start_time, start_zone).map_err(|error| error.to_string())?;
        let end = dates::zoned(end_day, end_time, end_zone).map_err(|error| error.to_string())?;
        if end <= start {
            return Err(format!("the end {end} does not lie behind the start {start}"));
        }
        let told = [(reason, 6), (direction, 7), (instructing, 11), (requesting, 12), (plant, 13)];
        if let Some((_, index)) = told.into_iter().find(|(text, _)| text.is_empty()) {
            return Err(format!("`{}` is empty", COLUMNS.get(index).map_or("", |(name, _)| name)));
        }
        let text = |text: &str| Cell::from(text);
        let cells = vec![
            start.into(),
            end.into(),
            text(reason),
            text(direction_of(direction)),
            number(mean, out)?.into(),
            number(max, out)?.into(),
            number(energy, out)?.into(),
            text(instructing),
            text(requesting),
            text(plant),
            Some(source.as_ref()).filter(|source| !source.is_empty()).into(),
        ];
        Record::new(RecordTable::Redispatch, Document::default(), cells).ok_or_else(|| "a cell is missing".to_owned())
    }
}

fn direction_of(text: &str) -> &str {
    let told = |([begin, end], _): &&([&str; 2], &'static str)| text.starts_with(begin) && text.ends_with(end);
    DIRECTIONS.iter().find(told).map_or(text, |(_, meaning)| meaning)
}

/// `None` where there is none.
fn number(text: &str, out: &mut Output<'_>) -> Result<Option<Decimal>, String> {
    match text {
        "" | "-" | "N.A." => Ok(None),
        text => Notation::Comma.read(text, out).map(Some).map_err(|error| error.to_string()),
    }
}

impl Rows for Measures {
    fn read(header: &[Vec<String>], _options: &Options) -> Result<Self, Unfit> {
        let header = header.first().map_or(&[][..], Vec::as_slice);
        let places = Self::places(header).map_err(Unfit::Foreign)?;
        Ok(Self { places, width: header.len() })
    }

    fn width(&self) -> u64 {
        1
    }

    fn row(&mut self, row: &Row<'_>, out: &mut Output<'_>) -> Result<(), Loss> {
        let record = self.record(row, out).map_err(Loss::one)?;
        out.record(record);
        Ok(())
    }
}
