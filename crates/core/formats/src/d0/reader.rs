//! The telegrams of a delivery as readings: which meter each is from, and when its values held.

use std::collections::HashMap;

use metrify_domain::calendar::{LocalClock, Zone};
use metrify_domain::{
    Channel, Code as Reason, Decimal, Document, Kind, ObisCode, Period, Point, Quality, Quantity, Reading, Severity,
    Timestamp, Unit,
};

use super::clock;
use super::codes::{self, Role};
use super::facts::Facts;
use super::frame::{Data, Piece};
use super::profile::{self, Profile};
use super::values::{self, Shown};
use crate::datasets::{DataSet, DataSets, Item, Losses, damaged, lossy_text, number, readings_within, text};
use crate::dates::{DateError, shown};
use crate::format::Options;
use crate::kind::shown_kind;
use crate::meters::{Meters, Place, Statement};
use crate::output::{Output, Problem};
use crate::remarks::{Remarks, at_byte, finding};
use crate::timeline::CLOCK_AHEAD_MAX;

/// The zone of meters after the Lastenhefte of VDEW and FNN, where a stamp tells its season.
const HOME: Zone = Zone::BERLIN;
/// Meters whose clocks are followed at once.
const CLOCKS_MAX: usize = 20_000;

/// What was said since the last sign-on.
#[derive(Debug, Default)]
struct Session {
    address: Option<Point>,
    identification: String,
    number: Option<Point>,
}

/// A telegram at the beginning of the delivery, without sign-on or identification.
#[derive(Debug)]
struct First {
    position: u64,
    bytes: Vec<u8>,
    content: Vec<u8>,
    ended: bool,
}

#[derive(Debug)]
pub(super) struct Reader {
    zone: Option<Zone>,
    received_at: Timestamp,
    /// The meter of telegrams that name none.
    given: Option<Point>,
    meters: Meters,
    session: Session,
    /// The clocks of meters that do not tell their season, each a series of its own.
    clocks: HashMap<Point, Option<LocalClock>>,
    begun: bool,
    first: Option<First>,
    remarks: Remarks,
}

/// A telegram on its way: what it says of its meter, and what is lost of it.
struct Telegram<'t> {
    facts: Facts<'t>,
    source: Source,
    losses: Losses,
}

/// The meter that a telegram is from, and what holds for its values.
#[derive(Clone, Debug)]
struct Source {
    number: usize,
    point: Point,
    place: Place,
    quality: Quality,
    reason: Option<Reason>,
}

