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

/// Calls `each` with every place at which `wanted` stands, up to a step that holds one of `stops`; tells whether none does.
pub(crate) fn every(bytes: &[u8], wanted: u8, stops: [u8; 2], mut each: impl FnMut(usize)) -> bool {
    let (chunks, rest) = bytes.as_chunks::<8>();
    for (index, chunk) in chunks.iter().enumerate() {
        let chunk = u64::from_le_bytes(*chunk);
        let [first, second] = stops.map(|stop| chunk ^ (ONES * u64::from(stop)));
        if (first.wrapping_sub(ONES) & !first | second.wrapping_sub(ONES) & !second) & HIGH != 0 {
            return false;
        }
        let differences = chunk ^ (ONES * u64::from(wanted));
        // Exactly the bytes that are zero: without their highest bit none carries into the next.
        let mut marks = !(((differences & !HIGH) + !HIGH) | differences | !HIGH);
        while marks != 0 {
            each(index * 8 + marks.trailing_zeros() as usize / 8);
            marks &= marks - 1;
        }
    }
    let begin = bytes.len() - rest.len();
    rest.iter().enumerate().filter(|(_, byte)| **byte == wanted).for_each(|(place, _)| each(begin + place));
    !rest.iter().any(|byte| stops.contains(byte))
}

/// Where a string of JSON stops being plain: its first quote, backslash or control character.
pub(crate) fn string_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let chunk = u64::from_le_bytes(*chunk);
        let (quotes, escapes) = (chunk ^ (ONES * u64::from(b'"')), chunk ^ (ONES * u64::from(b'\\')));
        // As above; a control character is below the space, so that taking one away leaves the highest bit.
        let marks = quotes.wrapping_sub(ONES) & !quotes
            | escapes.wrapping_sub(ONES) & !escapes
            | chunk.wrapping_sub(ONES * u64::from(b' ')) & !chunk;
        if marks & HIGH != 0 {
            return Some(at + (marks & HIGH).trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    bytes.get(at..)?.iter().position(|byte| ends_string(*byte)).map(|rest| at + rest)
}

const fn ends_string(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..b' ')
}

#[cfg(test)]
mod tests {
    use super::{byte, ends_string, every, string_end};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_one_is_found_wherever_it_stands(
            bytes in proptest::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b"\n\x0b"[..])], 0..40),
            wanted in prop_oneof![any::<u8>(), Just(b'\n')],
        ) {
            prop_assert_eq!(byte(&bytes, wanted), bytes.iter().position(|byte| *byte == wanted));
        }

        #[test]
        fn every_one_is_found_unless_a_stop_stands_there(
            bytes in proptest::collection::vec(prop_oneof![Just(b';'), Just(b':'), Just(b'<'), b'0'..=255, any::<u8>()], 0..40),
        ) {
            let mut found = Vec::new();
            let stops = [b'"', 0];
            let told = every(&bytes, b';', stops, |place| found.push(place));
            prop_assert_eq!(told, !bytes.iter().any(|byte| stops.contains(byte)));
            if told {
                let places: Vec<usize> = (0..bytes.len()).filter(|place| bytes[*place] == b';').collect();
                prop_assert_eq!(found, places);
            }
        }

        #[test]
        fn the_end_of_a_string_is_found_wherever_it_stands(
            bytes in proptest::collection::vec(prop_oneof![b' '..=255, b' '..=255, b' '..=255, any::<u8>()], 0..40),
        ) {
            prop_assert_eq!(string_end(&bytes), bytes.iter().position(|byte| ends_string(*byte)));
        }
    }
}
