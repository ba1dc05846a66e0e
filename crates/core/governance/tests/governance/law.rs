//! The law as a table of its own, written down from its text: what the matrix and the purposes are held against.

use std::collections::BTreeSet;

use metrify_governance::{Party, Purpose};

/// Party, purpose and place.
pub(crate) const LAW: &str = "
metering_operator | metering | MsbG 60(1)
metering_operator | customer_information | MsbG 53, 61
grid_operator | grid_use_billing | MsbG 66(1) no. 1
grid_operator | feed_in_support | MsbG 66(1) no. 2
grid_operator | grid_operation | MsbG 66(1) no. 3
grid_operator | flexibility | MsbG 66(1) no. 5
grid_operator | concession_fee | MsbG 66(1) no. 6
grid_operator | grid_balancing | MsbG 66(1) no. 7
grid_operator | balance_aggregation | MsbG 66(1) no. 8
grid_operator | regulatory_duty | MsbG 66(1) no. 10
transmission_operator | balance_aggregation | MsbG 67(1) no. 6
transmission_operator | balance_coordination | MsbG 67(1) no. 7
value_processor | value_processing | MsbG 67a(1) no. 1
value_processor | regulatory_duty | MsbG 67a(1) no. 2
aggregator | balance_aggregation | MsbG 67b(1) no. 1
aggregator | regulatory_duty | MsbG 67b(1) no. 2
balance_responsible | balance_management | MsbG 68(1) no. 1
balance_responsible | settlement_review | MsbG 68(1) no. 2
balance_responsible | regulatory_duty | MsbG 68(1) no. 3
supplier | supply_billing | MsbG 69(1) no. 1
supplier | supplier_change | MsbG 69(1) no. 2
supplier | tariff_change | MsbG 69(1) no. 3
supplier | metering_method_change | MsbG 69(1) no. 4
supplier | settlement_review | MsbG 69(1) no. 5
supplier | supply_forecast | MsbG 69(1) no. 6
supplier | regulatory_duty | MsbG 69(1) no. 8
direct_marketer | direct_marketing | MsbG 50(2) no. 8
consented | consent | MsbG 49(2) no. 9, GDPR 7
";

pub(crate) fn rows() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    LAW.trim().lines().map(|line| {
        let cells: Vec<_> = line.split(" | ").collect();
        let [party, purpose, place] = cells.as_slice() else { panic!("{line}") };
        (*party, *purpose, *place)
    })
}

/// Where the law allows the parties a purpose.
pub(crate) fn places(parties: &[Party], purpose: &str) -> BTreeSet<&'static str> {
    let allowed =
        rows().filter(|(party, known, _)| *known == purpose && parties.iter().any(|held| held.name() == *party));
    allowed.map(|(_, _, place)| place).collect()
}

#[test]
fn the_table_of_purposes_is_the_law() {
    let known = Purpose::all()
        .flat_map(|purpose| purpose.parties().iter().map(move |(party, place)| (party.name(), purpose.name(), *place)));
    let known: Vec<_> = known.collect();
    assert_eq!(known.len(), rows().count(), "a row stands there twice");
    assert_eq!(known.into_iter().collect::<BTreeSet<_>>(), rows().collect::<BTreeSet<_>>());
}

#[test]
fn the_purposes_of_parties_are_those_that_the_law_lists_for_one_of_them() {
    for parties in [&[][..], &[Party::Supplier], &[Party::GridOperator, Party::Aggregator], &Party::ALL] {
        let expected = Purpose::all().filter(|purpose| !places(parties, purpose.name()).is_empty());
        assert_eq!(Purpose::of(parties), expected.collect::<Vec<_>>());
    }
}
