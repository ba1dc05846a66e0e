//! The way of a reading from the bytes of a delivery to the journal and into memory.

mod accept;
mod confirm;
mod content;
mod decode;
mod delivery;
mod holding;
mod listen;
mod noted;
mod once;
mod piece;
mod receipt;
mod receive;
mod records;
mod registered;
mod replay_deliveries;
mod replay_rejects;
mod settle;
mod unpack;
pub mod uploads;
mod withdraw;

pub use accept::{Intake, UnknownPoints};
pub use confirm::confirm;
pub use content::{Arriving, Content, Opened, Seen};
pub use delivery::{Delivery, Hints, Looked, look};
pub use holding::{Said, Statement, holding_of};
pub use listen::{Heard, listen, listen_to_findings, may_see_findings};
pub use once::{Name, Reply, receive_once};
pub use receipt::{Receipt, ReceiptProblem};
pub use receive::{may_deliver, receive};
pub(crate) use registered::vouch;
pub use replay_deliveries::{Change, Changes, Selection, replay_deliveries};
pub use replay_rejects::{Replayed, replay_rejects};
