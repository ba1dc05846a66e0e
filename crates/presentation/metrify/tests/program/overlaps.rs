//! What a point tells of one time by several readings adds up once, and what is left out is counted.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::support::Metrify;
use crate::support::api::Client;

const HOUR: i64 = 3_600;

/// Readings as they are sent.
#[derive(Default)]
struct Sent(String);

impl Sent {
    /// An amount of some seconds from an instant on.
    fn amount(&mut self, (point, quantity): (&str, &str), start: &str, length: i64, said: &str) {
        let start = chrono::DateTime::parse_from_rfc3339(start).expect(start);
        let end = (start + chrono::Duration::seconds(length)).to_rfc3339();
        let unit = if said.contains("\"unit\"") { "" } else { ",\"unit\":\"kWh\"" };
        writeln!(
            self.0,
            "{{\"point\":\"{point}\",\"quantity\":\"{quantity}\",\"period_start\":\"{}\",\"period_end\":\"{end}\",\
             \"value\":{said}{unit}}}",
            start.to_rfc3339()
        )
        .expect("a text takes it");
    }

    /// So many amounts of 1 kWh that follow each other, but for one.
    fn row(&mut self, channel: (&str, &str), start: &str, length: i64, (count, but): (i64, i64)) {
        let start = chrono::DateTime::parse_from_rfc3339(start).expect(start);
        for number in (0..count).filter(|number| *number != but) {
            let at = start + chrono::Duration::seconds(number * length);
            self.amount(channel, &at.to_rfc3339(), length, "1");
        }
    }
}

/// Of each quantity of a point and day that has an amount or lost one: readings, those that overlap, are longer than a day, not measured, or too
/// large, and the total.
fn told(metrify: &Metrify, point: &str) -> String {
    metrify.sql(&format!(
        "select day, quantity, readings, overlapping, overlong, unmeasured, too_large, total from amounts_daily \
         where point = '{point}' order by day, quantity"
    ))
}

fn sum(metrify: &Metrify, point: &str) -> String {
    metrify.sql(&format!("select sum(total) from amounts_daily where point = '{point}'"))
}

fn sent() -> String {
    let mut sent = Sent::default();
    sent.amount(("HOURS", "1-0:1.29.0"), "2025-05-01T10:00:00+02:00", HOUR, "4");
    sent.row(("HOURS", "1-0:1.29.0"), "2025-05-01T10:00:00+02:00", HOUR / 4, (4, -1));
    sent.amount(("MONTH", "1-1:1.9.0"), "2025-05-01T00:00:00+02:00", 31 * 24 * HOUR, "31");
    sent.row(("MONTH", "1-1:1.29.0"), "2025-05-01T00:00:00+02:00", 24 * HOUR, (31, 0));
    sent.amount(("PART", "1-0:1.29.0"), "2025-05-01T10:00:00+02:00", HOUR / 4, "0.25");
    sent.amount(("PART", "1-0:1.9.0"), "2025-05-01T00:00:00+02:00", 24 * HOUR, "24");
    sent.row(("HALVES", "1-0:1.29.0"), "2025-05-01T00:00:00+02:00", HOUR, (12, -1));
    sent.row(("HALVES", "1-1:1.29.0"), "2025-05-01T12:00:00+02:00", HOUR, (10, -1));
    sent.amount(("LONG", "1-0:1.9.0"), "2025-05-01T00:00:00+02:00", 31 * 24 * HOUR, "310");
    sent.amount(("FORESEEN", "1-0:1.29.0"), "2025-05-01T10:00:00+02:00", HOUR, "1");
    sent.amount(("FORESEEN", "1-0:1.29.0"), "2025-05-01T11:00:00+02:00", HOUR, "20,\"quality\":\"forecast\"");
    sent.amount(("FORESEEN", "1-0:1.29.0"), "2025-05-01T12:00:00+02:00", HOUR, "30,\"quality\":\"proposed\"");
    sent.amount(("FORESEEN", "1-1:1.9.0"), "2025-05-01T12:00:00+02:00", HOUR, "2,\"quality\":\"substitute\"");
    sent.0
}

