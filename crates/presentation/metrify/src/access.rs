//! The way to the data: opened by this process, or through the server that holds them.

mod certificates;
mod deliveries;
mod grants;
mod jobs;
mod rejects;

use std::path::Path;

use metrify_api::entries::{EntryBody, EntryQuery};
use metrify_api::logins::{NewUserBody, PasswordBody, UserBody, UserChangeBody};
use metrify_api::master::StatusBody;
use metrify_api::people::{
    AuditedBody, IssuedBody, KeyBody, KeyQuery, NewKeyBody, NewTenantBody, TenantBody, TenantParameters, UserQuery,
};
use metrify_api::{
    ChangesBody, DeliveryParameters, DeliveryReplay, ExportRequest, ReceiptBody, SqlRequest, moment, span,
};
use metrify_application::govern::Noted;
use metrify_application::ingest::{Content, confirm, look, receive, replay_deliveries};
use metrify_application::jobs::Started;
use metrify_application::ports::Pages;
use metrify_application::registry::{Changed, KeyStatus, ThingKind, Wanted};
use metrify_application::{Error, Kind, Result, govern, operate, read};
use metrify_domain::Timestamp;

use crate::cli::{self, AsKnown, Keys, Standing, Status, Users};
use crate::client::Client;
use crate::random::random;
use crate::settings::Settings;
use crate::wiring::{self, House};

fn then(known: &AsKnown) -> Result<Option<Timestamp>> {
    known.as_known_at.as_deref().map(moment).transpose()
}

/// All things of a kind that stand so, as a server would list them page by page.
fn standing(kind: ThingKind, Standing { start, end, known }: &Standing) -> Result<Wanted> {
    let (from, until) = span(start.as_deref(), end.as_deref())?;
    Ok(Wanted { changed: Changed { from, until }, known_at: then(known)?, ..Wanted::all(kind, u32::MAX.into()) })
}

fn wanted(Users { status, role, standing: when }: &Users) -> Result<Wanted> {
    let status = status.map(|status| match status {
        Status::Active => StatusBody::Active,
        Status::Inactive => StatusBody::Inactive,
    });
    let equal = UserQuery { status, role: role.clone() }.equal()?;
    Ok(Wanted { equal, ..standing(ThingKind::User, when)? })
}

/// Every command goes through one of these, and answers the same.
pub enum Access {
    Local(Box<House>),
    Remote(Client),
}

impl Access {
    /// # Errors
    /// Where the data can neither be opened nor reached.
    pub async fn open(settings: &Settings) -> Result<Self> {
        match Client::called(settings).await? {
            Some(client) => Ok(Self::Remote(client)),
            None => Ok(Self::Local(Box::new(wiring::open(settings).await?))),
        }
    }

    /// # Errors
    /// Where the file cannot be read, or what it holds cannot be made durable.
    pub async fn ingest(&self, file: &Path, parameters: &DeliveryParameters) -> Result<Vec<ReceiptBody>> {
        match self {
            Self::Remote(client) => client.ingest(file, parameters).await.map(ReceiptBody::each),
            Self::Local(house) => {
                let content = Content::File(file.to_owned());
                let looked = look(parameters.delivery(&file.display().to_string(), content)?).await?;
                let receipts = receive(&house.app, &house.context().await?, looked).await?;
                Ok(receipts.into_iter().map(ReceiptBody::from).collect())
            }
        }
    }

    /// # Errors
    /// Where the query cannot be answered.
    pub async fn sql(&self, request: &SqlRequest, pages: &mut Pages<'_>) -> Result<()> {
        match self {
            Self::Remote(client) => client.sql(request, pages).await,
            Self::Local(house) => read::sql(&house.app, &house.context().await?, request.query()?, pages).await,
        }
    }

    /// # Errors
    /// Where the query cannot be answered or the file not be written.
    pub async fn export(&self, request: &ExportRequest, file: &Path) -> Result<()> {
        let format = metrify_api::export_format(&request.format).ok_or_else(|| {
            let error = Error::new(Kind::Invalid, format!("export as `{}`", request.format));
            error.hint("there are ndjson, csv, parquet, arrow")
        })?;
        match self {
            Self::Remote(client) => client.export(request, file).await,
            Self::Local(house) => {
                let ctx = house.context().await?;
                let target = read::Target { format, file };
                let written = read::export(&house.app, &ctx, request.query()?, target, Started::default()).await;
                written.map(drop).map_err(|error| of_file(error, file))
            }
        }
    }

