//! The tokens of a real issuer, and of those who would like to be it.

use std::path::{Path, PathBuf};
use std::process::Command;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use metrify_application::Kind;
use metrify_application::identity::{Bearer, Vouched};
use metrify_application::ports::Identity;
use metrify_domain::Timestamp;
use metrify_governance::Role;
use metrify_identity::{TokenIdentity, Trusted};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::issuer::{AUDIENCE, Issuer, issued_at, part, unsigned};
use crate::{identity, trusted};

const ALGORITHMS: [&str; 9] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

async fn vouched(identity: &dyn Identity, token: &str, now: Timestamp) -> Option<Vouched> {
    match identity.read(token, now).await.expect("an answer") {
        Some(Bearer::Vouched(vouched)) => Some(vouched),
        Some(Bearer::Pass(pass)) => panic!("{pass:?} was never issued"),
        None => None,
    }
}

fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.plus(seconds * 1_000_000).expect("an instant")
}

/// One that trusts an issuer for the people of a tenant.
fn identity_of(issuer: &Issuer) -> TokenIdentity {
    identity(vec![trusted(&issuer.url, AUDIENCE, "stadtwerk")])
}

fn viewer() -> Value {
    json!({ "roles": ["viewer"] })
}

#[tokio::test]
async fn a_token_of_every_algorithm_says_who_bears_it() {
    let Some(issuer) = Issuer::start() else { return };
    let identity = identity_of(&issuer);
    for algorithm in ALGORITHMS {
        let token = issuer.token(algorithm, AUDIENCE, &json!({ "roles": ["uma", "viewer", "analyst"] })).await;
        assert_eq!(part(&token, 0)["alg"], algorithm);
        let now = issued_at(&token);
        let expected = Vouched {
            tenant: "stadtwerk".parse().expect("a tenant"),
            name: "test@127.0.0.1".to_owned(),
            role: Role::Analyst,
            purposes: Vec::new(),
            // And the minute by which clocks may differ.
            expires_at: later(now, 660),
        };
        assert_eq!(vouched(&identity, &token, now).await, Some(expected), "{algorithm}");
    }
    assert_eq!(issuer.asked().await, (1, 1), "for its configuration and its keys");
}

#[tokio::test]
async fn a_token_counts_for_its_audience_its_time_and_its_roles() {
    let Some(issuer) = Issuer::start() else { return };
    let with_purposes =
        Trusted { purpose_claim: Some("purposes".to_owned()), ..trusted(&issuer.url, "annex", "second") };
    let identity = identity(vec![trusted(&issuer.url, AUDIENCE, "first"), with_purposes]);
    let token = issuer.token("RS256", AUDIENCE, &viewer()).await;
    let now = issued_at(&token);
    for (at, holds) in [(-61, false), (-60, true), (0, true), (600, true), (659, true), (660, false), (1 << 30, false)]
    {
        assert_eq!(vouched(&identity, &token, later(now, at)).await.is_some(), holds, "{at} seconds after its issue");
    }
    let other = issuer.token("RS256", "other", &viewer()).await;
    assert_eq!(vouched(&identity, &other, now).await, None, "it is for somebody else");
    for claims in [json!({}), json!({ "roles": [] }), json!({ "roles": ["root"] }), json!({ "role": "admin" })] {
        let token = issuer.token("RS256", AUDIENCE, &claims).await;
        assert_eq!(vouched(&identity, &token, now).await, None, "{claims}");
    }
    let none = issuer.token("RS256", "annex", &viewer()).await;
    assert_eq!(vouched(&identity, &none, now).await, None, "who has no purpose has not all of them");
    let claims = json!({ "roles": "viewer", "purposes": ["grid_operation", "other"] });
    let some = issuer.token("RS256", "annex", &claims).await;
    let some = vouched(&identity, &some, now).await.expect("somebody of the other tenant");
    assert_eq!((some.tenant.as_str(), some.purposes.len()), ("second", 1));
}

