//! One transaction (IDE): its places, its validity, the periods of its data, and the facts that it tells.
//!
//! Whom a fact is about and since when it holds is often said behind it (a meter's number is one of its characteristics), so
//! facts are held until the transaction ends. A transaction of more than [`HELD_BYTES_MAX`] hands on what it holds in between.

use metrify_domain::Timestamp;

use super::codes::{self, PLACES, TRANSACTION};
use super::groups::About;

/// Facts of one transaction that are held, in bytes of their texts; and how much a fact takes beside its texts.
pub(super) const HELD_BYTES_MAX: usize = 1 << 20;
const FACT_BYTES: usize = 256;
/// Places, periods and references of one transaction that are looked through; real ones have a handful. Those beyond are told
/// as facts, and nothing else is told by them.
const PLACES_MAX: usize = 256;

/// DTM that say since when and until when the facts of a transaction hold, the first before the others.
const BEGINS: [&[u8]; 3] = [b"92", b"157", b"76"];
const ENDS: [&[u8]; 3] = [b"93", b"471", b""];

/// Whom facts are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subject {
    pub(super) id: String,
    pub(super) kind: &'static str,
}

/// Since when and until when something holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) from: Option<Timestamp>,
    pub(super) to: Option<Timestamp>,
}

/// A period of the transaction's data (Verwendungszeitraum), by its number.
#[derive(Clone, Debug)]
struct Period {
    number: String,
    standing: &'static str,
    has_data: bool,
    validity: Validity,
}

/// A fact as far as it is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Fact {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) unit: Option<String>,
    pub(super) subject: Option<Subject>,
    pub(super) part: Option<String>,
    pub(super) standing: Option<&'static str>,
    /// The number of the period it is told for.
    pub(super) period: Option<String>,
}

/// A group of facts (SEQ, NAD) that is not over yet.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) about: About,
    pub(super) topic: String,
    pub(super) standing: Option<&'static str>,
    pub(super) period: Option<String>,
    /// Where its facts begin.
    first: usize,
    /// References in it, as subjects.
    references: Vec<Subject>,
    pub(super) device: Option<String>,
    pub(super) part: Option<String>,
    /// The fact that the characteristic at hand tells, and what is told where no value follows it.
    pub(super) characteristic: Option<(String, Option<String>)>,
}

impl Open {
    pub(super) fn new(about: About, topic: String, standing: Option<&'static str>) -> Self {
        let (first, references) = (0, Vec::new());
        let (period, device, part, characteristic) = (None, None, None, None);
        Self { about, topic, standing, period, first, references, device, part, characteristic }
    }
}

/// A transaction as far as its segments have been read.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    /// DE7402; empty before the first IDE.
    pub(super) number: String,
    /// RFF+Z13.
    pub(super) check: Option<String>,
    pub(super) validity: Validity,
    /// Which of [`BEGINS`] and [`ENDS`] the validity was taken from.
    begin: Option<usize>,
    end: Option<usize>,
    places: Vec<Subject>,
    periods: Vec<Period>,
    facts: Vec<Fact>,
    held_bytes: usize,
    has_told: bool,
    open: Option<Open>,
}

impl Transaction {
    pub(super) fn new(number: String) -> Self {
        Self { number, ..Self::default() }
    }

    pub(super) fn place(&mut self, subject: Subject) {
        if self.places.contains(&subject) {
            return;
        }
        if self.places.len() < PLACES_MAX {
            self.places.push(subject);
        } else {
            self.tell(subject.kind, &subject.id, None);
        }
    }

    /// A period begins. One without data is a fact of its own.
    pub(super) fn period(&mut self, number: String, standing: &'static str, has_data: bool) {
        if self.periods.len() < PLACES_MAX {
            self.periods.push(Period { number, standing, has_data, validity: Validity::default() });
        } else {
            self.tell("period", &number, None);
        }
    }

    /// An end of the period that began last.
    pub(super) fn bound_period(&mut self, is_end: bool, at: Timestamp) {
        if let Some(Period { validity, .. }) = self.periods.last_mut() {
            let bound = if is_end { &mut validity.to } else { &mut validity.from };
            *bound = Some(at);
        }
    }

    /// A date of the transaction as a whole, which may say since when or until when its facts hold.
    pub(super) fn dated(&mut self, code: &[u8], at: Timestamp) {
        let bounds =
            [(&mut self.validity.from, &mut self.begin, &BEGINS), (&mut self.validity.to, &mut self.end, &ENDS)];
        for (bound, rank, codes) in bounds {
            let Some(found) = codes.iter().position(|known| *known == code) else { continue };
            if rank.is_none_or(|rank| found <= rank) {
                (*bound, *rank) = (Some(at), Some(found));
            }
        }
    }

    /// A group begins; the one before is over.
    pub(super) fn open(&mut self, open: Open) {
        self.close();
        self.open = Some(Open { first: self.facts.len(), ..open });
    }

    pub(super) fn group(&mut self) -> Option<&mut Open> {
        self.open.as_mut()
    }

