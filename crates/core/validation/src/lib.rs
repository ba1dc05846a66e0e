//! Judges readings at the door by their structure alone: by what a single batch and its time of receipt tell.
//!
//! A finding never changes what it speaks of, and a value out of range is stored with its finding. Only what cannot mean
//! anything is refused. A batch without fault costs a few comparisons per reading and no memory per reading.

mod check;
mod expectation;
mod findings;
mod rules;
mod ruleset;
#[cfg(test)]
mod testing;

pub use check::{Checked, check};
pub use rules::Rule;
pub use ruleset::Ruleset;
