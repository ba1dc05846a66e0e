//! Readings of one point: whichever way they are found, they are those that SQL tells of.

use serde_json::{Value, json};

use crate::support::api::Client;
use crate::support::{Chance, Metrify, OTHER_POINT, POINT, quarter_hour};

/// A page as rows of text, without what every way tells anyway.
fn rows(page: &Value) -> Vec<String> {
    page["results"].as_array().expect("readings").iter().map(ToString::to_string).collect()
}

/// The same by SQL.
fn by_sql(client: &Client<'_>, rule: &str, limit: usize) -> Vec<String> {
    let columns =
        "quantity, kind, period_start, period_end, value, unit, quality, method, reason, recorded_at, delivery";
    let query = format!(
        "select {columns} from readings where point = '{POINT}' and {rule} \
         order by quantity, period_start, period_end limit {limit}"
    );
    let body = json!({"query": query}).to_string();
    let answer = client.send("POST", "/api/v1/sql", &[], body.as_bytes());
    assert_eq!(answer.status, 200, "{answer:?}");
    let names: Vec<&str> = columns.split(", ").collect();
    let pages = answer.body.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let rows: Vec<Value> = pages.flat_map(|page| page["rows"].as_array().expect("rows").clone()).collect();
    let object = |row: &Value| {
        let cells = row.as_array().expect("a row").iter().cloned();
        Value::Object(names.iter().map(|name| (*name).to_owned()).zip(cells).collect()).to_string()
    };
    rows.iter().map(object).collect()
}

/// All pages of a series.
fn paged(client: &Client<'_>, parameters: &str) -> Vec<String> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let (status, page) = client.get(&format!("/api/v1/metering-points/{POINT}/readings?{parameters}{cursor}"));
        assert_eq!(status, 200, "{page}");
        all.extend(rows(&page));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// What a client that asks in every manner is told, and what SQL tells.
fn compare(client: &Client<'_>) {
    let quantity = "quantity = '1-0:1.29.0'";
    let time = "period_start >= '2025-01-01T06:00:00Z' and period_start < '2025-01-02T03:15:00Z'";
    for (parameters, rule) in [
        (String::new(), "true".to_owned()),
        ("quantity=1-0:1.29.0".to_owned(), quantity.to_owned()),
        ("quantity=1-0:2.29.0".to_owned(), "quantity = '1-0:2.29.0'".to_owned()),
        ("quantity=1-0:9.9.9".to_owned(), "false".to_owned()),
        ("start=2025-01-01T06:00:00Z&end=2025-01-02T03:15:00Z".to_owned(), time.to_owned()),
        (
            "quantity=1-0:1.29.0&start=2025-01-01T06:00:00Z&end=2025-01-02T03:15:00Z".to_owned(),
            format!("{quantity} and {time}"),
        ),
    ] {
        let expected = by_sql(client, &rule, 100_000);
        for limit in [7, 96, 1_000, 10_000] {
            assert_eq!(paged(client, &format!("{parameters}&limit={limit}")), expected, "{parameters} by {limit}");
        }
    }
}

#[test]
fn a_series_is_what_sql_tells_before_during_and_after_landing() {
    let metrify = Metrify::new();
    let mut chance = Chance::new(17);
    // Days in files of their own, two quantities, another point, and corrections of what is in the lake.
    for day in 0..3 {
        let lines: String = (0..96).map(|number| quarter_hour(POINT, day * 96 + number, "1.5")).collect();
        metrify.take_in(&format!("{day}.ndjson"), lines);
    }
    let other: String = (0..96).map(|number| quarter_hour(OTHER_POINT, number, "9.5")).collect();
    let back: String =
        (0..40).map(|number| quarter_hour(POINT, number * 3, "0.25").replace("1-0:1.29.0", "1-0:2.29.0")).collect();
    metrify.take_in("other.ndjson", other + &back);
    let corrected: String = (0..30).map(|number| quarter_hour(POINT, number * 7, "2.75")).collect();
    metrify.take_in("corrected.ndjson", corrected);
    // Nothing lands by itself from here on.
    let server = metrify.serve_with(&[("METRIFY_LANDING_INTERVAL_S", "100000")]);
    let ann = Client::of(&metrify, &server, "analyst");
    compare(&ann);
    let deliver = |lines: &str| {
        let answer =
            Client::of(&metrify, &server, "operator").send("POST", "/api/v1/deliveries", &[], lines.as_bytes());
        assert_eq!(answer.status, 200, "{answer:?}");
    };
    for round in 0..4 {
        let lines = (0..25).map(|_| {
            let value = format!("{}.{round}", chance.below(50));
            quarter_hour(POINT, chance.below(400) as u32, &value)
        });
        deliver(&lines.collect::<String>());
        // Periods of another length that begin when others do.
        let hour = quarter_hour(POINT, round * 8, "7.5").replace(":15:00Z\",\"value\"", ":45:00Z\",\"value\"");
        deliver(&hour);
        compare(&ann);
    }
    assert_eq!(paged(&ann, "limit=10000").len(), paged(&ann, "limit=1").len());
    let key = ann.key.clone();
    server.stop();
    let server = metrify.serve();
    compare(&Client { server: &server, key });
}

/// All of a series as a file, so many lines at a time, as each answer names the next.
fn linked(client: &Client<'_>, limit: usize) -> Vec<String> {
    let path = format!("/api/v1/metering-points/{POINT}/readings");
    let (mut all, mut next) = (Vec::new(), Some(format!("?quantity=1-0%3A1.29.0&limit={limit}")));
    while let Some(query) = next {
        let answer = client.send("GET", &format!("{path}{query}"), &[("accept", "text/csv")], b"");
        assert_eq!(answer.status, 200, "{answer:?}");
        all.extend(answer.body.lines().skip(1).map(str::to_owned));
        let link = answer.header("link").and_then(|link| link.strip_prefix('<')?.strip_suffix(">; rel=\"next\""));
        next = link.map(str::to_owned);
    }
    all
}

#[test]
fn a_file_that_does_not_hold_all_names_the_next_one() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", (0..20).map(|number| quarter_hour(POINT, number, "1.5")).collect::<String>());
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "analyst");
    let path = format!("/api/v1/metering-points/{POINT}/readings");
    let whole = ann.send("GET", &path, &[("accept", "text/csv")], b"");
    assert_eq!((whole.status, whole.header("link")), (200, None));
    let whole: Vec<String> = whole.body.lines().skip(1).map(str::to_owned).collect();
    assert_eq!(whole.len(), 20);
    for limit in [3, 20, 10_000] {
        assert_eq!(linked(&ann, limit), whole, "{limit} at a time");
    }
}

