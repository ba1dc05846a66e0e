use proptest::prelude::*;

use super::{CoefficientError, GasProfile, Line, SigLinDe, WeekdayFactors, allocation_temperature};
use crate::calendar::land::Land;
use crate::decimal::Decimal;

fn number(text: &str) -> Decimal {
    text.parse().expect(text)
}

fn line(slope: &str, start: &str) -> Line {
    Line { slope: number(slope), start: number(start) }
}

/// DE_HEF33, houses of one family.
fn houses() -> SigLinDe {
    let sigmoid = ["1.6209544", "-37.1833141", "5.6727847", "0.0716431"].map(number);
    SigLinDe::new(sigmoid, line("-0.04957", "0.8401015"), line("-0.002209", "0.1074468")).expect("a profile")
}

/// DE_HEF03, the same before SigLinDe.
fn older_houses() -> SigLinDe {
    let sigmoid = ["3.0469695", "-37.1833141", "5.6727847", "0.1163157"].map(number);
    SigLinDe::new(sigmoid, Line::default(), Line::default()).expect("a profile")
}

/// The expected values were worked out to sixty digits by another program.
#[test]
fn h_is_right_to_its_tenth_place() {
    for (profile, theta, expected) in [
        (houses(), "-15", "3.1175523554"),
        (houses(), "-0.24", "1.9127497063"),
        (houses(), "0", "1.8877213075"),
        (houses(), "12.5", "0.5401110235"),
        (houses(), "16", "0.2685873882"),
        (houses(), "39.9", "0.0909508"),
        (older_houses(), "-15", "2.8649770946"),
        (older_houses(), "8", "1.0276418724"),
        (older_houses(), "25", "0.133887737"),
        (older_houses(), "39.9", "0.1163157"),
    ] {
        assert_eq!(profile.h(number(theta)), Some(number(expected)), "{theta}");
    }
}

#[test]
fn the_customer_value_is_the_day_at_eight_degrees() {
    assert_eq!(houses().h(number("8")), Some(number("1.0000001418")));
    assert_eq!(houses().day_kwh(number("8"), number("57.4321"), number("1")), Some(number("57.432")));
    assert_eq!(houses().day_kwh(number("-0.24"), number("57.4321"), number("1")), Some(number("109.853")));
    assert_eq!(houses().day_kwh(number("-0.24"), number("57.4321"), number("1.03")), Some(number("113.149")));
}

#[test]
fn the_allocation_temperature_weighs_the_days_before_by_halves() {
    let days = ["-2", "0.5", "3.4", "3.6"].map(number);
    assert_eq!(allocation_temperature(days), Some(number("-0.24")));
    // The guide prints -0.2399 for these four days: it sums weights that it had rounded to 0.5333, 0.2667, 0.1333 and 0.0667.
    // Here the formula itself is followed, which gives -0.24 exactly.
    let rounded = days.into_iter().zip(["0.5333", "0.2667", "0.1333", "0.0667"].map(number));
    let printed = rounded
        .map(|(day, weight)| day.product(weight, 12))
        .try_fold(Decimal::ZERO, |sum, part| sum.checked_add(part?));
    assert_eq!(printed.and_then(|sum| sum.rounded(4)), Some(number("-0.2399")));
    assert_eq!(allocation_temperature([number("20.1"); 4]), Some(number("20.1")));
}

#[test]
fn temperatures_and_coefficients_beyond_the_function_are_refused() {
    assert_eq!(houses().h(number("40")), None);
    assert_eq!(houses().h(number("41")), None);
    assert_eq!(houses().h(number("-961")), None);
    let none = Line::default();
    for (sigmoid, expected) in [
        (["1", "0", "1", "1"], CoefficientError::B(number("0"))),
        (["1", "-1", "-1", "1"], CoefficientError::C(number("-1"))),
        (["1", "-1001", "1", "1"], CoefficientError::TooLarge(number("-1001"))),
    ] {
        assert_eq!(SigLinDe::new(sigmoid.map(number), none, none), Err(expected));
    }
}

#[test]
fn holidays_have_the_factor_of_a_sunday() {
    let factors = WeekdayFactors::new(["1.1", "1.2", "1.3", "1.4", "1.5", "0.3", "0.2"].map(number));
    for (date, land, expected) in [
        ("2024-10-28", Land::Berlin, "1.1"),
        ("2024-11-01", Land::Berlin, "1.5"),
        ("2024-11-01", Land::Bayern, "0.2"),
        ("2024-11-02", Land::Berlin, "0.3"),
        ("2024-12-24", Land::Berlin, "0.3"),
        ("2023-12-24", Land::Berlin, "0.2"),
    ] {
        assert_eq!(factors.factor(date.parse().expect(date), land), number(expected), "{date} {land}");
    }
}

proptest! {
    #[test]
    fn the_colder_the_more_gas(colder in -40_000_i64..39_000, step in 1_i64..1_000) {
        let at = |thousandths: i64| houses().h(Decimal::scaled(thousandths.into(), -3).expect("a temperature")).expect("below 40");
        prop_assert!(at(colder) >= at(colder + step));
    }

    #[test]
    fn any_coefficients_are_read_without_panic(units in proptest::array::uniform9(-(10_i128.pow(38) - 1)..10_i128.pow(38)), shift in 0_u32..37) {
        let [a, b, c, d, e, f, g, h, theta] = units.map(|units| Decimal::from_units(units / 10_i128.pow(shift)).expect("38 digits"));
        let lines = [Line { slope: e, start: f }, Line { slope: g, start: h }];
        if let Ok(profile) = SigLinDe::new([a, b, c, d], lines[0], lines[1]) {
            let _any = profile.day_kwh(theta, a, b);
        }
        let _any = allocation_temperature([a, b, c, d]);
    }
}

/// What holds of all of them by their making: the day at eight degrees is the customer value, and a week has seven days. Cooking
/// alone is published with a day at eight degrees that is not.
#[test]
fn published_profiles_are_what_they_say() {
    let near = |found: Decimal, expected: &str, by: &str| {
        let apart = found.checked_sub(number(expected)).expect("a difference");
        apart.units().abs() <= number(by).units()
    };
    let mut names = Vec::new();
    for profile in GasProfile::all() {
        let (sigmoid, heating, water) = profile.function.coefficients();
        assert_eq!(SigLinDe::new(sigmoid, heating, water), Ok(profile.function), "{}", profile.name);
        let h = profile.function.h(number("8")).expect("a value");
        let expected = if profile.name == "HKO03" { "1.0561214" } else { "1" };
        assert!(near(h, expected, "0.000001"), "{}: {h}", profile.name);
        let mut week = profile.weekdays.monday_first.into_iter();
        let week = week.try_fold(Decimal::ZERO, Decimal::checked_add);
        assert_eq!(week, Some(number("7")), "{}", profile.name);
        names.push(profile.name);
    }
    assert_eq!(names.len(), 29);
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 29);
    assert_eq!(GasProfile::named("DE_HEF33").map(|profile| profile.function), Some(houses()));
    assert_eq!(GasProfile::named("HEF33"), GasProfile::named("DE_HEF33"));
    assert_eq!(GasProfile::named("HEF35"), None);
}
