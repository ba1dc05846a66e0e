//! Interchanges of every type: how they are told apart, and what becomes of messages that nobody reads.

use crate::support;

use expect_test::{Expect, expect};
use metrify_formats::{Detected, Format, Head, detect};
use proptest::prelude::*;

use support::{decode, describe, options, sample};

fn check(text: &str, expected: &Expect) {
    let whole = describe(&decode(Format::Edifact, text.as_bytes(), &options(), text.len()));
    expected.assert_eq(&whole);
    for piece in [1, 7] {
        assert_eq!(describe(&decode(Format::Edifact, text.as_bytes(), &options(), piece)), whole, "pieces of {piece}");
    }
}

fn told(bytes: &[u8]) -> String {
    detect(&Head::new(bytes)).to_string()
}

const ORDERS: &str = "UNA:+.? '\nUNB+UNOC:3+9905048000007:500+9985046000001:500+250401:0600+R1'\n\
    UNH+1+ORDERS:D:09B:UN:1.4b'\nBGM+7+B1+9'\nDTM+137:202504010600?+00:303'\nUNT+4+1'\nUNZ+1+R1'\n";

#[test]
fn a_type_that_nobody_reads_is_a_problem_that_names_it() {
    check(
        ORDERS,
        &expect![[r#"
            problem message 1: the message's type is `ORDERS`, an order of values or changes, of which nothing is read; read are MSCONS, UTILMD, CONTRL, APERAK (1 readings, 67 bytes)
        "#]],
    );
    check(
        &ORDERS.replace("ORDERS", "SLSRPT"),
        &expect![[r#"
            problem message 1: the message's type is `SLSRPT`, which we do not know; read are MSCONS, UTILMD, CONTRL, APERAK (1 readings, 67 bytes)
        "#]],
    );
}

#[test]
fn an_interchange_is_told_by_its_first_message_that_is_read() {
    let mscons = "UNH+2+MSCONS:D:04B:UN:2.4c'\nUNT+2+2'\n";
    assert_eq!(told(ORDERS.as_bytes()), "edifact");
    assert_eq!(told(ORDERS.replace('\n', "").as_bytes()), "edifact");
    assert_eq!(told(ORDERS.replacen("UNA:+.? '", "", 1).as_bytes()), "edifact");
    assert_eq!(told(ORDERS.replace("UNZ+1", &format!("{mscons}UNZ+2")).as_bytes()), "mscons");
    assert_eq!(told(b"\xef\xbb\xbfUNB+UNOC:3+A:500+B:500+250401:0600+R1'UNZ+0+R1'"), "edifact");
    for text in
        ["UNA", "UNB", "UNB+a+b", "UNH+1+what:D'", "UNBELIEVABLE+UNOC", "point;UNB+UNOC:3'", "{\"UNB+UNOC:3\":1}"]
    {
        assert_eq!(told(text.as_bytes()), "no format that we know", "{text}");
    }
}

/// All samples of the folder are MSCONS, and nobody else claims them.
#[test]
fn samples_are_recognised_as_exactly_one_format() {
    for name in [
        "20191215_045127_12X-SAK-N------6_E66_12X-SAK-N------6_ESLEVU14572841_-1811850990.txt",
        "20191215_045128_12X-SAK-N------6_E66_12X-SAK-N------6_ESLEVU14572842_-1470816376.txt",
        "20191215_045129_12X-SAK-N------6_E66_12X-SAK-N------6_ESLEVU14572844_-1411967842.txt",
        "20191215_045129_12X-SAK-N------6_E66_12X-SAK-N------6_ESLEVU14572845_1003992095.txt",
        "MSCONS_TL_SAMPLE01.txt",
        "mscons-message-example-simple.txt",
        "mscons-message-example-una-spec.txt",
        "mscons-message-example.txt",
        "mako/invalid_bad_melo.edi",
        "mako/valid_pid_13002.edi",
        "mako/valid_pid_13003.edi",
    ] {
        let Some(bytes) = sample(&format!("mscons/{name}")) else { return };
        assert_eq!(detect(&Head::new(&bytes)), Detected::One(Format::Mscons), "{name}");
    }
}

/// What lies in the folders of other formats is none of ours.
#[test]
fn samples_of_other_formats_are_not_claimed() {
    let ours = [Format::Mscons, Format::Edifact];
    for name in [
        "grid-smard/Realisierter_Stromverbrauch_202301010000_202401010000_Viertelstunde.csv",
        "grid-redispatch/redispatch_2024_H1.csv",
        "grid-entsoe/FR_prices.xml",
        "dsmr/TELEGRAM_V5.txt",
        "weather-dwd/MOSMIX_L_LATEST.kmz",
        "mscons/mscons-message-example-expected-response.json",
    ] {
        let Some(bytes) = sample(name) else { return };
        let claimed: Vec<_> = ours.iter().filter(|format| format.recognise(&Head::new(&bytes)).is_some()).collect();
        assert!(claimed.is_empty(), "{name} is claimed by {claimed:?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_alike_in_pieces_of_any_size(
        bytes in proptest::collection::vec(any::<u8>(), 0..300), piece in 1_usize..50,
    ) {
        let mut interchange = ORDERS.as_bytes().to_vec();
        interchange.extend(&bytes);
        let whole = decode(Format::Edifact, &interchange, &options(), interchange.len());
        prop_assert_eq!(describe(&decode(Format::Edifact, &interchange, &options(), piece)), describe(&whole));
    }
}
