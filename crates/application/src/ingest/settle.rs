//! Decides what each reading of a piece is: new, known already, a correction, or older than what holds.
//!
//! Versions of one channel and period are ordered by when they became known, then by their message, so that the same
//! deliveries give the same answers in any order.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::sync::Arc;

use metrify_domain::{Batch, Finding, Period, Quality, Reading, Row, Severity, Timestamp};

use crate::error::Result;
use crate::ingest::holding::{self, Said, Statement};
use crate::ingest::withdraw::TakenBack;
use crate::ports::{Key, Known, Versions};
use crate::record::{DeliveryId, Position, Sequence, Standing, Version, Withdrawn, recorded_at};
use metrify_domain::Tenant;

/// What became of the rows of a batch. The batch that is left holds the new versions only.
#[derive(Debug, Default)]
pub struct Settled {
    pub batch: Batch,
    pub standings: Vec<Standing>,
    /// Versions known before that hold again, since what they follow came late.
    pub restored: Vec<Version>,
    pub stored: u64,
    pub duplicates: u64,
    pub corrections: u64,
    /// What one message says twice and not the same.
    pub contradictions: Vec<Contradiction>,
}

/// What a message says of a reading, and what it says of it later.
#[derive(Debug, PartialEq)]
pub struct Contradiction {
    pub key: Key,
    pub one: Reading,
    pub other: Reading,
}

impl Contradiction {
    pub(super) fn finding(self) -> Finding {
        let Self { key, one, other } = self;
        let shown = |Reading { value, unit, quality, .. }: Reading| {
            let value = value.map_or("nothing".to_owned(), |value| format!("{value} {unit}"));
            format!("{value} ({quality})")
        };
        let reason = format!("one message says {} and then {}: the later one holds", shown(one), shown(other));
        Finding {
            rule: "contradiction".into(),
            severity: Severity::Warning,
            channel: Some(key.channel),
            period: Some(key.period),
            position: String::new(),
            reason,
        }
    }
}

/// What the rows of one piece have in common.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    pub tenant: &'a Tenant,
    pub delivery: &'a DeliveryId,
    pub received_at: Timestamp,
    /// The journal's position when the delivery began to be read this time: what it said before then, an earlier attempt read.
    pub begun: Position,
}

/// What the piece takes back acts before its readings do.
///
/// Nearly all readings are the first of their key, or say again what holds: the store tells so of many at once. Only the others
/// are judged with their versions.
///
/// # Errors
/// Where the store cannot be read.
pub async fn settle(
    versions: &dyn Versions,
    origin: Origin<'_>,
    taken_back: &TakenBack,
    mut batch: Batch,
) -> Result<Settled> {
    let mut withdrawn = versions.withdrawn(origin.tenant).await?;
    if !taken_back.withdrawals.is_empty() || !taken_back.retractions.is_empty() {
        let all = Arc::make_mut(&mut withdrawn);
        all.documents.extend(taken_back.withdrawals.iter().map(|record| record.document.clone()));
        all.versions.extend(taken_back.retractions.iter().map(|retraction| retraction.version));
    }
    let known = versions.known(origin.tenant, &batch).await?;
    let mut open = open(&batch, &known, withdrawn.is_empty());
    mark_repeated(&batch, &mut open);
    mark_withdrawn(&batch, &withdrawn, &mut open);
    let judged: Vec<usize> = (0..open.len()).filter(|row| open[*row]).collect();
    let mut standings: Vec<Option<Standing>> =
        known.iter().map(|known| (*known != Known::Same).then_some(Standing::First)).collect();
    let resent = (0..open.len()).filter(|row| !open[*row] && standings[*row].is_none()).count();
    let stored = open.len() - judged.len() - resent;
    let mut settled = Settled { stored: stored as u64, duplicates: resent as u64, ..Settled::default() };
    if !judged.is_empty() {
        let own = judge(versions, origin, (taken_back, withdrawn), (&batch, &judged), &mut settled).await?;
        judged.into_iter().zip(own).for_each(|(row, standing)| standings[row] = standing);
    }
    batch.retain_rows(|row| standings[row].is_some());
    settled.standings = standings.into_iter().flatten().collect();
    // Tables without rows would make an entry of nothing.
    settled.batch = if batch.rows().is_empty() { Batch::default() } else { batch };
    Ok(settled)
}

