//! What can be asked: the catalog, the schemas and the tables of whoever asks, and what this server does.

use std::sync::LazyLock;

use arrow::array::RecordBatch;
use arrow_flight::sql::metadata::{SqlInfoData, SqlInfoDataBuilder};
use arrow_flight::sql::{CommandGetDbSchemas, CommandGetTables, ProstMessageExt, SqlInfo};
use arrow_flight::{FlightDescriptor, FlightEndpoint, FlightInfo, Ticket};
use metrify_query::{CATALOG, Listed};
use prost::Message;
use tonic::Status;

use super::{status, stream};

/// What is told of the server itself.
pub(super) static SERVER: LazyLock<Option<SqlInfoData>> = LazyLock::new(|| {
    let mut told = SqlInfoDataBuilder::new();
    told.append(SqlInfo::FlightSqlServerName, "Metrify");
    told.append(SqlInfo::FlightSqlServerVersion, env!("CARGO_PKG_VERSION"));
    told.append(SqlInfo::FlightSqlServerArrowVersion, "1.3");
    told.append(SqlInfo::FlightSqlServerReadOnly, true);
    told.append(SqlInfo::FlightSqlServerSql, true);
    told.append(SqlInfo::FlightSqlServerSubstrait, false);
    // No transactions: nothing is written.
    told.append(SqlInfo::FlightSqlServerTransaction, 0_i32);
    told.append(SqlInfo::FlightSqlServerCancel, false);
    told.append(SqlInfo::SqlIdentifierQuoteChar, "\"");
    told.build().ok()
});

/// What all tables are called: whether one is made of others is nothing to those who ask it.
pub(super) const KIND: &str = "TABLE";

/// What a client comes back with for a listing: the same question.
pub(super) fn info(
    question: &impl ProstMessageExt,
    schema: &arrow::datatypes::Schema,
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
