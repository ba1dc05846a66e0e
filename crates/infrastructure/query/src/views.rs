//! The tables that users see, made of files and memory.

use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::datatypes::DataType;
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{DataFusionError, Result, plan_err};
use datafusion::dataframe::DataFrame;
use datafusion::datasource::{MemTable, ViewTable};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::functions_aggregate::expr_fn::{first_value, last_value, max, min};
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::{ColumnarValue, Expr, ExprFunctionExt, JoinType, Volatility, create_udf, lit};
use datafusion::prelude::{SessionContext, col};
use metrify_application::Tenant;
use metrify_domain::quantity::GRID_FAMILIES;
use metrify_formats::RecordTable;
use metrify_lake::{KeySet, TableName, View};

use crate::condensed::Condensed;
use crate::files::Files;
use crate::functions::as_instant;
use crate::profiles::Profiles;

const KEY: [&str; 4] = ["point", "quantity", "period_start", "period_end"];

/// Registers everything a tenant can ask about.
pub(crate) async fn register(session: &SessionContext, tenant: &Tenant, view: &Arc<View>) -> Result<()> {
    let of_readings = Arc::new(files(session, tenant, view, TableName::Readings)?);
    let readings = readings(session, of_readings.clone(), view)?;
    session.register_table("readings", readings.into_view())?;
    session.register_table("readings_latest", Arc::new(Condensed::latest(of_readings.clone(), view.clone())?))?;
    session.register_table("readings_daily", Arc::new(Condensed::daily(of_readings, view.clone())))?;
    let history = history(session, tenant, view)?;
    session.register_table("readings_history", history.clone().into_view())?;
    session.register_udtf("readings_as_known", Arc::new(AsKnown { history }));

    for table in [
        TableName::Meters,
        TableName::Findings,
        TableName::Deliveries,
        TableName::Receipts,
        TableName::Withdrawals,
        TableName::Retractions,
    ] {
        session.register_table(table.name(), records(session, tenant, view, table)?.into_view())?;
    }
    for table in RecordTable::ALL {
        let rows = records(session, tenant, view, TableName::Records(table))?;
        session.register_table(table.name(), rows.into_view())?;
    }
    let tables = records(session, tenant, view, TableName::Records(RecordTable::LoadProfiles))?;
    session.register_udtf("load_profile", Arc::new(Profiles { tables }));
    let points = points(records(session, tenant, view, TableName::Points)?)?;
    session.register_table("points", points.into_view())?;
    // A reject that was resolved says so in a later row; `resolved` comes after `open` in the alphabet, too.
    let rejects = newest(records(session, tenant, view, TableName::Rejects)?, &["reject"], &["state"])?;
    session.register_table("rejects", rejects.into_view())?;

    let families =
        GRID_FAMILIES.map(|family| format!("quantity = '{family}' OR quantity LIKE '{family}.%'")).join(" OR ");
    for (name, point, rule) in [
        ("grid", "area", format!("({families})")),
        ("weather", "station", format!("quantity NOT LIKE '%:%' AND NOT ({families})")),
    ] {
        let rows = session.sql(&format!("SELECT * FROM readings WHERE {rule}")).await?;
        session.register_table(name, rows.with_column_renamed("point", point)?.into_view())?;
    }
    Ok(())
}

fn files(session: &SessionContext, tenant: &Tenant, view: &View, table: TableName) -> Result<Files> {
    let missing = || DataFusionError::Internal(format!("no snapshot of table {}", table.name()));
    let snapshot = view.snapshot(table).ok_or_else(missing)?;
    let store = ObjectStoreUrl::parse(format!("lake://{tenant}.{}", table.name().replace('_', "-")))?;
    session.runtime_env().register_object_store(store.as_ref(), snapshot.store());
    Ok(Files::new(snapshot.clone(), store))
}

fn memory(session: &SessionContext, table: TableName, batches: Vec<RecordBatch>) -> Result<DataFrame> {
    session.read_table(Arc::new(MemTable::try_new(table.schema(), vec![batches])?))
}

