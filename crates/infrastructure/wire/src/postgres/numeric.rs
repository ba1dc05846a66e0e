//! Exact decimals as PostgreSQL writes them: as text, and as digits of base 10,000.

use std::error::Error;

use bytes::{Buf, BufMut, BytesMut};
use datafusion::common::ScalarValue;
use pgwire::types::ToSqlText;
use pgwire::types::format::FormatOptions;
use postgres_types::{IsNull, ToSql, Type, to_sql_checked};

/// Digits of a decimal that the engine can hold.
const DIGITS_MAX: usize = 38;
const NEGATIVE: u16 = 0x4000;

/// A decimal as its digits: no number of the processor lies between.
#[derive(Debug)]
pub(super) struct Numeric(pub(super) String);

impl ToSqlText for Numeric {
    fn to_sql_text(
        &self,
        _: &Type,
        out: &mut BytesMut,
        _: &FormatOptions,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }
}

impl ToSql for Numeric {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let (negative, whole, fraction) = parts(&self.0);
        let whole = whole.trim_start_matches('0');
        // Groups of four digits, counted from the point to both sides.
        let padded = "0".repeat((4 - whole.len() % 4) % 4) + whole;
        let groups = padded.len() / 4;
        let mut digits = padded + fraction;
        digits.push_str(&"0".repeat((4 - digits.len() % 4) % 4));
        let mut values = Vec::with_capacity(digits.len() / 4);
        for group in digits.as_bytes().chunks(4) {
            values.push(group.iter().fold(0_i16, |value, digit| value * 10 + i16::from(digit.wrapping_sub(b'0'))));
        }
        let leading = values.iter().take_while(|value| **value == 0).count();
        let end = values.iter().rposition(|value| *value != 0).map_or(leading, |last| last + 1);
        let shown = values.get(leading..end).unwrap_or_default();
        let weight = if shown.is_empty() { 0 } else { groups as i64 - 1 - leading as i64 };
        out.put_i16(i16::try_from(shown.len())?);
        out.put_i16(i16::try_from(weight)?);
        out.put_u16(if negative && !shown.is_empty() { NEGATIVE } else { 0 });
        out.put_i16(i16::try_from(fraction.len())?);
        shown.iter().for_each(|value| out.put_i16(*value));
        Ok(IsNull::No)
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::NUMERIC
    }

    to_sql_checked!();
}

/// Sign, and the digits before and behind the point.
fn parts(text: &str) -> (bool, &str, &str) {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    (negative, whole, fraction)
}

/// The decimal that a text means; `None` where it means none that the engine can hold.
pub(crate) fn from_text(text: &str) -> Option<ScalarValue> {
    let text = text.trim();
    let (text, exponent) = match text.split_once(['e', 'E']) {
        Some((text, exponent)) => (text, exponent.parse::<i16>().ok()?),
        None => (text, 0),
    };
    let (negative, whole, fraction) = parts(text);
    let mut digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let mut places = i64::try_from(fraction.len()).ok()? - i64::from(exponent);
    if places < 0 {
        let missing = usize::try_from(-places).ok().filter(|missing| *missing <= DIGITS_MAX)?;
        digits.push_str(&"0".repeat(missing));
        places = 0;
    }
    let places = usize::try_from(places).ok().filter(|places| *places <= DIGITS_MAX)?;
    let significant = digits.trim_start_matches('0');
    let precision = significant.len().max(places).max(1);
    if precision > DIGITS_MAX {
        return None;
    }
    let units: i128 = if significant.is_empty() { 0 } else { significant.parse().ok()? };
    let units = if negative { -units } else { units };
    Some(ScalarValue::Decimal128(Some(units), u8::try_from(precision).ok()?, i8::try_from(places).ok()?))
}

/// As [`from_text`], of PostgreSQL's binary form.
pub(super) fn from_binary(mut bytes: &[u8]) -> Option<ScalarValue> {
    if bytes.len() < 8 {
        return None;
    }
    let (count, weight) = (usize::from(bytes.get_u16()), i32::from(bytes.get_i16()));
    let (sign, places) = (bytes.get_u16(), usize::from(bytes.get_u16()));
    let is_number = sign == 0 || sign == NEGATIVE;
    if !is_number || bytes.len() != count * 2 || count > DIGITS_MAX || places > DIGITS_MAX || weight.abs() > 16 {
        return None;
    }
    let groups: Vec<u16> = (0..count).map(|_| bytes.get_u16()).collect();
    if groups.iter().any(|group| *group > 9_999) {
        return None;
    }
    let group = |place: i32| {
        let place = usize::try_from(weight - place).ok();
        format!("{:04}", place.and_then(|place| groups.get(place)).copied().unwrap_or(0))
    };
    let whole: String = (0..=weight.max(0)).rev().map(group).collect();
    let behind = i32::try_from(places.div_ceil(4)).ok()?;
    let fraction: String = (1..=behind).map(|place| group(-place)).collect();
    let sign = if sign == NEGATIVE { "-" } else { "" };
    from_text(&format!("{sign}{whole}.{}", fraction.get(..places)?))
}
