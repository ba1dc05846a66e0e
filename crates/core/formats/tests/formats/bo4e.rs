//! BO4E through the front door: objects in, readings and facts out.

use crate::support;

use expect_test::{Expect, expect};
use metrify_domain::calendar::Zone;
use metrify_formats::{Decoded, Detected, Format, HEAD_BYTES, Head, Options, detect};
use proptest::prelude::*;

fn read(bytes: &[u8], options: &Options, piece: usize) -> Vec<Decoded> {
    support::decode(Format::Bo4e, bytes, options, piece)
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

/// A Lastgang of a market location with these values.
fn load_curve(values: &str) -> String {
    format!(
        r#"{{"_typ":"LASTGANG","_version":"202607.1.0","marktlokation":{{"_typ":"MARKTLOKATION","marktlokationsId":"50120962218"}},
"messgroesse":"KWH","obisKennzahl":"1-1:1.29.0","sparte":"STROM","version":"1","zeitIntervallLaenge":{{"wert":15,"einheit":"MINUTE"}},
"werte":[{values}]}}"#
    )
}

const QUARTER: &str = r#""zeitraum":{"startdatum":"2025-03-30","startuhrzeit":"01:45:00+01:00","enddatum":"2025-03-30","enduhrzeit":"03:00:00+02:00"}"#;

