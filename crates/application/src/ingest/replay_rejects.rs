//! Reads rejects again, after a fix of the decoder, of the options, or of a point's standing.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;

use metrify_domain::Timestamp;
use metrify_formats::{Decoded, Decoder, Format, Options, Output};
use metrify_governance::{Action, Resource};

use crate::app::App;
use crate::audit::audited;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::ingest::delivery::Hints;
use crate::ingest::noted::Noted;
use crate::ingest::piece::Piece;
use crate::ingest::records::Namer;
use crate::jobs::{self, Counted, Handle, JobKind, Started, counted};
use crate::read::{deliveries_with_open_rejects, delivery_of, unknown_reject};
use crate::record::{Counts, DeliveryId, Reject, RejectState};

/// What became of a reject.
#[derive(Clone, Debug)]
pub struct Replayed {
    pub id: String,
    pub resolved: bool,
    pub counts: Counts,
    /// Why it is still not understood; empty where it is.
    pub reasons: Vec<String>,
}

/// Reads rejects again: those that are named, or all that are open where none is. What is understood now is stored under its first
/// delivery and time of receipt; a reject is resolved once nothing of it is left. Lines of one delivery are read one after the other, so
/// that those before tell what a clock means; of one delivery at a time the bytes are in memory.
///
/// It is a job, of which `started` is told.
///
/// # Errors
/// Where one is unknown, a format cannot be read from bytes, or the store cannot be read or written, or somebody stops it.
pub async fn replay_rejects(
    app: &App,
    ctx: &Context,
    ids: Vec<String>,
    hints: &Hints,
    started: Started,
) -> Result<Vec<Replayed>> {
    let act = ctx.act(Action::Mend, Resource::Rejects, None);
    let work = async {
        let chosen = choose(app, ctx, ids).await?;
        let work = |job| async move { read_all_again(&Work { app, ctx, job }, chosen, hints).await };
        jobs::kept(app, ctx, JobKind::ReplayRejects, started, work).await
    };
    audited(app, ctx, act, work).await
}

/// Deliveries, each with the names of its rejects that are wanted; all that are open where there are none.
type Chosen = Vec<(DeliveryId, HashSet<String>)>;

async fn choose(app: &App, ctx: &Context, ids: Vec<String>) -> Result<Chosen> {
    if ids.is_empty() {
        let deliveries = deliveries_with_open_rejects(app, ctx).await?;
        return Ok(deliveries.into_iter().map(|delivery| (delivery, HashSet::new())).collect());
    }
    let mut chosen: BTreeMap<DeliveryId, HashSet<String>> = BTreeMap::new();
    for id in ids {
        chosen.entry(delivery_of(&id)?).or_default().insert(id);
    }
    // Nothing is done where one is unknown.
    for (delivery, ids) in &chosen {
        let known = app.ledger.rejects(ctx.tenant(), delivery).await?;
        if let Some(id) = ids.iter().find(|id| !known.iter().any(|known| known.id == **id)) {
            return Err(unknown_reject(id));
        }
    }
    Ok(chosen.into_iter().collect())
}

async fn read_all_again(work: &Work<'_>, chosen: Chosen, hints: &Hints) -> Result<Vec<Replayed>> {
    let Work { app, ctx, .. } = *work;
    let mut replayed = Vec::new();
    for (delivery, ids) in chosen {
        let mut rejects = app.ledger.rejects(ctx.tenant(), &delivery).await?;
        let mut known = KnownOf::default();
        rejects.retain(|reject| match ids.is_empty() {
            true => reject.state() == RejectState::Open,
            false => ids.contains(&reject.id),
        });
        replayed.extend(read_again(work, &rejects, &mut known, hints).await?);
    }
    Ok(replayed)
}

/// What reading rejects again has at hand.
struct Work<'a> {
    app: &'a App,
    ctx: &'a Context,
    job: Handle,
}

/// What of a delivery is among its rejects already, while they are read again.
#[derive(Default)]
struct KnownOf {
    noted: Noted,
    /// How many were rejected again.
    rejects: u64,
}

