//! The messages of a frame. Of all messages only the GetListResponse holds readings.

use metrify_domain::ObisCode;

use super::checksum::{self, Procedure};
use super::tree::{Cursor, Element, Fault, Integer, Malformed};

const OPEN_RESPONSE: u64 = 0x0101;
const CLOSE_RESPONSE: u64 = 0x0201;
const GET_LIST_RESPONSE: u64 = 0x0701;

/// One message, and whether its own checksum holds.
#[derive(Debug)]
pub(super) struct Message<'a> {
    pub body: Body<'a>,
    pub checksum: Result<Procedure, Mismatch>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message's checksum is {:02x}{:02x}, but its bytes give {:02x}{:02x}", found[0], found[1], expected[0], expected[1])]
pub(super) struct Mismatch {
    found: [u8; 2],
    expected: [u8; 2],
}

#[derive(Debug)]
pub(super) enum Body<'a> {
    List(List<'a>),
    /// The frame's beginning and end, which every frame has.
    Envelope,
    /// The tag of a message that we do not read.
    Other(u64),
}

/// A GetListResponse: what a meter shows at one instant.
#[derive(Debug)]
pub(super) struct List<'a> {
    /// Empty where the meter leaves it out.
    pub server_id: &'a [u8],
    pub sensor_time: Option<Time>,
    pub gateway_time: Option<Time>,
    pub entries: Vec<Entry<'a>>,
    /// Entries that are not read, and why not the first of them.
    pub odd: u64,
    pub first_odd: Option<Odd>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {number}: {fault}")]
pub(super) struct Odd {
    number: u64,
    fault: OddFault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum OddFault {
    #[error("expected a list of 7 elements")]
    Shape,
    #[error("its name is no OBIS code of 6 bytes")]
    Name,
    #[error("its unit is no number from 0 to 255")]
    Unit,
    #[error("its scaler is no number from -128 to 127")]
    Scaler,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub code: ObisCode,
    pub status: Option<u64>,
    pub time: Option<Time>,
    pub unit: Option<u8>,
    pub scaler: i8,
    pub value: Element<'a>,
}

/// When something was measured, as the meter or the gateway says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    /// Seconds since some beginning of the meter's own (secIndex).
    Index(u64),
    /// Seconds since 1970 in UTC.
    Unix(u64),
}

/// Reads one message with its end mark.
pub(super) fn read<'a>(cursor: &mut Cursor<'a>) -> Result<Message<'a>, Malformed> {
    let start = cursor.position();
    cursor.list(6, "a message, a list of 6 elements")?;
    // The transaction, the group and what to do on an error.
    cursor.skip(3)?;
    cursor.list(2, "a message body, a list of 2 elements")?;
    let body = match cursor.whole()? {
        Element::Unsigned(Integer { value: GET_LIST_RESPONSE, .. }) => Body::List(list(cursor)?),
        Element::Unsigned(Integer { value: tag, .. }) => {
            cursor.skip(1)?;
            if matches!(tag, OPEN_RESPONSE | CLOSE_RESPONSE) { Body::Envelope } else { Body::Other(tag) }
        }
        Element::Octets(_) | Element::Flag | Element::Signed(_) | Element::List(_) => {
            return Err(cursor.malformed(Fault::Expected("the number of a message before here")));
        }
    };
    let covered = cursor.since(start);
    let field = checksum_field(cursor)?;
    cursor.end_of_message()?;
    let checksum = checksum::verify(covered, field).map_err(|expected| Mismatch { found: field, expected });
    Ok(Message { body, checksum })
}

/// The two bytes of a message's checksum; a leading zero may be left out, as in every number.
fn checksum_field(cursor: &mut Cursor<'_>) -> Result<[u8; 2], Malformed> {
    let fault = cursor.malformed(Fault::Expected("a checksum of 2 bytes"));
    match cursor.whole()? {
        Element::Unsigned(Integer { value, .. }) => u16::try_from(value).map(u16::to_be_bytes).map_err(|_| fault),
        Element::Octets(_) | Element::Flag | Element::Signed(_) | Element::List(_) => Err(fault),
    }
}

fn list<'a>(cursor: &mut Cursor<'a>) -> Result<List<'a>, Malformed> {
    cursor.list(7, "a list response, a list of 7 elements")?;
    // The client, and below the name of the list.
    cursor.skip(1)?;
    let server_id = octets(cursor.whole()?);
    cursor.skip(1)?;
    let sensor_time = time(cursor)?;
    let fault = cursor.malformed(Fault::Expected("the list of entries"));
    let Element::List(count) = cursor.element()? else { return Err(fault) };
    // An entry has no fewer than eight bytes, so a made-up count reserves little.
    let entries = Vec::with_capacity(count.min(cursor.rest().len() / 8));
    let mut list = List { server_id, sensor_time, gateway_time: None, entries, odd: 0, first_odd: None };
    for number in 1..=count as u64 {
        match entry(cursor)? {
            Ok(entry) => list.entries.push(entry),
            Err(fault) => {
                list.odd += 1;
                list.first_odd = list.first_odd.or(Some(Odd { number, fault }));
            }
        }
    }
    // The signature.
    cursor.skip(1)?;
    list.gateway_time = time(cursor)?;
    Ok(list)
}

