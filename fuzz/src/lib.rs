//! What the core promises for any bytes at all, for a fuzzer to disprove.
//!
//! That nothing panics, and that everything comes to an end within the limits of time and memory, the fuzzer sees by itself.
#![forbid(unsafe_code)]

use std::ops::ControlFlow;
use std::sync::{Arc, LazyLock};

use metrify_domain::calendar::Zone;
use metrify_domain::{Decimal, Timestamp};
use metrify_formats::limits::{MEMBER_RATIO_MAX, PROBLEM_BYTES_MAX, PROBLEMS_MAX, REJECT_BYTES_MAX};
use metrify_formats::{Decoded, Decoder, Format, HEAD_BYTES, Head, Keys, Options, Output, Problem};

pub mod columns;
pub mod dlms;
pub mod mbus;
pub mod sml;
pub mod telegrams;
pub mod workbook;

/// Most readings that a byte can make: a row of a table that leaves the values of its day out has some twenty bytes, and is a
/// day of a hundred missing values.
const ROWS_PER_BYTE_MAX: u64 = 8;
/// Readings that a small document of ENTSO-E may make of the values that its curves leave out.
const FILLED_ROWS_MAX: u64 = 1_010_000;
/// Longest piece in which a delivery is decoded beside decoding it whole, in bytes.
const PIECE_BYTES_MAX: u8 = 17;
/// 2025-01-01T00:00:00Z.
const RECEIVED_AT: Timestamp = Timestamp::from_micros(1_735_689_600_000_000);

/// The key of every meter. There is none to check tags by, since a changed telegram would never hold it.
static KEYS: LazyLock<Arc<Keys>> =
    LazyLock::new(|| Arc::new("* = 000102030405060708090a0b0c0d0e0f".parse().expect("a key")));

/// Decodes a delivery whole and in pieces: the results are the same, and no more than the bytes account for.
pub fn decode(format: Format, bytes: &[u8]) {
    // A delivery of an even length comes from senders whose zone is known.
    let zone = bytes.len().is_multiple_of(2).then_some(Zone::BERLIN);
    // Some files do not say what their values are.
    let quantity = "load".parse().ok();
    let options = Options { zone, quantity, keys: KEYS.clone(), ..Options::at(RECEIVED_AT) };
    let whole = decoded(format, &options, [bytes].into_iter());
    assert_eq!(whole, decoded(format, &options, pieces(bytes)), "the results depend on how the bytes are cut");
    check_rows(format, &whole, bytes);
    whole.iter().for_each(check_size);
    whole.iter().flat_map(|piece| &piece.problems).for_each(check_problem);
}

fn decoded<'a>(format: Format, options: &Options, pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Decoded> {
    let mut results = Vec::new();
    let mut sink = |decoded: Decoded| {
        results.push(decoded);
        ControlFlow::Continue(())
    };
    let mut out = Output::new(&mut sink);
    let mut decoder = Decoder::new(format, options).expect("a format of bytes and text");
    pieces.for_each(|piece| decoder.push(piece, &mut out));
    decoder.finish(&mut out);
    results
}

/// The bytes in pieces, each as long as its first byte tells: the fuzzer cuts a delivery by changing it.
fn pieces(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = 1 + usize::from(rest.first()? % PIECE_BYTES_MAX);
        let (piece, tail) = rest.split_at(length.min(rest.len()));
        rest = tail;
        Some(piece)
    })
}

fn check_rows(format: Format, pieces: &[Decoded], bytes: &[u8]) {
    let rows: u64 = pieces.iter().map(|piece| piece.batch.rows().len() as u64).sum();
    // An archive unpacks to that many times its size.
    let unpacked = if bytes.starts_with(b"PK") { MEMBER_RATIO_MAX } else { 1 } * bytes.len() as u64;
    let filled = if format == Format::Entsoe { FILLED_ROWS_MAX } else { 0 };
    assert!(rows <= ROWS_PER_BYTE_MAX * unpacked + filled, "{} bytes make {rows} readings", bytes.len());
}

fn check_size(piece: &Decoded) {
    assert_ne!(*piece, Decoded::default(), "a piece without content");
    let held: usize = piece.problems.iter().map(|problem| problem.prelude.len() + problem.bytes.len()).sum();
    assert!(held <= PROBLEM_BYTES_MAX + 2 * REJECT_BYTES_MAX, "the problems of one piece hold {held} bytes");
    let lengths =
        [piece.problems.len(), piece.findings.len(), piece.withdrawals.len(), piece.meters.len(), piece.records.len()];
    assert!(
        lengths.iter().all(|length| *length <= PROBLEMS_MAX),
        "{lengths:?} problems, findings, withdrawals, meters, records"
    );
}

fn check_problem(problem: &Problem) {
    let Problem { position, reason, readings, prelude, bytes } = problem;
    assert!(!reason.is_empty(), "a problem at `{position}` without a reason");
    assert!(*readings >= 1, "a problem that costs nothing: {reason}");
    assert!(bytes.len() <= REJECT_BYTES_MAX, "{} bytes of a problem: {reason}", bytes.len());
    assert!(prelude.len() <= REJECT_BYTES_MAX, "{} bytes before those of a problem: {reason}", prelude.len());
}

/// Asks what a delivery is: the answer can be told, and what stands behind the beginning does not change it.
pub fn detect(bytes: &[u8]) {
    let detected = metrify_formats::detect(&Head::new(bytes));
    assert!(!detected.to_string().is_empty());
    let beginning = &bytes[..bytes.len().min(HEAD_BYTES)];
    assert_eq!(detected, metrify_formats::detect(&Head::new(beginning)), "bytes behind the beginning are looked at");
    let outline = metrify_formats::outline(bytes);
    assert_eq!(outline.len(), bytes.len());
    assert_eq!(metrify_formats::outline(&outline), outline, "an outline has an outline of its own");
}

/// Reads a number with either decimal mark: the text that it displays as means the same number.
pub fn decimal(bytes: &[u8]) {
    for mark in *b".," {
        let Ok(number) = Decimal::parse(bytes, mark) else { continue };
        let text = number.to_string();
        assert_eq!(text.parse::<Decimal>(), Ok(number), "`{text}` is read as another number");
        assert_eq!(Decimal::from_units(number.units()), Some(number), "{text} has more digits than a number can have");
    }
}
