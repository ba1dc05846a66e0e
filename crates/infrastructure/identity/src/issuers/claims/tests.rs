//! What counts of what an issuer says.

#![allow(clippy::expect_used, clippy::panic, reason = "what a helper of a test expects, the test expects")]

use metrify_application::identity::Vouched;
use metrify_domain::Timestamp;
use metrify_governance::{Purpose, Role};
use proptest::prelude::{any, proptest};
use serde_json::{Value, json};

use super::super::Trusted;
use super::read;

const NOW_S: i64 = 1_764_442_731;

fn trusted(audience: &str, tenant: &str) -> Trusted {
    Trusted {
        url: "https://login.example.org".to_owned(),
        audience: audience.to_owned(),
        tenant: tenant.parse().expect("a tenant"),
        role_claim: Trusted::ROLE_CLAIM.to_owned(),
        purpose_claim: None,
    }
}

fn claims() -> Value {
    json!({ "aud": "house", "sub": "8f2c", "roles": ["viewer"], "exp": NOW_S + 300, "iat": NOW_S })
}

fn read_as(trusted: &[Trusted], claims: &Value) -> Result<Vouched, String> {
    let now = Timestamp::from_seconds(NOW_S).expect("an instant");
    read(trusted, "login.example.org", claims.as_object().expect("claims"), now)
}

fn with(name: &str, value: Value) -> Result<Vouched, String> {
    let mut claims = claims();
    claims[name] = value;
    read_as(&[trusted("house", "one")], &claims)
}

#[test]
fn a_token_says_who_somebody_is() {
    let expected = Vouched {
        tenant: "one".parse().expect("a tenant"),
        name: "8f2c@login.example.org".to_owned(),
        role: Role::Viewer,
        purposes: Vec::new(),
        expires_at: Timestamp::from_seconds(NOW_S + 300 + 60).expect("an instant"),
    };
    assert_eq!(read_as(&[trusted("house", "one")], &claims()), Ok(expected));
}

#[test]
fn the_highest_role_counts_and_none_is_no_role() {
    for (value, expected) in [
        (json!("admin"), Some(Role::Admin)),
        (json!(["api", "viewer", "operator"]), Some(Role::Operator)),
        (json!(["offline_access", "viewer", 7, null, { "admin": true }]), Some(Role::Viewer)),
        (json!([]), None),
        (json!("Admin"), None),
        (json!("admin viewer"), None),
        (json!({ "admin": "admin" }), None),
        (json!(true), None),
        (Value::Null, None),
    ] {
        assert_eq!(with("roles", value.clone()).ok().map(|vouched| vouched.role), expected, "{value}");
    }
    let mut without = claims();
    without.as_object_mut().expect("claims").remove("roles");
    assert_eq!(read_as(&[trusted("house", "one")], &without), Err("claim `roles` is missing".to_owned()));
}

#[test]
fn roles_are_found_where_the_settings_say() {
    for claim in ["realm_access.roles", "https://example.org/roles", "resource_access.house.roles"] {
        let trusted = [Trusted { role_claim: claim.to_owned(), ..trusted("house", "one") }];
        assert_eq!(read_as(&trusted, &claims()), Err(format!("claim `{claim}` is missing")));
        let mut claims = claims();
        claims["realm_access"] = json!({ "roles": ["admin"] });
        claims["https://example.org/roles"] = json!("admin");
        claims["resource_access"] = json!({ "house": { "roles": ["admin"] }, "other": { "roles": ["viewer"] } });
        assert_eq!(read_as(&trusted, &claims).map(|vouched| vouched.role), Ok(Role::Admin), "{claim}");
    }
}

#[test]
fn who_has_no_purpose_has_not_all_of_them() {
    let trusted = [Trusted { purpose_claim: Some("purposes".to_owned()), ..trusted("house", "one") }];
    assert_eq!(read_as(&trusted, &claims()), Err("claim `purposes` is missing".to_owned()));
    let mut claims = claims();
    for none in [json!([]), json!(""), json!("all"), json!(["everything", 7])] {
        claims["purposes"] = none;
        assert_eq!(read_as(&trusted, &claims), Err("claim `purposes` names no purpose".to_owned()), "{claims}");
    }
    claims["purposes"] = json!(["supply_billing", "unknown", "metering", "metering"]);
    let names: Vec<&str> = read_as(&trusted, &claims).expect("two").purposes.into_iter().map(Purpose::name).collect();
    assert_eq!(names, ["metering", "supply_billing"]);
}

