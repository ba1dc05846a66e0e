//! From a frame to its records: extended link layer, authentication, header of the meter, and what OMS encrypts.
//!
//! Without the right key nothing is read: plain bytes have to show their mark (`2f2f`) or their checksum.

use std::borrow::Cow;

use super::address::Address;
use super::ci::{self, Content, Header};
use super::crc;
use super::crypto::{self, BLOCK, Key};
use super::frames::{Frame, Link};
use crate::keys::Keys;

/// What decrypted records begin with.
const MARK: [u8; 2] = [0x2F, 0x2F];
/// What the numbers of derived keys are filled up with to a block.
const FILL: [u8; 7] = [7; 7];

/// The records of a meter, still to be read.
#[derive(Debug)]
pub(super) struct Telegram<'a> {
    pub address: Address,
    pub status: u8,
    pub records: Cow<'a, [u8]>,
    /// The two bytes where others have the encryption, of a kind that nobody defines.
    pub signature: Option<u16>,
}

#[derive(Debug)]
pub(super) enum Opened<'a> {
    Values(Telegram<'a>),
    /// No values, by its CI field.
    Nothing(u8),
}

/// Why no record of a frame is read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("the telegram ends within its {0}")]
    Cut(&'static str),
    #[error("the content begins with {0:02x}, which no CI field that we know is")]
    Unknown(u8),
    #[error("the content (CI {0:02x}) is of the maker's own")]
    Maker(u8),
    #[error("the frame carries a part of DLMS/COSEM (CI {0:02x}): read the delivery as the format dlms")]
    Dlms(u8),
    #[error("the telegram names its values by an earlier one (compact frame, CI {0:02x}), which is not kept")]
    Compact(u8),
    #[error("the two counters have the form of EN 1434-3 before records (CI 73), which is not read")]
    Fixed,
    #[error("the meter reports an error instead of values (CI {ci:02x}): {what}")]
    Application { ci: u8, what: &'static str },
    #[error("the telegram does not name its meter: a wired one needs a long header (CI 72)")]
    NoAddress,
    #[error("the telegram of {name} is encrypted (mode {mode}), and no key is given for {name}")]
    NoKey { name: String, mode: u8 },
    #[error("the telegram of {name} does not show its mark (2f2f) after decryption (mode {mode}): the key is wrong")]
    WrongKey { name: String, mode: u8 },
    #[error("the telegram of {name} does not show its checksum after decryption (AES-CTR): the key is wrong")]
    WrongLinkKey { name: String },
    #[error("the link layer's checksum of the content does not hold: some bytes were lost or changed")]
    LinkChecksum,
    #[error("the authentication of the telegram of {name} does not hold: the key is wrong, or bytes were changed")]
    Mac { name: String },
    #[error("the telegram is encrypted in mode {0}, which is not read: modes 5 and 7 are")]
    Mode(u8),
    #[error("the telegram says that {blocks} blocks of 16 bytes are encrypted, but only {bytes} bytes follow")]
    Blocks { blocks: usize, bytes: usize },
    #[error("the telegram is encrypted in mode 7 with {0}, which is not read")]
    KeyDerivation(&'static str),
    #[error("the telegram is one of several fragments, which are not joined")]
    Fragment,
    #[error("the extended link layer {0:02x} is not read")]
    Extended(u8),
}

impl Refusal {
    /// How many readings are lost by it, as far as can be told.
    pub(super) const fn readings(&self) -> u64 {
        match self {
            Self::Fixed => 2,
            _ => 1,
        }
    }
}

/// What the authentication layer (AFL) says.
#[derive(Clone, Debug, Default)]
struct Authentication {
    /// Control, counter and length, over which the code is formed.
    covered: Vec<u8>,
    counter: Option<[u8; 4]>,
    code: Vec<u8>,
}

/// Finds the records of a frame.
pub(super) fn open<'a>(frame: &Frame<'a>, keys: &Keys) -> Result<Opened<'a>, Refusal> {
    // Some meters push DLMS with the control field of a master.
    if let Some(first) = frame.content.first()
        && ci::content(*first) == Content::Dlms
    {
        return Err(Refusal::Dlms(*first));
    }
    let link = match frame.link {
        Link::Wireless { address } => Some(Address::from_link(address)),
        // Everything else comes from the master.
        Link::Wired { control } if control & 0xCF != 0x08 => {
            return Ok(Opened::Nothing(frame.content.first().copied().unwrap_or_default()));
        }
        Link::Wired { .. } => None,
    };
    let mut authentication = None;
    let mut content = Cow::Borrowed(frame.content);
    loop {
        let first = *content.first().ok_or(Refusal::Cut("content"))?;
        match ci::content(first) {
            Content::Extended => content = extended(content, link, keys)?,
            Content::Authentication => content = authenticated(content, &mut authentication)?,
            Content::Values(header) => {
                let sealed = Sealed { link, header, authentication, wired: link.is_none(), keys };
                return sealed.open(content).map(Opened::Values);
            }
            Content::Nothing => return Ok(Opened::Nothing(first)),
            Content::Compact => return Err(Refusal::Compact(first)),
            // Wireless meters send compact frames by it.
            Content::Fixed if link.is_some() => return Err(Refusal::Compact(first)),
            Content::Fixed => return Err(Refusal::Fixed),
            Content::Error(header) => return Err(application_error(first, header, &content)),
            Content::Dlms => return Err(Refusal::Dlms(first)),
            Content::Maker => return Err(Refusal::Maker(first)),
            Content::Unknown => return Err(Refusal::Unknown(first)),
        }
    }
}

