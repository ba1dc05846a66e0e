//! Green Button downloads through the front door.
#![allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]

use crate::support;

use expect_test::{Expect, expect};
use metrify_domain::{Decimal, Quality};
use metrify_formats::{Decoded, Detected, Format, Head, detect};
use proptest::prelude::*;

const POINT: &str = "/espi/1_1/resource/Subscription/1/UsagePoint/7";

fn entry(id: &str, own: &str, up: &str, related: &[&str], content: &str) -> String {
    let related: String = related.iter().map(|address| format!("<link rel=\"related\" href=\"{address}\"/>")).collect();
    format!(
        "  <entry><id>urn:uuid:{id}</id><link rel=\"self\" href=\"{own}\"/><link rel=\"up\" href=\"{up}\"/>{related}\
         <title>Cellar &amp; roof</title>\n    <content>{content}</content><updated>2025-04-01T00:00:00Z</updated></entry>\n"
    )
}

fn usage_point() -> String {
    let content =
        "<UsagePoint xmlns=\"http://naesb.org/espi\"><ServiceCategory><kind>0</kind></ServiceCategory></UsagePoint>";
    entry("0001", POINT, "/espi/1_1/resource/Subscription/1/UsagePoint", &[], content)
}

fn meter_reading() -> String {
    let (own, up) = (format!("{POINT}/MeterReading/1"), format!("{POINT}/MeterReading"));
    let blocks = format!("{own}/IntervalBlock");
    let related = [blocks.as_str(), "/espi/1_1/resource/ReadingType/3"];
    entry("0002", &own, &up, &related, "<MeterReading xmlns=\"http://naesb.org/espi\"/>")
}

fn reading_type(rest: &str) -> String {
    let content = format!(
        "<ReadingType xmlns=\"http://naesb.org/espi\"><accumulationBehaviour>4</accumulationBehaviour><commodity>1</commodity>\
         <flowDirection>1</flowDirection><intervalLength>900</intervalLength><kind>12</kind>\
         <powerOfTenMultiplier>-1</powerOfTenMultiplier><uom>72</uom>{rest}</ReadingType>"
    );
    entry("0003", "/espi/1_1/resource/ReadingType/3", "/espi/1_1/resource/ReadingType", &[], &content)
}

fn block(values: &str) -> String {
    let up = format!("https://utility.example{POINT}/MeterReading/1/IntervalBlock/");
    let content = format!(
        "<IntervalBlock xmlns=\"http://naesb.org/espi\"><interval><duration>86400</duration><start>1743289200</start></interval>\
         {values}</IntervalBlock>"
    );
    entry("0004", &format!("{up}9"), &up, &[], &content)
}

fn value(start: &str, value: &str, rest: &str) -> String {
    format!(
        "<IntervalReading><cost>974</cost>{rest}<timePeriod><duration>900</duration><start>{start}</start></timePeriod>\
         <value>{value}</value></IntervalReading>"
    )
}

fn quality(codes: &[&str]) -> String {
    codes.iter().map(|code| format!("<ReadingQuality><quality>{code}</quality></ReadingQuality>")).collect()
}

fn feed(entries: &[String]) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>urn:uuid:0000</id>\n{}</feed>\n",
        entries.concat()
    )
}

/// A feed of one block.
fn whole(values: &str) -> String {
    feed(&[usage_point(), meter_reading(), reading_type(""), block(values)])
}

fn two_values() -> String {
    value("1743289200", "2820", "") + &value("1743290100", "3235", "")
}

fn decode(text: &str) -> Vec<Decoded> {
    support::decode(Format::Greenbutton, text.as_bytes(), &support::options(), text.len().max(1))
}

fn check(text: &str, expected: &Expect) {
    let whole = support::describe(&decode(text));
    for piece in [1, 7] {
        let pieces = support::decode(Format::Greenbutton, text.as_bytes(), &support::options(), piece);
        assert_eq!(support::describe(&pieces), whole, "pieces of {piece}");
    }
    expected.assert_eq(&whole);
}

