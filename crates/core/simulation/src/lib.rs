//! A fleet of meters with the control areas and the weather around them, made up from a seed.
//!
//! Everything is a function of the seed, the meter and the time: a part of a fleet, made alone, on any machine, on any number of
//! threads, is the same part. All is computed in whole numbers (Wh, 10 kWh, tenths of a degree), which leave as exact decimals.
//!
//! * [`Fleet`] is made of [`Settings`] and names its meters and places.
//! * [`Pieces`] writes a [`Slice`] of it as text (NDJSON, day sets, CSV) in pieces of about a megabyte, [`Batches`] as batches;
//!   [`live`] tells what came in during one quarter-hour.
//! * Faults are injected by [`FaultRates`], and each has a line of [`truth`]: what was true, and what was written instead.

mod batches;
mod curve;
mod fault;
mod fleet;
mod grid;
mod load;
mod measure;
mod meter;
mod noise;
mod profile;
mod registers;
mod run;
mod scene;
mod section;
mod weather;
mod write;

pub mod live;
pub mod truth;

pub use batches::Batches;
pub use fault::{Fault, FaultRates};
pub use fleet::{Fleet, Settings, SettingsError, Slice};
pub use grid::Area;
pub use measure::Measure;
pub use meter::{Customer, SimulatedMeter};
pub use truth::{Account, Tally};
pub use weather::{STATIONS, Station};
pub use write::{Form, PIECE_BYTES, Pieces};
