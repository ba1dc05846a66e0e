//! `POST /api/v1/sql`: the answer as lines of JSON, a page each. `POST /api/v1/export`: the answer as a file.

use axum::body::Body as Bytes;
use axum::extract::{Extension, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use metrify_application::{Context, Error, Kind, io, read};
use tokio_util::io::ReaderStream;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::Body;
use crate::problem::Problems;
use crate::schema::Binary;
use crate::wire::{Answer, ExportRequest, SqlRequest, export_format};
use crate::{Problem, Server};

/// Bytes of an answer that is in memory as a whole; a larger one asks for an export.
const ANSWER_BYTES_MAX: usize = 256 << 20;

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(query)).routes(routes!(export))
}

/// Answers a query, read-only, over everything the tenant has: a line of JSON for each page of rows.
#[utoipa::path(
    post, path = "/api/v1/sql", tag = "sql", operation_id = "query", request_body = SqlRequest,
    responses((status = 200, body = Answer, content_type = "application/x-ndjson"), Problems)
)]
async fn query(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Body(request): Body<SqlRequest>,
) -> Result<Response, Problem> {
    let (mut lines, mut bytes) = (Vec::new(), 0);
    let mut room = server.shares.room(ctx.tenant())?;
    let mut add = |page| {
        let mut line = Vec::new();
        Answer::write(&page, &mut line)
            .map_err(|error| Error::new(Kind::Internal, "write the answer").because(error))?;
        line.push(b'\n');
        bytes += line.len();
        if bytes > ANSWER_BYTES_MAX {
            let error =
                Error::new(Kind::Invalid, format!("answer the query: it has more than {ANSWER_BYTES_MAX} bytes"));
            return Err(error.hint("aggregate, add a limit, or write it to a file with `metrify export`"));
        }
        room.add(line.len())?;
        lines.push(line.into());
        Ok(())
    };
    read::sql(&server.app, &ctx, request.query()?, &mut add).await?;
    Ok(([(CONTENT_TYPE, "application/x-ndjson")], room.body(lines)).into_response())
}

/// Answers a query as a file.
#[utoipa::path(
    post, path = "/api/v1/export", tag = "sql", operation_id = "export", request_body = ExportRequest,
    responses((status = 200, body = inline(Binary), content_type = "application/octet-stream"), Problems)
)]
async fn export(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Body(request): Body<ExportRequest>,
) -> Result<Response, Problem> {
    let step = "write the export";
    let format = export_format(&request.format);
    let format = format.ok_or_else(|| Error::new(Kind::Invalid, format!("export as `{}`", request.format)))?;
    let folder = tempfile::TempDir::new_in(&server.spool).map_err(|error| io(step, error))?;
    let path = folder.path().join("export");
    read::export(&server.app, &ctx, request.query()?, format, &path).await?;
    // The open file outlives its folder, which goes when this function ends.
    let file = tokio::fs::File::open(&path).await.map_err(|error| io(step, error))?;
    Ok(([(CONTENT_TYPE, "application/octet-stream")], Bytes::from_stream(ReaderStream::new(file))).into_response())
}
