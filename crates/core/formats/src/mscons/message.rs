//! One message, UNH to UNT, segment by segment: what belongs to the head, a location, a line or a value, and what comes of it.
//!
//! A value that cannot be read becomes a problem whose prelude is the interchange head, the message head, the location and
//! the line, and whose bytes are the value's own segments: together they can be decoded again. The values of a line that is
//! useless as a whole (no point, no OBIS code) become one problem.

use metrify_domain::calendar::Zone;
use metrify_domain::{Channel, Finding, Kind, Period, PointKind, Severity};

use super::header::Header;
use super::line::{self, Line, Location, Lost};
use super::value::{Fault, Situation, Value};
use crate::dates::shown;
use crate::edifact::heading::{Origin, name};
use crate::edifact::meters::Meters;
use crate::edifact::segments::{Segment, shown_bytes};
use crate::edifact::stamp::{Dated, LocalDays};
use crate::limits::REJECT_BYTES_MAX;
use crate::output::{Output, Problem, Withdrawal};

/// Segments of MSCONS (UN D.04B) that say nothing about a value.
const PASSED_OVER: [&[u8]; 11] =
    [b"CTA", b"COM", b"CUX", b"MEA", b"IMD", b"PRI", b"MOA", b"CNT", b"FTX", b"TAX", b"ALI"];

/// Where a DTM, an RFF or a STS belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Header,
    /// Behind UNS, before a location.
    Between,
    Location,
    Line,
    Value,
}

/// Reads the segments of one message.
#[derive(Debug)]
pub(crate) struct Reader {
    days: LocalDays,
    /// The message's number in the delivery, and that of the segment at hand in the message, both from 1.
    message: u64,
    segment: u64,
    place: Place,
    header: Header,
    location: Location,
    line: Line,
    value: Option<Value>,
    value_bytes: Vec<u8>,
    /// Values of a Storno, which repeat what it takes back.
    withdrawn_values: u64,
    told_unreleased: bool,
}

impl Reader {
    pub(crate) fn new(zone: Zone, origin: &Origin, message: u64, head: &Segment<'_>) -> Self {
        let mut header = Header::new(origin, head);
        head.keep_in(&mut header.bytes);
        Self {
            days: LocalDays { zone, gas: false },
            message,
            segment: 1,
            place: Place::Header,
            header,
            location: Location::default(),
            line: Line::default(),
            value: None,
            value_bytes: Vec::new(),
            withdrawn_values: 0,
            told_unreleased: false,
        }
    }

    pub(crate) fn read(&mut self, segment: &Segment<'_>, meters: &mut Meters, out: &mut Output<'_>) {
        self.segment += 1;
        match segment.tag() {
            _ if segment.cut => self.read_cut(segment, out),
            b"QTY" => self.read_quantity(segment, out),
            b"DTM" => self.read_time(segment, out),
            b"STS" => self.read_status(segment),
            b"LIN" => self.open_line(out),
            b"PIA" => self.read_product(segment, meters, out),
            b"LOC" => self.read_location(segment, out),
            b"NAD" => self.read_party(segment, out),
            b"RFF" => self.read_reference(segment, meters, out),
            b"UNS" => self.read_section(segment, out),
            b"BGM" if self.place == Place::Header => self.header.begin(segment),
            b"BGM" => {}
            b"CCI" | b"CAV" => self.read_characteristic(segment),
            tag if PASSED_OVER.contains(&tag) => {}
            _ => self.read_unknown(segment, out),
        }
        if self.swallows_value(segment) {
            self.open_value(Value::faulty(self.segment, Fault::Swallowed), out);
        }
        match self.place {
            Place::Header => segment.keep_in(&mut self.header.bytes),
            Place::Between => {}
            Place::Location => segment.keep_in(&mut self.location.bytes),
            Place::Line => segment.keep_in(&mut self.line.bytes),
            Place::Value => segment.keep_in(&mut self.value_bytes),
        }
    }

    /// The message is over.
    pub(crate) fn finish(&mut self, out: &mut Output<'_>) {
        self.leave_header(out);
        self.close_line(out);
        if self.header.withdraws() {
            self.finish_withdrawal(out);
        }
    }

    /// The delivery ends here, with `rest` behind the last terminator.
    pub(crate) fn cut_off(&mut self, rest: Option<&Segment<'_>>, out: &mut Output<'_>) {
        match rest.map_or(&[][..], |rest| rest.bytes) {
            // Another value begins; the one before is whole.
            rest @ [b'Q', ..] => {
                self.open_value(Value::faulty(self.segment + 1, Fault::CutOff), out);
                self.value_bytes.extend_from_slice(rest);
            }
            // A DTM or a STS of the last value.
            rest @ [b'D' | b'S', ..] => {
                if let Some(value) = &mut self.value {
                    value.fault.get_or_insert(Fault::CutOff);
                    self.value_bytes.extend_from_slice(rest);
                }
            }
            _ => {}
        }
        self.finish(out);
    }

