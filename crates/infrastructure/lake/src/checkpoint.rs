//! Checkpoints of a table's log: what a start reads instead of all commits since the first.
//!
//! They say nothing that the commits do not say, so one that cannot be read is set aside as long as the commits are there; and
//! these are deleted only once the checkpoint is synced that has what they said.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use deltalake::DeltaTable;
use deltalake::checkpoints::{cleanup_metadata, create_checkpoint};
use deltalake::table::config::TablePropertiesExt;
use metrify_application::{Result, io};

use crate::table::{delta_error, open, sync_file};

/// A start reads so many commits at most, one by one.
const COMMITS: u64 = 100;
const HINT: &str = "_delta_log/_last_checkpoint";

pub(crate) const fn is_due(version: u64) -> bool {
    (version + 1).is_multiple_of(COMMITS)
}

/// Makes a checkpoint of the version that the table has.
pub(crate) async fn make(table: &DeltaTable, folder: &Path) -> Result<()> {
    let step = || format!("make a checkpoint of table `{}`", folder.display());
    let state = table.snapshot().map_err(|error| delta_error(step(), error))?;
    create_checkpoint(table, None).await.map_err(|error| delta_error(step(), error))?;
    let made = Log::list(folder)?.checkpoints.remove(&state.version()).unwrap_or_default();
    for file in made.into_iter().chain([folder.join(HINT)]) {
        sync_file(&file)?;
    }
    if state.table_config().enable_expired_log_cleanup() {
        cleanup_metadata(table, None).await.map_err(|error| delta_error(step(), error))?;
    }
    Ok(())
}

/// Reads a table that cannot be read as it is: without the hint to a checkpoint and empty ones, then without the newest. `None`
/// where the commits do not go as far back, or it is something else that is wrong.
pub(crate) async fn read_without_newest(folder: &Path) -> Result<Option<DeltaTable>> {
    let mut log = Log::list(folder)?;
    if !log.goes_on() {
        return Ok(None);
    }
    let hint = folder.join(HINT);
    let mut tells_nothing = std::mem::take(&mut log.empty);
    tells_nothing.extend(hint.exists().then_some(hint));
    for file in &tells_nothing {
        tracing::warn!("delete `{}`: the table cannot be read by it", file.display());
        fs::remove_file(file).map_err(|error| io(format!("delete `{}`", file.display()), error))?;
    }
    if !tells_nothing.is_empty()
        && let Some(table) = read(folder).await
    {
        return Ok(Some(table));
    }
    let newest = log.checkpoints.pop_last();
    let Some((_, files)) = newest.filter(|_| log.goes_on()) else {
        return Ok(None);
    };
    // What begins with its version would count as a checkpoint when the log is cleaned up.
    let aside = |file: PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let aside = file.with_file_name(format!("unreadable-{name}"));
        (file, aside)
    };
    let aside: Vec<(PathBuf, PathBuf)> = files.into_iter().map(aside).collect();
    for (file, aside) in &aside {
        rename(file, aside)?;
    }
    let table = read(folder).await;
    for (file, aside) in &aside {
        match table {
            Some(_) => tracing::warn!("set `{}` aside: the table is read by its commits", aside.display()),
            None => rename(aside, file)?,
        }
    }
    Ok(table)
}

/// The error is the one that was met before; what it takes to be told is that it is still there.
async fn read(folder: &Path) -> Option<DeltaTable> {
    let mut table = open(folder).ok()?;
    table.load().await.ok()?;
    Some(table)
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|error| io(format!("rename `{}` to `{}`", from.display(), to.display()), error))
}

/// What a table's log consists of.
#[derive(Default)]
struct Log {
    commits: BTreeSet<u64>,
    /// Each with its files.
    checkpoints: BTreeMap<u64, Vec<PathBuf>>,
    /// Files of checkpoints without a byte.
    empty: Vec<PathBuf>,
}

impl Log {
    fn list(folder: &Path) -> Result<Self> {
        let folder = folder.join("_delta_log");
        let step = || format!("read folder `{}`", folder.display());
        let mut log = Self::default();
        for file in fs::read_dir(&folder).map_err(|error| io(step(), error))? {
            let file = file.map_err(|error| io(step(), error))?;
            let name = file.file_name().to_string_lossy().into_owned();
            let Some((version, kind)) = name.split_once('.') else { continue };
            let Ok(version) = version.parse() else { continue };
            if kind == "json" {
                log.commits.insert(version);
            } else if kind.starts_with("checkpoint.") {
                match file.metadata().map_err(|error| io(step(), error))?.len() {
                    0 => log.empty.push(file.path()),
                    _ => log.checkpoints.entry(version).or_default().push(file.path()),
                }
            }
        }
        Ok(log)
    }

    /// Whether the commits tell all that came after the newest checkpoint, without one all that there is.
    fn goes_on(&self) -> bool {
        let checkpoint = self.checkpoints.last_key_value().map(|(version, _)| *version);
        let newest = self.commits.last().copied();
        newest >= checkpoint
            && newest.is_some_and(|newest| {
                (checkpoint.map_or(0, |version| version + 1)..=newest).all(|version| self.commits.contains(&version))
            })
    }
}
