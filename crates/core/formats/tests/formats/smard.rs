//! SMARD downloads through the front door: the two years of the samples, and small files for every layout.

use crate::support;

use expect_test::{Expect, expect};
use metrify_domain::time::QUARTER_HOUR;
use metrify_domain::{Decimal, Row};
use metrify_formats::{Decoded, Detected, Format, Head, Options, detect};
use proptest::prelude::*;

fn check(table: &str, expected: &Expect) {
    check_with(table.as_bytes(), &support::options(), expected);
}

fn check_with(bytes: &[u8], options: &Options, expected: &Expect) {
    let whole = support::describe(&support::decode(Format::Smard, bytes, options, usize::MAX));
    expected.assert_eq(&whole);
    for piece in [1, 7] {
        let pieces = support::describe(&support::decode(Format::Smard, bytes, options, piece));
        assert_eq!(pieces, whole, "in pieces of {piece} bytes");
    }
}

/// The rows of one quantity.
fn rows<'d>(pieces: &'d [Decoded], quantity: &str) -> Vec<&'d Row> {
    let rows = pieces.iter().flat_map(|piece| piece.batch.rows().iter().map(move |row| (piece, row)));
    rows.filter(|(piece, row)| piece.batch.channel(row).quantity.to_string() == quantity).map(|(_, row)| row).collect()
}

fn total(rows: &[&Row]) -> Option<Decimal> {
    rows.iter().try_fold(Decimal::ZERO, |sum, row| sum.checked_add(row.value?))
}

/// What has to hold for the file of a year: rows, local days that are not 96 long, and exact totals.
fn check_year(sample: &str, days: [(&str, usize); 2], totals: [(&str, &str); 3]) {
    let Some(bytes) = support::sample(sample) else { return };
    assert_eq!(detect(&Head::new(&bytes)), Detected::One(Format::Smard));
    let pieces = support::decode(Format::Smard, &bytes, &support::options(), 1 << 16);
    assert_eq!(pieces.iter().map(|piece| piece.problems.len() + piece.findings.len()).sum::<usize>(), 0);
    for (quantity, expected) in totals {
        let rows = rows(&pieces, quantity);
        assert_eq!(rows.len(), 35_040, "{quantity}");
        assert!(rows.iter().all(|row| row.period.end().micros() - row.period.start().micros() == QUARTER_HOUR));
        assert!(rows.windows(2).all(|pair| pair[0].period.end() == pair[1].period.start()), "{quantity} is contiguous");
        assert_eq!(total(&rows).map(|sum| sum.to_string()).as_deref(), Some(expected), "{quantity}");
    }
    let berlin = metrify_domain::calendar::Zone::BERLIN;
    let mut counts = std::collections::BTreeMap::new();
    for row in rows(&pieces, "load") {
        let day = berlin.clock(row.period.start()).map(|clock| clock.date().to_string());
        *counts.entry(day.unwrap_or_default()).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 365);
    counts.retain(|_, count| *count != 96);
    assert_eq!(counts, days.map(|(day, count)| (day.to_owned(), count)).into());
}

#[test]
fn the_year_2023_is_read_to_the_last_quarter_hour() {
    check_year(
        "grid-smard/Realisierter_Stromverbrauch_202301010000_202401010000_Viertelstunde.csv",
        [("2023-03-26", 92), ("2023-10-29", 100)],
        [("load", "458374229.5"), ("residual_load", "260354539.5"), ("load.pumped_storage", "13298811.75")],
    );
}

#[test]
fn the_year_2022_is_read_to_the_last_quarter_hour() {
    check_year(
        "grid-smard/Realisierter_Stromverbrauch_202201010000_202301010000_Viertelstunde.csv",
        [("2022-03-27", 92), ("2022-10-30", 100)],
        [("load", "482313870.25"), ("residual_load", "301332285"), ("load.pumped_storage", "13592508")],
    );
}

