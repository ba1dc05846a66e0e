//! Many channels in one call, as they are or resampled on local time.

use std::collections::BTreeSet;

use metrify_domain::unit::Dimension;
use metrify_domain::{Channel, Timestamp, Unit};
use metrify_governance::{Act, Action, Resource};

use crate::app::App;
use crate::audit::{Outcome, audited, entry, permitted};
use crate::context::Context;
use crate::error::Result;
use crate::ports::{Pages, Query};
use crate::read::amounts::{counted, mean, usable};
use crate::read::series::{instant, literal};
use crate::read::{Inquiry, Target, answer};

/// Which channels, over which span.
#[derive(Clone, Debug)]
pub struct Channels {
    pub channels: Vec<Channel>,
    /// Periods that begin at it or after it, and before `end`.
    pub start: Timestamp,
    pub end: Timestamp,
    /// As it was known then; `None` for today.
    pub known_at: Option<Timestamp>,
    pub resampled: Option<Resampled>,
    /// Rows at most; all of them where it is `None`.
    pub limit: Option<u64>,
}

/// To what step, on the clock of Berlin: days have 23, 24 or 25 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resampled {
    Hour,
    Day,
    Month,
}

/// Reads channels page by page, ordered by point, quantity and time. Each point leaves an entry of its own, so that whoever it belongs to
/// finds who looked.
///
/// # Errors
/// Where it is denied, or the store cannot be read.
pub async fn channels(app: &App, ctx: &Context, wanted: &Channels, pages: &mut Pages<'_>) -> Result<()> {
    let Some(last) = wanted.permissible(app, ctx).await? else { return Ok(()) };
    let sql = wanted.query();
    answer(app, ctx, last, Inquiry::Query(Query { sql: &sql, known_at: wanted.known_at }), pages).await
}

/// Writes channels to a file, as one table, and tells how many rows it has.
///
/// # Errors
/// As [`channels`], and where the file cannot be written.
pub async fn export_channels(app: &App, ctx: &Context, wanted: &Channels, target: Target<'_>) -> Result<u64> {
    let Some(last) = wanted.permissible(app, ctx).await? else { return Ok(0) };
    let sql = wanted.query();
    let query = ctx.past(Query { sql: &sql, known_at: wanted.known_at });
    let written = app.sql.export(ctx.tenant(), query, target.format, target.file);
    Ok(audited(app, ctx, last, app.queries.answer(ctx.tenant(), written)).await?.rows)
}

impl Channels {
    /// What is about to be done at the last of the points, once it is allowed at all of them and the others have their entries; `None` where
    /// there is no point.
    async fn permissible(&self, app: &App, ctx: &Context) -> Result<Option<Act>> {
        let points: BTreeSet<&str> = self.channels.iter().map(|channel| channel.point.as_str()).collect();
        let acts = points.into_iter().map(|point| ctx.act(Action::Read, Resource::Readings, Some(point.to_owned())));
        let mut acts: Vec<Act> = acts.collect();
        for act in &acts {
            // What is denied of one is denied of all.
            permitted(app, ctx, act.clone()).await?;
        }
        let last = acts.pop();
        for act in acts {
            app.audit.note(&entry(ctx, act, Outcome::Done))?;
        }
        Ok(last)
    }

    fn query(&self) -> String {
        let of = |Channel { point, quantity }: &Channel| {
            format!("point = {} AND quantity = {}", literal(point.as_str()), literal(&quantity.to_string()))
        };
        let channels: Vec<String> = self.channels.iter().map(of).collect();
        let rule = format!(
            "({}) AND period_start >= {} AND period_start < {}",
            channels.join(" OR "),
            instant(self.start),
            instant(self.end)
        );
        let limit = self.limit.map(|limit| format!(" LIMIT {limit}")).unwrap_or_default();
        let [missing, faulty] = ["missing", "faulty"].map(counted);
        let (usable, mean, additive) = (usable("value"), mean("usable"), additive());
        match self.resampled.map(Resampled::bucket) {
            None => format!(
                "SELECT point, quantity, kind, period_start, period_end, value, unit, quality FROM readings WHERE {rule} \
                 ORDER BY point, quantity, period_start, period_end{limit}"
            ),
            Some(bucket) => format!(
                "SELECT point, quantity, kind, unit, {bucket} AS period, count(*) AS readings, \
                 sum({missing}) AS missing, sum({faulty}) AS faulty, CASE WHEN kind = 'interval' AND {additive} THEN sum(usable) END AS total, \
                 {mean} AS mean, min(usable) AS minimum, max(usable) AS maximum \
                 FROM (SELECT *, {usable} AS usable FROM readings WHERE {rule}) GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 5, 3, 4{limit}"
            ),
        }
    }
}

/// Dimensions whose amounts add up from one interval to the next: energy and water do, rain, hours of sunshine and radiation, but no power
/// and no price.
const ADDITIVE: [Dimension; 7] = [
    Dimension::ActiveEnergy,
    Dimension::ReactiveEnergy,
    Dimension::ApparentEnergy,
    Dimension::Volume,
    Dimension::Length,
    Dimension::Duration,
    Dimension::Irradiation,
];

/// Chooses what adds up.
fn additive() -> String {
    let units: Vec<String> =
        ADDITIVE.into_iter().flat_map(Unit::all_of).map(|unit| literal(&unit.to_string())).collect();
    format!("unit IN ({})", units.join(", "))
}

impl Resampled {
    /// The beginning of the step that a period lies in.
    const fn bucket(self) -> &'static str {
        match self {
            // Berlin is whole hours away from UTC.
            Self::Hour => "date_trunc('hour', period_start)",
            Self::Day => "local_day(period_start)",
            Self::Month => "CAST(date_trunc('month', local_day(period_start)) AS DATE)",
        }
    }
}
