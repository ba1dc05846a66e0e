//! The folder of uploads. Every path in it is made here, of the names of tenants and of ids that were read.
//!
//! In the folder of its tenant `ID.bytes` is what came of an upload and `ID.upload` says whose it is. Once it was received `ID.received`
//! says as what, and the other two go.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use metrify_domain::{Tenant, Timestamp};

use super::{IDLE_MAX, RECEIVED_MAX};
use crate::record::DeliveryId;

/// 128 bits that nobody can guess, as hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct UploadId(String);

impl UploadId {
    const HEX_DIGITS: usize = 32;

    pub(super) fn of(random: &[u8; 32]) -> Self {
        Self(random.iter().take(Self::HEX_DIGITS / 2).map(|byte| format!("{byte:02x}")).collect())
    }

    /// `None` for whatever no upload is called by; nothing else becomes part of a path.
    pub(super) fn read(text: &str) -> Option<Self> {
        let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (digits && text.len() == Self::HEX_DIGITS).then(|| Self(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is kept of an upload beside its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct About {
    pub(super) principal: String,
    /// Bytes that it has as a whole, where that was said.
    pub(super) length: Option<u64>,
    /// The delivery that it became, and its bytes.
    pub(super) received: Option<(DeliveryId, u64)>,
}

const VERSION_LINE: &str = "metrify upload 1";

impl About {
    fn text(&self) -> String {
        let Self { principal, length, received } = self;
        // Quoted, so that no name takes more than its line.
        let mut text = format!("{VERSION_LINE}\nprincipal {principal:?}\n");
        if let Some(length) = length {
            text.push_str(&format!("length {length}\n"));
        }
        if let Some((delivery, bytes)) = received {
            text.push_str(&format!("delivery {delivery}\nbytes {bytes}\n"));
        }
        text
    }

    /// What such a text says of an upload of this principal; `None` where it is another's, or no such text.
    fn read(text: &str, principal: &str) -> Option<Self> {
        let mut lines = text.lines();
        let ours = lines.next()? == VERSION_LINE && lines.next()? == format!("principal {principal:?}");
        let said: BTreeMap<&str, &str> = lines.filter_map(|line| line.split_once(' ')).collect();
        let number = |name: &str| said.get(name).and_then(|number| number.parse().ok());
        let delivery = said.get("delivery").map(|id| DeliveryId::from_stored((*id).to_owned()));
        let received = delivery.zip(number("bytes"));
        ours.then(|| Self { principal: principal.to_owned(), length: number("length"), received })
    }
}

/// The uploads of a tenant.
#[derive(Clone)]
pub(super) struct Files {
    folder: PathBuf,
}

const BYTES: &str = "bytes";
const UPLOAD: &str = "upload";
const RECEIVED: &str = "received";

impl Files {
    pub(super) fn of(folder: &Path, tenant: &Tenant) -> Self {
        Self { folder: folder.join(tenant.as_str()) }
    }

    fn path(&self, id: &UploadId, of: &str) -> PathBuf {
        self.folder.join(format!("{}.{of}", id.as_str()))
    }

    pub(super) fn bytes(&self, id: &UploadId) -> PathBuf {
        self.path(id, BYTES)
    }

    /// Makes room for an upload. It is there once it is said whose it is.
    pub(super) fn make(&self, id: &UploadId, about: &About) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        if let Some(above) = self.folder.parent() {
            File::open(above)?.sync_all()?;
        }
        File::create_new(self.bytes(id))?;
        self.say(id, UPLOAD, about)
    }

    /// Says as what an upload was received, from when on its bytes are not needed.
    pub(super) fn received(&self, id: &UploadId, about: &About) -> io::Result<()> {
        self.say(id, RECEIVED, about)?;
        self.remove(id, &[BYTES, UPLOAD])
    }

    fn say(&self, id: &UploadId, of: &str, about: &About) -> io::Result<()> {
        let part = self.path(id, "part");
        let mut file = File::create(&part)?;
        file.write_all(about.text().as_bytes())?;
        file.sync_all()?;
        fs::rename(&part, self.path(id, of))?;
        File::open(&self.folder)?.sync_all()
    }

    /// What is known of an upload of this principal, and when something of it last came.
    pub(super) fn find(&self, id: &UploadId, principal: &str) -> io::Result<Option<(About, Timestamp)>> {
        // One that is received while this looks is found in the end.
        for (said, touched) in [(RECEIVED, RECEIVED), (UPLOAD, BYTES), (RECEIVED, RECEIVED)] {
            let look = || Ok((fs::read_to_string(self.path(id, said))?, touched_at(&self.path(id, touched))?));
            if let Some((text, touched)) = present(look())? {
                return Ok(About::read(&text, principal).map(|about| (about, touched)));
            }
        }
        Ok(None)
    }

    pub(super) fn remove_all(&self, id: &UploadId) -> io::Result<()> {
        self.remove(id, &[UPLOAD, RECEIVED, BYTES, "part"])
    }

    fn remove(&self, id: &UploadId, of: &[&str]) -> io::Result<()> {
        of.iter().try_for_each(|of| present(fs::remove_file(self.path(id, of))).map(drop))
    }

    /// Deletes what nobody went on with and what a stop left behind, but of those that are `held`; and the oldest of those that were
    /// received, where they are many. Tells how many are under way.
    pub(super) fn tidy(&self, now: Timestamp, held: impl Fn(&UploadId) -> bool) -> io::Result<usize> {
        let mut received = Vec::new();
        let mut under_way = 0;
        for (id, state) in self.all()? {
            if held(&id) {
                under_way += usize::from(!state.received);
            } else if is_over(state.touched, now) {
                self.remove_all(&id)?;
            } else if state.received {
                self.remove(&id, &[BYTES, UPLOAD])?;
                received.push((state.touched, id));
            } else {
                under_way += 1;
            }
        }
        received.sort();
        let many = received.len().saturating_sub(RECEIVED_MAX);
        received.iter().take(many).try_for_each(|(_, id)| self.remove_all(id))?;
        Ok(under_way)
    }

    /// Bytes of what was not received yet.
    pub(super) fn bytes_under_way(&self) -> io::Result<u64> {
        let mut bytes = 0;
        for entry in present(fs::read_dir(&self.folder))?.into_iter().flatten() {
            let path = entry?.path();
            if path.extension().is_some_and(|of| of == BYTES) {
                bytes += present(fs::metadata(&path))?.map_or(0, |about| about.len());
            }
        }
        Ok(bytes)
    }

    fn all(&self) -> io::Result<BTreeMap<UploadId, State>> {
        let mut all = BTreeMap::<UploadId, State>::new();
        let Some(entries) = present(fs::read_dir(&self.folder))? else { return Ok(all) };
        for entry in entries {
            let name = entry?.file_name();
            let named = name.to_str().and_then(|name| name.split_once('.'));
            let Some((id, of)) = named.and_then(|(id, of)| Some((UploadId::read(id)?, of))) else { continue };
            // What is gone since belongs to one that went on meanwhile.
            let Some(touched) = present(touched_at(&self.path(&id, of)))? else { continue };
            let state = all.entry(id).or_insert(State { touched, received: false });
            state.touched = state.touched.max(touched);
            state.received |= of == RECEIVED;
        }
        Ok(all)
    }
}

struct State {
    touched: Timestamp,
    received: bool,
}

/// `None` where there is no such file.
fn present<T>(done: io::Result<T>) -> io::Result<Option<T>> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        done => done.map(Some),
    }
}

fn touched_at(path: &Path) -> io::Result<Timestamp> {
    fs::metadata(path)?.modified().map(timestamp)
}

/// Before 1970 nothing was uploaded.
fn timestamp(time: SystemTime) -> Timestamp {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// When an upload ends with which nobody goes on.
pub(super) fn expires_at(touched: Timestamp) -> Timestamp {
    let idle = i64::try_from(IDLE_MAX.as_micros()).unwrap_or(i64::MAX);
    touched.plus(idle).unwrap_or(touched)
}

pub(super) fn is_over(touched: Timestamp, now: Timestamp) -> bool {
    expires_at(touched) <= now
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(length: Option<u64>, received: Option<(&str, u64)>) -> About {
        let received = received.map(|(id, bytes)| (DeliveryId::from_stored(id.to_owned()), bytes));
        About { principal: "user:ann\nlength 7".to_owned(), length, received }
    }

    #[test]
    fn what_is_said_of_an_upload_is_told_to_its_principal_alone() {
        for said in [about(None, None), about(Some(9), None), about(Some(9), Some(("ab", 9)))] {
            assert_eq!(About::read(&said.text(), &said.principal), Some(said.clone()));
            assert_eq!(About::read(&said.text(), "user:ann"), None);
        }
        assert_eq!(About::read("", ""), None);
    }

    #[test]
    fn no_id_leads_out_of_the_folder() {
        let id = UploadId::of(&[0xab; 32]);
        assert_eq!(UploadId::read(id.as_str()), Some(id));
        let long = "a".repeat(33);
        for wrong in ["", "..", "../../../../../../../etc/passwd00", "ABABABABABABABABABABABABABABABAB", long.as_str()]
        {
            assert_eq!(UploadId::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_was_received_is_known_without_its_bytes_until_others_are_many_or_it_is_over() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let files = Files::of(folder.path(), &"default".parse().expect("a name"));
        let (open, received) = (UploadId::of(&[1; 32]), UploadId::of(&[2; 32]));
        for id in [&open, &received] {
            files.make(id, &about(None, None))?;
        }
        let now = touched_at(&files.bytes(&open))?;
        let later = expires_at(now).plus(60_000_000).expect("a time");
        files.received(&received, &about(None, Some(("ab", 9))))?;
        assert_eq!((files.bytes(&open).exists(), files.bytes(&received).exists()), (true, false));
        assert_eq!(files.tidy(now, |_| false)?, 1);
        let found = |id| Ok::<_, io::Error>(files.find(id, "user:ann\nlength 7")?.map(|(about, _)| about));
        assert_eq!(found(&received)?, Some(about(None, Some(("ab", 9)))));
        assert_eq!(files.tidy(later, |id| *id == open)?, 1, "whoever is at it is not disturbed");
        assert_eq!((found(&open)?.is_some(), found(&received)?), (true, None));
        assert_eq!(files.tidy(later, |_| false)?, 0);
        assert_eq!(fs::read_dir(&files.folder)?.count(), 0);
        Ok(())
    }
}