    /// Whether the segment goes on with a QTY, since the terminator between them was lost.
    fn swallows_value(&self, segment: &Segment<'_>) -> bool {
        let suspicious = match segment.tag() {
            b"LIN" | b"PIA" | b"STS" => true,
            // What was read in full holds nothing else.
            b"DTM" | b"QTY" => self.value.as_ref().is_some_and(|value| value.fault.is_some()),
            _ => false,
        };
        let [element, ..] = segment.syntax.separators();
        let quantity = [b'Q', b'T', b'Y', element];
        suspicious && segment.bytes.windows(quantity.len()).skip(1).any(|window| window == quantity)
    }

    fn read_section(&mut self, section: &Segment<'_>, out: &mut Output<'_>) {
        if !self.header.is_left {
            self.leave_header(out);
            section.keep_in(&mut self.header.bytes);
        }
        self.leave_location(out);
        self.place = Place::Between;
    }

    fn read_party(&mut self, party: &Segment<'_>, out: &mut Output<'_>) {
        if self.place == Place::Header && self.header.party(party) {
            return;
        }
        self.leave_header(out);
        self.leave_location(out);
        self.place = Place::Location;
    }

    fn read_location(&mut self, location: &Segment<'_>, out: &mut Output<'_>) {
        self.leave_header(out);
        let has_lines = matches!(self.place, Place::Line | Place::Value);
        if self.location.ends_with(location, has_lines) {
            self.leave_location(out);
        }
        self.location.take(location);
        self.place = Place::Location;
    }

    fn read_reference(&mut self, reference: &Segment<'_>, meters: &mut Meters, out: &mut Output<'_>) {
        match self.place {
            Place::Header => self.header.refer(reference),
            Place::Location => {
                let [qualifier, id] = reference.composite(1);
                if qualifier == "AGK" {
                    self.location.configuration = name(id);
                } else if qualifier == "MG" {
                    self.location.meter = name(id);
                    self.location.meter.iter().for_each(|number| meters.tell(number, Some(PointKind::Device), out));
                }
            }
            Place::Between | Place::Line | Place::Value => {}
        }
    }

    /// CCI and CAV characterise the location, or the line in front of its values.
    fn read_characteristic(&mut self, segment: &Segment<'_>) {
        match self.place {
            Place::Location => self.location.traits.take(segment),
            Place::Line => self.line.traits.take(segment),
            Place::Header | Place::Between | Place::Value => {}
        }
    }

    fn read_product(&mut self, segment: &Segment<'_>, meters: &mut Meters, out: &mut Output<'_>) {
        // A PIA behind values begins another line, whose LIN was lost.
        if self.place != Place::Line {
            self.open_line(out);
        }
        if matches!(self.line.quantity, Some(Ok(_))) {
            return;
        }
        let product = line::product(segment);
        if product.unreleased {
            self.find_unreleased(segment, out);
        }
        if let (Ok(quantity), Some(point)) = (&product.quantity, self.location.named_place()) {
            let channel = Channel { point, quantity: *quantity };
            self.line.of_other_meter =
                self.location.named_meter().is_some_and(|meter| meters.is_other(channel, &meter));
        }
        self.line.quantity = Some(product.quantity);
    }

    fn read_time(&mut self, segment: &Segment<'_>, out: &mut Output<'_>) {
        let dated = Dated::read(segment);
        let taken = match self.place {
            Place::Header => self.header.time(dated),
            Place::Between => Ok(()),
            Place::Location => self.location.times.take(dated),
            Place::Line => self.line.times.take(dated),
            Place::Value => self.value.as_mut().map_or(Ok(()), |value| value.times.take(dated)),
        };
        if dated.unreleased {
            self.find_unreleased(segment, out);
        }
        match (taken, &mut self.value) {
            (Ok(()), _) => {}
            (Err(fault), Some(value)) => {
                value.fault.get_or_insert(fault);
            }
            (Err(fault), None) => self.find(("unreadable_time", Severity::Warning), fault.to_string(), out),
        }
    }

    fn read_status(&mut self, status: &Segment<'_>) {
        if let Some(value) = &mut self.value {
            value.status(status);
        }
    }

