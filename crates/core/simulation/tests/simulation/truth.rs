//! What is told about faults is what was done: truth, account and readings agree.

use std::collections::HashMap;

use crate::support::{Told, at, decode, faulty, fleet, sum, told, write};
use metrify_domain::{Channel, Decimal, Period, Timestamp};
use metrify_simulation::{Fault, FaultRates, Fleet, Form, Measure, Settings};

type Keyed = HashMap<(Channel, Period), Vec<(Decimal, Option<Timestamp>)>>;

/// What was told of each channel and time, in order.
fn keyed(told: &[Told]) -> Keyed {
    let mut keyed = Keyed::new();
    for (channel, reading, known_at) in told {
        let value = reading.value.expect("a value");
        keyed.entry((channel.clone(), reading.period)).or_default().push((value, *known_at));
    }
    keyed
}

/// The text of a member of a line.
fn member<'a>(line: &'a str, name: &str) -> &'a str {
    let begin = line.find(&format!("\"{name}\":")).expect("the member") + name.len() + 3;
    let rest = &line[begin..];
    match rest.as_bytes()[0] {
        b'"' => rest[1..].split('"').next(),
        b'[' => rest[1..].split(']').next(),
        _ => rest.split([',', '}']).next(),
    }
    .expect("a value")
}

fn sound(fleet: &Fleet) -> Fleet {
    Fleet::new(Settings { faults: FaultRates::NONE, ..fleet.settings().clone() }).expect("good settings")
}

#[test]
fn without_faults_the_truth_is_its_summary_alone() {
    let fleet = fleet("2025-01-01", 3, 10, |settings| settings.surroundings = true);
    let written = write(&fleet, &fleet.whole(), Form::Ndjson);
    assert_eq!(written.truth.lines().count(), 1);
    assert!(written.truth.starts_with("{\"summary\":true,\"seed\":11,\"first_day\":\"2025-01-01\",\"meters\":[0,10],"));
    let account = &written.account;
    assert_eq!((account.duplicates, account.corrections, account.absent), (0, 0, 0));
    for measure in Measure::ALL {
        assert_eq!(account.true_sum(measure), account.sum(measure));
        assert_eq!(account.tally(measure).true_readings, account.tally(measure).distinct);
    }
}

#[test]
fn the_account_is_that_of_what_was_written() {
    let fleet = faulty("2025-03-25", 12, 40);
    for form in [Form::Ndjson, Form::DaySets, Form::Csv] {
        let written = write(&fleet, &fleet.whole(), form);
        let (account, told) = (&written.account, decode(form, &written.bytes));
        let keyed = keyed(&told);
        assert_eq!(account.lines, told.len() as u64);
        assert_eq!(account.distinct(), keyed.len() as u64);
        let again = keyed.values().flat_map(|versions| versions.windows(2));
        let (same, other): (Vec<_>, Vec<_>) = again.partition(|pair| pair[0] == pair[1]);
        assert_eq!((account.duplicates, account.corrections), (same.len() as u64, other.len() as u64));
        assert!(other.iter().all(|pair| pair[0].1 < pair[1].1), "a correction is known later");
        assert!(account.absent > 0 && account.duplicates > 0 && account.corrections > 0);
        for measure in [Measure::Import, Measure::Export] {
            let of = keyed.iter().filter(|((channel, _), _)| channel.quantity == measure.quantity());
            let held = of.map(|(_, versions)| versions.iter().max_by_key(|version| version.1).expect("a version").0);
            assert_eq!(account.sum(measure), Some(sum(held)), "{measure:?}");
        }
        let (expected, distinct) = Measure::ALL.iter().fold((0, 0), |(expected, distinct), measure| {
            let tally = account.tally(*measure);
            (expected + tally.true_readings, distinct + tally.distinct)
        });
        assert_eq!((expected - account.absent, distinct), (account.distinct(), account.distinct()));
    }
}

#[test]
fn the_true_sums_are_those_of_the_fleet_without_faults() {
    let fleet = faulty("2025-03-25", 12, 40);
    let account = write(&fleet, &fleet.whole(), Form::Csv).account;
    let readings = told(&sound(&fleet));
    for measure in [Measure::Import, Measure::Export] {
        let of = readings.iter().filter(|(channel, ..)| channel.quantity == measure.quantity());
        let values: Vec<_> = of.map(|(_, reading, _)| reading.value.expect("a value")).collect();
        assert_eq!(account.tally(measure).true_readings, values.len() as u64);
        assert_eq!(account.true_sum(measure), Some(sum(values)));
    }
}