/// Judges rows with all that is known of their keys. Those that are not kept have no standing.
async fn judge(
    versions: &dyn Versions,
    origin: Origin<'_>,
    (taken_back, withdrawn): (&TakenBack, Arc<Withdrawn>),
    (batch, rows): (&Batch, &[usize]),
    settled: &mut Settled,
) -> Result<Vec<Option<Standing>>> {
    let keyed: Vec<(&Row, Key)> =
        rows.iter().map(|row| &batch.rows()[*row]).map(|row| (row, key(batch, row))).collect();
    let keys: Vec<Key> = keyed.iter().map(|(_, key)| key.clone()).collect();
    let mut current = versions.current(origin.tenant, &keys).await?;
    let questions = questions(batch, &keyed, &current, !withdrawn.is_empty());
    let former = if questions.is_empty() { HashMap::new() } else { versions.former(origin.tenant, &questions).await? };
    taken_back.act_on(&mut current);
    let begun = Sequence::new(origin.begun, 0);
    let before = current.iter().map(|(key, version)| (key.clone(), version.sequence)).collect();
    let mut bench = Bench { before, current, former, withdrawn, begun, contradictions: Vec::new() };
    let mut kept = Vec::with_capacity(rows.len());
    for (index, (row, key)) in rows.iter().zip(&keyed) {
        let version = version(batch, row, origin, provisional(*index));
        kept.push(bench.judge(version, key, batch.document(row).known_at.is_some(), settled));
    }
    let judged = rows.iter().zip(&keyed).zip(kept);
    let standings =
        judged.map(|((index, (_, key)), kept)| kept.then(|| bench.standing(key, provisional(*index)))).collect();
    settled.contradictions = std::mem::take(&mut bench.contradictions);
    settled.restored = bench.restored();
    Ok(standings)
}

/// The rows that have to be judged for what is known of them. One that says what holds adds nothing, unless its message has a
/// time of its own or something was taken back.
fn open(batch: &Batch, known: &[Known], nothing_withdrawn: bool) -> Vec<bool> {
    let own_time: Vec<bool> = batch.documents().iter().map(|document| document.known_at.is_some()).collect();
    let rows = batch.rows().iter().zip(known);
    rows.map(|(row, known)| match known {
        Known::Nothing => false,
        Known::Same => !nothing_withdrawn || own_time[row.document as usize],
        Known::Open => true,
    })
    .collect()
}

/// Marks rows whose key another row of the batch may have, too. Where the periods of a channel come one after the other, as they do
/// nearly always, none has.
fn mark_repeated(batch: &Batch, open: &mut [bool]) {
    let mut last: Vec<Option<Timestamp>> = vec![None; batch.channels().len()];
    let mut disordered = vec![false; batch.channels().len()];
    for row in batch.rows() {
        let last = &mut last[row.channel as usize];
        if last.is_some_and(|last| row.period.start() <= last) {
            disordered[row.channel as usize] = true;
        }
        *last = Some(row.period.start());
    }
    if !disordered.contains(&true) {
        return;
    }
    let rows = batch.rows().iter().enumerate().filter(|(_, row)| disordered[row.channel as usize]);
    let mut keys: Vec<(u32, Period, usize)> = rows.map(|(index, row)| (row.channel, row.period, index)).collect();
    keys.sort_unstable();
    for pair in keys.windows(2).filter(|pair| (pair[0].0, pair[0].1) == (pair[1].0, pair[1].1)) {
        open[pair[0].2] = true;
        open[pair[1].2] = true;
    }
}

