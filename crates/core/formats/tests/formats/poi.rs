//! POI tables of the DWD through the front door.

use crate::support;

use expect_test::{Expect, expect};
use metrify_formats::{Detected, Format, Head, Options, detect};
use proptest::prelude::*;

fn check(table: &str, options: &Options, expected: &Expect) {
    let decode = |piece| support::describe(&support::decode(Format::Poi, table.as_bytes(), options, piece));
    expected.assert_eq(&decode(table.len()));
    for piece in [1, 7] {
        assert_eq!(decode(piece), decode(table.len()), "in pieces of {piece} bytes");
    }
}

const HEADER: &str = "surface observations;Parameter description;cloud_cover_total;dry_bulb_temperature_at_2_meter_above_ground;\
global_radiation_last_hour;maximum_of_temperature_for_previous_day;precipitation_amount_last_6_hours;present_weather\n\
10315;Unit;%;Grad C;W/m2;Grad C;mm;CODE_TABLE\n\
Datum;Uhrzeit (UTC);Wolkenbedeckung;Temperatur (2m);Globalstrahlung (letzte Stunde);Maximumtemperatur (vergangener Tag);\
Niederschlag (letzte 6 Stunden);aktuelles Wetter\n";

#[test]
fn the_newest_hour_comes_first_and_values_that_come_once_a_day_are_no_missing_ones_else() {
    check(
        &format!("{HEADER}13.04.25;06:00;100;-0,5;---;17,3;1,2;8\n13.04.25;05:00;---;---;0;---;---;---\n"),
        &support::options(),
        &expect![[r#"
            10315 cloud_cover instant 2025-04-13T06:00:00Z 100 % true
            10315 air_temperature instant 2025-04-13T06:00:00Z -0.5 Cel true
            10315 global_radiation interval 2025-04-13T05:00:00Z..2025-04-13T06:00:00Z - W/m2 missing
            10315 air_temperature_max_day interval 2025-04-12T00:00:00Z..2025-04-13T00:00:00Z 17.3 Cel true
            10315 precipitation_6h interval 2025-04-13T00:00:00Z..2025-04-13T06:00:00Z 1.2 mm true
            10315 weather_code.poi instant 2025-04-13T06:00:00Z 8 1 true
            10315 cloud_cover instant 2025-04-13T05:00:00Z - % missing
            10315 air_temperature instant 2025-04-13T05:00:00Z - Cel missing
            10315 global_radiation interval 2025-04-13T04:00:00Z..2025-04-13T05:00:00Z 0 W/m2 true
            10315 weather_code.poi instant 2025-04-13T05:00:00Z - 1 missing
            meter Meter { point: 10315, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn each_span_of_an_extreme_has_its_own_channel() {
    check(
        "surface observations;Parameter description;maximum_wind_speed_last_hour;maximum_wind_speed_during_last_6_hours;\
         maximum_wind_speed_for_previous_day;maximum_temperature_last_12_hours_2_meters_above_ground;\
         maximum_of_temperature_for_previous_day\n10315;Unit;km/h;km/h;km/h;Grad C;Grad C\n\
         Datum;Uhrzeit (UTC);Boe;Boe;Boe;Maximum;Maximum\n13.04.25;06:00;31;42;55;9,8;17,3\n",
        &support::options(),
        &expect![[r#"
            10315 wind_gust interval 2025-04-13T05:00:00Z..2025-04-13T06:00:00Z 31 km/h true
            10315 wind_gust_6h interval 2025-04-13T00:00:00Z..2025-04-13T06:00:00Z 42 km/h true
            10315 wind_gust_day interval 2025-04-12T00:00:00Z..2025-04-13T00:00:00Z 55 km/h true
            10315 air_temperature_max interval 2025-04-12T18:00:00Z..2025-04-13T06:00:00Z 9.8 Cel true
            10315 air_temperature_max_day interval 2025-04-12T00:00:00Z..2025-04-13T00:00:00Z 17.3 Cel true
            meter Meter { point: 10315, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn the_station_stands_in_the_second_line_filled_up_to_five_places_or_has_to_be_given() {
    let table = "surface observations;Parameter description;relative_humidity\nA191_;Unit;%\nDatum;Uhrzeit (UTC);Feuchte\n\
                 01.01.25;00:00;81\n";
    check(
        table,
        &support::options(),
        &expect![[r#"
        A191 relative_humidity instant 2025-01-01T00:00:00Z 81 % true
        meter Meter { point: A191, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
    let nameless = table.replace("A191_", "");
    check(
        &nameless,
        &support::options(),
        &expect![[r#"
        problem line 4: the second line does not begin with a station: give --point (1 readings, 18 bytes)
    "#]],
    );
    check(
        &nameless,
        &Options { point: "10315".parse().ok(), ..support::options() },
        &expect![[r#"
        10315 relative_humidity instant 2025-01-01T00:00:00Z 81 % true
        meter Meter { point: 10315, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
}

#[test]
fn what_is_not_understood_says_why_and_the_rest_is_read() {
    check(
        "surface observations;Parameter description;relative_humidity;visibility_of_dragons;horizontal_visibility\n\
         10315;Unit;%;m;miles\nDatum;Uhrzeit (UTC);Feuchte;Drachen;Sicht\n\
         01.01.25;01:00;81;---;---\n01.01.25;00:00;81;7;2\n01.13.25;00:00;81;---;---\n01.01.25;24:00;81;---;---\n\
         01.01.25;02:00;8.5;---;---\n01.01.25;03:00;8\n",
        &support::options(),
        &expect![[r#"
            10315 relative_humidity instant 2025-01-01T01:00:00Z 81 % true
            10315 relative_humidity instant 2025-01-01T00:00:00Z 81 % true
            problem line 5: field 4: the column `visibility_of_dragons` is none of DWD's that are known (2 readings, 21 bytes)
            problem line 6: `01.13.25 00:00` is not a time such as 12.04.23 11:00 (1 readings, 25 bytes)
            problem line 7: `01.01.25 24:00` is not a time such as 12.04.23 11:00 (1 readings, 25 bytes)
            problem line 8: field 3: `8.5` has a point where the delivery sets its decimals apart by a comma and thousands by points (1 readings, 26 bytes)
            problem line 9: the row has 3 fields, the header has 5 (1 readings, 16 bytes)
            finding warning unknown_column line 1: the column `visibility_of_dragons` is none of DWD's that are known
            finding warning unknown_column line 1: the column `horizontal_visibility` is in `miles`, yet in `km` as far as it is known
            meter Meter { point: 10315, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
    check(
        "surface observations;Parameter description;relative_humidity\n10315;Unit;%\nDatum;Uhrzeit (MEZ);Feuchte\n01.01.25;01:00;81\n",
        &support::options(),
        &expect![[r#"
            problem : the third line does not say that times are in UTC (1 readings, 120 bytes)
        "#]],
    );
    check(
        "surface observations;Parameter description;relative_humidity\n",
        &support::options(),
        &expect![[r#"
        problem : the delivery ends within its header (1 readings, 61 bytes)
    "#]],
    );
}

#[test]
fn the_first_two_names_tell_the_format() {
    assert_eq!(detect(&Head::new(HEADER.as_bytes())), Detected::One(Format::Poi));
    assert_eq!(Format::Poi.recognise(&Head::new(b"surface observations;cloud_cover_total\n")), None);
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic_and_the_same_in_any_pieces(
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b";\n:.,0123-"[..])], 0..300),
        piece in 1_usize..50,
        kept in 0_usize..HEADER.len(),
    ) {
        let table = [&HEADER.as_bytes()[..if kept % 2 == 0 { HEADER.len() } else { kept }], &bytes].concat();
        let whole = support::describe(&support::decode(Format::Poi, &table, &support::options(), table.len().max(1)));
        prop_assert_eq!(support::describe(&support::decode(Format::Poi, &table, &support::options(), piece)), whole);
    }
}
