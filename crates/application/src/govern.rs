//! Who may come in, and what for: tenants, their people and keys, the grants of others, and what the audit log says of them.

mod authenticate;
mod certificates;
mod entries;
mod explain;
mod found;
mod given;
mod granted;
mod grants;
mod keys;
mod logs;
mod passwords;
mod sessions;
mod tenants;
mod users;

pub use authenticate::{Credential, Keyring, authenticate, local, turned_away};
pub use certificates::{Certificate, CertificateError, register_certificate};
pub use entries::{Noted, entries};
pub use explain::{Asked, explain, roles};
pub use found::found;
pub use granted::Granted;
pub(crate) use granted::{covering, installed};
pub use grants::{NewGrant, create_grant, find_grant, list_grants, withdraw_grant};
pub use keys::{Issued, NewKey, create_key, find_key, first_key, list_keys, revoke_key};
pub use logs::verify;
pub use passwords::Logins;
pub use sessions::{Caller, Login, Opened, log_in, log_out, renew};
pub use tenants::{NewTenant, create_tenant, find_tenant, list_tenants, put_tenant};
pub use users::{UserFacts, change_password, create_user, find_user, list_users, put_user};
