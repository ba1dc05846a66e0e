//! A datastream (record 200): whose it is, what it measures and in which intervals.

use metrify_domain::time::MINUTE;
use metrify_domain::{Channel, ObisCode, Point, Quantity, Unit};

use crate::dates::shown;
use crate::kind::LOAD_CURVE;

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

/// A unit of ours, and group C of what is measured in it.
type OfUnit = (&'static str, u8);

/// First letters of suffixes whose unit tells the quantity: means over the interval.
pub(super) const MEANS: [(char, &[OfUnit], &str); 2] = [
    ('G', &[("1", 13)], "power factor"),
    ('V', &[("V", 12), ("kV", 12), ("A", 11), ("kA", 11)], "voltage, or current, by the unit"),
];

/// Group D of means over an interval.
const MEAN: u8 = 5;

/// Units of measure in upper case, with ours.
pub(super) const UNITS: [(&str, &str); 23] = [
    ("WH", "Wh"),
    ("KWH", "kWh"),
    ("MWH", "MWh"),
    ("VARH", "varh"),
    ("KVARH", "kvarh"),
    ("MVARH", "Mvarh"),
    ("VAH", "VAh"),
    ("KVAH", "kVAh"),
    ("MVAH", "MVAh"),
    ("W", "W"),
    ("KW", "kW"),
    ("MW", "MW"),
    ("VAR", "var"),
    ("KVAR", "kvar"),
    ("MVAR", "Mvar"),
    ("VA", "VA"),
    ("KVA", "kVA"),
    ("MVA", "MVA"),
    ("V", "V"),
    ("KV", "kV"),
    ("A", "A"),
    ("KA", "kA"),
    ("PF", "1"),
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
        let known = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit));
        let unit = known.and_then(|(_, unit)| Unit::new(unit));
        let unit = unit.ok_or_else(|| format!("the unit `{}` is none that is known", shown(field(7))))?;
        let channel = channel(nmi, suffix, unit)?;
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
fn channel(nmi: &str, suffix: &str, unit: Unit) -> Result<Channel, String> {
    let wrong = || format!("the suffix `{}` is none that is read", shown(suffix));
    let mut letters = suffix.chars();
    let (Some(first), Some(second), None) = (letters.next(), letters.next(), letters.next()) else {
        return Err(wrong());
    };
    let other_unit = || format!("the unit {unit} is none of the suffix `{}`", shown(suffix));
    let of = |units: &[OfUnit]| units.iter().find(|(known, _)| *known == unit.as_str()).map(|(_, code)| *code);
    let (code, processing, check) = match MEANS.iter().find(|(letter, ..)| *letter == first) {
        Some((_, units, _)) => (of(units).ok_or_else(other_unit)?, MEAN, false),
        None => {
            let (_, code, check, _) = SUFFIXES.iter().find(|(letter, ..)| *letter == first).ok_or_else(wrong)?;
            if MEANS.iter().any(|(_, units, _)| of(units).is_some()) {
                return Err(other_unit());
            }
            (*code, LOAD_CURVE, *check)
        }
    };
    let number = second.to_digit(36).and_then(|number| u8::try_from(number).ok()).ok_or_else(wrong)?;
    let point = if check { format!("{nmi}/check") } else { nmi.to_owned() };
    let point: Point = point.parse().map_err(|error| format!("the NMI: {error}"))?;
    let quantity = Quantity::Obis(ObisCode::from_bytes([1, number, code, processing, 0, 255]));
    Ok(Channel { point, quantity })
}

/// The quantities of a row of [`MEANS`], for the page.
pub(super) fn mean_quantities(units: &[OfUnit]) -> String {
    let mut codes: Vec<String> = units.iter().map(|(_, code)| format!("`1-n:{code}.{MEAN}.0`")).collect();
    codes.dedup();
    codes.join(", ")
}
