//! What was known then: of all versions of a reading the one that held at an instant, by the rule that intake keeps.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::datatypes::{DataType, Decimal128Type, Field, FieldRef, Int64Type, TimestampMicrosecondType};
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{DataFusionError, Result, ScalarValue, plan_err};
use datafusion::dataframe::DataFrame;
use datafusion::datasource::ViewTable;
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{
    Expr, ExprFunctionExt, JoinType, PartitionEvaluator, Signature, Volatility, WindowUDF, WindowUDFImpl, lit,
};
use datafusion::prelude::col;
use metrify_application::ingest::{Said, Statement, holding_of};
use metrify_application::record::Sequence;
use metrify_domain::decimal::{PRECISION, SCALE};
use metrify_domain::{Decimal, Timestamp, Unit};

use crate::functions::{as_instant, instant};
use crate::views::{KEY, Views};

/// An instant as SQL compares it.
pub(crate) fn at(instant: Timestamp) -> Expr {
    lit(ScalarValue::TimestampMicrosecond(Some(instant.micros()), Some(Arc::from("UTC"))))
}

/// `readings_as_known('2025-01-05T00:00:00Z')`: what was known at that instant.
#[derive(Debug)]
pub(crate) struct AsKnown {
    pub(crate) views: Arc<Views>,
}

impl TableFunctionImpl for AsKnown {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let [argument] = args.exprs() else {
            return plan_err!("readings_as_known takes one argument: the instant, such as '2025-01-05T00:00:00Z'");
        };
        let rows = self.views.as_known(lit(as_instant(argument)?))?;
        Ok(Arc::new(ViewTable::new(rows.logical_plan().clone(), None)))
    }
}

/// The readings that held at an instant, of all versions; `contested` are the keys of which there may be several, `None` where they are too
/// many to be held at once.
pub(crate) fn as_known(history: DataFrame, contested: Option<DataFrame>, then: Expr) -> Result<DataFrame> {
    let known = history.filter(col("recorded_at").lt_eq(then.clone()))?;
    let standing = known.filter(col("withdrawn_at").is_null().or(col("withdrawn_at").gt(then)))?;
    // What a delivery never said was not known at any time, whatever we took it for.
    let standing = standing.filter(col("retracted_at").is_null())?;
    let Some(contested) = contested else {
        let holds = holds(&KEY)?;
        return standing.window(vec![holds])?.filter(col("holds"))?.select_columns(&metrify_lake::READING_COLUMNS);
    };
    let of_key = ["of_point", "of_quantity", "of_start", "of_end"];
    let renamed = KEY.iter().zip(of_key).map(|(name, of_key)| col(*name).alias(of_key));
    let contested = contested.select(renamed)?.distinct()?;
    let joined = |kind| contested.clone().join(standing.clone(), kind, &of_key, &KEY, None);
    // Nearly all readings have one version. It holds, and rows need not be sorted to find that.
    let alone = joined(JoinType::RightAnti)?.select_columns(&metrify_lake::READING_COLUMNS)?;
    // By the columns of the smaller side: by those of the other the engine would sort all rows before it joins them.
    let several = joined(JoinType::Inner)?.window(vec![holds(&of_key)?])?.filter(col("holds"))?;
    let columns = metrify_lake::READING_COLUMNS.map(|name| {
        let place = KEY.iter().position(|key| *key == name);
        col(place.map_or(name, |place| of_key[place])).alias(name)
    });
    alone.union(several.select(columns)?)
}

/// Whether a version holds, of all that have its key.
fn holds(key: &[&str]) -> Result<Expr> {
    let holds = WindowUDF::from(Holds::new()).call(STATEMENT.map(col).to_vec());
    Ok(holds.partition_by(key.iter().map(|name| col(*name)).collect()).build()?.alias("holds"))
}

/// The columns that tell which of the versions of a reading holds.
const STATEMENT: [&str; 8] = ["recorded_at", "document", "delivery", "sequence", "kind", "value", "unit", "quality"];

/// Whether a version holds, of all that have its key.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Holds {
    signature: Signature,
}

impl Holds {
    fn new() -> Self {
        let number = DataType::Decimal128(PRECISION as u8, SCALE as i8);
        let text = || DataType::Utf8View;
        let columns = vec![instant(), text(), text(), DataType::Int64, text(), number, text(), text()];
        Self { signature: Signature::exact(columns, Volatility::Immutable) }
    }
}

impl WindowUDFImpl for Holds {
    fn name(&self) -> &str {
        "holds_of_versions"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn partition_evaluator(&self, _args: PartitionEvaluatorArgs<'_>) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(OfOneKey))
    }

    fn field(&self, args: WindowUDFFieldArgs<'_>) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(args.name(), DataType::Boolean, false)))
    }
}

#[derive(Debug)]
struct OfOneKey;

impl PartitionEvaluator for OfOneKey {
    fn evaluate_all(&mut self, columns: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        // Nearly all readings have one version.
        let holding = if rows == 1 { Some(0) } else { holding_of(&statements(columns, rows)?) };
        let holds: BooleanArray = (0..rows).map(|row| Some(holding == Some(row))).collect();
        Ok(Arc::new(holds))
    }
}

fn statements(columns: &[ArrayRef], rows: usize) -> Result<Vec<Statement<'_>>> {
    (0..rows).map(|row| statement(columns, row).ok_or_else(|| unreadable(row))).collect()
}

/// `None` where a column is of another type, or says what is never written.
fn statement(columns: &[ArrayRef], row: usize) -> Option<Statement<'_>> {
    let [recorded_at, document, delivery, sequence, kind, value, unit, quality] = columns else { return None };
    let number = value.as_primitive_opt::<Decimal128Type>()?;
    let value = if number.is_null(row) { None } else { Some(Decimal::from_units(number.value(row))?) };
    Some(Statement {
        said: Said {
            kind: text(kind, row)?.parse().ok()?,
            value,
            unit: Unit::new(text(unit, row)?)?,
            quality: text(quality, row)?.parse().ok()?,
        },
        recorded_at: Timestamp::from_micros(recorded_at.as_primitive_opt::<TimestampMicrosecondType>()?.value(row)),
        document: text(document, row)?,
        delivery: text(delivery, row)?,
        sequence: Sequence(sequence.as_primitive_opt::<Int64Type>()?.value(row)),
    })
}

fn text(column: &ArrayRef, row: usize) -> Option<&str> {
    Some(column.as_string_view_opt()?.value(row))
}

fn unreadable(row: usize) -> DataFusionError {
    DataFusionError::Internal(format!("version {row} of a reading says what is never written"))
}
