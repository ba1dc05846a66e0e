//! The CI field (control information): what the content of a frame is.

/// What a CI field announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Values behind no header, a short one, or one with the meter's address.
    Values(Header),
    /// Values without their descriptions, which an earlier telegram gave.
    Compact,
    /// Two counters in the form of EN 1434-3 that came before records.
    Fixed,
    /// The meter could not do what it was asked for, or raises an alarm.
    Error(Header),
    /// DLMS/COSEM, which the format `dlms` reads.
    Dlms,
    /// Extended link layer.
    Extended,
    /// Authentication and fragmentation layer.
    Authentication,
    /// No values: commands to a meter, clocks, acknowledgements.
    Nothing,
    /// The maker's own protocol.
    Maker,
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    None,
    Short,
    Long,
}

pub(super) const fn content(ci: u8) -> Content {
    match ci {
        0x72 => Content::Values(Header::Long),
        0x7A => Content::Values(Header::Short),
        0x78 => Content::Values(Header::None),
        0x79 | 0x7B => Content::Compact,
        0x73 => Content::Fixed,
        0x70 | 0x71 => Content::Error(Header::None),
        0x6E | 0x74 => Content::Error(Header::Short),
        0x6F | 0x75 => Content::Error(Header::Long),
        0x00..=0x1F | 0x60 | 0x61 | 0x7C | 0x7D => Content::Dlms,
        0x8C..=0x8F | 0x86 => Content::Extended,
        0x90 => Content::Authentication,
        0x50..=0x5F | 0x66..=0x6D | 0x80 | 0x82 | 0x8A | 0x8B | 0xB8..=0xBF => Content::Nothing,
        0xA0..=0xB7 => Content::Maker,
        0x20..=0x4F | 0x62..=0x65 | 0x76 | 0x77 | 0x7E | 0x7F | 0x81 | 0x83..=0x85 => Content::Unknown,
        0x87..=0x89 | 0x91..=0x9F | 0xC0..=0xFF => Content::Unknown,
    }
}

/// Whether the content of a telegram may begin with this CI field.
pub(super) const fn is_known(ci: u8) -> bool {
    !matches!(content(ci), Content::Unknown | Content::Dlms)
}

/// What an application error (CI 70) says by its number.
pub(super) const fn application_error(code: Option<u8>) -> &'static str {
    match code {
        None | Some(0) => "not told which",
        Some(1) => "its CI field is not implemented",
        Some(2) => "the buffer is too long and was cut",
        Some(3) => "too many records",
        Some(4) => "the record came to an early end",
        Some(5) => "more than 10 DIFEs",
        Some(6) => "more than 10 VIFEs",
        Some(7) => "reserved",
        Some(8) => "the application is busy",
        Some(9) => "too many readouts",
        Some(_) => "of the maker's own or reserved",
    }
}
