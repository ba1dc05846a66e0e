//! Attacks over the SQL ports as another tenant, generated: every name that a session can see or guess, every kind of statement, every way to
//! send one, with the clients that others use.

use crate::support::api::Client;
use crate::support::{Metrify, quarter_hour, ran};
use crate::wire::{ON, python, script, spoken_at};

/// What only the other tenant knows.
const SECRET: &str = "victim-meter";

#[test]
fn nothing_of_another_tenant_is_told_by_any_statement_and_all_are_in_the_log() {
    let Some(python) = python() else { return };
    let metrify = Metrify::new();
    let server =
        metrify.serve_with(&[ON[0], ON[1], ("METRIFY_SERVER_KEY_RATE", "0"), ("METRIFY_SERVER_TENANT_RATE", "0")]);
    let victim = Client::of_new_tenant(&metrify, &server, "victim");
    let readings: String = (0..4).map(|number| quarter_hour(SECRET, number, "1.5")).collect();
    assert_eq!(victim.send("POST", "/api/v1/deliveries", &[], readings.as_bytes()).status, 200);
    let other = Client::of_new_tenant(&metrify, &server, "other-one");
    let (postgres, flight) = spoken_at(&metrify);
    let mut command = script(&python, "attacks.py", &postgres);
    command
        .env("WIRE_HTTP", &server.address)
        .env("WIRE_FLIGHT", flight)
        .env("WIRE_OTHER_KEY", &other.key)
        .env("WIRE_KEY", &victim.key);
    command.env("WIRE_VICTIM", "victim").env("WIRE_SECRET", SECRET).env("WIRE_FOLDER", metrify.data_dir());
    let said = ran(&mut command);
    assert_eq!(said.code, Some(0), "{}\n{}", said.stdout, said.stderr);
    let last = said.stdout.lines().last().unwrap_or_default();
    assert!(last.ends_with(" 0 failed"), "{}\n{}", said.stdout, said.stderr);
    let made: u32 = last.split(' ').next().and_then(|count| count.parse().ok()).expect("how many there were");
    assert!(made > 5_000, "{last}");
}
