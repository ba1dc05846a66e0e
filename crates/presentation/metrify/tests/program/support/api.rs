//! A client of the programming interface with a key of its own.

use std::io;

use serde_json::Value;

use super::http::{self, Answer};
use super::{Metrify, Server};

pub struct Client<'s> {
    pub server: &'s Server,
    pub key: String,
}

impl<'s> Client<'s> {
    /// With a key of this role, for the house's own tenant.
    pub fn of(metrify: &Metrify, server: &'s Server, role: &str) -> Self {
        Self::with(metrify, server, &["--role", role])
    }

    /// With a key that `metrify key create` makes of these arguments.
    pub fn with(metrify: &Metrify, server: &'s Server, arguments: &[&str]) -> Self {
        let ran = metrify.run(&[&["key", "create", "-o", "json"], arguments].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let said: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        Self { server, key: said["key"].as_str().expect("a key").to_owned() }
    }

    /// A tenant of its own, with an admin.
    pub fn of_new_tenant(metrify: &Metrify, server: &'s Server, name: &str) -> Self {
        let ran = metrify.run(&["tenant", "create", name, "--party", "metering_operator"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        Self::with(metrify, server, &["--role", "admin", "--tenant", name])
    }

    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.try_send(method, path, headers, body).expect("an answer")
    }

    /// # Errors
    /// Where the connection breaks.
    pub fn try_send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Answer> {
        let key = [("X-API-Key", self.key.as_str())];
        let headers = [&key, headers].concat();
        http::send_with(&self.server.address, &format!("{method} {path}"), &headers, body)
    }

    pub fn get(&self, path: &str) -> (u16, Value) {
        self.ask("GET", path, &[], None)
    }

    pub fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.ask("POST", path, &[], Some(body))
    }

    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> (u16, Value) {
        let body = body.map(ToString::to_string).unwrap_or_default();
        let answer = self.send(method, path, headers, body.as_bytes());
        let said = serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error} in {answer:?}"));
        (answer.status, said)
    }
}
