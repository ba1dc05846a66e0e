//! Opens what deliveries are packed in, and receives each member as a delivery of its own.
//!
//! A member is unpacked as a whole before it is received, into memory or a file of its own, one after the other, so that what lies
//! beside the delivery is one member at each depth.

use std::io::{self, BufReader, Read};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use metrify_formats::limits::{
    CONTAINERS_MAX, MEMBER_BYTES_MAX, MEMBER_RATIO_MAX, UNPACKED_BYTES_FREE, UNPACKED_BYTES_MAX,
};
use metrify_formats::{Container, Head, outline};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::context::Context;
use crate::error::{Error, Kind, Result, io as io_error};
use crate::ingest::content::{Arriving, Content, Seen};
use crate::ingest::delivery::{Delivery, Looked, format_of};
use crate::ingest::once::{self, Request};
use crate::ingest::receipt::{self, Receipt};
use crate::ingest::receive::receive_one;

/// Receives a delivery, or every member of what it is packed in, however deep up to the limit. There is a receipt for each, and
/// together they answer the request that the delivery came with.
///
/// # Errors
/// As [`receive_one`].
pub(super) async fn receive(
    app: &App,
    ctx: &Context,
    looked: Looked,
    request: Option<Request>,
) -> Result<Vec<Receipt>> {
    unpacked(app, ctx, looked, &Within::default(), request).await
}

/// A stream that was packed as one, opened.
pub(super) struct Opened {
    pub(super) looked: Looked,
    within: Within,
}

/// Opens what is one stream that was packed; `None` where it is packed otherwise or not at all, or cannot be opened to its end.
///
/// # Errors
/// Where what is unpacked cannot be kept.
pub(super) async fn open(app: &App, looked: &Looked) -> Result<Option<Opened>> {
    let Looked { delivery, seen, unread } = looked;
    let container = container(delivery, seen).filter(|container| container.is_stream() && unread.is_none());
    let Some(container) = container else { return Ok(None) };
    let (mut members, unpacking, within) = unpacking(app, looked, container, &Within::default());
    let (member, other) = (members.recv().await, members.recv().await);
    let ended = unpacking.await.map_err(|error| Error::new(Kind::Internal, "unpack the delivery").because(error))??;
    let whole = member.filter(|member| other.is_none() && ended.is_none() && member.damage.is_none());
    Ok(whole.map(|member| Opened { looked: inside(delivery, member), within }))
}

/// Receives what was opened, and remembers how it was answered.
///
/// # Errors
/// As [`receive_one`].
pub(super) async fn receive_opened(
    app: &App,
    ctx: &Context,
    Opened { looked, within }: Opened,
    request: Request,
) -> Result<Vec<Receipt>> {
    let mut receipts = unpacked(app, ctx, looked, &within, Some(request)).await?;
    receipt::shorten(&mut receipts);
    Ok(receipts)
}

/// The containers around a delivery.
#[derive(Clone, Default)]
struct Within {
    depth: usize,
    budget: Option<Arc<Budget>>,
}

/// Bytes that a delivery may unpack to, at all depths together: a bomb in a bomb is one bomb.
struct Budget {
    bytes: u64,
    left: AtomicU64,
}

impl Budget {
    fn of(seen: &Seen) -> Self {
        let bytes = seen.bytes.saturating_mul(MEMBER_RATIO_MAX).clamp(UNPACKED_BYTES_FREE, UNPACKED_BYTES_MAX);
        Self { bytes, left: AtomicU64::new(bytes) }
    }

    /// Whether so many bytes more are within it.
    fn take(&self, bytes: u64) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes)).is_ok()
    }
}

async fn unpacked(
    app: &App,
    ctx: &Context,
    looked: Looked,
    within: &Within,
    request: Option<Request>,
) -> Result<Vec<Receipt>> {
    let Looked { delivery, seen, unread } = &looked;
    let Some(container) = container(delivery, seen).filter(|_| unread.is_none()) else {
        return Ok(vec![receive_one(app, ctx, &looked, request).await?]);
    };
    if within.depth >= CONTAINERS_MAX {
        let reason = format!("{container} lies in more than {CONTAINERS_MAX} others: unpack it first");
        return Ok(vec![receive_one(app, ctx, &looked.unread(Some(reason)), request).await?]);
    }
    let (mut members, unpacking, within_it) = unpacking(app, &looked, container, within);
    let mut receipts = Vec::new();
    while let Some(member) = members.recv().await {
        receipts.extend(Box::pin(unpacked(app, ctx, inside(delivery, member), &within_it, None)).await?);
    }
    let ended = unpacking.await.map_err(|error| Error::new(Kind::Internal, "unpack the delivery").because(error))??;
    if let Some(reason) = ended.or_else(|| receipts.is_empty().then(|| "there is nothing in it".to_owned())) {
        let reason = format!("{container}: {reason}");
        receipts.push(receive_one(app, ctx, &looked.clone().unread(Some(reason)), None).await?);
    }
    if within.depth == 0 {
        receipt::shorten(&mut receipts);
    }
    if let Some(request) = request {
        once::note(app, ctx, &seen.id, request.answered(receipts.clone())).await?;
    }
    Ok(receipts)
}

