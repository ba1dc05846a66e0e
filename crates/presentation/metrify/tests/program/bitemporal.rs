//! What holds, what held, and what was known when: messages of the market in every order of arrival.

use crate::support::mscons::{Amount, load_curve, storno};
use crate::support::{Metrify, POINT, quarter_hour};

/// Name and bytes of a delivery.
type Message<'a> = (&'a str, String);

/// The same three quarter-hours as they became known: provisional, then substituted, then true.
fn ripening() -> Vec<Message<'static>> {
    vec![
        ("first", load_curve("D1", "202404020300", &[(0, "Z18", "1"), (1, "Z18", "2"), (2, "220", "3")])),
        ("second", load_curve("D2", "202404030300", &[(0, "67", "1.5"), (1, "67", "2.5")])),
        ("third", load_curve("D3", "202404040300", &[(0, "220", "1.25"), (1, "67", "2.5")])),
    ]
}

fn permutations(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for shorter in permutations(count - 1) {
        for place in 0..count {
            let mut longer = shorter.clone();
            longer.insert(place, count - 1);
            all.push(longer);
        }
    }
    all
}

/// Value, quality and day of knowledge of each quarter-hour.
const STATE: &str = "select value, quality, recorded_at";

fn holds(metrify: &Metrify, table: &str) -> String {
    metrify.sql(&format!("{STATE} from {table} order by period_start"))
}

#[test]
fn versions_by_document_time_give_the_same_answers_in_every_order_of_arrival() {
    let messages = ripening();
    for order in permutations(messages.len()) {
        let metrify = Metrify::new();
        for (name, bytes) in order.iter().map(|at| &messages[*at]) {
            metrify.take_in(name, bytes);
        }
        let now = "1.25,true,2024-04-04T03:00:00Z\n2.5,substitute,2024-04-03T03:00:00Z\n3,true,2024-04-02T03:00:00Z";
        assert_eq!(holds(&metrify, "readings"), now, "{order:?}");
        for (at, expected) in [
            ("2024-04-01T00:00:00Z", ""),
            ("2024-04-02T03:00:00Z", "1,provisional\n2,provisional\n3,true"),
            ("2024-04-03T12:00:00Z", "1.5,substitute\n2.5,substitute\n3,true"),
            ("2024-04-05T00:00:00Z", "1.25,true\n2.5,substitute\n3,true"),
        ] {
            let known =
                metrify.sql(&format!("select value, quality from readings_as_known('{at}') order by period_start"));
            assert_eq!(known, expected, "{order:?}, known at {at}");
        }
        let every = "1,provisional\n1.25,true\n1.5,substitute\n2,provisional\n2.5,substitute\n3,true";
        let history = metrify.sql("select distinct value, quality from readings_history order by value");
        assert_eq!(history, every, "{order:?}");
    }
}

#[test]
fn history_holds_each_version_once_in_every_order_of_arrival() {
    let messages = ripening();
    for order in permutations(messages.len()) {
        let metrify = Metrify::new();
        for (name, bytes) in order.iter().map(|at| &messages[*at]) {
            metrify.take_in(name, bytes);
        }
        let twice = "select value, count(*) from readings_history group by period_start, value, quality, recorded_at having count(*) > 1";
        assert_eq!(metrify.sql(twice), "", "{order:?}");
    }
}

#[test]
fn a_message_taken_back_restores_the_state_before_it_whenever_the_storno_arrives() {
    let mut messages = ripening();
    messages.truncate(2);
    messages.push(("storno", storno("S1", "202404050300", "D2")));
    for order in permutations(messages.len()) {
        let metrify = Metrify::new();
        for (name, bytes) in order.iter().map(|at| &messages[*at]) {
            metrify.take_in(name, bytes);
        }
        let restored = metrify.sql("select value, quality from readings order by period_start");
        assert_eq!(restored, "1,provisional\n2,provisional\n3,true", "{order:?}");
        for (at, expected) in [
            ("2024-04-02T12:00:00Z", "1\n2\n3"),
            ("2024-04-04T00:00:00Z", "1.5\n2.5\n3"),
            ("2024-04-06T00:00:00Z", "1\n2\n3"),
        ] {
            let known = metrify.sql(&format!("select value from readings_as_known('{at}') order by period_start"));
            assert_eq!(known, expected, "{order:?}, known at {at}");
        }
        let taken_back = metrify
            .sql("select value, withdrawn_at from readings_history where withdrawn_at is not null order by value");
        assert_eq!(taken_back, "1.5,2024-04-05T03:00:00Z\n2.5,2024-04-05T03:00:00Z", "{order:?}");
    }
}

