//! Observations of the DWD as tables, with station descriptions, in archives and bare.
#![allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]

use crate::support;

use std::io::{Cursor, Write};

use expect_test::{Expect, expect};
use metrify_domain::Quality;
use metrify_formats::{Decoded, Format, Head};
use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

fn decode(bytes: &[u8]) -> Vec<Decoded> {
    support::decode(Format::Dwd, bytes, &support::options(), bytes.len().max(1))
}

fn check(text: &str, expected: &Expect) {
    for piece in [1, 7, text.len().max(1)] {
        let decoded = support::decode(Format::Dwd, text.as_bytes(), &support::options(), piece);
        expected.assert_eq(&support::describe(&decoded));
    }
}

fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default()).expect("a member");
        zip.write_all(bytes).expect("its bytes");
    }
    zip.finish().expect("an archive").into_inner()
}

const WIND: &str = "STATIONS_ID;MESS_DATUM;QN_3;   F;   D;eor\r
       4911;2018091500;   10;   1.6;  80;eor\r
       4911;2019042021;   10;  -999;  90;eor\r
";

#[test]
fn measured_values_are_instants_and_999_is_a_missing_one() {
    check(
        WIND,
        &expect![[r#"
            04911 wind_speed instant 2018-09-15T00:00:00Z 1.6 m/s true reason=QN 10
            04911 wind_direction instant 2018-09-15T00:00:00Z 80 deg true reason=QN 10
            04911 wind_speed instant 2019-04-20T21:00:00Z - m/s missing
            04911 wind_direction instant 2019-04-20T21:00:00Z 90 deg true reason=QN 10
            meter Meter { point: 04911, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn what_tables_measure_in_different_ways_is_kept_apart() {
    // The hour's mean and that of its last ten minutes, of one station and one stamp, in tables of their own.
    for (table, speed) in [
        ("STATIONS_ID;MESS_DATUM;QN_3;F;D;eor\n4911;2024050112;3;4.1;80;eor\n", "wind_speed instant"),
        ("STATIONS_ID;MESS_DATUM;QN_8;FF;DD;eor\n4911;2024050112;3;6.2;90;eor\n", "wind_speed_10min instant"),
        ("STATIONS_ID;MESS_DATUM;QN;FF_10;DD_10;eor\n4911;202405011200;3;6.2;90;eor\n", "wind_speed_10min instant"),
        ("STATIONS_ID;MESS_DATUM;QN_9;TT_TU;RF_TU;eor\n4911;2024050112;3;9.0;80;eor\n", "air_temperature instant"),
        ("STATIONS_ID;MESS_DATUM;QN_8;TT;TD;eor\n4911;2024050112;3;9.1;3.2;eor\n", "air_temperature.dew_point instant"),
    ] {
        let told = support::describe(&decode(table.as_bytes()));
        let first = told.lines().next().unwrap_or_default();
        assert!(first.starts_with(&format!("04911 {speed} 2024-05-01T12:00:00Z ")), "{told}");
    }
    check(
        "STATIONS_ID;MESS_DATUM;QN_8;P_STD;TT_STD;RF_STD;TD_STD;eor\n4911;2024050112;3;970.1;9.2;81;6.1;eor\n",
        &expect![[r#"
            04911 air_pressure.moisture instant 2024-05-01T12:00:00Z 970.1 hPa true reason=QN 3
            04911 air_temperature.moisture instant 2024-05-01T12:00:00Z 9.2 Cel true reason=QN 3
            04911 relative_humidity.moisture instant 2024-05-01T12:00:00Z 81 % true reason=QN 3
            04911 dew_point.moisture instant 2024-05-01T12:00:00Z 6.1 Cel true reason=QN 3
            meter Meter { point: 04911, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn sums_are_intervals_that_end_at_the_stamp_in_the_unit_they_came_in() {
    check(
        "STATIONS_ID;MESS_DATUM;  QN;DS_10;GS_10;SD_10;LS_10;eor\n\
         1766;202304120540;    2;   2.0;   2.0;   0.017;-999.0;eor\n",
        &expect![[r#"
            01766 diffuse_radiation interval 2023-04-12T05:30:00Z..2023-04-12T05:40:00Z 2 J/cm2 true reason=QN 2
            01766 global_radiation interval 2023-04-12T05:30:00Z..2023-04-12T05:40:00Z 2 J/cm2 true reason=QN 2
            01766 sunshine_duration interval 2023-04-12T05:30:00Z..2023-04-12T05:40:00Z 0.017 h true reason=QN 2
            01766 longwave_radiation interval 2023-04-12T05:30:00Z..2023-04-12T05:40:00Z - J/cm2 missing
            meter Meter { point: 01766, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
    check(
        "STATIONS_ID;MESS_DATUM;QN_8;  R1;RS_IND;WRTR;eor\n20;2020021100;    1;   5.7;   1;-999;eor\n",
        &expect![[r#"
            00020 precipitation interval 2020-02-10T23:00:00Z..2020-02-11T00:00:00Z 5.7 mm true reason=QN 1
            meter Meter { point: 00020, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
    check(
        "STATIONS_ID;MESS_DATUM;QN_592;ATMO_LBERG;FD_LBERG;FG_LBERG;SD_LBERG;ZENIT;MESS_DATUM_WOZ;eor\n\
         183;2001010112:03; 1; -999; 61; 102.5; 27; 74.12;2001010113:00;eor\n",
        &expect![[r#"
            00183 longwave_radiation interval 2001-01-01T11:03:00Z..2001-01-01T12:03:00Z - J/cm2 missing
            00183 diffuse_radiation interval 2001-01-01T11:03:00Z..2001-01-01T12:03:00Z 61 J/cm2 true reason=QN 1
            00183 global_radiation interval 2001-01-01T11:03:00Z..2001-01-01T12:03:00Z 102.5 J/cm2 true reason=QN 1
            00183 sunshine_duration.solar interval 2001-01-01T11:03:00Z..2001-01-01T12:03:00Z 27 min true reason=QN 1
            00183 sun_zenith instant 2001-01-01T11:33:00Z 74.12 deg true reason=QN 1
            meter Meter { point: 00183, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn ten_minute_stamps_are_mez_until_the_end_of_1999_and_hourly_ones_utc_always() {
    check(
        "STATIONS_ID;MESS_DATUM;  QN;PP_10;TT_10;eor\n\
         3;199912312350;1;1001.5;3.5;eor\n\
         3;200001010000;1;1001.6;3.4;eor\n",
        &expect![[r#"
            00003 air_pressure instant 1999-12-31T22:50:00Z 1001.5 hPa true reason=QN 1
            00003 air_temperature instant 1999-12-31T22:50:00Z 3.5 Cel true reason=QN 1
            00003 air_pressure instant 2000-01-01T00:00:00Z 1001.6 hPa true reason=QN 1
            00003 air_temperature instant 2000-01-01T00:00:00Z 3.4 Cel true reason=QN 1
            meter Meter { point: 00003, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
    check(
        "STATIONS_ID;MESS_DATUM;QN_9;TT_TU;RF_TU;eor\n3;1950040101;5;5.7;83.0;eor\n",
        &expect![[r#"
            00003 air_temperature instant 1950-04-01T01:00:00Z 5.7 Cel true reason=QN 5
            00003 relative_humidity instant 1950-04-01T01:00:00Z 83 % true reason=QN 5
            meter Meter { point: 00003, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn numbers_that_are_signs_are_kept_and_must_not_be_used() {
    check(
        "STATIONS_ID;MESS_DATUM;QN_8;V_N_I; V_N;eor\n1766;2019111923;    3;   P;  -1;eor\n1766;2019112000;3;I;8;eor\n",
        &expect![[r#"
            01766 cloud_cover instant 2019-11-19T23:00:00Z -1 okta faulty reason=sky_not_visible
            01766 cloud_cover instant 2019-11-20T00:00:00Z 8 okta true reason=QN 3
            meter Meter { point: 01766, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn a_row_that_cannot_be_read_is_a_problem_and_the_others_are_read() {
    check(
        "STATIONS_ID;MESS_DATUM;QN_8;  TT;  TD;eor\n\
         1766;2018120300;3;12.4;eor\n\
         1766;2018120301;3;12.4;11.4;1;eor\n\
         1766;2018120302;3;12.4;11.4;eo\n\
         123456;2018120303;3;12.4;11.4;eor\n\
         1766;20181203;3;12.4;11.4;eor\n\
         1766;2018130304;3;12.4;11.4;eor\n\
         1766;2018120324;3;12.4;11.4;eor\n\
         1766;2018120305;3;12,4;11.4;eor\n\
         \n\
         1766;2018120306;3;12.5;",
        &expect![[r#"
            01766 dew_point instant 2018-12-03T05:00:00Z 11.4 Cel true reason=QN 3
            problem line 2: the row has 5 fields where its header has 6 (2 readings, 26 bytes)
            problem line 3: the row has 7 fields where its header has 6 (2 readings, 33 bytes)
            problem line 4: the row does not end with eor (2 readings, 30 bytes)
            problem line 5: the row has no station number of one to five digits (2 readings, 33 bytes)
            problem line 6: the time `20181203` is not one of an hourly or 10-minute table; tables of days are not read (2 readings, 29 bytes)
            problem line 7: the time `2018130304` is not a day of the calendar (2 readings, 31 bytes)
            problem line 8: the time `2018120324` is not a time of day (2 readings, 31 bytes)
            problem line 9, column TT: the value `12,4` is not a decimal number (1 readings, 31 bytes)
            problem line 11: the row has 5 fields where its header has 6 (2 readings, 23 bytes)
            meter Meter { point: 01766, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn a_problem_can_be_read_again_by_itself() {
    let decoded =
        decode(b"STATIONS_ID;MESS_DATUM;QN_3;F;D;eor\n1;2018091500;10;1.6;80;eor\n1;2018091501;10;1.x;80;eor\n");
    let problem = decoded.iter().flat_map(|piece| &piece.problems).next().expect("a problem");
    let mended = [problem.prelude.as_slice(), b"1;2018091501;10;1.7;80;eor\n"].concat();
    assert_eq!(decode(&[problem.prelude.as_slice(), &problem.bytes].concat())[0].problems.len(), 1);
    assert_eq!(decode(&mended)[0].batch.rows().len(), 2);
    assert!(decode(&mended)[0].problems.is_empty());
}

#[test]
fn a_text_without_header_is_one_problem_with_its_lines() {
    check(
        "1766;2018120300;3;12.4;11.4;eor\n1766;2018120301;3;12.4;11.4;eor\n",
        &expect![[r#"
            problem : the first line is no header of a DWD table: STATIONS_ID;MESS_DATUM;…;eor (1 readings, 64 bytes)
        "#]],
    );
}

#[test]
fn an_unknown_column_is_told_of_once_and_the_others_are_read() {
    let table = b"STATIONS_ID;MESS_DATUM;QN_3;F;BLITZE;eor\n1;2018091500;10;1.6;7;eor\n";
    let members: [(&str, &[u8]); 2] = [("produkt_a.txt", table), ("produkt_b.txt", table)];
    let decoded = decode(&archive(&members));
    expect![[r#"
        00001 wind_speed instant 2018-09-15T00:00:00Z 1.6 m/s true reason=QN 10
        00001 wind_speed instant 2018-09-15T00:00:00Z 1.6 m/s true reason=QN 10
        finding warning unknown_column produkt_a.txt: the column `BLITZE` is none of DWD's that are known; it is not read
        meter Meter { point: 00001, kind: Some(Station), name: None, server_id: None, maker: None, resolution: None }
    "#]]
    .assert_eq(&support::describe(&decoded));
}

const PLACES: &[u8] = b"Stations_id;Stationshoehe;Geogr.Breite;Geogr.Laenge;von_datum;bis_datum;Stationsname\r\n\
    \x20 4911;  334.00; 48.8665; 12.5971;19480801;20180914;Straubing am Bach\r\n\
    \x20 4911;  350.50; 48.8275; 12.5597;20180915;20190101;Straubing-S\xfcd\r\n\
    \x20 4911;  350.50; 48.8275; 12.5597;20190102;        ;Straubing\r\n\
    generiert: 12.04.2023 --  Deutscher Wetterdienst  --\r\n";

#[test]
fn a_station_is_told_of_before_its_readings_by_its_name_at_their_time() {
    // The values stand before the description here, as a station that moved is renamed between its first and its last reading.
    let decoded = decode(&archive(&[("produkt_ff.txt", WIND.as_bytes()), ("Metadaten_Geographie_04911.txt", PLACES)]));
    let meters: Vec<_> = decoded.iter().flat_map(|piece| &piece.meters).map(|meter| meter.name.as_deref()).collect();
    assert_eq!(meters, [Some("Straubing-Süd"), Some("Straubing")]);
}

#[test]
fn a_delivery_of_descriptions_only_names_its_stations_and_says_that_it_has_no_observations() {
    let decoded = decode(&archive(&[
        ("Metadaten_Geographie_04911.txt", PLACES),
        ("Metadaten_Parameter_04911.html", b"<html>"),
        ("leer/", b""),
        ("LIESMICH", b"?"),
    ]));
    expect![[r#"
        finding warning unknown_member LIESMICH: the member is neither a table (produkt_*.txt) nor a description (Metadaten_*); it is not read
        finding note no_observations : the delivery holds no observation: it only describes stations, or its tables have no rows
        meter Meter { point: 04911, kind: Some(Station), name: Some("Straubing"), server_id: None, maker: None, resolution: None }
    "#]]
    .assert_eq(&support::describe(&decoded));
    let bare = decode(PLACES);
    assert_eq!(bare[0].meters.len(), 1);
}

#[test]
fn a_description_that_cannot_be_read_loses_no_reading() {
    check(
        "Stations_id;von_datum;bis_datum;Stationsname\n1;2019010x;;Hier\n;20190101;;Da\n2;20190101;;Dort\n",
        &expect![[r#"
            finding warning station_description line 2: the row has no station number, no day from which it holds, or no name; the station may be without its name
            finding warning station_description line 3: the row has no station number, no day from which it holds, or no name; the station may be without its name
            finding note no_observations : the delivery holds no observation: it only describes stations, or its tables have no rows
            meter Meter { point: 00002, kind: Some(Station), name: Some("Dort"), server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn content_is_recognised_from_few_bytes_and_nothing_else_is() {
    let recognise = |bytes: &[u8]| Format::Dwd.recognise(&Head::new(bytes)).is_some();
    assert!(recognise(WIND.lines().next().expect("a header").as_bytes()));
    assert!(recognise(b"\xef\xbb\xbfSTATIONS_ID;MESS_DATUM;  QN;TT_10;eor"));
    assert!(recognise(PLACES));
    assert!(recognise(&archive(&[("data/produkt_x.txt", b"")])));
    assert!(recognise(&archive(&[("Metadaten_Geographie_00001.txt", b"")])));
    for other in [&b""[..], b"PK", b"STATIONS_ID;MESS_DATUM;QN", b"a;b;eor", b"point;quantity;start;end;value;unit"] {
        assert!(!recognise(other), "{other:?}");
    }
    assert!(!recognise(&archive(&[("MOSMIX_L_2023041209.kml", b"<kml/>"), ("readme.txt", b"")])));
}

/// Archive, rows, quantities with their missing readings, first and last stamp: from `expected.json` of the samples.
type Counted = (&'static str, usize, &'static [(&'static str, usize)], &'static str, &'static str);

const SAMPLES: &[Counted] = &[
    (
        "10minutenwerte_SOLAR_01766_now.zip",
        75,
        &[("diffuse_radiation", 0), ("global_radiation", 0), ("sunshine_duration", 0), ("longwave_radiation", 75)],
        "2023-04-12T00:00:00Z",
        "2023-04-12T12:20:00Z",
    ),
    ("brightsky_observations_recent_FF_akt.zip", 10, WINDS, "2018-09-15T00:00:00Z", "2020-03-17T23:00:00Z"),
    ("observations_recent_FF_akt.zip", 10, WINDS, "2018-09-15T00:00:00Z", "2020-03-17T23:00:00Z"),
    ("observations_recent_N_akt.zip", 10, &[("cloud_cover", 0)], "2018-12-03T07:00:00Z", "2019-11-20T00:00:00Z"),
    (
        "observations_recent_P0_hist.zip",
        10,
        &[("air_pressure_sea_level", 1), ("air_pressure", 0)],
        "2018-09-15T00:00:00Z",
        "2020-03-17T23:00:00Z",
    ),
    ("observations_recent_RR_akt.zip", 10, &[("precipitation", 0)], "2018-09-22T20:00:00Z", "2020-02-11T02:00:00Z"),
    ("observations_recent_SD_akt.zip", 10, &[("sunshine_duration", 0)], "2018-09-15T09:00:00Z", "2020-03-17T16:00:00Z"),
    (
        "observations_recent_TD_akt.zip",
        10,
        &[("air_temperature.dew_point", 0), ("dew_point", 0)],
        "2018-12-03T00:00:00Z",
        "2020-05-29T15:00:00Z",
    ),
    ("observations_recent_VV_akt.zip", 10, &[("visibility", 0)], "2018-12-03T00:00:00Z", "2020-06-04T23:00:00Z"),
];

const WINDS: &[(&str, usize)] = &[("wind_speed", 1), ("wind_direction", 0)];

#[test]
fn every_sample_has_the_rows_and_missing_values_that_were_counted_elsewhere() {
    for (name, rows, columns, first, last) in SAMPLES {
        let Some(bytes) = support::sample(&format!("weather-dwd/{name}")) else { return };
        assert!(Format::Dwd.recognise(&Head::new(&bytes)).is_some(), "{name}");
        for piece in [1, 7, 4_096, bytes.len()] {
            let decoded = support::decode(Format::Dwd, &bytes, &support::options(), piece);
            let [decoded] = decoded.as_slice() else { panic!("{name}: one piece") };
            assert_eq!((decoded.problems.len(), decoded.findings.len()), (0, 0), "{name}: {decoded:?}");
            let batch = &decoded.batch;
            let counted = columns.iter().map(|(quantity, _)| {
                let of = |row: &&metrify_domain::Row| batch.channel(row).quantity.to_string() == *quantity;
                let missing = |row: &&metrify_domain::Row| row.quality == Quality::Missing;
                assert_eq!(batch.rows().iter().filter(of).count(), *rows, "{name} {quantity}");
                (*quantity, batch.rows().iter().filter(of).filter(missing).count())
            });
            assert_eq!(counted.collect::<Vec<_>>(), *columns, "{name}");
            assert_eq!(batch.rows().len(), rows * columns.len(), "{name}");
            let ends: Vec<_> = batch.rows().iter().map(|row| row.period.end()).collect();
            assert_eq!(ends.iter().min().map(ToString::to_string).as_deref(), Some(*first), "{name}");
            assert_eq!(ends.iter().max().map(ToString::to_string).as_deref(), Some(*last), "{name}");
        }
    }
}

#[test]
fn a_sample_with_a_station_that_moved_names_it() {
    let Some(bytes) = support::sample("weather-dwd/observations_recent_N_akt.zip") else { return };
    expect![[r#"
        01766 cloud_cover instant 2018-12-03T07:00:00Z 4 okta true reason=QN 3
        01766 cloud_cover instant 2018-12-03T08:00:00Z 5 okta true reason=QN 3
        01766 cloud_cover instant 2018-12-03T09:00:00Z 6 okta true reason=QN 3
        01766 cloud_cover instant 2018-12-03T10:00:00Z 7 okta true reason=QN 3
        01766 cloud_cover instant 2018-12-03T11:00:00Z 7 okta true reason=QN 3
        01766 cloud_cover instant 2019-11-19T20:00:00Z 7 okta true reason=QN 3
        01766 cloud_cover instant 2019-11-19T21:00:00Z 6 okta true reason=QN 3
        01766 cloud_cover instant 2019-11-19T22:00:00Z 7 okta true reason=QN 3
        01766 cloud_cover instant 2019-11-19T23:00:00Z -1 okta faulty reason=sky_not_visible
        01766 cloud_cover instant 2019-11-20T00:00:00Z -1 okta faulty reason=sky_not_visible
        meter Meter { point: 01766, kind: Some(Station), name: Some("Münster/Osnabrück"), server_id: None, maker: None, resolution: None }
    "#]]
    .assert_eq(&support::describe(&decode(&bytes)));
}

#[test]
fn samples_of_descriptions_only_explain_that_they_have_no_readings() {
    for name in [
        "Meta_Daten_zehn_min_sd_01766",
        "brightsky_Meta_Daten_zehn_min_sd_01766",
        "observations_recent_extrema_wind_akt_meta",
    ] {
        let Some(bytes) = support::sample(&format!("weather-dwd/{name}.zip")) else { return };
        assert!(Format::Dwd.recognise(&Head::new(&bytes)).is_some(), "{name}");
        expect![[r#"
            finding note no_observations : the delivery holds no observation: it only describes stations, or its tables have no rows
            meter Meter { point: 01766, kind: Some(Station), name: Some("Münster/Osnabrück"), server_id: None, maker: None, resolution: None }
        "#]]
        .assert_eq(&support::describe(&decode(&bytes)));
    }
}

#[test]
fn a_header_longer_than_any_is_not_kept_with_every_row() {
    let table = format!("STATIONS_ID;MESS_DATUM;{};eor\n{}", "x".repeat(9_000), "1;2\n".repeat(100));
    expect![[r#"
        problem : the header is longer than that of any table (100 readings, 9428 bytes)
    "#]]
    .assert_eq(&support::describe(&decode(table.as_bytes())));
}

/// Where the bytes of rows stand, without those that part them.
fn row_bytes() -> Vec<usize> {
    let header = WIND.find('\n').expect("a header");
    (header + 1..WIND.len()).filter(|at| WIND.as_bytes()[*at] != b'\n').collect()
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), piece in 1..50_usize) {
        let after_header = [b"STATIONS_ID;MESS_DATUM;QN_3;F;D;eor\n".as_slice(), &bytes].concat();
        let described = [PLACES, &bytes].concat();
        for bytes in [&bytes, &after_header, &described] {
            let whole = support::describe(&decode(bytes));
            prop_assert_eq!(support::describe(&support::decode(Format::Dwd, bytes, &support::options(), piece)), whole);
        }
    }

    #[test]
    fn a_changed_byte_costs_no_other_row(at in proptest::sample::select(row_bytes()), byte in any::<u8>()) {
        let mut bytes = WIND.as_bytes().to_vec();
        bytes[at] = byte;
        let decoded = decode(&bytes);
        let read: usize = decoded.iter().map(|piece| piece.batch.rows().len()).sum();
        let lost: u64 = decoded.iter().flat_map(|piece| &piece.problems).map(|problem| problem.readings).sum();
        prop_assert!(read >= 2 && read as u64 + lost >= 4, "{}", support::describe(&decoded));
    }
}
