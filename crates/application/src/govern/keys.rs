//! Keys to the programming interface: issued, listed, taken back.

use metrify_domain::master::{Label, Status};
use metrify_domain::{Tenant, Timestamp};
use metrify_governance::{Act, Action, Party, Purpose, Resource, Role};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::audit::{Outcome, audited, entry};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::govern::authenticate::{KEY_PREFIX, digest_of, hexadecimal, tenant_of};
use crate::govern::given::{Given, may_be_given};
use crate::registry::{Edition, Event, Field, Happened, KeyRecord, KeyStatus, Lasting, Listing, ThingKind, Wanted};
use crate::things;

/// What a new key is for.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Whom it opens; the tenant that asks where it is `None`. Only who runs the house makes keys of others.
    pub tenant: Option<Tenant>,
    pub title: Label,
    pub role: Role,
    /// Empty: every purpose that the law allows the tenant.
    pub purposes: Vec<Purpose>,
    pub expires_at: Option<Timestamp>,
}

/// A key as it is shown, once.
#[derive(Clone, Debug)]
pub struct Issued {
    pub key: String,
    pub record: Edition<KeyRecord>,
}

/// Random bytes that make a key.
pub const KEY_RANDOM_BYTES: usize = 32;

/// Issues a key. `random` has to come from the operating system.
///
/// # Errors
/// Where it is denied, a purpose is none of the tenant's, the end lies in the past, or the registry cannot be written.
pub async fn create_key(app: &App, ctx: &Context, new: NewKey, random: [u8; KEY_RANDOM_BYTES]) -> Result<Issued> {
    let tenant = new.tenant.clone().unwrap_or_else(|| ctx.tenant().clone());
    let act = administer(ctx, &tenant, id_of(&random));
    audited(app, ctx, act.clone(), async {
        let record = tenant_of(app, &tenant).await?;
        let missing = || Error::new(Kind::NotFound, format!("find the tenant `{tenant}`"));
        check(ctx, &tenant, &record.ok_or_else(missing)?.parties, &new)?;
        let issued = issue(app, ctx, tenant.clone(), new, random).await?;
        told_there(app, ctx, &tenant, &act)?;
        Ok(issued)
    })
    .await
}

/// Keys of its own tenant are an admin's, those of others are of who runs the house.
fn administer(ctx: &Context, tenant: &Tenant, key: String) -> Act {
    let resource = if tenant == ctx.tenant() { Resource::Keys } else { Resource::Tenants };
    ctx.act(Action::Administer, resource, Some(key))
}

/// Whose key it is, finds it in its own log, too.
pub(super) fn told_there(app: &App, ctx: &Context, tenant: &Tenant, act: &Act) -> Result<()> {
    if tenant == ctx.tenant() {
        return Ok(());
    }
    let act = Act { tenant: tenant.clone(), resource: Resource::Keys, ..act.clone() };
    app.audit.note(&entry(ctx, act, Outcome::Done))
}

/// Nobody gives what it does not have, nor for longer.
pub(super) fn check(ctx: &Context, tenant: &Tenant, parties: &[Party], new: &NewKey) -> Result<()> {
    let step = "create the key";
    let given = Given { tenant, parties, role: new.role, purposes: &new.purposes };
    may_be_given(ctx, step, &given)?;
    match (new.expires_at, ctx.principal.expires_at) {
        (Some(end), _) if end <= ctx.now => {
            Err(Error::new(Kind::Invalid, format!("{step}: it would have expired already")))
        }
        (end, Some(own)) if end.is_none_or(|end| end > own) => {
            Err(Error::new(Kind::Denied, format!("{step}: it lasts longer than the key that makes it")))
        }
        _ => Ok(()),
    }
}

