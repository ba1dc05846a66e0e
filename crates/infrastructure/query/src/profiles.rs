//! `load_profile('H25', 3500, '2025-01-01', '2026-01-01', 'BY')`: a standard load profile as a series, computed from the newest
//! values of the table `load_profiles`, day by day as the query asks for them.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, AsArray, Decimal128Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Field, Schema, SchemaRef};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_err, plan_err};
use datafusion::dataframe::DataFrame;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Expr, lit};
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::prelude::col;
use futures::TryStreamExt;
use metrify_domain::calendar::land::Land;
use metrify_domain::calendar::working_day::DayType;
use metrify_domain::decimal::{PRECISION, SCALE};
use metrify_domain::profile::{Generation, LoadProfile, Part};
use metrify_domain::{Decimal, IntervalAmount, Unit};
use metrify_formats::RecordTable;
use metrify_lake::TableName;

use crate::functions::{date, instant};
use crate::views::{Views, newest};

const USAGE: &str = "load_profile takes a profile, the kWh of a year, the first day, the day after the last and a Land: \
                     load_profile('H25', 3500, '2025-01-01', '2026-01-01', 'BY')";
/// Days of one batch.
const BATCH_DAYS: i32 = 31;

/// The function, over the rows of `load_profiles`.
#[derive(Debug)]
pub(crate) struct Profiles {
    pub(crate) views: Arc<Views>,
}

impl TableFunctionImpl for Profiles {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let [profile, annual_kwh, from, to, land] = args.exprs() else { return plan_err!("{USAGE}") };
        let days = day(from)?..day(to)?;
        if days.is_empty() {
            return plan_err!("the day after the last has to come after the first: {USAGE}");
        }
        let land = text(land)?.parse::<Land>().map_err(|error| DataFusionError::Plan(error.to_string()))?;
        let series = Series {
            tables: self.views.records(TableName::Records(RecordTable::LoadProfiles))?,
            profile: text(profile)?,
            annual_kwh: number(annual_kwh)?,
            days,
            land,
            schema: schema(),
        };
        Ok(Arc::new(StreamingTable::try_new(schema(), vec![Arc::new(series)])?))
    }
}

fn literal(argument: &Expr, kind: &DataType) -> Result<ScalarValue> {
    let Expr::Literal(value, _) = argument else { return plan_err!("`{argument}` is no literal: {USAGE}") };
    match value.cast_to(kind) {
        Ok(value) if !value.is_null() => Ok(value),
        _ => plan_err!("`{value}` does not fit: {USAGE}"),
    }
}

fn text(argument: &Expr) -> Result<String> {
    Ok(literal(argument, &DataType::Utf8)?.to_string())
}

fn number(argument: &Expr) -> Result<Decimal> {
    // By way of its text: a literal such as 3500.5 would be a float else.
    let text = text(argument)?;
    text.parse().or_else(|error| plan_err!("`{text}` kWh: {error}"))
}

fn day(argument: &Expr) -> Result<i32> {
    let array = literal(argument, &DataType::Date32)?.to_array()?;
    Ok(array.as_primitive::<Date32Type>().value(0))
}

fn schema() -> SchemaRef {
    let required = |name, kind| Field::new(name, kind, false);
    Arc::new(Schema::new(vec![
        required("profile", DataType::Utf8),
        required("period_start", instant()),
        required("period_end", instant()),
        required("value", DataType::Decimal128(PRECISION as u8, SCALE as i8)),
        required("unit", DataType::Utf8),
    ]))
}

/// What was asked for.
#[derive(Clone)]
struct Series {
    tables: DataFrame,
    profile: String,
    annual_kwh: Decimal,
    /// Days since 1970-01-01.
    days: Range<i32>,
    land: Land,
    schema: SchemaRef,
}

impl fmt::Debug for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "load profile {} of {} kWh, days {:?}, {}", self.profile, self.annual_kwh, self.days, self.land)
    }
}

impl PartitionStream for Series {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let series = self.clone();
        let batches = futures::stream::once(async move {
            let profile = series.profile().await?;
            let starts = series.days.clone().step_by(BATCH_DAYS as usize);
            let batches = starts.map(move |start| series.batch(&profile, start));
            Ok::<_, DataFusionError>(futures::stream::iter(batches))
        });
        Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), batches.try_flatten()))
    }
}

