//! The instant as of which a session is told everything, and what for: settings as PostgreSQL's are, which a transaction that is rolled
//! back leaves as they were.

use metrify_domain::Timestamp;
use metrify_governance::Purpose;
use pgwire::messages::response::NoticeResponse;

use super::problem::{self, Problem};

/// Savepoints of one transaction that are told apart; the same one over and over is one.
const SAVEPOINTS_MAX: usize = 1_024;
/// Bytes of a name that tell it from others, as PostgreSQL has it.
const NAME_BYTES: usize = 63;

/// What they are set to, and what they were where that may be wanted back.
pub(super) struct Known {
    /// What the session began with.
    first: Settings,
    here: Settings,
    /// What held before the transaction; one that nobody began is as long as what is sent together.
    before: Settings,
    savepoints: Vec<Savepoint>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Settings {
    /// As of when; of now where it is `None`.
    pub(super) known_at: Setting<Option<Timestamp>>,
    /// The first of its key where it is `None`.
    pub(super) purpose: Setting<Option<Purpose>>,
}

impl Settings {
    /// At the end of a transaction, which takes with it what was set for it alone.
    const fn outlasting(self) -> Self {
        Self { known_at: Setting::new(self.known_at.session), purpose: Setting::new(self.purpose.session) }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Setting<T> {
    /// For the session.
    session: T,
    /// For the rest of the transaction.
    local: Option<T>,
}

impl<T: Copy> Setting<T> {
    const fn new(session: T) -> Self {
        Self { session, local: None }
    }

    pub(super) fn get(&self) -> T {
        self.local.unwrap_or(self.session)
    }

    pub(super) fn set(&mut self, value: T) {
        *self = Self { session: value, local: None };
    }

    pub(super) const fn set_local(&mut self, value: T) {
        self.local = Some(value);
    }
}

struct Savepoint {
    name: String,
    set: Settings,
    /// How often it was told one after the other, each above the one before.
    times: u32,
}

impl Known {
    pub(super) const fn new(known_at: Option<Timestamp>, purpose: Option<Purpose>) -> Self {
        let first = Settings { known_at: Setting::new(known_at), purpose: Setting::new(purpose) };
        Self { first, here: first, before: first, savepoints: Vec::new() }
    }

    pub(super) const fn here(&self) -> &Settings {
        &self.here
    }

    pub(super) const fn here_mut(&mut self) -> &mut Settings {
        &mut self.here
    }

    /// What it is where nobody sets anything.
    pub(super) const fn first(&self) -> Settings {
        self.first
    }

    /// The transaction ends, and what was set in it stays.
    pub(super) fn commit(&mut self) {
        self.end(self.here);
    }

    /// The transaction ends as if it had not been.
    pub(super) fn roll_back(&mut self) {
        self.end(self.before);
    }

    fn end(&mut self, set: Settings) {
        self.here = set.outlasting();
        self.before = self.here;
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
