//! What holds for every fleet: one seed means one fleet, on any machine and however it is cut.

use crate::support::{at, date, decode, faulty, fleet, readings, sorted, told, write};
use chrono::Days;
use metrify_domain::time::QUARTER_HOUR;
use metrify_domain::{Kind, PointKind, Timestamp};
use metrify_simulation::{FaultRates, Fleet, Form, Settings, SettingsError, Slice, live};
use proptest::prelude::*;

/// FNV-1a: a change of any byte changes it.
fn checksum(bytes: &[u8]) -> String {
    let step = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
    format!("{:016x}", bytes.iter().fold(0xCBF2_9CE4_8422_2325, step))
}

/// Over a change of clocks, with everything that can be told.
fn full() -> Fleet {
    fleet("2025-03-28", 4, 20, |settings| {
        (settings.surroundings, settings.power, settings.faults) = (true, true, FaultRates::each(60_000));
    })
}

/// Whoever changes these on purpose changes what every seed means: recordings and measurements made with one are then of another.
#[test]
fn a_seed_means_the_same_bytes_for_good() {
    let fleet = full();
    let of = |form| checksum(&write(&fleet, &fleet.whole(), form).bytes);
    assert_eq!(
        [
            of(Form::Ndjson),
            of(Form::DaySets),
            of(Form::Csv),
            checksum(write(&fleet, &fleet.whole(), Form::Csv).truth.as_bytes())
        ],
        ["e5475825797a6cbe", "418798ada395e4cc", "852472edeb7f974f", "770137d4b463513d"]
    );
    let other = Fleet::new(Settings { seed: 12, ..fleet.settings().clone() }).expect("good settings");
    assert_ne!(of(Form::Ndjson), checksum(&write(&other, &other.whole(), Form::Ndjson).bytes));
}

#[test]
fn days_alone_are_those_days_of_the_whole() {
    let fleet = full();
    let of = |days| write(&fleet, &Slice { meters: 0..20, days }, Form::Ndjson).bytes;
    let whole = of(0..4);
    assert_eq!([of(0..1), of(1..3), of(3..4)].concat(), whole);
    // A longer fleet begins as the shorter one does, save for what comes late on its last day.
    let longer = Fleet::new(Settings { days: 9, ..fleet.settings().clone() }).expect("good settings");
    let begin = write(&longer, &Slice { meters: 0..20, days: 0..4 }, Form::Ndjson).bytes;
    assert!(whole.starts_with(&begin) && begin.len() * 10 > whole.len() * 9);
}

#[test]
fn meters_alone_are_those_meters_of_the_whole() {
    let fleet = full();
    for day in 0..4 {
        let of = |meters| write(&fleet, &Slice { meters, days: day..day + 1 }, Form::Ndjson);
        let parts = [of(0..1), of(1..7), of(7..20)];
        let whole = of(0..20);
        assert_eq!(parts.each_ref().map(|part| part.bytes.as_slice()).concat(), whole.bytes);
        let lines: u64 = parts.iter().map(|part| part.account.lines).sum();
        assert_eq!(lines, whole.account.lines);
    }
    let beyond = write(&fleet, &Slice { meters: 20..30, days: 0..9 }, Form::Ndjson);
    assert_eq!((beyond.bytes.len(), beyond.account.lines), (0, 0));
}

#[test]
fn every_form_tells_the_same_readings() {
    let fleet = full();
    let batches = told(&fleet);
    assert!(batches.len() > 20_000);
    for form in [Form::Ndjson, Form::Csv] {
        assert!(decode(form, &write(&fleet, &fleet.whole(), form).bytes) == batches, "{form:?}");
    }
    let day_sets = write(&fleet, &fleet.whole(), Form::DaySets).bytes;
    assert!(decode(Form::DaySets, &day_sets) == batches);
    let lines = day_sets.split(|byte| *byte == b'\n');
    assert!(lines.filter(|line| line.windows(8).any(|part| part == b"\"values\"")).count() > 80);
}

