//! Asking: SQL over everything a tenant has, series of a point, and the rejects.

mod channels;
mod queries;
mod questions;
mod series;
mod stations;
mod told;

use std::path::Path;

use metrify_governance::{Act, Action, Resource};

use crate::app::App;
use crate::audit::audited;
use crate::context::Context;
use crate::error::Result;
use crate::ports::{ExportFormat, Page, Pages};
use crate::record::Reject;

pub use channels::{Channels, Resampled, channels};
pub use queries::Queries;
pub use questions::{Question, Span, ask};
pub use series::{After, SERIES_COLUMNS, Series, Told, export_series, series};
pub use stations::ToldStation;
pub(crate) use stations::{WantedTold, told_stations};
pub use told::{Telling, aside, described, listed, told, unasked};

/// Answers a query page by page.
///
/// # Errors
/// Where it is denied, the query is not understood, reads what it may not, or the store cannot be read.
pub async fn sql(app: &App, ctx: &Context, query: &str, pages: &mut Pages<'_>) -> Result<()> {
    let act = ctx.act(Action::Query, Resource::Tables, None);
    answer(app, ctx, act, Asked::Query(query), pages).await
}

/// What the engine is asked.
#[derive(Clone, Copy)]
enum Asked<'a> {
    Query(&'a str),
    Series(&'a Series),
}

async fn answer(app: &App, ctx: &Context, act: Act, asked: Asked<'_>, pages: &mut Pages<'_>) -> Result<()> {
    told::answered(app, ctx, act, |telling| async move {
        let mut tell = |page: Page| {
            // The entry is written once there is something to tell, before it is told.
            telling.note()?;
            pages(page)
        };
        match asked {
            Asked::Query(query) => app.sql.query(ctx.tenant(), query, &mut tell).await,
            Asked::Series(series) => app.sql.series(ctx.tenant(), series, &mut tell).await,
        }
    })
    .await
}

/// Writes the answer of a query to a file and tells how many rows it has.
///
/// # Errors
/// As [`sql`], and where the file cannot be written.
pub async fn export(app: &App, ctx: &Context, query: &str, format: ExportFormat, file: &Path) -> Result<u64> {
    let act = ctx.act(Action::Export, Resource::Tables, None);
    let work = app.queries.answer(ctx.tenant(), app.sql.export(ctx.tenant(), query, format, file));
    audited(app, ctx, act, work).await
}

/// All rejects, oldest first.
///
/// # Errors
/// Where it is denied, or the store cannot be read.
pub async fn rejects(app: &App, ctx: &Context) -> Result<Vec<Reject>> {
    let act = ctx.act(Action::Read, Resource::Rejects, None);
    audited(app, ctx, act, app.ledger.rejects(ctx.tenant(), None)).await
}