#[test]
fn energy_that_is_told_twice_adds_up_once() {
    let metrify = Metrify::new();
    let server = metrify.serve_with(&[("METRIFY_LANDING_INTERVAL_S", "3600")]);
    metrify.take_in("amounts.ndjson", sent());
    let check = || {
        assert_eq!(told(&metrify, "HOURS"), "2025-05-01,1-0:1.29.0,5,1,0,0,0,4");
        let of_part = "2025-05-01,1-0:1.29.0,1,1,0,0,0,\n2025-05-01,1-0:1.9.0,1,0,0,0,0,24";
        assert_eq!(told(&metrify, "PART"), of_part);
        assert_eq!(sum(&metrify, "HALVES"), "22");
        assert_eq!(told(&metrify, "LONG"), "2025-05-01,1-0:1.9.0,1,0,1,0,0,");
        let of_month = told(&metrify, "MONTH");
        assert!(
            of_month.starts_with("2025-05-01,1-1:1.9.0,1,0,1,0,0,\n2025-05-02,1-1:1.29.0,1,0,0,0,0,1\n"),
            "{of_month}"
        );
        assert_eq!(sum(&metrify, "MONTH"), "30");
        let of_foreseen = "2025-05-01,1-0:1.29.0,3,0,0,2,0,1\n2025-05-01,1-1:1.9.0,1,0,0,0,0,2";
        assert_eq!(told(&metrify, "FORESEEN"), of_foreseen);
    };
    check();
    server.stop();
    // From the lake as from memory.
    let server = metrify.serve();
    check();
    let ann = Client::of(&metrify, &server, "viewer");
    // And as it was known, of which nothing is kept in short.
    for known in ["", "&as_known_at=2100-01-01"] {
        let (status, said) =
            ann.get(&format!("/api/v1/analytics/energy-consumption?start=2025-05-01&end=2025-05-02{known}"));
        assert_eq!(status, 200, "{said}");
        let rows = said["results"].as_array().expect("results").iter().map(|row| {
            let names = ["quantity", "readings", "unmeasured", "overlapping", "overlong", "too_large", "total"];
            names.into_iter().map(|name| row[name].clone()).collect::<Value>()
        });
        let expected = json!([
            ["1-0:1.29.0", 21, 2, 2, 0, 0, 17],
            ["1-0:1.9.0", 2, 0, 0, 1, 0, 24],
            ["1-1:1.29.0", 10, 0, 0, 0, 0, 10],
            ["1-1:1.9.0", 2, 0, 0, 1, 0, 2],
        ]);
        assert_eq!(rows.collect::<Value>(), expected, "{said}");
    }
}

#[test]
fn days_on_which_clocks_change_are_covered_as_others_are() {
    let metrify = Metrify::new();
    let mut sent = Sent::default();
    for (point, midnight, quarter_hours) in
        [("SPRING", "2025-03-30T00:00:00+01:00", 92), ("AUTUMN", "2025-10-26T00:00:00+02:00", 100)]
    {
        // A whole day, its advance, and its tariffs.
        sent.row((point, "1-0:1.29.0"), midnight, HOUR / 4, (quarter_hours, -1));
        sent.amount((point, "1-0:1.9.0"), midnight, quarter_hours * HOUR / 4, "77");
        sent.row((point, "1-0:1.29.1"), midnight, HOUR / 4, (quarter_hours, -1));
        // One value of a day lacks, which another code has.
        let gap = format!("{point}-GAP");
        sent.row((&gap, "1-0:1.29.0"), midnight, HOUR / 4, (quarter_hours, 9));
        sent.row((&gap, "1-1:1.29.0"), midnight, HOUR / 4, (quarter_hours - 1, -1));
        // The advance tells more than a day that has a gap.
        let whole = format!("{point}-WHOLE");
        sent.row((&whole, "1-0:1.29.0"), midnight, HOUR / 4, (quarter_hours, 9));
        sent.amount((&whole, "1-0:1.9.0"), midnight, quarter_hours * HOUR / 4, "200");
        // A gas day that the change lies in is as long as a day.
        let gas = format!("{point}-GAS");
        let eve = if point == "SPRING" { "2025-03-29T06:00:00+01:00" } else { "2025-10-25T06:00:00+02:00" };
        sent.amount((&gas, "7-20:99.33.17"), eve, quarter_hours * HOUR / 4, "5");
    }
    metrify.take_in("amounts.ndjson", sent.0);
    for (point, day, eve, quarter_hours) in
        [("SPRING", "2025-03-30", "2025-03-29", 92), ("AUTUMN", "2025-10-26", "2025-10-25", 100)]
    {
        let expected = format!(
            "{day},1-0:1.29.0,{quarter_hours},0,0,0,0,{quarter_hours}\n\
             {day},1-0:1.29.1,{quarter_hours},{quarter_hours},0,0,0,\n{day},1-0:1.9.0,1,1,0,0,0,"
        );
        assert_eq!(told(&metrify, point), expected);
        let kept = quarter_hours - 1;
        let expected = format!("{day},1-0:1.29.0,{kept},0,0,0,0,{kept}\n{day},1-1:1.29.0,{kept},{},0,0,0,1", kept - 1);
        assert_eq!(told(&metrify, &format!("{point}-GAP")), expected);
        let expected = format!("{day},1-0:1.29.0,{kept},{kept},0,0,0,\n{day},1-0:1.9.0,1,0,0,0,0,200");
        assert_eq!(told(&metrify, &format!("{point}-WHOLE")), expected);
        assert_eq!(told(&metrify, &format!("{point}-GAS")), format!("{eve},7-20:99.33.17,1,0,0,0,0,5"));
    }
}

