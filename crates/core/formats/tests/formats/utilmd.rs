//! UTILMD: master data of points and meters, each fact a row.

use crate::support;

use expect_test::{Expect, expect};
use metrify_formats::{Detected, Format, Head, detect};
use proptest::prelude::*;

use support::{decode, describe, options};

const SAMPLE: &str = include_str!("../../../../../samples/formats/utilmd.edi");

fn check(text: &str, expected: &Expect) {
    let whole = describe(&decode(Format::Utilmd, text.as_bytes(), &options(), text.len()));
    expected.assert_eq(&whole);
    for piece in [1, 7] {
        assert_eq!(describe(&decode(Format::Utilmd, text.as_bytes(), &options(), piece)), whole, "pieces of {piece}");
    }
}

/// One message with these segments behind its head, and nothing wrong around them.
fn message(segments: &str) -> String {
    let count = segments.matches('\'').count() + 6;
    format!(
        "UNB+UNOC:3+9900000000010:500+9900000000028:500+250401:0600+U1'UNH+1+UTILMD:D:11A:UN:S2.1'BGM+E01+MD1+9'\
        DTM+137:202504010600?+00:303'NAD+MS+9900000000010::293'NAD+MR+9900000000028::293'{segments}UNT+{count}+1'UNZ+1+U1'"
    )
}

