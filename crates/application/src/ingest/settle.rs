//! Decides what each reading of a piece is: new, known already, a correction, or older than what holds.
//!
//! Versions of one channel and period are ordered by when they became known, then by their message, so that the same
//! deliveries give the same answers in any order.

use std::collections::{HashMap, HashSet};

use metrify_domain::{Batch, Reading, Row, Timestamp};

use crate::context::Tenant;
use crate::error::Result;
use crate::ingest::withdraw::TakenBack;
use crate::ports::{Key, Versions};
use crate::record::{DeliveryId, Sequence, Standing, Version};

/// What became of the rows of a batch. The batch that is left holds the new versions only.
#[derive(Debug, Default)]
pub struct Settled {
    pub batch: Batch,
    pub standings: Vec<Standing>,
    pub duplicates: u64,
}

/// What the rows of one piece have in common.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    pub tenant: &'a Tenant,
    pub delivery: &'a DeliveryId,
    pub received_at: Timestamp,
}

/// What the piece takes back acts before its readings do.
///
/// # Errors
/// Where the store cannot be read.
pub async fn settle(
    versions: &dyn Versions,
    origin: Origin<'_>,
    taken_back: &TakenBack,
    mut batch: Batch,
) -> Result<Settled> {
    let keys: Vec<Key> = batch.rows().iter().map(|row| key(&batch, row)).collect();
    let mut withdrawn = versions.withdrawn(origin.tenant).await?;
    withdrawn.extend(taken_back.records.iter().map(|record| record.document.clone()));
    let mut current = versions.current(origin.tenant, &keys).await?;
    let questions = questions(&batch, &keys, &current, !withdrawn.is_empty());
    let mut former = if questions.is_empty() {
        HashMap::new()
    } else {
        versions.former(origin.tenant, &questions).await?
    };
    taken_back.act_on(&mut current);
    let mut settled = Settled::default();
    let mut kept = vec![false; keys.len()];
    for (index, (row, key)) in batch.rows().iter().zip(keys).enumerate() {
        let version = version(&batch, row, origin, provisional(index));
        let Some(standing) = judge(&version, &key, &mut current, &mut former, &withdrawn) else {
            settled.duplicates += 1;
            continue;
        };
        kept[index] = true;
        settled.standings.push(standing);
    }
    batch.retain_rows(|index| kept[index]);
    // Tables without rows would make an entry of nothing.
    settled.batch = if batch.rows().is_empty() { Batch::default() } else { batch };
    Ok(settled)
}

/// Later rows are newer than earlier ones, and all of them than what is stored; the entry's position gives the final number.
fn provisional(index: usize) -> Sequence {
    Sequence(i64::MAX / 2 + index as i64)
}

/// `None` for what is known already. Keeps both maps true for the rows that follow.
fn judge(
    version: &Version,
    key: &Key,
    current: &mut HashMap<Key, Version>,
    former: &mut HashMap<Key, Vec<Version>>,
    withdrawn: &HashSet<String>,
) -> Option<Standing> {
    let taken_back = !version.document.is_empty() && withdrawn.contains(&version.document);
    let holding = current.get(key);
    let known = former.get(key).is_some_and(|versions| versions.iter().any(|former| is_same_version(former, version)));
    let resent = |holding: &Version| says_the_same(&holding.reading, &version.reading) && !is_earlier(version, holding);
    if known || (!taken_back && holding.is_some_and(resent)) {
        return None;
    }
    let standing = match holding {
        _ if taken_back => Standing::Late,
        None => Standing::First,
        Some(holding) if is_newer(version, holding) => Standing::Correction,
        Some(_) => Standing::Late,
    };
    let replaced = match standing {
        Standing::Late => Some(version.clone()),
        Standing::First | Standing::Correction => current.insert(key.clone(), version.clone()),
    };
    if let Some(replaced) = replaced {
        former.entry(key.clone()).or_default().push(replaced);
    }
    Some(standing)
}

/// The keys whose other versions have to be known: where the new row says something else than what holds. Where nothing
/// holds there are others only if messages were taken back.
fn questions(batch: &Batch, keys: &[Key], current: &HashMap<Key, Version>, any_withdrawn: bool) -> Vec<Key> {
    let differs = |row: &Row, key: &Key| match current.get(key) {
        Some(holding) => {
            let earlier = batch.document(row).known_at.is_some_and(|known_at| known_at < holding.recorded_at);
            any_withdrawn || earlier || !says_the_same(&holding.reading, &batch.reading(row))
        }
        None => any_withdrawn,
    };
    let pairs = batch.rows().iter().zip(keys);
    pairs.filter(|(row, key)| differs(row, key)).map(|(_, key)| key.clone()).collect()
}

fn key(batch: &Batch, row: &Row) -> Key {
    Key { channel: batch.channel(row).clone(), period: row.period }
}

fn version(batch: &Batch, row: &Row, origin: Origin<'_>, sequence: Sequence) -> Version {
    let document = batch.document(row);
    Version {
        channel: batch.channel(row).clone(),
        reading: batch.reading(row),
        recorded_at: document.known_at.unwrap_or(origin.received_at),
        delivery: origin.delivery.clone(),
        document: document.reference.clone(),
        sequence,
    }
}

/// A resend: it changes nothing, and keeps the time at which the value became known first.
fn says_the_same(one: &Reading, other: &Reading) -> bool {
    one.value == other.value && one.unit == other.unit && one.quality == other.quality && one.kind == other.kind
}

/// The same value, known before what holds was: it belongs to the history between the two.
fn is_earlier(one: &Version, other: &Version) -> bool {
    one.recorded_at < other.recorded_at
}

fn is_same_version(one: &Version, other: &Version) -> bool {
    says_the_same(&one.reading, &other.reading)
        && one.recorded_at == other.recorded_at
        && one.document == other.document
}

/// Within one delivery the later row is the newer one. Between deliveries the time decides, then the message; where
/// both are equal, quality and value do, so that the order of arrival does not.
#[must_use]
pub fn is_newer(one: &Version, other: &Version) -> bool {
    let rank = |version: &Version| (version.recorded_at, version.document.clone());
    match rank(one).cmp(&rank(other)) {
        std::cmp::Ordering::Equal if one.delivery == other.delivery => one.sequence > other.sequence,
        std::cmp::Ordering::Equal => {
            (one.reading.quality, one.reading.value) > (other.reading.quality, other.reading.value)
        }
        order => order.is_gt(),
    }
}

#[cfg(test)]
mod tests;
