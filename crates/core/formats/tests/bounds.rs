//! What a delivery of any length may cost: memory that does not grow with what streams by, and time that grows with it alone.
//!
//! A binary of its own, for its allocator counts: nothing else may allocate meanwhile.
#![allow(clippy::expect_used, clippy::panic, reason = "what a helper of a test expects, the test expects")]
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "it measures, and says what it measured")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use metrify_domain::Timestamp;
use metrify_formats::{Decoder, Detected, Format, Head, Options, Output, detect};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// MiB of the shorter delivery, the longer one has twice as many: enough of them to fill whatever is held (`make bounds`), else a
/// quarter, which shows what a few bytes may make a decoder allocate.
fn short() -> usize {
    std::env::var("BOUNDS_MIB").map_or(1 << 18, |mib| mib.parse::<usize>().expect("a number of MiB") << 20)
}

/// What a decoder may hold, whatever comes.
const HELD: usize = 64 << 20;
/// Times shorter than this say nothing.
const TELLING: Duration = Duration::from_millis(50);
const PIECE: usize = 64 << 10;

fn samples() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["samples/formats", "samples/day"] {
        let folder = Path::new("../../..").join(folder);
        found.extend(std::fs::read_dir(folder).expect("samples").map(|entry| entry.expect("an entry").path()));
    }
    found.sort();
    found
}

/// A delivery without end that begins as a sample does.
struct Endless {
    name: &'static str,
    /// Once, behind the sample.
    opening: &'static [u8],
    /// Again and again, behind that.
    repeated: Vec<u8>,
}

fn endless(sample: &[u8]) -> Vec<Endless> {
    let again = |name, opening: &'static str, repeated: &[u8]| Endless {
        name,
        opening: opening.as_bytes(),
        repeated: repeated.repeat(PIECE.div_ceil(repeated.len().max(1))),
    };
    vec![
        again("the sample again", "", sample),
        again("its second half again", "", &sample[sample.len() / 2..]),
        again("one letter", "", b"a"),
        again("zeros", "", b"\0"),
        again("opening brackets", "", b"[{\"a\":"),
        again("opening elements", "", b"<a><b c=\"d\">"),
        again("separators", "", b";+:,'"),
        again("one list of values", "\n{\"werte\":[{\"a\":1}", b",{\"wert\":1}"),
        again("one text that is no UTF-8", "\n{\"a\":\"", b"\xe4\x80"),
    ]
}

/// For how long a core has worked for this thread: what else the machine does is no matter of a decoder.
fn worked() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("the times of this thread");
    let nanoseconds = told.split(' ').next().and_then(|first| first.parse().ok());
    Duration::from_nanos(nanoseconds.expect("nanoseconds"))
}

/// Memory at most above what was there before, and how long a core worked for it.
fn cost(format: Format, sample: &[u8], endless: &Endless, length: usize) -> (usize, Duration) {
    let options = Options::at(Timestamp::from_micros(1_743_465_600_000_000));
    let mut decoder = Decoder::new(format, &options).expect("a decoder of bytes");
    let mut readings = 0;
    let mut sink = |decoded: metrify_formats::Decoded| {
        readings += decoded.batch.rows().len();
        std::ops::ControlFlow::Continue(())
    };
    let mut out = Output::new(&mut sink);
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let begun = worked();
    decoder.push(sample, &mut out);
    decoder.push(endless.opening, &mut out);
    let mut pushed = sample.len();
    while pushed < length {
        decoder.push(&endless.repeated, &mut out);
        pushed += endless.repeated.len();
    }
    decoder.finish(&mut out);
    out.flush();
    (MEMORY.peak_usage().saturating_sub(before), worked().saturating_sub(begun))
}

fn check(path: &Path, format: Format, sample: &[u8], failures: &mut Vec<String>) {
    let length = short();
    for endless in endless(sample) {
        let (_, quick) = cost(format, sample, &endless, length);
        let (held, slow) = cost(format, sample, &endless, 2 * length);
        let about = format!("{format}: {}, then {}", path.display(), endless.name);
        println!("{about}: {:.1} MiB held, {quick:.1?} and {slow:.1?}", held as f64 / f64::from(1 << 20));
        if held > HELD {
            failures.push(format!("{about}: {held} bytes of memory"));
        }
        if slow > TELLING && slow > 3 * quick {
            // Once more: somebody else may have had the cache and the memory of this machine.
            let again = |length| (0..3).map(|_| cost(format, sample, &endless, length).1).min().unwrap_or_default();
            let (quick, slow) = (again(length), again(2 * length));
            if slow > 3 * quick {
                failures.push(format!("{about}: twice the bytes take {slow:?}, not {quick:?}"));
            }
        }
    }
}

#[test]
fn memory_is_bounded_and_time_grows_with_the_bytes() {
    let mut failures = Vec::new();
    let mut checked = std::collections::BTreeSet::new();
    for path in samples() {
        let sample = std::fs::read(&path).expect("a sample");
        let Detected::One(format) = detect(&Head::new(&sample)) else { continue };
        if Decoder::new(format, &Options::at(Timestamp::from_micros(0))).is_none() || sample.starts_with(b"PK") {
            continue;
        }
        checked.insert(format.name());
        check(&path, format, &sample, &mut failures);
    }
    assert!(checked.len() > 20, "{checked:?}");
    assert!(worked() > TELLING, "this system does not tell for how long a core works for a thread");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
