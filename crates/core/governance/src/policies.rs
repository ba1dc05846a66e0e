//! Decides what somebody may do: what the shipped policies say, and those that an operator adds to them.
//!
//! Two packs are asked, and an act needs both: `roles.cedar`, what a role allows within its tenant, which operators add
//! to; and `msbg.cedar`, what the law allows with personal data, which nobody adds to. A forbidding policy beats every
//! permitting one, silence denies, and so does a policy that could not be evaluated.

mod bounds;
mod error;
mod explain;
mod pack;
mod vocabulary;

use std::fmt;
use std::sync::Arc;

use cedar_policy::{Schema, Validator};

pub use error::{Place, PolicyError};
pub use explain::{Explained, Whom};

use crate::{Act, Circumstances, Principal};
use pack::{Id, Pack};
use vocabulary::Vocabulary;

const SCHEMA: &str = include_str!("policies/schema.cedarschema");
const ROLES: &str = include_str!("policies/roles.cedar");
const LAW: &str = include_str!("policies/msbg.cedar");

/// Every policy is asked for every decision: so many are bearable.
const OWN_MAX: usize = 200;
const OWN_BYTES_MAX: usize = 256 * 1024;

/// Whether something may be done, and why.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decision {
    pub allowed: bool,
    /// What decided, in the order in which the policies stand in their texts: of what is allowed, all that allow it; of
    /// what is denied, all that forbid it. There is always one.
    pub reasons: Vec<Reason>,
}

/// Why something was decided as it was.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reason {
    /// The policy that decided, by its id; none where no policy spoke.
    pub policy: Option<String>,
    /// In people's words.
    pub text: String,
    /// Where it stands in the law, such as `MsbG 66(1) no. 3`.
    pub law: Option<String>,
}

impl fmt::Display for Reason {
    /// `msbg.66.1.3: a grid operator runs and plans its grid (MsbG 66(1) no. 3)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(policy) = &self.policy {
            write!(f, "{policy}: ")?;
        }
        f.write_str(&self.text)?;
        match &self.law {
            Some(law) => write!(f, " ({law})"),
            None => Ok(()),
        }
    }
}

/// The policies that hold. A clone is cheap, and shares them.
#[derive(Clone, Debug)]
pub struct Policies {
    validator: Arc<Validator>,
    vocabulary: Arc<Vocabulary>,
    /// Of the roles, and of operators.
    house: Arc<Pack>,
    law: Arc<Pack>,
}

impl Policies {
    /// Those that come with the program. A text of the program that is wrong is an error; a test proves that none is.
    ///
    /// # Errors
    /// What [`PolicyError`] names of the shipped texts.
    pub fn shipped() -> Result<Self, PolicyError> {
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA).map_err(|error| PolicyError::schema(SCHEMA, &error))?;
        let validator = Validator::new(schema);
        let silence = Reason { policy: None, text: "no policy allows it to this role".to_owned(), law: None };
        let house = Pack::new(&validator, ROLES, silence)?;
        let silence = Reason {
            policy: None,
            text: "the law lists this purpose for no party of its tenant".to_owned(),
            law: Some("MsbG 49(1), 66 to 69".to_owned()),
        };
        let law = Pack::new(&validator, LAW, silence)?;
        let vocabulary = Vocabulary::new(validator.schema())?;
        Ok(Self {
            validator: Arc::new(validator),
            vocabulary: Arc::new(vocabulary),
            house: Arc::new(house),
            law: Arc::new(law),
        })
    }

    /// These, and an operator's own, in Cedar: named by their `@id`, or `own.N` by their number. They may permit what
    /// roles do not, and forbid anything; they never replace one that is there, nor reach another tenant, nor what the
    /// law does not allow.
    ///
    /// # Errors
    /// A text that is too large or nests too deep, does not parse, speaks of what the schema does not know, never
    /// applies, or takes an id that is taken.
    pub fn with(&self, more: &str) -> Result<Self, PolicyError> {
        if more.len() > OWN_BYTES_MAX {
            return Err(PolicyError::TooLarge { bytes: more.len(), bytes_max: OWN_BYTES_MAX });
        }
        bounds::check(more)?;
        let own = self.house.own() + 1;
        let named = pack::parse(more, |number| Id::Own(own + number))?;
        if self.house.own() + named.len() > OWN_MAX {
            return Err(PolicyError::TooMany { policies: self.house.own() + named.len(), policies_max: OWN_MAX });
        }
        if let Some(taken) = named.iter().find(|policy| self.law.has(policy.id())) {
            return Err(PolicyError::taken(more, taken));
        }
        let house = self.house.with(&self.validator, more, named)?;
        Ok(Self { house: Arc::new(house), ..self.clone() })
    }

    /// Whether a principal may do something, and why.
    #[must_use]
    pub fn decide(&self, principal: &Principal, circumstances: &Circumstances, act: &Act) -> Decision {
        match self.vocabulary.question(principal, circumstances, act) {
            Ok(question) => {
                let decision = self.house.decide(&question).and(self.law.decide(&question));
                decision.naming(circumstances.grant.as_deref())
            }
            Err(reason) => Decision { allowed: false, reasons: vec![reason] },
        }
    }

    /// Whether two things of a kind may be decided of differently: the shipped policies see whether an act is on one of
    /// them, those of an operator see on which.
    #[must_use]
    pub fn tell_subjects_apart(&self) -> bool {
        self.house.own() > 0
    }
}

/// What stands in a reason for the id of the grant.
const GRANT: &str = "{grant}";

impl Decision {
    /// Allowed where both allow; denied for the reasons of those that deny.
    fn and(self, other: Self) -> Self {
        let allowed = self.allowed && other.allowed;
        let deciding = [self, other].into_iter().filter(|decision| decision.allowed == allowed);
        Self { allowed, reasons: deciding.flat_map(|decision| decision.reasons).collect() }
    }

    /// With the id of the grant in the reasons that speak of it.
    fn naming(mut self, grant: Option<&str>) -> Self {
        for reason in self.reasons.iter_mut().filter(|reason| reason.text.contains(GRANT)) {
            reason.text = reason.text.replace(GRANT, grant.unwrap_or_default());
        }
        self
    }
}
