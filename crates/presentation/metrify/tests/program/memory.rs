//! What single functions and aggregates may take of the memory, one by one: each is asked of a server with 64 MB for its queries, and what the
//! process grows by is measured.

use std::io::Write as _;

use serde_json::json;

use crate::support::api::Client;
use crate::support::{Metrify, Server, quarter_hours};

/// Megabytes that a query may add to the process: the 64 that it may take, batches on their way, what the allocator keeps, and what some
/// steps take before they ask (`median` and `percentile_cont` of twenty million numbers: half a gigabyte; a sort of long texts for a
/// window, beside other tests on two cores: 672 MB).
const MORE_MB_MAX: u64 = 1_000;

/// How a query is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Answered,
    /// It asks for what it does not get: 400.
    Refused,
    /// It takes more than there is of memory, time or disk: 503.
    TooMuch,
    /// One or the other, as fast as the machine is.
    AnsweredOrTooMuch,
}

use Told::{Answered, AnsweredOrTooMuch, Refused, TooMuch};

/// 600,000 texts of up to three thousand characters in ten groups: nearly two gigabytes, all in all.
const TEXTS: &str =
    "(select value as v, value % 10 as g, repeat(cast(value as varchar), 500) as t from range(100, 600000)) x";
/// Twenty million numbers.
const NUMBERS: &str = "(select value as v, value % 10 as g from range(0, 20000000)) x";

fn of_texts(what: &str) -> String {
    format!("select g, length(cast({what} as varchar)) from {TEXTS} group by g")
}

fn of_numbers(what: &str) -> String {
    format!("select g, {what} from {NUMBERS} group by g")
}

/// `text` put into itself so many times, each time by another query around it.
fn nested(text: &str, of: &str, depth: usize) -> String {
    (0..depth).fold(format!("select {text} as t"), |inner, _| format!("select {of} as t from ({inner})"))
}

/// Aggregates keep one text of a group, or are counted; those that keep all of them are not had.
fn aggregates() -> Vec<(String, Told)> {
    let kept = [
        "min(t)",
        "max(t)",
        "first_value(t)",
        "last_value(t)",
        "first_value(t order by v)",
        "last_value(t order by t desc)",
        "nth_value(t, 3 order by v)",
        "approx_distinct(t)",
        "count(distinct t)",
        "min(distinct t)",
    ];
    let removed = ["array_agg(t)", "string_agg(t, ',')", "listagg(t, ',')"];
    let numbers = [
        "median(v)",
        "approx_median(v)",
        "approx_percentile_cont(v, 0.9)",
        "approx_percentile_cont_with_weight(v, v, 0.9)",
        "percentile_cont(v, 0.9)",
        "count(distinct v)",
        "sum(distinct v)",
        "stddev(v)",
        "corr(v, v)",
        "bit_xor(distinct v)",
        "nth_value(v, 3)",
    ];
    let windows = [
        "count(*) over (partition by t)",
        "length(lag(t, 1) over (order by v))",
        "length(first_value(t) over (order by v))",
        "length(max(t) over (order by v rows between 1000 preceding and current row))",
        "length(nth_value(t, 2) over (partition by g order by v))",
        "rank() over (order by t)",
    ];
    let window = |what: &str| format!("select max(w) from (select {what} as w from {TEXTS})");
    let mut all: Vec<(String, Told)> = kept.map(|what| (of_texts(what), AnsweredOrTooMuch)).into();
    all.extend(removed.map(|what| (of_texts(what), Refused)));
    all.extend(numbers.map(|what| (of_numbers(what), AnsweredOrTooMuch)));
    all.extend(windows.map(|what| (window(what), AnsweredOrTooMuch)));
    all
}

