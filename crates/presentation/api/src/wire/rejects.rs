//! Rejects as JSON.

use metrify_application::read::{ToldReject, WantedRejects};
use metrify_application::record::{Reject, RejectState};
use metrify_application::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::span;

/// Which rejects.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RejectFilters {
    /// The delivery that they came with.
    pub delivery: Option<String>,
    /// Where they came from, as their senders said.
    pub source: Option<String>,
    #[param(example = "mscons")]
    pub format: Option<String>,
    /// `open` or `resolved`.
    #[param(example = "open")]
    pub state: Option<String>,
    /// Rejected at a day, local, as its beginning, or at an instant, or after it.
    pub start: Option<String>,
    /// Rejected before a day, local, or an instant.
    pub end: Option<String>,
}

impl RejectFilters {
    /// All of them, the last that was rejected first.
    ///
    /// # Errors
    /// Where a time or a state means nothing.
    pub fn wanted(&self) -> Result<WantedRejects> {
        let (from, until) = span(self.start.as_deref(), self.end.as_deref())?;
        Ok(WantedRejects {
            delivery: self.delivery.clone(),
            source: self.source.clone(),
            format: self.format.clone(),
            state: self.state.as_deref().map(state).transpose()?,
            from,
            until,
            ..WantedRejects::default()
        })
    }
}

fn state(text: &str) -> Result<RejectState> {
    RejectState::ALL.into_iter().find(|state| state.name() == text).ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        Error::new(Kind::Invalid, format!("read the parameter state: `{shown}` is none"))
            .hint("there are open, resolved")
    })
}

/// A reject without its bytes.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RejectBody {
    pub id: String,
    pub delivery: String,
    pub source: String,
    pub format: String,
    /// Where in the delivery.
    pub position: String,
    pub reason: String,
    /// How many readings it would be, as far as that can be told.
    pub readings: u64,
    /// `open`, or `resolved` where it was understood since.
    pub state: String,
    #[schema(format = DateTime)]
    pub rejected_at: String,
    /// When it was understood; absent where it is not, and where it was before that was kept.
    #[schema(format = DateTime)]
    pub resolved_at: Option<String>,
}

impl From<ToldReject> for RejectBody {
    fn from(told: ToldReject) -> Self {
        Self {
            id: told.id,
            delivery: told.delivery.to_string(),
            source: told.source,
            format: told.format,
            position: told.position,
            reason: told.reason,
            readings: told.readings,
            state: told.state.name().to_owned(),
            rejected_at: told.rejected_at.to_string(),
            resolved_at: told.resolved_at.map(|at| at.to_string()),
        }
    }
}

/// A reject with its bytes.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OneRejectBody {
    #[serde(flatten)]
    pub reject: RejectBody,
    /// What is needed before its own bytes to read them, such as the head of a table; in hexadecimal digits.
    pub prelude: String,
    /// In hexadecimal digits.
    pub bytes: String,
}

impl From<Reject> for OneRejectBody {
    fn from(reject: Reject) -> Self {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let (prelude, bytes) = (hex(&reject.prelude), hex(&reject.bytes));
        Self { reject: ToldReject::from(reject).into(), prelude, bytes }
    }
}
