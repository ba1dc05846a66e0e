//! What the policies decided a moment ago: the same question has the same answer, and is asked with every request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use metrify_domain::Tenant;
use metrify_governance::{Act, Action, Circumstances, Decision, Explained, Policies, Principal, Resource, Whom};

/// Answers that are remembered; beyond it all are forgotten.
const MADE_MAX: usize = 10_000;

/// The policies, and what they decided.
pub struct Decisions {
    policies: Policies,
    made: Mutex<HashMap<Question, Arc<Decision>>>,
}

/// Everything that the policies look at.
#[derive(PartialEq, Eq, Hash)]
struct Question {
    principal: Principal,
    circumstances: Circumstances,
    action: Action,
    resource: Resource,
    tenant: Tenant,
    /// Empty for each where the policies do not tell them apart.
    subject: Option<String>,
}

impl Decisions {
    #[must_use]
    pub fn new(policies: Policies) -> Self {
        Self { policies, made: Mutex::default() }
    }

    /// What the policies say of an act to everybody it may concern.
    #[must_use]
    pub fn explain(&self, whom: Whom<'_>, act: &Act) -> Vec<Explained> {
        self.policies.explain(whom, act)
    }

    /// Whether a principal may do something, and why.
    #[must_use]
    pub fn decide(&self, principal: &Principal, circumstances: &Circumstances, act: &Act) -> Arc<Decision> {
        let Act { action, resource, tenant, subject } = act;
        let tell_apart = self.policies.tell_subjects_apart();
        let question = Question {
            principal: principal.clone(),
            circumstances: circumstances.clone(),
            action: *action,
            resource: *resource,
            tenant: tenant.clone(),
            subject: subject.as_ref().map(|subject| if tell_apart { subject.clone() } else { String::new() }),
        };
        let made = |question| self.made.lock().unwrap_or_else(PoisonError::into_inner).get(question).cloned();
        if let Some(decision) = made(&question) {
            return decision;
        }
        let decision = Arc::new(self.policies.decide(principal, circumstances, act));
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.len() >= MADE_MAX {
            made.clear();
        }
        made.insert(question, decision.clone());
        decision
    }
}
