//! Answers as files.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::{RecordBatch, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::dataframe::DataFrame;
use futures::StreamExt;
use metrify_application::ports::{Cell, ExportFormat, Page, Row, Rows, Written, csv_line};
use metrify_application::{Error, Kind, Result, io};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::bounds;
use crate::{failed, page};

/// Whoever asks for an answer has no use for the place that it is made in.
const STEP: &str = "write the answer to a file";

/// Writes all rows. An answer that fails midway, or has more than so many bytes, leaves no file.
pub(crate) async fn write(frame: DataFrame, format: ExportFormat, file: &Path, bytes_max: u64) -> Result<Written> {
    let part = file.with_extension("part");
    let result = write_part(frame, format, &part, bytes_max).await;
    if result.is_err() {
        std::fs::remove_file(&part).map_err(|error| io(STEP, error))?;
        return result;
    }
    std::fs::rename(&part, file).map_err(|error| io(STEP, error))?;
    result
}

async fn write_part(frame: DataFrame, format: ExportFormat, file: &Path, bytes_max: u64) -> Result<Written> {
    let over = Arc::<AtomicBool>::default();
    let file = File::create(file).map_err(|error| io(STEP, error))?;
    let out = BufWriter::new(Bounded { file, bytes_left: bytes_max, over: over.clone() });
    let schema = plain(frame.schema().inner());
    let unwritten = |error| {
        if over.load(Ordering::Relaxed) { too_long(bytes_max) } else { unwritable(format, &schema, error) }
    };
    let mut writer = Writer::new(format, out, schema.clone()).map_err(unwritten)?;
    let mut batches = bounds::stream(frame).await.map_err(|error| failed("answer the query", error))?;
    let (mut rows, mut last) = (0, None);
    while let Some(batch) = batches.next().await {
        let batch = batch.map_err(|error| failed("answer the query", error))?;
        rows += batch.num_rows() as u64;
        let columns =
            batch.columns().iter().zip(schema.fields()).map(|(column, field)| cast(column, field.data_type()));
        let batch = columns.collect::<Result<_, _>>().and_then(|columns| RecordBatch::try_new(schema.clone(), columns));
        let batch = batch.map_err(|error| failed("answer the query", error.into()))?;
        writer.write(&batch).map_err(unwritten)?;
        last = batch.num_rows().checked_sub(1).map(|row| batch.slice(row, 1)).or(last);
    }
    let out = writer.finish().map_err(unwritten)?.into_inner().map_err(|error| unwritten(error.into_error().into()))?;
    out.file.sync_all().map_err(|error| io(STEP, error))?;
    let columns = schema.fields().iter().map(|field| field.name().clone()).collect();
    let last = Page { columns, rows: last.as_ref().map_or(Ok(Rows::default()), page::rows)? };
    Ok(Written { rows, last })
}

/// Texts as others take them: views of them are new to many programs.
fn plain(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Utf8View => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8)),
        _ => field.clone(),
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Writers tell by their words alone whether it was the disk, or a type that the format has not.
fn unwritable(format: ExportFormat, schema: &SchemaRef, error: Failure) -> Error {
    let Some(field) = schema.fields().iter().find(|field| !has_type(format, field)) else {
        return Error::new(Kind::Unavailable, STEP)
            .because(error)
            .hint("check that the disk has space and can be written");
    };
    let (name, kind, format) = (field.name(), field.data_type(), named(format));
    let error = Error::new(Kind::Invalid, format!("write the answer as {format}: it has no type for `{name}`, {kind}"));
    error.hint(format!("cast the column, such as to text: cast({name} as varchar), or ask for another format"))
}

const fn named(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Ndjson => "NDJSON",
        ExportFormat::Csv => "CSV",
        ExportFormat::Parquet => "Parquet",
        ExportFormat::Arrow => "Arrow",
    }
}

/// Whether a file of this format holds such a column: one that is nothing but null is tried.
fn has_type(format: ExportFormat, field: &Field) -> bool {
    let schema = Arc::new(Schema::new(vec![field.clone().with_nullable(true)]));
    let nothing = new_null_array(field.data_type(), 1);
    let written = RecordBatch::try_new(schema.clone(), vec![nothing]).map_err(Failure::from).and_then(|batch| {
        let mut writer = Writer::new(format, Vec::new(), schema)?;
        writer.write(&batch)?;
        writer.finish()
    });
    written.is_ok()
}

fn too_long(bytes_max: u64) -> Error {
    let error = Error::new(Kind::Invalid, format!("write the answer to a file: it has more than {bytes_max} bytes"));
    error.hint("ask for it in parts, such as a month at a time, or raise query.export_mb")
}

/// A file that takes so many bytes.
struct Bounded {
    file: File,
    bytes_left: u64,
    /// Told beside the error, since writers wrap errors as they like.
    over: Arc<AtomicBool>,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let Some(left) = self.bytes_left.checked_sub(bytes.len() as u64) else {
            self.over.store(true, Ordering::Relaxed);
            return Err(std::io::Error::from(std::io::ErrorKind::FileTooLarge));
        };
        let written = self.file.write(bytes)?;
        self.bytes_left = left + (bytes.len() - written) as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

enum Writer<W: Write + Send> {
    Ndjson(W, SchemaRef),
    Csv(W),
    Parquet(Box<ArrowWriter<W>>),
    Arrow(Box<arrow::ipc::writer::FileWriter<W>>),
}

impl<W: Write + Send> Writer<W> {
    fn new(format: ExportFormat, mut out: W, schema: SchemaRef) -> Result<Self, Failure> {
        Ok(match format {
            ExportFormat::Ndjson => Self::Ndjson(out, schema),
            ExportFormat::Csv => {
                csv_line(&mut out, schema.fields().iter().map(|field| Cell::Text(field.name().as_str())))?;
                Self::Csv(out)
            }
            ExportFormat::Parquet => {
                let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default()));
                Self::Parquet(Box::new(ArrowWriter::try_new(out, schema, Some(properties.build()))?))
            }
            ExportFormat::Arrow => Self::Arrow(Box::new(arrow::ipc::writer::FileWriter::try_new(out, &schema)?)),
        })
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        match self {
            Self::Parquet(writer) => writer.write(batch)?,
            Self::Arrow(writer) => writer.write(batch)?,
            Self::Csv(out) => {
                for row in page::rows(batch)?.iter() {
                    csv_line(out, row.cells())?;
                }
            }
            Self::Ndjson(out, schema) => {
                for row in page::rows(batch)?.iter() {
                    write_object(out, schema, row)?;
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<W, Failure> {
        Ok(match self {
            Self::Ndjson(out, _) | Self::Csv(out) => out,
            Self::Parquet(writer) => writer.into_inner()?,
            Self::Arrow(mut writer) => {
                writer.finish()?;
                writer.into_inner()?
            }
        })
    }
}

/// Values that are absent are left out: a missing key is what our own decoder takes for absent.
fn write_object(out: &mut impl Write, schema: &SchemaRef, row: Row<'_>) -> Result<(), Failure> {
    out.write_all(b"{")?;
    let mut first = true;
    for (field, cell) in schema.fields().iter().zip(row.cells()) {
        let value = match cell {
            Cell::Null => continue,
            Cell::Bool(truth) => truth.to_string(),
            Cell::Number(number) => number.to_owned(),
            Cell::Text(text) => serde_json::to_string(text)?,
        };
        let separator = if first { "" } else { "," };
        write!(out, "{separator}{}:{value}", serde_json::to_string(field.name())?)?;
        first = false;
    }
    out.write_all(b"}\n")?;
    Ok(())
}