#[tokio::test]
async fn what_others_made_of_a_token_is_none() {
    let Some(issuer) = Issuer::start() else { return };
    let identity = identity_of(&issuer);
    let token = issuer.token("RS256", AUDIENCE, &viewer()).await;
    let now = issued_at(&token);
    assert!(vouched(&identity, &token, now).await.is_some());

    let (header, mut claims) = (part(&token, 0), part(&token, 1));
    let signature = token.rsplit('.').next().expect("a signature");
    assert_eq!(unsigned(&header, &claims, signature).len(), token.len(), "it is made as the issuer makes it");
    claims["roles"] = json!(["admin"]);
    let mut forged = vec![unsigned(&header, &claims, signature), unsigned(&header, &claims, "")];
    for none in ["none", "None", "NONE", "", "HS256", "RS256 "] {
        for kid in [header["kid"].clone(), Value::Null] {
            let header = json!({ "alg": none, "typ": "at+jwt", "kid": kid });
            forged.push(unsigned(&header, &claims, ""));
            forged.push(unsigned(&header, &claims, signature));
        }
    }
    // The public key taken for a secret, in all forms in which somebody could have it.
    let (jwk, pem) = issuer.public_key().await;
    let secrets =
        [pem.clone(), pem.trim().to_owned(), jwk.to_string(), jwk["n"].as_str().expect("a number").to_owned()];
    for secret in secrets {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let mut header = Header::new(algorithm);
            header.kid = jwk["kid"].as_str().map(str::to_owned);
            let key = EncodingKey::from_secret(secret.as_bytes()).expect("a key");
            forged.push(jsonwebtoken::encode(&header, &claims, &key).expect("a token"));
        }
    }
    // A key that the token brings along is nobody's.
    forged.push(unsigned(&json!({ "alg": "RS256", "jwk": jwk, "kid": "mine" }), &claims, signature));
    for forged in forged {
        assert_eq!(vouched(&identity, &forged, now).await, None, "{}", part(&forged, 0));
    }
    for place in (0..token.len()).step_by(7) {
        let mut changed = token.clone().into_bytes();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).expect("text");
        assert_eq!(vouched(&identity, &changed, now).await, None, "changed at {place}");
    }
}

#[tokio::test]
async fn what_the_issuer_signed_for_something_else_is_none() {
    let Some(issuer) = Issuer::start() else { return };
    let identity = identity_of(&issuer);
    let now = issued_at(&issuer.token("ES256", AUDIENCE, &viewer()).await);
    for (header, holds) in [
        (json!({}), true),
        (json!({ "typ": "JWT" }), true),
        (json!({ "typ": "AT+JWT" }), true),
        (json!({ "typ": "application/at+jwt" }), true),
        (json!({ "typ": "logout+jwt" }), false),
        (json!({ "typ": "dpop+jwt" }), false),
        (json!({ "typ": "" }), false),
        // Of its many keys one is of this kind.
        (json!({ "kid": null }), true),
        // The key of another algorithm, or of nobody.
        (json!({ "kid": "RSA-1" }), false),
        (json!({ "kid": "ES384-1" }), false),
        (json!({ "kid": "" }), false),
    ] {
        let token = issuer.token_that_says("ES256", AUDIENCE, &viewer(), &header).await;
        assert_eq!(vouched(&identity, &token, now).await.is_some(), holds, "{}", part(&token, 0));
    }
    let since_1970 = now.micros() / 1_000_000;
    for (claims, holds) in [
        (json!({ "aud": ["account", AUDIENCE] }), true),
        (json!({ "aud": ["account", "other"] }), false),
        (json!({ "sub": null }), false),
        (json!({ "sub": "a\nb" }), false),
        (json!({ "exp": null }), false),
        (json!({ "exp": "never" }), false),
        (json!({ "exp": since_1970 - 60 }), false),
        (json!({ "nbf": since_1970 + 60 }), true),
        (json!({ "nbf": since_1970 + 61 }), false),
        (json!({ "iat": since_1970 + 61 }), false),
        (json!({ "iat": "today" }), false),
        (json!({ "iss": "metrify" }), false),
        (json!({ "iss": ["metrify", issuer.url] }), false),
        (json!({ "iss": "https://login.example.org" }), false),
    ] {
        let mut claims = claims;
        claims["roles"] = json!("operator");
        let token = issuer.token("EdDSA", AUDIENCE, &claims).await;
        assert_eq!(vouched(&identity, &token, now).await.is_some(), holds, "{claims}");
    }
}

