//! Master data (Stammdaten): which points, meters, grid operators and weather stations there are, what is told of them, and which meter was
//! where.

mod grid_operator;
mod installation;
mod label;
mod meter;
mod metering_point;
mod place;
mod status;
mod transmission_operator;
mod weather_station;

pub use grid_operator::{GridOperator, OperatorId, OperatorIdError, OperatorKind};
pub use installation::{Installation, Overlap};
pub use label::{Label, LabelError};
pub use meter::Meter;
pub use metering_point::MeteringPoint;
pub use place::{Place, PlaceError};
pub use status::Status;
pub use transmission_operator::TransmissionOperator;
pub use weather_station::{Elevation, ElevationError, WeatherStation};