pub(crate) fn from_lake(error: metrify_application::Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

fn readings(session: &SessionContext, files: Arc<Files>, view: &View) -> Result<DataFrame> {
    let mut rows = session.read_table(files)?;
    let removed = view.removed();
    if !removed.is_empty() {
        rows = rows.filter(holds(Arc::new(removed)))?;
    }
    let waiting = view.holding().map_err(from_lake)?;
    if !waiting.is_empty() {
        rows = rows.union(memory(session, TableName::Readings, waiting)?)?;
    }
    rows.select_columns(&metrify_lake::READING_COLUMNS)
}

/// Whether a row of the lake is not among those that hold no longer.
pub(crate) fn holds(removed: Arc<KeySet>) -> Expr {
    let texts = [DataType::Utf8, DataType::Utf8];
    let times = [crate::functions::instant(), crate::functions::instant()];
    let arguments = texts.into_iter().chain(times).collect();
    let function = move |arguments: &[ColumnarValue]| {
        let columns = ColumnarValue::values_to_arrays(arguments)?;
        let fields = KEY.iter().zip(&columns).map(|(name, column)| (*name, column.clone()));
        let rows = RecordBatch::try_from_iter(fields)?;
        let gone = removed.contains(&rows).ok_or_else(|| DataFusionError::Internal("a key lacks a column".into()))?;
        let holds: BooleanArray = gone.values().iter().map(|gone| Some(!gone)).collect();
        Ok(ColumnarValue::Array(Arc::new(holds)))
    };
    // Volatile, since another moment has another set behind the same name.
    let function = create_udf("holds", arguments, DataType::Boolean, Volatility::Volatile, Arc::new(function));
    function.call(KEY.map(col).to_vec())
}

/// Every version, each once: what holds again is a copy of a version that lies among the superseded.
fn history(session: &SessionContext, tenant: &Tenant, view: &View) -> Result<DataFrame> {
    let mut columns: Vec<&str> = metrify_lake::READING_COLUMNS.to_vec();
    columns.extend(["document", "sequence"]);
    let read = |table| session.read_table(Arc::new(files(session, tenant, view, table)?));
    let mut holding = read(TableName::Readings)?.filter(col("restored").eq(lit(false)))?;
    let moved = view.moved();
    if !moved.is_empty() {
        holding = holding.filter(holds(Arc::new(moved)))?;
    }
    let mut rows = holding.union(read(TableName::Superseded)?)?;
    let waiting = view.versions().map_err(from_lake)?;
    if !waiting.is_empty() {
        rows = rows.union(memory(session, TableName::Readings, waiting)?)?;
    }
    let rows = rows.select_columns(&columns)?;
    let withdrawals = records(session, tenant, view, TableName::Withdrawals)?
        .aggregate(vec![col("document")], vec![min(col("withdrawn_at")).alias("withdrawn_at")])?
        .with_column_renamed("document", "withdrawn")?;
    let retractions = records(session, tenant, view, TableName::Retractions)?
        .aggregate(vec![col("sequence")], vec![min(col("retracted_at")).alias("retracted_at")])?
        .with_column_renamed("sequence", "retracted")?;
    let joined = rows.join(withdrawals, JoinType::Left, &["document"], &["withdrawn"], None)?;
    let joined = joined.join(retractions, JoinType::Left, &["sequence"], &["retracted"], None)?;
    columns.extend(["withdrawn_at", "retracted_at"]);
    joined.select_columns(&columns)
}

fn records(session: &SessionContext, tenant: &Tenant, view: &View, table: TableName) -> Result<DataFrame> {
    let rows = session.read_table(Arc::new(files(session, tenant, view, table)?))?;
    match view.records(table).map_err(from_lake)? {
        None => Ok(rows),
        Some(waiting) => rows.union(memory(session, table, vec![waiting])?),
    }
}

/// One row a point: what it was when it was first seen, and how it stands now.
fn points(records: DataFrame) -> Result<DataFrame> {
    let by_time = || vec![col("since").sort(true, false)];
    let columns = vec![
        first_value(col("kind"), by_time()).alias("kind"),
        max(col("name")).alias("name"),
        last_value(col("status"), by_time()).alias("status"),
        min(col("since")).alias("since"),
        first_value(col("delivery"), by_time()).alias("delivery"),
    ];
    records.aggregate(vec![col("point")], columns)
}

/// The newest row of each key: the greatest by `order`, one column after the other.
pub(crate) fn newest(rows: DataFrame, key: &[&str], order: &[&str]) -> Result<DataFrame> {
    let columns: Vec<String> = rows.schema().fields().iter().map(|field| field.name().clone()).collect();
    let place = row_number()
        .partition_by(key.iter().map(|name| col(*name)).collect())
        .order_by(order.iter().map(|name| col(*name).sort(false, false)).collect())
        .build()?
        .alias("place");
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    rows.window(vec![place])?.filter(col("place").eq(lit(1_u64)))?.select_columns(&columns)
}

/// `readings_as_known('2025-01-05T00:00:00Z')`: what was known at that instant.
#[derive(Debug)]
struct AsKnown {
    history: DataFrame,
}

impl TableFunctionImpl for AsKnown {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let [argument] = args.exprs() else {
            return plan_err!("readings_as_known takes one argument: the instant, such as '2025-01-05T00:00:00Z'");
        };
        let at = lit(as_instant(argument)?);
        let known = self.history.clone().filter(col("recorded_at").lt_eq(at.clone()))?;
        let standing = known.filter(col("withdrawn_at").is_null().or(col("withdrawn_at").gt(at)))?;
        // What a delivery never said was not known at any time, whatever we took it for.
        let standing = standing.filter(col("retracted_at").is_null())?;
        let rows = newest(standing, &KEY, &["recorded_at", "document", "sequence"])?;
        let rows = rows.select_columns(&metrify_lake::READING_COLUMNS)?;
        Ok(Arc::new(ViewTable::new(rows.logical_plan().clone(), None)))
    }
}
