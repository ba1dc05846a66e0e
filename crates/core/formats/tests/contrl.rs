//! CONTRL: which interchanges and messages were accepted by their syntax.

mod support;

use expect_test::{Expect, expect};
use metrify_formats::{Detected, Format, Head, detect};
use proptest::prelude::*;

use support::{decode, describe, options};

const SAMPLE: &str = include_str!("../../../../samples/formats/contrl.edi");

fn check(text: &str, expected: &Expect) {
    let whole = describe(&decode(Format::Contrl, text.as_bytes(), &options(), text.len()));
    expected.assert_eq(&whole);
    for piece in [1, 7] {
        assert_eq!(describe(&decode(Format::Contrl, text.as_bytes(), &options(), piece)), whole, "pieces of {piece}");
    }
}

/// The segments of a message within an interchange, with right counts.
fn message(segments: &str) -> String {
    let count = segments.matches('\'').count() + 2;
    format!("UNB+UNOC:3+B:500+A:500+250401:0615+C1'UNH+1+CONTRL:D:3:UN:2.0b'{segments}UNT+{count}+1'UNZ+1+C1'")
}

#[test]
fn what_is_rejected_is_told_with_its_place() {
    check(
        SAMPLE,
        &expect![[r#"
        acknowledgements contrl | 9900000000028/C1.1 | 9900000000010/R1 | accepted | - | - | - | 9900000000028 | 9900000000010 | 2025-04-01T06:15:00Z known 2025-04-01T06:15:00Z
        acknowledgements contrl | 9900000000028/C1.1 | 9900000000010/R1.M2 | rejected | - | - | - | 9900000000028 | 9900000000010 | 2025-04-01T06:15:00Z known 2025-04-01T06:15:00Z
        acknowledgements contrl | 9900000000028/C1.1 | 9900000000010/R1.M2 | rejected | 12 | invalid value | segment 5, element 2, component 1 | 9900000000028 | 9900000000010 | 2025-04-01T06:15:00Z known 2025-04-01T06:15:00Z
    "#]],
    );
}

#[test]
fn an_interchange_is_accepted_or_rejected_as_a_whole() {
    check(
        &message("UCI+R1+A:500+B:500+7'"),
        &expect![[r#"
        acknowledgements contrl | B/C1.1 | A/R1 | accepted | - | - | - | B | A | 2025-04-01T06:15:00Z known 2025-04-01T06:15:00Z
    "#]],
    );
    check(
        &message("UCI+R1+A:500+B:500+8'"),
        &expect![[r#"
        acknowledgements contrl | B/C1.1 | A/R1 | accepted | - | - | - | B | A | 2025-04-01T06:15:00Z known 2025-04-01T06:15:00Z
    "#]],
    );
    check(
        &message("UCI+R1+A:500+B:500+4+26'"),
        &expect![[r#"
        acknowledgements contrl | B/C1.1 | A/R1 | rejected | 26 | duplicate detected | - | B | A | 2025-04-01T06:15:00Z known 2025-04-01T06:15:00Z
    "#]],
    );
    check(
        &message("UCI+R1+A:500+B:500+4+29+UNZ+1'"),
        &expect![[r#"
        acknowledgements contrl | B/C1.1 | A/R1 | rejected | 29 | control count does not match number of instances received | UNZ, element 1 | B | A | 2025-04-01T06:15:00Z known 2025-04-01T06:15:00Z
    "#]],
    );
}

#[test]
fn several_messages_and_places_keep_apart() {
    check(
        &message(
            "UCI+R1+A:500+B:500+7'UCM+M1+UTILMD:D:11A:UN:S2.1+4+29+UNT+1'UCM+M2+UTILMD:D:11A:UN:S2.1+4'UCS+4+35'\
            UCS+9'UCD+13+3'UCD+99+2:4'",
        ),
        &expect![[r#"
            acknowledgements contrl | B/C1.1 | A/R1 | accepted | - | - | - | B | A | 2025-04-01T06:15:00Z known 2025-04-01T06:15:00Z
            acknowledgements contrl | B/C1.1 | A/R1.M1 | rejected | 29 | control count does not match number of instances received | UNT, element 1 | B | A | 2025-04-01T06:15:00Z known 2025-04-01T06:15:00Z
            acknowledgements contrl | B/C1.1 | A/R1.M2 | rejected | - | - | - | B | A | 2025-04-01T06:15:00Z known 2025-04-01T06:15:00Z
            acknowledgements contrl | B/C1.1 | A/R1.M2 | rejected | 35 | too many segment repetitions | segment 4 | B | A | 2025-04-01T06:15:00Z known 2025-04-01T06:15:00Z
            acknowledgements contrl | B/C1.1 | A/R1.M2 | rejected | 13 | missing | segment 9, element 3 | B | A | 2025-04-01T06:15:00Z known 2025-04-01T06:15:00Z
            acknowledgements contrl | B/C1.1 | A/R1.M2 | rejected | 99 | - | segment 9, element 2, component 4 | B | A | 2025-04-01T06:15:00Z known 2025-04-01T06:15:00Z
        "#]],
    );
}

#[test]
fn what_is_wrong_is_told_and_the_rest_read() {
    check(
        &message("UCM+M1+X:1+4'UCS+1+12'UCI+R1+A+B+5'UCD+12+1'UCM++X+4'UCM+M1+X:1+9'UCS'XYZ+1'UCS+2'UCD'"),
        &expect![[r#"
            problem message 1, segment 2: UCM stands before UCI, so its interchange is unknown (1 readings, 13 bytes)
            problem message 1, segment 3: the fault stands before UCM, so its message is unknown (1 readings, 9 bytes)
            problem message 1, segment 4: `5` is no answer (DE0083) (1 readings, 13 bytes)
            problem message 1, segment 5: UCD stands before UCS, so its segment is unknown (1 readings, 9 bytes)
            problem message 1, segment 6: UCM names no message (DE0062) (1 readings, 9 bytes)
            problem message 1, segment 7: `9` is no answer (DE0083) (1 readings, 13 bytes)
            problem message 1, segment 8: UCS names no segment (DE0096) (1 readings, 4 bytes)
            problem message 1, segment 9: `XYZ` is no segment of CONTRL; it may have held an answer (1 readings, 6 bytes)
            problem message 1, segment 11: UCD names no fault (DE0085) (1 readings, 4 bytes)
        "#]],
    );
    check(
        &message(""),
        &expect![[r#"
        finding warning no_answer message 1, segment 1: the message answers no interchange (UCI)
    "#]],
    );
    let cut = message("UCI+R1+A:500+B:500+7'");
    check(
        cut.split_once("+B:500+7").map_or("", |(head, _)| head),
        &expect![[r#"
        problem message 1, segment 2: the delivery ends within the segment (1 readings, 13 bytes)
        finding warning truncated message 1: the delivery ends before UNT: something was cut off
        finding warning no_answer message 1, segment 2: the message answers no interchange (UCI)
    "#]],
    );
    check(
        &SAMPLE.replace("+C1'\nUNH", "+C1++++++1'\nUNH"),
        &expect![[r#"
        problem message 1: the interchange is a test (UNB DE0035 is 1), whose content is kept out (1 readings, 117 bytes)
    "#]],
    );
}

#[test]
fn it_is_recognised_with_or_without_una_and_line_breaks() {
    for text in [SAMPLE.to_owned(), SAMPLE.replace('\n', ""), SAMPLE.replacen("UNA:+.? '", "", 1)] {
        assert_eq!(detect(&Head::new(text.as_bytes())), Detected::One(Format::Contrl));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_alike_in_pieces_of_any_size(
        bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0_usize..300, piece in 1_usize..50,
    ) {
        let mut text = SAMPLE.as_bytes().to_vec();
        let at = at.min(text.len());
        text.splice(at..at, bytes);
        let whole = decode(Format::Contrl, &text, &options(), text.len());
        prop_assert_eq!(describe(&decode(Format::Contrl, &text, &options(), piece)), describe(&whole));
    }
}
