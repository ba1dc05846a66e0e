//! Receives a delivery: the whole architecture in a dozen lines.

use metrify_domain::Timestamp;
use metrify_formats::{Decoded, Format, Meter, Problem};
use metrify_governance::{Action, Resource};

use crate::app::App;
use crate::audit::{allowed, permitted};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::ingest::accept::Begun;
use crate::ingest::content::Content;
use crate::ingest::decode::{Pieces, Work};
use crate::ingest::delivery::Looked;
use crate::ingest::noted::Noted;
use crate::ingest::once::Request;
use crate::ingest::piece::{Finish, Piece};
use crate::ingest::receipt::Receipt;
use crate::ingest::records::Namer;
use crate::ingest::unpack;
use crate::ports::Kept;
use crate::record::Position;

/// Receives a delivery. What is packed is opened: each member is a delivery with a receipt of its own.
///
/// # Errors
/// Where its bytes cannot be read or what it holds cannot be made durable. What the receipts would have counted as
/// stored until then is stored all the same; receiving the delivery again completes it.
pub async fn receive(app: &App, ctx: &Context, looked: Looked) -> Result<Vec<Receipt>> {
    let act = ctx.act(Action::Deliver, Resource::Deliveries, Some(looked.seen.id.to_string()));
    allowed(app, ctx, act, unpack::receive(app, ctx, looked, None)).await
}

/// Whether somebody may deliver at all, asked before the bytes of a delivery are taken in.
///
/// # Errors
/// Where it is denied, or no entry of that can be written.
pub async fn may_deliver(app: &App, ctx: &Context) -> Result<()> {
    permitted(app, ctx, ctx.act(Action::Deliver, Resource::Deliveries, None)).await
}

/// Decodes a delivery, judges it, makes it durable, shows it to SQL, and accounts for every reading in it.
pub(super) async fn receive_one(
    app: &App,
    ctx: &Context,
    looked: &Looked,
    request: Option<Request>,
) -> Result<Receipt> {
    let seen = &looked.seen;
    let format = looked.format();
    let first_received = app.ledger.delivery(ctx.tenant(), &seen.id).await?;
    let running =
        app.intake.begin(app, ctx, &seen.id, first_received.unwrap_or_else(|| app.intake.received_at(app, ctx)));
    let name = name_of(&format);
    let mut account = Account::new(looked, name, &running, request);
    let keep = first_received.is_none().then(|| keep(app, ctx, looked, running.received_at()));
    // What is held in memory is kept by the thread that decodes it: waking another takes longer than that.
    let (behind, beside) = match (&looked.delivery.content, &format) {
        (Content::Memory(_), Ok(_)) => (keep, None),
        _ => (None, keep),
    };
    let keeping = beside.map(tokio::task::spawn_blocking);
    let mut pieces = Unread::of(app, looked, format, running.received_at(), behind);
    let mut held = pieces.next().await?.unwrap_or_default();
    while let Some(next) = pieces.next().await? {
        account.accept(app, ctx, held, false).await?;
        held = next;
    }
    // With the last piece the request is answered: nothing that may fail comes after it.
    if let Some(keeping) = keeping {
        keeping.await.map_err(|error| Error::new(Kind::Internal, "keep the delivery").because(error))??;
    }
    account.accept(app, ctx, held, true).await?;
    Ok(account.receipt)
}

pub(super) fn name_of(format: &std::result::Result<Format, String>) -> &'static str {
    format.as_ref().map_or("unknown", |format| format.name())
}

/// Keeps the bytes of a delivery that nobody received before.
fn keep(app: &App, ctx: &Context, looked: &Looked, received_at: Timestamp) -> Work {
    let Looked { delivery, seen, unread } = looked;
    let (archive, tenant, content) = (app.archive.clone(), ctx.tenant().clone(), delivery.content.clone());
    let kept = Kept {
        id: seen.id.clone(),
        digest: seen.digest,
        source: delivery.source.clone(),
        format: delivery.format,
        hints: delivery.hints.clone(),
        unread: unread.clone(),
        received_at,
    };
    Box::new(move || archive.keep(&tenant, &kept, &mut content.open()?))
}

