//! The telegrams (APDUs) of DLMS by their first byte (IEC 62056-5-3), as far as pushes need them.

use super::data::{Cursor, Fault, Value};
use super::frames::{Content, Look, Loss};

/// The first letter of a telegram of a P1 port, which meters of Luxembourg and Austria cipher as a whole.
pub(super) const P1: u8 = b'/';
pub(super) const DATA_NOTIFICATION: u8 = 0x0F;
pub(super) const ASSOCIATION_RESPONSE: u8 = 0x61;
pub(super) const EVENT_NOTIFICATION: u8 = 0xC2;
pub(super) const GET_RESPONSE: u8 = 0xC4;
pub(super) const GENERAL_GLO_CIPHERING: u8 = 0xDB;
pub(super) const GENERAL_DED_CIPHERING: u8 = 0xDC;
pub(super) const GENERAL_BLOCK_TRANSFER: u8 = 0xE0;

/// Bytes of a system title: three letters of the maker, and five that are its own.
pub(super) const TITLE_BYTES: usize = 8;

/// No time has this length: the Kaifa meters of Norway write the type of an octet string before it.
const TYPED_TIME: usize = 0x09;
const LAST_BLOCK: u8 = 1 << 7;
const SERVICE_OF_ONE: u8 = 0x01;
const RESULT_OF_DATA: u8 = 0x00;

/// What a telegram tells of measured values.
#[derive(Debug)]
pub(super) struct Notification<'a> {
    /// Its own date and time; empty where it has none.
    pub time: &'a [u8],
    /// The time is written with its type, as Kaifa does in Norway.
    pub typed_time: bool,
    pub body: Value<'a>,
}

/// A telegram that is encrypted, authenticated, or both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Protected<'a> {
    /// Empty where the telegram relies on its association to know it.
    pub title: &'a [u8],
    pub content: &'a [u8],
}

/// One block of a telegram that is sent in several.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block<'a> {
    pub last: bool,
    pub number: u16,
    pub bytes: &'a [u8],
}

/// The bytes before a telegram in a frame of HDLC (LLC); the last but one tells the direction, which its tag tells better.
pub(super) fn without_link(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [0xE6, 0xE6 | 0xE7, 0x00, telegram @ ..] => Some(telegram),
        _ => None,
    }
}

/// Looks for a telegram without a frame. Without LLC, it is one only in a `fresh` place, where nothing else can stand.
pub(super) fn look(bytes: &[u8], fresh: bool) -> Look<'_> {
    let telegram = match without_link(bytes) {
        Some(telegram) => telegram,
        None if matches!(bytes, [0xE6] | [0xE6, 0xE6 | 0xE7]) => return Look::More,
        None if fresh && matches!(bytes, [DATA_NOTIFICATION | GENERAL_GLO_CIPHERING | GENERAL_DED_CIPHERING, ..]) => {
            bytes
        }
        None => return Look::Nothing,
    };
    if telegram.is_empty() {
        return Look::More;
    }
    match length(telegram) {
        Ok(Some(length)) => {
            let length = bytes.len() - telegram.len() + length;
            Look::Whole { length, content: Content::Bare(bytes.get(..length).unwrap_or_default()) }
        }
        Ok(None) => Look::Nothing,
        Err(Fault::Cut) => Look::More,
        Err(fault) => Look::Broken(Loss::Telegram(fault)),
    }
}

/// How long a telegram is; `None` for one that does not tell it.
pub(super) fn length(telegram: &[u8]) -> Result<Option<usize>, Fault> {
    let mut cursor = Cursor::new(telegram);
    match cursor.byte()? {
        DATA_NOTIFICATION => {
            head(&mut cursor)?;
            // A push is a structure or an array; anything else is a cut telegram with another one behind it.
            match cursor.rest().first() {
                Some(0x01 | 0x02) | None => cursor.skip()?,
                Some(other) => return Err(Fault::Type(*other)),
            }
        }
        GENERAL_GLO_CIPHERING | GENERAL_DED_CIPHERING => {
            let title = cursor.length()?;
            if title != TITLE_BYTES {
                return Ok(None);
            }
            cursor.bytes(title)?;
            cursor.octets()?;
        }
        GENERAL_BLOCK_TRANSFER => {
            cursor.bytes(5)?;
            cursor.octets()?;
        }
        _ => return Ok(None),
    }
    Ok(Some(telegram.len() - cursor.rest().len()))
}

/// The id of the call and the time, which stand before the body.
fn head<'a>(cursor: &mut Cursor<'a>) -> Result<(&'a [u8], bool), Fault> {
    cursor.bytes(4)?;
    match cursor.length()? {
        TYPED_TIME => Ok((cursor.octets()?, true)),
        length => Ok((cursor.bytes(length)?, false)),
    }
}

/// Reads a data notification behind its tag.
pub(super) fn notification(bytes: &[u8]) -> Result<(Notification<'_>, &[u8]), Fault> {
    let mut cursor = Cursor::new(bytes);
    let (time, typed_time) = head(&mut cursor)?;
    let body = cursor.value()?;
    Ok((Notification { time, typed_time, body }, cursor.rest()))
}

/// Reads an event notification behind its tag: one attribute of one object, by its name. Class and attribute are handed on.
pub(super) fn event(bytes: &[u8]) -> Result<(Notification<'_>, &[u8]), Fault> {
    let mut cursor = Cursor::new(bytes);
    let time = if cursor.byte()? == 0 { &[] } else { cursor.octets()? };
    let _class = cursor.bytes(2)?;
    let name = cursor.bytes(6)?;
    let _attribute = cursor.byte()?;
    let body = Value::List(vec![Value::Octets(name), cursor.value()?]);
    Ok((Notification { time, typed_time: false, body }, cursor.rest()))
}

/// Reads the answer to a request behind its tag; `None` where it is no answer with data in one piece.
pub(super) fn answer(bytes: &[u8]) -> Result<Option<(Notification<'_>, &[u8])>, Fault> {
    let mut cursor = Cursor::new(bytes);
    let [service, _call, result] = cursor.array()?;
    if service != SERVICE_OF_ONE || result != RESULT_OF_DATA {
        return Ok(None);
    }
    let body = cursor.value()?;
    Ok(Some((Notification { time: &[], typed_time: false, body }, cursor.rest())))
}

/// Reads a telegram of general ciphering, or of a service with ciphering of its own, behind its tag.
pub(super) fn protected(bytes: &[u8], names_sender: bool) -> Result<Protected<'_>, Fault> {
    let mut cursor = Cursor::new(bytes);
    let title = if names_sender { cursor.octets()? } else { &[] };
    Ok(Protected { title, content: cursor.octets()? })
}

/// Reads a block behind its tag.
pub(super) fn block(bytes: &[u8]) -> Result<Block<'_>, Fault> {
    let mut cursor = Cursor::new(bytes);
    let control = cursor.byte()?;
    let number = u16::from_be_bytes(cursor.array()?);
    let _acknowledged = cursor.bytes(2)?;
    Ok(Block { last: control & LAST_BLOCK != 0, number, bytes: cursor.octets()? })
}

/// The system title of the meter in its answer to an association, which services with ciphering of their own rely on.
pub(super) fn responding_title(bytes: &[u8]) -> Option<[u8; TITLE_BYTES]> {
    const FIELD: [u8; 4] = [0xA4, 0x0A, 0x04, 0x08];
    let at = bytes.windows(FIELD.len()).position(|window| window == FIELD)?;
    bytes.get(at + FIELD.len()..)?.first_chunk().copied()
}
