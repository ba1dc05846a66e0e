//! Certificates of clients as keys: whoever opens its connection by one that is registered needs no other.

use std::fmt;
use std::str::FromStr;

use metrify_domain::master::Status;
use metrify_governance::{Action, Resource};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::audit::audited;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::govern::authenticate::{hexadecimal, tenant_of};
use crate::govern::keys::{NewKey, check, told_there};
use crate::registry::{Edition, Event, Happened, KeyRecord};
use crate::things;

/// A certificate of a client by its fingerprint: the SHA-256 of its DER form. It reads as 64 hexadecimal digits, with or without colons
/// between the bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Certificate(String);

/// Hexadecimal digits of a fingerprint.
const DIGITS: usize = 64;
/// Of them name the key; keys that are no certificates have 16.
const ID_DIGITS: usize = 32;

impl Certificate {
    /// Whoever presents it has proven by its private key that it is its own.
    #[must_use]
    pub fn of_der(der: &[u8]) -> Self {
        Self(hexadecimal(&Sha256::digest(der)))
    }

    pub(super) fn fingerprint(&self) -> &str {
        &self.0
    }

    pub(super) fn id(&self) -> String {
        self.0.chars().take(ID_DIGITS).collect()
    }
}

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the fingerprint of a certificate is its SHA-256, {DIGITS} hexadecimal digits")]
pub struct CertificateError;

impl FromStr for Certificate {
    type Err = CertificateError;

    fn from_str(text: &str) -> Result<Self, CertificateError> {
        let digits: String = text.chars().filter(|letter| *letter != ':').collect();
        let good = digits.len() == DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        if good { Ok(Self(digits.to_ascii_lowercase())) } else { Err(CertificateError) }
    }
}

/// Has a certificate open what a key of these facts would. Whose it is, who runs the house says: nobody makes the client of somebody else
/// act for its own tenant.
///
/// # Errors
/// Where it is denied, the facts are none that a key may have, the certificate opens already, or the registry cannot be read or written.
pub async fn register_certificate(
    app: &App,
    ctx: &Context,
    certificate: &Certificate,
    new: NewKey,
) -> Result<Edition<KeyRecord>> {
    let act = ctx.act(Action::Administer, Resource::Tenants, Some(certificate.id()));
    audited(app, ctx, act.clone(), async {
        let tenant = new.tenant.clone().unwrap_or_else(|| ctx.tenant().clone());
        let missing = || Error::new(Kind::NotFound, format!("find the tenant `{tenant}`"));
        let parties = tenant_of(app, &tenant).await?.ok_or_else(missing)?.parties;
        check(ctx, &tenant, &parties, &new)?;
        let before = match app.registry.key(&certificate.id()).await? {
            // One that was taken back may open again, but nothing of another tenant: of the registry's keys each is one tenant's.
            Some((of, known)) if of == tenant && known.thing.status == Status::Inactive => Some(known),
            Some((of, _)) => {
                let step = format!("register the certificate: it is a key of tenant {of} already");
                return Err(Error::new(Kind::Conflict, step).hint("take it back first, or have another one issued"));
            }
            None => None,
        };
        let NewKey { tenant: _, title, role, purposes, expires_at } = new;
        let (id, digest) = (certificate.id(), certificate.fingerprint().to_owned());
        let record = KeyRecord { id, title, role, purposes, digest, expires_at, status: Status::Active };
        let happened = if before.is_some() { Happened::Changed } else { Happened::Registered };
        let event = things::next(ctx, happened, record.clone(), before.as_ref());
        let registered = things::commit(app, Event { tenant: tenant.clone(), ..event }, record).await;
        app.keyring.forget();
        let registered = registered?;
        told_there(app, ctx, &tenant, &act)?;
        Ok(registered)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_as_tools_print_it() {
        let certificate = Certificate::of_der(b"");
        let printed = "E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55";
        assert_eq!(printed.parse(), Ok(certificate.clone()));
        assert_eq!(certificate.to_string().parse(), Ok(certificate.clone()));
        assert_eq!(certificate.id(), "e3b0c44298fc1c149afbf4c8996fb924");
        for bad in ["", &certificate.id(), &"g".repeat(64), &"ä".repeat(32), &"a".repeat(65)] {
            assert_eq!(bad.parse::<Certificate>(), Err(CertificateError), "{bad}");
        }
    }
}
