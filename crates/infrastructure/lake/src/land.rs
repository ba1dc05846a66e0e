//! Brings memory into the lake: what holds into `readings`, what held into `readings_superseded`, the rest beside them.
//!
//! `readings` is committed last, so that its position never runs ahead of the others. A landing that was cut short is done
//! again from the journal; tables that had been committed already are passed over by their position.

use std::collections::BTreeMap;
use std::iter::once;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use metrify_application::Result;
use metrify_application::ports::{Key, Landed};
use metrify_application::record::Position;
use metrify_domain::Timestamp;
use uuid::Uuid;

use crate::deleted::Deleted;
use crate::held::Found;
use crate::lookup::Opened;
use crate::memory::{Chunk, View};
use crate::order::{self, month_of};
use crate::schema::TableName;
use crate::table::{Change, FileFacts, Snapshot};
use crate::tenant::Writing;
use crate::write::{internal, sorted};

/// The order that files of readings are kept in: channel, then time.
pub(crate) const READINGS_ORDER: [&str; 4] = ["point", "quantity", "period_start", "period_end"];

/// Rows by month, each month's in pieces.
#[derive(Default)]
struct Months(BTreeMap<String, Vec<RecordBatch>>);

impl Months {
    fn add(&mut self, month: &str, rows: RecordBatch) {
        if rows.num_rows() > 0 {
            self.0.entry(month.to_owned()).or_default().push(rows);
        }
    }

    fn add_rows_of(&mut self, chunk: &Chunk, rows: impl Iterator<Item = u32>) -> Result<()> {
        let mut by_month: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        let mut last = (Timestamp::from_micros(i64::MIN), String::new());
        for row in rows {
            let start = chunk.start(row);
            if last.0 != start {
                last = (start, month_of(start));
            }
            match by_month.get_mut(&last.1) {
                Some(rows) => rows.push(row),
                None => drop(by_month.insert(last.1.clone(), vec![row])),
            }
        }
        for (month, rows) in by_month {
            for batch in chunk.columns_of(rows.iter().copied())? {
                self.add(&month, batch);
            }
        }
        Ok(())
    }

    fn rows(&self) -> u64 {
        self.0.values().flatten().map(|batch| batch.num_rows() as u64).sum()
    }
}

/// Lands everything in `view`; tells what was done. The caller makes memory forget it.
pub(crate) async fn land(writing: &Writing, view: &View, now: Timestamp, small_rows: u64) -> Result<Landed> {
    let position = view.state.position;
    let mut landed = Landed::default();
    for table in TableName::ALL {
        if !table.is_parted_by_month() {
            landed.files_added += land_records(writing, view, table, position, now).await?;
        }
    }
    let removed = take_out_removed(writing, view, now, small_rows).await?;
    landed.files_added += land_superseded(writing, view, removed.gone, position, now).await?;

    let mut change = removed.change;
    for (month, rows) in order::months(&view.state.chunks.iter().collect::<Vec<_>>())? {
        landed.rows += rows.num_rows() as u64;
        let added = writing.write(TableName::Readings, Some(&month), once(Ok(rows)), now).await?;
        writing.lake.made_of(&added, &[]);
        change.added.push(added);
    }
    landed.files_added += change.added.len();
    landed.files_removed = change.removed.len();
    if !change.added.is_empty() || !change.removed.is_empty() || !change.marked.is_empty() {
        change.landed = Some(position);
        change.written_at = now;
        writing.commit(TableName::Readings, change).await?;
    }
    Ok(landed)
}

async fn land_records(
    writing: &Writing,
    view: &View,
    name: TableName,
    position: Position,
    now: Timestamp,
) -> Result<usize> {
    let Some(rows) = view.records(name)? else {
        return Ok(0);
    };
    let added = vec![writing.write(name, None, once(Ok(rows)), now).await?];
    writing.commit(name, Change { added, landed: Some(position), written_at: now, ..Change::default() }).await?;
    Ok(1)
}

/// How files lose the rows that hold no longer, and those rows.
struct TakenOut {
    change: Change,
    gone: Months,
}

