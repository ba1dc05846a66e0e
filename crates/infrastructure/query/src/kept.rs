//! Readings from what is kept of their data files, instead of from the files.

use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, lit};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::prelude::col;
use futures::stream::try_unfold;
use metrify_domain::calendar::day::day_period;
use metrify_lake::{Grain, KeptFile, KeySet, Scan, Wanted};

use crate::functions::date;

/// What is wanted of readings for which the filters are true, or more than that.
pub(crate) fn wanted(grain: Grain, columns: SchemaRef, filters: &[Expr], removed: Arc<KeySet>) -> Wanted {
    let only = |column: &str| filters.iter().filter_map(|filter| texts(filter, column)).min_by_key(Vec::len);
    let bounds = filters.iter().filter_map(starts);
    let starts = bounds.fold(i64::MIN..=i64::MAX, |all, one| *all.start().max(one.start())..=*all.end().min(one.end()));
    Wanted { grain, columns, points: only("point"), quantities: only("quantity"), starts, removed }
}

/// Filters of readings that are true for all that is wanted, of those that are given and the times of what is.
pub(crate) fn of_readings(filters: &[Expr], wanted: &Wanted) -> Vec<Expr> {
    let is_of_channel =
        |filter: &&Expr| filter.column_refs().iter().all(|column| ["point", "quantity"].contains(&column.name()));
    let at = |micros: i64| lit(ScalarValue::TimestampMicrosecond(Some(micros), Some(Arc::from("UTC"))));
    let times =
        [col("period_start").gt_eq(at(*wanted.starts.start())), col("period_start").lt_eq(at(*wanted.starts.end()))];
    filters.iter().filter(is_of_channel).cloned().chain(times).collect()
}

fn is_column(expr: &Expr, name: &str) -> bool {
    matches!(expr, Expr::Column(column) if column.name == name)
}

fn text(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Literal(value, _) => value.try_as_str().flatten().map(str::to_owned),
        _ => None,
    }
}

/// The only texts of a column for which a filter may be true.
fn texts(filter: &Expr, column: &str) -> Option<Vec<String>> {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) if is_column(left, column) => {
            Some(vec![text(right)?])
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) if is_column(right, column) => {
            Some(vec![text(left)?])
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            let mut either = texts(left, column)?;
            either.extend(texts(right, column)?);
            either.sort_unstable();
            either.dedup();
            Some(either)
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            texts(left, column).or_else(|| texts(right, column))
        }
        Expr::InList(InList { expr, list, negated: false }) if is_column(expr, column) => {
            let mut texts: Vec<String> = list.iter().map(text).collect::<Option<_>>()?;
            texts.sort_unstable();
            texts.dedup();
            Some(texts)
        }
        _ => None,
    }
}

/// The only starts of periods, in microseconds, for which a filter may be true.
fn starts(filter: &Expr) -> Option<RangeInclusive<i64>> {
    let Expr::BinaryExpr(BinaryExpr { left, op, right }) = filter else { return None };
    let Expr::Literal(value, _) = right.as_ref() else { return None };
    // An instant, or all those of a local day.
    let (first, last) = match value {
        ScalarValue::TimestampMicrosecond(at, _) if is_column(left, "period_start") => ((*at)?, (*at)?),
        ScalarValue::Date32(day) if is_column(left, "day") => {
            let day = day_period(date((*day)?)?)?;
            (day.start().micros(), day.end().micros() - 1)
        }
        _ => return None,
    };
    match op {
        Operator::Eq => Some(first..=last),
        Operator::Gt | Operator::GtEq => Some(first..=i64::MAX),
        Operator::Lt | Operator::LtEq => Some(i64::MIN..=last),
        _ => None,
    }
}

/// Reads what is wanted of the files, in so many shares.
pub(crate) fn plan(
    files: &Arc<[Arc<KeptFile>]>,
    wanted: Wanted,
    shares: usize,
    limit: Option<usize>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let wanted = Arc::new(wanted);
    let share = |share| Arc::new(Share { files: files.clone(), wanted: wanted.clone(), share, shares });
    let partitions = (0..shares).map(|number| share(number) as Arc<dyn PartitionStream>).collect();
    let plan = StreamingTableExec::try_new(wanted.columns.clone(), partitions, None, None, false, limit)?;
    Ok(Arc::new(plan))
}

fn external(error: metrify_application::Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// One share of each file.
struct Share {
    files: Arc<[Arc<KeptFile>]>,
    wanted: Arc<Wanted>,
    share: usize,
    shares: usize,
}

impl std::fmt::Debug for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { files, wanted, share, shares } = self;
        write!(f, "share {share} of {shares} of {} files: {wanted:?}", files.len())
    }
}

impl PartitionStream for Share {
    fn schema(&self) -> &SchemaRef {
        &self.wanted.columns
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (wanted, share, shares) = (self.wanted.clone(), self.share, self.shares);
        let files = self.files.clone();
        let rows = try_unfold((None, 0), move |(mut open, mut next)| {
            let (wanted, files) = (wanted.clone(), files.clone());
            async move {
                loop {
                    let mut scan = match open.take() {
                        Some(scan) => scan,
                        None => match files.get(next) {
                            Some(file) => {
                                next += 1;
                                Scan::open(file, &wanted, share, shares).await.map_err(external)?
                            }
                            None => return Ok(None),
                        },
                    };
                    if let Some(rows) = scan.next().await.map_err(external)? {
                        return Ok(Some((rows, (Some(scan), next))));
                    }
                }
            }
        });
        Box::pin(RecordBatchStreamAdapter::new(self.wanted.columns.clone(), rows))
    }
}
