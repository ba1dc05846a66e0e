//! Reads deliveries again that were kept, with the decoders of today: shows what that would change, or changes it.
//!
//! What is said now and was not before is stored under the delivery's own time of receipt, what is said differently corrects
//! it, and what is said no longer is retracted: the mistake was ours, and what was sent was known since then.

use std::collections::{HashMap, HashSet};
use std::fs::File;

use metrify_domain::{Channel, Reading};
use metrify_formats::Decoded;
use metrify_governance::{Action, Resource};
use tempfile::NamedTempFile;

use crate::app::App;
use crate::audit::audited;
use crate::blocking::blocking;
use crate::context::Context;
use crate::error::{Error, Kind, Result, io};
use crate::ingest::content::Content;
use crate::ingest::delivery::{Delivery, look};
use crate::ingest::noted::Noted;
use crate::ingest::piece::{Outcome, Piece};
use crate::ingest::receive::{Unread, name_of, nothing_found, says_nothing};
use crate::ingest::records::Namer;
use crate::jobs::{self, Counted, Handle, JobKind, Started, counted};
use crate::ports::{Kept, Key};
use crate::read::received_since;
use crate::record::{Accepted, Counts, DeliveryId, Position, Reject, RejectState, Standing, Version};

/// Changes of one delivery that are listed; all are counted.
pub const CHANGES_LISTED_MAX: usize = 100;

/// Which deliveries to read again.
#[derive(Clone, Debug)]
pub struct Selection {
    /// These; where none is named, all that were received at an instant or after it, or ever.
    pub ids: Vec<DeliveryId>,
    pub since: Option<metrify_domain::Timestamp>,
}

/// A reading that today's decoder sees differently: `before` is what the store says, `after` what it would say.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub channel: Channel,
    pub before: Option<Reading>,
    pub after: Option<Reading>,
}

/// What reading a delivery again changes.
#[derive(Clone, Debug)]
pub struct Changes {
    pub delivery: DeliveryId,
    pub source: String,
    /// The format it has today, or `unknown`.
    pub format: String,
    /// What of it is new (`stored`), different (`corrections`), as before (`duplicates`) or not understood (`rejected`).
    pub counts: Counts,
    /// Readings it was taken to say, and does not.
    pub retracted: u64,
    /// Rejects of it that are understood by now.
    pub resolved: u64,
    /// The first [`CHANGES_LISTED_MAX`].
    pub listed: Vec<Change>,
    /// Its bytes are no longer kept, or are damaged: nothing of it was read.
    pub lost: bool,
}

impl Changes {
    fn new(delivery: DeliveryId) -> Self {
        Self {
            delivery,
            source: String::new(),
            format: String::new(),
            counts: Counts::default(),
            retracted: 0,
            resolved: 0,
            listed: Vec::new(),
            lost: true,
        }
    }

    fn list(&mut self, change: Change) {
        if self.listed.len() < CHANGES_LISTED_MAX {
            self.listed.push(change);
        }
    }
}

/// Reads deliveries again, in the order in which they came; what they change is only shown unless `apply` says otherwise. It is a job,
/// of which `started` is told.
///
/// # Errors
/// Where one that is named was never received, or the archive or the store cannot be read or written, or somebody stops it.
pub async fn replay_deliveries(
    app: &App,
    ctx: &Context,
    selection: &Selection,
    apply: bool,
    started: Started,
) -> Result<Vec<Changes>> {
    let (action, resource, kind) = match apply {
        true => (Action::Mend, Resource::Deliveries, JobKind::ReplayDeliveries),
        // What only shows what their bytes say is a use of them.
        false => (Action::Read, Resource::Archive, JobKind::CompareDeliveries),
    };
    let act = ctx.act(action, resource, selection.ids.first().map(ToString::to_string));
    audited(app, ctx, act, async {
        let wanted = wanted(app, ctx, selection).await?;
        jobs::kept(
            app,
            ctx,
            kind,
            started,
            |job| async move { read_again(Work { app, ctx, job, apply }, &wanted).await },
        )
        .await
    })
    .await
}

/// What reading deliveries again has at hand.
#[derive(Clone)]
struct Work<'a> {
    app: &'a App,
    ctx: &'a Context,
    job: Handle,
    apply: bool,
}

