//! Reads and writes deliveries in columns: Parquet and Arrow files with the columns of `readings`.
//!
//! Rows in our own types that say all of a reading are taken as they are ([`direct`]). Every other becomes the line of NDJSON that
//! says the same, so that columns and lines have one meaning, the same defaults and the same refusals, and what is refused can be
//! read again as a line. Decimals keep all their digits on the way; a floating-point number is taken for the shortest decimal
//! that names it, and a finding says so.

mod direct;
mod groups;
mod guard;
mod ipc;
mod lengths;
mod ours;
mod pages;
mod thrift;

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use arrow::ipc::writer::FileWriter;
use arrow::json::LineDelimitedWriter;
use metrify_application::ingest::Content;
use metrify_application::ports::{Columns, ExportFormat};
use metrify_application::{Error, Kind, Result, io};
use metrify_domain::batch::BATCH_ROWS_MAX;
use metrify_domain::{Batch, Finding, Severity};
use metrify_formats::{Decoded, Decoder, Format, Options, Output, Problem};
use parquet::arrow::ArrowWriter;

use self::guard::{Budget, Readout, caught, reason};
use crate::rows::{statements_batch, statements_schema};
use crate::write::data_file_properties;

/// Rows that are read at once.
const ROWS: usize = BATCH_ROWS_MAX;

/// Rows that become lines at once, and bytes of those lines at most.
const LINES: usize = 256;
const LINES_BYTES_MAX: usize = 16 << 20;

/// Parquet and Arrow files.
pub struct ColumnFiles;

impl Columns for ColumnFiles {
    fn decode(
        &self,
        format: Format,
        content: &Content,
        options: &Options,
        sink: &mut dyn FnMut(Decoded) -> ControlFlow<()>,
    ) -> Result<()> {
        let decoder = Decoder::new(Format::Ndjson, options);
        let mut decoder = decoder.ok_or_else(|| Error::new(Kind::Internal, content.step()))?;
        let size = content.open()?.seek(SeekFrom::End(0)).map_err(|error| io(content.step(), error))?;
        let file = content.open()?;
        let mut out = Output::new(sink);
        let opened = caught(|| match format {
            Format::Parquet => groups::open(content, size, &mut out),
            _ => ipc::open(file, size, &mut out),
        });
        let mut left = None;
        let read = opened.and_then(|table| {
            note_floats(&table.schema, &mut out);
            left = table.rows;
            let (decoder, out, left) = (&mut decoder, &mut out, &mut left);
            feed(table, &mut Lines { decoder, out, budget: Budget::of(size), passed: 0, left })
        });
        if let Err(error) = read {
            out.problem(unreadable(&reason(&theirs(error, content)?), left));
        }
        decoder.finish(&mut out);
        Ok(())
    }

    fn encode(&self, format: ExportFormat, file: &Path, batches: &mut dyn Iterator<Item = Batch>) -> Result<()> {
        let step = || format!("write `{}`", file.display());
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
            Error::new(Kind::Unavailable, step())
                .because(error)
                .hint("check that the disk has space and can be written")
        };
        let out = BufWriter::new(File::create(file).map_err(|error| io(step(), error))?);
        let batches = batches.map(|batch| statements_batch(&batch));
        let out = match format {
            ExportFormat::Parquet => write_parquet(out, batches),
            ExportFormat::Arrow => write_arrow(out, batches),
            ExportFormat::Ndjson | ExportFormat::Csv => {
                return Err(Error::new(Kind::Internal, format!("{}: the format has no columns", step())));
            }
        };
        let file = out.map_err(failed)?.into_inner().map_err(|error| io(step(), error.into_error()))?;
        file.sync_all().map_err(|error| io(step(), error))
    }
}

type Written = std::result::Result<BufWriter<File>, Box<dyn std::error::Error + Send + Sync>>;

fn write_parquet(out: BufWriter<File>, batches: impl Iterator<Item = Result<RecordBatch>>) -> Written {
    let mut writer = ArrowWriter::try_new(out, statements_schema(), Some(data_file_properties().build()))?;
    for batch in batches {
        writer.write(&batch?)?;
    }
    Ok(writer.into_inner()?)
}

fn write_arrow(out: BufWriter<File>, batches: impl Iterator<Item = Result<RecordBatch>>) -> Written {
    let mut writer = FileWriter::try_new(out, &statements_schema())?;
    for batch in batches {
        writer.write(&batch?)?;
    }
    writer.finish()?;
    Ok(writer.into_inner()?)
}

/// Reads the next batch; `None` at the end.
type Batches = Box<dyn FnMut() -> Readout<Option<RecordBatch>>>;

/// What was opened.
struct Table {
    /// The columns that are read.
    schema: Schema,
    /// How many rows there are, where it is told.
    rows: Option<u64>,
    batches: Batches,
}