#[test]
fn a_tenant_may_be_called_as_something_else_is() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    for name in ["system", "information-schema", "pg-catalog"] {
        let admin = Client::of_new_tenant(&metrify, &server, name);
        let answer = admin.send("POST", "/api/v1/deliveries", &[], quarter_hour(POINT, 0, "1.5").as_bytes());
        assert_eq!(answer.status, 200, "{answer:?}");
        let (status, list) = admin.get("/api/v1/deliveries");
        assert_eq!((status, list["results"].as_array().map(Vec::len)), (200, Some(1)), "{name}: {list}");
        assert_eq!(by_sql(&admin, "true", 10).len(), 1, "{name}");
        let (status, overview) = admin.get("/api/v1/analytics/overview");
        assert_eq!(status, 200, "{name}: {overview}");
    }
}

#[test]
fn what_does_not_add_up_has_no_total() {
    let metrify = Metrify::new();
    let line = |number, quantity: &str, value, unit: &str| {
        let line = quarter_hour(POINT, number, value).replace("1-0:1.29.0", quantity);
        line.replace("kWh", unit)
    };
    let lines = [(0, "1.5"), (1, "2.5")].map(|(number, value)| {
        line(number, "1-0:1.29.0", value, "kWh") + &line(number, "price.day_ahead", value, "EUR/MWh")
    });
    metrify.take_in("a.ndjson", lines.concat());
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "analyst");
    let channels = ["1-0:1.29.0", "price.day_ahead"].map(|quantity| json!({"point": POINT, "quantity": quantity}));
    let mut request = json!({
        "channels": channels,
        "start": "2025-01-01", "end": "2025-01-02", "resample": "day",
    });
    let (status, told) = ann.post("/api/v1/series", &request);
    assert_eq!(status, 200, "{told}");
    let day = |place: usize| {
        let row = &told["results"][place];
        ["quantity", "readings", "total", "mean"].map(|name| row[name].to_string()).join(" ")
    };
    assert_eq!([day(0), day(1)], ["\"1-0:1.29.0\" 2 4 2", "\"price.day_ahead\" 2 null 2"]);
    // From its end to its beginning there is nothing to tell.
    request["start"] = json!("2025-01-03");
    let (status, problem) = ann.post("/api/v1/series", &request);
    assert_eq!((status, problem["hint"].is_string()), (400, true), "{problem}");
}
