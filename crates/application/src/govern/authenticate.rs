//! Finds out who presents a key. A key is remembered for some seconds, so that most requests ask no database; whoever takes a key
//! back in this process makes it forget at once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use metrify_domain::master::Status;
use metrify_domain::time::SECOND;
use metrify_domain::{Tenant, Timestamp};
use metrify_governance::{Party, Principal, Purpose, Role};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::registry::{Edition, KeyRecord, Registered, TenantRecord, ThingKind};

/// How long a key that another process took back may still be taken, in microseconds.
const REMEMBERED_US: i64 = 5 * SECOND;
/// Keys that are remembered at once; beyond it all are forgotten.
const KEYS_MAX: usize = 10_000;

/// Keys that were presented a moment ago.
#[derive(Default)]
pub struct Keyring {
    known: Mutex<Ring>,
}

#[derive(Default)]
struct Ring {
    /// How often all were forgotten: what was looked up before that is not remembered after it.
    forgotten: u64,
    keys: HashMap<String, Remembered>,
}

#[derive(Clone)]
struct Remembered {
    principal: Principal,
    since: Timestamp,
}

impl Keyring {
    /// From now on every key is looked up anew.
    pub(super) fn forget(&self) {
        let mut ring = self.ring();
        ring.forgotten += 1;
        ring.keys.clear();
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forgotten(&self) -> u64 {
        self.ring().forgotten
    }

    /// Remembers what was looked up since all were forgotten so often.
    fn remember(&self, forgotten: u64, digest: String, remembered: Remembered) {
        let mut ring = self.ring();
        if ring.forgotten != forgotten {
            return;
        }
        if ring.keys.len() >= KEYS_MAX {
            ring.keys.clear();
        }
        ring.keys.insert(digest, remembered);
    }

    fn recall(&self, digest: &str, now: Timestamp) -> Option<Remembered> {
        let fresh = |remembered: &&Remembered| {
            let age = now.micros().saturating_sub(remembered.since.micros());
            (0..REMEMBERED_US).contains(&age)
        };
        self.ring().keys.get(digest).filter(fresh).cloned()
    }
}

/// Who presents a key; `None` where it is none that opens anything, for whatever reason.
///
/// # Errors
/// Where the registry cannot be read.
pub async fn authenticate(app: &App, presented: &str, now: Timestamp) -> Result<Option<Principal>> {
    let Some(id) = id_of(presented) else { return Ok(None) };
    // Only the digest is compared and remembered: how long that takes tells nothing of the key.
    let digest = digest_of(presented);
    let remembered = match app.keyring.recall(&digest, now) {
        Some(remembered) => Some(remembered),
        None => look_up(app, id, &digest, now).await?,
    };
    let principal = remembered.map(|remembered| remembered.principal);
    Ok(principal.filter(|principal| principal.expires_at.is_none_or(|end| now < end)))
}

async fn look_up(app: &App, id: &str, digest: &str, now: Timestamp) -> Result<Option<Remembered>> {
    let forgotten = app.keyring.forgotten();
    let Some((tenant, Edition { thing: key, .. })) = app.registry.key(id).await? else { return Ok(None) };
    if key.digest != digest || key.status != Status::Active {
        return Ok(None);
    }
    let Some(record) = tenant_of(app, &tenant).await?.filter(|record| record.status == Status::Active) else {
        return Ok(None);
    };
    let KeyRecord { id, role, purposes, expires_at, .. } = key;
    let principal =
        Principal { expires_at, ..principal(format!("key:{id}"), tenant, record.parties, (role, purposes)) };
    let remembered = Remembered { principal, since: now };
    app.keyring.remember(forgotten, digest.to_owned(), remembered.clone());
    Ok(Some(remembered))
}

pub(super) async fn tenant_of(app: &App, tenant: &Tenant) -> Result<Option<TenantRecord>> {
    let known = app.registry.find(tenant, ThingKind::Tenant, tenant.as_str(), None).await?;
    Ok(known.and_then(|known| TenantRecord::of(known.thing)))
}

/// Whoever has no purposes of its own is there for all that the law allows its tenant.
fn principal(
    name: String,
    tenant: Tenant,
    parties: Vec<Party>,
    (role, mut purposes): (Role, Vec<Purpose>),
) -> Principal {
    if purposes.is_empty() {
        purposes = Purpose::of(&parties);
    }
    Principal { name, tenant, parties, role, purposes, expires_at: None }
}

/// Whoever works on the machine itself, with the rights of the files: an admin of the house's own tenant.
///
/// # Errors
/// Where the registry cannot be read, or does not know that tenant.
pub async fn local(app: &App, tenant: &Tenant, now: Timestamp) -> Result<Principal> {
    // No digest of a key looks like this.
    let name = "local".to_owned();
    if let Some(remembered) = app.keyring.recall(&name, now) {
        return Ok(remembered.principal);
    }
    let forgotten = app.keyring.forgotten();
    let record = tenant_of(app, tenant).await?;
    let missing =
        || Error::new(Kind::Corrupt, format!("find the house's own tenant `{tenant}`: the registry has none"));
    let parties = record.ok_or_else(missing)?.parties;
    let principal = principal(name.clone(), tenant.clone(), parties, (Role::Admin, Vec::new()));
    app.keyring.remember(forgotten, name, Remembered { principal: principal.clone(), since: now });
    Ok(principal)
}

/// What a key begins with, so that whoever finds one knows what it is.
pub(super) const KEY_PREFIX: &str = "mk_";

/// The part of a key that names it: between the two underscores.
fn id_of(presented: &str) -> Option<&str> {
    let (id, secret) = presented.strip_prefix(KEY_PREFIX)?.split_once('_')?;
    let plain = |text: &str| !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (plain(id) && plain(secret)).then_some(id)
}

pub(super) fn digest_of(key: &str) -> String {
    hexadecimal(&Sha256::digest(key))
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
