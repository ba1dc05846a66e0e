//! Charts of SMARD through the front door.

use crate::support;

use expect_test::{Expect, expect};
use metrify_formats::{Detected, Format, Head, Options, detect};
use proptest::prelude::*;

fn options(quantity: &str) -> Options {
    Options { quantity: quantity.parse().ok(), ..support::options() }
}

fn check(text: &str, options: &Options, expected: &Expect) {
    let read = |piece| support::describe(&support::decode(Format::SmardChart, text.as_bytes(), options, piece));
    expected.assert_eq(&read(text.len()));
    for piece in [1, 7] {
        assert_eq!(read(piece), read(text.len()), "in pieces of {piece} bytes");
    }
}

#[test]
fn the_caller_says_what_the_values_are_and_the_neighbours_how_long_they_hold() {
    let text = r#"{"meta_data":{"version":1,"created":1704070800000},
"series":[[1704063600000,10148.25],[1704067200000,null],[1704070800000,null],[1704074400000,null]]}"#;
    let tennet = Options { area: "TenneT".parse().ok(), ..options("load") };
    check(
        text,
        &tennet,
        &expect![[r#"
            TenneT load interval 2023-12-31T23:00:00Z..2024-01-01T00:00:00Z 10148.25 MWh true known 2024-01-01T01:00:00Z
            TenneT load interval 2024-01-01T00:00:00Z..2024-01-01T01:00:00Z - MWh missing known 2024-01-01T01:00:00Z
            finding note coarse_amounts .series: each amount is that of one hour: the quarter-hours of the series share its channel, so sum amounts of one length alone
            finding note values_to_come .series: 2 intervals that end behind 2024-01-01T01:00:00Z have no value yet
            meter Meter { point: TenneT, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
    check(
        text,
        &options("smard.125"),
        &expect![[r#"
            DE generation_forecast.photovoltaics interval 2023-12-31T23:00:00Z..2024-01-01T00:00:00Z 10148.25 MWh forecast known 2024-01-01T01:00:00Z
            DE generation_forecast.photovoltaics interval 2024-01-01T00:00:00Z..2024-01-01T01:00:00Z - MWh missing known 2024-01-01T01:00:00Z
            finding note area_assumed : nothing says of which area the values are: taken as DE
            finding note coarse_amounts .series: each amount is that of one hour: the quarter-hours of the series share its channel, so sum amounts of one length alone
            finding note values_to_come .series: 2 intervals that end behind 2024-01-01T01:00:00Z have no value yet
            meter Meter { point: DE, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
    check(
        text,
        &options("smard.4169"),
        &expect![[r#"
        DE-LU price.day_ahead interval 2023-12-31T23:00:00Z..2024-01-01T00:00:00Z 10148.25 EUR/MWh true known 2024-01-01T01:00:00Z
        DE-LU price.day_ahead interval 2024-01-01T00:00:00Z..2024-01-01T01:00:00Z - EUR/MWh missing known 2024-01-01T01:00:00Z
        finding note values_to_come .series: 2 intervals that end behind 2024-01-01T01:00:00Z have no value yet
        meter Meter { point: DE-LU, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
}

#[test]
fn what_is_forecast_is_another_quantity_than_what_is_measured() {
    let text = r#"{"meta_data":{"created":1704070800000},"series":[[1704063600000,90],[1704064500000,91.5]]}"#;
    let quantity = |given: &str| {
        let told =
            support::describe(&support::decode(Format::SmardChart, text.as_bytes(), &options(given), text.len()));
        let first = told.lines().next().unwrap_or_default().to_owned();
        format!("{given}: {} {}\n", first.split(' ').nth(1).unwrap_or_default(), first.contains(" forecast "))
    };
    let told: String =
        ["smard.4067", "smard.123", "generation_forecast.wind_onshore", "load_forecast"].map(quantity).concat();
    expect![[r#"
        smard.4067: generation.wind_onshore false
        smard.123: generation_forecast.wind_onshore true
        generation_forecast.wind_onshore: generation_forecast.wind_onshore true
        load_forecast: load_forecast true
    "#]]
    .assert_eq(&told);
}

#[test]
fn days_months_and_years_are_those_of_the_calendar_of_berlin() {
    // The 29th to the 31st of March 2025, of which the 30th has 23 hours.
    check(
        r#"{"series":[[1743202800000,1],[1743289200000,2],[1743372000000,3]]}"#,
        &options("load"),
        &expect![[r#"
            DE load interval 2025-03-28T23:00:00Z..2025-03-29T23:00:00Z 1 MWh true
            DE load interval 2025-03-29T23:00:00Z..2025-03-30T22:00:00Z 2 MWh true
            DE load interval 2025-03-30T22:00:00Z..2025-03-31T22:00:00Z 3 MWh true
            finding note area_assumed : nothing says of which area the values are: taken as DE
            finding note document_time : `meta_data.created` does not say when the values became known; the time of receipt counts
            finding note coarse_amounts .series: each amount is that of one day: the quarter-hours of the series share its channel, so sum amounts of one length alone
            meter Meter { point: DE, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
    // January to March 2024, and the years 2023 and 2024.
    check(
        r#"{"series":[[1704063600000,1],[1706742000000,2],[1709247600000,3]]}
{"series":[[1672527600000,1],[1704063600000,2]]}"#,
        &options("residual_load"),
        &expect![[r#"
            DE residual_load interval 2023-12-31T23:00:00Z..2024-01-31T23:00:00Z 1 MWh true
            DE residual_load interval 2024-01-31T23:00:00Z..2024-02-29T23:00:00Z 2 MWh true
            DE residual_load interval 2024-02-29T23:00:00Z..2024-03-31T22:00:00Z 3 MWh true
            DE residual_load interval 2022-12-31T23:00:00Z..2023-12-31T23:00:00Z 1 MWh true
            DE residual_load interval 2023-12-31T23:00:00Z..2024-12-31T23:00:00Z 2 MWh true
            finding note area_assumed : nothing says of which area the values are: taken as DE
            finding note document_time : `meta_data.created` does not say when the values became known; the time of receipt counts
            finding note coarse_amounts .series: each amount is that of one month: the quarter-hours of the series share its channel, so sum amounts of one length alone
            finding note area_assumed document 2: nothing says of which area the values are: taken as DE
            finding note document_time document 2: `meta_data.created` does not say when the values became known; the time of receipt counts
            finding note coarse_amounts document 2 .series: each amount is that of one year: the quarter-hours of the series share its channel, so sum amounts of one length alone
            meter Meter { point: DE, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
            meter Meter { point: DE, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn the_doubled_hour_of_autumn_is_two_hours() {
    // 29.10.2023, 01:00, 02:00, 02:00 and 03:00 in Berlin.
    check(
        r#"{"meta_data":{"created":1704070800000},"series":[[1698534000000,1],[1698537600000,2],[1698541200000,3],[1698544800000,4]]}"#,
        &options("load"),
        &expect![[r#"
            DE load interval 2023-10-28T23:00:00Z..2023-10-29T00:00:00Z 1 MWh true known 2024-01-01T01:00:00Z
            DE load interval 2023-10-29T00:00:00Z..2023-10-29T01:00:00Z 2 MWh true known 2024-01-01T01:00:00Z
            DE load interval 2023-10-29T01:00:00Z..2023-10-29T02:00:00Z 3 MWh true known 2024-01-01T01:00:00Z
            DE load interval 2023-10-29T02:00:00Z..2023-10-29T03:00:00Z 4 MWh true known 2024-01-01T01:00:00Z
            finding note area_assumed : nothing says of which area the values are: taken as DE
            finding note coarse_amounts .series: each amount is that of one hour: the quarter-hours of the series share its channel, so sum amounts of one length alone
            meter Meter { point: DE, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn a_gap_and_a_damaged_pair_cost_themselves_and_can_be_read_again() {
    let text = r#"{"meta_data":{"created":1704070800000},"series":[[1698534000000,1.5],[1698537600000],[1698541200000,"x"],
[1698544800000,1e-13],["1698548400000",1],7,[1698552000000,-4],[1698562800000,5],[1e9,1]]}"#;
    check(
        text,
        &options("load"),
        &expect![[r#"
            DE load interval 2023-10-28T23:00:00Z..2023-10-29T00:00:00Z 1.5 MWh true known 2024-01-01T01:00:00Z
            DE load interval 2023-10-29T04:00:00Z..2023-10-29T05:00:00Z -4 MWh true known 2024-01-01T01:00:00Z
            DE load interval 2023-10-29T07:00:00Z..2023-10-29T08:00:00Z 5 MWh true known 2024-01-01T01:00:00Z
            problem .series[1]: expected a time and a value (1 readings, 17 bytes)
            problem .series[2]: `x` is not a decimal number (1 readings, 21 bytes)
            problem .series[3]: `1e-13` has more than 12 places after the point (1 readings, 23 bytes)
            problem .series[4]: a text is no count of milliseconds (1 readings, 21 bytes)
            problem .series[5]: expected a time and a value (1 readings, 3 bytes)
            problem .series[8]: a number is no count of milliseconds (1 readings, 9 bytes)
            finding note area_assumed : nothing says of which area the values are: taken as DE
            finding note coarse_amounts .series: each amount is that of one hour: the quarter-hours of the series share its channel, so sum amounts of one length alone
            meter Meter { point: DE, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
    let decoded = support::decode(Format::SmardChart, text.as_bytes(), &options("load"), text.len());
    let problem = decoded.iter().flat_map(|piece| &piece.problems).nth(1).expect("a problem");
    let again = [problem.prelude.as_slice(), &problem.bytes].concat();
    assert_eq!(
        String::from_utf8_lossy(&again),
        r#"{"meta_data":{"created":1704070800000,"resolution":"hour"},"series":[[1698541200000,"x"]]}"#
    );
    let mended = String::from_utf8_lossy(&again).replace("\"x\"", "3");
    check(
        &mended,
        &options("load"),
        &expect![[r#"
            DE load interval 2023-10-29T01:00:00Z..2023-10-29T02:00:00Z 3 MWh true known 2024-01-01T01:00:00Z
            finding note area_assumed : nothing says of which area the values are: taken as DE
            finding note coarse_amounts .series: each amount is that of one hour: the quarter-hours of the series share its channel, so sum amounts of one length alone
            meter Meter { point: DE, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn without_a_quantity_nothing_is_guessed() {
    let text = r#"{"meta_data":{"version":1,"created":1704070800000},"series":[[1704063600000,1],[1704067200000,2]]}"#;
    check(
        text,
        &support::options(),
        &expect![[r#"
        problem : what the values are stands in the address of the file alone: give --quantity, such as load or the number of the series as smard.410 (2 readings, 98 bytes)
    "#]],
    );
    check(
        text,
        &options("air_temperature"),
        &expect![[r#"
        problem : `air_temperature` is no quantity of SMARD: give one such as load, generation.photovoltaics or smard.410 (2 readings, 98 bytes)
    "#]],
    );
    check(
        text,
        &options("smard.1"),
        &expect![[r#"
        problem : `smard.1` is no quantity of SMARD: give one such as load, generation.photovoltaics or smard.410 (2 readings, 98 bytes)
    "#]],
    );
    check(
        r#"{"series":[[1704063600000,1]]}"#,
        &options("load"),
        &expect![[r#"
        problem .series[0]: no neighbour tells how long the interval is (1 readings, 19 bytes)
        finding note area_assumed : nothing says of which area the values are: taken as DE
        finding note document_time : `meta_data.created` does not say when the values became known; the time of receipt counts
        meter Meter { point: DE, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
}

#[test]
fn an_index_and_the_data_of_a_table_are_refused_by_name() {
    check(
        r#"{"timestamps":[1627855200000,1628460000000]}"#,
        &options("load"),
        &expect![[r#"
        problem : it is the index of a chart, which holds the beginnings of its files and no values: fetch the file of each of its timestamps (1 readings, 44 bytes)
    "#]],
    );
    check(
        r#"{"meta_data":{},"series":[{"timestamp":1647817200000,"versions":[{"value":1225,"name":null}]}]}"#,
        &options("load"),
        &expect![[r#"
            problem : it is the data of a table of SMARD (`versions` of values), which is not read: fetch `chart_data` instead (1 readings, 95 bytes)
        "#]],
    );
    check(
        r#"{"values":[]}"#,
        &options("load"),
        &expect![[r#"
        problem : it has no list `series` (1 readings, 13 bytes)
    "#]],
    );
}

#[test]
fn a_series_of_times_and_values_is_recognised_and_nothing_else() {
    let one = Detected::One(Format::SmardChart);
    for (text, expected) in [
        (r#"{"meta_data":{"version":1},"series":[[1627250400000,7866.0],[16"#, &one),
        (r#"{"series":[[1627250400000,null]]}"#, &one),
        (r#"{"meta_data":{"version":1},"series":[]}"#, &one),
        (r#"{"timestamps":[1627855200000]}"#, &one),
        (r#"{"series":[{"timestamp":1647817200000,"versions":[]}]}"#, &one),
        (r#"{"series":[]}"#, &Detected::None),
        (r#"{"series":[{"name":"x"}]}"#, &Detected::None),
        (r#"{"timestamps":["a"]}"#, &Detected::None),
        (r#"{"timestamps":[1627855200000],"other":1}"#, &Detected::None),
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
        let mut text = br#"{"series":[[1704063600000,1],[1704067200000,2],"#.to_vec();
        text.extend(bytes);
        let read = |piece| support::describe(&support::decode(Format::SmardChart, &text, &options("load"), piece));
        prop_assert!(read(text.len()).contains("DE load interval 2023-12-31T23:00:00Z..2024-01-01T00:00:00Z 1 MWh true"));
        prop_assert_eq!(read(text.len()), read(piece));
    }
}
