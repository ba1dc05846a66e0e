//! Deliveries: what was received, how its rejects stand, and its bytes as they came, where they are kept.

use std::fs::File;

use metrify_domain::Timestamp;
use metrify_governance::{Action, Resource};

use crate::app::App;
use crate::audit::audited;
use crate::blocking::blocking;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::ports::{Cell, Query};
use crate::read::paged::{Order, all_of, equal, number, rows, text};
use crate::read::series::{instant, literal};
use crate::record::{Counts, DeliveryId, DeliveryRecord};
use crate::registry::{Cursor, Sort};

/// Whether all of a delivery is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// None of its rejects is open: it was understood at once, or by and by.
    Complete,
    /// Some of it is among the open rejects.
    Open,
}

impl DeliveryState {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Open => "open",
        }
    }
}

/// A delivery that was received to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldDelivery {
    pub record: DeliveryRecord,
    /// Problems of it that were kept as rejects.
    pub rejects: u64,
    /// Of these, as they stand today: those that are not understood yet.
    pub open_rejects: u64,
    /// Its bytes are kept.
    pub kept: bool,
}

impl ToldDelivery {
    #[must_use]
    pub const fn state(&self) -> DeliveryState {
        if self.open_rejects == 0 { DeliveryState::Complete } else { DeliveryState::Open }
    }
}

/// Which deliveries are wanted.
#[derive(Clone, Debug)]
pub struct WantedDeliveries {
    pub source: Option<String>,
    pub format: Option<String>,
    /// Received at this instant or after it.
    pub from: Option<Timestamp>,
    /// Received before this instant.
    pub until: Option<Timestamp>,
    pub state: Option<DeliveryState>,
    /// Whether their bytes are kept; a page of those may be shorter than its limit although another one follows.
    pub kept: Option<bool>,
    /// Received by then; `None` for today.
    pub known_at: Option<Timestamp>,
    /// What is known of a delivery is so since it was received.
    pub sort: Sort,
    pub after: Option<Cursor>,
    pub limit: u64,
}

/// A page of deliveries.
#[derive(Clone, Debug)]
pub struct ListedDeliveries {
    pub deliveries: Vec<ToldDelivery>,
    /// Where the next page begins; `None` behind the last one.
    pub next: Option<Cursor>,
}

/// Deliveries of the tenant that asks, a page of them.
///
/// # Errors
/// Where it is denied, or the store or the archive cannot be read.
pub async fn list_deliveries(app: &App, ctx: &Context, wanted: &WantedDeliveries) -> Result<ListedDeliveries> {
    let act = ctx.act(Action::Read, Resource::Deliveries, None);
    audited(app, ctx, act, async {
        let mut deliveries = asked(app, ctx, Query { sql: &wanted.query(), known_at: wanted.known_at }).await?;
        let full = deliveries.len() as u64 >= wanted.limit;
        let next = deliveries
            .last()
            .filter(|_| full)
            .map(|last| Cursor { known_from: last.record.received_at, id: last.record.id.to_string() });
        deliveries.retain(|delivery| wanted.kept.is_none_or(|kept| kept == delivery.kept));
        Ok(ListedDeliveries { deliveries, next })
    })
    .await
}

/// A delivery, and how many findings there are of it.
///
/// # Errors
/// Where it is denied, none of this id was received, or the store or the archive cannot be read.
pub async fn find_delivery(
    app: &App,
    ctx: &Context,
    id: &DeliveryId,
    known_at: Option<Timestamp>,
) -> Result<(ToldDelivery, u64)> {
    let act = ctx.act(Action::Read, Resource::Deliveries, Some(id.to_string()));
    audited(app, ctx, act, async {
        let wanted = WantedDeliveries { known_at, limit: 1, ..WantedDeliveries::default() };
        let rule = format!("delivery = {}", literal(id.as_str()));
        let found = asked(app, ctx, Query { sql: &wanted.query_where(Some(rule)), known_at }).await?;
        let found = found.into_iter().next().ok_or_else(|| unknown(id))?;
        Ok((found, findings(app, ctx, id, known_at).await?))
    })
    .await
}

fn unknown(id: &DeliveryId) -> Error {
    Error::new(Kind::NotFound, format!("find the delivery `{id}`")).hint("/api/v1/deliveries lists them")
}

/// Writes the bytes of a delivery to a file, as they came.
///
/// # Errors
/// Where it is denied, none of this id was received, its bytes are not kept any more, or they cannot be read or written.
pub async fn delivery_content(app: &App, ctx: &Context, id: &DeliveryId, mut out: File) -> Result<()> {
    let act = ctx.act(Action::Export, Resource::Archive, Some(id.to_string()));
    audited(app, ctx, act, async {
        app.ledger.delivery(ctx.tenant(), id).await?.ok_or_else(|| unknown(id))?;
        let (archive, tenant, of) = (app.archive.clone(), ctx.tenant().clone(), id.clone());
        let work = blocking("restore a delivery", move || archive.restore(&tenant, &of, &mut out));
        if app.queries.answer(ctx.tenant(), work).await? {
            return Ok(());
        }
        let error = Error::new(Kind::NotFound, format!("restore the delivery `{id}`: its bytes are not kept"));
        Err(error.hint("the archive lets the oldest go where it has no room: archive.limit_mb"))
    })
    .await
}

