//! Readings as lines of NDJSON. What is written is read back as the same readings.

use chrono::NaiveDate;
use metrify_domain::{Channel, Decimal, Document, Quality, Reading, Timestamp, Unit};

use crate::digits::{write_day, write_decimal, write_instant, write_quantity};
use crate::json::write_text;

/// The values of one local day, one for every quarter-hour or every hour of it.
#[derive(Clone, Copy, Debug)]
pub struct DaySet<'a> {
    pub day: NaiveDate,
    pub unit: Unit,
    /// That of the values that are there.
    pub quality: Quality,
    /// When they became known; `None` means the time of receipt.
    pub known_at: Option<Timestamp>,
    /// `None` is a missing value.
    pub values: &'a [Option<Decimal>],
}

/// Appends one reading as a line. Times lie in the years 0 to 9999, else they cannot be read back.
pub fn write_reading(line: &mut Vec<u8>, channel: &Channel, document: &Document, reading: &Reading) {
    write_channel(line, channel);
    line.extend_from_slice(b",\"kind\":\"");
    line.extend_from_slice(reading.kind.name().as_bytes());
    line.extend_from_slice(b"\",\"period_start\":\"");
    write_instant(line, reading.period.start());
    line.extend_from_slice(b"\",\"period_end\":\"");
    write_instant(line, reading.period.end());
    line.push(b'"');
    if let Some(value) = reading.value {
        line.extend_from_slice(b",\"value\":");
        write_decimal(line, value);
    }
    line.extend_from_slice(b",\"unit\":");
    write_text(line, reading.unit.as_str());
    line.extend_from_slice(b",\"quality\":\"");
    line.extend_from_slice(reading.quality.name().as_bytes());
    line.push(b'"');
    for (key, code) in [(&b",\"method\":"[..], reading.method), (b",\"reason\":", reading.reason)] {
        if let Some(code) = code {
            line.extend_from_slice(key);
            write_text(line, code.as_str());
        }
    }
    write_known_at(line, document.known_at);
    line.extend_from_slice(b"}\n");
}

/// Appends the values of a day as a line.
pub fn write_day_set(line: &mut Vec<u8>, channel: &Channel, set: &DaySet<'_>) {
    write_channel(line, channel);
    // The day set is always one of intervals, also where the quantity says nothing or something else.
    line.extend_from_slice(b",\"kind\":\"interval\",\"day\":\"");
    write_day(line, set.day);
    line.extend_from_slice(b"\",\"unit\":");
    write_text(line, set.unit.as_str());
    if set.quality != Quality::True && set.quality != Quality::Missing {
        line.extend_from_slice(b",\"quality\":\"");
        line.extend_from_slice(set.quality.name().as_bytes());
        line.push(b'"');
    }
    write_known_at(line, set.known_at);
    line.extend_from_slice(b",\"values\":[");
    for (index, value) in set.values.iter().enumerate() {
        if index > 0 {
            line.push(b',');
        }
        match value {
            Some(value) => write_decimal(line, *value),
            None => line.extend_from_slice(b"null"),
        }
    }
    line.extend_from_slice(b"]}\n");
}

fn write_channel(line: &mut Vec<u8>, channel: &Channel) {
    line.extend_from_slice(b"{\"point\":");
    write_text(line, channel.point.as_str());
    line.extend_from_slice(b",\"quantity\":\"");
    write_quantity(line, &channel.quantity);
    line.push(b'"');
}

fn write_known_at(line: &mut Vec<u8>, known_at: Option<Timestamp>) {
    if let Some(known_at) = known_at {
        line.extend_from_slice(b",\"recorded_at\":\"");
        write_instant(line, known_at);
        line.push(b'"');
    }
}
