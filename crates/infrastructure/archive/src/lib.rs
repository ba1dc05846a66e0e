//! The bytes of deliveries as they were received, compressed, as long as there is room for them.
//!
//! Each tenant has a shelf: a folder of segments named by their number. A segment is a sequence of Zstandard frames (RFC 8878),
//! two for each delivery: a skippable one that tells what it is as JSON, then its bytes. So `zstd -d` reads a segment as it is.
//! Deliveries are written when they come, and not synced: what makes a reading durable is the journal. Where there are more
//! bytes than the limit, the oldest segments go.

mod entry;
mod shelf;

use std::collections::HashMap;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use metrify_application::ports::{Archive, Kept};
use metrify_application::record::{DeliveryId, Fingerprint};
use metrify_application::{Error, Kind, Result, Tenant, io};
use sha2::{Digest, Sha256};
use zstd::bulk::Compressor;

use crate::entry::Entry;
use crate::shelf::Shelf;

/// Fast: it must not hold intake back.
const LEVEL: i32 = 1;
/// A delivery of fewer bytes is packed at once.
const SMALL_BYTES: u64 = 256 << 10;
/// Compressed bytes of one delivery that are held in memory; what is larger lies in a file until it is on the shelf.
const HELD_BYTES_MAX: usize = 1 << 20;

/// Segments on the local disk.
pub struct FileArchive {
    root: PathBuf,
    limit: u64,
    /// For small deliveries, of which there are many: making one takes longer than packing one of them.
    packer: Mutex<Option<Compressor<'static>>>,
    shelves: Mutex<HashMap<Tenant, Arc<Mutex<Shelf>>>>,
}

impl FileArchive {
    /// Keeps at most `limit` compressed bytes of each tenant; with 0 nothing is kept, and what was kept before goes.
    #[must_use]
    pub fn new(root: PathBuf, limit: u64) -> Self {
        Self { root, limit, packer: Mutex::default(), shelves: Mutex::default() }
    }

    fn shelf(&self, tenant: &Tenant) -> Result<Arc<Mutex<Shelf>>> {
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shelf) = shelves.get(tenant) {
            return Ok(shelf.clone());
        }
        let shelf = Arc::new(Mutex::new(Shelf::open(self.root.join(tenant.as_str()), self.limit)?));
        shelves.insert(tenant.clone(), shelf.clone());
        Ok(shelf)
    }
}

impl Archive for FileArchive {
    fn keep(&self, tenant: &Tenant, kept: &Kept, mut bytes: &mut dyn Read) -> Result<()> {
        let shelf = self.shelf(tenant)?;
        if self.limit == 0 {
            return Ok(());
        }
        let step = || format!("keep the bytes of delivery {}", kept.id);
        let failed = |error| io(step(), error);
        let mut packed = tempfile::spooled_tempfile_in(HELD_BYTES_MAX, &self.root);
        let mut beginning = Vec::new();
        (&mut bytes).take(SMALL_BYTES).read_to_end(&mut beginning).map_err(failed)?;
        if beginning.len() as u64 == SMALL_BYTES {
            zstd::stream::copy_encode(beginning.chain(&mut bytes), &mut packed, LEVEL).map_err(failed)?;
        } else {
            let mut packer = self.packer.lock().unwrap_or_else(PoisonError::into_inner);
            let packer = match &mut *packer {
                Some(packer) => packer,
                none => none.insert(Compressor::new(LEVEL).map_err(failed)?),
            };
            packed.write_all(&packer.compress(&beginning).map_err(failed)?).map_err(failed)?;
        }
        let length = packed.stream_position().map_err(failed)?;
        if length > self.limit {
            tracing::warn!(delivery = kept.id.as_str(), bytes = length, "too large to be kept");
            return Ok(());
        }
        packed.rewind().map_err(failed)?;
        let mut shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.put(&Entry::new(kept, length), &mut packed)
    }

    fn kept(&self, tenant: &Tenant) -> Result<Vec<Kept>> {
        let shelf = self.shelf(tenant)?;
        let mut shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.entries()?.iter().map(Entry::kept).collect()
    }

    fn keeps(&self, tenant: &Tenant, ids: &[DeliveryId]) -> Result<Vec<bool>> {
        let shelf = self.shelf(tenant)?;
        let mut shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
        ids.iter().map(|id| shelf.place(id).map(|place| place.is_some())).collect()
    }

    fn restore(&self, tenant: &Tenant, id: &DeliveryId, out: &mut File) -> Result<bool> {
        let step = || format!("restore the bytes of delivery {id}");
        let shelf = self.shelf(tenant)?;
        // The segment stays readable when it is let go meanwhile.
        let Some((packed, digest)) = shelf.lock().unwrap_or_else(PoisonError::into_inner).find(id)? else {
            return Ok(false);
        };
        let unpacked = zstd::stream::read::Decoder::new(packed);
        let unpacked = unpacked.map_err(|error| io(step(), error))?;
        let mut digested = Digested { out, digest: Sha256::new() };
        std::io::copy(&mut { unpacked }, &mut digested).map_err(|error| match error.kind() {
            // What cannot be unpacked.
            ErrorKind::Other | ErrorKind::InvalidData | ErrorKind::UnexpectedEof => {
                Error::new(Kind::Corrupt, step()).because(error)
            }
            _ => io(step(), error),
        })?;
        if digest == Some(Fingerprint::from_digest(&digested.digest.finalize())) {
            return Ok(true);
        }
        Err(Error::new(Kind::Corrupt, format!("{}: they are not the bytes that were received", step())))
    }
}

/// Digests what passes through.
struct Digested<'f> {
    out: &'f mut File,
    digest: Sha256,
}

impl Write for Digested<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.digest.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}
