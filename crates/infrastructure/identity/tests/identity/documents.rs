//! Issuers that answer what no issuer should.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use metrify_application::ports::Identity;
use metrify_application::{Error, Kind};
use metrify_domain::Timestamp;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::issuer::unsigned;
use crate::{identity, trusted};

const NOW: Timestamp = Timestamp::from_micros(1_764_442_731_000_000);

/// A server that answers a configuration and keys as it is told; it ends with the test.
struct Server {
    url: String,
    asked: Arc<AtomicUsize>,
    _serves: JoinSet<()>,
}

type Answer = fn(url: &str) -> String;

/// Never answered.
const SILENCE: &str = "";

impl Server {
    async fn start(configuration: Answer, keys: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(AtomicUsize::new(0));
        let (count, own) = (asked.clone(), url.clone());
        let mut serves = JoinSet::new();
        serves.spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                count.fetch_add(1, Ordering::Relaxed);
                answer(stream, &configuration(&own), &keys(&own)).await;
            }
        });
        Self { url, asked, _serves: serves }
    }

    /// A token that names this issuer, and a key.
    fn token(&self) -> String {
        let claims = json!({ "iss": self.url, "aud": "house", "sub": "ann", "roles": "admin", "exp": 1_764_443_000 });
        unsigned(&json!({ "alg": "RS256", "typ": "at+jwt", "kid": "one" }), &claims, "AAAA")
    }

    async fn refused(&self) -> Error {
        let identity = identity(vec![trusted(&self.url, "house", "one")]);
        let error = identity.read(&self.token(), NOW).await.expect_err("no issuer answers so");
        assert_eq!(error.kind(), Kind::Unavailable, "{}", error.chain());
        error
    }
}

