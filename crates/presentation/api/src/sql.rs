//! `POST /api/v1/sql`: the answer as lines of JSON, a page each. `POST /api/v1/export`: the answer as a file, at once or later.

use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use metrify_application::jobs::Started;
use metrify_application::read::Target;
use metrify_application::{Context, Error, Kind, read};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::exports::{Folder, gone};
use crate::extract::{Body, Named};
use crate::problem::Problems;
use crate::schema::Binary;
use crate::wire::{Answer, ExportRequest, SqlRequest, export_format};
use crate::{Problem, Server, prefer};

/// Bytes of an answer that is in memory as a whole; a larger one asks for an export.
const ANSWER_BYTES_MAX: usize = 256 << 20;
/// What a file of an export is, whose format its client has asked for.
const OCTETS: &str = "application/octet-stream";

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(query)).routes(routes!(export)).routes(routes!(content))
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

/// Answers a query as a file. It is a job; where the client prefers not to wait, the file is fetched from it.
#[utoipa::path(
    post, path = "/api/v1/export", tag = "sql", operation_id = "export", request_body = ExportRequest,
    params(("Prefer" = Option<String>, Header, description = "`respond-async`: 202 at once, and the file at `/api/v1/jobs/{id}/content`")),
    responses(
        (status = 200, body = inline(Binary), content_type = "application/octet-stream"),
        (status = 202, description = "It is begun", headers(
            ("Location" = String, description = "The job"),
            ("Preference-Applied" = String, description = "`respond-async`"),
        )),
        Problems,
    )
)]
async fn export(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    headers: HeaderMap,
    Body(request): Body<ExportRequest>,
) -> Result<Response, Problem> {
    let format = export_format(&request.format);
    let format = format.ok_or_else(|| {
        let error = Error::new(Kind::Invalid, format!("export as `{}`: there is no such format", request.format));
        error.hint("there are csv, ndjson, parquet and arrow")
    })?;
    request.query()?;
    let folder = Folder::new(&server)?;
    if prefer::respond_async(&headers) {
        let (exports, tenant, since, kept) = (server.exports.clone(), ctx.tenant().clone(), ctx.now, folder.clone());
        let work = |started| async move {
            let file = folder.file();
            let target = Target { format, file: &file };
            read::export(&server.app, &ctx, request.query()?, target, started).await.map(drop)
        };
        let job = prefer::begin(work).await?;
        // It may have ended by now, and nobody knows of it before it is answered but by the list of jobs.
        exports.keep(&tenant, job.clone(), kept, since);
        return Ok(prefer::accepted(&job));
    }
    let file = folder.file();
    let target = Target { format, file: &file };
    read::export(&server.app, &ctx, request.query()?, target, Started::default()).await?;
    Ok(folder.sent(OCTETS).await?)
}

/// What an export that nobody waited for wrote: to whoever began it, once it is done, and for an hour since it began. A tenant has the last four of them, and
/// none outlasts the server.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}/content", tag = "sql", operation_id = "get_job_content",
    params(("id" = String, Path, description = "The job's id")),
    responses((status = 200, body = inline(Binary), content_type = "application/octet-stream"), Problems)
)]
async fn content(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
) -> Result<Response, Problem> {
    let folder = server.exports.find(ctx.tenant(), &id, ctx.now);
    let kept = folder.ok_or_else(|| gone(&id));
    Ok(read::exported(&server.app, &ctx, &id, kept).await?.sent(OCTETS).await?)
}
