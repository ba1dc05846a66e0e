//! What the policies say of one act to everybody it may concern: a table for people.

use super::{Decision, Policies};
use crate::{Act, Circumstances, Party, Principal, Purpose, Role};

/// Roles and purposes of whom the same holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    pub roles: Vec<Role>,
    /// None stands for a request that names no purpose.
    pub purposes: Vec<Option<Purpose>>,
    pub decision: Decision,
}

/// To whom an act is explained, beside each purpose.
#[derive(Clone, Copy, Debug, Default)]
pub struct Whom<'w> {
    /// Of the tenant.
    pub parties: &'w [Party],
    /// As it stands in the audit log; `None` for whoever it may be.
    pub principal: Option<&'w str>,
    /// Its role, and the purposes that it was given; `None` for every role, and somebody who was given no purposes of
    /// its own.
    pub given: Option<(Role, &'w [Purpose])>,
    /// The grant that covers the act for purposes that rest on consent, by its id.
    pub grant: Option<&'w str>,
}

impl Policies {
    /// Whether an act is allowed in a tenant of these parties to somebody of the act's own tenant: for every role that it
    /// may have, and every purpose and none. Every pair of these stands in exactly one line; lines are in the order of
    /// roles, then of purposes.
    #[must_use]
    pub fn explain(&self, whom: Whom<'_>, act: &Act) -> Vec<Explained> {
        let mut lines: Vec<Explained> = Vec::new();
        for role in Role::ALL {
            let (_, purposes) = match whom.given {
                Some((other, _)) if other != role => continue,
                given => given.unwrap_or((role, &[])),
            };
            for line in self.explain_role(whom, act, (role, purposes)) {
                let alike = |other: &&mut Explained| other.purposes == line.purposes && other.decision == line.decision;
                match lines.iter_mut().find(alike) {
                    Some(known) => known.roles.push(role),
                    None => lines.push(line),
                }
            }
        }
        lines
    }

    /// One line for each decision that a role meets with.
    fn explain_role(&self, whom: Whom<'_>, act: &Act, (role, purposes): (Role, &[Purpose])) -> Vec<Explained> {
        let principal = Principal {
            name: whom.principal.unwrap_or(role.name()).to_owned(),
            tenant: act.tenant.clone(),
            parties: whom.parties.to_vec(),
            role,
            purposes: purposes.to_vec(),
            expires_at: None,
        };
        // Whoever names no purpose acts for the first that it is there for.
        let unnamed = purposes.first().copied().or_else(|| Purpose::of(whom.parties).first().copied());
        let mut lines: Vec<Explained> = Vec::new();
        for purpose in Purpose::all().map(Some).chain([None]) {
            let meant = purpose.or(unnamed);
            let grant = whom.grant.filter(|_| meant.is_some_and(Purpose::rests_on_consent));
            let circumstances = Circumstances { purpose: meant, grant: grant.map(str::to_owned), own: false };
            let decision = self.decide(&principal, &circumstances, act);
            match lines.iter_mut().find(|line| line.decision == decision) {
                Some(known) => known.purposes.push(purpose),
                None => lines.push(Explained { roles: vec![role], purposes: vec![purpose], decision }),
            }
        }
        lines
    }
}
