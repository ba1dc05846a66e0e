//! The passes of the house: JSON Web Tokens (RFC 7519) that are signed with HS256, and with nothing else.
//!
//! Nobody else reads them, so their claims are exactly these: what is missing, added or of another version is no pass.
//! Whole seconds stand in `iat` and `exp`, as everywhere; the microseconds behind them stand beside them, so that a pass
//! is read as it was issued.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use metrify_application::identity::Pass;
use metrify_application::{Error, Kind, Result};
use metrify_domain::Timestamp;
use metrify_domain::time::SECOND;
use serde::{Deserialize, Serialize};

use crate::key_file::KEY_BYTES;

/// Who issues them and reads them. No other issuer has this name: theirs are addresses.
pub(crate) const ISSUER: &str = "metrify";
/// Of the claims.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    version: u32,
    iss: String,
    aud: String,
    sub: String,
    tenant: String,
    sid: String,
    iat: i64,
    iat_us: i64,
    exp: i64,
    exp_us: i64,
}

pub(crate) struct Passes {
    signs: EncodingKey,
    checks: DecodingKey,
    validation: Validation,
}

impl Passes {
    pub(crate) fn new(key: &[u8; KEY_BYTES]) -> Result<Self> {
        let failed = |error| Error::new(Kind::Internal, "take the key of passes").because(error);
        let signs = EncodingKey::from_secret(key).map_err(failed)?;
        let checks = DecodingKey::from_secret(key).map_err(failed)?;
        Ok(Self { signs, checks, validation: signature_alone(Algorithm::HS256) })
    }

    pub(crate) fn issue(&self, pass: &Pass) -> Result<String> {
        let (iat, iat_us) = in_seconds(pass.issued_at);
        let (exp, exp_us) = in_seconds(pass.expires_at);
        let claims = Claims {
            version: VERSION,
            iss: ISSUER.to_owned(),
            aud: ISSUER.to_owned(),
            sub: pass.user.clone(),
            tenant: pass.tenant.to_string(),
            sid: pass.session.clone(),
            iat,
            iat_us,
            exp,
            exp_us,
        };
        let signed = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.signs);
        signed.map_err(|error| Error::new(Kind::Internal, "sign a pass").because(error))
    }

    /// The pass that a token is; `None` where we did not sign it, or it holds no longer or not yet.
    pub(crate) fn read(&self, token: &str, now: Timestamp) -> Option<Pass> {
        let claims = jsonwebtoken::decode::<Claims>(token, &self.checks, &self.validation).ok()?.claims;
        let ours = claims.version == VERSION && claims.iss == ISSUER && claims.aud == ISSUER;
        let issued_at = instant(claims.iat, claims.iat_us)?;
        let expires_at = instant(claims.exp, claims.exp_us)?;
        if !ours || now < issued_at || now >= expires_at {
            return None;
        }
        let tenant = claims.tenant.parse().ok()?;
        Some(Pass { tenant, user: claims.sub, session: claims.sid, issued_at, expires_at })
    }
}

/// Has the library check the algorithm and the signature. The claims we check ourselves: it would ask the clock.
pub(crate) fn signature_alone(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

/// Whole seconds, and the microseconds behind them.
fn in_seconds(at: Timestamp) -> (i64, i64) {
    (at.micros().div_euclid(SECOND), at.micros().rem_euclid(SECOND))
}

fn instant(seconds: i64, micros: i64) -> Option<Timestamp> {
    if !(0..SECOND).contains(&micros) {
        return None;
    }
    Timestamp::from_seconds(seconds)?.plus(micros)
}

#[cfg(test)]
mod tests;
