//! Answers are what was asked for, or none: no number goes on at the other end of the numbers, nothing is a text where it is nothing, and
//! whoever asks for what cannot be is told so.

use serde_json::{Value, json};

use crate::support::api::Client;
use crate::support::http::Answer;
use crate::support::{Metrify, quarter_hour, quarter_hours};

/// Two of them have more digits together than a decimal.
const LARGE: &str = "60000000000000000000000000";

/// The rows of an answer.
fn rows(client: &Client<'_>, query: &str) -> Value {
    let answer = ask(client, "sql", &json!({"query": query}));
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    let pages = answer.body.lines().map(|page| serde_json::from_str::<Value>(page).expect("a page"));
    pages.flat_map(|page| page["rows"].as_array().cloned().expect("rows")).collect()
}

fn ask(client: &Client<'_>, what: &str, body: &Value) -> Answer {
    client.send("POST", &format!("/api/v1/{what}"), &[], body.to_string().as_bytes())
}

/// The query is answered with 400, and each of these words.
fn refused(client: &Client<'_>, query: &str, words: &[&str]) {
    let (status, problem) = client.post("/api/v1/sql", &json!({"query": query}));
    assert_eq!(status, 400, "{query}: {problem}");
    let detail = problem["detail"].as_str().expect("a detail");
    assert!(words.iter().all(|word| detail.contains(word)), "{query}: {detail}");
}

#[test]
fn a_sum_that_has_no_place_is_refused_wherever_it_is_made() {
    let metrify = Metrify::new();
    let receipts = metrify.take_in("a.ndjson", quarter_hours(96) + &quarter_hour("large", 0, LARGE));
    assert_eq!(receipts.sum(), "97 = 96 stored + 0 duplicates + 0 corrections + 1 rejected");
    assert!(receipts.problems().contains("larger than anything that is measured"), "{}", receipts.problems());
    let more_digits = ["sum", "more digits than Decimal128(38, 12)"];
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "analyst");
    let large = format!(
        "(select point, number, cast({LARGE} as decimal(38, 12)) as value from (values ('large', 1), ('large', 2), ('large', 3), \
         ('one', 4), ('two', 5)) as points(point, number)) as made"
    );
    for query in [
        "select sum(value) from {}",
        "select point, sum(value) from {} group by point",
        "select sum(value) over (partition by point order by number) from {}",
        "select sum(value) over (order by point, number rows between 1 preceding and current row) from {}",
        "select sum(distinct value + number) from {}",
    ] {
        refused(&ann, &query.replace("{}", &large), &more_digits);
    }
    // One that has a place is told.
    let told = |query: &str| rows(&ann, &query.replace("{}", &large));
    let whole = format!("{LARGE}.000000000000");
    let others = "select point, sum(value)::varchar from {} where point <> 'large' group by 1 order by 1";
    assert_eq!(told(others), json!([["one", whole], ["two", whole]]));
    let wider = "select sum(cast(value as decimal(76, 12)))::varchar from {} where point = 'large'";
    assert_eq!(told(wider), json!([["180000000000000000000000000.000000000000"]]));
    let back = "select sum(value * sign) from (select value, case when number = 4 then 1 else -1 end as sign from {} where number > 3) as both_ways";
    assert_eq!(told(back), json!([[0]]));
    assert_eq!(
        rows(&ann, "select sum(value), (select sum(sum) from readings_daily) from readings"),
        json!([[144, 144]])
    );
}

#[test]
fn whole_numbers_that_have_no_place_are_refused() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "analyst");
    for query in [
        "select 9223372036854775807 + 1",
        "select -9223372036854775807 - 2",
        "select 9223372036854775807 * x.value from generate_series(1, 2) x",
        "select 2147483647::int + 1::int",
        "select sum(x.value + 9223372036854775807) from generate_series(1, 2) x",
        "select 1 from generate_series(1, 2) x where x.value + 9223372036854775807 > 0",
    ] {
        refused(&ann, query, &["overflow"]);
    }
    let (most, numbers) = ("9223372036854775806", "generate_series(9223372036854775805, 9223372036854775807) x");
    for sum in [
        "sum(x.value)",
        "sum(distinct x.value)",
        "sum(x.value) over (order by x.value)",
        "sum(x.value) over (order by x.value rows between 1 preceding and current row)",
        "sum(distinct x.value) over (order by x.value rows between 1 preceding and current row)",
    ] {
        refused(&ann, &format!("select {sum} from {numbers}"), &["sum(", "64 bits", "decimal(38, 0)"]);
    }
    refused(&ann, &format!("select x.value > {most}, sum(x.value) from {numbers} group by 1"), &["64 bits"]);
    let exact = format!("select sum(cast(x.value as decimal(38, 0)))::varchar from {numbers}");
    assert_eq!(rows(&ann, &exact), json!([["27670116110564327418"]]));
    let fitting = "select count(*) + 1 as n, sum(x.value) * 2 - 1 as m, sum(distinct x.value / 2), min(x.value - 3) \
                   from generate_series(1, 4) x where x.value * 2 > 1 limit 1 + 1";
    assert_eq!(rows(&ann, fitting), json!([[5, 19, 3, -2]]));
    let windows = "select sum(x.value) over (order by x.value rows between 1 preceding and current row) as s, \
                   sum(distinct x.value) over (order by x.value rows between 1 preceding and current row) as d, \
                   sum(nullif(x.value, 2)) over (order by x.value rows between current row and current row) as n \
                   from generate_series(1, 3) x order by x.value";
    assert_eq!(rows(&ann, windows), json!([[1, 1, 1], [3, 3, null], [5, 5, 3]]));
}

