//! The use cases: everything the product does, each with its context first.
//!
//! They order core's computations and their own ports; they know neither HTTP nor SQL engines nor object stores.

mod app;
pub mod audit;
mod blocking;
mod context;
mod decisions;
mod error;
pub mod govern;
pub mod identity;
pub mod ingest;
pub mod jobs;
mod moment;
pub mod operate;
mod page;
mod places;
pub mod ports;
mod rates;
pub mod read;
pub mod record;
pub mod register;
pub mod registry;
mod rounds;
mod things;
mod turns;

pub use app::App;
pub use context::Context;
pub use decisions::Decisions;
pub use error::{Error, Kind, Result, io};
pub use metrify_domain::{Tenant, TenantError};
pub use moment::moment;
pub use places::{Full, Place, Places};
pub use rates::Rates;
pub use rounds::{Rounds, Turn};
pub use turns::Turns;
