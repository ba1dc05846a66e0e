//! Protected telegrams (security suites 0 and 1): AES-128-GCM, deciphered with the keys of the caller.
//!
//! The initialisation vector is system title and frame counter. Where the authentication key is given, the tag has to hold;
//! without it, only what deciphers to a telegram is believed. A counter that does not grow is a telegram that was sent before.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::consts::U12;
use aes_gcm::aes::Aes128;
use aes_gcm::{AesGcm, KeyInit, Nonce, Tag};

use super::telegram::{self, Protected, TITLE_BYTES};
use crate::keys::{DeviceKey, Keys};

type Gcm = AesGcm<Aes128, U12, U12>;

const TAG_BYTES: usize = 12;
const SUITE: u8 = 0x0F;
const AUTHENTICATED: u8 = 1 << 4;
const ENCRYPTED: u8 = 1 << 5;
const BROADCAST: u8 = 1 << 6;
const COMPRESSED: u8 = 1 << 7;
/// Meters whose frame counter is kept: a concentrator passes on some hundred thousand.
const COUNTERS_MAX: usize = 200_000;

/// The name by which a device ciphers: three letters of its maker and five bytes of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Title(pub [u8; TITLE_BYTES]);

impl fmt::Display for Title {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Why a telegram stays closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Closed {
    #[error("the telegram is cut within its security header")]
    Cut,
    #[error("the system title has {0} bytes: expected {TITLE_BYTES}")]
    Title(usize),
    #[error("the telegram is ciphered for its association, whose system title is not in the delivery")]
    NoTitle,
    #[error("security suite {0} takes keys of 256 bits, which are not known: only suites 0 and 1 are read")]
    Suite(u8),
    #[error("the telegram is compressed, which is not read")]
    Compressed,
    #[error("the telegram of {0} is encrypted, and there is no key for it in the keys file (`intake.keys_file`)")]
    NoKey(Title),
    #[error("the frame counter {counter} of {title} is not above {last}: the telegram was sent before")]
    Replayed { title: Title, counter: u32, last: u32 },
    #[error("the tag does not hold: a key of {0} is wrong, or bytes were changed")]
    Tag(Title),
    #[error("the telegram does not decipher to one of DLMS: the key of {0} is wrong, or bytes were changed")]
    WrongKey(Title),
}

/// A telegram that was opened.
#[derive(Debug)]
pub(super) struct Opened {
    pub title: Title,
    pub telegram: Vec<u8>,
    /// It has a tag, and no key was given to check it by.
    pub unchecked: bool,
}

/// Keys, and the last frame counter of each meter.
#[derive(Debug)]
pub(super) struct Ciphers {
    keys: Arc<Keys>,
    /// By title and key set; the sets for one meter and for many count by themselves, and so do those of an association.
    counters: HashMap<(Title, u8, bool), u32>,
}

/// The security header of a telegram and what it protects.
struct Content<'a> {
    control: u8,
    counter: [u8; 4],
    bytes: &'a [u8],
    tag: Option<[u8; TAG_BYTES]>,
}

impl<'a> Content<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, Closed> {
        let (&control, rest) = bytes.split_first().ok_or(Closed::Cut)?;
        let (counter, rest) = rest.split_first_chunk().ok_or(Closed::Cut)?;
        let (bytes, tag) = if control & AUTHENTICATED == 0 {
            (rest, None)
        } else {
            let (bytes, tag) = rest.split_last_chunk().ok_or(Closed::Cut)?;
            (bytes, Some(*tag))
        };
        Ok(Self { control, counter: *counter, bytes, tag })
    }
}

impl Ciphers {
    pub(super) fn new(keys: Arc<Keys>) -> Self {
        Self { keys, counters: HashMap::new() }
    }

    /// Opens a telegram; `association` tells that its keys hold for one association.
    pub(super) fn open(&mut self, protected: &Protected<'_>, association: bool) -> Result<Opened, Closed> {
        let content = Content::read(protected.content)?;
        let title = protected.title.try_into().map(Title).map_err(|_| Closed::Title(protected.title.len()))?;
        match content.control & SUITE {
            0 | 1 => {}
            suite => return Err(Closed::Suite(suite)),
        }
        if content.control & COMPRESSED != 0 {
            return Err(Closed::Compressed);
        }
        let set = (title, content.control & BROADCAST, association);
        let counter = u32::from_be_bytes(content.counter);
        if let Some(last) = self.counters.get(&set).copied().filter(|last| counter <= *last) {
            return Err(Closed::Replayed { title, counter, last });
        }
        let opened = decipher(title, &content, self.keys.of(&title.to_string()))?;
        if self.counters.len() >= COUNTERS_MAX && !self.counters.contains_key(&set) {
            // Forgetting is all that is left; a telegram that was sent before then makes a duplicate, which changes nothing.
            self.counters.clear();
        }
        self.counters.insert(set, counter);
        Ok(opened)
    }
}

