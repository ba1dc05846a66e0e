//! Entries of the audit log as JSON, and which of them are asked for.

use metrify_application::audit::{Entry, Outcome, Way};
use metrify_application::govern::Noted;
use metrify_application::{Error, Kind, Result};
use metrify_domain::Timestamp;
use metrify_governance::{Action, Purpose, Resource, Role};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::people::read;
use super::{moment, span};
use crate::paging::{limit, read_hex, write_hex};

/// Which entries.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EntryQuery {
    /// A point, meter, key or delivery. What may have touched it without saying so is among them: queries and exports, lists of readings,
    /// meters and metering points, the contents of deliveries, and rejects.
    pub subject: Option<String>,
    pub principal: Option<String>,
    /// `read`, `query`, `export`, `deliver`, `mend`, `register`, `administer` or `enter`.
    pub action: Option<String>,
    /// `readings`, `tables`, `meters`, ...
    pub resource: Option<String>,
    /// `begun`, `done`, `denied`, or the kind of an error, such as `invalid`.
    pub outcome: Option<String>,
    /// `admin`, `analyst`, `operator`, `viewer` or `api`.
    pub role: Option<String>,
    /// Such as `metering`.
    pub purpose: Option<String>,
    /// At it or later: a day, local, as its beginning, or an instant.
    pub start: Option<String>,
    /// Before it.
    pub end: Option<String>,
    /// At it or before it.
    pub as_known_at: Option<String>,
    /// `at`, oldest first, or `-at`.
    #[param(inline)]
    pub sort: Option<EntrySort>,
    /// What `next` said on the page before; of the same order.
    pub cursor: Option<String>,
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u64>,
}

/// The order of entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum EntrySort {
    #[default]
    #[serde(rename = "at")]
    At,
    #[serde(rename = "-at")]
    AtDown,
}

impl EntryQuery {
    /// # Errors
    /// Where a parameter means nothing.
    pub fn noted(&self) -> Result<Noted> {
        let limit = limit(self.limit)?;
        let place = self.cursor.as_deref().map(read_cursor).transpose()?;
        let number = place.map(|(number, _)| number);
        let outcome = self.outcome.as_deref().map(|name| {
            let unknown = || Error::new(Kind::Invalid, format!("read `outcome`: `{name}` is none"));
            Outcome::named(name).ok_or_else(|| unknown().hint("there are begun, done, denied, and the kinds of errors"))
        });
        let (from, until) = span(self.start.as_deref(), self.end.as_deref())?;
        Ok(Noted {
            subject: self.subject.clone(),
            principal: self.principal.clone(),
            action: named::<Action>("action", self.action.as_deref())?,
            resource: named::<Resource>("resource", self.resource.as_deref())?,
            outcome: outcome.transpose()?,
            role: named::<Role>("role", self.role.as_deref())?,
            purpose: named::<Purpose>("purpose", self.purpose.as_deref())?,
            from,
            until: place.map(|(_, bound)| bound).or(until),
            known_at: self.as_known_at.as_deref().map(moment).transpose()?,
            way: match self.sort.unwrap_or_default() {
                EntrySort::At => Way::Onwards { after: number.unwrap_or(0) },
                EntrySort::AtDown => Way::Back { before: number },
            },
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
        })
    }
}

fn named<T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    name: &str,
    text: Option<&str>,
) -> Result<Option<T>> {
    text.map(|text| read(name, text)).transpose()
}

/// The last entry of a page, and the instant at which the first page was asked for: what is noted later, such as the reading of the
/// log itself, is not behind the last page.
pub(crate) fn write_cursor(number: u64, bound: Timestamp) -> String {
    write_hex(&format!("{number} {}", bound.micros()))
}

fn read_cursor(cursor: &str) -> Result<(u64, Timestamp)> {
    let read = |text: &str| {
        let (number, bound) = text.split_once(' ')?;
        Some((number.parse().ok()?, Timestamp::from_micros(bound.parse().ok()?)))
    };
    read_hex(cursor).as_deref().and_then(read).ok_or_else(|| {
        Error::new(Kind::Invalid, "read the cursor: it is none of this server")
            .hint("give `next` of the page before as it is")
    })
}

/// Who did what, what for, and what came of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EntryBody {
    /// Counted from 1.
    pub number: u64,
    #[schema(format = DateTime)]
    pub at: String,
    pub request: String,
    pub principal: String,
    /// Absent where nobody is known by the name that was given.
    pub role: Option<String>,
    pub purpose: Option<String>,
    pub action: String,
    pub resource: String,
    /// The point, meter, key or delivery, where it was one.
    pub subject: Option<String>,
    /// Of a query: the SHA-256 of its text, in hexadecimal digits. The same text has the same one; the text itself is kept nowhere.
    pub query: Option<String>,
    /// `done`, `denied`, or the kind of the error.
    pub outcome: String,
}

impl From<(u64, Entry)> for EntryBody {
    fn from((number, entry): (u64, Entry)) -> Self {
        Self {
            number,
            at: entry.at.to_string(),
            request: entry.request,
            principal: entry.principal,
            role: entry.role.map(|role| role.to_string()),
            purpose: entry.purpose.map(|purpose| purpose.to_string()),
            action: entry.act.action.to_string(),
            resource: entry.act.resource.to_string(),
            subject: entry.act.subject,
            query: entry.query.map(|query| query.to_string()),
            outcome: entry.outcome.name().to_owned(),
        }
    }
}
