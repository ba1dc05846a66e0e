//! The two checksums that meters use: CRC-16/X-25, as the norm asks, and CRC-16/Kermit, as HOLLEY forms it.

use crate::crc16;

/// How a checksum that holds was formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Procedure {
    X25,
    Kermit,
}

/// Checks `bytes` against the two bytes of a checksum field in the order in which they stand.
///
/// # Errors
/// The CRC-16/X-25 of the bytes, with its bytes in the order of the field, where neither procedure gives the field.
pub(super) fn verify(bytes: &[u8], field: [u8; 2]) -> Result<Procedure, [u8; 2]> {
    let x25 = crc16::x25(bytes);
    if x25 == field {
        return Ok(Procedure::X25);
    }
    // HOLLEY sends the high byte first in messages; which byte leads in a frame is not known, so both are taken.
    let kermit = crc16::kermit(bytes);
    if kermit.to_be_bytes() == field || kermit.to_le_bytes() == field {
        return Ok(Procedure::Kermit);
    }
    Err(x25)
}

#[cfg(test)]
mod tests {
    use super::{Procedure, verify};

    /// The check values of the catalogue of CRC algorithms, for the nine digits.
    #[test]
    fn both_procedures_give_their_published_check_values() {
        assert_eq!(verify(b"123456789", [0x6E, 0x90]), Ok(Procedure::X25));
        assert_eq!(verify(b"123456789", [0x21, 0x89]), Ok(Procedure::Kermit));
        assert_eq!(verify(b"123456789", [0x89, 0x21]), Ok(Procedure::Kermit));
        assert_eq!(verify(b"123456789", [0x90, 0x6E]), Err([0x6E, 0x90]));
    }
}