/// What functions make of a batch of rows is bounded, and so is how often one stands upon another.
fn functions() -> Vec<(String, Told)> {
    let of_rows = [
        ("length(concat(MANY))", Refused),
        ("length(concat_ws(',', MANY))", Refused),
        ("array_length(make_array(MANY))", Refused),
        ("array_length([MANY])", Refused),
        ("length(array_to_string(make_array(MANY), ','))", Refused),
        ("length(replace(t, '1', t))", Refused),
        ("length(regexp_replace(t, '.', t, 'g'))", Refused),
        ("array_length(string_to_array(t, NULL))", Refused),
        ("length(encode(t, 'hex'))", Refused),
        ("length(translate(t, '0123456789', 'abcdefghij'))", Refused),
        ("length(overlay(t placing t from 2))", Refused),
        ("length(lpad(t, 10000, t))", Refused),
        ("length(repeat(t, 10000))", Refused),
        ("length(t || t || t || t)", Refused),
        ("length(initcap(t))", AnsweredOrTooMuch),
        ("length(reverse(t))", AnsweredOrTooMuch),
        ("length(substr(t, 2))", AnsweredOrTooMuch),
        ("regexp_count(t, '[0-9]')", AnsweredOrTooMuch),
        ("array_length(regexp_match(t, '.*'))", AnsweredOrTooMuch),
        ("length(split_part(t, '1', 2))", AnsweredOrTooMuch),
        ("length(to_hex(v))", AnsweredOrTooMuch),
        ("length(encode(sha512(cast(v as varchar)), 'hex'))", AnsweredOrTooMuch),
    ];
    let many = vec!["t"; 900].join(",");
    let of_rows =
        of_rows.map(|(what, told)| (format!("select max({}) from {TEXTS}", what.replace("MANY", &many)), told));
    let upon_itself = [
        nested("'0123456789abcdef'", "concat(t, t, t, t)", 16),
        nested("'0123456789abcdef'", "t || t || t || t", 16),
        nested("'0123456789abcdef'", "replace(t, '0', t)", 16),
        nested("'0123456789abcdef'", "regexp_replace(t, '[0-9]', t, 'g')", 16),
        nested("'0123456789abcdef'", "concat_ws(t, t, t, t)", 16),
        nested("'0123456789abcdef'", "array_to_string(make_array(t, t, t, t), t)", 16),
        nested("make_array(1, 2, 3, 4)", "array_concat(t, t, t, t)", 16),
        nested("make_array(make_array(1))", "make_array(t, t, t, t)", 16),
        nested("'0123456789abcdef'", "overlay(t placing t from 2)", 16),
        nested("'0123456789abcdef'", "case when t > 'a' then t else t end", 16),
    ];
    let filtered = |query: &String| format!("select count(t) from ({query}) where length(cast(t as varchar)) > 0");
    let mut all: Vec<(String, Told)> = of_rows.into();
    all.extend(upon_itself.iter().map(|query| (filtered(query), Refused)));
    all.extend(
        upon_itself.iter().map(|query| (format!("select max(length(cast(t as varchar))) from ({query})"), Refused)),
    );
    all.push((filtered(&nested("make_array(1, 2, 3, 4)", "array_append(t, 1)", 16)), Answered));
    all.push((
        format!("select max(length(t)) from (select '{}' as t from range(0, 1000000))", "x".repeat(200_000)),
        Refused,
    ));
    all.push(("select lpad('7', 5, '0') || '-' || concat('a', 1) || NULL".to_owned(), Answered));
    all
}

/// Steps over many rows are counted, and go to disk.
fn steps() -> Vec<(String, Told)> {
    let counted = [
        format!("select max(length(t)) from (select t from {TEXTS} order by t)"),
        format!("select count(*) from (select distinct t from {TEXTS})"),
        format!("select count(*) from (select t, count(*) from {TEXTS} group by t)"),
        format!("select count(*) from {TEXTS} where t in (select t from {TEXTS})"),
        format!("select max(length(x.t)) from {TEXTS} join (select * from {TEXTS}) y on x.v = y.v"),
        format!("select length(t) from {TEXTS} order by v limit 3"),
        format!("select count(*) from (select t from {TEXTS} union select t from {TEXTS})"),
    ];
    let refused = [
        format!("select max(length(t)) from (select unnest(string_to_array(t, '1')) as t from {TEXTS})"),
        // Whatever it does, each of its steps would take memory that is not counted.
        "with recursive w as (select 'a' as t union all select concat(t, 'a') from w) select count(*) from w"
            .to_owned(),
    ];
    let mut all: Vec<(String, Told)> = counted.map(|query| (query, AnsweredOrTooMuch)).into();
    all.extend(refused.map(|query| (query, Refused)));
    all
}

fn status_kb(server: &Server, name: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", server.process())).expect("the state of the server");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("its memory");
    line.trim_start_matches(':').trim().trim_end_matches("kB").trim().parse().expect("a number")
}

#[test]
fn no_function_takes_more_memory_than_queries_may() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(96));
    let variables = [("METRIFY_QUERY_MEMORY_MB", "64"), ("METRIFY_QUERY_TIME_S", "5")];
    let mut server = metrify.serve_with(&variables);
    let mut wrong = Vec::new();
    for (query, expected) in [aggregates(), functions(), steps()].concat() {
        let ann = Client::of(&metrify, &server, "analyst");
        let before = status_kb(&server, "VmRSS");
        std::fs::write(format!("/proc/{}/clear_refs", server.process()), "5").expect("count its peak anew");
        let body = json!({"query": query}).to_string();
        let asked = ann.try_send("POST", "/api/v1/sql", &[], body.as_bytes());
        let more_mb = status_kb(&server, "VmHWM").saturating_sub(before) >> 10;
        let (status, said) = asked.map_or((0, String::new()), |answer| (answer.status, answer.body));
        let told = match status {
            200 => Answered,
            400 => Refused,
            503 => TooMuch,
            _ => panic!("{query}: {status} {said}"),
        };
        let is_expected = told == expected || expected == AnsweredOrTooMuch && told != Refused;

        let shown: String = query.chars().take(150).collect();
        let line = format!("{more_mb:>5} MB {told:?} {shown} {}", said.chars().take(200).collect::<String>());
        writeln!(std::io::stderr(), "{line}").expect("standard error");
        if !is_expected || more_mb > MORE_MB_MAX {
            wrong.push(line);
        }
        // What the allocator keeps is not counted for the next one.
        if more_mb > 64 {
            drop(ann);
            server.kill();
            server = metrify.serve_with(&variables);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
