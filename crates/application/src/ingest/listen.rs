//! Tells whoever listens what was taken in, the moment that it can be asked for.

use std::sync::Arc;

use metrify_domain::{Finding, Tenant};
use metrify_governance::{Action, Resource};
use tokio::sync::broadcast;

use crate::app::App;
use crate::audit::audited;
use crate::context::Context;
use crate::error::Result;
use crate::record::{Counts, DeliveryId};

/// A piece of a delivery that was made durable.
#[derive(Clone, Debug)]
pub struct Heard {
    pub tenant: Tenant,
    pub delivery: DeliveryId,
    pub source: String,
    pub format: String,
    pub counts: Counts,
    pub findings: u64,
    /// The first [`FINDINGS_TOLD_MAX`] of those that are new: what a delivery noticed is told once, however often it comes.
    pub told: Arc<[Finding]>,
}

impl Heard {
    /// Whether anything came: the last piece of a delivery may only end it.
    pub(super) fn tells(&self) -> bool {
        self.counts != Counts::default() || self.findings > 0
    }
}

/// Findings of a piece that are told; all of them are in the table `findings`.
pub(super) const FINDINGS_TOLD_MAX: usize = 100;
/// What a listener may be behind; one that is further behind misses the oldest, and is told so.
const BEHIND_MAX: usize = 1_024;

/// Where those who listen are told.
pub struct Listeners(broadcast::Sender<Heard>);

impl Default for Listeners {
    fn default() -> Self {
        Self(broadcast::Sender::new(BEHIND_MAX))
    }
}

impl Listeners {
    pub(super) fn are_none(&self) -> bool {
        self.0.receiver_count() == 0
    }

    pub(super) fn tell(&self, heard: Heard) {
        // Nobody has to listen.
        drop(self.0.send(heard));
    }
}

/// Listens to what is taken in from now on. What is heard is of all tenants: only what is of the own one may be told on.
///
/// # Errors
/// Where it is denied, or no entry of it can be written.
pub async fn listen(app: &App, ctx: &Context) -> Result<broadcast::Receiver<Heard>> {
    let act = ctx.act(Action::Read, Resource::Deliveries, None);
    audited(app, ctx, act, async { Ok(app.intake.listeners.0.subscribe()) }).await
}

/// Notes that findings are told to whoever listens, where they are: they say what was measured, and where.
///
/// # Errors
/// Where no entry of it can be written.
pub async fn listen_to_findings(app: &App, ctx: &Context) -> Result<()> {
    if !may_see_findings(app, ctx) {
        return Ok(());
    }
    audited(app, ctx, ctx.act(Action::Read, Resource::Readings, None), async { Ok(()) }).await
}

/// Whether findings are shown to whoever asks. It leaves no entry: nothing is told by it.
#[must_use]
pub fn may_see_findings(app: &App, ctx: &Context) -> bool {
    let act = ctx.act(Action::Read, Resource::Readings, None);
    app.policies.decide(&ctx.principal, &ctx.purpose().into(), &act).allowed
}
