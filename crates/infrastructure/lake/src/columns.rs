//! Reads and writes deliveries in columns: Parquet and Arrow files with the columns of `readings`.
//!
//! Rows in our own types that say all of a reading are taken as they are ([`direct`]). Every other becomes the line of NDJSON that
//! says the same, so that columns and lines have one meaning, the same defaults and the same refusals, and what is refused can be
//! read again as a line. Decimals keep all their digits on the way; a floating-point number is taken for the shortest decimal
//! that names it, and a finding says so.

mod direct;
mod guard;
mod ipc;
mod pages;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchReader};
use arrow::datatypes::{DataType, Schema};
use arrow::ipc::writer::FileWriter;
use arrow::json::LineDelimitedWriter;
use metrify_application::ports::{Columns, ExportFormat};
use metrify_application::{Error, Kind, Result, io};
use metrify_domain::batch::BATCH_ROWS_MAX;
use metrify_domain::{Batch, Finding, Severity};
use metrify_formats::{Decoded, Decoder, Format, Options, Output, Problem};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use self::guard::{Budget, Readout, caught};
use crate::rows::{statements_batch, statements_schema};
use crate::write::data_file_properties;

/// Rows that are read at once.
const ROWS: usize = BATCH_ROWS_MAX;
/// What a row counts for among the bytes that a file unpacks to, beside the line that it becomes: one column can have a billion
/// of them in a few bytes.
const ROW_BYTES: usize = 16;

/// Parquet and Arrow files.
pub struct ColumnFiles;

impl Columns for ColumnFiles {
    fn decode(
        &self,
        format: Format,
        file: &Path,
        options: &Options,
        sink: &mut dyn FnMut(Decoded) -> ControlFlow<()>,
    ) -> Result<()> {
        let step = || format!("read `{}`", file.display());
        let opened = File::open(file).map_err(|error| io(step(), error))?;
        let budget = Budget::of(opened.metadata().map_err(|error| io(step(), error))?.len());
        let decoder = Decoder::new(Format::Ndjson, options);
        let mut decoder = decoder.ok_or_else(|| Error::new(Kind::Internal, step()))?;
        let mut out = Output::new(sink);
        let mut lines = Lines { decoder: &mut decoder, out: &mut out, budget, passed: 0 };
        let read = caught(|| open(format, opened)).and_then(|(schema, batches)| {
            note_floats(&schema, lines.out);
            feed(batches, direct::fits(&schema), &mut lines)
        });
        if let Err(error) = read {
            out.problem(unreadable(&error.to_string()));
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

fn open(format: Format, file: File) -> Readout<(Schema, Batches)> {
    let mut budget = Budget::of(file.metadata()?.len());
    if format == Format::Parquet {
        return parquet(file, &mut budget);
    }
    let (schema, batches) = ipc::open(file, budget)?;
    Ok((schema, Box::new(batches)))
}

fn parquet(file: File, budget: &mut Budget) -> Readout<(Schema, Batches)> {
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?;
    pages::check(&file, metadata.metadata(), budget)?;
    let metadata = with_dictionaries(&metadata).unwrap_or(metadata);
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata).with_batch_size(ROWS).build()?;
    Ok((reader.schema().as_ref().clone(), Box::new(reader)))
}

/// As the file has them, but texts as numbers of the distinct ones: one that stands in the file once and is told of every row is
/// not written out for every row.
fn with_dictionaries(metadata: &ArrowReaderMetadata) -> Option<ArrowReaderMetadata> {
    let numbered = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let fields = metadata.schema().fields().iter().map(|field| match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            Arc::new(field.as_ref().clone().with_data_type(numbered.clone()))
        }
        _ => field.clone(),
    });
    let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields.collect::<Vec<_>>())));
    ArrowReaderMetadata::try_new(metadata.metadata().clone(), options).ok()
}

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
        self.budget.take((rows.num_rows() * ROW_BYTES) as u64)?;
        if let Some(readings) = Some(rows).filter(|_| fits).and_then(direct::batch) {
            self.passed += rows.num_rows();
            self.out.batch(readings);
            return Ok(());
        }
        let passed = vec![b'\n'; std::mem::take(&mut self.passed)];
        self.decoder.push(&passed, self.out);
        write_lines(rows, self)
    }
}

impl Write for Lines<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.budget.take(bytes.len() as u64).map_err(std::io::Error::other)?;
        self.decoder.push(bytes, self.out);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn write_lines(rows: &RecordBatch, to: impl Write) -> Readout<()> {
    let mut writer = LineDelimitedWriter::new(to);
    writer.write(rows)?;
    writer.finish()
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
