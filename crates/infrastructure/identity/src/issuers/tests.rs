//! Which issuers can be trusted at all.

use metrify_application::Kind;

use super::{Issuers, Trusted};

#[allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]
fn trusted(url: &str, audience: &str, tenant: &str) -> Trusted {
    Trusted {
        url: url.to_owned(),
        audience: audience.to_owned(),
        tenant: tenant.parse().expect("a tenant"),
        role_claim: Trusted::ROLE_CLAIM.to_owned(),
        purpose_claim: None,
    }
}

fn refused(trusted: Vec<Trusted>) -> Option<String> {
    let error = Issuers::new(trusted).err()?;
    assert_eq!(error.kind(), Kind::Invalid, "{}", error.chain());
    Some(error.to_string())
}

#[test]
fn only_addresses_that_tell_who_answers_are_trusted() {
    for url in [
        "https://login.example.org",
        "https://login.example.org/realms/stadtwerk/",
        "https://login.example.org:8443",
        "http://localhost:8080",
        "http://127.0.0.1:8080/realms/stadtwerk",
        "http://[::1]:8080",
    ] {
        assert_eq!(refused(vec![trusted(url, "house", "one")]), None, "{url}");
    }
    for url in [
        "http://login.example.org",
        "http://localhost.example.org",
        "http://10.0.0.1",
        "ftp://localhost",
        "file:///etc/passwd",
        "login.example.org",
        "metrify",
        "",
        "https://login.example.org?realm=one",
        "https://login.example.org#one",
        "https://ann:secret@login.example.org",
        "https://",
    ] {
        let told = refused(vec![trusted(url, "house", "one")]).unwrap_or_default();
        assert!(told.starts_with(&format!("trust issuer `{url}`: ")), "{url}: {told}");
    }
}

#[test]
fn what_could_not_be_told_apart_is_refused() {
    let (one, other) = ("https://login.example.org/one", "https://login.example.org/other");
    assert_eq!(refused(vec![trusted(one, "house", "one"), trusted(other, "house", "two")]), None);
    assert_eq!(refused(vec![trusted(one, "house", "one"), trusted(one, "annex", "two")]), None);
    assert_eq!(
        refused(vec![trusted(one, "house", "one"), trusted(one, "house", "two")]).as_deref(),
        Some("trust issuer `https://login.example.org/one`: audience `house` is there twice")
    );
    assert_eq!(
        refused(vec![trusted(one, "house", "one"), trusted(other, "annex", "one")]).as_deref(),
        Some(
            "trust `https://login.example.org/one` and `https://login.example.org/other` for tenant `one`: people of one \
             host could not be told apart"
        )
    );
}

#[test]
fn what_has_no_name_is_refused() {
    let url = "https://login.example.org";
    let good = || trusted(url, "house", "one");
    for one in [
        Trusted { audience: String::new(), ..good() },
        Trusted { role_claim: String::new(), ..good() },
        Trusted { purpose_claim: Some(String::new()), ..good() },
    ] {
        let told = refused(vec![one]);
        assert_eq!(
            told.as_deref(),
            Some("trust issuer `https://login.example.org`: its audience and claims need names")
        );
    }
}
