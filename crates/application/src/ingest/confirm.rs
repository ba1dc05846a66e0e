//! Vouches for points: what was quarantined for their sake can be replayed from then on.

use metrify_domain::Point;
use metrify_governance::{Action, Resource};

use crate::app::App;
use crate::audit::audited;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::ingest::piece::Piece;
use crate::record::{DeliveryId, PointRecord, PointStatus};

/// Confirms points and tells how many were not confirmed before.
///
/// # Errors
/// Where one of them is not known, or the store cannot be written.
pub async fn confirm(app: &App, ctx: &Context, points: &[Point]) -> Result<u64> {
    let subject = points.first().map(ToString::to_string).filter(|_| points.len() == 1);
    let act = ctx.act(Action::Mend, Resource::MeteringPoints, subject);
    audited(app, ctx, act, vouch(app, ctx, points)).await
}

async fn vouch(app: &App, ctx: &Context, points: &[Point]) -> Result<u64> {
    let asked: Vec<&Point> = points.iter().collect();
    let known = app.ledger.points(ctx.tenant(), &asked).await?;
    let standing = points.iter().zip(known);
    if let Some((unknown, _)) = standing.clone().find(|(_, status)| status.is_none()) {
        let error = Error::new(Kind::NotFound, format!("confirm point {unknown}: nothing is known of it"));
        return Err(error.hint("`metrify points` lists the points that are known"));
    }
    let changed = standing.filter(|(_, status)| *status != Some(PointStatus::Confirmed));
    let confirmed: Vec<PointRecord> = changed.map(|(point, _)| vouched_for(ctx, point)).collect();
    let count = confirmed.len() as u64;
    app.intake.accept(app, ctx, Piece { confirmed, received_at: ctx.now, ..Piece::default() }).await?;
    Ok(count)
}

/// Somebody vouches for a point, and no delivery does.
pub(super) fn vouched_for(ctx: &Context, point: &Point) -> PointRecord {
    PointRecord {
        point: point.clone(),
        kind: point.kind(),
        name: None,
        status: PointStatus::Confirmed,
        since: ctx.now,
        delivery: DeliveryId::default(),
    }
}
