//! The program through its front door. One binary: tests that wait for a disk or a process leave the cores to others.
#![allow(clippy::expect_used, clippy::panic, reason = "what a helper of a test expects, the test expects")]

mod analytics;
mod architecture;
mod bad_input;
mod bitemporal;
mod condensed;
mod containers;
mod cors;
mod crash;
mod elsewhere;
mod fairness;
mod filters;
mod grants;
mod grid_weather;
mod hostile;
mod interop;
mod journey;
mod limits;
mod load_profile;
mod logins;
mod master_data;
mod memory;
mod message;
mod people;
mod readme;
mod replay;
mod requests;
mod samples;
mod series;
mod server;
mod simulation;
mod strangers;
mod support;
mod tls;
mod uploads;
mod wire;