async fn take_out_removed(writing: &Writing, view: &View, now: Timestamp, small_rows: u64) -> Result<TakenOut> {
    let mut taken_out = TakenOut { change: Change::default(), gone: Months::default() };
    let keys: BTreeMap<&Key, Position> = view.state.removed().collect();
    let moved_through = writing.lake.table(TableName::Superseded)?.snapshot().landed;
    let snapshot = writing.lake.table(TableName::Readings)?.snapshot();
    for file in &snapshot.files {
        let asked: Vec<&Key> = keys.keys().copied().filter(|key| file.may_hold(&key.channel, key.period)).collect();
        if asked.is_empty() {
            continue;
        }
        let found = writing.lake.held.find(&snapshot, file, &asked).await?;
        if !found.is_empty() {
            leave_out(writing, (&snapshot, file), &found, (now, small_rows), &mut taken_out.change).await?;
            // A landing that was cut short after `readings_superseded` has moved some of them already.
            let unmoved = found.only(|key| keys.get(key).is_some_and(|by| *by > moved_through));
            for rows in unmoved.originals(&snapshot, file).await? {
                taken_out.gone.add(file.month.as_deref().unwrap_or_default(), rows);
            }
        }
    }
    Ok(taken_out)
}

/// How the file loses the rows that were found in it.
async fn leave_out(
    writing: &Writing,
    (snapshot, file): (&Snapshot, &FileFacts),
    found: &Found<'_>,
    (now, small_rows): (Timestamp, u64),
    change: &mut Change,
) -> Result<()> {
    let places = found.places();
    let before = file.deleted.as_ref().map_or(0, |deleted| deleted.count());
    let (rows, deleted) = (found.rows_of_file(), before + places.len() as u64);
    if !is_worth_rewriting(rows, deleted, small_rows) {
        let deleted = writing.mark(TableName::Readings, file.deleted.as_deref(), &places, now).await?;
        change.marked.push((file.clone(), deleted));
        return Ok(());
    }
    if deleted < rows {
        let (all, _) = Deleted::with(file.deleted.as_deref(), &places, Uuid::nil())?;
        let stay = Opened::of(snapshot, &FileFacts { deleted: Some(Arc::new(all)), ..file.clone() }).await?;
        let added = writing.write(TableName::Readings, file.month.as_deref(), stay.in_order()?, now).await?;
        writing.lake.made_of(&added, std::slice::from_ref(file));
        change.added.push(added);
    }
    change.removed.push(file.clone());
    Ok(())
}

/// Whether a file of so many rows is written again without those that are deleted: where it is small, or much of it is. Of others
/// they are marked: a correction costs what it says, and not what lies around it.
fn is_worth_rewriting(rows: u64, deleted: u64, small_rows: u64) -> bool {
    const SHARE: u64 = 16;
    rows < small_rows || deleted >= rows / SHARE
}

async fn land_superseded(
    writing: &Writing,
    view: &View,
    gone_from_lake: Months,
    position: Position,
    now: Timestamp,
) -> Result<usize> {
    let before = writing.lake.table(TableName::Superseded)?.snapshot().landed;
    if before >= position {
        return Ok(0);
    }
    let mut superseded = gone_from_lake;
    for chunk in view.state.chunks.iter() {
        let own = chunk.entry.batch.rows().len() as u32;
        let mut ended: Vec<u32> =
            chunk.ended.iter().filter(|(row, by)| **row < own && **by > before).map(|(row, _)| *row).collect();
        ended.sort_unstable();
        superseded.add_rows_of(chunk, ended.into_iter())?;
    }
    if superseded.rows() == 0 {
        return Ok(0);
    }
    let added = write_months(writing, TableName::Superseded, superseded, now).await?;
    let files = added.len();
    let change = Change { added, landed: Some(position), written_at: now, ..Change::default() };
    writing.commit(TableName::Superseded, change).await?;
    Ok(files)
}

async fn write_months(
    writing: &Writing,
    name: TableName,
    months: Months,
    now: Timestamp,
) -> Result<Vec<deltalake::kernel::Add>> {
    let mut added = Vec::new();
    for (month, batches) in months.0 {
        let rows = sorted(&concat(&batches)?, &READINGS_ORDER)?;
        added.push(writing.write(name, Some(&month), once(Ok(rows)), now).await?);
    }
    Ok(added)
}

pub(crate) fn concat(batches: &[RecordBatch]) -> Result<RecordBatch> {
    let schema = batches.first().map_or_else(|| TableName::Readings.schema(), RecordBatch::schema);
    concat_batches(&schema, batches).map_err(|error| internal("join rows", error))
}
