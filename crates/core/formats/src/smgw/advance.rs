//! What a register counted between two neighbouring states: the amount of the interval.
//!
//! Amounts may have a coarser raster than their states ([`Amounts`](super::amounts)); of those the ones on it are due.
//! A difference over a missing step, over a state beside the raster, over a register that went back or over two values of one
//! instant is not made up; the states stand as they are, and a finding tells of it. A state waits for the next one before its
//! amount is formed, since only then it is known that it stands alone.

use metrify_domain::time::SECOND;
use metrify_domain::{Code, Decimal, IntervalAmount, Quality, Reading, RegisterState, Severity, Timestamp, Unit};

use super::raster::Raster;

/// A state of the register.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    pub(super) at: Timestamp,
    pub(super) value: Decimal,
    pub(super) unit: Unit,
    pub(super) quality: Quality,
    pub(super) reason: Option<Code>,
    pub(super) is_on_raster: bool,
    /// An amount may begin and end with it.
    pub(super) is_due: bool,
    /// Another value was told for the same instant.
    pub(super) is_doubtful: bool,
}

/// What came of two states.
pub(super) enum Step {
    Amount(Reading),
    Odd {
        severity: Severity,
        rule: &'static str,
        reason: String,
    },
    /// Nothing, for a reason that was told with one of the states.
    Nothing,
}

#[derive(Debug, Default)]
pub(super) struct Advance {
    /// The last one that was due.
    before: Option<State>,
    last: Option<State>,
}

impl Advance {
    /// Takes the next state; what the two before it make, and what is odd about it.
    pub(super) fn push(&mut self, raster: &Raster, state: State) -> [Step; 2] {
        let Some(last) = &mut self.last else {
            self.last = Some(state);
            return [Step::Nothing, Step::Nothing];
        };
        if last.at != state.at {
            let step = self.settle(raster);
            self.before = self.last.replace(state).filter(|last| last.is_due).or(self.before);
            return [step, Step::Nothing];
        }
        let is_same = last.value == state.value;
        last.is_doubtful |= !is_same;
        // Of one value told twice the better standing counts for neither.
        last.quality = last.quality.min(state.quality);
        let (severity, words) =
            if is_same { (Severity::Note, "the same value") } else { (Severity::Warning, "another value") };
        let reason = format!("{words} stands at {} already", state.at);
        [Step::Nothing, Step::Odd { severity, rule: "duplicate_stamp", reason }]
    }

    /// What the last two states make.
    pub(super) fn settle(&self, raster: &Raster) -> Step {
        let due = self.last.filter(|last| last.is_due);
        let (Some(before), Some(last)) = (self.before, due) else { return Step::Nothing };
        let [earlier, later] = if before.at < last.at { [before, last] } else { [last, before] };
        if [earlier, later].iter().any(|state| !state.is_on_raster || state.is_doubtful) {
            return Step::Nothing;
        }
        if !raster.follows(earlier.at, later.at) {
            if !raster.is_told {
                return Step::Nothing;
            }
            let reason = format!(
                "no state on the raster is told between {} and {}, so no amount is formed",
                earlier.at, later.at
            );
            return Step::Odd { severity: Severity::Warning, rule: "missing_step", reason };
        }
        let state = |state: State| RegisterState { at: state.at, value: state.value, unit: state.unit };
        match IntervalAmount::advance(&state(earlier), &state(later)) {
            Some(amount) if amount.value.is_negative() => {
                let reason = format!(
                    "the register went back from {} to {} between {} and {}, so no amount is formed",
                    earlier.value, later.value, earlier.at, later.at
                );
                Step::Odd { severity: Severity::Error, rule: "register_backwards", reason }
            }
            Some(amount) => {
                let worse = if earlier.quality < later.quality { earlier } else { later };
                let reason = worse.reason.filter(|_| worse.quality != Quality::True);
                let method = Some(const { Code::literal("register difference") });
                let reading = Reading::from(amount).with_quality(worse.quality);
                Step::Amount(reading.with_method(method).with_reason(reason))
            }
            None => Step::Nothing,
        }
    }
}

/// `aligned by -2 s`: how a state came onto the raster; `None` where it was there.
pub(super) fn alignment(captured: Timestamp, at: Timestamp) -> Option<Code> {
    let micros = at.micros().checked_sub(captured.micros()).filter(|micros| *micros != 0)?;
    let seconds = Decimal::scaled(i128::from(micros), -6).ok()?;
    debug_assert!(micros.unsigned_abs() < 1_000 * SECOND.unsigned_abs());
    Code::new(&format!("aligned by {seconds} s"))
}
