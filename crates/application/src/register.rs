//! Master data: metering points, meters, which meter was where, grid operators and weather stations.

mod exchange;
mod grid_operators;
mod metering_points;
mod meters;
mod weather_stations;

pub(crate) use exchange::INSTALLATIONS_MAX;
pub use exchange::{Exchange, exchange_meter, installations};
pub use grid_operators::{
    deactivate_grid_operator, find_grid_operator, list_grid_operators, put_grid_operator, register_grid_operator,
};
pub use metering_points::{
    deactivate_metering_point, find_metering_point, list_metering_points, put_metering_point, register_metering_point,
};
pub use meters::{deactivate_meter, find_meter, list_meters, put_meter, register_meter};
pub use weather_stations::{
    KnownStation, StationListing, WantedStations, deactivate_weather_station, find_weather_station,
    list_weather_stations, put_weather_station, register_weather_station,
};
