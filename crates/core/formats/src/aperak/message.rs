//! One message: which message it answers (RFF), and each fault that it finds there (ERC with its texts and references).

use metrify_domain::calendar::Zone;
use metrify_domain::{Document, Severity};

use super::codes::{ANSWERED, ERRORS, KINDS, PLACES};
use crate::dates::shown;
use crate::edifact::heading::{Heading, Origin, name};
use crate::edifact::place::Place;
use crate::edifact::segments::{Field, SEGMENT_BYTES_MAX, Segment, shown_bytes};
use crate::edifact::stamp::{Dated, LocalDays};
use crate::output::Output;
use crate::record::{Cell, Record, RecordTable};

/// Texts of one fault that are kept, in bytes; the trade's have a few hundred.
const TEXT_BYTES_MAX: usize = 4 << 10;
/// Components of free text (C108).
const PARTS: usize = 5;

/// Reads the segments of one message.
#[derive(Debug)]
pub(crate) struct Reader {
    place: Place,
    days: LocalDays,
    head_bytes: Vec<u8>,
    heading: Heading,
    document: Document,
    /// Whether BGM says that it accepts; `None` where it says neither.
    accepts: Option<bool>,
    references: References,
    fault: Option<Fault>,
    faults: u64,
}

/// What RFF name: a document for each of [`ANSWERED`], and places in it.
#[derive(Clone, Debug, Default)]
struct References {
    answered: [Option<String>; ANSWERED.len()],
    places: [Option<String>; PLACES.len()],
}

/// ERC and what belongs to it.
#[derive(Debug, Default)]
struct Fault {
    code: Option<String>,
    /// FTX+AAO, or other texts.
    texts: String,
    /// FTX+ABO, what was wrong as it stood there.
    content: String,
    /// FTX+Z02, the segment.
    places: String,
    references: References,
}

impl Reader {
    pub(crate) fn new(zone: Zone, origin: &Origin, message: u64, head: &Segment<'_>) -> Self {
        let mut head_bytes = origin.bytes.clone();
        head.keep_in(&mut head_bytes);
        Self {
            place: Place::head(message),
            days: LocalDays { zone, gas: false },
            head_bytes,
            heading: Heading::new(origin, head),
            document: Document::default(),
            accepts: None,
            references: References::default(),
            fault: None,
            faults: 0,
        }
    }

    pub(crate) fn read(&mut self, segment: &Segment<'_>, out: &mut Output<'_>) {
        self.place.segment += 1;
        let is_read = match segment.tag() {
            _ if segment.cut => Err(format!(
                "the segment is longer than {SEGMENT_BYTES_MAX} bytes, of which only the beginning was read"
            )),
            b"BGM" => {
                self.heading.begin(segment);
                let kind = segment.field(1);
                self.accepts = KINDS.iter().find(|(code, ..)| kind == *code).map(|(_, accepts, _)| *accepts);
                Ok(())
            }
            b"DTM" => self.read_time(segment),
            b"NAD" => {
                self.heading.party(segment);
                Ok(())
            }
            b"RFF" => {
                let references = self.fault.as_mut().map_or(&mut self.references, |fault| &mut fault.references);
                references.take(segment);
                Ok(())
            }
            b"ERC" => {
                self.open_fault(segment, out);
                Ok(())
            }
            b"FTX" => self.read_text(segment),
            // Who can be asked, and where the head ends.
            b"CTA" | b"COM" | b"UNS" => Ok(()),
            tag => Err(format!("`{}` is no segment of APERAK; it may have held an answer", shown_bytes(tag))),
        };
        if let Err(reason) = is_read {
            self.place.lose(segment, reason, &[&self.head_bytes], out);
        }
        if self.faults == 0 {
            segment.keep_in(&mut self.head_bytes);
        }
    }

    /// The message is over.
    pub(crate) fn finish(&mut self, out: &mut Output<'_>) {
        if self.faults == 0 {
            self.leave_header(out);
            self.close_without_fault(out);
        }
        self.close_fault(out);
    }

    /// The delivery ends here, with `rest` behind the last terminator.
    pub(crate) fn cut_off(&mut self, rest: Option<&Segment<'_>>, out: &mut Output<'_>) {
        if let Some(rest) = rest {
            self.place.segment += 1;
            self.place.lose(rest, "the delivery ends within the segment".to_owned(), &[&self.head_bytes], out);
        }
        self.finish(out);
    }

    fn read_time(&mut self, segment: &Segment<'_>) -> Result<(), String> {
        let dated = Dated::read(segment);
        if dated.qualifier != b"137" {
            return Ok(());
        }
        self.heading.dated(&dated).map_err(|error| error.to_string())
    }

    fn leave_header(&mut self, out: &mut Output<'_>) {
        self.document = self.heading.document(self.days);
        for (rule, reason) in self.heading.doubts(&self.document).collect::<Vec<_>>() {
            self.place.find((rule, Severity::Warning), reason, out);
        }
    }

