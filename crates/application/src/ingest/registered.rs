//! Points that the registry knows: whoever registers one vouches for it.

use std::collections::HashSet;

use metrify_domain::Point;
use metrify_domain::master::Status;

use crate::app::App;
use crate::context::Context;
use crate::error::Result;
use crate::ingest::confirm::vouched_for;
use crate::ingest::piece::Piece;
use crate::record::PointStatus;
use crate::registry::{Field, ThingKind, Wanted};

/// Ids that the registry is asked for at once: databases take no more than some thousand values with a statement.
const IDS_MAX: usize = 500;

/// Which of the points are registered and in service. Asked for those alone that nobody is known to vouch for: to ask for every point of
/// every piece would take longer than to take it in.
pub(super) async fn in_service(app: &App, ctx: &Context, points: &[&Point]) -> Result<HashSet<String>> {
    let mut registered = HashSet::new();
    if points.is_empty() {
        return Ok(registered);
    }
    for kind in [ThingKind::Meter, ThingKind::MeteringPoint, ThingKind::WeatherStation] {
        let active = |limit| Wanted {
            equal: vec![(Field::Status, Status::Active.name().to_owned())],
            ..Wanted::all(kind, limit)
        };
        // Whoever registers none is asked once for all of his points.
        if app.registry.list(ctx.tenant(), &active(1)).await?.is_empty() {
            continue;
        }
        for some in points.chunks(IDS_MAX) {
            let ids = some.iter().map(ToString::to_string).collect();
            let wanted = Wanted { ids: Some(ids), ..active(IDS_MAX as u64) };
            let found = app.registry.list(ctx.tenant(), &wanted).await?;
            registered.extend(found.into_iter().map(|known| known.thing.id()));
        }
    }
    Ok(registered)
}

/// A point of which readings may have told before was registered: it is confirmed, and what was quarantined for its sake can be replayed.
///
/// # Errors
/// Where the store cannot be read or written.
pub(crate) async fn vouch(app: &App, ctx: &Context, point: &Point, status: Status) -> Result<()> {
    let known = app.ledger.points(ctx.tenant(), &[point]).await?;
    let doubtful = matches!(known[..], [Some(PointStatus::Unconfirmed | PointStatus::Quarantined)]);
    if !doubtful || status == Status::Inactive {
        return Ok(());
    }
    let confirmed = vec![vouched_for(ctx, point)];
    app.intake.accept(app, ctx, Piece { confirmed, received_at: ctx.now, ..Piece::default() }).await.map(drop)
}