    fn read_quantity(&mut self, quantity: &Segment<'_>, out: &mut Output<'_>) {
        self.open_value(Value::read(self.segment, quantity), out);
    }

    /// A segment whose tag we do not know may be a QTY, or may have told when a value was: that value is not believed.
    fn read_unknown(&mut self, segment: &Segment<'_>, out: &mut Output<'_>) {
        let tag = shown_bytes(segment.tag());
        if self.place == Place::Header {
            let reason = format!("`{tag}` is no segment of MSCONS");
            return self.find(("unknown_segment", Severity::Warning), reason, out);
        }
        match &mut self.value {
            Some(value) if !value.times.is_complete() => {
                value.fault.get_or_insert(Fault::UnknownSegment(tag));
            }
            _ => self.open_value(Value::faulty(self.segment, Fault::UnknownSegment(tag)), out),
        }
    }

    /// What a segment says whose end was not read is unknown, so what it would have changed is given up.
    fn read_cut(&mut self, segment: &Segment<'_>, out: &mut Output<'_>) {
        self.find(("segment_length", Severity::Warning), Fault::TooLong.to_string(), out);
        match segment.tag() {
            b"LOC" | b"NAD" => {
                self.leave_header(out);
                self.leave_location(out);
                self.place = Place::Location;
            }
            b"LIN" | b"PIA" => {
                self.open_line(out);
                self.line.quantity = Some(Err(Fault::TooLong));
            }
            b"DTM" | b"STS" if self.value.is_some() => {
                if let Some(value) = &mut self.value {
                    value.fault.get_or_insert(Fault::TooLong);
                }
            }
            tag if self.place == Place::Header && tag != b"QTY" => {}
            b"CCI" | b"CAV" => {}
            tag if PASSED_OVER.contains(&tag) => {}
            _ => self.open_value(Value::faulty(self.segment, Fault::TooLong), out),
        }
    }

    fn leave_header(&mut self, out: &mut Output<'_>) {
        if self.header.is_left {
            return;
        }
        for (rule, reason) in self.header.leave(self.days) {
            self.find((rule, Severity::Warning), reason, out);
        }
        if let (true, Some(document)) = (self.header.withdraws(), self.header.withdrawn()) {
            let (by, position) = (self.header.document.clone(), format!("message {}", self.message));
            out.withdrawal(Withdrawal { document, by, position });
        }
    }

    fn finish_withdrawal(&self, out: &mut Output<'_>) {
        if self.header.withdrawn().is_none() {
            let prelude = self.header.origin_bytes().to_vec();
            let bytes = self.header.bytes.get(prelude.len()..).unwrap_or_default().to_vec();
            let reason = "the Storno does not say which message it takes back (RFF+ACW)".to_owned();
            let (position, readings) = (format!("message {}", self.message), self.withdrawn_values.max(1));
            out.problem(Problem { position, reason, readings, prelude, bytes });
        } else if self.withdrawn_values > 0 {
            let reason = format!("the Storno repeats {} values, which it takes back", self.withdrawn_values);
            self.find(("values_in_withdrawal", Severity::Note), reason, out);
        }
    }

    fn leave_location(&mut self, out: &mut Output<'_>) {
        self.close_line(out);
        self.location = Location::default();
    }

    fn open_line(&mut self, out: &mut Output<'_>) {
        self.leave_header(out);
        self.close_line(out);
        self.place = Place::Line;
    }

    /// The line is over. What was kept of it goes with it.
    fn close_line(&mut self, out: &mut Output<'_>) {
        self.close_value(out);
        if let Some(lost) = self.line.lost.take() {
            self.report(lost, out);
        }
        self.line = Line::default();
    }

    fn open_value(&mut self, value: Value, out: &mut Output<'_>) {
        self.leave_header(out);
        self.close_value(out);
        self.value = Some(value);
        self.value_bytes.clear();
        self.place = Place::Value;
    }

    fn close_value(&mut self, out: &mut Output<'_>) {
        let Some(mut value) = self.value.take() else { return };
        if self.header.withdraws() {
            self.withdrawn_values += 1;
        } else if let Some(fault) = value.fault.take() {
            self.lose(&value, &fault, out);
        } else {
            self.settle_line(out);
            self.settle_value(&value, out);
        }
    }

    /// Finds out what the values of the line are about, with its first one.
    fn settle_line(&mut self, out: &mut Output<'_>) {
        if self.line.basis.is_some() {
            return;
        }
        if self.location.point.is_none() {
            let (point, odd) = self.location.settle(self.header.sender());
            if let Some((rule, reason)) = odd {
                self.find((rule, Severity::Warning), reason, out);
            }
            self.location.point = Some(point);
        }
        self.line.basis = Some(self.line.basis(&self.location));
    }

