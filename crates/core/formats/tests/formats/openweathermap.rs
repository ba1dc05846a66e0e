//! Replies of OpenWeatherMap through the front door.

#![allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]

use crate::support;

use expect_test::{Expect, expect};
use metrify_domain::{Decimal, Quality, Timestamp};
use metrify_formats::{Decoded, Detected, Format, Head, Options, detect};
use proptest::prelude::*;

fn read(bytes: &[u8], options: &Options, piece: usize) -> Vec<Decoded> {
    support::decode(Format::OpenWeatherMap, bytes, options, piece)
}

fn check(text: &str, expected: &Expect) {
    check_with(text, &support::options(), expected);
}

fn check_with(text: &str, options: &Options, expected: &Expect) {
    let whole = support::describe(&read(text.as_bytes(), options, text.len()));
    expected.assert_eq(&whole);
    for piece in [1, 7] {
        assert_eq!(support::describe(&read(text.as_bytes(), options, piece)), whole, "in pieces of {piece} bytes");
    }
}

const CITY: &str =
    r#""city":{"id":2950159,"name":"Berlin","coord":{"lat":52.52,"lon":13.41},"country":"DE","timezone":7200}"#;

#[test]
fn what_a_reply_lacks_is_absent_and_kelvin_are_told_by_their_values() {
    check(
        r#"{"coord":{"lon":13.41,"lat":52.52},"weather":[{"id":800,"main":"Clear"}],"base":"stations",
"main":{"temp":280.65,"feels_like":278.1,"temp_min":279,"temp_max":282.04,"pressure":1013,"humidity":59,"sea_level":1013,"grnd_level":997},
"visibility":10000,"wind":{"speed":3.6,"deg":240},"clouds":{"all":75},"dt":1743296400,"sys":{"country":"DE"},
"timezone":7200,"id":2950159,"name":"Berlin","cod":200}"#,
        &expect![[r#"
            owm:2950159 air_temperature instant 2025-03-30T01:00:00Z 280.65 K true
            owm:2950159 apparent_temperature instant 2025-03-30T01:00:00Z 278.1 K true
            owm:2950159 air_temperature_area_min instant 2025-03-30T01:00:00Z 279 K true
            owm:2950159 air_temperature_area_max instant 2025-03-30T01:00:00Z 282.04 K true
            owm:2950159 air_pressure_sea_level instant 2025-03-30T01:00:00Z 1013 hPa true
            owm:2950159 relative_humidity instant 2025-03-30T01:00:00Z 59 % true
            owm:2950159 air_pressure instant 2025-03-30T01:00:00Z 997 hPa true
            owm:2950159 visibility instant 2025-03-30T01:00:00Z 10000 m true
            owm:2950159 wind_speed instant 2025-03-30T01:00:00Z 3.6 m/s true
            owm:2950159 wind_direction instant 2025-03-30T01:00:00Z 240 deg true
            owm:2950159 cloud_cover instant 2025-03-30T01:00:00Z 75 % true
            meter Meter { point: owm:2950159, kind: Some(Station), name: Some("Berlin"), server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn rain_and_snow_are_amounts_of_the_time_before() {
    check(
        r#"{"coord":{"lon":-9.1366,"lat":38.70},"main":{"temp":4.5},"rain":{"1h":0.17,"3h":0.81},"snow":{"1h":0.14},"dt":1743296400}"#,
        &expect![[r#"
            38.70,-9.1366 air_temperature instant 2025-03-30T01:00:00Z 4.5 Cel true
            38.70,-9.1366 precipitation_liquid_60min interval 2025-03-30T00:00:00Z..2025-03-30T01:00:00Z 0.17 mm true
            38.70,-9.1366 precipitation_liquid_180min interval 2025-03-29T22:00:00Z..2025-03-30T01:00:00Z 0.81 mm true
            38.70,-9.1366 snowfall_60min interval 2025-03-30T00:00:00Z..2025-03-30T01:00:00Z 0.14 mm true
            finding note units_assumed : the reply does not name its units; its temperatures are no Kelvin, so they are taken as metric (Celsius, m/s). An imperial reply from a cold place looks the same
            meter Meter { point: 38.70,-9.1366, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn temperatures_that_no_air_has_in_celsius_prove_fahrenheit() {
    check(
        r#"{"coord":{"lon":1,"lat":2},"main":{"temp":50,"feels_like":77.5},"wind":{"speed":8},"dt":1743296400}"#,
        &expect![[r#"
            2,1 air_temperature instant 2025-03-30T01:00:00Z 50 [degF] true
            2,1 apparent_temperature instant 2025-03-30T01:00:00Z 77.5 [degF] true
            2,1 wind_speed instant 2025-03-30T01:00:00Z 8 [mi_i]/h true
            meter Meter { point: 2,1, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
    check(
        r#"{"coord":{"lon":1,"lat":2},"main":{"temp":280,"feels_like":7.5},"wind":{"speed":8},"dt":1743296400}"#,
        &expect![[r#"
            problem : some temperatures are Kelvin and others are not (3 readings, 99 bytes)
        "#]],
    );
}

#[test]
fn a_forecast_is_of_the_time_of_its_steps() {
    let step = r#"{"dt":1743303600,"main":{"temp":281.2,"temp_kf":0.5},"pop":0.35,"rain":{"3h":1.2},"sys":{"pod":"d"},"dt_txt":"2025-03-30 03:00:00"}"#;
    check(
        &format!(r#"{{"cod":"200","message":0,"cnt":1,"list":[{step}],{CITY}}}"#),
        &expect![[r#"
        owm:2950159 air_temperature instant 2025-03-30T03:00:00Z 281.2 K forecast
        owm:2950159 precipitation_3h.probability interval 2025-03-30T00:00:00Z..2025-03-30T03:00:00Z 0.35 1 forecast
        owm:2950159 precipitation_liquid_3h interval 2025-03-30T00:00:00Z..2025-03-30T03:00:00Z 1.2 mm forecast
        meter Meter { point: owm:2950159, kind: Some(Station), name: Some("Berlin"), server_id: None, maker: None, resolution: None }
    "#]],
    );
    // Hourly, and of 16 days.
    check(
        &format!(
            r#"{{"cod":"200","list":[{{"dt":1743296400,"main":{{"temp":281}},"pop":0}},{{"dt":1743300000,"main":{{"temp":282}},"pop":1,"rain":{{"1h":0.5}}}}],{CITY}}}"#
        ),
        &expect![[r#"
            owm:2950159 air_temperature instant 2025-03-30T01:00:00Z 281 K forecast
            owm:2950159 precipitation_1h.probability interval 2025-03-30T00:00:00Z..2025-03-30T01:00:00Z 0 1 forecast
            owm:2950159 air_temperature instant 2025-03-30T02:00:00Z 282 K forecast
            owm:2950159 precipitation_1h.probability interval 2025-03-30T01:00:00Z..2025-03-30T02:00:00Z 1 1 forecast
            owm:2950159 precipitation_liquid interval 2025-03-30T01:00:00Z..2025-03-30T02:00:00Z 0.5 mm forecast
            meter Meter { point: owm:2950159, kind: Some(Station), name: Some("Berlin"), server_id: None, maker: None, resolution: None }
        "#]],
    );
    check(
        &format!(
            r#"{{{CITY},"cod":"200","list":[{{"dt":1743332400,"temp":{{"day":281,"min":279,"max":283,"night":280,"eve":281,"morn":279.5}},"pressure":1013,"speed":4,"deg":200,"gust":9,"clouds":80,"pop":0.2,"rain":0.5}}]}}"#
        ),
        &expect![[r#"
            owm:2950159 air_temperature_noon interval 2025-03-29T22:00:00Z..2025-03-30T22:00:00Z 281 K forecast
            owm:2950159 air_temperature_day_min interval 2025-03-29T22:00:00Z..2025-03-30T22:00:00Z 279 K forecast
            owm:2950159 air_temperature_day_max interval 2025-03-29T22:00:00Z..2025-03-30T22:00:00Z 283 K forecast
            owm:2950159 air_temperature_night interval 2025-03-29T22:00:00Z..2025-03-30T22:00:00Z 280 K forecast
            owm:2950159 air_temperature_evening interval 2025-03-29T22:00:00Z..2025-03-30T22:00:00Z 281 K forecast
            owm:2950159 air_temperature_morning interval 2025-03-29T22:00:00Z..2025-03-30T22:00:00Z 279.5 K forecast
            owm:2950159 air_pressure_sea_level_day interval 2025-03-29T22:00:00Z..2025-03-30T22:00:00Z 1013 hPa forecast
            owm:2950159 wind_speed_day interval 2025-03-29T22:00:00Z..2025-03-30T22:00:00Z 4 m/s forecast
            owm:2950159 wind_direction_day interval 2025-03-29T22:00:00Z..2025-03-30T22:00:00Z 200 deg forecast
            owm:2950159 wind_gust_day interval 2025-03-29T22:00:00Z..2025-03-30T22:00:00Z 9 m/s forecast
            owm:2950159 cloud_cover_day interval 2025-03-29T22:00:00Z..2025-03-30T22:00:00Z 80 % forecast
            owm:2950159 precipitation_day.probability interval 2025-03-29T22:00:00Z..2025-03-30T22:00:00Z 0.2 1 forecast
            owm:2950159 precipitation_liquid_day interval 2025-03-29T22:00:00Z..2025-03-30T22:00:00Z 0.5 mm forecast
            meter Meter { point: owm:2950159, kind: Some(Station), name: Some("Berlin"), server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn one_call_has_moments_minutes_hours_and_local_days() {
    // The 30th of March 2025 has 23 hours in Berlin.
    check(
        r#"{"lat":52.52,"lon":13.41,"timezone":"Europe/Berlin","timezone_offset":7200,
"current":{"dt":1743296400,"sunrise":1,"temp":7.1,"uvi":0.4,"dew_point":1,"wind_speed":3,"wind_deg":10,"weather":[]},
"minutely":[{"dt":1743296460,"precipitation":0.25}],
"hourly":[{"dt":1743300000,"temp":7.5,"pop":0.4,"rain":{"1h":0.3}}],
"daily":[{"dt":1743332400,"moon_phase":0.5,"summary":"x","temp":{"day":8,"min":3.5,"max":9},"feels_like":{"morn":1},"pop":0.5,"rain":1.5,"uvi":2}],
"alerts":[{"event":"Frost","start":1743296400,"end":1743300000}]}"#,
        &expect![[r#"
            52.52,13.41 air_temperature instant 2025-03-30T01:00:00Z 7.1 Cel true
            52.52,13.41 uv_index instant 2025-03-30T01:00:00Z 0.4 1 true
            52.52,13.41 dew_point instant 2025-03-30T01:00:00Z 1 Cel true
            52.52,13.41 wind_speed instant 2025-03-30T01:00:00Z 3 m/s true
            52.52,13.41 wind_direction instant 2025-03-30T01:00:00Z 10 deg true
            52.52,13.41 precipitation_rate instant 2025-03-30T01:01:00Z 0.25 mm/h forecast
            52.52,13.41 air_temperature instant 2025-03-30T02:00:00Z 7.5 Cel forecast
            52.52,13.41 precipitation_1h.probability interval 2025-03-30T01:00:00Z..2025-03-30T02:00:00Z 0.4 1 forecast
            52.52,13.41 precipitation_liquid interval 2025-03-30T01:00:00Z..2025-03-30T02:00:00Z 0.3 mm forecast
            52.52,13.41 air_temperature_noon interval 2025-03-29T23:00:00Z..2025-03-30T22:00:00Z 8 Cel forecast
            52.52,13.41 air_temperature_day_min interval 2025-03-29T23:00:00Z..2025-03-30T22:00:00Z 3.5 Cel forecast
            52.52,13.41 air_temperature_day_max interval 2025-03-29T23:00:00Z..2025-03-30T22:00:00Z 9 Cel forecast
            52.52,13.41 apparent_temperature_morning interval 2025-03-29T23:00:00Z..2025-03-30T22:00:00Z 1 Cel forecast
            52.52,13.41 precipitation_day.probability interval 2025-03-29T23:00:00Z..2025-03-30T22:00:00Z 0.5 1 forecast
            52.52,13.41 precipitation_liquid_day interval 2025-03-29T23:00:00Z..2025-03-30T22:00:00Z 1.5 mm forecast
            52.52,13.41 uv_index_day_max interval 2025-03-29T23:00:00Z..2025-03-30T22:00:00Z 2 1 forecast
            finding note units_assumed : the reply does not name its units; its temperatures are no Kelvin, so they are taken as metric (Celsius, m/s). An imperial reply from a cold place looks the same
            meter Meter { point: 52.52,13.41, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn a_moment_and_a_summary_are_forecasts_where_they_lie_behind_the_receipt() {
    let options = |seconds| Options::at(Timestamp::from_seconds(seconds).expect("in range"));
    let moment = r#"{"lat":52.52,"lon":13.41,"timezone":"Europe/Berlin","timezone_offset":7200,"data":[{"dt":1743296400,"temp":280}]}"#;
    check_with(
        moment,
        &options(1_743_296_400),
        &expect![[r#"
        52.52,13.41 air_temperature instant 2025-03-30T01:00:00Z 280 K true
        meter Meter { point: 52.52,13.41, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
    check_with(
        moment,
        &options(1_743_296_399),
        &expect![[r#"
        52.52,13.41 air_temperature instant 2025-03-30T01:00:00Z 280 K forecast
        meter Meter { point: 52.52,13.41, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
    check_with(
        r#"{"lat":52.52,"lon":13.41,"tz":"+01:00","date":"2025-01-05","units":"imperial","cloud_cover":{"afternoon":75.0},
"humidity":{"afternoon":71},"precipitation":{"total":2.53},"temperature":{"min":30,"max":40,"afternoon":39,"night":31,"evening":35,"morning":30.5},
"pressure":{"afternoon":1017},"wind":{"max":{"speed":26.38,"direction":225}}}"#,
        &options(1_743_296_400),
        &expect![[r#"
            52.52,13.41 cloud_cover instant 2025-01-05T11:00:00Z 75 % true
            52.52,13.41 relative_humidity instant 2025-01-05T11:00:00Z 71 % true
            52.52,13.41 precipitation_day interval 2025-01-04T23:00:00Z..2025-01-05T23:00:00Z 2.53 mm true
            52.52,13.41 air_temperature_day_min interval 2025-01-04T23:00:00Z..2025-01-05T23:00:00Z 30 [degF] true
            52.52,13.41 air_temperature_day_max interval 2025-01-04T23:00:00Z..2025-01-05T23:00:00Z 40 [degF] true
            52.52,13.41 air_temperature instant 2025-01-05T11:00:00Z 39 [degF] true
            52.52,13.41 air_temperature instant 2025-01-04T23:00:00Z 31 [degF] true
            52.52,13.41 air_temperature instant 2025-01-05T17:00:00Z 35 [degF] true
            52.52,13.41 air_temperature instant 2025-01-05T05:00:00Z 30.5 [degF] true
            52.52,13.41 air_pressure_sea_level instant 2025-01-05T11:00:00Z 1017 hPa true
            52.52,13.41 wind_speed_day_max interval 2025-01-04T23:00:00Z..2025-01-05T23:00:00Z 26.38 [mi_i]/h true
            52.52,13.41 wind_speed_day_max_direction interval 2025-01-04T23:00:00Z..2025-01-05T23:00:00Z 225 deg true
            meter Meter { point: 52.52,13.41, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn air_is_now_or_to_come_by_its_time() {
    check(
        r#"{"coord":{"lon":-9.1366,"lat":38.7078},"list":[{"main":{"aqi":3},"components":{"co":196.93,"no":0.65,"pm2_5":8.58},"dt":1735689600},
{"main":{"aqi":2},"components":{"o3":1e1},"dt":1735693200}]}"#,
        &expect![[r#"
            38.7078,-9.1366 air_quality_index instant 2025-01-01T00:00:00Z 3 1 true
            38.7078,-9.1366 carbon_monoxide instant 2025-01-01T00:00:00Z 196.93 ug/m3 true
            38.7078,-9.1366 nitrogen_monoxide instant 2025-01-01T00:00:00Z 0.65 ug/m3 true
            38.7078,-9.1366 particulate_matter_2_5 instant 2025-01-01T00:00:00Z 8.58 ug/m3 true
            38.7078,-9.1366 air_quality_index instant 2025-01-01T01:00:00Z 2 1 forecast
            38.7078,-9.1366 ozone instant 2025-01-01T01:00:00Z 10 ug/m3 forecast
            meter Meter { point: 38.7078,-9.1366, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn a_group_has_a_place_for_each_element() {
    check(
        r#"{"cnt":2,"list":[{"coord":{"lon":13.41,"lat":52.52},"main":{"temp":280},"dt":1735689600,"id":2950159,"name":"Berlin"},
{"coord":{"lon":9.99,"lat":53.55},"main":{"temp":281},"dt":1735689600,"id":2911298,"name":"Hamburg"}]}"#,
        &expect![[r#"
            owm:2950159 air_temperature instant 2025-01-01T00:00:00Z 280 K true
            owm:2911298 air_temperature instant 2025-01-01T00:00:00Z 281 K true
            meter Meter { point: owm:2950159, kind: Some(Station), name: Some("Berlin"), server_id: None, maker: None, resolution: None }
            meter Meter { point: owm:2911298, kind: Some(Station), name: Some("Hamburg"), server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn refusals_and_names_of_places_are_told_by_their_reason() {
    check(
        r#"{"cod":"404","message":"not found"}"#,
        &expect![[r#"
        problem : the service refused with 404: not found (1 readings, 35 bytes)
    "#]],
    );
    check(
        r#"{"cod":401, "message": "Invalid API key."}"#,
        &expect![[r#"
        problem : the service refused with 401: Invalid API key. (1 readings, 42 bytes)
    "#]],
    );
    check(
        r#"[{"name":"Lisbon","lat":38.7,"lon":-9.1,"country":"PT"},{"name":"Lisbon","lat":1,"lon":-9,"country":"US"}]"#,
        &expect![[r#"
            problem .[0]: names of places hold no readings (1 readings, 54 bytes)
        "#]],
    );
    check(
        r#"{"hello":1}"#,
        &expect![[r#"
        problem : it is no reply of OpenWeatherMap that we know (1 readings, 11 bytes)
    "#]],
    );
}

#[test]
fn what_is_not_understood_costs_its_own_values_and_can_be_read_again() {
    let list = r#""list":[{"dt":1743303600,"main":{"temp":"cold","humidity":59,"pressure":[1]},"moon":1},{"main":{"temp":280}},{"dt":"x","main":{"temp":280}},7,{"dt":1743314400,"main":{"te"#;
    let text = format!("{{{CITY},{list}");
    check(
        &text,
        &expect![[r#"
        owm:2950159 relative_humidity instant 2025-03-30T03:00:00Z 59 % forecast
        problem .list[0]: `main.temp`: `cold` is not a decimal number (2 readings, 80 bytes)
        problem .list[1]: the step has no time `dt` (1 readings, 23 bytes)
        problem .list[2]: its time `dt` is no count of seconds: `"x"` (1 readings, 32 bytes)
        problem .list[3]: a number is no step of the weather (1 readings, 1 bytes)
        problem byte 275: expected a closing quote, found the end (1 readings, 4 bytes)
        finding warning unknown_field .list[0]: `moon` is passed over, since it is not one we know
        meter Meter { point: owm:2950159, kind: Some(Station), name: Some("Berlin"), server_id: None, maker: None, resolution: None }
    "#]],
    );
    let decoded = read(text.as_bytes(), &support::options(), text.len());
    let problem = decoded.iter().flat_map(|piece| &piece.problems).next().expect("a problem");
    let again = String::from_utf8([problem.prelude.as_slice(), &problem.bytes].concat()).expect("text");
    check(
        &again.replace("\"cold\"", "281").replace("[1]", "1013"),
        &expect![[r#"
        owm:2950159 air_temperature instant 2025-03-30T03:00:00Z 281 K forecast
        owm:2950159 relative_humidity instant 2025-03-30T03:00:00Z 59 % forecast
        owm:2950159 air_pressure_sea_level instant 2025-03-30T03:00:00Z 1013 hPa forecast
        finding warning unknown_field .list[0]: `moon` is passed over, since it is not one we know
        meter Meter { point: owm:2950159, kind: Some(Station), name: Some("Berlin"), server_id: None, maker: None, resolution: None }
    "#]],
    );
    check(
        r#"{"main":{"temp":280},"dt":1743303600}"#,
        &expect![[r#"
        problem : the reply names no place: neither an id nor coordinates (1 readings, 37 bytes)
    "#]],
    );
}

/// What a sample makes: readings, missing values, those that are forecasts, problems, findings.
fn counts(name: &str) -> Option<[usize; 5]> {
    let bytes = support::sample(&format!("weather-owm/{name}"))?;
    assert_eq!(detect(&Head::new(&bytes)), Detected::One(Format::OpenWeatherMap), "{name}");
    // Received a moment after the newest of the samples.
    let options = Options::at(Timestamp::from_seconds(1_688_384_200).expect("in range"));
    let decoded = read(&bytes, &options, 1 << 16);
    let rows = || decoded.iter().flat_map(|piece| piece.batch.rows());
    Some([
        rows().count(),
        rows().filter(|row| row.quality == Quality::Missing).count(),
        rows().filter(|row| row.quality == Quality::Forecast).count(),
        decoded.iter().map(|piece| piece.problems.len()).sum(),
        decoded.iter().map(|piece| piece.findings.len()).sum(),
    ])
}

#[test]
fn the_samples_are_read_to_the_last_value() {
    for (name, expected) in [
        // temp, feels_like, temp_min, temp_max, pressure, grnd_level, humidity, visibility, 3 wind, clouds, 2 rain, 2 snow.
        ("weather_current.json", [16, 0, 0, 0, 1]),
        // The same without rain and snow, with pop.
        ("weather_forecast.json", [13, 0, 13, 0, 1]),
        // A moment of 10, 61 minutes, 48 hours of 12, 8 days of 19 and one amount of rain.
        ("one_call_weather.json", [10 + 61 + 48 * 12 + 8 * 19, 0, 61 + 48 * 12 + 8 * 19, 0, 1]),
        ("one_call_history_moment.json", [10, 0, 0, 0, 1]),
        ("one_call_history_aggregate.json", [12, 0, 0, 0, 0]),
        ("air_pollution_current.json", [9, 0, 0, 0, 0]),
        ("air_pollution_forecast.json", [96 * 9, 0, 0, 0, 0]),
        ("air_pollution_history.json", [24 * 9, 0, 0, 0, 0]),
        ("api_error.json", [0, 0, 0, 1, 0]),
        ("geocoding_direct.json", [0, 0, 0, 1, 0]),
        ("geocoding_zip.json", [0, 0, 0, 1, 0]),
    ] {
        let Some(counts) = counts(name) else { return };
        assert_eq!(counts, expected, "{name}: readings, missing, forecasts, problems, findings");
    }
}

/// The sum of a quantity in a sample that was received then, over the values of a quality.
fn sum(name: &str, received_at: i64, quantity: &str, quality: Quality) -> Option<(usize, String)> {
    let bytes = support::sample(&format!("weather-owm/{name}"))?;
    let options = Options::at(Timestamp::from_seconds(received_at).expect("in range"));
    let (mut count, mut sum) = (0, Decimal::ZERO);
    for piece in read(&bytes, &options, 1 << 16) {
        for row in piece.batch.rows().iter().filter(|row| row.quality == quality) {
            if piece.batch.channel(row).quantity.to_string() == quantity {
                count += 1;
                sum = sum.checked_add(row.value.expect("a value")).expect("in range");
            }
        }
    }
    Some((count, sum.to_string()))
}

#[test]
fn the_values_of_the_samples_add_up() {
    for (name, received_at, quantity, quality, expected) in [
        // Sums by another program. The hours are 48, and now is a moment that is no forecast.
        ("one_call_weather.json", 1_688_384_200, "air_temperature", Quality::Forecast, (48, "1026.2")),
        ("one_call_weather.json", 1_688_384_200, "air_temperature_day_max", Quality::Forecast, (8, "204.49")),
        ("air_pollution_history.json", 1_688_384_200, "carbon_monoxide", Quality::True, (24, "6126.67")),
        ("air_pollution_forecast.json", 1_688_384_200, "carbon_monoxide", Quality::True, (96, "20781.56")),
        // Received with its first value: the other 95 are to come.
        ("air_pollution_forecast.json", 1_687_539_600, "carbon_monoxide", Quality::Forecast, (95, "20584.63")),
    ] {
        let Some(found) = sum(name, received_at, quantity, quality) else { return };
        assert_eq!((found.0, found.1.as_str()), expected, "{name}: {quantity}");
    }
}

#[test]
fn replies_are_recognised_and_nothing_else() {
    let one = Detected::One(Format::OpenWeatherMap);
    for (text, expected) in [
        (r#"{"coord":{"lon":1,"lat":2},"main":{"temp":1},"dt":1}"#, &one),
        (r#"{"cod":"200","list":[]}"#, &one),
        (r#"{"list":[{"dt":1,"main":{"aqi":3}}]}"#, &one),
        (r#"{"cod":429,"message":"x"}"#, &one),
        (r#"{"name":"x","lat":1,"lon":2,"country":"DE"}"#, &Detected::None),
        (r#"{"lat":1,"lon":2}"#, &Detected::None),
        (r#"{"list":[1]}"#, &Detected::None),
        (r#"{"message":"x"}"#, &Detected::None),
        (r#"{"weather":[{"id":800}]}"#, &Detected::None),
    ] {
        assert_eq!(&detect(&Head::new(text.as_bytes())), expected, "{text}");
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
        let mut text = br#"{"id":7,"list":[{"dt":1743303600,"main":{"temp":280}},"#.to_vec();
        text.extend(bytes);
        let described = |piece| support::describe(&read(&text, &support::options(), piece));
        prop_assert!(described(text.len()).contains("owm:7 air_temperature instant 2025-03-30T03:00:00Z 280 K true"));
        prop_assert_eq!(described(text.len()), described(piece));
    }
}
