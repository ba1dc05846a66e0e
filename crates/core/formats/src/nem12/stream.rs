//! A datastream (record 200): whose it is, what it measures and in which intervals.

use metrify_domain::time::MINUTE;
use metrify_domain::{Channel, ObisCode, Point, Quantity, Unit};

use crate::dates::shown;

/// First letters of a suffix, with groups C of the OBIS code and whether it is of a check meter.
///
/// The market counts from its own side: what it *exports* is what the customer draws.
pub(super) const SUFFIXES: [(char, u8, bool, &str); 10] = [
    ('E', 1, false, "active energy that the customer draws (export of the market)"),
    ('B', 2, false, "active energy that the customer feeds in (import of the market)"),
    ('Q', 3, false, "reactive energy that the customer draws"),
    ('K', 4, false, "reactive energy that the customer feeds in"),
    ('T', 9, false, "apparent energy [verify]"),
    ('F', 1, true, "as `E`, of the check meter"),
    ('C', 2, true, "as `B`, of the check meter"),
    ('R', 3, true, "as `Q`, of the check meter"),
    ('L', 4, true, "as `K`, of the check meter"),
    ('U', 9, true, "as `T`, of the check meter [verify]"),
];

/// Units of measure in upper case, with ours.
pub(super) const UNITS: [(&str, &str); 14] = [
    ("WH", "Wh"),
    ("KWH", "kWh"),
    ("MWH", "MWh"),
    ("VARH", "varh"),
    ("KVARH", "kvarh"),
    ("MVARH", "Mvarh"),
    ("VAH", "VAh"),
    ("KVAH", "kVAh"),
    ("W", "W"),
    ("KW", "kW"),
    ("MW", "MW"),
    ("VAR", "var"),
    ("KVAR", "kvar"),
    ("KVA", "kVA"),
];

/// Lengths of an interval, in minutes.
const LENGTHS: [i64; 3] = [5, 15, 30];
const MINUTES_OF_DAY: i64 = 24 * 60;

#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) channel: Channel,
    pub(super) unit: Unit,
    /// In microseconds.
    pub(super) length: i64,
    /// Intervals of a day.
    pub(super) intervals: usize,
    pub(super) nmi: String,
    /// The serial number of the meter; empty where it is not said.
    pub(super) meter: String,
}

impl Stream {
    /// Reads `200,NMI,NMIConfiguration,RegisterID,NMISuffix,MDMDataStreamIdentifier,MeterSerialNumber,UOM,IntervalLength,...`.
    ///
    /// # Errors
    /// Where the intervals of the stream cannot be read.
    pub(super) fn read(fields: &[String]) -> Result<Self, String> {
        let field = |index: usize| fields.get(index).map_or("", String::as_str);
        let (nmi, suffix, unit, length) = (field(1), field(4), field(7), field(8));
        let channel = channel(nmi, suffix)?;
        let known = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit));
        let unit = known.and_then(|(_, unit)| Unit::new(unit));
        let unit = unit.ok_or_else(|| format!("the unit `{}` is none that is known", shown(field(7))))?;
        let minutes = length.parse().ok().filter(|minutes| LENGTHS.contains(minutes));
        let minutes =
            minutes.ok_or_else(|| format!("the interval length `{}` is not 5, 15 or 30 minutes", shown(length)))?;
        Ok(Self {
            channel,
            unit,
            length: minutes * MINUTE,
            intervals: usize::try_from(MINUTES_OF_DAY / minutes).unwrap_or_default(),
            nmi: nmi.to_owned(),
            meter: field(6).to_owned(),
        })
    }
}

/// The channel of an NMI and its suffix: the second letter tells the meter or register, which becomes group B.
fn channel(nmi: &str, suffix: &str) -> Result<Channel, String> {
    let wrong = || format!("the suffix `{}` is none that is read", shown(suffix));
    let mut letters = suffix.chars();
    let (Some(first), Some(second), None) = (letters.next(), letters.next(), letters.next()) else {
        return Err(wrong());
    };
    let (_, code, check, _) = SUFFIXES.iter().find(|(letter, ..)| *letter == first).ok_or_else(wrong)?;
    let number = second.to_digit(36).and_then(|number| u8::try_from(number).ok()).ok_or_else(wrong)?;
    let point = if *check { format!("{nmi}/check") } else { nmi.to_owned() };
    let point: Point = point.parse().map_err(|error| format!("the NMI: {error}"))?;
    let quantity = Quantity::Obis(ObisCode::from_bytes([1, number, *code, 29, 0, 255]));
    Ok(Channel { point, quantity })
}
