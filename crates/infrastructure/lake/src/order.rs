//! Puts what holds in memory into the order of data files, month by month: by point, quantity and period.
//!
//! Channels are put into order first, so that of rows nothing but numbers is compared.

use std::collections::{BTreeMap, HashMap};

use arrow::array::RecordBatch;
use foldhash::fast::RandomState;
use metrify_application::Result;
use metrify_application::record::Sequence;
use metrify_domain::{Channel, Period, Quantity, Timestamp};

use crate::lay::{Columns, Source};
use crate::memory::Chunk;

/// The month (UTC) that a period which starts at `start` is kept in: `2025-01`.
pub(crate) fn month_of(start: Timestamp) -> String {
    // Intake refuses what no calendar names.
    start.utc().map_or_else(|| "9999-12".to_owned(), |clock| clock.format("%Y-%m").to_string())
}

/// A row of memory, by what orders it and where it stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// Where its channel stands among all.
    rank: u32,
    period: Period,
    chunk: u32,
    row: u32,
}

/// The rows of all chunks that hold, as the columns of one file for each month.
pub(crate) fn months(chunks: &[&Chunk]) -> Result<Vec<(String, RecordBatch)>> {
    let mut months: BTreeMap<String, Vec<Place>> = BTreeMap::new();
    for (place, month) in places(chunks) {
        match months.get_mut(&month) {
            Some(places) => places.extend(place),
            None => drop(months.insert(month, place)),
        }
    }
    let laid = months.into_iter().map(|(month, mut places)| {
        places.sort_unstable();
        Ok((month, lay(chunks, &places)?))
    });
    laid.collect()
}

/// The places of each chunk's rows in runs of one month.
fn places(chunks: &[&Chunk]) -> Vec<(Vec<Place>, String)> {
    let ranks = ranks(chunks);
    let mut runs: Vec<(Vec<Place>, String)> = Vec::new();
    for (number, chunk) in (0..).zip(chunks) {
        let batch = &chunk.entry.batch;
        let own: Vec<u32> = batch.channels().iter().map(|channel| rank_of(&ranks, channel)).collect();
        for row in chunk.holding() {
            let (rank, period) = match batch.rows().get(row as usize) {
                Some(row) => (own[row.channel as usize], row.period),
                None => {
                    let version = &chunk.entry.restored[row as usize - batch.rows().len()];
                    (rank_of(&ranks, &version.channel), version.reading.period)
                }
            };
            let place = Place { rank, period, chunk: number, row };
            match runs.last_mut() {
                Some((run, _)) if same_month(run, period.start()) => run.push(place),
                _ => runs.push((vec![place], month_of(period.start()))),
            }
        }
    }
    runs
}

/// Whether an instant is surely of the month of a run: of the day of its last row, by the clock of UTC.
fn same_month(run: &[Place], at: Timestamp) -> bool {
    const DAY_MICROS: i64 = 86_400_000_000;
    run.last()
        .is_some_and(|last| last.period.start().micros().div_euclid(DAY_MICROS) == at.micros().div_euclid(DAY_MICROS))
}

type Ranks<'c> = HashMap<&'c Channel, u32, RandomState>;

/// Each channel's place in the order of files.
fn ranks<'c>(chunks: &[&'c Chunk]) -> Ranks<'c> {
    let mut channels: Ranks<'c> = HashMap::default();
    for chunk in chunks {
        let restored = chunk.entry.restored.iter().map(|version| &version.channel);
        for channel in chunk.entry.batch.channels().iter().chain(restored) {
            channels.insert(channel, 0);
        }
    }
    let mut quantities: HashMap<Quantity, String, RandomState> = HashMap::default();
    for channel in channels.keys() {
        quantities.entry(channel.quantity).or_insert_with(|| channel.quantity.to_string());
    }
    let text = |channel: &Channel| quantities.get(&channel.quantity).map(String::as_str);
    let mut ordered: Vec<&Channel> = channels.keys().copied().collect();
    ordered.sort_unstable_by(|one, other| {
        one.point.as_str().cmp(other.point.as_str()).then_with(|| text(one).cmp(&text(other)))
    });
    channels.extend(ordered.into_iter().zip(0..));
    channels
}

fn rank_of(ranks: &Ranks<'_>, channel: &Channel) -> u32 {
    ranks.get(channel).copied().unwrap_or(u32::MAX)
}

fn lay(chunks: &[&Chunk], places: &[Place]) -> Result<RecordBatch> {
    let mut columns = Columns::new()?;
    let mut sources: Vec<Source<'_>> = chunks
        .iter()
        .map(|chunk| Source::new(&chunk.entry.batch, chunk.entry.delivery.as_str(), chunk.entry.received_at))
        .collect();
    for place in places {
        let chunk = &chunks[place.chunk as usize];
        let (rows, row) = (chunk.entry.batch.rows(), place.row as usize);
        match rows.get(row) {
            Some(told) => {
                let sequence = Sequence::new(chunk.position, row);
                columns.push(&mut sources[place.chunk as usize], told, sequence);
            }
            None => columns.push_version(&chunk.entry.restored[row - rows.len()], true),
        }
    }
    columns.finish()
}
