//! The audit log, asked: what was done.

use std::ops::ControlFlow;

use metrify_domain::Timestamp;
use metrify_governance::{Act, Action, Purpose, Resource, Role};

use crate::app::App;
use crate::audit::{Entry, Outcome, Way, audited};
use crate::blocking::blocking;
use crate::context::Context;
use crate::error::Result;
use crate::record::DeliveryId;

/// Which entries are wanted.
#[derive(Clone, Debug)]
pub struct Noted {
    /// On this point, meter, key or other subject; what may have been on it without saying so, such as a query, is among them.
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

/// Whether something was done to a subject, or may have been. What was read stands in no entry: neither which points are in the answer of
/// a query or in a list of what is personal, nor which are in a delivery's bytes and in what of them was not understood.
fn may_be_on(act: &Act, wanted: &str) -> bool {
    let Act { action, resource, subject, .. } = act;
    let Some(subject) = subject else { return resource.is_personal() || is_replay(*action, *resource) };
    let is_of_many = match resource {
        Resource::Tables => true,
        // They stand under the deliveries that they are of, and one delivery is no other.
        Resource::Archive | Resource::Rejects => !names_delivery(wanted),
        Resource::Deliveries => is_replay(*action, *resource) && !names_delivery(wanted),
        _ => false,
    };
    subject == wanted || is_of_many
}

/// Deliveries were read again, and what that changed was told.
fn is_replay(action: Action, resource: Resource) -> bool {
    action == Action::Mend && resource == Resource::Deliveries
}

/// Whether it is the id of a delivery, or of one of its rejects.
fn names_delivery(name: &str) -> bool {
    let (delivery, _) = name.split_once('-').unwrap_or((name, ""));
    delivery.len() == DeliveryId::HEX_DIGITS && delivery.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Noted {
    fn wants(&self, entry: &Entry) -> bool {
        let Act { action, resource, .. } = &entry.act;
        self.subject.as_deref().is_none_or(|wanted| may_be_on(&entry.act, wanted))
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
