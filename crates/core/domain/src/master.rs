//! Master data (Stammdaten): which points and meters there are, what is told of them, and which meter was where.

mod installation;
mod label;
mod meter;
mod metering_point;
mod place;
mod status;
mod transmission_operator;

pub use installation::{Installation, Overlap};
pub use label::{Label, LabelError};
pub use meter::Meter;
pub use metering_point::MeteringPoint;
pub use place::{Place, PlaceError};
pub use status::Status;
pub use transmission_operator::TransmissionOperator;