    fn open_fault(&mut self, fault: &Segment<'_>, out: &mut Output<'_>) {
        if self.faults == 0 {
            self.leave_header(out);
        }
        self.close_fault(out);
        self.faults += 1;
        self.fault = Some(Fault { code: name(fault.field(1)), ..Fault::default() });
    }

    fn read_text(&mut self, text: &Segment<'_>) -> Result<(), String> {
        let fault = self.fault.as_mut().ok_or("FTX stands before ERC, so its fault is unknown")?;
        let kind = text.field(1);
        let (kept, between) = if kind == "Z02" {
            (&mut fault.places, ", ")
        } else if kind == "ABO" {
            (&mut fault.content, " ")
        } else {
            (&mut fault.texts, " ")
        };
        for part in text.composite::<PARTS>(4) {
            let part = part.text();
            let part = part.trim();
            if part.is_empty() || kept.len() + part.len() > TEXT_BYTES_MAX {
                continue;
            }
            if !kept.is_empty() {
                kept.push_str(between);
            }
            kept.push_str(part);
        }
        Ok(())
    }

    fn close_without_fault(&self, out: &mut Output<'_>) {
        match self.accepts {
            Some(true) => self.tell("accepted", &Fault::default(), out),
            Some(false) => {
                let reason = "the message rejects without saying why (ERC)".to_owned();
                self.place.find(("no_fault", Severity::Warning), reason, out);
                self.tell("rejected", &Fault::default(), out);
            }
            None => {
                let reason = "the message neither accepts (BGM 312) nor names a fault (ERC)".to_owned();
                self.place.find(("no_answer", Severity::Warning), reason, out);
            }
        }
    }

    fn close_fault(&mut self, out: &mut Output<'_>) {
        if let Some(fault) = self.fault.take() {
            self.tell("rejected", &fault, out);
        }
    }

    fn tell(&self, outcome: &str, fault: &Fault, out: &mut Output<'_>) {
        let answered = fault.references.answered().or_else(|| self.references.answered());
        let answers = answered.map_or_else(
            || {
                let reason = "the message does not say what it answers (RFF+AGO, RFF+ACE)".to_owned();
                self.place.find(("answered_document", Severity::Warning), reason, out);
                self.heading.receiver().to_owned()
            },
            |number| format!("{}/{number}", self.heading.receiver()),
        );
        let title = fault.code.as_deref().and_then(|code| ERRORS.iter().find(|(known, _)| *known == code));
        let content = if fault.content.is_empty() { String::new() } else { format!("`{}`", fault.content) };
        let reason = joined(&[title.map_or("", |(_, title)| *title), &fault.texts, &content], ": ");
        let places = fault.references.places().chain(self.references.places_but(&fault.references));
        let places: Vec<String> = places.chain(Some(fault.places.clone())).collect();
        let position = joined(&places.iter().map(String::as_str).collect::<Vec<_>>(), ", ");
        let cells = vec![
            "aperak".into(),
            self.document.reference.as_str().into(),
            answers.into(),
            outcome.into(),
            fault.code.clone().into(),
            reason.into(),
            position.into(),
            self.heading.sender().into(),
            self.heading.receiver().into(),
            Cell::from(self.document.known_at),
        ];
        Record::new(RecordTable::Acknowledgements, self.document.clone(), cells)
            .into_iter()
            .for_each(|row| out.record(row));
    }
}

impl References {
    fn take(&mut self, reference: &Segment<'_>) {
        let [code, id] = reference.composite(1);
        fill(&ANSWERED, &mut self.answered, code, id);
        fill(&PLACES, &mut self.places, code, id);
    }

    fn answered(&self) -> Option<&str> {
        self.answered.iter().flatten().next().map(String::as_str)
    }

    fn places(&self) -> impl Iterator<Item = String> {
        let named = PLACES.iter().zip(&self.places);
        named.filter_map(|((_, word), id)| id.as_ref().map(|id| format!("{word} {}", shown(id))))
    }

    /// The places that the `nearer` ones do not name themselves.
    fn places_but(&self, nearer: &Self) -> impl Iterator<Item = String> {
        let named = PLACES.iter().zip(&self.places).zip(&nearer.places).filter(|(_, nearer)| nearer.is_none());
        named.filter_map(|(((_, word), id), _)| id.as_ref().map(|id| format!("{word} {}", shown(id))))
    }
}

fn fill(table: &[(&str, &str)], places: &mut [Option<String>], code: Field<'_>, id: Field<'_>) {
    for ((known, _), place) in table.iter().zip(places) {
        if code == *known {
            *place = name(id);
        }
    }
}

/// The texts that are not empty; `None` where none is left.
fn joined(texts: &[&str], between: &str) -> Option<String> {
    let filled: Vec<&str> = texts.iter().copied().filter(|text| !text.is_empty()).collect();
    (!filled.is_empty()).then(|| filled.join(between))
}
