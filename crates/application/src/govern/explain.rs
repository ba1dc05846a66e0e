//! What the policies say of an act, to whoever may read them.

use metrify_governance::{Act, Action, Explained, Purpose, Resource, Role, Whom};

use crate::app::App;
use crate::audit::{Outcome, audited, entry};
use crate::context::Context;
use crate::error::Result;
use crate::govern::granted::covering_for;

/// Which act is to be explained.
#[derive(Clone, Debug)]
pub struct Asked {
    pub action: Action,
    pub resource: Resource,
    /// The one of its things that it is on, where it is one: grants are for one point.
    pub subject: Option<String>,
    /// Who does it, as it stands in the audit log; whoever it may be where it is `None`.
    pub principal: Option<String>,
}

/// Who in the tenant that asks may do something, for which purpose, and why; by which grant, where it needs one.
///
/// # Errors
/// Where it is denied, or the registry cannot be read.
pub async fn explain(app: &App, ctx: &Context, asked: Asked) -> Result<Vec<Explained>> {
    let Asked { action, resource, subject, principal } = asked;
    let reads = ctx.act(Action::Read, Resource::Policies, subject);
    let act = Act { action, resource, ..reads.clone() };
    audited(app, ctx, reads, async {
        // A grant to one covers nobody who is not named.
        let name = principal.as_deref().unwrap_or_default();
        let mut grant = None;
        for purpose in Purpose::all().filter(|purpose| purpose.rests_on_consent()) {
            grant = grant.or(covering_for(app, ctx, &act, (name, purpose)).await?);
        }
        let (parties, principal) = (&ctx.principal.parties[..], principal.as_deref());
        Ok(app.policies.explain(Whom { parties, principal, grant: grant.as_deref() }, &act))
    })
    .await
}

/// The roles that there are. They are no secret, so that no policy is asked.
///
/// # Errors
/// Where no entry of it can be written.
pub fn roles(app: &App, ctx: &Context) -> Result<[Role; Role::ALL.len()]> {
    app.audit.note(&entry(ctx, ctx.act(Action::Read, Resource::Policies, Some("roles".to_owned())), Outcome::Done))?;
    Ok(Role::ALL)
}
