//! One message: UCI answers the interchange, UCM one of its messages, UCS and UCD name places in it.

use metrify_domain::calendar::Zone;
use metrify_domain::{Document, Severity};

use super::codes::{ACTIONS, ERRORS};
use crate::dates::shown;
use crate::edifact::heading::{Heading, Origin, name};
use crate::edifact::place::Place;
use crate::edifact::segments::{Field, SEGMENT_BYTES_MAX, Segment, shown_bytes};
use crate::edifact::stamp::LocalDays;
use crate::output::Output;
use crate::record::{Cell, Record, RecordTable};

/// Reads the segments of one message.
#[derive(Debug)]
pub(crate) struct Reader {
    place: Place,
    head_bytes: Vec<u8>,
    /// UCI and UCM above the segment at hand.
    above_bytes: Vec<u8>,
    heading: Heading,
    document: Document,
    /// The interchange that is answered, and the message of it that is spoken of, as documents are named.
    interchange: Option<String>,
    message: Option<String>,
    /// UCS.
    faulty_segment: Option<String>,
}

/// What one segment says of an interchange, a message or a place in it.
struct Answer<'a> {
    answers: &'a str,
    accepted: bool,
    code: Field<'a>,
    position: String,
}

impl Reader {
    pub(crate) fn new(zone: Zone, origin: &Origin, message: u64, head: &Segment<'_>) -> Self {
        let mut head_bytes = origin.bytes.clone();
        head.keep_in(&mut head_bytes);
        // The message tells no time of its own.
        let heading = Heading::prepared(origin, head);
        Self {
            place: Place::head(message),
            head_bytes,
            above_bytes: Vec::new(),
            document: heading.document(LocalDays { zone, gas: false }),
            heading,
            interchange: None,
            message: None,
            faulty_segment: None,
        }
    }

    pub(crate) fn read(&mut self, segment: &Segment<'_>, out: &mut Output<'_>) {
        self.place.segment += 1;
        let is_read = match segment.tag() {
            _ if segment.cut => Err(format!(
                "the segment is longer than {SEGMENT_BYTES_MAX} bytes, of which only the beginning was read"
            )),
            b"UCI" => self.read_interchange(segment, out),
            b"UCM" => self.read_message(segment, out),
            b"UCS" => self.read_segment(segment, out),
            b"UCD" => self.read_element(segment, out),
            tag => Err(format!("`{}` is no segment of CONTRL; it may have held an answer", shown_bytes(tag))),
        };
        if let Err(reason) = is_read {
            self.lose(segment, reason, out);
        }
    }

    /// The message is over.
    pub(crate) fn finish(&self, out: &mut Output<'_>) {
        if self.interchange.is_none() {
            let reason = "the message answers no interchange (UCI)".to_owned();
            self.place.find(("no_answer", Severity::Warning), reason, out);
        }
    }

    /// The delivery ends here, with `rest` behind the last terminator.
    pub(crate) fn cut_off(&mut self, rest: Option<&Segment<'_>>, out: &mut Output<'_>) {
        if let Some(rest) = rest {
            self.place.segment += 1;
            self.lose(rest, "the delivery ends within the segment".to_owned(), out);
        }
        self.finish(out);
    }

    fn read_interchange(&mut self, answer: &Segment<'_>, out: &mut Output<'_>) -> Result<(), String> {
        let reference = name(answer.field(1)).ok_or("UCI names no interchange (DE0020)")?;
        let sender = name(answer.field(2)).ok_or("UCI does not say whose interchange it was (S002)")?;
        let interchange = format!("{sender}/{reference}");
        let told = self.told(answer, [4, 5, 6, 7], &interchange).map(|told| self.tell(&told, out));
        self.above_bytes.clear();
        answer.keep_in(&mut self.above_bytes);
        (self.interchange, self.message, self.faulty_segment) = (Some(interchange), None, None);
        told
    }