    /// Adds a fact, to the group that is open if there is one. Empty values tell nothing.
    pub(super) fn tell(&mut self, name: &str, value: &str, unit: Option<String>) {
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        let topic = self.open.as_ref().map_or("", |open| open.topic.as_str());
        let name = if topic.is_empty() { name.to_owned() } else { format!("{topic}.{name}") };
        self.held_bytes += FACT_BYTES + name.len() + value.len();
        self.facts.push(Fact { name, value: value.to_owned(), unit, ..Fact::default() });
    }

    pub(super) const fn is_long(&self) -> bool {
        self.held_bytes > HELD_BYTES_MAX
    }

    /// RFF within a group: a subject it may be about, and a fact.
    pub(super) fn refer(&mut self, code: &[u8], id: &str) {
        let known = self.places.iter().find(|place| place.id == id).map(|place| place.kind);
        let kind = known.or_else(|| codes::word(&codes::REFERENCES, code));
        match (kind, &mut self.open) {
            (Some(kind), Some(open)) => {
                let subject = Subject { id: id.to_owned(), kind };
                if open.references.contains(&subject) {
                    return;
                }
                if open.references.len() < PLACES_MAX {
                    open.references.push(subject);
                } else {
                    self.tell(kind, id, None);
                }
            }
            _ => self.tell(&format!("reference.{}", String::from_utf8_lossy(code)), id, None),
        }
    }

    /// The open group is over: now it is known whom its facts are about.
    fn close(&mut self) {
        self.close_characteristic();
        let Some(open) = self.open.take() else { return };
        let subject = self.subject_of(&open);
        for reference in &open.references {
            if subject.as_ref() == Some(reference) {
                continue;
            }
            self.held_bytes += FACT_BYTES + reference.id.len();
            let (name, value) = (reference.kind.to_owned(), reference.id.clone());
            self.facts.push(Fact { name, value, ..Fact::default() });
        }
        for fact in self.facts.iter_mut().skip(open.first) {
            fact.subject.clone_from(&subject);
            fact.part.clone_from(&open.part);
            fact.standing = open.standing;
            fact.period.clone_from(&open.period);
        }
    }

    /// A characteristic without values is told by itself.
    pub(super) fn close_characteristic(&mut self) {
        let characteristic = self.open.as_mut().and_then(|open| open.characteristic.take());
        if let Some((name, Some(value))) = characteristic {
            self.tell(&name, &value, None);
        }
    }

    /// `None` is the transaction's own subject.
    fn subject_of(&self, open: &Open) -> Option<Subject> {
        let referred = |kind: &str| open.references.iter().find(|reference| reference.kind == kind).cloned();
        match open.about {
            About::Device(kind) => open.device.clone().map(|id| Subject { id, kind }),
            About::Register => referred("meter").or_else(|| referred("gateway")),
            About::Place(kind) => referred(kind).or_else(|| self.only(kind)),
            About::Transaction => match open.references.as_slice() {
                [only] if self.places.contains(only) => Some(only.clone()),
                _ => None,
            },
        }
    }

    /// The place of a kind, where the transaction names only one.
    fn only(&self, kind: &str) -> Option<Subject> {
        let mut places = self.places.iter().filter(|place| place.kind == kind);
        match (places.next(), places.next()) {
            (Some(place), None) => Some(place.clone()),
            _ => None,
        }
    }

    /// Whom the transaction is about: the first place in the order of their kinds, else the transaction itself.
    fn principal(&self) -> Subject {
        let rank = |place: &&Subject| PLACES.iter().position(|known| known.kind == place.kind).unwrap_or(PLACES.len());
        let itself = || Subject { id: self.number.clone(), kind: TRANSACTION };
        self.places.iter().min_by_key(rank).cloned().unwrap_or_else(itself)
    }

    /// Takes what is known so far, each fact with its subject and its validity. `is_over` adds what is told by the whole.
    pub(super) fn take(&mut self, is_over: bool) -> Vec<(Fact, Subject, Validity)> {
        self.close();
        let principal = self.principal();
        if is_over {
            self.tell_places(&principal);
            // That there was one is a fact as well.
            if self.facts.is_empty() && !self.has_told {
                self.tell(TRANSACTION, &self.number.clone(), None);
            }
        }
        self.has_told |= !self.facts.is_empty();
        self.held_bytes = 0;
        let facts = std::mem::take(&mut self.facts);
        facts.into_iter().map(|fact| self.settle(fact, &principal)).collect()
    }

    fn tell_places(&mut self, principal: &Subject) {
        let others: Vec<Subject> = self.places.iter().filter(|place| *place != principal).cloned().collect();
        for place in others {
            self.tell(place.kind, &place.id, None);
        }
        let without_data: Vec<_> = self.periods.iter().filter(|period| !period.has_data).cloned().collect();
        for period in without_data {
            self.tell("data", "none", None);
            if let Some(fact) = self.facts.last_mut() {
                fact.period = Some(period.number);
            }
        }
    }

    fn settle(&self, mut fact: Fact, principal: &Subject) -> (Fact, Subject, Validity) {
        let period = fact.period.as_ref().and_then(|number| self.periods.iter().find(|known| known.number == *number));
        let validity = period.map_or(self.validity, |period| period.validity);
        fact.standing = fact.standing.or(period.map(|period| period.standing));
        let subject = fact.subject.take().unwrap_or_else(|| principal.clone());
        (fact, subject, validity)
    }
}
