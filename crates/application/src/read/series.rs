//! The readings of one point, in order: what holds, or what was known to hold.

use std::path::Path;

use metrify_domain::{Point, Quantity, Timestamp};
use metrify_governance::{Action, Resource};

use crate::app::App;
use crate::audit::{Deed, audited, looked_up};
use crate::context::Context;
use crate::error::Result;
use crate::govern;
use crate::ports::{ExportFormat, Pages, Query, Written};
use crate::read::amounts::OBSERVED;
use crate::read::{Inquiry, answer};

/// Which readings of a point are wanted.
#[derive(Clone, Debug)]
pub struct Series {
    /// What it is: a meter or metering point tells of people, an area or a station does not.
    pub resource: Resource,
    pub point: Point,
    pub told: Told,
    /// All of them where it is `None`.
    pub quantity: Option<Quantity>,
    /// Periods that begin at it or after it.
    pub start: Option<Timestamp>,
    /// Periods that begin before it.
    pub end: Option<Timestamp>,
    /// Periods that end by it.
    pub ends_by: Option<Timestamp>,
    /// As it was known then; `None` for today.
    pub known_at: Option<Timestamp>,
    pub after: Option<After>,
    pub limit: Option<u64>,
}

/// Readings of what was, of what is foreseen, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    All,
    Observed,
    Forecast,
}

/// Where in a series somebody stopped reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    pub quantity: String,
    pub period_start: Timestamp,
    pub period_end: Timestamp,
}

/// What is told of a reading.
pub const SERIES_COLUMNS: [&str; 11] = [
    "quantity",
    "kind",
    "period_start",
    "period_end",
    "value",
    "unit",
    "quality",
    "method",
    "reason",
    "recorded_at",
    "delivery",
];

/// Reads a series page by page, ordered by quantity and time.
///
/// # Errors
/// Where it is denied, or the store cannot be read.
pub async fn series(app: &App, ctx: &Context, wanted: &Series, pages: &mut Pages<'_>) -> Result<()> {
    let (deed, wanted) = wanted.permissible(app, ctx).await?;
    answer(app, ctx, deed, Inquiry::Series(&wanted), pages).await
}

/// Writes a series to a file.
///
/// # Errors
/// As [`series`], and where the file cannot be written.
pub async fn export_series(
    app: &App,
    ctx: &Context,
    wanted: &Series,
    format: ExportFormat,
    file: &Path,
) -> Result<Written> {
    let (deed, wanted) = wanted.permissible(app, ctx).await?;
    let query = wanted.query();
    let work = app.queries.answer(ctx.tenant(), app.sql.export(ctx.tenant(), Query::of(&query), format, file));
    audited(app, ctx, deed, work).await
}

impl Series {
    /// What is about to be done, and what is told where it is allowed: of a meter that was somewhere, whose metering point a grant may be
    /// for, nothing that it measured elsewhere as well.
    async fn permissible(&self, app: &App, ctx: &Context) -> Result<(Deed, Self)> {
        let act = ctx.act(Action::Read, self.resource, Some(self.point.to_string()));
        let installed = govern::installed(app, ctx, &act, (self.start, self.end)).await;
        let installed = looked_up(app, ctx, &act, installed)?;
        let until = installed.as_ref().and_then(|installed| installed.until);
        Ok((Deed::installed(act, installed), Self { ends_by: until, ..self.clone() }))
    }

    /// The series as a query.
    #[must_use]
    pub fn query(&self) -> String {
        let mut query = format!("SELECT {} FROM ", SERIES_COLUMNS.join(", "));
        // Not in a session of then: a forecast is known since it was issued, although its station may be since it was received.
        match self.known_at {
            Some(then) => query.push_str(&format!("readings_as_known('{then}')")),
            None => query.push_str("readings"),
        }
        query.push_str(&format!(" WHERE point = {}", literal(self.point.as_str())));
        if !self.resource.is_personal() {
            // What is asked for as weather has to be of a station: no meter is read under its name.
            query.push_str(" AND point IN (SELECT point FROM points WHERE kind = 'station')");
        }
        match self.told {
            Told::All => {}
            Told::Observed => query.push_str(&format!(" AND {OBSERVED}")),
            Told::Forecast => query.push_str(" AND quality = 'forecast'"),
        }
        if let Some(quantity) = &self.quantity {
            query.push_str(&format!(" AND quantity = {}", literal(&quantity.to_string())));
        }
        if let Some(start) = self.start {
            query.push_str(&format!(" AND period_start >= {}", instant(start)));
        }
        if let Some(end) = self.end {
            query.push_str(&format!(" AND period_start < {}", instant(end)));
        }
        if let Some(until) = self.ends_by {
            query.push_str(&format!(" AND period_end <= {}", instant(until)));
        }
        if let Some(After { quantity, period_start, period_end }) = &self.after {
            let (quantity, start, end) = (literal(quantity), instant(*period_start), instant(*period_end));
            query.push_str(&format!(
                " AND (quantity > {quantity} OR quantity = {quantity} AND (period_start > {start} \
                 OR period_start = {start} AND period_end > {end}))"
            ));
        }
        query.push_str(" ORDER BY quantity, period_start, period_end");
        if let Some(limit) = self.limit {
            query.push_str(&format!(" LIMIT {limit}"));
        }
        query
    }
}

/// A text as SQL says it: a quote in it is doubled.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

pub(super) fn instant(at: Timestamp) -> String {
    format!("TIMESTAMP '{at}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_reaches_beyond_its_quotes() {
        let wanted = Series {
            resource: Resource::Readings,
            point: "x' OR '1'='1".parse().expect("a point"),
            told: Told::Observed,
            quantity: Some("1-0:1.8.0".parse().expect("a quantity")),
            start: Some(Timestamp::from_micros(0)),
            end: None,
            ends_by: None,
            known_at: None,
            after: Some(After {
                quantity: "'; DROP".to_owned(),
                period_start: Timestamp::from_micros(1),
                period_end: Timestamp::from_micros(2),
            }),
            limit: Some(7),
        };
        assert_eq!(
            wanted.query(),
            format!(
                "SELECT {} FROM readings WHERE point = 'x'' OR ''1''=''1' AND {OBSERVED} AND quantity = '1-0:1.8.0' \
                 AND period_start >= TIMESTAMP '1970-01-01T00:00:00Z' AND (quantity > '''; DROP' OR quantity = '''; DROP' \
                 AND (period_start > TIMESTAMP '1970-01-01T00:00:00.000001Z' \
                 OR period_start = TIMESTAMP '1970-01-01T00:00:00.000001Z' \
                 AND period_end > TIMESTAMP '1970-01-01T00:00:00.000002Z')) \
                 ORDER BY quantity, period_start, period_end LIMIT 7",
                SERIES_COLUMNS.join(", ")
            )
        );
    }
}