#[test]
fn what_reaches_over_midnight_counts_once_whatever_days_are_asked_for() {
    let metrify = Metrify::new();
    let mut sent = Sent::default();
    sent.amount(("OVER", "1-0:1.29.0"), "2025-05-01T23:30:00+02:00", HOUR, "4");
    sent.amount(("OVER", "1-0:1.29.0"), "2025-05-02T00:00:00+02:00", HOUR / 4, "1");
    sent.amount(("ALONE", "1-0:1.29.0"), "2025-05-01T23:30:00+02:00", HOUR, "4");
    sent.amount(("ALONE", "1-0:1.29.0"), "2025-05-02T00:30:00+02:00", HOUR / 4, "1");
    metrify.take_in("amounts.ndjson", sent.0);
    let of = |rule: &str| {
        metrify.sql(&format!("select point, day, overlapping, total from amounts_daily where {rule} order by 1, 2"))
    };
    let [over, alone] = ["OVER,2025-05-01,1,\nOVER,2025-05-02,0,1", "ALONE,2025-05-01,0,4\nALONE,2025-05-02,0,1"];
    assert_eq!(of("true"), format!("{alone}\n{over}"));
    assert_eq!(of("day = '2025-05-01'"), "ALONE,2025-05-01,0,4\nOVER,2025-05-01,1,");
    assert_eq!(of("day = '2025-05-02' and point = 'OVER'"), "OVER,2025-05-02,0,1");
    // Who asks for one code alone is told what counts of it beside the others.
    assert_eq!(of("quantity = '1-0:1.29.0' and total > 1"), "ALONE,2025-05-01,0,4");
    assert_eq!(of("quantity like '1-%:1.%' and point = 'OVER'"), over);
    assert_eq!(of("quantity like '1-%:2.%'"), "");
}

#[test]
fn a_value_that_nobody_measures_spoils_nothing_of_others() {
    let metrify = Metrify::new();
    let mut sent = Sent::default();
    sent.row(("USUAL", "1-0:1.29.0"), "2025-05-01T10:00:00+02:00", HOUR, (3, -1));
    for (number, said) in
        ["9000000000000000000,\"unit\":\"MWh\"", "9900000000000000000", "9900000000000000000", "-5e18", "2"]
            .into_iter()
            .enumerate()
    {
        sent.amount(("ABSURD", "1-0:1.29.0"), &format!("2025-05-01T1{number}:00:00+02:00"), HOUR, said);
    }
    for (hour, value) in [(8, "9900000000000000000"), (9, "9800000000000000000"), (10, "12")] {
        sent.0.push_str(&format!(
            "{{\"point\":\"10315\",\"quantity\":\"air_temperature\",\"at\":\"2025-05-01T{hour:02}:00:00Z\",\"value\":{value},\"unit\":\"Cel\"}}\n"
        ));
    }
    metrify.take_in("amounts.ndjson", sent.0);
    let server = metrify.serve();
    assert_eq!(told(&metrify, "ABSURD"), "2025-05-01,1-0:1.29.0,5,0,0,0,4,2");
    let ann = Client::of(&metrify, &server, "viewer");
    for known in ["", "&as_known_at=2100-01-01"] {
        let days = format!("start=2025-05-01&end=2025-05-02{known}");
        let (status, said) = ann.get(&format!("/api/v1/analytics/energy-consumption?{days}"));
        let row = &said["results"][0];
        assert_eq!((status, &row["total"], &row["too_large"]), (200, &json!(5), &json!(4)), "{said}");
        let (status, said) = ann.get(&format!("/api/v1/analytics/weather-impact?{days}"));
        let row = &said["results"][0];
        assert_eq!(
            (status, &row["consumption_kwh"], &row["left_out"], &row["air_temperature_cel"]),
            (200, &json!(5), &json!(4), &json!(12)),
            "{said}"
        );
    }
}

#[test]
fn many_points_of_which_some_tell_twice_add_up() {
    let metrify = Metrify::new();
    let mut sent = Sent::default();
    for number in 0..9_000 {
        let point = format!("P{number:04}");
        sent.row((&point, "1-0:1.29.0"), "2025-05-01T00:00:00+02:00", 6 * HOUR, (8, -1));
        // More of them than are looked for by name.
        if number % 2 == 0 {
            sent.amount((&point, "1-1:1.29.0"), "2025-05-01T06:00:00+02:00", HOUR, "7");
            sent.amount((&point, "1-0:1.29.0"), "2025-05-01T03:00:00+02:00", 6 * HOUR, "9");
        }
    }
    metrify.take_in("amounts.ndjson", sent.0);
    let sums =
        "select day, count(distinct point), sum(overlapping), sum(total) from amounts_daily group by 1 order by 1";
    assert_eq!(metrify.sql(sums), "2025-05-01,9000,9000,36000\n2025-05-02,9000,0,36000");
}
