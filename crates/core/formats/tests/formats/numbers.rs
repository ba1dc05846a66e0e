//! Binary floats written out, through the front doors of the formats that read numbers as text.

use crate::support;

use expect_test::{Expect, expect};
use metrify_formats::{Format, Options};

fn check(format: Format, text: &str, options: &Options, expected: &Expect) {
    let told = |piece| {
        let told = support::describe(&support::decode(format, text.as_bytes(), options, piece));
        let told = told.lines().filter(|line| !line.starts_with("meter ") && !line.contains("assumed"));
        told.map(|line| format!("{line}\n")).collect::<String>()
    };
    expected.assert_eq(&told(text.len()));
    assert_eq!(told(7), told(text.len()));
}

#[test]
fn a_float_in_a_table_is_the_decimal_that_was_meant_and_is_told_once() {
    check(
        Format::Csv,
        "point;quantity;at;value\nm;1-0:1.8.0;2025-01-01T00:00:00Z;0.17099999999999999\nm;1-0:1.8.0;2025-01-01T00:15:00Z;0.30000000000000004
m;1-0:1.8.0;2025-01-01T00:30:00Z;0.3333333333333333\nm;1-0:1.8.0;2025-01-01T00:45:00Z;0.123456789012
m;1-0:1.8.0;2025-01-01T01:00:00Z;0.1234567890123\n",
        &support::options(),
        &expect![[r#"
            m 1-0:1.8.0 register 2025-01-01T00:00:00Z 0.171 kWh true
            m 1-0:1.8.0 register 2025-01-01T00:15:00Z 0.3 kWh true
            m 1-0:1.8.0 register 2025-01-01T00:30:00Z 0.333333333333 kWh true
            m 1-0:1.8.0 register 2025-01-01T00:45:00Z 0.123456789012 kWh true
            problem line 6: `0.1234567890123` has more than 12 places after the point (1 readings, 48 bytes)
            finding note binary_float : `0.17099999999999999` is a binary floating-point number written out: each is taken for the shortest decimal that names it, rounded to 12 places
        "#]],
    );
    check(
        Format::Csv,
        "meter_id;reading_timestamp;voltage_v\nm;2025-01-01T00:00:00Z;1.230,29999999999995\nm;2025-01-01T00:15:00Z;230,5\n",
        &support::options(),
        &expect![[r#"
            m 1-0:12.7.0 instant 2025-01-01T00:00:00Z 1230.3 V true
            m 1-0:12.7.0 instant 2025-01-01T00:15:00Z 230.5 V true
            finding note binary_float : `1.230,29999999999995` is a binary floating-point number written out: each is taken for the shortest decimal that names it, rounded to 12 places
        "#]],
    );
    check(
        Format::Ndjson,
        r#"{"point":"m","quantity":"1-0:1.8.0","at":"2025-01-01T00:00:00Z","value":0.30000000000000004}
{"point":"m","quantity":"1-0:1.8.0","at":"2025-01-01T00:15:00Z","value":1.7099999999999999e-1}
"#,
        &support::options(),
        &expect![[r#"
            m 1-0:1.8.0 register 2025-01-01T00:00:00Z 0.3 kWh true
            m 1-0:1.8.0 register 2025-01-01T00:15:00Z 0.171 kWh true
            finding note binary_float : `0.30000000000000004` is a binary floating-point number written out: each is taken for the shortest decimal that names it, rounded to 12 places
        "#]],
    );
}

#[test]
fn a_float_in_a_document_is_the_decimal_that_was_meant() {
    check(
        Format::Bo4e,
        r#"{"_typ": "LASTGANG", "marktlokation": {"marktlokationsId": "51481308448"}, "messgroesse": "KWH",
"obisKennzahl": "1-1:1.29.0", "werte": [{"zeitraum": {"startdatum": "2025-06-01", "startuhrzeit": "00:00:00+02:00",
"enddatum": "2025-06-01", "enduhrzeit": "00:15:00+02:00"}, "wert": 0.30000000000000004, "status": "ABGELESEN"}]}"#,
        &support::options(),
        &expect![[r#"
            51481308448 1-1:1.29.0 interval 2025-05-31T22:00:00Z..2025-05-31T22:15:00Z 0.3 kWh true
            finding note binary_float : `0.30000000000000004` is a binary floating-point number written out: each is taken for the shortest decimal that names it, rounded to 12 places
        "#]],
    );
    check(
        Format::SmardChart,
        r#"{"meta_data": {"version": 1, "created": 1743379200000}, "series": [[1743292800000, 0.30000000000000004],
[1743293700000, 1e-13]]}"#,
        &Options { quantity: "load".parse().ok(), area: "DE".parse().ok(), ..support::options() },
        &expect![[r#"
            DE load interval 2025-03-30T00:00:00Z..2025-03-30T00:15:00Z 0.3 MWh true known 2025-03-31T00:00:00Z
            problem .series[1]: `1e-13` has more than 12 places after the point (1 readings, 24 bytes)
            finding note binary_float : `0.30000000000000004` is a binary floating-point number written out: each is taken for the shortest decimal that names it, rounded to 12 places
        "#]],
    );
    check(
        Format::OpenWeatherMap,
        r#"{"coord": {"lon": 13.41, "lat": 52.52}, "main": {"temp": 283.15000000000003}, "dt": 1735689600, "name": "Berlin", "cod": 200}"#,
        &support::options(),
        &expect![[r#"
            52.52,13.41 air_temperature instant 2025-01-01T00:00:00Z 283.15 K true
            finding note binary_float : `283.15000000000003` is a binary floating-point number written out: each is taken for the shortest decimal that names it, rounded to 12 places
        "#]],
    );
    check(
        Format::Brightsky,
        r#"{"weather": [{"timestamp": "2025-01-01T00:00:00+00:00", "source_id": 1, "temperature": 7.300000000000001}],
"sources": [{"id": 1, "dwd_station_id": "00433", "observation_type": "historical", "lat": 52.4, "lon": 13.4,
"station_name": "Berlin"}]}"#,
        &support::options(),
        &expect![[r#"
            00433 air_temperature instant 2025-01-01T00:00:00Z 7.3 Cel true
            finding note binary_float : `7.300000000000001` is a binary floating-point number written out: each is taken for the shortest decimal that names it, rounded to 12 places
        "#]],
    );
}
