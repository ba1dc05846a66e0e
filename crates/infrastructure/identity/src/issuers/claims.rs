//! What the claims of a token say, once it is certain that the issuer said so.

use metrify_application::identity::Vouched;
use metrify_domain::Timestamp;
use metrify_domain::time::SECOND;
use metrify_governance::{Purpose, Role};
use serde_json::{Map, Number, Value};

use super::Trusted;

/// How far an issuer's clock may be from ours, in microseconds.
const LEEWAY: i64 = 60 * SECOND;
/// A subject has no more characters, and all of them are ASCII (OpenID Connect Core 1.0, section 2).
const SUBJECT_BYTES_MAX: usize = 255;
/// Seconds that a timestamp can hold lie far within what a float holds exactly.
const SECONDS_MAX: f64 = 9e12;

type Claims = Map<String, Value>;

/// What an issuer says of somebody.
///
/// # Errors
/// Why it is nothing that counts, by the name of the claim; never what stands in it.
pub(super) fn read(trusted: &[Trusted], host: &str, claims: &Claims, now: Timestamp) -> Result<Vouched, String> {
    let expires_at = holds(claims, now)?;
    let trusted = addressed(trusted, claims)?;
    Ok(Vouched {
        tenant: trusted.tenant.clone(),
        name: format!("{}@{host}", subject(claims)?),
        role: role(claims, &trusted.role_claim)?,
        purposes: trusted.purpose_claim.as_deref().map_or_else(|| Ok(Vec::new()), |claim| purposes(claims, claim))?,
        expires_at,
    })
}

/// Until when the token holds, if it does.
fn holds(claims: &Claims, now: Timestamp) -> Result<Timestamp, String> {
    let expires_at = instant(claims, "exp")?.ok_or("claim `exp` is missing")?;
    // Of another clock than ours.
    let expires_at = expires_at.plus(LEEWAY).unwrap_or(expires_at);
    if now >= expires_at {
        return Err("it holds no longer, as claim `exp` says".to_owned());
    }
    for name in ["nbf", "iat"] {
        let begins_at = instant(claims, name)?;
        if begins_at.is_some_and(|begins_at| now.plus(LEEWAY).is_none_or(|latest| begins_at > latest)) {
            return Err(format!("it does not hold yet, as claim `{name}` says"));
        }
    }
    Ok(expires_at)
}

/// The instant of a claim: seconds since 1970, whole or not (RFC 7519, section 2).
fn instant(claims: &Claims, name: &str) -> Result<Option<Timestamp>, String> {
    let of_number = |number: &Number| {
        if let Some(seconds) = number.as_i64() {
            return Timestamp::from_seconds(seconds);
        }
        let seconds = number.as_f64().filter(|seconds| seconds.abs() < SECONDS_MAX)?;
        #[allow(clippy::cast_possible_truncation, reason = "it is within the range of 64 bits, as was asked")]
        let micros = (seconds * SECOND as f64).round() as i64;
        Some(Timestamp::from_micros(micros))
    };
    match claims.get(name) {
        None => Ok(None),
        Some(Value::Number(number)) => match of_number(number) {
            Some(instant) => Ok(Some(instant)),
            None => Err(format!("claim `{name}` is no time")),
        },
        Some(_) => Err(format!("claim `{name}` is no time")),
    }
}

/// For whom of ours the token is. One that is for several of them says of nobody whose people they are.
fn addressed<'t>(trusted: &'t [Trusted], claims: &Claims) -> Result<&'t Trusted, String> {
    let named = names(claims, "aud").ok_or("claim `aud` is missing")?;
    let mut meant = trusted.iter().filter(|one| named.contains(&one.audience.as_str()));
    match (meant.next(), meant.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err("claim `aud` names several of ours".to_owned()),
        (None, _) => Err("claim `aud` names somebody else".to_owned()),
    }
}

/// It becomes part of a name that is logged and shown.
fn subject(claims: &Claims) -> Result<&str, String> {
    let subject = claims.get("sub").and_then(Value::as_str).ok_or("claim `sub` is missing")?;
    let is_printable = subject.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if subject.is_empty() || subject.len() > SUBJECT_BYTES_MAX || !is_printable {
        return Err("claim `sub` is no subject".to_owned());
    }
    Ok(subject)
}

/// The one that opens most of those that are ours.
fn role(claims: &Claims, claim: &str) -> Result<Role, String> {
    let named = names(claims, claim).ok_or_else(|| format!("claim `{claim}` is missing"))?;
    let highest = Role::ALL.into_iter().find(|role| named.contains(&role.name()));
    highest.ok_or_else(|| format!("claim `{claim}` names no role"))
}

/// None at all is not the same as all of them.
fn purposes(claims: &Claims, claim: &str) -> Result<Vec<Purpose>, String> {
    let named = names(claims, claim).ok_or_else(|| format!("claim `{claim}` is missing"))?;
    let purposes: Vec<Purpose> = Purpose::all().filter(|purpose| named.contains(&purpose.name())).collect();
    if purposes.is_empty() { Err(format!("claim `{claim}` names no purpose")) } else { Ok(purposes) }
}

/// What a claim names: a text, or those of a list.
fn names<'c>(claims: &'c Claims, claim: &str) -> Option<Vec<&'c str>> {
    match find(claims, claim)? {
        Value::String(name) => Some(vec![name]),
        Value::Array(names) => Some(names.iter().filter_map(Value::as_str).collect()),
        _ => None,
    }
}

/// A claim of this name, which may have dots in it as addresses do; else what a path leads to.
fn find<'c>(claims: &'c Claims, claim: &str) -> Option<&'c Value> {
    claims.get(claim).or_else(|| {
        let (outer, inner) = claim.split_once('.')?;
        inner.split('.').try_fold(claims.get(outer)?, |value, name| value.get(name))
    })
}

#[cfg(test)]
mod tests;
