//! Statements between the call that prepares them and the one that asks them.

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use arrow::ipc;
use arrow::ipc::writer::IpcWriteOptions;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use arrow_flight::sql::server::PeekableFlightDataStream;
use arrow_flight::sql::{ActionCreatePreparedStatementResult, DoPutPreparedStatementResult};
use arrow_flight::{FlightData, IpcMessage, SchemaAsIpc};
use bytes::Bytes;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use futures::{StreamExt, TryStreamExt};
use metrify_application::{Context, Error, Kind, Result, read};
use metrify_query::{Asked, Described, Refused};
use tonic::{Response, Status};

use super::super::handle::Handle;
use super::super::status;
use super::super::stream::{self, Sent};
use super::Service;
use crate::answer::Answer;
use crate::meant;
use crate::refusal;

impl Service {
    async fn asked(&self, ctx: &Context, handle: &Handle) -> Result<Asked, Status> {
        let statement = self.wire.engine.read(ctx.tenant(), handle.sql.clone(), GenericDialect {}, statement).await;
        let statement = self.wire.noted(ctx, statement).map_err(|error| status::of(&error))?;
        let parameters = handle.values().or_else(|refused| self.misunderstood(ctx, refused))?;
        Ok(Asked { statement, furnish: None, parameters, known_at: handle.known_at() })
    }

    pub(super) async fn describe(&self, ctx: &Context, handle: &Handle) -> Result<Described, Status> {
        let asked = self.asked(ctx, handle).await?;
        self.describe_asked(ctx, asked).await
    }

    async fn describe_asked(&self, ctx: &Context, asked: Asked) -> Result<Described, Status> {
        let described = read::described(&self.wire.app, ctx, self.wire.engine.describe(ctx.tenant(), asked)).await;
        described.map_err(|error| status::of(&error))
    }

    pub(super) async fn answer(&self, ctx: Context, handle: &[u8]) -> Result<Response<Sent>, Status> {
        let asked = self.asked(&ctx, &self.handle(&ctx, handle)?).await?;
        let answer = Answer::begin(&self.wire, ctx, asked).await.map_err(|error| status::of(&error))?;
        Ok(Response::new(stream::answer(answer)))
    }

    pub(super) async fn prepare(
        &self,
        ctx: &Context,
        handle: Handle,
    ) -> Result<ActionCreatePreparedStatementResult, Status> {
        let asked = self.asked(ctx, &handle).await?;
        let meant = match &asked.statement {
            Statement::Statement(statement) => meant::parameters(statement),
            _ => Vec::new(),
        };
        let described = self.describe_asked(ctx, asked).await?;
        let parameter = |(place, of): (usize, Option<DataType>)| {
            // What a statement says of it, or what it is compared with.
            let of = match meant.get(place).cloned().flatten().or(of) {
                // The driver of JDBC writes milliseconds whatever is told, which were other moments without a word.
                Some(DataType::Timestamp(_, zone)) => DataType::Timestamp(TimeUnit::Millisecond, zone),
                of => of.unwrap_or(DataType::Utf8),
            };
            Field::new(format!("${}", place + 1), of, true)
        };
        let parameters: Vec<Field> = described.parameters.into_iter().enumerate().map(parameter).collect();
        Ok(ActionCreatePreparedStatementResult {
            prepared_statement_handle: handle.bytes()?,
            dataset_schema: written(&stream::sent(&described.columns))?,
            parameter_schema: written(&stream::sent(&Schema::new(parameters)))?,
        })
    }

    pub(super) async fn bind(
        &self,
        ctx: &Context,
        handle: Handle,
        sent: PeekableFlightDataStream,
    ) -> Result<DoPutPreparedStatementResult, Status> {
        let plain = sent.map(|data| data.and_then(plain).map_err(|error| FlightError::Tonic(Box::new(error))));
        let mut batches = FlightRecordBatchStream::new_from_flight_data(plain);
        let mut bound: Option<RecordBatch> = None;
        while let Some(batch) = batches.try_next().await.map_err(|error| status::invalid(error.to_string()))? {
            if batch.num_rows() == 0 {
                continue;
            }
            if bound.replace(batch).is_some() {
                return Err(status::invalid("bind the parameters: more than one row came"));
            }
        }
        let bound = bound.ok_or_else(|| status::invalid("bind the parameters: no row came"))?;
        let bound = handle.with(&bound)?;
        // What does not fit is told now, and not when it is asked.
        self.describe(ctx, &bound).await?;
        Ok(DoPutPreparedStatementResult { prepared_statement_handle: Some(bound.bytes()?) })
    }
}

/// Lets through what is as long as it says: what is compressed claims a length that nobody can check before it is there.
fn plain(data: FlightData) -> Result<FlightData, Status> {
    if data.data_header.is_empty() {
        return Ok(data);
    }
    let message = ipc::root_as_message(&data.data_header).map_err(|error| status::invalid(error.to_string()))?;
    let rows = message.header_as_record_batch();
    let dictionary = message.header_as_dictionary_batch().and_then(|dictionary| dictionary.data());
    if rows.or(dictionary).is_some_and(|rows| rows.compression().is_some()) {
        return Err(status::invalid("bind the parameters: they are compressed"));
    }
    Ok(data)
}

fn written(schema: &Schema) -> Result<Bytes, Status> {
    let options = IpcWriteOptions::default();
    let IpcMessage(bytes) = SchemaAsIpc::new(schema, &options).try_into().map_err(status::internal)?;
    Ok(bytes)
}

/// The one statement of a text. What other interfaces call `?` is `$1`, `$2` and so on.
fn statement(sql: &str) -> Result<Statement> {
    let refused = |text: String| Error::new(Kind::Invalid, "read the query").because(Refused::syntax(text));
    let mut tokens = Tokenizer::new(&GenericDialect {}, sql).tokenize().map_err(|error| refused(error.to_string()))?;
    let mut places = 0;
    for token in &mut tokens {
        if matches!(token, Token::Placeholder(name) if name == "?") {
            places += 1;
            *token = Token::Placeholder(format!("${places}"));
        }
    }
    let parsed = Parser::new(&GenericDialect {}).with_tokens(tokens).parse_statements();
    let mut statements = parsed.map_err(|error| refused(error.to_string()))?;
    match (statements.pop(), statements.is_empty()) {
        (Some(statement), true) if refusal::only_reads(&statement) => Ok(Statement::Statement(Box::new(statement))),
        (Some(statement), true) => {
            let refusal = refusal::of(&statement);
            Err(Error::new(Kind::Invalid, refusal.message).hint(refusal.hint))
        }
        (_, _) => Err(refused("one statement is taken at a time".to_owned())),
    }
}
