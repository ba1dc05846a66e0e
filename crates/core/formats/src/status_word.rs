//! Status words of meters and gateways (FNN): what they say of the values they stand beside.
//!
//! The lower 32 bits are the meter's word, the upper 32, where a gateway sends 64, its own.

use metrify_domain::{Code, Quality};

use crate::page::Table;

/// Meter: a fatal fault; this and all later values are invalid.
const METER_FATAL: u64 = 1 << 17;
/// Meter: influenced by a magnet, or opened.
const METER_INFLUENCED: u64 = 1 << 9 | 1 << 10;
/// The low byte of a meter's word in the form of the FNN; in older words the other bits of the low half mean other things.
const METER_WORD: u64 = 0x04;
/// Gateway: a fatal fault.
const GATEWAY_FATAL: u64 = 1 << 8 << 32;
/// Gateway: a fatal fault, a wrong system time, a temporary fault that makes the value unusable.
const GATEWAY_INVALID: u64 = GATEWAY_FATAL | (1 << 9 | 1 << 14) << 32;
/// Gateway: a temporary fault; the value may serve as a substitute.
const GATEWAY_DOUBTFUL: u64 = 1 << 13 << 32;

/// How far a value beside this status can be trusted.
///
/// Only what makes a value invalid lowers it: warnings, directions and phases leave it as it is. The fatal bit counts in
/// older words too, whose upper half is the same as far as our meters show (bit 16, back stop).
pub(crate) const fn quality(status: u64) -> Quality {
    if status & (METER_FATAL | GATEWAY_INVALID) != 0 {
        Quality::Faulty
    } else if status & GATEWAY_DOUBTFUL != 0 {
        Quality::Proposed
    } else {
        Quality::True
    }
}

/// Whether this and all later values are invalid.
pub(crate) const fn is_fatal(status: u64) -> bool {
    status & (METER_FATAL | GATEWAY_FATAL) != 0
}

/// Whether the meter says that somebody tampered with it; its values stay what they are.
pub(crate) const fn is_influenced(status: u64) -> bool {
    status & 0xFF == METER_WORD && status & METER_INFLUENCED != 0
}

/// `status 0x001c0104`.
pub(crate) fn code(status: u64) -> Option<Code> {
    let digits = if status > u64::from(u32::MAX) { 18 } else { 10 };
    Code::new(&format!("status {status:#0digits$x}"))
}

/// The bits that say something of the values, for the page.
pub(super) fn table() -> Table {
    let bits = [
        ("meter, bit 17", METER_FATAL, "fatal fault"),
        (
            "gateway, bits 8, 9 and 14",
            GATEWAY_INVALID,
            "fatal fault, wrong system time, temporary fault that makes the value invalid",
        ),
        ("gateway, bit 13", GATEWAY_DOUBTFUL, "temporary fault; the value may serve as a substitute"),
        (
            "meter, bits 9 and 10",
            METER_INFLUENCED | METER_WORD,
            "opened, or influenced by a magnet: a finding, in words that end with 04",
        ),
        ("all others", 0, "directions, phases, warnings"),
    ];
    let row = |(bit, status, what): (&str, u64, &str)| {
        vec![bit.to_owned(), what.to_owned(), format!("`{}`", quality(status))]
    };
    Table { name: "statuses", columns: &["bits", "what they say", "quality"], rows: bits.map(row).to_vec() }
}

#[cfg(test)]
mod tests {
    use super::{code, is_influenced, quality};
    use metrify_domain::Quality;

    #[test]
    fn only_what_makes_a_value_invalid_lowers_its_quality() {
        for (status, expected) in [
            (0x0000_0182, Quality::True),
            (0x0001_01A2, Quality::True),
            (0x001C_7904, Quality::True),
            (0x001C_0704, Quality::True),
            (0x001E_0104, Quality::Faulty),
            (0x0002_0182, Quality::Faulty),
            (0x0000_0005_0010_0104, Quality::True),
            (0x0000_1005_0010_0104, Quality::True),
            (0x0000_2005_0010_0104, Quality::Proposed),
            (0x0000_4005_0010_0104, Quality::Faulty),
            (0x0000_0205_0010_0104, Quality::Faulty),
            (0x0000_0105_0010_0104, Quality::Faulty),
        ] {
            assert_eq!(quality(status), expected, "{status:#x}");
        }
    }

    #[test]
    fn tampering_is_read_from_words_of_the_known_form_only() {
        assert!(is_influenced(0x001C_0304) && is_influenced(0x0010_0504));
        assert!(!is_influenced(0x001C_0104) && !is_influenced(0x0000_0382));
    }

    #[test]
    fn a_status_is_written_in_full_width() {
        assert_eq!(code(0x182).map(|code| code.to_string()).as_deref(), Some("status 0x00000182"));
        assert_eq!(code(u64::MAX).map(|code| code.to_string()).as_deref(), Some("status 0xffffffffffffffff"));
    }
}
