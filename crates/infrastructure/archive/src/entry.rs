//! What is told of a delivery before its bytes: a skippable frame of Zstandard with JSON in it.

use std::io::{self, ErrorKind, Read};
use std::str::FromStr;

use metrify_application::ingest::Hints;
use metrify_application::ports::Kept;
use metrify_application::record::{DeliveryId, Fingerprint};
use metrify_application::{Error, Kind, Result};
use metrify_domain::Timestamp;
use serde::{Deserialize, Serialize};

/// One of the sixteen magic numbers of skippable frames (RFC 8878, 3.1.2).
const MAGIC: u32 = 0x184D_2A5D;
const VERSION: u32 = 1;
/// No entry tells more: a source is a path or a client's name for it.
const TOLD_BYTES_MAX: u32 = 1 << 20;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    version: u32,
    pub(crate) delivery: String,
    /// Of the bytes, where the delivery is not named for them alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    source: String,
    format: Option<String>,
    timezone: Option<String>,
    area: Option<String>,
    point: Option<String>,
    quantity: Option<String>,
    swap_tariffs: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unread: Option<String>,
    /// Microseconds since 1970-01-01T00:00:00Z.
    received_at: i64,
    /// How many bytes follow.
    pub(crate) packed: u64,
}

impl Entry {
    pub(crate) fn new(kept: &Kept, packed: u64) -> Self {
        let Hints { zone, area, point, quantity, swap_tariffs } = &kept.hints;
        Self {
            version: VERSION,
            delivery: kept.id.as_str().to_owned(),
            digest: kept.digest.as_ref().map(ToString::to_string),
            source: kept.source.clone(),
            format: kept.format.map(|format| format.name().to_owned()),
            timezone: zone.as_ref().map(ToString::to_string),
            area: area.as_ref().map(ToString::to_string),
            point: point.as_ref().map(ToString::to_string),
            quantity: quantity.as_ref().map(ToString::to_string),
            swap_tariffs: *swap_tariffs,
            unread: kept.unread.clone(),
            received_at: kept.received_at.micros(),
            packed,
        }
    }

    /// # Errors
    /// Where it says what means nothing.
    pub(crate) fn kept(&self) -> Result<Kept> {
        Ok(Kept {
            id: DeliveryId::from_stored(self.delivery.clone()),
            digest: self.digest.as_deref().and_then(Fingerprint::from_hex),
            source: self.source.clone(),
            format: self.meaning(self.format.as_deref())?,
            hints: Hints {
                zone: self.meaning(self.timezone.as_deref())?,
                area: self.meaning(self.area.as_deref())?,
                point: self.meaning(self.point.as_deref())?,
                quantity: self.meaning(self.quantity.as_deref())?,
                swap_tariffs: self.swap_tariffs,
            },
            unread: self.unread.clone(),
            received_at: Timestamp::from_micros(self.received_at),
        })
    }

    /// Of the bytes; `None` where it is no digest.
    pub(crate) fn digest(&self) -> Option<Fingerprint> {
        Fingerprint::from_hex(self.digest.as_ref().unwrap_or(&self.delivery))
    }

    fn meaning<T>(&self, text: Option<&str>) -> Result<Option<T>>
    where
        T: FromStr,
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        let step = || format!("read what is kept of delivery {}", self.delivery);
        text.map(|text| text.parse().map_err(|error| Error::new(Kind::Corrupt, step()).because(error))).transpose()
    }

    pub(crate) fn frame(&self) -> Result<Vec<u8>> {
        let told = serde_json::to_vec(self)
            .map_err(|error| Error::new(Kind::Internal, "tell what a delivery is").because(error))?;
        let length = u32::try_from(told.len()).ok().filter(|length| *length <= TOLD_BYTES_MAX);
        let length = length.ok_or_else(|| Error::new(Kind::Invalid, "keep a delivery: its source is too long"))?;
        Ok([&MAGIC.to_le_bytes(), &length.to_le_bytes(), told.as_slice()].concat())
    }

    /// The next entry and how many bytes it took; `None` at the end. An entry that is not whole is an unexpected end.
    pub(crate) fn read(reader: &mut impl Read) -> io::Result<Option<(Self, u64)>> {
        let mut head = [0; 8];
        let read = reader.read(&mut head[..1])?;
        if read == 0 {
            return Ok(None);
        }
        reader.read_exact(&mut head[1..])?;
        let [a, b, c, d, e, f, g, h] = head;
        let length = u32::from_le_bytes([e, f, g, h]);
        if u32::from_le_bytes([a, b, c, d]) != MAGIC || length > TOLD_BYTES_MAX {
            return Err(io::Error::new(ErrorKind::InvalidData, "no delivery begins here"));
        }
        let mut told = vec![0; length as usize];
        reader.read_exact(&mut told)?;
        let entry: Self = serde_json::from_slice(&told)?;
        if entry.version != VERSION {
            return Err(io::Error::new(ErrorKind::InvalidData, "a delivery was kept by another version"));
        }
        Ok(Some((entry, head.len() as u64 + u64::from(length))))
    }
}
