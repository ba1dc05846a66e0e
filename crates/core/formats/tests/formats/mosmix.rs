//! Point forecasts of the DWD (MOSMIX) as KML, and as KMZ.
#![allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]

use crate::support;

use std::io::{Cursor, Write};

use expect_test::{Expect, expect};
use metrify_domain::{Kind, Quality};
use metrify_formats::{Decoded, Format, Head};
use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const KML: &str = r#"<?xml version="1.0" encoding="ISO-8859-1" standalone="yes"?>
<kml:kml xmlns:dwd="https://opendata.dwd.de/weather/lib/pointforecast_dwd_extension_V1_0.xsd" xmlns:kml="http://www.opengis.net/kml/2.2">
  <kml:Document>
    <kml:ExtendedData>
      <dwd:ProductDefinition>
        <dwd:Issuer>Deutscher Wetterdienst</dwd:Issuer>
        <dwd:ProductID>MOSMIX</dwd:ProductID>
        <dwd:IssueTime>2023-04-12T09:00:00.000Z</dwd:IssueTime>
        <dwd:ReferencedModel><dwd:Model dwd:name="ICON" dwd:referenceTime="2023-04-12T00:00:00Z"/></dwd:ReferencedModel>
        <dwd:ForecastTimeSteps>
          <dwd:TimeStep>2023-04-12T10:00:00.000Z</dwd:TimeStep>
          <dwd:TimeStep>2023-04-12T11:00:00.000Z</dwd:TimeStep>
        </dwd:ForecastTimeSteps>
      </dwd:ProductDefinition>
    </kml:ExtendedData>
    <kml:Placemark>
      <kml:name>10315</kml:name>
      <kml:description>M&#252;nster &amp; Umland</kml:description>
      <kml:ExtendedData>
        <dwd:Forecast dwd:elementName="TTT"><dwd:value>     282.75     282.65</dwd:value></dwd:Forecast>
        <dwd:Forecast dwd:elementName="E_TTT"><dwd:value>0.50 -</dwd:value></dwd:Forecast>
        <dwd:Forecast dwd:elementName="Rad1h"><dwd:value>510.00 540.00</dwd:value></dwd:Forecast>
        <dwd:Forecast dwd:elementName="TX"><dwd:value>- 285.15</dwd:value></dwd:Forecast>
        <dwd:Forecast dwd:elementName="SunD"><dwd:value>- 5040.00</dwd:value></dwd:Forecast>
      </kml:ExtendedData>
      <kml:Point><kml:coordinates>7.63,51.97,60.0</kml:coordinates></kml:Point>
    </kml:Placemark>
  </kml:Document>
</kml:kml>
"#;

fn decode(bytes: &[u8]) -> Vec<Decoded> {
    support::decode(Format::Mosmix, bytes, &support::options(), bytes.len().max(1))
}

fn check(kml: &str, expected: &Expect) {
    for piece in [1, 7, kml.len()] {
        let decoded = support::decode(Format::Mosmix, kml.as_bytes(), &support::options(), piece);
        expected.assert_eq(&support::describe(&decoded));
    }
}

fn archive(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, SimpleFileOptions::default()).expect("a member");
    zip.write_all(bytes).expect("its bytes");
    zip.finish().expect("an archive").into_inner()
}

/// The forecast with one thing changed.
fn changed(from: &str, to: &str) -> String {
    assert!(KML.contains(from), "{from}");
    KML.replacen(from, to, 1)
}