#[test]
fn statuses_are_those_of_mscons_by_other_names() {
    let values: Vec<String> = [
        ("ABGELESEN", "null"),
        ("ERSATZWERT", "\"Z92_INTERPOLATION\""),
        ("ERSATZWERT", "[\"ZJ2_STATISTISCHEMETHODE\",\"ZB0_STOERUNG_DEFEKTMESSEINRICHTUNG\",\"ZA9_Z-ZAHL-KORREKTUR\"]"),
        ("ANGABE_FUER_LIEFERSCHEIN", "null"),
        ("VORSCHLAGSWERT", "null"),
        ("NICHT_VERWENDBAR", "\"Z81_MESSEINRICHTUNGGESTOERT_DEFEKT\""),
        ("PROGNOSEWERT", "null"),
        ("VORLAEUFIGERWERT", "null"),
        ("ENERGIEMENGESUMMIERT", "null"),
        ("FEHLT", "\"Z75_KOMMUNIKATIONSSTOERUNG\""),
    ]
    .iter()
    .map(|(status, addition)| format!(r#"{{{QUARTER},"wert":0.250,"status":"{status}","statuszusatz":{addition}}}"#))
    .collect();
    check(
        &load_curve(&values.join(",")),
        &expect![[r#"
            50120962218 1-1:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z 0.25 kWh true
            50120962218 1-1:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z 0.25 kWh substitute method=Z92
            50120962218 1-1:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z 0.25 kWh substitute method=ZJ2 reason=ZB0 ZA9
            50120962218 1-1:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z 0.25 kWh true method=delivery_note
            50120962218 1-1:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z 0.25 kWh proposed
            50120962218 1-1:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z 0.25 kWh faulty reason=Z81
            50120962218 1-1:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z 0.25 kWh forecast
            50120962218 1-1:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z 0.25 kWh provisional
            50120962218 1-1:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z 0.25 kWh true method=sum
            50120962218 1-1:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z - kWh missing reason=Z75
        "#]],
    );
}

#[test]
fn a_value_without_a_number_is_missing_and_one_without_a_status_is_read_off() {
    check(
        &load_curve(&format!(
            r#"{{{QUARTER},"wert":1,"status":null}},{{{QUARTER},"wert":null,"status":"FEHLT"}},{{{QUARTER},"wert":null}},{{{QUARTER},"wert":null,"status":"ABGELESEN"}},{{{QUARTER},"wert":"1.500","status":"ABGELESEN"}}"#
        )),
        &expect![[r#"
            50120962218 1-1:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z 1 kWh true
            50120962218 1-1:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z - kWh missing
            50120962218 1-1:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z - kWh missing
            50120962218 1-1:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z - kWh missing
            50120962218 1-1:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z 1.5 kWh true
            finding note status_untold .werte[0]: the value has no status; it is taken as read off, as are the others of the object without one
            finding note value_absent .werte[3]: the status claims a value, yet there is none: it is missing, as are others of the object like it
        "#]],
    );
}

#[test]
fn intervals_are_half_open_and_a_date_is_a_whole_day_of_berlin() {
    let value = |span: &str| format!(r#"{{"zeitraum":{{{span}}},"wert":1,"status":"ABGELESEN"}}"#);
    let values = [
        // The day has 23 hours; an end without a time of day is included.
        r#""startdatum":"2025-03-30","enddatum":"2025-03-30""#,
        r#""startdatum":"2025-03-01","enddatum":"2025-03-31""#,
        // Older versions.
        r#""startzeitpunkt":"2025-03-30T00:45:00Z","endzeitpunkt":"2025-03-30T01:00:00Z""#,
        r#""startdatum":"2025-03-30T00:45:00Z","enddatum":"2025-03-30T01:00:00Z""#,
        // An end that the length tells.
        r#""startdatum":"2025-03-30","startuhrzeit":"01:45:00+01:00""#,
        r#""startdatum":"2025-03-30","dauer":"P1D""#,
        r#""startdatum":"2025-03-30","startuhrzeit":"01:45:00+01:00","dauer":"PT1H""#,
    ];
    let mut values: Vec<String> = values.map(value).to_vec();
    values.push(r#"{"datumUhrzeitVon":"2025-03-30T00:45:00Z","datumUhrzeitBis":"2025-03-30T01:00:00Z","wert":1,"status":"ABGELESEN"}"#.to_owned());
    check(
        &load_curve(&values.join(",")),
        &expect![[r#"
        50120962218 1-1:1.29.0 interval 2025-03-29T23:00:00Z..2025-03-30T22:00:00Z 1 kWh true
        50120962218 1-1:1.29.0 interval 2025-02-28T23:00:00Z..2025-03-31T22:00:00Z 1 kWh true
        50120962218 1-1:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z 1 kWh true
        50120962218 1-1:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z 1 kWh true
        50120962218 1-1:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z 1 kWh true
        50120962218 1-1:1.29.0 interval 2025-03-29T23:00:00Z..2025-03-30T22:00:00Z 1 kWh true
        50120962218 1-1:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:45:00Z 1 kWh true
        50120962218 1-1:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z 1 kWh true
    "#]],
    );
}

#[test]
fn days_of_gas_begin_at_six() {
    check(
        r#"{"_typ":"LASTGANG","messlokation":{"messlokationsId":"DE00056266802AO6G56M11SN51G21M24S"},"obisKennzahl":"7-20:99.33.17","sparte":"GAS",
"zeitIntervallLaenge":{"wert":1,"einheit":"TAG"},"werte":[{"zeitraum":{"startdatum":"2025-03-29","enddatum":"2025-03-29"},"wert":12.5,"status":"ABGELESEN"}]}"#,
        &expect![[r#"
            DE00056266802AO6G56M11SN51G21M24S 7-20:99.33.17 interval 2025-03-29T05:00:00Z..2025-03-30T04:00:00Z 12.5 kWh true
        "#]],
    );
}

#[test]
fn times_without_an_offset_need_a_zone_and_the_doubled_hour_is_told_by_order() {
    let value = |time: &str, wert: u32| {
        format!(
            r#"{{"zeitraum":{{"startdatum":"2025-10-26","startuhrzeit":"{time}"}},"wert":{wert},"status":"ABGELESEN"}}"#
        )
    };
    let values = [value("01:45:00", 1), value("02:00:00", 2), value("02:45:00", 3), value("02:00:00", 4)].join(",");
    let berlin = Options { zone: Some(Zone::BERLIN), ..support::options() };
    check_with(
        &load_curve(&values),
        &berlin,
        &expect![[r#"
        50120962218 1-1:1.29.0 interval 2025-10-25T23:45:00Z..2025-10-26T00:00:00Z 1 kWh true
        50120962218 1-1:1.29.0 interval 2025-10-26T00:00:00Z..2025-10-26T00:15:00Z 2 kWh true
        50120962218 1-1:1.29.0 interval 2025-10-26T00:45:00Z..2025-10-26T01:00:00Z 3 kWh true
        50120962218 1-1:1.29.0 interval 2025-10-26T01:00:00Z..2025-10-26T01:15:00Z 4 kWh true
    "#]],
    );
    check(
        &load_curve(&value("01:45:00", 1)),
        &expect![[r#"
        problem .werte[0]: `2025-10-26T01:45:00` has no zone: give --timezone (1 readings, 98 bytes)
    "#]],
    );
}

#[test]
fn amounts_and_states_of_registers_are_read_in_their_versions() {
    // v202607: an Energiemenge of a location, a register of a meter.
    check(
        r#"[{"_typ":"MARKTLOKATION","marktlokationsId":"50120962218","sparte":"STROM","verbrauchsmengen":[
{"_typ":"ENERGIEMENGE","menge":{"wert":3500.125,"einheit":"KWH"},"obisKennzahl":"1-1:1.9.0","zeitraum":{"startdatum":"2024-01-01","enddatum":"2024-12-31"}}]},
{"_typ":"ZAEHLER","zaehlernummer":"1EMH0012345678","zaehlwerke":[{"obisKennzahl":"1-1:1.8.0","einheit":"KWH","messwerte":[
{"wert":{"wert":17.250,"einheit":"KWH"},"zeitpunkt":"2025-03-30T01:45:00+01:00","messwertstatus":"ABGELESEN"},
{"wert":{"wert":18},"zeitpunkt":"2025-03-31T01:45:00+02:00","messwertstatus":"ERSATZWERT","messwertstatuszusatz":"Z88_VERGLEICHSMESSUNG(GEEICHT)"}]}]}]"#,
        &expect![[r#"
            50120962218 1-1:1.9.0 interval 2023-12-31T23:00:00Z..2024-12-31T23:00:00Z 3500.125 kWh true
            1EMH0012345678 1-1:1.8.0 register 2025-03-30T00:45:00Z 17.25 kWh true
            1EMH0012345678 1-1:1.8.0 register 2025-03-30T23:45:00Z 18 kWh substitute method=Z88
            finding note status_untold .[0].verbrauchsmengen[0]: the value has no status; it is taken as read off, as are the others of the object without one
            meter Meter { point: 1EMH0012345678, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
            master_data 50120962218 | market_location | marktlokationsId | 50120962218 | - | - | - | - | - |  | - | - | - | -
            master_data 50120962218 | market_location | sparte | STROM | - | - | - | - | - |  | - | - | - | -
            master_data 1EMH0012345678 | meter | zaehlernummer | 1EMH0012345678 | - | - | - | - | - |  | - | - | - | -
            master_data 1EMH0012345678 | meter | zaehlwerke[0].obisKennzahl | 1-1:1.8.0 | - | - | - | - | - |  | - | - | - | -
            master_data 1EMH0012345678 | meter | zaehlwerke[0].einheit | KWH | - | - | - | - | - |  | - | - | - | -
        "#]],
    );
    // Older: amounts in a list, states by themselves.
    check(
        r#"{"boTyp":"ENERGIEMENGE","versionStruktur":"1","lokationsId":"50120962218","lokationstyp":"MALO","energieverbrauch":[
{"startdatum":"2019-12-31T23:00:00Z","enddatum":"2020-12-31T23:00:00Z","wertermittlungsverfahren":"PROGNOSE","obiskennzahl":"1-1:1.9.0","wert":3000,"einheit":"KWH"}]}
{"boTyp":"ZAEHLERSTAND","zaehlernummer":"987654","obisKennzahl":"1-1:1.8.1","wert":"12.5","einheit":"MWH","ablesedatum":"2025-03-30T00:00:00Z","messwertstatus":"ABGELESEN"}"#,
        &expect![[r#"
            50120962218 1-1:1.9.0 interval 2019-12-31T23:00:00Z..2020-12-31T23:00:00Z 3000 kWh forecast
            987654 1-1:1.8.1 register 2025-03-30T00:00:00Z 12.5 MWh true
        "#]],
    );
}

#[test]
fn a_zeitreihe_is_named_by_its_label_and_the_caller_may_say_what_it_measures() {
    let text = r#"{"_typ":"ZEITREIHE","bezeichnung":"Halle 3","messgroesse":"TEMPERATUR","messart":"AKTUELLERWERT","medium":"STROM","einheit":"KW","wertherkunft":"ABGELESEN",
"werte":[{"zeitraum":{"startzeitpunkt":"2025-03-30T01:00:00Z"},"wert":7.5},{"zeitraum":{"startzeitpunkt":"2025-03-30T01:00:00Z","endzeitpunkt":"2025-03-30T01:15:00Z"},"wert":-7.5,"status":"PROGNOSEWERT"}]}"#;
    check(
        text,
        &expect![[r#"
        Halle 3 bo4e.temperatur instant 2025-03-30T01:00:00Z 7.5 kW true
        Halle 3 bo4e.temperatur interval 2025-03-30T01:00:00Z..2025-03-30T01:15:00Z -7.5 kW forecast
    "#]],
    );
    let named = Options { quantity: "1-0:16.7.0".parse().ok(), ..support::options() };
    check_with(
        text,
        &named,
        &expect![[r#"
        Halle 3 1-0:16.7.0 instant 2025-03-30T01:00:00Z 7.5 kW true
        Halle 3 1-0:16.7.0 interval 2025-03-30T01:00:00Z..2025-03-30T01:15:00Z -7.5 kW forecast
    "#]],
    );
}

#[test]
fn a_boneycomb_is_a_message_with_its_time_and_parties() {
    check(
        &format!(
            r#"{{"stammdaten":[{},{{"boTyp":"MESSLOKATION","messlokationsId":"DE00056266802AO6G56M11SN51G21M24S","netzebeneMessung":"NSP",
"messlokationszaehler":[{{"zaehlernummer":"987654","sparte":"STROM","zaehlwerke":[{{"obisKennzahl":"1-1:1.8.0","wandlerfaktor":40}}]}}]}},{{"boTyp":"GESCHAEFTSPARTNER","name1":"Muster"}}],
"transaktionsdaten":{{"pruefidentifikator":"13025","absender":"bo4e://Marktteilnehmer/9900360000008","empfaenger":"9905048000007",
"dokumentennummer":"81f4","nachrichtendatum":"2025-04-01T15:27:00Z"}}}}"#,
            load_curve(&format!(r#"{{{QUARTER},"wert":1,"status":"ABGELESEN"}}"#))
        ),
        &expect![[r#"
            50120962218 1-1:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z 1 kWh true known 2025-04-01T15:27:00Z in 9900360000008/81f4
            finding note object_passed_over .stammdaten[2]: objects `GESCHAEFTSPARTNER` hold neither values nor facts about a point, and are passed over
            meter Meter { point: 987654, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
            master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | messlokationsId | DE00056266802AO6G56M11SN51G21M24S | - | - | 13025 | 9900360000008 | 9905048000007 | 9900360000008/81f4 | - | - | - | - known 2025-04-01T15:27:00Z
            master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | netzebeneMessung | NSP | - | - | 13025 | 9900360000008 | 9905048000007 | 9900360000008/81f4 | - | - | - | - known 2025-04-01T15:27:00Z
            master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | messlokationszaehler[0].zaehlernummer | 987654 | - | - | 13025 | 9900360000008 | 9905048000007 | 9900360000008/81f4 | - | - | - | - known 2025-04-01T15:27:00Z
            master_data 987654 | meter | zaehlernummer | 987654 | - | - | 13025 | 9900360000008 | 9905048000007 | 9900360000008/81f4 | - | - | - | - known 2025-04-01T15:27:00Z
            master_data 987654 | meter | sparte | STROM | - | - | 13025 | 9900360000008 | 9905048000007 | 9900360000008/81f4 | - | - | - | - known 2025-04-01T15:27:00Z
            master_data 987654 | meter | zaehlwerke[0].obisKennzahl | 1-1:1.8.0 | - | - | 13025 | 9900360000008 | 9905048000007 | 9900360000008/81f4 | - | - | - | - known 2025-04-01T15:27:00Z
            master_data 987654 | meter | zaehlwerke[0].wandlerfaktor | 40 | - | - | 13025 | 9900360000008 | 9905048000007 | 9900360000008/81f4 | - | - | - | - known 2025-04-01T15:27:00Z
        "#]],
    );
}

#[test]
fn what_is_not_understood_costs_its_own_value_and_can_be_read_again() {
    let curve = load_curve(&format!(
        r#"{{{QUARTER},"wert":"viel","status":"ABGELESEN"}},{{{QUARTER},"wert":1,"status":"GUT"}},{{{QUARTER},"wert":1,"statuszusatz":"weil"}},
{{"wert":1}},{{"zeitraum":{{"startdatum":"2025-03-31","startuhrzeit":"00:00:00Z","enddatum":"2025-03-30","enduhrzeit":"23:45:00Z"}},"wert":1}},
{{"zeitraum":{{"startdatum":"2025-02-30"}},"wert":1}},7,{{"zeitraum":{{"startdatum":"2025-03-30","dauer":"kurz"}},"wert":1}},{{"zeitpunkt":"2025-03-30T00:00:00Z","wert":1}}"#
    ));
    let text = format!(
        r#"{{"transaktionsdaten":{{"dokumentennummer":"81f4","nachrichtendatum":"2025-04-01T15:27:00Z"}},"stammdaten":[{curve}]}}"#
    );
    check(
        &text,
        &expect![[r#"
            problem .stammdaten[0].werte[0]: `viel` is not a decimal number (1 readings, 165 bytes)
            problem .stammdaten[0].werte[1]: `GUT` is no Messwertstatus that we know (1 readings, 154 bytes)
            problem .stammdaten[0].werte[2]: `weil` is no Messwertstatuszusatz that we know (1 readings, 161 bytes)
            problem .stammdaten[0].werte[3]: nothing says when it begins (`zeitraum`) (1 readings, 14 bytes)
            problem .stammdaten[0].werte[4]: it ends at 2025-03-30T23:45:00Z, which is not after its begin 2025-03-31T00:00:00Z (1 readings, 129 bytes)
            problem .stammdaten[0].werte[5]: `2025-02-30` names no moment of the calendar (1 readings, 53 bytes)
            problem .stammdaten[0].werte[6]: a number is no value with its time (1 readings, 5 bytes)
            problem .stammdaten[0].werte[7]: `kurz` is no length such as PT15M (1 readings, 68 bytes)
            problem .stammdaten[0].werte[8]: a value of 1-1:1.29.0 holds over an interval, of which one end alone is told (1 readings, 49 bytes)
        "#]],
    );
    let decoded = read(text.as_bytes(), &support::options(), text.len());
    let problem = decoded.iter().flat_map(|piece| &piece.problems).next().expect("a problem");
    let again = String::from_utf8([problem.prelude.as_slice(), &problem.bytes].concat()).expect("text");
    check(
        &again.replace("\"viel\"", "0.5"),
        &expect![[r#"
        50120962218 1-1:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z 0.5 kWh true known 2025-04-01T15:27:00Z in 81f4
    "#]],
    );
}

#[test]
fn an_amount_within_its_location_can_be_read_again_without_it() {
    let text = r#"{"transaktionsdaten":{"dokumentennummer":"81f4"},"stammdaten":[{"_typ":"MARKTLOKATION","marktlokationsId":"50120962218","verbrauchsmengen":[
{"_typ":"ENERGIEMENGE","menge":{"wert":"viel","einheit":"KWH"},"obisKennzahl":"1-1:1.9.0","zeitraum":{"startdatum":"2024-01-01","enddatum":"2024-12-31"}}]}]}"#;
    let decoded = read(text.as_bytes(), &support::options(), text.len());
    let problem = decoded.iter().flat_map(|piece| &piece.problems).next().expect("a problem");
    assert_eq!(problem.position, ".stammdaten[0].verbrauchsmengen[0]");
    let again = String::from_utf8([problem.prelude.as_slice(), &problem.bytes].concat()).expect("text");
    check(
        &again.replace("\"viel\"", "7"),
        &expect![[r#"
        50120962218 1-1:1.9.0 interval 2023-12-31T23:00:00Z..2024-12-31T23:00:00Z 7 kWh true in 81f4
        finding note status_untold .stammdaten[0]: the value has no status; it is taken as read off, as are the others of the object without one
    "#]],
    );
}

#[test]
fn an_object_without_a_location_is_of_the_point_that_was_given_and_another_keeps_its_own() {
    let span = r#""zeitraum":{"startdatum":"2025-03-01","startuhrzeit":"00:00:00+01:00",
        "enddatum":"2025-04-01","enduhrzeit":"00:00:00+02:00"}"#;
    let amount =
        format!(r#"{{"_typ":"ENERGIEMENGE","menge":{{"wert":7,"einheit":"KWH"}},"obisKennzahl":"1-1:1.9.0",{span}}}"#);
    let register = r#"{"_typ":"ZAEHLWERK","obisKennzahl":"1-1:1.8.0","einheit":"KWH",
        "zaehlerstaende":[{"ablesedatum":"2025-03-30T00:00:00+01:00","wert":5,"status":"ABGELESEN"}]}"#;
    let own = amount.replace("\"menge\"", "\"lokationsId\":\"50120962218\",\"menge\"");
    let given = Options { point: Some("51481308448".parse().expect("a point")), ..support::options() };
    let told = [amount.as_str(), register, own.as_str()]
        .map(|text| support::describe(&read(text.as_bytes(), &given, text.len())))
        .concat();
    expect![[r#"
        51481308448 1-1:1.9.0 interval 2025-02-28T23:00:00Z..2025-03-31T22:00:00Z 7 kWh true
        finding note status_untold : the value has no status; it is taken as read off, as are the others of the object without one
        51481308448 1-1:1.8.0 register 2025-03-29T23:00:00Z 5 kWh true
        50120962218 1-1:1.9.0 interval 2025-02-28T23:00:00Z..2025-03-31T22:00:00Z 7 kWh true
        finding note status_untold : the value has no status; it is taken as read off, as are the others of the object without one
    "#]].assert_eq(&told);
}

#[test]
fn an_object_that_does_not_say_what_it_is_about_costs_its_values() {
    let values = format!(r#""werte":[{{{QUARTER},"wert":1}},{{{QUARTER},"wert":2}}]"#);
    check(
        &format!(r#"{{"_typ":"LASTGANG","obisKennzahl":"1-1:1.29.0",{values}}}"#),
        &expect![[r#"
            problem : nothing says where it was measured: it has neither a Marktlokation nor a Messlokation nor a Zaehler: give --point (2 readings, 329 bytes)
        "#]],
    );
    check(
        &format!(r#"{{"_typ":"LASTGANG","lokationsId":"50120962218",{values}}}"#),
        &expect![[r#"
        problem .werte[0]: nothing says what was measured: `obisKennzahl` is missing, and there is no --quantity (1 readings, 137 bytes)
        problem .werte[1]: nothing says what was measured: `obisKennzahl` is missing, and there is no --quantity (1 readings, 137 bytes)
    "#]],
    );
    check(
        &format!(r#"{{"_typ":"LASTGANG","lokationsId":"50120962218","obisKennzahl":"1.29.0",{values}}}"#),
        &expect![[r#"
            problem : `1.29.0` is not an OBIS code such as 1-1:1.29.0 (2 readings, 353 bytes)
        "#]],
    );
    check(
        &format!(r#"{{"_typ":"LASTGANG","lokationsId":"12345678901","obisKennzahl":"1-1:0.1.0",{values}}}"#),
        &expect![[r#"
            problem .werte[0]: neither `messgroesse` nor the OBIS code tells the unit (1 readings, 137 bytes)
            problem .werte[1]: neither `messgroesse` nor the OBIS code tells the unit (1 readings, 137 bytes)
            finding warning check_digit : the id `12345678901`: the check digit of a market location id must be 5 here, not `1`
        "#]],
    );
    check(
        r#"{"_typ":"LASTGANG","marktlokation":{"marktlokationsId":"50120962218"},"messlokation":{"messlokationsId":"DE00056266802AO6G56M11SN51G21M24S"},"obisKennzahl":"1-1:1.29.0","werte":[]}"#,
        &expect![[r#"
            finding warning two_locations : it names `50120962218` and `DE00056266802AO6G56M11SN51G21M24S`: its values are taken as those of the first
        "#]],
    );
    check(
        r#"{"_typ":"MARKTLOKATION","sparte":"STROM"}"#,
        &expect![[r#"
        problem : the MARKTLOKATION has no `marktlokationsId`, so nothing says what it is about (1 readings, 41 bytes)
    "#]],
    );
    check(
        r#"{"_typ":"LASTGANGKOMPAKT","tagesvektoren":[{"tag":"2020-01-01","werte":[{"wert":1},{"wert":2}]}]}"#,
        &expect![[r#"
            problem : a LastgangKompakt of older versions is not read: send a Lastgang, whose values have their times (2 readings, 97 bytes)
        "#]],
    );
    check(
        r#"{"hello":[1]}"#,
        &expect![[r#"
        problem : it does not say which object of BO4E it is (`_typ`) (1 readings, 13 bytes)
    "#]],
    );
    check(
        r#"[[1]]"#,
        &expect![[r#"
        problem .[0]: a list is no object of BO4E (1 readings, 3 bytes)
    "#]],
    );
}

#[test]
fn keys_may_stand_in_any_order_and_what_breaks_off_is_read_up_to_there() {
    check(
        &format!(
            r#"{{"werte":[{{{QUARTER},"wert":1,"status":"ABGELESEN"}}],"obisKennzahl":"1-1:2.29.0","messgroesse":"KWH","marktlokation":{{"marktlokationsId":"50120962218"}},"_typ":"LASTGANG"}}"#
        ),
        &expect![[r#"
            50120962218 1-1:2.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z 1 kWh true
        "#]],
    );
    let whole = load_curve(&format!(
        r#"{{{QUARTER},"wert":1,"status":"ABGELESEN"}},{{{QUARTER},"wert":2,"status":"ABGELESEN"}}"#
    ));
    check(
        &whole[..whole.len() - 20],
        &expect![[r#"
        50120962218 1-1:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z 1 kWh true
        problem byte 556: expected a closing quote, found the end (1 readings, 138 bytes)
    "#]],
    );
}

#[test]
fn what_stands_before_a_lost_value_is_looked_up_once_for_all_of_them() {
    // Looked up for each of them, this would take minutes.
    const VALUES: usize = 20_000;
    let text = load_curve(&vec![format!(r#"{{{QUARTER},"wert":"viel"}}"#); VALUES].join(","));
    let decoded = read(text.as_bytes(), &support::options(), 1 << 16);
    let problems: Vec<_> = decoded.iter().flat_map(|piece| &piece.problems).collect();
    assert_eq!(problems.iter().map(|problem| problem.readings).sum::<u64>(), VALUES as u64);
    let apart = problems.iter().filter(|problem| problem.readings == 1).count();
    assert!((10_000..10_100).contains(&apart) && problems.len() < 10_100, "{apart} of {}", problems.len());
}

#[test]
fn facts_have_a_limit() {
    let facts: Vec<String> = (0..2_100).map(|index| format!("\"f{index}\":{index}")).collect();
    let text = format!(
        r#"{{"_typ":"MARKTLOKATION","marktlokationsId":"50120962218","lang":"{}",{}}}"#,
        "x".repeat(2_000),
        facts.join(",")
    );
    let decoded = read(text.as_bytes(), &support::options(), text.len());
    assert_eq!(decoded.iter().map(|piece| piece.records.len()).sum::<usize>(), 2_000);
    let reasons: Vec<_> =
        decoded.iter().flat_map(|piece| &piece.findings).map(|finding| finding.reason.as_str()).collect();
    assert_eq!(
        reasons,
        ["the fact is left out: it is too long", "the fact is left out: there are more facts than are kept"]
    );
}

#[test]
fn the_sample_of_a_boneycomb_tells_facts_and_schemas_are_refused_by_name() {
    let Some(bytes) = support::sample("bo4e/boneycomb_20211011.json") else { return };
    let described = support::describe(&read(&bytes, &support::options(), 1 << 16));
    expect![[r#"
        finding warning check_digit .stammdaten[1]: the id `91928347857`: the check digit of a market location id must be 6 here, not `7`
        finding note object_passed_over .stammdaten[2]: objects `GESCHAEFTSPARTNER` hold neither values nor facts about a point, and are passed over
        finding note object_passed_over .stammdaten[3]: objects `MARKTTEILNEHMER` hold neither values nor facts about a point, and are passed over
        meter Meter { point: 987654, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
        master_data 987654 | meter | zaehlernummer | 987654 | - | - | 11001 | 9900360000008 | 9905048000007 | 9900360000008/81f40295a40fc3e5 | - | - | - | - known 2021-01-15T15:27:00Z
        master_data 987654 | meter | sparte | STROM | - | - | 11001 | 9900360000008 | 9905048000007 | 9900360000008/81f40295a40fc3e5 | - | - | - | - known 2021-01-15T15:27:00Z
        master_data 91928347857 | market_location | marktlokationsId | 91928347857 | - | - | 11001 | 9900360000008 | 9905048000007 | 9900360000008/81f40295a40fc3e5 | - | - | - | - known 2021-01-15T15:27:00Z
        master_data 91928347857 | market_location | sparte | STROM | - | - | 11001 | 9900360000008 | 9905048000007 | 9900360000008/81f40295a40fc3e5 | - | - | - | - known 2021-01-15T15:27:00Z
        master_data 91928347857 | market_location | energierichtung | AUSSP | - | - | 11001 | 9900360000008 | 9905048000007 | 9900360000008/81f40295a40fc3e5 | - | - | - | - known 2021-01-15T15:27:00Z
        master_data 91928347857 | market_location | bilanzierungsmethode | RLM | - | - | 11001 | 9900360000008 | 9905048000007 | 9900360000008/81f40295a40fc3e5 | - | - | - | - known 2021-01-15T15:27:00Z
        master_data 91928347857 | market_location | netzebene | NSP | - | - | 11001 | 9900360000008 | 9905048000007 | 9900360000008/81f40295a40fc3e5 | - | - | - | - known 2021-01-15T15:27:00Z
        master_data 91928347857 | market_location | bilanzierungsgebiet | 11YN10000762-01E | - | - | 11001 | 9900360000008 | 9905048000007 | 9900360000008/81f40295a40fc3e5 | - | - | - | - known 2021-01-15T15:27:00Z
        master_data 91928347857 | market_location | lokationsadresse.postleitzahl | 30926 | - | - | 11001 | 9900360000008 | 9905048000007 | 9900360000008/81f40295a40fc3e5 | - | - | - | - known 2021-01-15T15:27:00Z
        master_data 91928347857 | market_location | lokationsadresse.ort | Seelze | - | - | 11001 | 9900360000008 | 9905048000007 | 9900360000008/81f40295a40fc3e5 | - | - | - | - known 2021-01-15T15:27:00Z
        master_data 91928347857 | market_location | lokationsadresse.strasse | Im Sande | - | - | 11001 | 9900360000008 | 9905048000007 | 9900360000008/81f40295a40fc3e5 | - | - | - | - known 2021-01-15T15:27:00Z
        master_data 91928347857 | market_location | lokationsadresse.hausnummer | 33 | - | - | 11001 | 9900360000008 | 9905048000007 | 9900360000008/81f40295a40fc3e5 | - | - | - | - known 2021-01-15T15:27:00Z
        master_data 91928347857 | market_location | lokationsadresse.landescode | DE | - | - | 11001 | 9900360000008 | 9905048000007 | 9900360000008/81f40295a40fc3e5 | - | - | - | - known 2021-01-15T15:27:00Z
        master_data 91928347857 | market_location | lokationsadresse.ortsteil | Letter | - | - | 11001 | 9900360000008 | 9905048000007 | 9900360000008/81f40295a40fc3e5 | - | - | - | - known 2021-01-15T15:27:00Z
        master_data 91928347857 | market_location | some untyped prop | hello world | - | - | 11001 | 9900360000008 | 9905048000007 | 9900360000008/81f40295a40fc3e5 | - | - | - | - known 2021-01-15T15:27:00Z
    "#]].assert_eq(&described);
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/samples/bo4e");
    let mut schemas = 0;
    for entry in std::fs::read_dir(folder).expect("the folder of the samples") {
        let path = entry.expect("an entry").path();
        let bytes = std::fs::read(&path).expect("a sample");
        let detected = detect(&Head::new(&bytes[..bytes.len().min(HEAD_BYTES)]));
        assert_eq!(detected, Detected::One(Format::Bo4e), "{}", path.display());
        if path.file_name().is_some_and(|name| name == "boneycomb_20211011.json") {
            continue;
        }
        schemas += 1;
        let described = support::describe(&read(&bytes, &support::options(), 1 << 16));
        assert!(described.starts_with("problem : it is the JSON schema of `"), "{}: {described}", path.display());
        assert_eq!(described.lines().count(), 1, "{}: {described}", path.display());
    }
    assert_eq!(schemas, 21);
}

#[test]
fn objects_of_bo4e_are_recognised_and_nothing_else() {
    let one = Detected::One(Format::Bo4e);
    for (text, expected) in [
        (r#"{"_typ":"LASTGANG"}"#, &one),
        (r#"[{"boTyp":"ZAEHLER"}]"#, &one),
        (r#"{"werte":[],"obisKennzahl":"1-1:1.29.0"}"#, &one),
        (r#"{"stammdaten":[],"transaktionsdaten":{}}"#, &one),
        (r#"{"_typ":"lastgang"}"#, &Detected::None),
        (r#"{"title":"Person","properties":{}}"#, &Detected::None),
        (r#"{"title":"Colour","enum":["RED"]}"#, &Detected::None),
        (r#"{"werte":[]}"#, &Detected::None),
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
        let mut text = format!(r#"{{"lokationsId":"50120962218","obisKennzahl":"1-1:1.29.0","werte":[{{{QUARTER},"wert":1}},"#).into_bytes();
        text.extend(bytes);
        let described = |piece| support::describe(&read(&text, &support::options(), piece));
        prop_assert!(described(text.len()).contains("50120962218 1-1:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z 1 kWh true"));
        prop_assert_eq!(described(text.len()), described(piece));
    }
}