#[test]
fn the_quarter_hours_of_a_fleet_tell_what_its_days_tell() {
    let fleet = full();
    let (begin, end) = (at("2025-03-27T23:00:00"), at("2025-04-01T22:00:00"));
    let mut live = Vec::new();
    let mut to = begin;
    while to < end {
        to = to.plus(QUARTER_HOUR).expect("in range");
        let batches = live::batches(&fleet, to, 0..20);
        let mut text = Vec::new();
        let count = live::append(&fleet, to, 0..20, Form::Ndjson, &mut text);
        let told: Vec<_> = batches.iter().flat_map(readings).collect();
        assert!(decode(Form::Ndjson, &text) == told && told.len() as u64 == count, "{to}");
        let due = |reading: &metrify_domain::Reading| reading.period.end() <= to;
        assert!(told.iter().all(|(_, reading, known_at)| due(reading) && known_at.is_none_or(|at| at <= to)), "{to}");
        live.extend(told);
    }
    // The days after the last are told as well, and with them what came late on the last.
    let last = at("2025-03-31T22:00:00");
    live.retain(|(_, reading, _)| {
        reading.period.start() < last || (reading.kind != Kind::Interval && reading.period.end() <= last)
    });
    let mut days = told(&fleet);
    days.retain(|(_, reading, _)| reading.kind != Kind::Register || reading.period.start() > begin);
    assert!(sorted(live) == sorted(days));
    assert_eq!(live::append(&fleet, begin, 0..20, Form::Ndjson, &mut Vec::new()), 0);
}

#[test]
fn every_market_location_is_valid_and_no_two_are_one() {
    let fleet = fleet("2025-01-01", 1, 50_000, |_| {});
    let meters: Vec<_> = (0..50_000).map(|number| fleet.meter(number).expect("a meter")).collect();
    let mut malos: Vec<_> = meters.iter().map(|meter| meter.malo.to_string()).collect();
    malos.sort();
    malos.dedup();
    assert_eq!(malos.len(), 50_000);
    assert!(malos.iter().all(|malo| (b'4'..=b'9').contains(&malo.as_bytes()[0])));
    let point: metrify_domain::Point = malos[0].parse().expect("a point");
    assert_eq!(point.kind(), PointKind::MarketLocation);
    assert_eq!(fleet.meter(50_000), None);
    let with = |has: fn(&metrify_simulation::SimulatedMeter) -> bool| meters.iter().filter(|meter| has(meter)).count();
    assert!((9_000..15_000).contains(&with(|meter| meter.photovoltaics_kw_tenths.is_some())));
    assert!((3_000..9_000).contains(&with(|meter| meter.heat_pump_w_per_kelvin.is_some())));
    assert!((3_000..9_000).contains(&with(|meter| meter.has_car)));
    for land in metrify_simulation::STATIONS.map(|station| station.land) {
        assert!(meters.iter().filter(|meter| meter.land() == land).count() > 4_000);
    }
}

#[test]
fn settings_that_make_no_fleet_are_refused() {
    let first_day = date("2099-12-30");
    let good = Settings::new(1, 1, first_day, 1);
    let refused = |settings: Settings| Fleet::new(settings).err();
    assert_eq!(refused(good.clone()), None);
    assert_eq!(refused(Settings { days: 0, ..good.clone() }), Some(SettingsError::NoDays));
    assert_eq!(refused(Settings { days: 2, ..good.clone() }), Some(SettingsError::Calendar { first_day, days: 2 }));
    assert!(refused(Settings { days: u32::MAX, ..good.clone() }).is_some());
    assert!(refused(Settings { first_day: date("1989-12-31"), ..good.clone() }).is_some());
    let faults = FaultRates::each(200_000);
    assert_eq!(refused(Settings { faults, ..good }), Some(SettingsError::TooManyFaults { sum: 1_800_000 }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_slice_of_any_fleet_is_told_and_adds_up(
        seed: u64, day in 0_u64..40_000, meters in 0..4_u32, days in 1..4_u32, cut in 0..4_u32, rate in 0..111_111_u32,
    ) {
        let first_day = date("1990-01-01") + Days::new(day);
        let settings = Settings { faults: FaultRates::each(rate), ..Settings::new(seed, meters, first_day, days) };
        let fleet = Fleet::new(settings).expect("good settings");
        let part = |days| write(&fleet, &Slice { meters: 0..meters, days }, Form::Ndjson);
        let cut = cut.min(days);
        let (first, second) = (part(0..cut), part(cut..days));
        let whole = part(0..days);
        let seam = if cut == days { first.bytes } else { [first.bytes, second.bytes].concat() };
        prop_assert!(seam == whole.bytes);
        prop_assert_eq!(whole.account.lines, decode(Form::Ndjson, &whole.bytes).len() as u64);
    }

    #[test]
    fn any_instant_is_told_without_panic(micros: i64, meters in 0..3_u32) {
        let fleet = faulty("2025-06-01", 2, 3);
        let mut text = Vec::new();
        let count = live::append(&fleet, Timestamp::from_micros(micros), 0..meters, Form::Ndjson, &mut text);
        prop_assert_eq!(count, decode(Form::Ndjson, &text).len() as u64);
    }
}