#[test]
fn a_first_message_taken_back_leaves_nothing_that_holds() {
    let metrify = Metrify::new();
    metrify.take_in("first", load_curve("D1", "202404020300", &[(0, "220", "1")]));
    metrify.take_in("storno", storno("S1", "202404050300", "D1"));
    assert_eq!(metrify.sql("select count(*) from readings"), "0");
    assert_eq!(metrify.sql("select count(*) from readings_history"), "1");
    let again = metrify.take_in("new", load_curve("D4", "202404060300", &[(0, "220", "4")]));
    assert_eq!(again.total("rejected"), 0);
    assert_eq!(holds(&metrify, "readings"), "4,true,2024-04-06T03:00:00Z");
    let twice = metrify.take_in("storno", storno("S1", "202404050300", "D1"));
    assert_eq!(twice.sum(), "1 = 0 stored + 1 duplicates + 0 corrections + 0 rejected");
}

#[test]
fn a_message_taken_back_does_not_take_what_another_message_said() {
    let messages = [
        ("first", load_curve("D1", "202404020300", &[(0, "220", "1")])),
        ("again", load_curve("D2", "202404030300", &[(0, "220", "1")])),
        ("storno", storno("S1", "202404050300", "D1")),
    ];
    for order in permutations(messages.len()) {
        let metrify = Metrify::new();
        for (name, bytes) in order.iter().map(|at| &messages[*at]) {
            metrify.take_in(name, bytes);
        }
        assert_eq!(metrify.sql("select value from readings"), "1", "{order:?}");
    }
}

#[test]
fn an_older_document_that_arrives_late_does_not_replace_a_newer_one() {
    let metrify = Metrify::new();
    let [first, second, _] = ripening().try_into().expect("three messages");
    metrify.take_in(second.0, second.1);
    let late = metrify.take_in(first.0, first.1);
    assert_eq!(late.sum(), "3 = 1 stored + 0 duplicates + 2 corrections + 0 rejected");
    assert_eq!(metrify.sql("select value from readings order by period_start"), "1.5\n2.5\n3");
    assert_eq!(metrify.sql("select count(*) from readings_history"), "5");
}

#[test]
fn equal_values_sent_again_are_duplicates_and_keep_their_time_of_knowledge() {
    let metrify = Metrify::new();
    let amounts = [(0, "220", "1"), (1, "220", "2")];
    metrify.take_in("first", load_curve("D1", "202404020300", &amounts));
    let again = metrify.take_in("again", load_curve("D2", "202404030300", &amounts));
    assert_eq!(again.sum(), "2 = 0 stored + 2 duplicates + 0 corrections + 0 rejected");
    assert_eq!(holds(&metrify, "readings"), "1,true,2024-04-02T03:00:00Z\n2,true,2024-04-02T03:00:00Z");
    let padded = metrify.take_in("padded", load_curve("D3", "202404040300", &[(0, "220", "1.000")]));
    assert_eq!(padded.sum(), "1 = 0 stored + 1 duplicates + 0 corrections + 0 rejected");
}

/// A line of ours with the time at which it became known.
fn known(number: u32, value: &str, recorded_at: &str) -> String {
    let line = quarter_hour(POINT, number, value);
    line.replace("}\n", &format!(",\"recorded_at\":\"{recorded_at}\"}}\n"))
}