/// Issues the first key of a house in which there is none yet; `None` where there is one.
///
/// # Errors
/// As [`create_key`].
pub async fn first_key(app: &App, ctx: &Context, random: [u8; KEY_RANDOM_BYTES]) -> Result<Option<Issued>> {
    if !app.registry.list(ctx.tenant(), &Wanted::all(ThingKind::Key, 1)).await?.is_empty() {
        return Ok(None);
    }
    let title = "first".parse().map_err(|error| Error::new(Kind::Internal, "name the first key").because(error))?;
    let new = NewKey { tenant: None, title, role: Role::Admin, purposes: Vec::new(), expires_at: None };
    create_key(app, ctx, new, random).await.map(Some)
}

async fn issue(
    app: &App,
    ctx: &Context,
    tenant: Tenant,
    new: NewKey,
    random: [u8; KEY_RANDOM_BYTES],
) -> Result<Issued> {
    let id = id_of(&random);
    let key = format!("{KEY_PREFIX}{id}_{}", hexadecimal(&random));
    let NewKey { tenant: _, title, role, purposes, expires_at } = new;
    let digest = digest_of(&key);
    let record = KeyRecord { id, title, role, purposes, digest, expires_at, status: Status::Active };
    let event = Event { tenant, ..things::next(ctx, Happened::Registered, record.clone(), None) };
    Ok(Issued { key, record: things::commit(app, event, record).await? })
}

/// A name that is made of the random bytes, and tells nothing of them.
pub(super) fn id_of(random: &[u8]) -> String {
    let name = Sha256::new().chain_update("name of a key").chain_update(random).finalize();
    name.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The keys of the tenant that asks, a page of them: of all that there were, or of those that are so.
///
/// # Errors
/// Where it is denied or the registry cannot be read.
pub async fn list_keys(
    app: &App,
    ctx: &Context,
    mut wanted: Wanted,
    status: Option<KeyStatus>,
) -> Result<Listing<KeyRecord>> {
    let act = ctx.act(Action::Read, Resource::Keys, None);
    let now = wanted.known_at.unwrap_or(ctx.now);
    if let Some(status) = status {
        let (kept, lasting) = match status {
            KeyStatus::Active => (Status::Active, Some(Lasting::Beyond(now))),
            KeyStatus::Expired => (Status::Active, Some(Lasting::NotBeyond(now))),
            KeyStatus::Inactive => (Status::Inactive, None),
        };
        wanted.equal.push((Field::Status, kept.name().to_owned()));
        wanted.lasting = lasting;
    }
    audited(app, ctx, act, things::page(app, ctx, &wanted, |_| true)).await
}

/// A key, without what opens anything, as it is known or was known then.
///
/// # Errors
/// Where it is denied, there is none of this id, or the registry cannot be read.
pub async fn find_key(app: &App, ctx: &Context, id: &str, known_at: Option<Timestamp>) -> Result<Edition<KeyRecord>> {
    let act = ctx.act(Action::Read, Resource::Keys, Some(id.to_owned()));
    audited(app, ctx, act, things::find(app, ctx, id, known_at)).await
}

/// Takes a key back; it opens nothing from now on. Who runs the house takes back those of other tenants, too. `version` is the one that is
/// meant.
///
/// # Errors
/// Where it is denied, there is no such key, it was changed meanwhile, or the registry cannot be written.
pub async fn revoke_key(
    app: &App,
    ctx: &Context,
    tenant: &Tenant,
    id: &str,
    version: Option<u64>,
) -> Result<Edition<KeyRecord>> {
    let act = administer(ctx, tenant, id.to_owned());
    audited(app, ctx, act.clone(), async {
        let known: Edition<KeyRecord> = things::find_of(app, tenant, id, None).await?;
        things::expect(&known, version)?;
        if known.thing.status == Status::Inactive {
            return Ok(known);
        }
        let record = KeyRecord { status: Status::Inactive, ..known.thing.clone() };
        let event = things::next(ctx, Happened::Deactivated, record.clone(), Some(&known));
        let revoked = things::commit(app, Event { tenant: tenant.clone(), ..event }, record).await;
        // Also where it is not known whether it was appended.
        app.keyring.forget();
        let revoked = revoked?;
        told_there(app, ctx, tenant, &act)?;
        Ok(revoked)
    })
    .await
}