#[tokio::test]
async fn an_issuer_speaks_for_itself_alone() {
    let Some(issuer) = Issuer::start() else { return };
    // Its keys have the same names, and it says that it is the first.
    let Some(pretender) = Issuer::named(&issuer.url) else { return };
    let Some(stranger) = Issuer::start() else { return };
    let house = identity_of(&issuer);
    let real = issuer.token("RS256", AUDIENCE, &viewer()).await;
    let now = issued_at(&real);
    assert!(vouched(&house, &real, now).await.is_some());
    let forged = pretender.token("RS256", AUDIENCE, &viewer()).await;
    assert_eq!((&part(&forged, 0), &part(&forged, 1)["iss"]), (&part(&real, 0), &part(&real, 1)["iss"]));
    assert_eq!(vouched(&house, &forged, now).await, None);

    let strange = stranger.token("RS256", AUDIENCE, &viewer()).await;
    assert_eq!(vouched(&house, &strange, now).await, None);
    assert_eq!(stranger.asked().await, (0, 0), "nobody asks whom nobody trusts");

    // Trusted by its address, it names another issuer.
    let misled = identity(vec![trusted(&pretender.url, AUDIENCE, "stadtwerk")]);
    let mut claims = part(&forged, 1);
    claims["iss"] = json!(pretender.url);
    let error = misled.read(&unsigned(&part(&forged, 0), &claims, "AAAA"), now).await.expect_err("it is another one");
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(error.chain().ends_with(&format!("it names the issuer `{}`", issuer.url)), "{}", error.chain());
    assert_eq!(pretender.asked().await, (1, 0), "its keys are of no interest");
}

#[tokio::test]
async fn a_new_key_is_known_once_a_token_names_it_and_an_old_one_is_forgotten() {
    let Some(issuer) = Issuer::start() else { return };
    let identity = identity_of(&issuer);
    let old = issuer.token("ES256", AUDIENCE, &viewer()).await;
    let now = issued_at(&old);
    assert!(vouched(&identity, &old, now).await.is_some());
    issuer.rotate().await;
    let new = issuer.token("ES256", AUDIENCE, &viewer()).await;
    assert_ne!(part(&new, 0)["kid"], part(&old, 0)["kid"]);
    assert_eq!(vouched(&identity, &new, later(now, 9)).await, None, "it was asked just now");
    assert!(vouched(&identity, &old, later(now, 9)).await.is_some(), "nobody knows better");
    assert!(vouched(&identity, &new, later(now, 10)).await.is_some());
    assert_eq!(issuer.asked().await, (2, 2));
    assert_eq!(vouched(&identity, &old, later(now, 10)).await, None, "its key is no longer the issuer's");
    // A clock that is set back does not keep anybody from asking.
    issuer.rotate().await;
    let newest = issuer.token("ES256", AUDIENCE, &viewer()).await;
    assert!(vouched(&identity, &newest, later(now, -30)).await.is_some());
}

#[tokio::test]
async fn keys_that_are_no_longer_fresh_are_asked_for_again() {
    let Some(issuer) = Issuer::start() else { return };
    let identity = identity_of(&issuer);
    let token = issuer.token("RS256", AUDIENCE, &viewer()).await;
    let now = issued_at(&token);
    for (at, asked) in [(0, 1), (599, 1), (600, 2), (659, 2)] {
        assert!(vouched(&identity, &token, later(now, at)).await.is_some());
        assert_eq!(issuer.asked().await, (asked, asked), "after {at} seconds");
    }
    // Its key is taken back once the keys were read, a minute before the token says that it was issued.
    let token = issuer.token("RS256", AUDIENCE, &viewer()).await;
    let house = identity_of(&issuer);
    assert!(vouched(&house, &token, later(issued_at(&token), -60)).await.is_some());
    issuer.rotate().await;
    for (at, holds) in [(539, true), (540, false), (541, false)] {
        assert_eq!(vouched(&house, &token, later(issued_at(&token), at)).await.is_some(), holds, "{at}");
    }
}

