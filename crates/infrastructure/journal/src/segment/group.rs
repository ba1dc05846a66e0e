//! Entries as segments keep them: those that one sync covers are a group, which is there as a whole or was never acknowledged.
//!
//! A group is its head, its entries, and a closing byte. The head: the mask (1 byte), how many entries there are (3, the lowest first, as
//! in all numbers), how many bytes follow it (8), the position of the first entry (8), and the CRC-32 of these. Each entry: its length
//! (4), the CRC-32 of its position, its length and its bytes as they stand here, and these: each combined with the mask, exclusive or.
//!
//! A group neither begins nor ends with a zero, and no sector of it has nothing but zeros: the mask is chosen so, which fails only where
//! sectors are full of each of 255 bytes. A sector of which only zeros are there was never written. Version 2 had no mask, and four bytes
//! for the number of entries.

use metrify_application::record::Position;
use metrify_application::{Error, Kind, Result};

use super::source::{self, Damage, Each, Source};
use super::{ENTRY_BYTES_MAX, ENTRY_HEAD_BYTES};

const HEAD_BYTES: usize = 24;
const END: u8 = b'.';
const ENTRIES_MAX: u32 = (1 << 24) - 1;

struct Head {
    /// The mask, and above it how many entries there are; in version 2 this number alone.
    leading: u32,
    /// Of the entries with their heads, and the closing byte.
    bytes: u64,
    first: Position,
}

impl Head {
    fn write(&self, out: &mut Vec<u8>) {
        let begin = out.len();
        out.extend_from_slice(&self.leading.to_le_bytes());
        out.extend_from_slice(&self.bytes.to_le_bytes());
        out.extend_from_slice(&self.first.to_le_bytes());
        let checksum = crc32fast::hash(&out[begin..]);
        out.extend_from_slice(&checksum.to_le_bytes());
    }

    /// The head with which `bytes` begin; `None` where it is damaged, or there is none.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (leading, rest) = bytes.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (first, rest) = rest.split_first_chunk()?;
        let checksum = u32::from_le_bytes(*rest.first_chunk()?);
        (crc32fast::hash(&bytes[..HEAD_BYTES - 4]) == checksum).then(|| Self {
            leading: u32::from_le_bytes(*leading),
            bytes: u64::from_le_bytes(*length),
            first: Position::from_le_bytes(*first),
        })
    }
}

/// The group of entries that will stand at a byte of a file.
pub(super) fn encode(entries: &[Vec<u8>], first: Position, at: u64) -> Result<Vec<u8>> {
    let mut group = Vec::new();
    // The first will do, unless a whole sector happens to be this byte.
    for mask in (1..=u8::MAX).rev() {
        group = masked(entries, first, mask)?;
        if !source::has_hole(at, &group) {
            break;
        }
    }
    Ok(group)
}

fn masked(entries: &[Vec<u8>], first: Position, mask: u8) -> Result<Vec<u8>> {
    let too_large = || Error::new(Kind::Internal, "append to the journal: the entry is too large");
    let bytes = entries.iter().map(|entry| entry.len() + ENTRY_HEAD_BYTES).sum::<usize>() + 1;
    let count = u32::try_from(entries.len()).ok().filter(|count| *count <= ENTRIES_MAX).ok_or_else(too_large)?;
    let mut out = Vec::with_capacity(HEAD_BYTES + bytes);
    Head { leading: count << 8 | u32::from(mask), bytes: bytes as u64, first }.write(&mut out);
    for (position, entry) in (first..).zip(entries) {
        let length = u32::try_from(entry.len()).ok().filter(|length| *length <= ENTRY_BYTES_MAX);
        let length = length.ok_or_else(too_large)?;
        out.extend_from_slice(&length.to_le_bytes());
        let head = out.len();
        out.extend_from_slice(&[0; 4]);
        out.extend(entry.iter().map(|byte| byte ^ mask));
        let checksum = checksum(position, length, &out[head + 4..]);
        out[head..head + 4].copy_from_slice(&checksum.to_le_bytes());
    }
    out.push(END);
    Ok(out)
}

fn checksum(position: Position, length: u32, entry: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&position.to_le_bytes());
    hasher.update(&length.to_le_bytes());
    hasher.update(entry);
    hasher.finalize()
}

/// The entries that were read, or the damage among them.
type Found = std::result::Result<u64, Damage>;

/// Reads the group that begins with `position`, and tells how many entries it has. They are handed on before its end is seen.
pub(super) fn read(source: &mut Source<'_>, position: Position, each: Each<'_>) -> Result<Found> {
    read_with(source, position, each, |leading| (leading as u8, leading >> 8))
}

/// As [`read`], of version 2.
pub(super) fn read_plain(source: &mut Source<'_>, position: Position, each: Each<'_>) -> Result<Found> {
    read_with(source, position, each, |leading| (0, leading))
}

/// `split` tells a mask and the number of entries.
fn read_with(
    source: &mut Source<'_>,
    position: Position,
    each: Each<'_>,
    split: impl Fn(u32) -> (u8, u32),
) -> Result<Found> {
    let at = source.at();
    if source.left() < HEAD_BYTES as u64 {
        return Ok(Err(source.cut_off(at, "entries are cut off in their head".to_owned())));
    }
    let Some(head) = Head::read(source.take(HEAD_BYTES)?) else {
        return Ok(Err(Damage::at(at, at + 1, format!("the checksum of the head before entry {position} is wrong"))));
    };
    if head.first != position {
        return Ok(Err(Damage::at(at, at, format!("entry {} stands where entry {position} should", head.first))));
    }
    let (mask, entries) = split(head.leading);
    let last = position + u64::from(entries).saturating_sub(1);
    if head.bytes > source.left() {
        return Ok(Err(source.cut_off(at, format!("entries {position} to {last} are cut off"))));
    }
    let end = source.at() + head.bytes;
    let damaged = |what: String| Ok(Err(Damage::at(at, end, what)));
    for position in (position..).take(entries as usize) {
        let Some(entry) = read_entry(source, position, end)? else {
            return damaged(format!("the checksum of entry {position} is wrong"));
        };
        entry.iter_mut().for_each(|byte| *byte ^= mask);
        each(position, entry)?;
    }
    if source.at() + 1 != end || source.take(1)? != [END] {
        return damaged(format!("the end of entries {position} to {last} is wrong"));
    }
    Ok(Ok(u64::from(entries)))
}

/// The bytes of an entry as they stand in a group that ends at `end`; `None` where it is damaged.
fn read_entry<'s>(source: &'s mut Source<'_>, position: Position, end: u64) -> Result<Option<&'s mut [u8]>> {
    let left = end - source.at();
    if left < ENTRY_HEAD_BYTES as u64 {
        return Ok(None);
    }
    let (length, told) = source.take_entry_head()?;
    if u64::from(length) > left - ENTRY_HEAD_BYTES as u64 {
        return Ok(None);
    }
    let entry = source.take(length as usize)?;
    Ok((checksum(position, length, entry) == told).then_some(entry))
}

/// Whether a group begins anywhere in `bytes` that follows on `position`: the one before it was synced then.
pub(super) fn begins_in(bytes: &[u8], position: Position) -> bool {
    // Each entry between them takes some bytes.
    let follows = |head: &Head| head.first.wrapping_sub(position) <= bytes.len() as u64;
    (0..bytes.len()).any(|at| Head::read(&bytes[at..]).as_ref().is_some_and(follows))
}
