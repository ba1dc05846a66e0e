//! The open lake: Delta tables per tenant, and the memory that stands before them.
//!
//! A tenant's readings lie in `readings` (what holds) and `readings_superseded` (what held); both carry the journal's
//! position in the commit that their rows came with, so that landing again changes nothing. All paths are made in
//! [`layout`].

mod checkpoint;
mod chunks;
mod columns;
mod compact;
mod deleted;
mod held;
mod index;
mod keys;
mod known;
mod land;
mod latest;
mod lay;
mod layout;
mod ledger;
mod lookup;
mod memory;
mod merge;
mod names;
mod of_point;
mod order;
mod points;
mod records;
mod rows;
mod schema;
mod store;
mod table;
mod tenant;
mod texts;
mod weight;
mod write;

pub use columns::ColumnFiles;
pub use deleted::Deleted;
pub use held::{Grain, HeldFiles, KeptFile, Scan, Wanted};
pub use keys::KeySet;
pub use layout::Layout;
pub use memory::View;
pub use of_point::OfPoint;
pub use rows::readings_batch;
pub use schema::{READING_COLUMNS, TableName, days};
pub use store::DeltaLake;
pub use table::{FileFacts, Range, Snapshot};
pub use write::data_file_properties;
