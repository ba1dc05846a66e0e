//! What stands around an object: nothing, or the transaction (`transaktionsdaten`) of a BOneyComb, which is the message.

use metrify_domain::calendar::Zone;
use metrify_domain::{Document, Severity};

use crate::dates;
use crate::json::{Item, Object, Value};
use crate::output::Output;

/// Longest name of a message or a party that is kept, in bytes.
const NAME_BYTES_MAX: usize = 100;

/// The message that objects belong to.
#[derive(Clone, Debug, Default)]
pub(super) struct Envelope {
    pub(super) document: Document,
    /// A Pruefidentifikator.
    pub(super) category: Option<String>,
    pub(super) sender: Option<String>,
    pub(super) receiver: Option<String>,
    /// What stands before and behind an object that is read again.
    pub(super) prefix: String,
    pub(super) suffix: &'static str,
}

/// Members that name the message.
const KEYS: [&str; 6] = [
    "dokumentennummer",
    "nachrichtenReferenznummer",
    "nachrichtendatum",
    "pruefidentifikator",
    "absender",
    "empfaenger",
];

impl Envelope {
    /// Reads `transaktionsdaten`.
    pub(super) fn read(item: Item, data: Object<'_>, zone: Option<Zone>, out: &mut Output<'_>) -> Self {
        let picked = data.pick(KEYS).unwrap_or_else(|reason| {
            out.finding(item.finding(".transaktionsdaten", Severity::Warning, "transaction", reason));
            [None; KEYS.len()]
        });
        let [document, reference, date, category, sender, receiver] = picked.map(name);
        let known_at = date.as_deref().map(|date| dates::instant(date, zone, &mut None));
        if let Some(Err(error)) = &known_at {
            let (path, reason) =
                (".transaktionsdaten.nachrichtendatum", format!("{error}; the time of receipt counts"));
            out.finding(item.finding(path, Severity::Warning, "document_time", reason));
        }
        let [sender, receiver] = [sender, receiver].map(|party| party.map(|party| last_part(&party).to_owned()));
        let number = document.or(reference);
        let reference = match (&sender, number) {
            (Some(sender), Some(number)) => format!("{sender}/{number}"),
            (None, Some(number)) => number,
            (_, None) => String::new(),
        };
        let said = KEYS.iter().zip(picked).filter_map(|(key, value)| {
            let raw = value?.raw();
            (raw.len() <= 2 * NAME_BYTES_MAX).then(|| format!("\"{key}\":{raw}"))
        });
        let prefix = format!("{{\"transaktionsdaten\":{{{}}},\"stammdaten\":[", said.collect::<Vec<_>>().join(","));
        let document = Document { reference, known_at: known_at.and_then(Result::ok) };
        Self { document, category, sender, receiver, prefix, suffix: "]}" }
    }
}

fn name(value: Option<Value<'_>>) -> Option<String> {
    let text = value?.said()?;
    let end = text.floor_char_boundary(NAME_BYTES_MAX);
    text.get(..end).map(str::to_owned)
}

/// The id in `bo4e://Marktteilnehmer/9900360000008`, or the text itself.
pub(super) fn last_part(text: &str) -> &str {
    text.strip_prefix("bo4e://").and_then(|uri| uri.rsplit('/').next()).unwrap_or(text)
}
