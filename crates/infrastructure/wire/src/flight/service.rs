//! The calls of Flight SQL, each by somebody who says who it is.

mod prepared;

use std::pin::Pin;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow_flight::sql::metadata::GetCatalogsBuilder;
use arrow_flight::sql::server::{FlightSqlService, PeekableFlightDataStream};
use arrow_flight::sql::{
    ActionBeginTransactionRequest, ActionBeginTransactionResult, ActionClosePreparedStatementRequest,
    ActionCreatePreparedStatementRequest, ActionCreatePreparedStatementResult, Any, Command, CommandGetCatalogs,
    CommandGetCrossReference, CommandGetDbSchemas, CommandGetExportedKeys, CommandGetImportedKeys,
    CommandGetPrimaryKeys, CommandGetSqlInfo, CommandGetTableTypes, CommandGetTables, CommandPreparedStatementQuery,
    CommandPreparedStatementUpdate, CommandStatementIngest, CommandStatementQuery, CommandStatementUpdate,
    DoPutPreparedStatementResult, ProstMessageExt, SqlInfo, TicketStatementQuery,
};
use arrow_flight::{
    Action, FlightDescriptor, FlightInfo, HandshakeRequest, HandshakeResponse, PutResult, Result as ActionResult,
    Ticket,
};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use futures::{Stream, StreamExt, stream as streams};
use metrify_application::govern::{Certificate, Credential};
use metrify_application::{Context, Error, Kind, read};
use metrify_query::{CATALOG, Listed};
use tonic::metadata::{Ascii, MetadataMap, MetadataValue};
use tonic::{Request, Response, Status, Streaming};

use super::handle::Handle;
use super::stream::Sent;
use super::{Connection, facts, listing, status, stream};
use crate::Wire;
use crate::caller::{Caller, KNOWN_AT, PURPOSE, known_at, purpose};

pub(super) struct Service {
    pub(super) wire: Arc<Wire>,
}

/// Where a call says who makes it.
const AUTHORIZATION: &str = "authorization";
const CLOSE_SESSION: &str = "CloseSession";

type Handshake = Pin<Box<dyn Stream<Item = Result<HandshakeResponse, Status>> + Send>>;
type Put = Pin<Box<dyn Stream<Item = Result<PutResult, Status>> + Send>>;
type Acted = Pin<Box<dyn Stream<Item = Result<ActionResult, Status>> + Send>>;

fn caller<T>(request: &Request<T>) -> Result<Caller, Status> {
    let head = request.metadata();
    let text = |name: &str| head.get(name).and_then(|value| value.to_str().ok());
    let credential = match head.get(AUTHORIZATION) {
        Some(said) => bearer(said).map(Credential::Text),
        None => certificate(request).map(Credential::Certificate),
    };
    let purpose = text(PURPOSE).map(purpose).transpose().map_err(|error| status::of(&error))?;
    let known_at = text(KNOWN_AT).map_or(Ok(None), known_at).map_err(|error| status::of(&error))?;
    Ok(Caller { credential: credential.ok_or_else(status::unknown)?, purpose, known_at })
}

fn bearer(said: &MetadataValue<Ascii>) -> Option<String> {
    let (scheme, credential) = said.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| credential.trim().to_owned())
}

/// What the connection of a call was opened by.
fn certificate<T>(request: &Request<T>) -> Option<Certificate> {
    request.extensions().get::<Connection>()?.certificate.clone()
}

/// With or without what fills up the last group: clients differ.
const BASIC: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The password of a basic authentication.
fn password(head: &MetadataMap) -> Option<String> {
    let (scheme, said) = head.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let said = scheme.eq_ignore_ascii_case("basic").then(|| BASIC.decode(said.trim()).ok())??;
    String::from_utf8(said).ok()?.split_once(':').map(|(_, password)| password.to_owned())
}

impl Service {
    async fn known<T>(&self, caller: &Caller, request: &Request<T>) -> Result<Context, Status> {
        let known = self.wire.context(caller).await.map_err(|error| status::of(&error))?;
        let ctx = known.ok_or_else(status::unknown)?;
        let admitted = request.extensions().get::<Connection>().map(|connection| connection.guest.admit(ctx.tenant()));
        admitted.transpose().map_err(|error| status::of(&error))?;
        Ok(ctx)
    }

