//! What PostgreSQL's tools ask of its catalog and the engine has not: there are no keys, no indexes, and one set of characters.

mod stand_ins;

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, GroupByExpr,
    Ident, JoinOperator, ObjectName, Query, Select, SelectItem, SetExpr, Statement, TableFactor, TableWithJoins, Value,
    VisitMut, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;

use super::functions;

/// Tables of the catalog without a row that is about anything here: they have none, or those of PostgreSQL's own.
const WITHOUT_ROWS: [&str; 25] = [
    "pg_attrdef",
    "pg_auth_members",
    "pg_constraint",
    "pg_default_acl",
    "pg_enum",
    "pg_event_trigger",
    "pg_extension",
    "pg_foreign_data_wrapper",
    "pg_foreign_server",
    "pg_foreign_table",
    "pg_index",
    "pg_indexes",
    "pg_inherits",
    "pg_language",
    "pg_partitioned_table",
    "pg_policies",
    "pg_policy",
    "pg_publication",
    "pg_publication_rel",
    "pg_rewrite",
    "pg_rules",
    "pg_sequence",
    "pg_sequences",
    "pg_statistic_ext",
    "pg_trigger",
];
/// What gives a row where there is none.
const AGGREGATES: [&str; 8] = ["count(", "sum(", "min(", "max(", "avg(", "array_agg(", "string_agg(", "bool_and("];
/// Whoever asks for the arguments of functions means to call them: there are none to call but those of the engine.
const OF_ARGUMENTS: [&str; 2] = ["proargtypes", "proallargtypes"];

/// Makes a statement one that the engine understands, with the answer that it would have.
pub(super) fn adapt(statement: &mut Statement) {
    // It breaks off nowhere.
    let ControlFlow::Continue(()) = statement.visit(&mut Adapting);
}

/// Whether a query gives no row: one of the tables that it needs has none, or it wants something of what is never there.
fn is_without_rows(query: &Query) -> bool {
    let SetExpr::Select(select) = query.body.as_ref() else { return false };
    let is_empty = || select.from.iter().any(|table| is_joined_without_rows(table, select));
    if query.with.is_some() || !(select.selection.as_ref().is_some_and(is_never) || is_empty()) {
        return false;
    }
    let is_grouped = matches!(&select.group_by, GroupByExpr::Expressions(by, _) if !by.is_empty());
    let columns = select.projection.iter().map(|item| item.to_string().to_lowercase()).collect::<String>();
    is_grouped || !AGGREGATES.iter().any(|aggregate| columns.contains(aggregate))
}

/// Whether no row is as it is asked for.
fn is_never(rule: &Expr) -> bool {
    match rule {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => is_never(left) || is_never(right),
        Expr::IsNotNull(value) => is_null(value),
        Expr::Nested(rule) => is_never(rule),
        _ => false,
    }
}

fn is_null(value: &Expr) -> bool {
    matches!(value, Expr::Value(value) if value.value == Value::Null)
}

/// Whether a call is of this function, and each of its arguments is nothing.
fn is_of_nothing(name: &ObjectName, called: &str, arguments: &[FunctionArg]) -> bool {
    let is_nothing = |argument: &FunctionArg| matches!(argument, FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) if is_null(value));
    name.to_string().eq_ignore_ascii_case(called) && arguments.iter().all(is_nothing)
}

fn is_joined_without_rows(tables: &TableWithJoins, of: &Select) -> bool {
    let mut is_empty = is_table_without_rows(&tables.relation, of);
    for join in &tables.joins {
        let is_none = is_table_without_rows(&join.relation, of);
        is_empty = match &join.join_operator {
            JoinOperator::Join(_) | JoinOperator::Inner(_) | JoinOperator::CrossJoin(_) => is_empty || is_none,
            JoinOperator::Left(_) | JoinOperator::LeftOuter(_) => is_empty,
            JoinOperator::Right(_) | JoinOperator::RightOuter(_) => is_none,
            _ => false,
        };
    }
    is_empty
}

fn is_table_without_rows(table: &TableFactor, of: &Select) -> bool {
    match table {
        TableFactor::Table { name, args: None, .. } => {
            let table = of_catalog(name);
            let is_called = || OF_ARGUMENTS.iter().any(|arguments| of.to_string().contains(arguments));
            table.is_some_and(|table| WITHOUT_ROWS.contains(&table.as_str()) || (table == "pg_proc" && is_called()))
        }
        TableFactor::Table { name, args: Some(arguments), .. } => is_of_nothing(name, "unnest", &arguments.args),
        TableFactor::Function { name, args, .. } => is_of_nothing(name, "unnest", args),
        TableFactor::UNNEST { array_exprs, .. } => array_exprs.iter().all(is_null),
        TableFactor::Derived { subquery, .. } => is_without_rows(subquery),
        TableFactor::NestedJoin { table_with_joins, .. } => is_joined_without_rows(table_with_joins, of),
        _ => false,
    }
}

