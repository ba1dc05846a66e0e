//! What can be asked: the catalog, the schemas and the tables of whoever asks. They have no keys.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema};
use arrow_flight::sql::{CommandGetDbSchemas, CommandGetTables, ProstMessageExt};
use arrow_flight::{FlightDescriptor, FlightEndpoint, FlightInfo, Ticket};
use metrify_query::{CATALOG, Listed};
use prost::Message;
use tonic::Status;

use super::{status, stream};

/// What all tables are called: whether one is made of others is nothing to those who ask it.
pub(super) const KIND: &str = "TABLE";

/// What a client comes back with for a listing: the same question.
pub(super) fn info(
    question: &impl ProstMessageExt,
    schema: &Schema,
    descriptor: FlightDescriptor,
) -> Result<FlightInfo, Status> {
    let ticket = Ticket { ticket: question.as_any().encode_to_vec().into() };
    let info = FlightInfo::new().try_with_schema(schema).map_err(status::internal)?;
    Ok(info.with_descriptor(descriptor).with_endpoint(FlightEndpoint::new().with_ticket(ticket)))
}

pub(super) fn schemas(question: CommandGetDbSchemas, listed: &[Listed]) -> Result<RecordBatch, Status> {
    let mut schemas = question.into_builder();
    let mut names: Vec<&str> = listed.iter().map(|listed| listed.schema.as_str()).collect();
    names.dedup();
    names.into_iter().for_each(|name| schemas.append(CATALOG, name));
    schemas.build().map_err(|error| status::invalid(error.to_string()))
}

pub(super) fn tables(question: CommandGetTables, listed: &[Listed]) -> Result<RecordBatch, Status> {
    let mut tables = question.into_builder();
    for table in listed {
        let appended = tables.append(CATALOG, &table.schema, &table.name, KIND, &stream::sent(&table.columns));
        appended.map_err(status::internal)?;
    }
    tables.build().map_err(|error| status::invalid(error.to_string()))
}

/// No row of primary keys.
pub(super) fn primary_keys() -> RecordBatch {
    let texts = [("catalog_name", true), ("db_schema_name", true), ("table_name", false), ("column_name", false)];
    let mut fields = texts.map(|(name, is_null)| Field::new(name, DataType::Utf8, is_null)).to_vec();
    fields.push(Field::new("key_sequence", DataType::Int32, false));
    fields.push(Field::new("key_name", DataType::Utf8, true));
    RecordBatch::new_empty(Arc::new(Schema::new(fields)))
}

/// No row of keys that are of another table.
pub(super) fn foreign_keys() -> RecordBatch {
    let of = |side: &str| {
        let texts = [("catalog_name", true), ("db_schema_name", true), ("table_name", false), ("column_name", false)];
        texts.map(|(name, is_null)| Field::new(format!("{side}_{name}"), DataType::Utf8, is_null))
    };
    let mut fields: Vec<Field> = of("pk").into_iter().chain(of("fk")).collect();
    fields.push(Field::new("key_sequence", DataType::Int32, false));
    fields.push(Field::new("fk_key_name", DataType::Utf8, true));
    fields.push(Field::new("pk_key_name", DataType::Utf8, true));
    fields.push(Field::new("update_rule", DataType::UInt8, false));
    fields.push(Field::new("delete_rule", DataType::UInt8, false));
    RecordBatch::new_empty(Arc::new(Schema::new(fields)))
}