/// What is damaged ends the reading; the rows before it have been read.
fn feed(table: Table, lines: &mut Lines<'_, '_>) -> Readout<()> {
    let (fits, mut batches) = (direct::fits(&table.schema), table.batches);
    while let Some(batch) = caught(&mut batches)? {
        ours::check_texts(&batch)?;
        for start in (0..batch.num_rows()).step_by(ROWS) {
            lines.rows(&batch.slice(start, ROWS.min(batch.num_rows() - start)), fits)?;
            if lines.out.is_stopped() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Takes rows: as they are, or as the lines that say the same.
struct Lines<'a, 's> {
    decoder: &'a mut Decoder,
    out: &'a mut Output<'s>,
    budget: Budget,
    /// Rows that went by without becoming lines: positions count them all the same.
    passed: usize,
    /// Rows that are still to come, where their number is told.
    left: &'a mut Option<u64>,
}

impl Lines<'_, '_> {
    fn rows(&mut self, rows: &RecordBatch, fits: bool) -> Readout<()> {
        // All texts of a dictionary are looked at, whichever of them the rows have.
        let dictionaries = rows.columns().iter().filter_map(|column| column.as_any_dictionary_opt());
        let texts: usize = dictionaries.map(|dictionary| dictionary.values().len()).sum();
        self.budget.rows((rows.num_rows() + texts) as u64)?;
        if fits && let Some(readings) = direct::batch(rows)? {
            self.passed += rows.num_rows();
            self.taken(rows.num_rows());
            self.out.batch(readings);
            return Ok(());
        }
        while self.passed > 0 {
            let passed = self.passed.min(ROWS);
            self.decoder.push(&vec![b'\n'; passed], self.out);
            self.passed -= passed;
        }
        for start in (0..rows.num_rows()).step_by(LINES) {
            let rows = rows.slice(start, LINES.min(rows.num_rows() - start));
            self.decoder.push(&caught(|| as_lines(&rows))?, self.out);
            self.taken(rows.num_rows());
            self.budget.bears(self.out.problems())?;
        }
        Ok(())
    }

    fn taken(&mut self, rows: usize) {
        *self.left = self.left.map(|left| left.saturating_sub(rows as u64));
    }
}

fn as_lines(rows: &RecordBatch) -> Readout<Vec<u8>> {
    let mut writer = LineDelimitedWriter::new(Limited(Vec::new()));
    writer.write(&plain(rows)?)?;
    writer.finish()?;
    Ok(writer.into_inner().0)
}

/// Rows without dictionaries. A row whose text is a null of its dictionary has none, which writers of JSON overlook.
fn plain(rows: &RecordBatch) -> Readout<RecordBatch> {
    let columns = rows.columns().iter().map(|column| match column.data_type() {
        DataType::Dictionary(_, text) => cast(column, text),
        _ => Ok(column.clone()),
    });
    let columns = columns.collect::<Readout<Vec<_>>>()?;
    let schema = rows.schema();
    let fields = schema.fields().iter().zip(&columns).map(|(field, column)| {
        Field::new(field.name(), column.data_type().clone(), true).with_metadata(field.metadata().clone())
    });
    let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields.collect::<Vec<_>>())), columns, &options)
}

/// Bytes that do not grow beyond all bounds: a text that stands in a file once may be told of every row.
struct Limited(Vec<u8>);

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > LINES_BYTES_MAX {
            return Err(std::io::Error::other("its rows are longer than any reading"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// An error that is in the file, and not in what it lies on: nobody's readings are refused for a disk of ours.
fn theirs(error: ArrowError, content: &Content) -> Result<ArrowError> {
    match error {
        ArrowError::ExternalError(error) => match error.downcast::<Error>() {
            Ok(error) => Err(*error),
            Err(error) => Ok(ArrowError::ExternalError(error)),
        },
        ArrowError::IoError(_, error) if error.raw_os_error().is_some() => Err(io(content.step(), error)),
        error => Ok(error),
    }
}

fn note_floats(schema: &Schema, out: &mut Output<'_>) {
    let floats = schema.fields().iter().filter(|field| field.data_type().is_floating());
    for field in floats {
        out.finding(Finding {
            rule: "binary_float".into(),
            severity: Severity::Note,
            channel: None,
            period: None,
            position: String::new(),
            reason: format!(
                "column {} holds floating-point numbers: each is taken for the shortest decimal that names it",
                field.name()
            ),
        });
    }
}

/// The rows that were not read are lost with it: `left`, or one at least.
fn unreadable(reason: &str, left: Option<u64>) -> Problem {
    Problem {
        position: String::new(),
        reason: format!("the file cannot be read further: {reason}"),
        readings: left.unwrap_or(1).max(1),
        prelude: Vec::new(),
        bytes: Vec::new(),
    }
}
