//! One message, UNH to UNT, segment by segment: the facts of its transactions become rows, its points and meters are told.
//!
//! A segment that cannot be read becomes a problem whose prelude is the interchange head, the message head and the head of its
//! transaction and group, so that it can be read again.

use std::borrow::Cow;

use metrify_domain::calendar::Zone;
use metrify_domain::{Document, Point, PointKind, Severity};

use super::codes::{self, DATES, PERIODS, PLACES, RELATIONS};
use super::facts::text;
use super::pruefidentifikator;
use super::transaction::{Fact, Subject, Transaction, Validity};
use crate::dates::shown;
use crate::edifact::heading::{Heading, Origin, name};
use crate::edifact::meters::Meters;
use crate::edifact::place::Place;
use crate::edifact::segments::{SEGMENT_BYTES_MAX, Segment, shown_bytes};
use crate::edifact::stamp::{self, Dated, LocalDays};
use crate::ids;
use crate::output::Output;
use crate::record::{Cell, Record, RecordTable};

/// What a DTM is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Header,
    Transaction,
    /// Behind the RFF of a period.
    Period,
    Group,
}

/// Reads the segments of one message.
#[derive(Debug)]
pub(crate) struct Reader {
    days: LocalDays,
    at: Place,
    level: Level,
    heading: Heading,
    head_bytes: Vec<u8>,
    transaction_bytes: Vec<u8>,
    group_bytes: Vec<u8>,
    document: Document,
    transaction: Option<Transaction>,
    /// Validity that the message gives for all its transactions (DTM+157 of lists).
    validity: Validity,
    /// RFF+Z13 of the head, where older messages have it.
    check: Option<String>,
}

impl Reader {
    pub(crate) fn new(zone: Zone, origin: &Origin, message: u64, head: &Segment<'_>) -> Self {
        let [_, _, _, _, release] = head.composite(2);
        let mut head_bytes = origin.bytes.clone();
        head.keep_in(&mut head_bytes);
        Self {
            days: LocalDays { zone, gas: release.raw().starts_with(b"G") },
            at: Place::head(message),
            level: Level::Header,
            heading: Heading::new(origin, head),
            head_bytes,
            transaction_bytes: Vec::new(),
            group_bytes: Vec::new(),
            document: Document::default(),
            transaction: None,
            validity: Validity::default(),
            check: None,
        }
    }

    pub(crate) fn read(&mut self, segment: &Segment<'_>, meters: &mut Meters, out: &mut Output<'_>) {
        self.at.segment += 1;
        let is_read = match segment.tag() {
            _ if segment.cut => Err(format!(
                "the segment is longer than {SEGMENT_BYTES_MAX} bytes, of which only the beginning was read"
            )),
            // Who can be asked about the message, and where its head ends.
            b"CTA" | b"COM" | b"UNS" => Ok(()),
            b"IDE" => {
                self.open_transaction(segment, out);
                Ok(())
            }
            _ => match self.transaction.take() {
                Some(mut transaction) => {
                    let is_read = self.read_fact(&mut transaction, segment, (meters, &mut *out));
                    self.transaction = Some(transaction);
                    is_read
                }
                None => self.read_head(segment),
            },
        };
        if let Err(reason) = is_read {
            self.lose(segment, reason, out);
        }
        self.keep(segment);
        if self.transaction.as_ref().is_some_and(Transaction::is_long) {
            let reason = "the transaction is longer than is held: what is said behind this counts from here on";
            self.at.find(("long_transaction", Severity::Note), reason.to_owned(), out);
            self.hand_on(false, out);
        }
    }

    /// A segment before the first transaction.
    fn read_head(&mut self, segment: &Segment<'_>) -> Result<(), String> {
        match segment.tag() {
            b"BGM" => self.heading.begin(segment),
            b"NAD" if self.heading.party(segment) => {}
            b"RFF" => {
                let [code, id] = segment.composite(1);
                if code == "Z13" {
                    self.check = name(id);
                }
            }
            b"DTM" => {
                let dated = Dated::read(segment);
                match dated.qualifier {
                    b"137" => self.heading.dated(&dated).map_err(|error| error.to_string())?,
                    // The month that a list is for.
                    b"157" => {
                        let stamp = dated.stamp.ok_or_else(|| dated.unreadable().to_string())?;
                        self.validity.from = Some(stamp.start(self.days).map_err(|error| error.to_string())?);
                        self.validity.to = stamp.whole_end(self.days);
                    }
                    _ => {}
                }
            }
            tag => return Err(format!("`{}` stands before the first transaction (IDE)", shown_bytes(tag))),
        }
        Ok(())
    }