    fn settle_value(&mut self, value: &Value, out: &mut Output<'_>) {
        let basis = match &self.line.basis {
            Some(Ok(basis)) => basis,
            Some(Err(fault)) => {
                let reason = fault.to_string();
                return self.lose_with_line(value, reason, out);
            }
            None => return,
        };
        let situation = Situation { days: self.days, before: self.line.before };
        let outer = [&self.line.times, &self.location.times, &self.header.times];
        match value.reading(basis, outer, situation) {
            Ok(reading) => {
                // The last state of a meter and the first of the next are of one place and one instant, and both hold.
                let at_change =
                    [&value.times, &self.line.times, &self.location.times].iter().any(|times| times.is_at_change());
                let of_meter = reading.kind == Kind::Register && (at_change || self.line.of_other_meter);
                let channel = basis.of_meter.as_ref().filter(|_| of_meter).unwrap_or(&basis.channel);
                out.reading(channel, &self.header.document, &reading);
                self.line.before = Some(reading.period.end());
                self.doubt(value, (channel, reading.period), out);
                if of_meter && !at_change {
                    self.note_other_meter((&basis.channel, channel, reading.period), value.segment, out);
                }
            }
            Err(fault) => self.lose(value, &fault, out),
        }
    }

    /// What is odd about a value that was read.
    fn doubt(&self, value: &Value, about: (&Channel, Period), out: &mut Output<'_>) {
        let unexplained = if self.header.demands_method() { value.unexplained() } else { None };
        let odd = [
            unexplained.map(|lack| ("substitute_without_method", format!("the substitute value does not say {lack}"))),
            value.status_left_out.then(|| ("status_codes", "the status codes do not fit beside each other".to_owned())),
        ];
        for (rule, reason) in odd.into_iter().flatten() {
            let (channel, period) = (Some(about.0.clone()), Some(about.1));
            let position = self.position(value.segment);
            out.finding(Finding { rule: rule.into(), severity: Severity::Warning, channel, period, position, reason });
        }
    }

    fn note_other_meter(&self, about: (&Channel, &Channel, Period), segment: u64, out: &mut Output<'_>) {
        let (place, meter, period) = about;
        let reason = format!(
            "another meter told {} of {} before: this state is kept as that of the meter {} (RFF+MG)",
            place.quantity, place.point, meter.point
        );
        let (channel, position) = (Some(meter.clone()), self.position(segment));
        let (rule, severity, period) = ("other_meter".into(), Severity::Note, Some(period));
        out.finding(Finding { rule, severity, channel, period, position, reason });
    }

    fn lose(&self, value: &Value, fault: &Fault, out: &mut Output<'_>) {
        let bytes = self.value_bytes.clone();
        self.report(Lost { segment: value.segment, reason: fault.to_string(), readings: 1, bytes }, out);
    }

    fn lose_with_line(&mut self, value: &Value, reason: String, out: &mut Output<'_>) {
        let full = |lost: &mut Lost| lost.bytes.len() + self.value_bytes.len() > REJECT_BYTES_MAX;
        if let Some(lost) = self.line.lost.take_if(full) {
            self.report(lost, out);
        }
        let first = Lost { segment: value.segment, reason, readings: 0, bytes: Vec::new() };
        let lost = self.line.lost.get_or_insert(first);
        lost.readings += 1;
        lost.bytes.extend_from_slice(&self.value_bytes);
    }

    fn report(&self, lost: Lost, out: &mut Output<'_>) {
        let Lost { segment, reason, readings, bytes } = lost;
        let prelude = [&self.header.bytes[..], &self.location.bytes, &self.line.bytes].concat();
        out.problem(Problem { position: self.position(segment), reason, readings, prelude, bytes });
    }

    fn find_unreleased(&mut self, segment: &Segment<'_>, out: &mut Output<'_>) {
        if self.told_unreleased {
            return;
        }
        self.told_unreleased = true;
        let reason = format!("`{}` holds a separator that is not released", shown(&shown_bytes(segment.bytes)));
        self.find(("unreleased_separator", Severity::Warning), reason, out);
    }

    fn find(&self, (rule, severity): (&'static str, Severity), reason: String, out: &mut Output<'_>) {
        let position = self.position(self.segment);
        out.finding(Finding { rule: rule.into(), severity, channel: None, period: None, position, reason });
    }

    fn position(&self, segment: u64) -> String {
        format!("message {}, segment {segment}", self.message)
    }
}
