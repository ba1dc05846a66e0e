//! Who people are: passwords as argon2id digests, the passes of the house as signed tokens, and the tokens of issuers
//! that it trusts (OpenID Connect).
//!
//! A token is checked with the keys of the issuer that it names, and no others: a pass with the key of the house, for one
//! algorithm, and all others with the public keys that their issuer publishes. For one that names somebody else nobody is
//! asked. What is wrong with a trusted issuer's token is logged at level `debug`, the token never.

mod issuers;
mod key_file;
mod passes;
mod passwords;

use std::path::Path;

use async_trait::async_trait;
use metrify_application::identity::{Bearer, Pass};
use metrify_application::ports::Identity;
use metrify_application::{Error, Kind, Result};
use metrify_domain::Timestamp;
use serde::Deserialize;

use crate::issuers::Issuers;
pub use crate::issuers::Trusted;
use crate::passes::Passes;
use crate::passwords::Passwords;

/// Where bytes that nobody can guess come from.
pub type Random = fn() -> Result<[u8; 32]>;

/// No token is longer. Servers take no longer headers; issuers who put many groups into a token stay below it.
const TOKEN_BYTES_MAX: usize = 16 << 10;

/// Passwords, passes and tokens, with the house's key in a file.
pub struct TokenIdentity {
    passwords: Passwords,
    passes: Passes,
    issuers: Issuers,
}

/// Who says that it issued a token, before anybody looked whether it did.
#[derive(Deserialize)]
struct Claimed {
    iss: String,
}

impl TokenIdentity {
    /// Reads the key that passes are signed with, or makes it. Issuers are asked for nothing before the first of their
    /// tokens comes.
    ///
    /// # Errors
    /// Where the key cannot be read or made, others may read it, or what is said of an issuer makes no sense.
    pub fn open(key_file: &Path, random: Random, trusted: Vec<Trusted>) -> Result<Self> {
        let passes = Passes::new(&key_file::open(key_file, random)?)?;
        Ok(Self { passwords: Passwords::new(random), passes, issuers: Issuers::new(trusted)? })
    }
}

#[async_trait]
impl Identity for TokenIdentity {
    async fn digest(&self, password: &str) -> Result<String> {
        self.passwords.digest(password).await
    }

    async fn matches(&self, password: &str, digest: &str) -> Result<bool> {
        self.passwords.matches(password, digest).await
    }

    fn issue(&self, pass: &Pass) -> Result<String> {
        let token = self.passes.issue(pass)?;
        if token.len() > TOKEN_BYTES_MAX {
            let step = format!("issue a pass of {} bytes: no more than {TOKEN_BYTES_MAX} are read", token.len());
            return Err(Error::new(Kind::Invalid, step));
        }
        Ok(token)
    }

    async fn read(&self, token: &str, now: Timestamp) -> Result<Option<Bearer>> {
        if token.len() > TOKEN_BYTES_MAX {
            return Ok(None);
        }
        // What it claims decides only who is asked whether it is true.
        let Ok(claimed) = jsonwebtoken::dangerous::insecure_decode_claims::<Claimed>(token) else {
            return Ok(None);
        };
        if claimed.iss == passes::ISSUER {
            return Ok(self.passes.read(token, now).map(Bearer::Pass));
        }
        Ok(self.issuers.vouched(&claimed.iss, token, now).await?.map(Bearer::Vouched))
    }
}
