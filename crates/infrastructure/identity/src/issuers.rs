//! The issuers that the house trusts, and what they say of their people: OpenID Connect Core 1.0 and Discovery 1.0,
//! JSON Web Keys (RFC 7517), access tokens (RFC 9068).
//!
//! Nobody is asked about a token that names no trusted issuer, or that no issuer would have signed so.

mod claims;
mod documents;
mod issuer;
mod keys;

use std::collections::BTreeMap;

use jsonwebtoken::{Algorithm, Header};
use metrify_application::identity::Vouched;
use metrify_application::{Error, Kind, Result, Tenant};
use metrify_domain::Timestamp;
use serde_json::{Map, Value};

use self::issuer::Issuer;
use crate::passes::signature_alone;

/// Those of public keys. Whoever has the key of one that is not public, as HS256's is not, could sign for the issuer.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// What a token's header may say that it is: RFC 9068 has its own name, most issuers say the general one. All others
/// are for something else, such as the end of a session.
const TYPES: [&str; 3] = ["JWT", "at+jwt", "application/at+jwt"];

/// An issuer whose word counts for the people of a tenant.
#[derive(Clone, Debug)]
pub struct Trusted {
    /// Exactly as its own configuration and its tokens name it, such as `https://login.example.org/realms/stadtwerk`.
    pub url: String,
    /// For whom its tokens have to be: what the issuer calls this house.
    pub audience: String,
    /// Whose people they are.
    pub tenant: Tenant,
    /// The claim that names a role or a list of them; where none is called so, a path such as `realm_access.roles`.
    pub role_claim: String,
    /// The claim that names the purposes of whoever bears the token, who is nobody without it; `None`: every purpose
    /// that the law allows the tenant.
    pub purpose_claim: Option<String>,
}

impl Trusted {
    /// Where roles stand unless it is said otherwise.
    pub const ROLE_CLAIM: &str = "roles";
}

/// By the name in their tokens.
pub(crate) struct Issuers(BTreeMap<String, Issuer>);

impl Issuers {
    /// # Errors
    /// Where what is said of one makes no sense, or two of them could not be told apart.
    pub(crate) fn new(trusted: Vec<Trusted>) -> Result<Self> {
        let mut by_url: BTreeMap<String, Vec<Trusted>> = BTreeMap::new();
        for one in trusted {
            by_url.entry(one.url.clone()).or_default().push(one);
        }
        let issuers = by_url.into_values().map(Issuer::new).collect::<Result<Vec<_>>>()?;
        told_apart(&issuers)?;
        Ok(Self(issuers.into_iter().map(|issuer| (issuer.url().to_owned(), issuer)).collect()))
    }

    /// What the issuer that a token names says of its bearer; `None` where that is nobody we trust, or did not say so.
    ///
    /// # Errors
    /// Where the issuer cannot be asked for what it signs with.
    pub(crate) async fn vouched(&self, named: &str, token: &str, now: Timestamp) -> Result<Option<Vouched>> {
        let Some(issuer) = self.0.get(named) else { return Ok(None) };
        let Ok(header) = jsonwebtoken::decode_header(token) else {
            return Ok(refused(issuer, "its header is none, or names an algorithm that nobody knows"));
        };
        if let Err(reason) = check_header(&header) {
            return Ok(refused(issuer, reason));
        }
        let Some(key) = issuer.key(header.alg, header.kid.as_deref(), now).await? else {
            return Ok(refused(issuer, "the issuer has no such key"));
        };
        let checked = jsonwebtoken::decode::<Map<String, Value>>(token, &key.checks, &signature_alone(header.alg));
        let Ok(checked) = checked else { return Ok(refused(issuer, "its signature is not the issuer's")) };
        match claims::read(&issuer.trusted, &issuer.host, &checked.claims, now) {
            Ok(vouched) => Ok(Some(vouched)),
            Err(reason) => Ok(refused(issuer, &reason)),
        }
    }
}

/// The token itself is never logged: it opens doors.
fn refused(issuer: &Issuer, reason: &str) -> Option<Vouched> {
    tracing::debug!(issuer = issuer.url(), "a token was refused: {reason}");
    None
}

fn check_header(header: &Header) -> Result<(), &'static str> {
    if !ALGORITHMS.contains(&header.alg) {
        return Err("its algorithm is none of public keys");
    }
    match &header.typ {
        Some(typ) if !TYPES.iter().any(|known| known.eq_ignore_ascii_case(typ)) => Err("it is for something else"),
        _ => Ok(()),
    }
}

/// Names have the issuer's host in them, so that within a tenant each host may have one issuer.
fn told_apart(issuers: &[Issuer]) -> Result<()> {
    let mut seen: BTreeMap<(&str, &Tenant), &str> = BTreeMap::new();
    for issuer in issuers {
        for trusted in &issuer.trusted {
            let before = seen.insert((&issuer.host, &trusted.tenant), issuer.url());
            if let Some(before) = before.filter(|before| *before != issuer.url()) {
                let step = format!(
                    "trust `{before}` and `{}` for tenant `{}`: people of one host could not be told apart",
                    issuer.url(),
                    trusted.tenant
                );
                return Err(Error::new(Kind::Invalid, step).hint("trust one of them, or each for another tenant"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
