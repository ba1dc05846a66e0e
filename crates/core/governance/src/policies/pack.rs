//! A set of policies that is asked together, with what each of them says in people's words.

use std::collections::HashMap;

use cedar_policy::{
    AuthorizationError, Authorizer, EntityUid, Policy, PolicyId, PolicySet, PrincipalConstraint, Response,
    ValidationMode, Validator,
};

use super::error::{Fault, PolicyError};
use super::vocabulary::Question;
use super::{Decision, Reason};

#[derive(Clone, Debug)]
pub(super) struct Pack {
    /// By whom their scope names, none for everybody: a policy costs half a microsecond, so that those of other roles,
    /// parties and people are not asked.
    policies: HashMap<Option<EntityUid>, PolicySet>,
    /// With its number in the order of the text, which reasons are told in.
    reasons: HashMap<PolicyId, (usize, Reason)>,
    /// What is said where no policy speaks.
    silence: Reason,
    /// How many came with the program.
    shipped: usize,
}

/// What a policy is called that has no `@id`, by its number in the text from 0.
#[derive(Clone, Copy, Debug)]
pub(super) enum Id {
    Own(usize),
    Shipped(usize),
}

impl Id {
    fn name(self) -> String {
        match self {
            Self::Own(number) => format!("own.{number}"),
            Self::Shipped(number) => format!("shipped.{number}"),
        }
    }
}

/// The policies of a text, each under its id.
pub(super) fn parse(text: &str, unnamed: impl Fn(usize) -> Id) -> Result<Vec<Policy>, PolicyError> {
    let policies: PolicySet = text.parse().map_err(|errors| PolicyError::unparsed(text, &errors))?;
    if let Some(template) = policies.templates().next() {
        return Err(PolicyError::template(text, template));
    }
    let mut parsed: Vec<_> = policies.policies().collect();
    parsed.sort_by_key(|policy| policy.as_ref().loc().map(|loc| loc.span.offset()));
    let named = parsed.into_iter().enumerate().map(|(number, policy)| {
        let id = match policy.annotation("id") {
            Some(id) if !id.is_empty() => PolicyId::new(id),
            Some(_) | None => PolicyId::new(unnamed(number).name()),
        };
        policy.new_id(id)
    });
    Ok(named.collect())
}

impl Pack {
    pub(super) fn new(validator: &Validator, text: &str, silence: Reason) -> Result<Self, PolicyError> {
        let empty = Self { policies: HashMap::new(), reasons: HashMap::new(), silence, shipped: 0 };
        let pack = empty.with(validator, text, parse(text, Id::Shipped)?)?;
        Ok(Self { shipped: pack.reasons.len(), ..pack })
    }

    /// These policies, and more of this text.
    pub(super) fn with(&self, validator: &Validator, text: &str, more: Vec<Policy>) -> Result<Self, PolicyError> {
        let mut added = PolicySet::new();
        let mut pack = self.clone();
        for policy in more {
            let taken = || PolicyError::taken(text, &policy);
            let reason = (pack.reasons.len(), Reason::of(&policy));
            if pack.reasons.insert(policy.id().clone(), reason).is_some() {
                return Err(taken());
            }
            let alike = pack.policies.entry(named(&policy)).or_default();
            alike.add(policy.clone()).map_err(|_| taken())?;
            added.add(policy.clone()).map_err(|_| taken())?;
        }
        let result = validator.validate(&added, ValidationMode::Strict);
        let errors = result.validation_errors().map(Fault::Error);
        match PolicyError::invalid(text, errors.chain(result.validation_warnings().map(Fault::Warning))) {
            Some(error) => Err(error),
            None => Ok(pack),
        }
    }

    pub(super) fn has(&self, id: &PolicyId) -> bool {
        self.reasons.contains_key(id)
    }

    /// How many are an operator's own.
    pub(super) fn own(&self) -> usize {
        self.reasons.len() - self.shipped
    }

    pub(super) fn decide(&self, question: &Question) -> Decision {
        let everybody = self.policies.get(&None).into_iter();
        let scoped = question.scopes.iter().filter_map(|scope| self.policies.get(&Some(scope.clone())));
        let ask = |policies| Authorizer::new().is_authorized(&question.request, policies, &question.entities);
        let answers: Vec<_> = everybody.chain(scoped).map(ask).collect();
        // Cedar passes over a policy that fails: were it a forbidding one, something would be allowed that must not be.
        let mut failed: Vec<_> =
            answers.iter().flat_map(|answer| answer.diagnostics().errors()).map(Reason::failed).collect();
        if !failed.is_empty() {
            failed.sort_by(|a, b| a.policy.cmp(&b.policy));
            return Decision { allowed: false, reasons: failed };
        }
        let forbidding = self.reasons(&answers, cedar_policy::Decision::Deny);
        if !forbidding.is_empty() {
            return Decision { allowed: false, reasons: forbidding };
        }
        let permitting = self.reasons(&answers, cedar_policy::Decision::Allow);
        match permitting.is_empty() {
            false => Decision { allowed: true, reasons: permitting },
            true => Decision { allowed: false, reasons: vec![self.silence.clone()] },
        }
    }

    /// What decided the answers that are so, in the order of the text.
    fn reasons(&self, answers: &[Response], so: cedar_policy::Decision) -> Vec<Reason> {
        let answers = answers.iter().filter(|answer| answer.decision() == so);
        let deciding = answers.flat_map(|answer| answer.diagnostics().reason());
        let mut reasons: Vec<_> = deciding.filter_map(|id| self.reasons.get(id)).collect();
        reasons.sort_unstable_by_key(|(number, _)| *number);
        reasons.into_iter().map(|(_, reason)| reason.clone()).collect()
    }
}

/// Whom alone the scope of a policy names.
fn named(policy: &Policy) -> Option<EntityUid> {
    match policy.principal_constraint() {
        PrincipalConstraint::Eq(named) | PrincipalConstraint::In(named) | PrincipalConstraint::IsIn(_, named) => {
            Some(named)
        }
        PrincipalConstraint::Any | PrincipalConstraint::Is(_) => None,
    }
}

impl Reason {
    fn of(policy: &Policy) -> Self {
        let text = policy.annotation("reason").filter(|reason| !reason.is_empty());
        Self {
            policy: Some(policy.id().to_string()),
            text: text.unwrap_or("a policy of the operator's own, which gives no reason").to_owned(),
            law: policy.annotation("law").map(str::to_owned),
        }
    }

    fn failed(error: &AuthorizationError) -> Self {
        match error {
            AuthorizationError::PolicyEvaluationError(error) => Self {
                policy: Some(error.policy_id().to_string()),
                text: format!("the policy cannot be evaluated: {}", error.inner()),
                law: None,
            },
        }
    }
}