/// Marks rows of messages that were taken back before they came.
fn mark_withdrawn(batch: &Batch, withdrawn: &Withdrawn, open: &mut [bool]) {
    if withdrawn.documents.is_empty() {
        return;
    }
    let taken_back: Vec<bool> =
        batch.documents().iter().map(|document| withdrawn.covers_document(&document.reference)).collect();
    for (row, open) in batch.rows().iter().zip(open) {
        *open |= taken_back[row.document as usize];
    }
}

/// Later rows are newer than earlier ones, and all of them than what is stored; the entry's position gives the final number.
fn provisional(index: usize) -> Sequence {
    Sequence(PROVISIONAL + index as i64)
}

const PROVISIONAL: i64 = i64::MAX / 2;

/// What is known of the keys of a batch while its rows are judged one after the other.
struct Bench {
    /// What held before the batch.
    before: HashMap<Key, Sequence>,
    current: HashMap<Key, Version>,
    former: HashMap<Key, Vec<Version>>,
    withdrawn: Arc<Withdrawn>,
    /// What this attempt to read the delivery adds has a higher one.
    begun: Sequence,
    contradictions: Vec<Contradiction>,
}

impl Bench {
    /// Takes a row in; tells whether it has to be kept. A resend is kept only where its message has a time of its own, since another
    /// message of a time in between may come yet, or where what it says again may be taken back.
    fn judge(&mut self, version: Version, key: &Key, has_own_time: bool, settled: &mut Settled) -> bool {
        let holding = self.current.get(key);
        let resent = holding.is_some_and(|holding| says_the_same(&holding.reading, &version.reading));
        let known = holding.into_iter().chain(self.former.get(key).into_iter().flatten());
        // What was retracted may be said again, by a better decoder.
        let known: Vec<&Version> = known.filter(|known| !self.withdrawn.versions.contains(&known.sequence)).collect();
        if self.is_known(&known, &version) || (!has_own_time && self.adds_nothing(&known, &version, resent)) {
            settled.duplicates += 1;
            return false;
        }
        if let Some(holding) = holding.filter(|holding| contradicts(holding, &version)) {
            let (one, other) = (holding.reading, version.reading);
            self.contradictions.push(Contradiction { key: key.clone(), one, other });
        }
        match holding {
            _ if resent => settled.duplicates += 1,
            None if !self.withdrawn.covers_document(&version.document) => settled.stored += 1,
            _ => settled.corrections += 1,
        }
        // Nearly all have these two alone.
        let statements = self.former.entry(key.clone()).or_insert_with(|| Vec::with_capacity(2));
        statements.extend(self.current.remove(key));
        statements.push(version);
        if let Some(place) = holding_of(statements, &self.withdrawn) {
            self.current.insert(key.clone(), statements.swap_remove(place));
        }
        true
    }

    /// Whether the very same was said: by another attempt to read the delivery or another one of the message, or by this one just before.
    /// What it said in between makes it another statement.
    fn is_known(&self, known: &[&Version], version: &Version) -> bool {
        let (own, others): (Vec<&Version>, Vec<&Version>) =
            known.iter().partition(|known| known.delivery == version.delivery && known.sequence >= self.begun);
        let of_message = |own: &&&Version| own.document == version.document && own.recorded_at == version.recorded_at;
        let last = own.iter().filter(of_message).max_by_key(|own| own.sequence);
        others.into_iter().chain(last.copied()).any(|known| is_same_version(known, version))
    }

