//! What the engine has under other words: types, patterns with an escape of their own, names that are a function's.

mod moments;

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    DataType, ExactNumberInfo, Expr, Fetch, Function, FunctionArgumentList, FunctionArguments, Ident, LimitClause,
    ObjectName, Query, Select, SelectItem, SetExpr, Statement, Value, ValueWithSpan, VisitMut, VisitorMut,
};

use super::absent::parsed;

/// Columns that the catalog has not, or that say nothing: rights and options, and nothing here has any, and which table a row is of, which is
/// asked for comments.
const ABSENT: [&str; 13] = [
    "attacl",
    "colliculocale",
    "datacl",
    "lanacl",
    "nspacl",
    "paracl",
    "proacl",
    "relacl",
    "reloptions",
    "setconfig",
    "spcacl",
    "tableoid",
    "typacl",
];
/// Types that are texts here.
const TEXTS: [&str; 4] = ["name", "citext", "cstring", "xml"];
/// Digits of the binary fraction that a `float4` has.
const FLOAT4_DIGITS: u64 = 24;
/// Stands for what is meant by itself while others are replaced.
const MARK: char = '\u{1}';

pub(super) fn adapt(statement: &mut Statement) {
    // It breaks off nowhere.
    let ControlFlow::Continue(()) = statement.visit(&mut Understanding);
}

/// Whether it is a column that the catalog has not, or that says nothing.
pub(super) fn is_absent(expr: &Expr) -> bool {
    let name = match expr {
        Expr::Identifier(name) => Some(name),
        Expr::CompoundIdentifier(names) => names.last(),
        _ => None,
    };
    name.is_some_and(|name| ABSENT.contains(&name.value.as_str()))
}

struct Understanding;

impl VisitorMut for Understanding {
    type Break = Infallible;

    /// Whether there are rows, asked as a value.
    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<Infallible> {
        for item in &mut select.projection {
            if let SelectItem::UnnamedExpr(asked) | SelectItem::ExprWithAlias { expr: asked, .. } = item {
                counted(asked);
            }
        }
        ControlFlow::Continue(())
    }

