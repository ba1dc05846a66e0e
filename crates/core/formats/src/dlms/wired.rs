//! Long frames of wired M-Bus that carry DLMS (EN 13757-2 and -3), as Austrian meters send them.
//!
//! `68`, the length twice, `68`, control, address, control information (CI), two access points, a part of a telegram, the sum
//! of the bytes, `16`. CI counts the parts in its lower half and has bit 4 set in the last one. What has another CI holds
//! records of M-Bus, which its own format reads.

use super::frames::{Content, Look, Loss};

pub(super) const START: u8 = 0x68;
const STOP: u8 = 0x16;
const HEAD_BYTES: usize = 4;
/// Control, address and CI; the length counts from here.
const LENGTH_MIN: usize = 3;
const CI_MAX: u8 = 0x1F;
const CI_LAST: u8 = 0x10;
const CI_NUMBER: u8 = 0x0F;

/// Who speaks to whom: the address of the line, and the access points of server and client.
pub(super) type Route = [u8; 3];

/// Looks for a frame whose start byte is the first of `bytes`.
pub(super) fn look(bytes: &[u8]) -> Look<'_> {
    let (first, second) = match bytes {
        [_, first, second, START, ..] => (*first, *second),
        [_] | [_, _] => return Look::More,
        [_, first, second] if first == second => return Look::More,
        _ => return Look::Nothing,
    };
    if first != second {
        return Look::Nothing;
    }
    // Sagemcom's first part is 257 bytes long, whose length does not fit its byte; no frame is as short as what is left of it.
    let length = usize::from(first) + if usize::from(first) < LENGTH_MIN { 256 } else { 0 };
    let Some([.., sum, stop]) = bytes.get(..HEAD_BYTES + length + 2) else { return Look::More };
    let counted = bytes.get(HEAD_BYTES..HEAD_BYTES + length).unwrap_or_default();
    let expected = counted.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    if *stop != STOP {
        return Look::Nothing;
    }
    if *sum != expected {
        return Look::Broken(Loss::Sum { found: *sum, expected });
    }
    let length = HEAD_BYTES + length + 2;
    let content = match counted {
        [_, address, ci @ ..=CI_MAX, server, client, part @ ..] => Content::Wired {
            route: [*address, *server, *client],
            number: ci & CI_NUMBER,
            last: ci & CI_LAST != 0,
            bytes: part,
        },
        [_, _, ci, ..] => Content::Foreign(*ci),
        _ => return Look::Nothing,
    };
    Look::Whole { length, content }
}
