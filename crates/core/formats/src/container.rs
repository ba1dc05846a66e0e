//! What deliveries are packed in: gzip, zstd, bzip2, zip, tar and e-mail. A container says nothing itself; each of its members is
//! a delivery of its own.
//!
//! A zip archive that a format claims for itself (DWD, MOSMIX) is a delivery, not a container. Members are handed on one after
//! the other and never all held: what is held of one is a window of its compression. An e-mail alone is held whole, for its parts
//! are encoded each in its own way, and has a limit.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Cursor, Read, Seek};
use std::ops::ControlFlow;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Encoding, Message, MessageParser, MessagePart, MimeHeaders, PartType};

use crate::detect::Head;
use crate::limits::{MAIL_BYTES_MAX, MEMBERS_MAX};

/// How bytes are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    Gzip,
    Zstd,
    Bzip2,
    Zip,
    Tar,
    Mail,
}

/// Where a tar archive says that it is one.
const TAR_MARK: std::ops::Range<usize> = 257..262;
/// Lines of which one stands among the first of an e-mail.
const MAIL_FIELDS: [&[u8]; 6] =
    [b"mime-version:", b"received:", b"return-path:", b"message-id:", b"from:", b"delivered-to:"];
/// Header lines that are looked at.
const MAIL_LINES: usize = 40;

impl Container {
    /// Whether it packs one stream of bytes, which has no name in it.
    #[must_use]
    pub const fn is_stream(self) -> bool {
        match self {
            Self::Gzip | Self::Zstd | Self::Bzip2 => true,
            Self::Zip | Self::Tar | Self::Mail => false,
        }
    }

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Zip => "zip",
            Self::Tar => "tar",
            Self::Mail => "mail",
        }
    }

    /// What the first bytes are packed in, whatever the file is called.
    #[must_use]
    pub fn recognise(head: &Head<'_>) -> Option<Self> {
        let bytes = head.bytes;
        let begins = |mark: &[u8]| bytes.starts_with(mark);
        if begins(b"\x1f\x8b\x08") {
            Some(Self::Gzip)
        } else if begins(b"\x28\xb5\x2f\xfd") || is_skippable(bytes) {
            Some(Self::Zstd)
        } else if begins(b"BZh") && bytes.get(3).is_some_and(|level| (b'1'..=b'9').contains(level)) {
            Some(Self::Bzip2)
        } else if begins(b"PK\x03\x04") || begins(b"PK\x05\x06") {
            Some(Self::Zip)
        } else if bytes.get(TAR_MARK) == Some(b"ustar") {
            Some(Self::Tar)
        } else if is_mail(bytes) {
            Some(Self::Mail)
        } else {
            None
        }
    }

    /// Hands on every member that may hold a delivery; folders, links and the text of an e-mail are passed over. The member's
    /// bytes have to be read within the call.
    ///
    /// # Errors
    /// Where the container is damaged, in words; members before the damage were handed on.
    pub fn members(
        self,
        mut packed: impl Read + Seek,
        each: &mut dyn FnMut(&str, &mut dyn Read) -> ControlFlow<()>,
    ) -> Result<(), String> {
        // What is packed alone has no name that could be told from the bytes for sure.
        let mut alone = |reader: &mut dyn Read| {
            // There is nothing after it to go on with.
            let (ControlFlow::Continue(()) | ControlFlow::Break(())) = each("", reader);
        };
        match self {
            Self::Gzip => alone(&mut flate2::read::MultiGzDecoder::new(packed)),
            Self::Bzip2 => alone(&mut bzip2::read::MultiBzDecoder::new(packed)),
            Self::Zstd => alone(&mut Frames { packed: Some(packed), frame: None }),
            Self::Zip => return zip_members(packed, each),
            Self::Tar => return tar_members(packed, each),
            Self::Mail => {
                let mut bytes = Vec::new();
                let read = packed.by_ref().take(MAIL_BYTES_MAX + 1).read_to_end(&mut bytes);
                read.map_err(|error| error.to_string())?;
                return mail_members(&bytes, each);
            }
        }
        Ok(())
    }
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Header fields stand one a line before the first blank one, among them one that every e-mail has.
fn is_mail(bytes: &[u8]) -> bool {
    let mut known = false;
    for line in bytes.split(|byte| *byte == b'\n').take(MAIL_LINES) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return known;
        }
        let folded = line.starts_with(b" ") || line.starts_with(b"\t");
        let name = line.iter().position(|byte| *byte == b':').map(|end| &line[..end]);
        let is_field = name.is_some_and(|name| {
            !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        });
        if !folded && !is_field {
            return false;
        }
        known |= MAIL_FIELDS
            .iter()
            .any(|field| line.get(..field.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(field)));
    }
    // So many fields and no blank line among them.
    known
}

/// A frame of zstd that holds something for its maker alone (RFC 8878, 3.1.2): its first byte is one of sixteen.
fn is_skippable(bytes: &[u8]) -> bool {
    bytes.len() >= 4 && bytes[0] & 0xf0 == 0x50 && bytes[1..4] == [0x2a, 0x4d, 0x18]
}

