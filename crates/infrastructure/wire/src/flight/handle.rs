//! What clients are given to come back with: a statement, and values for its parameters. It says nothing of who may ask it.

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, TimeUnit};
use bytes::Bytes;
use datafusion::common::ScalarValue;
use metrify_domain::Timestamp;
use metrify_domain::decimal::shortest;
use prost::Message;
use tonic::Status;

use super::status;
use crate::postgres::decimal;

/// Bytes of a handle.
const HANDLE_BYTES_MAX: usize = 1 << 20;

#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct Handle {
    #[prost(string, tag = "1")]
    pub(super) sql: String,
    #[prost(message, repeated, tag = "2")]
    values: Vec<Value>,
    /// Microseconds since 1970: everything is told as it was known then.
    #[prost(sint64, optional, tag = "3")]
    known_at_us: Option<i64>,
}

/// A value: a number or a text, and what it means.
#[derive(Clone, PartialEq, Eq, Message)]
struct Value {
    #[prost(enumeration = "Means", tag = "1")]
    means: i32,
    #[prost(sint64, tag = "2")]
    number: i64,
    #[prost(string, tag = "3")]
    text: String,
    #[prost(bytes = "vec", tag = "4")]
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
enum Means {
    Null = 0,
    Bool = 1,
    Whole = 2,
    /// The bits of a binary fraction.
    Float = 3,
    Text = 4,
    Bytes = 5,
    Decimal = 6,
    /// Microseconds since 1970, in UTC.
    Instant = 7,
    /// As [`Means::Instant`], in no zone.
    Local = 8,
    /// Days since 1970.
    Date = 9,
}

impl Handle {
    pub(super) fn of(sql: String, known_at: Option<Timestamp>) -> Self {
        Self { sql, values: Vec::new(), known_at_us: known_at.map(Timestamp::micros) }
    }

    pub(super) fn known_at(&self) -> Option<Timestamp> {
        self.known_at_us.map(Timestamp::from_micros)
    }

    /// # Errors
    /// Where it is too long, or none.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Status> {
        if bytes.len() > HANDLE_BYTES_MAX {
            return Err(status::invalid(format!("read the handle: it has more than {HANDLE_BYTES_MAX} bytes")));
        }
        Self::decode(bytes).map_err(|_| status::invalid("read the handle: it is none that was given here"))
    }

    /// # Errors
    /// Where it would be longer than what is taken back.
    pub(super) fn bytes(&self) -> Result<Bytes, Status> {
        let bytes = self.encode_to_vec();
        if bytes.len() > HANDLE_BYTES_MAX {
            return Err(status::invalid(format!("prepare the statement: it has more than {HANDLE_BYTES_MAX} bytes")));
        }
        Ok(bytes.into())
    }

    /// With the values of a row for its parameters.
    ///
    /// # Errors
    /// Where it is not one row, or a value is of a type that is not taken.
    pub(super) fn with(self, rows: &RecordBatch) -> Result<Self, Status> {
        if rows.num_rows() != 1 {
            return Err(status::invalid(format!("bind the parameters: {} rows came, one is taken", rows.num_rows())));
        }
        let value = |column: &ArrayRef| {
            let value = ScalarValue::try_from_array(column, 0).map_err(|error| status::invalid(error.to_string()))?;
            Value::of(&value)
        };
        Ok(Self { values: rows.columns().iter().map(value).collect::<Result<_, _>>()?, ..self })
    }

    /// The values for its parameters.
    ///
    /// # Errors
    /// Where one is none.
    pub(super) fn values(&self) -> Result<Vec<ScalarValue>, Status> {
        self.values.iter().map(Value::scalar).collect()
    }
}

impl Value {
    fn of(value: &ScalarValue) -> Result<Self, Status> {
        let refused = || status::invalid(format!("bind the parameters: {} is not taken", value.data_type()));
        let made = |means: Means, number: i64| Self { means: means as i32, number, ..Self::default() };
        if value.is_null() {
            return Ok(made(Means::Null, 0));
        }
        let cast = |to: &DataType| value.cast_to(to).map_err(|_| refused());
        let kind = value.data_type();
        match (value, &kind) {
            (ScalarValue::Boolean(Some(is)), _) => Ok(made(Means::Bool, i64::from(*is))),
            (ScalarValue::Binary(Some(bytes)) | ScalarValue::LargeBinary(Some(bytes)), _) => {
                Ok(Self { bytes: bytes.clone(), ..made(Means::Bytes, 0) })
            }
            (ScalarValue::Decimal128(Some(units), _, scale), _) => {
                Ok(Self { text: shortest(*units, *scale), ..made(Means::Decimal, 0) })
            }
            (ScalarValue::UInt64(Some(number)), _) => Ok(Self { text: number.to_string(), ..made(Means::Decimal, 0) }),
            (_, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => match cast(&DataType::Utf8)? {
                ScalarValue::Utf8(Some(text)) => Ok(Self { text, ..made(Means::Text, 0) }),
                _ => Err(refused()),
            },
            (_, DataType::Timestamp(_, zone)) => {
                let zone = zone.as_ref().map(|_| "UTC".into());
                let means = if zone.is_some() { Means::Instant } else { Means::Local };
                match cast(&DataType::Timestamp(TimeUnit::Microsecond, zone))? {
                    ScalarValue::TimestampMicrosecond(Some(micros), _) => Ok(made(means, micros)),
                    _ => Err(refused()),
                }
            }
            (ScalarValue::Date32(Some(days)), _) => Ok(made(Means::Date, i64::from(*days))),
            (_, kind) if kind.is_integer() => match cast(&DataType::Int64)? {
                ScalarValue::Int64(Some(number)) => Ok(made(Means::Whole, number)),
                _ => Err(refused()),
            },
            (_, kind) if kind.is_floating() => match cast(&DataType::Float64)? {
                ScalarValue::Float64(Some(number)) => Ok(made(Means::Float, number.to_bits().cast_signed())),
                _ => Err(refused()),
            },
            _ => Err(refused()),
        }
    }

    fn scalar(&self) -> Result<ScalarValue, Status> {
        let refused = || status::invalid("read the handle: it holds a value that is none");
        let means = Means::try_from(self.means).map_err(|_| refused())?;
        Ok(match means {
            Means::Null => ScalarValue::Null,
            Means::Bool => ScalarValue::Boolean(Some(self.number != 0)),
            Means::Whole => ScalarValue::Int64(Some(self.number)),
            Means::Float => ScalarValue::Float64(Some(f64::from_bits(self.number.cast_unsigned()))),
            Means::Text => ScalarValue::Utf8(Some(self.text.clone())),
            Means::Bytes => ScalarValue::Binary(Some(self.bytes.clone())),
            Means::Decimal => decimal(&self.text).ok_or_else(refused)?,
            Means::Instant => ScalarValue::TimestampMicrosecond(Some(self.number), Some("UTC".into())),
            Means::Local => ScalarValue::TimestampMicrosecond(Some(self.number), None),
            Means::Date => ScalarValue::Date32(Some(i32::try_from(self.number).map_err(|_| refused())?)),
        })
    }
}
