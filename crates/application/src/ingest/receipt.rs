//! The account of a delivery.

use crate::record::{Counts, DeliveryId};

/// Problems that a receipt lists; all of them are in the table `rejects`.
pub const RECEIPT_PROBLEMS_MAX: usize = 1_000;

/// What became of a delivery: the counts add up, and every rejection has its place and its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub delivery: DeliveryId,
    pub source: String,
    /// The format's name, or `unknown`.
    pub format: String,
    pub counts: Counts,
    pub findings: u64,
    /// The first [`RECEIPT_PROBLEMS_MAX`] problems.
    pub problems: Vec<ReceiptProblem>,
    /// How many problems there were in all.
    pub problems_total: u64,
    /// The same bytes had been received before.
    pub repeated: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptProblem {
    pub position: String,
    pub reason: String,
}

impl Receipt {
    pub(super) fn note(&mut self, position: &str, reason: &str) {
        self.problems_total += 1;
        if self.problems.len() < RECEIPT_PROBLEMS_MAX {
            self.problems.push(ReceiptProblem { position: position.to_owned(), reason: reason.to_owned() });
        }
    }
}
