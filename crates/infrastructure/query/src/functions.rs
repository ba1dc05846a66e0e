//! SQL functions of the trade: local days and hours, gas days, quarter-hours, holidays, units, gas profiles.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Int32Array};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, TimeUnit, TimestampMicrosecondType};
use chrono::{Datelike, NaiveDate};
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::expr_fn::SimpleScalarUDF;
use datafusion::logical_expr::{ColumnarValue, Expr, ScalarUDF, Signature, Volatility, create_udf};
use datafusion::prelude::SessionContext;
use metrify_domain::calendar::day::{day_number, gas_day, local_hour, quarter_hours};
use metrify_domain::calendar::holiday::holiday;
use metrify_domain::calendar::land::{Land, UnknownLand};
use metrify_domain::calendar::working_day::is_working_day;
use metrify_domain::decimal::{PRECISION, SCALE};
use metrify_domain::profile::gas::{GasProfile, allocation_temperature};
use metrify_domain::{Decimal, Timestamp, Unit};

use crate::sums::checked_sum;
use crate::zones::timezone;

/// Days of 1970-01-01 in the count of chrono.
const EPOCH_DAYS: i32 = 719_163;

/// The zone of all instants.
pub(crate) const UTC: &str = "UTC";

pub(crate) fn instant() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from(UTC)))
}

