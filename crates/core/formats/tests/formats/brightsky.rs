//! Replies of Bright Sky through the front door.

use crate::support;

use expect_test::{Expect, expect};
use metrify_formats::{Detected, Format, Head, detect};
use proptest::prelude::*;

const SOURCES: &str = r#""sources":[
{"id":7,"dwd_station_id":"01766","wmo_station_id":"10315","station_name":"Münster/Osnabrück","observation_type":"historical","lat":52.1,"lon":7.7,"height":47.8},
{"id":8,"dwd_station_id":"01503","wmo_station_id":null,"station_name":"Friesoythe","observation_type":"current"},
{"id":9,"dwd_station_id":null,"wmo_station_id":"P0036","station_name":"MUENSTER","observation_type":"forecast"},
{"id":10,"dwd_station_id":null,"wmo_station_id":null,"lat":52.1,"lon":7.70,"observation_type":"synop"},
{"id":11,"dwd_station_id":"00001","observation_type":"guess"}]"#;

fn check(text: &str, expected: &Expect) {
    let read =
        |piece| support::describe(&support::decode(Format::Brightsky, text.as_bytes(), &support::options(), piece));
    expected.assert_eq(&read(text.len()));
    for piece in [1, 7] {
        assert_eq!(read(piece), read(text.len()), "in pieces of {piece} bytes");
    }
}

/// The readings and problems of records, without what is told of the stations.
fn check_records(records: &str, expected: &Expect) {
    let text = format!("{{\"weather\":[{records}],{SOURCES}}}");
    let read =
        |piece| support::describe(&support::decode(Format::Brightsky, text.as_bytes(), &support::options(), piece));
    let lines: Vec<String> =
        read(text.len()).lines().filter(|line| !line.starts_with("meter")).map(|line| format!("{line}\n")).collect();
    expected.assert_eq(&lines.concat());
    assert_eq!(read(3), read(text.len()), "in pieces");
}