    async fn context<T>(&self, request: &Request<T>) -> Result<Context, Status> {
        self.known(&caller(request)?, request).await
    }

    async fn listed(&self, ctx: &Context) -> Result<Vec<Listed>, Status> {
        let listed = read::listed(&self.wire.app, ctx, self.wire.engine.tables(ctx.tenant())).await;
        listed.map_err(|error| status::of(&error))
    }

    /// What a client comes back with for a listing that is the same for all.
    async fn listed_as(
        &self,
        query: &impl ProstMessageExt,
        listing: &RecordBatch,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.context(&request).await?;
        Ok(Response::new(listing::info(query, listing.schema_ref(), request.into_inner())?))
    }

    /// Says that something is not answered, which leaves an entry as any refusal does.
    async fn unanswered<T, Answer>(&self, request: &Request<T>, what: &str) -> Result<Answer, Status> {
        let ctx = self.context(request).await?;
        let error = Error::new(Kind::Denied, format!("{what} is not answered here: queries are"));
        read::unasked(&self.wire.app, &ctx, &error).map_err(|error| status::of(&error))?;
        Err(Status::unimplemented(error.to_string()))
    }

    /// What was given to come back with. Where it is none, that leaves an entry.
    fn handle(&self, ctx: &Context, bytes: &[u8]) -> Result<Handle, Status> {
        Handle::read(bytes).or_else(|refused| self.misunderstood(ctx, refused))
    }

    fn misunderstood<T>(&self, ctx: &Context, refused: Status) -> Result<T, Status> {
        let error = Error::new(Kind::Invalid, refused.message());
        read::unasked(&self.wire.app, ctx, &error).map_err(|error| status::of(&error))?;
        Err(refused)
    }
}

#[tonic::async_trait]
impl FlightSqlService for Service {
    type FlightService = Self;

    async fn do_handshake(&self, request: Request<Streaming<HandshakeRequest>>) -> Result<Response<Handshake>, Status> {
        let credential = password(request.metadata()).ok_or_else(status::unknown)?;
        let presented = Credential::Text(credential.clone());
        self.known(&Caller { credential: presented, purpose: None, known_at: None }, &request).await?;
        // The token is the key itself: there is nothing to keep, nor to take back but the key.
        let bearer = format!("Bearer {credential}").parse().map_err(|_| status::unknown())?;
        let answer = HandshakeResponse { protocol_version: 0, payload: credential.into() };
        let answered: Handshake = streams::iter([Ok(answer)]).boxed();
        let mut response = Response::new(answered);
        response.metadata_mut().insert(AUTHORIZATION, bearer);
        Ok(response)
    }

    async fn get_flight_info_statement(
        &self,
        query: CommandStatementQuery,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        let ctx = self.context(&request).await?;
        let handle = Handle::of(query.query, caller(&request)?.known_at);
        let described = self.describe(&ctx, &handle).await?;
        let ticket = TicketStatementQuery { statement_handle: handle.bytes()? };
        let info = listing::info(&ticket, &stream::sent(&described.columns), request.into_inner())?;
        Ok(Response::new(info))
    }

    async fn do_get_statement(
        &self,
        ticket: TicketStatementQuery,
        request: Request<Ticket>,
    ) -> Result<Response<Sent>, Status> {
        self.answer(self.context(&request).await?, &ticket.statement_handle).await
    }

    async fn get_flight_info_prepared_statement(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        let ctx = self.context(&request).await?;
        let described = self.describe(&ctx, &self.handle(&ctx, &query.prepared_statement_handle)?).await?;
        let info = listing::info(&query, &stream::sent(&described.columns), request.into_inner())?;
        Ok(Response::new(info))
    }

    async fn do_get_prepared_statement(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<Ticket>,
    ) -> Result<Response<Sent>, Status> {
        self.answer(self.context(&request).await?, &query.prepared_statement_handle).await
    }