/// What a delivery is packed in; `None` where it is not, and for the archives that are a format of their own.
fn container(delivery: &Delivery, seen: &Seen) -> Option<Container> {
    let outline = outline(&seen.head);
    let head = Head::new(&outline);
    let read_as_it_is = || match delivery.format {
        Some(format) => format.recognise(&head).is_some(),
        None => format_of(delivery, seen).is_ok(),
    };
    Container::recognise(&head).filter(|container| *container != Container::Zip || !read_as_it_is())
}

/// Begins to unpack, beside whoever takes the members.
fn unpacking(
    app: &App,
    Looked { delivery, seen, .. }: &Looked,
    container: Container,
    within: &Within,
) -> (mpsc::Receiver<Member>, JoinHandle<Result<Option<String>>>, Within) {
    let (members, unpacked) = mpsc::channel(1);
    let budget = within.budget.clone().unwrap_or_else(|| Arc::new(Budget::of(seen)));
    let inside = Within { depth: within.depth + 1, budget: Some(budget.clone()) };
    let unpacker = Unpacker { budget, spool: app.spool.clone(), members };
    let packed = delivery.content.clone();
    (unpacked, tokio::task::spawn_blocking(move || unpacker.run(&packed, container)), inside)
}

/// A member as a delivery of its own.
fn inside(container: &Delivery, member: Member) -> Looked {
    let source = match member.name.as_str() {
        "" => container.source.clone(),
        name => format!("{}/{name}", container.source),
    };
    let content = member.content;
    let delivery = Delivery { source, content, format: container.format, hints: container.hints.clone() };
    Looked::new(delivery, member.seen).unread(member.damage)
}

/// A member on its own.
struct Member {
    name: String,
    content: Content,
    seen: Seen,
    /// Why it could not be unpacked to its end.
    damage: Option<String>,
}

struct Unpacker {
    budget: Arc<Budget>,
    spool: PathBuf,
    members: mpsc::Sender<Member>,
}

impl Unpacker {
    /// Tells why the container could not be read to its end, where it could not.
    fn run(self, packed: &Content, container: Container) -> Result<Option<String>> {
        let packed = BufReader::new(packed.open()?);
        let (mut failed, mut damaged) = (None, false);
        let ended = container.members(packed, &mut |name, bytes| match self.unpack(name, bytes) {
            Ok(member) => {
                damaged = member.damage.is_some();
                match self.members.blocking_send(member) {
                    Ok(()) => ControlFlow::Continue(()),
                    // Nobody waits for members any longer: the delivery failed.
                    Err(_) => ControlFlow::Break(()),
                }
            }
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        });
        match failed {
            Some(error) => Err(io_error("spool a member of the delivery", error)),
            // What damaged the last member was told of there.
            None => Ok(ended.err().filter(|_| !damaged)),
        }
    }

    /// What cannot be read is the member's damage, what cannot be written an error of ours.
    fn unpack(&self, name: &str, bytes: &mut dyn Read) -> io::Result<Member> {
        let mut arriving = Arriving::new(&self.spool);
        let (mut written, mut piece) = (0, vec![0; 64 << 10]);
        let damage = loop {
            match bytes.read(&mut piece) {
                Ok(0) => break None,
                Ok(read) => {
                    written += read as u64;
                    if written > MEMBER_BYTES_MAX {
                        break Some(format!("it unpacks to more than {MEMBER_BYTES_MAX} bytes"));
                    }
                    if !self.budget.take(read as u64) {
                        let bytes = self.budget.bytes;
                        break Some(format!(
                            "the delivery unpacks to more than {bytes} bytes, which none of its size does"
                        ));
                    }
                    arriving.push(&piece[..read])?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Some(format!("it cannot be unpacked to its end: {error}")),
            }
        };
        let (content, seen) = arriving.arrived();
        Ok(Member { name: name.to_owned(), content, seen, damage })
    }
}
