//! The two checksums that meters use: CRC-16/X-25, as the norm asks, and CRC-16/Kermit, as HOLLEY forms it.

/// Both are of the polynomial 0x1021 with its bits mirrored; they differ in their first and last step.
const POLYNOMIAL: u16 = 0x8408;

/// `TABLES[k][b]` is what byte `b` adds when `k` more bytes follow it, so that eight bytes are taken in one step.
static TABLES: [[u16; 256]; 8] = tables();

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
    let x25 = !remainder(bytes, 0xFFFF);
    if x25.to_le_bytes() == field {
        return Ok(Procedure::X25);
    }
    // HOLLEY sends the high byte first in messages; which byte leads in a frame is not known, so both are taken.
    let kermit = remainder(bytes, 0);
    if kermit.to_be_bytes() == field || kermit.to_le_bytes() == field {
        return Ok(Procedure::Kermit);
    }
    Err(x25.to_le_bytes())
}

fn remainder(bytes: &[u8], first: u16) -> u16 {
    let at = |table: usize, byte: u8| TABLES[table][usize::from(byte)];
    let (chunks, rest) = bytes.as_chunks::<8>();
    let crc = chunks.iter().fold(first, |crc, [a, b, c, d, e, f, g, h]| {
        let [low, high] = crc.to_le_bytes();
        at(7, a ^ low) ^ at(6, b ^ high) ^ at(5, *c) ^ at(4, *d) ^ at(3, *e) ^ at(2, *f) ^ at(1, *g) ^ at(0, *h)
    });
    rest.iter().fold(crc, |crc, byte| {
        let [low, high] = crc.to_le_bytes();
        u16::from(high) ^ at(0, byte ^ low)
    })
}

const fn tables() -> [[u16; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u16;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut table = 1;
    while table < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[table - 1][byte];
            tables[table][byte] = before >> 8 ^ tables[0][(before & 0xFF) as usize];
            byte += 1;
        }
        table += 1;
    }
    tables
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
