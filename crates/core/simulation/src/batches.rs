//! Sections as batches of readings, for formats that are written from them.

use metrify_domain::batch::BATCH_ROWS_MAX;
use metrify_domain::{Batch, BatchBuilder};

use crate::fleet::{Fleet, Slice};
use crate::run::Run;
use crate::section::Section;
use crate::truth::Account;

/// A slice of a fleet as batches.
#[derive(Debug)]
pub struct Batches {
    run: Run,
    builder: BatchBuilder,
    ended: bool,
}

impl Batches {
    #[must_use]
    pub fn new(fleet: &Fleet, slice: &Slice) -> Self {
        Self { run: Run::new(fleet, slice), builder: BatchBuilder::default(), ended: false }
    }

    /// The lines of the truth since the last call, see [`crate::truth`]; the summary once everything has been told.
    pub fn take_truth(&mut self) -> String {
        self.run.take_truth()
    }

    /// The account of what was told so far.
    #[must_use]
    pub const fn account(&self) -> &Account {
        self.run.account()
    }
}

impl Iterator for Batches {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        while !self.ended {
            self.ended = !self.run.advance();
            // A section is kept whole, as a delivery would bring it.
            let full = self.builder.len() + self.run.section().statements.len() > BATCH_ROWS_MAX;
            let batch = (full || self.ended).then(|| self.builder.take());
            if !self.ended {
                push(&mut self.builder, self.run.section());
            }
            if let Some(batch) = batch.filter(|batch| !batch.rows().is_empty()) {
                return Some(batch);
            }
        }
        None
    }
}

pub(crate) fn push(builder: &mut BatchBuilder, section: &Section) {
    for (measure, run) in section.runs() {
        let Some(channel) = section.channel(measure) else { continue };
        for statement in run {
            if let Some(reading) = statement.reading() {
                builder.push(&channel, &statement.document(), &reading);
            }
        }
    }
}
