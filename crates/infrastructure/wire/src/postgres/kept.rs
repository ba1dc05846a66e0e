//! What the reader of PostgreSQL's dialect would make something else of: it takes away subqueries that ask row by row, for the catalog's
//! sake, and reads arrays without their quotation marks.

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Array, Expr, Query, Select, SelectItem, SetExpr, Statement, Value, VisitMut, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;

use super::absent;
use super::parameters::split;

/// The same text, written so that it is read as it is meant; `None` where it already is, or cannot be read at all.
pub(super) fn written(sql: &str) -> Option<String> {
    let mut statements = Parser::parse_sql(&PostgreSqlDialect {}, sql).ok()?;
    let mut keeping = Keeping { has_changed: false };
    // It breaks off nowhere.
    let ControlFlow::Continue(()) = statements.visit(&mut keeping);
    let texts = statements.iter().map(Statement::to_string);
    keeping.has_changed.then(|| texts.collect::<Vec<_>>().join("; "))
}

struct Keeping {
    has_changed: bool,
}

impl VisitorMut for Keeping {
    type Break = Infallible;

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Infallible> {
        for item in &mut select.projection {
            if let SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. } = item
                && matches!(value, Expr::Subquery(query) if !is_of_catalog(query))
            {
                *value = Expr::Nested(Box::new(value.clone()));
                self.has_changed = true;
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
        let array = match expr {
            Expr::Cast { expr, array: false, data_type, .. } if data_type.to_string().ends_with("[]") => expr,
            Expr::AnyOp { right, .. } | Expr::AllOp { right, .. } => right,
            _ => return ControlFlow::Continue(()),
        };
        if let Some(elements) = quoted(array) {
            **array = Expr::Array(Array { elem: elements, named: true });
            self.has_changed = true;
        }
        ControlFlow::Continue(())
    }
}

fn is_of_catalog(query: &Query) -> bool {
    matches!(query.body.as_ref(), SetExpr::Select(select) if absent::is_of_catalog(select))
}

/// The elements of an array that is written as a text with quotation marks.
fn quoted(array: &Expr) -> Option<Vec<Expr>> {
    let Expr::Value(value) = array else { return None };
    let Value::SingleQuotedString(text) = &value.value else { return None };
    let inner = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    if !inner.contains(['"', '\\']) {
        return None;
    }
    let element = |text: Option<String>| Expr::Value(text.map_or(Value::Null, Value::SingleQuotedString).into());
    Some(split(inner)?.into_iter().map(element).collect())
}
