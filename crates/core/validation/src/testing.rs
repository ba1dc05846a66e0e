//! The front door of the rules' cases: lines of text in, findings as text out.

use std::fmt::Write;

use metrify_domain::time::MINUTE;
use metrify_domain::{Batch, BatchBuilder, Channel, Document, Kind, Period, Quality, Reading, Timestamp, Unit};

use crate::check::{Checked, check};
use crate::ruleset::Ruleset;

/// 2025-01-01T00:00:00Z.
pub(crate) const RECEIVED_AT: Timestamp = Timestamp::from_micros(1_735_689_600_000_000);

/// One reading a line: point, quantity, kind, minutes since receipt (`0`, or `0..15` for an interval), value (`-` for none), unit,
/// quality (true unless said).
pub(crate) fn batch(lines: &[&str]) -> Batch {
    let mut builder = BatchBuilder::default();
    for line in lines {
        let words: Vec<_> = line.split(' ').collect();
        let [point, quantity, kind, time, value, unit, quality @ ..] = words.as_slice() else { panic!("{line}") };
        let (start, end) = time.split_once("..").unwrap_or((time, time));
        let at = |minutes: &str| RECEIVED_AT.plus(minutes.parse::<i64>().expect(line) * MINUTE).expect(line);
        let reading = Reading {
            kind: kind.parse().expect(line),
            period: Period::interval(at(start), at(end)).unwrap_or(Period::instant(at(start))),
            value: (*value != "-").then(|| value.parse().expect(line)),
            unit: Unit::new(unit).expect(line),
            quality: quality.first().map_or(Quality::True, |quality| quality.parse().expect(line)),
            method: None,
            reason: None,
        };
        let channel = Channel { point: point.parse().expect(line), quantity: quantity.parse().expect(line) };
        builder.push(&channel, &Document::default(), &reading);
    }
    builder.take()
}

/// Amounts of energy between instants in microseconds.
pub(crate) fn intervals(micros: &[(i64, i64)]) -> Batch {
    of(micros, "1-0:1.29.0", Kind::Interval, "kWh")
}

/// Air temperatures at instants in microseconds.
pub(crate) fn instants(unit: &'static str, micros: &[i64]) -> Batch {
    let both: Vec<_> = micros.iter().map(|at| (*at, *at)).collect();
    of(&both, "air_temperature", Kind::Instant, unit)
}

fn of(micros: &[(i64, i64)], quantity: &str, kind: Kind, unit: &'static str) -> Batch {
    let channel = Channel { point: "10315".parse().expect("a point"), quantity: quantity.parse().expect("a quantity") };
    let mut builder = BatchBuilder::default();
    for (start, end) in micros.iter().map(|(start, end)| (Timestamp::from_micros(*start), Timestamp::from_micros(*end)))
    {
        let period = Period::interval(start, end).unwrap_or(Period::instant(start));
        let missing = Reading::missing(kind, period, Unit::literal(unit));
        let reading = Reading { value: Some(1.into()), quality: Quality::True, ..missing };
        builder.push(&channel, &Document::default(), &reading);
    }
    builder.take()
}

pub(crate) fn check_lines(lines: &[&str]) -> String {
    describe(&check(&Ruleset::default(), &batch(lines), RECEIVED_AT))
}

/// One line per refused row and per finding.
pub(crate) fn describe(checked: &Checked) -> String {
    let mut text = String::new();
    for (row, reason) in &checked.refused {
        writeln!(text, "refused row {row}: {reason}").expect("text");
    }
    for finding in &checked.findings {
        write!(text, "{} {}", finding.severity.name(), finding.rule).expect("text");
        if let Some(channel) = &finding.channel {
            write!(text, " {}", channel.quantity).expect("text");
        }
        if let Some(period) = finding.period {
            write!(text, " {}", period.start()).expect("text");
            if period.end() != period.start() {
                write!(text, "..{}", period.end()).expect("text");
            }
        }
        writeln!(text, ": {}", finding.reason).expect("text");
    }
    text
}
