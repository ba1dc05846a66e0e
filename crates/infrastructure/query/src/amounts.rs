//! `amounts_daily`: what adds up of what a point tells of a local day, each energy once (`metrify_domain::amount`).
//!
//! What readings come to by day tells it of nearly all points and days; where it does not, the readings of those days are looked at one by
//! one.

mod points;
mod sums;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef, TimestampMicrosecondType};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, ScalarValue, project_schema};
use datafusion::dataframe::DataFrame;
use datafusion::execution::session_state::SessionState;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::expr::Like;
use datafusion::logical_expr::{
    ColumnarValue, Expr, TableProviderFilterPushDown, TableType, Volatility, create_udf, lit,
};
use datafusion::physical_expr::expressions::col as column;
use datafusion::physical_expr::{
    Distribution, EquivalenceProperties, LexOrdering, OrderingRequirements, Partitioning, PhysicalExpr,
    PhysicalSortExpr,
};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties,
    InputDistributionRequirements, PlanProperties, ReplaceChildrenOptions,
};
use datafusion::prelude::col;
use futures::StreamExt;
use futures::stream::try_unfold;
use metrify_domain::Timestamp;
use metrify_domain::calendar::day::{day_number, day_period};

use self::points::Points;
use self::sums::{Sums, Unsettled};
use crate::condensed::{Condensed, read, unoptimised};
use crate::functions::{date, instant};

/// What of `readings_daily` tells how a day is settled, in this order.
const DAILY: [&str; 14] = [
    "point",
    "day",
    "quantity",
    "unit",
    "quality",
    "readings",
    "sum",
    "minimum",
    "maximum",
    "last_end",
    "shortest_us",
    "longest_us",
    "phase_min_us",
    "phase_max_us",
];
/// What of `readings` does.
const READINGS: [&str; 7] = ["point", "quantity", "period_start", "period_end", "value", "unit", "quality"];
/// Points that are named to the table of readings; of more all are gone through.
const POINTS_NAMED_MAX: usize = 1_024;

/// The table, made of what readings come to by day and of readings.
#[derive(Debug)]
pub(crate) struct Amounts {
    daily: Arc<Condensed>,
    readings: DataFrame,
}

impl Amounts {
    pub(crate) const fn new(daily: Arc<Condensed>, readings: DataFrame) -> Self {
        Self { daily, readings }
    }
}

/// Amounts of meters: names of the grid and the weather have no colon.
fn are_of_meters() -> Expr {
    col("kind").eq(lit("interval")).and(col("quantity").like(lit("%:%")))
}

/// Whether a filter chooses points, days, or directions of electricity as a whole, so that what competes is there.
fn is_whole(filter: &Expr) -> bool {
    let names: Vec<&str> = filter.column_refs().iter().map(|column| column.name()).collect();
    let is_of_direction = || {
        let Expr::Like(Like { negated: false, expr, pattern, escape_char: None, case_insensitive: false }) = filter
        else {
            return false;
        };
        let Expr::Literal(pattern, _) = pattern.as_ref() else { return false };
        let pattern = pattern.try_as_str().flatten();
        let function = pattern.and_then(|text| text.strip_prefix("1-%:")?.strip_suffix(".%"));
        matches!(expr.as_ref(), Expr::Column(column) if column.name == "quantity")
            && function.is_some_and(|function| function.bytes().all(|byte| byte.is_ascii_digit()))
    };
    !filter.is_volatile() && (names.iter().all(|name| ["point", "day"].contains(name)) || is_of_direction())
}

#[async_trait]
impl TableProvider for Amounts {
    fn schema(&self) -> SchemaRef {
        told::schema()
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
        let state = state.as_any().downcast_ref::<SessionState>();
        let state = state.ok_or_else(|| DataFusionError::Internal("a session of another kind".into()))?;
        let (mut daily, mut readings) = (read(state, self.daily.clone())?, self.readings.clone());
        for filter in filters.iter().filter(|filter| is_whole(filter)) {
            if filter.column_refs().iter().all(|column| column.name() != "day") {
                readings = readings.filter(filter.clone())?;
            }
            daily = daily.filter(filter.clone())?;
        }
        let daily = daily.filter(are_of_meters())?.select_columns(&DAILY)?;
        let daily = unoptimised(daily).await?;
        let readings = readings.filter(are_of_meters())?.select_columns(&READINGS)?;
        let projection = projection.cloned();
        Ok(Arc::new(Settle::new(daily, Arc::new(readings), projection)?))
    }
}

/// Settles days, each where all that is told of it by its point comes together.
struct Settle {
    daily: Arc<dyn ExecutionPlan>,
    readings: Arc<DataFrame>,
    projection: Option<Vec<usize>>,
    point: Arc<dyn PhysicalExpr>,
    order: LexOrdering,
    properties: Arc<PlanProperties>,
}

impl Settle {
    fn new(daily: Arc<dyn ExecutionPlan>, readings: Arc<DataFrame>, projection: Option<Vec<usize>>) -> Result<Self> {
        let (point, day) = (column("point", &daily.schema())?, column("day", &daily.schema())?);
        let order = LexOrdering::new([point.clone(), day].map(PhysicalSortExpr::new_default));
        let order = order.ok_or_else(|| DataFusionError::Internal("an order of nothing".into()))?;
        let schema = project_schema(&told::schema(), projection.as_ref())?;
        let shares = Partitioning::UnknownPartitioning(daily.output_partitioning().partition_count());
        let (emission, bounds) = (EmissionType::Incremental, Boundedness::Bounded);
        let properties = PlanProperties::new(EquivalenceProperties::new(schema), shares, emission, bounds);
        Ok(Self { daily, readings, projection, point, order, properties: Arc::new(properties) })
    }
}

