//! What of a delivery is among the rejects and the findings already, so that none is noted twice.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrify_domain::Finding;

use crate::app::App;
use crate::context::Context;
use crate::error::Result;
use crate::ingest::once::fingerprint;
use crate::record::{DeliveryId, Fingerprint, Reject};

/// What of a delivery is among the rejects and the findings: read once, however many pieces have some.
#[derive(Clone, Debug, Default)]
pub(super) struct Noted(Arc<Mutex<InMind>>);

#[derive(Debug, Default)]
struct InMind {
    names: Option<Names>,
    /// Several receive the same bytes at the same time: what one of them notes the others have to know.
    is_shared: bool,
}

/// Rejects by position and reason; findings of earlier attempts by all that they say, each with how often it was said.
#[derive(Debug, Default)]
struct Names {
    rejects: HashSet<Fingerprint>,
    findings: HashMap<Fingerprint, usize>,
    /// The highest number of a reject.
    last: u64,
}

impl Noted {
    fn in_mind(&self) -> MutexGuard<'_, InMind> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what came with earlier attempts, where it was not read yet.
    pub(super) async fn read(&self, app: &App, ctx: &Context, delivery: &DeliveryId) -> Result<()> {
        if self.in_mind().names.is_some() {
            return Ok(());
        }
        let rejects = app.ledger.rejects(ctx.tenant(), delivery).await?;
        let findings = app.ledger.findings(ctx.tenant(), delivery).await?;
        let names = rejects.iter().map(|reject| name_of_reject(&reject.position, &reject.reason));
        self.came_before(names, findings.iter().map(name_of_finding));
        if let Some(names) = &mut self.in_mind().names {
            names.last = highest(&rejects);
        }
        Ok(())
    }

    fn came_before(&self, rejects: impl Iterator<Item = Fingerprint>, findings: impl Iterator<Item = Fingerprint>) {
        let mut names = Names { rejects: rejects.collect(), ..Names::default() };
        findings.for_each(|name| *names.findings.entry(name).or_default() += 1);
        self.in_mind().names = Some(names);
    }

    /// Which of these rejects neither came with an earlier attempt nor with one beside this. Of one piece each is kept, since two may say
    /// the same.
    pub(super) fn note(&self, rejects: &[Fingerprint]) -> Vec<bool> {
        let mut in_mind = self.in_mind();
        let is_shared = in_mind.is_shared;
        // What is not in mind any more since it was read is read again before the next ones.
        let Some(Names { rejects: known, .. }) = &mut in_mind.names else { return vec![true; rejects.len()] };
        let is_new = rejects.iter().map(|name| !known.contains(name)).collect();
        if is_shared {
            known.extend(rejects);
        }
        is_new
    }

    /// The number that so many new rejects follow: of this attempt `before` came already, and others with those before it.
    pub(super) fn number(&self, before: u64, count: usize) -> u64 {
        let mut in_mind = self.in_mind();
        let Some(Names { last, .. }) = &mut in_mind.names else { return before };
        let number = before.max(*last);
        *last = number + count as u64;
        number
    }

    /// From here on several receive the same bytes.
    pub(super) fn share(&self) {
        *self.in_mind() = InMind { names: None, is_shared: true };
    }

    /// Which of these findings did not come with an earlier attempt: of those that say the same as many as came more.
    pub(super) fn lack(&self, findings: impl Iterator<Item = Fingerprint>) -> Vec<bool> {
        let mut in_mind = self.in_mind();
        let mut known = in_mind.names.as_mut().map(|names| &mut names.findings);
        let mut is_new = |name| match known.as_mut().and_then(|known| known.get_mut(&name)) {
            Some(left) if *left > 0 => {
                *left -= 1;
                false
            }
            _ => true,
        };
        findings.map(&mut is_new).collect()
    }

    /// What was noted last did not become durable.
    pub(super) fn forget(&self) {
        self.in_mind().names = None;
    }
}

/// The highest number of a reject; what one is called ends in it.
fn highest(rejects: &[Reject]) -> u64 {
    let number = |reject: &Reject| reject.id.rsplit_once('-').and_then(|(_, number)| number.parse().ok());
    rejects.iter().filter_map(number).max().unwrap_or_default()
}

pub(super) fn name_of_reject(position: &str, reason: &str) -> Fingerprint {
    fingerprint(position, reason.as_bytes())
}

/// By all that it says.
pub(super) fn name_of_finding(finding: &Finding) -> Fingerprint {
    fingerprint("finding", format!("{finding:?}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_given_once() {
        let noted = Noted::default();
        assert_eq!(noted.number(3, 2), 3);
        noted.came_before(std::iter::empty(), std::iter::empty());
        assert_eq!([noted.number(0, 2), noted.number(2, 1), noted.number(7, 1), noted.number(8, 0)], [0, 2, 7, 8]);
        assert_eq!(noted.number(3, 1), 8);
    }

    #[test]
    fn rejects_of_attempts_before_and_beside_are_left_out() {
        let [one, other] = [name_of_reject("line 1", "no number"), name_of_reject("line 1", "no time")];
        let noted = Noted::default();
        noted.came_before([one].into_iter(), std::iter::empty());
        // Two readings may be refused for the same reason at the same place.
        for _ in 0..2 {
            assert_eq!(noted.note(&[one, other, other]), [false, true, true]);
        }
        noted.forget();
        assert_eq!(noted.note(&[one]), [true]);
        let twin = noted.clone();
        twin.share();
        assert_eq!(noted.note(&[other]), [true]);
        noted.came_before([one].into_iter(), std::iter::empty());
        assert_eq!(noted.note(&[other, other]), [true; 2]);
        assert_eq!(twin.note(&[other, one]), [false; 2]);
    }

    #[test]
    fn of_findings_that_say_the_same_those_of_an_earlier_attempt_are_left_out() {
        let noted = Noted::default();
        let [one, other] = [name_of_reject("", "one"), name_of_reject("", "other")];
        noted.came_before(std::iter::empty(), [one, one].into_iter());
        // The same pieces come again, and go further than they did.
        assert_eq!(noted.lack([one, other].into_iter()), [false, true]);
        assert_eq!(noted.lack([one, one, other].into_iter()), [false, true, true]);
    }
}
