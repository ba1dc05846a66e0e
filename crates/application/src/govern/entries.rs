//! The audit log, asked: what was done, and whether the log is whole.

use std::ops::ControlFlow;

use metrify_domain::Timestamp;
use metrify_governance::{Action, Resource};

use crate::app::App;
use crate::audit::{Audited, Entry, audited};
use crate::blocking::blocking;
use crate::context::Context;
use crate::error::Result;

/// Which entries are wanted.
#[derive(Clone, Debug, Default)]
pub struct Noted {
    /// With this point, meter, key or other subject; entries on all at once, such as queries, are among them.
    pub subject: Option<String>,
    pub principal: Option<String>,
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// At it or before it.
    pub known_at: Option<Timestamp>,
    /// Behind the entry of this number.
    pub after: u64,
    pub limit: usize,
}

impl Noted {
    fn wants(&self, entry: &Entry) -> bool {
        let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        entry.act.subject.as_deref().is_none_or(|subject| same(&self.subject, subject))
            && same(&self.principal, &entry.principal)
            && self.from.is_none_or(|from| from <= entry.at)
            && self.until.is_none_or(|until| entry.at < until)
            && self.known_at.is_none_or(|then| entry.at <= then)
    }
}

/// The entries of the tenant that asks, oldest first.
///
/// # Errors
/// Where it is denied, or the log cannot be read.
pub async fn entries(app: &App, ctx: &Context, noted: Noted) -> Result<Vec<(u64, Entry)>> {
    let act = ctx.act(Action::Read, Resource::Audit, noted.subject.clone());
    let (log, tenant) = (app.audit.clone(), ctx.tenant().clone());
    audited(app, ctx, act, async move {
        blocking("read the audit log", move || {
            let mut found = Vec::new();
            log.read(&tenant, noted.after, &mut |number, entry| {
                if noted.wants(&entry) {
                    found.push((number, entry));
                }
                if found.len() < noted.limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            Ok(found)
        })
        .await
    })
    .await
}

/// Looks whether the log of the tenant that asks is as it was written.
///
/// # Errors
/// Where it is denied, or the log cannot be read.
pub async fn verify(app: &App, ctx: &Context) -> Result<Audited> {
    let act = ctx.act(Action::Read, Resource::Audit, None);
    let (log, tenant) = (app.audit.clone(), ctx.tenant().clone());
    audited(app, ctx, act, blocking("verify the audit log", move || log.verify(&tenant))).await
}
