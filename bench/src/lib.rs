//! What the benches have in common: deliveries of every format, large enough to be measured, and how they are decoded.

pub mod deliveries;

use std::ops::ControlFlow;

use metrify_domain::Timestamp;
use metrify_domain::calendar::Zone;
use metrify_formats::{Decoded, Decoder, Format, Options, Output};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Bytes that the program hands to a decoder at once.
const READ_BYTES: usize = 1 << 20;

/// What a decoder made of a delivery.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    pub readings: u64,
    pub records: u64,
    pub problems: u64,
}

/// Decodes a delivery as the program does, and counts what comes out.
///
/// # Panics
/// For a format in columns, which is not read from bytes.
#[must_use]
pub fn decode(format: Format, bytes: &[u8]) -> Outcome {
    // 2026-01-01T00:00:00Z.
    let received_at = Timestamp::from_micros(1_767_225_600_000_000);
    let options = Options {
        zone: Some(Zone::BERLIN),
        area: Some("DE".parse().expect("an area")),
        quantity: Some("load".parse().expect("a quantity")),
        ..Options::at(received_at)
    };
    let mut outcome = Outcome::default();
    let mut sink = |piece: Decoded| {
        outcome.readings += piece.batch.rows().len() as u64;
        outcome.records += piece.records.len() as u64;
        outcome.problems += piece.problems.len() as u64;
        std::hint::black_box(piece);
        ControlFlow::Continue(())
    };
    let mut decoder = Decoder::new(format, &options).expect("a format that is read from bytes");
    let mut out = Output::new(&mut sink);
    for piece in bytes.chunks(READ_BYTES) {
        decoder.push(piece, &mut out);
    }
    decoder.finish(&mut out);
    drop(out);
    outcome
}
