//! A delivery as it stands before anybody looked into it.

use metrify_domain::calendar::Zone;
use metrify_domain::{Point, Quantity};
use metrify_formats::{Detected, Format, Head, detect, outline, unknown};

use crate::error::{Error, Kind, Result};
use crate::ingest::content::{Content, Seen};
use crate::ingest::once::fingerprint;

/// Bytes, and what the sender said about them.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Where it came from, for people: a path, a client's name for it.
    pub source: String,
    pub content: Content,
    /// `None`: found out from the content.
    pub format: Option<Format>,
    pub hints: Hints,
}

/// What a sender says about bytes that do not say it themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// The zone of stamps that carry none.
    pub zone: Option<Zone>,
    /// The area of grid files that name none.
    pub area: Option<Point>,
    /// The point of what names none: tables, telegrams of meters without a number, amounts without a location.
    pub point: Option<Point>,
    /// The quantity of tables that name none.
    pub quantity: Option<Quantity>,
    /// Tariff 1 of DSMR meters is the normal one and 2 the low one.
    pub swap_tariffs: bool,
}

impl Delivery {
    /// How it is to be read otherwise than its content says; `None` where nobody said so.
    fn read_as(&self, seen: &Seen) -> Option<String> {
        let as_found = |format| matches!(found(seen), Detected::One(found) if found == format);
        let format = self.format.filter(|format| !as_found(*format));
        (format.is_some() || self.hints != Hints::default()).then(|| read_as(format, &self.hints))
    }
}

/// Debug texts are quoted, so that no two lists of hints look alike.
pub(super) fn read_as(format: Option<Format>, hints: &Hints) -> String {
    let Hints { zone, area, point, quantity, swap_tariffs } = hints;
    format!("{format:?} {zone:?} {area:?} {point:?} {quantity:?} {swap_tariffs}")
}

/// A delivery that was looked through.
#[derive(Clone, Debug)]
pub struct Looked {
    pub(super) delivery: Delivery,
    pub(super) seen: Seen,
    /// Why it is not read, where that showed when it was unpacked.
    pub(super) unread: Option<String>,
}

impl Looked {
    /// The same bytes are another delivery where they are to be read otherwise: each is kept with what was said about it, and says the
    /// same whenever it is read again.
    #[must_use]
    pub fn new(delivery: Delivery, mut seen: Seen) -> Self {
        if let Some(read_as) = delivery.read_as(&seen) {
            let said = format!("{} {read_as}", seen.id);
            seen.digest = seen.id.digest();
            seen.id = fingerprint("read as", said.as_bytes()).into();
        }
        Self { delivery, seen, unread: None }
    }

    /// As one that is kept and not read, where there is a reason: its bytes are not all that was sent, or are packed too deep. It is
    /// another delivery than the one of which these bytes are all, and which is read.
    #[must_use]
    pub(super) fn unread(mut self, reason: Option<String>) -> Self {
        if reason.is_some() {
            self.seen.digest = self.seen.digest.or_else(|| self.seen.id.digest());
            self.seen.id = fingerprint("unread", self.seen.id.as_str().as_bytes()).into();
        }
        Self { unread: reason, ..self }
    }

    /// The format that was named, or the one the content shows; else the reason why none could be told.
    pub(super) fn format(&self) -> std::result::Result<Format, String> {
        self.unread.clone().map_or_else(|| format_of(&self.delivery, &self.seen), Err)
    }

    /// As a statement, which is made when it is received, and not a file: the same bytes under another name are said once more.
    #[must_use]
    pub fn stated(mut self, name: &[u8]) -> Self {
        let said = [self.seen.id.as_str().as_bytes(), name].concat();
        self.seen.digest = self.seen.digest.or_else(|| self.seen.id.digest());
        self.seen.id = fingerprint("statement", &said).into();
        self
    }
}

/// Looks through a delivery that lies where nobody looked at it on its way.
///
/// # Errors
/// Where it cannot be read.
pub async fn look(delivery: Delivery) -> Result<Looked> {
    let looked = tokio::task::spawn_blocking(move || {
        let seen = delivery.content.look()?;
        Ok(Looked::new(delivery, seen))
    })
    .await;
    looked.map_err(|error| Error::new(Kind::Internal, "look through the delivery").because(error))?
}

/// The format that was named, or the one the content shows; else the reason why none could be told.
pub fn format_of(delivery: &Delivery, seen: &Seen) -> std::result::Result<Format, String> {
    if seen.bytes == 0 {
        return Err("the file is empty".to_owned());
    }
    if let Some(format) = delivery.format {
        return Ok(format);
    }
    match found(seen) {
        Detected::One(format) => Ok(format),
        several @ Detected::Several(_) => Err(format!("{several}; name one of them with --format")),
        Detected::None if is_utf_16(&seen.head) => {
            Err("the content is text in UTF-16, which is not read: convert it to UTF-8".to_owned())
        }
        Detected::None => Err(unknown(&Head::new(&seen.head))),
    }
}

fn found(seen: &Seen) -> Detected {
    detect(&Head::new(&outline(&seen.head)))
}

/// A byte order mark of UTF-16, either way round.
fn is_utf_16(head: &[u8]) -> bool {
    head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff])
}
