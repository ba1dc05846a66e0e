//! Deliveries that were received, as JSON.

use metrify_application::read::{DeliveryState, ToldDelivery, WantedDeliveries};
use metrify_application::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::span;

/// Which deliveries.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeliveryFilters {
    /// Where they came from, as their senders said.
    pub source: Option<String>,
    #[param(example = "mscons")]
    pub format: Option<String>,
    /// Received at a day, local, as its beginning, or at an instant, or after it.
    pub start: Option<String>,
    /// Received before a day, local, or an instant.
    pub end: Option<String>,
    /// `complete`, or `open` where some of their rejects are, as they stand today.
    #[param(example = "open")]
    pub state: Option<String>,
    /// Whether their bytes are kept; a page of those may be shorter than its limit although another one follows.
    pub archived: Option<bool>,
}

impl DeliveryFilters {
    /// All of them, the last that was received first.
    ///
    /// # Errors
    /// Where a time or a state means nothing.
    pub fn wanted(&self) -> Result<WantedDeliveries> {
        let (from, until) = span(self.start.as_deref(), self.end.as_deref())?;
        Ok(WantedDeliveries {
            source: self.source.clone(),
            format: self.format.clone(),
            from,
            until,
            state: self.state.as_deref().map(state).transpose()?,
            kept: self.archived,
            ..WantedDeliveries::default()
        })
    }
}

fn state(text: &str) -> Result<DeliveryState> {
    let found = [DeliveryState::Complete, DeliveryState::Open].into_iter().find(|state| state.name() == text);
    found.ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        Error::new(Kind::Invalid, format!("read the parameter state: `{shown}` is none"))
            .hint("there are complete, open")
    })
}

/// A delivery that was received to its end, with its receipt: received = stored + duplicates + corrections + rejected.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeliveryBody {
    pub id: String,
    pub source: String,
    pub format: String,
    pub bytes: u64,
    pub received: u64,
    pub stored: u64,
    pub duplicates: u64,
    pub corrections: u64,
    pub rejected: u64,
    #[schema(format = DateTime)]
    pub received_at: String,
    /// `complete`, or `open` where some of its rejects are.
    pub state: String,
    /// Problems of it that were kept as rejects.
    pub rejects: u64,
    /// Of these, as they stand today: those that are not understood yet.
    pub open_rejects: u64,
    /// Its bytes are kept: `/api/v1/deliveries/{id}/content`.
    pub archived: bool,
}

impl From<ToldDelivery> for DeliveryBody {
    fn from(told: ToldDelivery) -> Self {
        let state = told.state().name().to_owned();
        let ToldDelivery { record, rejects, open_rejects, kept } = told;
        Self {
            id: record.id.to_string(),
            source: record.source,
            format: record.format,
            bytes: record.bytes,
            received: record.counts.received,
            stored: record.counts.stored,
            duplicates: record.counts.duplicates,
            corrections: record.counts.corrections,
            rejected: record.counts.rejected,
            received_at: record.received_at.to_string(),
            state,
            rejects,
            open_rejects,
            archived: kept,
        }
    }
}

/// A delivery, and what else is known of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OneDeliveryBody {
    #[serde(flatten)]
    pub delivery: DeliveryBody,
    /// What the rules noticed in it.
    pub findings: u64,
}

impl From<(ToldDelivery, u64)> for OneDeliveryBody {
    fn from((delivery, findings): (ToldDelivery, u64)) -> Self {
        Self { delivery: delivery.into(), findings }
    }
}
