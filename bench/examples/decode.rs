//! Decodes one delivery again and again, for profilers, or each once, as a table: what came out and how fast, the best of some
//! rounds on one core.

use std::time::Instant;

use metrify_bench::{decode, deliveries};

const ROUNDS: u32 = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let wanted = std::env::args().nth(1);
    println!("{:<26} {:>9} {:>9} {:>8} {:>8} {:>9}", "delivery", "bytes", "rows", "problems", "MB/s", "rows/s");
    for delivery in deliveries::named(wanted.as_deref())? {
        let mut best = f64::MAX;
        let mut outcome = decode(delivery.format, &delivery.bytes);
        for _ in 0..ROUNDS {
            let begin = Instant::now();
            outcome = decode(delivery.format, &delivery.bytes);
            best = best.min(begin.elapsed().as_secs_f64());
        }
        let (bytes, rows) = (delivery.bytes.len() as f64, (outcome.readings + outcome.records) as f64);
        println!(
            "{:<26} {bytes:>9} {rows:>9} {:>8} {:>8.1} {:>9.0}",
            delivery.name,
            outcome.problems,
            bytes / best / 1e6,
            rows / best
        );
    }
    Ok(())
}
