//! Grid frequencies through the front door.

use crate::support;

use expect_test::{Expect, expect};
use metrify_domain::calendar::Zone;
use metrify_formats::{Detected, Format, Head, Options, detect};
use proptest::prelude::*;

fn of(area: &str, zone: Option<Zone>) -> Options {
    Options { area: area.parse().ok(), zone, ..support::options() }
}

fn check(table: &str, options: &Options, expected: &Expect) {
    let decode = |piece| support::describe(&support::decode(Format::Frequency, table.as_bytes(), options, piece));
    expected.assert_eq(&decode(table.len()));
    for piece in [1, 7] {
        assert_eq!(decode(piece), decode(table.len()), "in pieces of {piece} bytes");
    }
}

#[test]
fn a_deviation_in_millihertz_becomes_the_exact_frequency() {
    check(
        "timestamp,deviation mHz\n2024-01-01T00:00:00Z,-12.5\n2024-01-01T00:00:10Z,0\n2024-01-01T00:00:20Z,199.999999999\n\
         2024-01-01T00:00:30Z,0.0000000001\n2024-01-01T00:00:40Z,\n2024-01-01T00:00:50Z,x\n",
        &of("DE", None),
        &expect![[r#"
            DE frequency instant 2024-01-01T00:00:00Z 49.9875 Hz true
            DE frequency instant 2024-01-01T00:00:10Z 50 Hz true
            DE frequency instant 2024-01-01T00:00:20Z 50.199999999999 Hz true
            DE frequency instant 2024-01-01T00:00:40Z - Hz missing
            problem line 5: a deviation of 0.0000000001 mHz has more places than are kept of a frequency (1 readings, 33 bytes)
            problem line 7: `x` is not a decimal number (1 readings, 22 bytes)
            meter Meter { point: DE, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn frequencies_in_hertz_are_read_as_operators_publish_them() {
    check(
        "dtm,f\n2019-01-01 00:00:00 +0000,49.964\n2019-01-01 00:00:01 +0000,50.001\n",
        &of("GB", None),
        &expect![[r#"
            GB frequency instant 2019-01-01T00:00:00Z 49.964 Hz true
            GB frequency instant 2019-01-01T00:00:01Z 50.001 Hz true
            meter Meter { point: GB, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
    check(
        "DATE;TIME;FREQUENCY_[HZ]\n2019/03/31;01:59:59;50,012\n31.03.2019;03:00:00;49,998\n",
        &of("TransnetBW", Some(Zone::BERLIN)),
        &expect![[r#"
            TransnetBW frequency instant 2019-03-31T00:59:59Z 50.012 Hz true
            TransnetBW frequency instant 2019-03-31T01:00:00Z 49.998 Hz true
            meter Meter { point: TransnetBW, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn a_table_without_header_is_read_from_its_first_row_on() {
    check(
        "2011/01/01,00:00:00,50.012,10\n2011/01/01,00:00:01,50.013,10\n",
        &of("50Hertz", Some(Zone::BERLIN)),
        &expect![[r#"
            50Hertz frequency instant 2010-12-31T23:00:00Z 50.012 Hz true
            50Hertz frequency instant 2010-12-31T23:00:01Z 50.013 Hz true
            meter Meter { point: 50Hertz, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
    check(
        "01.01.2010 00:00:00;50,012\n01.01.2010 00:00:01;49,9\n",
        &of("50Hertz", Some(Zone::BERLIN)),
        &expect![[r#"
            50Hertz frequency instant 2009-12-31T23:00:00Z 50.012 Hz true
            50Hertz frequency instant 2009-12-31T23:00:01Z 49.9 Hz true
            meter Meter { point: 50Hertz, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn the_doubled_hour_is_told_by_the_order_of_seconds() {
    check(
        "time,frequency\n2023-10-29 01:59:59,50\n2023-10-29 02:00:00,50.1\n2023-10-29 02:59:59,50.2\n2023-10-29 02:00:00,50.3\n",
        &of("DE", Some(Zone::BERLIN)),
        &expect![[r#"
            DE frequency instant 2023-10-28T23:59:59Z 50 Hz true
            DE frequency instant 2023-10-29T00:00:00Z 50.1 Hz true
            DE frequency instant 2023-10-29T00:59:59Z 50.2 Hz true
            DE frequency instant 2023-10-29T01:00:00Z 50.3 Hz true
            meter Meter { point: DE, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn what_no_file_tells_has_to_be_given() {
    check(
        "dtm,f\n2019-01-01 00:00:00 +0000,49.964\n",
        &support::options(),
        &expect![[r#"
        problem line 2: the table does not say of which grid the frequency is: give --area, such as TransnetBW (1 readings, 33 bytes)
    "#]],
    );
    check(
        "dtm,f\n2019-01-01 00:00:00,49.964\n",
        &of("GB", None),
        &expect![[r#"
        problem line 2: `2019-01-01 00:00:00` has no zone: give --timezone (1 readings, 26 bytes)
        meter Meter { point: GB, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
}

#[test]
fn frequencies_are_told_by_their_columns_or_by_values_near_fifty() {
    for ours in [
        &b"timestamp,deviation mHz\n"[..],
        b"DTM,F\n",
        b"2011/01/01,00:00:00,50.012\n2011/01/01,00:00:01,50.013\n",
        b"01.01.2010 00:00:00;50,012",
    ] {
        assert_eq!(detect(&Head::new(ours)), Detected::One(Format::Frequency), "{}", String::from_utf8_lossy(ours));
    }
    for other in [
        &b"timestamp,value\n"[..],
        b"meter_id,reading_timestamp,frequency_hz\n",
        b"2011/01/01,00:00:00,50.012\n2011/01/01,00:00:01,0.2\n",
        b"2011/01/01,00:00:00,12\n",
        b"",
    ] {
        assert_eq!(Format::Frequency.recognise(&Head::new(other)), None, "{}", String::from_utf8_lossy(other));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic_and_the_same_in_any_pieces(
        header in prop::sample::select(&["dtm,f\n", "timestamp;deviation mHz\n", "2011/01/01,00:00:00,50.012\n"][..]),
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b";\n:.,0123"[..])], 0..300),
        piece in 1_usize..50,
    ) {
        let table = [header.as_bytes(), &bytes].concat();
        let options = of("DE", Some(Zone::BERLIN));
        let whole = support::describe(&support::decode(Format::Frequency, &table, &options, table.len()));
        prop_assert_eq!(support::describe(&support::decode(Format::Frequency, &table, &options, piece)), whole);
    }
}
