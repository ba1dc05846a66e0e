//! The traffic light of the grid through the front door: a list in, rows of `grid_status` out.

use crate::support;

use expect_test::{Expect, expect};
use metrify_formats::{Detected, Format, Head, Options, detect};
use proptest::prelude::*;

fn check(text: &str, options: &Options, expected: &Expect) {
    let read = |piece| support::describe(&support::decode(Format::TrafficLight, text.as_bytes(), options, piece));
    expected.assert_eq(&read(text.len()));
    for piece in [1, 7] {
        assert_eq!(read(piece), read(text.len()), "in pieces of {piece} bytes");
    }
}

#[test]
fn every_element_is_a_row_and_the_area_is_that_of_the_options() {
    let text = r#"[
  {"From":"2024-10-10T13:00:00Z","To":"2024-10-10T13:01:00Z","Value":"GREEN"},
  {"Value":"YELLOW_NEGATIVE","To":"2024-10-10T15:02:00+02:00","From":"2024-10-10T15:01:00+02:00"}
]"#;
    check(
        text,
        &support::options(),
        &expect![[r#"
            grid_status DE | 2024-10-10T13:00:00Z | 2024-10-10T13:01:00Z | GREEN
            grid_status DE | 2024-10-10T13:01:00Z | 2024-10-10T13:02:00Z | YELLOW_NEGATIVE
        "#]],
    );
    let options = Options { area: "50Hertz".parse().ok(), ..support::options() };
    check(
        text,
        &options,
        &expect![[r#"
            grid_status 50Hertz | 2024-10-10T13:00:00Z | 2024-10-10T13:01:00Z | GREEN
            grid_status 50Hertz | 2024-10-10T13:01:00Z | 2024-10-10T13:02:00Z | YELLOW_NEGATIVE
        "#]],
    );
}

#[test]
fn what_is_not_understood_costs_its_own_row() {
    check(
        r#"[{"From":"2024-10-10T13:00:00","To":"2024-10-10T13:01:00Z","Value":"GREEN"},
{"From":"2024-10-10T13:01:00Z","To":"2024-10-10T13:01:00Z","Value":"GREEN"},
{"From":"2024-10-10T13:01:00Z","To":"2024-10-10T13:02:00Z","Value":null},
{"From":"2024-10-10T13:01:00Z","To":"2024-10-10T13:02:00Z"},
{"From":1728565260,"To":"2024-10-10T13:02:00Z","Value":"RED"},
[1],
{"From":"2024-10-10T13:01:00Z","From":"2024-10-10T13:01:00Z","To":"2024-10-10T13:02:00Z","Value":"RED"},
{"From":"2024-10-10T13:02:00Z","To":"2024-10-10T13:03:00Z","Value":"PURPLE"},
{"From":"2024-10-10T13:03:00Z","To":"2024-10-10T13:04:00Z","Value":"PURPLE"},
{"From":"2024-10-10T13:04:00Z","To":"2024-10-10T13:05:00Z","Value":"RED","#,
        &support::options(),
        &expect![[r#"
            problem .[0]: `2024-10-10T13:00:00` has no zone: give --timezone (1 readings, 74 bytes)
            problem .[1]: it ends at 2024-10-10T13:01:00Z, which is not after its begin 2024-10-10T13:01:00Z (1 readings, 75 bytes)
            problem .[2]: `Value` says nothing (1 readings, 72 bytes)
            problem .[3]: `Value` says nothing (1 readings, 59 bytes)
            problem .[4]: `1728565260` is a bare number, which may count seconds or milliseconds: write a time such as 2025-03-30T01:45:00Z (1 readings, 61 bytes)
            problem .[5]: a list is no object with `From`, `To` and `Value` (1 readings, 3 bytes)
            problem .[6]: `From` stands twice (1 readings, 103 bytes)
            problem byte 692: expected a key in quotes, found the end (1 readings, 73 bytes)
            finding note unknown_status .[7].Value: `PURPLE` begins with no colour that we know; it is kept as it stands
            grid_status DE | 2024-10-10T13:02:00Z | 2024-10-10T13:03:00Z | PURPLE
            grid_status DE | 2024-10-10T13:03:00Z | 2024-10-10T13:04:00Z | PURPLE
        "#]],
    );
}

#[test]
fn a_list_of_from_to_and_value_is_recognised_and_nothing_else() {
    for (text, expected) in [
        (r#"[{"From":"x","To":"y","Value":"GREEN"}]"#, Detected::One(Format::TrafficLight)),
        (r#"{"From":"x","To":"y","Value":"GREEN"}"#, Detected::None),
        (r#"[{"From":"x","To":"y"}]"#, Detected::None),
        ("[]", Detected::None),
    ] {
        assert_eq!(detect(&Head::new(text.as_bytes())), expected, "{text}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic_and_the_same_in_any_pieces(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..300),
            r#"[\[\]{}",:a0\\\n]{0,120}"#.prop_map(String::into_bytes),
        ],
        piece in 1_usize..50,
    ) {
        let mut text = br#"[{"From":"2024-10-10T13:00:00Z","To":"2024-10-10T13:01:00Z","Value":"GREEN"},"#.to_vec();
        text.extend(bytes);
        let whole = support::describe(&support::decode(Format::TrafficLight, &text, &support::options(), text.len()));
        let pieces = support::describe(&support::decode(Format::TrafficLight, &text, &support::options(), piece));
        prop_assert!(whole.contains("grid_status DE | "));
        prop_assert_eq!(whole, pieces);
    }
}
