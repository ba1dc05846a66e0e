//! What a statement says of the types of its parameters, where the engine finds nothing to tell them by: `$1::int`, `limit $2`.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, TimeUnit};
use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, DataType as Named, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, LimitClause,
    Query, Statement, TimezoneInfo, Value, Visit, Visitor,
};
use metrify_domain::decimal::{PRECISION, SCALE};
use metrify_query::PARAMETERS_MAX;

/// The types of `$1` and those behind it, as far as the statement says them; as many as it has.
pub(crate) fn parameters(statement: &Statement) -> Vec<Option<DataType>> {
    let mut meant = Meant::default();
    // It breaks off nowhere.
    let ControlFlow::Continue(()) = statement.visit(&mut meant);
    let count = meant.0.last_key_value().map_or(0, |(place, _)| *place);
    (1..=count).map(|place| meant.0.get(&place).cloned().flatten()).collect()
}

/// By place, from 1.
#[derive(Default)]
struct Meant(BTreeMap<usize, Option<DataType>>);

impl Meant {
    fn note(&mut self, expr: &Expr, of: Option<DataType>) {
        if let Some(place) = place(expr) {
            let known = self.0.entry(place).or_default();
            // What was said first holds.
            if known.is_none() {
                *known = of;
            }
        }
    }
}

impl Visitor for Meant {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Infallible> {
        if let Some(LimitClause::LimitOffset { limit, offset, .. }) = &query.limit_clause {
            let offset = offset.as_ref().map(|offset| &offset.value);
            limit.iter().chain(offset).for_each(|number| self.note(number, Some(DataType::Int64)));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Infallible> {
        match expr {
            Expr::Cast { expr, data_type, .. } => self.note(expr, kind(data_type)),
            Expr::AnyOp { right, .. } | Expr::AllOp { right, .. } => self.note(right, Some(list(DataType::Utf8))),
            // What `= any ($1)` is read as.
            Expr::Function(function) if function.name.to_string() == "array_contains" => {
                if let Some(array) = first(function) {
                    self.note(array, Some(list(DataType::Utf8)));
                }
            }
            expr => self.note(expr, None),
        }
        ControlFlow::Continue(())
    }
}

/// The place of a parameter that stands by itself.
fn place(expr: &Expr) -> Option<usize> {
    match expr {
        Expr::Nested(expr) => place(expr),
        Expr::Value(value) => match &value.value {
            Value::Placeholder(name) => name.strip_prefix('$')?.parse().ok().filter(|place| *place <= PARAMETERS_MAX),
            _ => None,
        },
        _ => None,
    }
}

fn first(function: &Function) -> Option<&Expr> {
    let FunctionArguments::List(arguments) = &function.args else { return None };
    match arguments.args.first()? {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    }
}

fn list(of: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(of, true)))
}

/// What the engine calls a type; `None` for one that a text is as good for.
fn kind(named: &Named) -> Option<DataType> {
    Some(match named {
        Named::Bool | Named::Boolean => DataType::Boolean,
        Named::SmallInt(_) | Named::Int2(_) => DataType::Int16,
        Named::Int(_) | Named::Integer(_) | Named::Int4(_) => DataType::Int32,
        Named::BigInt(_) | Named::Int8(_) => DataType::Int64,
        Named::Real | Named::Float4 => DataType::Float32,
        Named::Float(_) | Named::Float8 | Named::Double(_) | Named::DoublePrecision => DataType::Float64,
        Named::Numeric(_) | Named::Decimal(_) | Named::Dec(_) => DataType::Decimal128(PRECISION as u8, SCALE as i8),
        Named::Date => DataType::Date32,
        Named::Timestamp(_, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => {
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
        }
        Named::Timestamp(_, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            DataType::Timestamp(TimeUnit::Microsecond, None)
        }
        Named::Bytea => DataType::Binary,
        Named::Text | Named::Varchar(_) | Named::CharacterVarying(_) | Named::Char(_) => DataType::Utf8,
        Named::Array(ArrayElemTypeDef::SquareBracket(of, _) | ArrayElemTypeDef::AngleBracket(of)) => list(kind(of)?),
        _ => return None,
    })
}