#[test]
fn lines_of_ours_carry_their_time_of_knowledge() {
    let versions =
        [("a", "1", "2025-01-02T00:00:00Z"), ("b", "2", "2025-01-03T00:00:00Z"), ("c", "3", "2025-01-04T00:00:00Z")];
    for order in permutations(versions.len()) {
        let metrify = Metrify::new();
        for (name, value, recorded_at) in order.iter().map(|at| versions[*at]) {
            metrify.take_in(name, known(0, value, recorded_at));
        }
        assert_eq!(metrify.sql("select value, recorded_at from readings"), "3,2025-01-04T00:00:00Z", "{order:?}");
        assert_eq!(metrify.sql("select value from readings_as_known('2025-01-03T12:00:00Z')"), "2", "{order:?}");
        assert_eq!(metrify.sql("select value from readings_history order by 1"), "1\n2\n3", "{order:?}");
    }
}

#[test]
fn a_value_that_returns_holds_in_every_order_of_arrival() {
    let versions =
        [("a", "1", "2025-01-02T00:00:00Z"), ("b", "2", "2025-01-03T00:00:00Z"), ("c", "1", "2025-01-04T00:00:00Z")];
    for order in permutations(versions.len()) {
        let metrify = Metrify::new();
        for (name, value, recorded_at) in order.iter().map(|at| versions[*at]) {
            metrify.take_in(name, known(0, value, recorded_at));
        }
        let known_at = |at: &str| metrify.sql(&format!("select value from readings_as_known('{at}')"));
        assert_eq!(known_at("2025-01-02T12:00:00Z"), "1", "{order:?}");
        assert_eq!(known_at("2025-01-03T12:00:00Z"), "2", "{order:?}");
        assert_eq!(known_at("2025-01-05T00:00:00Z"), "1", "{order:?}");
        assert_eq!(metrify.sql("select value from readings"), "1", "{order:?}");
    }
}

#[test]
fn a_time_of_knowledge_in_the_future_does_not_keep_out_what_comes_later() {
    let metrify = Metrify::new();
    metrify.take_in("early", known(0, "1", "2099-01-01T00:00:00Z"));
    metrify.take_in("later", quarter_hour(POINT, 0, "2"));
    assert_eq!(metrify.sql("select value from readings"), "2");
}

#[test]
fn versions_within_one_file_give_the_same_as_in_files_of_their_own() {
    let lines = [
        known(0, "1", "2025-01-02T00:00:00Z"),
        known(0, "2", "2025-01-03T00:00:00Z"),
        known(0, "3", "2025-01-04T00:00:00Z"),
    ];
    for order in permutations(lines.len()) {
        let metrify = Metrify::new();
        let bytes: String = order.iter().map(|at| lines[*at].as_str()).collect();
        let receipts = metrify.take_in("all", bytes);
        assert_eq!(receipts.sum(), "3 = 1 stored + 0 duplicates + 2 corrections + 0 rejected", "{order:?}");
        assert_eq!(metrify.sql("select value from readings"), "3", "{order:?}");
        assert_eq!(metrify.sql("select value from readings_history order by 1"), "1\n2\n3", "{order:?}");
    }
}

#[test]
fn what_memory_holds_and_what_the_lake_holds_answer_alike() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    // Some land in between, some do not: the answers must not show which.
    for (name, bytes) in ripening() {
        metrify.take_in(name, bytes);
    }
    metrify.take_in("storno", storno("S1", "202404050300", "D3"));
    let in_memory =
        (holds(&metrify, "readings"), metrify.sql("select value, quality from readings_history order by 1, 2"));
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let landed =
        (holds(&metrify, "readings"), metrify.sql("select value, quality from readings_history order by 1, 2"));
    assert_eq!(in_memory, landed);
    assert_eq!(
        landed.0,
        "1.5,substitute,2024-04-03T03:00:00Z\n2.5,substitute,2024-04-03T03:00:00Z\n3,true,2024-04-02T03:00:00Z"
    );
}

/// A table of hours, in local time without a zone: the hour from two comes twice, as it does in autumn.
const AUTUMN: &str = "point;quantity;period_start;period_end;value;unit
50120962218;1-0:1.29.0;26.10.2025 01:00;26.10.2025 02:00;1;kWh
50120962218;1-0:1.29.0;26.10.2025 02:00;26.10.2025 03:00;2;kWh
50120962218;1-0:1.29.0;26.10.2025 02:00;26.10.2025 03:00;3;kWh
50120962218;1-0:1.29.0;26.10.2025 03:00;26.10.2025 04:00;4;kWh
";

