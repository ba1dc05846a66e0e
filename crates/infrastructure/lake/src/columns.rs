//! Reads and writes deliveries in columns: Parquet and Arrow files with the columns of `readings`.
//!
//! Rows in our own types that say all of a reading are taken as they are ([`direct`]). Every other becomes the line of NDJSON that
//! says the same, so that columns and lines have one meaning, the same defaults and the same refusals, and what is refused can be
//! read again as a line. Decimals keep all their digits on the way; a floating-point number is taken for the shortest decimal
//! that names it, and a finding says so.

mod delta;
mod direct;
mod groups;
mod guard;
mod ipc;
mod pages;

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
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

use self::guard::{Budget, Readout, caught};
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
        let mut lines = Lines { decoder: &mut decoder, out: &mut out, budget: Budget::of(size), passed: 0 };
        let opened = caught(|| match format {
            Format::Parquet => groups::open(content, size),
            _ => ipc::open(file, size).map(|(schema, batches)| (schema, Box::new(batches) as Batches)),
        });
        let read = opened.and_then(|(schema, batches)| {
            note_floats(&schema, lines.out);
            feed(batches, direct::fits(&schema), &mut lines)
        });
        if let Err(error) = read {
            out.problem(unreadable(&told(&error)));
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

type Batches = Box<dyn Iterator<Item = Readout<RecordBatch>>>;

/// What is damaged ends the reading; the rows before it have been read.
fn feed(mut batches: Batches, fits: bool, lines: &mut Lines<'_, '_>) -> Readout<()> {
    while let Some(batch) = caught(|| batches.next().transpose())? {
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
}

impl Lines<'_, '_> {
    fn rows(&mut self, rows: &RecordBatch, fits: bool) -> Readout<()> {
        self.budget.rows(rows.num_rows() as u64)?;
        if fits && let Some(readings) = caught(|| Ok(direct::batch(rows)))? {
            self.passed += rows.num_rows();
            self.out.batch(readings);
            return Ok(());
        }
        let passed = vec![b'\n'; std::mem::take(&mut self.passed)];
        self.decoder.push(&passed, self.out);
        for start in (0..rows.num_rows()).step_by(LINES) {
            let lines = caught(|| as_lines(&rows.slice(start, LINES.min(rows.num_rows() - start))))?;
            self.budget.unpack(lines.len() as u64)?;
            self.decoder.push(&lines, self.out);
            self.budget.bears(self.out.problems())?;
        }
        Ok(())
    }
}

fn as_lines(rows: &RecordBatch) -> Readout<Vec<u8>> {
    let mut writer = LineDelimitedWriter::new(Limited(Vec::new()));
    writer.write(rows)?;
    writer.finish()?;
    Ok(writer.into_inner().0)
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

/// An error without the words for its kind, which say nothing to who sent the file.
fn told(error: &ArrowError) -> String {
    match error {
        ArrowError::ParseError(reason) => reason.clone(),
        ArrowError::IoError(_, error) => error.to_string(),
        error => error.to_string(),
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

fn unreadable(reason: &str) -> Problem {
    Problem {
        position: String::new(),
        reason: format!("the file cannot be read further: {reason}"),
        readings: 1,
        prelude: Vec::new(),
        bytes: Vec::new(),
    }
}
