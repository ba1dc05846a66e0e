//! What somebody may give to others: a role, purposes. Nobody gives what it does not have.

use metrify_domain::Tenant;
use metrify_governance::{Party, Purpose, Role};

use crate::context::Context;
use crate::error::{Error, Kind, Result};

/// What a key or a person is to get.
pub(super) struct Given<'g> {
    pub tenant: &'g Tenant,
    /// Of the tenant.
    pub parties: &'g [Party],
    pub role: Role,
    /// Empty: every purpose that the law allows the tenant.
    pub purposes: &'g [Purpose],
}

/// # Errors
/// Where a purpose is none of the tenant's, or it is more than the one who gives has.
pub(super) fn may_be_given(ctx: &Context, step: &str, given: &Given<'_>) -> Result<()> {
    let Given { tenant, parties, role, purposes } = given;
    let lawful = Purpose::of(parties);
    if let Some(purpose) = purposes.iter().find(|purpose| !lawful.contains(purpose)) {
        return Err(Error::new(Kind::Invalid, format!("{step}: `{purpose}` is no purpose of tenant {tenant}")));
    }
    let denied = |what: &str| Err(Error::new(Kind::Denied, format!("{step}: {what}")));
    let purposes = if purposes.is_empty() { &lawful[..] } else { purposes };
    // Whoever runs the house gives to others what is theirs, unless it is held to some purposes itself.
    let is_held = ctx.tenant() == *tenant || is_limited(ctx);
    if is_held && purposes.iter().any(|purpose| !ctx.principal.purposes.contains(purpose)) {
        return denied("its purposes go beyond those of who makes it");
    }
    if *role < ctx.principal.role {
        return denied("its role is above that of who makes it");
    }
    Ok(())
}

/// Whether somebody has fewer purposes than the law allows its tenant.
pub(super) fn is_limited(ctx: &Context) -> bool {
    Purpose::of(&ctx.principal.parties).iter().any(|lawful| !ctx.principal.purposes.contains(lawful))
}
