//! The checksum of wireless M-Bus (CRC-16/EN-13757), and the two frame formats that carry it.
//!
//! Format A: twelve bytes of which the last two are a checksum, then blocks of at most sixteen bytes, each with its own; the
//! length counts no checksum. Format B: up to 126 bytes and their checksum, then the rest with its own; the length counts both.

const POLYNOMIAL: u16 = 0x3D65;
static TABLE: [u16; 256] = table();

/// Bytes of the first block of format A without its checksum: length, control, maker, address.
const FIRST_BLOCK: usize = 10;
const BLOCK: usize = 16;
const CHECKSUM: usize = 2;
/// Bytes of the first two blocks of format B with their checksum.
const B_FIRST: usize = 128;

/// The checksum in the order in which it is sent.
pub(super) fn checksum(bytes: &[u8]) -> [u8; 2] {
    let crc = bytes.iter().fold(0, |crc: u16, byte| {
        let [high, low] = crc.to_be_bytes();
        u16::from_be_bytes([low, 0]) ^ TABLE[usize::from(high ^ byte)]
    });
    (!crc).to_be_bytes()
}

/// How many bytes a frame of format A has whose length field says `length`.
pub(super) fn length_a(length: u8) -> usize {
    let rest = (usize::from(length) + 1).saturating_sub(FIRST_BLOCK);
    FIRST_BLOCK + CHECKSUM + rest + rest.div_ceil(BLOCK) * CHECKSUM
}

/// The frame without its checksums, with its length field; `None` where one does not hold.
pub(super) fn strip_a(frame: &[u8], plain: &mut Vec<u8>) -> Option<()> {
    plain.clear();
    let (first, rest) = frame.split_at_checked(FIRST_BLOCK + CHECKSUM)?;
    plain.extend_from_slice(checked(first)?);
    for block in rest.chunks(BLOCK + CHECKSUM) {
        plain.extend_from_slice(checked(block)?);
    }
    Some(())
}

/// As [`strip_a`] for format B. The length field is then the one that a frame without checksums has.
pub(super) fn strip_b(frame: &[u8], plain: &mut Vec<u8>) -> Option<()> {
    plain.clear();
    let (first, rest) = frame.split_at(frame.len().min(B_FIRST));
    plain.extend_from_slice(checked(first)?);
    if !rest.is_empty() {
        plain.extend_from_slice(checked(rest)?);
    }
    let length = u8::try_from(plain.len().checked_sub(1)?).ok()?;
    *plain.first_mut()? = length;
    Some(())
}

/// A block without its checksum, which holds.
fn checked(block: &[u8]) -> Option<&[u8]> {
    let (data, found) = block.split_at_checked(block.len().checked_sub(CHECKSUM)?)?;
    (checksum(data) == found).then_some(data)
}

const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ POLYNOMIAL };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::{checksum, length_a, strip_b};

    /// The check value of the catalogue of CRC algorithms, for the nine digits.
    #[test]
    fn the_checksum_has_its_published_check_value() {
        assert_eq!(checksum(b"123456789"), [0xC2, 0xB7]);
    }

    #[test]
    fn a_frame_of_format_a_has_a_checksum_for_each_block() {
        assert_eq!([9, 10, 25, 26, 46, 255].map(length_a), [12, 15, 30, 33, 55, 290]);
    }

    #[test]
    fn a_long_frame_of_format_b_has_two_checksums() {
        let first: Vec<u8> = (0..126).collect();
        let rest = [7; 20];
        let frame = [&first[..], &checksum(&first), &rest, &checksum(&rest)].concat();
        let mut plain = Vec::new();
        assert!(strip_b(&frame, &mut plain).is_some());
        assert_eq!((plain.len(), plain[0], &plain[1..126]), (146, 145, &first[1..]));
        assert!(strip_b(&frame[1..], &mut plain).is_none());
        assert!(strip_b(&[], &mut plain).is_none());
    }
}
