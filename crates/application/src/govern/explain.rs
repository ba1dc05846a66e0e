//! What the policies say of an act, to whoever may read them.

use metrify_domain::Timestamp;
use metrify_domain::master::Status;
use metrify_governance::{Act, Action, Decision, Explained, Party, Purpose, Reason, Resource, Role, Whom};

use crate::app::App;
use crate::audit::{Outcome, audited, entry};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::govern::authenticate::{LOCAL, OF_ISSUER, OF_KEY};
use crate::govern::granted::{Asker, covering_as_known};
use crate::govern::users::OF_USER;
use crate::registry::{KeyRecord, KeyStatus, TenantRecord, UserRecord};
use crate::things;

/// Which act is to be explained.
#[derive(Clone, Debug)]
pub struct Asked {
    pub action: Action,
    pub resource: Resource,
    /// The one of its things that it is on, where it is one: grants are for one point.
    pub subject: Option<String>,
    /// What the tenant would be in the market, where that is not what it is.
    pub parties: Option<Vec<Party>>,
    /// Who does it, as it stands in the audit log; whoever it may be where it is `None`.
    pub principal: Option<String>,
    /// Then, and as the tenant, the principal and its grants were known then; by the policies that are in force now.
    pub known_at: Option<Timestamp>,
}

/// What is known of who acts.
enum Known {
    /// Nothing, until it proves itself: it may have any role.
    Anybody,
    Somebody(Role, Vec<Purpose>),
    /// What it had this role by opens nothing, for a reason.
    Nobody(Role, &'static str),
}

/// Who in the tenant that asks may do something, for which purpose, and why; by which grant, where it needs one. Of a principal that is named,
/// what would happen to it.
///
/// # Errors
/// Where it is denied, there is no such principal in the tenant, or the registry cannot be read.
pub async fn explain(app: &App, ctx: &Context, asked: Asked) -> Result<Vec<Explained>> {
    let reads = ctx.act(Action::Read, Resource::Policies, asked.subject.clone());
    let act = Act { action: asked.action, resource: asked.resource, ..reads.clone() };
    audited(app, ctx, reads, async {
        let tenant = things::find_of::<TenantRecord>(app, ctx.tenant(), ctx.tenant().as_str(), asked.known_at).await?;
        let parties = asked.parties.unwrap_or(tenant.thing.parties);
        let then = asked.known_at.unwrap_or(ctx.now);
        let known = match &asked.principal {
            Some(name) => known(app, ctx, name, (then, asked.known_at)).await?,
            None => Known::Anybody,
        };
        let given = match &known {
            Known::Nobody(role, why) => return Ok(vec![nothing(*role, why)]),
            Known::Anybody => None,
            Known::Somebody(role, purposes) => Some((*role, &purposes[..])),
        };
        let principal = asked.principal.as_deref();
        let mut grant = None;
        for purpose in Purpose::all().filter(|purpose| purpose.rests_on_consent()) {
            // A grant to one covers nobody who is not named.
            let asker = Asker { principal: principal.unwrap_or_default(), parties: &parties, purpose };
            grant = grant.or(covering_as_known(app, ctx, (&act, &asker), asked.known_at).await?);
        }
        let whom = Whom { parties: &parties, principal, given, grant: grant.as_deref() };
        Ok(app.policies.explain(whom, &act))
    })
    .await
}

/// Who in the tenant that asks has a name, as it stands at an instant and was known then.
async fn known(
    app: &App,
    ctx: &Context,
    name: &str,
    (then, known_at): (Timestamp, Option<Timestamp>),
) -> Result<Known> {
    if name == LOCAL {
        return Ok(Known::Somebody(Role::Admin, Vec::new()));
    }
    if let Some(id) = name.strip_prefix(OF_KEY) {
        let key = things::find::<KeyRecord>(app, ctx, id, known_at).await?.thing;
        return Ok(match key.status_at(then) {
            KeyStatus::Active => Known::Somebody(key.role, key.purposes),
            KeyStatus::Inactive => Known::Nobody(key.role, "the key was taken back, and opens nothing"),
            KeyStatus::Expired => Known::Nobody(key.role, "the time of the key is over, and it opens nothing"),
        });
    }
    if let Some(user) = name.strip_prefix(OF_USER) {
        let user = things::find::<UserRecord>(app, ctx, user, known_at).await?.thing;
        return Ok(match user.status {
            Status::Active => Known::Somebody(user.role, user.purposes),
            Status::Inactive => Known::Nobody(user.role, "it is let in no longer"),
        });
    }
    if name.starts_with(OF_ISSUER) {
        return Ok(Known::Anybody);
    }
    let shown: String = name.chars().take(40).collect();
    let error = Error::new(Kind::Invalid, format!("find out who `{shown}` is"));
    Err(error.hint("name it as the audit log does: user:NAME, key:ID, oidc:SUBJECT@ISSUER or local"))
}

/// What happens to somebody who is not let in, whatever it asks for.
fn nothing(role: Role, why: &str) -> Explained {
    let reason = Reason { policy: None, text: why.to_owned(), law: None };
    let decision = Decision { allowed: false, reasons: vec![reason] };
    Explained { roles: vec![role], purposes: Purpose::all().map(Some).chain([None]).collect(), decision }
}

/// The roles that there are. They are no secret, so that no policy is asked.
///
/// # Errors
/// Where no entry of it can be written.
pub fn roles(app: &App, ctx: &Context) -> Result<[Role; Role::ALL.len()]> {
    app.audit.note(&entry(ctx, ctx.act(Action::Read, Resource::Policies, Some("roles".to_owned())), Outcome::Done))?;
    Ok(Role::ALL)
}
