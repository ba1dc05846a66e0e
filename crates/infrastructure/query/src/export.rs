//! Answers as files.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::dataframe::DataFrame;
use futures::StreamExt;
use metrify_application::ports::{Cell, ExportFormat, Page, Written, csv_line};
use metrify_application::{Error, Kind, Result, io};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::bounds;
use crate::{failed, page};

/// Writes all rows. An answer that fails midway, or has more than so many bytes, leaves no file.
pub(crate) async fn write(frame: DataFrame, format: ExportFormat, file: &Path, bytes_max: u64) -> Result<Written> {
    let step = || format!("write `{}`", file.display());
    let part = file.with_extension("part");
    let result = write_part(frame, format, &part, bytes_max).await;
    if result.is_err() {
        std::fs::remove_file(&part).map_err(|error| io(step(), error))?;
        return result;
    }
    std::fs::rename(&part, file).map_err(|error| io(step(), error))?;
    result
}

async fn write_part(frame: DataFrame, format: ExportFormat, file: &Path, bytes_max: u64) -> Result<Written> {
    let step = || format!("write `{}`", file.display());
    let over = Arc::<AtomicBool>::default();
    let file = File::create(file).map_err(|error| io(step(), error))?;
    let out = BufWriter::new(Bounded { file, bytes_left: bytes_max, over: over.clone() });
    let unwritten = |error| if over.load(Ordering::Relaxed) { too_long(bytes_max) } else { wrapped(step(), error) };
    let schema = plain(frame.schema().inner());
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
    writer.finish().map_err(unwritten)?;
    let columns = schema.fields().iter().map(|field| field.name().clone()).collect();
    let last = Page { columns, rows: last.as_ref().map_or(Ok(Vec::new()), page::rows)? };
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

fn wrapped(step: String, error: Failure) -> Error {
    Error::new(Kind::Unavailable, step).because(error).hint("check that the disk has space and can be written")
}

fn too_long(bytes_max: u64) -> Error {
    let error = Error::new(Kind::Invalid, format!("write the answer to a file: it has more than {bytes_max} bytes"));
    error.hint("ask for it in parts, such as a month at a time, or raise query.export_mb")
}

type Out = BufWriter<Bounded>;

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

enum Writer {
    Ndjson(Out, SchemaRef),
    Csv(Out),
    Parquet(Box<ArrowWriter<Out>>),
    Arrow(Box<arrow::ipc::writer::FileWriter<Out>>),
}

impl Writer {
    fn new(format: ExportFormat, mut out: Out, schema: SchemaRef) -> Result<Self, Failure> {
        Ok(match format {
            ExportFormat::Ndjson => Self::Ndjson(out, schema),
            ExportFormat::Csv => {
                let names: Vec<Cell> = schema.fields().iter().map(|field| Cell::Text(field.name().clone())).collect();
                csv_line(&mut out, &names)?;
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
                for row in page::rows(batch)? {
                    csv_line(out, &row)?;
                }
            }
            Self::Ndjson(out, schema) => {
                for row in page::rows(batch)? {
                    write_object(out, schema, row)?;
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Failure> {
        let out = match self {
            Self::Ndjson(out, _) | Self::Csv(out) => out,
            Self::Parquet(writer) => writer.into_inner()?,
            Self::Arrow(mut writer) => {
                writer.finish()?;
                writer.into_inner()?
            }
        };
        let out = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        out.file.sync_all()?;
        Ok(())
    }
}

/// Values that are absent are left out: a missing key is what our own decoder takes for absent.
fn write_object(out: &mut Out, schema: &SchemaRef, row: Vec<Cell>) -> Result<(), Failure> {
    out.write_all(b"{")?;
    let mut first = true;
    for (field, cell) in schema.fields().iter().zip(row) {
        let value = match cell {
            Cell::Null => continue,
            Cell::Bool(truth) => truth.to_string(),
            Cell::Number(number) => number,
            Cell::Text(text) => serde_json::to_string(&text)?,
        };
        let separator = if first { "" } else { "," };
        write!(out, "{separator}{}:{value}", serde_json::to_string(field.name())?)?;
        first = false;
    }
    out.write_all(b"}\n")?;
    Ok(())
}
