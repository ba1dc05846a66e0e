//! Makes few large files of many small ones, month by month.

use std::collections::{BTreeMap, HashSet};

use deltalake::kernel::Add;
use metrify_application::Result;
use metrify_application::ports::Landed;
use metrify_domain::Timestamp;

use crate::lookup::Opened;
use crate::merge::{Merge, Pieces};
use crate::schema::TableName;
use crate::table::{Change, FileFacts, Snapshot};
use crate::tenant::Writing;

/// Rows of a file that is large enough to be left alone, and of one that compaction makes at most.
const FILE_ROWS: u64 = 8 << 20;
/// As [`FILE_ROWS`], of tables whose rows are looked for one by one: their digests are in memory while a file is made, of nine files that
/// are just too small to be left alone some fifty megabytes.
const NAMED_FILE_ROWS: u64 = 1 << 19;
/// Small files of about the same size that are borne in a month, or in a table without months.
const SMALL_FILES_MAX: usize = 8;

/// Compacts every table of a tenant where it has too many small files. Where one cannot be, the others are.
pub(crate) async fn compact(writing: &Writing, now: Timestamp) -> Result<Landed> {
    let (mut done, mut failed) = (Landed::default(), None);
    for name in TableName::ALL {
        let joined = if name.is_parted_by_month() {
            join_meanwhile(writing, name, now).await
        } else {
            join_alone(writing, name, None, now).await
        };
        match joined {
            Ok(joined) => done.add(joined),
            Err(error) => drop(failed.get_or_insert(error)),
        }
    }
    failed.map_or(Ok(done), Err)
}

/// Joins files of readings while others land: what is written takes long, the commit does not. Where a landing changed one of
/// them meanwhile they are joined once more while none does.
async fn join_meanwhile(writing: &Writing, name: TableName, now: Timestamp) -> Result<Landed> {
    let (mut done, mut failed) = (Landed::default(), None);
    let snapshot = writing.lake.table(name)?.snapshot();
    for files in groups(&snapshot) {
        match join_one(writing, &snapshot, files, now).await {
            Ok(joined) => done.add(joined),
            Err(error) => drop(failed.get_or_insert(error)),
        }
    }
    failed.map_or(Ok(done), Err)
}

async fn join_one(writing: &Writing, snapshot: &Snapshot, files: Vec<FileFacts>, now: Timestamp) -> Result<Landed> {
    let month = files.first().and_then(|file| file.month.clone());
    let joined = join(writing, snapshot, files, now).await?;
    let committed = {
        let _writing = writing.lake.writing.lock().await;
        commit(writing, snapshot.table, vec![joined], now).await?
    };
    match committed {
        Some(committed) => Ok(committed),
        None => join_alone(writing, snapshot.table, month.as_deref(), now).await,
    }
}

/// Joins files of a month, or of a table without months, while nothing lands. In the latter later rows are newer, so that nothing
/// may come meanwhile whose name would be older than theirs. Where another program changed one of them nothing is done.
async fn join_alone(writing: &Writing, name: TableName, month: Option<&str>, now: Timestamp) -> Result<Landed> {
    let _writing = writing.lake.writing.lock().await;
    let table = writing.lake.table(name)?;
    table.refresh().await?;
    let snapshot = table.snapshot();
    let mut joined = Vec::new();
    for files in groups(&snapshot) {
        if files.iter().all(|file| file.month.as_deref() == month) {
            joined.push(join(writing, &snapshot, files, now).await?);
        }
    }
    Ok(commit(writing, name, joined, now).await?.unwrap_or_default())
}

/// A file, and those that it was made of.
type Joined = (Add, Vec<FileFacts>);

async fn join(writing: &Writing, snapshot: &Snapshot, files: Vec<FileFacts>, now: Timestamp) -> Result<Joined> {
    let month = files.first().and_then(|file| file.month.clone());
    let rows = rows(snapshot, &files).await?;
    Ok((writing.write(snapshot.table, month.as_deref(), rows, now).await?, files))
}

/// Puts what was joined into the place of what it was made of. `None` where one of those is there no longer as it was: nothing is
/// committed then, and what was written is taken away.
async fn commit(writing: &Writing, name: TableName, joined: Vec<Joined>, now: Timestamp) -> Result<Option<Landed>> {
    if joined.is_empty() {
        return Ok(None);
    }
    let lake = &writing.lake;
    lake.refresh().await?;
    let snapshot = lake.table(name)?.snapshot();
    let present: HashSet<_> = snapshot.files.iter().map(FileFacts::identity).collect();
    let is_present = |file: &FileFacts| present.contains(&file.identity());
    if !joined.iter().flat_map(|(_, files)| files).all(is_present) {
        writing.discard().await;
        return Ok(None);
    }
    let mut change = Change { written_at: now, ..Change::default() };
    for (added, files) in joined {
        lake.made_of(&added, &files);
        change.added.push(added);
        change.removed.extend(files);
    }
    let done = Landed { files_added: change.added.len(), files_removed: change.removed.len(), ..Landed::default() };
    writing.commit(name, change).await?;
    lake.forget_landed(0)?;
    Ok(Some(done))
}