    /// # Errors
    /// Where one was never received, or the archive or the store cannot be read or written.
    pub async fn replay_deliveries(&self, request: &DeliveryReplay) -> Result<Vec<ChangesBody>> {
        match self {
            Self::Remote(client) => client.replay_deliveries(request).await,
            Self::Local(house) => {
                let selection = request.selection()?;
                let (ctx, started) = (house.context().await?, Started::default());
                let changes = replay_deliveries(&house.app, &ctx, &selection, request.apply, started).await?;
                Ok(changes.into_iter().map(ChangesBody::from).collect())
            }
        }
    }

    /// # Errors
    /// Where a point is not known, or the store cannot be written.
    pub async fn confirm(&self, points: &[String]) -> Result<u64> {
        match self {
            Self::Remote(client) => client.confirm(points).await,
            Self::Local(house) => {
                let points = points.iter().map(|point| point.parse()).collect::<std::result::Result<Vec<_>, _>>();
                let points = points.map_err(|error: metrify_domain::point::PointError| {
                    Error::new(Kind::Invalid, "read the points to confirm").because(error)
                })?;
                confirm(&house.app, &house.context().await?, &points).await
            }
        }
    }

    /// # Errors
    /// Where it is denied, or the registry cannot be written.
    pub async fn create_key(&self, new: &NewKeyBody) -> Result<IssuedBody> {
        match self {
            Self::Remote(client) => client.create_key(new).await,
            Self::Local(house) => {
                let issued = govern::create_key(&house.app, &house.context().await?, new.new_key()?, random()?).await?;
                Ok(issued.into())
            }
        }
    }

    /// # Errors
    /// Where it is denied, or the registry cannot be read.
    pub async fn keys(&self, which: &Keys) -> Result<Vec<KeyBody>> {
        match self {
            Self::Remote(client) => client.keys(which).await,
            Self::Local(house) => {
                let Keys { status, role, standing: when } = which;
                let status = status.map(|status| match status {
                    cli::KeyStatus::Active => KeyStatus::Active,
                    cli::KeyStatus::Inactive => KeyStatus::Inactive,
                    cli::KeyStatus::Expired => KeyStatus::Expired,
                });
                let equal = KeyQuery { status: None, role: role.clone() }.equal()?;
                let wanted = Wanted { equal, ..standing(ThingKind::Key, when)? };
                let ctx = house.context().await?;
                let now = wanted.known_at.unwrap_or(ctx.now);
                let keys = govern::list_keys(&house.app, &ctx, wanted, status).await?;
                Ok(keys.things.into_iter().map(|key| KeyBody::at(&key, now)).collect())
            }
        }
    }

    /// # Errors
    /// Where it is denied, there is no such key, or the registry cannot be written.
    pub async fn revoke_key(&self, id: &str, whose: &TenantParameters) -> Result<KeyBody> {
        let house = match self {
            Self::Remote(client) => return client.revoke_key(id, whose).await,
            Self::Local(house) => house,
        };
        let ctx = house.context().await?;
        let tenant = whose.tenant(&ctx)?;
        govern::revoke_key(&house.app, &ctx, &tenant, id, None).await.map(|key| KeyBody::at(&key, ctx.now))
    }

    /// # Errors
    /// Where it is denied, there is one of this name, or the registry cannot be written.
    pub async fn create_user(&self, new: NewUserBody) -> Result<UserBody> {
        match self {
            Self::Remote(client) => client.create_user(&new).await,
            Self::Local(house) => {
                let (facts, password) = new.new_user()?;
                govern::create_user(&house.app, &house.context().await?, facts, &password).await.map(UserBody::from)
            }
        }
    }

    /// # Errors
    /// Where it is denied, or the registry cannot be read.
    pub async fn users(&self, which: &Users) -> Result<Vec<UserBody>> {
        match self {
            Self::Remote(client) => client.users(which).await,
            Self::Local(house) => {
                let users = govern::list_users(&house.app, &house.context().await?, &wanted(which)?).await?;
                Ok(users.things.into_iter().map(UserBody::from).collect())
            }
        }
    }