#[test]
fn a_token_is_for_one_of_ours() {
    let both = [trusted("house", "one"), trusted("annex", "two")];
    for (audience, expected) in [
        (json!("house"), Ok("one")),
        (json!(["annex"]), Ok("two")),
        (json!(["account", "annex"]), Ok("two")),
        (json!(["house", "annex"]), Err("claim `aud` names several of ours")),
        (json!("hous"), Err("claim `aud` names somebody else")),
        (json!(["House", 7]), Err("claim `aud` names somebody else")),
        (json!([]), Err("claim `aud` names somebody else")),
        (json!(7), Err("claim `aud` is missing")),
    ] {
        let mut claims = claims();
        claims["aud"] = audience;
        let tenant = read_as(&both, &claims).map(|vouched| vouched.tenant.to_string());
        assert_eq!(tenant.as_deref().map_err(String::as_str), expected, "{claims}");
    }
}

#[test]
fn clocks_may_differ_by_a_minute_and_no_more() {
    for (name, value, holds) in [
        ("exp", json!(NOW_S - 59), true),
        ("exp", json!(NOW_S - 60), false),
        ("exp", json!(NOW_S as f64 - 59.5), true),
        ("exp", json!(9_000_000_000_000_i64), true),
        ("exp", json!(i64::MAX), false),
        ("exp", json!(u64::MAX), false),
        ("exp", json!(1e300), false),
        ("exp", json!("2099-01-01"), false),
        ("exp", Value::Null, false),
        ("nbf", json!(NOW_S + 60), true),
        ("nbf", json!(NOW_S + 61), false),
        ("nbf", json!("now"), false),
        ("iat", json!(NOW_S + 60), true),
        ("iat", json!(NOW_S as f64 + 60.5), false),
        ("iat", json!(NOW_S - 1_000_000), true),
    ] {
        assert_eq!(with(name, value.clone()).is_ok(), holds, "{name} {value}");
    }
    let mut without = claims();
    without.as_object_mut().expect("claims").remove("exp");
    assert_eq!(read_as(&[trusted("house", "one")], &without), Err("claim `exp` is missing".to_owned()));
}

#[test]
fn a_subject_can_be_shown() {
    for subject in ["8f2c", "auth0|5f7c8ec7", "CN=Ann Other,O=Stadtwerk", "ann@other.example", &"x".repeat(255)] {
        let name = with("sub", json!(subject)).map(|vouched| vouched.name);
        assert_eq!(name, Ok(format!("{subject}@login.example.org")));
    }
    for none in ["", "a\nb", "a\u{0}", "\u{7f}", "a\u{202e}b", "änn", "a\tb", &"x".repeat(256)] {
        assert_eq!(with("sub", json!(none)), Err("claim `sub` is no subject".to_owned()), "{none:?}");
    }
    for none in [json!(7), Value::Null, json!(["8f2c"])] {
        assert_eq!(with("sub", none), Err("claim `sub` is missing".to_owned()));
    }
}

proptest! {
    #[test]
    fn no_number_as_a_time_panics(whole in any::<i64>(), part in any::<f64>(), now in any::<i64>()) {
        for number in [json!(whole), json!(part)] {
            for name in ["exp", "nbf", "iat"] {
                let mut claims = claims();
                claims[name] = number.clone();
                let claims = claims.as_object().expect("claims");
                for now in [now, i64::MIN, i64::MAX] {
                    let vouched = read(&[trusted("house", "one")], "host", claims, Timestamp::from_micros(now));
                    if let Ok(vouched) = vouched {
                        assert!(vouched.expires_at.micros().saturating_add(super::LEEWAY) > now);
                    }
                }
            }
        }
    }
}
