//! What a data file says of some keys.

use std::collections::BTreeMap;

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
pub(crate) struct Found<'h, 'k> {
    pub(crate) held: &'h Held,
    pub(crate) snapshot: &'h Snapshot,
    pub(crate) facts: &'h FileFacts,
    rows: BTreeMap<usize, (u32, &'k Key)>,
}

impl Held {
    /// Looks for keys, of which those of a channel come together.
    pub(crate) fn find<'h, 'k>(
        &'h self,
        snapshot: &'h Snapshot,
        facts: &'h FileFacts,
        keys: &[&'k Key],
    ) -> Found<'h, 'k> {
        let mut found = BTreeMap::new();
        let mut last = None;
        for key in keys {
            let runs = match last.take() {
                Some((channel, runs)) if channel == &key.channel => runs,
                _ => self.runs_of(&key.channel),
            };
            last = Some((&key.channel, runs.clone()));
            let rows = runs.into_iter().flat_map(|runs| self.rows_of(runs, key.period));
            let rows = rows.map(|row| (self.place(row), (row, *key)));
            found.extend(rows.filter(|(place, _)| !facts.is_deleted(*place)));
        }
        Found { held: self, snapshot, facts, rows: found }
    }
}

impl Found<'_, '_> {
    /// Where they stand.
    pub(crate) fn places(&self) -> Vec<u64> {
        self.rows.keys().map(|place| *place as u64).collect()
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.rows.values().map(|(_, key)| *key)
    }

    /// Whether none was found.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Those of them whose keys are wanted.
    pub(crate) fn only(mut self, wanted: impl Fn(&Key) -> bool) -> Self {
        self.rows.retain(|_, (_, key)| wanted(key));
        self
    }

    /// Their versions, each with whether it held before already; `None` where only the data file can tell.
    fn told(&self) -> Result<Option<Vec<(Version, bool)>>> {
        let mut reader = self.held.reader();
        self.rows.values().map(|(row, key)| reader.version(*row, &key.channel, key.period)).collect()
    }

    /// # Errors
    /// Where the data file had to be read and cannot be.
    pub(crate) async fn versions(&self) -> Result<Vec<Version>> {
        if let Some(told) = self.told()? {
            return Ok(told.into_iter().map(|(version, _)| version).collect());
        }
        let batches = self.read().await?;
        let rows = batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| (batch, row)));
        rows.map(|(batch, row)| rows::version(batch, row)).collect()
    }

    /// As rows of a table, but for those that held before already: they are copies of versions that lie among the superseded.
    ///
    /// # Errors
    /// As [`Self::versions`].
    pub(crate) async fn originals(&self) -> Result<Vec<RecordBatch>> {
        if let Some(told) = self.told()? {
            let originals = told.iter().filter(|(_, restored)| !restored).map(|(version, _)| version);
            return Ok(vec![versions_batch(originals, false)?]);
        }
        self.read().await?.iter().map(without_restored).collect()
    }

    /// The rows as the data file has them.
    async fn read(&self) -> Result<Vec<RecordBatch>> {
        let places: Vec<usize> = self.rows.keys().copied().collect();
        let metadata = self.held.metadata.get_or_try_init(async || {
            let opened = lookup::Opened::of(self.snapshot, self.facts).await?;
            Ok(opened.metadata())
        });
        lookup::rows(self.snapshot, self.facts, metadata.await?, &places, &[]).await
    }
}

fn without_restored(rows: &RecordBatch) -> Result<RecordBatch> {
    let restored = rows.column_by_name("restored").and_then(|column| column.as_boolean_opt());
    let restored =
        restored.ok_or_else(|| Error::new(Kind::Corrupt, "read a data file of readings: it lacks a column"))?;
    let own = arrow::compute::not(restored).map_err(|error| internal("choose rows", error))?;
    arrow::compute::filter_record_batch(rows, &own).map_err(|error| internal("choose rows", error))
}
