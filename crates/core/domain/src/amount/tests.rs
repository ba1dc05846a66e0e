use std::fmt::Write;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::Timestamp;
use crate::calendar::day::day_period;

fn at(text: &str) -> Timestamp {
    let at = chrono::DateTime::parse_from_rfc3339(text).expect(text);
    Timestamp::from_micros(at.timestamp_micros())
}

/// `code start..end value`, the times on one clock of Berlin and the value in kWh, with a quality behind it where it is another than `true`.
fn amount(line: &str) -> Amount {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (start, end) = words[1].split_once("..").expect("a period");
    let period = Period::interval(at(start), at(end)).expect("a period");
    let value: Decimal = words[2].parse().expect("a value");
    Amount {
        code: words[0].parse().expect("a code"),
        unit: Unit::literal("kWh"),
        period,
        quality: words.get(3).map_or(Quality::True, |quality| quality.parse().expect("a quality")),
        value: Some(value.units() * 1000),
    }
}

fn days(amounts: impl IntoIterator<Item = Amount>) -> Vec<Day> {
    let mut days: std::collections::BTreeMap<i32, Vec<Amount>> = std::collections::BTreeMap::new();
    for amount in amounts {
        days.entry(day_number(amount.period.start())).or_default().push(amount);
    }
    days.into_iter().map(|(number, amounts)| Day { number, amounts }).collect()
}

fn check(lines: &str, expected: &Expect) {
    let days = days(lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(amount));
    let mut told = String::new();
    for (day, fates) in days.iter().zip(settle(&days)) {
        for (amount, fate) in day.amounts.iter().zip(fates) {
            let value = amount.value.map(|value| Decimal::from_units(value / 1000).expect("a value"));
            writeln!(told, "{} {} {fate:?}", amount.code, value.expect("a value")).expect("a text takes it");
        }
    }
    expected.assert_eq(&told);
}

