//! APERAK: which messages were accepted by their content, and what was wrong in them.

use crate::support;

use expect_test::{Expect, expect};
use metrify_formats::{Detected, Format, Head, detect};
use proptest::prelude::*;

use support::{decode, describe, options};

const SAMPLE: &str = include_str!("../../../../../samples/formats/aperak.edi");

fn check(text: &str, expected: &Expect) {
    let whole = describe(&decode(Format::Aperak, text.as_bytes(), &options(), text.len()));
    expected.assert_eq(&whole);
    for piece in [1, 7] {
        assert_eq!(describe(&decode(Format::Aperak, text.as_bytes(), &options(), piece)), whole, "pieces of {piece}");
    }
}

/// The segments of a message within an interchange, with right counts.
fn message(segments: &str) -> String {
    let count = segments.matches('\'').count() + 2;
    format!("UNB+UNOC:3+B:500+A:500+250401:0615+C1'UNH+1+APERAK:D:07B:UN:2.1i'{segments}UNT+{count}+1'UNZ+1+C1'")
}

#[test]
fn a_fault_is_told_with_its_place_and_texts() {
    check(
        SAMPLE,
        &expect![[r#"
        acknowledgements aperak | 9900000000028/AP1 | 9900000000010/D1 | rejected | Z14 | Objekt im IT-System nicht gefunden: diese Marktlokation ist uns nicht bekannt: `50120962218` | transaction V1 | 9900000000028 | 9900000000010 | 2025-04-01T06:20:00Z known 2025-04-01T06:20:00Z
    "#]],
    );
}

#[test]
fn an_acceptance_is_one_row() {
    check(
        &message("BGM+312+AP2'DTM+137:202504010620?+00:303'RFF+AGO:D1'RFF+TN:V7'"),
        &expect![[r#"
        acknowledgements aperak | B/AP2 | A/D1 | accepted | - | - | transaction V7 | B | A | 2025-04-01T06:20:00Z known 2025-04-01T06:20:00Z
    "#]],
    );
}

#[test]
fn each_fault_has_its_own_references_or_those_of_the_message() {
    check(
        &message(
            "BGM+313+AP3'DTM+137:202504010620?+00:303'RFF+ACE:R1'RFF+TN:V1'NAD+MS+S::293'NAD+MR+E::293'\
            ERC+Z29'FTX+Z02+++SG8 SEQ:Z01'RFF+Z08:X'ERC+Z99'FTX+AAO+++one:two'RFF+TN:V2'RFF+AGO:D9'ERC+Z35'",
        ),
        &expect![[r#"
            acknowledgements aperak | S/AP3 | E/R1 | rejected | Z29 | erforderliche Angabe fehlt | reference X, transaction V1, SG8 SEQ, Z01 | S | E | 2025-04-01T06:20:00Z known 2025-04-01T06:20:00Z
            acknowledgements aperak | S/AP3 | E/D9 | rejected | Z99 | one two | transaction V2 | S | E | 2025-04-01T06:20:00Z known 2025-04-01T06:20:00Z
            acknowledgements aperak | S/AP3 | E/R1 | rejected | Z35 | Format nicht eingehalten | transaction V1 | S | E | 2025-04-01T06:20:00Z known 2025-04-01T06:20:00Z
        "#]],
    );
}

#[test]
fn what_is_wrong_is_told_and_the_rest_read() {
    check(
        &message("BGM+313'FTX+AAO+++early'XYZ+1'DTM+137:2025:303'ERC+Z10'"),
        &expect![[r#"
        problem message 1, segment 3: FTX stands before ERC, so its fault is unknown (1 readings, 16 bytes)
        problem message 1, segment 4: `XYZ` is no segment of APERAK; it may have held an answer (1 readings, 6 bytes)
        problem message 1, segment 5: `DTM+137:2025:303` is no time in a format that we know (102, 203, 204, 303, 304, 602, 610) (1 readings, 17 bytes)
        finding warning document_number message 1, segment 6: the message has no number (BGM DE1004), so no Storno can name it
        finding warning document_time message 1, segment 6: the message has no time (DTM+137); that of receipt counts
        finding warning answered_document message 1, segment 6: the message does not say what it answers (RFF+AGO, RFF+ACE)
        acknowledgements aperak | B/C1.1 | A | rejected | Z10 | ID unbekannt | - | B | A | -
    "#]],
    );
    check(
        &message("BGM+313+AP4'DTM+137:202504010620?+00:303'RFF+AGO:D1'"),
        &expect![[r#"
        finding warning no_fault message 1, segment 4: the message rejects without saying why (ERC)
        acknowledgements aperak | B/AP4 | A/D1 | rejected | - | - | - | B | A | 2025-04-01T06:20:00Z known 2025-04-01T06:20:00Z
    "#]],
    );
    check(
        &message("BGM+999+AP5'DTM+137:202504010620?+00:303'RFF+AGO:D1'"),
        &expect![[r#"
        finding warning no_answer message 1, segment 4: the message neither accepts (BGM 312) nor names a fault (ERC)
    "#]],
    );
    let cut = message("BGM+313+AP6'DTM+137:202504010620?+00:303'RFF+AGO:D1'ERC+Z10'FTX+AAO+++text'");
    check(
        cut.split_once("+++text").map_or("", |(head, _)| head),
        &expect![[r#"
        problem message 1, segment 6: the delivery ends within the segment (1 readings, 8 bytes)
        finding warning truncated message 1: the delivery ends before UNT: something was cut off
        acknowledgements aperak | B/AP6 | A/D1 | rejected | Z10 | ID unbekannt | - | B | A | 2025-04-01T06:20:00Z known 2025-04-01T06:20:00Z
    "#]],
    );
}

#[test]
fn it_is_recognised_with_or_without_una_and_line_breaks() {
    for text in [SAMPLE.to_owned(), SAMPLE.replace('\n', ""), SAMPLE.replacen("UNA:+.? '", "", 1)] {
        assert_eq!(detect(&Head::new(text.as_bytes())), Detected::One(Format::Aperak));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_alike_in_pieces_of_any_size(
        bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0_usize..400, piece in 1_usize..50,
    ) {
        let mut text = SAMPLE.as_bytes().to_vec();
        let at = at.min(text.len());
        text.splice(at..at, bytes);
        let whole = decode(Format::Aperak, &text, &options(), text.len());
        prop_assert_eq!(describe(&decode(Format::Aperak, &text, &options(), piece)), describe(&whole));
    }
}
