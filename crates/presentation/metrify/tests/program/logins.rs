//! People who log in: by name and password, and by the token of an issuer that the house trusts.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::api::Client;
use crate::support::{Metrify, Ran, Server, http, quarter_hours, said, skipped};

const PASSWORD: &str = "correct horse battery staple";

fn post(server: &Server, path: &str, body: &Value) -> (u16, Value) {
    let answer = http::send(&server.address, "POST", path, None, body.to_string().as_bytes()).expect("an answer");
    let said = if answer.body.is_empty() { Value::Null } else { serde_json::from_str(&answer.body).expect("JSON") };
    (answer.status, said)
}

fn log_in(server: &Server, tenant: &str, user: &str, password: &str) -> (u16, Value) {
    post(server, "/api/v1/login", &json!({"tenant": tenant, "user": user, "password": password}))
}

fn bearer<'s>(server: &'s Server, opened: &Value) -> Client<'s> {
    Client { server, key: opened["access_token"].as_str().expect("a token").to_owned() }
}

fn renew(server: &Server, opened: &Value) -> (u16, Value) {
    post(server, "/api/v1/login/refresh", &json!({"refresh_token": opened["refresh_token"]}))
}

fn user(admin: &Client<'_>, name: &str, role: &str) {
    let (status, made) = admin.post("/api/v1/users", &json!({"name": name, "role": role, "password": PASSWORD}));
    assert_eq!(status, 201, "{made}");
    assert!(!made.to_string().contains("argon2"), "{made}");
}

#[test]
fn a_person_logs_in_renews_and_logs_out() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(4));
    let server = metrify.serve();
    let admin = Client::of(&metrify, &server, "admin");
    user(&admin, "ann", "viewer");
    let (status, first) = log_in(&server, "default", "ann", PASSWORD);
    assert_eq!((status, &first["token_type"], &first["expires_in"]), (200, &json!("Bearer"), &json!(900)), "{first}");
    let ann = bearer(&server, &first);
    assert_eq!(ann.get("/api/v1/analytics/overview").0, 200);
    assert_eq!(ann.get("/api/v1/users").0, 403, "her role is that of a viewer");
    let (status, second) = renew(&server, &first);
    assert_eq!(status, 200, "{second}");
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_eq!(bearer(&server, &second).get("/api/v1/analytics/overview").0, 200);
    // Whoever stole the first one, or was robbed of it, ends both.
    assert_eq!(renew(&server, &first).0, 401);
    assert_eq!(renew(&server, &second).0, 401);
    assert_eq!(bearer(&server, &second).get("/api/v1/analytics/overview").0, 401);
    let (_, third) = log_in(&server, "default", "ann", PASSWORD);
    let (status, _) = post(&server, "/api/v1/logout", &json!({"refresh_token": third["refresh_token"]}));
    assert_eq!((status, bearer(&server, &third).get("/api/v1/analytics/overview").0), (204, 401));
    assert_eq!(post(&server, "/api/v1/logout", &json!({"refresh_token": third["refresh_token"]})).0, 401);
    let (_, entries) = admin.get("/api/v1/audit?principal=user:ann&limit=1000");
    let told = |action: &str, outcome: &str| {
        let entries = entries["results"].as_array().expect("entries").iter();
        entries.filter(|entry| entry["action"] == action && entry["outcome"] == outcome).count()
    };
    assert_eq!((told("enter", "done"), told("enter", "denied")), (4, 3), "{entries}");
    assert!(told("read", "done") >= 2, "{entries}");
    assert!(!entries.to_string().contains(PASSWORD));
}

