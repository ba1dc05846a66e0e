//! The readings of one point, found without a plan: in what is kept of data files, and in memory.

use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{SchemaRef, TimestampMicrosecondType};
use metrify_application::{Error, Kind, Result, Tenant};
use metrify_domain::Point;

use crate::DeltaLake;
use crate::held::{Grain, Scan, Wanted};
use crate::memory::View;
use crate::schema::TableName;
use crate::table::FileFacts;
use crate::write::internal;

/// Which readings of a point are wanted.
#[derive(Clone, Debug)]
pub struct OfPoint {
    pub point: Point,
    /// Where not all are.
    pub quantity: Option<String>,
    /// When periods start, in microseconds.
    pub starts: RangeInclusive<i64>,
    /// Some of the table's columns, their texts as views.
    pub columns: SchemaRef,
    /// Periods behind that of this start and end alone, where it is one quantity that is wanted.
    pub behind: Option<(i64, i64)>,
    /// Rows that are wanted at most, of the first by quantity and period.
    pub limit: usize,
}

impl OfPoint {
    fn may_be_in(&self, file: &FileFacts) -> bool {
        let of = |texts: &Option<crate::Range<String>>, text: &str| {
            texts.as_ref().is_none_or(|range| range.low.as_str() <= text && text <= range.high.as_str())
        };
        let in_time = file.starts.as_ref().is_none_or(|range| {
            range.low.micros() <= *self.starts.end() && *self.starts.start() <= range.high.micros()
        });
        in_time
            && of(&file.points, self.point.as_str())
            && self.quantity.as_ref().is_none_or(|quantity| of(&file.quantities, quantity))
    }

    /// When those rows start that are behind the one that was told last.
    fn starts_behind(&self, batches: &[RecordBatch]) -> Result<Vec<i64>> {
        let lacking = || Error::new(Kind::Internal, "count the readings: their periods are not among the columns");
        let mut all = Vec::new();
        for batch in batches {
            let micros = |name: &str| batch.column_by_name(name)?.as_primitive_opt::<TimestampMicrosecondType>();
            let starts = micros("period_start").ok_or_else(lacking)?.values().iter();
            let ends = micros("period_end").ok_or_else(lacking)?.values().iter();
            let behind = starts.zip(ends).filter(|(start, end)| self.behind.is_none_or(|last| last < (**start, **end)));
            all.extend(behind.map(|(start, _)| *start));
        }
        Ok(all)
    }

    /// Whether as many rows as are wanted start before all that a file has.
    fn has_enough_before(&self, file: &FileFacts, starts: &mut [i64]) -> bool {
        let Some(first) = file.starts.as_ref().map(|range| range.low.micros()) else { return false };
        let Some(place) = self.limit.checked_sub(1).filter(|place| *place < starts.len()) else { return false };
        *starts.select_nth_unstable(place).1 < first
    }

    fn wanted(&self, view: &View) -> Wanted {
        Wanted {
            grain: Grain::Reading,
            columns: self.columns.clone(),
            points: Some(vec![self.point.to_string()]),
            quantities: self.quantity.clone().map(|quantity| vec![quantity]),
            starts: self.starts.clone(),
            removed: view.removed(),
        }
    }
}

impl DeltaLake {
    /// What holds of a point: of each data file, and of memory, the first rows in the order of quantity and period, enough that the
    /// first of all are among them. `None` where something of it is not kept beside its data file, which has to be read then.
    ///
    /// # Errors
    /// Where the tenant's tables are not open, or what is kept can neither be read nor made again.
    pub async fn of_point(&self, tenant: &Tenant, wanted: &OfPoint) -> Result<Option<Vec<RecordBatch>>> {
        let view = self.view(tenant)?;
        let mut found = view.holding_of(wanted)?;
        let Some(snapshot) = view.snapshot(TableName::Readings) else { return Ok(Some(found)) };
        let of_files = Arc::new(wanted.wanted(&view));
        let mut files: Vec<&FileFacts> = snapshot.files.iter().filter(|file| wanted.may_be_in(file)).collect();
        files.sort_by_key(|file| file.starts.as_ref().map(|starts| starts.low));
        let mut starts = wanted.starts_behind(&found)?;
        for file in files {
            // Of one quantity those that are wanted are the first by time, and files come in its order.
            if wanted.quantity.is_some() && wanted.has_enough_before(file, &mut starts) {
                break;
            }
            let Some(kept) = self.held().kept_file(snapshot, file, &of_files).await else { return Ok(None) };
            let mut scan = Scan::open(&Arc::new(kept), &of_files, 0, 1).await?;
            let mut rows = 0;
            while rows < wanted.limit {
                let Some(batch) = scan.next().await? else { break };
                let behind = wanted.starts_behind(std::slice::from_ref(&batch))?;
                rows += behind.len();
                starts.extend(behind);
                found.push(batch);
            }
        }
        Ok(Some(found))
    }
}

impl View {
    /// What holds of a point and is in memory alone.
    fn holding_of(&self, wanted: &OfPoint) -> Result<Vec<RecordBatch>> {
        let columns = wanted.columns.fields().iter();
        let of_table = TableName::Readings.schema();
        let places = columns.map(|column| of_table.index_of(column.name())).collect::<std::result::Result<Vec<_>, _>>();
        let places = places.map_err(|error| internal("find a column of readings", error))?;
        let mut batches = Vec::new();
        for chunk in self.state.chunks.iter() {
            let rows = chunk.rows_of(&wanted.point);
            if rows.is_empty() {
                continue;
            }
            let in_time = |row: &u32| wanted.starts.contains(&chunk.start(*row).micros());
            let is_wanted = |row: &u32| match &wanted.quantity {
                Some(quantity) => chunk.key(*row).channel.quantity.to_string() == *quantity,
                None => true,
            };
            let holding = rows.iter().copied().filter(|row| !chunk.ended.contains_key(row));
            for batch in chunk.columns_of(holding.filter(in_time).filter(is_wanted))? {
                batches.push(batch.project(&places).map_err(|error| internal("lay rows into columns", error))?);
            }
        }
        Ok(batches)
    }
}