/// Frames of zstd, one behind the other, as one stream. Those that may be skipped are.
struct Frames<R: Read> {
    packed: Option<R>,
    frame: Option<ruzstd::decoding::StreamingDecoder<R, ruzstd::decoding::FrameDecoder>>,
}

impl<R: Read + Seek> Read for Frames<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let read = frame.read(into)?;
                if read > 0 || into.is_empty() {
                    return Ok(read);
                }
                self.packed = self.frame.take().map(ruzstd::decoding::StreamingDecoder::into_inner);
            }
            let Some(mut packed) = self.packed.take() else { return Ok(0) };
            let here = packed.stream_position()?;
            let mut head = Vec::new();
            packed.by_ref().take(8).read_to_end(&mut head)?;
            if head.is_empty() {
                return Ok(0);
            }
            if let (true, Some(length)) = (is_skippable(&head), head.get(4..8)) {
                let length = length.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
                packed.seek(io::SeekFrom::Start(here + 8 + length))?;
                self.packed = Some(packed);
                continue;
            }
            packed.seek(io::SeekFrom::Start(here))?;
            let frame = ruzstd::decoding::StreamingDecoder::new(packed);
            self.frame = Some(frame.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?);
        }
    }
}

fn zip_members(
    packed: impl Read + Seek,
    each: &mut dyn FnMut(&str, &mut dyn Read) -> ControlFlow<()>,
) -> Result<(), String> {
    let mut archive = zip::ZipArchive::new(packed).map_err(|error| format!("the archive has no table: {error}"))?;
    if archive.len() > MEMBERS_MAX {
        return Err(format!("the archive has {} members, which is more than {MEMBERS_MAX}", archive.len()));
    }
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).map_err(|error| format!("member {}: {error}", index + 1))?;
        if member.is_dir() {
            continue;
        }
        let name = member.name().map_err(|error| format!("member {}: {error}", index + 1))?.into_owned();
        if each(&name, &mut member).is_break() {
            break;
        }
    }
    Ok(())
}

fn tar_members(packed: impl Read, each: &mut dyn FnMut(&str, &mut dyn Read) -> ControlFlow<()>) -> Result<(), String> {
    let mut archive = tar::Archive::new(packed);
    let entries = archive.entries().map_err(|error| error.to_string())?;
    for (index, entry) in entries.enumerate() {
        if index >= MEMBERS_MAX {
            return Err(format!("the archive has more than {MEMBERS_MAX} members"));
        }
        let mut entry = entry.map_err(|error| format!("member {}: {error}", index + 1))?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let left = entry.size();
        if each(&name, &mut Whole { bytes: &mut entry, left }).is_break() {
            break;
        }
    }
    Ok(())
}

/// Bytes whose number is known: an archive that ends before them is damaged.
struct Whole<R> {
    bytes: R,
    left: u64,
}

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(into)?;
        if read == 0 && self.left > 0 && !into.is_empty() {
            let reason = format!("the archive ends {} bytes before the member does", self.left);
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, reason));
        }
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}

/// Attachments, and mails that were sent on with this one, each as a whole; an e-mail without any is told, not passed over.
fn mail_members(bytes: &[u8], each: &mut dyn FnMut(&str, &mut dyn Read) -> ControlFlow<()>) -> Result<(), String> {
    if bytes.len() as u64 > MAIL_BYTES_MAX {
        return Err(format!(
            "the e-mail has more than {} MiB; send its attachments by themselves",
            MAIL_BYTES_MAX >> 20
        ));
    }
    let message = MessageParser::default().parse(bytes).ok_or("the e-mail cannot be read")?;
    let mut found = 0;
    for (index, part) in message.parts.iter().enumerate() {
        let is_attached = message.attachments.contains(&(index as u32));
        let content = match &part.body {
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => Cow::Borrowed(bytes.as_ref()),
            PartType::Text(_) if is_attached => as_sent(&message, part),
            // The field of that name holds the outer mail where the inner one stands in it as it is.
            PartType::Message(inner) => Cow::Borrowed(inner.raw_message()),
            PartType::Text(_) | PartType::Html(_) | PartType::Multipart(_) => continue,
        };
        found += 1;
        let name = part.attachment_name().map_or_else(|| format!("part {}", index + 1), str::to_owned);
        if each(&name, &mut Cursor::new(content)).is_break() {
            break;
        }
    }
    if found == 0 { Err("the e-mail has no attachment".to_owned()) } else { Ok(()) }
}

/// The bytes of an attached text before they were sent: its charset is what a mailer took it for, and the delivery knows better.
fn as_sent<'a>(message: &'a Message<'_>, part: &MessagePart<'_>) -> Cow<'a, [u8]> {
    let body = part.offset_body as usize..part.offset_end as usize;
    let body = message.raw_message.get(body).unwrap_or_default();
    let decoded = match part.encoding {
        Encoding::None => None,
        Encoding::QuotedPrintable => quoted_printable_decode(body),
        Encoding::Base64 => base64_decode(body),
    };
    decoded.map_or(Cow::Borrowed(body), Cow::Owned)
}
