//! What the policies say of one act to everybody it may concern: a table for people.

use super::{Decision, Policies};
use crate::{Act, Party, Principal, Purpose, Role};

/// Roles and purposes of whom the same holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    pub roles: Vec<Role>,
    /// None stands for a request that names no purpose.
    pub purposes: Vec<Option<Purpose>>,
    pub decision: Decision,
}

impl Policies {
    /// Whether an act is allowed in a tenant of these parties to somebody of the act's own tenant who was given no
    /// purposes of its own: for every role, and every purpose and none. Every pair of these stands in exactly one line;
    /// lines are in the order of roles, then of purposes.
    #[must_use]
    pub fn explain(&self, parties: &[Party], act: &Act) -> Vec<Explained> {
        let mut lines: Vec<Explained> = Vec::new();
        for role in Role::ALL {
            for line in self.explain_role(parties, act, role) {
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
    fn explain_role(&self, parties: &[Party], act: &Act, role: Role) -> Vec<Explained> {
        let principal = Principal {
            name: role.name().to_owned(),
            tenant: act.tenant.clone(),
            parties: parties.to_vec(),
            role,
            purposes: Vec::new(),
            expires_at: None,
        };
        let mut lines: Vec<Explained> = Vec::new();
        for purpose in Purpose::all().map(Some).chain([None]) {
            let decision = self.decide(&principal, purpose, act);
            match lines.iter_mut().find(|line| line.decision == decision) {
                Some(known) => known.purposes.push(purpose),
                None => lines.push(Explained { roles: vec![role], purposes: vec![purpose], decision }),
            }
        }
        lines
    }
}
