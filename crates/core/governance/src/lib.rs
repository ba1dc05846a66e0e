//! Decisions: who may do what with which things, and for which purpose.
//!
//! Nothing is allowed that no policy allows. What may be done with personal readings, the law lists exhaustively (MsbG,
//! sections 49 and 66 to 69); the lists stand in [`Purpose`], and as policies in `policies/msbg.cedar`.

mod act;
mod circumstances;
mod grant;
mod party;
mod policies;
mod principal;
mod purpose;
mod role;
mod user_name;

pub use act::{Act, Action, Resource, UnknownAction, UnknownResource};
pub use circumstances::Circumstances;
pub use grant::{Grant, Grantee, UnknownGrantee};
pub use party::{Party, UnknownParty};
pub use policies::{Decision, Explained, Place, Policies, PolicyError, Reason, Whom};
pub use principal::Principal;
pub use purpose::{Purpose, UnknownPurpose};
pub use role::{Role, UnknownRole};
pub use user_name::{UserName, UserNameError};
