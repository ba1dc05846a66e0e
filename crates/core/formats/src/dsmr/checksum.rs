//! The checksum of a telegram: CRC-16/ARC over all bytes from `/` to `!`, in hexadecimal digits.

/// What the checksum of a telegram tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checksum {
    Holds,
    /// It holds once every line ends in CR LF again, as the meter sent it.
    HoldsForItsLineEnds,
    /// There is none, as before version 4.
    None,
    Fails {
        found: u16,
        expected: u16,
    },
    /// What stands in its place.
    NotHexadecimal,
}

/// Leading zeros may be left out.
pub(super) fn verify(body: &[u8], tail: &[u8]) -> Checksum {
    let digits = tail.trim_ascii();
    if digits.is_empty() {
        return Checksum::None;
    }
    let found = std::str::from_utf8(digits).ok().filter(|digits| digits.len() <= 4 && !digits.starts_with('+'));
    let Some(found) = found.and_then(|digits| u16::from_str_radix(digits, 16).ok()) else {
        return Checksum::NotHexadecimal;
    };
    let expected = crc(body.iter().copied());
    if found == expected {
        return Checksum::Holds;
    }
    if !body.contains(&b'\r') {
        let restored = body.iter().flat_map(|byte| {
            let ends = *byte == b'\n';
            ends.then_some(b'\r').into_iter().chain([*byte])
        });
        if found == crc(restored) {
            return Checksum::HoldsForItsLineEnds;
        }
    }
    Checksum::Fails { found, expected }
}

const TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let (mut crc, mut bit) = (index as u16, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xA001 } else { crc >> 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
};

fn crc(bytes: impl Iterator<Item = u8>) -> u16 {
    bytes.fold(0, |crc: u16, byte| crc >> 8 ^ TABLE[usize::from(crc as u8 ^ byte)])
}

#[cfg(test)]
mod tests {
    use super::{Checksum, crc, verify};

    #[test]
    fn the_checksum_is_crc_16_arc() {
        assert_eq!(crc(b"123456789".iter().copied()), 0xBB3D);
    }

    #[test]
    fn a_checksum_holds_without_its_leading_zeros_and_with_restored_line_ends() {
        let body = b"/A\r\n!";
        let digits = format!("{:X}\r\n", crc(body.iter().copied()));
        assert_eq!(verify(body, digits.as_bytes()), Checksum::Holds);
        assert_eq!(verify(b"/A\n!", digits.as_bytes()), Checksum::HoldsForItsLineEnds);
        assert_eq!(verify(body, b"\r\n"), Checksum::None);
        assert_eq!(verify(body, b"12345\r\n"), Checksum::NotHexadecimal);
        assert!(matches!(verify(b"/B\r\n!", digits.as_bytes()), Checksum::Fails { .. }));
    }
}