#[test]
fn nothing_is_null_in_every_form() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "analyst");
    let query = "select null as x, 1 as y";
    assert_eq!(rows(&ann, query), json!([[null, 1]]));
    for (format, expected) in [("ndjson", "{\"y\":1}\n"), ("csv", "x,y\n,1\n")] {
        let answer = ask(&ann, "export", &json!({"query": query, "format": format}));
        assert_eq!((answer.status, answer.body.as_str()), (200, expected), "{format}");
    }
    let printed = metrify.run(&["sql", "-o", "json", query]);
    assert_eq!(serde_json::from_str::<Value>(&printed.stdout).expect("JSON"), json!([{"x": null, "y": 1}]));
}

#[test]
fn a_moment_says_whether_it_is_an_instant() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(1));
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "analyst");
    for (value, expected) in [
        ("period_start", "2025-01-01T00:00:00Z"),
        ("to_timestamp(0)", "1970-01-01T00:00:00Z"),
        ("from_unixtime(0)", "1970-01-01T00:00:00Z"),
        ("timestamptz '2026-01-01 00:00:00+02'", "2025-12-31T22:00:00Z"),
        ("arrow_cast(period_start, 'Timestamp(s, \"Europe/Berlin\")')", "2025-01-01T00:00:00Z"),
        ("timestamp '2026-01-01 00:00:00'", "2026-01-01T00:00:00"),
        ("period_start at time zone 'Europe/Berlin'", "2025-01-01T01:00:00"),
        ("timezone('America/New_York', period_start)", "2024-12-31T19:00:00"),
        ("'2025-07-01T00:00:00Z' at time zone '+05:30'", "2025-07-01T05:30:00"),
        ("timestamp '2025-07-01 02:00:00' at time zone 'Europe/Berlin'", "2025-07-01T00:00:00Z"),
        // As in winter, both where clocks show it twice and where they skip it.
        ("timestamp '2025-10-26 02:30:00' at time zone 'Europe/Berlin'", "2025-10-26T01:30:00Z"),
        ("timestamp '2025-03-30 02:30:00' at time zone 'Europe/Berlin'", "2025-03-30T01:30:00Z"),
        (
            "date_trunc('day', period_start at time zone 'Europe/Berlin') at time zone 'Europe/Berlin'",
            "2024-12-31T23:00:00Z",
        ),
    ] {
        assert_eq!(rows(&ann, &format!("select {value} as at from readings")), json!([[expected]]), "{value}");
    }
    let now = rows(&ann, "select now()")[0][0].as_str().expect("a text").to_owned();
    assert!(now.ends_with('Z'), "{now}");
    refused(&ann, "select now() at time zone 'Nowhere'", &["there is no zone `Nowhere`"]);
    refused(&ann, "select 5 at time zone 'UTC'", &["a moment is a timestamp or a date"]);
}

#[test]
fn what_nobody_can_answer_is_no_mistake_of_the_server() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(1));
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "admin");
    for query in [
        "select regexp_replace('aaaa', '(', 'b')",
        "select 'x' ~ '('",
        "select point from readings where point !~* '('",
        "select regexp_like(point, '(') from readings",
    ] {
        refused(&ann, query, &["regex", "unclosed group"]);
    }
    for (query, word) in [
        ("select regexp_count('a', '(')", "Regular expression did not compile"),
        ("select 1 / 0", "Divide by zero"),
        ("select 5 % 0", "Divide by zero"),
        ("select cast('a' as int)", "Cannot cast string 'a'"),
        ("select cast('abc' as timestamp)", "Error parsing timestamp"),
        ("select cast(99999999999 as int)", "99999999999"),
        ("select decode('zz', 'hex')", "hex"),
        ("select arrow_cast(x.value, 'Dictionary(Int8, Int64)') from generate_series(1, 300) x", "key"),
    ] {
        refused(&ann, query, &[word]);
    }
    let log = metrify.run(&["audit", "list", "-o", "csv"]).stdout;
    assert!(log.contains(",query,") && !log.contains(",internal,"), "{log}");
}

#[test]
fn a_format_that_lacks_a_type_says_of_which_column_and_nothing_of_the_server() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "admin");
    let body = |query: &str, format: &str| json!({"query": query, "format": format});
    let query = "select 1 as x, interval '1 day' as i";
    let answer = ask(&ann, "export", &body(query, "parquet"));
    let problem: Value = serde_json::from_str(&answer.body).expect("a problem");
    assert_eq!(answer.status, 400, "{problem}");
    assert_eq!(problem["detail"], "write the answer as Parquet: it has no type for `i`, Interval(MonthDayNano)");
    assert!(problem["hint"].as_str().is_some_and(|hint| hint.contains("cast(i as varchar)")), "{problem}");
    let place = metrify.data_dir().display().to_string();
    assert!(!answer.body.contains(&place) && !answer.body.contains("spool"), "{problem}");
    let cast = "select 1 as x, cast(interval '1 day' as varchar) as i";
    for (query, format) in [(cast, "parquet"), (query, "csv"), (query, "ndjson"), (query, "arrow")] {
        let file = metrify.path(&format!("answer.{format}"));
        let ran = metrify.run(&["export", "--query", query, "--out", file.to_str().expect("a path")]);
        assert_eq!(ran.code, Some(0), "{format}: {ran:?}");
    }
}
