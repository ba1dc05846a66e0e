//! Who may come in: tenants, their keys, and what the audit log says of them.

mod authenticate;
mod entries;
mod explain;
mod found;
mod keys;
mod tenants;

pub use authenticate::{Keyring, authenticate, local};
pub use entries::{Noted, entries, verify};
pub use explain::explain;
pub use found::found;
pub use keys::{Issued, NewKey, create_key, first_key, list_keys, revoke_key};
pub use tenants::{NewTenant, create_tenant, list_tenants, put_tenant};