fn application_error(first: u8, header: Header, content: &[u8]) -> Refusal {
    let what = match (first, header) {
        (0x71 | 0x74 | 0x75, _) => "an alarm",
        (_, Header::None) => ci::application_error(content.get(1).copied()),
        (_, Header::Short) => ci::application_error(content.get(5).copied()),
        (_, Header::Long) => ci::application_error(content.get(13).copied()),
    };
    Refusal::Application { ci: first, what }
}

/// What stands behind an extended link layer, decrypted.
fn extended<'a>(content: Cow<'a, [u8]>, link: Option<Address>, keys: &Keys) -> Result<Cow<'a, [u8]>, Refusal> {
    const WHAT: &str = "extended link layer";
    // Communication control and access number, then the address of the receiver.
    let (kind, fixed) = match content.first() {
        Some(0x8C) => (0x8C, 3),
        Some(0x8D) => (0x8D, 3),
        Some(0x8E) => (0x8E, 11),
        Some(0x8F) => (0x8F, 11),
        first => return Err(Refusal::Extended(first.copied().unwrap_or_default())),
    };
    if matches!(kind, 0x8C | 0x8E) {
        return skip(content, fixed, WHAT);
    }
    let (head, rest) = content.split_at_checked(fixed).ok_or(Refusal::Cut(WHAT))?;
    let (session, sealed) = rest.split_first_chunk::<4>().ok_or(Refusal::Cut(WHAT))?;
    let encryption = session[3] >> 5;
    let plain = match (encryption, link) {
        (0, _) => sealed.to_vec(),
        (1, Some(address)) => {
            let key = key(keys, address, 8)?;
            let mut iv = [0; BLOCK];
            let said = [address.bytes(), head.get(1..2).unwrap_or_default(), session].concat();
            iv.iter_mut().zip(said).for_each(|(byte, said)| *byte = said);
            crypto::ctr(&key, iv, sealed)
        }
        _ => return Err(Refusal::Extended(kind)),
    };
    let (found, behind) = plain.split_first_chunk::<2>().ok_or(Refusal::Cut(WHAT))?;
    let [high, low] = crc::checksum(behind);
    match (*found == [low, high], encryption, link) {
        (true, ..) => Ok(Cow::Owned(behind.to_vec())),
        (false, 1, Some(address)) => Err(Refusal::WrongLinkKey { name: address.name() }),
        (false, ..) => Err(Refusal::LinkChecksum),
    }
}

fn skip<'a>(content: Cow<'a, [u8]>, count: usize, what: &'static str) -> Result<Cow<'a, [u8]>, Refusal> {
    match content {
        Cow::Borrowed(bytes) => bytes.get(count..).map(Cow::Borrowed).ok_or(Refusal::Cut(what)),
        Cow::Owned(mut bytes) if count <= bytes.len() => {
            bytes.drain(..count);
            Ok(Cow::Owned(bytes))
        }
        Cow::Owned(_) => Err(Refusal::Cut(what)),
    }
}

/// What stands behind an authentication layer, of which the fields are kept.
fn authenticated<'a>(content: Cow<'a, [u8]>, kept: &mut Option<Authentication>) -> Result<Cow<'a, [u8]>, Refusal> {
    const WHAT: &str = "authentication layer";
    let length = usize::from(*content.get(1).ok_or(Refusal::Cut(WHAT))?) + 2;
    let fields = content.get(2..length).ok_or(Refusal::Cut(WHAT))?;
    let (control, mut rest) = fields.split_first_chunk::<2>().ok_or(Refusal::Cut(WHAT))?;
    let control = u16::from_le_bytes(*control);
    let has = |bit: u16| control >> bit & 1 == 1;
    // More fragments follow, or this is not the first.
    if has(14) || control & 0xFF > 1 {
        return Err(Refusal::Fragment);
    }
    let mut take = |count: usize| -> Result<Vec<u8>, Refusal> {
        let (taken, behind) = rest.split_at_checked(count).ok_or(Refusal::Cut(WHAT))?;
        rest = behind;
        Ok(taken.to_vec())
    };
    let message_control = if has(13) { take(1)? } else { Vec::new() };
    if has(9) {
        take(2)?;
    }
    let counter = if has(11) { take(4)? } else { Vec::new() };
    let code = match (has(10), message_control.first().map_or(0, |control| control & 15)) {
        (false, _) | (true, 0) => Vec::new(),
        (true, 3) => take(2)?,
        (true, 4) => take(4)?,
        (true, 5) => take(8)?,
        (true, 6) => take(12)?,
        (true, 7) => take(16)?,
        (true, _) => return Err(Refusal::KeyDerivation("another authentication than CMAC")),
    };
    let message_length = if has(12) { take(2)? } else { Vec::new() };
    let covered = [message_control, counter.clone(), message_length].concat();
    *kept = Some(Authentication { covered, counter: counter.first_chunk().copied(), code });
    skip(content, length, WHAT)
}

