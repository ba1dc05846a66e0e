//! A process of node-oidc-provider, which ends with the test.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use metrify_domain::Timestamp;
use serde_json::{Value, json};

/// What tokens are for, unless a test says otherwise.
pub const AUDIENCE: &str = "metrify-test";

const START_TIMEOUT: Duration = Duration::from_secs(60);

pub struct Issuer {
    process: Child,
    /// Where it listens, which is its name unless another one was given.
    pub url: String,
    http: reqwest::Client,
}

/// Where `make issuer` installs its package, or where it was said to be.
fn modules() -> Option<PathBuf> {
    let named = std::env::var_os("ISSUER_MODULES").map(PathBuf::from);
    let usual = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/metrify/issuer/node_modules"));
    named.or(usual).filter(|folder| folder.join("oidc-provider").exists())
}

impl Issuer {
    /// `None`, with a word, where there is no Node.js or no package.
    pub fn start() -> Option<Self> {
        Self::started(&[])
    }

    /// One that says that it is another one.
    pub fn named(name: &str) -> Option<Self> {
        Self::started(&[("ISSUER", Path::new(name))])
    }

    /// One that is reached over TLS.
    pub fn with_certificate(key: &Path, certificate: &Path) -> Option<Self> {
        Self::started(&[("ISSUER_KEY", key), ("ISSUER_CERTIFICATE", certificate)])
    }

    fn started(told: &[(&str, &Path)]) -> Option<Self> {
        let Some(modules) = modules() else {
            println!("SKIPPED: there is no oidc-provider here (make issuer, or ISSUER_MODULES names the folder)");
            return None;
        };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/identity/issuer/issuer.mjs");
        let mut command = Command::new("node");
        command.arg(script).env("ISSUER_MODULES", modules).envs(told.iter().copied());
        let Ok(mut process) = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn() else {
            println!("SKIPPED: there is no Node.js here (20 or newer)");
            return None;
        };
        let (tells, told) = mpsc::channel();
        let output = process.stdout.take().expect("its output");
        std::thread::spawn(move || {
            let mut line = String::new();
            BufReader::new(output).read_line(&mut line).expect("where it listens");
            tells.send(line)
        });
        let Ok(url) = told.recv_timeout(START_TIMEOUT) else {
            process.kill().expect("it runs");
            panic!("it does not start");
        };
        let url = url.trim().to_owned();
        assert!(url.contains("://127.0.0.1:"), "it did not start");
        // Who it is, is not what is tested by those who ask it for tokens.
        let http = reqwest::Client::builder().no_proxy().danger_accept_invalid_certs(true).build();
        Some(Self { process, url, http: http.expect("a client") })
    }

    /// An access token of a client, signed with an algorithm, for an audience, with further claims.
    pub async fn token(&self, algorithm: &str, audience: &str, claims: &Value) -> String {
        self.token_that_says(algorithm, audience, claims, &json!({})).await
    }

    /// As [`Self::token`]; further members of its header, and claims that replace those that it had.
    pub async fn token_that_says(&self, algorithm: &str, audience: &str, claims: &Value, header: &Value) -> String {
        let request = self.http.post(format!("{}/token", self.url)).basic_auth("test", Some("test"));
        let request = request.header("x-claims", claims.to_string()).header("x-header", header.to_string());
        let resource = format!("https://house.example/{algorithm}/{audience}");
        let form = [("grant_type", "client_credentials"), ("scope", "read"), ("resource", &resource)];
        let answer: Value = request.form(&form).send().await.expect("an answer").json().await.expect("JSON");
        answer["access_token"].as_str().unwrap_or_else(|| panic!("a token, not {answer}")).to_owned()
    }

    async fn get(&self, path: &str) -> String {
        let answer = self.http.get(format!("{}{path}", self.url)).send().await.expect("an answer");
        answer.text().await.expect("a text")
    }

    /// Signs with new keys of other names from now on; the old ones are no longer published.
    pub async fn rotate(&self) {
        self.get("/test/rotate").await;
    }

    /// How often its configuration and its keys were asked for.
    pub async fn asked(&self) -> (u64, u64) {
        let requests: BTreeMap<String, u64> = serde_json::from_str(&self.get("/test/requests").await).expect("counts");
        let of = |path| requests.get(path).copied().unwrap_or_default();
        (of("/.well-known/openid-configuration"), of("/jwks"))
    }

    /// Its RSA key as it is published, and as PEM.
    pub async fn public_key(&self) -> (Value, String) {
        let keys: Value = serde_json::from_str(&self.get("/jwks").await).expect("keys");
        (keys["keys"][0].clone(), self.get("/test/pem").await)
    }

    pub fn stop(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        // One that was stopped already is none that could be killed.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// What a part of a token says: its header is part 0, its claims are part 1.
pub fn part(token: &str, place: usize) -> Value {
    let part = token.split('.').nth(place).expect("a part");
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON")
}

pub fn issued_at(token: &str) -> Timestamp {
    part(token, 1)["iat"].as_i64().and_then(Timestamp::from_seconds).expect("an instant")
}

/// A token of these parts, signed by nobody.
pub fn unsigned(header: &Value, claims: &Value, signature: &str) -> String {
    let encode = |part: &Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}.{signature}", encode(header), encode(claims))
}
