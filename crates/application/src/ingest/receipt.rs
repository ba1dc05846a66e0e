//! The account of a delivery.

use crate::ingest::piece::Outcome;
use crate::record::{Counts, DeliveryId};

/// Problems that the receipts of a delivery list; all of them are in the table `rejects`.
pub const RECEIPT_PROBLEMS_MAX: usize = 1_000;

/// What became of a delivery: the counts add up, and every rejection has its place and its reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptProblem {
    pub position: String,
    pub reason: String,
}

/// Leaves the first [`RECEIPT_PROBLEMS_MAX`] problems of all receipts of one delivery: what is packed may have many members.
pub(super) fn shorten(receipts: &mut [Receipt]) {
    let mut room = RECEIPT_PROBLEMS_MAX;
    for receipt in receipts {
        receipt.problems.truncate(room);
        room -= receipt.problems.len();
    }
}

impl Receipt {
    /// Adds what became of a piece.
    pub(super) fn add(&mut self, outcome: &Outcome) {
        self.counts.add(&outcome.counts);
        self.findings += outcome.findings;
        self.problems_total += outcome.problems.len() as u64;
        let room = RECEIPT_PROBLEMS_MAX - self.problems.len();
        let problems = outcome.problems.iter().take(room);
        self.problems.extend(
            problems.map(|(position, reason)| ReceiptProblem { position: position.clone(), reason: reason.clone() }),
        );
    }
}
