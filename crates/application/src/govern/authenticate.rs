//! Finds out who presents a key, a pass or a token. Each is remembered for some seconds, so that most requests ask no database; whoever
//! takes one back in this process makes all be forgotten at once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use metrify_domain::master::Status;
use metrify_domain::time::SECOND;
use metrify_domain::{Tenant, Timestamp};
use metrify_governance::{Act, Action, Party, Principal, Purpose, Resource, Role};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::audit::{Entry, Outcome};
use crate::error::{Error, Kind, Result};
use crate::govern::certificates::Certificate;
use crate::govern::sessions::{Caller, under_way};
use crate::govern::users::principal_name;
use crate::identity::{Bearer, Vouched};
use crate::registry::{Edition, KeyRecord, Registered, TenantRecord, ThingKind};

/// Whoever works on the machine itself, in the audit log.
pub(super) const LOCAL: &str = "local";
/// What the name of a key begins with there, and that of somebody whom an issuer vouches for.
pub(super) const OF_KEY: &str = "key:";
pub(super) const OF_ISSUER: &str = "oidc:";

/// How long a key or a grant that another process took back may still be taken, in microseconds.
pub(super) const REMEMBERED_US: i64 = 5 * SECOND;
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
    /// The second in which somebody was turned away last, and how many were noted in it.
    turned_away: (i64, u32),
}

#[derive(Clone)]
struct Remembered {
    principal: Principal,
    since: Timestamp,
    /// When what was presented ends, whatever else its principal may do by then.
    until: Option<Timestamp>,
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

