//! What is told beforehand of somebody who is named is what happens to it.

use serde_json::{Value, json};

use crate::support::api::Client;
use crate::support::{Metrify, POINT, quarter_hours};

fn name_of(client: &Client<'_>) -> String {
    format!("key:{}", client.key.split('_').nth(1).expect("an id"))
}

/// The roles that are told of, and whether each purpose is allowed to them.
fn explained(admin: &Client<'_>, of: &str) -> (Vec<String>, Vec<(String, bool)>) {
    let (status, said) = admin.get(&format!("/api/v1/policies/explain?action=read&resource=readings{of}"));
    assert_eq!(status, 200, "{of}: {said}");
    let texts = |line: &Value, name: &str| -> Vec<String> {
        line[name].as_array().expect("names").iter().map(|name| name.as_str().expect("a name").to_owned()).collect()
    };
    let (mut roles, mut purposes) = (Vec::new(), Vec::new());
    for line in said["results"].as_array().expect("lines") {
        roles.extend(texts(line, "roles"));
        purposes.extend(texts(line, "purposes").into_iter().map(|name| (name, line["allowed"] == true)));
    }
    roles.sort();
    roles.dedup();
    (roles, purposes)
}

#[test]
fn what_is_told_of_a_principal_is_what_happens_to_it() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(4));
    let server = metrify.serve();
    let admin = Client::of(&metrify, &server, "admin");
    let path = format!("/api/v1/metering-points/{POINT}/readings");
    let limited = ["--role", "viewer", "--purpose", "customer_information"];
    for client in [Client::with(&metrify, &server, &limited), Client::of(&metrify, &server, "viewer")] {
        let (roles, purposes) = explained(&admin, &format!("&principal={}", name_of(&client)));
        assert_eq!(roles, ["viewer"]);
        assert_eq!(purposes.len(), 22, "every purpose, and none: {purposes:?}");
        for (purpose, allowed) in purposes {
            let named = [("Metrify-Purpose", purpose.as_str())];
            let headers = if purpose == "none" { &[][..] } else { &named };
            let status = client.ask("GET", &path, headers, None).0;
            assert_eq!(status == 200, allowed, "{purpose}: {status}");
        }
    }
    // Whatever role it had: a key that was taken back opens nothing, and neither does one that never was.
    let gone = Client::of(&metrify, &server, "admin");
    let before = admin.get("/api/v1/api-keys?sort=-changed&limit=1").1["results"][0]["known_from"].clone();
    let id = name_of(&gone).replace("key:", "");
    assert_eq!(admin.ask("DELETE", &format!("/api/v1/api-keys/{id}"), &[], None).0, 200);
    let (roles, purposes) = explained(&admin, &format!("&principal=key:{id}"));
    assert!(roles == ["admin"] && purposes.iter().all(|(_, allowed)| !allowed), "{purposes:?}");
    let then = before.as_str().expect("an instant");
    let (_, purposes) = explained(&admin, &format!("&principal=key:{id}&as_known_at={then}"));
    assert!(purposes.contains(&("metering".to_owned(), true)), "as it was known then: {purposes:?}");
    let asked =
        |who: &str| admin.get(&format!("/api/v1/policies/explain?action=read&resource=readings&principal={who}")).0;
    assert_eq!(["key:0123", "user:nobody", "somebody", "local", "oidc:8f2c@x"].map(asked), [404, 404, 400, 200, 200]);
    let ran = metrify.run(&["policy", "explain", "--principal", &format!("key:{id}"), "-o", "csv"]);
    assert!(ran.stdout.contains("admin,false,\"the key was taken back, and opens nothing\""), "{ran:?}");
}

#[test]
fn a_person_is_told_of_by_what_it_was_given() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let admin = Client::of(&metrify, &server, "admin");
    let password = "correct horse battery staple";
    let new = json!({"name": "ann", "password": password, "role": "analyst", "purposes": ["metering"]});
    assert_eq!(admin.post("/api/v1/users", &new).0, 201);
    let (roles, purposes) = explained(&admin, "&principal=user:ann");
    let allowed: Vec<&str> =
        purposes.iter().filter(|(_, allowed)| *allowed).map(|(purpose, _)| purpose.as_str()).collect();
    assert_eq!((roles, allowed), (vec!["analyst".to_owned()], vec!["metering", "none"]));
    // Of whom nothing is known but what the tenant would be.
    let (roles, purposes) = explained(&admin, "&parties=supplier");
    assert_eq!(roles.len(), 5);
    assert!(
        purposes.contains(&("supply_billing".to_owned(), true)) && !purposes.contains(&("metering".to_owned(), true))
    );
    let ran = metrify.run(&["policy", "explain", "--party", "supplier", "-o", "csv"]);
    assert!(ran.stdout.lines().any(|line| line.contains(",true,") && line.contains("supply_billing")), "{ran:?}");
    assert_eq!(admin.get("/api/v1/policies/explain?action=read&resource=readings&parties=king").0, 400);
}

#[test]
fn which_grant_covered_a_point_is_told_as_it_was_known() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    assert_eq!(metrify.run(&["tenant", "create", "one", "--party", "consented"]).code, Some(0));
    let admin = Client::with(&metrify, &server, &["--role", "admin", "--tenant", "one"]);
    let grant = json!({"point": POINT, "evidence": "file 2026/7", "purpose": "consent", "grantee": "tenant"});
    let (status, given) = admin.post("/api/v1/grants", &grant);
    assert_eq!(status, 201, "{given}");
    let then = given["known_from"].as_str().expect("an instant").to_owned();
    let id = given["id"].as_str().expect("an id");
    assert_eq!(admin.ask("DELETE", &format!("/api/v1/grants/{id}"), &[], None).0, 200);
    let consent = |known: &str| {
        let (_, purposes) = explained(&admin, &format!("&subject={POINT}{known}"));
        purposes.contains(&("consent".to_owned(), true))
    };
    assert!(!consent("") && consent(&format!("&as_known_at={then}")));
    let before = "/api/v1/policies/explain?action=read&resource=readings&as_known_at=2020-01-01";
    assert_eq!(admin.get(before).0, 404, "there was no such tenant");
}
