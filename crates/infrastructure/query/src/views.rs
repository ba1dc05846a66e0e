//! The tables that users see, made of files and memory.

use std::fmt;
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::datatypes::DataType;
use async_trait::async_trait;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::common::{DataFusionError, Result, ToDFSchema};
use datafusion::dataframe::DataFrame;
use datafusion::datasource::MemTable;
use datafusion::execution::memory_pool::MemoryLimit;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::functions_aggregate::expr_fn::{first_value, last_value, max, min};
use datafusion::functions_aggregate::min_max::min_udaf;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{
    ColumnarValue, EmptyRelation, Expr, ExprFunctionExt, JoinType, LogicalPlan, Volatility, create_udf, lit, not, when,
};
use datafusion::prelude::{SessionContext, col};
use metrify_application::Tenant;
use metrify_application::record::RejectState;
use metrify_domain::Timestamp;
use metrify_domain::quantity::{GRID_FAMILIES, METER_FAMILY};
use metrify_lake::{Grain, KeySet, TableName, View};

use crate::amounts::Amounts;
use crate::condensed::{Condensed, Source};
use crate::files::Files;
use crate::known;

pub(crate) const KEY: [&str; 4] = ["point", "quantity", "period_start", "period_end"];

/// What a tenant can ask about. A table is made once a query names it: most queries name one.
pub(crate) struct Views {
    /// Plans what the tables are made of, and knows no table itself.
    planner: SessionContext,
    tenant: Tenant,
    view: Arc<View>,
    /// Everything is told as it was known then; as it is where it is `None`.
    known_at: Option<Timestamp>,
}

impl fmt::Debug for Views {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tables of {}", self.tenant)
    }
}

/// Tables that are more than the records of one kind.
const VIEWS: [&str; 9] = [
    "readings",
    "readings_latest",
    "readings_daily",
    "readings_history",
    "amounts_daily",
    "points",
    "rejects",
    "grid",
    "weather",
];

/// Tables of records, as they are.
fn of_records() -> impl Iterator<Item = TableName> {
    let is_viewed = |table: &TableName| {
        matches!(table, TableName::Readings | TableName::Superseded | TableName::Points | TableName::Rejects)
    };
    TableName::ALL.into_iter().filter(move |table| !is_viewed(table))
}

#[async_trait]
impl SchemaProvider for Views {
    fn table_names(&self) -> Vec<String> {
        VIEWS.into_iter().chain(of_records().map(TableName::name)).map(str::to_owned).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let rows = match name {
            "readings" => self.readings()?,
            "readings_latest" => return Ok(Some(Arc::new(self.condensed(Grain::Latest)?))),
            "readings_daily" => return Ok(Some(Arc::new(self.condensed(Grain::Day)?))),
            "readings_history" => self.history()?,
            "amounts_daily" => {
                let daily = Arc::new(self.condensed(Grain::Day)?);
                return Ok(Some(Arc::new(Amounts::new(daily, self.readings()?))));
            }
            "points" => points(self.records(TableName::Points)?)?,
            "rejects" => rejects(self.records(TableName::Rejects)?)?,
            "grid" => self.readings()?.filter(is_of(GRID_FAMILIES))?.with_column_renamed("point", "area")?,
            "weather" => {
                let is_of_meters = col("quantity").like(lit("%:%")).or(is_of([METER_FAMILY]));
                let rows = self.readings()?.filter(not(is_of_meters.or(is_of(GRID_FAMILIES))))?;
                rows.with_column_renamed("point", "station")?
            }
            _ => match of_records().find(|table| table.name() == name) {
                Some(table) => self.records(table)?,
                None => return Ok(None),
            },
        };
        Ok(Some(rows.into_view()))
    }

    fn table_exist(&self, name: &str) -> bool {
        VIEWS.contains(&name) || of_records().any(|table| table.name() == name)
    }
}

/// Whether the quantity of a reading is of one of the families.
fn is_of<const N: usize>(families: [&str; N]) -> Expr {
    let quantity = || col("quantity");
    let families = families.into_iter();
    let is_of = families.map(|family| quantity().eq(lit(family)).or(quantity().like(lit(format!("{family}.%")))));
    is_of.reduce(Expr::or).unwrap_or(lit(false))
}