impl Reader {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            zone: options.zone,
            received_at: options.received_at,
            given: options.point.clone(),
            meters: Meters::new(options.received_at),
            session: Session::default(),
            clocks: HashMap::new(),
            begun: false,
            first: None,
            remarks: Remarks::default(),
        }
    }

    pub(super) fn take(&mut self, piece: &Piece<'_>, out: &mut Output<'_>) {
        match piece {
            Piece::SignOn(line) => {
                self.drop_first(out);
                let line = lossy_text(line);
                let address = line.trim_start_matches("/?").split('!').next().unwrap_or_default();
                self.session = Session { address: address.trim().parse().ok(), ..Session::default() };
            }
            Piece::Identification(line) => {
                self.drop_first(out);
                (self.session.identification, self.session.number) = (lossy_text(line), None);
            }
            Piece::Data(data) if data.bare && !self.begun => {
                let Data { position, ended, .. } = *data;
                let (bytes, content) = (data.bytes.to_vec(), data.content.to_vec());
                self.first = Some(First { position, bytes, content, ended });
            }
            Piece::Data(data) => {
                self.read_first(out);
                self.data(data, out);
            }
            Piece::Lost { position, bytes, loss } => {
                self.read_first(out);
                self.lose(*position, bytes, loss.to_string(), out);
            }
        }
        self.begun = true;
    }

    pub(super) fn finish(&mut self, out: &mut Output<'_>) {
        self.read_first(out);
        self.meters.finish(out);
    }

    /// Reads what stands at the beginning: nothing that came behind it shows that it is the end of something.
    fn read_first(&mut self, out: &mut Output<'_>) {
        if let Some(First { position, bytes, content, ended }) = self.first.take() {
            self.data(&Data { position, bytes: &bytes, content: &content, ended, bare: true }, out);
        }
    }

    /// The meter sends identifications, so what came before the first of them had lost its own, and perhaps more.
    fn drop_first(&mut self, out: &mut Output<'_>) {
        if let Some(first) = self.first.take() {
            let reason = "the delivery begins within a telegram, whose beginning is not there";
            self.lose(first.position, &first.bytes, reason.to_owned(), out);
        }
    }

    fn lose(&self, position: u64, bytes: &[u8], reason: String, out: &mut Output<'_>) {
        let readings = readings_within(&lossy_text(bytes)).max(1);
        out.problem(self.problem(position, bytes, reason, readings));
    }

    fn problem(&self, position: u64, bytes: &[u8], reason: String, readings: u64) -> Problem {
        let Session { address, identification, number } = &self.session;
        let mut prelude = String::new();
        if let Some(point) = number.as_ref().or(address.as_ref()) {
            prelude.push_str(&format!("/?{point}!\r\n"));
        }
        if !identification.is_empty() {
            prelude.push_str(&format!("{identification}\r\n"));
        }
        Problem { position: at_byte(position), reason, readings, prelude: prelude.into_bytes(), bytes: bytes.to_vec() }
    }

    fn data(&mut self, data: &Data<'_>, out: &mut Output<'_>) {
        let position = at_byte(data.position);
        self.meters.make_room(&position, out);
        let text = text(data.content);
        let items: Vec<Item<'_>> = DataSets::new(&text).collect();
        if items.is_empty() {
            return;
        }
        if !data.ended && self.remarks.first("telegram_end_missing") {
            let reason = "the telegram has no `!` at its end: what is whole of it is read";
            out.finding(finding("telegram_end_missing", Severity::Warning, &position, reason.to_owned()));
        }
        let facts = Facts::of(&items);
        let source = match self.source(&facts, &position, out) {
            Ok(source) => source,
            Err(reason) => return self.lose(data.position, data.bytes, reason, out),
        };
        let mut telegram = Telegram { facts, source, losses: Losses::default() };
        for item in &items {
            match item {
                Item::Set(set) => self.set(set, &mut telegram, out),
                Item::Stray(stray) => telegram.losses.add(1, || format!("`{}` is no data set", shown(stray))),
                Item::Damaged(text, readings) => telegram.losses.add(*readings, || damaged(text)),
            }
        }
        self.note(&telegram, &position, out);
        if let Some((readings, reason)) = telegram.losses.told() {
            out.problem(self.problem(data.position, data.bytes, reason, readings));
        }
    }

    fn source(&mut self, facts: &Facts<'_>, position: &str, out: &mut Output<'_>) -> Result<Source, String> {
        if let Some(point) = facts.point() {
            self.session.number = Some(point.clone());
        }
        let named = self.session.number.as_ref().or(self.session.address.as_ref());
        let point = named.or(self.given.as_ref()).cloned().ok_or_else(|| {
            "nothing names the meter: 0.0.0, C.1.0 and 96.1.0 are not there, nor an address in the sign-on: give --point"
                .to_owned()
        })?;
        let number = self.meters.number(&point);
        self.meters.learn_maker(number, || maker(&self.session.identification));
        let (quality, reason) = facts.standing();
        let place = self.place(facts, (number, &point), position, out)?;
        Ok(Source { number, point, place, quality, reason })
    }

    /// The time of the meter's clock where it can be told, else a place before the time of receipt.
    fn place(
        &mut self,
        facts: &Facts<'_>,
        (number, point): (usize, &Point),
        position: &str,
        out: &mut Output<'_>,
    ) -> Result<Place, String> {
        let Some(clock) = facts.clock() else { return Ok(self.meters.place(number, None)) };
        let why = match clock {
            Ok(stamp) => match stamp.at(self.zone, HOME, self.clock_of(point)) {
                Ok(at) if self.is_ahead(at) => format!("the meter's clock shows {at}, long after the receipt"),
                Ok(at) => return Ok(Place::At(at)),
                Err(DateError::NoZone(_)) => {
                    if self.remarks.first("clock_without_zone") {
                        let reason = format!(
                            "the meter's clock shows {} and no zone, so the time of receipt places its values: give --timezone",
                            stamp.clock
                        );
                        out.finding(finding("clock_without_zone", Severity::Note, position, reason));
                    }
                    let seconds = u64::try_from(stamp.clock.and_utc().timestamp()).ok();
                    return Ok(self.meters.place(number, seconds));
                }
                Err(error) => return Err(error.to_string()),
            },
            Err(error) => format!("the meter's clock is not understood: {error}"),
        };
        if self.remarks.first("meter_clock") {
            let reason = format!("{why}: the time of receipt places its values");
            out.finding(finding("meter_clock", Severity::Note, position, reason));
        }
        Ok(self.meters.place(number, None))
    }

    fn clock_of(&mut self, point: &Point) -> &mut Option<LocalClock> {
        if self.clocks.len() >= CLOCKS_MAX && !self.clocks.contains_key(point) {
            self.clocks.clear();
        }
        self.clocks.entry(point.clone()).or_default()
    }

    fn is_ahead(&self, at: Timestamp) -> bool {
        self.received_at.plus(CLOCK_AHEAD_MAX).is_some_and(|latest| at > latest)
    }

    fn set(&mut self, set: &DataSet<'_>, telegram: &mut Telegram<'_>, out: &mut Output<'_>) {
        let Some(code) = codes::read(set.code, telegram.facts.heat) else {
            let numbers = set.values.iter().filter(|value| value.contains('*')).count() as u64;
            return telegram.losses.add(numbers.max(1), || format!("`{}` is no code", shown(set.code)));
        };
        match code.role {
            Role::Profile if set.values.len() > 1 => self.profile(set, telegram, out),
            Role::Profile | Role::Log => self.pass_over(set, &telegram.source, out),
            Role::Value | Role::Count => {
                for shown in values::read(set, code, &mut telegram.losses) {
                    if let Err(error) = self.shown(&shown, telegram, out) {
                        telegram.losses.add(1, || format!("{}: {error}", set.code));
                    }
                }
            }
            Role::Number(_) | Role::Time | Role::Date | Role::DateAndTime | Role::ResetTime => {}
            Role::Error | Role::Status | Role::Service => {}
        }
    }

    fn pass_over(&mut self, set: &DataSet<'_>, source: &Source, out: &mut Output<'_>) {
        let says_something = set.values.iter().any(|value| !value.trim().is_empty());
        if says_something && self.remarks.first("log_passed_over") {
            let reason = format!("{} of {} is no load profile and is passed over", set.code, source.point);
            out.finding(finding("log_passed_over", Severity::Note, "", reason));
        }
    }

    /// One number, at its own stamp, at that of its reset, or when the telegram was made.
    fn shown(&mut self, shown: &Shown<'_>, telegram: &Telegram<'_>, out: &mut Output<'_>) -> Result<(), DateError> {
        let Telegram { facts, source, .. } = telegram;
        self.meters.learn_step(source.number, shown.code, shown.places, shown.unit);
        let [.., reset] = shown.code.groups();
        let set = |stamp: &&str| !clock::is_unset(stamp);
        let stamp = shown.stamp.filter(set).or_else(|| facts.reset(reset).filter(set));
        let place = match stamp.map(|stamp| clock::stamp(stamp)?.at(self.zone, HOME, &mut None)) {
            Some(Ok(at)) => Place::At(at),
            // The clock of the telegram has no zone either, which is told there.
            Some(Err(DateError::NoZone(_))) | None => source.place,
            Some(Err(error)) => return Err(error),
        };
        let kind = if shown.counts { Kind::Register } else { shown_kind(shown.code, &shown.unit) };
        let reading = reading(kind, shown.value, shown.unit, source);
        let statement = Statement { meter: source.number, place, channel: channel(source, shown.code), reading };
        self.meters.take(statement, out);
        Ok(())
    }

    fn profile(&mut self, set: &DataSet<'_>, telegram: &mut Telegram<'_>, out: &mut Output<'_>) {
        let Telegram { source, losses, .. } = telegram;
        let profile = match profile::read(set) {
            Ok(profile) => profile,
            Err(reason) => return losses.add(set.values.len() as u64, || reason),
        };
        let stamp = clock::stamp(profile.stamp);
        let first = stamp.and_then(|stamp| Ok((stamp.at(self.zone, HOME, &mut None)?, stamp.clock)));
        let (first, local) = match first {
            Ok((first, local)) => (first, Timestamp::from_utc(local)),
            Err(error) => return losses.add(profile.values.len().max(1) as u64, || format!("{}: {error}", set.code)),
        };
        if let Some(status) = profile.strange_status
            && self.remarks.first("profile_status")
        {
            let point = &source.point;
            let reason = format!("{point} shows status {status}, whose bits are not known: its values count as true");
            out.finding(finding("profile_status", Severity::Warning, "", reason));
        }
        rows(&profile, source, profile.intervals(first, local), losses, out);
    }

    /// Says what is odd about the meter, once.
    fn note(&mut self, telegram: &Telegram<'_>, position: &str, out: &mut Output<'_>) {
        let Telegram { facts, source: Source { point, quality, .. }, .. } = telegram;
        if let Some(error) = facts.error
            && self.remarks.first("meter_error")
        {
            let reason = format!("{point} shows {} in its error register", shown(error));
            out.finding(finding("meter_error", Severity::Warning, position, reason));
        }
        if *quality != Quality::True && self.remarks.first("meter_fault") {
            let reason = format!("{point} reports a fault: its values are {quality}");
            out.finding(finding("meter_fault", Severity::Error, position, reason));
        }
    }
}

