//! Documents of ENTSO-E through the front door.
#![allow(clippy::expect_used, clippy::panic, reason = "what a helper of a test expects, the test expects")]

use crate::support;

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use metrify_domain::{Decimal, Quality};
use metrify_formats::{Decoded, Detected, Format, Head, detect};
use proptest::prelude::*;

/// A document of generation and load with one series; `series` stands before its period, `points` within it.
fn generation(document_type: &str, process: &str, series: &str, points: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<GL_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-6:generationloaddocument:3:0">
  <mRID>6a1e</mRID><revisionNumber>2</revisionNumber><type>{document_type}</type>
  <process.processType>{process}</process.processType>
  <createdDateTime>2025-03-30T12:00:00Z</createdDateTime>
  <time_Period.timeInterval><start>2025-03-29T23:00Z</start><end>2025-03-30T00:00Z</end></time_Period.timeInterval>
  <TimeSeries>
    <mRID>1</mRID>{series}
    <Period>
      <timeInterval><start>2025-03-29T23:00Z</start><end>2025-03-30T00:00Z</end></timeInterval>
      <resolution>PT15M</resolution>{points}
    </Period>
  </TimeSeries>
</GL_MarketDocument>
"#
    )
}

fn point(position: u64, quantity: &str) -> String {
    format!("<Point><position>{position}</position><quantity>{quantity}</quantity></Point>")
}

fn points(values: &[(u64, &str)]) -> String {
    values.iter().map(|(position, value)| point(*position, value)).collect()
}

const IN: &str = r#"<inBiddingZone_Domain.mRID codingScheme="A01">10YDE-VE-------2</inBiddingZone_Domain.mRID>"#;
const OUT: &str = r#"<outBiddingZone_Domain.mRID codingScheme="A01">10YDE-VE-------2</outBiddingZone_Domain.mRID>"#;

fn series(area: &str, curve: &str, psr_type: &str) -> String {
    let kind = match psr_type {
        "" => String::new(),
        code => format!("<MktPSRType><psrType>{code}</psrType></MktPSRType>"),
    };
    format!("{area}<quantity_Measure_Unit.name>MAW</quantity_Measure_Unit.name><curveType>{curve}</curveType>{kind}")
}

fn publication(document_type: &str, series: &str, points: &str) -> String {
    generation(document_type, "", series, points)
        .replace("GL_MarketDocument", "Publication_MarketDocument")
        .replace("  <process.processType></process.processType>\n", "")
}

fn decode(text: &str) -> Vec<Decoded> {
    support::decode(Format::Entsoe, text.as_bytes(), &support::options(), text.len().max(1))
}

fn check(text: &str, expected: &Expect) {
    let whole = support::describe(&decode(text));
    for piece in [1, 7] {
        let pieces = support::decode(Format::Entsoe, text.as_bytes(), &support::options(), piece);
        assert_eq!(support::describe(&pieces), whole, "pieces of {piece}");
    }
    expected.assert_eq(&whole);
}

