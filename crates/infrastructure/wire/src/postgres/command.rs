//! What a statement asks of a server: rows of the engine, a setting, or something that has no effect here. Nothing is written.

use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{
    CloseCursor, ContextModifier, Declare, DiscardObject, Expr, FetchDirection, Ident, ObjectName, Reset,
    ResetStatement, Set, Statement, ValueWithSpan,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use metrify_application::{Context, Error, Kind, Result};
use metrify_query::Refused;

use super::welcome::{KNOWN_AT, PURPOSE};
use super::{Postgres, absent, kept, named, understood};
use crate::refusal::{self, Refusal};

/// What is said once a session is as it began.
pub(super) const DISCARD_ALL: &str = "DISCARD ALL";
/// What is said of a transaction that is kept.
pub(super) const COMMIT: &str = "COMMIT";
/// Statements of one text.
const STATEMENTS_MAX: usize = 64;

/// A statement, as it is done.
#[derive(Clone)]
pub(super) enum Command {
    /// For the engine.
    Query(Box<Statement>),
    /// A setting of this name.
    Show(String),
    Declare(Cursor),
    Fetch(Fetch),
    /// A cursor is closed, or all of them.
    Close(Option<String>),
    Begin,
    /// The transaction ends, and this is what is said of it.
    End(&'static str),
    Savepoint(Savepoint),
    /// Settings of ours are set, and this is what is said of it.
    Set(&'static [Ours], Value, &'static str),
    /// It has no effect, and this is what is said of it.
    Nothing(&'static str),
    /// Prepared statements are given back: one of them, or all and whatever else a session has.
    Forget(Option<String>, &'static str),
    Refused(Refusal),
}

/// An answer by name.
#[derive(Clone)]
pub(super) struct Cursor {
    pub(super) name: String,
    pub(super) query: Box<Statement>,
    /// It outlasts its transaction.
    pub(super) holds: bool,
}

/// The next rows of a cursor.
#[derive(Clone)]
pub(super) struct Fetch {
    pub(super) name: String,
    /// `None` for all that are left.
    pub(super) rows_max: Option<u64>,
}

/// A place in a transaction, by name.
#[derive(Clone)]
pub(super) enum Savepoint {
    Set(String),
    /// It stays.
    BackTo(String),
    Release(String),
}

/// A setting that has an effect.
#[derive(Clone, Copy)]
pub(super) enum Ours {
    /// As of when everything is told.
    KnownAt,
    /// What it is told for.
    Purpose,
}

impl Ours {
    fn named(name: &ObjectName) -> Option<&'static [Self]> {
        match name.to_string().to_ascii_lowercase().as_str() {
            KNOWN_AT => Some(&[Self::KnownAt]),
            PURPOSE => Some(&[Self::Purpose]),
            _ => None,
        }
    }

    const ALL: [Self; 2] = [Self::KnownAt, Self::Purpose];
}

/// What a setting is from now on.
#[derive(Clone)]
pub(super) enum Value {
    /// In this session; as if nothing was said where the text is empty.
    Session(String),
    /// In this transaction.
    Local(String),
    /// As where nothing was set in this session, or in this transaction.
    AtFirst { is_local: bool },
}

impl Postgres {
    /// Reads the statements of a text. Where it cannot be read, that leaves an entry.
    ///
    /// # Errors
    /// Where it is no SQL, or too much of it.
    pub(super) async fn read(self: &Arc<Self>, ctx: &Context, sql: String) -> Result<Vec<Command>> {
        let postgres = self.clone();
        let read = move |sql: &str| {
            let written = kept::written(sql);
            let statements = postgres.parser.parse(written.as_deref().unwrap_or(sql)).map_err(|error| {
                let text = error.to_string();
                let text = text.strip_prefix("sql parser error: ").unwrap_or(&text);
                Error::new(Kind::Invalid, "read the query").because(Refused::syntax(text.to_owned()))
            })?;
            if statements.len() > STATEMENTS_MAX {
                let error = Error::new(Kind::Invalid, "read the query: too many statements come at once");
                return Err(error.hint(format!("send up to {STATEMENTS_MAX}")));
            }
            Ok(statements.into_iter().map(command).collect())
        };
        self.wire.noted(ctx, self.wire.engine.read(ctx.tenant(), sql, PostgreSqlDialect {}, read).await)
    }
}

fn command(mut statement: Statement) -> Command {
    named::adapt(&mut statement);
    understood::adapt(&mut statement);
    absent::adapt(&mut statement);
    match &statement {
        read if refusal::only_reads(read) => Command::Query(Box::new(statement)),
        Statement::ShowVariable { variable } => {
            let words: Vec<&str> = variable.iter().map(|word: &Ident| word.value.as_str()).collect();
            Command::Show(words.join(if words.len() == 3 { " " } else { "." }))
        }
        Statement::StartTransaction { .. } => Command::Begin,
        Statement::Set(Set::SetTransaction { .. } | Set::SetSessionParam(_)) => Command::Nothing("SET"),
        Statement::Commit { .. } => Command::End(COMMIT),
        Statement::Rollback { savepoint: None, .. } => Command::End("ROLLBACK"),
        Statement::Rollback { savepoint: Some(name), .. } => Command::Savepoint(Savepoint::BackTo(word(name))),
        Statement::Savepoint { name } => Command::Savepoint(Savepoint::Set(word(name))),
        Statement::ReleaseSavepoint { name } => Command::Savepoint(Savepoint::Release(word(name))),
        Statement::Set(Set::SingleAssignment { scope, variable, values, .. }) => set(*scope, variable, values),
        Statement::Set(_) => Command::Nothing("SET"),
        Statement::Reset(ResetStatement { reset: Reset::ConfigurationParameter(name) }) => match Ours::named(name) {
            Some(ours) => Command::Set(ours, Value::AtFirst { is_local: false }, "RESET"),
            None => Command::Nothing("RESET"),
        },
        Statement::Reset(_) => Command::Set(&Ours::ALL, Value::AtFirst { is_local: false }, "RESET"),
        Statement::Discard { object_type: DiscardObject::ALL } => Command::Forget(None, DISCARD_ALL),
        Statement::Discard { object_type: DiscardObject::PLANS } => Command::Nothing("DISCARD PLANS"),
        Statement::Discard { object_type: DiscardObject::SEQUENCES } => Command::Nothing("DISCARD SEQUENCES"),
        Statement::Discard { object_type: DiscardObject::TEMP } => Command::Nothing("DISCARD TEMP"),
        Statement::Deallocate { name, .. } => {
            let is_all = name.quote_style.is_none() && name.value.eq_ignore_ascii_case("all");
            if is_all {
                Command::Forget(None, "DEALLOCATE ALL")
            } else {
                Command::Forget(Some(name.value.clone()), "DEALLOCATE")
            }
        }
        Statement::Declare { stmts } => declared(stmts).unwrap_or_else(|| Command::Refused(refusal::of(&statement))),
        Statement::Fetch { name, direction, into: None, .. } => match rows_max(direction) {
            Some(rows_max) => Command::Fetch(Fetch { name: word(name), rows_max }),
            None => Command::Refused(only_forward()),
        },
        Statement::Close { cursor: CloseCursor::Specific { name } } => Command::Close(Some(word(name))),
        Statement::Close { cursor: CloseCursor::All } => Command::Close(None),
        Statement::UNLISTEN { .. } => Command::Nothing("UNLISTEN"),
        _ => Command::Refused(refusal::of(&statement)),
    }
}

/// A cursor that only reads, forward, and as text where nothing else is asked for.
fn declared(declared: &[Declare]) -> Option<Command> {
    let [Declare { names, scroll: None | Some(false), binary: None | Some(false), hold, for_query: Some(query), .. }] =
        declared
    else {
        return None;
    };
    let query = Statement::Query(query.clone());
    let is_read = refusal::only_reads(&query);
    let name = word(names.first()?);
    let cursor = Cursor { name, query: Box::new(query), holds: hold.unwrap_or_default() };
    is_read.then_some(Command::Declare(cursor))
}

/// How many rows are fetched, `None` within for all; `None` where they are not the next ones.
fn rows_max(direction: &FetchDirection) -> Option<Option<u64>> {
    let number = |limit: &ValueWithSpan| limit.value.to_string().parse::<u64>().ok().map(Some);
    match direction {
        FetchDirection::Next | FetchDirection::Forward { limit: None } => Some(Some(1)),
        FetchDirection::Count { limit } | FetchDirection::Forward { limit: Some(limit) } => number(limit),
        FetchDirection::All | FetchDirection::ForwardAll => Some(None),
        _ => None,
    }
}

fn only_forward() -> Refusal {
    let message = "cursor can only scan forward".to_owned();
    Refusal { would_write: false, message, hint: "fetch the next rows, as many as are wanted, or all" }
}

/// A name as PostgreSQL understands it.
pub(super) fn word(name: &Ident) -> String {
    if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() }
}

/// A setting of ours has an effect, and any other has none.
fn set(scope: Option<ContextModifier>, name: &ObjectName, values: &[Expr]) -> Command {
    match (Ours::named(name), scope) {
        (None, _) => Command::Nothing("SET"),
        (Some(_), Some(ContextModifier::Global)) => Command::Refused(for_the_session(name)),
        (Some(ours), Some(ContextModifier::Local)) => Command::Set(ours, value(values, true), "SET"),
        (Some(ours), Some(ContextModifier::Session) | None) => Command::Set(ours, value(values, false), "SET"),
    }
}

/// What a setting is set to.
fn value(values: &[Expr], is_local: bool) -> Value {
    let text = match values {
        [Expr::Value(value)] => value.value.clone().into_string().unwrap_or_else(|| value.to_string()),
        [Expr::Identifier(word)] if word.value.eq_ignore_ascii_case("default") => return Value::AtFirst { is_local },
        values => values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    if is_local { Value::Local(text) } else { Value::Session(text) }
}

fn for_the_session(name: &ObjectName) -> Refusal {
    let message = format!("{name} is set for a session or a transaction, and not for more");
    Refusal { would_write: false, message, hint: "leave GLOBAL away" }
}