#[test]
fn a_wrong_name_and_a_wrong_password_are_told_alike_and_five_lock_out() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let admin = Client::of(&metrify, &server, "admin");
    user(&admin, "ann", "viewer");
    let told = |tenant: &str, name: &str| {
        let (status, problem) = log_in(&server, tenant, name, "not her password");
        assert_eq!(status, 401, "{problem}");
        problem["detail"].clone()
    };
    let wrong = told("default", "ann");
    assert_eq!([told("default", "nobody"), told("nowhere", "ann")], [wrong.clone(), wrong]);
    for _ in 0..4 {
        told("default", "ann");
    }
    assert_eq!(log_in(&server, "default", "ann", PASSWORD).0, 401, "she is locked out");
    let (_, entries) = admin.get("/api/v1/audit?principal=user:nobody");
    let entry = &entries["results"][0];
    assert_eq!((&entry["role"], &entry["outcome"]), (&Value::Null, &json!("denied")), "{entries}");
    // What is read again after a restart is locked still.
    drop(admin);
    drop(server);
    let server = metrify.serve();
    assert_eq!(log_in(&server, "default", "ann", PASSWORD).0, 401, "she is locked out");
    for body in [json!({}), json!({"user": "Ann", "password": "x"}), json!({"user": "ann", "password": 1}), json!([])] {
        assert_eq!(post(&server, "/api/v1/login", &body).0, 400, "{body}");
    }
}

#[test]
fn many_guesses_at_once_are_no_more_guesses() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let admin = Client::of(&metrify, &server, "admin");
    user(&admin, "ann", "viewer");
    let guesses: Vec<String> = (0..12).map(|number| format!("guess number {number}")).collect();
    std::thread::scope(|scope| {
        let guessing = guesses.iter().map(|guess| scope.spawn(|| log_in(&server, "default", "ann", guess).0));
        let statuses: Vec<u16> =
            guessing.collect::<Vec<_>>().into_iter().map(|one| one.join().expect("an answer")).collect();
        assert!(statuses.iter().all(|status| [401, 429].contains(status)), "{statuses:?}");
    });
    assert_eq!(log_in(&server, "default", "ann", PASSWORD).0, 401);
}

#[test]
fn an_admin_makes_changes_and_ends_people_of_its_own_tenant() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let admin = Client::of(&metrify, &server, "admin");
    let theirs = Client::of_new_tenant(&metrify, &server, "stadtwerk");
    user(&admin, "ann", "viewer");
    user(&theirs, "ann", "admin");
    let (_, opened) = log_in(&server, "stadtwerk", "ann", PASSWORD);
    let their_ann = bearer(&server, &opened);
    assert_eq!(their_ann.get("/api/v1/tenants").1["results"][0]["name"], "stadtwerk");
    assert_eq!(their_ann.get("/api/v1/users").1["results"].as_array().map(Vec::len), Some(1));
    let (_, ann) = admin.get("/api/v1/users/ann");
    assert_eq!((&ann["role"], &ann["version"]), (&json!("viewer"), &json!(1)), "{ann}");
    let (_, opened) = log_in(&server, "default", "ann", PASSWORD);
    let change = |body: Value, tag: &str| admin.ask("PUT", "/api/v1/users/ann", &[("If-Match", tag)], Some(&body));
    assert_eq!(change(json!({"role": "analyst"}), "\"2\"").0, 409);
    assert_eq!(change(json!({"role": "analyst", "title": "Ann"}), "\"1\"").0, 200);
    assert_eq!(bearer(&server, &opened).get("/api/v1/smart-meters").0, 401, "she logs in again for another role");
    let (_, opened) = log_in(&server, "default", "ann", PASSWORD);
    assert_eq!(change(json!({"role": "analyst", "status": "inactive"}), "\"2\"").0, 200);
    assert_eq!(bearer(&server, &opened).get("/api/v1/smart-meters").0, 401);
    assert_eq!(log_in(&server, "default", "ann", PASSWORD).0, 401);
    assert_eq!(their_ann.get("/api/v1/smart-meters").0, 200);
    let (status, problem) =
        their_ann.ask("PUT", "/api/v1/users/ann", &[], Some(&json!({"role": "admin", "status": "inactive"})));
    assert_eq!(status, 409, "nobody ends itself: {problem}");
    for (body, status) in [
        (json!({"name": "ann", "role": "viewer", "password": PASSWORD}), 409),
        (json!({"name": "ben", "role": "viewer", "password": "short"}), 400),
        (json!({"name": "ben", "role": "viewer", "password": "ben-ben-ben-1"}), 400),
        (json!({"name": "ben", "role": "viewer", "password": "x".repeat(2000)}), 400),
        (json!({"name": "Ben", "role": "viewer", "password": PASSWORD}), 400),
        (json!({"name": "ben", "role": "king", "password": PASSWORD}), 400),
        (json!({"name": "ben", "role": "viewer", "password": PASSWORD, "purposes": ["supply_billing"]}), 400),
    ] {
        let (told, problem) = admin.post("/api/v1/users", &body);
        assert_eq!(told, status, "{body}: {problem}");
    }
    assert_eq!(their_ann.post("/api/v1/password", &json!({"old": "wrong", "new": "another long password"})).0, 403);
    let changed = json!({"old": PASSWORD, "new": "another long password"});
    assert_eq!(their_ann.send("POST", "/api/v1/password", &[], changed.to_string().as_bytes()).status, 204);
    assert_eq!(their_ann.get("/api/v1/smart-meters").0, 401);
    assert_eq!(log_in(&server, "stadtwerk", "ann", PASSWORD).0, 401);
    assert_eq!(log_in(&server, "stadtwerk", "ann", "another long password").0, 200);
    assert_eq!(admin.post("/api/v1/password", &changed).0, 400, "a key has no password");
}