pub(crate) fn register(session: &SessionContext) {
    let functions = [
        local_day(),
        of_instant("local_hour", DataType::Int32, |at| Some(local_hour(at).cast_signed())),
        of_instant("gas_day", DataType::Date32, |at| gas_day(at).map(|day| day.num_days_from_ce() - EPOCH_DAYS)),
        quarter_hours_of(),
        of_day_and_land("is_holiday", |day, land| holiday(day, land).is_some()),
        of_day_and_land("is_working_day", is_working_day),
        convert(),
        allocation_temperature_of(),
        siglinde(),
        gas_weekday_factor(),
        timezone(),
    ];
    functions.into_iter().for_each(|function| session.register_udf(function));
    session.register_udaf(checked_sum());
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

/// `local_day(instant)`: the day in Berlin.
pub(crate) fn local_day() -> ScalarUDF {
    of_instant("local_day", DataType::Date32, |at| Some(day_number(at)))
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

fn land_of(name: &str) -> Result<Land> {
    name.parse().map_err(|error: UnknownLand| DataFusionError::Execution(error.to_string()))
}

/// A function of a day and one of the sixteen Laender that is true or false.
fn of_day_and_land(name: &str, of: fn(NaiveDate, Land) -> bool) -> ScalarUDF {
    let function = move |arguments: &[ColumnarValue]| {
        let columns = ColumnarValue::values_to_arrays(arguments)?;
        let days = days(&columns[0])?;
        let laender = cast(&columns[1], &DataType::Utf8)?;
        let pairs = days.as_primitive::<Date32Type>().iter().zip(laender.as_string::<i32>());
        let answers = pairs.map(|(day, land)| match (day.and_then(date), land) {
            (Some(day), Some(land)) => Ok(Some(of(day, land_of(land)?))),
            _ => Ok(None),
        });
        Ok(ColumnarValue::Array(Arc::new(answers.collect::<Result<BooleanArray>>()?)))
    };
    let arguments = vec![DataType::Date32, DataType::Utf8];
    create_udf(name, arguments, DataType::Boolean, Volatility::Immutable, Arc::new(function))
}

/// A function whose arguments are cast to what it takes, decimals of any scale among them; what has no place there is an error.
fn of_numbers(
    name: &str,
    arguments: Vec<DataType>,
    function: impl Fn(&[ArrayRef]) -> Result<ColumnarValue> + Send + Sync + 'static,
) -> ScalarUDF {
    let signature = Signature::any(arguments.len(), Volatility::Immutable);
    let function = move |values: &[ColumnarValue]| {
        let options = CastOptions { safe: false, ..CastOptions::default() };
        let columns = ColumnarValue::values_to_arrays(values)?;
        let cast = columns.iter().zip(&arguments).map(|(column, kind)| cast_with_options(column, kind, &options));
        function(&cast.collect::<std::result::Result<Vec<_>, _>>()?)
    };
    SimpleScalarUDF::new_with_signature(name, signature, number(), Arc::new(function)).into()
}

fn number() -> DataType {
    DataType::Decimal128(PRECISION as u8, SCALE as i8)
}

/// The number of a row; `None` where it is null, or beyond what a number may be.
fn number_at(column: &ArrayRef, row: usize) -> Option<Decimal> {
    let column = column.as_primitive::<Decimal128Type>();
    if column.is_null(row) { None } else { Decimal::from_units(column.value(row)) }
}

fn numbers(numbers: impl Iterator<Item = Result<Option<Decimal>>>) -> Result<ColumnarValue> {
    let units = numbers.map(|number| Ok(number?.map(Decimal::units)));
    let column = units.collect::<Result<Decimal128Array>>()?;
    Ok(ColumnarValue::Array(Arc::new(column.with_precision_and_scale(PRECISION as u8, SCALE as i8)?)))
}

fn text_at(column: &ArrayRef, row: usize) -> Option<&str> {
    let column = column.as_string::<i32>();
    (!column.is_null(row)).then(|| column.value(row))
}

/// `convert(value, unit, target)`: the value in another unit of the same dimension, exactly.
fn convert() -> ScalarUDF {
    let function = |columns: &[ArrayRef]| {
        numbers((0..columns[0].len()).map(|row| {
            let (value, unit, target) = (&columns[0], text_at(&columns[1], row), text_at(&columns[2], row));
            let (Some(unit), Some(target), false) = (unit, target, value.is_null(row)) else { return Ok(None) };
            let units = Unit::new(unit).zip(Unit::new(target));
            let converted =
                number_at(value, row).zip(units).and_then(|(value, (unit, target))| unit.convert(value, &target));
            let told = || value.as_primitive::<Decimal128Type>().value_as_string(row);
            converted
                .map_or_else(|| exec_err!("{} {unit} is not exactly so many {target}", told()), |value| Ok(Some(value)))
        }))
    };
    of_numbers("convert", vec![number(), DataType::Utf8, DataType::Utf8], function)
}

/// `allocation_temperature(day, before, before_that, and_before)`: the temperature by which gas is allocated to a day, in Cel
/// as its four arguments, rounded to four places.
fn allocation_temperature_of() -> ScalarUDF {
    let function = |columns: &[ArrayRef]| {
        numbers((0..columns[0].len()).map(|row| {
            let [Some(day), Some(before), Some(before_that), Some(and_before)] =
                [0, 1, 2, 3].map(|column| number_at(&columns[column], row))
            else {
                return Ok(None);
            };
            match allocation_temperature([day, before, before_that, and_before]) {
                Some(theta) => Ok(Some(theta)),
                None => exec_err!("{day}, {before}, {before_that}, {and_before} Cel: their sum has no place"),
            }
        }))
    };
    of_numbers("allocation_temperature", vec![number(); 4], function)
}

fn gas_profile(name: &str) -> Result<GasProfile> {
    GasProfile::named(name).ok_or_else(|| {
        let hint = "`select profile from system.gas_profiles` lists those that are";
        DataFusionError::Execution(format!("there is no gas profile `{name}`: {hint}"))
    })
}

/// `siglinde(profile, theta)`: h of a gas profile at an allocation temperature in Cel, to ten places.
fn siglinde() -> ScalarUDF {
    let function = |columns: &[ArrayRef]| {
        numbers((0..columns[0].len()).map(|row| {
            let (Some(name), Some(theta)) = (text_at(&columns[0], row), number_at(&columns[1], row)) else {
                return Ok(None);
            };
            match gas_profile(name)?.function.h(theta) {
                Some(h) => Ok(Some(h)),
                None => exec_err!("{theta} Cel: a gas profile ends at 40 Cel, and begins above -960"),
            }
        }))
    };
    of_numbers("siglinde", vec![DataType::Utf8, number()], function)
}

/// `gas_weekday_factor(profile, day, land)`: how much of an even week's seventh a gas profile has on a day.
fn gas_weekday_factor() -> ScalarUDF {
    let function = |columns: &[ArrayRef]| {
        let days = columns[1].as_primitive::<Date32Type>();
        numbers((0..columns[0].len()).map(|row| {
            let day = if days.is_null(row) { None } else { date(days.value(row)) };
            let (Some(name), Some(day), Some(land)) = (text_at(&columns[0], row), day, text_at(&columns[2], row))
            else {
                return Ok(None);
            };
            Ok(Some(gas_profile(name)?.weekdays.factor(day, land_of(land)?)))
        }))
    };
    of_numbers("gas_weekday_factor", vec![DataType::Utf8, DataType::Date32, DataType::Utf8], function)
}