#[test]
fn values_belong_to_the_station_of_their_source_and_amounts_to_the_hour_before() {
    let record = r#"{"timestamp":"2025-03-30T03:00:00+02:00","source_id":7,"precipitation":0.40,"pressure_msl":1013.2,"sunshine":12,
"temperature":7.5,"wind_direction":250,"wind_speed":12.6,"cloud_cover":88,"dew_point":-0.5,"relative_humidity":60,"visibility":50000,
"wind_gust_direction":240,"wind_gust_speed":33.5,"condition":"dry","precipitation_probability":null,"precipitation_probability_6h":null,
"solar":0.021,"icon":"cloudy","fallback_source_ids":{"solar":8}}"#;
    check(
        &format!("{{\"weather\":[{record}],{SOURCES}}}"),
        &expect![[r#"
            01766 precipitation interval 2025-03-30T00:00:00Z..2025-03-30T01:00:00Z 0.4 mm true
            01766 air_pressure_sea_level instant 2025-03-30T01:00:00Z 1013.2 hPa true
            01766 sunshine_duration interval 2025-03-30T00:00:00Z..2025-03-30T01:00:00Z 12 min true
            01766 air_temperature instant 2025-03-30T01:00:00Z 7.5 Cel true
            01766 wind_direction instant 2025-03-30T01:00:00Z 250 deg true
            01766 wind_speed instant 2025-03-30T01:00:00Z 12.6 km/h true
            01766 cloud_cover instant 2025-03-30T01:00:00Z 88 % true
            01766 dew_point instant 2025-03-30T01:00:00Z -0.5 Cel true
            01766 relative_humidity instant 2025-03-30T01:00:00Z 60 % true
            01766 visibility instant 2025-03-30T01:00:00Z 50000 m true
            01766 wind_gust_direction interval 2025-03-30T00:00:00Z..2025-03-30T01:00:00Z 240 deg true
            01766 wind_gust interval 2025-03-30T00:00:00Z..2025-03-30T01:00:00Z 33.5 km/h true
            01503 global_radiation interval 2025-03-30T00:00:00Z..2025-03-30T01:00:00Z 0.021 kWh/m2 true
            meter Meter { point: P0036, kind: Some(Station), name: Some("MUENSTER"), server_id: None, maker: None, resolution: None }
            meter Meter { point: 01766, kind: Some(Station), name: Some("Münster/Osnabrück"), server_id: None, maker: None, resolution: None }
            meter Meter { point: 01503, kind: Some(Station), name: Some("Friesoythe"), server_id: None, maker: None, resolution: None }
            meter Meter { point: 52.1,7.70, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
            meter Meter { point: 00001, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn what_mosmix_says_is_a_forecast_and_the_probability_of_six_hours_is_due_at_every_sixth_hour() {
    check_records(
        r#"{"timestamp":"2025-03-30T06:00:00Z","source_id":9,"temperature":7.5,"precipitation_probability":46,"precipitation_probability_6h":75},
{"timestamp":"2025-03-30T07:00:00Z","source_id":9,"temperature":null,"precipitation_probability":null,"precipitation_probability_6h":null},
{"timestamp":"2025-03-30T12:00:00Z","source_id":9,"temperature":8,"precipitation_probability":1,"precipitation_probability_6h":null}"#,
        &expect![[r#"
            P0036 air_temperature instant 2025-03-30T06:00:00Z 7.5 Cel forecast
            P0036 precipitation_over_0_1mm_1h.probability interval 2025-03-30T05:00:00Z..2025-03-30T06:00:00Z 46 % forecast
            P0036 precipitation_over_0_2mm_6h.probability interval 2025-03-30T00:00:00Z..2025-03-30T06:00:00Z 75 % forecast
            P0036 air_temperature instant 2025-03-30T07:00:00Z - Cel missing
            P0036 precipitation_over_0_1mm_1h.probability interval 2025-03-30T06:00:00Z..2025-03-30T07:00:00Z - % missing
            P0036 air_temperature instant 2025-03-30T12:00:00Z 8 Cel forecast
            P0036 precipitation_over_0_1mm_1h.probability interval 2025-03-30T11:00:00Z..2025-03-30T12:00:00Z 1 % forecast
            P0036 precipitation_over_0_2mm_6h.probability interval 2025-03-30T06:00:00Z..2025-03-30T12:00:00Z - % missing
        "#]],
    );
}

#[test]
fn a_null_is_a_gap_only_where_the_source_has_the_parameter_elsewhere() {
    check_records(
        r#"{"timestamp":"2025-03-30T01:00:00Z","source_id":7,"temperature":7.5,"solar":null,"visibility":null},
{"timestamp":"2025-03-30T02:00:00Z","source_id":7,"temperature":null,"solar":null,"visibility":9000,"fallback_source_ids":{"visibility":8}},
{"timestamp":"2025-03-30T03:00:00Z","source_id":8,"visibility":null}"#,
        &expect![[r#"
            01766 air_temperature instant 2025-03-30T01:00:00Z 7.5 Cel true
            01766 air_temperature instant 2025-03-30T02:00:00Z - Cel missing
            01503 visibility instant 2025-03-30T02:00:00Z 9000 m true
            01503 visibility instant 2025-03-30T03:00:00Z - m missing
        "#]],
    );
}

#[test]
fn temperatures_and_pressures_tell_the_units() {
    check_records(
        r#"{"timestamp":"2025-03-30T01:00:00Z","source_id":7,"temperature":280.65,"pressure_msl":101320,"wind_speed":3.5,"precipitation":0.4,"solar":75600,"sunshine":720}"#,
        &expect![[r#"
            01766 air_temperature instant 2025-03-30T01:00:00Z 280.65 K true
            01766 air_pressure_sea_level instant 2025-03-30T01:00:00Z 101320 Pa true
            01766 wind_speed instant 2025-03-30T01:00:00Z 3.5 m/s true
            01766 precipitation interval 2025-03-30T00:00:00Z..2025-03-30T01:00:00Z 0.4 kg/m2 true
            01766 global_radiation interval 2025-03-30T00:00:00Z..2025-03-30T01:00:00Z 75600 J/m2 true
            01766 sunshine_duration interval 2025-03-30T00:00:00Z..2025-03-30T01:00:00Z 720 s true
        "#]],
    );
    check_records(
        r#"{"timestamp":"2025-03-30T01:00:00Z","source_id":7,"wind_speed":3.5},{"timestamp":"2025-03-30T02:00:00Z","source_id":7,"cloud_cover":3}"#,
        &expect![[r#"
            01766 wind_speed instant 2025-03-30T01:00:00Z 3.5 km/h true
            01766 cloud_cover instant 2025-03-30T02:00:00Z 3 % true
            finding note units_assumed .weather: neither a temperature nor a pressure tells the units: taken as those of the DWD, such as km/h
        "#]],
    );
    check_records(
        r#"{"timestamp":"2025-03-30T01:00:00Z","source_id":7,"temperature":280.65,"pressure_msl":1013.2,"wind_speed":3.5}"#,
        &expect![[r#"
            problem : some temperatures or pressures are in SI units and others are not (3 readings, 694 bytes)
        "#]],
    );
}

#[test]
fn amounts_of_current_weather_and_synop_have_their_minutes_in_the_name() {
    let record = r#"{"source_id":10,"timestamp":"2025-03-30T01:30:00+00:00","cloud_cover":88,"precipitation_10":0.1,"precipitation_30":0.2,
"precipitation_60":0.5,"solar_10":0.001,"solar_30":0.002,"solar_60":0.005,"sunshine_10":1,"sunshine_30":2,"sunshine_60":12,
"temperature":7.5,"wind_direction_10":1,"wind_direction_30":2,"wind_direction_60":3,"wind_speed_10":1.5,"wind_speed_30":2.5,"wind_speed_60":3.5,
"wind_gust_direction_10":4,"wind_gust_speed_10":9.7,"icon":"cloudy"}"#;
    check(
        &format!("{{\"weather\":{record},{SOURCES}}}"),
        &expect![[r#"
            52.1,7.70 cloud_cover instant 2025-03-30T01:30:00Z 88 % true
            52.1,7.70 precipitation_10min interval 2025-03-30T01:20:00Z..2025-03-30T01:30:00Z 0.1 mm true
            52.1,7.70 precipitation_30min interval 2025-03-30T01:00:00Z..2025-03-30T01:30:00Z 0.2 mm true
            52.1,7.70 precipitation_60min interval 2025-03-30T00:30:00Z..2025-03-30T01:30:00Z 0.5 mm true
            52.1,7.70 global_radiation_10min interval 2025-03-30T01:20:00Z..2025-03-30T01:30:00Z 0.001 kWh/m2 true
            52.1,7.70 global_radiation_30min interval 2025-03-30T01:00:00Z..2025-03-30T01:30:00Z 0.002 kWh/m2 true
            52.1,7.70 global_radiation_60min interval 2025-03-30T00:30:00Z..2025-03-30T01:30:00Z 0.005 kWh/m2 true
            52.1,7.70 sunshine_duration_10min interval 2025-03-30T01:20:00Z..2025-03-30T01:30:00Z 1 min true
            52.1,7.70 sunshine_duration_30min interval 2025-03-30T01:00:00Z..2025-03-30T01:30:00Z 2 min true
            52.1,7.70 sunshine_duration_60min interval 2025-03-30T00:30:00Z..2025-03-30T01:30:00Z 12 min true
            52.1,7.70 air_temperature instant 2025-03-30T01:30:00Z 7.5 Cel true
            52.1,7.70 wind_direction instant 2025-03-30T01:30:00Z 1 deg true
            52.1,7.70 wind_direction_30min instant 2025-03-30T01:30:00Z 2 deg true
            52.1,7.70 wind_direction_60min instant 2025-03-30T01:30:00Z 3 deg true
            52.1,7.70 wind_speed instant 2025-03-30T01:30:00Z 1.5 km/h true
            52.1,7.70 wind_speed_30min instant 2025-03-30T01:30:00Z 2.5 km/h true
            52.1,7.70 wind_speed_60min instant 2025-03-30T01:30:00Z 3.5 km/h true
            52.1,7.70 wind_gust_direction_10min interval 2025-03-30T01:20:00Z..2025-03-30T01:30:00Z 4 deg true
            52.1,7.70 wind_gust_10min interval 2025-03-30T01:20:00Z..2025-03-30T01:30:00Z 9.7 km/h true
            meter Meter { point: P0036, kind: Some(Station), name: Some("MUENSTER"), server_id: None, maker: None, resolution: None }
            meter Meter { point: 01766, kind: Some(Station), name: Some("Münster/Osnabrück"), server_id: None, maker: None, resolution: None }
            meter Meter { point: 01503, kind: Some(Station), name: Some("Friesoythe"), server_id: None, maker: None, resolution: None }
            meter Meter { point: 52.1,7.70, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
            meter Meter { point: 00001, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn what_is_not_understood_costs_its_own_values_and_can_be_read_again() {
    let records = r#"{"timestamp":"2025-03-30T01:00:00Z","source_id":7,"temperature":"warm","cloud_cover":[8],"dew_point":1,"moon":1},
{"timestamp":"2025-03-30T01:00:00","source_id":7,"temperature":1,"dew_point":1},
{"timestamp":"2025-03-30T01:00:00Z","source_id":99,"temperature":1},
{"timestamp":"2025-03-30T01:00:00Z","source_id":11,"temperature":1},
{"timestamp":"2025-03-30T01:00:00Z","temperature":1},
17"#;
    check_records(
        records,
        &expect![[r#"
        01766 dew_point instant 2025-03-30T01:00:00Z 1 Cel true
        problem .weather[0]: `temperature`: `warm` is not a decimal number (2 readings, 114 bytes)
        problem .weather[1]: `2025-03-30T01:00:00` has no zone: give --timezone (2 readings, 81 bytes)
        problem .weather[2]: `temperature`: the reply has no source 99 (1 readings, 69 bytes)
        problem .weather[3]: `temperature`: the source 11: `guess` is no kind of observation that we know (1 readings, 69 bytes)
        problem .weather[4]: `temperature`: the record names no source (1 readings, 54 bytes)
        problem .weather[5]: a number is no record (1 readings, 2 bytes)
        finding warning unknown_parameter .weather[0]: `moon` is passed over, since it is not one we know
    "#]],
    );
    let text = format!("{{\"weather\":[{records}],{SOURCES}}}");
    let decoded = support::decode(Format::Brightsky, text.as_bytes(), &support::options(), text.len());
    let problem = decoded.iter().flat_map(|piece| &piece.problems).next().expect("a problem");
    let again = String::from_utf8([problem.prelude.as_slice(), &problem.bytes].concat()).expect("text");
    check(
        &again.replace("\"warm\"", "7").replace("[8]", "8"),
        &expect![[r#"
        01766 air_temperature instant 2025-03-30T01:00:00Z 7 Cel true
        01766 cloud_cover instant 2025-03-30T01:00:00Z 8 % true
        01766 dew_point instant 2025-03-30T01:00:00Z 1 Cel true
        finding warning unknown_parameter .weather[0]: `moon` is passed over, since it is not one we know
        meter Meter { point: 01766, kind: Some(Station), name: Some("Münster/Osnabrück"), server_id: None, maker: None, resolution: None }
    "#]],
    );
}

#[test]
fn sources_tell_stations_and_alerts_and_radar_are_refused_by_name() {
    check(
        r#"{"sources":[{"id":7,"dwd_station_id":"01766","station_name":"Münster","observation_type":"historical"}]}"#,
        &expect![[r#"
            meter Meter { point: 01766, kind: Some(Station), name: Some("Münster"), server_id: None, maker: None, resolution: None }
        "#]],
    );
    check(
        r#"{"alerts":[{"alert_id":"x","onset":"2025-03-30T01:00:00Z"}],"location":null}"#,
        &expect![[r#"
        problem : alerts and radar are not read: they hold no values of a station (1 readings, 76 bytes)
    "#]],
    );
    check(
        r#"{"weather":7}"#,
        &expect![[r#"
        problem : it has neither `weather` nor `sources` (1 readings, 13 bytes)
    "#]],
    );
    check(
        &format!("{{\"weather\":[],{SOURCES}}}").replace('[', "[\n"),
        &expect![[r#"
            meter Meter { point: P0036, kind: Some(Station), name: Some("MUENSTER"), server_id: None, maker: None, resolution: None }
            meter Meter { point: 01766, kind: Some(Station), name: Some("Münster/Osnabrück"), server_id: None, maker: None, resolution: None }
            meter Meter { point: 01503, kind: Some(Station), name: Some("Friesoythe"), server_id: None, maker: None, resolution: None }
            meter Meter { point: 52.1,7.70, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
            meter Meter { point: 00001, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn a_reply_that_breaks_off_is_read_up_to_there() {
    check(
        r#"{"sources":[{"id":7,"dwd_station_id":"01766","observation_type":"current"}],"weather":[
{"timestamp":"2025-03-30T01:00:00Z","source_id":7,"temperature":7.5},
{"timestamp":"2025-03-30T02:00:00Z","source_id":7,"tempe"#,
        &expect![[r#"
            01766 air_temperature instant 2025-03-30T01:00:00Z 7.5 Cel true
            problem byte 215: expected a closing quote, found the end (1 readings, 56 bytes)
            meter Meter { point: 01766, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn records_with_time_and_source_are_recognised_and_nothing_else() {
    let one = Detected::One(Format::Brightsky);
    for (text, expected) in [
        (r#"{"weather":[{"timestamp":"2025-03-30T01:00:00Z","source_id":7,"#, &one),
        (r#"{"weather":{"source_id":7,"timestamp":"2025-03-30T01:00:00Z"}}"#, &one),
        (r#"{"sources":[{"id":7,"dwd_station_id":"01766","observation_type":"current"}]}"#, &one),
        (r#"{"weather":[],"sources":[{"dwd_station_id":"01766","observation_type":"current"}]}"#, &one),
        (r#"{"weather":[{"id":800}],"main":{}}"#, &Detected::None),
        (r#"{"sources":[]}"#, &Detected::None),
        (r#"{"detail":{}}"#, &Detected::None),
    ] {
        assert_eq!(&detect(&Head::new(text.as_bytes())), expected, "{text}");
    }
}

#[test]
fn what_the_service_refuses_is_told_in_its_words() {
    let mut told = String::new();
    for refusal in [
        r#"{"detail":"Not Found"}"#,
        r#"{"title": "404 Not Found", "description": "No sources match your criteria"}"#,
        r#"{"detail":[{"loc":["query","date"],"msg":"field required","type":"value_error.missing"},
            {"loc":["query","lat"],"msg":"value is not a valid float"}]}"#,
    ] {
        assert_eq!(detect(&Head::new(refusal.as_bytes())), Detected::One(Format::Brightsky), "{refusal}");
        let whole = support::decode(Format::Brightsky, refusal.as_bytes(), &support::options(), refusal.len());
        let pieces = support::decode(Format::Brightsky, refusal.as_bytes(), &support::options(), 7);
        assert_eq!(support::describe(&pieces), support::describe(&whole));
        told += &support::describe(&whole);
    }
    expect![[r#"
        problem : the service refused: Not Found (1 readings, 22 bytes)
        problem : the service refused: 404 Not Found: No sources match your criteria (1 readings, 75 bytes)
        problem : the service refused: query.date: field required; query.lat: value is not a valid float (1 readings, 161 bytes)
    "#]].assert_eq(&told);
    for other in [
        r#"{"detail":1}"#,
        r#"{"detail":"x","more":1}"#,
        r#"{"title":"404 Not Found"}"#,
        r#"{"title":"Werte","description":"von gestern"}"#,
        r#"[{"detail":"Not Found"}]"#,
    ] {
        assert_eq!(detect(&Head::new(other.as_bytes())), Detected::None, "{other}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic_and_the_same_in_any_pieces(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..300),
            r#"[\[\]{}",:a0-9\\\n]{0,120}"#.prop_map(String::into_bytes),
        ],
        piece in 1_usize..50,
    ) {
        let mut text = format!("{{{SOURCES},\"weather\":[{{\"timestamp\":\"2025-03-30T01:00:00Z\",\"source_id\":7,\"temperature\":1}},").into_bytes();
        text.extend(bytes);
        let read = |piece| support::describe(&support::decode(Format::Brightsky, &text, &support::options(), piece));
        prop_assert!(read(text.len()).contains("01766 air_temperature instant 2025-03-30T01:00:00Z 1 Cel true"));
        prop_assert_eq!(read(text.len()), read(piece));
    }
}
