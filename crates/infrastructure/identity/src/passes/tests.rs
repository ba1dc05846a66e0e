//! Nothing but what was issued is read.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use metrify_application::identity::Pass;
use metrify_domain::Timestamp;
use proptest::prelude::{any, prop_assert_eq, proptest};
use serde_json::{Value, json};

use super::Passes;

const KEY: [u8; 32] = [7; 32];
const NOW: Timestamp = Timestamp::from_micros(1_764_442_731_123_456);

#[allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]
fn passes() -> Passes {
    Passes::new(&KEY).expect("a key")
}

#[allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]
fn later(seconds: i64) -> Timestamp {
    NOW.plus(seconds * 1_000_000).expect("an instant")
}

#[allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]
fn pass() -> Pass {
    Pass {
        tenant: "stadtwerk".parse().expect("a tenant"),
        user: "änn".to_owned(),
        session: "0198c0de".to_owned(),
        issued_at: NOW,
        expires_at: later(900),
    }
}

/// The claims of [`pass`].
fn claims() -> Value {
    json!({
        "version": 1, "iss": "metrify", "aud": "metrify", "sub": "änn", "tenant": "stadtwerk", "sid": "0198c0de",
        "iat": 1_764_442_731, "iat_us": 123_456, "exp": 1_764_443_631, "exp_us": 123_456,
    })
}

#[allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]
fn signed(claims: &Value, algorithm: Algorithm, key: &[u8]) -> String {
    let key = EncodingKey::from_secret(key).expect("a key");
    jsonwebtoken::encode(&Header::new(algorithm), claims, &key).expect("a token")
}

fn read(claims: &Value) -> Option<Pass> {
    passes().read(&signed(claims, Algorithm::HS256, &KEY), NOW)
}

#[test]
fn a_pass_is_read_as_it_was_issued() {
    let token = passes().issue(&pass()).expect("issued");
    assert_eq!(passes().read(&token, NOW), Some(pass()));
    assert_eq!(read(&claims()), Some(pass()), "these are its claims");
}

#[test]
fn it_holds_from_the_instant_of_its_issue_until_it_expires_and_not_a_second_longer() {
    let token = passes().issue(&pass()).expect("issued");
    let reads = |now: Timestamp| passes().read(&token, now).is_some();
    let micro = |at: Timestamp, by: i64| at.plus(by).expect("an instant");
    assert!(reads(NOW) && !reads(micro(NOW, -1)), "not yet");
    assert!(reads(micro(later(900), -1)) && !reads(later(900)) && !reads(later(901)), "no longer");
    for far in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX - 1, i64::MAX] {
        assert!(!reads(Timestamp::from_micros(far)), "{far}");
    }
}

#[test]
fn instants_before_1970_and_far_away_are_read_as_they_were_issued() {
    for (from, until) in [(-1_500_001, -1), (0, 1), (i64::MAX - 1, i64::MAX), (i64::MIN, i64::MAX)] {
        let pass =
            Pass { issued_at: Timestamp::from_micros(from), expires_at: Timestamp::from_micros(until), ..pass() };
        let token = passes().issue(&pass).expect("issued");
        // The earliest instant has no whole second before it that could be named.
        let expected = Some(pass).filter(|_| from > i64::MIN);
        assert_eq!(passes().read(&token, Timestamp::from_micros(from)), expected);
    }
}

#[test]
fn every_claim_counts() {
    for (name, values) in [
        ("version", vec![json!(0), json!(2), json!("1"), json!(1.5), json!(-1)]),
        ("iss", vec![json!("Metrify"), json!("https://login.example.org"), json!(["metrify"]), json!(1)]),
        ("aud", vec![json!("other"), json!(["metrify"]), json!("")]),
        ("sub", vec![json!(7), json!(["änn"])]),
        ("tenant", vec![json!("../other"), json!(""), json!("Stadtwerk"), json!(7)]),
        ("sid", vec![json!(7)]),
        ("iat", vec![json!(1_764_442_732), json!(9_999_999_999_i64), json!(i64::MAX), json!("1764442731"), json!(1.5)]),
        ("iat_us", vec![json!(123_457), json!(-1), json!(1_000_000), json!("0")]),
        ("exp", vec![json!(1_764_442_731), json!(0), json!(-1), json!(i64::MAX), json!(i64::MIN), json!(1e30)]),
        ("exp_us", vec![json!(-1), json!(1_000_000), json!(i64::MAX)]),
    ] {
        let mut without = claims();
        without.as_object_mut().expect("claims").remove(name).expect("it is there");
        assert_eq!(read(&without), None, "without {name}");
        for value in values.into_iter().chain([Value::Null]) {
            let mut changed = claims();
            changed[name] = value;
            assert_eq!(read(&changed), None, "{changed}");
        }
    }
    let mut more = claims();
    more["role"] = json!("admin");
    assert_eq!(read(&more), None, "what we do not know we did not say");
}

