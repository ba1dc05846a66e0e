//! Files in columns that are damaged, or that nobody wrote in good faith: what stands before the damage is read, the rest is
//! refused with a reason, and nothing is unpacked beyond its bounds.
#![allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, DictionaryArray, Float64Array, Int32Array, Int64Array, ListArray, NullArray, RecordBatch,
    RecordBatchOptions, StringArray,
};
use arrow::datatypes::{DataType, Field, Schema};
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
    // All in one page, of which zstd leaves a few thousand bytes.
    let properties = WriterProperties::builder().set_compression(zstd).set_dictionary_enabled(false);
    let properties = properties.set_max_row_group_row_count(None).set_data_page_size_limit(usize::MAX);
    let properties = properties.set_data_page_row_count_limit(usize::MAX).build();
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
    assert_eq!(refused_with(Format::Arrow, &bytes, "nearly all of its rows are wrong"), 0);

    // Without so much as a column.
    let options = RecordBatchOptions::new().with_row_count(Some(1 << 40));
    let rows = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options).expect("rows");
    let mut writer = FileWriter::try_new(Vec::new(), &rows.schema()).expect("a writer");
    writer.write(&rows).expect("rows");
    let bytes = writer.into_inner().expect("a file");
    assert_eq!(refused_with(Format::Arrow, &bytes, "nearly all of its rows are wrong"), 0);
}

#[test]
fn a_text_longer_than_any_reading_has_is_not_told_of_every_row() {
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
    assert_eq!(refused_with(Format::Parquet, &bytes, "a text has 32768 bytes, more than 256"), 0);
}

#[test]
fn lengths_that_are_more_than_values_are_refused_before_memory_is_taken() {
    let texts = StringArray::from_iter_values((0..200).map(|number| format!("point {number}")));
    let rows = RecordBatch::try_from_iter([("point", Arc::new(texts) as ArrayRef)]).expect("rows");
    let written = |encoding| {
        let properties = WriterProperties::builder().set_dictionary_enabled(false).set_encoding(encoding).build();
        let mut writer = ArrowWriter::try_new(Vec::new(), rows.schema(), Some(properties)).expect("a writer");
        writer.write(&rows).expect("rows");
        writer.into_inner().expect("a file")
    };
    let mut bytes = written(Encoding::DELTA_LENGTH_BYTE_ARRAY);
    assert!(reasons(&decoded(Format::Parquet, &bytes)).iter().all(|reason| !reason.contains("lengths")));
    // A block of 128 in 4 parts, and 200 lengths in all.
    let (list, more) = ([0x80, 0x01, 0x04, 0xc8, 0x01], [0x80, 0x01, 0x04, 0xff, 0x7f]);
    let place = bytes.windows(list.len()).position(|window| window == list).expect("a list of lengths");
    bytes[place..place + more.len()].copy_from_slice(&more);
    assert_eq!(refused_with(Format::Parquet, &bytes, "more lengths than values"), 0);
    let bytes = written(Encoding::DELTA_BYTE_ARRAY);
    assert_eq!(refused_with(Format::Parquet, &bytes, "DELTA_BYTE_ARRAY, which is not read"), 0);
}

/// Files that each took the memory of a whole machine, or ended the process, when they were found.
#[test]
fn what_fuzzers_and_people_found_comes_to_an_end_in_bounded_memory() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../fuzz/corpus");
    for (folder, format) in [("arrow", Format::Arrow), ("parquet", Format::Parquet)] {
        let files = std::fs::read_dir(corpus.join(folder)).expect("a corpus");
        for file in files.map(|file| file.expect("a file").path()) {
            let pieces = decoded(format, &std::fs::read(&file).expect("a file"));
            assert!(readings(&pieces) <= 1_000_000, "{}", file.display());
        }
    }
}

fn stream(batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batches[0].schema()).expect("a writer of streams");
    batches.iter().for_each(|batch| writer.write(batch).expect("rows"));
    writer.into_inner().expect("a stream")
}

