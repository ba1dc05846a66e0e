//! Mends the checks of changed telegrams of IEC 62056-21, so that what stands behind them is reached.

const SOH: u8 = 0x01;
const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const EOT: u8 = 0x04;

/// Gives every block of an optical head, and every command to it, the check of its bytes.
pub fn mend_blocks(bytes: &mut [u8]) {
    let mut check = None;
    let mut in_command = false;
    for at in 0..bytes.len() {
        let letter = bytes[at] & 0x7F;
        match (letter, check) {
            (SOH, _) => (check, in_command) = (Some(0), true),
            // A command is checked from behind its SOH, with the STX that it has.
            (STX, Some(before)) if in_command => check = Some(before ^ letter),
            (STX, _) => check = Some(0),
            (ETX | EOT, Some(before)) => {
                if let Some(place) = bytes.get_mut(at + 1) {
                    *place = before ^ letter;
                }
                (check, in_command) = (None, false);
            }
            (_, Some(before)) => check = Some(before ^ letter),
            (_, None) => {}
        }
    }
}

/// Gives every telegram of a P1 port whose `!` has four characters behind it the checksum of its bytes.
pub fn mend_telegrams(bytes: &mut [u8]) {
    let mut rest = bytes;
    while let Some(start) = rest.iter().position(|byte| *byte == b'/') {
        let Some(length) = rest[start..].iter().position(|byte| *byte == b'!').map(|at| at + 1) else { return };
        let (telegram, tail) = rest[start..].split_at_mut(length);
        // Where the next telegram begins within this one, it is that one that ends here.
        let begin = telegram.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        let digits = format!("{:04X}", arc(&telegram[begin..]));
        if let Some(place) = tail.get_mut(..4).filter(|place| place.iter().all(u8::is_ascii_hexdigit)) {
            place.copy_from_slice(digits.as_bytes());
        }
        rest = tail;
    }
}

/// CRC-16/ARC.
fn arc(bytes: &[u8]) -> u16 {
    let shifted = |crc: u16, _| if crc & 1 == 1 { crc >> 1 ^ 0xA001 } else { crc >> 1 };
    bytes.iter().fold(0, |crc, byte| (0..u8::BITS).fold(crc ^ u16::from(*byte), shifted))
}

#[cfg(test)]
mod tests {
    use super::{mend_blocks, mend_telegrams};

    #[test]
    fn a_telegram_gets_back_the_checksum_that_it_had() {
        let telegram = include_bytes!("../../samples/formats/dsmr.txt");
        let mut changed = *telegram;
        let at = changed.len() - 6;
        changed[at..at + 4].copy_from_slice(b"0000");
        mend_telegrams(&mut changed);
        assert_eq!(changed, *telegram);
    }

    #[test]
    fn a_block_gets_back_the_check_that_it_had() {
        let blocks = include_bytes!("../../samples/formats/d0-load-profile.d0");
        let mut changed = *blocks;
        let last = changed.len() - 1;
        changed[last] ^= 0x55;
        mend_blocks(&mut changed);
        assert_eq!(changed, *blocks);
    }
}
