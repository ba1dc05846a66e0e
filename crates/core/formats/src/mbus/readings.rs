//! The telegrams of a delivery as readings, held until it is known when they were sent.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use metrify_domain::calendar::Zone;
use metrify_domain::identifier::DeviceId;
use metrify_domain::{
    Code, Decimal, Document, Kind, Numbered, ObisCode, Period, Quality, Reading, Severity, Timestamp,
};

use super::address;
use super::frames::{Frame, Loss, Piece, Place};
use super::meters::Meters;
use super::quantity::{self, About};
use super::record::{Function, Item, Items, Register};
use super::status;
use super::telegram::{self, Opened, Telegram};
use super::tell::{self, Shown, Told, Value, What};
use super::times::{At, Times};
use crate::format::Options;
use crate::keys::Keys;
use crate::output::{Output, Problem};
use crate::record::{Cell, Record as Row, RecordTable};
use crate::remarks::{Remarks, finding};

/// Readings that are held at most, give or take those of one telegram, until it is known when their meter's last telegram was
/// sent. With those of a telegram they are no more than a power of two, so that the last one does not double their room.
const HELD_READINGS_MAX: usize = (1 << 18) - 256;
/// Facts that are remembered at most, so that each is told once.
const FACTS_MAX: usize = 100_000;
/// Bytes of the shortest telegram that holds a value.
const TELEGRAM_BYTES_MIN: usize = 13;

/// A reading whose instant may not be known yet.
#[derive(Debug)]
struct Held {
    channel: u32,
    at: At,
    value: Option<Decimal>,
    /// Which of [`Readings::standings`].
    standing: u32,
}

/// Bytes beside frames that cannot hold a reading.
#[derive(Debug, Default)]
struct Stray {
    first: Option<Place>,
    runs: u64,
    bytes: u64,
}

#[derive(Debug)]
pub(super) struct Readings {
    received_at: Timestamp,
    zone: Option<Zone>,
    keys: Arc<Keys>,
    meters: Meters,
    held: Vec<Held>,
    /// What is held beside values and instants, without them: few for many readings, and each five times as large as the rest.
    standings: Numbered<Reading>,
    /// What was told of each meter.
    facts: HashMap<(u32, String), String>,
    stray: Stray,
    remarks: Remarks,
}

/// What holds for all records of a telegram.
struct Sender {
    meter: u32,
    medium: Option<u8>,
    status: u8,
    times: Times,
    place: Place,
    /// How often a quantity came so far, by its name.
    counts: HashMap<String, u32>,
    /// The codes of records whose extensions say what they measure; a record without any does not share them.
    extended: HashSet<ObisCode>,
}

