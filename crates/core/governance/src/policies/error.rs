//! What can be wrong with the text of policies, with the place of it.

use std::fmt;

use cedar_policy::{CedarSchemaError, ParseErrors, Policy, Template, ValidationError, ValidationWarning};
use miette::Diagnostic;

/// A text of policies that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error("policies of {bytes} bytes: at most {bytes_max} are taken")]
    TooLarge { bytes: usize, bytes_max: usize },
    #[error("{policies} policies of the operator: at most {policies_max} are taken")]
    TooMany { policies: usize, policies_max: usize },
    #[error("policy at {place}: longer than {bytes_max} bytes, or brackets deeper than {depth_max}")]
    TooLong { place: Place, bytes_max: usize, depth_max: usize },
    #[error("parse policies at {place}: {reason}")]
    Unparsed { place: Place, reason: String },
    /// A slot such as `?principal` is filled in by nobody here.
    #[error("policy at {place} is a template: write out what its slot stands for")]
    Template { place: Place },
    #[error("policy `{policy}` at {place}: {reason}")]
    Invalid { policy: String, place: Place, reason: String },
    #[error("policy `{policy}` at {place}: its id is taken; a policy that is there cannot be replaced")]
    Taken { policy: String, place: Place },
    /// Of the program itself.
    #[error("policies' schema at {place}: {reason}")]
    Schema { place: Place, reason: String },
    /// Of the program itself.
    #[error("make the words of policies: {reason}")]
    Vocabulary { reason: String },
}

/// Where in a text: its line and column, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

impl Place {
    pub(super) fn at(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        Self { line: before.matches('\n').count() + 1, column }
    }

    fn of(text: &str, fault: &dyn Diagnostic) -> Self {
        Self::at(text, offset(fault))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A fault that names no place is one of the whole text.
fn offset(fault: &dyn Diagnostic) -> usize {
    fault.labels().and_then(|mut labels| labels.next()).map_or(0, |label| label.offset())
}

impl PolicyError {
    pub(super) fn schema(text: &str, error: &CedarSchemaError) -> Self {
        Self::Schema { place: Place::of(text, error), reason: error.to_string() }
    }

    pub(super) fn vocabulary(error: &dyn std::error::Error) -> Self {
        Self::Vocabulary { reason: error.to_string() }
    }

    pub(super) fn unparsed(text: &str, errors: &ParseErrors) -> Self {
        Self::Unparsed { place: Place::of(text, errors), reason: errors.to_string() }
    }

    pub(super) fn template(text: &str, template: &Template) -> Self {
        let offset = template.as_ref().loc().map_or(0, |loc| loc.span.offset());
        Self::Template { place: Place::at(text, offset) }
    }

    pub(super) fn taken(text: &str, policy: &Policy) -> Self {
        let offset = policy.as_ref().loc().map_or(0, |loc| loc.span.offset());
        Self::Taken { policy: policy.id().to_string(), place: Place::at(text, offset) }
    }

    /// The first fault in the order of the text; what never applies is mostly so because of an error in it.
    pub(super) fn invalid<'a>(text: &str, faults: impl Iterator<Item = Fault<'a>>) -> Option<Self> {
        let first = faults.min_by_key(Fault::order)?;
        Some(Self::Invalid {
            policy: first.policy(),
            place: Place::of(text, first.diagnostic()),
            reason: first.reason(),
        })
    }
}

/// What the validator does not accept. A warning is of policies that never apply and of letters that look like others:
/// none of them was meant.
pub(super) enum Fault<'a> {
    Error(&'a ValidationError),
    Warning(&'a ValidationWarning),
}

impl Fault<'_> {
    fn diagnostic(&self) -> &dyn Diagnostic {
        match self {
            Self::Error(error) => *error,
            Self::Warning(warning) => *warning,
        }
    }

    fn policy(&self) -> String {
        match self {
            Self::Error(error) => error.policy_id().to_string(),
            Self::Warning(warning) => warning.policy_id().to_string(),
        }
    }

    fn order(&self) -> (bool, usize, String) {
        (matches!(self, Self::Warning(_)), offset(self.diagnostic()), self.reason())
    }

    /// Without the policy's name, which stands before it.
    fn reason(&self) -> String {
        let text = self.diagnostic().to_string();
        let named = format!("for policy `{}`", self.policy());
        let bare = text.strip_prefix(&named).map_or(text.as_str(), |rest| rest.trim_start_matches([',', ':', ' ']));
        match self.diagnostic().help() {
            Some(help) => format!("{bare} ({help})"),
            None => bare.to_owned(),
        }
    }
}