impl Default for WantedDeliveries {
    fn default() -> Self {
        Self {
            source: None,
            format: None,
            from: None,
            until: None,
            state: None,
            kept: None,
            known_at: None,
            sort: Sort::ChangedDown,
            after: None,
            limit: u64::MAX,
        }
    }
}

const RECEIPT: &str = "delivery, source, format, bytes, received, stored, duplicates, corrections, rejected, \
                       CAST(received_at AS BIGINT) AS received_at";

impl WantedDeliveries {
    fn query(&self) -> String {
        self.query_where(None)
    }

    fn query_where(&self, rule: Option<String>) -> String {
        let order = Order { name: "delivery", since: "received_at", sort: self.sort };
        let time = |rule: &str, at: Option<Timestamp>| Some(format!("received_at {rule} {}", instant(at?)));
        let rules = all_of([
            rule,
            equal("source", self.source.as_deref()),
            equal("format", self.format.as_deref()),
            time(">=", self.from),
            time("<", self.until),
            self.after.as_ref().map(|after| order.behind(after)),
        ]);
        let rejects = "SELECT delivery AS of_delivery, count(*) AS rejects, \
                       sum(CASE WHEN state = 'open' THEN 1 ELSE 0 END) AS open_rejects FROM rejects GROUP BY 1";
        let (order, limit) = (order.by(), self.limit);
        let all = format!("SELECT {RECEIPT} FROM deliveries WHERE {rules}");
        // Only where the rejects say which ones are wanted, all have to be looked at with theirs.
        let (deliveries, state) = match self.state {
            None => (format!("{all} ORDER BY {order} LIMIT {limit}"), "true"),
            Some(DeliveryState::Complete) => (all, "coalesce(open_rejects, 0) = 0"),
            Some(DeliveryState::Open) => (all, "coalesce(open_rejects, 0) > 0"),
        };
        format!(
            "SELECT told.*, coalesce(rejects, 0) AS rejects, coalesce(open_rejects, 0) AS open_rejects \
             FROM ({deliveries}) AS told LEFT JOIN ({rejects}) AS noted ON told.delivery = noted.of_delivery \
             WHERE {state} ORDER BY {order} LIMIT {limit}"
        )
    }
}

async fn asked(app: &App, ctx: &Context, query: Query<'_>) -> Result<Vec<ToldDelivery>> {
    let told = rows(app, ctx, query).await?;
    let mut deliveries = told.into_iter().map(delivery).collect::<Result<Vec<_>>>()?;
    let ids: Vec<DeliveryId> = deliveries.iter().map(|told| told.record.id.clone()).collect();
    let (archive, tenant) = (app.archive.clone(), ctx.tenant().clone());
    let kept = blocking("look which deliveries are kept", move || archive.keeps(&tenant, &ids)).await?;
    deliveries.iter_mut().zip(kept).for_each(|(told, kept)| told.kept = kept);
    Ok(deliveries)
}

/// The deliveries that were received at an instant or after it, or ever.
///
/// # Errors
/// Where the store cannot be read.
pub(crate) async fn received_since(app: &App, ctx: &Context, since: Option<Timestamp>) -> Result<Vec<DeliveryId>> {
    let since = all_of([since.map(|since| format!("received_at >= {}", instant(since)))]);
    let query = format!("SELECT delivery FROM deliveries WHERE {since}");
    let told = rows(app, ctx, Query::of(&query)).await?;
    let ids = told.into_iter().map(|row| row.into_iter().next().and_then(text).map(DeliveryId::from_stored));
    ids.collect::<Option<_>>().ok_or_else(unread)
}

async fn findings(app: &App, ctx: &Context, id: &DeliveryId, known_at: Option<Timestamp>) -> Result<u64> {
    let query = format!("SELECT count(*) FROM findings WHERE delivery = {}", literal(id.as_str()));
    let told = rows(app, ctx, Query { sql: &query, known_at }).await?;
    told.first().and_then(|row| number(row.first()?)).ok_or_else(unread)
}

fn unread() -> Error {
    Error::new(Kind::Internal, "read what is told of a delivery: it is something else")
}

/// A row of [`WantedDeliveries::query`]; whether its bytes are kept is asked elsewhere.
fn delivery(row: Vec<Cell>) -> Result<ToldDelivery> {
    let read = || {
        let numbers: Vec<u64> = row.iter().filter_map(number).collect();
        let mut texts = row.into_iter().filter_map(text);
        let (id, source, format) = (texts.next()?, texts.next()?, texts.next()?);
        let [bytes, received, stored, duplicates, corrections, rejected, received_at, rejects, open_rejects] =
            numbers[..]
        else {
            return None;
        };
        let record = DeliveryRecord {
            id: DeliveryId::from_stored(id),
            source,
            format,
            bytes,
            received_at: Timestamp::from_micros(received_at.cast_signed()),
            counts: Counts { received, stored, duplicates, corrections, rejected },
        };
        Some(ToldDelivery { record, rejects, open_rejects, kept: false })
    };
    read().ok_or_else(unread)
}
