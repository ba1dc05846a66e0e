//! TLS: what the server proves itself by, whom it lets in by theirs, and certificates that change while it runs.

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use reqwest::{Certificate, ClientBuilder, Identity};

use crate::support::api::Client;
use crate::support::{Metrify, Server, quarter_hours, ran};
use crate::wire;

/// Signs certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Whoever has the name of its issuer is taken for one that signed itself.
        params.distinguished_name.push(DnType::CommonName, "authority");
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority"))
    }

    /// A certificate for a name, and its key, as PEM.
    fn signed(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        (params.signed_by(&key, &self.0).expect("a certificate").pem(), key.serialize_pem())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    fn client(&self) -> ClientBuilder {
        let root = Certificate::from_pem(self.pem().as_bytes()).expect("a certificate");
        reqwest::Client::builder().no_proxy().tls_built_in_root_certs(false).add_root_certificate(root)
    }
}

fn write(metrify: &Metrify, (certificate, key): &(String, String)) {
    metrify.file("server.pem", certificate);
    metrify.file("server.key", key);
}

/// A server that says by which file clients have to prove themselves, and what else.
fn serve(metrify: &Metrify, client_ca: Option<&Path>, more: &[(&str, &str)]) -> Server {
    let path = |name: &str| metrify.path(name).display().to_string();
    let (certificate, key) = (path("server.pem"), path("server.key"));
    let mut variables =
        vec![("METRIFY_SERVER_TLS_CERTIFICATE_FILE", certificate.as_str()), ("METRIFY_SERVER_TLS_KEY_FILE", &key)];
    let client_ca = client_ca.map(|path| path.display().to_string());
    variables.extend(client_ca.as_deref().map(|path| ("METRIFY_SERVER_TLS_CLIENT_CA_FILE", path)));
    variables.extend(more);
    metrify.serve_with(&variables)
}

/// The address that everybody knows; the other one is that of the machine itself.
fn url(server: &mut Server) -> String {
    let line = server.first_line();
    let url = line.split_whitespace().find(|word| word.starts_with("https://")).expect("where it serves");
    url.trim_end_matches(',').to_owned()
}

async fn health(client: ClientBuilder, url: &str) -> Result<u16, reqwest::Error> {
    let answer = client.build()?.get(format!("{url}/health/live")).send().await?;
    Ok(answer.status().as_u16())
}

#[tokio::test]
async fn the_server_proves_itself_and_takes_a_new_certificate_while_it_runs() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(4));
    let (first, second) = (Authority::new(), Authority::new());
    write(&metrify, &first.signed("127.0.0.1"));
    let mut server = serve(&metrify, None, &[]);
    let url = url(&mut server);
    assert_eq!(health(first.client(), &url).await.expect("an answer"), 200);
    health(second.client(), &url).await.expect_err("nobody whom it trusts signed it");
    let plain = health(reqwest::Client::builder().no_proxy(), &url.replace("https", "http")).await;
    assert!(plain.is_err() || plain.is_ok_and(|status| status == 400), "nothing is told without TLS");
    // Commands on the machine itself come in by a door of their own.
    assert_eq!(metrify.sql("select count(*) from readings"), "4");
    // Half of a change changes nothing.
    let (certificate, key) = second.signed("127.0.0.1");
    metrify.file("server.pem", &certificate);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(health(first.client(), &url).await.expect("an answer"), 200);
    metrify.file("server.key", &key);
    let since = Instant::now();
    while health(second.client(), &url).await.is_err() {
        assert!(since.elapsed() < Duration::from_secs(60), "the new certificate is not taken");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    health(first.client(), &url).await.expect_err("the old one is gone");
    let ended = server.stop();
    assert!(ended.stderr.contains("stays as it is"), "{ended:?}");
}

