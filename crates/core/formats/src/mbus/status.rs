//! The status byte of a telegram's header: what it says of the values.

use metrify_domain::{Quality, Severity};

const APPLICATION: u8 = 0b0000_0011;
const LOW_POWER: u8 = 0b0000_0100;
const PERMANENT_ERROR: u8 = 0b0000_1000;
const TEMPORARY_ERROR: u8 = 0b0001_0000;
/// The bits that the norm defines; the others are the maker's.
const DEFINED: u8 = 0b0001_1111;

/// What is noticed about a status.
pub(super) struct Said {
    pub rule: &'static str,
    pub severity: Severity,
    text: &'static str,
}

impl Said {
    pub(super) fn reason(&self, status: u8) -> String {
        format!("reports {} (status {status:#04x})", self.text)
    }
}

/// Only a permanent error, after which a meter has to be serviced, makes its values unusable.
pub(super) const fn quality(status: u8) -> Quality {
    if status & PERMANENT_ERROR != 0 { Quality::Faulty } else { Quality::True }
}

/// `status 0x10`, where the meter reports an error, and what else makes a value faulty.
pub(super) fn reason(status: u8, quality: Quality) -> Option<String> {
    let is_permanent = status & PERMANENT_ERROR != 0;
    match (status & DEFINED & !LOW_POWER, quality) {
        (_, Quality::Faulty) if !is_permanent => Some("value during error state".to_owned()),
        (1.., _) => Some(format!("status {status:#04x}")),
        (0, _) => None,
    }
}

pub(super) fn remark(status: u8) -> Option<Said> {
    let said = |rule, severity, text| Some(Said { rule, severity, text });
    if status & PERMANENT_ERROR != 0 {
        return said("meter_fault", Severity::Error, "a permanent error: its values are faulty");
    }
    if status & TEMPORARY_ERROR != 0 {
        return said("meter_warning", Severity::Warning, "a temporary error");
    }
    match status & APPLICATION {
        0 if status & LOW_POWER != 0 => said("meter_power", Severity::Warning, "low power"),
        0 => None,
        1 => said("meter_busy", Severity::Note, "that its application is busy"),
        2 => said("meter_warning", Severity::Warning, "an error of its application"),
        _ => said("meter_warning", Severity::Warning, "an abnormal condition, such as a leak"),
    }
}

/// The table as it stands in the page.
pub(super) fn page() -> Vec<Vec<String>> {
    let rows = [
        (0x01, "application busy"),
        (0x02, "error of the application"),
        (0x03, "abnormal condition or alarm"),
        (LOW_POWER, "low power"),
        (PERMANENT_ERROR, "permanent error"),
        (TEMPORARY_ERROR, "temporary error"),
    ];
    let cells = |(status, text): (u8, &str)| {
        let quality = quality(status);
        let finding = remark(status).map(|said| format!("`{}`", said.rule)).unwrap_or_default();
        let reason = reason(status, quality).map(|reason| format!("`{reason}`")).unwrap_or_default();
        vec![format!("{status:#04x}"), text.to_owned(), quality.to_string(), reason, finding]
    };
    rows.into_iter().map(cells).collect()
}

#[cfg(test)]
mod tests {
    use super::{quality, reason};
    use metrify_domain::Quality;

    #[test]
    fn only_a_permanent_error_makes_values_faulty() {
        assert_eq!([0x00, 0x04, 0x10, 0x27, 0xE0].map(quality), [Quality::True; 5]);
        assert_eq!([0x08, 0x88, 0x28].map(quality), [Quality::Faulty; 3]);
        assert_eq!(reason(0xE4, Quality::True), None);
        assert_eq!(reason(0x30, Quality::True).as_deref(), Some("status 0x30"));
        assert_eq!(reason(0, Quality::Faulty).as_deref(), Some("value during error state"));
    }
}
