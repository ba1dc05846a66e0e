//! CONTRL: which interchanges and messages were accepted by their syntax.
#![allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]

use crate::support;

use expect_test::{Expect, expect};
use metrify_formats::contrl::{Examiner, write};
use metrify_formats::{Detected, Format, Head, detect};
use proptest::prelude::*;

use support::{RECEIVED_AT, decode, describe, options};

const SAMPLE: &str = include_str!("../../../../../samples/formats/contrl.edi");

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

/// The answers to what was received, one segment a line, after both readers understood them.
fn answers(received: &str, piece: usize) -> String {
    let mut examiner = Examiner::default();
    received.as_bytes().chunks(piece).for_each(|chunk| examiner.push(chunk));
    let mut text = String::new();
    for received in examiner.finish() {
        let bytes = write(&received, "C9", RECEIVED_AT).expect("it is written");
        support::edifact::others_read(&bytes);
        let decoded = decode(Format::Contrl, &bytes, &options(), bytes.len());
        assert!(decoded.iter().all(|one| one.problems.is_empty() && one.findings.is_empty()), "{}", describe(&decoded));
        let rejected = describe(&decoded).contains("| rejected |");
        assert_eq!(rejected, !received.is_accepted());
        let written = String::from_utf8(bytes).expect("ASCII");
        text.push_str(&written.replace("UNA:+,? '", "").replace('\'', "'\n"));
    }
    text
}

fn check_answers(received: &str, expected: &Expect) {
    let whole = answers(received, received.len().max(1));
    expected.assert_eq(&whole);
    for piece in [1, 7] {
        assert_eq!(answers(received, piece), whole, "pieces of {piece}");
    }
}

const RECEIVED: &str = "UNB+UNOC:3+9900000000010:500+4012345678901:14+250401:0600+R1++TL'\
    UNH+M1+MSCONS:D:04B:UN:2.4c'BGM+7+D1'UNT+3+M1'UNH+M2+MSCONS:D:04B:UN:2.4c'BGM+7+D2'UNT+3+M2'UNZ+2+R1'";

#[test]
fn what_is_right_is_acknowledged() {
    check_answers(
        RECEIVED,
        &expect![[r#"
        UNB+UNOC:3+4012345678901:14+9900000000010:500+250101:0000+C9'
        UNH+1+CONTRL:D:3:UN:2.0b'
        UCI+R1+9900000000010:500+4012345678901:14+7'
        UNT+3+1'
        UNZ+1+C9'
    "#]],
    );
}

#[test]
fn a_faulty_message_is_rejected_and_the_others_are_not() {
    check_answers(
        &RECEIVED.replace("UNT+3+M1", "UNT+4+M1").replace("UNT+3+M2", "UNT+3+M3"),
        &expect![[r#"
        UNB+UNOC:3+4012345678901:14+9900000000010:500+250101:0000+C9'
        UNH+1+CONTRL:D:3:UN:2.0b'
        UCI+R1+9900000000010:500+4012345678901:14+7'
        UCM+M1+MSCONS:D:04B:UN:2.4c+4+29+UNT+1'
        UCM+M2+MSCONS:D:04B:UN:2.4c+4+28+UNT+2'
        UNT+5+1'
        UNZ+1+C9'
    "#]],
    );
    check_answers(
        &RECEIVED.replace("UNT+3+M1'", "").replace("BGM+7+D2", "bgm+7+D2"),
        &expect![[r#"
        UNB+UNOC:3+4012345678901:14+9900000000010:500+250101:0000+C9'
        UNH+1+CONTRL:D:3:UN:2.0b'
        UCI+R1+9900000000010:500+4012345678901:14+7'
        UCM+M1+MSCONS:D:04B:UN:2.4c+4+13+UNT'
        UCM+M2+MSCONS:D:04B:UN:2.4c+4'
        UCS+2+12'
        UNT+6+1'
        UNZ+1+C9'
    "#]],
    );
}

#[test]
fn a_faulty_interchange_is_rejected_as_a_whole() {
    check_answers(
        &RECEIVED.replace("UNZ+2", "UNZ+3"),
        &expect![[r#"
        UNB+UNOC:3+4012345678901:14+9900000000010:500+250101:0000+C9'
        UNH+1+CONTRL:D:3:UN:2.0b'
        UCI+R1+9900000000010:500+4012345678901:14+4+29+UNZ+1'
        UNT+3+1'
        UNZ+1+C9'
    "#]],
    );
    check_answers(
        &RECEIVED.replace("UNZ+2+R1", "UNZ+2+R2"),
        &expect![[r#"
        UNB+UNOC:3+4012345678901:14+9900000000010:500+250101:0000+C9'
        UNH+1+CONTRL:D:3:UN:2.0b'
        UCI+R1+9900000000010:500+4012345678901:14+4+28+UNZ+2'
        UNT+3+1'
        UNZ+1+C9'
    "#]],
    );
    check_answers(
        &RECEIVED.replace("UNZ+2+R1'", ""),
        &expect![[r#"
        UNB+UNOC:3+4012345678901:14+9900000000010:500+250101:0000+C9'
        UNH+1+CONTRL:D:3:UN:2.0b'
        UCI+R1+9900000000010:500+4012345678901:14+4+13+UNZ'
        UNT+3+1'
        UNZ+1+C9'
    "#]],
    );
    check_answers(
        &RECEIVED.replace("UNOC:3", "KECA:1"),
        &expect![[r#"
        UNB+UNOC:3+4012345678901:14+9900000000010:500+250101:0000+C9'
        UNH+1+CONTRL:D:3:UN:2.0b'
        UCI+R1+9900000000010:500+4012345678901:14+4+2+UNB+1'
        UNT+3+1'
        UNZ+1+C9'
    "#]],
    );
    check_answers(
        &RECEIVED.replace("UNH+M1", "UNH+"),
        &expect![[r#"
        UNB+UNOC:3+4012345678901:14+9900000000010:500+250101:0000+C9'
        UNH+1+CONTRL:D:3:UN:2.0b'
        UCI+R1+9900000000010:500+4012345678901:14+4+13+UNH+1'
        UNT+3+1'
        UNZ+1+C9'
    "#]],
    );
    check_answers(
        &RECEIVED.replacen("UNH+M1", "DTM+1'UNH+M1", 1),
        &expect![[r#"
        UNB+UNOC:3+4012345678901:14+9900000000010:500+250101:0000+C9'
        UNH+1+CONTRL:D:3:UN:2.0b'
        UCI+R1+9900000000010:500+4012345678901:14+4+33+UNB'
        UNT+3+1'
        UNZ+1+C9'
    "#]],
    );
}

#[test]
fn an_answer_is_never_answered_and_neither_is_what_says_not_whose_it_is() {
    assert_eq!(answers(SAMPLE, 7), "");
    assert_eq!(answers(&RECEIVED.replace("+R1++TL'", "+++TL'"), 7), "");
    assert_eq!(answers("no EDIFACT at all", 7), "");
}

proptest! {
    #[test]
    fn whatever_is_received_its_answer_can_be_read(
        at in 0_usize..250, cut in 0_usize..20, with in "[A-Z0-9+:'? ]{0,12}", piece in 1_usize..50,
    ) {
        let mut text = RECEIVED.to_owned();
        let at = at.min(text.len());
        text.replace_range(at..(at + cut).min(text.len()), &with);
        prop_assert_eq!(answers(&text, piece), answers(&text, text.len().max(1)));
    }
}
