//! `AT TIME ZONE` as PostgreSQL has it: of an instant what clocks there show, which is no instant any more, and of what clocks show the
//! instant. The engine's names a zone and tells the same instant. And what tells an instant says so by its type.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::timezone::Tz;
use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use chrono::{DateTime, NaiveDateTime, Offset, TimeDelta, TimeZone};
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName, Value,
    VisitMut, VisitorMut,
};

use crate::functions::{UTC, instant};

const NAME: &str = "timezone";
/// What clocks show before and behind an hour that they skip is less far away.
const BESIDE: TimeDelta = TimeDelta::days(1);

pub(crate) fn timezone() -> ScalarUDF {
    ScalarUDF::from(Zoned { signature: Signature::user_defined(Volatility::Immutable) })
}

/// Calls the function in place of the operator.
pub(crate) fn adapt(statement: &mut Statement) {
    match statement {
        Statement::Statement(statement) => {
            // It breaks off nowhere.
            let ControlFlow::Continue(()) = VisitMut::visit(statement, &mut Calling);
        }
        Statement::Explain(explain) => adapt(&mut explain.statement),
        _ => {}
    }
}

struct Calling;

impl VisitorMut for Calling {
    type Break = Infallible;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
        // Alone of those that give instants it takes the zone from its arguments, and has none where they do not say it.
        if let Expr::Function(Function { name, args: FunctionArguments::List(list), .. }) = expr
            && name.to_string().eq_ignore_ascii_case("from_unixtime")
            && list.args.len() == 1
        {
            let utc = Expr::Value(Value::SingleQuotedString(UTC.to_owned()).into());
            list.args.push(FunctionArg::Unnamed(FunctionArgExpr::Expr(utc)));
        }
        if let Expr::AtTimeZone { timestamp, time_zone } = expr {
            let arguments = [time_zone.as_ref(), timestamp.as_ref()];
            let arguments = arguments.map(|argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument.clone())));
            let list = FunctionArgumentList { duplicate_treatment: None, args: arguments.into(), clauses: Vec::new() };
            *expr = Expr::Function(Function {
                name: ObjectName::from(vec![Ident::new(NAME)]),
                uses_odbc_syntax: false,
                parameters: FunctionArguments::None,
                args: FunctionArguments::List(list),
                filter: None,
                null_treatment: None,
                over: None,
                within_group: Vec::new(),
            });
        }
        ControlFlow::Continue(())
    }
}

/// `timezone(zone, moment)`, as PostgreSQL calls the operator.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Zoned {
    signature: Signature,
}

fn local() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, None)
}

impl ScalarUDFImpl for Zoned {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        let [zone, moment] = arguments else { return plan_err!("{NAME} takes a zone and a moment") };
        if !zone.is_string() && !zone.is_null() {
            return plan_err!("a zone is a text such as 'Europe/Berlin', not {zone}");
        }
        let moment = match moment {
            DataType::Timestamp(_, None) => local(),
            // What says no zone by its type is an instant in UTC.
            DataType::Timestamp(_, Some(_)) | DataType::Date32 | DataType::Date64 | DataType::Null => instant(),
            text if text.is_string() => instant(),
            other => return plan_err!("a moment is a timestamp or a date, not {other}"),
        };
        Ok(vec![DataType::Utf8, moment])
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(match arguments.last() {
            Some(DataType::Timestamp(_, None)) => instant(),
            _ => local(),
        })
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let ScalarFunctionArgs { args, return_field, .. } = arguments;
        let is_one = args.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let columns = ColumnarValue::values_to_arrays(&args)?;
        let [zones, moments] = columns.as_slice() else { return plan_err!("{NAME} takes a zone and a moment") };
        let moments = moments.as_primitive::<TimestampMicrosecondType>();
        let is_instant = moments.data_type() == &instant();
        let mut known: Option<(&str, Tz)> = None;
        let mut shifted = Vec::with_capacity(moments.len());
        for (zone, moment) in zones.as_string::<i32>().iter().zip(moments) {
            let (Some(zone), Some(moment)) = (zone, moment) else {
                shifted.push(None);
                continue;
            };
            let there = match known.filter(|(name, _)| *name == zone) {
                Some((_, there)) => there,
                None => named(zone)?,
            };
            known = Some((zone, there));
            shifted.push(Some(if is_instant { shown(there, moment)? } else { meant(there, moment)? }));
        }
        let shifted: ArrayRef = Arc::new(PrimitiveArray::<TimestampMicrosecondType>::from(shifted));
        let shifted = cast(&shifted, return_field.data_type())?;
        Ok(if is_one {
            ColumnarValue::Scalar(ScalarValue::try_from_array(&shifted, 0)?)
        } else {
            ColumnarValue::Array(shifted)
        })
    }
}

fn named(zone: &str) -> Result<Tz> {
    zone.parse().or_else(|_| exec_err!("there is no zone `{zone}`: such are 'Europe/Berlin', 'UTC' and '+01:00'"))
}

fn moment(micros: i64) -> Result<NaiveDateTime> {
    let moment = DateTime::from_timestamp_micros(micros).map(|moment| moment.naive_utc());
    moment.ok_or_else(|| DataFusionError::Execution(format!("{micros} us since 1970 are in no calendar")))
}

/// What clocks of a zone show at an instant.
fn shown(zone: Tz, micros: i64) -> Result<i64> {
    let offset = zone.offset_from_utc_datetime(&moment(micros)?).fix();
    Ok(micros + i64::from(offset.local_minus_utc()) * 1_000_000)
}

/// The instant at which clocks of a zone show that. Where they do so twice it is the second one, and an hour that they skip is counted on
/// from the one before, both as in winter.
fn meant(zone: Tz, micros: i64) -> Result<i64> {
    let shown = moment(micros)?;
    let before = || zone.offset_from_local_datetime(&(shown.checked_sub_signed(BESIDE)?)).latest();
    let offset = zone.offset_from_local_datetime(&shown).latest().or_else(before);
    let Some(offset) = offset else { return exec_err!("no clock shows {shown}") };
    Ok(micros - i64::from(offset.fix().local_minus_utc()) * 1_000_000)
}
