//! Receives a request once: whoever sends it again, because the answer was lost, gets the receipts that were given first.

use metrify_domain::Tenant;
use metrify_governance::{Action, Resource};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::audit::allowed;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::ingest::delivery::{Delivery, Looked, read_as};
use crate::ingest::piece::Piece;
use crate::ingest::receipt::Receipt;
use crate::ingest::unpack::{self, Opened};
use crate::record::{Answered, DeliveryId, Fingerprint};

/// What a request is answered with.
#[derive(Clone, Debug)]
pub struct Reply {
    pub receipts: Vec<Receipt>,
    /// The receipts are those of an earlier request.
    pub repeated: bool,
}

/// By what a request is known again.
#[derive(Clone, Copy, Debug)]
pub enum Name<'n> {
    /// By its bytes and how they are to be read, and by its key where it has one.
    Content { key: Option<&'n str> },
    /// By its upload alone: what is to be received anew is received anew once.
    Upload(&'n str),
}

/// Receives a delivery unless a request of the same name was answered before: then that answer is given again.
///
/// # Errors
/// As [`super::receive`], and where the key was given to something else before.
pub async fn receive_once(app: &App, ctx: &Context, looked: Looked, name: Name<'_>) -> Result<Reply> {
    let act = ctx.act(Action::Deliver, Resource::Deliveries, Some(looked.seen.id.to_string()));
    allowed(app, ctx, act, once(app, ctx, looked, name)).await
}

async fn once(app: &App, ctx: &Context, looked: Looked, name: Name<'_>) -> Result<Reply> {
    let request = Request::of(&looked, name);
    let _turns = app.intake.requests.take(request.turns(ctx)).await;
    let answered = answered(app, ctx, request).await?;
    let answered = match answered {
        Some(answered) if answered.content == request.content => {
            return again(app, ctx, &looked.seen.id, request, answered).await;
        }
        otherwise => otherwise,
    };
    let opened = match name {
        Name::Content { .. } => unpack::open(app, &looked).await?,
        Name::Upload(_) => None,
    };
    if let Some(opened) = opened {
        return once_opened(app, ctx, request, answered, opened).await;
    }
    if answered.is_some() {
        return Err(given_to_another());
    }
    let receipts = unpack::receive(app, ctx, looked, Some(request)).await?;
    Ok(Reply { receipts, repeated: false })
}

/// What is one stream when it is opened is the same however it was packed: whoever sends it again may pack it anew.
async fn once_opened(
    app: &App,
    ctx: &Context,
    request: Request,
    answered: Option<Answered>,
    opened: Opened,
) -> Result<Reply> {
    let (id, inside) = (opened.looked.seen.id.clone(), Request::of(&opened.looked, Name::Content { key: None }));
    let _turns = app.intake.requests.take(inside.turns(ctx)).await;
    let known = app.ledger.answered(ctx.tenant(), inside.content).await?;
    let deliveries = |answered: &Answered| -> Vec<DeliveryId> {
        answered.receipts.iter().map(|receipt| receipt.delivery.clone()).collect()
    };
    if answered.is_some() && answered.as_ref().map(deliveries) != known.as_ref().map(deliveries) {
        return Err(given_to_another());
    }
    let repeated = known.is_some();
    let receipts = match known {
        Some(known) => known.receipts,
        None => unpack::receive_opened(app, ctx, opened, inside).await?,
    };
    note(app, ctx, &id, request.answered(receipts.clone())).await?;
    Ok(Reply { receipts, repeated })
}

/// The answer that a request of this name got, where its bytes are no longer at hand.
///
/// # Errors
/// Where none is remembered, or the store cannot be read.
pub(super) async fn answer_again(app: &App, ctx: &Context, looked: &Looked, name: Name<'_>) -> Result<Reply> {
    let id = &looked.seen.id;
    let act = ctx.act(Action::Deliver, Resource::Deliveries, Some(id.to_string()));
    let request = Request::of(looked, name);
    let reply = async {
        let _turns = app.intake.requests.take(request.turns(ctx)).await;
        match answered(app, ctx, request).await? {
            Some(answered) if answered.content == request.content => again(app, ctx, id, request, answered).await,
            Some(_) => Err(given_to_another()),
            None => {
                let error = Error::new(Kind::Conflict, "answer the request: its bytes were received in another way");
                Err(error.hint("ask with the parameters that it was received with, or send the bytes once more"))
            }
        }
    };
    allowed(app, ctx, act, reply).await
}

/// How a request of one of its names was answered.
async fn answered(app: &App, ctx: &Context, request: Request) -> Result<Option<Answered>> {
    for name in request.names() {
        if let Some(answered) = app.ledger.answered(ctx.tenant(), name).await? {
            return Ok(Some(answered));
        }
    }
    Ok(None)
}

fn given_to_another() -> Error {
    let error = Error::new(Kind::Conflict, "answer the request: its key was given to another one before");
    error.hint("a request that is repeated has the same body and parameters; a new one has a new key")
}

async fn again(app: &App, ctx: &Context, id: &DeliveryId, request: Request, answered: Answered) -> Result<Reply> {
    let receipts = answered.receipts;
    if request.key.is_some() && request.key != answered.key {
        note(app, ctx, id, request.answered(receipts.clone())).await?;
    }
    Ok(Reply { receipts, repeated: true })
}

/// Remembers an answer that no piece of a delivery carries.
pub(super) async fn note(app: &App, ctx: &Context, id: &DeliveryId, answered: Answered) -> Result<()> {
    let piece = Piece { delivery: id.clone(), received_at: ctx.now, answered: Some(answered), ..Piece::default() };
    app.intake.accept(app, ctx, piece).await.map(drop)
}

/// What tells a request from others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    key: Option<Fingerprint>,
    content: Fingerprint,
}

impl Request {
    fn of(Looked { delivery, seen, .. }: &Looked, name: Name<'_>) -> Self {
        let Delivery { source: _, content: _, format, hints } = delivery;
        let read_as = read_as(*format, hints);
        match name {
            Name::Content { key } => Self {
                key: key.map(|key| fingerprint("key", key.as_bytes())),
                content: fingerprint(seen.id.as_str(), read_as.as_bytes()),
            },
            Name::Upload(id) => {
                Self { key: None, content: fingerprint("upload", format!("{id} {read_as}").as_bytes()) }
            }
        }
    }

    /// Keys come before contents in every request, so that no two wait for each other.
    fn turns(&self, ctx: &Context) -> impl Iterator<Item = (Tenant, Fingerprint)> + use<> {
        let tenant = ctx.tenant().clone();
        self.names().map(move |name| (tenant.clone(), name))
    }

    /// The key comes first: it says more than what was sent.
    fn names(&self) -> impl Iterator<Item = Fingerprint> + use<> {
        self.key.into_iter().chain([self.content])
    }

    pub(super) const fn answered(self, receipts: Vec<Receipt>) -> Answered {
        Answered { key: self.key, content: self.content, receipts }
    }
}

/// The name of something of a kind.
pub(super) fn fingerprint(kind: &str, said: &[u8]) -> Fingerprint {
    Fingerprint::from_digest(&Sha256::new().chain_update(kind).chain_update([0]).chain_update(said).finalize())
}