const AUTUMN_HOURS: &str =
    "2025-10-25T23:00:00Z,1\n2025-10-26T00:00:00Z,2\n2025-10-26T01:00:00Z,3\n2025-10-26T02:00:00Z,4";

#[test]
fn the_doubled_hour_of_autumn_is_two_hours_in_their_order() {
    let metrify = Metrify::new();
    let file = metrify.file("autumn.csv", AUTUMN);
    let receipts = metrify.ingest_with(&[&file], &["--timezone", "Europe/Berlin"]);
    assert_eq!(receipts.sum(), "4 = 4 stored + 0 duplicates + 0 corrections + 0 rejected");
    assert_eq!(metrify.sql("select period_start, value from readings order by 1"), AUTUMN_HOURS);
    assert_eq!(
        metrify.sql("select local_hour(period_start) as h, count(*) from readings group by 1 order by 1"),
        "1,1\n2,2\n3,1"
    );
}

/// Reads `file` without a zone, then its rejects with one.
fn replayed(metrify: &Metrify, name: &str, bytes: &str) {
    let receipts = metrify.take_in(name, bytes);
    assert_eq!((receipts.total("stored"), receipts.total("received")), (0, receipts.total("rejected")));
    assert!(receipts.problems().contains("--timezone"), "{}", receipts.problems());
    let without = metrify.run(&["rejects", "replay"]);
    assert_eq!(without.code, Some(2), "{without:?}");
    let with = metrify.run(&["rejects", "replay", "--timezone", "Europe/Berlin"]);
    assert_eq!(with.code, Some(0), "{with:?}");
    assert_eq!(metrify.sql("select distinct state from rejects"), "resolved");
    let list = metrify.run(&["rejects", "list", "-o", "csv"]);
    assert_eq!(list.stdout.lines().count(), 1, "{list:?}");
}

#[test]
fn stamps_without_a_zone_wait_among_the_rejects_until_one_is_named() {
    let metrify = Metrify::new();
    let summer = AUTUMN.replace(".10.2025", ".07.2025").replace("02:00;26.07.2025 03:00;3", "04:00;26.07.2025 05:00;3");
    replayed(&metrify, "summer.csv", &summer);
    let hours = "2025-07-25T23:00:00Z,1\n2025-07-26T00:00:00Z,2\n2025-07-26T01:00:00Z,4\n2025-07-26T02:00:00Z,3";
    assert_eq!(metrify.sql("select period_start, value from readings order by 1"), hours);
}

#[test]
fn the_doubled_hour_is_resolved_by_its_order_when_it_is_replayed_too() {
    let metrify = Metrify::new();
    replayed(&metrify, "autumn.csv", AUTUMN);
    assert_eq!(metrify.sql("select period_start, value from readings order by 1"), AUTUMN_HOURS);
}

/// A line of ours that says the same as a load curve of its first quarter-hour, when it is received.
fn line(value: &str) -> String {
    let line = quarter_hour(POINT, 0, value).replace("1-0:1.29.0", "1-1:1.29.0");
    line.replace("2025-01-01T00:00:00Z", "2024-03-31T22:00:00Z").replace("2025-01-01T00:15:00Z", "2024-03-31T22:15:00Z")
}

