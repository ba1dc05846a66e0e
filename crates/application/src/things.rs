//! Things of the registry as their types: one of them, a list, the next version of one.

use metrify_domain::{Tenant, Timestamp};

use crate::app::App;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::registry::{Cursor, Edition, Event, Happened, Listing, Registered, Thing, Wanted};

fn typed<T: Registered>(Edition { thing, version, known_from, known_until }: Edition<Thing>) -> Result<Edition<T>> {
    let kind = T::KIND.words();
    let wrong = || Error::new(Kind::Internal, format!("read a {kind} of the registry: it is something else"));
    let thing = T::of(thing).ok_or_else(wrong)?;
    Ok(Edition { thing, version, known_from, known_until })
}

/// One of the tenant's own things.
///
/// # Errors
/// Where nothing is known of it, and where the registry cannot be read.
pub async fn find<T: Registered>(
    app: &App,
    ctx: &Context,
    id: &str,
    known_at: Option<Timestamp>,
) -> Result<Edition<T>> {
    find_of(app, ctx.tenant(), id, known_at).await
}

/// As [`find`], of any tenant: for who runs the house.
///
/// # Errors
/// As [`find`].
pub async fn find_of<T: Registered>(
    app: &App,
    tenant: &Tenant,
    id: &str,
    known_at: Option<Timestamp>,
) -> Result<Edition<T>> {
    let kind = T::KIND.words();
    let found = known_of(app, tenant, id, known_at).await?;
    found.ok_or_else(|| {
        let error = Error::new(Kind::NotFound, format!("find the {kind} `{id}`"));
        match T::KIND.listed_at() {
            Some(path) => error.hint(format!("{path} lists those that there are")),
            None => error,
        }
    })
}

/// As [`find_of`]; `None` where nothing is known of it.
///
/// # Errors
/// Where the registry cannot be read.
pub async fn known_of<T: Registered>(
    app: &App,
    tenant: &Tenant,
    id: &str,
    known_at: Option<Timestamp>,
) -> Result<Option<Edition<T>>> {
    app.registry.find(tenant, T::KIND, id, known_at).await?.map(typed).transpose()
}

/// All that is wanted, up to its limit.
///
/// # Errors
/// Where the registry cannot be read.
pub async fn list<T: Registered>(app: &App, ctx: &Context, wanted: &Wanted) -> Result<Vec<Edition<T>>> {
    list_of(app, ctx.tenant(), wanted).await
}

/// As [`list`], of any tenant: for what the house itself looks up.
///
/// # Errors
/// As [`list`].
pub async fn list_of<T: Registered>(app: &App, tenant: &Tenant, wanted: &Wanted) -> Result<Vec<Edition<T>>> {
    app.registry.list(tenant, wanted).await?.into_iter().map(typed).collect()
}

/// A page, of which some are kept.
///
/// # Errors
/// Where the registry cannot be read.
pub async fn page<T: Registered>(
    app: &App,
    ctx: &Context,
    wanted: &Wanted,
    keep: impl Fn(&T) -> bool,
) -> Result<Listing<T>> {
    let found = app.registry.list(ctx.tenant(), wanted).await?;
    let full = found.len() as u64 >= wanted.limit;
    let last = found.last().filter(|_| full);
    let next = last.map(|last| Cursor { known_from: last.known_from, id: last.thing.id() });
    let mut things: Vec<Edition<T>> = found.into_iter().map(typed).collect::<Result<_>>()?;
    things.retain(|known| keep(&known.thing));
    Ok(Listing { things, next })
}

/// Who brings things of a tenant to their next versions, and when.
pub struct Author<'a> {
    pub tenant: &'a Tenant,
    /// The principal.
    pub name: &'a str,
    pub now: Timestamp,
}

impl Author<'_> {
    /// The event that brings a thing to its next version.
    pub fn next<T: Into<Thing>>(&self, happened: Happened, after: T, before: Option<&Edition<T>>) -> Event {
        // A clock that was set back does not put what is known in another order.
        let earliest = before.and_then(|before| before.known_from.plus(1)).unwrap_or(self.now);
        Event {
            tenant: self.tenant.clone(),
            happened,
            after: after.into(),
            version: before.map_or(1, |before| before.version + 1),
            at: self.now.max(earliest),
            by: self.name.to_owned(),
        }
    }
}

/// As [`Author::next`], by whoever asks.
pub fn next<T: Into<Thing>>(ctx: &Context, happened: Happened, after: T, before: Option<&Edition<T>>) -> Event {
    Author { tenant: ctx.tenant(), name: &ctx.principal.name, now: ctx.now }.next(happened, after, before)
}

/// Brings a thing to its next version; the first where there is none `before`.
///
/// # Errors
/// A conflict where somebody else was first, and where the registry cannot be written.
pub async fn append<T: Registered + Into<Thing> + Clone>(
    app: &App,
    ctx: &Context,
    happened: Happened,
    after: T,
    before: Option<&Edition<T>>,
) -> Result<Edition<T>> {
    let event = next(ctx, happened, after.clone(), before);
    commit(app, event, after).await
}

/// Appends an event that brings a thing to what it is `after` it.
///
/// # Errors
/// As [`append`].
pub async fn commit<T: Registered>(app: &App, event: Event, after: T) -> Result<Edition<T>> {
    commit_with(app, event, after, Vec::new()).await
}

/// As [`commit`], together with events of other things of the same tenant: all of them, or none.
///
/// # Errors
/// As [`append`].
pub async fn commit_with<T: Registered>(app: &App, event: Event, after: T, others: Vec<Event>) -> Result<Edition<T>> {
    let (version, known_from) = (event.version, event.at);
    let id = event.after.id();
    let mut events = vec![event];
    events.extend(others);
    app.registry.append(&events).await.map_err(|error| match (error.kind(), version) {
        (Kind::Conflict, 1) => {
            let kind = T::KIND.words();
            let step = format!("register the {kind} `{id}`: there is one of this id");
            Error::new(Kind::Conflict, step).hint("change it instead")
        }
        _ => error,
    })?;
    Ok(Edition { thing: after, version, known_from, known_until: None })
}

/// The version that somebody means to change has to be the one there is.
///
/// # Errors
/// A conflict where it is not.
pub fn expect<T: Registered>(known: &Edition<T>, version: Option<u64>) -> Result<()> {
    match version {
        Some(version) if version != known.version => {
            let kind = T::KIND.words();
            let step = format!("change the {kind}: version {version} is meant, and it has version {}", known.version);
            Err(Error::new(Kind::Conflict, step).hint("read it again, and change what it is now"))
        }
        _ => Ok(()),
    }
}
