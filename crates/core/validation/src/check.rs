//! Puts every reading of a batch before every rule.

use metrify_domain::{Batch, Finding, Timestamp};

use crate::expectation::Expectations;
use crate::findings::Findings;
use crate::rules::{
    future_time, impossible_time, impossible_value, negative_value, odd_interval, out_of_range, register_backwards,
    unit_mismatch, unknown_unit,
};
use crate::ruleset::Ruleset;

/// What the rules say about a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Rows that cannot mean anything, by their index in the batch and in its order, with the reason.
    pub refused: Vec<(usize, String)>,
    pub findings: Vec<Finding>,
}

/// Judges a batch by its structure. What is refused is not judged any further.
#[must_use]
pub fn check(rules: &Ruleset, batch: &Batch, received_at: Timestamp) -> Checked {
    let latest = received_at.plus(rules.lead_micros_max).unwrap_or(received_at);
    let mut refused = Vec::new();
    let mut found = Findings::new(batch, rules.findings_max);
    let mut expectations = Expectations::new(batch);
    let mut registers = register_backwards::Registers::new(batch);
    for (index, row) in batch.rows().iter().enumerate() {
        if let Some(reason) = impossible_time::refuse(row).or_else(|| impossible_value::refuse(row)) {
            refused.push((index, reason));
            continue;
        }
        let expected = expectations.of(row);
        future_time::check(&mut found, row, expected, latest);
        odd_interval::check(&mut found, row, rules.interval_micros_max);
        unknown_unit::check(&mut found, row, expected);
        unit_mismatch::check(&mut found, row, expected);
        negative_value::check(&mut found, row, expected);
        out_of_range::check(&mut found, row, expected);
        registers.see(row, expected);
    }
    registers.check(&mut found);
    Checked { refused, findings: found.finish() }
}

#[cfg(test)]
mod tests {
    use super::{Checked, check};
    use crate::ruleset::Ruleset;
    use crate::testing::{RECEIVED_AT, batch, check_lines};
    use metrify_domain::{
        Batch, BatchBuilder, Channel, Decimal, Document, Kind, Period, Quality, Reading, Timestamp, Unit,
    };
    use proptest::prelude::*;

    #[test]
    fn readings_without_fault_have_no_findings() {
        assert_eq!(
            check_lines(&[
                "51481308448 1-0:1.29.0 interval 0..15 12.5 kWh",
                "51481308448 1-0:1.29.0 interval 15..30 12.25 kWh",
                "51481308448 1-0:1.29.0 interval 30..45 - kWh missing",
                "1EMH0010599732 1-0:1.8.0 register 0 2043.1047 kWh",
                "1EMH0010599732 1-0:1.8.0 register 15 2043.1052 kWh",
                "1EMH0010599732 1-0:16.7.0 instant 15 -50 W",
                "DE load interval 0..15 11000 MWh",
                "10315 air_temperature instant 0 -7.5 Cel",
            ]),
            ""
        );
        let nothing = check(&Ruleset::default(), &Batch::default(), RECEIVED_AT);
        assert_eq!(nothing, Checked::default());
    }

    #[test]
    fn one_reading_may_have_several_findings_and_is_stored_all_the_same() {
        assert_eq!(
            check_lines(&["1EMH0010599732 1-0:1.8.0 register 9000000 -1 V"]),
            "warning future_time 1-0:1.8.0 2042-02-11T00:00:00Z: the value begins after 2025-01-02T00:00:00Z, too long after it was received\n\
             error unit_mismatch 1-0:1.8.0 2042-02-11T00:00:00Z: a value in V does not suit the quantity\n\
             error negative_value 1-0:1.8.0 2042-02-11T00:00:00Z: the register is -1, although the OBIS code says its direction\n"
        );
    }