async fn read_again(work: Work<'_>, wanted: &HashSet<DeliveryId>) -> Result<Vec<Changes>> {
    let Work { app, ctx, .. } = work;
    let (archive, tenant) = (app.archive.clone(), ctx.tenant().clone());
    let kept = blocking("list the deliveries that are kept", move || archive.kept(&tenant)).await?;
    let mut missing: HashSet<DeliveryId> = wanted.iter().cloned().collect();
    let mut replayed = Vec::new();
    for kept in kept.into_iter().filter(|kept| wanted.contains(&kept.id)) {
        work.job.go_on()?;
        if let Some(changes) = replay(&work, &kept).await? {
            missing.remove(&kept.id);
            work.job.add([(Counted::Deliveries, 1)]);
            replayed.push(changes);
        }
    }
    work.job.add([(Counted::Lost, missing.len() as u64)]);
    let mut missing: Vec<DeliveryId> = missing.into_iter().collect();
    missing.sort_unstable();
    replayed.extend(missing.into_iter().map(Changes::new));
    Ok(replayed)
}

async fn wanted(app: &App, ctx: &Context, selection: &Selection) -> Result<HashSet<DeliveryId>> {
    if selection.ids.is_empty() {
        let since = received_since(app, ctx, selection.since).await?;
        return Ok(since.into_iter().collect());
    }
    for id in &selection.ids {
        if app.ledger.delivery(ctx.tenant(), id).await?.is_none() {
            let error = Error::new(Kind::NotFound, format!("find delivery `{id}`"));
            return Err(error.hint("`metrify sql \"select delivery, source from deliveries\"` lists them"));
        }
    }
    Ok(selection.ids.iter().cloned().collect())
}

