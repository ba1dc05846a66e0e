//! What tables of series leave to their readers: directions, ends of intervals, letters of the doubled hour, days beside clock times.

use crate::support;

use expect_test::{Expect, expect};
use metrify_domain::calendar::Zone;
use metrify_formats::{Detected, Format, Head, Options, detect};

const POINT: &str = "51481308448";

fn energy() -> Options {
    Options {
        point: POINT.parse().ok(),
        quantity: "1-1:1.29.0".parse().ok(),
        zone: Some(Zone::BERLIN),
        ..support::options()
    }
}

fn read(table: &str, options: &Options) -> String {
    let read = |piece| support::describe(&support::decode(Format::Csv, table.as_bytes(), options, piece));
    let whole = read(table.len().max(1));
    for piece in [1, 7] {
        assert_eq!(read(piece), whole, "in pieces of {piece} bytes");
    }
    whole.lines().filter(|line| !line.starts_with("meter ")).map(|line| format!("{line}\n")).collect()
}

fn check(table: &str, options: &Options, expected: &Expect) {
    expected.assert_eq(&read(table, options));
}

/// The first and the last two readings, and all that is told.
fn check_ends(table: &str, options: &Options, expected: &Expect) {
    let told = read(table, options);
    let (readings, rest): (Vec<&str>, Vec<&str>) = told.lines().partition(|line| line.contains(" interval "));
    let count = readings.len();
    let shown = readings.iter().enumerate().filter(|(index, _)| *index < 2 || index + 2 >= count);
    let shown: String = shown.map(|(_, line)| format!("{line}\n")).collect();
    expected.assert_eq(&format!(
        "{shown}{count} readings\n{}",
        rest.iter().map(|line| format!("{line}\n")).collect::<String>()
    ));
}

/// A row for every quarter-hour from a minute of the 1st of June on, the last of a day written as `midnight` says.
fn quarters(first: usize, count: usize, midnight: &str) -> String {
    let row = |number: usize| {
        let minute = first + number * 15;
        let (day, minute) = (minute / 1_440, minute % 1_440);
        match (minute, midnight) {
            (0, "24:00") if number > 0 => format!("{day:02}.06.2025 24:00;{number}\n"),
            _ => format!("{:02}.06.2025 {:02}:{:02};{number}\n", day + 1, minute / 60, minute % 60),
        }
    };
    (0..count).map(row).collect()
}

