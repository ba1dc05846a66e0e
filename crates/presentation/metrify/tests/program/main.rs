//! The program through its front door. One binary: tests that wait for a disk or a process leave the cores to others.
#![allow(clippy::expect_used, clippy::panic, reason = "what a helper of a test expects, the test expects")]
#![allow(
    clippy::disallowed_methods,
    reason = "tests measure, give up at some time, and are told how thorough they are"
)]

mod access_log;
mod amounts;
mod analytics;
mod architecture;
mod attacks;
mod bad_input;
mod bitemporal;
mod channels;
mod condensed;
mod containers;
mod cors;
mod crash;
mod deliveries;
mod elsewhere;
mod entries;
mod exact;
mod explained;
mod exports;
mod fairness;
mod filters;
mod grants;
mod grid_weather;
mod hostile;
mod interop;
mod jobs;
mod journey;
mod known;
mod limits;
mod lists;
mod load_profile;
mod logins;
mod master_data;
mod memory;
mod message;
mod overlaps;
mod people;
mod readme;
mod registered;
mod rejects;
mod replay;
mod requests;
mod samples;
mod series;
mod server;
mod simulation;
mod statements;
mod strangers;
mod support;
mod tls;
mod tools;
mod uploads;
mod whole_log;
mod wire;
