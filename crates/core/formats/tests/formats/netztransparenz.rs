//! Tables of netztransparenz.de through the front door. No file of theirs was at hand: layouts are those that users of the API have
//! in their tests and notes, values are invented.

use crate::support;

use expect_test::{Expect, expect};
use metrify_domain::calendar::Zone;
use metrify_formats::{Detected, Format, Head, Options, detect};
use proptest::prelude::*;

fn check(table: &str, options: &Options, expected: &Expect) {
    let decode = |piece| support::describe(&support::decode(Format::Netztransparenz, table.as_bytes(), options, piece));
    expected.assert_eq(&decode(table.len()));
    for piece in [1, 7] {
        assert_eq!(decode(piece), decode(table.len()), "in pieces of {piece} bytes");
    }
}

#[test]
fn one_zone_for_both_times_holds_until_the_clock_is_changed() {
    let table = |rows: &[&str]| {
        let rows: String = rows.iter().map(|row| format!("{row};x;Qualitätsgesichert;EUR/MWh;1;2\n")).collect();
        format!("Datum;Zeitzone;von;bis;Datenkategorie;Datentyp;Einheit;reBAP unterdeckt;reBAP ueberdeckt\n{rows}")
    };
    for (row, from, until) in [
        // The clock shows 02:00 behind 02:59: the zone is that of the beginning. Others add up to 03:00.
        ("29.10.2023;CEST;02:45;02:00", "2023-10-29T00:45:00Z", "2023-10-29T01:00:00Z"),
        ("29.10.2023;CEST;02:45;03:00", "2023-10-29T00:45:00Z", "2023-10-29T01:00:00Z"),
        ("29.10.2023;CET;02:00;02:15", "2023-10-29T01:00:00Z", "2023-10-29T01:15:00Z"),
        ("29.10.2023;CEST;00:00;00:00", "2023-10-28T22:00:00Z", "2023-10-29T23:00:00Z"),
        ("26.03.2023;CET;01:45;03:00", "2023-03-26T00:45:00Z", "2023-03-26T01:00:00Z"),
        ("26.03.2023;CET;01:45;02:00", "2023-03-26T00:45:00Z", "2023-03-26T01:00:00Z"),
        ("26.03.2023;CET;00:00;00:00", "2023-03-25T23:00:00Z", "2023-03-26T22:00:00Z"),
        ("26.03.2023;CEST;23:45;00:00", "2023-03-26T21:45:00Z", "2023-03-26T22:00:00Z"),
        // Winter time all year round.
        ("15.07.2023;CET;23:45;00:00", "2023-07-15T22:45:00Z", "2023-07-15T23:00:00Z"),
        ("29.10.2023;UTC;23:45;00:00", "2023-10-29T23:45:00Z", "2023-10-30T00:00:00Z"),
    ] {
        let text = table(&[row]);
        let told =
            support::describe(&support::decode(Format::Netztransparenz, text.as_bytes(), &support::options(), 64));
        assert!(told.contains(&format!(" interval {from}..{until} ")), "{row}: {told}");
    }
}

