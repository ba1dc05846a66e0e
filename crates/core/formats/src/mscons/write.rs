//! Writing MSCONS: readings of a point as a message of the market, by MIG 2.4c and 2.5 and their application handbook.
//!
//! What the handbook does not allow is refused with a reason, never bent. Bytes come out in ISO 8859-1, with UNA, times in UTC,
//! and counts that hold; reading them gives the same readings again.

mod rules;
mod statuses;
mod values;

use metrify_domain::calendar::Zone;
use metrify_domain::{Code, Decimal, Kind, ObisCode, Period, PointKind, Quality, Reading, Timestamp, Unit};

pub use self::rules::Application;
use self::rules::Rules;
pub use crate::edifact::write::{Interchange, Party, Unwritable};
use crate::edifact::write::{NUMBER_LETTERS_MAX, Writer, check, minute};

use chrono::{NaiveDate, Timelike};

/// From this day on, in German time, release 2.5 of the message holds, before it 2.4c.
const RELEASE_2_5: NaiveDate = match NaiveDate::from_ymd_opt(2026, 10, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// One message: readings of one point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub application: Application,
    /// BGM DE1004: its sender gives each number once.
    pub number: String,
    /// DTM+137, to the minute.
    pub issued_at: Timestamp,
    pub point: metrify_domain::Point,
    /// The meter of register readings.
    pub meter: Option<String>,
    /// The order that amounts of a Messlokation answer (RFF+AGI).
    pub order: Option<String>,
    pub lines: Vec<Line>,
}

/// The values of one quantity, in the order of their times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub quantity: ObisCode,
    pub values: Vec<Value>,
}

/// A reading to be sent. Its reason may hold several codes, set apart by spaces: hints (Z33), and why a substitute was formed
/// (Z40).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    pub reading: Reading,
    /// Why the value replaces one that was sent already (Z34).
    pub correction: Option<Code>,
}