fn key(keys: &Keys, address: Address, mode: u8) -> Result<Key, Refusal> {
    let name = address.name();
    keys.of(&name).map(|key| key.encryption).ok_or(Refusal::NoKey { name, mode })
}

/// A content with a header, of which some may be encrypted.
struct Sealed<'k> {
    link: Option<Address>,
    header: Header,
    authentication: Option<Authentication>,
    wired: bool,
    keys: &'k Keys,
}

impl Sealed<'_> {
    fn open<'a>(&self, content: Cow<'a, [u8]>) -> Result<Telegram<'a>, Refusal> {
        const WHAT: &str = "header";
        let cut = || Refusal::Cut(WHAT);
        let (address, behind) = match self.header {
            Header::Long => {
                let header = content.get(1..9).and_then(<[u8]>::first_chunk).ok_or_else(cut)?;
                (Some(Address::from_header(*header)), 9)
            }
            Header::Short | Header::None => (self.link, 1),
        };
        let address = address.ok_or(Refusal::NoAddress)?;
        if self.header == Header::None {
            let records = skip(content, behind, WHAT)?;
            return Ok(Telegram { address, status: 0, records, signature: None });
        }
        let fields = content.get(behind..).and_then(<[u8]>::first_chunk::<4>).ok_or_else(cut)?;
        let [access, status, low, high] = *fields;
        let word = u16::from_le_bytes([low, high]);
        let mode = high & 0x1F;
        let mut signature = None;
        let records = match mode {
            0 => skip(content, behind + 4, WHAT)?,
            5 => Cow::Owned(self.mode_5(address, access, word, content.get(behind + 4..).unwrap_or_default())?),
            7 => Cow::Owned(self.mode_7(address, word, &content, behind + 4)?),
            // Before encryption these bytes were a signature of the maker's own, and read as reserved modes.
            11 | 12 | 14 | 16.. if self.wired => {
                signature = Some(word);
                skip(content, behind + 4, WHAT)?
            }
            other => return Err(Refusal::Mode(other)),
        };
        Ok(Telegram { address, status, records, signature })
    }

    fn mode_5(&self, address: Address, access: u8, word: u16, sealed: &[u8]) -> Result<Vec<u8>, Refusal> {
        let (sealed, open) = split_blocks(word, sealed)?;
        if sealed.is_empty() {
            return Ok(open.to_vec());
        }
        let mut iv = [access; BLOCK];
        iv.iter_mut().zip(address.bytes()).for_each(|(byte, said)| *byte = *said);
        let plain = crypto::cbc(&key(self.keys, address, 5)?, iv, sealed);
        marked(plain, open, address, 5)
    }

    /// With keys that are derived from the meter's key, its number and the counter of its messages.
    fn mode_7(&self, address: Address, word: u16, content: &[u8], behind: usize) -> Result<Vec<u8>, Refusal> {
        let (extension, sealed) = content.get(behind..).and_then(<[u8]>::split_first).ok_or(Refusal::Cut("header"))?;
        let (sealed, open) = split_blocks(word, sealed)?;
        if sealed.is_empty() {
            return Ok(open.to_vec());
        }
        if extension >> 4 & 3 != 1 {
            return Err(Refusal::KeyDerivation("another derivation of keys than by CMAC"));
        }
        let authentication = self.authentication.as_ref();
        let counter = authentication.and_then(|authentication| authentication.counter);
        let (Some(authentication), Some(counter)) = (authentication, counter) else {
            return Err(Refusal::KeyDerivation("no counter of messages"));
        };
        let master = key(self.keys, address, 7)?;
        let derived = |purpose: u8| crypto::mac(&master, &[&[purpose], &counter, &address.number_bytes(), &FILL]);
        let code = crypto::mac(&derived(1), &[&authentication.covered, content]);
        if !code.starts_with(&authentication.code) {
            return Err(Refusal::Mac { name: address.name() });
        }
        marked(crypto::cbc(&derived(0), [0; BLOCK], sealed), open, address, 7)
    }
}

/// The blocks that are encrypted, and what stands behind them.
fn split_blocks(word: u16, sealed: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    let blocks = usize::from(word >> 4 & 15);
    sealed.split_at_checked(blocks * BLOCK).ok_or(Refusal::Blocks { blocks, bytes: sealed.len() })
}

fn marked(mut plain: Vec<u8>, open: &[u8], address: Address, mode: u8) -> Result<Vec<u8>, Refusal> {
    if !plain.starts_with(&MARK) {
        return Err(Refusal::WrongKey { name: address.name(), mode });
    }
    plain.extend_from_slice(open);
    Ok(plain)
}
