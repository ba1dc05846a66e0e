//! Lists that SQL answers, a page at a time.

use crate::app::App;
use crate::context::Context;
use crate::error::Result;
use crate::ports::{Cell, Page, Query, Row};
use crate::read::series::{instant, literal};
use crate::registry::{Cursor, Sort};

/// How rows come that have a name and are known since a time.
#[derive(Clone, Copy)]
pub(super) struct Order {
    /// The columns.
    pub(super) name: &'static str,
    pub(super) since: &'static str,
    pub(super) sort: Sort,
}

impl Order {
    pub(super) fn by(self) -> String {
        let Self { name, since, sort } = self;
        match sort {
            Sort::Id => name.to_owned(),
            Sort::IdDown => format!("{name} DESC"),
            Sort::Changed => format!("{since}, {name}"),
            Sort::ChangedDown => format!("{since} DESC, {name} DESC"),
        }
    }

    /// Which rows come behind one of them.
    pub(super) fn behind(self, Cursor { known_from, id }: &Cursor) -> String {
        let (Self { name, since, sort }, at, id) = (self, instant(*known_from), literal(id));
        match sort {
            Sort::Id => format!("{name} > {id}"),
            Sort::IdDown => format!("{name} < {id}"),
            Sort::Changed => format!("({since} > {at} OR {since} = {at} AND {name} > {id})"),
            Sort::ChangedDown => format!("({since} < {at} OR {since} = {at} AND {name} < {id})"),
        }
    }
}

/// All of some rules, as a condition.
pub(super) fn all_of(rules: impl IntoIterator<Item = Option<String>>) -> String {
    let rules: Vec<String> = rules.into_iter().flatten().collect();
    if rules.is_empty() { "true".to_owned() } else { rules.join(" AND ") }
}

/// That a column has a value, where one is asked for.
pub(super) fn equal(column: &str, value: Option<&str>) -> Option<String> {
    Some(format!("{column} = {}", literal(value?)))
}

/// The rows of an answer that is a page at most.
pub(super) async fn rows(app: &App, ctx: &Context, query: Query<'_>) -> Result<Vec<Vec<Cell>>> {
    let mut rows = Vec::new();
    let mut take = |page: Page| {
        rows.extend(page.rows.iter().map(Row::to_vec));
        Ok(())
    };
    app.queries.answer(ctx.tenant(), app.sql.query(ctx.tenant(), ctx.past(query), &mut take)).await?;
    Ok(rows)
}

pub(super) fn number(cell: &Cell) -> Option<u64> {
    match cell {
        Cell::Number(digits) => digits.parse().ok(),
        Cell::Null | Cell::Bool(_) | Cell::Text(_) => None,
    }
}

pub(super) fn text(cell: Cell) -> Option<String> {
    match cell {
        Cell::Text(text) => Some(text),
        Cell::Null | Cell::Bool(_) | Cell::Number(_) => None,
    }
}