#[test]
fn every_fault_is_told_and_nothing_else_is_wrong() {
    let fleet = faulty("2025-03-25", 12, 60);
    let written = write(&fleet, &fleet.whole(), Form::Ndjson);
    let (faulty, sound) = (keyed(&decode(Form::Ndjson, &written.bytes)), keyed(&told(&sound(&fleet))));
    let mut told_of = Vec::new();
    for line in written.truth.lines().filter(|line| line.contains("\"fault\":")) {
        let (quantity, fault) = (member(line, "quantity"), member(line, "fault"));
        let point = member(line, "point");
        let [from, to] = ["from", "to"].map(|name| at(member(line, name).trim_end_matches('Z')));
        told_of.push((point.to_owned(), from, to));
        if quantity != "1-0:1.29.0" {
            continue;
        }
        let (expected, values) = (member(line, "true_values").split(','), member(line, "written_values").split(','));
        let mut slots: Vec<_> = sound
            .keys()
            .filter(|(channel, period)| {
                channel.point.as_str() == point
                    && channel.quantity.to_string() == quantity
                    && (from..to).contains(&period.start())
            })
            .collect();
        slots.sort_by_key(|(_, period)| period.start());
        assert_eq!(slots.len(), expected.clone().count(), "{line}");
        for ((key, expected), value) in slots.into_iter().zip(expected).zip(values) {
            assert_eq!(sound[key][0].0.to_string(), expected, "{line}");
            match (fault, faulty.get(key)) {
                ("gap", found) => assert_eq!((value, found), ("null", None), "{line}"),
                ("late", Some(found)) => {
                    assert_eq!((value, found[0].0.to_string().as_str()), ("null", expected), "{line}");
                }
                (_, Some(found)) => assert_eq!(found[0].0.to_string(), value, "{line}"),
                (_, None) => panic!("nothing was written: {line}"),
            }
        }
    }
    let is_told = |key: &(Channel, Period)| {
        told_of.iter().any(|(point, from, to)| point == key.0.point.as_str() && (*from..*to).contains(&key.1.start()))
    };
    let is_amount = |(_, period): &&(Channel, Period)| period.start() < period.end();
    for key in sound.keys().filter(is_amount).filter(|key| !is_told(key)) {
        assert_eq!(faulty.get(key), sound.get(key), "{key:?}");
    }
    let counts: Vec<_> = Fault::ALL.iter().map(|fault| written.account.faults(*fault)).collect();
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    assert_eq!(counts.iter().sum::<u64>(), told_of.len() as u64);
}

#[test]
fn registers_begin_anew_where_the_truth_says_so() {
    let fleet = fleet("2025-05-01", 20, 40, |settings| {
        settings.faults = FaultRates { meter_exchange: 60_000, register_reset: 60_000, ..FaultRates::NONE };
    });
    let written = write(&fleet, &fleet.whole(), Form::Ndjson);
    let (readings, mut devices) = (decode(Form::Ndjson, &written.bytes), HashMap::new());
    let mut restarts = 0;
    for line in written.truth.lines().filter(|line| line.contains("\"fault\":")) {
        let point = member(line, "point");
        let [from, to] = ["from", "to"].map(|name| at(member(line, name).trim_end_matches('Z')));
        let of = |quantity: &str| {
            let quantity = quantity.to_owned();
            readings.iter().filter(move |(channel, ..)| {
                channel.point.as_str() == point && channel.quantity.to_string() == quantity
            })
        };
        let after = of("1-0:1.29.0").filter(|(_, reading, _)| (from..to).contains(&reading.period.start()));
        let counted = sum(after.map(|(_, reading, _)| reading.value.expect("a value")));
        let state = of("1-0:1.8.0").find(|(_, reading, _)| reading.period.start() == to).expect("a state");
        assert_eq!(state.1.value, Some(counted), "{line}");
        assert_eq!(member(line, "written_values"), counted.to_string());
        restarts += 1;
        if member(line, "fault") == "meter_exchange" {
            let before = devices.insert(point.to_owned(), member(line, "device_after").to_owned());
            let first = (0..40).filter_map(|number| fleet.meter(number)).find(|meter| meter.malo.as_str() == point);
            let first = first.map(|meter| meter.device.to_string());
            assert_eq!(before.or(first).as_deref(), Some(member(line, "device")), "{line}");
        }
    }
    assert!(restarts > 40 && devices.len() > 10, "{restarts} {}", devices.len());
}

#[test]
fn faults_come_as_often_as_asked_for() {
    let rates = FaultRates { gap: 100_000, spike: 20_000, ..FaultRates::NONE };
    let fleet = fleet("2025-05-01", 10, 500, |settings| settings.faults = rates);
    let written = write(&fleet, &fleet.whole(), Form::DaySets);
    assert!((430..570).contains(&written.account.faults(Fault::Gap)));
    assert!((70..130).contains(&written.account.faults(Fault::Spike)));
    assert_eq!(written.account.faults(Fault::Late), 0);
}
