//! Mends the checksums of changed M-Bus frames, so that what stands behind them is reached.
//!
//! Wired ones alone: wireless telegrams are read without checksums, too.

const START: u8 = 0x68;
const STOP: u8 = 0x16;
/// Bytes of a frame beside those that its length counts.
const EXTRA: usize = 6;

/// Gives every wired frame the checksum of its bytes, and its end.
pub fn mend(bytes: &mut [u8]) {
    let mut at = 0;
    while at < bytes.len() {
        at = match bytes.get(at..) {
            Some([START, length, again, START, ..]) if length == again && *length >= 3 => {
                let end = at + usize::from(*length) + EXTRA;
                if end > bytes.len() {
                    return;
                }
                let sum = bytes[at + 4..end - 2].iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
                bytes[end - 2..end].copy_from_slice(&[sum, STOP]);
                end
            }
            _ => at + 1,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::mend;

    #[test]
    fn a_frame_gets_back_the_checksum_that_it_had() {
        let frame = include_bytes!("../corpus/mbus/wired_heat");
        let mut changed = [&b"noise"[..], frame, frame].concat();
        let length = changed.len();
        changed[length - 2..].fill(0);
        changed[5 + frame.len() - 2] ^= 1;
        mend(&mut changed);
        assert_eq!(changed, [&b"noise"[..], frame, frame].concat());
    }
}
