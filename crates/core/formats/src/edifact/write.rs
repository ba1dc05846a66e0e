//! Writing interchanges as the German market wants them: UNA, UNB with code numbers and UTC, counts in UNT and UNZ, texts in
//! ISO 8859-1 with released separators.

use metrify_domain::{Decimal, Timestamp};

/// As senders of the market write it. Its decimal mark is the comma, so numbers are written with one.
const ADVICE: &[u8] = b"UNA:+,? '";
/// Longest interchange reference (UNB DE0020), document number (BGM DE1004) and reference (RFF DE1154).
const REFERENCE_LETTERS_MAX: usize = 14;
pub(crate) const NUMBER_LETTERS_MAX: usize = 35;
const PARTY_DIGITS: usize = 13;

/// Why something cannot stand in a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    #[error("`{0}` is not the thirteen digits of a market partner id")]
    Party(String),
    #[error("a reference or number is missing")]
    Empty,
    #[error("`{0}` has more than {1} letters")]
    TooLong(String, usize),
    #[error("`{0}` holds a letter that ISO 8859-1 does not have, or a control character")]
    Letter(String),
    #[error("the reference `{0}` of an interchange has lower-case letters")]
    LowerCase(String),
    #[error("the time is beyond what a calendar names")]
    BeyondCalendar,
}

/// A market partner by its id. The check digit is not asked for: real partners have ids that hold by no procedure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party(String);

impl Party {
    /// # Errors
    /// Where the id is not thirteen digits.
    pub fn new(id: &str) -> Result<Self, Unwritable> {
        let digits = id.len() == PARTY_DIGITS && id.bytes().all(|byte| byte.is_ascii_digit());
        if digits { Ok(Self(id.to_owned())) } else { Err(Unwritable::Party(id.chars().take(40).collect())) }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Who gave the number, in UNB (DE0007) and in NAD (DE3055): BDEW, DVGW or GS1.
    fn agencies(&self) -> [&'static str; 2] {
        match self.0.get(..2) {
            Some("99") => ["500", "293"],
            Some("98") => ["502", "332"],
            _ => ["14", "9"],
        }
    }

    pub(crate) fn agency(&self) -> &'static str {
        let [_, agency] = self.agencies();
        agency
    }

    /// Whether it is a number of the DVGW, which parties of the gas market have.
    pub(crate) fn is_of_gas(&self) -> bool {
        self.0.starts_with("98")
    }
}

/// The envelope of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interchange {
    pub sender: Party,
    pub receiver: Party,
    /// UNB DE0020, at most 14 letters and digits that the sender uses once.
    pub reference: String,
    pub prepared_at: Timestamp,
}

/// Who sent or receives an interchange, as UNB has it: the id, and who gave it.
pub(crate) type Address<'a> = [&'a str; 2];

/// Writes one interchange.
pub(crate) struct Writer {
    bytes: Vec<u8>,
    reference: String,
    messages: usize,
    /// Of the message at hand.
    segments: usize,
}

impl Writer {
    pub(crate) fn open(interchange: &Interchange, application: &str) -> Result<Self, Unwritable> {
        let Interchange { sender, receiver, reference, prepared_at } = interchange;
        let address = |party: &Party| [party.0.clone(), party.agencies()[0].to_owned()];
        let (sender, receiver) = (address(sender), address(receiver));
        let [sender, receiver] = [&sender, &receiver].map(|[id, agency]| [id.as_str(), agency.as_str()]);
        Self::between([sender, receiver], (reference, *prepared_at), application)
    }

    pub(crate) fn between(
        [sender, receiver]: [Address<'_>; 2],
        (reference, prepared_at): (&str, Timestamp),
        application: &str,
    ) -> Result<Self, Unwritable> {
        check(reference, REFERENCE_LETTERS_MAX)?;
        if reference.chars().any(char::is_lowercase) {
            return Err(Unwritable::LowerCase(reference.to_owned()));
        }
        let prepared = minute(prepared_at)?;
        let (day, time) = (prepared.get(2..8).unwrap_or_default(), prepared.get(8..).unwrap_or_default());
        let mut writer = Self { bytes: ADVICE.to_vec(), reference: reference.to_owned(), messages: 0, segments: 0 };
        let parties: [&[&str]; 2] = [&sender, &receiver];
        writer.segment(
            "UNB",
            &[&["UNOC", "3"], parties[0], parties[1], &[day, time], &[reference], &[], &[application]],
        )?;
        Ok(writer)
    }

    pub(crate) fn open_message(&mut self, message_type: &[&str]) -> Result<(), Unwritable> {
        self.messages += 1;
        self.segments = 0;
        let number = self.messages.to_string();
        self.segment("UNH", &[&[&number], message_type])
    }

    /// Elements of components; empty ones at the end of either are left out.
    pub(crate) fn segment(&mut self, tag: &str, elements: &[&[&str]]) -> Result<(), Unwritable> {
        self.segments += 1;
        self.bytes.extend_from_slice(tag.as_bytes());
        // Separators wait for something to stand behind them.
        let mut waiting_elements = 0;
        for element in elements {
            waiting_elements += 1;
            let mut waiting_components = 0;
            for component in *element {
                if !component.is_empty() {
                    let (elements, components) = (&mut waiting_elements, &mut waiting_components);
                    self.bytes.extend(std::iter::repeat_n(b'+', std::mem::take(elements)));
                    self.bytes.extend(std::iter::repeat_n(b':', std::mem::take(components)));
                    self.text(component)?;
                }
                waiting_components += 1;
            }
        }
        self.bytes.push(b'\'');
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Unwritable> {
        for letter in text.chars() {
            let byte = u8::try_from(letter).map_err(|_| Unwritable::Letter(text.to_owned()))?;
            if matches!(byte, b'+' | b':' | b'?' | b'\'') {
                self.bytes.push(b'?');
            }
            self.bytes.push(byte);
        }
        Ok(())
    }

    pub(crate) fn close_message(&mut self) -> Result<(), Unwritable> {
        let (count, number) = ((self.segments + 1).to_string(), self.messages.to_string());
        self.segment("UNT", &[&[&count], &[&number]])
    }

    pub(crate) fn close(mut self) -> Result<Vec<u8>, Unwritable> {
        let (count, reference) = (self.messages.to_string(), std::mem::take(&mut self.reference));
        self.segment("UNZ", &[&[&count], &[&reference]])?;
        Ok(self.bytes)
    }
}

/// Whether a text can stand where at most `letters` are allowed.
pub(crate) fn check(text: &str, letters: usize) -> Result<(), Unwritable> {
    if text.trim().is_empty() {
        return Err(Unwritable::Empty);
    }
    if text.chars().count() > letters {
        return Err(Unwritable::TooLong(text.chars().take(letters).collect(), letters));
    }
    if text.chars().any(|letter| letter.is_control() || u8::try_from(letter).is_err()) {
        return Err(Unwritable::Letter(text.to_owned()));
    }
    Ok(())
}

/// The minute of an instant in UTC: `CCYYMMDDHHMM`.
pub(crate) fn minute(at: Timestamp) -> Result<String, Unwritable> {
    let clock = at.utc().ok_or(Unwritable::BeyondCalendar)?;
    let text = clock.format("%Y%m%d%H%M").to_string();
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text)
    } else {
        Err(Unwritable::BeyondCalendar)
    }
}

/// With the decimal mark of [`ADVICE`].
pub(crate) fn number(value: Decimal) -> String {
    value.to_string().replace('.', ",")
}
