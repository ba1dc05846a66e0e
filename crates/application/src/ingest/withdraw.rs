//! Takes back: messages as a whole (Storno), and versions that a delivery does not say. What was taken back holds no longer,
//! and what held before holds again.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use metrify_domain::{Channel, Period};
use metrify_formats::Withdrawal;

use crate::error::Result;
use crate::ingest::settle::{Origin, holding_of};
use crate::ports::{Key, Versions};
use crate::record::{Retraction, Version, WithdrawalRecord, recorded_at};

/// What follows from what a piece takes back.
#[derive(Debug, Default)]
pub struct TakenBack {
    pub withdrawals: Vec<WithdrawalRecord>,
    pub retractions: Vec<Retraction>,
    /// Withdrawals that were known already.
    pub known: u64,
    pub ended: Vec<(Channel, Period)>,
    pub restored: Vec<Version>,
}

impl TakenBack {
    /// What holds once the messages are taken back.
    pub(super) fn act_on(&self, current: &mut HashMap<Key, Version>) {
        for (channel, period) in &self.ended {
            current.remove(&Key { channel: channel.clone(), period: *period });
        }
        for version in &self.restored {
            if let Some(holding) = current.get_mut(&version.key()) {
                *holding = version.clone();
            }
        }
    }
}

/// # Errors
/// Where the store cannot be read.
pub(super) async fn withdraw(
    versions: &dyn Versions,
    origin: Origin<'_>,
    withdrawals: &[Withdrawal],
    retracted: &[Version],
) -> Result<TakenBack> {
    let mut result = TakenBack::default();
    if withdrawals.is_empty() && retracted.is_empty() {
        return Ok(result);
    }
    let mut withdrawn = versions.withdrawn(origin.tenant).await?;
    let all = Arc::make_mut(&mut withdrawn);
    let mut documents = HashSet::new();
    for withdrawal in withdrawals {
        if !all.documents.insert(withdrawal.document.clone()) {
            result.known += 1;
            continue;
        }
        documents.insert(withdrawal.document.clone());
        result.withdrawals.push(WithdrawalRecord {
            document: withdrawal.document.clone(),
            by: withdrawal.by.clone(),
            withdrawn_at: recorded_at(&withdrawal.by, origin.received_at),
            delivery: origin.delivery.clone(),
        });
    }
    let mut keys: BTreeSet<Key> = BTreeSet::new();
    if !documents.is_empty() {
        keys.extend(versions.of_documents(origin.tenant, &documents).await?.iter().map(Version::key));
    }
    let fresh = retracted.iter().filter(|version| all.versions.insert(version.sequence));
    let fresh: Vec<&Version> = fresh.collect();
    let to_retraction = |version: &&Version| Retraction { version: version.sequence, retracted_at: origin.received_at };
    result.retractions = fresh.iter().map(to_retraction).collect();
    keys.extend(fresh.iter().map(|version| version.key()));
    let keys: Vec<Key> = keys.into_iter().collect();
    if !keys.is_empty() {
        let mut current = versions.current(origin.tenant, &keys).await?;
        let mut former = versions.former(origin.tenant, &keys).await?;
        for key in keys {
            // What held no longer may have kept something older from holding, or made what holds begin later.
            let (holding, mut all) = (current.remove(&key), former.remove(&key).unwrap_or_default());
            let held = holding.as_ref().map(|holding| holding.sequence);
            all.extend(holding);
            match holding_of(&all, &withdrawn).map(|place| all.swap_remove(place)) {
                Some(version) if held == Some(version.sequence) => {}
                Some(version) => result.restored.push(version),
                None if held.is_some() => result.ended.push((key.channel, key.period)),
                None => {}
            }
        }
    }
    Ok(result)
}
