//! Any readings at all, for the laws that every writer keeps with its decoder.
#![allow(dead_code, reason = "each test file uses its own part")]

use metrify_domain::{
    Channel, Code, Decimal, Document, Kind, ObisCode, Period, Point, Quality, Quantity, Reading, Timestamp, Unit,
};
use metrify_formats::Decoded;
use proptest::prelude::*;

pub(crate) type Statement = (Channel, Document, Reading);

/// Any number, more often one such as meters give.
pub(crate) fn decimal() -> impl Strategy<Value = Decimal> {
    let limit = 10_i128.pow(38) - 1;
    let units =
        prop_oneof![-limit..=limit, (-1_000_000_000_i128..1_000_000_000).prop_map(|number| number * 1_000_000_000)];
    units.prop_filter_map("within 38 digits", Decimal::from_units)
}

/// Texts with all that a writer has to escape.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z0-9-]{1,12}", "[ a,;|\"'\\\\\u{e4}\u{20ac}{}:\u{a0}]{1,7}", "\\PC{1,5}"]
}

fn point() -> impl Strategy<Value = Point> {
    text().prop_filter_map("a point", |text| text.parse().ok())
}

fn quantity() -> impl Strategy<Value = Quantity> {
    let named = prop::sample::select(&["load", "air_temperature", "generation.wind_onshore", "x"][..]);
    let named = named.prop_filter_map("a name", |name| name.parse().ok());
    prop_oneof![any::<[u8; 6]>().prop_map(|groups| Quantity::Obis(ObisCode::from_bytes(groups))), named]
}

/// Instants of the years 0 to 9999.
fn instant() -> impl Strategy<Value = Timestamp> {
    let seconds = prop_oneof![-62_167_219_200_i64..253_402_300_799, 1_700_000_000_i64..1_800_000_000];
    let micros = prop_oneof![Just(0), 0_i64..1_000_000];
    (seconds, micros).prop_map(|(seconds, micros)| Timestamp::from_micros(seconds * 1_000_000 + micros))
}

fn times() -> impl Strategy<Value = (Kind, Period)> {
    (instant(), instant(), any::<bool>()).prop_map(|(one, other, register)| {
        match Period::interval(one.min(other), one.max(other)) {
            Some(period) if !register => (Kind::Interval, period),
            _ if register => (Kind::Register, Period::instant(one)),
            _ => (Kind::Instant, Period::instant(one)),
        }
    })
}

fn code() -> impl Strategy<Value = Option<Code>> {
    proptest::option::of(text().prop_filter_map("a code", |text| Code::new(&text)))
}

pub(crate) fn statement() -> impl Strategy<Value = Statement> {
    let unit = text().prop_filter_map("a unit", |text| Unit::new(&text));
    let standing = (decimal(), prop::sample::select(&Quality::ALL[..]), unit, code(), code());
    let known_at = proptest::option::of(instant());
    (point(), quantity(), times(), standing, known_at).prop_map(
        |(point, quantity, (kind, period), standing, known_at)| {
            let (value, quality, unit, method, reason) = standing;
            let value = (quality != Quality::Missing).then_some(value);
            let reading = Reading { kind, period, value, unit, quality, method, reason };
            (Channel { point, quantity }, Document { reference: String::new(), known_at }, reading)
        },
    )
}

/// What came out, or the first reason why something did not.
pub(crate) fn statements(pieces: &[Decoded]) -> Result<Vec<Statement>, String> {
    if let Some(problem) = pieces.iter().flat_map(|piece| &piece.problems).next() {
        return Err(problem.reason.clone());
    }
    let rows = pieces.iter().flat_map(|piece| piece.batch.rows().iter().map(move |row| (&piece.batch, row)));
    Ok(rows.map(|(batch, row)| (batch.channel(row).clone(), batch.document(row).clone(), batch.reading(row))).collect())
}
