//! The simulated fleet: what it obeys, what it looks like, and the truth about its faults.
#![allow(clippy::expect_used, clippy::panic, reason = "what a helper of a test expects, the test expects")]

mod laws;
mod shapes;
mod support;
mod truth;