impl Series {
    /// The profile by the newest value of each of its quarter-hours.
    async fn profile(&self) -> Result<LoadProfile> {
        let rows = self.tables.clone().filter(col("profile").eq(lit(&self.profile)))?;
        let rows = newest(rows, &["season", "month", "day_type", "minute"], &["recorded_at", "delivery", "record"])?;
        let rows = rows.select_columns(&["season", "month", "day_type", "minute", "value", "unit", "annual_kwh"])?;
        let mut values = Values::default();
        for batch in rows.collect().await? {
            values.add(&batch).or_else(|reason| exec_err!("the load profile `{}` {reason}", self.profile))?;
        }
        let Some(generation) = values.generation else {
            return exec_err!(
                "there is no load profile `{}`: `select distinct profile from load_profiles` lists those that are",
                self.profile
            );
        };
        let value = |part, day_type: DayType, quarter| {
            values.of.get(&(part_name(part), day_type.name().to_owned(), quarter)).copied()
        };
        LoadProfile::new(&self.profile, generation, value).or_else(|error| exec_err!("{error}"))
    }

    /// The quarter-hours of some days.
    fn batch(&self, profile: &LoadProfile, start: i32) -> Result<RecordBatch> {
        let mut amounts = Vec::new();
        for number in start..self.days.end.min(start.saturating_add(BATCH_DAYS)) {
            match date(number).and_then(|day| profile.customer_day(day, self.land, self.annual_kwh)) {
                Some(day) => amounts.extend(day),
                None => return exec_err!("{self:?}: day {number} since 1970 has no place, or its amounts have none"),
            }
        }
        self.rows(&amounts)
    }

    fn rows(&self, amounts: &[IntervalAmount]) -> Result<RecordBatch> {
        let times = |of: fn(&IntervalAmount) -> i64| {
            Arc::new(TimestampMicrosecondArray::from_iter_values(amounts.iter().map(of)).with_timezone("UTC"))
        };
        let values = Decimal128Array::from_iter_values(amounts.iter().map(|amount| amount.value.units()));
        let texts = |text: &str| Arc::new(StringArray::from_iter_values(amounts.iter().map(|_| text)));
        let unit = amounts.first().map_or("kWh", |amount| amount.unit.as_str());
        Ok(RecordBatch::try_new(
            self.schema.clone(),
            vec![
                texts(&self.profile),
                times(|amount| amount.period().start().micros()),
                times(|amount| amount.period().end().micros()),
                Arc::new(values.with_precision_and_scale(PRECISION as u8, SCALE as i8)?),
                texts(unit),
            ],
        )?)
    }
}

/// The values of a table by part of the year, day type and quarter-hour.
#[derive(Default)]
struct Values {
    generation: Option<Generation>,
    of: HashMap<(String, String, usize), Decimal>,
}

/// A season by its name, a month by its number.
fn part_name(part: Part) -> String {
    match part {
        Part::Season(season) => season.name().to_owned(),
        Part::Month(month) => month.number_from_month().to_string(),
    }
}

impl Values {
    /// Adds rows of `season, month, day_type, minute, value, unit, annual_kwh`.
    fn add(&mut self, rows: &RecordBatch) -> std::result::Result<(), String> {
        let text = |column: usize, row: usize| {
            let column = rows.column(column).as_string::<i32>();
            (!column.is_null(row)).then(|| column.value(row))
        };
        let number = |column: usize, row: usize| {
            let column = rows.column(column).as_primitive::<Decimal128Type>();
            if column.is_null(row) { None } else { Decimal::from_units(column.value(row)) }
        };
        for row in 0..rows.num_rows() {
            let generation = self.generation_of(text(5, row).unwrap_or_default())?;
            if let Some(annual) = number(6, row).filter(|annual| *annual != generation.annual_kwh()) {
                return Err(format!("is made for {annual} kWh a year, not for {}", generation.annual_kwh()));
            }
            let part = text(0, row).map(str::to_owned).or_else(|| number(1, row).map(|month| month.to_string()));
            let (Some(part), Some(day_type), Some(minute), Some(value)) =
                (part, text(2, row), number(3, row), number(4, row))
            else {
                return Err("has a row without season or month, day type, minute or value".into());
            };
            let minute: usize = minute.to_string().parse().map_err(|_| format!("has a value at minute {minute}"))?;
            self.of.insert((part, day_type.to_owned(), minute / 15), value);
        }
        Ok(())
    }

    /// That of this unit, which all rows have to share.
    fn generation_of(&mut self, unit: &str) -> std::result::Result<Generation, String> {
        let generation = Unit::new(unit).and_then(|unit| Generation::of_unit(&unit));
        let generation = generation.ok_or_else(|| format!("has values in `{unit}`, neither in W nor in kWh"))?;
        if *self.generation.get_or_insert(generation) != generation {
            return Err("has values in W and values in kWh".into());
        }
        Ok(generation)
    }
}