#[test]
fn columns_named_by_their_direction_are_both_directions_of_the_point_that_is_given() {
    let table = "Zeitstempel;Bezug [kWh];Lieferung [kWh]\n01.06.2025 00:00;1,5;0\n01.06.2025 00:15;1,6;0,25\n";
    check(
        table,
        &energy(),
        &expect![[r#"
        51481308448 1-1:1.29.0 interval 2025-05-31T22:00:00Z..2025-05-31T22:15:00Z 1.5 kWh true
        51481308448 1-1:2.29.0 interval 2025-05-31T22:00:00Z..2025-05-31T22:15:00Z 0 kWh true
        51481308448 1-1:1.29.0 interval 2025-05-31T22:15:00Z..2025-05-31T22:30:00Z 1.6 kWh true
        51481308448 1-1:2.29.0 interval 2025-05-31T22:15:00Z..2025-05-31T22:30:00Z 0.25 kWh true
        finding note assumed_interval line 1: the table does not say whether a time is the beginning or the end of its interval: it is taken as the beginning
    "#]],
    );
    let english = "start,import_kwh,export_kwh\n2025-06-01T00:00:00Z,1.5,0\n2025-06-01T00:15:00Z,1.6,0.25\n";
    let options = Options { quantity: "1-0:2.29.0".parse().ok(), ..energy() };
    check(
        english,
        &options,
        &expect![[r#"
        51481308448 1-0:1.29.0 interval 2025-06-01T00:00:00Z..2025-06-01T00:15:00Z 1.5 kWh true
        51481308448 1-0:2.29.0 interval 2025-06-01T00:00:00Z..2025-06-01T00:15:00Z 0 kWh true
        51481308448 1-0:1.29.0 interval 2025-06-01T00:15:00Z..2025-06-01T00:30:00Z 1.6 kWh true
        51481308448 1-0:2.29.0 interval 2025-06-01T00:15:00Z..2025-06-01T00:30:00Z 0.25 kWh true
    "#]],
    );
    check(
        table,
        &Options { point: None, ..energy() },
        &expect![[r#"
        problem line 2: the table does not say all that its values are: give --point for `Bezug [kWh]`, --point for `Lieferung [kWh]` (4 readings, 49 bytes)
    "#]],
    );
    // One column is what the hint says.
    let one = "start,Lieferung [kWh]\n2025-06-01T00:00:00Z,1.5\n2025-06-01T00:15:00Z,1.6\n";
    check(
        one,
        &energy(),
        &expect![[r#"
        51481308448 1-1:1.29.0 interval 2025-06-01T00:00:00Z..2025-06-01T00:15:00Z 1.5 kWh true
        51481308448 1-1:1.29.0 interval 2025-06-01T00:15:00Z..2025-06-01T00:30:00Z 1.6 kWh true
    "#]],
    );
}

#[test]
fn columns_that_would_be_the_same_channel_are_refused_with_the_way_out() {
    let rows = "01.06.2025 00:00;1,5;0\n01.06.2025 00:15;1,6;0\n";
    for (header, options, expected) in [
        (
            "Zeitstempel;Haus A [kWh];Haus B [kWh]",
            energy(),
            expect![[r#"
            problem line 2: the table does not say all that its values are: `Haus A [kWh]` and `Haus B [kWh]` would both be 1-1:1.29.0 of `51481308448`: leave --point and --area away where each is a point by its own name, or leave one column away (4 readings, 46 bytes)
        "#]],
        ),
        (
            "Zeitstempel;Bezug;Lieferung",
            energy(),
            expect![[r#"
            problem line 2: the table does not say all that its values are: `Bezug` and `Lieferung` would both be 1-1:1.29.0 of `51481308448`: name both by direction and unit, such as `Bezug [kWh]` and `Lieferung [kWh]`, give a code of active energy with --quantity, or leave one column away (4 readings, 46 bytes)
        "#]],
        ),
        (
            "Zeitstempel;Bezug [kWh];Wert [kWh]",
            energy(),
            expect![[r#"
            problem line 2: the table does not say all that its values are: `Bezug [kWh]` and `Wert [kWh]` would both be 1-1:1.29.0 of `51481308448`: name both by direction and unit, such as `Bezug [kWh]` and `Lieferung [kWh]`, give a code of active energy with --quantity, or leave one column away (4 readings, 46 bytes)
        "#]],
        ),
        (
            "Zeitstempel;demand;value [MWh]",
            Options { point: None, area: "VIC".parse().ok(), quantity: "load".parse().ok(), ..energy() },
            expect![[r#"
                problem line 2: the table does not say all that its values are: `demand` and `value [MWh]` would both be load of `VIC`: leave --point and --area away where each is a point by its own name, or leave one column away (4 readings, 46 bytes)
            "#]],
        ),
    ] {
        check(&format!("{header}\n{rows}"), &options, &expected);
    }
}

#[test]
fn times_that_prove_to_be_ends_are_taken_as_ends() {
    let header = "Zeitstempel;Wert [kWh]\n";
    check_ends(
        &(header.to_owned() + &quarters(15, 96, "24:00")),
        &energy(),
        &expect![[r#"
        51481308448 1-1:1.29.0 interval 2025-05-31T22:00:00Z..2025-05-31T22:15:00Z 0 kWh true
        51481308448 1-1:1.29.0 interval 2025-05-31T22:15:00Z..2025-05-31T22:30:00Z 1 kWh true
        51481308448 1-1:1.29.0 interval 2025-06-01T21:30:00Z..2025-06-01T21:45:00Z 94 kWh true
        51481308448 1-1:1.29.0 interval 2025-06-01T21:45:00Z..2025-06-01T22:00:00Z 95 kWh true
        96 readings
        finding note assumed_interval line 1: the times are taken as the ends of their intervals, since one is 24:00, at which nothing begins
    "#]],
    );
    check_ends(
        &(header.to_owned() + &quarters(15, 96, "00:00")),
        &energy(),
        &expect![[r#"
        51481308448 1-1:1.29.0 interval 2025-05-31T22:00:00Z..2025-05-31T22:15:00Z 0 kWh true
        51481308448 1-1:1.29.0 interval 2025-05-31T22:15:00Z..2025-05-31T22:30:00Z 1 kWh true
        51481308448 1-1:1.29.0 interval 2025-06-01T21:30:00Z..2025-06-01T21:45:00Z 94 kWh true
        51481308448 1-1:1.29.0 interval 2025-06-01T21:45:00Z..2025-06-01T22:00:00Z 95 kWh true
        96 readings
        finding note assumed_interval line 1: the times are taken as the ends of their intervals, since they reach from one step behind a midnight to another midnight
    "#]],
    );
    check_ends(
        &(header.to_owned() + &quarters(15, 28 * 96, "00:00")),
        &energy(),
        &expect![[r#"
        51481308448 1-1:1.29.0 interval 2025-05-31T22:00:00Z..2025-05-31T22:15:00Z 0 kWh true
        51481308448 1-1:1.29.0 interval 2025-05-31T22:15:00Z..2025-05-31T22:30:00Z 1 kWh true
        51481308448 1-1:1.29.0 interval 2025-06-28T21:30:00Z..2025-06-28T21:45:00Z 2686 kWh true
        51481308448 1-1:1.29.0 interval 2025-06-28T21:45:00Z..2025-06-28T22:00:00Z 2687 kWh true
        2688 readings
        finding note assumed_interval line 1: the times are taken as the ends of their intervals, since they reach from one step behind a midnight to another midnight
    "#]],
    );
    // It begins in the middle of a day.
    check_ends(
        &(header.to_owned() + &quarters(615, 200, "24:00")),
        &energy(),
        &expect![[r#"
        51481308448 1-1:1.29.0 interval 2025-06-01T08:00:00Z..2025-06-01T08:15:00Z 0 kWh true
        51481308448 1-1:1.29.0 interval 2025-06-01T08:15:00Z..2025-06-01T08:30:00Z 1 kWh true
        51481308448 1-1:1.29.0 interval 2025-06-03T09:30:00Z..2025-06-03T09:45:00Z 198 kWh true
        51481308448 1-1:1.29.0 interval 2025-06-03T09:45:00Z..2025-06-03T10:00:00Z 199 kWh true
        200 readings
        finding note assumed_interval line 1: the times are taken as the ends of their intervals, since one is 24:00, at which nothing begins
    "#]],
    );
    // The name says it.
    check_ends(
        &("Ende;Wert [kWh]\n".to_owned() + &quarters(600, 4, "00:00")),
        &energy(),
        &expect![[r#"
        51481308448 1-1:1.29.0 interval 2025-06-01T07:45:00Z..2025-06-01T08:00:00Z 0 kWh true
        51481308448 1-1:1.29.0 interval 2025-06-01T08:00:00Z..2025-06-01T08:15:00Z 1 kWh true
        51481308448 1-1:1.29.0 interval 2025-06-01T08:15:00Z..2025-06-01T08:30:00Z 2 kWh true
        51481308448 1-1:1.29.0 interval 2025-06-01T08:30:00Z..2025-06-01T08:45:00Z 3 kWh true
        4 readings
    "#]],
    );
}

#[test]
fn times_that_do_not_prove_to_be_ends_are_beginnings_and_24_00_among_them_is_refused() {
    let header = "Zeitstempel;Wert [kWh]\n";
    // It ends behind midnight, or begins elsewhere.
    check_ends(
        &(header.to_owned() + &quarters(15, 97, "00:00")),
        &energy(),
        &expect![[r#"
        51481308448 1-1:1.29.0 interval 2025-05-31T22:15:00Z..2025-05-31T22:30:00Z 0 kWh true
        51481308448 1-1:1.29.0 interval 2025-05-31T22:30:00Z..2025-05-31T22:45:00Z 1 kWh true
        51481308448 1-1:1.29.0 interval 2025-06-01T22:00:00Z..2025-06-01T22:15:00Z 95 kWh true
        51481308448 1-1:1.29.0 interval 2025-06-01T22:15:00Z..2025-06-01T22:30:00Z 96 kWh true
        97 readings
        finding note assumed_interval line 1: the table does not say whether a time is the beginning or the end of its interval: it is taken as the beginning
    "#]],
    );
    check_ends(
        &(header.to_owned() + &quarters(30, 95, "00:00")),
        &energy(),
        &expect![[r#"
        51481308448 1-1:1.29.0 interval 2025-05-31T22:30:00Z..2025-05-31T22:45:00Z 0 kWh true
        51481308448 1-1:1.29.0 interval 2025-05-31T22:45:00Z..2025-05-31T23:00:00Z 1 kWh true
        51481308448 1-1:1.29.0 interval 2025-06-01T21:45:00Z..2025-06-01T22:00:00Z 93 kWh true
        51481308448 1-1:1.29.0 interval 2025-06-01T22:00:00Z..2025-06-01T22:15:00Z 94 kWh true
        95 readings
        finding note assumed_interval line 1: the table does not say whether a time is the beginning or the end of its interval: it is taken as the beginning
    "#]],
    );
    check_ends(
        &(header.to_owned() + &quarters(0, 98, "24:00")),
        &energy(),
        &expect![[r#"
        51481308448 1-1:1.29.0 interval 2025-05-31T22:00:00Z..2025-05-31T22:15:00Z 0 kWh true
        51481308448 1-1:1.29.0 interval 2025-05-31T22:15:00Z..2025-05-31T22:30:00Z 1 kWh true
        51481308448 1-1:1.29.0 interval 2025-06-01T21:45:00Z..2025-06-01T22:00:00Z 95 kWh true
        51481308448 1-1:1.29.0 interval 2025-06-01T22:15:00Z..2025-06-01T22:30:00Z 97 kWh true
        97 readings
        problem line 98: `01.06.2025 24:00` can only be the end of an interval, yet the times before it are taken as beginnings: if all are ends, name their column `Ende` (1 readings, 19 bytes)
        finding note assumed_interval line 1: the table does not say whether a time is the beginning or the end of its interval: it is taken as the beginning
    "#]],
    );
    check_ends(
        &("von;Wert [kWh]\n".to_owned() + &quarters(15, 96, "24:00")),
        &energy(),
        &expect![[r#"
        51481308448 1-1:1.29.0 interval 2025-05-31T22:15:00Z..2025-05-31T22:30:00Z 0 kWh true
        51481308448 1-1:1.29.0 interval 2025-05-31T22:30:00Z..2025-05-31T22:45:00Z 1 kWh true
        51481308448 1-1:1.29.0 interval 2025-06-01T21:30:00Z..2025-06-01T21:45:00Z 93 kWh true
        51481308448 1-1:1.29.0 interval 2025-06-01T21:45:00Z..2025-06-01T22:00:00Z 94 kWh true
        95 readings
        problem line 97: `01.06.2025 24:00` can only be the end of an interval, yet the times before it are taken as beginnings: if all are ends, name their column `Ende` (1 readings, 19 bytes)
    "#]],
    );
}

#[test]
fn ends_are_placed_through_both_clock_changes() {
    let spring = "Ende;Wert [kWh]\n30.03.2025 01:30;1\n30.03.2025 01:45;2\n30.03.2025 02:00;3\n30.03.2025 03:15;4\n";
    check(
        spring,
        &energy(),
        &expect![[r#"
        51481308448 1-1:1.29.0 interval 2025-03-30T00:15:00Z..2025-03-30T00:30:00Z 1 kWh true
        51481308448 1-1:1.29.0 interval 2025-03-30T00:30:00Z..2025-03-30T00:45:00Z 2 kWh true
        51481308448 1-1:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z 3 kWh true
        51481308448 1-1:1.29.0 interval 2025-03-30T01:00:00Z..2025-03-30T01:15:00Z 4 kWh true
    "#]],
    );
    let autumn = "Ende;Wert [kWh]\n26.10.2025 01:45;1\n26.10.2025 02:00;2\n26.10.2025 02:30;3\n26.10.2025 02:45;4\n26.10.2025 02:00;5\n\
                  26.10.2025 02:15;6\n";
    check(
        autumn,
        &energy(),
        &expect![[r#"
        51481308448 1-1:1.29.0 interval 2025-10-25T23:30:00Z..2025-10-25T23:45:00Z 1 kWh true
        51481308448 1-1:1.29.0 interval 2025-10-25T23:45:00Z..2025-10-26T00:00:00Z 2 kWh true
        51481308448 1-1:1.29.0 interval 2025-10-26T00:15:00Z..2025-10-26T00:30:00Z 3 kWh true
        51481308448 1-1:1.29.0 interval 2025-10-26T00:30:00Z..2025-10-26T00:45:00Z 4 kWh true
        51481308448 1-1:1.29.0 interval 2025-10-26T00:45:00Z..2025-10-26T01:00:00Z 5 kWh true
        51481308448 1-1:1.29.0 interval 2025-10-26T01:00:00Z..2025-10-26T01:15:00Z 6 kWh true
        finding warning gap line 4: the row before is 30 minutes away, yet rows were 15 minutes apart: its amount is taken as one of 15 minutes
    "#]],
    );
}

#[test]
fn letters_tell_the_passes_of_the_doubled_hour() {
    let hours = ["01:45", "2A:00", "2A:15", "2A:30", "2A:45", "2B:00", "2B:15", "2B:30", "2B:45", "03:00"];
    let rows: String = hours.iter().enumerate().map(|(number, time)| format!("26.10.2025 {time};{number}\n")).collect();
    check(
        &format!("Zeitstempel;Wert (kWh)\n{rows}"),
        &energy(),
        &expect![[r#"
        51481308448 1-1:1.29.0 interval 2025-10-25T23:45:00Z..2025-10-26T00:00:00Z 0 kWh true
        51481308448 1-1:1.29.0 interval 2025-10-26T00:00:00Z..2025-10-26T00:15:00Z 1 kWh true
        51481308448 1-1:1.29.0 interval 2025-10-26T00:15:00Z..2025-10-26T00:30:00Z 2 kWh true
        51481308448 1-1:1.29.0 interval 2025-10-26T00:30:00Z..2025-10-26T00:45:00Z 3 kWh true
        51481308448 1-1:1.29.0 interval 2025-10-26T00:45:00Z..2025-10-26T01:00:00Z 4 kWh true
        51481308448 1-1:1.29.0 interval 2025-10-26T01:00:00Z..2025-10-26T01:15:00Z 5 kWh true
        51481308448 1-1:1.29.0 interval 2025-10-26T01:15:00Z..2025-10-26T01:30:00Z 6 kWh true
        51481308448 1-1:1.29.0 interval 2025-10-26T01:30:00Z..2025-10-26T01:45:00Z 7 kWh true
        51481308448 1-1:1.29.0 interval 2025-10-26T01:45:00Z..2025-10-26T02:00:00Z 8 kWh true
        51481308448 1-1:1.29.0 interval 2025-10-26T02:00:00Z..2025-10-26T02:15:00Z 9 kWh true
        finding note assumed_interval line 1: the table does not say whether a time is the beginning or the end of its interval: it is taken as the beginning
    "#]],
    );
    let apart =
        "Datum;von;bis;Wert [kWh]\n26.10.2025;2A:45;2B:00;1\n26.10.2025;2B:00;2B:15;2\n26.10.2025;2B:45;03:00;3\n";
    check(
        apart,
        &energy(),
        &expect![[r#"
        51481308448 1-1:1.29.0 interval 2025-10-26T00:45:00Z..2025-10-26T01:00:00Z 1 kWh true
        51481308448 1-1:1.29.0 interval 2025-10-26T01:00:00Z..2025-10-26T01:15:00Z 2 kWh true
        51481308448 1-1:1.29.0 interval 2025-10-26T01:45:00Z..2025-10-26T02:00:00Z 3 kWh true
    "#]],
    );
}

#[test]
fn a_row_that_is_refused_does_not_make_its_neighbours_longer() {
    let lost = "Zeitstempel;Wert [kWh]\n01.06.2025 01:45;1\n01.06.2025 soon;2\n01.06.2025 04:00;3\n";
    check(
        lost,
        &energy(),
        &expect![[r#"
        problem line 3: `01.06.2025 soon` is not a time such as 2025-03-30T01:45:00Z or 30.03.2025 01:45 (1 readings, 17 bytes)
        problem line 2: field 2: nothing tells how long the interval is: the row beside it is refused (1 readings, 18 bytes)
        problem line 4: field 2: nothing tells how long the interval is: no row follows (1 readings, 18 bytes)
        finding note assumed_interval line 1: the table does not say whether a time is the beginning or the end of its interval: it is taken as the beginning
    "#]],
    );
    let among =
        "Zeitstempel;Wert [kWh]\n01.06.2025 01:45;1\n01.06.2025 soon;2\n01.06.2025 02:15;3\n01.06.2025 02:30;4\n";
    check(
        among,
        &energy(),
        &expect![[r#"
        51481308448 1-1:1.29.0 interval 2025-05-31T23:45:00Z..2025-06-01T00:00:00Z 1 kWh true
        51481308448 1-1:1.29.0 interval 2025-06-01T00:15:00Z..2025-06-01T00:30:00Z 3 kWh true
        51481308448 1-1:1.29.0 interval 2025-06-01T00:30:00Z..2025-06-01T00:45:00Z 4 kWh true
        problem line 3: `01.06.2025 soon` is not a time such as 2025-03-30T01:45:00Z or 30.03.2025 01:45 (1 readings, 17 bytes)
        finding note assumed_interval line 1: the table does not say whether a time is the beginning or the end of its interval: it is taken as the beginning
    "#]],
    );
    let bills = "start;Wert [kWh]\n2025-01-01T00:00:00Z;1\n2025-02-01T00:00:00Z;2\nsoon;3\n2025-04-01T00:00:00Z;4\n2025-05-01T00:00:00Z;\n";
    check(
        bills,
        &energy(),
        &expect![[r#"
        51481308448 1-1:1.29.0 interval 2025-01-01T00:00:00Z..2025-02-01T00:00:00Z 1 kWh true
        51481308448 1-1:1.29.0 interval 2025-04-01T00:00:00Z..2025-05-01T00:00:00Z 4 kWh true
        problem line 4: `soon` is not a time such as 2025-03-30T01:45:00Z or 30.03.2025 01:45 (1 readings, 6 bytes)
        problem line 3: field 2: nothing tells how long the interval is: the row beside it is refused (1 readings, 22 bytes)
    "#]],
    );
}

#[test]
fn lines_above_the_header_are_passed_over() {
    let titled = "Lastgang Kunde Meier;;\n\nZeitraum;01.06.2025;30.06.2025\nZeitstempel;Wert [kWh]\n01.06.2025 00:00;1,5\n01.06.2025 00:15;x\n";
    check(
        titled,
        &energy(),
        &expect![[r#"
        51481308448 1-1:1.29.0 interval 2025-05-31T22:00:00Z..2025-05-31T22:15:00Z 1.5 kWh true
        problem line 6: field 2: `x` is not a decimal number (1 readings, 18 bytes)
        finding note unread_line line 1: `Lastgang Kunde Meier;;` is passed over: it stands above the header
        finding note unread_line line 3: `Zeitraum;01.06.2025;30.06.2025` is passed over: it stands above the header
        finding note assumed_interval line 4: the table does not say whether a time is the beginning or the end of its interval: it is taken as the beginning
    "#]],
    );
    // The mark is the one that is told, though the header has more of another.
    let told = "sep=,\npoint,quantity,at,value,\"a;b;c;d;e;f\"\nm,1-0:1.8.0,2025-01-01T00:00:00Z,1.5,\n";
    check(
        told,
        &support::options(),
        &expect![[r#"
        m 1-0:1.8.0 register 2025-01-01T00:00:00Z 1.5 kWh true
        finding warning unknown_column line 2: `a;b;c;d;e;f` is passed over, since it is not one we know; the nearest is `period_end`
    "#]],
    );
    let excel = "\u{feff}sep=;\r\npoint;quantity;at;value\r\nm;1-0:1.8.0;2025-01-01T00:00:00Z;x\r\n";
    let decoded = support::decode(Format::Csv, excel.as_bytes(), &support::options(), 5);
    let problem = &decoded[0].problems[0];
    assert_eq!(problem.prelude, b"sep=;\npoint;quantity;at;value\n");
    for (table, detected) in [
        (titled, Detected::One(Format::Csv)),
        (excel, Detected::One(Format::Csv)),
        ("a title\npoint;quantity;at;value\n", Detected::One(Format::Csv)),
        ("1\n2\n3\n4\n5\n6\npoint;quantity;at;value\n", Detected::None),
        ("a title\nZeitstempel;Wert\nsoon;1\n", Detected::None),
        ("Von;01.06.2025;Bis;30.06.2025\n", Detected::None),
        ("a title\n;0,5\n2025-01-01 00:00;0,7\n", Detected::None),
    ] {
        assert_eq!(detect(&Head::new(table.as_bytes())), detected, "{table}");
    }
}

#[test]
fn a_table_without_a_header_is_refused_for_what_its_first_line_is() {
    check(
        "a;b\n1;2\n3;4\n5;6\n7;8\n9;10\n11;12\n13;14\n",
        &energy(),
        &expect![[r#"
        problem : the columns are `a`, `b`; needed are `point`, `quantity`, `value` and a time (`at`, or `period_start` and `period_end`), or `point`, `quantity`, `day` and `v1` to `v96`, or `meter_id`, `reading_timestamp` and one of `consumption_kwh`, `voltage_v`, `current_a`, `power_factor`, `frequency_hz`, or a day and a column for each of its intervals, or a column of times and columns of values (7 readings, 37 bytes)
    "#]],
    );
    check(
        "a;b\n1;2\n",
        &energy(),
        &expect![[r#"
        problem : the columns are `a`, `b`; needed are `point`, `quantity`, `value` and a time (`at`, or `period_start` and `period_end`), or `point`, `quantity`, `day` and `v1` to `v96`, or `meter_id`, `reading_timestamp` and one of `consumption_kwh`, `voltage_v`, `current_a`, `power_factor`, `frequency_hz`, or a day and a column for each of its intervals, or a column of times and columns of values (1 readings, 8 bytes)
    "#]],
    );
}

#[test]
fn a_day_may_stand_beside_a_clock_time() {
    let times = "Datum;Uhrzeit;Wert\n01.06.2025;00:00;1,5\n01.06.2025;00:15;1,6\n01.06.2025;00:30;-\n";
    assert_eq!(detect(&Head::new(times.as_bytes())), Detected::One(Format::Csv));
    check(
        times,
        &energy(),
        &expect![[r#"
        51481308448 1-1:1.29.0 interval 2025-05-31T22:00:00Z..2025-05-31T22:15:00Z 1.5 kWh true
        51481308448 1-1:1.29.0 interval 2025-05-31T22:15:00Z..2025-05-31T22:30:00Z 1.6 kWh true
        51481308448 1-1:1.29.0 interval 2025-05-31T22:30:00Z..2025-05-31T22:45:00Z - kWh missing
        finding note assumed_interval line 1: the table does not say whether a time is the beginning or the end of its interval: it is taken as the beginning
    "#]],
    );
    let spans = "Datum;von;bis;Wert [kWh]\n01.06.2025;00:00;00:15;1,5\n01.06.2025;23:45;00:00;1,7\n02.06.2025;23:45;24:00;1,8\n";
    assert_eq!(detect(&Head::new(spans.as_bytes())), Detected::One(Format::Csv));
    check(
        spans,
        &energy(),
        &expect![[r#"
        51481308448 1-1:1.29.0 interval 2025-05-31T22:00:00Z..2025-05-31T22:15:00Z 1.5 kWh true
        51481308448 1-1:1.29.0 interval 2025-06-01T21:45:00Z..2025-06-01T22:00:00Z 1.7 kWh true
        51481308448 1-1:1.29.0 interval 2025-06-02T21:45:00Z..2025-06-02T22:00:00Z 1.8 kWh true
    "#]],
    );
    // A time with its day leaves the other column a remark.
    let whole = "Datum;Zeit;Wert [kWh]\n01.06.2025;01.06.2025 00:00;1\n01.06.2025;01.06.2025 00:15;2\n";
    check(
        whole,
        &energy(),
        &expect![[r#"
        51481308448 1-1:1.29.0 interval 2025-05-31T22:00:00Z..2025-05-31T22:15:00Z 1 kWh true
        51481308448 1-1:1.29.0 interval 2025-05-31T22:15:00Z..2025-05-31T22:30:00Z 2 kWh true
        finding note unread_column line 1: `Datum` is passed over: it describes the row and is no reading
        finding note assumed_interval line 1: the table does not say whether a time is the beginning or the end of its interval: it is taken as the beginning
    "#]],
    );
    check(
        times,
        &Options { zone: None, ..energy() },
        &expect![[r#"
        problem line 2: `01.06.2025 00:00` has no zone: give --timezone (3 readings, 61 bytes)
    "#]],
    );
}

#[test]
fn words_for_nothing_are_missing_values_of_a_day() {
    let labels: Vec<String> = (0..24).map(|hour| format!("{hour:02}:00")).collect();
    let mut values = vec!["1,5"; 24];
    values[..5].copy_from_slice(&["-", "n/a", "#NV", "", "#N/A"]);
    let table = format!("Datum;{}\n01.06.2025;{}\n", labels.join(";"), values.join(";"));
    let told = read(&table, &energy());
    let missing = told.lines().filter(|line| line.ends_with(" missing")).count();
    assert_eq!((told.lines().count(), missing), (24, 5), "{told}");
}