async fn answer(mut stream: TcpStream, configuration: &str, keys: &str) {
    let mut request = vec![0; 8 << 10];
    let read = stream.read(&mut request).await.expect("a request");
    let is_for_keys = request[..read].starts_with(b"GET /jwks ");
    let answer = if is_for_keys { keys } else { configuration };
    if answer == SILENCE {
        std::future::pending::<()>().await;
    }
    // Whoever has read enough may have gone.
    drop(stream.write_all(answer.as_bytes()).await);
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn good(url: &str) -> String {
    ok(&json!({ "issuer": url, "jwks_uri": format!("{url}/jwks") }).to_string())
}

fn no_keys(_: &str) -> String {
    ok(r#"{"keys":[]}"#)
}

#[tokio::test]
async fn a_configuration_that_is_none_is_refused() {
    let cases: [(Answer, &str); 9] = [
        (|_| ok("no JSON"), "expected ident at line 1 column 2"),
        (|_| ok("{}"), "missing field `issuer` at line 1 column 2"),
        (
            |url| ok(&json!({ "issuer": url, "jwks_uri": "no address" }).to_string()),
            "its keys lie where nobody is known for sure, at `no address`",
        ),
        (|_| "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(), "it answered 404 Not Found"),
        (
            |url| format!("HTTP/1.1 302 Found\r\nlocation: {url}/jwks\r\ncontent-length: 0\r\n\r\n"),
            "it answered 302 Found",
        ),
        (|_| ok(&" ".repeat((512 << 10) + 1)), "it has more than 524288 bytes"),
        (|_| "no HTTP\r\n\r\n".to_owned(), "invalid HTTP version parsed"),
        (
            |url| ok(&json!({ "issuer": url, "jwks_uri": "http://keys.example.org/" }).to_string()),
            "its keys lie where nobody is known for sure, at `http://keys.example.org/`",
        ),
        (
            |url| ok(&json!({ "issuer": url, "jwks_uri": "file:///etc/passwd" }).to_string()),
            "its keys lie where nobody is known for sure, at `file:///etc/passwd`",
        ),
    ];
    for (configuration, reason) in cases {
        let server = Server::start(configuration, no_keys).await;
        let told = server.refused().await.chain();
        assert!(told.contains(reason), "{told}, not {reason}");
        assert_eq!(server.asked.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test]
async fn an_issuer_is_named_exactly() {
    for named in ["", "/", "/realms/one"] {
        let server = Server::start(good, no_keys).await;
        let url = format!("{}{named}", server.url);
        let identity = identity(vec![trusted(&url, "house", "one")]);
        let claims = json!({ "iss": url, "aud": "house", "sub": "ann", "roles": "admin", "exp": 1_764_443_000 });
        let read = identity.read(&unsigned(&json!({ "alg": "RS256" }), &claims, "AAAA"), NOW).await;
        assert_eq!(read.is_ok(), named.is_empty(), "{url}");
        // A token that spells the issuer otherwise is of nobody who is trusted, and nobody is asked about it.
        let asked = server.asked.load(Ordering::Relaxed);
        let otherwise = json!({ "iss": format!("{url}/"), "aud": "house", "sub": "ann", "roles": "admin" });
        let read = identity.read(&unsigned(&json!({ "alg": "RS256" }), &otherwise, "AAAA"), NOW).await;
        assert_eq!(read.expect("an answer"), None);
        assert_eq!(server.asked.load(Ordering::Relaxed), asked);
    }
}

#[tokio::test]
async fn keys_that_are_none_are_passed_over() {
    let cases: [(Answer, Option<&str>); 4] = [
        (|_| ok("{}"), Some("missing field `keys`")),
        (|_| ok(r#"{"keys":{}}"#), Some("expected a sequence")),
        (no_keys, None),
        (
            |_| {
                let keys = json!([
                    7, null, "key", {}, { "kty": "other", "kid": "one" }, { "kty": "oct", "k": "AAAA", "kid": "one" },
                    { "kty": "RSA", "kid": "one" }, { "kty": "RSA", "n": "*", "e": "AQAB", "kid": "one" },
                    { "kty": "RSA", "n": "", "e": "", "kid": "one" }, { "kty": "RSA", "n": "AQAB", "e": "AQAB" },
                    { "kty": "EC", "crv": "P-521", "x": "AA", "y": "AA", "kid": "one" },
                    { "kty": "OKP", "crv": "Ed448", "x": "AA", "kid": "one" },
                    { "kty": "RSA", "n": "AQAB", "e": "AQAB", "use": "enc", "kid": "one" },
                ]);
                ok(&json!({ "keys": keys }).to_string())
            },
            None,
        ),
    ];
    for (keys, reason) in cases {
        let server = Server::start(good, keys).await;
        match reason {
            Some(reason) => {
                let told = server.refused().await.chain();
                assert!(told.contains(reason), "{told}, not {reason}");
            }
            None => {
                let identity = identity(vec![trusted(&server.url, "house", "one")]);
                assert_eq!(identity.read(&server.token(), NOW).await.expect("an answer"), None);
            }
        }
    }
}

#[tokio::test]
async fn an_issuer_that_is_silent_holds_up_whoever_asks_for_some_seconds_and_nobody_after() {
    let server = Server::start(|_| SILENCE.to_owned(), no_keys).await;
    let identity = identity(vec![trusted(&server.url, "house", "one")]);
    let token = server.token();
    let silent = tokio::time::timeout(std::time::Duration::from_secs(9), identity.read(&token, NOW)).await;
    assert_eq!(silent.expect("some seconds").expect_err("no answer").kind(), Kind::Unavailable);
    for _ in 0..100 {
        let again = tokio::time::timeout(std::time::Duration::from_secs(1), identity.read(&token, NOW)).await;
        assert_eq!(again.expect("at once").expect_err("no answer").kind(), Kind::Unavailable);
    }
    assert_eq!(server.asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn who_asks_and_goes_away_does_not_leave_the_issuer_trusted_or_distrusted() {
    let server = Server::start(|_| SILENCE.to_owned(), no_keys).await;
    let identity = identity(vec![trusted(&server.url, "house", "one")]);
    let token = server.token();
    let gone = tokio::time::timeout(std::time::Duration::from_millis(50), identity.read(&token, NOW)).await;
    assert!(gone.is_err(), "it went away");
    let error = identity.read(&token, NOW).await.expect_err("nobody knows yet");
    assert_eq!((error.kind(), error.hint_text()), (Kind::Unavailable, Some("try again in a few seconds")));
}
