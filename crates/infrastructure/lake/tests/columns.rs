//! Files in columns that are damaged, or that nobody wrote in good faith: what stands before the damage is read, the rest is
//! refused with a reason, and nothing is unpacked beyond its bounds.
#![allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, NullArray, RecordBatch, RecordBatchOptions, StringArray};
use arrow::datatypes::Schema;
use arrow::ipc::CompressionType;
use arrow::ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use metrify_application::ingest::Content;
use metrify_application::ports::{Columns, ExportFormat};
use metrify_domain::{
    Batch, BatchBuilder, Channel, Decimal, Document, IntervalAmount, Quality, Reading, Timestamp, Unit,
};
use metrify_formats::{Decoded, Format, Options};
use metrify_lake::ColumnFiles;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::WriterProperties;
use tempfile::NamedTempFile;

const HOUR: i64 = 3_600_000_000;
const READINGS: usize = 6;

/// Two batches of readings.
fn batches() -> [Batch; 2] {
    let mut hours = 0..READINGS as i64;
    [4, 2].map(|readings| {
        let mut builder = BatchBuilder::default();
        for hour in hours.by_ref().take(readings) {
            let point = format!("SM-{}", hour % 3);
            let channel =
                Channel { point: point.parse().expect("a point"), quantity: "1-0:1.29.0".parse().expect("a quantity") };
            let (start, end) = (Timestamp::from_micros(hour * HOUR), Timestamp::from_micros((hour + 1) * HOUR));
            let amount = IntervalAmount::new(start, end, Decimal::from(hour), Unit::literal("kWh")).expect("an hour");
            let reading = Reading { quality: Quality::Substitute, ..amount.into() };
            builder.push(&channel, &Document::default(), &reading);
        }
        builder.take()
    })
}

fn encoded(format: ExportFormat) -> Vec<u8> {
    let file = NamedTempFile::new().expect("a file");
    ColumnFiles.encode(format, file.path(), &mut batches().into_iter()).expect("readings in columns");
    std::fs::read(file.path()).expect("a file")
}

fn decoded(format: Format, bytes: &[u8]) -> Vec<Decoded> {
    let content = Content::Memory(bytes.to_vec().into());
    let mut pieces = Vec::new();
    let mut sink = |piece| {
        pieces.push(piece);
        ControlFlow::Continue(())
    };
    ColumnFiles.decode(format, &content, &Options::at(Timestamp::default()), &mut sink).expect("a file to read");
    pieces
}

fn readings(pieces: &[Decoded]) -> usize {
    pieces.iter().map(|piece| piece.batch.rows().len()).sum()
}

fn reasons(pieces: &[Decoded]) -> Vec<&str> {
    pieces.iter().flat_map(|piece| &piece.problems).map(|problem| problem.reason.as_str()).collect()
}

fn refused_with(format: Format, bytes: &[u8], reason: &str) -> usize {
    let pieces = decoded(format, bytes);
    let reasons = reasons(&pieces);
    assert!(reasons.iter().any(|given| given.contains(reason)), "{reason}: {:?}", reasons.last());
    readings(&pieces)
}

/// The same numbers in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

#[test]
fn what_was_cut_off_is_refused_and_what_stands_before_it_is_read() {
    for (written, format, kept) in
        [(ExportFormat::Arrow, Format::Arrow, true), (ExportFormat::Parquet, Format::Parquet, false)]
    {
        let bytes = encoded(written);
        let whole = decoded(format, &bytes);
        assert_eq!((readings(&whole), reasons(&whole)), (READINGS, Vec::new()));
        let mut most = 0;
        // What stands behind the last batch of an Arrow file tells only where the batches lie.
        let batches = if kept { end_of_batches(&bytes) } else { bytes.len() };
        for length in 0..batches {
            let pieces = decoded(format, &bytes[..length]);
            assert_eq!(reasons(&pieces).len(), 1, "{format} cut off at {length} of {}", bytes.len());
            most = most.max(readings(&pieces));
        }
        assert_eq!(most, if kept { READINGS } else { 0 }, "of {format}");
    }
}

/// Where the mark of the end of the batches of an Arrow file begins: it is the last of its kind.
fn end_of_batches(bytes: &[u8]) -> usize {
    let mark = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
    bytes.windows(mark.len()).rposition(|window| window == mark).expect("a mark") + mark.len()
}

#[test]
fn what_was_changed_never_ends_more_than_its_own_reading() {
    for (written, format) in [(ExportFormat::Arrow, Format::Arrow), (ExportFormat::Parquet, Format::Parquet)] {
        let bytes = encoded(written);
        let mut chance = Chance(1);
        let mut refused = 0;
        for _ in 0..3_000 {
            let mut copy = bytes.clone();
            for _ in 0..=chance.below(4) {
                let place = chance.below(copy.len());
                copy[place] ^= 1 << chance.below(8);
            }
            let pieces = decoded(format, &copy);
            refused += usize::from(!reasons(&pieces).is_empty());
            assert!(readings(&pieces) <= 1_000_000);
        }
        assert!(refused > 1_000, "only {refused} of 3000 changed files of {format} were refused");
    }
}

