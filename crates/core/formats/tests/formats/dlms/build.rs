//! Telegrams and frames by their parts, so that a test can say what a meter sends.

pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn x25(bytes: &[u8]) -> [u8; 2] {
    let crc = bytes.iter().fold(0xFFFF_u16, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0x8408 } else { crc >> 1 })
    });
    (!crc).to_le_bytes()
}

/// A frame of HDLC, without its flags; the addresses are those of destination and source.
pub(crate) fn frame(addresses: &[u8], control: u8, segmented: bool, content: &[u8]) -> Vec<u8> {
    let checked = if content.is_empty() { 2 } else { 4 };
    let length = 2 + addresses.len() + 1 + content.len() + checked;
    let format = 0xA000 | if segmented { 0x0800 } else { 0 } | length as u16;
    let mut frame = [&format.to_be_bytes(), addresses, &[control]].concat();
    frame.extend(x25(&frame));
    if !content.is_empty() {
        frame.extend_from_slice(content);
        frame.extend(x25(&frame));
    }
    frame
}

/// A frame of HDLC with one whole telegram.
pub(crate) fn hdlc(telegram: &[u8]) -> Vec<u8> {
    [&[0x7E], frame(&[0x41, 0x08, 0x83], 0x13, false, &linked(telegram)).as_slice(), &[0x7E]].concat()
}

/// The link layer and a telegram.
pub(crate) fn linked(telegram: &[u8]) -> Vec<u8> {
    [&[0xE6, 0xE7, 0x00], telegram].concat()
}

pub(crate) fn wired(ci: u8, part: &[u8]) -> Vec<u8> {
    let counted = [&[0x53, 0xFF, ci, 0x01, 0x67], part].concat();
    let sum = counted.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    let length = counted.len() as u8;
    [&[0x68, length, length, 0x68], counted.as_slice(), &[sum, 0x16]].concat()
}

pub(crate) fn notification(time: &[u8], body: &[u8]) -> Vec<u8> {
    [&[0x0F, 0x40, 0, 0, 0, time.len() as u8], time, body].concat()
}

pub(crate) fn structure(elements: &[Vec<u8>]) -> Vec<u8> {
    [vec![0x02, elements.len() as u8], elements.concat()].concat()
}

pub(crate) fn octets(bytes: &[u8]) -> Vec<u8> {
    [&[0x09, bytes.len() as u8], bytes].concat()
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    [&[0x0A, text.len() as u8], text.as_bytes()].concat()
}

pub(crate) fn code(code: &str) -> Vec<u8> {
    octets(&code.parse::<metrify_domain::ObisCode>().expect(code).groups())
}

pub(crate) fn scale(scaler: i8, unit: u8) -> Vec<u8> {
    vec![0x02, 0x02, 0x0F, scaler.cast_unsigned(), 0x16, unit]
}

pub(crate) fn long(number: u32) -> Vec<u8> {
    [&[0x06], number.to_be_bytes().as_slice()].concat()
}

pub(crate) fn block(number: u16, last: bool, bytes: &[u8]) -> Vec<u8> {
    let control = if last { 0xC0 } else { 0x40 };
    [&[0xE0, control], number.to_be_bytes().as_slice(), &[0, 0, bytes.len() as u8], bytes].concat()
}