/// The rows of a profile, each with a value for every column.
fn rows(
    profile: &Profile<'_>,
    source: &Source,
    intervals: impl Iterator<Item = Option<(Timestamp, Timestamp)>>,
    losses: &mut Losses,
    out: &mut Output<'_>,
) {
    let column = |(code, unit): &(ObisCode, Unit)| (channel(source, *code), profile::kind(*code), *unit);
    let columns: Vec<_> = profile.columns.iter().map(|told| told.as_ref().map(column)).collect();
    let standing = Source { quality: profile.quality, reason: profile.reason, ..source.clone() };
    for (row, interval) in profile.values.chunks(columns.len().max(1)).zip(intervals) {
        let period = interval.and_then(|(start, end)| Period::interval(start, end));
        let Some(period) = period.filter(|_| row.len() == columns.len()) else {
            losses.add(row.len() as u64, || "the last row of a profile is not whole".to_owned());
            continue;
        };
        for (column, text) in columns.iter().zip(row) {
            let Some((channel, kind, unit)) = column else { continue };
            match number(text.trim()) {
                Ok((value, _)) => {
                    let period = if *kind == Kind::Interval { period } else { Period::instant(period.end()) };
                    let reading = Reading { period, ..reading(*kind, value, *unit, &standing) };
                    out.reading(channel, &Document::default(), &reading);
                }
                Err(reason) => losses.add(1, || format!("{}: {reason}", channel.quantity)),
            }
        }
    }
}

fn channel(source: &Source, code: ObisCode) -> Channel {
    Channel { point: source.point.clone(), quantity: Quantity::Obis(code) }
}

/// A reading whose time is still to be told.
fn reading(kind: Kind, value: Option<Decimal>, unit: Unit, source: &Source) -> Reading {
    let period = Period::instant(Timestamp::default());
    let reading = Reading { value, ..Reading::missing(kind, period, unit) };
    let quality = if value.is_some() { source.quality } else { Quality::Missing };
    reading.with_quality(quality).with_reason(source.reason)
}

/// The maker's three letters of an identification; a small third one tells of a quick answer.
fn maker(identification: &str) -> Option<String> {
    let letters = identification.strip_prefix('/')?.get(..3)?;
    letters.bytes().all(|letter| letter.is_ascii_alphabetic()).then(|| letters.to_ascii_uppercase())
}
