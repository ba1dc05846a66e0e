//! Fleets made for tests, and what they wrote read back through the front door.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::ops::ControlFlow;

use chrono::NaiveDate;
use metrify_domain::{Batch, Channel, Decimal, Reading, Timestamp};
use metrify_formats::{Decoded, Decoder, Format, Options, Output};
use metrify_simulation::{Account, Batches, FaultRates, Fleet, Form, Measure, Pieces, Settings, SimulatedMeter, Slice};

pub fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

pub fn at(text: &str) -> Timestamp {
    Timestamp::from_utc(text.parse().expect("a time"))
}

pub fn fleet(first_day: &str, days: u32, meters: u32, change: impl FnOnce(&mut Settings)) -> Fleet {
    let mut settings = Settings::new(11, meters, date(first_day), days);
    settings.surroundings = false;
    change(&mut settings);
    Fleet::new(settings).expect("good settings")
}

/// Faults on nearly every second day, so that a small fleet has them all.
pub fn faulty(first_day: &str, days: u32, meters: u32) -> Fleet {
    fleet(first_day, days, meters, |settings| settings.faults = FaultRates::each(50_000))
}

pub struct Written {
    pub bytes: Vec<u8>,
    pub truth: String,
    pub account: Account,
}

pub fn write(fleet: &Fleet, slice: &Slice, form: Form) -> Written {
    let mut pieces = Pieces::new(fleet, slice, form);
    let (mut bytes, mut truth) = (Vec::new(), String::new());
    while pieces.append(&mut bytes) {
        truth.push_str(&pieces.take_truth());
    }
    assert!(!pieces.append(&mut bytes), "it goes on after its end");
    assert_eq!(pieces.take_truth(), "", "the truth goes on after its end");
    Written { bytes, truth, account: pieces.account().clone() }
}

/// A reading with its channel and the time it became known.
pub type Told = (Channel, Reading, Option<Timestamp>);

/// Reads text back; every line must be understood.
pub fn decode(form: Form, bytes: &[u8]) -> Vec<Told> {
    let format = match form {
        Form::Ndjson | Form::DaySets => Format::Ndjson,
        Form::Csv => Format::Csv,
    };
    let mut told = Vec::new();
    let mut sink = |decoded: Decoded| {
        assert_eq!((decoded.problems, decoded.findings), (Vec::new(), Vec::new()));
        told.extend(readings(&decoded.batch));
        ControlFlow::Continue(())
    };
    let mut out = Output::new(&mut sink);
    let options = Options::at(Timestamp::default());
    let mut decoder = Decoder::new(format, &options).expect("a format of text");
    decoder.push(bytes, &mut out);
    decoder.finish(&mut out);
    told
}

pub fn readings(batch: &Batch) -> Vec<Told> {
    let told = batch.rows().iter();
    told.map(|row| (batch.channel(row).clone(), batch.reading(row), batch.document(row).known_at)).collect()
}

/// Passes on what a slice tells, in order, and keeps none of it: a year is long.
pub fn each(fleet: &Fleet, slice: &Slice, mut tell: impl FnMut(Told)) {
    Batches::new(fleet, slice).for_each(|batch| readings(&batch).into_iter().for_each(&mut tell));
}

/// All that one meter tells, in order.
pub fn told_by(fleet: &Fleet, meter: &SimulatedMeter) -> Vec<Told> {
    let slice = Slice { meters: meter.number..meter.number + 1, ..fleet.whole() };
    Batches::new(fleet, &slice).flat_map(|batch| readings(&batch)).collect()
}

/// All that a fleet tells, in order.
pub fn told(fleet: &Fleet) -> Vec<Told> {
    Batches::new(fleet, &fleet.whole()).flat_map(|batch| readings(&batch)).collect()
}

/// The values of one measure of a meter, in order, with the begin of each.
pub fn series(told: &[Told], fleet: &Fleet, meter: u32, measure: Measure) -> Vec<(Timestamp, Decimal)> {
    let malo = fleet.meter(meter).expect("a meter").malo;
    let of = told
        .iter()
        .filter(|(channel, ..)| channel.point.as_str() == malo.as_str() && channel.quantity == measure.quantity());
    of.map(|(_, reading, _)| (reading.period.start(), reading.value.expect("a value"))).collect()
}

pub fn sum(values: impl IntoIterator<Item = Decimal>) -> Decimal {
    values.into_iter().fold(Decimal::ZERO, |sum, value| sum.checked_add(value).expect("in range"))
}

/// Whole units of a decimal, for comparisons.
pub fn whole(value: Decimal) -> i64 {
    i64::try_from(value.units() / 10_i128.pow(12)).expect("in range")
}

/// Unordered, for comparisons.
pub fn sorted(mut told: Vec<Told>) -> Vec<String> {
    let mut texts: Vec<_> = told.drain(..).map(|told| format!("{told:?}")).collect();
    texts.sort();
    texts
}
