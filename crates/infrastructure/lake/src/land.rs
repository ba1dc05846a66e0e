//! Brings memory into the lake: what holds into `readings`, what held into `readings_superseded`, the rest beside them.
//!
//! `readings` is committed last, so that its position never runs ahead of the others. A landing that was cut short is done
//! again from the journal; tables that had been committed already are passed over by their position.

use std::collections::BTreeMap;
use std::iter::once;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::concat_batches;
use metrify_application::ports::Landed;
use metrify_application::record::Position;
use metrify_application::{Error, Kind, Result};
use metrify_domain::Timestamp;

use crate::keys::KeySet;
use crate::lookup::{self, Opened};
use crate::memory::{Chunk, View};
use crate::order::{self, month_of};
use crate::schema::TableName;
use crate::table::{Change, FileFacts};
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
    let keys: KeySet = view.removed();
    if keys.is_empty() {
        return Ok(taken_out);
    }
    let unmoved = view.removed_after(writing.lake.table(TableName::Superseded)?.snapshot().landed);
    let snapshot = writing.lake.table(TableName::Readings)?.snapshot();
    for file in snapshot.files.iter().filter(|file| keys.may_be_in(file)) {
        let opened = Opened::of(&snapshot, file).await?;
        let places = places(file, &opened, &keys)?;
        if places.is_empty() {
            continue;
        }
        let gone = lookup::rows(&snapshot, file, &opened.metadata(), &places, &[]).await?;
        let places: Vec<u64> = places.into_iter().map(|place| place as u64).collect();
        let before = file.deleted.as_ref().map_or(0, |deleted| deleted.count());
        let (rows, deleted) = (opened.rows(), before + places.len() as u64);
        let month = file.month.clone().unwrap_or_default();
        if !is_worth_rewriting(rows, deleted, small_rows) {
            let deleted = writing.mark(TableName::Readings, file.deleted.as_deref(), &places, now).await?;
            taken_out.change.marked.push((file.clone(), deleted));
        } else {
            if deleted < rows {
                let stay = opened.in_order()?.map(|rows| Ok(lookup::split(&rows?, &keys)?.0));
                let added = writing.write(TableName::Readings, Some(&month), stay, now).await?;
                writing.lake.made_of(&added, std::slice::from_ref(file));
                taken_out.change.added.push(added);
            }
            taken_out.change.removed.push(file.clone());
        }
        // A landing that was cut short after `readings_superseded` has moved some of them already.
        let (_, fresh) = lookup::split(&without_restored(&concat(&gone)?)?, &unmoved)?;
        taken_out.gone.add(&month, fresh);
    }
    Ok(taken_out)
}

/// Where the rows of a file stand that hold and have one of the keys.
fn places(file: &FileFacts, opened: &Opened, keys: &KeySet) -> Result<Vec<usize>> {
    let (mut found, mut row) = (Vec::new(), 0);
    for rows in opened.numbered_columns_of_all(&READINGS_ORDER)? {
        let among = lookup::is_among(&rows?, keys)?;
        found.extend(among.values().set_indices().map(|place| row + place).filter(|place| !file.is_deleted(*place)));
        row += among.len();
    }
    Ok(found)
}

/// Whether a file of so many rows is written again without those that are deleted: where it is small, or much of it is. Of others
/// they are marked: a correction costs what it says, and not what lies around it.
fn is_worth_rewriting(rows: u64, deleted: u64, small_rows: u64) -> bool {
    const SHARE: u64 = 16;
    rows < small_rows || deleted >= rows / SHARE
}

/// Rows that hold again are copies: the version itself lies among the superseded already.
fn without_restored(rows: &RecordBatch) -> Result<RecordBatch> {
    let restored = rows.column_by_name("restored").and_then(|column| column.as_boolean_opt().cloned());
    let restored =
        restored.ok_or_else(|| Error::new(Kind::Corrupt, "read a data file of readings: it lacks a column"))?;
    let own = arrow::compute::not(&restored).map_err(|error| internal("choose rows", error))?;
    arrow::compute::filter_record_batch(rows, &own).map_err(|error| internal("choose rows", error))
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
