//! Logins that are kept for servers, in a file that only its owner may read: what opens each for some minutes, and what renews it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use metrify_api::logins::OpenedBody;
use metrify_application::{Error, Kind, Result, io};
use metrify_domain::Timestamp;
use metrify_domain::time::SECOND;
use serde::{Deserialize, Serialize};

/// What opens a server no longer than this, in microseconds, is renewed before it is used.
const RENEWED_BEFORE_US: i64 = 60 * SECOND;

/// A login to one server.
#[derive(Clone, Serialize, Deserialize)]
pub struct Kept {
    pub access_token: String,
    /// Microseconds since 1970.
    access_until: i64,
    pub refresh_token: String,
}

impl Kept {
    #[must_use]
    pub fn of(opened: OpenedBody, now: Timestamp) -> Self {
        Self {
            access_token: opened.access_token,
            access_until: now.micros().saturating_add(opened.expires_in.saturating_mul(SECOND)),
            refresh_token: opened.refresh_token,
        }
    }

    #[must_use]
    pub fn opens(&self, now: Timestamp) -> bool {
        now.micros().saturating_add(RENEWED_BEFORE_US) < self.access_until
    }
}

/// The logins of whoever runs this program. Nobody else reads or changes them while they are held.
pub struct Logins {
    file: PathBuf,
    of: BTreeMap<String, Kept>,
    _lock: File,
}

impl Logins {
    /// Waits until no other command holds them: what renews a login is good for one of them alone.
    ///
    /// # Errors
    /// Where there is no home, or the file cannot be read.
    pub fn hold() -> Result<Self> {
        let folder = folder()?;
        fs::create_dir_all(&folder).map_err(|error| io(format!("make folder `{}`", folder.display()), error))?;
        let lock = folder.join("logins.lock");
        let step = || format!("lock `{}`", lock.display());
        let held = File::create(&lock).map_err(|error| io(step(), error))?;
        held.lock().map_err(|error| io(step(), error))?;
        let file = folder.join("logins.json");
        let of = read(&file)?;
        Ok(Self { file, of, _lock: held })
    }

    #[must_use]
    pub fn of(&self, server: &str) -> Option<&Kept> {
        self.of.get(server)
    }

    /// # Errors
    /// Where the file cannot be written.
    pub fn keep(&mut self, server: &str, kept: Kept) -> Result<()> {
        self.of.insert(server.to_owned(), kept);
        self.write()
    }

    /// # Errors
    /// Where the file cannot be written.
    pub fn forget(&mut self, server: &str) -> Result<()> {
        self.of.remove(server);
        self.write()
    }

    fn write(&self) -> Result<()> {
        let step = || format!("write `{}`", self.file.display());
        let text = serde_json::to_string_pretty(&self.of)
            .map_err(|error| Error::new(Kind::Internal, step()).because(error))?;
        let part = self.file.with_extension("part");
        // Nobody else reads it at any moment.
        let opened = File::options().create(true).truncate(true).write(true).mode(0o600).open(&part);
        let written = opened.and_then(|mut file| file.write_all(text.as_bytes()));
        written.and_then(|()| fs::rename(&part, &self.file)).map_err(|error| io(step(), error))
    }
}

fn read(file: &Path) -> Result<BTreeMap<String, Kept>> {
    let step = || format!("read `{}`", file.display());
    match fs::read_to_string(file) {
        Ok(text) => serde_json::from_str(&text)
            .map_err(|error| Error::new(Kind::Corrupt, step()).because(error).hint("delete it, and log in again")),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(io(step(), error)),
    }
}

/// Where programs keep what is their user's (XDG Base Directory Specification).
#[allow(clippy::disallowed_methods, reason = "the binary reads the environment")]
fn folder() -> Result<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")));
    let none = || Error::new(Kind::Invalid, "find the folder of logins: neither XDG_CONFIG_HOME nor HOME is set");
    folder.map(|folder| folder.join("metrify")).ok_or_else(none)
}