/// `None` where the bytes are no longer kept, or are damaged.
async fn replay(work: &Work<'_>, kept: &Kept) -> Result<Option<Changes>> {
    let Work { app, ctx, .. } = *work;
    let file = match restore(app, ctx, kept).await {
        Ok(Some(file)) => file,
        Ok(None) => return Ok(None),
        Err(error) if error.kind() == Kind::Corrupt => {
            // It is as good as lost, and keeps no other from being read.
            tracing::warn!("{}", error.chain());
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let delivery = Delivery {
        source: kept.source.clone(),
        content: Content::File(file.path().to_owned()),
        format: kept.format,
        hints: kept.hints.clone(),
    };
    let looked = look(delivery).await?.unread(kept.unread.clone());
    let format = looked.format();
    let mut again = Again::begin(work, kept, name_of(&format)).await?;
    let mut pieces = Unread::of(app, &looked, format, kept.received_at, None);
    let mut empty = true;
    while let Some(decoded) = pieces.next().await? {
        empty &= says_nothing(&decoded);
        again.take(decoded).await?;
        // Pieces are durable one by one; what is unsaid is retracted once all of them were read.
        work.job.go_on()?;
    }
    if empty {
        again.take(Decoded { problems: vec![nothing_found()], ..Decoded::default() }).await?;
    }
    again.end().await.map(Some)
}

async fn restore(app: &App, ctx: &Context, kept: &Kept) -> Result<Option<NamedTempFile>> {
    let file = NamedTempFile::new_in(&app.spool).map_err(|error| io("make room for a kept delivery", error))?;
    let (archive, tenant, id) = (app.archive.clone(), ctx.tenant().clone(), kept.id.clone());
    let mut out: File = file.reopen().map_err(|error| io("make room for a kept delivery", error))?;
    let whole = blocking("restore a delivery", move || archive.restore(&tenant, &id, &mut out)).await?;
    Ok(whole.then_some(file))
}

/// A delivery while it is read again.
struct Again<'a> {
    work: &'a Work<'a>,
    kept: &'a Kept,
    namer: Namer,
    changes: Changes,
    /// What it was taken to say and nobody retracted; what it says today is taken out.
    unsaid: HashMap<Key, Vec<Version>>,
    /// Its rejects that are open and were not met again, by position and reason.
    unmet: HashMap<(String, String), Reject>,
    /// Something was rejected that was not before.
    newly_rejected: bool,
    rejects_before: u64,
    begun: Position,
    noted: Noted,
}

impl<'a> Again<'a> {
    async fn begin(work: &'a Work<'a>, kept: &'a Kept, format: &str) -> Result<Self> {
        let Work { app, ctx, .. } = *work;
        let changes = Changes {
            source: kept.source.clone(),
            format: format.to_owned(),
            lost: false,
            ..Changes::new(kept.id.clone())
        };
        let rejects = app.ledger.rejects(ctx.tenant(), &kept.id).await?;
        // What came by way of a reject, read with other hints or vouched for later, is not in today's decoding.
        let repaired = rejects.iter().any(|reject| reject.state() == RejectState::Resolved);
        let mut unsaid: HashMap<Key, Vec<Version>> = HashMap::new();
        if !repaired {
            let withdrawn = app.versions.withdrawn(ctx.tenant()).await?;
            let said = app.versions.of_delivery(ctx.tenant(), &kept.id).await?;
            for version in said.into_iter().filter(|version| !withdrawn.versions.contains(&version.sequence)) {
                unsaid.entry(version.key()).or_default().push(version);
            }
        }
        let open = rejects.into_iter().filter(|reject| reject.state() == RejectState::Open);
        let unmet = open.map(|reject| ((reject.position.clone(), reject.reason.clone()), reject)).collect();
        Ok(Self {
            work,
            kept,
            namer: Namer::default(),
            changes,
            unsaid,
            unmet,
            newly_rejected: false,
            rejects_before: 0,
            begun: app.journal.next(),
            noted: Noted::default(),
        })
    }

    fn piece(&self) -> Piece {
        Piece {
            delivery: self.kept.id.clone(),
            source: self.kept.source.clone(),
            format: self.changes.format.clone(),
            received_at: self.kept.received_at,
            rejects_before: self.rejects_before,
            begun: self.begun,
            is_read_again: true,
            noted: self.noted.clone(),
            ..Piece::default()
        }
    }

    async fn take(&mut self, mut decoded: Decoded) -> Result<()> {
        let batch = &decoded.batch;
        for row in batch.rows() {
            self.unsaid.remove(&Key { channel: batch.channel(row).clone(), period: row.period });
        }
        let records = self.namer.name(std::mem::take(&mut decoded.records), self.kept.received_at);
        let piece = Piece { records, decoded, ..self.piece() };
        let Work { app, ctx, .. } = *self.work;
        let Outcome { counts, findings: _, problems } = if self.work.apply {
            app.intake.accept(app, ctx, piece).await?
        } else {
            let (entry, outcome) = app.intake.settle(app, ctx, piece).await?;
            self.list(&entry).await?;
            outcome
        };
        self.rejects_before += problems.len() as u64;
        self.changes.counts.add(&counts);
        self.work.job.add(counted(&counts));
        for problem in problems {
            self.newly_rejected |= self.unmet.remove(&problem).is_none();
        }
        Ok(())
    }

    /// Lists what an entry would make hold.
    async fn list(&mut self, entry: &Accepted) -> Result<()> {
        let rows = entry.batch.rows().iter().zip(&entry.standings);
        let rows: Vec<_> = rows.filter(|(_, standing)| **standing != Standing::Late).map(|(row, _)| row).collect();
        let room = CHANGES_LISTED_MAX - self.changes.listed.len();
        let keys: Vec<Key> = rows
            .iter()
            .take(room)
            .map(|row| Key { channel: entry.batch.channel(row).clone(), period: row.period })
            .collect();
        let Work { app, ctx, .. } = *self.work;
        let mut current = app.versions.current(ctx.tenant(), &keys).await?;
        for (key, row) in keys.into_iter().zip(rows) {
            let before = current.remove(&key).map(|version| version.reading);
            self.changes.list(Change { channel: key.channel, before, after: Some(entry.batch.reading(row)) });
        }
        Ok(())
    }

    async fn end(mut self) -> Result<Changes> {
        let mut retracted: Vec<Version> = std::mem::take(&mut self.unsaid).into_values().flatten().collect();
        if self.newly_rejected {
            // What is not said may lie in what is not understood: for want of a key, say.
            retracted.clear();
        }
        retracted.sort_by_key(|version| version.sequence);
        let mut resolved: Vec<Reject> = std::mem::take(&mut self.unmet).into_values().collect();
        resolved.sort_by(|one, other| one.id.cmp(&other.id));
        self.changes.retracted = retracted.len() as u64;
        self.changes.resolved = resolved.len() as u64;
        let Work { app, ctx, .. } = *self.work;
        if self.work.apply {
            let resolved = resolved.into_iter().map(|reject| reject.resolved(ctx.now));
            let piece = Piece { resolved: resolved.collect(), retracted, ..self.piece() };
            app.intake.accept(app, ctx, Piece { received_at: ctx.now, ..piece }).await?;
        } else {
            for version in retracted {
                self.changes.list(Change { channel: version.channel, before: Some(version.reading), after: None });
            }
        }
        let Changes { retracted, resolved, .. } = self.changes;
        self.work.job.add([(Counted::Retracted, retracted), (Counted::Resolved, resolved)]);
        Ok(self.changes)
    }
}