/// Why an interchange is not written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {reason}")]
pub struct Refusal {
    /// `interchange`, `message 2`, `message 2, line 1, value 96`.
    pub position: String,
    pub reason: Reason,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
    #[error("there is nothing to send")]
    Empty,
    #[error("parties of the gas market (98...) have no messages of electricity")]
    Gas,
    #[error("messages of `{0}` and of `{1}` need an interchange each (UNB DE0026)")]
    Applications(&'static str, &'static str),
    #[error("the number `{0}` stands on a message before")]
    NumberAgain(String),
    #[error("{0} is not about a point of the kind {name}", name = .1.name())]
    Point(Application, PointKind),
    #[error("the meter is missing (RFF+MG)")]
    NoMeter,
    #[error("the order that the amounts answer is missing (RFF+AGI)")]
    NoOrder,
    #[error("{0} has no place for {1}")]
    NoPlace(Application, &'static str),
    #[error("the quantity {0} is not one of electricity with D = {1}")]
    Quantity(ObisCode, u8),
    #[error("the quantity {0} stands in a line before")]
    QuantityAgain(ObisCode),
    #[error("a line has at most {max} values, this one has {0}", max = rules::VALUES_MAX)]
    TooManyValues(usize),
    #[error("a line of {0} has one value, this one has {1}")]
    OneValue(Application, usize),
    #[error("the value is missing, and the message has no place for that")]
    Missing,
    #[error("a value of the quality {0} cannot be sent")]
    Quality(Quality),
    #[error("a value of the kind {0} cannot be sent")]
    Kind(Kind),
    #[error("the value {0} is negative")]
    Negative(Decimal),
    #[error("the value {0} has more than three places")]
    Places(Decimal),
    #[error("the unit {0} does not convert exactly into {1}")]
    Unit(Unit, Unit),
    #[error("the time {0} is not a whole minute")]
    Minute(Timestamp),
    #[error("the time {0} is after that of the message")]
    Future(Timestamp),
    #[error("{0} is not the beginning of a day in Germany")]
    Midnight(Timestamp),
    #[error("{0}..{1} is not a quarter of an hour")]
    Quarter(Timestamp, Timestamp),
    #[error("the value begins at {1}, and the one before ends at {0}")]
    Gap(Timestamp, Timestamp),
    #[error("the line is from {0} to {1}, the one before is not")]
    Span(Timestamp, Timestamp),
    #[error("the method (STS+Z32) of a substitute is missing")]
    NoMethod,
    #[error("the reason (STS+Z40) of a substitute is missing")]
    NoReason,
    #[error("`{0}` is no code of {1} that can stand here")]
    Status(String, &'static str),
    #[error("several codes of {0} stand on one value")]
    SeveralStatuses(&'static str),
}

/// Writes messages of one application reference (load curves, amounts, register readings) as an interchange.
///
/// # Errors
/// Where something in them is not what the application handbook allows; the first such thing is told.
pub fn write(interchange: &Interchange, messages: &[Message]) -> Result<Vec<u8>, Refusal> {
    let about = |reason| Refusal { position: "interchange".to_owned(), reason };
    let first = messages.first().ok_or_else(|| about(Reason::Empty))?;
    if interchange.sender.is_of_gas() || interchange.receiver.is_of_gas() {
        return Err(about(Reason::Gas));
    }
    let reference = first.application.rules().reference;
    let mut writer = Writer::open(interchange, reference).map_err(|error| about(error.into()))?;
    let mut numbers = std::collections::HashSet::new();
    for (index, message) in messages.iter().enumerate() {
        let at = Position { message: index + 1, line: None, value: None };
        let rules = message.application.rules();
        if rules.reference != reference {
            return Err(at.refuse(Reason::Applications(reference, rules.reference)));
        }
        if !numbers.insert(message.number.as_str()) {
            return Err(at.refuse(Reason::NumberAgain(message.number.clone())));
        }
        write_message(&mut writer, interchange, message, at)?;
    }
    writer.close().map_err(|error| about(error.into()))
}

/// Where something stands, all from 1.
#[derive(Clone, Copy, Debug)]
struct Position {
    message: usize,
    line: Option<usize>,
    value: Option<usize>,
}

impl Position {
    fn refuse(self, reason: impl Into<Reason>) -> Refusal {
        let mut position = format!("message {}", self.message);
        for (word, number) in [("line", self.line), ("value", self.value)] {
            position.extend(number.map(|number| format!(", {word} {number}")));
        }
        Refusal { position, reason: reason.into() }
    }

    fn line(self, index: usize) -> Self {
        Self { line: Some(index + 1), ..self }
    }

    fn value(self, index: usize) -> Self {
        Self { value: Some(index + 1), ..self }
    }
}

fn write_message(
    writer: &mut Writer,
    interchange: &Interchange,
    message: &Message,
    at: Position,
) -> Result<(), Refusal> {
    let rules = message.application.rules();
    check_head(message, &rules).map_err(|reason| at.refuse(reason))?;
    let span = values::check_lines(message, &rules, at)?;
    write_head(writer, interchange, message, span).map_err(|reason| at.refuse(reason))?;
    for (index, line) in message.lines.iter().enumerate() {
        let at = at.line(index);
        let number = (index + 1).to_string();
        let quantity = line.quantity.to_string();
        writer.segment("LIN", &[&[&number]]).map_err(|error| at.refuse(error))?;
        writer.segment("PIA", &[&["5"], &[&quantity, "SRW"]]).map_err(|error| at.refuse(error))?;
        for (index, value) in line.values.iter().enumerate() {
            values::write(writer, value, message, line.quantity).map_err(|reason| at.value(index).refuse(reason))?;
        }
    }
    writer.close_message().map_err(|error| at.refuse(error))
}

fn check_head(message: &Message, rules: &Rules) -> Result<(), Reason> {
    let Message { application, number, point, meter, order, lines, .. } = message;
    check(number, NUMBER_LETTERS_MAX)?;
    let kind = point.kind();
    if !rules.points.contains(&kind) {
        return Err(Reason::Point(*application, kind));
    }
    if lines.is_empty() {
        return Err(Reason::Empty);
    }
    let wants_meter = *application == Application::RegisterReading;
    let wants_order = *application == Application::Energy && kind == PointKind::MeteringLocation;
    match (wants_meter, meter) {
        (true, None) => return Err(Reason::NoMeter),
        (false, Some(_)) => return Err(Reason::NoPlace(*application, "a meter")),
        (_, meter) => meter.iter().try_for_each(|meter| check(meter, NUMBER_LETTERS_MAX))?,
    }
    match (wants_order, order) {
        (true, None) => Err(Reason::NoOrder),
        (false, Some(_)) => Err(Reason::NoPlace(*application, "an order")),
        (_, order) => Ok(order.iter().try_for_each(|order| check(order, NUMBER_LETTERS_MAX))?),
    }
}

fn write_head(
    writer: &mut Writer,
    interchange: &Interchange,
    message: &Message,
    span: Option<Period>,
) -> Result<(), Reason> {
    let Rules { document, pruefidentifikator, .. } = message.application.rules();
    let Interchange { sender, receiver, .. } = interchange;
    let release = if is_from_2_5(message.issued_at) { "2.5" } else { "2.4c" };
    writer.open_message(&["MSCONS", "D", "04B", "UN", release])?;
    writer.segment("BGM", &[&[document], &[&message.number], &["9"]])?;
    moment(writer, "137", minute(message.issued_at)?)?;
    writer.segment("RFF", &[&["Z13", pruefidentifikator]])?;
    for (role, party) in [("MS", sender), ("MR", receiver)] {
        writer.segment("NAD", &[&[role], &[party.as_str(), "", party.agency()]])?;
    }
    writer.segment("UNS", &[&["D"]])?;
    writer.segment("NAD", &[&["DP"]])?;
    writer.segment("LOC", &[&["172"], &[&message.point.to_string()]])?;
    if let Some(span) = span {
        moment(writer, "163", minute(span.start())?)?;
        moment(writer, "164", minute(span.end())?)?;
    }
    let references = [("MG", &message.meter), ("AGI", &message.order)];
    for (code, reference) in references {
        if let Some(reference) = reference {
            writer.segment("RFF", &[&[code, reference]])?;
        }
    }
    Ok(())
}

fn is_from_2_5(at: Timestamp) -> bool {
    Zone::BERLIN.clock(at).is_some_and(|clock| clock.date() >= RELEASE_2_5)
}

fn moment(writer: &mut Writer, qualifier: &str, minute: String) -> Result<(), Unwritable> {
    writer.segment("DTM", &[&[qualifier, &(minute + "+00"), "303"]])
}

/// Whether a day begins then in Germany.
fn is_midnight(at: Timestamp) -> bool {
    Zone::BERLIN.clock(at).is_some_and(|clock| clock.num_seconds_from_midnight() == 0 && clock.nanosecond() == 0)
}
