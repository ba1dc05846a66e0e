//! SQL functions of the trade: local days and hours, gas days, quarter-hours, holidays, units.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Date32Array, Int32Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, TimeUnit, TimestampMicrosecondType};
use chrono::{Datelike, NaiveDate};
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, Expr, ScalarUDF, Volatility, create_udf};
use datafusion::prelude::SessionContext;
use metrify_domain::Timestamp;
use metrify_domain::calendar::day::{day_number, gas_day, local_hour, quarter_hours};
use metrify_domain::calendar::holiday::holiday;
use metrify_domain::calendar::land::Land;
use metrify_domain::calendar::working_day::is_working_day;

/// Days of 1970-01-01 in the count of chrono.
const EPOCH_DAYS: i32 = 719_163;

pub(crate) fn instant() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC")))
}

pub(crate) fn register(session: &SessionContext) {
    let functions = [
        of_instant("local_day", DataType::Date32, |at| Some(day_number(at))),
        of_instant("local_hour", DataType::Int32, |at| Some(local_hour(at).cast_signed())),
        of_instant("gas_day", DataType::Date32, |at| gas_day(at).map(|day| day.num_days_from_ce() - EPOCH_DAYS)),
        quarter_hours_of(),
        of_day_and_land("is_holiday", |day, land| holiday(day, land).is_some()),
        of_day_and_land("is_working_day", is_working_day),
        convert(),
    ];
    functions.into_iter().for_each(|function| session.register_udf(function));
}

/// An instant written as a literal: text with a zone, or a timestamp.
pub(crate) fn as_instant(argument: &Expr) -> Result<ScalarValue> {
    let Expr::Literal(value, _) = argument else {
        return plan_err!("expected an instant such as '2025-01-05T00:00:00Z', found {argument}");
    };
    let value = value.cast_to(&instant())?;
    if value.is_null() {
        return plan_err!("expected an instant such as '2025-01-05T00:00:00Z', found {argument}");
    }
    Ok(value)
}

/// A function of an instant that gives a day or a number.
fn of_instant(name: &str, result: DataType, of: fn(Timestamp) -> Option<i32>) -> ScalarUDF {
    let kind = result.clone();
    let function = move |arguments: &[ColumnarValue]| {
        let columns = ColumnarValue::values_to_arrays(arguments)?;
        let times = columns[0].as_primitive::<TimestampMicrosecondType>();
        let numbers = times.iter().map(|at| at.and_then(|at| of(Timestamp::from_micros(at))));
        let numbers: ArrayRef = match kind {
            DataType::Date32 => Arc::new(numbers.collect::<Date32Array>()),
            _ => Arc::new(numbers.collect::<Int32Array>()),
        };
        Ok(ColumnarValue::Array(numbers))
    };
    create_udf(name, vec![instant()], result, Volatility::Immutable, Arc::new(function))
}

pub(crate) fn date(days: i32) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(days.checked_add(EPOCH_DAYS)?)
}

fn days(column: &ArrayRef) -> Result<ArrayRef> {
    Ok(cast(column, &DataType::Date32)?)
}

/// `quarter_hours(day)`: 92, 96 or 100.
fn quarter_hours_of() -> ScalarUDF {
    let function = |arguments: &[ColumnarValue]| {
        let columns = ColumnarValue::values_to_arrays(arguments)?;
        let days = days(&columns[0])?;
        let counts = days.as_primitive::<Date32Type>().iter().map(|day| Some(quarter_hours(date(day?)?).cast_signed()));
        Ok(ColumnarValue::Array(Arc::new(counts.collect::<Int32Array>())))
    };
    create_udf("quarter_hours", vec![DataType::Date32], DataType::Int32, Volatility::Immutable, Arc::new(function))
}

/// A function of a day and one of the sixteen Laender that is true or false.
fn of_day_and_land(name: &str, of: fn(NaiveDate, Land) -> bool) -> ScalarUDF {
    let function = move |arguments: &[ColumnarValue]| {
        let columns = ColumnarValue::values_to_arrays(arguments)?;
        let days = days(&columns[0])?;
        let laender = cast(&columns[1], &DataType::Utf8)?;
        let pairs = days.as_primitive::<Date32Type>().iter().zip(laender.as_string::<i32>());
        let answers = pairs.map(|(day, land)| match (day.and_then(date), land) {
            (Some(day), Some(land)) => {
                let land = land.parse::<Land>().map_err(|error| DataFusionError::Execution(error.to_string()))?;
                Ok(Some(of(day, land)))
            }
            _ => Ok(None),
        });
        Ok(ColumnarValue::Array(Arc::new(answers.collect::<Result<BooleanArray>>()?)))
    };
    let arguments = vec![DataType::Date32, DataType::Utf8];
    create_udf(name, arguments, DataType::Boolean, Volatility::Immutable, Arc::new(function))
}

/// `convert(value, unit, target)`: the value in another unit of the same dimension, exactly.
fn convert() -> ScalarUDF {
    use arrow::array::Decimal128Array;
    use arrow::datatypes::Decimal128Type;
    use metrify_domain::decimal::{PRECISION, SCALE};
    use metrify_domain::{Decimal, Unit};
    let number = DataType::Decimal128(PRECISION as u8, SCALE as i8);
    let function = |arguments: &[ColumnarValue]| {
        let columns = ColumnarValue::values_to_arrays(arguments)?;
        let (values, units, targets) =
            (columns[0].as_primitive::<Decimal128Type>(), columns[1].as_string::<i32>(), columns[2].as_string::<i32>());
        let mut converted = Vec::with_capacity(values.len());
        for row in 0..values.len() {
            if values.is_null(row) || units.is_null(row) || targets.is_null(row) {
                converted.push(None);
                continue;
            }
            let value = Decimal::from_units(values.value(row));
            let (unit, target) = (Unit::new(units.value(row)), Unit::new(targets.value(row)));
            let result = value.zip(unit).zip(target).and_then(|((value, unit), target)| unit.convert(value, &target));
            match result {
                Some(result) => converted.push(Some(result.units())),
                None => {
                    return exec_err!(
                        "{} {} is not exactly so many {}",
                        values.value_as_string(row),
                        units.value(row),
                        targets.value(row)
                    );
                }
            }
        }
        let converted = Decimal128Array::from(converted).with_precision_and_scale(PRECISION as u8, SCALE as i8)?;
        Ok(ColumnarValue::Array(Arc::new(converted)))
    };
    let arguments = vec![number.clone(), DataType::Utf8, DataType::Utf8];
    create_udf("convert", arguments, number, Volatility::Immutable, Arc::new(function))
}
