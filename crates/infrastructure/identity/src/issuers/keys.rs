//! The public keys of an issuer (RFC 7517), and which of them a token may be signed with.

use std::sync::Arc;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// More than any issuer signs with at a time; further ones are not looked at.
const KEYS_MAX: usize = 100;

/// As it is published. Each key is looked at by itself: one that nobody understands is none of ours (section 5).
#[derive(Deserialize)]
pub(super) struct Published {
    keys: Vec<Value>,
}

pub(super) struct Key {
    jwk: Jwk,
    pub(super) checks: DecodingKey,
}

#[derive(Default)]
pub(super) struct Keys(Vec<Arc<Key>>);

impl Keys {
    pub(super) fn of(published: Published) -> Self {
        let keys = published.keys.into_iter().take(KEYS_MAX);
        Self(keys.filter_map(Key::of).map(Arc::new).collect())
    }

    /// The key of a name that an algorithm can be used with; without a name the only one, if there is only one.
    pub(super) fn find(&self, algorithm: Algorithm, name: Option<&str>) -> Option<Arc<Key>> {
        let mut fitting = self.0.iter().filter(|key| key.fits(algorithm));
        match name {
            Some(name) => fitting.find(|key| key.jwk.common.key_id.as_deref() == Some(name)).cloned(),
            None => fitting.next().filter(|_| fitting.next().is_none()).cloned(),
        }
    }
}

impl Key {
    fn of(published: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(published).ok()?;
        let common = &jwk.common;
        let signs = common.public_key_use.as_ref().is_none_or(|of| *of == PublicKeyUse::Signature)
            && common.key_operations.as_ref().is_none_or(|of| of.contains(&KeyOperations::Verify));
        // A secret that is published is none.
        let is_public = !matches!(jwk.algorithm, AlgorithmParameters::OctetKey(_) | AlgorithmParameters::Other(_));
        let checks = DecodingKey::from_jwk(&jwk).ok().filter(|_| signs && is_public)?;
        Some(Self { jwk, checks })
    }

    /// Whether it is of the algorithm's kind, and for no other one.
    fn fits(&self, algorithm: Algorithm) -> bool {
        let is_of_kind = match (&self.jwk.algorithm, algorithm) {
            (
                AlgorithmParameters::RSA(_),
                Algorithm::RS256
                | Algorithm::RS384
                | Algorithm::RS512
                | Algorithm::PS256
                | Algorithm::PS384
                | Algorithm::PS512,
            ) => true,
            (AlgorithmParameters::EllipticCurve(key), Algorithm::ES256) => key.curve == EllipticCurve::P256,
            (AlgorithmParameters::EllipticCurve(key), Algorithm::ES384) => key.curve == EllipticCurve::P384,
            (AlgorithmParameters::OctetKeyPair(key), Algorithm::EdDSA) => key.curve == EllipticCurve::Ed25519,
            _ => false,
        };
        is_of_kind && self.jwk.common.key_algorithm.is_none_or(|named| named == KeyAlgorithm::from(algorithm))
    }
}
