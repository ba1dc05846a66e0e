//! What goes over the wire when something is read again.

use metrify_application::ingest::{self, Changes, Hints, Selection};
use metrify_application::record::DeliveryId;
use metrify_application::{Error, Kind, Result, moment};
use metrify_domain::{Reading, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::meaning;

/// Which rejects to read again, and with what.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// All that are open where it is absent.
    #[schema(min_items = 1)]
    pub ids: Option<Vec<String>>,
    pub timezone: Option<String>,
    pub area: Option<String>,
    pub point: Option<String>,
    pub quantity: Option<String>,
    #[serde(default)]
    pub swap_tariffs: bool,
}

impl Replay {
    /// The rejects that are named; none means all.
    ///
    /// # Errors
    /// Where the list of names is empty.
    pub fn named(&self) -> Result<Vec<String>> {
        named(self.ids.as_deref())
    }

    /// # Errors
    /// Where a parameter means nothing.
    pub fn hints(&self) -> Result<Hints> {
        Ok(Hints {
            zone: meaning(self.timezone.as_deref())?,
            area: meaning(self.area.as_deref())?,
            point: meaning(self.point.as_deref())?,
            quantity: meaning(self.quantity.as_deref())?,
            swap_tariffs: self.swap_tariffs,
        })
    }
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Replayed {
    pub id: String,
    pub resolved: bool,
    pub stored: u64,
    pub duplicates: u64,
    pub corrections: u64,
    pub reasons: Vec<String>,
}

impl From<ingest::Replayed> for Replayed {
    fn from(replayed: ingest::Replayed) -> Self {
        Self {
            id: replayed.id,
            resolved: replayed.resolved,
            stored: replayed.counts.stored,
            duplicates: replayed.counts.duplicates,
            corrections: replayed.counts.corrections,
            reasons: replayed.reasons,
        }
    }
}

/// Which deliveries to read again, and whether to change what that changes.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveryReplay {
    /// All that are kept where it is absent.
    #[schema(min_items = 1)]
    pub ids: Option<Vec<String>>,
    /// A day, local, or an instant: `2025-01-05`, `2025-01-05T00:00:00Z`. Without it all that are kept.
    pub since: Option<String>,
    /// `false`: it is only shown.
    #[serde(default)]
    pub apply: bool,
}

impl DeliveryReplay {
    /// # Errors
    /// Where `since` is neither a day nor an instant, or the list of names is empty.
    pub fn selection(&self) -> Result<Selection> {
        let since = self.since.as_deref().map(moment).transpose()?;
        Ok(Selection { ids: named(self.ids.as_deref())?.into_iter().map(DeliveryId::from_stored).collect(), since })
    }
}

/// Whoever chose none by a mistake does not mean all.
fn named(ids: Option<&[String]>) -> Result<Vec<String>> {
    if ids.is_some_and(<[String]>::is_empty) {
        let error = Error::new(Kind::Invalid, "read `ids`: the list is empty");
        return Err(error.hint("name some, or leave `ids` out for all"));
    }
    Ok(ids.unwrap_or_default().to_vec())
}

/// What reading a delivery again changes, or changed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangesBody {
    pub delivery: String,
    pub source: String,
    /// The format it has today.
    pub format: String,
    pub received: u64,
    /// Readings it did not say before.
    pub new: u64,
    /// Readings it said differently before.
    pub changed: u64,
    /// Readings it was taken to say, and does not.
    pub retracted: u64,
    pub unchanged: u64,
    pub rejected: u64,
    /// Rejects of it that are understood now.
    pub resolved: u64,
    /// Its bytes are no longer kept; nothing of it was read.
    pub lost: bool,
    /// The first of them, where they were asked for.
    pub changes: Vec<ChangeBody>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeBody {
    pub point: String,
    pub quantity: String,
    pub period_start: String,
    pub period_end: String,
    pub before: Option<ReadingBody>,
    pub after: Option<ReadingBody>,
}

/// What a reading says, its time apart. The value is exact decimal text.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ReadingBody {
    pub kind: String,
    pub value: Option<String>,
    pub unit: String,
    pub quality: String,
}

impl From<&Reading> for ReadingBody {
    fn from(reading: &Reading) -> Self {
        Self {
            kind: reading.kind.name().to_owned(),
            value: reading.value.map(|value| value.to_string()),
            unit: reading.unit.as_str().to_owned(),
            quality: reading.quality.name().to_owned(),
        }
    }
}

impl From<ingest::Change> for ChangeBody {
    fn from(change: ingest::Change) -> Self {
        let period = change.after.as_ref().or(change.before.as_ref()).map(|reading| reading.period);
        let text = |at: Option<Timestamp>| at.map_or_else(String::new, |at| at.to_string());
        Self {
            point: change.channel.point.to_string(),
            quantity: change.channel.quantity.to_string(),
            period_start: text(period.map(|period| period.start())),
            period_end: text(period.map(|period| period.end())),
            before: change.before.as_ref().map(ReadingBody::from),
            after: change.after.as_ref().map(ReadingBody::from),
        }
    }
}

impl From<Changes> for ChangesBody {
    fn from(changes: Changes) -> Self {
        Self {
            delivery: changes.delivery.to_string(),
            source: changes.source,
            format: changes.format,
            received: changes.counts.received,
            new: changes.counts.stored,
            changed: changes.counts.corrections,
            retracted: changes.retracted,
            unchanged: changes.counts.duplicates,
            rejected: changes.counts.rejected,
            resolved: changes.resolved,
            lost: changes.lost,
            changes: changes.listed.into_iter().map(ChangeBody::from).collect(),
        }
    }
}
