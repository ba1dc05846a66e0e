//! Takes messages back as a whole (Storno): what they said holds no longer, and what held before holds again.

use std::collections::{HashMap, HashSet};

use metrify_domain::{Channel, Period};
use metrify_formats::Withdrawal;

use crate::error::Result;
use crate::ingest::settle::{Origin, holding_of};
use crate::ports::{Key, Versions};
use crate::record::{Version, WithdrawalRecord, recorded_at};

/// What follows from the withdrawals of a piece.
#[derive(Debug, Default)]
pub struct TakenBack {
    pub records: Vec<WithdrawalRecord>,
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
            let key = Key { channel: version.channel.clone(), period: version.reading.period };
            if let Some(holding) = current.get_mut(&key) {
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
) -> Result<TakenBack> {
    let mut result = TakenBack::default();
    if withdrawals.is_empty() {
        return Ok(result);
    }
    let mut withdrawn = versions.withdrawn(origin.tenant).await?;
    let mut holding: Vec<Version> = Vec::new();
    for withdrawal in withdrawals {
        if !withdrawn.insert(withdrawal.document.clone()) {
            result.known += 1;
            continue;
        }
        holding.extend(versions.of_document(origin.tenant, &withdrawal.document).await?);
        result.records.push(WithdrawalRecord {
            document: withdrawal.document.clone(),
            by: withdrawal.by.clone(),
            withdrawn_at: recorded_at(&withdrawal.by, origin.received_at),
            delivery: origin.delivery.clone(),
        });
    }
    let keys: Vec<Key> = holding
        .iter()
        .map(|version| Key { channel: version.channel.clone(), period: version.reading.period })
        .collect();
    let mut former = if keys.is_empty() { HashMap::new() } else { versions.former(origin.tenant, &keys).await? };
    for key in keys {
        match newest_standing(former.remove(&key).unwrap_or_default(), &withdrawn) {
            Some(version) => result.restored.push(version),
            None => result.ended.push((key.channel, key.period)),
        }
    }
    Ok(result)
}

fn newest_standing(mut versions: Vec<Version>, withdrawn: &HashSet<String>) -> Option<Version> {
    holding_of(&versions, withdrawn).map(|place| versions.swap_remove(place))
}
