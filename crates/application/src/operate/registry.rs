//! Keeping the database of the registry: its tables made anew, or brought to those that the program knows.

use metrify_governance::{Action, Resource};

use crate::app::App;
use crate::audit::{Outcome, audited, entry};
use crate::context::Context;
use crate::error::Result;
use crate::ports::Audit;

/// What it is in the audit log.
const SUBJECT: &str = "registry";

/// Makes the registry's tables anew of its events; tells how many events there are.
///
/// # Errors
/// Where it is denied, or the registry cannot be written.
pub async fn rebuild_registry(app: &App, ctx: &Context) -> Result<u64> {
    let act = ctx.act(Action::Mend, Resource::System, Some(SUBJECT.to_owned()));
    audited(app, ctx, act, app.registry.rebuild()).await
}

/// Brings the registry to its newest version by `work`, before there is a program that it is part of: so no policy is asked, and whoever
/// may write its files may do it.
///
/// # Errors
/// Where no entry of it can be written, and those of `work`.
pub async fn migrate_registry<T>(audit: &dyn Audit, ctx: &Context, work: impl Future<Output = Result<T>>) -> Result<T> {
    let act = ctx.act(Action::Mend, Resource::System, Some(SUBJECT.to_owned()));
    audit.note(&entry(ctx, act.clone(), Outcome::Begun))?;
    let done = work.await;
    audit.note(&entry(ctx, act, Outcome::of(&done)))?;
    audit.seal().await?;
    done
}