#[test]
fn a_wrong_end_in_spring_and_the_doubled_hour_of_autumn_do_no_harm() {
    check(
        "\u{feff}Datum von;Datum bis;Netzlast [MWh] Originalauflösungen;Pumpspeicher [MWh] Originalauflösungen\r\n\
         26.03.2023 01:30;26.03.2023 01:45;9.978,50;-\r\n\
         26.03.2023 01:45;25.03.2023 02:00;9.892,75;925,75\r\n\
         26.03.2023 03:00;26.03.2023 03:15;0;1\r\n\
         29.10.2023 01:45;29.10.2023 02:00;1;1\r\n\
         29.10.2023 02:45;29.10.2023 03:00;1;1\r\n\
         29.10.2023 02:00;29.10.2023 02:15;1;1\r\n\
         29.10.2023 02:45;29.10.2023 03:00;1;1\r\n\
         29.10.2023 03:00;29.10.2023 03:15;1;\r\n",
        &expect![[r#"
            DE load interval 2023-03-26T00:30:00Z..2023-03-26T00:45:00Z 9978.5 MWh true
            DE load.pumped_storage interval 2023-03-26T00:30:00Z..2023-03-26T00:45:00Z - MWh missing
            DE load interval 2023-03-26T00:45:00Z..2023-03-26T01:00:00Z 9892.75 MWh true
            DE load.pumped_storage interval 2023-03-26T00:45:00Z..2023-03-26T01:00:00Z 925.75 MWh true
            DE load interval 2023-03-26T01:00:00Z..2023-03-26T01:15:00Z 0 MWh true
            DE load.pumped_storage interval 2023-03-26T01:00:00Z..2023-03-26T01:15:00Z 1 MWh true
            DE load interval 2023-10-28T23:45:00Z..2023-10-29T00:00:00Z 1 MWh true
            DE load.pumped_storage interval 2023-10-28T23:45:00Z..2023-10-29T00:00:00Z 1 MWh true
            DE load interval 2023-10-29T00:45:00Z..2023-10-29T01:00:00Z 1 MWh true
            DE load.pumped_storage interval 2023-10-29T00:45:00Z..2023-10-29T01:00:00Z 1 MWh true
            DE load interval 2023-10-29T01:00:00Z..2023-10-29T01:15:00Z 1 MWh true
            DE load.pumped_storage interval 2023-10-29T01:00:00Z..2023-10-29T01:15:00Z 1 MWh true
            DE load interval 2023-10-29T01:45:00Z..2023-10-29T02:00:00Z 1 MWh true
            DE load.pumped_storage interval 2023-10-29T01:45:00Z..2023-10-29T02:00:00Z 1 MWh true
            DE load interval 2023-10-29T02:00:00Z..2023-10-29T02:15:00Z 1 MWh true
            DE load.pumped_storage interval 2023-10-29T02:00:00Z..2023-10-29T02:15:00Z - MWh missing
            meter Meter { point: DE, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn older_layouts_are_read() {
    check(
        "Datum;Uhrzeit;Gesamt (Netzlast)[MWh];Residuallast[MWh];Pumpspeicher[MWh]\n\
         01.01.2020;23:30;11.162;4.194;600\n01.01.2020;23:45;11.058;4.135;-\n",
        &expect![[r#"
            DE load interval 2020-01-01T22:30:00Z..2020-01-01T22:45:00Z 11162 MWh true
            DE residual_load interval 2020-01-01T22:30:00Z..2020-01-01T22:45:00Z 4194 MWh true
            DE load.pumped_storage interval 2020-01-01T22:30:00Z..2020-01-01T22:45:00Z 600 MWh true
            DE load interval 2020-01-01T22:45:00Z..2020-01-01T23:00:00Z 11058 MWh true
            DE residual_load interval 2020-01-01T22:45:00Z..2020-01-01T23:00:00Z 4135 MWh true
            DE load.pumped_storage interval 2020-01-01T22:45:00Z..2020-01-01T23:00:00Z - MWh missing
            meter Meter { point: DE, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
    check(
        "Datum;Anfang;Ende;Deutschland/Luxemburg [€/MWh] Originalauflösungen;∅ Anrainer DE/LU [€/MWh] Originalauflösungen;Dänemark 1 [€/MWh] Originalauflösungen\n\
         15.01.2024;22:00;23:00;39,01;-1.234,50;-\n15.01.2024;23:00;00:00;0,5;1;2\n",
        &expect![[r#"
            DE-LU price.day_ahead interval 2024-01-15T21:00:00Z..2024-01-15T22:00:00Z 39.01 EUR/MWh true
            DE-LU price.day_ahead_neighbours interval 2024-01-15T21:00:00Z..2024-01-15T22:00:00Z -1234.5 EUR/MWh true
            DK1 price.day_ahead interval 2024-01-15T21:00:00Z..2024-01-15T22:00:00Z - EUR/MWh missing
            DE-LU price.day_ahead interval 2024-01-15T22:00:00Z..2024-01-15T23:00:00Z 0.5 EUR/MWh true
            DE-LU price.day_ahead_neighbours interval 2024-01-15T22:00:00Z..2024-01-15T23:00:00Z 1 EUR/MWh true
            DK1 price.day_ahead interval 2024-01-15T22:00:00Z..2024-01-15T23:00:00Z 2 EUR/MWh true
            meter Meter { point: DE-LU, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
            meter Meter { point: DK1, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn english_downloads_are_read() {
    check(
        "Start date;End date;grid load [MWh] Calculated resolutions;Residual load [MWh] Calculated resolutions;Hydro pumped storage [MWh] Calculated resolutions\n\
         Jan 1, 2023 12:00 AM;Jan 1, 2023 1:00 AM;10,148.25;95.5;1.234\n\
         Jan 1, 2023 11:00 PM;Jan 2, 2023 12:00 AM;10148;-;1,234,567.5\n",
        &expect![[r#"
            DE load interval 2022-12-31T23:00:00Z..2023-01-01T00:00:00Z 10148.25 MWh true
            DE residual_load interval 2022-12-31T23:00:00Z..2023-01-01T00:00:00Z 95.5 MWh true
            DE load interval 2023-01-01T22:00:00Z..2023-01-01T23:00:00Z 10148 MWh true
            DE residual_load interval 2023-01-01T22:00:00Z..2023-01-01T23:00:00Z - MWh missing
            DE load.pumped_storage interval 2023-01-01T22:00:00Z..2023-01-01T23:00:00Z 1234567.5 MWh true
            problem line 2: field 5: `1.234` may have three decimals or be thousands, and no value near it tells which: write one more digit (1 readings, 61 bytes)
            finding note coarse_amounts line 2: each amount is that of one hour: the quarter-hours of the series share its channel, so sum amounts of one length alone
            meter Meter { point: DE, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
    check(
        "Date;Start;End;Kernenergie [MWh] Original resolutions;Erdgas [MWh] Original resolutions\n\
         2023-01-01;00:00;00:15;1.234,5;1\n",
        &expect![[r#"
            DE generation.nuclear interval 2022-12-31T23:00:00Z..2022-12-31T23:15:00Z 1234.5 MWh true
            DE generation.gas interval 2022-12-31T23:00:00Z..2022-12-31T23:15:00Z 1 MWh true
            meter Meter { point: DE, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn every_kind_of_generation_is_its_own_quantity() {
    let names = "Biomasse;Wasserkraft;Wind Offshore;Wind Onshore;Photovoltaik;Sonstige Erneuerbare;Kernenergie;Braunkohle;\
                 Steinkohle;Erdgas;Pumpspeicher;Sonstige Konventionelle";
    for (unit, begin, end) in [("MWh", "01.01.2023 00:00", "01.01.2023 00:15"), ("MW", "01.01.2022", "01.01.2023")] {
        let names: Vec<_> = names.split(';').map(|name| format!("{name} [{unit}] Originalauflösungen")).collect();
        let values: Vec<_> = (1..=names.len()).map(|value| value.to_string()).collect();
        let table = format!("Datum von;Datum bis;{}\n{begin};{end};{}\n", names.join(";"), values.join(";"));
        let expected = if unit == "MWh" {
            expect![[r#"
                DE generation.biomass interval 2022-12-31T23:00:00Z..2022-12-31T23:15:00Z 1 MWh true
                DE generation.hydro interval 2022-12-31T23:00:00Z..2022-12-31T23:15:00Z 2 MWh true
                DE generation.wind_offshore interval 2022-12-31T23:00:00Z..2022-12-31T23:15:00Z 3 MWh true
                DE generation.wind_onshore interval 2022-12-31T23:00:00Z..2022-12-31T23:15:00Z 4 MWh true
                DE generation.photovoltaics interval 2022-12-31T23:00:00Z..2022-12-31T23:15:00Z 5 MWh true
                DE generation.other_renewable interval 2022-12-31T23:00:00Z..2022-12-31T23:15:00Z 6 MWh true
                DE generation.nuclear interval 2022-12-31T23:00:00Z..2022-12-31T23:15:00Z 7 MWh true
                DE generation.lignite interval 2022-12-31T23:00:00Z..2022-12-31T23:15:00Z 8 MWh true
                DE generation.hard_coal interval 2022-12-31T23:00:00Z..2022-12-31T23:15:00Z 9 MWh true
                DE generation.gas interval 2022-12-31T23:00:00Z..2022-12-31T23:15:00Z 10 MWh true
                DE generation.pumped_storage interval 2022-12-31T23:00:00Z..2022-12-31T23:15:00Z 11 MWh true
                DE generation.other_conventional interval 2022-12-31T23:00:00Z..2022-12-31T23:15:00Z 12 MWh true
                meter Meter { point: DE, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
            "#]]
        } else {
            expect![[r#"
                DE capacity.biomass interval 2021-12-31T23:00:00Z..2022-12-31T23:00:00Z 1 MW true
                DE capacity.hydro interval 2021-12-31T23:00:00Z..2022-12-31T23:00:00Z 2 MW true
                DE capacity.wind_offshore interval 2021-12-31T23:00:00Z..2022-12-31T23:00:00Z 3 MW true
                DE capacity.wind_onshore interval 2021-12-31T23:00:00Z..2022-12-31T23:00:00Z 4 MW true
                DE capacity.photovoltaics interval 2021-12-31T23:00:00Z..2022-12-31T23:00:00Z 5 MW true
                DE capacity.other_renewable interval 2021-12-31T23:00:00Z..2022-12-31T23:00:00Z 6 MW true
                DE capacity.nuclear interval 2021-12-31T23:00:00Z..2022-12-31T23:00:00Z 7 MW true
                DE capacity.lignite interval 2021-12-31T23:00:00Z..2022-12-31T23:00:00Z 8 MW true
                DE capacity.hard_coal interval 2021-12-31T23:00:00Z..2022-12-31T23:00:00Z 9 MW true
                DE capacity.gas interval 2021-12-31T23:00:00Z..2022-12-31T23:00:00Z 10 MW true
                DE capacity.pumped_storage interval 2021-12-31T23:00:00Z..2022-12-31T23:00:00Z 11 MW true
                DE capacity.other_conventional interval 2021-12-31T23:00:00Z..2022-12-31T23:00:00Z 12 MW true
                meter Meter { point: DE, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
            "#]]
        };
        check(&table, &expected);
    }
}

#[test]
fn columns_that_do_not_say_it_are_forecast_where_the_caller_says_so() {
    let table =
        "Datum von;Datum bis;Gesamt (Netzlast) [MWh];Residuallast [MWh]\n01.01.2023 00:00;01.01.2023 00:15;1;2\n";
    let hinted = Options { quantity: "load_forecast".parse().ok(), ..support::options() };
    let told = support::describe(&support::decode(Format::Smard, table.as_bytes(), &hinted, table.len()));
    expect![[r#"
        DE load_forecast interval 2022-12-31T23:00:00Z..2022-12-31T23:15:00Z 1 MWh forecast
        DE residual_load_forecast interval 2022-12-31T23:00:00Z..2022-12-31T23:15:00Z 2 MWh forecast
        meter Meter { point: DE, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
    "#]]
    .assert_eq(&told);
    // Where something tells, the hint is not needed.
    let measured = table.replace("Residuallast", "Netzlast inkl. Pumpspeicher");
    let told = support::describe(&support::decode(Format::Smard, measured.as_bytes(), &hinted, measured.len()));
    assert!(told.starts_with("DE load interval") && !told.contains("forecast"), "{told}");
}

#[test]
fn forecasts_are_told_by_the_sums_that_only_they_have() {
    check(
        "Datum von;Datum bis;Gesamt [MWh] Originalauflösungen;Photovoltaik und Wind [MWh] Originalauflösungen;Wind Onshore [MWh] Originalauflösungen;Sonstige [MWh] Originalauflösungen\n\
         01.01.2023 00:00;01.01.2023 01:00;1;2;3;4\n",
        &expect![[r#"
            DE generation_forecast.total interval 2022-12-31T23:00:00Z..2023-01-01T00:00:00Z 1 MWh forecast
            DE generation_forecast.wind_and_photovoltaics interval 2022-12-31T23:00:00Z..2023-01-01T00:00:00Z 2 MWh forecast
            DE generation_forecast.wind_onshore interval 2022-12-31T23:00:00Z..2023-01-01T00:00:00Z 3 MWh forecast
            DE generation_forecast.other interval 2022-12-31T23:00:00Z..2023-01-01T00:00:00Z 4 MWh forecast
            finding note coarse_amounts line 2: each amount is that of one hour: the quarter-hours of the series share its channel, so sum amounts of one length alone
            meter Meter { point: DE, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
    check(
        "Datum von;Datum bis;Prognostizierte Netzlast [MWh]\n01.01.2023 00:00;01.01.2023 01:00;1\n",
        &expect![[r#"
            DE load_forecast interval 2022-12-31T23:00:00Z..2023-01-01T00:00:00Z 1 MWh forecast
            finding note coarse_amounts line 2: each amount is that of one hour: the quarter-hours of the series share its channel, so sum amounts of one length alone
            meter Meter { point: DE, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
    check(
        "Datum von;Datum bis;Netzlast [MWh] Originalauflösungen\n01.01.2023 00:00;01.01.2023 01:00;1\n",
        &expect![[r#"
            DE load interval 2022-12-31T23:00:00Z..2023-01-01T00:00:00Z 1 MWh true
            finding warning measured_or_forecast line 1: SMARD names these columns alike for measured and for forecast values: taken as measured; a forecast as --quantity, such as load_forecast, says otherwise
            finding note coarse_amounts line 2: each amount is that of one hour: the quarter-hours of the series share its channel, so sum amounts of one length alone
            meter Meter { point: DE, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn intervals_are_as_long_as_the_resolution_says() {
    for (rows, expected) in [
        // Two gaps and a row without an end of its own.
        (
            &["01.01.2023 00:00;01.01.2023 00:15", "01.01.2023 01:00;01.01.2023 01:15", "01.01.2023 03:00;"][..],
            expect![[r#"
                2022-12-31T23:00:00Z..2022-12-31T23:15:00Z
                2023-01-01T00:00:00Z..2023-01-01T00:15:00Z
                2023-01-01T02:00:00Z..2023-01-01T02:15:00Z"#]],
        ),
        (
            &["25.03.2023;26.03.2023", "26.03.2023;27.03.2023"],
            expect![[r#"
                2023-03-24T23:00:00Z..2023-03-25T23:00:00Z
                2023-03-25T23:00:00Z..2023-03-26T22:00:00Z"#]],
        ),
        (
            &["23.10.2023;", "30.10.2023;"],
            expect![[r#"
                2023-10-22T22:00:00Z..2023-10-29T23:00:00Z
                2023-10-29T23:00:00Z..2023-11-05T23:00:00Z"#]],
        ),
        (
            &["01.02.2024;01.03.2024", "01.03.2024;"],
            expect![[r#"
                2024-01-31T23:00:00Z..2024-02-29T23:00:00Z
                2024-02-29T23:00:00Z..2024-03-31T22:00:00Z"#]],
        ),
        (&["01.01.2023 00:00;01.01.2024 00:00"], expect!["2022-12-31T23:00:00Z..2023-12-31T23:00:00Z"]),
        (
            &["01.01.2023 00:00;01.01.2023 00:10"],
            expect![[r#"

                neither its end nor the next row tells how long the interval is"#]],
        ),
    ] {
        let rows: String = rows.iter().map(|row| format!("{row};1;1\n")).collect();
        let pieces = support::decode(
            Format::Smard,
            format!("Datum von;Datum bis;Netzlast [MWh];Biomasse [MW]\n{rows}").as_bytes(),
            &support::options(),
            11,
        );
        let spans = |piece: &Decoded| rows_of(piece).join("\n");
        let problems = pieces.iter().flat_map(|piece| &piece.problems).map(|problem| problem.reason.clone());
        expected.assert_eq(&pieces.iter().map(spans).chain(problems).collect::<Vec<_>>().join("\n"));
    }
}

fn rows_of(piece: &Decoded) -> Vec<String> {
    let load = piece.batch.rows().iter().filter(|row| piece.batch.channel(row).quantity.to_string() == "load");
    load.map(|row| format!("{}..{}", row.period.start(), row.period.end())).collect()
}

#[test]
fn what_is_not_understood_says_why_and_the_rest_comes_out() {
    let options = Options { area: "TenneT".parse().ok(), ..support::options() };
    check_with(
        "Datum von;Datum bis;Netzlast [MWh];Nettoexport [MWh];Gesamt [MWh];Residuallast [MWh];Netzlast [MWh] Berechnete Auflösungen\n\
         01.01.2023 00:00;01.01.2023 01:00;1;5;-;x;1\n\
         bald;01.01.2023 01:00;1;5;-;1;1\n\
         26.03.2023 02:15;26.03.2023 02:30;1;5;-;1;1\n\
         01.01.2023 01:00;01.01.2023 02:00\n\
         01.01.2023 01:00;01.01.2023 02:00;12.5;1,5,5;;1.23,4;1\n\
         2023-01-01T02:00:00Z;;1;;;1;1\n\
         31.02.2023 00:00;;1;;;1;1\n"
            .as_bytes(),
        &options,
        &expect![[r#"
            TenneT load interval 2022-12-31T23:00:00Z..2023-01-01T00:00:00Z 1 MWh true
            problem line 2: field 6: `x` is not a decimal number (1 readings, 43 bytes)
            problem line 3: `bald` is not a time such as 2025-03-30T01:45:00Z or 30.03.2025 01:45 (2 readings, 31 bytes)
            problem line 4: the local time 2023-03-26 02:15:00 does not exist in Europe/Berlin: the clock was set forward over it (2 readings, 43 bytes)
            problem line 5: the row has 2 fields, the header has 7 (2 readings, 33 bytes)
            problem line 6: field 3: `12.5` has a point where the delivery sets its decimals apart by a comma and thousands by points (2 readings, 54 bytes)
            problem line 7: `2023-01-01T02:00:00Z` has an offset, yet the times of SMARD are those of a clock in Berlin (2 readings, 29 bytes)
            problem line 8: `31.02.2023 00:00` names no moment of the calendar (2 readings, 25 bytes)
            problem column 4: the column `Nettoexport [MWh]` is not read: it is no series of SMARD that we know (2 readings, 124 bytes)
            problem column 7: the column `Netzlast [MWh] Berechnete Auflösungen` is not read: another column is the same series (2 readings, 124 bytes)
            finding warning measured_or_forecast line 1: SMARD names these columns alike for measured and for forecast values: taken as measured; a forecast as --quantity, such as load_forecast, says otherwise
            finding note coarse_amounts line 2: each amount is that of one hour: the quarter-hours of the series share its channel, so sum amounts of one length alone
            meter Meter { point: TenneT, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
    check(
        "Datum von;Datum bis;Nettoexport [MWh]\n01.01.2023 00:00;01.01.2023 01:00;1\n",
        &expect![[r#"
        problem : no column of the header is a series of SMARD that we know: `Datum von;Datum bis;Nettoexport [MWh]` (1 readings, 74 bytes)
    "#]],
    );
    check(
        "Zeit;Netzlast [MWh]\n01.01.2023 00:00;1\n",
        &expect![[r#"
        problem : the header begins with `Zeit;Netzlast [MWh]`; needed are `Datum von;Datum bis` or `Datum;Anfang;Ende` (1 readings, 39 bytes)
    "#]],
    );
    check(
        "Datum von;Datum bis;Pumpspeicher [MWh];Netzlast [MWh]\n",
        &expect![[r#"
            meter Meter { point: DE, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
    let utf_16: Vec<u8> = "Datum von;Datum bis;Netzlast [MWh]\n1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    check_with(
        &utf_16,
        &options,
        &expect![[r#"
        problem : the bytes are UTF-16, yet UTF-8 is needed: save the file as UTF-8 (1 readings, 75 bytes)
    "#]],
    );
    // Latin-1 with the euro sign of Windows.
    let latin =
        b"Datum von;Datum bis;\xd6sterreich [\x80/MWh] Originalaufl\xf6sungen\n01.01.2023 00:00;01.01.2023 01:00;1\n";
    check_with(
        latin,
        &options,
        &expect![[r#"
            AT price.day_ahead interval 2022-12-31T23:00:00Z..2023-01-01T00:00:00Z 1 EUR/MWh true
            meter Meter { point: AT, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn downloads_are_recognised_by_their_header() {
    for ours in [
        &b"Datum von;Datum bis;Netzlast [MWh]"[..],
        b"\xef\xbb\xbfStart date;End date;Lignite [MW] Original resolutions\n1",
    ] {
        assert_eq!(detect(&Head::new(ours)), Detected::One(Format::Smard), "{}", String::from_utf8_lossy(ours));
    }
    for other in [
        &b"Datum von;Datum bis;Energiemenge in kWh"[..],
        b"Datum;Uhrzeit;Temperatur",
        b"",
        b"BEGINN_DATUM;BEGINN_UHRZEIT",
    ] {
        assert_eq!(Format::Smard.recognise(&Head::new(other)), None, "{}", String::from_utf8_lossy(other));
    }
}

const HEADERS: [&str; 3] = [
    "Datum von;Datum bis;Netzlast [MWh]\n",
    "Start date;End date;Lignite [MW];strange\n",
    "Datum;Anfang;Ende;Belgien [EUR/MWh]\n",
];

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic_and_in_any_pieces(
        header in prop::sample::select(&HEADERS[..]),
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b";-\n.,:0123 "[..])], 0..300),
        piece in 1_usize..20,
    ) {
        let bytes = [header.as_bytes(), &bytes].concat();
        let whole = support::describe(&support::decode(Format::Smard, &bytes, &support::options(), usize::MAX));
        prop_assert_eq!(support::describe(&support::decode(Format::Smard, &bytes, &support::options(), piece)), whole);
    }

    #[test]
    fn damaged_downloads_are_read_without_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        piece in 1_usize..50,
    ) {
        let mut bytes = b"Datum von;Datum bis;Netzlast [MWh];Pumpspeicher [MWh]\n\
            29.10.2023 02:45;29.10.2023 03:00;1.234,5;-\n29.10.2023 02:00;29.10.2023 02:15;1;1\n\
            01.01.2023;01.01.2024;1;2\n9999-12-31;;1;1\n".to_vec();
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        let whole = support::describe(&support::decode(Format::Smard, &bytes, &support::options(), usize::MAX));
        prop_assert_eq!(support::describe(&support::decode(Format::Smard, &bytes, &support::options(), piece)), whole);
    }
}