impl Readings {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            received_at: options.received_at,
            zone: options.zone,
            keys: Arc::clone(&options.keys),
            meters: Meters::default(),
            held: Vec::new(),
            standings: Numbered::default(),
            facts: HashMap::new(),
            stray: Stray::default(),
            remarks: Remarks::default(),
        }
    }

    pub(super) fn take(&mut self, piece: &Piece<'_>, out: &mut Output<'_>) {
        match piece {
            Piece::Frame(frame) => self.frame(frame, out),
            Piece::Lost { place, bytes, loss } => self.lost(*place, bytes, *loss, out),
            Piece::Passed => {}
        }
    }

    /// Hands on what is held, and what was learnt of each meter.
    pub(super) fn finish(&mut self, out: &mut Output<'_>) {
        self.release(out);
        self.describe_meters(out);
        let Stray { first, runs, bytes } = std::mem::take(&mut self.stray);
        if let Some(first) = first {
            let reason =
                format!("bytes beside frames: {bytes}, in {runs} runs too short for a telegram or of one byte");
            out.finding(finding("stray_bytes", Severity::Note, &first.to_string(), reason));
        }
        self.remarks = Remarks::default();
    }

    fn frame(&mut self, frame: &Frame<'_>, out: &mut Output<'_>) {
        match telegram::open(frame, &self.keys) {
            Ok(Opened::Values(telegram)) => self.telegram(frame, &telegram, out),
            Ok(Opened::Nothing(ci)) => {
                if self.remarks.first("message_passed_over") {
                    let reason = format!("messages without values are passed over, such as this one (CI {ci:02x})");
                    out.finding(finding("message_passed_over", Severity::Note, &frame.place.to_string(), reason));
                }
            }
            Err(refusal) => out.problem(problem(frame, refusal.to_string(), refusal.readings())),
        }
    }

    fn telegram(&mut self, frame: &Frame<'_>, telegram: &Telegram<'_>, out: &mut Output<'_>) {
        self.make_room(frame, out);
        let Some(meter) = self.meters.number(telegram.address) else {
            return out.problem(problem(frame, "its meter has no name that a point can have".to_owned(), 1));
        };
        let mut records = Vec::new();
        let (mut lost, mut first_reason, mut own) = (0, None, None);
        for item in Items::new(&telegram.records) {
            match item {
                Ok(Item::Record(record)) => match tell::tell(&record) {
                    Ok(told) => records.push((record.register, told)),
                    Err(reason) => (lost, first_reason) = (lost + 1, first_reason.or(Some(reason))),
                },
                Ok(Item::Maker { bytes, more }) => own = Some((bytes.len(), more)),
                Err(malformed) => {
                    (lost, first_reason) = (lost + 1, first_reason.or_else(|| Some(malformed.to_string())));
                }
            }
        }
        let times = self.times(meter, &records, frame, out);
        let medium = address::medium(telegram.address.device_type());
        let extended = records.iter().filter(|(_, told)| !told.words.is_empty() && matches!(told.what, What::Value(_)));
        let extended = extended.filter_map(|(register, Told { name, words, .. })| {
            quantity::code(&About { medium, name, words, register: *register })
        });
        let extended = extended.collect();
        let (status, place, counts) = (telegram.status, frame.place, HashMap::new());
        let mut sender = Sender { meter, medium, status, times, place, counts, extended };
        self.identify(&sender, telegram, out);
        self.remark(&sender, telegram, own, out);
        for (register, told) in records {
            if let Err(reason) = self.record(&mut sender, register, told, out) {
                (lost, first_reason) = (lost + 1, first_reason.or(Some(reason)));
            }
        }
        if let Some(reason) = first_reason {
            let reason = format!("records of {} that are not read: {lost}; {reason}", telegram.address.name());
            out.problem(problem(frame, reason, lost));
        }
    }

    /// When the telegram and its kept values hold.
    fn times(&mut self, meter: u32, records: &[(Register, Told)], frame: &Frame<'_>, out: &mut Output<'_>) -> Times {
        let moments = records.iter().filter_map(|(register, told)| match told.what {
            What::Time(moment) if told.words.is_empty() && matches!(told.name.as_str(), "date" | "time") => {
                Some((*register, told.name == "time", moment))
            }
            _ => None,
        });
        let moments: Vec<_> = moments.collect();
        let Some(meter) = self.meters.get_mut(meter) else { return Times::default() };
        let second = || meter.second(frame);
        let (times, remark) = Times::new(&moments, self.zone, self.received_at, second);
        if let Some((rule, reason)) = remark
            && meter.remarks.first(rule)
        {
            let reason = format!("{} {reason}", meter.point);
            out.finding(finding(rule, Severity::Note, &frame.place.to_string(), reason));
        }
        times
    }

    /// Tells what the header says of the meter.
    fn identify(&mut self, sender: &Sender, telegram: &Telegram<'_>, out: &mut Output<'_>) {
        let (version, kind) = (telegram.address.version(), telegram.address.device_type());
        self.fact(sender, "version".to_owned(), version.to_string(), out);
        self.fact(sender, "device_type".to_owned(), address::device_name(kind), out);
    }

    /// Says what is odd about a meter, each thing once in a delivery.
    fn remark(&mut self, sender: &Sender, telegram: &Telegram<'_>, own: Option<(usize, bool)>, out: &mut Output<'_>) {
        let Some(meter) = self.meters.get_mut(sender.meter) else { return };
        let mut say = |rule: &'static str, severity: Severity, reason: String| {
            if meter.remarks.first(rule) {
                out.finding(finding(rule, severity, &sender.place.to_string(), format!("{} {reason}", meter.point)));
            }
        };
        if let Some(signature) = telegram.signature {
            let reason = format!("has {signature:04x} where others tell their encryption: taken for an old signature");
            say("old_signature", Severity::Note, reason);
        }
        if let Some(said) = status::remark(telegram.status) {
            say(said.rule, said.severity, said.reason(telegram.status));
        }
        if let Some((bytes @ 1.., _)) = own {
            let reason = format!("sends {bytes} bytes of its maker's own behind its records, which are not read");
            say("maker_data", Severity::Note, reason);
        }
        if matches!(own, Some((_, true))) {
            let reason = "has more telegrams than the one that was read".to_owned();
            say("more_telegrams", Severity::Note, reason);
        }
    }

    fn record(
        &mut self,
        sender: &mut Sender,
        register: Register,
        told: Told,
        out: &mut Output<'_>,
    ) -> Result<(), String> {
        let about = About { medium: sender.medium, name: &told.name, words: &told.words, register };
        let name = quantity::fact(&about);
        match told.what {
            What::Nothing => {}
            What::Fact(value) => {
                if matches!(name.as_str(), "fabrication_number" | "enhanced_identification")
                    && value.parse::<DeviceId>().is_ok()
                {
                    self.fact(sender, "device_id".to_owned(), value.clone(), out);
                }
                self.fact(sender, name, value, out);
            }
            // The clock of the meter is when its values hold.
            What::Time(_) if name == "time" => {}
            What::Time(moment) => {
                if let Some(value) = moment.text() {
                    self.fact(sender, name, value, out);
                }
            }
            What::Value(value) => {
                let count = sender.counts.entry(name).or_insert(0);
                *count += 1;
                let code = quantity::code(&about);
                let code = code.filter(|code| !told.words.is_empty() || !sender.extended.contains(code));
                let quantity = quantity::quantity(&about, code, *count)
                    .ok_or_else(|| format!("the name of the quantity {} is too long", quantity::fact(&about)))?;
                if matches!(value.shown, Shown::Number { float: true, .. }) {
                    self.note_float(sender, out);
                }
                let (at, is_told) = sender.times.at(register);
                // A kept value without a time of its own is no state of the register now.
                let is_state = register.storage == 0 || is_told;
                let mut reading = reading(&about, sender.status, is_state, value);
                if let Some(channel) = self.meters.channel(sender.meter, quantity) {
                    let value = reading.value.take();
                    self.held.push(Held { channel, at, value, standing: self.standings.number(&reading) });
                }
            }
        }
        Ok(())
    }

    fn note_float(&mut self, sender: &Sender, out: &mut Output<'_>) {
        let Some(meter) = self.meters.get_mut(sender.meter) else { return };
        if meter.remarks.first("binary_float") {
            let reason = "sends floating-point numbers: each is taken for the shortest decimal that names it";
            let reason = format!("{} {reason}", meter.point);
            out.finding(finding("binary_float", Severity::Note, &sender.place.to_string(), reason));
        }
    }

    /// Tells a fact about a meter, once in a delivery.
    fn fact(&mut self, sender: &Sender, fact: String, value: String, out: &mut Output<'_>) {
        let Some(meter) = self.meters.get_mut(sender.meter) else { return };
        if self.facts.len() >= FACTS_MAX {
            self.facts.clear();
        }
        let known = self.facts.entry((sender.meter, fact.clone())).or_default();
        if *known == value {
            return;
        }
        known.clone_from(&value);
        let subject: Cell = meter.point.as_str().into();
        let nothing = || Cell::Null;
        let cells = vec![
            subject,
            "meter".into(),
            fact.into(),
            value.into(),
            nothing(),
            nothing(),
            nothing(),
            nothing(),
            nothing(),
            // Telegrams have no reference.
            "".into(),
        ];
        if let Some(row) = Row::new(RecordTable::MasterData, Document::default(), cells) {
            out.record(row);
        }
    }

    fn lost(&mut self, place: Place, bytes: &[u8], loss: Loss, out: &mut Output<'_>) {
        let is_one_byte = bytes.windows(2).all(|pair| pair.first() == pair.last());
        if loss == Loss::Stray && (bytes.len() < TELEGRAM_BYTES_MIN || is_one_byte) {
            self.stray.first = self.stray.first.or(Some(place));
            self.stray.runs += 1;
            self.stray.bytes += bytes.len() as u64;
            return;
        }
        out.problem(Problem {
            position: place.to_string(),
            reason: loss.to_string(),
            readings: readings_within(bytes),
            prelude: Vec::new(),
            bytes: bytes.to_vec(),
        });
    }

    /// Hands on what is held before more would be kept than the limits allow.
    fn make_room(&mut self, frame: &Frame<'_>, out: &mut Output<'_>) {
        let too_many_meters = self.meters.is_full();
        if !too_many_meters && self.held.len() < HELD_READINGS_MAX {
            return;
        }
        if self.held.iter().any(|held| matches!(held.at, At::Second(_))) && self.remarks.first("time_of_receipt") {
            let reason = "there are more readings without a time than can be held: those before here are placed before \
                          the time of receipt, those of the same meters from here on after it";
            let position = frame.place.to_string();
            out.finding(finding("time_of_receipt", Severity::Warning, &position, reason.to_owned()));
        }
        self.release(out);
        if too_many_meters {
            self.describe_meters(out);
        }
    }

    fn release(&mut self, out: &mut Output<'_>) {
        self.meters.iter_mut().for_each(|meter| meter.timeline.settle());
        let document = Document::default();
        let standings = self.standings.take();
        for Held { channel, at, value, standing } in self.held.drain(..) {
            let Some((channel, meter)) = self.meters.of_channel(channel) else { continue };
            let Some(standing) = standings.get(standing as usize) else { continue };
            let at = match at {
                At::Instant(at) => at,
                At::Second(second) => meter.timeline.instant(second, self.received_at),
            };
            out.reading(channel, &document, &Reading { period: Period::instant(at), value, ..*standing });
        }
    }

    /// Hands on each meter, and forgets it.
    fn describe_meters(&mut self, out: &mut Output<'_>) {
        self.facts.clear();
        for meter in std::mem::take(&mut self.meters).iter_mut() {
            out.meter(meter.describe());
        }
    }
}