    fn read_fact(
        &mut self,
        transaction: &mut Transaction,
        segment: &Segment<'_>,
        (meters, out): (&mut Meters, &mut Output<'_>),
    ) -> Result<(), String> {
        match segment.tag() {
            tag @ (b"SEQ" | b"NAD") => {
                self.level = Level::Group;
                self.group_bytes.clear();
                if tag == b"SEQ" { transaction.read_group(segment) } else { transaction.read_party(segment) }
            }
            b"LOC" => self.read_location(transaction, segment, (meters, out)),
            b"RFF" => self.read_reference(transaction, segment, (meters, out)),
            b"DTM" => self.read_time(transaction, segment)?,
            b"CCI" => transaction.read_characteristic(segment),
            b"CAV" => {
                let device = transaction.read_value(segment);
                device.iter().for_each(|number| meters.tell(number, Some(PointKind::Device), out));
            }
            b"QTY" => transaction.read_quantity(segment)?,
            b"PIA" => transaction.read_product(segment),
            b"STS" => transaction.read_status(segment),
            b"FTX" => transaction.read_remark(segment),
            b"AGR" => transaction.read_agreement(segment),
            b"IMD" => transaction.read_description(segment),
            tag => return Err(format!("`{}` is no segment of UTILMD; it may have held a fact", shown_bytes(tag))),
        }
        Ok(())
    }

    fn read_location(
        &self,
        transaction: &mut Transaction,
        location: &Segment<'_>,
        (meters, out): (&mut Meters, &mut Output<'_>),
    ) {
        let (code, Some(id)) = (location.field(1), name(location.field(2))) else { return };
        let Some(place) = PLACES.iter().find(|place| code == place.code) else {
            return transaction.tell(&format!("location.{}", text(code)), &id, None);
        };
        let shape = id.parse::<Point>().ok().map(|point| point.kind());
        let kind = if place.kind.is_empty() { shape.unwrap_or(PointKind::Other).name() } else { place.kind };
        if (place.point == Some(PointKind::MarketLocation) || place.kind.is_empty())
            && let Some(error) = ids::doubt(&id)
        {
            self.at.find(("check_digit", Severity::Warning), format!("the id `{id}` (LOC): {error}"), out);
        }
        meters.tell(&id, place.point.or(shape), out);
        transaction.place(Subject { id, kind });
    }

    fn read_reference(
        &mut self,
        transaction: &mut Transaction,
        reference: &Segment<'_>,
        (meters, out): (&mut Meters, &mut Output<'_>),
    ) {
        let [code, id, number] = reference.composite(1);
        if let Some((_, standing, has_data)) = PERIODS.iter().find(|(known, ..)| code == *known) {
            transaction.period(text(number), standing, *has_data);
            self.level = Level::Period;
            return;
        }
        let Some(id) = name(id) else { return };
        if self.level == Level::Group {
            if code == "Z46" {
                transaction.group().into_iter().for_each(|open| open.period = Some(id.clone()));
                return;
            }
            if matches!(code.raw(), b"MG" | b"Z11" | b"Z14") {
                meters.tell(&id, Some(PointKind::Device), out);
            }
            return transaction.refer(code.raw(), &id);
        }
        self.level = Level::Transaction;
        match codes::word(&RELATIONS, code.raw()) {
            _ if code == "Z13" => transaction.check = Some(id),
            Some(relation) => transaction.tell(relation, &id, None),
            None => transaction.refer(code.raw(), &id),
        }
    }

    fn read_time(&self, transaction: &mut Transaction, segment: &Segment<'_>) -> Result<(), String> {
        let [code, value, format] = segment.composite(1);
        let dated = Dated::read(segment);
        let Some(stamp) = dated.stamp else {
            if stamp::is_read(format.raw()) || value.is_empty() {
                return Err(dated.unreadable().to_string());
            }
            // Spans and days of the year, which are no moments.
            transaction.tell(date_name(dated.qualifier).as_ref(), &text(value), None);
            return Ok(());
        };
        let at = stamp.start(self.days).map_err(|error| error.to_string())?;
        if self.level == Level::Period && (code == "Z25" || code == "Z26") {
            transaction.bound_period(code == "Z26", at);
            return Ok(());
        }
        if self.level != Level::Group {
            transaction.dated(dated.qualifier, at);
        }
        transaction.tell(date_name(dated.qualifier).as_ref(), &stamp.shown(at), None);
        Ok(())
    }

    /// The message is over.
    pub(crate) fn finish(&mut self, out: &mut Output<'_>) {
        if self.transaction.is_none() {
            self.leave_header(out);
            let reason = "the message holds no transaction (IDE)".to_owned();
            self.at.find(("no_transaction", Severity::Warning), reason, out);
        }
        self.close_transaction(out);
    }

    /// The delivery ends here, with `rest` behind the last terminator.
    pub(crate) fn cut_off(&mut self, rest: Option<&Segment<'_>>, out: &mut Output<'_>) {
        if let Some(rest) = rest {
            self.at.segment += 1;
            self.lose(rest, "the delivery ends within the segment".to_owned(), out);
        }
        self.finish(out);
    }

    fn keep(&mut self, segment: &Segment<'_>) {
        match (self.level, segment.tag()) {
            (Level::Header, _) => segment.keep_in(&mut self.head_bytes),
            (_, b"IDE" | b"LOC") | (Level::Transaction | Level::Period, b"RFF") => {
                segment.keep_in(&mut self.transaction_bytes);
            }
            (Level::Group, b"SEQ" | b"NAD" | b"RFF" | b"PIA" | b"CCI") => segment.keep_in(&mut self.group_bytes),
            _ => {}
        }
    }

    fn leave_header(&mut self, out: &mut Output<'_>) {
        if self.level != Level::Header {
            return;
        }
        self.level = Level::Transaction;
        self.document = self.heading.document(self.days);
        let doubts: Vec<_> = self.heading.doubts(&self.document).collect();
        for (rule, reason) in doubts {
            self.at.find((rule, Severity::Warning), reason, out);
        }
    }

    fn open_transaction(&mut self, identity: &Segment<'_>, out: &mut Output<'_>) {
        self.leave_header(out);
        self.close_transaction(out);
        self.level = Level::Transaction;
        self.transaction_bytes.clear();
        self.group_bytes.clear();
        let number = name(identity.field(2));
        if number.is_none() {
            let reason = "the transaction has no number (IDE DE7402), so no answer can name it".to_owned();
            self.at.find(("transaction_number", Severity::Warning), reason, out);
        }
        let mut transaction = Transaction::new(number.unwrap_or_else(|| format!("{}", self.at.segment)));
        transaction.validity = self.validity;
        transaction.check.clone_from(&self.check);
        self.transaction = Some(transaction);
    }

    fn close_transaction(&mut self, out: &mut Output<'_>) {
        let Some(transaction) = &self.transaction else { return };
        let doubt = match transaction.check.as_deref() {
            Some(id) if pruefidentifikator::is_known(id) => None,
            Some(id) => Some(format!("`{}` (RFF+Z13) is no Pruefidentifikator that we know", shown(id))),
            None => Some("the transaction has no Pruefidentifikator (RFF+Z13)".to_owned()),
        };
        if let Some(reason) = doubt {
            self.at.find(("pruefidentifikator", Severity::Warning), reason, out);
        }
        self.hand_on(true, out);
        self.transaction = None;
    }

    /// Makes rows of the facts that are known.
    fn hand_on(&mut self, is_over: bool, out: &mut Output<'_>) {
        let Some(transaction) = &mut self.transaction else { return };
        let facts = transaction.take(is_over);
        let (check, number) = (transaction.check.clone(), transaction.number.clone());
        for (fact, subject, validity) in facts {
            let Fact { name, value, unit, part, standing, .. } = fact;
            let cells = vec![
                subject.id.into(),
                subject.kind.into(),
                name.into(),
                value.into(),
                validity.from.into(),
                validity.to.into(),
                check.clone().into(),
                self.heading.sender().into(),
                self.heading.receiver().into(),
                self.document.reference.as_str().into(),
                part.into(),
                unit.into(),
                Cell::from(standing),
                number.as_str().into(),
            ];
            Record::new(RecordTable::MasterData, self.document.clone(), cells)
                .into_iter()
                .for_each(|row| out.record(row));
        }
    }

    fn lose(&self, segment: &Segment<'_>, reason: String, out: &mut Output<'_>) {
        self.at.lose(segment, reason, &[&self.head_bytes, &self.transaction_bytes, &self.group_bytes], out);
    }
}

/// The fact that a DTM tells.
fn date_name(qualifier: &[u8]) -> Cow<'static, str> {
    let unknown = || format!("date.{}", shown_bytes(qualifier)).into();
    codes::word(&DATES, qualifier).map_or_else(unknown, Cow::Borrowed)
}
