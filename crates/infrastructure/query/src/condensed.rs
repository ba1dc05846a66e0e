//! `readings_latest` and `readings_daily`: what readings come to by channel, made of what is kept of their data files without making
//! rows of all of them.

use std::sync::Arc;

use arrow::datatypes::{DataType, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DataFusionError, Result, project_schema};
use datafusion::dataframe::DataFrame;
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::functions_aggregate::expr_fn::{max, min};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{
    Expr, LogicalPlanBuilder, TableProviderFilterPushDown, TableType, UNNAMED_TABLE, cast, lit, when,
};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::col;
use metrify_lake::{Grain, KeptFile, KeySet, READING_COLUMNS, TableName, View, Wanted, days};

use crate::files::Files;
use crate::functions::local_day;
use crate::kept;
use crate::sums::checked_sum;
use crate::views::{KEY, from_lake, holds, newest};

/// The columns of a day that tell which one it is.
const DAY_KEY: [&str; 6] = ["point", "quantity", "kind", "unit", "quality", "day"];

/// A table of one row a channel, or one for each of its days.
pub(crate) struct Condensed {
    grain: Grain,
    schema: SchemaRef,
    source: Source,
}

/// What it is made of.
pub(crate) enum Source {
    /// Data files and the memory before them.
    Files { files: Arc<Files>, view: Arc<View> },
    /// Readings as they were known once: nothing is kept of them in short.
    Rows(DataFrame),
}

impl std::fmt::Debug for Condensed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.source {
            Source::Files { files, .. } => write!(f, "{:?} of {files:?}", self.grain),
            Source::Rows(_) => write!(f, "{:?} of what was known", self.grain),
        }
    }
}