/// A value as a reading, still without its instant.
fn reading(about: &About<'_>, status: u8, is_state: bool, value: Value) -> Reading {
    let function = about.register.function;
    let is_register = value.counted && is_state && function != Function::Maximum;
    let kind = if is_register { Kind::Register } else { Kind::Instant };
    let mut reading = Reading::missing(kind, Period::instant(Timestamp::default()), value.unit);
    let reason = match value.shown {
        Shown::Missing(reason) => Some(reason),
        Shown::Number { value, .. } => {
            reading.value = Some(value);
            reading.quality = quality(status, function, about.name);
            status::reason(status, reading.quality)
        }
    };
    reading.with_reason(reason.as_deref().and_then(Code::new))
}

/// How far a value can be trusted. What a meter counted while it was in error is no value in error.
fn quality(status: u8, function: Function, name: &str) -> Quality {
    let counts_time = matches!(name, "on_time" | "operating_time");
    if function == Function::Error && !counts_time { Quality::Faulty } else { status::quality(status) }
}

/// How many readings a damaged frame may have held, by its records as they stand; at least one.
fn readings_within(bytes: &[u8]) -> u64 {
    /// Of a wired frame up to and with its long header.
    const HEAD: usize = 19;
    let records = match bytes {
        [0x68, _, _, 0x68, _, _, 0x72, ..] => bytes.get(HEAD..).unwrap_or_default(),
        _ => &[],
    };
    let is_reading = |item: &Result<Item<'_>, _>| matches!(item, Ok(Item::Record(record)) if tell::is_measured(record));
    (Items::new(records).filter(is_reading).count() as u64).max(1)
}

fn problem(frame: &Frame<'_>, reason: String, readings: u64) -> Problem {
    let position = frame.place.to_string();
    Problem { position, reason, readings, prelude: Vec::new(), bytes: frame.bytes.to_vec() }
}
