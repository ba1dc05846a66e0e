//! Bytes to readings, and back where we write.
//!
//! Decoding never fails whole: what is understood comes out beside what is not. No byte sequence panics a decoder, and none
//! holds more memory than the limits named in [`limits`] say. Every decoder takes bytes in pieces of any size.

mod archive;
mod columns;
mod dates;
mod detect;
mod digits;
mod edifact;
mod encoding;
mod format;
mod json;
mod keys;
pub mod limits;
mod lines;
mod numbers;
mod output;
mod page;
mod record;
mod seek;
mod unreadable;

pub mod bo4e;
pub mod brightsky;
pub mod csv;
pub mod dwd;
pub mod mosmix;
pub mod mscons;
pub mod ndjson;
pub mod openweathermap;
pub mod smard;
pub mod smard_chart;
pub mod sml;
pub mod traffic_light;

pub use detect::{Detected, HEAD_BYTES, Head, detect};
pub use format::{Decoder, Format, Options, UnknownFormat};
pub use keys::{DeviceKey, Keys, KeysError};
pub use lines::{Line, Lines};
pub use output::{Decoded, Meter, Output, Problem, Withdrawal};
pub use page::Table;
pub use record::{Cell, Column, ColumnKind, Record, RecordTable};
