//! Readings as lines of CSV. What is written is read back as the same readings.

use metrify_domain::{Channel, Code, Document, Reading};

use crate::digits::{write_decimal, write_instant, write_quantity};

const HEADER: &[u8] = b"point,quantity,kind,period_start,period_end,value,unit,quality,method,reason,recorded_at\n";

/// Appends the header line that [`write_reading`] needs above it.
pub fn write_header(line: &mut Vec<u8>) {
    line.extend_from_slice(HEADER);
}

/// Appends one reading as a line. Times lie in the years 0 to 9999, else they cannot be read back.
pub fn write_reading(line: &mut Vec<u8>, channel: &Channel, document: &Document, reading: &Reading) {
    write_text(line, channel.point.as_str());
    line.push(b',');
    write_quantity(line, &channel.quantity);
    line.push(b',');
    line.extend_from_slice(reading.kind.name().as_bytes());
    line.push(b',');
    write_instant(line, reading.period.start());
    line.push(b',');
    write_instant(line, reading.period.end());
    line.push(b',');
    if let Some(value) = reading.value {
        write_decimal(line, value);
    }
    line.push(b',');
    write_text(line, reading.unit.as_str());
    line.push(b',');
    line.extend_from_slice(reading.quality.name().as_bytes());
    for code in [&reading.method, &reading.reason] {
        line.push(b',');
        write_text(line, code.as_ref().map_or("", Code::as_str));
    }
    line.push(b',');
    if let Some(known_at) = document.known_at {
        write_instant(line, known_at);
    }
    line.push(b'\n');
}

/// Appends a text, in quotes where it would not be read back otherwise. Points, units and codes hold no control characters.
fn write_text(line: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let plain = !bytes.iter().any(|byte| matches!(byte, b',' | b'"'))
        && bytes.first() != Some(&b' ')
        && bytes.last() != Some(&b' ');
    if plain {
        line.extend_from_slice(bytes);
        return;
    }
    line.push(b'"');
    for byte in bytes {
        if *byte == b'"' {
            line.push(b'"');
        }
        line.push(*byte);
    }
    line.push(b'"');
}
