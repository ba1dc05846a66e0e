//! Passwords, passes and tokens, these of a real issuer: node-oidc-provider, started by the tests.
#![allow(clippy::expect_used, clippy::panic, reason = "what a helper of a test expects, the test expects")]
#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

mod contract;
mod documents;
mod issuer;
mod tokens;

use std::sync::atomic::{AtomicU8, Ordering};

use metrify_application::Result;
use metrify_identity::{TokenIdentity, Trusted};
use tempfile::TempDir;

static NEXT: AtomicU8 = AtomicU8::new(1);

/// Not the same twice, which is all that is asked of it here.
fn random() -> Result<[u8; 32]> {
    Ok([NEXT.fetch_add(1, Ordering::Relaxed); 32])
}

/// An identity with a key of its own.
fn identity(trusted: Vec<Trusted>) -> TokenIdentity {
    let folder = TempDir::new().expect("a folder");
    TokenIdentity::open(&folder.path().join("passes.key"), random, trusted).expect("an identity")
}

fn trusted(url: &str, audience: &str, tenant: &str) -> Trusted {
    Trusted {
        url: url.to_owned(),
        audience: audience.to_owned(),
        tenant: tenant.parse().expect("a tenant"),
        role_claim: Trusted::ROLE_CLAIM.to_owned(),
        purpose_claim: None,
    }
}

#[tokio::test]
async fn the_contract_is_kept() {
    contract::holds(&identity(Vec::new()), &identity(Vec::new())).await;
}

#[tokio::test]
async fn passes_hold_beyond_a_new_start() {
    let folder = TempDir::new().expect("a folder");
    let open = || TokenIdentity::open(&folder.path().join("passes.key"), random, Vec::new()).expect("an identity");
    let token = contract::issued(&open());
    contract::reads(&open(), &token).await;
}
