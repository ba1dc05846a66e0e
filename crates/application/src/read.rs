//! Asking: SQL over everything a tenant has, and the rejects.

use std::path::Path;

use crate::app::App;
use crate::context::Context;
use crate::error::Result;
use crate::ports::{ExportFormat, Pages};
use crate::record::Reject;

/// Answers a query page by page.
///
/// # Errors
/// Where the query is not understood, reads what it may not, or the store cannot be read.
pub async fn sql(app: &App, ctx: &Context, query: &str, pages: &mut Pages<'_>) -> Result<()> {
    app.sql.query(&ctx.tenant, query, pages).await
}

/// Writes the answer of a query to a file and tells how many rows it has.
///
/// # Errors
/// As [`sql`], and where the file cannot be written.
pub async fn export(app: &App, ctx: &Context, query: &str, format: ExportFormat, file: &Path) -> Result<u64> {
    app.sql.export(&ctx.tenant, query, format, file).await
}

/// All rejects, oldest first.
///
/// # Errors
/// Where the store cannot be read.
pub async fn rejects(app: &App, ctx: &Context) -> Result<Vec<Reject>> {
    app.ledger.rejects(&ctx.tenant, None).await
}