#[test]
fn a_new_password_ends_what_is_renewed_meanwhile_and_opens_for_its_owner() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let admin = Client::of(&metrify, &server, "admin");
    user(&admin, "ann", "viewer");
    let opened: Vec<Value> = (0..4).map(|_| log_in(&server, "default", "ann", PASSWORD).1).collect();
    let stop = AtomicBool::new(false);
    let renewing = |mut opened: Value| {
        while !stop.load(Ordering::Relaxed) {
            match renew(&server, &opened) {
                (200, next) => opened = next,
                _ => break,
            }
        }
        opened
    };
    let last: Vec<Value> = std::thread::scope(|scope| {
        let begin = |opened| scope.spawn(|| renewing(opened));
        let thieves: Vec<_> = opened.into_iter().map(begin).collect();
        std::thread::sleep(Duration::from_millis(300));
        let change = json!({"role": "viewer", "password": "another long password"});
        let (status, said) = admin.ask("PUT", "/api/v1/users/ann", &[], Some(&change));
        assert_eq!(status, 200, "{said}");
        std::thread::sleep(Duration::from_millis(300));
        stop.store(true, Ordering::Relaxed);
        thieves.into_iter().map(|thief| thief.join().expect("a thief")).collect()
    });
    for opened in &last {
        assert_eq!((renew(&server, opened).0, bearer(&server, opened).get("/api/v1/smart-meters").0), (401, 401));
    }
    // Whoever was locked out by others comes in again by a new password.
    for _ in 0..6 {
        log_in(&server, "default", "ann", "not her password");
    }
    assert_eq!(log_in(&server, "default", "ann", "another long password").0, 401);
    let change = json!({"role": "viewer", "password": "the third long password"});
    assert_eq!(admin.ask("PUT", "/api/v1/users/ann", &[], Some(&change)).0, 200);
    assert_eq!(log_in(&server, "default", "ann", "the third long password").0, 200);
}

