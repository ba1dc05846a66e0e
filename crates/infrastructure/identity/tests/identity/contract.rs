//! What everything keeps to that tells who people are.

use metrify_application::Kind;
use metrify_application::identity::{Bearer, Pass};
use metrify_application::ports::Identity;
use metrify_domain::Timestamp;

const ISSUED: Timestamp = Timestamp::from_micros(1_764_442_731_123_456);
const EXPIRES: Timestamp = Timestamp::from_micros(1_764_443_631_123_456);

fn pass() -> Pass {
    Pass {
        tenant: "stadtwerk".parse().expect("a tenant"),
        user: "ann".to_owned(),
        session: "0198c0de".to_owned(),
        issued_at: ISSUED,
        expires_at: EXPIRES,
    }
}

pub fn issued(identity: &dyn Identity) -> String {
    identity.issue(&pass()).expect("issued")
}

pub async fn reads(identity: &dyn Identity, token: &str) {
    assert_eq!(identity.read(token, ISSUED).await.expect("an answer"), Some(Bearer::Pass(pass())));
}

/// Of two houses that do not know each other.
pub async fn holds(identity: &dyn Identity, other: &dyn Identity) {
    a_password_matches_its_digest_and_no_other_does(identity).await;
    without_a_digest_nothing_matches(identity).await;
    a_pass_is_read_as_it_was_issued_while_it_holds(identity).await;
    nobody_else_issues_passes(identity, other).await;
    what_is_no_token_is_nobodys(identity).await;
}

async fn a_password_matches_its_digest_and_no_other_does(identity: &dyn Identity) {
    let passwords = ["correct horse battery staple", "pässwörd 密码 🔑", " ", "", "\u{0}\n", "secret"];
    for password in passwords {
        let digest = identity.digest(password).await.expect("a digest");
        assert!(password.trim().is_empty() || !digest.contains(password), "nobody finds it in {digest}");
        for tried in
            passwords.into_iter().chain(["Secret", "secret ", "pässwörd 密码", "pa\u{308}sswo\u{308}rd 密码 🔑"])
        {
            let matches = identity.matches(tried, &digest).await.expect("an answer");
            assert_eq!(matches, tried == password, "{tried:?} for {password:?}");
        }
    }
    let twice = [identity.digest("secret").await.expect("one"), identity.digest("secret").await.expect("another")];
    assert_ne!(twice[0], twice[1], "who has the same password is not seen");
    let longest = "x".repeat(1 << 20);
    let error = identity.digest(&longest).await.expect_err("too long");
    assert_eq!(error.kind(), Kind::Invalid);
    assert!(error.hint_text().is_some(), "how long it may be");
    assert!(!identity.matches(&longest, &twice[0]).await.expect("an answer"));
}

async fn without_a_digest_nothing_matches(identity: &dyn Identity) {
    for digest in ["", " ", "secret", "$", "$argon2id$v=19$m=19456,t=2,p=1$$", "\u{0}"] {
        for password in ["", "secret", digest] {
            assert!(!identity.matches(password, digest).await.expect("an answer"), "{password:?} for {digest:?}");
        }
    }
}

async fn a_pass_is_read_as_it_was_issued_while_it_holds(identity: &dyn Identity) {
    let token = issued(identity);
    reads(identity, &token).await;
    let second = |at: Timestamp, by: i64| at.plus(by * 1_000_000).expect("an instant");
    for (now, holds) in [
        (second(ISSUED, -1), false),
        (ISSUED, true),
        (second(EXPIRES, -1), true),
        (EXPIRES, false),
        (second(EXPIRES, 1), false),
        (second(EXPIRES, 100 * 365 * 86_400), false),
    ] {
        assert_eq!(identity.read(&token, now).await.expect("an answer").is_some(), holds, "{now}");
    }
}

async fn nobody_else_issues_passes(identity: &dyn Identity, other: &dyn Identity) {
    let theirs = issued(other);
    reads(other, &theirs).await;
    assert_eq!(identity.read(&theirs, ISSUED).await.expect("an answer"), None);
}

async fn what_is_no_token_is_nobodys(identity: &dyn Identity) {
    let token = issued(identity);
    let long = "x".repeat(1 << 20);
    for other in ["", ".", "..", "...", "a.b.c", "Bearer", &token[1..], &token[..token.len() - 1], &long] {
        assert_eq!(identity.read(other, ISSUED).await.expect("an answer"), None, "{other:.80}");
    }
    let too_long = Pass { user: long, ..pass() };
    // What would not be read is not issued.
    assert_eq!(identity.issue(&too_long).expect_err("too long").kind(), Kind::Invalid);
}
