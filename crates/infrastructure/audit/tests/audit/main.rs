//! The audit log through its port, against real files.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "the helpers of tests are tests, too")]

mod crash;
mod damage;
mod disk;
mod entries;
mod log;
