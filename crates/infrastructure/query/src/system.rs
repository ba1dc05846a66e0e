//! The house itself as tables: `system.tables`, `system.files`, `system.formats`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use datafusion::catalog::{MemorySchemaProvider, SchemaProvider};
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;
use metrify_formats::Format;
use metrify_lake::{TableName, View};

pub(crate) fn register(session: &SessionContext, view: &View) -> Result<()> {
    let schema = MemorySchemaProvider::new();
    for (name, rows) in [("tables", tables(view)?), ("files", files(view)?), ("formats", formats()?)] {
        let table = MemTable::try_new(rows.schema(), vec![vec![rows]])?;
        schema.register_table(name.to_owned(), Arc::new(table))?;
    }
    let catalog = session.catalog("metrify").ok_or_else(|| DataFusionError::Internal("no catalog".into()))?;
    catalog.register_schema("system", Arc::new(schema))?;
    Ok(())
}

fn texts<'t>(texts: impl Iterator<Item = &'t str>) -> ArrayRef {
    Arc::new(texts.map(Some).collect::<StringArray>())
}

fn numbers(numbers: impl Iterator<Item = u64>) -> ArrayRef {
    Arc::new(numbers.map(|number| Some(number.cast_signed())).collect::<Int64Array>())
}

/// Each Delta table: its version, files, rows and bytes, and the journal's position it holds.
fn tables(view: &View) -> Result<RecordBatch> {
    let snapshots: Vec<_> = TableName::ALL.into_iter().filter_map(|name| view.snapshot(name)).collect();
    let columns = [
        ("table", texts(snapshots.iter().map(|snapshot| snapshot.table.name()))),
        ("version", numbers(snapshots.iter().map(|snapshot| snapshot.version))),
        ("files", numbers(snapshots.iter().map(|snapshot| snapshot.files.len() as u64))),
        ("rows", numbers(snapshots.iter().map(|snapshot| snapshot.rows()))),
        ("bytes", numbers(snapshots.iter().map(|snapshot| snapshot.bytes()))),
        ("landed", numbers(snapshots.iter().map(|snapshot| snapshot.landed))),
    ];
    Ok(RecordBatch::try_from_iter(columns)?)
}

fn files(view: &View) -> Result<RecordBatch> {
    let snapshots = TableName::ALL.into_iter().filter_map(|name| view.snapshot(name));
    let files: Vec<_> =
        snapshots.flat_map(|snapshot| snapshot.files.iter().map(|file| (snapshot.table, file))).collect();
    let columns = [
        ("table", texts(files.iter().map(|(table, _)| table.name()))),
        ("path", texts(files.iter().map(|(_, file)| file.path.as_str()))),
        ("rows", numbers(files.iter().map(|(_, file)| file.rows))),
        ("bytes", numbers(files.iter().map(|(_, file)| file.bytes))),
    ];
    Ok(RecordBatch::try_from_iter(columns)?)
}

fn formats() -> Result<RecordBatch> {
    Ok(RecordBatch::try_from_iter([("format", texts(Format::ALL.iter().map(|format| format.name())))])?)
}
