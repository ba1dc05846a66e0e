//! The CRC-16 of the polynomial 0x1021 with its bits mirrored: CRC-16/X-25 of HDLC and SML, CRC-16/Kermit of some meters.

const POLYNOMIAL: u16 = 0x8408;

/// `TABLES[k][b]` is what byte `b` adds when `k` more bytes follow it, so that eight bytes are taken in one step.
static TABLES: [[u16; 256]; 8] = tables();

/// CRC-16/X-25 in the order in which it is sent, the low byte first.
pub(crate) fn x25(bytes: &[u8]) -> [u8; 2] {
    (!remainder(bytes, 0xFFFF)).to_le_bytes()
}

/// CRC-16/Kermit, which differs in its first and last step.
pub(crate) fn kermit(bytes: &[u8]) -> u16 {
    remainder(bytes, 0)
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
    use super::{kermit, x25};

    /// The check values of the catalogue of CRC algorithms, for the nine digits.
    #[test]
    fn both_procedures_give_their_published_check_values() {
        assert_eq!(x25(b"123456789"), [0x6E, 0x90]);
        assert_eq!(kermit(b"123456789"), 0x2189);
    }
}
