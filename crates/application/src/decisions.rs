//! What the policies decided a moment ago: the same question has the same answer, and is asked with every request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use metrify_domain::Tenant;
use metrify_governance::{Act, Action, Decision, Explained, Party, Policies, Principal, Purpose, Resource};

/// Answers that are remembered; beyond it all are forgotten.
const MADE_MAX: usize = 10_000;

/// The policies, and what they decided.
pub struct Decisions {
    policies: Policies,
    made: Mutex<HashMap<Question, Arc<Decision>>>,
}

/// Everything that the policies look at. Which one of its kind a thing is, they do not see.
#[derive(PartialEq, Eq, Hash)]
struct Question {
    principal: Principal,
    purpose: Option<Purpose>,
    action: Action,
    resource: Resource,
    tenant: Tenant,
}

impl Decisions {
    #[must_use]
    pub fn new(policies: Policies) -> Self {
        Self { policies, made: Mutex::default() }
    }

    /// What the policies say of an act to everybody it may concern.
    #[must_use]
    pub fn explain(&self, parties: &[Party], act: &Act) -> Vec<Explained> {
        self.policies.explain(parties, act)
    }

    /// Whether a principal may do something, and why.
    #[must_use]
    pub fn decide(&self, principal: &Principal, purpose: Option<Purpose>, act: &Act) -> Arc<Decision> {
        let Act { action, resource, tenant, subject: _ } = act;
        let question = Question {
            principal: principal.clone(),
            purpose,
            action: *action,
            resource: *resource,
            tenant: tenant.clone(),
        };
        let made = |question| self.made.lock().unwrap_or_else(PoisonError::into_inner).get(question).cloned();
        if let Some(decision) = made(&question) {
            return decision;
        }
        let decision = Arc::new(self.policies.decide(principal, purpose, act));
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.len() >= MADE_MAX {
            made.clear();
        }
        made.insert(question, decision.clone());
        decision
    }
}