#[test]
fn a_message_taken_back_does_not_take_what_was_said_without_a_message() {
    let messages = [
        ("first", load_curve("D1", "202404020300", &[(0, "220", "1")])),
        ("line", line("1")),
        ("storno", storno("S1", "202404050300", "D1")),
    ];
    for order in permutations(messages.len()) {
        let metrify = Metrify::new();
        for (name, bytes) in order.iter().map(|at| &messages[*at]) {
            metrify.take_in(name, bytes);
        }
        for table in ["readings", "readings_as_known(now())"] {
            assert_eq!(metrify.sql(&format!("select value from {table}")), "1", "{order:?}, {table}");
        }
    }
    // However often it is said, it is one statement beside the message.
    let metrify = Metrify::new();
    metrify.take_in("first", &messages[0].1);
    for blanks in ["", "\n", "\n\n"] {
        let again = metrify.take_in("line", line("1") + blanks);
        assert_eq!(again.sum(), "1 = 0 stored + 1 duplicates + 0 corrections + 0 rejected");
    }
    assert_eq!(metrify.sql("select count(*) from readings_history"), "2");
    assert_eq!(holds(&metrify, "readings"), "1,true,2024-04-02T03:00:00Z");
}

#[test]
fn what_holds_without_a_message_that_was_taken_back_does_not_depend_on_when_that_is_heard() {
    let messages = [
        ("first", load_curve("D1", "202404020300", &[(0, "220", "1")])),
        ("second", load_curve("D2", "202404030300", &[(0, "220", "2")])),
        ("third", load_curve("D3", "202404040300", &[(0, "220", "1")])),
        ("storno", storno("S1", "202404050300", "D2")),
    ];
    for order in permutations(messages.len()) {
        let metrify = Metrify::new();
        for (name, bytes) in order.iter().map(|at| &messages[*at]) {
            metrify.take_in(name, bytes);
        }
        for table in ["readings", "readings_as_known(now())"] {
            assert_eq!(holds(&metrify, table), "1,true,2024-04-02T03:00:00Z", "{order:?}, {table}");
        }
    }
}

#[test]
fn the_last_of_what_one_file_says_of_a_reading_holds_and_the_file_again_changes_nothing() {
    let plain: fn(&str) -> String = |value| quarter_hour(POINT, 0, value);
    let dated: fn(&str) -> String = |value| known(0, value, "2025-01-03T00:00:00Z");
    for line in [plain, dated] {
        for before in [None, Some("1")] {
            for values in [["1", "2", "1"], ["2", "1", "2"]] {
                let metrify = Metrify::new();
                if let Some(before) = before {
                    metrify.take_in("before", known(0, before, "2025-01-02T00:00:00Z"));
                }
                let file: String = values.map(line).concat();
                metrify.take_in("file", &file);
                let holds = || {
                    (metrify.sql("select value from readings"), metrify.sql("select count(*) from readings_history"))
                };
                let said = holds();
                assert_eq!(said.0, values[2], "{before:?}, {values:?}");
                let again = metrify.run(&["deliveries", "replay", "-o", "json"]);
                assert!(again.stdout.contains("\"changed\":0"), "{again:?}");
                metrify.take_in("file", file);
                assert_eq!(holds(), said, "{before:?}, {values:?}");
            }
        }
    }
}

#[test]
fn days_and_latest_readings_as_known_then_are_told_while_a_message_that_was_taken_back_waits_for_the_lake() {
    let metrify = Metrify::new();
    let server = metrify.serve_with(&[("METRIFY_LANDING_INTERVAL_S", "100000")]);
    let amounts: Vec<Amount<'_>> = (0..8).map(|number| (number, "220", "1")).collect();
    let corrected: Vec<Amount<'_>> = (0..4).map(|number| (number, "220", "2")).collect();
    metrify.take_in("first", load_curve("D1", "202404020300", &amounts));
    metrify.take_in("second", load_curve("D2", "202404030300", &corrected));
    metrify.take_in("storno", storno("S1", "202404050300", "D2"));
    for (then, sum) in [("2024-04-02T12:00:00Z", "8"), ("2024-04-04T00:00:00Z", "12"), ("2024-04-06T00:00:00Z", "8")] {
        for (query, expected) in [
            ("select sum(\"sum\") from readings_daily", sum),
            ("select sum(value) from readings", sum),
            ("select count(*) from readings_latest", "1"),
        ] {
            let told = metrify.run(&["sql", "-o", "csv", "--as-known-at", then, query]);
            assert_eq!(told.stdout.lines().nth(1), Some(expected), "{query} at {then}: {told:?}");
        }
    }
    drop(server);
}
