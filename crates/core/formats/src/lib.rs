//! Bytes to readings, and back where we write.
//!
//! Decoding never fails whole: what is understood comes out beside what is not. No byte sequence panics a decoder, and none
//! holds more memory than the limits named in [`limits`] say. Every decoder takes bytes in pieces of any size.

mod archive;
mod columns;
mod datasets;
mod dates;
mod detect;
mod digits;
mod edifact;
mod encoding;
mod format;
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
mod stamps;
mod timeline;
mod unreadable;

pub mod csv;
pub mod d0;
pub mod dsmr;
pub mod dwd;
pub mod mosmix;
pub mod mscons;
pub mod ndjson;
pub mod smard;
pub mod sml;

pub use detect::{Detected, HEAD_BYTES, Head, detect};
pub use format::{Decoder, Format, Options, UnknownFormat};
pub use keys::{DeviceKey, Keys, KeysError};
pub use lines::{Line, Lines};
pub use output::{Decoded, Meter, Output, Problem, Withdrawal};
pub use page::Table;
pub use record::{Cell, Column, ColumnKind, Record, RecordTable};
