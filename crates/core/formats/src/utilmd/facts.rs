//! The facts that single segments tell: characteristics, quantities, codes of registers, parties, states, remarks.

use super::codes;
use super::groups::{self, About};
use super::transaction::{Open, Transaction};
use crate::edifact::heading::name;
use crate::edifact::segments::{Field, Segment};
use crate::mscons;

use metrify_domain::ObisCode;

/// Longest run of components of one element that is looked at: free text (C108) has five.
const PARTS: usize = 5;
/// The elements of PIA and STS behind their qualifier.
const ELEMENTS: std::ops::Range<usize> = 2..8;

impl Transaction {
    /// SEQ begins a group of facts.
    pub(super) fn read_group(&mut self, sequence: &Segment<'_>) {
        let code = sequence.field(1);
        let mut open = match groups::of(code.raw()) {
            Some((group, standing)) => Open::new(group.about, group.topic.to_owned(), standing),
            None => Open::new(About::Transaction, format!("group.{}", text(code)), None),
        };
        open.period = name(sequence.field(2));
        self.open(open);
    }

    /// NAD begins a group about a party: its id, its name, its address.
    pub(super) fn read_party(&mut self, party: &Segment<'_>) {
        let code = party.field(1);
        let known = codes::PARTIES.iter().find(|(known, ..)| known.as_bytes() == code.raw());
        let (word, standing) = match known {
            Some((_, word, standing)) => ((*word).to_owned(), (!standing.is_empty()).then_some(*standing)),
            None => (format!("party.{}", text(code)), None),
        };
        self.open(Open::new(About::Transaction, String::new(), standing));
        self.tell(&word, &text(party.field(2)), None);
        // The sixth component of C080 only says how the others make the name.
        self.tell(&format!("{word}.name"), &joined(&party.composite::<PARTS>(4), " "), None);
        let place = [text(party.field(8)), text(party.field(6))].join(" ");
        let [region] = party.composite(7);
        let lines = [joined(&party.composite::<PARTS>(5), " "), place, text(region), text(party.field(9))];
        let lines: Vec<&str> = lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
        self.tell(&format!("{word}.address"), &lines.join(", "), None);
        self.tell(&format!("{word}.info"), &joined(&party.composite::<PARTS>(3), " "), None);
    }

    /// CCI: a characteristic whose value stands in itself, or in the CAV behind it.
    pub(super) fn read_characteristic(&mut self, characteristic: &Segment<'_>) {
        let (class, mark, relevance) = (characteristic.field(1), characteristic.field(3), characteristic.field(4));
        let of_class = codes::word(&codes::CLASSES, class.raw());
        let of_mark = codes::word(&codes::CHARACTERISTICS, mark.raw()).filter(|_| class.is_empty());
        let (name, itself, otherwise) = match (codes::word(&codes::VALUES, mark.raw()), of_class, of_mark) {
            (Some(word), ..) => (word.to_owned(), text(mark), None),
            (None, Some(word), _) => (word.to_owned(), joined(&[mark, relevance], " "), Some(text(class))),
            (None, None, Some(word)) => (word.to_owned(), text(relevance), Some(text(mark))),
            (None, None, None) if class.is_empty() => {
                (format!("characteristic.{}", text(mark)), text(relevance), Some(text(mark)))
            }
            (None, None, None) => {
                (format!("characteristic.{}", text(class)), joined(&[mark, relevance], " "), Some(text(class)))
            }
        };
        // In a transaction without groups it is about the transaction.
        if self.group().is_none() {
            self.open(Open::new(About::Transaction, String::new(), None));
        }
        self.close_characteristic();
        let otherwise = if itself.is_empty() { otherwise } else { None };
        self.tell(&name, &itself, None);
        if let Some(open) = self.group() {
            open.characteristic = Some((name, otherwise));
        }
    }

