//! Accepts pieces of deliveries: one after the other for each tenant, several with one sync.
//!
//! Whoever waits longest takes the turn and settles everything that waits with it; all of it is made durable with one
//! sync of the journal, then shown, then answered. What could not be made durable is forgotten as if it had never come.
//!
//! The turns of tenants know nothing of each other: whatever keeps one waiting, be it a file of its tables, keeps no other. The
//! journal is one for all of them, and is taken for no longer than it needs to append.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use metrify_domain::Timestamp;
use metrify_formats::{Keys, Options};
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{Notify, oneshot};

use crate::app::App;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::ingest::delivery::Hints;
use crate::ingest::listen::{FINDINGS_TOLD_MAX, Heard, Listeners};
use crate::ingest::noted::Noted;
use crate::ingest::piece::{self, Outcome, Piece};
use crate::operate;
use crate::record::{Accepted, Counts, DeliveryId, Fingerprint, PointStatus, Position};
use crate::turns::Turns;
use metrify_domain::Tenant;

/// Pieces that are made durable with one sync at most.
const GROUP_PIECES_MAX: usize = 64;
/// Rows that may wait in memory for the lake; beyond it intake lands first. After a stop they are read again from the journal, a
/// million of them in 0.7 s.
const ROWS_WAITING_MAX: usize = 2_000_000;
/// Rows in memory from which on a landing is called for, so that it is done beside intake and not before it; so many may come
/// meanwhile that a burst does not wait for the lake.
const ROWS_WAITING_MANY: usize = ROWS_WAITING_MAX / 4;

/// An hour.
const SET_BACK_MAX_MICROS: i64 = 3_600_000_000;

/// What to do with readings of points that nobody registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum UnknownPoints {
    /// They are stored, and the point is registered as unconfirmed.
    #[default]
    Register,
    /// They are kept among the rejects until somebody confirms the point.
    Quarantine,
}

impl UnknownPoints {
    pub(super) const fn status(self) -> PointStatus {
        match self {
            Self::Register => PointStatus::Unconfirmed,
            Self::Quarantine => PointStatus::Quarantined,
        }
    }
}

struct Waiting {
    piece: Piece,
    answer: oneshot::Sender<Result<Outcome>>,
}

#[derive(Default)]
struct Lane {
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

impl Lane {
    fn next_group(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let size = waiting.len().min(GROUP_PIECES_MAX);
        waiting.drain(..size).collect()
    }
}

/// The door to every tenant's store.
pub struct Intake {
    unknown_points: UnknownPoints,
    keys: Arc<Keys>,
    lanes: Mutex<HashMap<Tenant, Arc<Lane>>>,
    running: Arc<Mutex<Running>>,
    pub(super) requests: Turns<(Tenant, Fingerprint)>,
    many_wait: Notify,
    taken: Mutex<Counts>,
    last_received_at: Mutex<Timestamp>,
    pub(super) listeners: Listeners,
    /// The journal is one for all tenants: whoever appends knows the position it gets.
    journal: tokio::sync::Mutex<()>,
}

type Running = HashMap<(Tenant, DeliveryId), InProgress>;

/// What those share who receive the same bytes at the same time.
struct InProgress {
    received_at: Timestamp,
    begun: Position,
    noted: Noted,
    users: usize,
}

/// A delivery being received.
pub(super) struct Begun {
    running: Arc<Mutex<Running>>,
    key: (Tenant, DeliveryId),
    received_at: Timestamp,
    begun: Position,
    noted: Noted,
}

impl Begun {
    /// When the first of them came.
    pub(super) const fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// The journal's position when the first of them began.
    pub(super) const fn begun(&self) -> Position {
        self.begun
    }

    pub(super) const fn noted(&self) -> &Noted {
        &self.noted
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(delivery) = running.get_mut(&self.key) {
            delivery.users -= 1;
            if delivery.users == 0 {
                running.remove(&self.key);
            }
        }
    }
}

impl Intake {
    #[must_use]
    pub fn new(unknown_points: UnknownPoints, keys: Keys) -> Self {
        Self {
            unknown_points,
            keys: Arc::new(keys),
            lanes: Mutex::default(),
            running: Arc::default(),
            requests: Turns::default(),
            many_wait: Notify::new(),
            taken: Mutex::default(),
            last_received_at: Mutex::default(),
            listeners: Listeners::default(),
            journal: tokio::sync::Mutex::default(),
        }
    }

