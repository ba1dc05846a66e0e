//! What the policies say of an act, to whoever may read them.

use metrify_governance::{Act, Action, Explained, Resource};

use crate::app::App;
use crate::audit::audited;
use crate::context::Context;
use crate::error::Result;

/// Who in the tenant that asks may do something, for which purpose, and why.
///
/// # Errors
/// Where it is denied.
pub async fn explain(app: &App, ctx: &Context, action: Action, resource: Resource) -> Result<Vec<Explained>> {
    let asked = ctx.act(Action::Read, Resource::Policies, None);
    let act = Act { action, resource, ..asked.clone() };
    audited(app, ctx, asked, async { Ok(app.policies.explain(&ctx.principal.parties, &act)) }).await
}
