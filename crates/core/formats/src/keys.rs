//! The keys of meters that encrypt what they send, by the id of the device.
//!
//! They are read from text with a line for each device, `id = encryption[:authentication]`, both keys as 32 hex digits; `#`
//! begins a comment. An id is what the telegram names its sender by: the DLMS system title as 16 hex digits, the M-Bus
//! address as maker and serial number (`KAM12345678`). `*` stands for every device without a line of its own.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// What is needed to read the telegrams of one device.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceKey {
    pub encryption: [u8; 16],
    pub authentication: Option<[u8; 16]>,
}

/// Keys by device. Neither its text nor its debug form shows a key.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Keys(BTreeMap<String, DeviceKey>);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {0} of the keys is not `id = 32 hex digits`, with `:` and 32 more for the authentication")]
pub struct KeysError(usize);

const EVERY_DEVICE: &str = "*";

impl Keys {
    /// The key of a device, in any case of its letters.
    #[must_use]
    pub fn of(&self, id: &str) -> Option<&DeviceKey> {
        self.0.get(&id.to_ascii_uppercase()).or_else(|| self.0.get(EVERY_DEVICE))
    }
}

impl FromStr for Keys {
    type Err = KeysError;

    fn from_str(text: &str) -> Result<Self, KeysError> {
        let mut keys = BTreeMap::new();
        for (index, line) in text.lines().enumerate() {
            let said = line.split('#').next().unwrap_or_default().trim();
            if said.is_empty() {
                continue;
            }
            let (id, key) = read(said).ok_or(KeysError(index + 1))?;
            keys.insert(id, key);
        }
        Ok(Self(keys))
    }
}

fn read(line: &str) -> Option<(String, DeviceKey)> {
    let (id, key) = line.split_once('=')?;
    let (encryption, authentication) = match key.split_once(':') {
        Some((encryption, authentication)) => (encryption, Some(hex(authentication.trim())?)),
        None => (key, None),
    };
    let id = id.trim().to_ascii_uppercase();
    (!id.is_empty()).then_some((id, DeviceKey { encryption: hex(encryption.trim())?, authentication }))
}

fn hex(text: &str) -> Option<[u8; 16]> {
    let mut key = [0; 16];
    let digits: Vec<u8> =
        text.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
    if digits.len() != 2 * key.len() {
        return None;
    }
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair[0] << 4 | pair[1];
    }
    Some(key)
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "keys of {} devices", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::{Keys, KeysError};

    const KEY: &str = "000102030405060708090a0b0c0d0e0f";

    #[test]
    fn a_device_has_its_own_key_or_that_of_every_device() {
        let text = format!("# the cellar\nkam12345678 = {KEY}\n* = {KEY}:{}\n", "ff".repeat(16));
        let keys: Keys = text.parse().expect("keys");
        let own = keys.of("KAM12345678").expect("a key");
        assert_eq!((own.encryption[15], own.authentication), (15, None));
        assert_eq!(keys.of("4b414d0000000001").and_then(|key| key.authentication), Some([255; 16]));
        assert_eq!(Keys::default().of("KAM12345678"), None);
    }

    #[test]
    fn a_line_that_is_no_key_is_named_and_no_key_is_shown() {
        for wrong in ["x", "x = 00", &format!("= {KEY}"), &format!("x = {KEY}:00"), &format!("x = {KEY}ü")] {
            assert_eq!(format!("\n{wrong}").parse::<Keys>(), Err(KeysError(2)), "{wrong}");
        }
        let keys: Keys = format!("x = {KEY}").parse().expect("keys");
        assert_eq!(format!("{keys:?} {:?}", keys.of("x")), "keys of 1 devices Some(a key)");
    }
}
