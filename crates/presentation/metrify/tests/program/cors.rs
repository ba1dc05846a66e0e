//! Pages of other origins ask where the settings name them, exactly, and nowhere else.

use crate::support::api::Client;
use crate::support::http::{self, Answer};
use crate::support::{Metrify, Server};

const CONSOLE: &str = "https://console.example.org";

/// What a browser asks before it lets a page ask.
fn preflight(server: &Server, origin: &str) -> Answer {
    let headers = [
        ("Origin", origin),
        ("Access-Control-Request-Method", "PUT"),
        ("Access-Control-Request-Headers", "authorization,if-match,content-type"),
    ];
    http::send_with(&server.address, "OPTIONS /api/v1/smart-meters/x", &headers, b"").expect("an answer")
}

fn allowed(answer: &Answer) -> Option<&str> {
    answer.header("access-control-allow-origin")
}

#[test]
fn no_page_asks_unless_its_origin_is_named() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "admin");
    for answer in [
        preflight(&server, CONSOLE),
        ann.send("GET", "/api/v1/smart-meters", &[("Origin", CONSOLE)], b""),
        http::send_with(&server.address, "GET /health", &[("Origin", CONSOLE)], b"").expect("an answer"),
    ] {
        for header in ["allow-origin", "allow-methods", "allow-headers", "allow-credentials", "expose-headers"] {
            assert_eq!(answer.header(&format!("access-control-{header}")), None, "{answer:?}");
        }
    }
    assert_eq!(preflight(&server, CONSOLE).status, 405);
}

#[test]
fn pages_of_named_origins_ask_and_read_what_they_need() {
    let metrify = Metrify::new();
    let named = format!("[{CONSOLE}, 'http://127.0.0.1:5173']");
    let server = metrify.serve_with(&[("METRIFY_SERVER_CORS_ORIGINS", &named)]);
    let ann = Client::of(&metrify, &server, "admin");
    for origin in [CONSOLE, "http://127.0.0.1:5173"] {
        let answer = preflight(&server, origin);
        assert_eq!((answer.status, allowed(&answer)), (200, Some(origin)), "{answer:?}");
        let may = |header: &str, word: &str| {
            let said = answer.header(&format!("access-control-{header}")).unwrap_or_default().to_lowercase();
            assert!(said.split(',').any(|said| said.trim() == word), "{header} {word}: {said}");
        };
        for method in ["get", "post", "put", "patch", "delete"] {
            may("allow-methods", method);
        }
        for header in
            ["authorization", "x-api-key", "if-match", "content-type", "upload-offset", "metrify-purpose", "prefer"]
        {
            may("allow-headers", header);
        }
        assert_eq!(answer.header("access-control-allow-credentials"), None, "keys go in headers");
        let answer = ann.send("GET", "/api/v1/smart-meters", &[("Origin", origin)], b"");
        assert_eq!((answer.status, allowed(&answer)), (200, Some(origin)), "{answer:?}");
        let exposed = answer.header("access-control-expose-headers").unwrap_or_default().to_lowercase();
        for header in ["etag", "location", "x-request-id", "retry-after", "upload-offset", "idempotency-replayed"] {
            assert!(exposed.contains(header), "{header}: {exposed}");
        }
        // A page reads why it was refused, too.
        let refused = http::send_with(&server.address, "GET /api/v1/smart-meters", &[("Origin", origin)], b"");
        let refused = refused.expect("an answer");
        assert_eq!((refused.status, allowed(&refused)), (401, Some(origin)), "{refused:?}");
    }
    for origin in
        ["https://console.example.org.evil.example", "http://console.example.org", "null", "https://example.org"]
    {
        let answer = preflight(&server, origin);
        assert_eq!((answer.status, allowed(&answer)), (405, None), "{answer:?}");
        assert_eq!(answer.header("access-control-allow-methods"), None, "{answer:?}");
        let answer = ann.send("GET", "/api/v1/smart-meters", &[("Origin", origin)], b"");
        assert_eq!((answer.status, allowed(&answer)), (200, None), "{answer:?}");
    }
}

#[test]
fn what_is_no_origin_is_refused_at_the_start() {
    let metrify = Metrify::new();
    for wrong in ["['*']", "[example.org]", "['https://example.org/console']"] {
        let mut command = metrify.command(&["up", "--listen", "127.0.0.1:0"]);
        let ran = crate::support::ran(command.env("METRIFY_SERVER_CORS_ORIGINS", wrong));
        ran.failed_with(&["server.cors_origins", "is no origin", "hint: name each exactly"]);
    }
}
