//! Joins what is sent in parts: segments of HDLC, numbered parts of M-Bus, blocks of general block transfer.
//!
//! A telegram is joined only where every part is there, in its order. Segments of HDLC have no number, so they are not joined
//! over bytes that were lost.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::frames::TELEGRAM_BYTES_MAX;
use super::hdlc::Address;
use super::wired::Route;
use crate::dump::Place;
use crate::limits::REJECT_BYTES_MAX;

/// Telegrams that may be unfinished at once; meters on one line speak one after the other.
const OPEN_MAX: usize = 64;

/// Who sent a telegram, as far as its frame tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Source {
    Hdlc { source: Address, destination: Address },
    Wired(Route),
    Bare,
}

/// A whole telegram with the bytes of all its frames.
#[derive(Clone, Debug)]
pub(super) struct Telegram<'a> {
    pub place: Place,
    pub source: Source,
    pub frames: Cow<'a, [u8]>,
    pub bytes: Cow<'a, [u8]>,
}

/// Parts that make no telegram.
#[derive(Debug)]
pub(super) struct Unjoined {
    pub place: Place,
    pub frames: Vec<u8>,
    pub reason: String,
}

/// One part of a telegram.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub telegram: Telegram<'a>,
    /// It begins a telegram.
    pub first: bool,
    pub last: bool,
    pub number: Option<u16>,
    /// The number of the part behind it.
    pub next: Option<u16>,
}

#[derive(Debug)]
struct Open {
    place: Place,
    frames: Vec<u8>,
    bytes: Vec<u8>,
    next: Option<u16>,
}

/// The unfinished telegrams of one kind of parts.
#[derive(Debug, Default)]
pub(super) struct Joins {
    open: BTreeMap<Source, Open>,
}

/// What a part completes, and what it shows to be lost.
#[derive(Debug, Default)]
pub(super) struct Joined<'a> {
    pub lost: Option<Unjoined>,
    pub telegram: Option<Telegram<'a>>,
}

impl Joins {
    pub(super) fn is_open(&self, source: Source) -> bool {
        self.open.contains_key(&source)
    }

    /// The number of the part that comes next from a source.
    pub(super) fn next(&self, source: Source) -> Option<u16> {
        self.open.get(&source)?.next
    }

    pub(super) fn take<'a>(&mut self, part: Part<'a>) -> Joined<'a> {
        let source = part.telegram.source;
        let mut joined = Joined::default();
        match self.open.remove(&source) {
            Some(open) if !part.first && open.next == part.number => return self.extend(open, &part),
            Some(mut open) => {
                let reason = unexpected(open.next, &part);
                if !part.first {
                    open.frames.extend_from_slice(&part.telegram.frames);
                }
                joined.lost = Some(open.lost(reason));
            }
            None if !part.first => {
                let reason = match part.number {
                    Some(number) => format!("part {number} of a telegram whose beginning is missing"),
                    None => "the part continues a telegram whose beginning is missing".to_owned(),
                };
                let Telegram { place, frames, .. } = part.telegram;
                joined.lost = Some(Unjoined { place, frames: frames.into_owned(), reason });
                return joined;
            }
            None => {}
        }
        if part.first && part.last {
            joined.telegram = Some(part.telegram);
        } else if part.first {
            if self.open.len() >= OPEN_MAX
                && let Some((_, oldest)) = self.open.pop_first()
            {
                joined.lost = Some(oldest.lost(format!("more than {OPEN_MAX} telegrams are unfinished at once")));
            }
            let Telegram { place, frames, bytes, .. } = part.telegram;
            let open = Open { place, frames: frames.into_owned(), bytes: bytes.into_owned(), next: part.next };
            self.open.insert(source, open);
        }
        joined
    }

    fn extend<'a>(&mut self, mut open: Open, part: &Part<'a>) -> Joined<'a> {
        open.frames.extend_from_slice(&part.telegram.frames);
        open.bytes.extend_from_slice(&part.telegram.bytes);
        open.next = part.next;
        let mut joined = Joined::default();
        if open.bytes.len() > TELEGRAM_BYTES_MAX || open.frames.len() > REJECT_BYTES_MAX {
            joined.lost = Some(open.lost(format!("the telegram does not end within {TELEGRAM_BYTES_MAX} bytes")));
        } else if part.last {
            let Open { place, frames, bytes, .. } = open;
            let source = part.telegram.source;
            joined.telegram = Some(Telegram { place, source, frames: Cow::Owned(frames), bytes: Cow::Owned(bytes) });
        } else {
            self.open.insert(part.telegram.source, open);
        }
        joined
    }

    /// Gives up what is unfinished.
    pub(super) fn give_up(&mut self, reason: &str) -> impl Iterator<Item = Unjoined> {
        std::mem::take(&mut self.open).into_values().map(move |open| open.lost(reason.to_owned()))
    }
}

impl Open {
    fn lost(self, reason: String) -> Unjoined {
        Unjoined { place: self.place, frames: self.frames, reason }
    }
}

fn unexpected(next: Option<u16>, part: &Part<'_>) -> String {
    match (next, part.number) {
        (Some(next), Some(number)) => format!("the telegram is unfinished: expected part {next}, found part {number}"),
        _ => "the telegram is unfinished: another one begins before its last part".to_owned(),
    }
}