#[test]
fn nobody_makes_people_who_have_more_or_last_longer() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let admin = Client::of(&metrify, &server, "admin");
    user(&admin, "boss", "admin");
    let ending = Client::with(&metrify, &server, &["--role", "admin", "--expires-at", "2099-01-01"]);
    let limited = Client::with(&metrify, &server, &["--role", "admin", "--purpose", "metering"]);
    let new = json!({"name": "ben", "role": "viewer", "password": PASSWORD});
    assert_eq!(ending.post("/api/v1/users", &new).0, 403);
    assert_eq!(limited.post("/api/v1/users", &new).0, 403);
    let change = json!({"role": "admin", "purposes": ["metering"], "password": "another long password"});
    for client in [&ending, &limited] {
        let (status, problem) = client.ask("PUT", "/api/v1/users/boss", &[], Some(&change));
        assert_eq!(status, 403, "{problem}");
    }
    let parties = json!({"parties": ["metering_operator", "supplier"]});
    assert_eq!(limited.ask("PUT", "/api/v1/tenants/default", &[], Some(&parties)).0, 403);
    Client::of_new_tenant(&metrify, &server, "stadtwerk");
    let key = json!({"title": "x", "role": "admin", "tenant": "stadtwerk"});
    assert_eq!((limited.post("/api/v1/api-keys", &key).0, admin.post("/api/v1/api-keys", &key).0), (403, 201));
    assert_eq!(log_in(&server, "default", "boss", PASSWORD).0, 200);
}

/// A command with a line of input, in the home of somebody.
fn typed(metrify: &Metrify, arguments: &[&str], home: &Path, line: &str) -> Ran {
    let mut command = metrify.command(arguments);
    command.env("XDG_CONFIG_HOME", home).stdin(Stdio::piped());
    let mut process = command.spawn().expect("the program");
    process.stdin.take().expect("its input").write_all(line.as_bytes()).expect("a line");
    said(&process.wait_with_output().expect("its end"))
}

#[test]
fn commands_log_in_once_for_those_that_follow() {
    let (metrify, elsewhere) = (Metrify::new(), Metrify::new());
    metrify.take_in("a.ndjson", quarter_hours(4));
    let home = elsewhere.path("home");
    let made = typed(&metrify, &["user", "create", "ann", "--role", "analyst"], &home, &format!("{PASSWORD}\n"));
    assert_eq!(made.code, Some(0), "{made:?}");
    let server = metrify.serve();
    let url = format!("http://{}", server.address);
    let ask =
        |arguments: &[&str], line: &str| typed(&elsewhere, &[&["--server", &url], arguments].concat(), &home, line);
    let query = ["sql", "-o", "csv", "select count(*) as readings from readings"];
    ask(&query, "").failed_with(&["neither a key nor a login", "login NAME"]);
    ask(&["login", "ann"], "wrong password\n").failed_with(&["the name or the password is wrong"]);
    ask(&["login", "ann"], "").failed_with(&["standard input holds none"]);
    let ran = ask(&["login", "ann"], &format!("{PASSWORD}\n"));
    assert!(ran.code == Some(0) && ran.stdout.starts_with("Logged in at "), "{ran:?}");
    let file = home.join("metrify/logins.json");
    assert_eq!(file.metadata().expect("the file").permissions().mode() & 0o777, 0o600);
    assert!(!std::fs::read_to_string(&file).expect("the file").contains(PASSWORD));
    assert_eq!(ask(&query, "").stdout, "readings\n4\n");
    // What ends soon is renewed, by one of many at a time.
    let mut kept: Value = serde_json::from_str(&std::fs::read_to_string(&file).expect("the file")).expect("JSON");
    kept[&url]["access_until"] = json!(0);
    std::fs::write(&file, kept.to_string()).expect("the file");
    std::thread::scope(|scope| {
        let asking: Vec<_> = (0..4).map(|_| scope.spawn(|| ask(&query, ""))).collect();
        for asked in asking {
            let ran = asked.join().expect("its end");
            assert_eq!(ran.stdout, "readings\n4\n", "{ran:?}");
        }
    });
    let users = metrify.run(&["user", "list", "-o", "csv"]).stdout;
    assert_eq!(users, "name,title,role,purposes,status\nann,,analyst,,active\n");
    ask(&["user", "list"], "").failed_with(&["no policy allows it to this role"]);
    let ran = ask(&["user", "password"], &format!("{PASSWORD}\nanother long password\n"));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ask(&query, "").failed_with(&["hint: "]);
    assert_eq!(ask(&["login", "ann"], "another long password\n").code, Some(0));
    assert_eq!(ask(&["logout"], "").code, Some(0));
    ask(&query, "").failed_with(&["neither a key nor a login"]);
    assert_eq!(metrify.run(&["user", "disable", "ann"]).code, Some(0));
    ask(&["login", "ann"], "another long password\n").failed_with(&["the name or the password is wrong"]);
}