    /// # Errors
    /// Where it is denied, there is none of this name, or the registry cannot be read.
    pub async fn user(&self, name: &str) -> Result<UserBody> {
        match self {
            Self::Remote(client) => client.user(name).await,
            Self::Local(house) => {
                govern::find_user(&house.app, &house.context().await?, name, None).await.map(UserBody::from)
            }
        }
    }

    /// # Errors
    /// Where it is denied, there is none of this name, it has another version, or the registry cannot be written.
    pub async fn put_user(&self, name: &str, change: &UserChangeBody, version: u64) -> Result<UserBody> {
        match self {
            Self::Remote(client) => client.put_user(name, change, version).await,
            Self::Local(house) => {
                let ctx = house.context().await?;
                let password = change.password.as_deref();
                let changed = govern::put_user(&house.app, &ctx, change.facts(name)?, password, Some(version)).await;
                changed.map(UserBody::from)
            }
        }
    }

    /// # Errors
    /// Where no person asks, the old password is wrong, or the registry cannot be written.
    pub async fn change_password(&self, passwords: &PasswordBody) -> Result<()> {
        match self {
            Self::Remote(client) => client.change_password(passwords).await,
            Self::Local(house) => {
                let PasswordBody { old, new } = passwords;
                govern::change_password(&house.app, &house.context().await?, old, new).await
            }
        }
    }

    /// # Errors
    /// Where it is denied, there is one of this name, or the registry or the lake cannot be written.
    pub async fn create_tenant(&self, new: &NewTenantBody) -> Result<TenantBody> {
        match self {
            Self::Remote(client) => client.create_tenant(new).await,
            Self::Local(house) => {
                let made = govern::create_tenant(&house.app, &house.context().await?, new.new_tenant()?).await?;
                Ok(made.into())
            }
        }
    }

    /// # Errors
    /// Where it is denied, or the registry cannot be read.
    pub async fn tenants(&self, when: &Standing) -> Result<Vec<TenantBody>> {
        match self {
            Self::Remote(client) => client.tenants(when).await,
            Self::Local(house) => {
                let wanted = standing(ThingKind::Tenant, when)?;
                let tenants = govern::list_tenants(&house.app, &house.context().await?, &wanted).await?;
                Ok(tenants.things.into_iter().map(TenantBody::from).collect())
            }
        }
    }

    /// # Errors
    /// Where it is denied, or the log cannot be read.
    pub async fn verify_audit(&self, whose: &TenantParameters) -> Result<AuditedBody> {
        match self {
            Self::Remote(client) => client.verify_audit(whose).await,
            Self::Local(house) => {
                let ctx = house.context().await?;
                let tenant = whose.tenant(&ctx)?;
                Ok(AuditedBody::of(&tenant, govern::verify(&house.app, &ctx, &tenant).await?))
            }
        }
    }

    /// # Errors
    /// Where it is denied, or the log cannot be read.
    pub async fn audit(&self, which: EntryQuery, limit: usize) -> Result<Vec<EntryBody>> {
        match self {
            Self::Remote(client) => client.audit(which, limit).await,
            Self::Local(house) => {
                let limit = if limit == 0 { usize::MAX } else { limit };
                let noted = Noted { limit, ..which.noted()? };
                let entries = govern::entries(&house.app, &house.context().await?, noted).await?;
                Ok(entries.into_iter().map(EntryBody::from).collect())
            }
        }
    }

    /// Leaves everything in the lake, where other programs can read it.
    ///
    /// # Errors
    /// Where the lake cannot be written; everything is in the journal then.
    pub async fn close(self) -> Result<()> {
        match self {
            Self::Remote(_) => Ok(()),
            Self::Local(house) => {
                operate::land(&house.app).await?;
                operate::compact(&house.app).await.map(drop)
            }
        }
    }
}

/// The engine does not say where it writes: of a server that is nobody's business, and here it is the file that was named.
fn of_file(error: Error, file: &Path) -> Error {
    if !matches!(error.kind(), Kind::NotFound | Kind::Unavailable) {
        return error;
    }
    let hint = error.hint_text().map(str::to_owned);
    let error = Error::new(error.kind(), format!("export to `{}`", file.display())).because(error);
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}