/// The columns as the engine takes what is computed: as if it might be null.
fn nullable(columns: &Schema) -> SchemaRef {
    let fields = columns.fields().iter().map(|field| field.as_ref().clone().with_nullable(true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

impl Condensed {
    /// The last reading of each channel, or what the readings of each come to on each local day; of readings with these columns.
    pub(crate) fn new(grain: Grain, readings: &SchemaRef, source: Source) -> Result<Self> {
        let schema = match grain {
            Grain::Day => nullable(&days()),
            Grain::Latest | Grain::Reading => {
                let places = READING_COLUMNS.map(|name| readings.index_of(name));
                nullable(&readings.project(&places.into_iter().collect::<Result<Vec<_>, _>>()?)?)
            }
        };
        Ok(Self { grain, schema, source })
    }

    /// Columns by which rows may be chosen before they are condensed.
    const fn key(&self) -> &[&str] {
        match self.grain {
            Grain::Day => &DAY_KEY,
            Grain::Latest | Grain::Reading => &["point", "quantity"],
        }
    }

    /// Those filters that choose channels or days.
    fn of_key(&self, filters: &[Expr]) -> Vec<Expr> {
        let is_of_key = |filter: &&Expr| {
            !filter.is_volatile() && filter.column_refs().iter().all(|column| self.key().contains(&column.name()))
        };
        filters.iter().filter(is_of_key).cloned().collect()
    }

    /// Rows of which each channel has few: of each file one, or one for each of its days, and what nobody keeps in short.
    async fn of_files(
        &self,
        (files, view): (&Arc<Files>, &Arc<View>),
        state: &SessionState,
        wanted: &Wanted,
        filters: &[Expr],
    ) -> Result<DataFrame> {
        let chosen = files.wanted(state, filters)?;
        let (kept, others) = files.kept(state, chosen, wanted).await;
        let others = others.into_iter().cloned().collect();
        let removed = view.removed();
        let mut others = read(state, Arc::new(files.only(others)))?;
        if !removed.is_empty() {
            others = others.filter(holds(removed.clone()))?;
        }
        let waiting = view.holding().map_err(from_lake)?;
        let waiting = MemTable::try_new(TableName::Readings.schema(), vec![waiting])?;
        let others = self.condense_one_by_one(others.union(read(state, Arc::new(waiting))?)?)?;
        let kept = kept.into_iter().map(Arc::new).collect();
        let kept = KeptRows { grain: self.grain, schema: self.schema.clone(), files: kept, removed };
        read(state, Arc::new(kept))?.union(others)
    }

    /// The same of rows, of which nothing is kept in short.
    fn of_rows(&self, readings: &DataFrame, state: &SessionState, filters: Vec<Expr>) -> Result<DataFrame> {
        let rows = DataFrame::new(state.clone(), readings.logical_plan().clone());
        self.condense_one_by_one(filters.into_iter().try_fold(rows, DataFrame::filter)?)
    }

    /// Each reading as if it were the only one.
    fn condense_one_by_one(&self, rows: DataFrame) -> Result<DataFrame> {
        let names = self.schema.fields().iter().map(|field| field.name().as_str());
        let columns: Vec<Expr> = match self.grain {
            Grain::Latest | Grain::Reading => names.map(col).collect(),
            Grain::Day => names
                .map(|name| match name {
                    "day" => Ok(local_day().call(vec![col("period_start")]).alias(name)),
                    "readings" => Ok(lit(1_i64).alias(name)),
                    "sum" | "minimum" | "maximum" => Ok(col("value").alias(name)),
                    "last_end" => Ok(col("period_end").alias(name)),
                    "shortest_us" | "longest_us" => Ok(length().alias(name)),
                    "phase_min_us" | "phase_max_us" => {
                        let phase = micros("period_start") % length();
                        Ok(when(length().gt(lit(0_i64)), phase).otherwise(lit(0_i64))?.alias(name))
                    }
                    _ => Ok(col(name)),
                })
                .collect::<Result<_>>()?,
        };
        rows.select(columns)
    }

    /// All rows of a channel, or of one of its days, as one.
    fn condense(&self, rows: DataFrame) -> Result<DataFrame> {
        if self.grain != Grain::Day {
            return newest(rows, self.key(), &["period_start", "period_end"]);
        }
        let sum = checked_sum();
        let (keys, amounts) = self.schema.fields().split_at(DAY_KEY.len());
        let amounts = amounts.iter().map(|field| {
            let name = field.name().as_str();
            let amount = match name {
                "minimum" | "shortest_us" | "phase_min_us" => min(col(name)),
                "maximum" | "last_end" | "longest_us" | "phase_max_us" => max(col(name)),
                _ => sum.call(vec![col(name)]),
            };
            amount.alias(name)
        });
        rows.aggregate(keys.iter().map(|field| col(field.name())).collect(), amounts.collect())
    }
}

#[async_trait]
impl TableProvider for Condensed {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let filters = self.of_key(filters);
        let columns = project_schema(&self.schema, projection)?;
        // What orders rows is needed besides.
        let is_needed = |name: &str| columns.index_of(name).is_ok() || KEY.contains(&name);
        let needed = self.schema.fields().iter().filter(|field| is_needed(field.name())).cloned();
        let needed = Arc::new(Schema::new(needed.collect::<Vec<_>>()));
        let wanted = kept::wanted(self.grain, needed, &filters, Arc::default());
        let of_readings = kept::of_readings(&filters, &wanted);
        let state = state.as_any().downcast_ref::<SessionState>();
        let state = state.ok_or_else(|| DataFusionError::Internal("a session of another kind".into()))?;
        let mut rows = match &self.source {
            Source::Files { files, view } => self.of_files((files, view), state, &wanted, &of_readings).await?,
            Source::Rows(readings) => self.of_rows(readings, state, of_readings)?,
        };
        if let Some(filter) = conjunction(filters) {
            rows = rows.filter(filter)?;
        }
        let casts = columns.fields().iter().map(|field| {
            let name = field.name().as_str();
            cast(col(name), field.data_type().clone()).alias(name)
        });
        unoptimised(self.condense(rows)?.select(casts.collect::<Vec<_>>())?).await
    }
}

/// A plan that becomes part of another one, which is optimised as a whole: joins that were optimised before cannot be once more.
pub(crate) async fn unoptimised(rows: DataFrame) -> Result<Arc<dyn ExecutionPlan>> {
    let (state, plan) = rows.into_parts();
    let state = SessionStateBuilder::new_from_existing(state).with_physical_optimizer_rules(Vec::new()).build();
    state.create_physical_plan(&plan).await
}

/// An instant as microseconds since 1970.
fn micros(column: &str) -> Expr {
    cast(col(column), DataType::Int64)
}

/// How long a period is.
fn length() -> Expr {
    micros("period_end") - micros("period_start")
}

pub(crate) fn read(state: &SessionState, table: Arc<dyn TableProvider>) -> Result<DataFrame> {
    let scan = LogicalPlanBuilder::scan(UNNAMED_TABLE, provider_as_source(table), None)?;
    Ok(DataFrame::new(state.clone(), scan.build()?))
}

/// The rows that are made of what is kept.
struct KeptRows {
    grain: Grain,
    schema: SchemaRef,
    files: Arc<[Arc<KeptFile>]>,
    removed: Arc<KeySet>,
}

impl std::fmt::Debug for KeptRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} of {} files", self.grain, self.files.len())
    }
}

#[async_trait]
impl TableProvider for KeptRows {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns = project_schema(&self.schema, projection)?;
        let wanted = kept::wanted(self.grain, columns, filters, self.removed.clone());
        kept::plan(&self.files, wanted, state.config_options().execution.target_partitions, limit)
    }
}
