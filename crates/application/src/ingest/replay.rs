//! Reads rejects again, after a fix of the decoder, of the options, or of a point's standing.

use std::ops::ControlFlow;

use metrify_domain::Point;
use metrify_domain::calendar::Zone;
use metrify_formats::{Decoded, Decoder, Format, Options, Output};

use crate::app::App;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::ingest::piece::Piece;
use crate::record::{Counts, Reject, RejectState};

/// What a sender may add when rejects are read again.
#[derive(Clone, Debug, Default)]
pub struct Again {
    pub zone: Option<Zone>,
    pub area: Option<Point>,
}

/// What became of a reject.
#[derive(Clone, Debug)]
pub struct Replayed {
    pub id: String,
    pub resolved: bool,
    pub counts: Counts,
    /// Why it is still not understood; empty where it is.
    pub reasons: Vec<String>,
}

/// Reads one reject again. What is understood now is stored under its first delivery and time of receipt; the reject is
/// resolved once nothing of it is left.
///
/// # Errors
/// Where the format cannot be read from bytes, or the store cannot be read or written.
pub async fn replay(app: &App, ctx: &Context, reject: Reject, again: &Again) -> Result<Replayed> {
    let received_at = app.ledger.delivery(&ctx.tenant, &reject.delivery).await?.unwrap_or(reject.rejected_at);
    let options = Options { zone: again.zone, area: again.area.clone(), received_at };
    let mut pieces = decode(&reject, &options)?;
    let problems: Vec<_> = pieces.iter_mut().flat_map(|piece| std::mem::take(&mut piece.problems)).collect();
    let understood = pieces.iter().any(|piece| *piece != Decoded::default());
    let mut replayed = Replayed {
        id: reject.id.clone(),
        resolved: problems.is_empty() && understood,
        counts: Counts::default(),
        reasons: problems.into_iter().map(|problem| problem.reason).collect(),
    };
    if !understood && replayed.reasons.is_empty() {
        replayed.reasons.push("nothing was found in it".to_owned());
    }
    for decoded in pieces {
        let piece = Piece {
            delivery: reject.delivery.clone(),
            source: reject.source.clone(),
            format: reject.format.clone(),
            received_at,
            decoded,
            ..Piece::default()
        };
        let outcome = app.intake.accept(app, ctx, piece).await?;
        replayed.counts.add(&outcome.counts);
        replayed.reasons.extend(outcome.problems.into_iter().map(|(_, reason)| reason));
    }
    replayed.resolved &= replayed.reasons.is_empty();
    if replayed.resolved {
        resolve(app, ctx, reject).await?;
    }
    Ok(replayed)
}

async fn resolve(app: &App, ctx: &Context, reject: Reject) -> Result<()> {
    let piece = Piece {
        delivery: reject.delivery.clone(),
        source: reject.source.clone(),
        format: reject.format.clone(),
        received_at: ctx.now,
        resolved: vec![Reject { state: RejectState::Resolved, ..reject }],
        ..Piece::default()
    };
    app.intake.accept(app, ctx, piece).await.map(drop)
}

fn decode(reject: &Reject, options: &Options) -> Result<Vec<Decoded>> {
    let step = || format!("read reject {} again", reject.id);
    let format: Format = reject.format.parse().map_err(|error| {
        Error::new(Kind::Invalid, step()).because(error).hint("ingest the file itself again, with --format")
    })?;
    let mut pieces = Vec::new();
    let mut sink = |piece: Decoded| {
        pieces.push(piece);
        ControlFlow::Continue(())
    };
    let mut out = Output::new(&mut sink);
    let decoder = Decoder::new(format, options);
    let mut decoder = decoder.ok_or_else(|| {
        Error::new(Kind::Invalid, format!("{}: {format} is not read in parts", step())).hint("ingest the file itself again")
    })?;
    decoder.push(&reject.prelude, &mut out);
    decoder.push(&reject.bytes, &mut out);
    decoder.finish(&mut out);
    Ok(pieces)
}
