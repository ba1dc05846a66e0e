//! What goes over the wire, as JSON.

use metrify_application::ingest::{Content, Delivery, Hints, Receipt};
use metrify_application::ports::{Cell, ExportFormat, Page, Query, Rows};
use metrify_application::{Error, Kind, Result};
use metrify_domain::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

pub(crate) mod certificates;
pub mod deliveries;
pub mod entries;
pub(crate) mod grants;
pub mod jobs;
pub mod logins;
pub mod master;
pub(crate) mod operators;
pub mod people;
pub mod rejects;
mod replay;
pub(crate) mod stations;

pub use metrify_application::moment;
pub use replay::{ChangeBody, ChangesBody, DeliveryReplay, ReadingBody, Replay, Replayed};

/// The instants from and until which something is asked for, of two parameters.
///
/// # Errors
/// Where one is no time, or the end comes before the start.
pub fn span(start: Option<&str>, end: Option<&str>) -> Result<(Option<Timestamp>, Option<Timestamp>)> {
    let (from, until) = (start.map(moment).transpose()?, end.map(moment).transpose()?);
    if from.zip(until).is_some_and(|(from, until)| until < from) {
        let error = Error::new(Kind::Invalid, "read the parameters start and end: the end comes before the start");
        return Err(error.hint("the end is excluded: a day ends where the next one starts"));
    }
    Ok((from, until))
}

/// How a delivery is sent: the query of `POST /api/v1/deliveries`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DeliveryParameters {
    /// Where it came from, for people.
    pub source: Option<String>,
    pub format: Option<String>,
    pub timezone: Option<String>,
    pub area: Option<String>,
    pub point: Option<String>,
    pub quantity: Option<String>,
    #[serde(default)]
    pub swap_tariffs: bool,
    /// Receive it again although it was received before: its receipt counts what is known by then as duplicates.
    #[serde(default)]
    pub again: bool,
}

impl DeliveryParameters {
    /// The delivery of some bytes; `source` stands for the one that is not named.
    ///
    /// # Errors
    /// Where a parameter means nothing.
    pub fn delivery(&self, source: &str, content: Content) -> Result<Delivery> {
        Ok(Delivery {
            source: self.source.clone().unwrap_or_else(|| source.to_owned()),
            content,
            format: meaning(self.format.as_deref())?,
            hints: Hints {
                zone: meaning(self.timezone.as_deref())?,
                area: meaning(self.area.as_deref())?,
                point: meaning(self.point.as_deref())?,
                quantity: meaning(self.quantity.as_deref())?,
                swap_tariffs: self.swap_tariffs,
            },
        })
    }
}

/// A parameter that was given has to mean something.
fn meaning<T>(text: Option<&str>) -> Result<Option<T>>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let invalid = |error| Error::new(Kind::Invalid, "read the parameters").because(error);
    text.map(|text| text.parse().map_err(invalid)).transpose()
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ReceiptBody {
    pub source: String,
    pub format: String,
    pub received: u64,
    pub stored: u64,
    pub duplicates: u64,
    pub corrections: u64,
    pub rejected: u64,
    pub problems: Vec<ReceiptProblemBody>,
    pub problems_total: u64,
    pub findings: u64,
    pub delivery: String,
    /// The receipts of what the delivery was packed in; the counts above are their sums.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    pub members: Vec<Self>,
}

impl ReceiptBody {
    /// One receipt stands for itself, those of a container are its members.
    #[must_use]
    pub fn of(source: &str, receipts: Vec<Receipt>) -> Self {
        let mut members: Vec<Self> = receipts.into_iter().map(Self::from).collect();
        if members.len() == 1 {
            return members.remove(0);
        }
        let sum = |count: fn(&Self) -> u64| members.iter().map(count).sum();
        Self {
            source: source.to_owned(),
            format: "container".to_owned(),
            received: sum(|receipt| receipt.received),
            stored: sum(|receipt| receipt.stored),
            duplicates: sum(|receipt| receipt.duplicates),
            corrections: sum(|receipt| receipt.corrections),
            rejected: sum(|receipt| receipt.rejected),
            problems: Vec::new(),
            problems_total: sum(|receipt| receipt.problems_total),
            findings: sum(|receipt| receipt.findings),
            delivery: String::new(),
            members,
        }
    }

    /// The receipts that it stands for.
    #[must_use]
    pub fn each(self) -> Vec<Self> {
        if self.members.is_empty() { vec![self] } else { self.members }
    }
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ReceiptProblemBody {
    pub position: String,
    pub reason: String,
}

impl From<Receipt> for ReceiptBody {
    fn from(receipt: Receipt) -> Self {
        let problems = receipt.problems.into_iter();
        Self {
            source: receipt.source,
            format: receipt.format,
            received: receipt.counts.received,
            stored: receipt.counts.stored,
            duplicates: receipt.counts.duplicates,
            corrections: receipt.counts.corrections,
            rejected: receipt.counts.rejected,
            problems: problems
                .map(|problem| ReceiptProblemBody { position: problem.position, reason: problem.reason })
                .collect(),
            problems_total: receipt.problems_total,
            findings: receipt.findings,
            delivery: receipt.delivery.as_str().to_owned(),
            members: Vec::new(),
        }
    }
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SqlRequest {
    pub query: String,
    /// Every table is told as it was known then, a day, local, as its beginning, or an instant; those of the schema `system` are of now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_known_at: Option<String>,
}

impl SqlRequest {
    /// Of what is known by now.
    pub fn of(query: impl Into<String>) -> Self {
        Self { query: query.into(), as_known_at: None }
    }