#[tokio::test]
async fn however_many_tokens_name_keys_that_are_not_there_the_issuer_is_asked_once() {
    let Some(issuer) = Issuer::start() else { return };
    let identity = identity_of(&issuer);
    let token = issuer.token("RS256", AUDIENCE, &viewer()).await;
    let (now, claims) = (issued_at(&token), part(&token, 1));
    let signature = token.rsplit('.').next().expect("a signature");
    for (at, asked) in [(0, 1), (5, 1), (10, 2), (19, 2), (20, 3)] {
        let forged = (0..50).map(|count| {
            let header = json!({ "alg": "RS256", "typ": "at+jwt", "kid": format!("{at}-{count}") });
            unsigned(&header, &claims, signature)
        });
        let forged: Vec<String> = forged.collect();
        let mut reading = forged.iter().map(|token| identity.read(token, later(now, at))).collect::<Vec<_>>();
        // All at once: each is begun before any is done.
        std::future::poll_fn(|context| {
            reading.retain_mut(|one| match one.as_mut().poll(context) {
                std::task::Poll::Ready(read) => {
                    assert_eq!(read.expect("an answer"), None);
                    false
                }
                std::task::Poll::Pending => true,
            });
            if reading.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
        assert_eq!(issuer.asked().await, (asked, asked), "after {at} seconds");
    }
    assert!(vouched(&identity, &token, later(now, 20)).await.is_some());
}

#[tokio::test]
async fn an_issuer_that_is_down_is_trusted_for_the_keys_that_it_had() {
    let Some(mut issuer) = Issuer::start() else { return };
    let warm = identity_of(&issuer);
    let cold = identity_of(&issuer);
    let token = issuer.token("RS256", AUDIENCE, &viewer()).await;
    let now = issued_at(&token);
    assert!(vouched(&warm, &token, now).await.is_some());
    issuer.stop();
    for at in [0, 30, 599, 605, 655] {
        assert!(vouched(&warm, &token, later(now, at)).await.is_some(), "after {at} seconds");
    }
    let unknown = unsigned(&json!({ "alg": "RS256", "kid": "new" }), &part(&token, 1), "AAAA");
    for (identity, token, at) in [(&cold, &token, 0), (&cold, &token, 5), (&cold, &token, 11), (&warm, &unknown, 700)] {
        let error = identity.read(token, later(now, at)).await.expect_err("it is down");
        assert_eq!(error.kind(), Kind::Unavailable);
        let step = format!("read `{}/.well-known/openid-configuration`", issuer.url);
        assert!(error.chain().starts_with(&step), "{}", error.chain());
        let hint = error.hint_text().expect("a hint");
        assert!(hint.starts_with("tokens of this issuer are taken again once it can be reached"), "{hint}");
    }
    // Who would know whether the key is still the issuer's?
    let error = warm.read(&token, later(now, 3_600)).await.expect_err("its keys do not hold so long");
    assert_eq!(error.kind(), Kind::Unavailable);
}

/// Tests read tokens over TLS in a process of their own, which is told in its environment whom the system knows.
const TOLD: [&str; 3] = ["TLS_ISSUER", "TLS_TOKEN", "TLS_KNOWN"];

#[tokio::test]
async fn an_issuer_on_the_network_is_known_by_its_certificate() {
    if let [Some(url), Some(token), Some(known)] = TOLD.map(|name| std::env::var_os(name)?.into_string().ok()) {
        let read = identity(vec![trusted(&url, AUDIENCE, "stadtwerk")]).read(&token, issued_at(&token)).await;
        match read {
            Ok(bearer) => assert!(known == "true" && bearer.is_some(), "{bearer:?}"),
            Err(error) => assert!(known == "false" && error.chain().contains("UnknownIssuer"), "{}", error.chain()),
        }
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let [Some((key, own)), Some((_, other))] = ["own", "other"].map(|name| certificate(folder.path(), name)) else {
        println!("SKIPPED: there is no openssl here, so no issuer is reached over TLS");
        return;
    };
    let Some(issuer) = Issuer::with_certificate(&key, &own) else { return };
    assert!(issuer.url.starts_with("https://"));
    let token = issuer.token("RS256", AUDIENCE, &viewer()).await;
    for (known_by_system, known) in [(&own, "true"), (&other, "false")] {
        let mut again = Command::new(std::env::current_exe().expect("this test"));
        again.args(["--exact", "tokens::an_issuer_on_the_network_is_known_by_its_certificate"]);
        again.envs(TOLD.into_iter().zip([&issuer.url, &token, known])).env("SSL_CERT_FILE", known_by_system);
        let said = again.env("NO_PROXY", "127.0.0.1").output().expect("it runs");
        let text = String::from_utf8_lossy(&said.stdout);
        assert!(said.status.success() && text.contains("1 passed"), "{text}");
    }
}

/// A key and its certificate for this machine, which nobody else signed; `None` where there is no openssl.
fn certificate(folder: &Path, name: &str) -> Option<(PathBuf, PathBuf)> {
    let (key, certificate) = (folder.join(format!("{name}.key")), folder.join(format!("{name}.pem")));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]);
    openssl.args(["-subj", &format!("/CN={name}"), "-addext", "subjectAltName=IP:127.0.0.1"]);
    openssl
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate);
    let made = openssl.output().ok()?;
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Some((key, certificate))
}
