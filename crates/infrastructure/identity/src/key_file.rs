//! The key that the house signs with: 32 bytes in a file that only its owner may read, made at the first start.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use metrify_application::{Error, Kind, Result, io};

use crate::Random;

/// As many as the hash of HS256 gives, and no fewer (RFC 7518, section 3.2).
pub(crate) const KEY_BYTES: usize = 32;
const OWNER_ALONE: u32 = 0o600;
const OTHERS: u32 = 0o077;

/// Reads the key, or makes it where there is none.
///
/// # Errors
/// Where it cannot be read or made, others may read it, or it is no key.
pub(crate) fn open(path: &Path, random: Random) -> Result<[u8; KEY_BYTES]> {
    let step = || format!("read the key in `{}`", path.display());
    if !path.try_exists().map_err(|error| io(step(), error))? {
        make(path, random)?;
    }
    let file = File::open(path).map_err(|error| io(step(), error))?;
    let mode = file.metadata().map_err(|error| io(step(), error))?.permissions().mode();
    if mode & OTHERS != 0 {
        let step = format!("{}: others may read or write it (mode {:o})", step(), mode & 0o777);
        return Err(Error::new(Kind::Denied, step).hint(format!("chmod 600 {}", path.display())));
    }
    let mut bytes = Vec::new();
    // One more than a key has, so that a longer file is noticed.
    file.take(KEY_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|error| io(step(), error))?;
    let whole = <[u8; KEY_BYTES]>::try_from(bytes);
    whole.map_err(|bytes| {
        let other = if bytes.len() < KEY_BYTES { "fewer" } else { "more" };
        let error = Error::new(Kind::Corrupt, format!("{}: it has {other} than {KEY_BYTES} bytes", step()));
        error.hint("put back the one that was there, or delete it: everybody has to log in again then")
    })
}

/// Makes the key, or waits for another one who makes it: in the end there is one, and it is whole.
fn make(path: &Path, random: Random) -> Result<()> {
    let step = || format!("make the key in `{}`", path.display());
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = Path::new(&part);
    // Whoever began and was stopped left a part that is written anew.
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(OWNER_ALONE).open(part);
    let file = file.map_err(|error| io(step(), error))?;
    // Who has it looks again: the one before may have made the key, of this very file.
    file.lock().map_err(|error| io(step(), error))?;
    if path.try_exists().map_err(|error| io(step(), error))? {
        return match fs::remove_file(part) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(io(step(), error)),
            _ => Ok(()),
        };
    }
    finish(file, part, path, &random()?).map_err(|error| io(step(), error))
}

fn finish(mut file: File, part: &Path, path: &Path, key: &[u8; KEY_BYTES]) -> std::io::Result<()> {
    file.set_permissions(Permissions::from_mode(OWNER_ALONE))?;
    file.set_len(0)?;
    file.write_all(key)?;
    file.sync_all()?;
    fs::rename(part, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::HashSet;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::sync::atomic::{AtomicU8, Ordering};

    use metrify_application::{Kind, Result};
    use tempfile::TempDir;

    use super::open;

    static NEXT: AtomicU8 = AtomicU8::new(1);

    /// Not the same twice, which is all that is asked of it here.
    pub(crate) fn random() -> Result<[u8; 32]> {
        Ok([NEXT.fetch_add(1, Ordering::Relaxed); 32])
    }

    #[test]
    fn it_is_made_once_for_its_owner_alone() {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("passes.key");
        let made = open(&path, random).expect("made");
        assert_eq!(open(&path, random).expect("read"), made);
        let mode = fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let files = fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(files, 1, "no part of it is left");
    }

    #[test]
    fn what_was_not_finished_is_made_anew() {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("passes.key");
        let part = folder.path().join("passes.key.part");
        fs::write(&part, "more than a key has, of somebody who was stopped before").expect("a part");
        fs::set_permissions(&part, Permissions::from_mode(0o644)).expect("for all");
        let made = open(&path, random).expect("made");
        assert_eq!(fs::read(&path).expect("it is there"), made);
        assert!(!part.exists());
    }

    #[test]
    fn many_who_start_at_once_have_one_key() {
        for _ in 0..20 {
            let folder = TempDir::new().expect("a folder");
            let path = folder.path().join("passes.key");
            let keys: HashSet<[u8; 32]> = std::thread::scope(|scope| {
                let started: Vec<_> = (0..16).map(|_| scope.spawn(|| open(&path, random).expect("a key"))).collect();
                started.into_iter().map(|one| one.join().expect("no panic")).collect()
            });
            assert_eq!(keys.len(), 1);
            assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "no part of it is left");
        }
    }

    #[test]
    fn one_that_others_may_read_or_that_is_no_key_is_refused() {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("passes.key");
        open(&path, random).expect("made");
        for mode in [0o640, 0o604, 0o620, 0o666] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).expect("another mode");
            let error = open(&path, random).expect_err("refused");
            assert_eq!(error.kind(), Kind::Denied);
            assert!(error.chain().ends_with(&format!("others may read or write it (mode {mode:o})")), "{error}");
            assert!(error.hint_text().expect("a hint").starts_with("chmod 600 "));
        }
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("another mode");
        for (bytes, told) in [(0, "fewer"), (31, "fewer"), (33, "more"), (100_000, "more")] {
            fs::write(&path, vec![7; bytes]).expect("written");
            let error = open(&path, random).expect_err("refused");
            assert_eq!(error.kind(), Kind::Corrupt);
            assert!(error.chain().ends_with(&format!("it has {told} than 32 bytes")), "{error}");
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_told() {
        let folder = TempDir::new().expect("a folder");
        let error = open(&folder.path().join("none/passes.key"), random).expect_err("no folder");
        assert_eq!(error.kind(), Kind::NotFound);
        assert!(error.chain().starts_with("make the key in `"), "{error}");
    }
}