    /// # Errors
    /// Where its time means nothing.
    pub fn query(&self) -> Result<Query<'_>> {
        asked(&self.query, self.as_known_at.as_deref())
    }
}

fn asked<'q>(sql: &'q str, as_known_at: Option<&str>) -> Result<Query<'q>> {
    Ok(Query { sql, known_at: as_known_at.map(moment).transpose()? })
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportRequest {
    pub query: String,
    /// `ndjson`, `csv`, `parquet` or `arrow`.
    pub format: String,
    /// As of a query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_known_at: Option<String>,
}

impl ExportRequest {
    /// # Errors
    /// Where its time means nothing.
    pub fn query(&self) -> Result<Query<'_>> {
        asked(&self.query, self.as_known_at.as_deref())
    }
}

/// The name of a file format for answers.
#[must_use]
pub fn export_format(name: &str) -> Option<ExportFormat> {
    match name {
        "ndjson" => Some(ExportFormat::Ndjson),
        "csv" => Some(ExportFormat::Csv),
        "parquet" => Some(ExportFormat::Parquet),
        "arrow" => Some(ExportFormat::Arrow),
        _ => None,
    }
}

/// A page of an answer: one line of NDJSON. Numbers are written with all their digits.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    pub columns: Vec<String>,
    #[schema(value_type = Vec<Vec<serde_json::Value>>)]
    pub rows: Vec<Vec<Box<RawValue>>>,
}

impl Answer {
    /// Appends a page as its JSON, cell by cell: answers have many of them.
    ///
    /// # Errors
    /// Where a text cannot be written as JSON.
    pub fn write(page: &Page, into: &mut Vec<u8>) -> serde_json::Result<()> {
        into.reserve(2 * page.rows.weight());
        into.extend_from_slice(b"{\"columns\":");
        serde_json::to_writer(&mut *into, &page.columns)?;
        into.extend_from_slice(b",\"rows\":[");
        for (number, row) in page.rows.iter().enumerate() {
            into.extend_from_slice(if number == 0 { "[" } else { ",[" }.as_bytes());
            for (number, cell) in row.cells().enumerate() {
                if number > 0 {
                    into.push(b',');
                }
                Self::write_cell(cell, into)?;
            }
            into.push(b']');
        }
        into.extend_from_slice(b"]}");
        Ok(())
    }

    /// Appends a cell as JSON: a number with all its digits.
    ///
    /// # Errors
    /// Where a text cannot be written as JSON.
    pub fn write_cell(cell: Cell<&str>, into: &mut Vec<u8>) -> serde_json::Result<()> {
        match cell {
            Cell::Null => into.extend_from_slice(b"null"),
            Cell::Bool(truth) => into.extend_from_slice(if truth { "true" } else { "false" }.as_bytes()),
            Cell::Number(number) => into.extend_from_slice(number.as_bytes()),
            Cell::Text(text) if is_plain(text) => {
                into.push(b'"');
                into.extend_from_slice(text.as_bytes());
                into.push(b'"');
            }
            Cell::Text(text) => serde_json::to_writer(into, text)?,
        }
        Ok(())
    }

    /// # Errors
    /// Where a cell is neither null, a truth, a number nor a text.
    pub fn page(&self) -> serde_json::Result<Page> {
        let mut rows = Rows::of(self.columns.len(), self.rows.len());
        for row in &self.rows {
            if row.len() != self.columns.len() {
                return Err(serde_json::Error::custom("a row has not as many cells as there are columns"));
            }
            for cell in row {
                rows.push(parsed(cell)?.as_str());
            }
        }
        Ok(Page { columns: self.columns.clone(), rows })
    }
}

/// Whether a text stands in JSON as it is. Every byte is looked at, which goes many at a time.
fn is_plain(text: &str) -> bool {
    text.bytes().fold(true, |plain, byte| plain & (byte >= b' ') & (byte != b'"') & (byte != b'\\'))
}

fn parsed(raw: &RawValue) -> serde_json::Result<Cell> {
    Ok(match raw.get() {
        "null" => Cell::Null,
        "true" => Cell::Bool(true),
        "false" => Cell::Bool(false),
        text if text.starts_with('"') => Cell::Text(serde_json::from_str(text)?),
        number => Cell::Number(number.to_owned()),
    })
}

/// Points to vouch for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Point {
    pub points: Vec<String>,
}

/// How many of them nobody had vouched for before.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Confirmed {
    pub confirmed: u64,
}