    #[test]
    fn findings_beyond_the_limit_are_counted() {
        let lines: Vec<_> =
            (0..12).map(|hour| format!("DE 1-0:1.29.0 interval {}..{} -1 kWh", hour * 60, hour * 60 + 60)).collect();
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        let rules = Ruleset { findings_max: 10, ..Ruleset::default() };
        let checked = check(&rules, &batch(&lines), RECEIVED_AT);
        assert_eq!(checked.findings.len(), 11);
        let last = checked.findings.last().map(|finding| (finding.channel.is_some(), finding.reason.as_str()));
        assert_eq!(last, Some((false, "2 more findings of this rule are not listed, beyond the first 10")));
    }

    fn readings() -> impl Strategy<Value = Vec<(usize, Reading)>> {
        let units = ["kWh", "V", "K", "Cel", "%", "1", "Hz", "mHz", "kvarh", "furlong", "EUR/MWh"].map(Unit::literal);
        let value = prop_oneof![Just(None), any::<i64>().prop_map(|whole| Some(Decimal::from(whole)))];
        let kind = prop_oneof![Just(Kind::Register), Just(Kind::Interval), Just(Kind::Instant)];
        let quality = prop::sample::select(Quality::ALL.to_vec());
        let at = prop_oneof![any::<i64>(), 0..2_000_000_000_000_000_i64];
        let reading = (kind, at, 0..100_000_000_000_i64, value, prop::sample::select(units.to_vec()), quality)
            .prop_map(|(kind, at, length, value, unit, quality)| {
                let start = Timestamp::from_micros(at);
                let interval = start.plus(length).and_then(|end| Period::interval(start, end));
                let period = interval.unwrap_or(Period::instant(start));
                Reading { kind, period, value, unit, quality, method: None, reason: None }
            });
        prop::collection::vec((0..QUANTITIES.len(), reading), 0..60)
    }

    const QUANTITIES: [&str; 6] =
        ["1-0:1.8.0", "1-0:14.7.0", "1-0:32.7.0", "relative_humidity", "air_temperature", "price.day_ahead"];

    fn built(readings: &[(usize, Reading)]) -> Batch {
        let mut builder = BatchBuilder::default();
        for (quantity, reading) in readings {
            let quantity = QUANTITIES[*quantity].parse().expect("a quantity");
            let channel = Channel { point: "50120962218".parse().expect("a point"), quantity };
            builder.push(&channel, &Document::default(), reading);
        }
        builder.take()
    }

    proptest! {
        #[test]
        fn any_batch_is_judged_and_its_limits_are_kept(readings in readings(), max in 0..5_usize) {
            let batch = built(&readings);
            let all = check(&Ruleset { findings_max: usize::MAX, ..Ruleset::default() }, &batch, RECEIVED_AT);
            let few = check(&Ruleset { findings_max: max, ..Ruleset::default() }, &batch, RECEIVED_AT);
            prop_assert_eq!(&few.refused, &all.refused);
            for rule in crate::Rule::ALL {
                let of = |checked: &Checked| checked.findings.iter().filter(|finding| finding.rule == rule.name()).count();
                prop_assert_eq!(of(&few), of(&all).min(max) + usize::from(of(&all) > max));
            }
        }

        #[test]
        fn the_order_of_rows_does_not_change_what_is_found(readings in readings()) {
            let sorted = |readings: &[(usize, Reading)]| {
                let checked = check(&Ruleset::default(), &built(readings), RECEIVED_AT);
                let mut found: Vec<_> =
                    checked.findings.iter().map(|finding| format!("{} {:?}", finding.rule, finding.channel)).collect();
                found.sort();
                (checked.refused.len(), found)
            };
            let mut turned = readings.clone();
            turned.reverse();
            // States of one register at one instant replace each other in the order they come, so each instant comes once here.
            let mut instants = std::collections::HashSet::new();
            prop_assume!(readings.iter().all(|(_, reading)| instants.insert(reading.period.start())));
            prop_assert_eq!(sorted(&readings), sorted(&turned));
        }
    }
}