/// Reads one entry to its end, whether it is as it should be or not.
fn entry<'a>(cursor: &mut Cursor<'a>) -> Result<Result<Entry<'a>, OddFault>, Malformed> {
    if let Some(entry) = usual_entry(cursor) {
        return Ok(Ok(entry));
    }
    match cursor.element()? {
        Element::List(7) => {}
        Element::List(count) => return cursor.skip(count).map(|()| Err(OddFault::Shape)),
        Element::Octets(_) | Element::Flag | Element::Signed(_) | Element::Unsigned(_) => {
            return Ok(Err(OddFault::Shape));
        }
    }
    let name = cursor.whole()?;
    let status = number(cursor.whole()?);
    let time = time(cursor)?;
    let unit = cursor.whole()?;
    let scaler = cursor.whole()?;
    let value = cursor.whole()?;
    // The signature of the value.
    cursor.skip(1)?;
    Ok(fields(name, unit, scaler).map(|(code, unit, scaler)| Entry { code, status, time, unit, scaler, value }))
}

/// An entry as nearly all are: its name, with or without a status, no time, a unit and a scaler of one byte each, a value and no
/// signature. Of any other nothing is read.
fn usual_entry<'a>(cursor: &mut Cursor<'a>) -> Option<Entry<'a>> {
    let [0x77, 0x07, a, b, c, d, e, f, rest @ ..] = cursor.rest() else { return None };
    let code = ObisCode::from_bytes([*a, *b, *c, *d, *e, *f]);
    let (status, rest) = match rest {
        [0x01, rest @ ..] => (None, rest),
        [0x62, a, rest @ ..] => (Some(u64::from(*a)), rest),
        [0x63, a, b, rest @ ..] => (Some(u64::from(u16::from_be_bytes([*a, *b]))), rest),
        [0x64, a, b, c, rest @ ..] => (Some(u64::from(u32::from_be_bytes([0, *a, *b, *c]))), rest),
        [0x65, a, b, c, d, rest @ ..] => (Some(u64::from(u32::from_be_bytes([*a, *b, *c, *d]))), rest),
        _ => return None,
    };
    let [0x01, 0x62, unit, 0x52, scaler, rest @ ..] = rest else { return None };
    let mut ahead = *cursor;
    ahead.go_on(rest);
    let value = ahead.element().ok().filter(|value| !matches!(value, Element::List(_)))?;
    let [0x01, rest @ ..] = ahead.rest() else { return None };
    cursor.go_on(rest);
    Some(Entry { code, status, time: None, unit: Some(*unit), scaler: scaler.cast_signed(), value })
}

fn fields(name: Element<'_>, unit: Element<'_>, scaler: Element<'_>) -> Result<(ObisCode, Option<u8>, i8), OddFault> {
    let code = octets(name).try_into().map(ObisCode::from_bytes).map_err(|_| OddFault::Name)?;
    let unit = match (unit, number(unit)) {
        (Element::Octets([]), _) => None,
        (_, Some(unit)) => Some(u8::try_from(unit).map_err(|_| OddFault::Unit)?),
        (_, None) => return Err(OddFault::Unit),
    };
    let scaler = match scaler {
        Element::Octets([]) => Some(0),
        Element::Signed(Integer { value, .. }) => i8::try_from(value).ok(),
        Element::Unsigned(Integer { value, .. }) => i8::try_from(value).ok(),
        Element::Octets(_) | Element::Flag | Element::List(_) => None,
    };
    Ok((code, unit, scaler.ok_or(OddFault::Scaler)?))
}

/// Reads a time. HOLLEY meters send a bare number instead of a choice of two elements: it is their second index.
fn time(cursor: &mut Cursor<'_>) -> Result<Option<Time>, Malformed> {
    match cursor.element()? {
        Element::Unsigned(Integer { value, .. }) => Ok(Some(Time::Index(value))),
        Element::List(2) => {
            let choice = number(cursor.whole()?);
            // A local time is a list that begins with the time in UTC; its two offsets say how to show it.
            let (value, more) = match cursor.element()? {
                Element::List(0) => (None, 0),
                Element::List(count) => (number(cursor.whole()?), count - 1),
                element @ (Element::Unsigned(_) | Element::Signed(_)) => (number(element), 0),
                Element::Octets(_) | Element::Flag => (None, 0),
            };
            cursor.skip(more)?;
            Ok(value.and_then(|value| match choice {
                Some(1) => Some(Time::Index(value)),
                Some(2 | 3) => Some(Time::Unix(value)),
                _ => None,
            }))
        }
        Element::List(count) => cursor.skip(count).map(|()| None),
        Element::Octets(_) | Element::Flag | Element::Signed(_) => Ok(None),
    }
}

fn octets(element: Element<'_>) -> &[u8] {
    match element {
        Element::Octets(bytes) => bytes,
        Element::Flag | Element::Signed(_) | Element::Unsigned(_) | Element::List(_) => &[],
    }
}

/// The number of an element that should be unsigned.
fn number(element: Element<'_>) -> Option<u64> {
    match element {
        Element::Unsigned(Integer { value, .. }) => Some(value),
        Element::Signed(Integer { value, .. }) => u64::try_from(value).ok(),
        Element::Octets(_) | Element::Flag | Element::List(_) => None,
    }
}