#[tokio::test]
async fn where_clients_have_to_prove_themselves_nobody_else_comes_in() {
    let metrify = Metrify::new();
    let (authority, clients, strangers) = (Authority::new(), Authority::new(), Authority::new());
    write(&metrify, &authority.signed("127.0.0.1"));
    let client_ca = metrify.file("clients.pem", clients.pem());
    let mut server = serve(&metrify, Some(&client_ca), &[]);
    let url = url(&mut server);
    let identity = |of: &Authority| {
        let (certificate, key) = of.signed("ann");
        Identity::from_pem(format!("{key}{certificate}").as_bytes()).expect("an identity")
    };
    assert_eq!(health(authority.client().identity(identity(&clients)), &url).await.expect("an answer"), 200);
    health(authority.client().identity(identity(&strangers)), &url).await.expect_err("of another authority");
    health(authority.client(), &url).await.expect_err("without a certificate");
    assert_eq!(metrify.sql("select count(*) from readings"), "0");
}

#[tokio::test]
async fn a_command_knows_its_server_and_is_known_by_certificates() {
    let metrify = Metrify::new();
    let (authority, clients) = (Authority::new(), Authority::new());
    write(&metrify, &authority.signed("127.0.0.1"));
    let client_ca = metrify.file("clients.pem", clients.pem());
    let mut server = serve(&metrify, Some(&client_ca), &[]);
    let url = url(&mut server);
    let key = Client::of(&metrify, &server, "admin").key;
    let (certificate, of_it) = clients.signed("ann");
    let identity = Identity::from_pem(format!("{of_it}{certificate}").as_bytes()).expect("an identity");
    let path = |name: &str, text: &str| metrify.file(name, text).display().to_string();
    let ca = path("authority.pem", &authority.pem());
    let (certificate, of_it) = (path("ann.pem", &certificate), path("ann.key", &of_it));
    let list = |options: &[&str]| metrify.run(&[&["--server", &url, "-o", "csv", "key", "list"], options].concat());
    list(&["--key", &key]).failed_with(&["UnknownIssuer", "--server-ca"]);
    list(&["--key", &key, "--server-ca", &ca]).failed_with(&["--client-certificate and --client-key"]);
    let by = ["--server-ca", &ca, "--client-certificate", &certificate, "--client-key", &of_it];
    let listed = list(&[&by[..], &["--key", &key]].concat());
    assert_eq!(listed.code, Some(0), "{listed:?}");
    // Once it is a key, no other is needed.
    list(&by).failed_with(&["find out who asks"]);
    let made = metrify.run(&["key", "create", "--role", "admin", "--title", "ann", "--certificate", &certificate]);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert_eq!(list(&by).code, Some(0));
    let mut by_variables = metrify.command(&["--server", &url, "key", "list"]);
    by_variables.env("METRIFY_SERVER_CA", &ca).env("METRIFY_CLIENT_CERTIFICATE", &certificate);
    assert_eq!(ran(by_variables.env("METRIFY_CLIENT_KEY", &of_it)).code, Some(0));
    list(&by[..4]).failed_with(&["go together"]);
    metrify.run(&[&["key", "list"], &by[..]].concat()).failed_with(&["no server is named"]);
    list(&["--key", &key, "--server-ca", "/nowhere.pem"]).failed_with(&["/nowhere.pem"]);
    metrify.run(&["--server", "ftp://x", "--key", &key, "key", "list"]).failed_with(&["no address", "https://"]);
    // A browser that came by TLS once comes by nothing else.
    let client = authority.client().identity(identity).build().expect("a client");
    let answer = client.get(format!("{url}/health/live")).send().await.expect("an answer");
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000");
    let local = crate::support::http::send(&server.address, "GET", "/health/live", None, b"").expect("an answer");
    assert_eq!(local.header("strict-transport-security"), None);
}

