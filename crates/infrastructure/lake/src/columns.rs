//! Reads and writes deliveries in columns: Parquet and Arrow files with the columns of `readings`.
//!
//! Rows in our own types that say all of a reading are taken as they are ([`direct`]). Every other becomes the line of NDJSON that
//! says the same, so that columns and lines have one meaning, the same defaults and the same refusals, and what is refused can be
//! read again as a line. Decimals keep all their digits on the way; a floating-point number is taken for the shortest decimal
//! that names it, and a finding says so.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use arrow::ipc::reader::{FileReader, StreamReader};
use arrow::ipc::writer::FileWriter;
use arrow::json::LineDelimitedWriter;
use metrify_application::ports::{Columns, ExportFormat};
use metrify_application::{Error, Kind, Result, io};
use metrify_domain::batch::BATCH_ROWS_MAX;
use metrify_domain::{Batch, Finding, Severity};
use metrify_formats::{Decoded, Decoder, Format, Options, Output, Problem};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::direct;
use crate::rows::{statements_batch, statements_schema};
use crate::write::data_file_properties;

/// Rows that are read at once.
const ROWS: usize = BATCH_ROWS_MAX;
/// The Arrow file format opens with this; the stream format does not.
const ARROW_FILE: &[u8] = b"ARROW1";

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
        let lines = Decoder::new(Format::Ndjson, options);
        let mut lines = lines.ok_or_else(|| Error::new(Kind::Internal, step()))?;
        let mut out = Output::new(sink);
        let batches = match format {
            Format::Parquet => parquet(opened),
            _ => arrow_file(opened).map_err(|error| io(step(), error))?,
        };
        match batches {
            Ok((schema, batches)) => {
                note_floats(&schema, &mut out);
                feed(batches, direct::fits(&schema), &mut lines, &mut out);
            }
            Err(reason) => out.problem(unreadable(&reason)),
        }
        lines.finish(&mut out);
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

type Batches = Box<dyn Iterator<Item = std::result::Result<RecordBatch, ArrowError>>>;
type Opened = std::result::Result<(Schema, Batches), String>;

fn parquet(file: File) -> Opened {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| error.to_string())?;
    let schema = builder.schema().as_ref().clone();
    let reader = builder.with_batch_size(ROWS).build().map_err(|error| error.to_string())?;
    Ok((schema, Box::new(reader)))
}

fn arrow_file(mut file: File) -> std::io::Result<Opened> {
    let mut head = [0; ARROW_FILE.len()];
    let read = file.read(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    let file = BufReader::new(file);
    let opened: std::result::Result<(Schema, Batches), ArrowError> = if &head[..read] == ARROW_FILE {
        FileReader::try_new(file, None).map(|reader| (reader.schema().as_ref().clone(), Box::new(reader) as Batches))
    } else {
        StreamReader::try_new(file, None).map(|reader| (reader.schema().as_ref().clone(), Box::new(reader) as Batches))
    };
    Ok(opened.map_err(|error| error.to_string()))
}

/// What is damaged ends the reading; the rows before it have been read.
fn feed(batches: Batches, fits: bool, lines: &mut Decoder, out: &mut Output<'_>) {
    // Rows that went by without becoming lines: positions count them all the same.
    let mut passed = 0;
    for batch in batches {
        let batch = match batch {
            Ok(batch) => batch,
            Err(error) => return out.problem(unreadable(&error.to_string())),
        };
        for start in (0..batch.num_rows()).step_by(ROWS) {
            let rows = batch.slice(start, ROWS.min(batch.num_rows() - start));
            match Some(&rows).filter(|_| fits).and_then(direct::batch) {
                Some(readings) => {
                    passed += rows.num_rows();
                    out.batch(readings);
                }
                None => match as_lines(&rows) {
                    Ok(bytes) => {
                        lines.push(&vec![b'\n'; std::mem::take(&mut passed)], out);
                        lines.push(&bytes, out);
                    }
                    Err(error) => return out.problem(unreadable(&error.to_string())),
                },
            }
            if out.is_stopped() {
                return;
            }
        }
    }
}

pub(crate) fn as_lines(rows: &RecordBatch) -> std::result::Result<Vec<u8>, ArrowError> {
    let mut writer = LineDelimitedWriter::new(Vec::new());
    writer.write(rows)?;
    writer.finish()?;
    Ok(writer.into_inner())
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