    /// CAV. Returns the number of the device that it names.
    pub(super) fn read_value(&mut self, value: &Segment<'_>) -> Option<String> {
        let parts = value.composite::<PARTS>(1);
        let [code, rest @ ..] = &parts;
        if code == &"Z30" {
            let number = joined(rest, "");
            self.tell("device_number", &number, None);
            let device = (!number.is_empty()).then_some(number);
            if let Some(open) = self.group() {
                open.device.clone_from(&device);
            }
            return device;
        }
        if let Some(label) = codes::word(&codes::LABELS, code.raw()) {
            let rest = joined(rest, " ");
            // A label with nothing behind it is a statement by itself.
            self.tell(label, if rest.is_empty() { "stated" } else { &rest }, None);
            return None;
        }
        let characteristic = self.group().and_then(|open| open.characteristic.as_mut());
        let name = characteristic.map_or_else(
            || "characteristic".to_owned(),
            |(name, otherwise)| {
                *otherwise = None;
                name.clone()
            },
        );
        self.tell(&name, &joined(&parts, " "), None);
        None
    }

    /// QTY.
    pub(super) fn read_quantity(&mut self, quantity: &Segment<'_>) -> Result<(), String> {
        let [code, number, unit] = quantity.composite(1);
        let name = codes::word(&codes::QUANTITIES, code.raw())
            .map_or_else(|| format!("quantity.{}", text(code)), ToOwned::to_owned);
        let decimal = number.decimal().map_err(|error| format!("the quantity `{}` {error}", text(number)))?;
        let unit = (!unit.is_empty()).then(|| text(unit));
        let unit = unit.map(|code| mscons::unit_named(&code).map_or(code, |unit| unit.to_string()));
        self.tell(&name, &decimal.to_string(), unit);
        Ok(())
    }

    /// PIA: which register, which product.
    pub(super) fn read_product(&mut self, product: &Segment<'_>) {
        for element in ELEMENTS {
            let [id, kind] = product.composite(element);
            if id.is_empty() {
                continue;
            }
            let id = text(id);
            match codes::word(&codes::PRODUCTS, kind.raw()) {
                Some(word @ "register") => {
                    let obis = id.parse::<ObisCode>().map_or(id, |obis| obis.to_string());
                    if let Some(open) = self.group() {
                        open.part = Some(obis.clone());
                    }
                    self.tell(word, &obis, None);
                }
                Some(word) => self.tell(word, &id, None),
                None => self.tell(&format!("product.{}", text(kind)), &id, None),
            }
        }
    }

    /// STS: the reason of the transaction, the answer to another.
    pub(super) fn read_status(&mut self, status: &Segment<'_>) {
        let code = status.field(1);
        let name = codes::word(&codes::STATUSES, code.raw())
            .map_or_else(|| format!("status.{}", text(code)), ToOwned::to_owned);
        let codes: Vec<String> = ELEMENTS.map(|at| joined(&status.composite::<PARTS>(at), " ")).collect();
        let codes: Vec<&str> = codes.iter().map(String::as_str).filter(|code| !code.is_empty()).collect();
        self.tell(&name, &codes.join(" "), None);
    }

    /// FTX: a remark, as a code (C107) or in words (C108).
    pub(super) fn read_remark(&mut self, remark: &Segment<'_>) {
        let parts = [joined(&remark.composite::<PARTS>(3), " "), joined(&remark.composite::<PARTS>(4), " ")];
        self.tell(&format!("remark.{}", text(remark.field(1))), parts.join(" ").trim(), None);
    }

    /// AGR.
    pub(super) fn read_agreement(&mut self, agreement: &Segment<'_>) {
        let [kind, value] = agreement.composite(1);
        self.tell(&format!("agreement.{}", text(kind)), &text(value), None);
    }

    /// IMD.
    pub(super) fn read_description(&mut self, description: &Segment<'_>) {
        let value = joined(&description.composite::<PARTS>(3), " ");
        self.tell(&format!("description.{}", text(description.field(2))), &value, None);
    }
}

/// A component, without white space at its ends.
pub(super) fn text(field: Field<'_>) -> String {
    field.text().trim().to_owned()
}

/// The components that are not empty.
fn joined(fields: &[Field<'_>], between: &str) -> String {
    let filled = fields.iter().map(|field| text(*field)).filter(|text| !text.is_empty());
    filled.collect::<Vec<_>>().join(between)
}
