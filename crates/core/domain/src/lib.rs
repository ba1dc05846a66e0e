//! The nouns of the product as validated types: points, quantities, exact decimals, readings with their two times, one calendar.
//!
//! Nothing here reads a clock, a file or the environment; a value of a type in this crate is valid by construction.

pub mod amount;
pub mod batch;
pub mod calendar;
pub mod decimal;
pub mod finding;
pub mod identifier;
pub mod master;
pub mod numbered;
pub mod obis;
pub mod point;
pub mod profile;
pub mod quality;
pub mod quantity;
pub mod reading;
pub mod tenant;
pub mod text;
pub mod time;
pub mod unit;

pub use batch::{Batch, BatchBuilder, Document, Row, Tables};
pub use decimal::Decimal;
pub use finding::{Finding, Severity};
pub use numbered::Numbered;
pub use obis::ObisCode;
pub use point::{Point, PointKind};
pub use quality::{Code, Quality};
pub use quantity::Quantity;
pub use reading::{Channel, InstantValue, IntervalAmount, Kind, Period, Reading, RegisterState};
pub use tenant::{Tenant, TenantError};
pub use time::Timestamp;
pub use unit::Unit;
