use chrono::NaiveDate;
use proptest::prelude::*;

use super::{Generation, LoadProfile, Part, ProfileError, Season};
use crate::calendar::day::quarter_hours;
use crate::calendar::land::Land;
use crate::calendar::working_day::DayType;
use crate::decimal::Decimal;
use crate::reading::IntervalAmount;

fn date(text: &str) -> NaiveDate {
    text.parse().expect(text)
}

/// A table whose values tell their place: part x 10, then day type, then the quarter-hour as thousandths.
fn table(name: &str, generation: Generation) -> LoadProfile {
    LoadProfile::new(name, generation, |part, day_type, quarter| {
        let part = match part {
            Part::Season(season) => season as i128,
            Part::Month(month) => i128::from(month.number_from_month()),
        };
        Decimal::scaled(part * 10_000 + day_type as i128 * 1_000 + quarter as i128, -3).ok()
    })
    .expect("every value")
}

fn values(profile: &LoadProfile, day: &str, land: Land) -> Vec<String> {
    let amounts = profile.day(date(day), land).expect("a day");
    amounts.iter().map(|amount| amount.value.to_string()).collect()
}

#[test]
fn the_seasons_of_1999_begin_and_end_on_their_days() {
    for (day, expected) in [
        ("2025-01-01", Season::Winter),
        ("2025-03-20", Season::Winter),
        ("2025-03-21", Season::Transition),
        ("2025-05-14", Season::Transition),
        ("2025-05-15", Season::Summer),
        ("2025-09-14", Season::Summer),
        ("2025-09-15", Season::Transition),
        ("2025-10-31", Season::Transition),
        ("2025-11-01", Season::Winter),
        ("2024-02-29", Season::Winter),
    ] {
        assert_eq!(Season::of(date(day)), expected, "{day}");
    }
}

#[test]
fn a_day_takes_its_column_by_month_and_day_type() {
    let profile = table("G25", Generation::Of2025);
    // A Tuesday; a holiday in Bavaria alone; Christmas Eve; New Year's Eve on a Sunday.
    for (day, land, first) in [
        ("2025-02-04", Land::Berlin, "20"),
        ("2024-11-01", Land::Bayern, "112"),
        ("2024-11-01", Land::Berlin, "110"),
        ("2024-12-24", Land::Berlin, "121"),
        ("2023-12-31", Land::Berlin, "122"),
    ] {
        let values = values(&profile, day, land);
        assert_eq!((values.len(), values[0].as_str()), (96, first), "{day} {land}");
        assert_eq!(values[95], format!("{first}.095"), "{day} {land}");
    }
}

#[test]
fn where_the_clock_skips_an_hour_its_values_are_left_out() {
    let values = values(&table("G25", Generation::Of2025), "2025-03-30", Land::Berlin);
    assert_eq!(values.len(), 92);
    assert_eq!(values[7..9], ["32.007", "32.012"]);
    assert_eq!(values[91], "32.095");
}

#[test]
fn where_an_hour_comes_twice_its_values_come_twice() {
    let profile = table("G25", Generation::Of2025);
    let values = values(&profile, "2025-10-26", Land::Berlin);
    assert_eq!(values.len(), 100);
    assert_eq!(
        values[7..17],
        ["102.007", "102.008", "102.009", "102.01", "102.011", "102.008", "102.009", "102.01", "102.011", "102.012"]
    );
    let amounts = profile.day(date("2025-10-26"), Land::Berlin).expect("a day");
    assert!(amounts.windows(2).all(|pair| pair[0].period().end() == pair[1].period().start()));
    assert_eq!(amounts[0].period().start().to_string(), "2025-10-25T22:00:00Z");
    assert_eq!(amounts[99].period().end().to_string(), "2025-10-26T23:00:00Z");
}

#[test]
fn values_are_dynamised_and_rounded_as_each_guide_says() {
    let flat = |name: &str, generation, value: &str| {
        let value: Decimal = value.parse().expect(value);
        LoadProfile::new(name, generation, |_, _, _| Some(value)).expect("every value")
    };
    // F of 1 January is 1.2420, of 1 July 0.7959.
    for (profile, day, expected) in [
        (flat("H25", Generation::Of2025, "20.126"), "2025-01-01", "24.996"),
        (flat("P25", Generation::Of2025, "20.126"), "2025-07-01", "16.018"),
        (flat("S25", Generation::Of2025, "20.126"), "2025-07-01", "16.018"),
        (flat("G25", Generation::Of2025, "20.126"), "2025-07-01", "20.126"),
        (flat("L25", Generation::Of2025, "18.266666666667"), "2025-07-01", "18.267"),
        // 70.8 W x 1.2420 = 87.9336 W, rounded to 87.9 W, for a quarter of an hour.
        (flat("H0", Generation::Of1999, "70.8"), "2025-01-01", "0.021975"),
        (flat("G0", Generation::Of1999, "70.8"), "2025-01-01", "0.0177"),
    ] {
        assert_eq!(values(&profile, day, Land::Berlin)[0], expected, "{} {day}", profile.name());
    }
}

#[test]
fn a_customer_draws_the_share_that_his_year_has() {
    let profile = table("G25", Generation::Of2025);
    let customer = |annual: &str| {
        let amounts =
            profile.customer_day(date("2025-02-04"), Land::Berlin, annual.parse().expect(annual)).expect("a day");
        amounts[1].value.to_string()
    };
    assert_eq!(customer("1000000"), "20.001");
    assert_eq!(customer("3500"), "0.0700035");
    assert_eq!(customer("3500.123"), "0.070005960123");
}

#[test]
fn a_table_with_a_gap_makes_no_profile() {
    let gap = |part, day_type, quarter| {
        let one = (part, day_type, quarter) != (Part::Season(Season::Summer), DayType::Sunday, 41);
        one.then(|| Decimal::from(1))
    };
    let error = LoadProfile::new("G0", Generation::Of1999, gap).expect_err("a gap");
    assert_eq!(error.to_string(), "the profile G0 has no value for Season(Summer), sunday, quarter-hour 41 of 96");
    assert!(matches!(LoadProfile::new("", Generation::Of1999, gap), Err(ProfileError::Name(_))));
}

#[test]
fn values_without_a_place_make_no_day() {
    let most = Decimal::from_units(10_i128.pow(38) - 1);
    let profile = LoadProfile::new("H25", Generation::Of2025, |_, _, _| most).expect("every value");
    assert_eq!(profile.day(date("2025-01-01"), Land::Berlin), None);
    let profile = table("G25", Generation::Of2025);
    assert_eq!(profile.day(NaiveDate::MAX, Land::Berlin), None);
}

proptest! {
    #[test]
    fn every_day_is_covered_without_gap(days in 0_i32..40_000, land in prop::sample::select(&Land::ALL[..]), of_2025 in any::<bool>()) {
        let day = NaiveDate::from_epoch_days(days).expect("a date");
        let (name, generation) = if of_2025 { ("H25", Generation::Of2025) } else { ("H0", Generation::Of1999) };
        let amounts = table(name, generation).day(day, land).expect("a day");
        prop_assert_eq!(amounts.len(), quarter_hours(day) as usize);
        prop_assert!(amounts.windows(2).all(|pair: &[IntervalAmount]| pair[0].period().end() == pair[1].period().start()));
    }
}