/// Hours of nothing in one column, as Arrow and as Parquet.
fn zeros(count: usize) -> RecordBatch {
    RecordBatch::try_from_iter([("value", Arc::new(Int64Array::from(vec![0; count])) as ArrayRef)]).expect("zeros")
}

#[test]
fn a_parquet_bomb_is_not_unpacked() {
    let zstd = Compression::ZSTD(ZstdLevel::default());
    let properties = WriterProperties::builder().set_compression(zstd).set_dictionary_enabled(false).build();
    let rows = zeros(4_000_000);
    let mut writer = ArrowWriter::try_new(Vec::new(), rows.schema(), Some(properties)).expect("a writer");
    writer.write(&rows).expect("zeros");
    let bytes = writer.into_inner().expect("a file");
    assert_eq!(refused_with(Format::Parquet, &bytes, "it is taken for a bomb"), 0, "{} bytes", bytes.len());
}

#[test]
fn an_arrow_bomb_is_not_unpacked() {
    let rows = zeros(4_000_000);
    let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::ZSTD)).expect("zstd");
    let mut writer =
        StreamWriter::try_new_with_options(Vec::new(), &rows.schema(), options).expect("a writer of streams");
    writer.write(&rows).expect("zeros");
    let bytes = writer.into_inner().expect("a stream");
    assert_eq!(refused_with(Format::Arrow, &bytes, "it is taken for a bomb"), 0, "{} bytes", bytes.len());
}

#[test]
fn rows_without_bytes_come_to_an_end() {
    let nothing = || [("point", Arc::new(NullArray::new(1 << 40)) as ArrayRef)];
    let rows = RecordBatch::try_from_iter(nothing()).expect("rows");
    let mut writer = FileWriter::try_new(Vec::new(), &rows.schema()).expect("a writer");
    writer.write(&rows).expect("rows");
    let bytes = writer.into_inner().expect("a file");
    assert_eq!(refused_with(Format::Arrow, &bytes, "it is taken for a bomb"), 0);

    // Without so much as a column.
    let options = RecordBatchOptions::new().with_row_count(Some(1 << 40));
    let rows = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options).expect("rows");
    let mut writer = FileWriter::try_new(Vec::new(), &rows.schema()).expect("a writer");
    writer.write(&rows).expect("rows");
    let bytes = writer.into_inner().expect("a file");
    assert_eq!(refused_with(Format::Arrow, &bytes, "it is taken for a bomb"), 0);
}

#[test]
fn one_text_told_of_every_row_is_not_written_out_for_each() {
    let long = "x".repeat(32 << 10);
    let rows = RecordBatch::try_from_iter([(
        "point",
        Arc::new(StringArray::from_iter_values(std::iter::repeat_n(&long, 40_000))) as ArrayRef,
    )]);
    let rows = rows.expect("rows");
    let mut writer = ArrowWriter::try_new(Vec::new(), rows.schema(), None).expect("a writer");
    writer.write(&rows).expect("rows");
    let bytes = writer.into_inner().expect("a file");
    assert!(bytes.len() < 1 << 20, "the text stands there once: {} bytes", bytes.len());
    assert_eq!(refused_with(Format::Parquet, &bytes, "it is taken for a bomb"), 0);
}

#[test]
fn lengths_that_are_more_than_values_are_refused_before_memory_is_taken() {
    let texts = StringArray::from_iter_values((0..200).map(|number| format!("point {number}")));
    let rows = RecordBatch::try_from_iter([("point", Arc::new(texts) as ArrayRef)]).expect("rows");
    // A block of 128 in 4 parts, and 200 lengths in all.
    let (list, more) = ([0x80, 0x01, 0x04, 0xc8, 0x01], [0x80, 0x01, 0x04, 0xff, 0x7f]);
    for (encoding, lists) in [(Encoding::DELTA_LENGTH_BYTE_ARRAY, 1), (Encoding::DELTA_BYTE_ARRAY, 2)] {
        let properties = WriterProperties::builder().set_dictionary_enabled(false).set_encoding(encoding).build();
        let mut writer = ArrowWriter::try_new(Vec::new(), rows.schema(), Some(properties)).expect("a writer");
        writer.write(&rows).expect("rows");
        let bytes = writer.into_inner().expect("a file");
        let places: Vec<usize> = (0..bytes.len() - list.len()).filter(|at| bytes[*at..].starts_with(&list)).collect();
        assert_eq!(places.len(), lists, "{encoding}");
        assert!(!reasons(&decoded(Format::Parquet, &bytes)).iter().any(|reason| reason.contains("lengths")));
        for place in places {
            let mut copy = bytes.clone();
            copy[place..place + more.len()].copy_from_slice(&more);
            assert_eq!(refused_with(Format::Parquet, &copy, "more lengths than values"), 0);
        }
    }
}