impl Views {
    pub(crate) const fn new(
        planner: SessionContext,
        tenant: Tenant,
        view: Arc<View>,
        known_at: Option<Timestamp>,
    ) -> Self {
        Self { planner, tenant, view, known_at }
    }

    fn files(&self, table: TableName) -> Result<Files> {
        let missing = || DataFusionError::Internal(format!("no snapshot of table {}", table.name()));
        let snapshot = self.view.snapshot(table).ok_or_else(missing)?;
        let store = ObjectStoreUrl::parse(format!("lake://{}.{}", self.tenant, table.name().replace('_', "-")))?;
        self.planner.runtime_env().register_object_store(store.as_ref(), snapshot.store());
        Ok(Files::new(snapshot.clone(), store))
    }

    fn read(&self, table: TableName) -> Result<DataFrame> {
        let files = self.files(table)?;
        if !files.is_empty() {
            return self.planner.read_table(Arc::new(files));
        }
        // Said in the plan, so that the engine leaves out what is made of it.
        let schema = Arc::new(files.schema().to_dfschema()?);
        let empty = LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: false, schema });
        Ok(DataFrame::new(self.planner.state(), empty))
    }

    fn memory(&self, table: TableName, batches: Vec<RecordBatch>) -> Result<DataFrame> {
        self.planner.read_table(Arc::new(MemTable::try_new(table.schema(), vec![batches])?))
    }

    fn readings(&self) -> Result<DataFrame> {
        match self.known_at {
            Some(then) => self.as_known(known::at(then)),
            None => self.holding(),
        }
    }

    /// What is made of the readings by channel: of what is kept of their files, unless that tells what came later.
    fn condensed(&self, grain: Grain) -> Result<Condensed> {
        let files = Arc::new(self.files(TableName::Readings)?);
        let columns = files.schema();
        let source = match self.known_at {
            Some(_) => Source::Rows(self.readings()?),
            None => Source::Files { files, view: self.view.clone() },
        };
        Condensed::new(grain, &columns, source)
    }

    fn holding(&self) -> Result<DataFrame> {
        let mut rows = self.read(TableName::Readings)?;
        let removed = self.view.removed();
        if !removed.is_empty() {
            rows = rows.filter(holds(removed))?;
        }
        let waiting = self.view.holding().map_err(from_lake)?;
        if !waiting.is_empty() {
            rows = rows.union(self.memory(TableName::Readings, waiting)?)?;
        }
        rows.select_columns(&metrify_lake::READING_COLUMNS)
    }

    /// Every version, each once: what holds again is a copy of a version that lies among the superseded.
    pub(crate) fn history(&self) -> Result<DataFrame> {
        let mut columns: Vec<&str> = metrify_lake::READING_COLUMNS.to_vec();
        columns.extend(["document", "sequence"]);
        let mut holding = self.read(TableName::Readings)?.filter(col("restored").eq(lit(false)))?;
        let moved = self.view.moved();
        if !moved.is_empty() {
            holding = holding.filter(holds(Arc::new(moved)))?;
        }
        let mut rows = holding.union(self.read(TableName::Superseded)?)?;
        let waiting = self.view.versions().map_err(from_lake)?;
        if !waiting.is_empty() {
            rows = rows.union(self.memory(TableName::Readings, waiting)?)?;
        }
        let rows = rows.select_columns(&columns)?;
        let withdrawals = self
            .records(TableName::Withdrawals)?
            .aggregate(vec![col("document")], vec![min(col("withdrawn_at")).alias("withdrawn_at")])?
            .with_column_renamed("document", "withdrawn")?;
        let retractions = self
            .all_records(TableName::Retractions)?
            .aggregate(vec![col("sequence")], vec![min(col("retracted_at")).alias("retracted_at")])?
            .with_column_renamed("sequence", "retracted")?;
        let joined = rows.join(withdrawals, JoinType::Left, &["document"], &["withdrawn"], None)?;
        let joined = joined.join(retractions, JoinType::Left, &["sequence"], &["retracted"], None)?;
        columns.extend(["withdrawn_at", "retracted_at"]);
        let rows = joined.select_columns(&columns)?;
        let Some(then) = self.known_at.map(known::at) else { return Ok(rows) };
        // What was retracted later was taken for known by mistake.
        let is_said = col("retracted_at").is_null().or(col("retracted_at").lt_eq(then.clone()));
        rows.filter(col("recorded_at").lt_eq(then))?.filter(is_said)
    }

    pub(crate) fn as_known(&self, then: Expr) -> Result<DataFrame> {
        known::as_known(self.history()?, self.contested()?, then)
    }

    /// The keys of which there may be several versions; `None` where they are so many that they would take a quarter of the memory that
    /// there is: to order all versions goes to the disk where it has to, to hold keys does not.
    fn contested(&self) -> Result<Option<DataFrame>> {
        /// About what a key takes in the tables that it is held in, to be told apart and to be joined, twice.
        const KEY_BYTES: u64 = 400;
        let waiting = self.view.contested().columns().map_err(from_lake)?;
        let count = self.files(TableName::Superseded)?.rows() + waiting.num_rows() as u64;
        if let MemoryLimit::Finite(bytes) = self.planner.runtime_env().memory_pool.memory_limit()
            && count * KEY_BYTES > bytes as u64 / 4
        {
            return Ok(None);
        }
        let superseded = self.read(TableName::Superseded)?.select_columns(&KEY)?;
        let waiting = if waiting.num_rows() == 0 { None } else { Some(self.planner.read_batch(waiting)?) };
        waiting.map_or(Ok(superseded.clone()), |waiting| superseded.union(waiting)).map(Some)
    }

    /// The rows of a table that were known.
    pub(crate) fn records(&self, table: TableName) -> Result<DataFrame> {
        let rows = self.all_records(table)?;
        match self.known_at {
            Some(then) => rows.filter(col(table.known_since()).lt_eq(known::at(then))),
            None => Ok(rows),
        }
    }

    fn all_records(&self, table: TableName) -> Result<DataFrame> {
        let rows = self.read(table)?;
        match self.view.records(table).map_err(from_lake)? {
            None => Ok(rows),
            Some(waiting) => rows.union(self.memory(table, vec![waiting])?),
        }
    }
}