    /// Drivers write values into a text as texts, numbers of rows among them.
    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        if let Some(Fetch { with_ties: false, percent: false, quantity }) = &query.fetch
            && query
                .limit_clause
                .as_ref()
                .is_none_or(|limit| matches!(limit, LimitClause::LimitOffset { limit: None, .. }))
        {
            let number = quantity.clone().unwrap_or_else(|| Expr::Value(Value::Number("1".to_owned(), false).into()));
            match &mut query.limit_clause {
                Some(LimitClause::LimitOffset { limit, .. }) => *limit = Some(number),
                limit => {
                    *limit = Some(LimitClause::LimitOffset { limit: Some(number), offset: None, limit_by: Vec::new() });
                }
            }
            query.fetch = None;
        }
        if let Some(LimitClause::LimitOffset { limit, offset, .. }) = &mut query.limit_clause {
            for number in limit.iter_mut().chain(offset.as_mut().map(|offset| &mut offset.value)) {
                if let Expr::Value(value) = number
                    && let Value::SingleQuotedString(digits) = &value.value
                    && !digits.is_empty()
                    && digits.bytes().all(|digit| digit.is_ascii_digit())
                {
                    value.value = Value::Number(digits.clone(), false);
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
        let otherwise = match expr {
            Expr::Cast { data_type, .. } => {
                if let Some(known) = known(data_type) {
                    *data_type = known;
                }
                None
            }
            Expr::Like { pattern, escape_char, .. } | Expr::ILike { pattern, escape_char, .. } => {
                if let Some(usual) = escape_char.as_ref().and_then(|escape| escaped(pattern, escape)) {
                    **pattern = usual;
                    *escape_char = None;
                }
                None
            }
            Expr::InList { expr: of, list, .. } if is_search_path(of, list) => {
                *list = value("quote_ident(current_schema())").into_iter().collect();
                None
            }
            Expr::Function(function) => of_function(function),
            _ => None,
        };
        if is_absent(expr) {
            *expr = Expr::Value(Value::Null.into());
        }
        if let Some(otherwise) = otherwise {
            *expr = otherwise;
        }
        ControlFlow::Continue(())
    }
}

/// Counts rows where a value is whether there are any: the engine has that in conditions alone.
fn counted(asked: &mut Expr) {
    match asked {
        Expr::Nested(asked) | Expr::UnaryOp { expr: asked, .. } => counted(asked),
        Expr::Exists { subquery, negated } => {
            let sign = if *negated { "=" } else { ">" };
            let count = value(&format!("(SELECT count(*) {sign} 0 FROM (SELECT 1 FROM ({subquery}) LIMIT 1))"));
            if let Some(count) = count {
                *asked = count;
            }
        }
        _ => {}
    }
}

/// The one value of a text.
fn value(sql: &str) -> Option<Expr> {
    let query = parsed(&format!("SELECT {sql}"))?;
    let SetExpr::Select(mut select) = *query.body else { return None };
    match select.projection.pop()? {
        SelectItem::UnnamedExpr(value) => Some(value),
        _ => None,
    }
}

/// A type that the engine has; `None` where this one is.
fn known(named: &DataType) -> Option<DataType> {
    match named {
        // The engine takes it for the short one, and loses digits.
        DataType::Float(ExactNumberInfo::None) => Some(DataType::DoublePrecision),
        DataType::Float(ExactNumberInfo::Precision(digits)) if *digits > FLOAT4_DIGITS => {
            Some(DataType::DoublePrecision)
        }
        DataType::JSON | DataType::JSONB => Some(DataType::Text),
        DataType::Custom(name, modifiers) if modifiers.is_empty() => {
            let name = name.0.last()?.as_ident()?;
            TEXTS.contains(&name.value.to_lowercase().as_str()).then_some(DataType::Text)
        }
        _ => None,
    }
}

/// A pattern whose escape is the usual one.
fn escaped(pattern: &Expr, escape: &ValueWithSpan) -> Option<Expr> {
    let Value::SingleQuotedString(escape) = &escape.value else { return None };
    if escape == "\\" {
        return None;
    }
    let usual = format!(r"replace({pattern}, '\', '\\')");
    if escape.is_empty() {
        return value(&usual);
    }
    let quoted = escape.replace('\'', "''");
    value(&format!(
        r"replace(replace(replace({usual}, '{quoted}{quoted}', '{MARK}'), '{quoted}', '\'), '{MARK}', '{quoted}')"
    ))
}

/// What Grafana asks of the search path, of which the reader makes nothing.
fn is_search_path(of: &Expr, list: &[Expr]) -> bool {
    let is_quoted = matches!(of, Expr::Function(function) if function.name.to_string() == "quote_ident");
    let is_nothing =
        |value: &Expr| matches!(value, Expr::Value(value) if value.value == Value::SingleQuotedString(String::new()));
    is_quoted && matches!(list, [one] if is_nothing(one))
}

/// What the engine has instead of a function.
fn of_function(function: &Function) -> Option<Expr> {
    let call = function.to_string();
    if call.eq_ignore_ascii_case("user") {
        let none = FunctionArgumentList { duplicate_treatment: None, args: Vec::new(), clauses: Vec::new() };
        let name = ObjectName::from(vec![Ident::new("session_user")]);
        return Some(Expr::Function(Function { name, args: FunctionArguments::List(none), ..function.clone() }));
    }
    if let Some(otherwise) = moments::of(function) {
        return Some(otherwise);
    }
    let (name, arguments) = call.strip_suffix(')')?.split_once('(')?;
    match name {
        // The number of a type, by its name.
        "to_regtype" => value(&format!("(SELECT min(t.oid) FROM pg_catalog.pg_type t WHERE t.typname = {arguments})")),
        // Drivers have numbers of tables as long ones.
        "pg_total_relation_size" | "pg_relation_size" => value(&format!("{name}(CAST({arguments} AS INT))")),
        _ => None,
    }
}
