//! Master data: metering points, meters, and which meter was where.

mod exchange;
mod metering_points;
mod meters;

pub use exchange::{Exchange, exchange_meter, installations};
pub use metering_points::{find_metering_point, list_metering_points, put_metering_point, register_metering_point};
pub use meters::{deactivate_meter, find_meter, list_meters, put_meter, register_meter};