pub(crate) fn from_lake(error: metrify_application::Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
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

/// One row a reject: as it was rejected, how it stands now, and since when it is resolved, where that is known.
fn rejects(records: DataFrame) -> Result<DataFrame> {
    let columns: Vec<String> = records.schema().fields().iter().map(|field| field.name().clone()).collect();
    let of_reject = || vec![col("reject")];
    let first = Expr::from(WindowFunction::new(min_udaf(), vec![col("rejected_at")]));
    let first = first.partition_by(of_reject()).build()?.alias("first_at");
    // `resolved` comes after `open` in the alphabet, too. Of one that was resolved twice the first time counts.
    let order = vec![col("state").sort(false, false), col("rejected_at").sort(true, false)];
    let place = row_number().partition_by(of_reject()).order_by(order).build()?.alias("place");
    let rows = records.window(vec![first])?.window(vec![place])?.filter(col("place").eq(lit(1_u64)))?;
    let is_told = col("state").eq(lit(RejectState::Resolved.name())).and(col("rejected_at").gt(col("first_at")));
    let resolved_at = when(is_told, col("rejected_at")).end()?.alias("resolved_at");
    let told = columns.iter().map(|name| match name.as_str() {
        "rejected_at" => col("first_at").alias(name),
        _ => col(name),
    });
    rows.select(told.chain([resolved_at]).collect::<Vec<_>>())
}

/// The newest row of each key: the last by `order`, of which no two rows of a key have the same. Kept while the rows go by, so that they
/// need no order themselves.
pub(crate) fn newest(rows: DataFrame, key: &[&str], order: &[&str]) -> Result<DataFrame> {
    let names: Vec<String> = rows.schema().fields().iter().map(|field| field.name().clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let by_order = || order.iter().map(|name| col(*name).sort(true, false)).collect();
    let others = names.iter().filter(|name| !key.contains(name));
    let last = others.map(|name| last_value(col(*name), by_order()).alias(*name)).collect();
    rows.aggregate(key.iter().map(|name| col(*name)).collect(), last)?.select_columns(&names)
}
