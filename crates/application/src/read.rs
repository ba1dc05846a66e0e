//! Asking: SQL over everything a tenant has, series of a point, deliveries, and rejects.

mod amounts;
mod channels;
mod deliveries;
mod paged;
mod queries;
mod questions;
mod rejects;
mod series;
mod stations;
mod told;

use std::path::Path;

use metrify_governance::{Action, Resource};

use crate::app::App;
use crate::audit::{Deed, audited};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::jobs::{self, Counted, JobKind, JobRecord, JobState, Started};
use crate::ports::{ExportFormat, Page, Pages, Query};
use crate::registry::Edition;
use crate::things;

pub use channels::{Channels, Resampled, channels, export_channels};
pub(crate) use deliveries::received_since;
pub use deliveries::{
    DeliveryState, ListedDeliveries, ToldDelivery, WantedDeliveries, delivery_content, find_delivery, list_deliveries,
};
pub use queries::Queries;
pub use questions::{Question, Span, ask};
pub use rejects::{ListedRejects, ToldReject, WantedRejects, find_reject, list_rejects};
pub(crate) use rejects::{deliveries_with_open_rejects, delivery_of, unknown as unknown_reject};
pub use series::{After, SERIES_COLUMNS, Series, Told, export_series, series};
pub use stations::ToldStation;
pub(crate) use stations::{WantedTold, told_stations};
pub use told::{Telling, aside, described, listed, told, unasked};

/// Answers a query page by page.
///
/// # Errors
/// Where it is denied, the query is not understood, reads what it may not, or the store cannot be read.
pub async fn sql(app: &App, ctx: &Context, query: Query<'_>, pages: &mut Pages<'_>) -> Result<()> {
    let deed = Deed::asking(ctx.act(Action::Query, Resource::Tables, None), query.sql);
    answer(app, ctx, deed, Inquiry::Query(query), pages).await
}

/// What the engine is asked.
#[derive(Clone, Copy)]
enum Inquiry<'a> {
    Query(Query<'a>),
    Series(&'a Series),
}

async fn answer(
    app: &App,
    ctx: &Context,
    deed: impl Into<Deed>,
    inquiry: Inquiry<'_>,
    pages: &mut Pages<'_>,
) -> Result<()> {
    told::answered(app, ctx, deed.into(), |telling| async move {
        let mut tell = |page: Page| {
            // The entry is written once there is something to tell, before it is told.
            telling.note()?;
            pages(page)
        };
        match inquiry {
            Inquiry::Query(query) => app.sql.query(ctx.tenant(), ctx.past(query), &mut tell).await,
            Inquiry::Series(series) => app.sql.series(ctx.tenant(), series, &mut tell).await,
        }
    })
    .await
}

impl Context {
    /// A query as of an instant that is not past is one of now.
    const fn past<'q>(&self, Query { sql, known_at }: Query<'q>) -> Query<'q> {
        match known_at {
            Some(then) if then.micros() < self.now.micros() => Query { sql, known_at },
            Some(_) | None => Query::of(sql),
        }
    }
}

/// Where an answer is written to, and how.
#[derive(Clone, Copy, Debug)]
pub struct Target<'t> {
    pub format: ExportFormat,
    pub file: &'t Path,
}

/// Writes the answer of a query to a file and tells how many rows it has. It is a job, of which `started` hears.
///
/// # Errors
/// As [`sql`], and where the file cannot be written, or somebody stops it.
pub async fn export(
    app: &App,
    ctx: &Context,
    query: Query<'_>,
    Target { format, file }: Target<'_>,
    started: Started,
) -> Result<u64> {
    let deed = Deed::asking(ctx.act(Action::Export, Resource::Tables, None), query.sql);
    let work = jobs::kept(app, ctx, JobKind::Export, started, |job| async move {
        let written = app.sql.export(ctx.tenant(), ctx.past(query), format, file);
        // Nothing is left of an answer that was not written to its end.
        let rows = tokio::select! {
            written = app.queries.answer(ctx.tenant(), written) => written?.rows,
            stopped = job.stopped() => return Err(stopped),
        };
        job.add([(Counted::Rows, rows)]);
        Ok(rows)
    });
    audited(app, ctx, deed, work).await
}

/// Hands out what an export wrote, where it is kept: to whoever began it, once it is done. Others may ask the same query themselves.
///
/// # Errors
/// Where it is denied, there is no such export of whoever asks, it runs still or left nothing, or nothing is kept of it.
pub async fn exported<T>(app: &App, ctx: &Context, job: &str, kept: Result<T>) -> Result<T> {
    let act = ctx.act(Action::Export, Resource::Tables, Some(job.to_owned()));
    audited(app, ctx, act, async {
        let step = || format!("fetch what the job `{job}` wrote");
        let known: Edition<JobRecord> = things::find(app, ctx, job, None).await?;
        let JobRecord { kind, by, state, .. } = known.thing;
        if kind != JobKind::Export || by != ctx.principal.name {
            return Err(Error::new(Kind::NotFound, format!("{}: it is no export of who asks", step())));
        }
        match state {
            JobState::Done => kept,
            JobState::Running => Err(Error::new(Kind::Conflict, format!("{}: it runs still", step()))),
            JobState::Failed | JobState::Cancelled | JobState::Interrupted => {
                Err(Error::new(Kind::NotFound, format!("{}: it is {state}", step())))
            }
        }
    })
    .await
}