    /// Whether the log has room for one more who was turned away.
    pub(super) fn notes_turned_away(&self, now: Timestamp) -> bool {
        let second = now.micros().div_euclid(SECOND);
        let mut ring = self.ring();
        let noted = if ring.turned_away.0 == second { ring.turned_away.1 } else { 0 };
        ring.turned_away = (second, noted.saturating_add(1));
        noted < TURNED_AWAY_NOTED
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

/// What somebody proves itself by, whatever the protocol.
#[derive(Clone)]
pub enum Credential {
    /// A key, a pass or a token.
    Text(String),
    /// What opened the connection. Where something else is presented as well, that is meant.
    Certificate(Certificate),
}

/// Who presents something that may open the interface; `None` where it opens nothing, for whatever reason.
///
/// # Errors
/// Where the registry cannot be read, or the issuer of a token cannot be asked.
pub async fn authenticate(app: &App, credential: &Credential, now: Timestamp) -> Result<Option<Principal>> {
    match credential {
        Credential::Text(presented) => by_text(app, presented, now).await,
        Credential::Certificate(certificate) => by_certificate(app, certificate, now).await,
    }
}

async fn by_text(app: &App, presented: &str, now: Timestamp) -> Result<Option<Principal>> {
    // Only the digest is compared and remembered: how long that takes tells nothing of the key.
    let digest = digest_of(presented);
    let look_up = async {
        match id_of(presented) {
            Some(id) => of_key(app, id, &digest).await,
            None => of_token(app, presented, now).await,
        }
    };
    remembered(app, &digest, now, look_up).await
}

async fn by_certificate(app: &App, certificate: &Certificate, now: Timestamp) -> Result<Option<Principal>> {
    // No digest of a text looks like this.
    let name = format!("certificate {certificate}");
    let id = certificate.id();
    remembered(app, &name, now, of_key(app, &id, certificate.fingerprint())).await
}

/// Who is remembered under a name, or else is looked up, as long as what it presented holds.
async fn remembered(
    app: &App,
    name: &str,
    now: Timestamp,
    look_up: impl Future<Output = Result<Option<Proven>>>,
) -> Result<Option<Principal>> {
    let forgotten = app.keyring.forgotten();
    let remembered = match app.keyring.recall(name, now) {
        Some(remembered) => Some(remembered),
        None => look_up.await?.map(|(principal, until)| {
            let remembered = Remembered { principal, since: now, until };
            app.keyring.remember(forgotten, name.to_owned(), remembered.clone());
            remembered
        }),
    };
    let holds = |remembered: &Remembered| remembered.until.is_none_or(|end| now < end);
    Ok(remembered.filter(holds).map(|remembered| remembered.principal))
}

/// Entries of one second of those who were turned away: whoever knocks often must not fill the log, or the disk.
const TURNED_AWAY_NOTED: u32 = 10;

/// Leaves an entry of somebody who presented what opens nothing, in the log of the house's own tenant; not of all, where many come.
///
/// # Errors
/// Where it cannot be written.
pub async fn turned_away(app: &App, caller: &Caller) -> Result<()> {
    let Caller { house, request, now } = caller.clone();
    if !app.keyring.notes_turned_away(now) {
        return Ok(());
    }
    let act = Act { action: Action::Enter, resource: Resource::Users, tenant: house, subject: None };
    let principal = "unknown".to_owned();
    let entry =
        Entry { at: now, request, principal, role: None, purpose: None, act, query: None, outcome: Outcome::Denied };
    app.audit.note(&entry)?;
    app.audit.seal().await
}

/// Somebody, and until when what it presented holds.
type Proven = (Principal, Option<Timestamp>);

async fn of_key(app: &App, id: &str, digest: &str) -> Result<Option<Proven>> {
    let Some((tenant, Edition { thing: key, .. })) = app.registry.key(id).await? else { return Ok(None) };
    if key.digest != digest || key.status != Status::Active {
        return Ok(None);
    }
    let KeyRecord { id, role, purposes, expires_at, .. } = key;
    let principal = of_tenant(app, format!("{OF_KEY}{id}"), tenant, (role, purposes)).await?;
    Ok(principal.map(|principal| (Principal { expires_at, ..principal }, expires_at)))
}

async fn of_token(app: &App, presented: &str, now: Timestamp) -> Result<Option<Proven>> {
    let Some(bearer) = app.identity.read(presented, now).await? else { return Ok(None) };
    let (principal, until) = match bearer {
        Bearer::Pass(pass) => {
            let Some(user) = under_way(app, &pass, now).await? else { return Ok(None) };
            let (name, given) = (principal_name(&user.name), (user.role, user.purposes));
            (of_tenant(app, name, pass.tenant, given).await?, pass.expires_at)
        }
        Bearer::Vouched(Vouched { tenant, name, role, purposes, expires_at }) => {
            let principal = of_tenant(app, format!("{OF_ISSUER}{name}"), tenant, (role, purposes)).await?;
            // What it gives to others does not outlast what it was vouched for by.
            (principal.map(|principal| Principal { expires_at: Some(expires_at), ..principal }), expires_at)
        }
    };
    Ok(principal.map(|principal| (principal, Some(until))))
}

/// Nobody, where there is no such tenant, or it is inactive.
pub(super) async fn of_tenant(
    app: &App,
    name: String,
    tenant: Tenant,
    given: (Role, Vec<Purpose>),
) -> Result<Option<Principal>> {
    let record = tenant_of(app, &tenant).await?.filter(|record| record.status == Status::Active);
    Ok(record.map(|record| principal(name, tenant, record.parties, given)))
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
    let name = LOCAL.to_owned();
    if let Some(remembered) = app.keyring.recall(&name, now) {
        return Ok(remembered.principal);
    }
    let forgotten = app.keyring.forgotten();
    let record = tenant_of(app, tenant).await?;
    let missing =
        || Error::new(Kind::Corrupt, format!("find the house's own tenant `{tenant}`: the registry has none"));
    let parties = record.ok_or_else(missing)?.parties;
    let principal = principal(name.clone(), tenant.clone(), parties, (Role::Admin, Vec::new()));
    app.keyring.remember(forgotten, name, Remembered { principal: principal.clone(), since: now, until: None });
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