#[test]
fn the_balance_of_the_grid_is_told_by_the_category_of_each_row() {
    check(
        "Datum;Zeitzone;von;bis;Datenkategorie;Datentyp;Einheit;Deutschland;AEP Knappheitskomponente;Mrl-Mol-Abweichung\n\
         10.10.2020;UTC;13:00;13:15;NRV-Saldo;Betrieblich;MW;-1.142,535;N.A.;0\n\
         10.10.2020;UTC;13:15;13:30;NRV-Saldo;Qualitätsgesichert;MW;N.A.;0;1\n\
         === remark ===\n",
        &support::options(),
        &expect![[r#"
            DE balance.nrv interval 2020-10-10T13:00:00Z..2020-10-10T13:15:00Z -1142.535 MW provisional
            DE balance.nrv interval 2020-10-10T13:15:00Z..2020-10-10T13:30:00Z - MW missing
            finding note unread_column line 1: `AEP Knappheitskomponente` is passed over: it is no reading
            finding note unread_column line 1: `Mrl-Mol-Abweichung` is passed over: it is no reading
            meter Meter { point: DE, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
    check(
        "Datum;Zeitzone;von;bis;Datenkategorie;Datentyp;Einheit;50Hertz;Amprion;TenneT TSO;TransnetBW\n\
         29.10.2023;CEST;02:45;03:00;RZ-Saldo;Betrieblich;MW;-422,000;668,426;-1664,563;275,602\n\
         29.10.2023;CET;02:45;03:00;RZ-Saldo;Betrieblich;MW;1;2;3;x\n",
        &support::options(),
        &expect![[r#"
            50Hertz balance.control_area interval 2023-10-29T00:45:00Z..2023-10-29T01:00:00Z -422 MW provisional
            Amprion balance.control_area interval 2023-10-29T00:45:00Z..2023-10-29T01:00:00Z 668.426 MW provisional
            TenneT balance.control_area interval 2023-10-29T00:45:00Z..2023-10-29T01:00:00Z -1664.563 MW provisional
            TransnetBW balance.control_area interval 2023-10-29T00:45:00Z..2023-10-29T01:00:00Z 275.602 MW provisional
            50Hertz balance.control_area interval 2023-10-29T01:45:00Z..2023-10-29T02:00:00Z 1 MW provisional
            Amprion balance.control_area interval 2023-10-29T01:45:00Z..2023-10-29T02:00:00Z 2 MW provisional
            TenneT balance.control_area interval 2023-10-29T01:45:00Z..2023-10-29T02:00:00Z 3 MW provisional
            problem line 3: field 11: `x` is not a decimal number (1 readings, 58 bytes)
            meter Meter { point: 50Hertz, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
            meter Meter { point: Amprion, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
            meter Meter { point: TenneT, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
            meter Meter { point: TransnetBW, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn activated_reserves_have_a_quantity_for_each_direction() {
    check(
        "Datum;Zeitzone;von;bis;Datenkategorie;Datentyp;Einheit;50Hertz (Positiv);Deutschland (Positiv);50Hertz (Negativ);Deutschland (Negativ);MOL-Abweichung\n\
         10.10.2020;UTC;23:45;00:00;Aktivierte SRL;Betrieblich;MW;0,5;1;133,135;938,664;0\n\
         10.10.2020;UTC;23:45;00:00;PRL;Qualitaetsgesichert;MW;9,436;1;2;3;0\n\
         10.10.2020;UTC;23:45;00:00;Unbekanntes;Betrieblich;MW;1;2;3;4;0\n\
         10.10.2020;UTC;23:45;00:00;PRL;Vielleicht;MW;1;2;3;4;0\n\
         10.10.2020;UTC;23:45;00:00;PRL;Betrieblich;GW;1;2;3;4;0\n",
        &support::options(),
        &expect![[r#"
            50Hertz balance.afrr_positive interval 2020-10-10T23:45:00Z..2020-10-11T00:00:00Z 0.5 MW provisional
            DE balance.afrr_positive interval 2020-10-10T23:45:00Z..2020-10-11T00:00:00Z 1 MW provisional
            50Hertz balance.afrr_negative interval 2020-10-10T23:45:00Z..2020-10-11T00:00:00Z 133.135 MW provisional
            DE balance.afrr_negative interval 2020-10-10T23:45:00Z..2020-10-11T00:00:00Z 938.664 MW provisional
            50Hertz balance.fcr_positive interval 2020-10-10T23:45:00Z..2020-10-11T00:00:00Z 9.436 MW true
            DE balance.fcr_positive interval 2020-10-10T23:45:00Z..2020-10-11T00:00:00Z 1 MW true
            50Hertz balance.fcr_negative interval 2020-10-10T23:45:00Z..2020-10-11T00:00:00Z 2 MW true
            DE balance.fcr_negative interval 2020-10-10T23:45:00Z..2020-10-11T00:00:00Z 3 MW true
            problem line 4: field 8: `Unbekanntes` is no Datenkategorie that is read (4 readings, 63 bytes)
            problem line 5: `Vielleicht` is no Datentyp that is known (4 readings, 54 bytes)
            problem line 6: `GW` is no unit that is known (4 readings, 55 bytes)
            finding note unread_column line 1: `MOL-Abweichung` is passed over: it is no reading
            meter Meter { point: 50Hertz, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
            meter Meter { point: DE, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn prices_are_read_in_the_unit_they_come_in() {
    check(
        "Datum;Zeitzone;von;bis;Datenkategorie;Datentyp;Einheit;reBAP unterdeckt;reBAP ueberdeckt\n\
         01.07.2025;UTC;00:45;01:00;reBAP;Qualitaetsgesichert;EUR/MWh;1.234,56;-45,30\n\
         01.07.2025;UTC;00:45;01:00;reBAP;Qualitaetsgesichert;MW;1;2\n",
        &support::options(),
        &expect![[r#"
            DE price.imbalance_short interval 2025-07-01T00:45:00Z..2025-07-01T01:00:00Z 1234.56 EUR/MWh true
            DE price.imbalance_long interval 2025-07-01T00:45:00Z..2025-07-01T01:00:00Z -45.3 EUR/MWh true
            problem line 3: field 8: the unit `MW` is none of a price (2 readings, 59 bytes)
            meter Meter { point: DE, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
    check(
        "Datum;von;Zeitzone von;bis;Zeitzone bis;Spotmarktpreis in ct/kWh\n\
         31.03.2024;01:00;CET;03:00;CEST;5,087\n\
         31.12.2020;23:00;UTC;00:00;UTC;-0,1\n",
        &support::options(),
        &expect![[r#"
            DE-LU price.day_ahead interval 2024-03-31T00:00:00Z..2024-03-31T01:00:00Z 50.87 EUR/MWh true
            DE-LU price.day_ahead interval 2020-12-31T23:00:00Z..2021-01-01T00:00:00Z -1 EUR/MWh true
            meter Meter { point: DE-LU, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
    check(
        "Datum von;(Uhrzeit) von;Zeitzone;(Uhrzeit) bis;Zeitzone;ID AEP in €/MWh\n2025-01-01;23:45;UTC;00:00;UTC;-7,940\n",
        &support::options(),
        &expect![[r#"
            DE price.intraday_aep interval 2025-01-01T23:45:00Z..2025-01-02T00:00:00Z -7.94 EUR/MWh true
            meter Meter { point: DE, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn solar_and_wind_power_have_the_same_columns_so_that_the_quantity_has_to_be_given() {
    let table = "Datum;von;Zeitzone von;bis;Zeitzone bis;50Hertz (MW);Amprion (MW);TenneT TSO (MW);TransnetBW (MW)\n\
                 2024-10-25;06:00;UTC;06:15;UTC;245,123;N.A.;428,789;0,000\n\
                 2024-10-25;06:15;UTC;06:30;UTC;1;2;3;4\n";
    check(
        table,
        &support::options(),
        &expect![[r#"
        problem line 2: the table does not say whether its values are of solar or of wind power, measured, projected, forecast or sold: give --quantity, such as generation.photovoltaics or generation_forecast.wind_onshore (8 readings, 97 bytes)
    "#]],
    );
    let given = |quantity: &str| Options { quantity: quantity.parse().ok(), ..support::options() };
    check(
        table,
        &given("generation.photovoltaics"),
        &expect![[r#"
        50Hertz generation.photovoltaics interval 2024-10-25T06:00:00Z..2024-10-25T06:15:00Z 245.123 MW true
        Amprion generation.photovoltaics interval 2024-10-25T06:00:00Z..2024-10-25T06:15:00Z - MW missing
        TenneT generation.photovoltaics interval 2024-10-25T06:00:00Z..2024-10-25T06:15:00Z 428.789 MW true
        TransnetBW generation.photovoltaics interval 2024-10-25T06:00:00Z..2024-10-25T06:15:00Z 0 MW true
        50Hertz generation.photovoltaics interval 2024-10-25T06:15:00Z..2024-10-25T06:30:00Z 1 MW true
        Amprion generation.photovoltaics interval 2024-10-25T06:15:00Z..2024-10-25T06:30:00Z 2 MW true
        TenneT generation.photovoltaics interval 2024-10-25T06:15:00Z..2024-10-25T06:30:00Z 3 MW true
        TransnetBW generation.photovoltaics interval 2024-10-25T06:15:00Z..2024-10-25T06:30:00Z 4 MW true
        finding note hinted_quantity line 1: the table does not say what its values are: they are taken as the quantity that was given
        meter Meter { point: 50Hertz, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        meter Meter { point: Amprion, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        meter Meter { point: TenneT, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        meter Meter { point: TransnetBW, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
    let forecast =
        support::decode(Format::Netztransparenz, table.as_bytes(), &given("generation_forecast.wind_onshore"), 9);
    assert!(support::describe(&forecast).contains(
        "50Hertz generation_forecast.wind_onshore interval 2024-10-25T06:00:00Z..2024-10-25T06:15:00Z 245.123 MW forecast"
    ));
    // What waits for the quantity is kept whole: it is read again with the hint.
    let waiting = support::decode(Format::Netztransparenz, table.as_bytes(), &support::options(), 9);
    let problem = &waiting[0].problems[0];
    let again = [problem.prelude.as_slice(), &problem.bytes].concat();
    assert_eq!(again, table.as_bytes());
    // Only the energy that balances renewables comes in kWh.
    check(
        "Datum;von;Zeitzone von;bis;Zeitzone bis;50Hertz (kWh);Amprion (kWh)\n2020-01-01;22:00;UTC;22:15;UTC;-10110,672;N.A.\n",
        &support::options(),
        &expect![[r#"
            50Hertz balance.renewables interval 2020-01-01T22:00:00Z..2020-01-01T22:15:00Z -10110.672 kWh true
            Amprion balance.renewables interval 2020-01-01T22:00:00Z..2020-01-01T22:15:00Z - kWh missing
            meter Meter { point: 50Hertz, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
            meter Meter { point: Amprion, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn hours_of_negative_prices_need_the_zone_that_the_table_lacks() {
    let table = "Datum;Stunde1;Stunde3;Stunde4;Stunde6\n2024-10-10 13:00;1;N.A.;0;1\n";
    check(
        table,
        &support::options(),
        &expect![[r#"
        problem line 2: `2024-10-10 13:00` has no zone: give --timezone (4 readings, 27 bytes)
        meter Meter { point: DE-LU, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
    check(
        table,
        &Options { zone: Some(Zone::UTC), ..support::options() },
        &expect![[r#"
        DE-LU price.negative_1h interval 2024-10-10T13:00:00Z..2024-10-10T14:00:00Z 1 1 true
        DE-LU price.negative_3h interval 2024-10-10T13:00:00Z..2024-10-10T14:00:00Z - 1 missing
        DE-LU price.negative_4h interval 2024-10-10T13:00:00Z..2024-10-10T14:00:00Z 0 1 true
        DE-LU price.negative_6h interval 2024-10-10T13:00:00Z..2024-10-10T14:00:00Z 1 1 true
        meter Meter { point: DE-LU, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
    check(
        "Datum;Negativ\n2024-01-01 00:00;Ja\n",
        &support::options(),
        &expect![[r#"
        problem : the table does not say after how many hours of negative prices it counts; the one with the columns Stunde1 to Stunde6 does (1 readings, 34 bytes)
    "#]],
    );
}

#[test]
fn tables_are_told_by_their_header_alone() {
    for ours in [
        &b"Datum;Zeitzone;von;bis;Datenkategorie;Datentyp;Einheit;Deutschland\n"[..],
        b"\xef\xbb\xbfDatum;von;Zeitzone von;bis;Zeitzone bis;Spotmarktpreis in ct/kWh\r\n",
        b"Datum;Negativ",
        "Datum von;(Uhrzeit) von;Zeitzone von;(Uhrzeit) bis;Zeitzone bis;ID AEP in €/MWh".as_bytes(),
    ] {
        assert_eq!(
            detect(&Head::new(ours)),
            Detected::One(Format::Netztransparenz),
            "{}",
            String::from_utf8_lossy(ours)
        );
    }
    for other in
        [&b"Datum;von;bis;Deutschland"[..], b"Datum von;Datum bis;Netzlast [MWh]", b"Monat;MW-EPEX in ct/kWh", b""]
    {
        assert_eq!(Format::Netztransparenz.recognise(&Head::new(other)), None, "{}", String::from_utf8_lossy(other));
    }
}

const HEADERS: [&str; 3] = [
    "Datum;Zeitzone;von;bis;Datenkategorie;Datentyp;Einheit;50Hertz (Positiv);Deutschland\n",
    "Datum;von;Zeitzone von;bis;Zeitzone bis;Spotmarktpreis in ct/kWh;50Hertz (MW)\n",
    "Datum;Stunde1;Stunde3\n",
];

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic_and_the_same_in_any_pieces(
        header in prop::sample::select(&HEADERS[..]),
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b";\n:.,0123"[..])], 0..300),
        piece in 1_usize..50,
    ) {
        let mut table = format!("{header}10.10.2020;UTC;13:00;13:15;PRL;Betrieblich;MW;1;2\n").into_bytes();
        table.extend(bytes);
        let whole = support::describe(&support::decode(Format::Netztransparenz, &table, &support::options(), table.len()));
        let pieces = support::describe(&support::decode(Format::Netztransparenz, &table, &support::options(), piece));
        prop_assert_eq!(whole, pieces);
    }
}

#[test]
fn a_price_in_cents_is_the_price_that_smard_and_entso_e_tell() {
    let prices = |format: Format, text: &str| {
        let decoded = support::decode(format, text.as_bytes(), &support::options(), text.len());
        let told = support::describe(&decoded);
        told.lines().filter(|line| line.contains(" price.day_ahead ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let here = prices(
        Format::Netztransparenz,
        "Datum;von;Zeitzone von;bis;Zeitzone bis;Spotmarktpreis in ct/kWh\n\
         30.03.2025;00:00;CET;01:00;CET;5,118\n\
         30.03.2025;01:00;CET;03:00;CEST;99999999999999\n\
         30.03.2025;03:00;CEST;04:00;CEST;N.A.\n",
    );
    let smard = prices(
        Format::Smard,
        "Datum von;Datum bis;Deutschland/Luxemburg [€/MWh] Originalauflösungen\n\
         30.03.2025 00:00;30.03.2025 01:00;51,18\n\
         30.03.2025 03:00;30.03.2025 04:00;-\n",
    );
    assert_eq!(here, smard);
    assert_eq!(here.len(), 2, "{here:?}");
}

#[test]
fn every_quantity_of_ours_is_told_in_a_unit_that_suits_it() {
    let told = support::describe(&support::decode(
        Format::Netztransparenz,
        b"Datum;Stunde1;Stunde3;Stunde4;Stunde6\n2024-04-01 13:00:00;1;1;1;0\n",
        &Options { zone: Some(Zone::UTC), ..support::options() },
        40,
    ));
    for line in told.lines().filter(|line| line.contains(" price.negative_")) {
        let quantity: metrify_domain::Quantity =
            line.split(' ').nth(1).unwrap_or_default().parse().expect("a quantity");
        assert_eq!(quantity.default_unit().map(|unit| unit.to_string()).as_deref(), Some("1"), "{line}");
    }
    assert_eq!(told.matches(" price.negative_").count(), 4, "{told}");
}
