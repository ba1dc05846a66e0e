//! The front door that the format tests share: bytes in, readable text out.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "the helpers of tests are tests, too")]

pub mod edifact;

use std::fmt::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;

use metrify_domain::Timestamp;
use metrify_formats::{Cell, Decoded, Decoder, Format, Options, Output};

/// 2025-01-01T00:00:00Z.
pub const RECEIVED_AT: Timestamp = Timestamp::from_micros(1_735_689_600_000_000);

pub fn options() -> Options {
    Options::at(RECEIVED_AT)
}

/// Decodes `bytes` in pieces of `piece` bytes and returns everything that came out, in order.
pub fn decode(format: Format, bytes: &[u8], options: &Options, piece: usize) -> Vec<Decoded> {
    let mut pieces = Vec::new();
    let mut sink = |decoded: Decoded| {
        pieces.push(decoded);
        ControlFlow::Continue(())
    };
    let mut out = Output::new(&mut sink);
    let mut decoder = Decoder::new(format, options).expect("a format of this crate");
    for chunk in bytes.chunks(piece) {
        decoder.push(chunk, &mut out);
    }
    decoder.finish(&mut out);
    pieces
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Null => "-".to_owned(),
        Cell::Text(text) => text.clone(),
        Cell::Number(number) => number.to_string(),
        Cell::Time(at) => at.to_string(),
        Cell::Bytes(bytes) => format!("{} bytes", bytes.len()),
    }
}

/// One line per reading, problem, finding, withdrawal, meter and record.
pub fn describe(pieces: &[Decoded]) -> String {
    let mut text = String::new();
    for piece in pieces {
        for row in piece.batch.rows() {
            let (channel, document) = (piece.batch.channel(row), piece.batch.document(row));
            let value = row.value.map_or("-".to_owned(), |value| value.to_string());
            write!(text, "{} {} {} {}", channel.point, channel.quantity, row.kind, row.period.start()).expect("text");
            if row.period.end() != row.period.start() {
                write!(text, "..{}", row.period.end()).expect("text");
            }
            write!(text, " {value} {} {}", piece.batch.unit(row), row.quality).expect("text");
            for (name, code) in [("method", piece.batch.method(row)), ("reason", piece.batch.reason(row))] {
                code.iter().for_each(|code| write!(text, " {name}={code}").expect("text"));
            }
            if let Some(known_at) = document.known_at {
                write!(text, " known {known_at}").expect("text");
            }
            if !document.reference.is_empty() {
                write!(text, " in {}", document.reference).expect("text");
            }
            text.push('\n');
        }
        for problem in &piece.problems {
            let (position, reason) = (&problem.position, &problem.reason);
            writeln!(
                text,
                "problem {position}: {reason} ({} readings, {} bytes)",
                problem.readings,
                problem.bytes.len()
            )
            .expect("text");
        }
        for finding in &piece.findings {
            let (rule, severity) = (&finding.rule, finding.severity.name());
            writeln!(text, "finding {severity} {rule} {}: {}", finding.position, finding.reason).expect("text");
        }
        for withdrawal in &piece.withdrawals {
            writeln!(text, "withdrawal of {} by {:?}", withdrawal.document, withdrawal.by).expect("text");
        }
        for meter in &piece.meters {
            writeln!(text, "meter {meter:?}").expect("text");
        }
        for record in &piece.records {
            let cells: Vec<String> = record.cells().iter().map(cell).collect();
            write!(text, "{} {}", record.table().name(), cells.join(" | ")).expect("text");
            if let Some(known_at) = record.document().known_at {
                write!(text, " known {known_at}").expect("text");
            }
            text.push('\n');
        }
    }
    text
}

/// A file of the samples beside the project; `None`, with a visible line, where they are absent.
pub fn sample(name: &str) -> Option<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/samples");
    if !folder.is_dir() {
        skipped(&format!("no samples beside the project, so `{name}` is not read"));
        return None;
    }
    Some(std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("read sample `{name}`: {error}")))
}

/// Tells, past the capture of the test's output, that a test was not made.
pub fn skipped(why: &str) {
    use std::io::Write;
    writeln!(std::io::stderr(), "SKIPPED: {why}").expect("standard error");
}