/// The rows of several files in pieces, as one file has them.
async fn rows(snapshot: &Snapshot, files: &[FileFacts]) -> Result<Pieces> {
    let mut opened = Vec::new();
    for file in files {
        opened.push((file.path.clone(), Opened::of(snapshot, file).await?));
    }
    if snapshot.table.is_parted_by_month() {
        let runs = opened.into_iter().map(|(path, file)| Ok((path, file.in_order()?)));
        return Ok(Box::new(Merge::of(snapshot.table, runs.collect::<Result<_>>()?)?));
    }
    let pieces = opened.into_iter().map(|(_, file)| file.numbered_columns(&[])).collect::<Result<Vec<_>>>()?;
    Ok(Box::new(pieces.into_iter().flatten()))
}

/// The files that become one: of a month, or of a table without months, too many of about the same size. A row is so written
/// again a few times only, however often small files come in.
fn groups(snapshot: &Snapshot) -> Vec<Vec<FileFacts>> {
    if !snapshot.table.is_parted_by_month() {
        let large = if snapshot.table.named_by().is_empty() { FILE_ROWS } else { NAMED_FILE_ROWS };
        return newest(&snapshot.files, large).into_iter().collect();
    }
    let mut tiers: BTreeMap<(Option<&str>, u32), Vec<&FileFacts>> = BTreeMap::new();
    for file in snapshot.files.iter().filter(|file| file.rows < FILE_ROWS / 2) {
        tiers.entry((file.month.as_deref(), tier(file.rows))).or_default().push(file);
    }
    let mut groups = Vec::new();
    for (_, files) in tiers.into_iter().filter(|(_, files)| files.len() > SMALL_FILES_MAX) {
        let (mut group, mut rows) = (Vec::new(), 0);
        for file in files {
            if rows + file.rows > FILE_ROWS && group.len() > 1 {
                groups.push(std::mem::take(&mut group));
                rows = 0;
            }
            rows += file.rows;
            group.push(file.clone());
        }
        if group.len() > 1 {
            groups.push(group);
        }
    }
    groups
}

/// Of a table whose later rows are newer: the newest files from the first of too many of one size on, in the order of their names.
/// What they become is newer than what is left alone.
fn newest(files: &[FileFacts], large: u64) -> Option<Vec<FileFacts>> {
    let mut files: Vec<&FileFacts> = files.iter().collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let small = files.iter().rposition(|file| file.rows >= large / 2).map_or(0, |last| last + 1);
    let files = &files[small..];
    let runs = files.chunk_by(|one, other| tier(one.rows) == tier(other.rows));
    let mut begin = 0;
    for run in runs {
        if run.len() > SMALL_FILES_MAX {
            return Some(files[begin..].iter().map(|file| (*file).clone()).collect());
        }
        begin += run.len();
    }
    None
}

/// Files of one tier differ in size by a factor of [`SMALL_FILES_MAX`] at most, so that the file that many of them become is of
/// the next one.
fn tier(rows: u64) -> u32 {
    rows.max(1).ilog2() / (SMALL_FILES_MAX as u64).ilog2()
}

#[cfg(test)]
mod tests {
    use super::{FILE_ROWS, newest, tier};
    use crate::table::FileFacts;

    /// Files of so many rows, oldest first.
    fn files(rows: &[u64]) -> Vec<FileFacts> {
        let file = |(number, rows): (usize, &u64)| FileFacts {
            path: format!("part-{number:03}.parquet"),
            bytes: 0,
            rows: *rows,
            deleted: None,
            month: None,
            points: None,
            quantities: None,
            starts: None,
            documents: None,
            deliveries: None,
        };
        rows.iter().enumerate().map(file).rev().collect()
    }

    #[test]
    fn what_becomes_one_file_is_newer_than_what_does_not() {
        let joined = |rows: &[u64]| {
            newest(&files(rows), FILE_ROWS).map(|files| files.iter().map(|file| file.rows).collect::<Vec<_>>())
        };
        assert_eq!(joined(&[3; 8]), None);
        assert_eq!(joined(&[3; 9]), Some(vec![3; 9]));
        // A larger one before them stays, smaller ones behind them come along.
        let mut rows = vec![5_000];
        rows.extend([100; 9]);
        rows.extend([3; 2]);
        assert_eq!(joined(&rows), Some(rows[1..].to_vec()));
        // Nothing is joined across a large one that came between.
        let mut rows = vec![3; 5];
        rows.push(FILE_ROWS);
        rows.extend([3; 5]);
        assert_eq!(joined(&rows), None);
    }

    #[test]
    fn a_file_made_of_too_many_of_a_tier_is_of_a_higher_one() {
        for rows in [1, 7, 8, 100, 5_000, 65_536] {
            assert!(tier(rows * 9) > tier(rows), "{rows}");
        }
    }
}