async fn read_again(work: &Work<'_>, rejects: &[Reject], known: &mut KnownOf, hints: &Hints) -> Result<Vec<Replayed>> {
    let Work { app, ctx, .. } = *work;
    let mut replayed = Vec::new();
    let mut rest = rejects;
    while let Some(first) = rest.first() {
        work.job.go_on()?;
        let size = rest.iter().take_while(|reject| belong_together(first, reject)).count().max(1);
        let (group, later) = rest.split_at(size);
        rest = later;
        let received_at = app.ledger.delivery(ctx.tenant(), &first.delivery).await?.unwrap_or(first.rejected_at);
        let options = app.intake.options(hints, received_at);
        match decode(group, &options) {
            Ok(pieces) => {
                for (reject, pieces) in group.iter().zip(pieces) {
                    work.job.go_on()?;
                    replayed.push(accept(work, reject, known, (pieces, received_at)).await?);
                }
            }
            // It keeps no other from being read.
            Err(error) if error.kind() == Kind::Invalid => {
                replayed.extend(group.iter().map(|reject| unread(reject, &error)));
                work.job.add([(Counted::Rejects, group.len() as u64)]);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(replayed)
}

/// What cannot be read from its bytes alone.
fn unread(reject: &Reject, error: &Error) -> Replayed {
    let reason = error.hint_text().map_or_else(|| error.chain(), |hint| format!("{}; {hint}", error.chain()));
    Replayed { id: reject.id.clone(), resolved: false, counts: Counts::default(), reasons: vec![reason] }
}

/// Lines under one head.
fn belong_together(one: &Reject, other: &Reject) -> bool {
    let lines = [Format::Csv, Format::Ndjson].map(Format::name);
    lines.contains(&one.format.as_str())
        && one.format == other.format
        && one.delivery == other.delivery
        && one.prelude == other.prelude
}

async fn accept(
    work: &Work<'_>,
    reject: &Reject,
    known: &mut KnownOf,
    (mut pieces, received_at): (Vec<Decoded>, Timestamp),
) -> Result<Replayed> {
    let Work { app, ctx, .. } = *work;
    let problems: Vec<_> = pieces.iter_mut().flat_map(|piece| std::mem::take(&mut piece.problems)).collect();
    let understood = pieces.iter().any(|piece| *piece != Decoded::default());
    let mut replayed = Replayed {
        id: reject.id.clone(),
        resolved: false,
        counts: Counts::default(),
        reasons: problems.into_iter().map(|problem| problem.reason).collect(),
    };
    if !understood && replayed.reasons.is_empty() {
        replayed.reasons.push("nothing was found in it".to_owned());
    }
    let mut namer = Namer::default();
    for mut decoded in pieces {
        let piece = Piece {
            delivery: reject.delivery.clone(),
            source: reject.source.clone(),
            format: reject.format.clone(),
            received_at,
            records: namer.name(std::mem::take(&mut decoded.records), received_at),
            decoded,
            is_read_again: true,
            rejects_before: known.rejects,
            noted: known.noted.clone(),
            ..Piece::default()
        };
        let outcome = app.intake.accept(app, ctx, piece).await?;
        known.rejects += outcome.problems.len() as u64;
        replayed.counts.add(&outcome.counts);
        work.job.add(counted(&outcome.counts));
        replayed.reasons.extend(outcome.problems.into_iter().map(|(_, reason)| reason));
    }
    replayed.resolved = replayed.reasons.is_empty();
    if replayed.resolved {
        resolve(app, ctx, reject.clone()).await?;
    }
    work.job.add([(Counted::Rejects, 1), (Counted::Resolved, replayed.resolved.into())]);
    Ok(replayed)
}

async fn resolve(app: &App, ctx: &Context, reject: Reject) -> Result<()> {
    let piece = Piece {
        delivery: reject.delivery.clone(),
        source: reject.source.clone(),
        format: reject.format.clone(),
        received_at: ctx.now,
        resolved: vec![reject.resolved(ctx.now)],
        ..Piece::default()
    };
    app.intake.accept(app, ctx, piece).await.map(drop)
}

/// What each reject of a group gives, decoded by one decoder under the head that they share.
fn decode(group: &[Reject], options: &Options) -> Result<Vec<Vec<Decoded>>> {
    let Some(first) = group.first() else {
        return Ok(Vec::new());
    };
    let step = || format!("read reject {} again", first.id);
    let format: Format = first.format.parse().map_err(|error| {
        Error::new(Kind::Invalid, step()).because(error).hint("ingest the file itself again, with --format")
    })?;
    let decoder = Decoder::new(format, options);
    let mut decoder = decoder.ok_or_else(|| {
        Error::new(Kind::Invalid, format!("{}: {format} is not read in parts", step()))
            .hint("ingest the file itself again")
    })?;
    let pieces = RefCell::new(vec![Vec::new()]);
    let mut sink = |piece: Decoded| {
        pieces.borrow_mut().last_mut().into_iter().for_each(|of_reject| of_reject.push(piece.clone()));
        ControlFlow::Continue(())
    };
    let mut out = Output::new(&mut sink);
    decoder.push(&first.prelude, &mut out);
    for (place, reject) in group.iter().enumerate() {
        if place > 0 {
            out.flush();
            pieces.borrow_mut().push(Vec::new());
        }
        decoder.push(&reject.bytes, &mut out);
        if group.len() > 1 {
            decoder.push(b"\n", &mut out);
        }
    }
    decoder.finish(&mut out);
    drop(out);
    Ok(pieces.into_inner())
}
