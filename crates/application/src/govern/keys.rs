//! Keys to the programming interface: issued, listed, taken back.

use metrify_domain::master::{Label, Status};
use metrify_domain::{Tenant, Timestamp};
use metrify_governance::{Action, Purpose, Resource, Role};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::audit::audited;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::govern::authenticate::{KEY_PREFIX, digest_of, hexadecimal, tenant_of};
use crate::registry::{Edition, Event, Happened, KeyRecord, Listing, ThingKind, Wanted};
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
    let other = new.tenant.clone().filter(|tenant| tenant != ctx.tenant());
    let act = match &other {
        None => ctx.act(Action::Administer, Resource::Keys, Some(id_of(&random))),
        Some(tenant) => ctx.act(Action::Administer, Resource::Tenants, Some(tenant.to_string())),
    };
    audited(app, ctx, act, async {
        if new.expires_at.is_some_and(|end| end <= ctx.now) {
            return Err(Error::new(Kind::Invalid, "create the key: it would have expired already"));
        }
        let tenant = other.unwrap_or_else(|| ctx.tenant().clone());
        let parties = match tenant_of(app, &tenant).await? {
            Some(record) => record.parties,
            None => return Err(Error::new(Kind::NotFound, format!("find the tenant `{tenant}`"))),
        };
        let lawful = Purpose::of(&parties);
        if let Some(purpose) = new.purposes.iter().find(|purpose| !lawful.contains(purpose)) {
            let error =
                Error::new(Kind::Invalid, format!("create the key: `{purpose}` is no purpose of tenant {tenant}"));
            return Err(error.hint("what a tenant may do follows from what it is in the market"));
        }
        issue(app, ctx, tenant, new, random).await
    })
    .await
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
    app.registry.append(&[event]).await?;
    Ok(Issued { key, record: Edition { thing: record, version: 1, known_from: ctx.now, known_until: None } })
}

/// A name that is made of the random bytes, and tells nothing of them.
fn id_of(random: &[u8]) -> String {
    let name = Sha256::new().chain_update("name of a key").chain_update(random).finalize();
    hexadecimal(name.get(..8).unwrap_or_default())
}

/// The keys of the tenant that asks, the ones taken back, too.
///
/// # Errors
/// Where it is denied or the registry cannot be read.
pub async fn list_keys(app: &App, ctx: &Context, wanted: &Wanted) -> Result<Listing<KeyRecord>> {
    let act = ctx.act(Action::Read, Resource::Keys, None);
    audited(app, ctx, act, things::page(app, ctx, wanted, |_| true)).await
}

/// Takes a key back; it opens nothing from now on.
///
/// # Errors
/// Where it is denied, there is no such key, or the registry cannot be written.
pub async fn revoke_key(app: &App, ctx: &Context, id: &str) -> Result<Edition<KeyRecord>> {
    let act = ctx.act(Action::Administer, Resource::Keys, Some(id.to_owned()));
    audited(app, ctx, act, async {
        let known: Edition<KeyRecord> = things::find(app, ctx, id, None).await?;
        if known.thing.status == Status::Inactive {
            return Ok(known);
        }
        let record = KeyRecord { status: Status::Inactive, ..known.thing.clone() };
        let revoked = things::append(app, ctx, Happened::Deactivated, record, Some(&known)).await?;
        app.keyring.forget();
        Ok(revoked)
    })
    .await
}