#[test]
fn a_null_of_a_dictionary_is_no_value() {
    let (points, quantities) = (StringArray::from(vec!["DE"; 2]), StringArray::from(vec!["load"; 2]));
    let times = StringArray::from(vec!["2025-01-01T00:00:00Z", "2025-01-01T01:00:00Z"]);
    let ends = StringArray::from(vec!["2025-01-01T01:00:00Z", "2025-01-01T02:00:00Z"]);
    let values = Float64Array::from(vec![Some(1.5), None]);
    let values = DictionaryArray::try_new(Int32Array::from(vec![0, 1]), Arc::new(values)).expect("a dictionary");
    let columns: [(&str, ArrayRef); 5] = [
        ("point", Arc::new(points)),
        ("quantity", Arc::new(quantities)),
        ("period_start", Arc::new(times)),
        ("period_end", Arc::new(ends)),
        ("value", Arc::new(values)),
    ];
    let pieces = decoded(Format::Arrow, &stream(&[RecordBatch::try_from_iter(columns).expect("rows")]));
    assert_eq!((readings(&pieces), reasons(&pieces).len()), (1, 1), "{:?}", reasons(&pieces));
}

#[test]
fn what_stands_behind_the_end_of_a_stream_is_told() {
    let twice = [stream(&[zeros(1)]), stream(&[zeros(1)])].concat();
    refused_with(Format::Arrow, &twice, "stand behind the mark of its end");
}

#[test]
fn columns_that_are_not_ours_are_told_of_and_lists_in_ours_are_refused() {
    let numbers = || Arc::new(Int64Array::from(vec![1])) as ArrayRef;
    let lists = Arc::new(ListArray::new_null(Arc::new(Field::new("item", DataType::Int64, true)), 1)) as ArrayRef;
    let rows = RecordBatch::try_from_iter([("pont", numbers()), ("value", numbers()), ("lists", lists.clone())]);
    let pieces = decoded(Format::Arrow, &stream(&[rows.expect("rows")]));
    let told: Vec<&str> = pieces.iter().flat_map(|piece| &piece.findings).map(|told| told.reason.as_str()).collect();
    assert!(told.iter().any(|reason| reason.contains("`pont`") && reason.contains("`point`")), "{told:?}");
    assert!(told.iter().any(|reason| reason.contains("`lists`")), "{told:?}");
    let rows = RecordBatch::try_from_iter([("value", lists)]).expect("rows");
    refused_with(Format::Arrow, &stream(&[rows]), "column `value` holds List");
}

#[test]
fn rows_that_cannot_be_read_are_counted_where_their_number_is_told() {
    let long = "x".repeat(1_000);
    let rows = RecordBatch::try_from_iter([("point", Arc::new(StringArray::from(vec![long; 7])) as ArrayRef)]);
    let rows = rows.expect("rows");
    let mut writer = ArrowWriter::try_new(Vec::new(), rows.schema(), None).expect("a writer");
    writer.write(&rows).expect("rows");
    let pieces = decoded(Format::Parquet, &writer.into_inner().expect("a file"));
    let lost: Vec<u64> = pieces.iter().flat_map(|piece| &piece.problems).map(|problem| problem.readings).collect();
    assert_eq!((lost, reasons(&pieces)[0].contains("a text has 1000 bytes")), (vec![7], true));
}

#[test]
fn what_a_disk_of_ours_does_wrong_is_no_reject() {
    let folder = tempfile::tempdir().expect("a folder");
    for format in [Format::Arrow, Format::Parquet] {
        let mut pieces = 0;
        let mut sink = |_: Decoded| {
            pieces += 1;
            ControlFlow::Continue(())
        };
        // It can be opened and not be read, as a file on a disk that fails.
        let content = Content::File(folder.path().to_owned());
        let read = ColumnFiles.decode(format, &content, &Options::at(Timestamp::default()), &mut sink);
        assert!(read.is_err(), "of {format}");
        assert_eq!(pieces, 0, "of {format}");
    }
}
