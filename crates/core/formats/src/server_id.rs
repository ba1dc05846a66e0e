//! How meters name themselves to gateways and readers: the server id of SML, ten bytes mostly.

use metrify_domain::Point;
use metrify_domain::identifier::DeviceId;

/// The point that a server id names: the device id of the norm, a text as it stands, or the bytes in hexadecimal digits.
///
/// EMH and ISKRA had forms of their own (prefix 06) and others send an M-Bus address; what the nameplate says cannot be told
/// from these, so their bytes are the name that stays the same. `None` for no bytes, and for more than a point can hold.
pub(crate) fn point(server_id: &[u8]) -> Option<Point> {
    if let Some(device) = DeviceId::from_server_id(server_id) {
        return device.as_str().parse().ok();
    }
    match std::str::from_utf8(server_id) {
        Ok(text) if text.bytes().all(|byte| byte.is_ascii_graphic()) => text.parse().ok(),
        _ => server_id.iter().map(|byte| format!("{byte:02x}")).collect::<String>().parse().ok(),
    }
}

/// The maker's letters within a server id: of a device id, or of the form `06`, letters, number.
pub(crate) fn maker(server_id: &[u8]) -> Option<String> {
    match (DeviceId::from_server_id(server_id), server_id) {
        (Some(device), _) => Some(device.maker().to_owned()),
        (None, [0x06, maker @ .., _, _, _, _, _, _]) => letters(maker),
        (None, _) => None,
    }
}

/// Three letters of the FLAG association; other names (`HAGER`) are no such letters.
pub(crate) fn letters(bytes: &[u8]) -> Option<String> {
    let are_letters = bytes.len() == 3 && bytes.iter().all(u8::is_ascii_uppercase);
    are_letters.then(|| String::from_utf8_lossy(bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::{maker, point};

    fn check(server_id: &[u8], expected: Option<&str>, letters: Option<&str>) {
        assert_eq!(point(server_id).map(|point| point.to_string()).as_deref(), expected, "{server_id:02x?}");
        assert_eq!(maker(server_id).as_deref(), letters, "{server_id:02x?}");
    }

    #[test]
    fn every_form_of_server_id_names_a_stable_point() {
        check(b"\x0a\x01ISK\x00\x04\x7a\x55\x44", Some("1ISK0075126084"), Some("ISK"));
        check(b"\x09\x01ESY\x11\x03\xb5\x99\xa5", Some("1ESY1162232997"), Some("ESY"));
        check(b"\x06EMH\x01\x02\x71\x56\xcd\x45", Some("06454d4801027156cd45"), Some("EMH"));
        check(b"\x01\xa8\x15\x98\x64\x80\x02\x01\x02", Some("01a815986480020102"), None);
        check(b"1001185", Some("1001185"), None);
        check(b"two words", Some("74776f20776f726473"), None);
        check(b"", None, None);
        check(&[0xFF; 33], None, None);
    }
}
