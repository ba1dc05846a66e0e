//! Statements that a session prepared, and those it gave values to.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, SchemaRef};
use datafusion::common::ScalarValue;
use pgwire::api::results::FieldInfo;
use postgres_types::Type;

use super::command::Command;
use super::parameters::Given;
use super::problem::{self, Problem};
use super::rows::{self, Rows};
use crate::answer::Answer;

/// Statements that one session may prepare, and answers that it may have under way.
const PREPARED_MAX: usize = 512;
const PORTALS_MAX: usize = 64;
/// Bytes of the texts of all statements that one session may prepare.
const TEXT_BYTES_MAX: usize = 4 << 20;

/// A statement that was understood.
pub(super) struct Prepared {
    pub(super) text_bytes: usize,
    /// `None` for a text without a statement.
    pub(super) command: Option<Command>,
    /// The types of its parameters, as far as the client said.
    pub(super) given: Vec<Option<Type>>,
    /// And as far as the statement tells.
    pub(super) wanted: Vec<Option<DataType>>,
    /// Of its answer; `None` where it has none.
    pub(super) columns: Option<SchemaRef>,
}

impl Prepared {
    /// What clients are told of the types of its parameters.
    ///
    /// # Errors
    /// Where a type has no name in this protocol.
    pub(super) fn parameters(&self) -> Result<Vec<u32>, Problem> {
        let count = self.given.len().max(self.wanted.len());
        let oid = |place: usize| {
            if let Some(Some(given)) = self.given.get(place) {
                return Ok(given.oid());
            }
            match self.wanted.get(place) {
                Some(Some(wanted)) => Ok(rows::kind(&Arc::new(Field::new("", wanted.clone(), true)))?.oid()),
                _ => Ok(Type::TEXT.oid()),
            }
        };
        (0..count).map(oid).collect()
    }

    /// # Errors
    /// Where there are not as many values as the statement has parameters, or one is none of its type.
    pub(super) fn values(&self, formats: &[i16], given: &[Option<bytes::Bytes>]) -> Result<Vec<ScalarValue>, Problem> {
        let count = self.given.len().max(self.wanted.len());
        let is_fitting = formats.len() <= 1 || formats.len() == given.len();
        if given.len() != count || !is_fitting {
            let (said, forms) = (given.len(), formats.len());
            return Err(problem::error("08P01", format!("bind {count} parameters: {said} came, in {forms} forms")));
        }
        let value = |(place, bytes): (usize, &Option<bytes::Bytes>)| {
            let format = formats.get(place).or(formats.first().filter(|_| formats.len() == 1));
            let given = Given {
                place: place + 1,
                of: self.given.get(place).and_then(Option::as_ref),
                wanted: self.wanted.get(place).and_then(Option::as_ref),
                is_binary: format.is_some_and(|format| *format == 1),
                bytes: bytes.as_deref(),
            };
            given.value()
        };
        given.iter().enumerate().map(value).collect()
    }
}

/// A statement with its values.
pub(super) struct Portal {
    pub(super) prepared: Arc<Prepared>,
    pub(super) values: Vec<ScalarValue>,
    /// The forms its answer is asked for in.
    pub(super) formats: Vec<i16>,
    pub(super) running: Option<Running>,
    pub(super) lasts: Lasts,
}

/// How long a portal is there, unless it is closed.
#[derive(Clone, Copy)]
pub(super) enum Lasts {
    /// As long as what is sent together, and within a transaction until a text comes that is asked by itself.
    Together,
    /// A cursor, as long as its transaction.
    Transaction,
    /// A cursor that is held once its transaction is committed.
    Commit,
    /// A cursor that is held.
    Session,
}

/// An answer that is being told.
pub(super) struct Running {
    pub(super) answer: Answer,
    pub(super) fields: Arc<Vec<FieldInfo>>,
    /// What is left of the batch that was told last.
    pub(super) rows: Option<Rows>,
}

impl Running {
    /// # Errors
    /// Where its columns cannot be told in these forms.
    pub(super) fn new(answer: Answer, formats: &[i16]) -> Result<Self, Problem> {
        let fields = Arc::new(rows::fields(answer.columns(), formats)?);
        Ok(Self { answer, fields, rows: None })
    }

    /// Tells the rest in these forms.
    ///
    /// # Errors
    /// Where its columns cannot be told in them.
    pub(super) fn form(&mut self, formats: &[i16]) -> Result<(), Problem> {
        self.fields = Arc::new(rows::fields(self.answer.columns(), formats)?);
        self.rows = self.rows.take().map(|rows| rows.formed(&self.fields));
        Ok(())
    }

