//! Mends the checksums of changed frames of HDLC and M-Bus, so that what stands behind them is reached.

const FLAG: u8 = 0x7E;
const FORMAT: u8 = 0xA0;
const START: u8 = 0x68;

/// Gives every frame whose length fits the checksums of its bytes.
pub fn mend(bytes: &mut [u8]) {
    let mut at = 0;
    while at < bytes.len() {
        at += match bytes[at] {
            FLAG => mend_hdlc(&mut bytes[at + 1..]).unwrap_or(1),
            START => mend_wired(&mut bytes[at..]).unwrap_or(1),
            _ => 1,
        };
    }
}

/// Mends the frame behind a flag, and returns how far the next flag is.
fn mend_hdlc(frame: &mut [u8]) -> Option<usize> {
    let [format, low, ..] = *frame else { return None };
    let length = usize::from(format & 7) << 8 | usize::from(low);
    if format & 0xF0 != FORMAT || *frame.get(length)? != FLAG {
        return None;
    }
    let destination = address(&frame[2..length])?;
    let source = address(&frame[2 + destination..length])?;
    let head = 2 + destination + source + 1;
    // The checksum of the head stands before the content, and alone where there is none.
    for covered in [head, length.checked_sub(2)?] {
        if covered + 2 > length || covered < head {
            return None;
        }
        let checksum = x25(&frame[..covered]);
        frame[covered..covered + 2].copy_from_slice(&checksum);
    }
    Some(1 + length)
}

fn address(bytes: &[u8]) -> Option<usize> {
    bytes.iter().take(4).position(|byte| byte & 1 == 1).map(|last| last + 1)
}

fn mend_wired(frame: &mut [u8]) -> Option<usize> {
    let [_, first, second, START, ..] = *frame else { return None };
    let length = usize::from(first) + if first < 3 { 256 } else { 0 };
    if first != second || *frame.get(length + 5)? != 0x16 {
        return None;
    }
    frame[length + 4] = frame[4..length + 4].iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
    Some(length + 6)
}

/// CRC-16/X-25, in the order in which HDLC sends it.
fn x25(bytes: &[u8]) -> [u8; 2] {
    let shifted = |crc: u16, _| if crc & 1 == 1 { crc >> 1 ^ 0x8408 } else { crc >> 1 };
    let crc = bytes.iter().fold(0xFFFF, |crc, byte| (0..u8::BITS).fold(crc ^ u16::from(*byte), shifted));
    (!crc).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::mend;

    #[test]
    fn frames_get_back_the_checksums_that_they_had() {
        let hdlc = include_bytes!("../corpus/dlms/hdlc");
        let mut changed = *hdlc;
        changed[7..9].fill(0);
        let checksum = hdlc.len() - 3;
        changed[checksum..checksum + 2].fill(0);
        mend(&mut changed);
        assert_eq!(changed, *hdlc);

        let wired = include_bytes!("../corpus/dlms/wired");
        let mut changed = *wired;
        changed[wired.len() - 2] ^= 1;
        mend(&mut changed);
        assert_eq!(changed, *wired);
    }
}