fn decipher(title: Title, content: &Content<'_>, key: Option<&DeviceKey>) -> Result<Opened, Closed> {
    let encrypted = content.control & ENCRYPTED != 0;
    let Some(key) = key else {
        return if encrypted {
            Err(Closed::NoKey(title))
        } else {
            let telegram = content.bytes.to_vec();
            believe(Opened { title, telegram, unchecked: content.tag.is_some() })
        };
    };
    let cipher = Gcm::new(&key.encryption.into());
    let nonce: [u8; TITLE_BYTES + 4] = std::array::from_fn(|at| match at.checked_sub(TITLE_BYTES) {
        None => title.0[at],
        Some(at) => content.counter[at],
    });
    let nonce = Nonce::from(nonce);
    let mut telegram = content.bytes.to_vec();
    if let (Some(tag), Some(authentication)) = (content.tag, key.authentication) {
        let mut header = vec![content.control];
        header.extend_from_slice(&authentication);
        // What is authenticated and not encrypted belongs to the header, and the text is empty.
        let mut text = if encrypted { std::mem::take(&mut telegram) } else { Vec::new() };
        header.extend_from_slice(&telegram);
        let held = cipher.decrypt_inout_detached(&nonce, &header, text.as_mut_slice().into(), &Tag::from(tag));
        held.map_err(|_| Closed::Tag(title))?;
        let telegram = if encrypted { text } else { telegram };
        return Ok(Opened { title, telegram, unchecked: false });
    }
    if encrypted {
        // Counter mode is its own inverse; the tag that comes out is that of the cipher text, and means nothing.
        let keystream = cipher.encrypt_inout_detached(&nonce, &[], telegram.as_mut_slice().into());
        keystream.map_err(|_| Closed::WrongKey(title))?;
    }
    believe(Opened { title, telegram, unchecked: content.tag.is_some() })
}

/// What no tag vouches for has to be a telegram that ends with its last byte, or one of a P1 port, which has a checksum.
fn believe(opened: Opened) -> Result<Opened, Closed> {
    let told = telegram::length(&opened.telegram).is_ok_and(|length| length == Some(opened.telegram.len()));
    let single = match opened.telegram.split_first() {
        Some((&telegram::EVENT_NOTIFICATION, rest)) => matches!(telegram::event(rest), Ok((_, []))),
        Some((&telegram::GET_RESPONSE, rest)) => matches!(telegram::answer(rest), Ok(Some((_, [])))),
        Some((&telegram::P1, rest)) => rest.is_ascii(),
        _ => false,
    };
    if told || single { Ok(opened) } else { Err(Closed::WrongKey(opened.title)) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Ciphers, Closed, Title};
    use crate::dlms::telegram::Protected;

    const TITLE: [u8; 8] = *b"MMM\x00\x00\xbc\x61\x4e";
    /// The example of the DLMS Green Book: a get request, authenticated and encrypted with its example keys.
    const CONTENT: [u8; 30] =
        *b"\x30\x01\x23\x45\x67\x41\x13\x12\xff\x93\x5a\x47\x56\x68\x27\xc4\x67\xbc\x7d\x82\x5c\x3b\xe4\xa7\
        \x7c\x3f\xcc\x05\x6b\x6b";
    const KEYS: &str = "4D4D4D0000BC614E = 000102030405060708090A0B0C0D0E0F";
    const AUTHENTICATION: &str = "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF";

    fn open(content: &[u8], keys: &str) -> Result<Vec<u8>, Closed> {
        let keys = keys.parse().map(Arc::new).expect("keys");
        let protected = Protected { title: &TITLE, content };
        Ciphers::new(keys).open(&protected, false).map(|opened| opened.telegram)
    }

    #[test]
    fn the_example_of_the_green_book_is_opened() {
        let plain = b"\xc0\x01\x00\x00\x08\x00\x00\x01\x00\x00\xff\x02\x00";
        assert_eq!(open(&CONTENT, &format!("{KEYS}:{AUTHENTICATION}")).as_deref(), Ok(plain.as_slice()));
        // Without the authentication key a request is not told from noise; nor does it hold a reading.
        assert_eq!(open(&CONTENT, KEYS), Err(Closed::WrongKey(Title(TITLE))));
        for at in [5, 29] {
            let mut changed = CONTENT;
            changed[at] ^= 1;
            assert_eq!(open(&changed, &format!("{KEYS}:{AUTHENTICATION}")), Err(Closed::Tag(Title(TITLE))), "{at}");
        }
    }

    #[test]
    fn a_telegram_that_is_cut_is_told() {
        for length in 0..17 {
            assert_eq!(open(&CONTENT[..length], KEYS), Err(Closed::Cut), "{length}");
        }
        assert_eq!(open(&[0x80, 0, 0, 0, 1], KEYS), Err(Closed::Compressed));
    }
}
