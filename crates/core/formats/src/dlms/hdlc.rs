//! Frames of HDLC (IEC 62056-46): `7e`, format and length, two addresses, control, HCS, content, FCS, `7e`.

use std::fmt;

use super::frames::{Content, Look, Loss};
use crate::crc16;

pub(super) const FLAG: u8 = 0x7E;
/// The frame format that DLMS uses, in the upper half of the first byte.
const FORMAT: u8 = 0xA0;
const SEGMENTED: u8 = 0x08;
const CHECKSUM_BYTES: usize = 2;
/// Format, two addresses, control, and the checksum of a frame without content.
const LENGTH_MIN: usize = 7;
const ADDRESS_BYTES_MAX: usize = 4;

/// A station on the line, by its upper (logical device) and lower (physical device) address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Address {
    upper: u16,
    lower: Option<u16>,
}

impl Address {
    pub(super) const fn new(upper: u16, lower: Option<u16>) -> Self {
        Self { upper, lower }
    }

    /// One, two or four bytes with seven bits each; the last has its lowest bit set. `None` for more, or where bytes are missing.
    fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let length = bytes.iter().take(ADDRESS_BYTES_MAX).position(|byte| byte & 1 == 1)? + 1;
        let number = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum << 7 | u16::from(byte >> 1));
        let address = match bytes.get(..length)? {
            [upper] => Self::new(number(&[*upper]), None),
            [upper, lower] => Self::new(number(&[*upper]), Some(number(&[*lower]))),
            [a, b, c, d] => Self::new(number(&[*a, *b]), Some(number(&[*c, *d]))),
            _ => return None,
        };
        Some((address, length))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.lower {
            Some(lower) => write!(f, "{}/{lower}", self.upper),
            None => write!(f, "{}", self.upper),
        }
    }
}

/// What a frame says before its content.
struct Header {
    destination: Address,
    source: Address,
    control: u8,
    /// Bytes from the format to the control field.
    bytes: usize,
}

/// Looks for a frame whose opening flag is the first of `bytes`.
pub(super) fn look(bytes: &[u8]) -> Look<'_> {
    let [_, body @ ..] = bytes else { return Look::More };
    let [format, low, ..] = body else {
        return if body.first().is_some_and(|format| format & 0xF0 != FORMAT) { Look::Nothing } else { Look::More };
    };
    let length = usize::from(format & 0x07) << 8 | usize::from(*low);
    if format & 0xF0 != FORMAT || length < LENGTH_MIN {
        return Look::Nothing;
    }
    let Some(header) = header(body) else {
        let known = 2 + 2 * ADDRESS_BYTES_MAX;
        return if body.len() > known { Look::Nothing } else { Look::More };
    };
    let content = header.bytes + CHECKSUM_BYTES;
    if length < content || (length > content && length < content + CHECKSUM_BYTES) {
        return Look::Nothing;
    }
    // Two bytes of chance would be enough to believe a length, so the head is checked before its frame is waited for.
    let Some(found) = body.get(header.bytes..).and_then(<[u8]>::first_chunk) else { return Look::More };
    let expected = crc16::x25(body.get(..header.bytes).unwrap_or_default());
    if *found != expected {
        return Look::Broken(Loss::Head { found: *found, expected });
    }
    let (Some(frame), Some(flag)) = (body.get(..length), body.get(length)) else { return Look::More };
    whole(frame, *flag, &header, format & SEGMENTED != 0)
}

fn whole<'a>(frame: &'a [u8], flag: u8, header: &Header, segmented: bool) -> Look<'a> {
    let Some((covered, found)) = frame.split_last_chunk::<CHECKSUM_BYTES>() else { return Look::Nothing };
    let expected = crc16::x25(covered);
    if *found != expected {
        return Look::Broken(Loss::Checksum { found: *found, expected });
    }
    if flag != FLAG {
        return Look::Broken(Loss::Flag(flag));
    }
    let content = Content::Hdlc {
        destination: header.destination,
        source: header.source,
        control: header.control,
        segmented,
        bytes: covered.get(header.bytes + CHECKSUM_BYTES..).unwrap_or_default(),
    };
    // The closing flag may open the next frame as well, so it is left where it is.
    Look::Whole { length: 1 + frame.len(), content }
}

/// `None` where the addresses do not end within their bytes.
fn header(body: &[u8]) -> Option<Header> {
    let (destination, first) = Address::read(body.get(2..)?)?;
    let (source, second) = Address::read(body.get(2 + first..)?)?;
    let control = 2 + first + second;
    Some(Header { destination, source, control: *body.get(control)?, bytes: control + 1 })
}