/// The pieces of a delivery, or the one problem that it is.
pub(super) enum Unread {
    Pieces(Pieces),
    Problem(Option<Problem>),
}

impl Unread {
    pub(super) fn of(
        app: &App,
        Looked { delivery, seen, .. }: &Looked,
        format: std::result::Result<Format, String>,
        received_at: Timestamp,
        behind: Option<Work>,
    ) -> Self {
        match format {
            Ok(format) => {
                let options = app.intake.options(&delivery.hints, received_at);
                Self::Pieces(Pieces::of(delivery.content.clone(), format, options, app.columns.clone(), behind))
            }
            Err(reason) => Self::Problem(Some(Problem {
                position: "byte 0".to_owned(),
                reason,
                readings: 1,
                prelude: Vec::new(),
                bytes: seen.head.clone(),
            })),
        }
    }

    pub(super) async fn next(&mut self) -> Result<Option<Decoded>> {
        match self {
            Self::Pieces(pieces) => pieces.next().await,
            Self::Problem(problem) => {
                Ok(problem.take().map(|problem| Decoded { problems: vec![problem], ..Decoded::default() }))
            }
        }
    }
}

/// Adds up what becomes of the pieces.
struct Account {
    receipt: Receipt,
    bytes: u64,
    received_at: Timestamp,
    begun: Position,
    noted: Noted,
    /// The request that the delivery is all of.
    request: Option<Request>,
    namer: Namer,
    empty: bool,
}

impl Account {
    fn new(Looked { delivery, seen, .. }: &Looked, format: &str, begun: &Begun, request: Option<Request>) -> Self {
        let receipt = Receipt {
            delivery: seen.id.clone(),
            source: delivery.source.clone(),
            format: format.to_owned(),
            ..Receipt::default()
        };
        Self {
            receipt,
            bytes: seen.bytes,
            received_at: begun.received_at(),
            begun: begun.begun(),
            noted: begun.noted().clone(),
            request,
            namer: Namer::default(),
            empty: true,
        }
    }

    async fn accept(&mut self, app: &App, ctx: &Context, mut decoded: Decoded, last: bool) -> Result<()> {
        self.empty &= says_nothing(&decoded);
        if last && self.empty {
            // Zero stored is never success: a delivery in which nothing was found is told, not passed over.
            decoded.problems.push(nothing_found());
        }
        let finish =
            last.then(|| Finish { bytes: self.bytes, receipt: self.receipt.clone(), request: self.request.take() });
        let piece = Piece {
            delivery: self.receipt.delivery.clone(),
            source: self.receipt.source.clone(),
            format: self.receipt.format.clone(),
            received_at: self.received_at,
            begun: self.begun,
            rejects_before: self.receipt.problems_total,
            noted: self.noted.clone(),
            records: self.namer.name(std::mem::take(&mut decoded.records), self.received_at),
            decoded,
            finish,
            ..Piece::default()
        };
        let outcome = app.intake.accept(app, ctx, piece).await?;
        self.receipt.add(&outcome);
        Ok(())
    }
}

pub(super) fn says_nothing(decoded: &Decoded) -> bool {
    let Decoded { batch, problems, withdrawals, meters, records, findings: _ } = decoded;
    let readings = batch.rows().len() + problems.len() + withdrawals.len();
    readings == 0 && records.is_empty() && meters.iter().all(Meter::is_bare)
}

pub(super) fn nothing_found() -> Problem {
    Problem {
        position: String::new(),
        reason: "nothing was found in it: no reading, no message, no master data".to_owned(),
        readings: 1,
        prelude: Vec::new(),
        bytes: Vec::new(),
    }
}