    async fn do_action_create_prepared_statement(
        &self,
        query: ActionCreatePreparedStatementRequest,
        request: Request<Action>,
    ) -> Result<ActionCreatePreparedStatementResult, Status> {
        let ctx = self.context(&request).await?;
        self.prepare(&ctx, Handle::of(query.query, caller(&request)?.known_at)).await
    }

    async fn do_put_prepared_statement_query(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<PeekableFlightDataStream>,
    ) -> Result<DoPutPreparedStatementResult, Status> {
        let ctx = self.context(&request).await?;
        let handle = self.handle(&ctx, &query.prepared_statement_handle)?;
        self.bind(&ctx, handle, request.into_inner()).await
    }

    async fn do_action_close_prepared_statement(
        &self,
        _: ActionClosePreparedStatementRequest,
        request: Request<Action>,
    ) -> Result<(), Status> {
        // Nothing was kept.
        self.context(&request).await.map(drop)
    }

    async fn get_flight_info_catalogs(
        &self,
        query: CommandGetCatalogs,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.context(&request).await?;
        let schema = GetCatalogsBuilder::new().schema();
        Ok(Response::new(listing::info(&query, &schema, request.into_inner())?))
    }

    async fn do_get_catalogs(&self, _: CommandGetCatalogs, request: Request<Ticket>) -> Result<Response<Sent>, Status> {
        self.context(&request).await?;
        let mut catalogs = GetCatalogsBuilder::new();
        catalogs.append(CATALOG);
        Ok(Response::new(stream::batch(catalogs.build().map_err(status::internal)?)))
    }

    async fn get_flight_info_schemas(
        &self,
        query: CommandGetDbSchemas,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.context(&request).await?;
        let schema = query.clone().into_builder().schema();
        Ok(Response::new(listing::info(&query, &schema, request.into_inner())?))
    }

    async fn do_get_schemas(
        &self,
        query: CommandGetDbSchemas,
        request: Request<Ticket>,
    ) -> Result<Response<Sent>, Status> {
        let ctx = self.context(&request).await?;
        Ok(Response::new(stream::batch(listing::schemas(query, &self.listed(&ctx).await?)?)))
    }

    async fn get_flight_info_tables(
        &self,
        query: CommandGetTables,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.context(&request).await?;
        let schema = query.clone().into_builder().schema();
        Ok(Response::new(listing::info(&query, &schema, request.into_inner())?))
    }

    async fn do_get_tables(&self, query: CommandGetTables, request: Request<Ticket>) -> Result<Response<Sent>, Status> {
        let ctx = self.context(&request).await?;
        Ok(Response::new(stream::batch(listing::tables(query, &self.listed(&ctx).await?)?)))
    }

    async fn get_flight_info_table_types(
        &self,
        query: CommandGetTableTypes,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.context(&request).await?;
        let schema = query.into_builder().schema();
        Ok(Response::new(listing::info(&query, &schema, request.into_inner())?))
    }

    async fn do_get_table_types(
        &self,
        query: CommandGetTableTypes,
        request: Request<Ticket>,
    ) -> Result<Response<Sent>, Status> {
        self.context(&request).await?;
        let mut kinds = query.into_builder();
        kinds.append(listing::KIND);
        Ok(Response::new(stream::batch(kinds.build().map_err(status::internal)?)))
    }

    async fn get_flight_info_sql_info(
        &self,
        query: CommandGetSqlInfo,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.context(&request).await?;
        let told = facts::FACTS.as_ref().ok_or_else(|| status::internal("tell of the server"))?;
        let schema = query.clone().into_builder(told).schema();
        Ok(Response::new(listing::info(&query, &schema, request.into_inner())?))
    }

    async fn do_get_sql_info(
        &self,
        query: CommandGetSqlInfo,
        request: Request<Ticket>,
    ) -> Result<Response<Sent>, Status> {
        self.context(&request).await?;
        let told = facts::FACTS.as_ref().ok_or_else(|| status::internal("tell of the server"))?;
        Ok(Response::new(stream::batch(query.into_builder(told).build().map_err(status::internal)?)))
    }