#[tokio::test]
async fn a_certificate_that_is_registered_opens_without_a_key_until_it_is_taken_back() {
    let metrify = Metrify::new();
    let (authority, clients) = (Authority::new(), Authority::new());
    write(&metrify, &authority.signed("127.0.0.1"));
    let client_ca = metrify.file("clients.pem", clients.pem());
    let mut server = serve(&metrify, Some(&client_ca), &[]);
    let url = url(&mut server);
    let (ann, bob) = (clients.signed("ann"), clients.signed("bob"));
    let ask = async |(certificate, key): &(String, String), given: Option<&str>| {
        let identity = Identity::from_pem(format!("{key}{certificate}").as_bytes()).expect("an identity");
        let client = authority.client().identity(identity).build().expect("a client");
        let mut request = client.get(format!("{url}/api/v1/smart-meters"));
        if let Some(given) = given {
            request = request.header("X-API-Key", given);
        }
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(ask(&ann, None).await, 401, "its authority lets it in, and nobody knows what for");
    let file = metrify.file("ann.pem", &ann.0).display().to_string();
    let create = ["key", "create", "--role", "viewer", "--title", "ann", "--certificate", &file, "-o", "csv"];
    let registered = metrify.run(&create).stdout;
    let id = registered.lines().nth(1).and_then(|line| line.split(',').next()).expect("an id").to_owned();
    assert_eq!(id.len(), 32, "{registered}");
    assert_eq!(ask(&ann, None).await, 200);
    assert_eq!(ask(&bob, None).await, 401, "of the same authority");
    assert_eq!(ask(&ann, Some("mk_00_00")).await, 401, "the key that was sent is meant");
    let entries = metrify.run(&["audit", "list", "--principal", &format!("key:{id}"), "-o", "csv"]).stdout;
    assert!(entries.contains(",viewer,metering,read,meters,,done,"), "{entries}");
    // It is one key, of one tenant, and who runs the house says of which.
    metrify.run(&create).failed_with(&["it is a key of tenant default already"]);
    let made = metrify.run(&["tenant", "create", "stadtwerk", "--party", "supplier"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    metrify
        .run(&[&create[..], &["--tenant", "stadtwerk"]].concat())
        .failed_with(&["it is a key of tenant default already"]);
    let theirs = metrify.run(&["key", "create", "--role", "admin", "--tenant", "stadtwerk"]).stdout;
    let body = serde_json::json!({"certificate": "0".repeat(64), "title": "x", "role": "viewer"}).to_string();
    let local = "POST /api/v1/api-keys/certificates";
    let answer =
        crate::support::http::send_with(&server.address, local, &[("X-API-Key", theirs.trim())], body.as_bytes());
    assert_eq!(answer.expect("an answer").status, 403);
    assert_eq!(metrify.run(&["key", "revoke", &id]).code, Some(0));
    assert_eq!(ask(&ann, None).await, 401);
    assert_eq!(metrify.run(&create).code, Some(0));
    assert_eq!(ask(&ann, None).await, 200, "once more");
    let none = metrify.file("none.pem", "no certificate").display().to_string();
    metrify
        .run(&["key", "create", "--role", "viewer", "--certificate", &none])
        .failed_with(&["it holds no certificate"]);
}

#[test]
fn other_tools_give_a_key_only_where_nobody_else_reads_it() {
    let Some(python) = wire::python() else { return };
    let metrify = Metrify::new();
    let authority = Authority::new();
    write(&metrify, &authority.signed("localhost"));
    let certificate = metrify.file("authority.pem", authority.pem());
    let server = serve(&metrify, None, &wire::ON);
    let key = Client::of(&metrify, &server, "admin").key;
    let said = std::fs::read_to_string(metrify.data_dir().join("server.json")).expect("server.json");
    let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let ask = |of: &str, arguments: &[&str]| {
        let address = said[of].as_str().expect("an address").replace("127.0.0.1", "localhost");
        let mut command = wire::clients(&python, "tls", &address);
        ran(command.args(arguments).env("WIRE_KEY", &key).env("WIRE_CERTIFICATE", &certificate))
    };
    let asked = ask("postgres", &[]);
    let mut lines = asked.stdout.lines();
    assert_eq!(lines.next(), Some("secret True 6"), "{asked:?}");
    assert!(lines.next().is_some_and(|line| line.contains("no key is taken over a connection")), "{asked:?}");
    let asked = ask("flight", &["flight"]);
    assert_eq!(asked.stdout, "secret 6\n", "{asked:?}");
}

#[test]
fn a_certificate_that_is_registered_opens_sql_for_other_tools_without_a_key() {
    let Some(python) = wire::python() else { return };
    let metrify = Metrify::new();
    let (authority, clients) = (Authority::new(), Authority::new());
    write(&metrify, &authority.signed("localhost"));
    let trusted = metrify.file("authority.pem", authority.pem());
    let client_ca = metrify.file("clients.pem", clients.pem());
    let server = serve(&metrify, Some(&client_ca), &wire::ON);
    let key = Client::of(&metrify, &server, "analyst").key;
    let (postgres, flight) = wire::spoken_at(&metrify);
    let near = |address: &str| address.replace("127.0.0.1", "localhost");
    let ask = |name: &str| {
        let (certificate, secret) = clients.signed(name);
        let own = metrify.file(&format!("{name}.pem"), certificate);
        let own_key = metrify.file(&format!("{name}.key"), secret);
        std::fs::set_permissions(&own_key, Permissions::from_mode(0o600)).expect("a file of its owner alone");
        let mut command = wire::clients(&python, "own_certificate", &near(&postgres));
        command.env("WIRE_FLIGHT", near(&flight)).env("WIRE_KEY", &key).env("WIRE_CERTIFICATE", &trusted);
        command.env("WIRE_OWN", &own).env("WIRE_OWN_KEY", own_key);
        (command, own.display().to_string())
    };
    let (mut command, _) = ask("bob");
    let stranger = ran(command.arg("stranger")).stdout;
    wire::check(&stranger, &["session find out who asks…", "calls UNAUTHENTICATED"]);

    let (mut command, own) = ask("ann");
    let create = ["key", "create", "--role", "analyst", "--title", "ann", "--certificate", &own, "-o", "csv"];
    let registered = metrify.run(&create).stdout;
    let id = registered.lines().nth(1).and_then(|line| line.split(',').next()).expect("an id").to_owned();
    let mut asking = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("start the clients");
    let mut said = BufReader::new(asking.stdout.take().expect("its output")).lines().map(|line| line.expect("text"));
    let open: Vec<String> = said.by_ref().take(6).collect();
    let revoked = metrify.run(&["key", "revoke", &id]);
    assert_eq!(revoked.code, Some(0), "{revoked:?}\n{open:?}");
    asking.stdin.take().expect("its input").write_all(b"\n").expect("tell it");
    let said: Vec<String> = open.into_iter().chain(said).collect();
    assert!(asking.wait().expect("their end").success());
    wire::check(
        &said.join("\n"),
        &[
            "session 7 calls 8",
            "key 7 calls 8",
            "wrong key find out who asks…",
            "wrong key UNAUTHENTICATED UNAUTHENTICATED",
            // Who gives no password where one is asked for is let go by its own side.
            "not meant no password supplied",
            "open 9",
            "session 28P01 find out who asks…",
            "session find out who asks…",
            "calls UNAUTHENTICATED",
        ],
    );
    let log = metrify.run(&["audit", "list", "-o", "csv"]).stdout;
    let asked = |who: &str| log.lines().filter(|line| line.contains(who) && line.contains(",query,")).count();
    assert_eq!((asked(&format!("key:{id},")), asked(&format!("key:{},", key_id(&key)))), (3, 2), "{log}");
    assert!(log.lines().any(|line| line.contains("unknown") && line.contains(",enter,")), "{log}");
}

/// The part of a key that names it.
fn key_id(key: &str) -> &str {
    key.split('_').nth(1).expect("the name of the key")
}

#[test]
fn a_certificate_that_is_none_is_told_at_the_start() {
    let metrify = Metrify::new();
    let (one, other) = (Authority::new().signed("127.0.0.1"), Authority::new().signed("127.0.0.1"));
    let start = |settings: &[(&str, &str)]| {
        let mut command = metrify.command(&["up", "--listen", "127.0.0.1:0"]);
        ran(command.envs(settings.iter().copied()))
    };
    let path = |name: &str, text: &str| metrify.file(name, text).display().to_string();
    let (certificate, key) = (path("a.pem", &one.0), path("a.key", &one.1));
    let other = path("b.key", &other.1);
    const CERTIFICATE: &str = "METRIFY_SERVER_TLS_CERTIFICATE_FILE";
    const KEY: &str = "METRIFY_SERVER_TLS_KEY_FILE";
    start(&[(CERTIFICATE, &certificate)]).failed_with(&["one of the files is missing"]);
    start(&[(CERTIFICATE, &certificate), (KEY, &other)])
        .failed_with(&["read the certificate and the key of the server"]);
    start(&[(CERTIFICATE, &key), (KEY, &key)]).failed_with(&["read the certificate of the server"]);
    start(&[(CERTIFICATE, "/nowhere.pem"), (KEY, &key)]).failed_with(&["read `/nowhere.pem`"]);
}