#[test]
fn values_are_forecasts_known_at_their_issue_over_the_time_of_their_element() {
    check(
        KML,
        &expect![[r#"
            10315 air_temperature instant 2023-04-12T10:00:00Z 282.75 K forecast known 2023-04-12T09:00:00Z in DWD/MOSMIX/2023-04-12T09:00:00Z
            10315 air_temperature instant 2023-04-12T11:00:00Z 282.65 K forecast known 2023-04-12T09:00:00Z in DWD/MOSMIX/2023-04-12T09:00:00Z
            10315 air_temperature.error instant 2023-04-12T10:00:00Z 0.5 K forecast known 2023-04-12T09:00:00Z in DWD/MOSMIX/2023-04-12T09:00:00Z
            10315 air_temperature.error instant 2023-04-12T11:00:00Z - K missing known 2023-04-12T09:00:00Z in DWD/MOSMIX/2023-04-12T09:00:00Z
            10315 global_radiation interval 2023-04-12T09:00:00Z..2023-04-12T10:00:00Z 510 kJ/m2 forecast known 2023-04-12T09:00:00Z in DWD/MOSMIX/2023-04-12T09:00:00Z
            10315 global_radiation interval 2023-04-12T10:00:00Z..2023-04-12T11:00:00Z 540 kJ/m2 forecast known 2023-04-12T09:00:00Z in DWD/MOSMIX/2023-04-12T09:00:00Z
            10315 air_temperature_max interval 2023-04-11T22:00:00Z..2023-04-12T10:00:00Z - K missing known 2023-04-12T09:00:00Z in DWD/MOSMIX/2023-04-12T09:00:00Z
            10315 air_temperature_max interval 2023-04-11T23:00:00Z..2023-04-12T11:00:00Z 285.15 K forecast known 2023-04-12T09:00:00Z in DWD/MOSMIX/2023-04-12T09:00:00Z
            10315 sunshine_duration_day interval 2023-04-11T00:00:00Z..2023-04-12T00:00:00Z 5040 s forecast known 2023-04-12T09:00:00Z in DWD/MOSMIX/2023-04-12T09:00:00Z
            meter Meter { point: 10315, kind: Some(Station), name: Some("Münster & Umland"), server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn the_name_of_the_file_tells_the_product() {
    for (name, reference) in [
        ("MOSMIX_L_2023041209.kml", "DWD/MOSMIX_L/2023-04-12T09:00:00Z"),
        ("a/MOSMIX_S_2023041209_10315.kml", "DWD/MOSMIX_S/2023-04-12T09:00:00Z"),
        ("forecast.kml", "DWD/MOSMIX/2023-04-12T09:00:00Z"),
    ] {
        let decoded = decode(&archive(name, KML.as_bytes()));
        assert_eq!(decoded[0].batch.documents()[0].reference, reference);
    }
}

#[test]
fn an_element_that_nobody_told_of_is_kept_in_an_unknown_unit_and_told_of_once() {
    let kml = changed("\"TTT\"", "\"Neu_1\"").replace("\"E_TTT\"", "\"Neu_1\"").replace("\"Rad1h\"", "\"Ärger\"");
    let text = support::describe(&decode(kml.as_bytes()));
    let told: Vec<_> = text
        .lines()
        .filter(|line| line.contains("Neu_1") || line.contains("mosmix.") || line.contains("rger"))
        .collect();
    expect![[r#"
        10315 mosmix.neu_1 instant 2023-04-12T10:00:00Z 282.75 unknown forecast known 2023-04-12T09:00:00Z in DWD/MOSMIX/2023-04-12T09:00:00Z
        10315 mosmix.neu_1 instant 2023-04-12T11:00:00Z 282.65 unknown forecast known 2023-04-12T09:00:00Z in DWD/MOSMIX/2023-04-12T09:00:00Z
        10315 mosmix.neu_1 instant 2023-04-12T10:00:00Z 0.5 unknown forecast known 2023-04-12T09:00:00Z in DWD/MOSMIX/2023-04-12T09:00:00Z
        10315 mosmix.neu_1 instant 2023-04-12T11:00:00Z - unknown missing known 2023-04-12T09:00:00Z in DWD/MOSMIX/2023-04-12T09:00:00Z
        problem place 1 (10315), element Ärger: the name of the element makes no quantity (2 readings, 66 bytes)
        finding note unknown_element : the element `Neu_1` is none of DWD's that are known; its values are kept at their steps, in the unit `unknown`
        finding note unknown_element : the element `Ärger` is none of DWD's that are known; its values are kept at their steps, in the unit `unknown`"#]]
    .assert_eq(&told.join("\n"));
}

/// Problems and findings only.
fn complaints(kml: &str) -> String {
    let whole = support::describe(&decode(kml.as_bytes()));
    for piece in [1, 7] {
        let decoded = support::decode(Format::Mosmix, kml.as_bytes(), &support::options(), piece);
        assert_eq!(support::describe(&decoded), whole);
    }
    whole
        .lines()
        .filter(|line| line.starts_with("problem") || line.starts_with("finding"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn what_cannot_be_read_is_a_problem_with_its_place() {
    for (from, to, expected) in [
        (
            "282.65",
            "282,65",
            expect![
                "problem place 1 (10315), element TTT, step 2: the value `282,65` is not a decimal number (1 readings, 59 bytes)"
            ],
        ),
        (
            "282.65",
            "",
            expect![
                "problem place 1 (10315), element TTT: the element has 1 values for 2 steps (2 readings, 69 bytes)"
            ],
        ),
        (
            "282.65",
            "1 2",
            expect![
                "problem place 1 (10315), element TTT: the element has 3 values for 2 steps (2 readings, 72 bytes)"
            ],
        ),
        (
            "<kml:name>10315</kml:name>",
            "",
            expect![[r#"
            problem place 1 (), element TTT: the place has no name that can be a point (2 readings, 75 bytes)
            problem place 1 (), element E_TTT: the place has no name that can be a point (2 readings, 59 bytes)
            problem place 1 (), element Rad1h: the place has no name that can be a point (2 readings, 66 bytes)
            problem place 1 (), element TX: the place has no name that can be a point (2 readings, 61 bytes)
            problem place 1 (), element SunD: the place has no name that can be a point (2 readings, 62 bytes)"#]],
        ),
        (
            "<dwd:TimeStep>2023-04-12T11:00:00.000Z</dwd:TimeStep>",
            "",
            expect![[r#"
            problem place 1 (10315), element TTT: the element has 2 values for 1 steps (1 readings, 75 bytes)
            problem place 1 (10315), element E_TTT: the element has 2 values for 1 steps (1 readings, 59 bytes)
            problem place 1 (10315), element Rad1h: the element has 2 values for 1 steps (1 readings, 66 bytes)
            problem place 1 (10315), element TX: the element has 2 values for 1 steps (1 readings, 61 bytes)
            problem place 1 (10315), element SunD: the element has 2 values for 1 steps (1 readings, 62 bytes)"#]],
        ),
        (
            "2023-04-12T11:00:00.000Z",
            "morgen",
            expect![[r#"
            problem place 1 (10315), element TTT, step 2: the time of the step cannot be read (1 readings, 59 bytes)
            problem place 1 (10315), element E_TTT, step 2: the time of the step cannot be read (1 readings, 54 bytes)
            problem place 1 (10315), element Rad1h, step 2: the time of the step cannot be read (1 readings, 59 bytes)
            problem place 1 (10315), element TX, step 2: the time of the step cannot be read (1 readings, 59 bytes)
            problem place 1 (10315), element SunD, step 2: the time of the step cannot be read (1 readings, 60 bytes)
            finding warning time_step step 2: the step `morgen` is not a time such as 2023-04-12T09:00:00Z; its values cannot be read"#]],
        ),
        (
            "2023-04-12T09:00:00.000Z",
            "2023-04-12",
            expect![
                "finding warning issue_time : the issue time `2023-04-12` is not a time such as 2023-04-12T09:00:00Z; the time of receipt stands for it"
            ],
        ),
        ("</kml:kml>", "", expect!["problem : the forecast is cut off: its KML does not end (1 readings, 0 bytes)"]),
    ] {
        expected.assert_eq(&complaints(&changed(from, to)));
    }
    for other in ["no forecast at all", "<html></html>"] {
        expect!["problem : there is no KML (1 readings, 0 bytes)"].assert_eq(&complaints(other));
    }
    expect!["problem place 1 (10315), element Rad1h: the forecast is cut off within the element's values (2 readings, 59 bytes)"]
        .assert_eq(&complaints(KML.split_once(" 540.00").expect("a value").0));
}

#[test]
fn a_problem_can_be_read_again_by_itself() {
    for (from, to) in [("282.65", "282,65"), ("282.65", "")] {
        let decoded = decode(changed(from, to).as_bytes());
        let problem = decoded.iter().flat_map(|piece| &piece.problems).next().expect("a problem");
        let again = [problem.prelude.as_slice(), &problem.bytes].concat();
        assert!(Format::Mosmix.recognise(&Head::new(&again)).is_some());
        assert_eq!(decode(&again)[0].problems.len(), 1);
        let mended =
            String::from_utf8(again).expect("text").replace("282,65", "282.65").replace("282.75     ", "282.75 282.65");
        let mended = support::describe(&decode(mended.as_bytes()));
        let line = "10315 air_temperature instant 2023-04-12T11:00:00Z 282.65 K forecast known 2023-04-12T09:00:00Z in DWD/MOSMIX/2023-04-12T09:00:00Z";
        assert!(mended.lines().any(|mended| mended == line), "{mended}");
    }
}

#[test]
fn xml_may_be_written_otherwise_and_means_the_same() {
    let whole = support::describe(&decode(KML.as_bytes()));
    for (from, to) in [
        ("     282.75", "<!-- > -->282<![CDATA[.75]]>"),
        ("282.65", "&#50;82.65"),
        ("dwd:elementName=\"TTT\"", "a = '>' dwd:elementName='TTT'"),
        ("<?xml version=\"1.0\" encoding=\"ISO-8859-1\" standalone=\"yes\"?>", "<!DOCTYPE kml [<!ENTITY a '>'>]>"),
        ("</kml:name>", "</kml:name ><kml:open/>"),
    ] {
        let kml = changed(from, to);
        assert_eq!(support::describe(&decode(kml.as_bytes())), whole, "{kml}");
    }
    let other_prefix = KML.replace("kml:", "").replace("dwd:", "ns2:");
    assert_eq!(support::describe(&decode(other_prefix.as_bytes())), whole);
    let latin_1: Vec<u8> = changed("M&#252;nster", "Mÿnster")
        .chars()
        .map(|letter| if letter == 'ÿ' { 0xfc } else { letter as u8 })
        .collect();
    assert_eq!(support::describe(&decode(&latin_1)), whole);
}

#[test]
fn endless_values_are_bounded_and_the_next_element_is_read() {
    let kml = changed("     282.75", &"1 ".repeat(2 << 20));
    let decoded = decode(kml.as_bytes());
    let problem = &decoded[0].problems[0];
    assert_eq!((problem.reason.as_str(), problem.readings), ("the element has more values than any forecast", 2));
    assert!(problem.bytes.len() <= metrify_formats::limits::REJECT_BYTES_MAX);
    assert_eq!(decoded[0].batch.rows().len(), 7);
}

#[test]
fn steps_without_end_are_not_kept_with_every_problem() {
    let step = "<dwd:TimeStep>2023-04-12T11:00:00Z</dwd:TimeStep>";
    let kml = changed("<dwd:ForecastTimeSteps>", &format!("<dwd:ForecastTimeSteps>{}", step.repeat(5_000)));
    let decoded = decode(kml.as_bytes());
    let problems = &decoded[0].problems;
    assert_eq!(problems.iter().map(|problem| problem.readings).collect::<Vec<_>>(), [1_000; 5]);
    for problem in problems {
        let again = support::describe(&decode(&[problem.prelude.as_slice(), &problem.bytes].concat()));
        assert!(again.contains("values for 1000 steps"), "{again}");
        assert!(problem.prelude.len() <= metrify_formats::limits::REJECT_BYTES_MAX);
    }
}

#[test]
fn content_is_recognised_from_its_beginning_and_nothing_else_is() {
    let recognise = |bytes: &[u8]| Format::Mosmix.recognise(&Head::new(bytes)).is_some();
    assert!(recognise(&KML.as_bytes()[..200]));
    assert!(recognise(&archive("MOSMIX_L_LATEST.kml", b"")));
    for other in
        [&b""[..], b"<kml:kml>", b"<?xml version=\"1.0\"?><GL_MarketDocument/>", b"/pointforecast_dwd_extension"]
    {
        assert!(!recognise(other), "{other:?}");
    }
    assert!(!recognise(&archive("produkt_ff.txt", b"")));
}

#[test]
fn the_sample_has_every_step_of_every_element() {
    let Some(bytes) = support::sample("weather-dwd/MOSMIX_L_LATEST.kmz") else { return };
    assert!(Format::Mosmix.recognise(&Head::new(&bytes)).is_some());
    let decoded = decode(&bytes);
    let [decoded] = decoded.as_slice() else { panic!("one piece") };
    assert_eq!((&decoded.problems, &decoded.findings), (&Vec::new(), &Vec::new()));
    let batch = &decoded.batch;
    assert_eq!(batch.channels().len(), 114);
    // One element is told once a day: 10 of its 247 steps have a value.
    assert_eq!(batch.rows().len(), 247 * 114 - 237);
    // Counted in the KML by a search for ` - `, less those of that element.
    assert_eq!(batch.rows().iter().filter(|row| row.quality == Quality::Missing).count(), 11_288 - 237);
    assert!(batch.rows().iter().all(|row| [Quality::Forecast, Quality::Missing].contains(&row.quality)));
    assert_eq!(batch.documents().len(), 1);
    assert_eq!(batch.documents()[0].reference, "DWD/MOSMIX_L/2023-04-12T09:00:00Z");
    assert_eq!(batch.documents()[0].known_at.map(|at| at.to_string()).as_deref(), Some("2023-04-12T09:00:00Z"));
    assert_eq!(decoded.meters[0].point.as_str(), "P0036");
    assert_eq!(decoded.meters[0].name.as_deref(), Some("MUENSTER ZENTRUM"));
}

#[test]
fn values_of_the_sample_are_those_of_its_xml() {
    let Some(bytes) = support::sample("weather-dwd/MOSMIX_L_LATEST.kmz") else { return };
    let decoded = decode(&bytes);
    let text = support::describe(&decoded);
    for line in [
        // The first, the 247th and some in between, as they stand in the unpacked KML.
        "air_pressure_sea_level instant 2023-04-12T10:00:00Z 99700 Pa forecast",
        "air_pressure_sea_level instant 2023-04-22T16:00:00Z 101790 Pa forecast",
        "air_pressure_sea_level.error instant 2023-04-22T16:00:00Z 480 Pa forecast",
        "air_temperature instant 2023-04-12T11:00:00Z 282.65 K forecast",
        "dew_point instant 2023-04-12T10:00:00Z 279.05 K forecast",
        "air_temperature_max interval 2023-04-11T22:00:00Z..2023-04-12T10:00:00Z - K missing",
        "air_temperature_max interval 2023-04-12T06:00:00Z..2023-04-12T18:00:00Z 285.15 K forecast",
        "air_temperature_min interval 2023-04-12T18:00:00Z..2023-04-13T06:00:00Z 278.15 K forecast",
        "wind_speed instant 2023-04-12T10:00:00Z 5.14 m/s forecast",
        "wind_direction instant 2023-04-22T16:00:00Z 35 deg forecast",
        "wind_gust interval 2023-04-12T09:00:00Z..2023-04-12T10:00:00Z 9.26 m/s forecast",
        "cloud_cover instant 2023-04-22T16:00:00Z 58 % forecast",
        "precipitation interval 2023-04-12T09:00:00Z..2023-04-12T10:00:00Z 1.2 kg/m2 forecast",
        "precipitation_3h interval 2023-04-12T09:00:00Z..2023-04-12T12:00:00Z 2.3 kg/m2 forecast",
        "precipitation_24h interval 2023-04-12T06:00:00Z..2023-04-13T06:00:00Z 6.9 kg/m2 forecast",
        "global_radiation interval 2023-04-22T15:00:00Z..2023-04-22T16:00:00Z 1170 kJ/m2 forecast",
        "sunshine_duration interval 2023-04-22T15:00:00Z..2023-04-22T16:00:00Z 2100 s forecast",
        "sunshine_duration_day interval 2023-04-12T00:00:00Z..2023-04-13T00:00:00Z 5040 s forecast",
        "weather_code instant 2023-04-12T10:00:00Z 61 1 forecast",
        "precipitation_1h.probability interval 2023-04-12T09:00:00Z..2023-04-12T10:00:00Z 80 % forecast",
        "precipitation_over_0_1mm_1h.probability interval 2023-04-12T09:00:00Z..2023-04-12T10:00:00Z 75 % forecast",
    ] {
        let line = format!("P0036 {line} known 2023-04-12T09:00:00Z in DWD/MOSMIX_L/2023-04-12T09:00:00Z");
        assert_eq!(text.lines().filter(|found| *found == line).count(), 1, "{line}");
    }
    assert_eq!(decoded[0].batch.rows().iter().filter(|row| row.kind == Kind::Register).count(), 0);
}

#[test]
fn the_sample_is_read_the_same_in_pieces_of_any_size() {
    let Some(bytes) = support::sample("weather-dwd/MOSMIX_L_LATEST.kmz") else { return };
    let whole = decode(&bytes);
    for piece in [1, 7, 4_096] {
        assert!(support::decode(Format::Mosmix, &bytes, &support::options(), piece) == whole, "pieces of {piece}");
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(&bytes)).expect("an archive");
    let mut kml = Vec::new();
    std::io::copy(&mut archive.by_index(0).expect("a member"), &mut kml).expect("its bytes");
    let whole = decode(&kml);
    assert_eq!(whole[0].batch.rows().len(), 247 * 114 - 237);
    for piece in [7, 1_000] {
        assert!(support::decode(Format::Mosmix, &kml, &support::options(), piece) == whole, "pieces of {piece}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), piece in 1..50_usize) {
        let within = [KML.as_bytes(), &bytes].concat();
        for bytes in [bytes, within] {
            let whole = support::describe(&decode(&bytes));
            prop_assert_eq!(support::describe(&support::decode(Format::Mosmix, &bytes, &support::options(), piece)), whole);
        }
    }

    #[test]
    fn a_forecast_cut_anywhere_is_told_of(end in 1..KML.len() - 2) {
        let decoded = decode(&KML.as_bytes()[..end]);
        prop_assert!(decoded.iter().map(|piece| piece.problems.len()).sum::<usize>() == 1, "{}", support::describe(&decoded));
    }

    #[test]
    fn changed_bytes_never_panic(at in 0..KML.len(), byte in any::<u8>(), piece in 1..50_usize) {
        let mut bytes = KML.as_bytes().to_vec();
        bytes[at] = byte;
        let whole = support::describe(&decode(&bytes));
        prop_assert_eq!(support::describe(&support::decode(Format::Mosmix, &bytes, &support::options(), piece)), whole);
    }
}
