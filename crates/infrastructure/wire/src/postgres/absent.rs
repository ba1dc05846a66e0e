//! What PostgreSQL's tools ask of its catalog and the engine has not: there are no keys, no indexes, and one set of characters.

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident,
    ObjectName, Query, Select, SelectItem, SetExpr, Statement, TableFactor, Value, VisitMut, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;

/// Tables of PostgreSQL's information schema, and what stands in for each.
const STAND_INS: [(&str, &str); 5] = [
    ("character_sets", "SELECT 'UTF8' AS character_set_name"),
    (
        "table_constraints",
        "SELECT '' AS constraint_catalog, '' AS constraint_schema, '' AS constraint_name, '' AS table_catalog, '' AS table_schema, \
         '' AS table_name, '' AS constraint_type WHERE false",
    ),
    (
        "key_column_usage",
        "SELECT '' AS constraint_catalog, '' AS constraint_schema, '' AS constraint_name, '' AS table_catalog, '' AS table_schema, \
         '' AS table_name, '' AS column_name, 0 AS ordinal_position, 0 AS position_in_unique_constraint WHERE false",
    ),
    (
        "referential_constraints",
        "SELECT '' AS constraint_catalog, '' AS constraint_schema, '' AS constraint_name, '' AS unique_constraint_catalog, \
         '' AS unique_constraint_schema, '' AS unique_constraint_name WHERE false",
    ),
    (
        "constraint_column_usage",
        "SELECT '' AS table_catalog, '' AS table_schema, '' AS table_name, '' AS column_name, '' AS constraint_catalog, \
         '' AS constraint_schema, '' AS constraint_name WHERE false",
    ),
];
/// Only keys and indexes are taken apart with it.
const OF_KEYS: &str = "_pg_expandarray";

/// Makes a statement one that the engine understands, with the answer that it would have.
pub(super) fn adapt(statement: &mut Statement) {
    if let Statement::Query(query) = statement
        && query.to_string().contains(OF_KEYS)
        && let Some(empty) = without_rows(query)
    {
        **query = empty;
        return;
    }
    // It breaks off nowhere.
    let ControlFlow::Continue(()) = statement.visit(&mut Adapting);
}

/// The same columns, and no row.
fn without_rows(query: &Query) -> Option<Query> {
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    let names: Option<Vec<&Ident>> = select.projection.iter().map(named).collect();
    let columns: Vec<String> = names?.into_iter().map(|name| format!("CAST(NULL AS TEXT) AS {name}")).collect();
    parsed(&format!("SELECT {} WHERE false", columns.join(", ")))
}

fn named(item: &SelectItem) -> Option<&Ident> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names)) => names.last(),
        _ => None,
    }
}

fn parsed(sql: &str) -> Option<Query> {
    match Parser::parse_sql(&PostgreSqlDialect {}, sql).ok()?.pop()? {
        Statement::Query(query) => Some(*query),
        _ => None,
    }
}

struct Adapting;

impl VisitorMut for Adapting {
    type Break = Infallible;

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Infallible> {
        if let TableFactor::Table { name, alias, args: None, .. } = factor
            && let Some((stand_in, table)) = stand_in(name)
            && let Some(subquery) = parsed(stand_in)
            && let Some(mut derived) = derived(table)
        {
            if let TableFactor::Derived { subquery: inner, alias: called, .. } = &mut derived {
                **inner = subquery;
                if alias.is_some() {
                    *called = alias.take();
                }
            }
            *factor = derived;
        }
        ControlFlow::Continue(())
    }

    /// The catalog has functions of types by name, where PostgreSQL has their numbers.
    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
        if let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = expr {
            if is_function_of_type(right) {
                by_name(left);
            } else if is_function_of_type(left) {
                by_name(right);
            }
        }
        ControlFlow::Continue(())
    }

    /// The engine asks of a value that a query is in place of that it is one value however many rows there are.
    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
        if let Expr::Subquery(query) = expr
            && let SetExpr::Select(select) = query.body.as_mut()
            && is_of_catalog(select)
            && select.selection.is_some()
            && let [SelectItem::UnnamedExpr(value)] = select.projection.as_mut_slice()
            && !matches!(value, Expr::Function(_))
        {
            *value = least(value.clone());
            query.limit_clause = None;
        }
        ControlFlow::Continue(())
    }
}

/// Columns of types that hold a function.
const FUNCTIONS_OF_TYPES: [&str; 7] =
    ["typinput", "typoutput", "typreceive", "typsend", "typmodin", "typmodout", "typanalyze"];

fn is_function_of_type(expr: &Expr) -> bool {
    let name = match expr {
        Expr::Identifier(name) => Some(name),
        Expr::CompoundIdentifier(names) => names.last(),
        _ => None,
    };
    name.is_some_and(|name| FUNCTIONS_OF_TYPES.contains(&name.value.to_ascii_lowercase().as_str()))
}

/// Takes the name of a function where its number was meant: of a column, or of what was looked up by a name.
fn by_name(expr: &mut Expr) {
    match expr {
        Expr::CompoundIdentifier(names) => {
            if let Some(column) = names.last_mut().filter(|column| column.value.eq_ignore_ascii_case("oid")) {
                "proname".clone_into(&mut column.value);
            }
        }
        Expr::Subquery(query) => {
            if let SetExpr::Select(select) = query.body.as_ref()
                && let Some(Expr::BinaryOp { right, .. }) = &select.selection
                && let Expr::Value(named) = right.as_ref()
                && let Value::SingleQuotedString(name) = &named.value
            {
                let name = name.rsplit('.').next().unwrap_or(name).to_owned();
                *expr = Expr::Value(Value::SingleQuotedString(name).into());
            }
        }
        _ => {}
    }
}

fn stand_in(name: &ObjectName) -> Option<(&'static str, &'static str)> {
    let names: Option<Vec<&Ident>> = name.0.iter().map(|part| part.as_ident()).collect();
    let names = names?;
    let [.., schema, table] = names.as_slice() else { return None };
    let is_one = schema.value.eq_ignore_ascii_case("information_schema");
    let found = STAND_INS.iter().find(|(known, _)| is_one && table.value.eq_ignore_ascii_case(known));
    found.map(|(table, query)| (*query, *table))
}

/// A query in place of a table, under its name.
fn derived(table: &str) -> Option<TableFactor> {
    let query = parsed(&format!("SELECT * FROM (SELECT 1) AS {table}"))?;
    match *query.body {
        SetExpr::Select(mut select) => select.from.pop().map(|from| from.relation),
        _ => None,
    }
}

fn is_of_catalog(select: &Select) -> bool {
    let is_of = |name: &ObjectName| {
        let table = name.0.last().and_then(|part| part.as_ident());
        table.is_some_and(|table| table.value.to_ascii_lowercase().starts_with("pg_"))
    };
    select.from.iter().all(|from| matches!(&from.relation, TableFactor::Table { name, .. } if is_of(name)))
}

fn least(value: Expr) -> Expr {
    let arguments = FunctionArgumentList {
        duplicate_treatment: None,
        args: vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(value))],
        clauses: Vec::new(),
    };
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new("min")]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(arguments),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}
