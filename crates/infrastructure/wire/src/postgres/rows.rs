//! Rows of an answer as PostgreSQL's clients take them: each value as text, or in its binary form where they ask for it.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Decimal128Type, Decimal256Type, FieldRef, SchemaRef};
use arrow_pg::datatypes::field_into_pg_type;
use arrow_pg::encoder::encode_value;
use metrify_domain::decimal::shortest;
use pgwire::api::results::{DataRowEncoder, FieldFormat, FieldInfo};
use pgwire::error::PgWireError;
use pgwire::messages::data::{DataRow, FORMAT_CODE_BINARY, FieldDescription, RowDescription};
use postgres_types::Type;

use super::numeric::Numeric;
use super::problem::{self, Problem};

/// The columns of an answer, in the forms that were asked for: none for text, one for all columns, or one for each.
pub(super) fn fields(columns: &SchemaRef, formats: &[i16]) -> Result<Vec<FieldInfo>, Problem> {
    if formats.len() > 1 && formats.len() != columns.fields().len() {
        return Err(problem::error("08P01", "describe the answer: there are more forms than columns, or fewer"));
    }
    let field = |(place, field): (usize, &FieldRef)| {
        let format = formats.get(place).or(formats.first().filter(|_| formats.len() == 1)).copied();
        let format = if format == Some(FORMAT_CODE_BINARY) { FieldFormat::Binary } else { FieldFormat::Text };
        let of = kind(field)?;
        let size = size(&of);
        Ok(FieldInfo::new(field.name().clone(), None, None, of, format).with_type_size(size))
    };
    columns.fields().iter().enumerate().map(field).collect()
}

/// What a column is called by PostgreSQL.
pub(super) fn kind(field: &FieldRef) -> Result<Type, Problem> {
    match field.data_type() {
        DataType::Decimal256(..) => Ok(Type::NUMERIC),
        // A column of nothing but null.
        DataType::Null => Ok(Type::TEXT),
        _ => field_into_pg_type(field).map_err(|error| unwritable(&error)),
    }
}

/// Bytes of each value; -1 where they differ.
fn size(of: &Type) -> i16 {
    match *of {
        Type::BOOL | Type::CHAR => 1,
        Type::INT2 => 2,
        Type::INT4 | Type::FLOAT4 | Type::DATE | Type::OID => 4,
        Type::INT8 | Type::FLOAT8 | Type::TIMESTAMP | Type::TIMESTAMPTZ | Type::TIME => 8,
        _ => -1,
    }
}

pub(super) fn description(fields: &[FieldInfo]) -> RowDescription {
    RowDescription::new(fields.iter().map(FieldDescription::from).collect())
}

/// The rows of one batch.
pub(super) struct Rows {
    batch: RecordBatch,
    fields: Arc<Vec<FieldInfo>>,
    encoder: DataRowEncoder,
    next: usize,
}

impl Rows {
    pub(super) fn new(batch: RecordBatch, fields: &Arc<Vec<FieldInfo>>) -> Self {
        Self { batch, fields: fields.clone(), encoder: DataRowEncoder::new(fields.clone()), next: 0 }
    }

    /// The same rows, those that were told left out.
    pub(super) fn formed(self, fields: &Arc<Vec<FieldInfo>>) -> Self {
        Self { next: self.next, ..Self::new(self.batch, fields) }
    }

    /// # Errors
    /// Where a value has no form in this protocol.
    pub(super) fn next(&mut self) -> Result<Option<DataRow>, Problem> {
        if self.next >= self.batch.num_rows() {
            return Ok(None);
        }
        let schema = self.batch.schema_ref();
        let columns = self.batch.columns().iter().zip(schema.fields()).zip(self.fields.iter());
        for ((column, field), to) in columns {
            let written = match field.data_type() {
                DataType::Decimal128(_, scale) => {
                    let value =
                        column.is_valid(self.next).then(|| column.as_primitive::<Decimal128Type>().value(self.next));
                    self.encoder.encode_field(&value.map(|units| Numeric(shortest(units, *scale))))
                }
                DataType::Decimal256(..) => {
                    let values = column.as_primitive::<Decimal256Type>();
                    let value = values.is_valid(self.next).then(|| Numeric(values.value_as_string(self.next)));
                    self.encoder.encode_field(&value)
                }
                DataType::Null => self.encoder.encode_field(&None::<&str>),
                _ => encode_value(&mut self.encoder, column, self.next, field, to),
            };
            written.map_err(|error| unwritable(&error))?;
        }
        self.next += 1;
        Ok(Some(self.encoder.take_row()))
    }
}

fn unwritable(error: &PgWireError) -> Problem {
    problem::error("0A000", format!("write the answer: {error}"))
}
