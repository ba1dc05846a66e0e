//! The instant as of which a session is told everything: a setting as PostgreSQL's are, which a transaction that is rolled back leaves as
//! it was.

use metrify_domain::Timestamp;
use pgwire::messages::response::NoticeResponse;

use super::problem::{self, Problem};

/// Savepoints of one transaction that are told apart; the same one over and over is one.
const SAVEPOINTS_MAX: usize = 1_024;
/// Bytes of a name that tell it from others, as PostgreSQL has it.
const NAME_BYTES: usize = 63;

/// As of when; of now where it is `None`.
type At = Option<Timestamp>;

/// What it is set to, and what it was where that may be wanted back.
pub(super) struct Known {
    /// What the session began with.
    first: At,
    here: Set,
    /// What held before the transaction; one that nobody began is as long as what is sent together.
    before: At,
    savepoints: Vec<Savepoint>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Set {
    /// For the session.
    session: At,
    /// For the rest of the transaction.
    local: Option<At>,
}

struct Savepoint {
    name: String,
    set: Set,
    /// How often it was told one after the other, each above the one before.
    times: u32,
}

impl Known {
    pub(super) const fn new(first: At) -> Self {
        Self { first, here: Set { session: first, local: None }, before: first, savepoints: Vec::new() }
    }

    pub(super) fn at(&self) -> At {
        self.here.local.unwrap_or(self.here.session)
    }

    /// What it is where nobody sets it.
    pub(super) const fn first(&self) -> At {
        self.first
    }

    pub(super) const fn set(&mut self, at: At) {
        self.here = Set { session: at, local: None };
    }

    pub(super) const fn set_local(&mut self, at: At) {
        self.here.local = Some(at);
    }

    /// The transaction ends, and what was set in it stays.
    pub(super) fn commit(&mut self) {
        self.end(self.here.session);
    }

    /// The transaction ends as if it had not been.
    pub(super) fn roll_back(&mut self) {
        self.end(self.before);
    }

    fn end(&mut self, session: At) {
        self.here = Set { session, local: None };
        self.before = session;
        self.savepoints = Vec::new();
    }

    pub(super) fn savepoint(&mut self, name: &str) -> Result<(), Problem> {
        let (name, set) = (named(name), self.here);
        if let Some(last) = self.savepoints.last_mut().filter(|last| last.name == name && last.set == set) {
            last.times = last.times.saturating_add(1);
            return Ok(());
        }
        if self.savepoints.len() >= SAVEPOINTS_MAX {
            let error = problem::error("54000", format!("{SAVEPOINTS_MAX} savepoints are in this transaction"));
            return Err(problem::hinted(error, "release those that are not gone back to"));
        }
        self.savepoints.push(Savepoint { name: name.to_owned(), set, times: 1 });
        Ok(())
    }

    /// What was set since the savepoint is as it was there; those after it are gone.
    pub(super) fn roll_back_to(&mut self, name: &str) -> Result<(), Problem> {
        let place = self.place(name)?;
        self.savepoints.truncate(place + 1);
        if let Some(savepoint) = self.savepoints.last() {
            self.here = savepoint.set;
        }
        Ok(())
    }

    /// The savepoint is gone with those after it, and what was set since stays.
    pub(super) fn release(&mut self, name: &str) -> Result<(), Problem> {
        let place = self.place(name)?;
        self.savepoints.truncate(place + 1);
        if let Some(mut savepoint) = self.savepoints.pop()
            && savepoint.times > 1
        {
            savepoint.times -= 1;
            self.savepoints.push(savepoint);
        }
        Ok(())
    }

    fn place(&self, name: &str) -> Result<usize, Problem> {
        let name = named(name);
        let place = self.savepoints.iter().rposition(|savepoint| savepoint.name == name);
        place.ok_or_else(|| problem::error("3B001", format!("savepoint \"{name}\" does not exist")))
    }
}

/// What is told of a setting for the transaction where none was begun.
pub(super) fn for_nothing() -> NoticeResponse {
    let mut notice = problem::error("25P01", "SET LOCAL can only be used in transaction blocks");
    "WARNING".clone_into(&mut notice.severity);
    NoticeResponse::from(*notice)
}

fn named(name: &str) -> &str {
    let mut end = name.len().min(NAME_BYTES);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}