#[test]
fn a_curve_of_type_a03_repeats_what_it_leaves_out_up_to_the_end_of_its_period() {
    check(
        &generation("A75", "A16", &series(IN, "A03", "B16"), &points(&[(1, "0.5"), (3, "-2")])),
        &expect![[r#"
        10YDE-VE-------2 generation.photovoltaics interval 2025-03-29T23:00:00Z..2025-03-29T23:15:00Z 0.5 MW true in ENTSO-E/6a1e/2
        10YDE-VE-------2 generation.photovoltaics interval 2025-03-29T23:15:00Z..2025-03-29T23:30:00Z 0.5 MW true in ENTSO-E/6a1e/2
        10YDE-VE-------2 generation.photovoltaics interval 2025-03-29T23:30:00Z..2025-03-29T23:45:00Z -2 MW true in ENTSO-E/6a1e/2
        10YDE-VE-------2 generation.photovoltaics interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z -2 MW true in ENTSO-E/6a1e/2
        meter Meter { point: 10YDE-VE-------2, kind: Some(EnergyIdentificationCode), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
}

#[test]
fn a_curve_of_type_a01_has_a_gap_where_it_leaves_something_out() {
    check(
        &generation("A65", "A16", &series(OUT, "A01", ""), &points(&[(1, "3031"), (3, "3152")])),
        &expect![[r#"
        10YDE-VE-------2 load interval 2025-03-29T23:00:00Z..2025-03-29T23:15:00Z 3031 MW true in ENTSO-E/6a1e/2
        10YDE-VE-------2 load interval 2025-03-29T23:30:00Z..2025-03-29T23:45:00Z 3152 MW true in ENTSO-E/6a1e/2
        finding warning gap series 1: position 2 of 4 is not given
        finding warning gap series 1: position 4 of 4 is not given
        meter Meter { point: 10YDE-VE-------2, kind: Some(EnergyIdentificationCode), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
}

#[test]
fn forecasts_have_channels_of_their_own_and_are_known_at_the_time_of_their_document() {
    let mut said = String::new();
    for (document_type, process, area, psr_type, business_type) in [
        ("A65", "A01", OUT, "", "A04"),
        ("A65", "A31", OUT, "", "A60"),
        ("A65", "A33", OUT, "", "A61"),
        ("A69", "A01", IN, "B16", "A94"),
        ("A69", "A40", IN, "B16", "A94"),
        ("A69", "A18", IN, "B19", "A93"),
        ("A71", "A01", IN, "", "A01"),
        ("A71", "A01", OUT, "", "A04"),
        ("A71", "A33", IN, "B14", "A37"),
        ("A68", "A33", IN, "B16", "A37"),
    ] {
        let series = format!("<businessType>{business_type}</businessType>{}", series(area, "A03", psr_type));
        let text = generation(document_type, process, &series, &points(&[(4, "1")]));
        let described = support::describe(&decode(&text));
        said.extend(described.lines().filter(|line| line.contains(" interval ")).map(|line| format!("{line}\n")));
    }
    expect![[r#"
        10YDE-VE-------2 load_forecast interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z 1 MW forecast known 2025-03-30T12:00:00Z in ENTSO-E/6a1e/2
        10YDE-VE-------2 load_forecast.week_ahead.min interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z 1 MW forecast known 2025-03-30T12:00:00Z in ENTSO-E/6a1e/2
        10YDE-VE-------2 load_forecast.year_ahead.max interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z 1 MW forecast known 2025-03-30T12:00:00Z in ENTSO-E/6a1e/2
        10YDE-VE-------2 generation_forecast.photovoltaics interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z 1 MW forecast known 2025-03-30T12:00:00Z in ENTSO-E/6a1e/2
        10YDE-VE-------2 generation_forecast.photovoltaics.intraday interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z 1 MW forecast known 2025-03-30T12:00:00Z in ENTSO-E/6a1e/2
        10YDE-VE-------2 generation_forecast.wind_onshore.current interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z 1 MW forecast known 2025-03-30T12:00:00Z in ENTSO-E/6a1e/2
        10YDE-VE-------2 generation_forecast.total interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z 1 MW forecast known 2025-03-30T12:00:00Z in ENTSO-E/6a1e/2
        10YDE-VE-------2 load_forecast.total interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z 1 MW forecast known 2025-03-30T12:00:00Z in ENTSO-E/6a1e/2
        10YDE-VE-------2 capacity.nuclear interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z 1 MW true in ENTSO-E/6a1e/2
        10YDE-VE-------2 capacity.photovoltaics interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z 1 MW true in ENTSO-E/6a1e/2
    "#]].assert_eq(&said);
}

#[test]
fn consumption_of_pumped_storage_is_no_generation() {
    let mut said = String::new();
    for area in [IN, OUT] {
        let text = generation("A75", "A16", &series(area, "A01", "B10"), &points(&[(4, "100")]));
        said += support::describe(&decode(&text)).lines().next().unwrap_or_default();
        said.push('\n');
    }
    expect![[r#"
        10YDE-VE-------2 generation.pumped_storage interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z 100 MW true in ENTSO-E/6a1e/2
        10YDE-VE-------2 load.pumped_storage interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z 100 MW true in ENTSO-E/6a1e/2
    "#]].assert_eq(&said);
}

#[test]
fn a_generation_unit_is_a_point_of_its_own_with_its_name() {
    let unit = "<MktPSRType><psrType>B14</psrType><PowerSystemResources><mRID codingScheme=\"A01\">11WD7GRON-------</mRID>\
                <name>Block &#196;</name><nominalP unit=\"MAW\">507</nominalP></PowerSystemResources></MktPSRType>";
    let series = series(IN, "A01", "") + unit;
    check(
        &generation("A73", "A16", &series, &points(&[(4, "498.25")])),
        &expect![[r#"
        11WD7GRON------- generation.nuclear interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z 498.25 MW true in ENTSO-E/6a1e/2
        finding warning gap series 1: positions 1 to 3 of 4 are not given
        meter Meter { point: 11WD7GRON-------, kind: Some(Area), name: Some("Block Ä"), server_id: None, maker: None, resolution: None }
    "#]],
    );
}

#[test]
fn a_price_is_told_at_its_area_and_another_auction_is_another_price() {
    let price = |rest: &str| {
        let series = format!(
            "<in_Domain.mRID>10Y1001A1001A82H</in_Domain.mRID><out_Domain.mRID>10Y1001A1001A82H</out_Domain.mRID>{rest}\
             <currency_Unit.name>EUR</currency_Unit.name><price_Measure_Unit.name>MWH</price_Measure_Unit.name><curveType>A03</curveType>"
        );
        let text =
            publication("A44", &series, "<Point><position>4</position><price.amount>-16.75</price.amount></Point>");
        support::describe(&decode(&text)).lines().next().unwrap_or_default().to_owned() + "\n"
    };
    let contract = |code: &str| format!("<contract_MarketAgreement.type>{code}</contract_MarketAgreement.type>");
    let sequence = |number: &str| {
        format!(
            "<classificationSequence_AttributeInstanceComponent.position>{number}\
             </classificationSequence_AttributeInstanceComponent.position>"
        )
    };
    let said = [
        price(""),
        price(&(contract("A01") + &sequence("1"))),
        price(&(contract("A01") + &sequence("2"))),
        price(&(contract("A07") + &sequence("1"))),
        price(&contract("A99")),
    ]
    .concat();
    expect![[r#"
        10Y1001A1001A82H price.day_ahead interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z -16.75 EUR/MWh true in ENTSO-E/6a1e/2
        10Y1001A1001A82H price.day_ahead interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z -16.75 EUR/MWh true in ENTSO-E/6a1e/2
        10Y1001A1001A82H price.day_ahead.sequence_2 interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z -16.75 EUR/MWh true in ENTSO-E/6a1e/2
        10Y1001A1001A82H price.intraday_auction.sequence_1 interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z -16.75 EUR/MWh true in ENTSO-E/6a1e/2
        problem series 1: prices of contracts `A99` are not read (1 readings, 250 bytes)
    "#]].assert_eq(&said);
}

#[test]
fn a_flow_is_told_at_the_area_that_gives_for_the_area_that_takes() {
    let flow = |document_type: &str, rest: &str| {
        let series = format!(
            "<in_Domain.mRID>10YDK-1--------W</in_Domain.mRID><out_Domain.mRID>10YGB----------A</out_Domain.mRID>{rest}{}",
            series("", "A01", "")
        );
        let text = publication(document_type, &series, &points(&[(4, "250")]));
        support::describe(&decode(&text)).lines().next().unwrap_or_default().to_owned() + "\n"
    };
    let said = [
        flow("A11", ""),
        flow("A09", "<contract_MarketAgreement.type>A05</contract_MarketAgreement.type>"),
        flow("A09", "<contract_MarketAgreement.type>A01</contract_MarketAgreement.type>"),
    ]
    .concat();
    expect![[r#"
        10YGB----------A exchange.10ydk_1________w interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z 250 MW true in ENTSO-E/6a1e/2
        10YGB----------A exchange_scheduled.10ydk_1________w interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z 250 MW true known 2025-03-30T12:00:00Z in ENTSO-E/6a1e/2
        10YGB----------A exchange_scheduled.10ydk_1________w.day_ahead interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z 250 MW true known 2025-03-30T12:00:00Z in ENTSO-E/6a1e/2
    "#]].assert_eq(&said);
}

const ACKNOWLEDGEMENT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Acknowledgement_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-1:acknowledgementdocument:7:0">
  <mRID>b3c4</mRID><createdDateTime>2025-04-01T12:00:00Z</createdDateTime>
  <sender_MarketParticipant.mRID codingScheme="A01">10X1001A1001A450</sender_MarketParticipant.mRID>
  <receiver_MarketParticipant.mRID codingScheme="A01">10X1001A1001A450</receiver_MarketParticipant.mRID>
  <received_MarketDocument.createdDateTime>2025-04-01T11:59:59Z</received_MarketDocument.createdDateTime>
  <Reason><code>999</code><text>No matching data found for Data item Physical Flows [12.1.G].</text></Reason>
</Acknowledgement_MarketDocument>"#;

#[test]
fn no_data_is_an_answer_and_no_failure() {
    check(
        ACKNOWLEDGEMENT,
        &expect![[r#"
        finding note no_data reason 1: ENTSO-E answers 999: No matching data found for Data item Physical Flows [12.1.G].
        acknowledgements acknowledgement | b3c4 | 2025-04-01T11:59:59Z | no_data | 999 | No matching data found for Data item Physical Flows [12.1.G]. | - | 10X1001A1001A450 | 10X1001A1001A450 | 2025-04-01T12:00:00Z known 2025-04-01T12:00:00Z
    "#]],
    );
}

#[test]
fn a_refusal_is_told_and_an_answer_without_a_reason_is_a_problem() {
    let refused =
        ACKNOWLEDGEMENT.replace("No matching data found for Data item Physical Flows [12.1.G].", "Unauthorized.");
    check(
        &refused,
        &expect![[r#"
        finding warning refused reason 1: ENTSO-E answers 999: Unauthorized.
        acknowledgements acknowledgement | b3c4 | 2025-04-01T11:59:59Z | rejected | 999 | Unauthorized. | - | 10X1001A1001A450 | 10X1001A1001A450 | 2025-04-01T12:00:00Z known 2025-04-01T12:00:00Z
    "#]],
    );
    let (before, rest) = ACKNOWLEDGEMENT.split_once("<Reason>").expect("a reason");
    let (_, after) = rest.split_once("</Reason>").expect("its end");
    check(
        &[before, after].concat(),
        &expect![[r#"
        problem : the acknowledgement gives no reason, so it tells neither yes nor no (1 readings, 508 bytes)
    "#]],
    );
}

/// Problems and findings only.
fn complaints(text: &str) -> String {
    let decoded = support::describe(&decode(text));
    let lines = decoded.lines().filter(|line| line.starts_with("problem") || line.starts_with("finding"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// What is changed in a document, and into what.
const DAMAGES: &[(&str, &str)] = &[
    ("<type>A75</type>", "<type>A72</type>"),
    ("A16", "A99"),
    ("B16", "B99"),
    ("MAW", ""),
    ("PT15M", "PT0M"),
    ("<timeInterval><start>2025-03-29T23:00Z</start>", "<timeInterval><start>2025-03-29</start>"),
    ("<curveType>A01", "<curveType>A04"),
    ("inBiddingZone_Domain.mRID", "Domain.mRID"),
    ("<position>2</position>", "<position>5</position>"),
    ("<position>2</position>", "<position>1</position>"),
    ("<position>2</position>", "<position>two</position>"),
    ("<quantity>2</quantity>", "<quantity>2,5</quantity>"),
    ("<quantity>2</quantity>", ""),
    ("<quantity>2</quantity>", "<quantity>2</quantity><secondaryQuantity>9</secondaryQuantity>"),
    ("<end>2025-03-30T00:00Z</end></timeInterval>", "<end>2025-03-30T00:20Z</end></timeInterval>"),
    ("</Period>", "</Period><businessType>A01</businessType>"),
    ("</GL_MarketDocument>", ""),
    ("</Point>", ""),
    ("</Period>", ""),
    ("GL_MarketDocument", "Unavailability_MarketDocument"),
];

#[test]
fn what_cannot_be_read_is_a_problem_that_counts_its_points() {
    let three = points(&[(1, "1"), (2, "2"), (3, "3")]);
    let whole = generation("A75", "A16", &series(IN, "A01", "B16"), &(three.clone() + &point(4, "4")));
    let mut said = String::new();
    for (from, to) in DAMAGES {
        let text = whole.replace(from, to);
        assert_ne!(text, whole, "{from}");
        said += &format!("{from} -> {to}\n{}", complaints(&text));
    }
    expect![[r#"
        <type>A75</type> -> <type>A72</type>
        problem series 1: documents of type `A72` and process `A16` are not read (4 readings, 405 bytes)
        A16 -> A99
        problem series 1: the process `A99` is not read (4 readings, 405 bytes)
        B16 -> B99
        problem series 1: `B99` is no kind of generation (psrType) (4 readings, 405 bytes)
        MAW -> 
        problem series 1: `` is no unit (4 readings, 405 bytes)
        PT15M -> PT0M
        problem series 1: `PT0M` is no resolution (4 readings, 404 bytes)
        <timeInterval><start>2025-03-29T23:00Z</start> -> <timeInterval><start>2025-03-29</start>
        problem series 1: the period does not tell its start and its end in UTC (4 readings, 398 bytes)
        <curveType>A01 -> <curveType>A04
        problem series 1: curves of type `A04` are not read (4 readings, 405 bytes)
        inBiddingZone_Domain.mRID -> Domain.mRID
        problem series 1: the series names no area (4 readings, 405 bytes)
        <position>2</position> -> <position>5</position>
        problem series 1: position 5 lies behind the 4 of its period (1 readings, 101 bytes)
        finding warning gap series 1: position 2 of 4 is not given
        <position>2</position> -> <position>1</position>
        problem series 1: position 1 stands twice (1 readings, 101 bytes)
        finding warning gap series 1: position 2 of 4 is not given
        <position>2</position> -> <position>two</position>
        problem series 1: `two` is no position (1 readings, 103 bytes)
        finding warning gap series 1: position 2 of 4 is not given
        <quantity>2</quantity> -> <quantity>2,5</quantity>
        problem series 1, position 2: the value `2,5` is not a decimal number (1 readings, 103 bytes)
        <quantity>2</quantity> -> 
        problem series 1, position 2: the value `` is not a decimal number (1 readings, 79 bytes)
        <quantity>2</quantity> -> <quantity>2</quantity><secondaryQuantity>9</secondaryQuantity>
        finding note other_values series 1: values of points beside quantity and price are not read: 1
        <end>2025-03-30T00:00Z</end></timeInterval> -> <end>2025-03-30T00:20Z</end></timeInterval>
        finding warning gap series 1: position 5 of 5 is not given
        finding warning period series 1: the period does not end with a step of PT15M
        </Period> -> </Period><businessType>A01</businessType>
        finding warning late_element series 1: `businessType` stands behind the points that it tells of, which were read without it
        </GL_MarketDocument> -> 
        problem : the document of ENTSO-E is cut off within `GL_MarketDocument` (1 readings, 367 bytes)
        </Point> -> 
        problem series 1: the element `Point` does not end before its parent does (1 readings, 51 bytes)
        problem series 1: the element `Point` does not end before its parent does (1 readings, 51 bytes)
        problem series 1: the element `Point` does not end before its parent does (1 readings, 51 bytes)
        problem series 1: the element `Point` does not end before its parent does (1 readings, 51 bytes)
        finding warning gap series 1: positions 1 to 4 of 4 are not given
        </Period> -> 
        problem series 1: the element `Period` does not end before its parent does (1 readings, 127 bytes)
        GL_MarketDocument -> Unavailability_MarketDocument
        problem series 1: documents of type `A75` are not read (4 readings, 417 bytes)
    "#]].assert_eq(&said);
    expect![[r#"
        problem : there is no document of ENTSO-E (1 readings, 0 bytes)
    "#]]
    .assert_eq(&complaints("no document at all"));
}

#[test]
fn what_repeats_a_point_that_could_not_be_read_is_lost_with_it() {
    let text = generation("A75", "A16", &series(IN, "A03", "B16"), &points(&[(1, "1"), (2, "x"), (4, "4")]));
    check(
        &text,
        &expect![[r#"
            10YDE-VE-------2 generation.photovoltaics interval 2025-03-29T23:00:00Z..2025-03-29T23:15:00Z 1 MW true in ENTSO-E/6a1e/2
            10YDE-VE-------2 generation.photovoltaics interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z 4 MW true in ENTSO-E/6a1e/2
            problem series 1, position 2: the value `x` is not a decimal number (1 readings, 101 bytes)
            problem series 1: position 3 repeats a value that could not be read (1 readings, 169 bytes)
            meter Meter { point: 10YDE-VE-------2, kind: Some(EnergyIdentificationCode), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn points_may_stand_in_any_order() {
    let text = |points: &[(u64, &str)]| generation("A75", "A16", &series(IN, "A03", "B16"), &self::points(points));
    let whole = text(&[(1, "10"), (3, "30")]);
    assert_eq!(support::describe(&decode(&text(&[(3, "30"), (1, "10")]))), support::describe(&decode(&whole)));
    check(
        &whole,
        &expect![[r#"
        10YDE-VE-------2 generation.photovoltaics interval 2025-03-29T23:00:00Z..2025-03-29T23:15:00Z 10 MW true in ENTSO-E/6a1e/2
        10YDE-VE-------2 generation.photovoltaics interval 2025-03-29T23:15:00Z..2025-03-29T23:30:00Z 10 MW true in ENTSO-E/6a1e/2
        10YDE-VE-------2 generation.photovoltaics interval 2025-03-29T23:30:00Z..2025-03-29T23:45:00Z 30 MW true in ENTSO-E/6a1e/2
        10YDE-VE-------2 generation.photovoltaics interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z 30 MW true in ENTSO-E/6a1e/2
        meter Meter { point: 10YDE-VE-------2, kind: Some(EnergyIdentificationCode), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
    // One that stands twice, and a period that does not end.
    check(
        &text(&[(3, "30"), (1, "10"), (3, "31")]),
        &expect![[r#"
        10YDE-VE-------2 generation.photovoltaics interval 2025-03-29T23:00:00Z..2025-03-29T23:15:00Z 10 MW true in ENTSO-E/6a1e/2
        10YDE-VE-------2 generation.photovoltaics interval 2025-03-29T23:15:00Z..2025-03-29T23:30:00Z 10 MW true in ENTSO-E/6a1e/2
        10YDE-VE-------2 generation.photovoltaics interval 2025-03-29T23:30:00Z..2025-03-29T23:45:00Z 30 MW true in ENTSO-E/6a1e/2
        10YDE-VE-------2 generation.photovoltaics interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z 30 MW true in ENTSO-E/6a1e/2
        problem series 1: position 3 stands twice (1 readings, 102 bytes)
        meter Meter { point: 10YDE-VE-------2, kind: Some(EnergyIdentificationCode), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
    let whole = text(&[(4, "40"), (1, "10")]);
    let (cut, _) = whole.split_once("    </Period>").expect("a period");
    check(
        cut,
        &expect![[r#"
        10YDE-VE-------2 generation.photovoltaics interval 2025-03-29T23:00:00Z..2025-03-29T23:15:00Z 10 MW true in ENTSO-E/6a1e/2
        10YDE-VE-------2 generation.photovoltaics interval 2025-03-29T23:15:00Z..2025-03-29T23:30:00Z 10 MW true in ENTSO-E/6a1e/2
        10YDE-VE-------2 generation.photovoltaics interval 2025-03-29T23:30:00Z..2025-03-29T23:45:00Z 10 MW true in ENTSO-E/6a1e/2
        10YDE-VE-------2 generation.photovoltaics interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z 40 MW true in ENTSO-E/6a1e/2
        problem TimeSeries/Period: the document of ENTSO-E is cut off within `Period` (1 readings, 160 bytes)
        meter Meter { point: 10YDE-VE-------2, kind: Some(EnergyIdentificationCode), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
}

#[test]
fn a_problem_can_be_read_again_by_itself() {
    let text = generation("A69", "A01", &series(IN, "A03", "B16"), &points(&[(1, "1"), (4, "4,5")]));
    let decoded = decode(&text);
    let problem = decoded.iter().flat_map(|piece| &piece.problems).next().expect("a problem");
    let again = [problem.prelude.as_slice(), &problem.bytes].concat();
    assert_eq!(detect(&Head::new(&again)), Detected::One(Format::Entsoe));
    let mended = String::from_utf8(again).expect("text").replace("4,5", "4.5");
    check(
        &mended,
        &expect![[r#"
        10YDE-VE-------2 generation_forecast.photovoltaics interval 2025-03-29T23:45:00Z..2025-03-30T00:00:00Z 4.5 MW forecast known 2025-03-30T12:00:00Z in ENTSO-E/6a1e/2
        finding warning gap series 1: positions 1 to 3 of 4 are not given
        meter Meter { point: 10YDE-VE-------2, kind: Some(EnergyIdentificationCode), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
    let refused = decode(&text.replace("A69", "A72"));
    let problem = refused.iter().flat_map(|piece| &piece.problems).next().expect("a problem");
    assert_eq!(problem.readings, 2);
    let mended =
        String::from_utf8([problem.prelude.as_slice(), &problem.bytes].concat()).expect("text").replace("A72", "A69");
    let mended = mended.replace("4,5", "4.5");
    assert_eq!(support::describe(&decode(&mended)), support::describe(&decode(&text.replace("4,5", "4.5"))));
}

#[test]
fn points_that_could_not_be_read_are_counted_where_their_period_does_not_end() {
    let refused = generation("A72", "A16", &series(IN, "A03", "B16"), &points(&[(1, "1"), (2, "2"), (3, "3")]));
    let (cut, rest) = refused.split_once("</Period>").or(refused.split_once("    </Period>")).expect("a period");
    let mut said = complaints(cut);
    // The end of the period is lost; a series follows, within what did not end.
    let (_, series) = refused.split_once("  <TimeSeries>").expect("a series");
    said += &complaints(&[cut, "<TimeSeries>", series].concat());
    said += &complaints(&[cut, rest].concat());
    expect![[r#"
        problem TimeSeries/Period: the document of ENTSO-E is cut off within `Period` (3 readings, 337 bytes)
        problem series 1: the period does not end, and its points could not be read (3 readings, 0 bytes)
        problem series 2: documents of type `A72` and process `A16` are not read (3 readings, 368 bytes)
        problem series 2: the element `Period` does not end before its parent does (1 readings, 304 bytes)
        problem series 2: the element `TimeSeries` does not end before its parent does (1 readings, 249 bytes)
        problem series 1: the element `Period` does not end before its parent does (3 readings, 304 bytes)
    "#]]
    .assert_eq(&said);
}

#[test]
fn a_small_document_cannot_make_readings_without_end() {
    let year = generation("A75", "A16", &series(IN, "A03", "B16"), &point(1, "1"))
        .replace("<end>2025-03-30T00:00Z</end></timeInterval>", "<end>2026-03-29T23:00Z</end></timeInterval>")
        .replace("PT15M", "PT1M");
    let (before, rest) = year.split_once("  <TimeSeries>").expect("a series");
    let (one, after) = rest.split_once("</TimeSeries>").expect("its end");
    // Whether in series of one document, or in documents that follow each other.
    let text = [before, &format!("<TimeSeries>{one}</TimeSeries>").repeat(2), after, &year].concat();
    let decoded = decode(&text);
    let rows: usize = decoded.iter().map(|piece| piece.batch.rows().len()).sum();
    let lost: u64 = decoded.iter().flat_map(|piece| &piece.problems).map(|problem| problem.readings).sum();
    assert_eq!(rows as u64 + lost, 3 * 365 * 1_440);
    assert!((1_000_000..1_001_000).contains(&rows), "{rows}");
}

/// Readings and their sum by quantity.
fn sums(decoded: &[Decoded]) -> BTreeMap<String, (usize, Decimal)> {
    let mut sums = BTreeMap::new();
    for piece in decoded {
        for row in piece.batch.rows() {
            let sum: &mut (usize, Decimal) = sums.entry(piece.batch.channel(row).quantity.to_string()).or_default();
            let value = row.value.expect("a value");
            *sum = (sum.0 + 1, sum.1.checked_add(value).expect("a sum"));
        }
    }
    sums
}

fn sample(name: &str) -> Option<Vec<Decoded>> {
    let bytes = support::sample(&format!("grid-entsoe/{name}"))?;
    assert_eq!(detect(&Head::new(&bytes)), Detected::One(Format::Entsoe), "{name}");
    let decoded = support::decode(Format::Entsoe, &bytes, &support::options(), bytes.len());
    for piece in [1, 1_000] {
        let pieces = support::decode(Format::Entsoe, &bytes, &support::options(), piece);
        assert_eq!(support::describe(&pieces), support::describe(&decoded), "{name}");
    }
    Some(decoded)
}

fn rows(decoded: &[Decoded]) -> usize {
    decoded.iter().map(|piece| piece.batch.rows().len()).sum()
}

fn check_sums(name: &str, readings: usize, expected: &[(&str, usize, &str)]) {
    let Some(decoded) = sample(name) else { return };
    assert_eq!(rows(&decoded), readings, "{name}");
    let sums = sums(&decoded);
    let found: Vec<_> = sums.iter().map(|(name, (count, sum))| (name.as_str(), *count, sum.to_string())).collect();
    let expected: Vec<_> = expected.iter().map(|(name, count, sum)| (*name, *count, (*sum).to_owned())).collect();
    assert_eq!(found, expected, "{name}");
    assert!(decoded.iter().all(|piece| piece.problems.is_empty() && piece.findings.is_empty()), "{name}");
}

#[test]
fn production_of_finland_has_3456_values_after_filling_from_2080() {
    check_sums(
        "FI_production.xml",
        3_456,
        &[
            ("generation.biomass", 288, "211814.41"),
            ("generation.gas", 288, "5212.52"),
            ("generation.hard_coal", 288, "1775.38037"),
            ("generation.hydro_run_of_river", 288, "362932.87"),
            ("generation.nuclear", 288, "1111441.7"),
            ("generation.oil", 288, "295.59483"),
            ("generation.other", 288, "40497.68"),
            ("generation.other_renewable", 288, "122.85"),
            ("generation.peat", 288, "42202.52"),
            ("generation.photovoltaics", 288, "7796.1537"),
            ("generation.waste", 288, "15951.339"),
            ("generation.wind_onshore", 288, "1171522.58"),
        ],
    );
}

#[test]
fn the_other_samples_have_the_values_that_stand_in_them() {
    check_sums("DK-DK1_consumption.xml", 47, &[("load", 47, "128131")]);
    check_sums("FR_prices.xml", 48, &[("price.day_ahead", 48, "4196.87")]);
    check_sums(
        "NO-NO5_production-negatives.xml",
        235,
        &[
            ("generation.gas", 47, "-899.9"),
            ("generation.hydro_reservoir", 47, "79372"),
            ("generation.hydro_run_of_river", 47, "23217"),
            ("generation.pumped_storage", 47, "3084"),
            ("generation.waste", 47, "596"),
        ],
    );
    check_sums(
        "wind_solar_forecast_FI_DAY_AHEAD.xml",
        576,
        &[("generation_forecast.photovoltaics", 288, "11087"), ("generation_forecast.wind_onshore", 288, "379155")],
    );
    check_sums("DK-DK1_GB_exchange_imports.xml", 44, &[("exchange.10ydk_1________w", 44, "9860")]);
}

#[test]
fn a_forecast_of_a_sample_is_known_at_the_time_of_its_document_and_measured_values_on_receipt() {
    let known = |name: &str| {
        let decoded = sample(name)?;
        let batch = &decoded.first()?.batch;
        let document = batch.documents().first()?;
        let quality = batch.rows().first()?.quality;
        Some((quality, document.known_at.map(|at| at.to_string()), document.reference.clone()))
    };
    let Some(forecast) = known("wind_solar_forecast_FI_DAY_AHEAD.xml") else { return };
    let reference = "ENTSO-E/2d9b00aa60c947b0af7916c7ada465bf/1".to_owned();
    assert_eq!(forecast, (Quality::Forecast, Some("2024-02-09T18:33:40Z".to_owned()), reference));
    let measured = known("DK-DK1_consumption.xml");
    let reference = "ENTSO-E/7b654895c4364b56830be98c45fea709/1".to_owned();
    assert_eq!(measured, Some((Quality::True, None, reference)));
}

#[test]
fn no_other_format_claims_the_samples_and_this_one_claims_no_others() {
    for name in ["grid-redispatch/redispatch_2024_H1.csv", "greenbutton/test_usage_data.xml", "smgw-taf/AR_2418-6.xsd"]
    {
        let Some(bytes) = support::sample(name) else { return };
        assert_eq!(Format::Entsoe.recognise(&Head::new(&bytes)), None, "{name}");
    }
    for other in ["", "<", "<a/>", "GL_MarketDocument", "<Document><GL_MarketDocument/></Document>"] {
        assert_eq!(Format::Entsoe.recognise(&Head::new(other.as_bytes())), None, "{other}");
    }
    assert!(Format::Entsoe.recognise(&Head::new(b"\xef\xbb\xbf<!-- a --><ns:GL_MarketDocument/>")).is_some());
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic_and_the_same_in_any_pieces(
        at in 0_usize..2_000,
        bytes in proptest::collection::vec(any::<u8>(), 0..30),
        piece in 1_usize..50,
    ) {
        let whole = generation("A75", "A16", &series(IN, "A03", "B16"), &points(&[(1, "1"), (3, "3")]));
        let mut text = whole.into_bytes();
        let at = at.min(text.len());
        let end = (at + bytes.len()).min(text.len());
        text.splice(at..end, bytes);
        let whole = support::describe(&support::decode(Format::Entsoe, &text, &support::options(), text.len().max(1)));
        let pieces = support::describe(&support::decode(Format::Entsoe, &text, &support::options(), piece));
        prop_assert_eq!(whole, pieces);
    }
}
