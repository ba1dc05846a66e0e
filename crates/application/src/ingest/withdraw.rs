//! Takes back: messages as a whole (Storno), and versions that a delivery does not say. What was taken back holds no longer,
//! and what held before holds again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use metrify_domain::{Channel, Period};
use metrify_formats::Withdrawal;

use crate::error::Result;
use crate::ingest::settle::{Origin, holding_of};
use crate::ports::{Key, Versions};
use crate::record::{Retraction, Version, WithdrawalRecord, Withdrawn, recorded_at};

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
    let mut holding: Vec<Key> = Vec::new();
    if !documents.is_empty() {
        holding.extend(versions.of_documents(origin.tenant, &documents).await?.iter().map(Version::key));
    }
    let fresh = retracted.iter().filter(|version| all.versions.insert(version.sequence));
    let fresh: Vec<&Version> = fresh.collect();
    let to_retraction = |version: &&Version| Retraction { version: version.sequence, retracted_at: origin.received_at };
    result.retractions = fresh.iter().map(to_retraction).collect();
    holding.extend(those_that_hold(versions, origin, &fresh).await?);
    let mut former = if holding.is_empty() { HashMap::new() } else { versions.former(origin.tenant, &holding).await? };
    for key in holding {
        match newest_standing(former.remove(&key).unwrap_or_default(), &withdrawn) {
            Some(version) => result.restored.push(version),
            None => result.ended.push((key.channel, key.period)),
        }
    }
    Ok(result)
}

async fn those_that_hold(versions: &dyn Versions, origin: Origin<'_>, asked: &[&Version]) -> Result<Vec<Key>> {
    let keys: Vec<Key> = asked.iter().map(|version| version.key()).collect();
    let current = versions.current(origin.tenant, &keys).await?;
    let holds = |(version, key): (&&Version, &Key)| {
        current.get(key).is_some_and(|holding| holding.sequence == version.sequence).then(|| key.clone())
    };
    Ok(asked.iter().zip(&keys).filter_map(holds).collect())
}

fn newest_standing(mut versions: Vec<Version>, withdrawn: &Withdrawn) -> Option<Version> {
    holding_of(&versions, withdrawn).map(|place| versions.swap_remove(place))
}