/// The table of PostgreSQL's catalog that is meant.
fn of_catalog(name: &ObjectName) -> Option<String> {
    let names: Option<Vec<&Ident>> = name.0.iter().map(|part| part.as_ident()).collect();
    match names?.as_slice() {
        [table] if table.value.starts_with("pg_") => Some(table.value.clone()),
        [.., schema, table] if schema.value.eq_ignore_ascii_case("pg_catalog") => Some(table.value.to_lowercase()),
        _ => None,
    }
}

/// The same columns, and no row.
fn without_rows(query: &Query) -> Option<Query> {
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    let names: Option<Vec<&Ident>> = select.projection.iter().map(named).collect();
    let mut columns: Vec<String> = Vec::new();
    for name in names? {
        let mut column = format!("NULL AS {name}");
        // Two tables may each have one of this name.
        if columns.contains(&column) {
            column = format!("NULL AS \"{} {}\"", name.value, columns.len());
        }
        columns.push(column);
    }
    parsed(&format!("SELECT {} WHERE false", columns.join(", ")))
}

/// Drivers ask for words of SQL that only PostgreSQL has, in one text.
fn without_keywords(query: &Query) -> Option<Query> {
    let text = query.to_string();
    if text.contains("pg_get_keywords(") && text.contains("string_agg(") {
        parsed("SELECT '' AS string_agg")
    } else {
        None
    }
}

fn named(item: &SelectItem) -> Option<&Ident> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names)) => names.last(),
        _ => None,
    }
}

pub(super) fn parsed(sql: &str) -> Option<Query> {
    match Parser::parse_sql(&PostgreSqlDialect {}, sql).ok()?.pop()? {
        Statement::Query(query) => Some(*query),
        _ => None,
    }
}

struct Adapting;

impl VisitorMut for Adapting {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        let other = if is_without_rows(query) { without_rows(query) } else { without_keywords(query) };
        if let Some(other) = other {
            *query = other;
        }
        ControlFlow::Continue(())
    }

    /// Once what is in it was visited: what stands in for a table asks that table itself.
    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Infallible> {
        if let TableFactor::Table { name, alias, args: None, .. } = factor
            && let Some((table, query)) = stand_ins::of(name)
            && let Some(mut derived) = derived(table)
        {
            if let TableFactor::Derived { subquery: inner, alias: called, .. } = &mut derived {
                **inner = query;
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
        if is_made_of_nothing(expr) {
            *expr = Expr::Value(Value::Null.into());
        }
        if let Expr::Subquery(query) = expr
            && let SetExpr::Select(select) = query.body.as_mut()
            && is_of_catalog(select)
            && select.selection.is_some()
            && let [SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. }] =
                select.projection.as_mut_slice()
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

/// Whether a query that stands for a value gives none: it has no row, or asks a function that says nothing of anything. What tools put
/// together of the catalog is about what is not there: sequences, collations.
fn is_nothing(query: &Query) -> bool {
    let SetExpr::Select(select) = query.body.as_ref() else { return false };
    let is_silent = match select.projection.as_slice() {
        [
            SelectItem::ExprWithAlias { expr: Expr::Function(function), .. }
            | SelectItem::UnnamedExpr(Expr::Function(function)),
        ] => {
            let name = function.name.to_string();
            functions::is_silent(&name) || (name == "json_build_object" && is_of_catalog(select))
        }
        _ => false,
    };
    let is_false = matches!(&select.selection, Some(Expr::Value(value)) if value.value == Value::Boolean(false));
    is_silent || (select.from.is_empty() && is_false)
}

/// Whether it is no value: a query that gives none, by itself or as an array, or what is put together of nothing.
fn is_made_of_nothing(expr: &Expr) -> bool {
    match expr {
        Expr::Subquery(query) => is_nothing(query),
        Expr::BinaryOp { left, op: BinaryOperator::StringConcat, right } => is_null(left) && is_null(right),
        Expr::Function(Function { name, args: FunctionArguments::Subquery(query), .. }) => {
            name.to_string().eq_ignore_ascii_case("array") && is_nothing(query)
        }
        Expr::Function(Function { name, args: FunctionArguments::List(list), .. }) => match list.args.as_slice() {
            [array, _separator] => is_of_nothing(name, "array_to_string", std::slice::from_ref(array)),
            _ => false,
        },
        _ => false,
    }
}

/// A query in place of a table, under its name.
fn derived(table: &str) -> Option<TableFactor> {
    let query = parsed(&format!("SELECT * FROM (SELECT 1) AS {table}"))?;
    match *query.body {
        SetExpr::Select(mut select) => select.from.pop().map(|from| from.relation),
        _ => None,
    }
}

/// Whether a query asks the catalog alone.
pub(super) fn is_of_catalog(select: &Select) -> bool {
    let is_of = |name: &ObjectName| {
        let table = name.0.last().and_then(|part| part.as_ident());
        table.is_some_and(|table| table.value.to_ascii_lowercase().starts_with("pg_"))
    };
    !select.from.is_empty()
        && select.from.iter().all(|from| matches!(&from.relation, TableFactor::Table { name, .. } if is_of(name)))
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
