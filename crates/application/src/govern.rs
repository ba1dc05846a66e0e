//! Who may come in: tenants, their people and keys, and what the audit log says of them.

mod authenticate;
mod entries;
mod explain;
mod found;
mod given;
mod keys;
mod sessions;
mod tenants;
mod users;

pub use authenticate::{Keyring, authenticate, local, turned_away};
pub use entries::{Noted, entries, verify};
pub use explain::explain;
pub use found::found;
pub use keys::{Issued, NewKey, create_key, first_key, list_keys, revoke_key};
pub use sessions::{Caller, Login, Logins, Opened, log_in, log_out, renew};
pub use tenants::{NewTenant, create_tenant, list_tenants, put_tenant};
pub use users::{UserFacts, change_password, create_user, find_user, list_users, put_user};
