//! Finds a byte eight at a time: a text decoder spends much of its time looking for the end of a line.

const ONES: u64 = u64::from_le_bytes([1; 8]);
const HIGH: u64 = ONES << 7;

/// Where the first `wanted` byte stands.
pub(crate) fn byte(bytes: &[u8], wanted: u8) -> Option<usize> {
    let mut at = 0;
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let differences = u64::from_le_bytes(*chunk) ^ (ONES * u64::from(wanted));
        // The highest bit of every byte that is zero; above the first, bytes of one may be marked as well.
        let marks = differences.wrapping_sub(ONES) & !differences & HIGH;
        if marks != 0 {
            return Some(at + marks.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    bytes.get(at..)?.iter().position(|byte| *byte == wanted).map(|rest| at + rest)
}

#[cfg(test)]
mod tests {
    use super::byte;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_one_is_found_wherever_it_stands(
            bytes in proptest::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b"\n\x0b"[..])], 0..40),
            wanted in prop_oneof![any::<u8>(), Just(b'\n')],
        ) {
            prop_assert_eq!(byte(&bytes, wanted), bytes.iter().position(|byte| *byte == wanted));
        }
    }
}