#[test]
fn another_key_and_another_algorithm_are_not_ours() {
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        assert_eq!(passes().read(&signed(&claims(), algorithm, &KEY), NOW), None);
    }
    for key in [&[8; 32][..], &[7; 31], &[7; 33], b"metrify"] {
        assert_eq!(passes().read(&signed(&claims(), Algorithm::HS256, key), NOW), None);
    }
    let critical = Header { crit: Some(vec!["b32".to_owned()]), ..Header::new(Algorithm::HS256) };
    let key = EncodingKey::from_secret(&KEY).expect("a key");
    let token = jsonwebtoken::encode(&critical, &claims(), &key).expect("a token");
    assert_eq!(passes().read(&token, NOW), None, "it has to be understood and is not");
    let token = signed(&claims(), Algorithm::HS256, &KEY);
    let (_, rest) = token.split_once('.').expect("parts");
    let (body, signature) = rest.split_once('.').expect("parts");
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"None"}"#,
        r#"{"alg":"nOnE","typ":"JWT"}"#,
        r#"{"alg":""}"#,
        r#"{"typ":"JWT"}"#,
        r#"{"alg":"RS256"}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#,
        "{}",
        "",
    ] {
        let header = BASE64_URL_SAFE_NO_PAD.encode(header);
        for signature in ["", signature] {
            assert_eq!(passes().read(&format!("{header}.{body}.{signature}"), NOW), None, "{header}");
        }
        assert_eq!(passes().read(&format!("{header}.{body}"), NOW), None, "{header}");
    }
}

#[test]
fn no_byte_of_a_token_can_be_another() {
    let token = passes().issue(&pass()).expect("issued");
    for place in 0..token.len() {
        for other in [b'A', b'B', b'.', b'=', b' ', b'-'] {
            let mut changed = token.clone().into_bytes();
            if changed[place] != other {
                changed[place] = other;
                let changed = String::from_utf8(changed).expect("text");
                assert_eq!(passes().read(&changed, NOW), None, "{changed}");
            }
        }
        assert_eq!(passes().read(&token[..place], NOW), None);
    }
    for more in
        [format!("{token}A"), format!("{token}."), format!(".{token}"), format!("{token}\n"), format!(" {token}")]
    {
        assert_eq!(passes().read(&more, NOW), None, "{more:?}");
    }
}

proptest! {
    #[test]
    fn no_text_is_a_pass(text in ".*") {
        prop_assert_eq!(passes().read(&text, NOW), None);
    }

    #[test]
    fn no_three_parts_are_a_pass(
        header in any::<Vec<u8>>(), body in any::<Vec<u8>>(), signature in any::<Vec<u8>>(), is_json in any::<bool>(),
    ) {
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let (header, body) = if is_json {
            (br#"{"alg":"HS256"}"#.to_vec(), claims().to_string().into_bytes())
        } else {
            (header, body)
        };
        let token = format!("{}.{}.{}", encode(&header), encode(&body), encode(&signature));
        prop_assert_eq!(passes().read(&token, NOW), None);
    }

    #[test]
    fn any_user_and_any_time_are_read_as_they_were_issued(
        user in ".*", session in ".*", issued in 0..i64::MAX / 2, lasts in 1..i64::MAX / 2, part in 0.0..1.0_f64,
    ) {
        let issued_at = Timestamp::from_micros(issued);
        let pass = Pass { user, session, issued_at, expires_at: Timestamp::from_micros(issued + lasts), ..pass() };
        let token = passes().issue(&pass).expect("issued");
        #[allow(clippy::cast_possible_truncation, reason = "any instant between the two will do")]
        let now = Timestamp::from_micros(issued + ((lasts - 1) as f64 * part) as i64);
        prop_assert_eq!(passes().read(&token, now), Some(pass));
    }
}