/// An issuer that others wrote, which ends with the test.
struct Issuer {
    process: Child,
    url: String,
}

impl Issuer {
    /// `None`, with a visible line, where it is absent.
    fn start() -> Option<Self> {
        let named = std::env::var_os("ISSUER_MODULES").map(PathBuf::from);
        let usual = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/metrify/issuer/node_modules"));
        let Some(modules) = named.or(usual).filter(|folder| folder.join("oidc-provider").exists()) else {
            skipped("there is no oidc-provider here (make issuer)");
            return None;
        };
        let script = "../../infrastructure/identity/tests/identity/issuer/issuer.mjs";
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
        let mut command = Command::new("node");
        command.arg(script).env("ISSUER_MODULES", modules).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("Node.js");
        let mut url = String::new();
        BufReader::new(process.stdout.take().expect("its output")).read_line(&mut url).expect("where it listens");
        Some(Self { process, url: url.trim().to_owned() })
    }

    fn token(&self, audience: &str, claims: &Value) -> String {
        let address = self.url.replace("http://", "");
        let claims = claims.to_string();
        // `test:test`
        let headers = [
            ("Authorization", "Basic dGVzdDp0ZXN0"),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("X-Claims", claims.as_str()),
            ("X-Header", "{}"),
        ];
        let body = format!(
            "grant_type=client_credentials&scope=read&resource=https%3A%2F%2Fhouse.example%2FES256%2F{audience}"
        );
        let answer = http::send_form(&address, "POST /token", &headers, body.as_bytes()).expect("an answer");
        let said: Value = serde_json::from_str(&answer.body).expect("JSON");
        said["access_token"].as_str().unwrap_or_else(|| panic!("a token, not {said}")).to_owned()
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        if self.process.kill().is_ok() {
            drop(self.process.wait());
        }
    }
}

#[test]
fn the_token_of_a_trusted_issuer_opens_what_its_roles_may() {
    let Some(issuer) = Issuer::start() else { return };
    let metrify = Metrify::new();
    assert_eq!(metrify.run(&["tenant", "create", "stadtwerk", "--party", "supplier"]).code, Some(0));
    let trusted = json!([{"url": issuer.url, "audience": "metrify", "tenant": "stadtwerk", "role_claim": "groups"}]);
    let server = metrify.serve_with(&[("METRIFY_IDENTITY_ISSUERS", &trusted.to_string())]);
    let ask = |token: String| Client { server: &server, key: token }.get("/api/v1/audit");
    let admin = issuer.token("metrify", &json!({"groups": ["staff", "admin"], "sub": "ann"}));
    let (status, entries) = ask(admin);
    assert_eq!(status, 200, "{entries}");
    let tenant = Client { server: &server, key: issuer.token("metrify", &json!({"groups": "admin", "sub": "ann"})) };
    assert_eq!(tenant.get("/api/v1/tenants").1["results"][0]["name"], "stadtwerk");
    let (_, entries) = tenant.get("/api/v1/audit?action=read");
    let principal = &entries["results"][0]["principal"];
    assert!(principal.as_str().is_some_and(|name| name.starts_with("oidc:ann@127.0.0.1")), "{entries}");
    assert_eq!(ask(issuer.token("metrify", &json!({"groups": ["viewer"], "sub": "ben"}))).0, 403);
    for (audience, claims) in [
        ("metrify", json!({"groups": ["staff"], "sub": "eve"})),
        ("metrify", json!({"sub": "eve"})),
        ("another", json!({"groups": ["admin"], "sub": "eve"})),
    ] {
        assert_eq!(ask(issuer.token(audience, &claims)).0, 401, "{audience} {claims}");
    }
}
