//! What is known of readings that come: nothing, the same, or something that has to be looked at.

use std::collections::HashSet;

use metrify_application::Result;
use metrify_application::ports::{Key, Known};
use metrify_domain::{Batch, Row};

use crate::held::{Held, HeldFiles};
use crate::schema::TableName;
use crate::table::{FileFacts, Range, Snapshot};
use crate::tenant::TenantLake;

/// What memory and lake know of each row of a batch.
///
/// # Errors
/// Where a data file cannot be read.
pub(crate) async fn known(lake: &TenantLake, files: &HeldFiles, batch: &Batch) -> Result<Vec<Known>> {
    let mut known = vec![Known::Nothing; batch.rows().len()];
    let (reached, readings, superseded, removals) = {
        // What leaves memory is in the tables by then: they are taken under the same lock.
        let mut working = lake.working();
        let reached = working.reached(batch);
        working.mark(batch, &reached, &mut known);
        let superseded = (!working.withdrawn.is_empty()).then(|| lake.before_memory(TableName::Superseded));
        (reached, lake.before_memory(TableName::Readings)?, superseded.transpose()?, working.state.removals())
    };
    let mut ordered = Vec::new();
    for snapshot in [Some(readings), superseded].into_iter().flatten() {
        let asked = may_hold(&snapshot, &lake.fresh(), batch, &reached);
        if ordered.is_empty() && !asked.is_empty() {
            ordered = in_order(batch);
        }
        for (file, fresh) in asked {
            let unknown = |row: &usize| known[*row] == Known::Nothing && (reached[*row] || !fresh);
            let is_within = |row: &Row| file.may_hold(batch.channel(row), row.period);
            let rows = ordered.iter().copied().filter(unknown).filter(|row| is_within(&batch.rows()[*row]));
            let rows: Vec<usize> = rows.collect();
            if !rows.is_empty() {
                let holds = snapshot.table == TableName::Readings;
                let holds = |row: &Row| holds && !removals.is_removed(&key(batch, row));
                let told = files.ask(&snapshot, &file, |held| compare((&file, held), batch, &rows, holds)).await?;
                told.into_iter().for_each(|(row, told)| known[row] = told);
            }
        }
    }
    Ok(known)
}

/// The rows of a batch in the order in which data files tell of them: each piece of a file is read once then, however the rows came.
fn in_order(batch: &Batch) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..batch.rows().len()).collect();
    rows.sort_unstable_by_key(|row| {
        let row = &batch.rows()[*row];
        (row.channel, row.period.start())
    });
    rows
}

fn key(batch: &Batch, row: &Row) -> Key {
    Key { channel: batch.channel(row).clone(), period: row.period }
}

/// The files that may know of any row, as far as their statistics tell, and whether they are fresh: files that hold what came since
/// the tables were opened are asked for rows alone that their channel has `reached` since.
fn may_hold(snapshot: &Snapshot, fresh: &HashSet<String>, batch: &Batch, reached: &[bool]) -> Vec<(FileFacts, bool)> {
    let starts = batch.rows().iter().map(|row| row.period.start());
    let Some(range) = starts.clone().min().zip(starts.max()).map(|(low, high)| Range { low, high }) else {
        return Vec::new();
    };
    let any_reached = reached.contains(&true);
    let files = snapshot.files.iter().filter(|file| file.starts.as_ref().is_none_or(|starts| starts.meets(&range)));
    let files = files.map(|file| (file, fresh.contains(&file.path)));
    files.filter(|(_, fresh)| any_reached || !fresh).map(|(file, fresh)| (file.clone(), fresh)).collect()
}

/// Those of the rows that a file knows of. What it says counts only where it `holds`.
fn compare(
    (file, held): (&FileFacts, &Held),
    batch: &Batch,
    rows: &[usize],
    holds: impl Fn(&Row) -> bool,
) -> Result<Vec<(usize, Known)>> {
    let (mut reader, mut found, mut told) = (held.reader(), Vec::new(), Vec::new());
    let without_messages = file.documents.as_ref().is_some_and(|documents| documents.high.is_empty());
    let mut channels: Vec<Option<Option<u32>>> = vec![None; batch.channels().len()];
    for place in rows {
        let row = &batch.rows()[*place];
        let channel = channels[row.channel as usize].get_or_insert_with(|| held.channel(batch.channel(row)));
        let Some(channel) = *channel else { continue };
        reader.rows(channel, row.period, &mut found)?;
        if let Some(found) = found.iter().find(|row| !file.is_deleted(held.place(**row))) {
            let same = reader.says(*found, batch, row)? == Some(true)
                && holds(row)
                && (without_messages || reader.came_with(*found)?.is_some_and(str::is_empty));
            told.push((*place, if same { Known::Same } else { Known::Open }));
        }
    }
    Ok(told)
}
