//! The use cases: everything the product does, each with its context first.
//!
//! They order core's computations and their own ports; they know neither HTTP nor SQL engines nor object stores.

mod app;
mod context;
mod error;
pub mod ingest;
pub mod operate;
pub mod ports;
pub mod read;
pub mod record;
mod turns;

pub use app::App;
pub use context::{Context, Tenant, TenantError};
pub use error::{Error, Kind, Result, io};
pub use turns::Turns;