    /// Whether what held when the delivery was received says the same, or what holds now, without what an earlier attempt read of the
    /// delivery itself, and whatever message of others is taken back.
    fn adds_nothing(&self, known: &[&Version], version: &Version, resent: bool) -> bool {
        let lasting = known.iter().filter(|known| known.document.is_empty() || known.document == version.document);
        let lasting: Vec<&Version> = lasting.copied().collect();
        let held_then = lasting.iter().copied().filter(|known| {
            let is_of_earlier_attempt = known.delivery == version.delivery && known.sequence < self.begun;
            known.recorded_at <= version.recorded_at && !is_of_earlier_attempt
        });
        let held_then: Vec<&Version> = held_then.collect();
        let says_so = |known: &[&Version]| {
            let holding = holding_of(known, &self.withdrawn).map(|place| &known[place].reading);
            holding.is_some_and(|holding| says_the_same(holding, &version.reading))
        };
        (resent && says_so(&lasting)) || says_so(&held_then)
    }

    fn standing(&self, key: &Key, sequence: Sequence) -> Standing {
        match (self.current.get(key), self.before.contains_key(key)) {
            (Some(holding), true) if holding.sequence == sequence => Standing::Correction,
            (Some(holding), false) if holding.sequence == sequence => Standing::First,
            _ => Standing::Late,
        }
    }

    /// Versions known before that hold again now.
    fn restored(self) -> Vec<Version> {
        let Self { before, current, .. } = self;
        let again = current.into_iter().filter(|(key, holding)| {
            let held = before.get(key) == Some(&holding.sequence);
            !held && holding.sequence.0 < PROVISIONAL
        });
        again.map(|(_, version)| version).collect()
    }
}

/// Which of all versions of a reading holds.
pub(super) fn holding_of<V: Borrow<Version>>(versions: &[V], withdrawn: &Withdrawn) -> Option<usize> {
    let version = |place: usize| versions[place].borrow();
    let standing: Vec<usize> = (0..versions.len()).filter(|place| !withdrawn.covers(version(*place))).collect();
    let statements: Vec<Statement<'_>> = standing.iter().map(|place| Statement::from(version(*place))).collect();
    holding::holding_of(&statements).map(|place| standing[place])
}

/// The keys whose other versions have to be known: those of which something else is said, or by a message with a time of its
/// own, or again what another message said. Where nothing holds there are others only if messages were taken back.
fn questions(batch: &Batch, keyed: &[(&Row, Key)], current: &HashMap<Key, Version>, any_withdrawn: bool) -> Vec<Key> {
    let differs = |(row, key): &&(&Row, Key)| match current.get(key) {
        Some(holding) => {
            let document = batch.document(row);
            let lasts = holding.document.is_empty() || holding.document == document.reference;
            any_withdrawn
                || document.known_at.is_some()
                || !lasts
                || !says_the_same(&holding.reading, &batch.reading(row))
        }
        None => any_withdrawn,
    };
    keyed.iter().filter(differs).map(|(_, key)| key.clone()).collect()
}

fn key(batch: &Batch, row: &Row) -> Key {
    Key { channel: batch.channel(row).clone(), period: row.period }
}

fn version(batch: &Batch, row: &Row, origin: Origin<'_>, sequence: Sequence) -> Version {
    let document = batch.document(row);
    Version {
        channel: batch.channel(row).clone(),
        reading: batch.reading(row),
        recorded_at: recorded_at(document, origin.received_at),
        delivery: origin.delivery.clone(),
        document: document.reference.clone(),
        sequence,
    }
}

/// A resend: it changes nothing, and keeps the time at which the value became known first.
fn says_the_same(one: &Reading, other: &Reading) -> bool {
    Said::from(one) == Said::from(other)
}

/// Whether one message says both, and neither is a forecast beside what was measured.
fn contradicts(one: &Version, other: &Version) -> bool {
    let is_forecast = |version: &Version| version.reading.quality == Quality::Forecast;
    (&one.delivery, &one.document, one.recorded_at) == (&other.delivery, &other.document, other.recorded_at)
        && !says_the_same(&one.reading, &other.reading)
        && is_forecast(one) == is_forecast(other)
}

fn is_same_version(one: &Version, other: &Version) -> bool {
    says_the_same(&one.reading, &other.reading)
        && one.recorded_at == other.recorded_at
        && one.document == other.document
}

#[cfg(test)]
mod tests;
