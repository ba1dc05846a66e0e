//! The audit log, asked: what was done, and whether the log is whole.

use std::ops::ControlFlow;

use metrify_domain::Timestamp;
use metrify_governance::{Act, Action, Purpose, Resource, Role};

use crate::app::App;
use crate::audit::{Audited, Entry, Outcome, Way, audited};
use crate::blocking::blocking;
use crate::context::Context;
use crate::error::Result;

/// Which entries are wanted.
#[derive(Clone, Debug)]
pub struct Noted {
    /// With this point, meter, key or other subject; entries on all at once, such as queries, are among them.
    pub subject: Option<String>,
    pub principal: Option<String>,
    pub action: Option<Action>,
    pub resource: Option<Resource>,
    pub outcome: Option<Outcome>,
    pub role: Option<Role>,
    pub purpose: Option<Purpose>,
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// At it or before it.
    pub known_at: Option<Timestamp>,
    pub way: Way,
    pub limit: usize,
}

/// Whether something is what is wanted, where anything is.
fn is<T: PartialEq + ?Sized>(wanted: Option<&T>, found: Option<&T>) -> bool {
    wanted.is_none_or(|wanted| found == Some(wanted))
}

impl Noted {
    fn wants(&self, entry: &Entry) -> bool {
        let Act { action, resource, subject, .. } = &entry.act;
        let is_of_subject = subject.is_none() || is(self.subject.as_ref(), subject.as_ref());
        is_of_subject
            && is(self.principal.as_ref(), Some(&entry.principal))
            && is(self.action.as_ref(), Some(action))
            && is(self.resource.as_ref(), Some(resource))
            && is(self.outcome.as_ref(), Some(&entry.outcome))
            && is(self.role.as_ref(), entry.role.as_ref())
            && is(self.purpose.as_ref(), entry.purpose.as_ref())
            && self.from.is_none_or(|from| from <= entry.at)
            && self.until.is_none_or(|until| entry.at < until)
            && self.known_at.is_none_or(|then| entry.at <= then)
    }
}

/// The entries of the tenant that asks, oldest or newest first.
///
/// # Errors
/// Where it is denied, or the log cannot be read.
pub async fn entries(app: &App, ctx: &Context, noted: Noted) -> Result<Vec<(u64, Entry)>> {
    let act = ctx.act(Action::Read, Resource::Audit, noted.subject.clone());
    let (log, tenant) = (app.audit.clone(), ctx.tenant().clone());
    audited(app, ctx, act, async move {
        blocking("read the audit log", move || {
            let mut found = Vec::new();
            log.read(&tenant, noted.way, &mut |number, entry| {
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