    fn read_message(&mut self, answer: &Segment<'_>, out: &mut Output<'_>) -> Result<(), String> {
        let interchange = self.interchange.as_ref().ok_or("UCM stands before UCI, so its interchange is unknown")?;
        let reference = name(answer.field(1)).ok_or("UCM names no message (DE0062)")?;
        let message = format!("{interchange}.{reference}");
        let told = self.told(answer, [3, 4, 5, 6], &message).map(|told| self.tell(&told, out));
        answer.keep_in(&mut self.above_bytes);
        (self.message, self.faulty_segment) = (Some(message), None);
        told
    }

    /// UCS: a segment is faulty; where only an element of it is, UCD follows, and UCS has no code.
    fn read_segment(&mut self, fault: &Segment<'_>, out: &mut Output<'_>) -> Result<(), String> {
        let number = name(fault.field(1)).ok_or("UCS names no segment (DE0096)")?;
        let position = format!("segment {}", shown(&number));
        self.faulty_segment = Some(position.clone());
        self.tell_fault(fault.field(2), position, out)
    }

    fn read_element(&self, fault: &Segment<'_>, out: &mut Output<'_>) -> Result<(), String> {
        let segment = self.faulty_segment.clone().ok_or("UCD stands before UCS, so its segment is unknown")?;
        if fault.field(1).is_empty() {
            return Err("UCD names no fault (DE0085)".to_owned());
        }
        self.tell_fault(fault.field(1), place_in(segment, fault.composite(2)), out)
    }

    fn tell_fault(&self, code: Field<'_>, position: String, out: &mut Output<'_>) -> Result<(), String> {
        let answers = self.message.as_ref().ok_or("the fault stands before UCM, so its message is unknown")?;
        if !code.is_empty() {
            self.tell(&Answer { answers, accepted: false, code, position }, out);
        }
        Ok(())
    }

    /// `elements` are those of the action, the fault, the tag and the place in that segment.
    fn told<'a>(&self, answer: &Segment<'a>, elements: [usize; 4], answers: &'a str) -> Result<Answer<'a>, String> {
        let [action, code, tag, place] = elements;
        let action = answer.field(action);
        let known = ACTIONS.iter().find(|(known, ..)| action == *known);
        let (_, accepted, _) = known.ok_or_else(|| format!("`{}` is no answer (DE0083)", shown(&action.text())))?;
        let position = place_in(name(answer.field(tag)).unwrap_or_default(), answer.composite(place));
        Ok(Answer { answers, accepted: *accepted, code: answer.field(code), position })
    }

    fn tell(&self, answer: &Answer<'_>, out: &mut Output<'_>) {
        let code = name(answer.code);
        let reason = code.as_deref().and_then(|code| ERRORS.iter().find(|(known, _)| *known == code));
        let cells = vec![
            "contrl".into(),
            self.document.reference.as_str().into(),
            answer.answers.into(),
            if answer.accepted { "accepted" } else { "rejected" }.into(),
            code.into(),
            reason.map(|(_, reason)| *reason).into(),
            Some(answer.position.as_str()).filter(|position| !position.is_empty()).into(),
            self.heading.sender().into(),
            self.heading.receiver().into(),
            Cell::from(self.document.known_at),
        ];
        Record::new(RecordTable::Acknowledgements, self.document.clone(), cells)
            .into_iter()
            .for_each(|row| out.record(row));
    }

    fn lose(&self, segment: &Segment<'_>, reason: String, out: &mut Output<'_>) {
        self.place.lose(segment, reason, &[&self.head_bytes, &self.above_bytes], out);
    }
}

/// `segment 5, element 2, component 1` (S011).
fn place_in(segment: String, [element, component]: [Field<'_>; 2]) -> String {
    let mut parts = vec![segment];
    parts.extend(name(element).map(|element| format!("element {element}")));
    parts.extend(name(component).map(|component| format!("component {component}")));
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}
