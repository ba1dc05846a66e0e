//! What a data file says of some keys.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use metrify_application::ports::Key;
use metrify_application::record::Version;
use metrify_application::{Error, Kind, Result};

use super::Held;
use crate::lookup;
use crate::rows::{self, versions_batch};
use crate::table::{FileFacts, Snapshot};
use crate::write::internal;

/// The rows of a data file that hold and have keys that were asked for, by where they stand in it.
pub(crate) struct Found<'k> {
    held: Arc<Held>,
    rows: BTreeMap<usize, Row<'k>>,
}

struct Row<'k> {
    key: &'k Key,
    /// Its version and whether that held before already; `None` where only the data file can tell.
    told: Option<(Version, bool)>,
}

impl Held {
    /// Looks for keys, of which those of a channel come together.
    pub(super) fn find<'k>(self: &Arc<Self>, facts: &FileFacts, keys: &[&'k Key]) -> Result<Found<'k>> {
        let (mut rows, mut reader) = (BTreeMap::new(), self.reader());
        let (mut last, mut found) = (None, Vec::new());
        for key in keys {
            let channel = match last {
                Some((channel, number)) if channel == &key.channel => number,
                _ => self.channel(&key.channel),
            };
            last = Some((&key.channel, channel));
            let Some(channel) = channel else { continue };
            reader.rows(channel, key.period, &mut found)?;
            for row in &found {
                let place = self.place(*row);
                if !facts.is_deleted(place) {
                    let told = reader.version(*row, &key.channel, key.period)?;
                    rows.insert(place, Row { key, told });
                }
            }
        }
        Ok(Found { held: self.clone(), rows })
    }
}

impl Found<'_> {
    /// Rows of the data file, the deleted ones too.
    pub(crate) fn rows_of_file(&self) -> u64 {
        u64::from(self.held.told.rows)
    }

    /// Where they stand.
    pub(crate) fn places(&self) -> Vec<u64> {
        self.rows.keys().map(|place| *place as u64).collect()
    }

    /// Whether none was found.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Those of them whose keys are wanted.
    pub(crate) fn only(mut self, wanted: impl Fn(&Key) -> bool) -> Self {
        self.rows.retain(|_, row| wanted(row.key));
        self
    }

    /// Their versions, each with whether it held before already; `None` where only the data file can tell.
    fn told(&self) -> Option<Vec<&(Version, bool)>> {
        self.rows.values().map(|row| row.told.as_ref()).collect()
    }

    /// # Errors
    /// Where the data file had to be read and cannot be.
    pub(crate) async fn versions(self, snapshot: &Snapshot, facts: &FileFacts) -> Result<Vec<Version>> {
        if self.told().is_some() {
            return Ok(self.rows.into_values().filter_map(|row| row.told).map(|(version, _)| version).collect());
        }
        let batches = self.read(snapshot, facts).await?;
        let rows = batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| (batch, row)));
        rows.map(|(batch, row)| rows::version(batch, row)).collect()
    }

    /// As rows of a table, but for those that held before already: they are copies of versions that lie among the superseded.
    ///
    /// # Errors
    /// As [`Self::versions`].
    pub(crate) async fn originals(&self, snapshot: &Snapshot, facts: &FileFacts) -> Result<Vec<RecordBatch>> {
        if let Some(told) = self.told() {
            let originals = told.into_iter().filter(|(_, restored)| !restored).map(|(version, _)| version);
            return Ok(vec![versions_batch(originals, false)?]);
        }
        self.read(snapshot, facts).await?.iter().map(without_restored).collect()
    }

    /// The rows as the data file has them.
    async fn read(&self, snapshot: &Snapshot, facts: &FileFacts) -> Result<Vec<RecordBatch>> {
        let places: Vec<usize> = self.rows.keys().copied().collect();
        let metadata = self.held.metadata.get_or_try_init(|| lookup::metadata(snapshot, facts)).await?;
        lookup::rows(snapshot, facts, metadata, &places, &[]).await
    }
}

fn without_restored(rows: &RecordBatch) -> Result<RecordBatch> {
    let restored = rows.column_by_name("restored").and_then(|column| column.as_boolean_opt());
    let restored =
        restored.ok_or_else(|| Error::new(Kind::Corrupt, "read a data file of readings: it lacks a column"))?;
    let own = arrow::compute::not(restored).map_err(|error| internal("choose rows", error))?;
    arrow::compute::filter_record_batch(rows, &own).map_err(|error| internal("choose rows", error))
}
