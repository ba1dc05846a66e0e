//! The ports of SQL for other tools: clients that do not say who they are keep nobody out, and those that are known have so many connections
//! and requests as anybody.

use crate::support::api::Client;
use crate::support::{Metrify, quarter_hours, ran};
use crate::wire::{ON, check, clients, python, spoken_at};

#[test]
fn clients_that_say_nothing_keep_nobody_out_and_are_shown_out() {
    let Some(python) = python() else { return };
    let metrify = Metrify::new();
    let server = metrify.serve_with(&ON);
    let key = Client::of(&metrify, &server, "analyst").key;
    let (postgres, flight) = spoken_at(&metrify);
    for (part, address) in [("silent_postgres", &postgres), ("silent_flight", &flight)] {
        let said = ran(clients(&python, part, address).env("WIRE_KEY", &key));
        check(
            &said.stdout,
            &[
                "1000 of one address: in time True",
                "2500 of four addresses: in time True",
                "all of them are shown out True",
            ],
        );
    }
}

#[test]
fn a_tenant_has_so_many_connections_and_another_one_comes_in_all_the_same() {
    let Some(python) = python() else { return };
    let metrify = Metrify::new();
    let server = metrify.serve_with(&ON);
    let key = Client::of(&metrify, &server, "analyst").key;
    let other = Client::of_new_tenant(&metrify, &server, "other-one").key;
    let (postgres, _) = spoken_at(&metrify);
    let said = ran(clients(&python, "crowd", &postgres).env("WIRE_KEY", &key).env("WIRE_OTHER_KEY", &other));
    check(
        &said.stdout,
        &[
            "connected 128",
            "one more FATAL:  let the client in: 128 others…",
            "another tenant 1",
            "once one has left 2",
        ],
    );
}

#[test]
fn all_doors_count_the_requests_of_a_key_together() {
    let Some(python) = python() else { return };
    let metrify = Metrify::new();
    let server = metrify.serve_with(&[ON[0], ON[1], ("METRIFY_SERVER_KEY_RATE", "2")]);
    let key = Client::of(&metrify, &server, "analyst").key;
    let (postgres, flight) = spoken_at(&metrify);
    let mut command = clients(&python, "too_often", &postgres);
    command.env("WIRE_KEY", &key).env("WIRE_FLIGHT", flight).env("WIRE_HTTP", &server.address);
    let said = ran(&mut command);
    check(&said.stdout, &["statements 53300 answer the request: too many of this key…", "calls True", "requests 429"]);
}

#[test]
fn what_is_not_understood_or_refused_is_in_the_log_as_well() {
    let Some(python) = python() else { return };
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(4));
    let server = metrify.serve_with(&ON);
    let (postgres, flight) = spoken_at(&metrify);
    let ask = |part: &str, address: &str| {
        let key = Client::with(&metrify, &server, &["--role", "analyst"]).key;
        let said = ran(clients(&python, part, address).env("WIRE_KEY", &key));
        assert_eq!(said.code, Some(0), "{said:?}");
        let asked = said.stdout.lines().count();
        let id = key.split('_').nth(1).expect("the name of the key").to_owned();
        let log = metrify.run(&["audit", "list", "-o", "json", "--principal", &format!("key:{id}")]).stdout;
        let failed = log.lines().filter(|line| line.contains("query") && !line.contains("\"done\"")).count();
        assert_eq!(failed, asked, "{part}: {}\n{log}", said.stdout);
    };
    ask("misunderstood_postgres", &postgres);
    ask("misunderstood_flight", &flight);
}