#[test]
fn an_hour_and_its_quarter_hours_are_the_same_energy() {
    check(
        "1-0:1.29.0 2025-01-01T10:00:00+01:00..2025-01-01T11:00:00+01:00 4
         1-0:1.29.0 2025-01-01T10:00:00+01:00..2025-01-01T10:15:00+01:00 1
         1-0:1.29.0 2025-01-01T10:15:00+01:00..2025-01-01T10:30:00+01:00 1
         1-0:1.29.0 2025-01-01T10:30:00+01:00..2025-01-01T10:45:00+01:00 1
         1-0:1.29.0 2025-01-01T10:45:00+01:00..2025-01-01T11:00:00+01:00 1",
        &expect![[r#"
            1-0:1.29.0 4 Overlapping
            1-0:1.29.0 1 Counted
            1-0:1.29.0 1 Counted
            1-0:1.29.0 1 Counted
            1-0:1.29.0 1 Counted
        "#]],
    );
    // One of them lacks, so that the hour tells more.
    check(
        "1-0:1.29.0 2025-01-01T10:00:00+01:00..2025-01-01T11:00:00+01:00 4
         1-0:1.29.0 2025-01-01T10:00:00+01:00..2025-01-01T10:15:00+01:00 1
         1-0:1.29.0 2025-01-01T10:15:00+01:00..2025-01-01T10:30:00+01:00 1
         1-0:1.29.0 2025-01-01T12:15:00+01:00..2025-01-01T12:30:00+01:00 1",
        &expect![[r#"
            1-0:1.29.0 4 Counted
            1-0:1.29.0 1 Overlapping
            1-0:1.29.0 1 Overlapping
            1-0:1.29.0 1 Counted
        "#]],
    );
}

#[test]
fn what_covers_the_day_counts_and_others_complement_it() {
    check(
        "1-0:1.29.0 2025-03-30T10:00:00+02:00..2025-03-30T10:15:00+02:00 0.25
         1-0:1.9.0 2025-03-30T00:00:00+01:00..2025-03-31T00:00:00+02:00 23
         1-0:2.29.0 2025-03-30T10:00:00+02:00..2025-03-30T10:15:00+02:00 5",
        &expect![[r#"
            1-0:1.29.0 0.25 Overlapping
            1-0:1.9.0 23 Counted
            1-0:2.29.0 5 Counted
        "#]],
    );
    check(
        "1-1:1.29.0 2025-01-01T00:00:00+01:00..2025-01-01T12:00:00+01:00 12
         1-0:1.29.0 2025-01-01T12:00:00+01:00..2025-01-01T22:00:00+01:00 10
         1-0:1.29.1 2025-01-01T21:00:00+01:00..2025-01-01T23:00:00+01:00 9
         1-0:1.29.1 2025-01-01T23:00:00+01:00..2025-01-02T00:00:00+01:00 1
         1-0:1.29.2 2025-01-01T23:00:00+01:00..2025-01-02T00:00:00+01:00 2",
        &expect![[r#"
            1-1:1.29.0 12 Counted
            1-0:1.29.0 10 Counted
            1-0:1.29.1 9 Overlapping
            1-0:1.29.1 1 Counted
            1-0:1.29.2 2 Counted
        "#]],
    );
}

#[test]
fn what_is_no_measurement_takes_no_place() {
    check(
        "1-0:1.29.0 2025-01-01T10:00:00+01:00..2025-01-01T11:00:00+01:00 4 forecast
         1-0:1.29.0 2025-01-01T10:00:00+01:00..2025-01-01T10:15:00+01:00 1 proposed
         1-0:1.29.0 2025-01-01T10:15:00+01:00..2025-01-01T10:30:00+01:00 1 faulty
         1-0:1.29.0 2025-01-01T10:30:00+01:00..2025-01-01T10:45:00+01:00 1000000000001
         1-0:1.9.0 2025-01-01T10:00:00+01:00..2025-01-01T11:00:00+01:00 3 provisional
         1-0:1.9.0 2025-01-01T00:00:00+01:00..2025-02-01T00:00:00+01:00 310 substitute",
        &expect![[r#"
            1-0:1.29.0 4 Unmeasured
            1-0:1.29.0 1 Unmeasured
            1-0:1.29.0 1 Faulty
            1-0:1.29.0 1000000000001 TooLarge
            1-0:1.9.0 3 Counted
            1-0:1.9.0 310 Overlong
        "#]],
    );
}

#[test]
fn what_reaches_over_midnight_counts_where_it_begins_and_nothing_else_tells_it() {
    // Gas days, of which that of the change of clocks has 25 hours; a day from midnight; an hour more is no day.
    check(
        "7-20:99.33.17 2025-10-24T06:00:00+02:00..2025-10-25T06:00:00+02:00 24
         7-20:99.33.17 2025-10-25T06:00:00+02:00..2025-10-26T06:00:00+01:00 25
         7-10:99.33.17 2025-10-25T06:00:00+02:00..2025-10-26T06:00:00+01:00 26
         7-20:99.33.17 2025-10-26T06:00:00+01:00..2025-10-27T06:00:00+01:00 24
         7-20:99.33.17 2025-10-27T05:00:00+01:00..2025-10-27T06:00:00+01:00 1
         7-20:99.33.17 2025-10-28T00:00:00+01:00..2025-10-29T01:00:00+01:00 25
         7-20:99.33.17 2025-10-30T23:30:00+01:00..2025-10-31T00:30:00+01:00 2
         7-20:99.33.17 2025-10-31T00:00:00+01:00..2025-10-31T00:15:00+01:00 3",
        &expect![[r#"
            7-20:99.33.17 24 Counted
            7-20:99.33.17 25 Counted
            7-10:99.33.17 26 Overlapping
            7-20:99.33.17 24 Overlapping
            7-20:99.33.17 1 Counted
            7-20:99.33.17 25 Overlong
            7-20:99.33.17 2 Overlapping
            7-20:99.33.17 3 Counted
        "#]],
    );
    // From midnight in UTC, from six, and from noon: what begins earlier counts, on every day.
    check(
        "1-0:1.9.0 2025-01-01T12:00:00Z..2025-01-02T12:00:00Z 1
         1-0:1.9.0 2025-01-02T00:00:00Z..2025-01-03T00:00:00Z 2
         1-0:1.9.0 2025-01-02T12:00:00Z..2025-01-03T12:00:00Z 3
         1-0:1.9.0 2025-01-03T00:00:00Z..2025-01-04T00:00:00Z 4
         1-0:1.9.0 2025-01-03T12:00:00Z..2025-01-04T12:00:00Z 5",
        &expect![[r#"
            1-0:1.9.0 1 Overlapping
            1-0:1.9.0 2 Counted
            1-0:1.9.0 3 Overlapping
            1-0:1.9.0 4 Counted
            1-0:1.9.0 5 Overlapping
        "#]],
    );
}

#[test]
fn amounts_count_in_the_units_of_the_trade_where_they_convert_exactly() {
    let units = ["Wh", "kWh", "MWh", "GWh", "varh", "kvarh", "Mvarh", "VAh", "kVAh", "l", "m3", "J", "GJ", "kW"];
    let counted: Vec<String> = units
        .into_iter()
        .map(|unit| counted_in(Unit::literal(unit)))
        .map(|(unit, times)| format!("{unit} {times}"))
        .collect();
    expect!["kWh 1, kWh 1000, kWh 1000000, kWh 1000000000, kvarh 1, kvarh 1000, kvarh 1000000, kVAh 1, kVAh 1000, m3 1, m3 1000, J 1000, GJ 1000, kW 1000"]
        .assert_eq(&counted.join(", "));
}

fn summed(amounts: &[Amount]) -> Vec<Summed> {
    let mut rows: Vec<Summed> = Vec::new();
    for amount in amounts {
        let (start, last_end) = amount.micros();
        let (code, unit, quality) = (amount.code, amount.unit, amount.quality);
        let (length, phase) = (last_end - start, start % (last_end - start));
        let values = amount.value.map(|value| [value; 3]);
        let own = rows.iter_mut().find(|row| (row.code, row.quality) == (code, quality));
        match own {
            None => rows.push(Summed {
                code,
                unit,
                quality,
                readings: 1,
                values,
                last_end,
                shortest: length,
                longest: length,
                phases: [phase; 2],
            }),
            Some(row) => {
                row.readings += 1;
                row.values = row
                    .values
                    .zip(values)
                    .map(|([sum, least, most], [value, ..])| [sum + value, least.min(value), most.max(value)]);
                row.last_end = row.last_end.max(last_end);
                row.shortest = row.shortest.min(length);
                row.longest = row.longest.max(length);
                row.phases = [row.phases[0].min(phase), row.phases[1].max(phase)];
            }
        }
    }
    rows
}

#[test]
fn usual_days_are_settled_without_a_look_at_each_amount() {
    let quarter_hours = |code: &str, count: i64| -> Vec<Amount> {
        let begin = at("2025-03-30T00:00:00+01:00").micros();
        let start = |number: i64| Timestamp::from_micros(begin + number * 15 * 60_000_000);
        let of = |number| Amount {
            period: Period::interval(start(number), start(number + 1)).expect("a period"),
            ..amount(&format!("{code} 2025-03-30T00:00:00+01:00..2025-03-30T00:15:00+01:00 1"))
        };
        (0..count).map(of).collect()
    };
    let advance = amount("1-1:1.9.0 2025-03-30T00:00:00+01:00..2025-03-31T00:00:00+02:00 92");
    let month = amount("1-1:1.9.0 2025-03-30T00:00:00+01:00..2025-04-30T00:00:00+02:00 92");
    let day = day_period(chrono::NaiveDate::from_ymd_opt(2025, 3, 30).expect("a day")).expect("a day");
    let is_settled = |parts: &[&[Amount]]| Summed::settled(day, &summed(&parts.concat())).is_some();
    let (part, whole) = (quarter_hours("1-0:1.29.0", 50), quarter_hours("1-0:1.29.0", 92));
    let tariffs = [quarter_hours("1-0:1.29.1", 92), quarter_hours("1-0:1.29.2", 92)].concat();
    assert!(is_settled(&[&part]) && is_settled(&[&tariffs]) && is_settled(&[&part, &quarter_hours("1-0:2.29.0", 9)]));
    assert!(
        is_settled(&[&whole, &tariffs, &[advance]])
            && is_settled(&[&part, &[advance], &quarter_hours("1-1:1.29.0", 92)])
    );
    assert!(!is_settled(&[&part, &tariffs]) && !is_settled(&[&part, &quarter_hours("1-1:1.29.0", 50)]));
    assert!(is_settled(&[&part, &[month]]), "what is longer than any day takes no place");
    let beside = amount("1-0:1.29.0 2025-03-30T01:00:00+01:00..2025-03-30T01:07:00+01:00 1");
    let over = amount("1-0:1.29.0 2025-03-30T23:50:00+02:00..2025-03-31T00:05:00+02:00 1");
    assert!(!is_settled(&[&part, &[beside]]) && !is_settled(&[&part, &[over]]));
}

prop_compose! {
    /// Amounts of two days and a bit, on a raster of quarter-hours and beside it.
    fn any_amount()(
        code in prop::sample::select(vec!["1-0:1.29.0", "1-1:1.29.0", "1-0:1.29.1", "1-0:1.29.2", "1-0:1.9.0", "1-0:2.29.0"]),
        start in 0_i64..220,
        length in prop::sample::select(vec![1_i64, 1, 1, 4, 4, 5, 96, 2_976]),
        quality in prop::sample::select(vec!["true", "true", "true", "substitute", "forecast"]),
    ) -> Amount {
        let begin = at("2025-10-25T00:00:00+02:00").micros();
        let time = |number: i64| Timestamp::from_micros(begin + number * 15 * 60_000_000);
        let period = Period::interval(time(start), time(start + length)).expect("a period");
        Amount { period, ..amount(&format!("{code} 2025-01-01T00:00:00Z..2025-01-02T00:00:00Z 1 {quality}")) }
    }
}

proptest! {
    #[test]
    fn what_counts_overlaps_nowhere_and_sums_tell_the_same(amounts in prop::collection::vec(any_amount(), 1..60)) {
        let mut amounts = amounts;
        amounts.sort_by_key(|amount| (amount.code, amount.period));
        amounts.dedup_by_key(|amount| (amount.code, amount.period));
        let days = days(amounts);
        let fates = settle(&days);
        let told: Vec<(&Amount, Fate)> = days.iter().flat_map(|day| &day.amounts).zip(fates.iter().flatten().copied()).collect();
        let counted: Vec<&Amount> = told.iter().filter(|(_, fate)| *fate == Fate::Counted).map(|(amount, _)| *amount).collect();
        let is_of_flow = |one: &Amount, other: &Amount| Flow::of(one.code) == Flow::of(other.code);
        for (place, one) in counted.iter().enumerate() {
            for other in &counted[place + 1..] {
                prop_assert!(!is_of_flow(one, other) || !one.overlaps(other), "{one:?} {other:?}");
            }
        }
        for (amount, _) in told.iter().filter(|(amount, fate)| *fate == Fate::Overlapping && !amount.reaches_on()) {
            prop_assert!(counted.iter().any(|other| is_of_flow(amount, other) && amount.overlaps(other)), "{amount:?}");
        }
        for (day, fates) in days.iter().zip(&fates) {
            let bounds = chrono::NaiveDate::from_epoch_days(day.number).and_then(day_period).expect("a day");
            if let Some(mut settled) = Summed::settled(bounds, &summed(&day.amounts)) {
                let mut told = tallies(day.amounts.iter().zip(fates.iter().copied()));
                told.sort_by_key(|tally| tally.code);
                settled.sort_by_key(|tally| tally.code);
                prop_assert_eq!(settled, told);
            }
        }
    }
}
