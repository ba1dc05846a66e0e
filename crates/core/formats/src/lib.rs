//! Bytes to readings, and back where we write.
//!
//! Decoding never fails whole: what is understood comes out beside what is not. No byte sequence panics a decoder, and none
//! holds more memory than the limits named in [`limits`] say. Every decoder takes bytes in pieces of any size.

mod archive;
mod columns;
mod container;
mod crc16;
mod datasets;
mod dates;
mod detect;
mod digits;
mod encoding;
mod espi;
mod fields;
mod float;
mod format;
mod generation;
mod json;
mod keys;
mod kind;
pub mod limits;
mod lines;
mod meters;
mod numbers;
mod output;
mod page;
mod record;
mod remarks;
mod seek;
mod server_id;
mod sheet;
mod stamps;
mod status_word;
mod timeline;
mod units;
mod unreadable;
mod xml;

pub mod aperak;
pub mod bo4e;
pub mod brightsky;
pub mod contrl;
pub mod csv;
pub mod d0;
pub mod dlms;
pub mod dsmr;
pub mod dwd;
pub mod edifact;
pub mod entsoe;
pub mod frequency;
pub mod greenbutton;
pub mod load_profile;
pub mod mbus;
pub mod mosmix;
pub mod mscons;
pub mod ndjson;
pub mod nem12;
pub mod netztransparenz;
pub mod openweathermap;
pub mod poi;
pub mod redispatch;
pub mod smard;
pub mod smard_chart;
pub mod smgw;
pub mod sml;
pub mod traffic_light;
pub mod utilmd;

pub use columns::known_columns;
pub use container::Container;
pub use detect::{Detected, HEAD_BYTES, Head, detect, outline};
pub use format::{Decoder, Format, Options, UnknownFormat};
pub use keys::{DeviceKey, Keys, KeysError};
pub use lines::{Line, Lines};
pub use output::{Decoded, Meter, Output, Problem, Withdrawal};
pub use page::Table;
pub use record::{Cell, Column, ColumnKind, Record, RecordTable};
