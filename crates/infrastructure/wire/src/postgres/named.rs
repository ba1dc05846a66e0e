//! What columns are called that a query gives no name: as PostgreSQL calls them, and each by a name of its own.

use std::collections::HashSet;
use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    DataType, Expr, Ident, ObjectName, OrderBy, OrderByKind, Query, Select, SelectItem, SetExpr, Statement, VisitMut,
    VisitorMut, visit_expressions,
};

use super::command::word;
use super::understood::is_absent;

/// What has no name at all.
const NAMELESS: &str = "?column?";

pub(super) fn adapt(statement: &mut Statement) {
    let mut naming = Naming { ordered_by: HashSet::new() };
    // It breaks off nowhere.
    let ControlFlow::Continue(()) = VisitMut::visit(statement, &mut naming);
}

struct Naming {
    /// Names in expressions that rows are ordered by. There the engine would take a column of the answer for one of the rows, which
    /// PostgreSQL does where a name stands by itself alone.
    ordered_by: HashSet<String>,
}

impl VisitorMut for Naming {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        let Some(OrderBy { kind: OrderByKind::Expressions(by), .. }) = &query.order_by else {
            return ControlFlow::Continue(());
        };
        for expr in by.iter().map(|by| &by.expr).filter(|expr| !matches!(expr, Expr::Identifier(_))) {
            let note = |inner: &Expr| {
                if let Expr::Identifier(name) = inner {
                    self.ordered_by.insert(word(name));
                }
                ControlFlow::<Infallible>::Continue(())
            };
            let ControlFlow::Continue(()) = visit_expressions(expr, note);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Infallible> {
        // What they are ordered by would not be theirs any more.
        if select.distinct.is_none() {
            name_all(select, &self.ordered_by);
        }
        ControlFlow::Continue(())
    }
}

/// Names columns; none as what rows are ordered by, which would then mean that column.
fn name_all(select: &mut Select, ordered_by: &HashSet<String>) {
    let mut taken: Vec<String> = select.projection.iter().filter_map(given).collect();
    let mut columns: Vec<String> = Vec::new();
    for item in &mut select.projection {
        let SelectItem::UnnamedExpr(expr) = item else { continue };
        let is_column = matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
        // The engine tells columns of two tables apart, but not the same one from itself.
        if is_column && !is_absent(expr) && !columns.contains(&expr.to_string()) {
            columns.push(expr.to_string());
            continue;
        }
        let called = of(expr).unwrap_or_else(|| NAMELESS.to_owned());
        let mut name = called.clone();
        let mut number = 2;
        while taken.contains(&name) || ordered_by.contains(&name) {
            name = format!("{called}_{number}");
            number += 1;
        }
        taken.push(name.clone());
        *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias: Ident::with_quote('"', name) };
    }
}

/// The name that a column has already.
fn given(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(word(alias)),
        SelectItem::UnnamedExpr(expr @ (Expr::Identifier(_) | Expr::CompoundIdentifier(_))) if !is_absent(expr) => {
            of(expr)
        }
        _ => None,
    }
}

/// What PostgreSQL calls a value; `None` where it is called after its type, or nothing.
fn of(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(name) => Some(word(name)),
        Expr::CompoundIdentifier(names) => names.last().map(word),
        Expr::Function(function) => last(&function.name),
        Expr::Nested(expr) | Expr::Collate { expr, .. } | Expr::CompoundFieldAccess { root: expr, .. } => of(expr),
        Expr::Cast { expr, data_type, .. } => of(expr).or_else(|| Some(of_type(data_type))),
        Expr::Case { else_result, .. } => {
            let otherwise = else_result.as_deref().and_then(|otherwise| match otherwise {
                Expr::Identifier(_) | Expr::CompoundIdentifier(_) => of(otherwise),
                _ => None,
            });
            otherwise.or_else(|| Some("case".to_owned()))
        }
        Expr::Subquery(query) => match query.body.as_ref() {
            SetExpr::Select(select) => match select.projection.first()? {
                SelectItem::ExprWithAlias { alias, .. } => Some(word(alias)),
                SelectItem::UnnamedExpr(expr) => of(expr),
                _ => None,
            },
            _ => None,
        },
        Expr::Extract { .. } => Some("extract".to_owned()),
        Expr::Ceil { .. } => Some("ceil".to_owned()),
        Expr::Floor { .. } => Some("floor".to_owned()),
        Expr::Position { .. } => Some("position".to_owned()),
        Expr::Substring { .. } => Some("substring".to_owned()),
        Expr::Trim { .. } => Some("btrim".to_owned()),
        Expr::AtTimeZone { .. } => Some("timezone".to_owned()),
        Expr::Exists { .. } => Some("exists".to_owned()),
        Expr::Array(_) => Some("array".to_owned()),
        Expr::Interval(_) => Some("interval".to_owned()),
        Expr::TypedString(typed) => Some(of_type(&typed.data_type)),
        _ => None,
    }
}

fn last(name: &ObjectName) -> Option<String> {
    name.0.last().and_then(|part| part.as_ident()).map(word)
}

/// What PostgreSQL calls a type where it is short.
fn of_type(of: &DataType) -> String {
    let name = match of {
        DataType::SmallInt(_) | DataType::Int2(_) => "int2",
        DataType::Int(_) | DataType::Integer(_) | DataType::Int4(_) => "int4",
        DataType::BigInt(_) | DataType::Int8(_) => "int8",
        DataType::Real | DataType::Float4 => "float4",
        DataType::Float(_) | DataType::Float8 | DataType::Double(_) | DataType::DoublePrecision => "float8",
        DataType::Numeric(_) | DataType::Decimal(_) | DataType::Dec(_) => "numeric",
        DataType::Bool | DataType::Boolean => "bool",
        DataType::Varchar(_) | DataType::CharacterVarying(_) => "varchar",
        DataType::Char(_) | DataType::Character(_) => "bpchar",
        other => return other.to_string().to_lowercase(),
    };
    name.to_owned()
}