    async fn get_flight_info_primary_keys(
        &self,
        query: CommandGetPrimaryKeys,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.listed_as(&query, &listing::primary_keys(), request).await
    }

    async fn do_get_primary_keys(
        &self,
        _: CommandGetPrimaryKeys,
        request: Request<Ticket>,
    ) -> Result<Response<Sent>, Status> {
        self.context(&request).await?;
        Ok(Response::new(stream::batch(listing::primary_keys())))
    }

    async fn get_flight_info_exported_keys(
        &self,
        query: CommandGetExportedKeys,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.listed_as(&query, &listing::foreign_keys(), request).await
    }

    async fn do_get_exported_keys(
        &self,
        _: CommandGetExportedKeys,
        request: Request<Ticket>,
    ) -> Result<Response<Sent>, Status> {
        self.context(&request).await?;
        Ok(Response::new(stream::batch(listing::foreign_keys())))
    }

    async fn get_flight_info_imported_keys(
        &self,
        query: CommandGetImportedKeys,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.listed_as(&query, &listing::foreign_keys(), request).await
    }

    async fn do_get_imported_keys(
        &self,
        _: CommandGetImportedKeys,
        request: Request<Ticket>,
    ) -> Result<Response<Sent>, Status> {
        self.context(&request).await?;
        Ok(Response::new(stream::batch(listing::foreign_keys())))
    }

    async fn get_flight_info_cross_reference(
        &self,
        query: CommandGetCrossReference,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.listed_as(&query, &listing::foreign_keys(), request).await
    }

    async fn do_get_cross_reference(
        &self,
        _: CommandGetCrossReference,
        request: Request<Ticket>,
    ) -> Result<Response<Sent>, Status> {
        self.context(&request).await?;
        Ok(Response::new(stream::batch(listing::foreign_keys())))
    }

    async fn do_put_statement_update(
        &self,
        update: CommandStatementUpdate,
        request: Request<PeekableFlightDataStream>,
    ) -> Result<i64, Status> {
        let ctx = self.context(&request).await?;
        // Whatever would write is refused as it is where it comes as a query.
        self.describe(&ctx, &Handle::of(update.query, caller(&request)?.known_at)).await?;
        self.misunderstood(&ctx, status::invalid("a query comes as a query, and not as an update"))
    }

    async fn do_put_prepared_statement_update(
        &self,
        update: CommandPreparedStatementUpdate,
        request: Request<PeekableFlightDataStream>,
    ) -> Result<i64, Status> {
        let ctx = self.context(&request).await?;
        self.describe(&ctx, &self.handle(&ctx, &update.prepared_statement_handle)?).await?;
        self.misunderstood(&ctx, status::invalid("a query comes as a query, and not as an update"))
    }

    async fn do_put_statement_ingest(
        &self,
        _: CommandStatementIngest,
        request: Request<PeekableFlightDataStream>,
    ) -> Result<i64, Status> {
        self.unanswered(&request, "ingestion").await
    }

    async fn do_action_begin_transaction(
        &self,
        _: ActionBeginTransactionRequest,
        request: Request<Action>,
    ) -> Result<ActionBeginTransactionResult, Status> {
        self.unanswered(&request, "a transaction").await
    }

    async fn get_flight_info_fallback(
        &self,
        cmd: Command,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.unanswered(&request, cmd.type_url()).await
    }

    async fn do_get_fallback(&self, request: Request<Ticket>, message: Any) -> Result<Response<Sent>, Status> {
        self.unanswered(&request, &message.type_url).await
    }

    async fn do_put_fallback(
        &self,
        request: Request<PeekableFlightDataStream>,
        message: Any,
    ) -> Result<Response<Put>, Status> {
        self.unanswered(&request, &message.type_url).await
    }

    async fn do_action_fallback(&self, request: Request<Action>) -> Result<Response<Acted>, Status> {
        // With it drivers say goodbye. Nothing was kept.
        if request.get_ref().r#type == CLOSE_SESSION {
            return Err(Status::unimplemented("there are no sessions"));
        }
        self.unanswered(&request, "this action").await
    }

    async fn register_sql_info(&self, _: i32, _: &SqlInfo) {}
}
