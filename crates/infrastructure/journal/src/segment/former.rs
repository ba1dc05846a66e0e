//! Entries as the first version of segments kept them, one by one: length, CRC-32 of the bytes, bytes. They are read, and no more
//! are written. The length has no checksum, and nothing tells what one sync covered.

use metrify_application::Result;
use metrify_application::record::Position;

use super::source::{Damage, Each, Source};
use super::{ENTRY_BYTES_MAX, ENTRY_HEAD_BYTES};
use crate::codec;

/// Reads the entry at `position`, and tells that it is one.
pub(super) fn read(
    source: &mut Source<'_>,
    position: Position,
    each: Each<'_>,
) -> Result<std::result::Result<u64, Damage>> {
    let at = source.at();
    if source.left() < ENTRY_HEAD_BYTES as u64 {
        return Ok(Err(source.cut_off(at, "an entry is cut off in its head".to_owned())));
    }
    let (length, checksum) = source.take_entry_head()?;
    if length > ENTRY_BYTES_MAX || u64::from(length) > source.left() {
        // Or a bit of its length has flipped: what is behind it tells.
        let what = format!("an entry of {length} bytes is cut off");
        return Ok(Err(Damage { behind: at + 1, ..source.cut_off(at, what) }));
    }
    let entry = source.take(length as usize)?;
    // Zeros are a head that fits no bytes at all, and no entry.
    if entry.is_empty() || crc32fast::hash(entry) != checksum {
        let what = format!("the checksum of entry {position} is wrong");
        let is_cut_off = length > 0 && source.left() == 0;
        return Ok(Err(Damage { is_cut_off, ..Damage::at(at, at + 1, what) }));
    }
    each(position, entry)?;
    Ok(Ok(1))
}

/// Whether there is a whole entry anywhere in `bytes`.
pub(super) fn is_whole_in(bytes: &[u8]) -> bool {
    let is_whole = |at: usize| {
        let head = bytes[at..].split_first_chunk().and_then(|(length, rest)| Some((length, rest.split_first_chunk()?)));
        let Some((length, (checksum, rest))) = head else { return false };
        let entry = rest.get(..u32::from_le_bytes(*length) as usize);
        entry.is_some_and(|entry| codec::may_be(entry) && crc32fast::hash(entry) == u32::from_le_bytes(*checksum))
    };
    (0..bytes.len()).any(is_whole)
}
