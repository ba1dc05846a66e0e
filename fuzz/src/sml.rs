//! Mends the checksums of changed SML frames, so that what stands behind them is reached.

const START: &[u8] = b"\x1b\x1b\x1b\x1b\x01\x01\x01\x01";
const END: &[u8] = b"\x1b\x1b\x1b\x1b\x1a";
/// The count of fill bytes and the checksum, behind [`END`].
const TAIL_BYTES: usize = 3;
/// The type and length of a message: a list of six.
const MESSAGE: u8 = 0x76;
/// The type and length of a checksum: a number of two bytes.
const CHECKSUM: u8 = 0x63;

/// Gives every frame, and every message in it, the checksum of its bytes.
pub fn mend(bytes: &mut [u8]) {
    let mut rest = bytes;
    while let Some(start) = find(rest, START) {
        let frame = &mut rest[start..];
        let Some(end) = find(&frame[START.len()..], END).map(|at| START.len() + at) else { return };
        let length = end + END.len() + TAIL_BYTES;
        if length > frame.len() {
            return;
        }
        mend_messages(&mut frame[START.len()..end]);
        let checksum = x25(&frame[..length - 2]);
        frame[length - 2..length].copy_from_slice(&checksum);
        rest = &mut frame[length..];
    }
}

fn mend_messages(payload: &mut [u8]) {
    let mut start = 0;
    loop {
        start += payload[start..].iter().take_while(|byte| **byte == 0).count();
        if payload.get(start) != Some(&MESSAGE) {
            return;
        }
        // Transaction, group, abort and body stand before the checksum.
        let Some(end) = (0..4).try_fold(start + 1, |at, _| behind_element(payload, at)) else { return };
        if payload.get(end) != Some(&CHECKSUM) || payload.len() < end + 3 {
            return;
        }
        let checksum = x25(&payload[start..end]);
        payload[end + 1..end + 3].copy_from_slice(&checksum);
        start = end + 3;
    }
}

/// Where the element at `at` ends, with all that it holds.
fn behind_element(payload: &[u8], at: usize) -> Option<usize> {
    let (mut at, mut open) = (at, 1);
    while open > 0 {
        let begin = at;
        let is_list = payload.get(at)? >> 4 & 7 == 7;
        let mut length = 0;
        loop {
            let byte = *payload.get(at)?;
            (length, at) = (length << 4 | usize::from(byte & 0x0F), at + 1);
            if byte & 0x80 == 0 {
                break;
            }
            if at - begin == 4 {
                return None;
            }
        }
        open -= 1;
        if is_list {
            open += length;
        } else {
            at = at.max(begin + length);
        }
    }
    (at <= payload.len()).then_some(at)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// CRC-16/X-25, in the order in which SML sends it.
fn x25(bytes: &[u8]) -> [u8; 2] {
    let shifted = |crc: u16, _| if crc & 1 == 1 { crc >> 1 ^ 0x8408 } else { crc >> 1 };
    let crc = bytes.iter().fold(0xFFFF, |crc, byte| (0..u8::BITS).fold(crc ^ u16::from(*byte), shifted));
    (!crc).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::mend;

    #[test]
    fn a_frame_gets_back_the_checksums_that_it_had() {
        let frame = include_bytes!("../../samples/meter.sml");
        let mut changed = *frame;
        // The checksums of the first message and of the frame.
        changed[39..41].fill(0);
        changed[226..228].fill(0);
        mend(&mut changed);
        assert_eq!(changed, *frame);
    }
}
