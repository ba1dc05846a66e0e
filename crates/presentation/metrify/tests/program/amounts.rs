//! What adds up in analytics: no energy twice, units of one dimension as one, and nothing that was only foreseen.

use serde_json::{Value, json};

use crate::support::Metrify;
use crate::support::api::Client;

/// A quarter-hour of 2025-01-01.
fn amount(point: &str, quantity: &str, value: &str, unit: &str) -> String {
    format!(
        "{{\"point\":\"{point}\",\"quantity\":\"{quantity}\",\"period_start\":\"2025-01-01T10:00:00Z\",\
         \"period_end\":\"2025-01-01T10:15:00Z\",\"value\":{value},\"unit\":\"{unit}\"}}\n"
    )
}

/// An air temperature of 2025-01-01.
fn temperature(hour: u32, value: &str, unit: &str, quality: &str) -> String {
    format!(
        "{{\"point\":\"10315\",\"quantity\":\"air_temperature\",\"at\":\"2025-01-01T{hour:02}:00:00Z\",\
         \"value\":{value},\"unit\":\"{unit}\",\"quality\":\"{quality}\"}}\n"
    )
}

fn analytics(client: &Client<'_>, question: &str, days: &str) -> Vec<Value> {
    let (status, said) = client.get(&format!("/api/v1/analytics/{question}?{days}"));
    assert_eq!(status, 200, "{said}");
    said["results"].as_array().expect("results").clone()
}

/// Of each quantity its unit, points and total.
fn totals(rows: &[Value]) -> Value {
    rows.iter().map(|row| json!([row["quantity"], row["unit"], row["points"], row["total"]])).collect()
}

#[test]
fn the_second_group_of_a_code_makes_no_second_energy() {
    let metrify = Metrify::new();
    let told = [
        amount("CODES", "1-1:1.29.0", "3", "kWh"),
        amount("CODES", "1-0:1.29.0", "3", "kWh"),
        amount("CODES", "1-1:1.9.0", "3", "kWh"),
        amount("TARIFFS", "1-1:1.29.1", "1", "kWh"),
        amount("TARIFFS", "1-1:1.29.2", "2", "kWh"),
        amount("TARIFFS", "1-2:1.29.1", "1", "kWh"),
        amount("GAS-1", "7-10:99.33.17", "5", "kWh"),
        amount("GAS-1", "7-20:99.33.17", "6", "kWh"),
        amount("GAS-2", "7-10:99.33.17", "7", "kWh"),
    ];
    metrify.take_in("amounts.ndjson", told.concat());
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "viewer");
    let of_all = analytics(&ann, "energy-consumption", "start=2025-01-01&end=2025-01-02");
    let expected = json!([
        ["1-0:1.29.0", "kWh", 1, 3],
        ["1-1:1.29.0", "kWh", 1, null],
        ["1-1:1.29.1", "kWh", 1, 1],
        ["1-1:1.29.2", "kWh", 1, 2],
        ["1-1:1.9.0", "kWh", 1, null],
        ["1-2:1.29.1", "kWh", 1, null],
        ["7-10:99.33.17", "kWh", 2, 7],
        ["7-20:99.33.17", "kWh", 1, 6],
    ]);
    assert_eq!(totals(&of_all), expected);
}

#[test]
fn no_energy_counts_twice_and_units_are_one() {
    let metrify = Metrify::new();
    let told = [
        // A total holds its tariffs already; another meter has tariffs alone.
        amount("TAR-1", "1-0:1.29.0", "3", "kWh"),
        amount("TAR-1", "1-0:1.29.1", "1", "kWh"),
        amount("TAR-1", "1-0:1.29.2", "2", "kWh"),
        amount("TAR-2", "1-0:1.29.1", "0.5", "kWh"),
        amount("TAR-2", "1-0:1.29.2", "250", "Wh"),
        // A total without a value is none.
        amount("TAR-3", "1-0:1.29.0", "null", "kWh"),
        amount("TAR-3", "1-0:1.29.1", "4", "kWh"),
        // The load curve and an advance of one meter are the same energy, those of different meters are not.
        amount("BOTH", "1-0:1.29.0", "1", "kWh"),
        amount("BOTH", "1-0:1.9.0", "1", "kWh"),
        // The largest power is no energy.
        amount("BOTH", "1-0:1.6.0", "5", "kW"),
        amount("ADV", "1-0:1.9.0", "0.002", "MWh"),
        amount("WH", "1-0:1.29.0", "3000.0000000001", "Wh"),
        // What is fed in, what is reactive, and heat, are no electricity that is drawn.
        amount("PV", "1-0:2.29.0", "7", "kWh"),
        amount("TAR-1", "1-0:3.29.0", "500", "varh"),
        amount("HEAT", "6-0:1.9.0", "9", "kWh"),
    ];
    let told = told.concat().replace("\"value\":null", "\"quality\":\"missing\"");
    metrify.take_in("amounts.ndjson", told);
    metrify.take_in("air.ndjson", temperature(10, "4", "Cel", "true"));
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "viewer");
    let days = "start=2025-01-01&end=2025-01-02";
    let expected = json!([
        ["1-0:1.29.0", "kWh", 4, 7.000_000_000_000_1],
        ["1-0:1.29.1", "kWh", 3, 4.5],
        ["1-0:1.29.2", "kWh", 2, 0.25],
        ["1-0:1.6.0", "kW", 1, 5],
        ["1-0:1.9.0", "kWh", 2, 2],
        ["1-0:2.29.0", "kWh", 1, 7],
        ["1-0:3.29.0", "kvarh", 1, 0.5],
        ["6-0:1.9.0", "kWh", 1, 9],
    ]);
    let of_all = analytics(&ann, "energy-consumption", days);
    assert_eq!(totals(&of_all), expected);
    let impact = analytics(&ann, "weather-impact", days);
    assert_eq!(impact[0]["consumption_kwh"].to_string(), "13.7500000000001", "{impact:?}");
    let of_one = ann.get("/api/v1/smart-meters/TAR-1/analytics?period=3660d").1["results"].clone();
    assert_eq!(totals(of_one.as_array().expect("results"))[0], json!(["1-0:1.29.0", "kWh", 1, 3]), "{of_one}");
    assert_eq!(of_one.as_array().expect("results").len(), 4, "{of_one}");
    // By the readings as they were known, too, of which nothing is kept in short.
    let (_, known) = ann.get(&format!("/api/v1/analytics/energy-consumption?{days}&as_known_at=2100-01-01"));
    assert_eq!(totals(known["results"].as_array().expect("results")), expected);
}

