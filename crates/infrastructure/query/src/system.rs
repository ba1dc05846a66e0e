//! The house itself as tables: `system.tables`, `system.files`, `system.formats`, `system.gas_profiles`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, Int64Array, RecordBatch, StringArray};
use datafusion::catalog::{MemorySchemaProvider, SchemaProvider};
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;
use metrify_domain::decimal::{PRECISION, SCALE};
use metrify_domain::profile::gas::GasProfile;
use metrify_formats::Format;
use metrify_lake::{TableName, View};

use crate::CATALOG;

pub(crate) fn register(session: &SessionContext, view: &View) -> Result<()> {
    let schema = MemorySchemaProvider::new();
    let tables = [
        ("tables", tables(view)?),
        ("files", files(view)?),
        ("formats", formats()?),
        ("gas_profiles", gas_profiles()?),
    ];
    for (name, rows) in tables {
        let table = MemTable::try_new(rows.schema(), vec![vec![rows]])?;
        schema.register_table(name.to_owned(), Arc::new(table))?;
    }
    let catalog = session.catalog(CATALOG).ok_or_else(|| DataFusionError::Internal("no catalog".into()))?;
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
        ("rows", numbers(files.iter().map(|(_, file)| file.rows_left()))),
        ("deleted", numbers(files.iter().map(|(_, file)| file.rows - file.rows_left()))),
        ("bytes", numbers(files.iter().map(|(_, file)| file.bytes))),
    ];
    Ok(RecordBatch::try_from_iter(columns)?)
}

fn formats() -> Result<RecordBatch> {
    Ok(RecordBatch::try_from_iter([("format", texts(Format::ALL.iter().map(|format| format.name())))])?)
}

/// The published gas profiles with their coefficients.
fn gas_profiles() -> Result<RecordBatch> {
    let profiles: Vec<_> = GasProfile::all().collect();
    let mut columns = vec![("profile", texts(profiles.iter().map(|profile| profile.name)))];
    let names = ["a", "b", "c", "d", "heating_slope", "heating_start", "water_slope", "water_start"];
    for (index, name) in names.into_iter().enumerate() {
        let units = profiles.iter().map(|profile| {
            let ([a, b, c, d], heating, water) = profile.function.coefficients();
            [a, b, c, d, heating.slope, heating.start, water.slope, water.start][index].units()
        });
        let column = Decimal128Array::from_iter_values(units).with_precision_and_scale(PRECISION as u8, SCALE as i8)?;
        columns.push((name, Arc::new(column)));
    }
    Ok(RecordBatch::try_from_iter(columns)?)
}
