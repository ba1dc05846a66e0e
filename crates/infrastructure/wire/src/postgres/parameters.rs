//! The values that a client gives for `$1` and those behind it, as the engine takes them.

mod array;

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, TimeUnit};
use datafusion::common::ScalarValue;
use metrify_domain::decimal::{PRECISION, SCALE};
use postgres_types::{Kind as Sort, Type};

use super::problem::Problem;
use super::{numeric, problem, rows};

pub(super) use array::split;

/// From 1970 to 2000, where PostgreSQL begins to count.
const EPOCH_US: i64 = 946_684_800_000_000;
const EPOCH_DAYS: i32 = 10_957;

/// One value as it came.
pub(super) struct Given<'g> {
    /// Its place, from 1.
    pub(super) place: usize,
    /// As the client says.
    pub(super) of: Option<&'g Type>,
    /// What the statement takes there, where that is known.
    pub(super) wanted: Option<&'g DataType>,
    pub(super) is_binary: bool,
    /// `None` for null.
    pub(super) bytes: Option<&'g [u8]>,
}

impl Given<'_> {
    /// # Errors
    /// Where it is no value of its type.
    pub(super) fn value(&self) -> Result<ScalarValue, Problem> {
        // A client that says nothing keeps to what it was told.
        let told = || self.wanted.and_then(|wanted| rows::kind(&Arc::new(Field::new("", wanted.clone(), true))).ok());
        let of = self.of.cloned().or_else(told).unwrap_or(Type::UNKNOWN);
        let kind = kind(&of).or_else(|| self.wanted.cloned());
        let Some(bytes) = self.bytes else {
            return ScalarValue::try_from(kind.as_ref().unwrap_or(&DataType::Null)).map_err(|_| self.wrong(&of));
        };
        if let Sort::Array(element) = of.kind() {
            let elements =
                if self.is_binary { array::from_binary(bytes, element) } else { array::from_text(bytes, element) };
            return elements.ok_or_else(|| self.wrong(&of));
        }
        let is_text = matches!(of, Type::UNKNOWN | Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME);
        if self.is_binary && !is_text {
            return binary(&of, bytes).ok_or_else(|| self.wrong(&of));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| self.wrong(&of))?;
        from_text(text, kind.as_ref()).ok_or_else(|| self.wrong(&of))
    }

    fn wrong(&self, of: &Type) -> Problem {
        problem::error(
            "22P02",
            format!("read the parameter ${}: it is no {} that is known here", self.place, of.name()),
        )
    }
}

/// What the engine calls a type; `None` for a text, which may be anything.
pub(super) fn kind(of: &Type) -> Option<DataType> {
    Some(match *of {
        Type::BOOL => DataType::Boolean,
        Type::INT2 => DataType::Int16,
        Type::INT4 | Type::OID => DataType::Int32,
        Type::INT8 => DataType::Int64,
        Type::FLOAT4 => DataType::Float32,
        Type::FLOAT8 => DataType::Float64,
        Type::NUMERIC => DataType::Decimal128(PRECISION as u8, SCALE as i8),
        Type::DATE => DataType::Date32,
        Type::TIMESTAMP => DataType::Timestamp(TimeUnit::Microsecond, None),
        Type::TIMESTAMPTZ => instant(),
        Type::BYTEA => DataType::Binary,
        _ => match of.kind() {
            Sort::Array(element) => DataType::List(Arc::new(Field::new_list_field(array::kind(element)?, true))),
            _ => return None,
        },
    })
}

fn instant() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn from_text(text: &str, kind: Option<&DataType>) -> Option<ScalarValue> {
    let value = ScalarValue::Utf8(Some(text.to_owned()));
    match kind {
        None | Some(DataType::Null) => Some(value),
        // With the places it came with: none is lost.
        Some(DataType::Decimal128(..) | DataType::Decimal256(..)) => numeric::from_text(text),
        // Drivers write a day with the zone that it is in, or with its hours.
        Some(DataType::Date32) => {
            let day = text.split([' ', 'T']).next().unwrap_or(text);
            ScalarValue::Utf8(Some(day.to_owned())).cast_to(&DataType::Date32).ok().filter(|value| !value.is_null())
        }
        Some(kind) => value.cast_to(kind).ok().filter(|value| !value.is_null()),
    }
}

fn binary(of: &Type, bytes: &[u8]) -> Option<ScalarValue> {
    Some(match *of {
        Type::BOOL => ScalarValue::Boolean(Some(*bytes.first()? != 0)),
        Type::INT2 => ScalarValue::Int16(Some(i16::from_be_bytes(bytes.try_into().ok()?))),
        Type::INT4 | Type::OID => ScalarValue::Int32(Some(i32::from_be_bytes(bytes.try_into().ok()?))),
        Type::INT8 => ScalarValue::Int64(Some(i64::from_be_bytes(bytes.try_into().ok()?))),
        Type::FLOAT4 => ScalarValue::Float32(Some(f32::from_be_bytes(bytes.try_into().ok()?))),
        Type::FLOAT8 => ScalarValue::Float64(Some(f64::from_be_bytes(bytes.try_into().ok()?))),
        Type::NUMERIC => numeric::from_binary(bytes)?,
        Type::DATE => ScalarValue::Date32(Some(i32::from_be_bytes(bytes.try_into().ok()?).checked_add(EPOCH_DAYS)?)),
        Type::TIMESTAMP => ScalarValue::TimestampMicrosecond(Some(micros(bytes)?), None),
        Type::TIMESTAMPTZ => ScalarValue::TimestampMicrosecond(Some(micros(bytes)?), Some("UTC".into())),
        Type::BYTEA => ScalarValue::Binary(Some(bytes.to_vec())),
        _ => return None,
    })
}

fn micros(bytes: &[u8]) -> Option<i64> {
    i64::from_be_bytes(bytes.try_into().ok()?).checked_add(EPOCH_US)
}
