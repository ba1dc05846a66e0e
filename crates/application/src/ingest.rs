//! The way of a reading from the bytes of a delivery to the journal and into memory.

mod accept;
mod decode;
mod delivery;
mod piece;
mod receipt;
mod receive;
mod settle;
mod withdraw;

pub use accept::{Intake, UnknownPoints};
pub use delivery::Delivery;
pub use receipt::{Receipt, ReceiptProblem};
pub use receive::receive;