    pub(super) fn go_on(&mut self, batch: RecordBatch) {
        self.rows = Some(Rows::new(batch, &self.fields));
    }
}

/// What a session calls by names; the empty name is as good as any.
#[derive(Default)]
pub(super) struct Statements {
    prepared: HashMap<String, Arc<Prepared>>,
    portals: HashMap<String, Portal>,
}

impl Statements {
    /// # Errors
    /// Where the name is taken, or there are too many.
    pub(super) fn prepare(&mut self, name: String, prepared: Prepared) -> Result<(), Problem> {
        if !name.is_empty() && self.prepared.contains_key(&name) {
            return Err(problem::error("42P05", format!("prepare the statement `{name}`: there is one of this name")));
        }
        let text_bytes: usize = self.prepared.values().map(|prepared| prepared.text_bytes).sum();
        if self.prepared.len() >= PREPARED_MAX || text_bytes + prepared.text_bytes > TEXT_BYTES_MAX {
            let error = problem::error("54000", "prepare a statement: the session has as many as it may");
            return Err(problem::hinted(error, "close those that are not needed any more"));
        }
        self.prepared.insert(name, Arc::new(prepared));
        Ok(())
    }

    pub(super) fn prepared(&self, name: &str) -> Result<Arc<Prepared>, Problem> {
        let found = self.prepared.get(name).cloned();
        found.ok_or_else(|| problem::error("26000", format!("find the prepared statement `{name}`: there is none")))
    }

    /// # Errors
    /// Where there are too many.
    pub(super) fn bind(&mut self, name: String, portal: Portal) -> Result<(), Problem> {
        if self.portals.len() >= PORTALS_MAX && !self.portals.contains_key(&name) {
            return Err(problem::error("54000", format!("bind a statement: {PORTALS_MAX} are under way")));
        }
        // A cursor is closed by who declared it.
        if self.portals.get(&name).is_some_and(|portal| !matches!(portal.lasts, Lasts::Together)) {
            return Err(problem::error("42P03", format!("portal \"{name}\" already exists")));
        }
        self.portals.insert(name, portal);
        Ok(())
    }

    pub(super) fn portal(&mut self, name: &str) -> Result<&mut Portal, Problem> {
        let found = self.portals.get_mut(name);
        found.ok_or_else(|| problem::error("34000", format!("find the portal `{name}`: there is none")))
    }

    /// Takes a portal out, so that it is gone where it fails.
    pub(super) fn take(&mut self, name: &str) -> Result<Portal, Problem> {
        let found = self.portals.remove(name);
        found.ok_or_else(|| problem::error("34000", format!("find the portal `{name}`: there is none")))
    }

    pub(super) fn close(&mut self, name: &str) {
        self.prepared.remove(name);
    }

    pub(super) fn close_portal(&mut self, name: &str) {
        self.portals.remove(name);
    }

    /// Closes what was sent together, and the cursors of a transaction that is none any more.
    pub(super) fn close_portals(&mut self, is_transaction: bool) {
        self.portals.retain(|_, portal| match portal.lasts {
            Lasts::Together => false,
            Lasts::Transaction | Lasts::Commit => is_transaction,
            Lasts::Session => true,
        });
    }

    /// From now on cursors are held that were to be.
    pub(super) fn commit(&mut self) {
        for portal in self.portals.values_mut().filter(|portal| matches!(portal.lasts, Lasts::Commit)) {
            portal.lasts = Lasts::Session;
        }
    }

    /// Closes the cursors of a transaction that ends.
    pub(super) fn end(&mut self) {
        self.portals.retain(|_, portal| matches!(portal.lasts, Lasts::Together | Lasts::Session));
    }

    pub(super) fn close_cursors(&mut self) {
        self.portals.retain(|_, portal| matches!(portal.lasts, Lasts::Together));
    }

    /// The columns of a portal's answer; `None` where there is no such portal, or it has none.
    pub(super) fn columns(&self, portal: &str) -> Option<SchemaRef> {
        self.portals.get(portal)?.prepared.columns.clone()
    }

    /// Forgets all that was prepared; what is under way stays.
    pub(super) fn forget(&mut self) {
        self.prepared.clear();
    }

    pub(super) fn discard(&mut self) {
        *self = Self::default();
    }
}