    /// What a decoder has to know.
    pub(super) fn options(&self, hints: &Hints, received_at: Timestamp) -> Options {
        let Hints { zone, area, point, quantity, swap_tariffs } = hints.clone();
        Options { zone, area, point, quantity, received_at, keys: self.keys.clone(), swap_tariffs }
    }

    /// When something new of a tenant is received: as the clock says, but behind whatever was received before, since the later of two
    /// statements holds. A clock that was set back by more than [`SET_BACK_MAX_MICROS`] was wrong before.
    pub(super) fn received_at(&self, app: &App, ctx: &Context) -> Timestamp {
        let now = ctx.now;
        let is_ahead = |last: &Timestamp| (0..SET_BACK_MAX_MICROS).contains(&(last.micros() - now.micros()));
        // A start forgets what was received before it, memory and lake do not.
        let known = app.memory.last_received_at(ctx.tenant());
        let mut last = self.last_received_at.lock().unwrap_or_else(PoisonError::into_inner);
        let ahead = [known, *last].into_iter().filter(is_ahead).max();
        *last = ahead.map_or(now, |ahead| Timestamp::from_micros(ahead.micros() + 1));
        *last
    }

    pub(super) fn begin(&self, app: &App, ctx: &Context, delivery: &DeliveryId, received_at: Timestamp) -> Begun {
        let key = (ctx.tenant().clone(), delivery.clone());
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let new = InProgress { received_at, begun: app.journal.next(), noted: Noted::default(), users: 0 };
        let delivery = running.entry(key.clone()).or_insert(new);
        delivery.users += 1;
        if delivery.users > 1 {
            delivery.noted.share();
        }
        let InProgress { received_at, begun, noted, .. } = &*delivery;
        let (received_at, begun, noted) = (*received_at, *begun, noted.clone());
        Begun { running: self.running.clone(), key, received_at, begun, noted }
    }

    /// What was taken in since the start, of all tenants.
    #[must_use]
    pub fn taken(&self) -> Counts {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns once so much waits in memory that it should be landed.
    pub async fn many_wait(&self) {
        self.many_wait.notified().await;
    }

    /// Makes a piece durable and visible, together with others that wait.
    pub(super) async fn accept(&self, app: &App, ctx: &Context, piece: Piece) -> Result<Outcome> {
        let lane = self.lane(ctx.tenant());
        let (answer, mut outcome) = oneshot::channel();
        lane.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(Waiting { piece, answer });
        let _turn = lane.turn.lock().await;
        // Somebody else's turn may have answered it already; else it stands in one of the next groups.
        loop {
            match outcome.try_recv() {
                Ok(outcome) => return outcome,
                Err(TryRecvError::Closed) => {
                    return Err(Error::new(Kind::Internal, "wait for the piece to be accepted"));
                }
                Err(TryRecvError::Empty) => {
                    let group = lane.next_group();
                    self.accept_group(app, ctx, group).await;
                }
            }
        }
    }

    /// What accepting a piece would do, without doing it.
    pub(super) async fn settle(&self, app: &App, ctx: &Context, piece: Piece) -> Result<(Accepted, Outcome)> {
        piece::settle(app, ctx, self.unknown_points, piece).await
    }

    fn lane(&self, tenant: &Tenant) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.entry(tenant.clone()).or_default().clone()
    }

    async fn accept_group(&self, app: &App, ctx: &Context, group: Vec<Waiting>) {
        let (pieces, answers): (Vec<_>, Vec<_>) =
            group.into_iter().map(|waiting| (waiting.piece, waiting.answer)).unzip();
        match self.make_durable(app, ctx, pieces).await {
            Ok(outcomes) => {
                for (answer, outcome) in answers.into_iter().zip(outcomes) {
                    // A receiver that is gone has lost interest, not the reading.
                    drop(answer.send(outcome));
                }
            }
            Err(error) => {
                answers.into_iter().for_each(|answer| drop(answer.send(Err(error.copy()))));
            }
        }
    }

    /// What became of each piece. One that cannot be settled keeps no other from it.
    async fn make_durable(&self, app: &App, ctx: &Context, pieces: Vec<Piece>) -> Result<Vec<Result<Outcome>>> {
        if app.memory.waiting(ctx.tenant()) > ROWS_WAITING_MAX {
            operate::land_tenant(app, ctx.tenant(), ROWS_WAITING_MAX).await?;
        }
        let noted: Vec<Noted> = pieces.iter().map(|piece| piece.noted.clone()).collect();
        let mut applied = Applied { app, tenant: ctx.tenant(), noted, is_durable: false };
        let Group { from, entries, outcomes, taken } = self.settle_group(app, ctx, pieces).await?;
        if !entries.is_empty() {
            let _writer = self.journal.lock().await;
            append(app, ctx.tenant(), behind_others(app, ctx.tenant(), from, entries)?).await?;
            applied.is_durable = true;
            app.memory.publish(ctx.tenant())?;
        }
        applied.is_durable = true;
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).add(&taken);
        let outcomes = outcomes.into_iter().map(|outcome| {
            outcome.map(|(outcome, heard)| {
                if heard.tells() {
                    self.listeners.tell(heard);
                }
                outcome
            })
        });
        let outcomes = outcomes.collect();
        if app.memory.waiting(ctx.tenant()) > ROWS_WAITING_MANY {
            self.many_wait.notify_one();
        }
        Ok(outcomes)
    }