#[test]
fn values_are_told_at_the_usage_point_with_the_code_of_their_reading_type() {
    check(
        &whole(&two_values()),
        &expect![[r#"
        urn:uuid:0001 1-0:1.29.0 interval 2025-03-29T23:00:00Z..2025-03-29T23:15:00Z 282 Wh true known 2025-04-01T00:00:00Z in urn:uuid:0004
        urn:uuid:0001 1-0:1.29.0 interval 2025-03-29T23:15:00Z..2025-03-29T23:30:00Z 323.5 Wh true known 2025-04-01T00:00:00Z in urn:uuid:0004
        finding note costs : costs of values are not read: 2
        meter Meter { point: urn:uuid:0001, kind: None, name: Some("Cellar & roof"), server_id: None, maker: None, resolution: None }
    "#]],
    );
}

#[test]
fn amounts_of_days_are_no_part_of_the_load_curve() {
    // A second reading of the same usage point: the day as one amount, and the day that lost an hour.
    let (own, up) = (format!("{POINT}/MeterReading/2"), format!("{POINT}/MeterReading"));
    let related = [format!("{own}/IntervalBlock"), "/espi/1_1/resource/ReadingType/4".to_owned()];
    let daily = entry(
        "0005",
        &own,
        &up,
        &related.each_ref().map(String::as_str),
        "<MeterReading xmlns=\"http://naesb.org/espi\"/>",
    );
    let of_days = reading_type("")
        .replace("<intervalLength>900", "<intervalLength>86400")
        .replace("ReadingType/3", "ReadingType/4")
        .replace("0003", "0006");
    let days = "<IntervalReading><timePeriod><duration>82800</duration><start>1743289200</start></timePeriod>\
                <value>60550</value></IntervalReading>\
                <IntervalReading><timePeriod><start>1743372000</start></timePeriod><value>70110</value></IntervalReading>";
    let days = block(days).replace("MeterReading/1", "MeterReading/2").replace("0004", "0007");
    check(
        &feed(&[usage_point(), meter_reading(), reading_type(""), block(&two_values()), daily, of_days, days]),
        &expect![[r#"
            urn:uuid:0001 1-0:1.29.0 interval 2025-03-29T23:00:00Z..2025-03-29T23:15:00Z 282 Wh true known 2025-04-01T00:00:00Z in urn:uuid:0004
            urn:uuid:0001 1-0:1.29.0 interval 2025-03-29T23:15:00Z..2025-03-29T23:30:00Z 323.5 Wh true known 2025-04-01T00:00:00Z in urn:uuid:0004
            urn:uuid:0001 1-0:1.9.0 interval 2025-03-29T23:00:00Z..2025-03-30T22:00:00Z 6055 Wh true known 2025-04-01T00:00:00Z in urn:uuid:0007
            urn:uuid:0001 1-0:1.9.0 interval 2025-03-30T22:00:00Z..2025-03-31T22:00:00Z 7011 Wh true known 2025-04-01T00:00:00Z in urn:uuid:0007
            finding note costs : costs of values are not read: 2
            meter Meter { point: urn:uuid:0001, kind: None, name: Some("Cellar & roof"), server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn a_part_is_never_taken_for_the_whole() {
    let values = two_values();
    let said = |rest: &str| {
        let text = feed(&[usage_point(), meter_reading(), reading_type(rest), block(&values)]);
        support::describe(&decode(&text)).lines().next().unwrap_or_default().to_owned()
    };
    let rests = [
        "<phase>768</phase>",
        "<phase>512</phase>",
        "<phase>256</phase>",
        "<phase>132</phase>",
        "<kind>8</kind><argument><numerator>3</numerator><denominator>1</denominator></argument>",
        "<cpp>1</cpp>",
    ];
    let said: Vec<String> = rests.into_iter().map(|rest| format!("{rest}\n  {}", said(rest))).collect();
    expect![[r#"
        <phase>768</phase>
          urn:uuid:0001 1-0:1.29.0 interval 2025-03-29T23:00:00Z..2025-03-29T23:15:00Z 282 Wh true known 2025-04-01T00:00:00Z in urn:uuid:0004
        <phase>512</phase>
          urn:uuid:0001 1-0:21.29.0 interval 2025-03-29T23:00:00Z..2025-03-29T23:15:00Z 282 Wh true known 2025-04-01T00:00:00Z in urn:uuid:0004
        <phase>256</phase>
          urn:uuid:0001 1-0:41.29.0 interval 2025-03-29T23:00:00Z..2025-03-29T23:15:00Z 282 Wh true known 2025-04-01T00:00:00Z in urn:uuid:0004
        <phase>132</phase>
          problem entry 4: the phase 132 has no code with the unit (uom) 72 (2 readings, 297 bytes)
        <kind>8</kind><argument><numerator>3</numerator><denominator>1</denominator></argument>
          problem entry 4: the argument 3 has no code (2 readings, 297 bytes)
        <cpp>1</cpp>
          problem entry 4: the cpp 1 has no code (2 readings, 297 bytes)"#]].assert_eq(&said.join("\n"));
}

#[test]
fn entries_may_come_in_any_order() {
    let text = feed(&[block(&two_values()), reading_type(""), meter_reading(), usage_point()]);
    assert_eq!(support::describe(&decode(&text)), support::describe(&decode(&whole(&two_values()))));
}

#[test]
fn values_of_an_entry_that_does_not_end_are_read() {
    let entries = |block: String| feed(&[usage_point(), meter_reading(), block, reading_type("")]);
    let whole = entries(block(&two_values()));
    let damaged = entries(block(&two_values()).replace("</entry>", ""));
    let cut_off = entries(reading_type("")) + &block(&two_values()).replace("</entry>", "");
    let readings = |text: &str| {
        let told = support::describe(&decode(text));
        let readings: Vec<_> = told.lines().filter(|line| line.contains(" interval ")).map(str::to_owned).collect();
        (readings, told.contains("problem"))
    };
    let (expected, _) = readings(&whole);
    assert_eq!(expected.len(), 2);
    assert_eq!(readings(&damaged), (expected.clone(), true));
    assert_eq!(readings(&cut_off.replace("</feed>", "")), (expected, true));
}

#[test]
fn qualities_are_those_of_the_value_or_of_its_reading_type_and_the_worst_counts() {
    let values = value("1743289200", "1", &quality(&["8"]))
        + &value("1743290100", "2", &quality(&["17", "10"]))
        + &value("1743291000", "3", "");
    let default = reading_type("<defaultQuality>14</defaultQuality>");
    check(
        &feed(&[usage_point(), meter_reading(), default, block(&values)]),
        &expect![[r#"
        urn:uuid:0001 1-0:1.29.0 interval 2025-03-29T23:00:00Z..2025-03-29T23:15:00Z 0.1 Wh substitute reason=quality 8 known 2025-04-01T00:00:00Z in urn:uuid:0004
        urn:uuid:0001 1-0:1.29.0 interval 2025-03-29T23:15:00Z..2025-03-29T23:30:00Z 0.2 Wh provisional reason=quality 10 known 2025-04-01T00:00:00Z in urn:uuid:0004
        urn:uuid:0001 1-0:1.29.0 interval 2025-03-29T23:30:00Z..2025-03-29T23:45:00Z 0.3 Wh provisional reason=quality 14 known 2025-04-01T00:00:00Z in urn:uuid:0004
        finding note costs : costs of values are not read: 3
        meter Meter { point: urn:uuid:0001, kind: None, name: Some("Cellar & roof"), server_id: None, maker: None, resolution: None }
    "#]],
    );
}

#[test]
fn values_without_times_follow_each_other_from_the_beginning_of_their_block() {
    check(
        &whole(
            "<IntervalReading><value>1</value></IntervalReading><IntervalReading><value>2</value></IntervalReading>",
        ),
        &expect![[r#"
            urn:uuid:0001 1-0:1.29.0 interval 2025-03-29T23:00:00Z..2025-03-29T23:15:00Z 0.1 Wh true known 2025-04-01T00:00:00Z in urn:uuid:0004
            urn:uuid:0001 1-0:1.29.0 interval 2025-03-29T23:15:00Z..2025-03-29T23:30:00Z 0.2 Wh true known 2025-04-01T00:00:00Z in urn:uuid:0004
            meter Meter { point: urn:uuid:0001, kind: None, name: Some("Cellar & roof"), server_id: None, maker: None, resolution: None }
        "#]],
    );
}

/// Problems and findings only.
fn complaints(text: &str) -> String {
    let decoded = support::describe(&decode(text));
    let lines = decoded.lines().filter(|line| line.starts_with("problem") || line.starts_with("finding"));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn what_cannot_be_read_is_a_problem_that_counts_its_values() {
    let whole = whole(&two_values());
    let mut said = String::new();
    for (from, to) in [
        ("ReadingType/3", "ReadingType/4\" title=\"ReadingType/3"),
        ("<commodity>1", "<commodity>7"),
        ("urn:uuid:0001", ""),
        ("Subscription/1/UsagePoint/7\"/>", "Subscription/1/UsagePoint/8\"/>"),
        ("<value>3235", "<value>3235.5"),
        ("<start>1743290100", "<start>2025-03-30"),
        ("<duration>900", "<duration>0"),
        ("<cost>974</cost>", "<ReadingQuality><quality>99</quality></ReadingQuality>"),
        ("</feed>", ""),
        ("</IntervalReading>", ""),
        ("feed", "list"),
    ] {
        let text = whole.replacen(from, to, if from.starts_with("ReadingType") { 1 } else { 2 });
        assert_ne!(text, whole, "{from}");
        said += &format!("{from} -> {to}\n{}", complaints(&text));
    }
    expect![[r#"
        ReadingType/3 -> ReadingType/4" title="ReadingType/3
        problem entry 4: no link of the feed names the ReadingType of the block (2 readings, 297 bytes)
        finding note costs : costs of values are not read: 2
        <commodity>1 -> <commodity>7
        problem entry 4: values of commodity 7 are not read: electricity alone has its codes (2 readings, 297 bytes)
        finding note costs : costs of values are not read: 2
        urn:uuid:0001 -> 
        problem entry 4: the id of the UsagePoint is no point: the point is empty (2 readings, 297 bytes)
        finding note costs : costs of values are not read: 2
        Subscription/1/UsagePoint/7"/> -> Subscription/1/UsagePoint/8"/>
        problem entry 4: the feed does not hold the UsagePoint of the block (2 readings, 297 bytes)
        finding note costs : costs of values are not read: 2
        <value>3235 -> <value>3235.5
        problem entry 4, value 2: the value `3235.5` is no integer (1 readings, 171 bytes)
        finding note costs : costs of values are not read: 2
        <start>1743290100 -> <start>2025-03-30
        problem entry 4, value 2: the start `2025-03-30` is no number of seconds (1 readings, 169 bytes)
        finding note costs : costs of values are not read: 2
        <duration>900 -> <duration>0
        problem entry 4, value 1: the interval has no duration (1 readings, 167 bytes)
        problem entry 4, value 2: the interval has no duration (1 readings, 167 bytes)
        finding note costs : costs of values are not read: 2
        <cost>974</cost> -> <ReadingQuality><quality>99</quality></ReadingQuality>
        problem entry 4, value 1: there is no quality `99` (1 readings, 223 bytes)
        problem entry 4, value 2: there is no quality `99` (1 readings, 223 bytes)
        </feed> -> 
        problem : the feed is cut off within `feed` (1 readings, 42 bytes)
        finding note costs : costs of values are not read: 2
        </IntervalReading> -> 
        problem entry 4: the element `IntervalReading` does not end before its parent does (1 readings, 17 bytes)
        problem entry 4: the element `IntervalReading` does not end before its parent does (1 readings, 17 bytes)
        finding note costs : costs of values are not read: 2
        feed -> list
        problem : the root is no `feed` and no `entry` of Atom (1 readings, 0 bytes)
        finding note costs : costs of values are not read: 2
    "#]]
    .assert_eq(&said);
}

#[test]
fn a_problem_can_be_read_again_by_itself() {
    let text = whole(&two_values()).replace("3235", "3235.5");
    let decoded = decode(&text);
    let problem = decoded.iter().flat_map(|piece| &piece.problems).next().expect("a problem");
    let again = String::from_utf8([problem.prelude.as_slice(), &problem.bytes].concat()).expect("text");
    assert_eq!(detect(&Head::new(again.as_bytes())), Detected::One(Format::Greenbutton));
    check(
        &again.replace("3235.5", "3235"),
        &expect![[r#"
        urn:uuid:0001 1-0:1.29.0 interval 2025-03-29T23:15:00Z..2025-03-29T23:30:00Z 323.5 Wh true known 2025-04-01T00:00:00Z in urn:uuid:0004
        meter Meter { point: urn:uuid:0001, kind: None, name: Some("Cellar & roof"), server_id: None, maker: None, resolution: None }
    "#]],
    );
    let refused = decode(&whole(&two_values()).replace("<uom>72", "<uom>169"));
    let problem = refused.iter().flat_map(|piece| &piece.problems).next().expect("a problem");
    let again = String::from_utf8([problem.prelude.as_slice(), &problem.bytes].concat()).expect("text");
    let readings =
        |text: &str| support::describe(&decode(text)).lines().filter(|line| line.contains("interval")).count();
    assert_eq!((problem.readings, readings(&again.replace("<uom>169", "<uom>72"))), (2, 2));
}

#[test]
fn blocks_that_wait_for_their_reading_type_are_bounded() {
    let values = value("1743289200", "1", "").repeat(200_001);
    let decoded = decode(&feed(&[usage_point(), meter_reading(), block(&values), reading_type("")]));
    let rows: usize = decoded.iter().map(|piece| piece.batch.rows().len()).sum();
    let lost: u64 = decoded.iter().flat_map(|piece| &piece.problems).map(|problem| problem.readings).sum();
    assert_eq!((rows, lost), (200_000, 1));
}

#[test]
fn the_sample_has_1340_quarter_hours_of_1391666_watt_hours() {
    let Some(bytes) = support::sample("greenbutton/test_usage_data.xml") else { return };
    assert_eq!(detect(&Head::new(&bytes)), Detected::One(Format::Greenbutton));
    let decoded = support::decode(Format::Greenbutton, &bytes, &support::options(), bytes.len());
    let pieces = support::decode(Format::Greenbutton, &bytes, &support::options(), 997);
    assert_eq!(support::describe(&pieces), support::describe(&decoded));
    let [decoded] = decoded.as_slice() else { panic!("one piece") };
    assert_eq!(decoded.problems, []);
    let rows = decoded.batch.rows();
    let sum = rows.iter().try_fold(Decimal::ZERO, |sum, row| sum.checked_add(row.value?)).expect("a sum");
    assert_eq!((rows.len(), sum.to_string().as_str()), (1_340, "1391666"));
    let of = |quality| rows.iter().filter(|row| row.quality == quality).count();
    assert_eq!((of(Quality::True), of(Quality::Substitute)), (1_338, 2));
    let told = support::describe(std::slice::from_ref(decoded));
    let lines: Vec<_> = told.lines().collect();
    let shown = [lines[0], lines[1], lines[1_339]].into_iter().chain(lines[1_340..].iter().copied());
    expect![[r#"
        urn:uuid:48C2A019-5598-4E16-B0F9-49E4FF27F5FB 1-0:1.29.0 interval 2012-03-01T05:00:00Z..2012-03-01T05:15:00Z 282 Wh substitute reason=quality 8 known 2012-10-24T00:00:00Z in urn:uuid:FE9A61BB-6913-42D4-88BE-9634A218EF53
        urn:uuid:48C2A019-5598-4E16-B0F9-49E4FF27F5FB 1-0:1.29.0 interval 2012-03-01T05:15:00Z..2012-03-01T05:30:00Z 323 Wh substitute reason=quality 7 known 2012-10-24T00:00:00Z in urn:uuid:FE9A61BB-6913-42D4-88BE-9634A218EF53
        urn:uuid:48C2A019-5598-4E16-B0F9-49E4FF27F5FB 1-0:1.29.0 interval 2012-03-15T03:45:00Z..2012-03-15T04:00:00Z 940 Wh true known 2012-10-24T00:00:00Z in urn:uuid:8E8A6957-5C81-4BD9-BA4C-33615E0BA0AD
        finding note costs : costs of values are not read: 1340
        finding note summaries : summaries are not read: 2
        meter Meter { point: urn:uuid:48C2A019-5598-4E16-B0F9-49E4FF27F5FB, kind: None, name: Some("Front Electric Meter"), server_id: None, maker: None, resolution: None }"#]].assert_eq(&shown.collect::<Vec<_>>().join("\n"));
}

#[test]
fn nothing_else_is_recognised() {
    for name in ["smgw-taf/TAF-7-Ablesung_Jan_2018.xml", "smgw-taf/espi_derived.xsd", "grid-entsoe/FR_prices.xml"] {
        let Some(bytes) = support::sample(name) else { return };
        assert_eq!(Format::Greenbutton.recognise(&Head::new(&bytes)), None, "{name}");
    }
    for other in ["", "<feed/>", "<feed xmlns='http://www.w3.org/2005/Atom'/>", "<a xmlns='http://naesb.org/espi'/>"] {
        assert_eq!(Format::Greenbutton.recognise(&Head::new(other.as_bytes())), None, "{other}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic_and_the_same_in_any_pieces(
        at in 0_usize..3_500,
        bytes in proptest::collection::vec(any::<u8>(), 0..30),
        piece in 1_usize..50,
    ) {
        let mut text = whole(&two_values()).into_bytes();
        let at = at.min(text.len());
        let end = (at + bytes.len()).min(text.len());
        text.splice(at..end, bytes);
        let whole = support::describe(&support::decode(Format::Greenbutton, &text, &support::options(), text.len().max(1)));
        let pieces = support::describe(&support::decode(Format::Greenbutton, &text, &support::options(), piece));
        prop_assert_eq!(whole, pieces);
    }
}