#[test]
fn a_transaction_becomes_facts_with_their_validity() {
    check(
        SAMPLE,
        &expect![[r#"
        meter Meter { point: 50120962218, kind: Some(MarketLocation), name: None, server_id: None, maker: None, resolution: None }
        meter Meter { point: DE00056266802AO6G56M11SN51G21M24S, kind: Some(MeteringLocation), name: None, server_id: None, maker: None, resolution: None }
        meter Meter { point: 1EMH0010599732, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
        master_data 50120962218 | market_location | begin | 2025-04-30T22:00:00Z | 2025-04-30T22:00:00Z | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
        master_data 50120962218 | market_location | transaction_reason | E01 ZW4 E03 | 2025-04-30T22:00:00Z | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
        master_data 50120962218 | market_location | answers | A1 | 2025-04-30T22:00:00Z | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
        master_data 50120962218 | market_location | direction | Z07 | 2025-04-30T22:00:00Z | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | valid | V1 known 2025-04-01T06:00:00Z
        master_data 50120962218 | market_location | voltage_level | E06 | 2025-04-30T22:00:00Z | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | valid | V1 known 2025-04-01T06:00:00Z
        master_data 50120962218 | market_location | customer_group | Z15 | 2025-04-30T22:00:00Z | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | valid | V1 known 2025-04-01T06:00:00Z
        master_data 50120962218 | market_location | annual_amount | 4200 | 2025-04-30T22:00:00Z | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | kWh | valid | V1 known 2025-04-01T06:00:00Z
        master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | voltage_level | E06 | 2025-04-30T22:00:00Z | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | valid | V1 known 2025-04-01T06:00:00Z
        master_data 1EMH0010599732 | meter | meter_type | MME | 2025-04-30T22:00:00Z | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | valid | V1 known 2025-04-01T06:00:00Z
        master_data 1EMH0010599732 | meter | device_number | 1EMH0010599732 | 2025-04-30T22:00:00Z | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | valid | V1 known 2025-04-01T06:00:00Z
        master_data 1EMH0010599732 | meter | metering_location | DE00056266802AO6G56M11SN51G21M24S | 2025-04-30T22:00:00Z | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | valid | V1 known 2025-04-01T06:00:00Z
        master_data 1EMH0010599732 | meter | register | 1-0:1.8.0 | 2025-04-30T22:00:00Z | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | 1-0:1.8.0 | - | valid | V1 known 2025-04-01T06:00:00Z
        master_data 1EMH0010599732 | meter | digits | Z22 6 0 | 2025-04-30T22:00:00Z | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | 1-0:1.8.0 | - | valid | V1 known 2025-04-01T06:00:00Z
        master_data 50120962218 | market_location | customer_of_supplier.name | Muster Erika | 2025-04-30T22:00:00Z | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
        master_data 50120962218 | market_location | market_location_address.address | Musterweg 7, 12345 Musterstadt, DE | 2025-04-30T22:00:00Z | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
        master_data 50120962218 | market_location | metering_location | DE00056266802AO6G56M11SN51G21M24S | 2025-04-30T22:00:00Z | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
    "#]],
    );
}

#[test]
fn it_is_recognised_with_or_without_una_and_line_breaks() {
    for text in [SAMPLE.to_owned(), SAMPLE.replace('\n', ""), SAMPLE.replacen("UNA:+.? '", "", 1)] {
        assert_eq!(detect(&Head::new(text.as_bytes())), Detected::One(Format::Utilmd));
    }
}

#[test]
fn other_separators_of_una_give_the_same() {
    let other: String = SAMPLE
        .chars()
        .map(|letter| match letter {
            ':' => ';',
            '+' => '|',
            '?' => '!',
            '\'' => '~',
            other => other,
        })
        .collect();
    // What was released stands for itself now.
    let other = other.replace("!|", "+").replace("!;", ":");
    let read = |text: &str| describe(&decode(Format::Utilmd, text.as_bytes(), &options(), text.len()));
    assert_eq!(read(&other), read(SAMPLE));
}

#[test]
fn umlauts_are_latin_1() {
    let mut bytes = message("IDE+24+V1'RFF+Z13:55001'NAD+Z09+++M@ller:::::Z01'").into_bytes();
    bytes.iter_mut().for_each(|byte| *byte = if *byte == b'@' { 0xfc } else { *byte });
    let text = describe(&decode(Format::Utilmd, &bytes, &options(), 5));
    assert!(text.contains("| customer_of_supplier.name | M\u{fc}ller |"), "{text}");
}

/// Data of several periods: each fact holds as long as its period, and stands as its period stands.
#[test]
fn periods_give_facts_their_validity_and_standing() {
    check(
        &message(
            "IDE+24+V1'DTM+157:202504302200?+00:303'LOC+Z16+50120962218'RFF+Z13:55616'\
            RFF+Z49::1'DTM+Z25:202504302200?+00:303'DTM+Z26:202505312200?+00:303'\
            RFF+Z48::2'DTM+Z25:202505312200?+00:303'RFF+Z54::3'DTM+Z25:202503312200?+00:303'\
            SEQ+Z01+1'CCI+++E03'CAV+E06'SEQ+Z01+2'CCI+++E03'CAV+E05'",
        ),
        &expect![[r#"
            meter Meter { point: 50120962218, kind: Some(MarketLocation), name: None, server_id: None, maker: None, resolution: None }
            master_data 50120962218 | market_location | change | 2025-04-30T22:00:00Z | 2025-04-30T22:00:00Z | - | 55616 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
            master_data 50120962218 | market_location | voltage_level | E06 | 2025-04-30T22:00:00Z | 2025-05-31T22:00:00Z | 55616 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | valid | V1 known 2025-04-01T06:00:00Z
            master_data 50120962218 | market_location | voltage_level | E05 | 2025-05-31T22:00:00Z | - | 55616 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | expected | V1 known 2025-04-01T06:00:00Z
            master_data 50120962218 | market_location | data | none | 2025-03-31T22:00:00Z | - | 55616 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | in_system | V1 known 2025-04-01T06:00:00Z
        "#]],
    );
}

#[test]
fn gas_days_begin_at_six() {
    let gas = message(
        "IDE+24+V1'DTM+92:20250501:102'LOC+172+50120962218'RFF+Z13:44001'SEQ+Z01'QTY+Z10:12.5:KWT'CCI+Z19++THE0BFH000010000'",
    );
    check(
        &gas.replace("UN:S2.1", "UN:G1.1"),
        &expect![[r#"
        meter Meter { point: 50120962218, kind: Some(MarketLocation), name: None, server_id: None, maker: None, resolution: None }
        master_data 50120962218 | market_location | begin | 2025-05-01 | 2025-05-01T04:00:00Z | - | 44001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
        master_data 50120962218 | market_location | power | 12.5 | 2025-05-01T04:00:00Z | - | 44001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | kW | - | V1 known 2025-04-01T06:00:00Z
        master_data 50120962218 | market_location | balancing_group | THE0BFH000010000 | 2025-05-01T04:00:00Z | - | 44001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
    "#]],
    );
}

#[test]
fn codes_that_we_do_not_know_are_kept_as_they_stand() {
    check(
        &message(
            "IDE+24+V1'IMD++Z36+Z13'DTM+Z99:202504302200?+00:303'DTM+Z01:0131:106'STS+X7++A1+B2'FTX+ACB+++nur:so'AGR+11:Z02'\
            LOC+Z99+11XUENBSOLS----X'RFF+Z13:55001'RFF+XYZ:ref'SEQ+Q99'CCI+Z99++ZA1'CCI+++Q98'CCI+++Q97'CAV+A:B::C:D'\
            QTY+Q1:-5'PIA+5+9991000000044:Q11'NAD+Q96+id'RFF+Q95:other'",
        ),
        &expect![[r#"
            master_data V1 | transaction | description.Z36 | Z13 | - | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
            master_data V1 | transaction | date.Z99 | 2025-04-30T22:00:00Z | - | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
            master_data V1 | transaction | notice_period | 0131 | - | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
            master_data V1 | transaction | status.X7 | A1 B2 | - | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
            master_data V1 | transaction | remark.ACB | nur so | - | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
            master_data V1 | transaction | agreement.11 | Z02 | - | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
            master_data V1 | transaction | location.Z99 | 11XUENBSOLS----X | - | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
            master_data V1 | transaction | reference.XYZ | ref | - | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
            master_data V1 | transaction | group.Q99.characteristic.Z99 | ZA1 | - | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
            master_data V1 | transaction | group.Q99.characteristic.Q98 | Q98 | - | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
            master_data V1 | transaction | group.Q99.characteristic.Q97 | A B C D | - | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
            master_data V1 | transaction | group.Q99.quantity.Q1 | -5 | - | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
            master_data V1 | transaction | group.Q99.product.Q11 | 9991000000044 | - | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
            master_data V1 | transaction | party.Q96 | id | - | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
            master_data V1 | transaction | reference.Q95 | other | - | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
        "#]],
    );
}

#[test]
fn a_storno_is_a_request_and_takes_nothing_back_here() {
    check(
        &message("IDE+24+V2'RFF+Z13:55022'RFF+ACW:V1'STS+7++E05'"),
        &expect![[r#"
        master_data V2 | transaction | withdraws | V1 | - | - | 55022 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V2 known 2025-04-01T06:00:00Z
        master_data V2 | transaction | transaction_reason | E05 | - | - | 55022 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V2 known 2025-04-01T06:00:00Z
    "#]],
    );
}

#[test]
fn what_is_wrong_is_told_and_the_rest_read() {
    check(
        &message(
            "SEQ+Z01'IDE+24'LOC+Z16+50120962219'RFF+Z13:99999'DTM+92:20250430:303'SEQ+Z01'QTY+31:many'\
            MOA+9:1'CCI+++E03'CAV+E06'IDE+24+V2'",
        ),
        &expect![[r#"
            problem message 1, segment 6: `SEQ` stands before the first transaction (IDE) (1 readings, 8 bytes)
            problem message 1, segment 10: `DTM+92:20250430:303` is no time in a format that we know (102, 203, 204, 303, 304, 602, 610) (1 readings, 20 bytes)
            problem message 1, segment 12: the quantity `many` is not a decimal number (1 readings, 12 bytes)
            problem message 1, segment 13: `MOA` is no segment of UTILMD; it may have held a fact (1 readings, 8 bytes)
            finding warning transaction_number message 1, segment 7: the transaction has no number (IDE DE7402), so no answer can name it
            finding warning check_digit message 1, segment 8: the id `50120962219` (LOC): the check digit of a market location id must be 8 here, not `9`
            finding warning pruefidentifikator message 1, segment 16: `99999` (RFF+Z13) is no Pruefidentifikator that we know
            finding warning pruefidentifikator message 1, segment 16: the transaction has no Pruefidentifikator (RFF+Z13)
            meter Meter { point: 50120962219, kind: Some(MarketLocation), name: None, server_id: None, maker: None, resolution: None }
            master_data 50120962219 | market_location | voltage_level | E06 | - | - | 99999 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | 7 known 2025-04-01T06:00:00Z
            master_data V2 | transaction | transaction | V2 | - | - | - | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V2 known 2025-04-01T06:00:00Z
        "#]],
    );
    check(
        &message("IDE+24+V1'RFF+Z13:55001'LOC+Z16+50120962218'").replace("UNT+9", "UNT+8"),
        &expect![[r#"
            finding warning segment_count message 1, segment 9: UNT tells of 8 segments, and there are 9
            meter Meter { point: 50120962218, kind: Some(MarketLocation), name: None, server_id: None, maker: None, resolution: None }
            master_data 50120962218 | market_location | transaction | V1 | - | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
        "#]],
    );
    check(
        &message(""),
        &expect![[r#"
        finding warning no_transaction message 1, segment 5: the message holds no transaction (IDE)
    "#]],
    );
    let cut = message("IDE+24+V1'RFF+Z13:55001'LOC+Z16+50120962218'");
    check(
        cut.split_once("962218'").map_or("", |(head, _)| head),
        &expect![[r#"
            problem message 1, segment 8: the delivery ends within the segment (1 readings, 14 bytes)
            finding warning truncated message 1: the delivery ends before UNT: something was cut off
            master_data V1 | transaction | transaction | V1 | - | - | 55001 | 9900000000010 | 9900000000028 | 9900000000010/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
        "#]],
    );
}

#[test]
fn a_test_interchange_is_kept_out() {
    check(
        &SAMPLE.replace("+250401:0600+U1'", "+250401:0600+U1++++++1'"),
        &expect![[r#"
        problem message 1: the interchange is a test (UNB DE0035 is 1), whose content is kept out (1 readings, 760 bytes)
    "#]],
    );
}

#[test]
fn several_messages_and_transactions_keep_apart() {
    let text = "UNB+UNOC:3+A:500+B:500+250401:0600+U1'UNH+1+UTILMD:D:11A:UN:S2.1'BGM+E01+MD1'DTM+137:202504010600?+00:303'\
        IDE+24+V1'RFF+Z13:55001'LOC+Z16+50120962218'SEQ+Z01'CCI+++E03'CAV+E06'IDE+24+V2'RFF+Z13:55001'LOC+Z18+E1688117482'\
        UNT+13+1'UNH+2+UTILMD:D:11A:UN:S2.1'BGM+E01+MD2'DTM+137:202504010600?+00:303'IDE+24+V1'RFF+Z13:55001'\
        STS+7++E01'UNT+7+2'UNZ+2+U1'";
    check(
        text,
        &expect![[r#"
            meter Meter { point: 50120962218, kind: Some(MarketLocation), name: None, server_id: None, maker: None, resolution: None }
            meter Meter { point: E1688117482, kind: Some(GridResource), name: None, server_id: None, maker: None, resolution: None }
            master_data 50120962218 | market_location | voltage_level | E06 | - | - | 55001 | A | B | A/MD1 | - | - | - | V1 known 2025-04-01T06:00:00Z
            master_data E1688117482 | grid_location | transaction | V2 | - | - | 55001 | A | B | A/MD1 | - | - | - | V2 known 2025-04-01T06:00:00Z
            master_data V1 | transaction | transaction_reason | E01 | - | - | 55001 | A | B | A/MD2 | - | - | - | V1 known 2025-04-01T06:00:00Z
        "#]],
    );
}

/// What is held of a transaction is bounded: a long one hands on what it knows.
#[test]
fn a_very_long_transaction_is_handed_on_in_between() {
    let facts = "QTY+31:4200:KWH'".repeat(10_000);
    let text = message(&format!("IDE+24+V1'RFF+Z13:55001'LOC+Z16+50120962218'SEQ+Z01'{facts}"));
    let decoded = decode(Format::Utilmd, text.as_bytes(), &options(), 4096);
    assert_eq!(decoded.iter().map(|piece| piece.records.len()).sum::<usize>(), 10_000);
    assert!(decoded.iter().all(|piece| piece.problems.is_empty()));
    let rules: Vec<_> = decoded.iter().flat_map(|piece| &piece.findings).map(|finding| finding.rule.as_ref()).collect();
    assert!(!rules.is_empty() && rules.iter().all(|rule| *rule == "long_transaction"), "{rules:?}");
}

/// So are the places that are looked through; none of them is lost.
#[test]
fn a_transaction_of_very_many_places_tells_all_of_them() {
    let places: String = (0..1_000).map(|number| format!("LOC+Z17+MELO{number:029}'")).collect();
    let references: String = (0..1_000).map(|number| format!("RFF+Z19:MELO{number:029}'")).collect();
    let text = message(&format!("IDE+24+V1'RFF+Z13:55001'{places}SEQ+Z18'{references}CCI+++E04'CAV+E06'"));
    let decoded = decode(Format::Utilmd, text.as_bytes(), &options(), text.len());
    let told = describe(&decoded);
    for number in 0..1_000 {
        assert!(told.contains(&format!("| MELO{number:029} |")) || number == 0, "{number}");
    }
    assert!(told.contains("| voltage_level | E06 |"));
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_alike_in_pieces_of_any_size(
        bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0_usize..1200, piece in 1_usize..50,
    ) {
        let mut text = SAMPLE.as_bytes().to_vec();
        let at = at.min(text.len());
        text.splice(at..at, bytes);
        let whole = decode(Format::Utilmd, &text, &options(), text.len());
        prop_assert_eq!(describe(&decode(Format::Utilmd, &text, &options(), piece)), describe(&whole));
    }
}