    /// Settles pieces one after the other, each with what those before it say.
    async fn settle_group(&self, app: &App, ctx: &Context, pieces: Vec<Piece>) -> Result<Group> {
        let mut group = Group { from: app.journal.next(), ..Group::default() };
        let told_max = if self.listeners.are_none() { 0 } else { FINDINGS_TOLD_MAX };
        for piece in pieces {
            let (heard, noted, is_read_again) = (heard(ctx, &piece), piece.noted.clone(), piece.is_read_again);
            let (entry, outcome) = match self.settle(app, ctx, piece).await {
                Ok(settled) => settled,
                Err(error) => {
                    noted.forget();
                    group.outcomes.push(Err(error));
                    continue;
                }
            };
            if !is_read_again {
                group.taken.add(&outcome.counts);
            }
            let told = entry.findings.iter().take(told_max).cloned().collect();
            let heard = Heard { counts: outcome.counts, findings: outcome.findings, told, ..heard };
            group.outcomes.push(Ok((outcome, heard)));
            if !entry.is_empty() {
                let entry = Arc::new(entry);
                app.memory.apply(ctx.tenant(), group.from + group.entries.len() as u64, &entry)?;
                group.entries.push(entry);
            }
        }
        Ok(group)
    }
}

/// Pieces that were settled: their entries stand in memory as if they came next in the journal.
#[derive(Default)]
struct Group {
    from: Position,
    entries: Vec<Arc<Accepted>>,
    outcomes: Vec<Result<(Outcome, Heard)>>,
    /// What came with those that had not come before.
    taken: Counts,
}

/// The entries of a group as they stand in the journal, which other tenants may have appended to since the first was settled; to be
/// asked by whoever may append.
fn behind_others(
    app: &App,
    tenant: &Tenant,
    from: Position,
    entries: Vec<Arc<Accepted>>,
) -> Result<Vec<Arc<Accepted>>> {
    let next = app.journal.next();
    if next == from {
        return Ok(entries);
    }
    app.memory.roll_back(tenant)?;
    let moved = entries.into_iter().map(|entry| {
        let mut entry = Arc::unwrap_or_clone(entry);
        entry.move_versions(from, next - from);
        Arc::new(entry)
    });
    let moved: Vec<Arc<Accepted>> = moved.collect();
    for (entry, position) in moved.iter().zip(next..) {
        app.memory.apply(tenant, position, entry)?;
    }
    Ok(moved)
}

async fn append(app: &App, tenant: &Tenant, entries: Vec<Arc<Accepted>>) -> Result<()> {
    let entries: Vec<_> = entries.into_iter().map(|entry| (tenant.clone(), entry)).collect();
    let journal = app.journal.clone();
    let appended = tokio::task::spawn_blocking(move || journal.append(&entries)).await;
    appended.map_err(|error| Error::new(Kind::Internal, "append to the journal").because(error))?
}

/// What was applied to memory. Where it does not become durable, be it by an error, a panic or since nobody waits any more, it is forgotten
/// as if it had never come.
struct Applied<'a> {
    app: &'a App,
    tenant: &'a Tenant,
    noted: Vec<Noted>,
    is_durable: bool,
}

impl Drop for Applied<'_> {
    fn drop(&mut self) {
        if self.is_durable {
            return;
        }
        self.noted.iter().for_each(Noted::forget);
        if let Err(error) = self.app.memory.roll_back(self.tenant) {
            tracing::error!(tenant = %self.tenant, "{}", error.chain());
        }
    }
}

/// What is told of a piece once it is durable; its counts are not known yet.
fn heard(ctx: &Context, piece: &Piece) -> Heard {
    Heard {
        tenant: ctx.tenant().clone(),
        delivery: piece.delivery.clone(),
        source: piece.source.clone(),
        format: piece.format.clone(),
        counts: Counts::default(),
        findings: 0,
        told: Arc::default(),
    }
}