impl fmt::Debug for Settle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Settle({:?})", self.daily)
    }
}

impl DisplayAs for Settle {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Settle: each energy once")
    }
}

impl ExecutionPlan for Settle {
    fn name(&self) -> &'static str {
        "Settle"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        InputDistributionRequirements::new(vec![Distribution::KeyPartitioned(vec![self.point.clone()])])
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        vec![Some(OrderingRequirements::from(self.order.clone()))]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.daily]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        f(&self.point)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let [daily] = <[_; 1]>::try_from(children)
            .map_err(|_| DataFusionError::Internal("days are settled of one plan".into()))?;
        Ok(Arc::new(Self::new(daily, self.readings.clone(), self.projection.clone())?))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let daily = self.daily.execute(partition, context.clone())?;
        let (readings, projection) = (self.readings.clone(), self.projection.clone());
        let begin = Step::Daily(daily, Box::new(Sums::new(&context)));
        let told = try_unfold(begin, move |step| step.next(readings.clone(), context.clone()));
        let told = told.map(move |batch| match &projection {
            Some(columns) => Ok(batch?.project(columns)?),
            None => batch,
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), told)))
    }
}

/// How far a share of the points is.
enum Step {
    Daily(SendableRecordBatchStream, Box<Sums>),
    Readings(SendableRecordBatchStream, Box<Points>),
    End,
}

impl Step {
    /// What is told next.
    async fn next(
        mut self,
        readings: Arc<DataFrame>,
        context: Arc<TaskContext>,
    ) -> Result<Option<(RecordBatch, Self)>> {
        loop {
            let told = match &mut self {
                Self::End => return Ok(None),
                Self::Daily(daily, sums) => match daily.next().await {
                    Some(batch) => sums.add(&batch?)?,
                    None => {
                        let (told, unsettled) = std::mem::replace(&mut **sums, Sums::new(&context)).end()?;
                        self = if unsettled.0.is_empty() {
                            Self::End
                        } else {
                            let rows = one_by_one(&readings, &unsettled.0).await?;
                            Self::Readings(rows, Box::new(Points::new(unsettled, &context)))
                        };
                        told
                    }
                },
                Self::Readings(rows, points) => match rows.next().await {
                    Some(batch) => points.add(&batch?)?,
                    None => {
                        let told = points.end()?;
                        self = Self::End;
                        told
                    }
                },
            };
            if told.num_rows() > 0 {
                return Ok(Some((told, self)));
            }
        }
    }
}

/// The readings of days that are not settled, and of those around them that have a say, in the order of their points and times.
async fn one_by_one(readings: &DataFrame, unsettled: &Unsettled) -> Result<SendableRecordBatchStream> {
    let around = |days: &BTreeSet<i32>| days.iter().flat_map(|day| day - 1..=day + 2).collect::<BTreeSet<i32>>();
    let around: BTreeMap<String, BTreeSet<i32>> =
        unsettled.iter().map(|(point, days)| (point.clone(), around(days))).collect();
    let mut rows = readings.clone();
    let at = |at: Timestamp| lit(ScalarValue::TimestampMicrosecond(Some(at.micros()), Some(Arc::from("UTC"))));
    let bounds = |day: Option<&i32>| date(*day?).and_then(day_period);
    if let Some(first) = bounds(around.values().filter_map(BTreeSet::first).min()) {
        rows = rows.filter(col("period_start").gt_eq(at(first.start())))?;
    }
    if let Some(last) = bounds(around.values().filter_map(BTreeSet::last).max()) {
        rows = rows.filter(col("period_start").lt(at(last.end())))?;
    }
    if around.len() <= POINTS_NAMED_MAX {
        rows = rows.filter(col("point").in_list(around.keys().map(|point| lit(point.as_str())).collect(), false))?;
    }
    let rows = rows.filter(are_of(around))?;
    rows.sort(vec![col("point").sort(true, false), col("period_start").sort(true, false)])?.execute_stream().await
}

/// Whether a reading is of one of these days of its point.
fn are_of(days: BTreeMap<String, BTreeSet<i32>>) -> Expr {
    let function = move |arguments: &[ColumnarValue]| {
        let columns = ColumnarValue::values_to_arrays(arguments)?;
        let (points, starts) = (columns[0].as_string_view(), columns[1].as_primitive::<TimestampMicrosecondType>());
        let is_of = |(point, start): (Option<&str>, Option<i64>)| {
            let days = days.get(point?)?;
            Some(days.contains(&day_number(Timestamp::from_micros(start?))))
        };
        let are_of: BooleanArray = points.iter().zip(starts).map(|row| Some(is_of(row).unwrap_or(false))).collect();
        Ok(ColumnarValue::Array(Arc::new(are_of)))
    };
    let arguments = vec![DataType::Utf8View, instant()];
    // Volatile, since another moment has other days behind the same name.
    let function = create_udf("is_unsettled", arguments, DataType::Boolean, Volatility::Volatile, Arc::new(function));
    function.call(vec![col("point"), col("period_start")])
}
