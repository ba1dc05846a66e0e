//! Rejects: what was not understood, listed without its bytes, and one by one with them.

use metrify_domain::Timestamp;
use metrify_governance::{Action, Resource};

use crate::app::App;
use crate::audit::audited;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::ports::{Cell, Query};
use crate::read::paged::{self, Order, all_of, equal, rows};
use crate::read::series::instant;
use crate::record::{DeliveryId, Reject, RejectState};
use crate::registry::{Cursor, Sort};

/// A reject without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldReject {
    pub id: String,
    pub delivery: DeliveryId,
    pub source: String,
    pub format: String,
    pub position: String,
    pub reason: String,
    pub readings: u64,
    pub state: RejectState,
    pub rejected_at: Timestamp,
    /// When it was understood; `None` where it is not, and where it was before that was kept.
    pub resolved_at: Option<Timestamp>,
}

impl From<Reject> for ToldReject {
    fn from(reject: Reject) -> Self {
        Self {
            state: reject.state(),
            // One that is resolved since it was rejected is so since a time that was not kept.
            resolved_at: reject.resolved_at.filter(|at| *at > reject.rejected_at),
            id: reject.id,
            delivery: reject.delivery,
            source: reject.source,
            format: reject.format,
            position: reject.position,
            reason: reject.reason,
            readings: reject.readings,
            rejected_at: reject.rejected_at,
        }
    }
}

/// Which rejects are wanted.
#[derive(Clone, Debug)]
pub struct WantedRejects {
    pub delivery: Option<String>,
    pub source: Option<String>,
    pub format: Option<String>,
    pub state: Option<RejectState>,
    /// Rejected at this instant or after it.
    pub from: Option<Timestamp>,
    /// Rejected before this instant.
    pub until: Option<Timestamp>,
    /// As they were known then; `None` for today.
    pub known_at: Option<Timestamp>,
    /// What is known of a reject is so since it was rejected.
    pub sort: Sort,
    pub after: Option<Cursor>,
    pub limit: u64,
}

impl Default for WantedRejects {
    fn default() -> Self {
        Self {
            delivery: None,
            source: None,
            format: None,
            state: None,
            from: None,
            until: None,
            known_at: None,
            sort: Sort::ChangedDown,
            after: None,
            limit: u64::MAX,
        }
    }
}

/// A page of rejects.
#[derive(Clone, Debug)]
pub struct ListedRejects {
    pub rejects: Vec<ToldReject>,
    /// Where the next page begins; `None` behind the last one.
    pub next: Option<Cursor>,
}

/// Rejects of the tenant that asks, a page of them.
///
/// # Errors
/// Where it is denied, or the store cannot be read.
pub async fn list_rejects(app: &App, ctx: &Context, wanted: &WantedRejects) -> Result<ListedRejects> {
    let act = ctx.act(Action::Read, Resource::Rejects, None);
    audited(app, ctx, act, async {
        let told = rows(app, ctx, Query { sql: &wanted.query(), known_at: wanted.known_at }).await?;
        let rejects = told.into_iter().map(reject).collect::<Result<Vec<_>>>()?;
        let last = rejects.last().filter(|_| rejects.len() as u64 >= wanted.limit);
        let next = last.map(|last| Cursor { known_from: last.rejected_at, id: last.id.clone() });
        Ok(ListedRejects { rejects, next })
    })
    .await
}

/// A reject with its bytes.
///
/// # Errors
/// Where it is denied, there is none of this id, or the store cannot be read.
pub async fn find_reject(app: &App, ctx: &Context, id: &str, known_at: Option<Timestamp>) -> Result<Reject> {
    let act = ctx.act(Action::Read, Resource::Rejects, Some(id.to_owned()));
    audited(app, ctx, act, async {
        let known = app.ledger.rejects(ctx.tenant(), &delivery_of(id)?).await?.into_iter();
        let mut known = known.filter_map(|reject| match known_at {
            Some(then) => reject.as_known(then),
            None => Some(reject),
        });
        known.find(|reject| reject.id == id).ok_or_else(|| unknown(id))
    })
    .await
}

/// The deliveries that have open rejects, in the order in which the first of them was rejected.
///
/// # Errors
/// Where the store cannot be read.
pub(crate) async fn deliveries_with_open_rejects(app: &App, ctx: &Context) -> Result<Vec<DeliveryId>> {
    let open = RejectState::Open.name();
    let query = format!("SELECT delivery FROM rejects WHERE state = '{open}' GROUP BY 1 ORDER BY min(rejected_at), 1");
    let told = rows(app, ctx, Query::of(&query)).await?;
    let ids = told.into_iter().map(|row| row.into_iter().next().and_then(paged::text).map(DeliveryId::from_stored));
    ids.collect::<Option<_>>().ok_or_else(unread)
}

/// The delivery that a reject is named after.
///
/// # Errors
/// Where it is the name of none.
pub(crate) fn delivery_of(id: &str) -> Result<DeliveryId> {
    let (delivery, _) = id.rsplit_once('-').ok_or_else(|| unknown(id))?;
    Ok(DeliveryId::from_stored(delivery.to_owned()))
}

pub(crate) fn unknown(id: &str) -> Error {
    let shown: String = id.chars().take(60).collect();
    Error::new(Kind::NotFound, format!("find the reject `{shown}`"))
        .hint("`metrify rejects list` or /api/v1/rejects lists them")
}

fn unread() -> Error {
    Error::new(Kind::Internal, "read what is told of a reject: it is something else")
}

impl WantedRejects {
    fn query(&self) -> String {
        let order = Order { name: "reject", since: "rejected_at", sort: self.sort };
        let time = |rule: &str, at: Option<Timestamp>| Some(format!("rejected_at {rule} {}", instant(at?)));
        let rules = all_of([
            equal("delivery", self.delivery.as_deref()),
            equal("source", self.source.as_deref()),
            equal("format", self.format.as_deref()),
            equal("state", self.state.map(RejectState::name)),
            time(">=", self.from),
            time("<", self.until),
            self.after.as_ref().map(|after| order.behind(after)),
        ]);
        format!(
            "SELECT reject, delivery, source, format, position, reason, readings, state, \
             CAST(rejected_at AS BIGINT) AS at, CAST(resolved_at AS BIGINT) AS resolved \
             FROM rejects WHERE {rules} ORDER BY {} LIMIT {}",
            order.by(),
            self.limit
        )
    }
}

/// A row of [`WantedRejects::query`].
fn reject(row: Vec<Cell>) -> Result<ToldReject> {
    let read = || {
        let time = |cell: Cell| Some(Timestamp::from_micros(paged::number(&cell)?.cast_signed()));
        let mut cells = row.into_iter();
        let mut next = || cells.next();
        Some(ToldReject {
            id: paged::text(next()?)?,
            delivery: DeliveryId::from_stored(paged::text(next()?)?),
            source: paged::text(next()?)?,
            format: paged::text(next()?)?,
            position: paged::text(next()?)?,
            reason: paged::text(next()?)?,
            readings: paged::number(&next()?)?,
            state: {
                let name = paged::text(next()?)?;
                RejectState::ALL.into_iter().find(|state| state.name() == name)?
            },
            rejected_at: time(next()?)?,
            resolved_at: match next()? {
                Cell::Null => None,
                told => Some(time(told)?),
            },
        })
    };
    read().ok_or_else(unread)
}
