//! The weather stations that readings tell of.

use metrify_domain::{Tenant, Timestamp};

use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::ports::{Cell, Page, Query, Row};
use crate::read::series::literal;

/// A weather station as its readings tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldStation {
    pub id: String,
    pub name: Option<String>,
    /// When the first of them came.
    pub since: Timestamp,
}

/// Which of them are wanted, ordered by the bytes of their ids.
#[derive(Clone, Debug)]
pub(crate) enum WantedTold<'w> {
    One(&'w str),
    /// Those behind one of them, upwards or `down`; so many at most.
    Page {
        after: Option<&'w str>,
        down: bool,
        limit: u64,
    },
}

/// The stations that readings told of by an instant; until today where it is `None`.
///
/// # Errors
/// Where the store cannot be read.
pub(crate) async fn told_stations(
    app: &App,
    tenant: &Tenant,
    wanted: &WantedTold<'_>,
    known_at: Option<Timestamp>,
) -> Result<Vec<ToldStation>> {
    let sql = query(wanted);
    let mut rows = Vec::new();
    let mut gather = |page: Page| {
        rows.extend(page.rows.iter().map(Row::to_vec));
        Ok(())
    };
    app.queries.answer(tenant, app.sql.query(tenant, Query { sql: &sql, known_at }, &mut gather)).await?;
    rows.into_iter().map(station).collect()
}

fn query(wanted: &WantedTold<'_>) -> String {
    let which = match wanted {
        WantedTold::One(id) => format!(" AND point = {}", literal(id)),
        WantedTold::Page { after, down, limit } => {
            let (behind, order) = if *down { ("<", " DESC") } else { (">", "") };
            let behind = after.map(|id| format!(" AND point {behind} {}", literal(id))).unwrap_or_default();
            format!("{behind} ORDER BY point{order} LIMIT {limit}")
        }
    };
    format!("SELECT point, name, CAST(since AS BIGINT) AS since FROM points WHERE kind = 'station'{which}")
}

fn station(row: Vec<Cell>) -> Result<ToldStation> {
    let mut cells = row.into_iter();
    match (cells.next(), cells.next(), cells.next()) {
        (Some(Cell::Text(id)), Some(name), Some(Cell::Number(since))) => {
            let since = since.parse().map(Timestamp::from_micros);
            let since = since.map_err(|error| Error::new(Kind::Internal, "read a station").because(error))?;
            let name = match name {
                Cell::Text(name) => Some(name),
                Cell::Null | Cell::Bool(_) | Cell::Number(_) => None,
            };
            Ok(ToldStation { id, name, since })
        }
        _ => Err(Error::new(Kind::Internal, "read a station: its row has other columns")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_reaches_beyond_its_quotes() {
        let head = "SELECT point, name, CAST(since AS BIGINT) AS since FROM points WHERE kind = 'station'";
        assert_eq!(query(&WantedTold::One("x' OR '1'='1")), format!("{head} AND point = 'x'' OR ''1''=''1'"));
        let page = WantedTold::Page { after: Some("'; DROP"), down: true, limit: 7 };
        assert_eq!(query(&page), format!("{head} AND point < '''; DROP' ORDER BY point DESC LIMIT 7"));
    }
}