#[test]
fn an_air_temperature_is_what_was_observed_in_one_unit() {
    let metrify = Metrify::new();
    metrify.take_in("amounts.ndjson", amount("MTR-1", "1-0:1.29.0", "1", "kWh"));
    let told = [
        temperature(8, "20", "Cel", "true"),
        temperature(9, "293.15", "K", "true"),
        temperature(10, "20.000000000001", "Cel", "true"),
        temperature(11, "30", "Cel", "forecast"),
        temperature(12, "99", "Cel", "faulty"),
    ];
    metrify.take_in("air.ndjson", told.concat());
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "viewer");
    let impact = analytics(&ann, "weather-impact", "start=2025-01-01&end=2025-01-02");
    // A third of the last place is none.
    assert_eq!(impact[0]["air_temperature_cel"].to_string(), "20", "{impact:?}");
}

#[test]
fn the_day_of_the_samples_adds_up() {
    let metrify = Metrify::new();
    metrify.ingest(&[&crate::analytics::root().join("samples/day")]);
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "viewer");
    let impact = analytics(&ann, "weather-impact", "start=2025-03-30&end=2025-03-31");
    // 22 readings of 01766 make 152 degrees; 1204.5 of the 11929.5 Wh came as Wh.
    assert_eq!(
        (impact[0]["consumption_kwh"].to_string(), impact[0]["air_temperature_cel"].to_string()),
        ("11.9295".to_owned(), "6.909090909091".to_owned()),
        "{impact:?}"
    );
}

#[test]
fn what_must_not_be_used_is_counted_and_in_no_amount() {
    let metrify = Metrify::new();
    let faulty = |quantity, value| {
        amount("MTR-1", quantity, value, "kWh").replace("\"unit\"", "\"quality\":\"faulty\",\"unit\"")
    };
    let told = [
        amount("MTR-1", "1-0:1.29.0", "3", "kWh"),
        faulty("1-0:1.29.0", "1000").replace(":15:", ":30:").replace(":00:00", ":15:00"),
        // Of a meter whose total is of no use the tariffs count.
        faulty("1-0:2.29.0", "9"),
        amount("MTR-1", "1-0:2.29.1", "4", "kWh"),
    ]
    .concat();
    metrify.take_in("amounts.ndjson", told);
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "viewer");
    for known in ["", "&as_known_at=2100-01-01"] {
        let days = format!("start=2025-01-01&end=2025-01-02{known}");
        let rows = analytics(&ann, "energy-consumption", &days);
        let said: Value = rows
            .iter()
            .map(|row| {
                json!([row["quantity"], row["readings"], row["missing"], row["faulty"], row["total"], row["maximum"]])
            })
            .collect();
        let expected =
            json!([["1-0:1.29.0", 2, 0, 1, 3, 3], ["1-0:2.29.0", 1, 0, 1, null, null], ["1-0:2.29.1", 1, 0, 0, 4, 4],]);
        assert_eq!(said, expected, "{rows:?}");
    }
    let (_, series) = ann.post(
        "/api/v1/series",
        &json!({"channels": [{"point": "MTR-1", "quantity": "1-0:1.29.0"}], "start": "2025-01-01", "end": "2025-01-02", "resample": "day"}),
    );
    let day = &series["results"][0];
    assert_eq!(
        (&day["readings"], &day["faulty"], &day["total"], &day["mean"]),
        (&json!(2), &json!(1), &json!(3), &json!(3)),
        "{series}"
    );
}
