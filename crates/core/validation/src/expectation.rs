//! What the readings of a channel in a unit are judged by, worked out once and not for every reading.

use metrify_domain::unit::Dimension;
use metrify_domain::{Batch, Decimal, Row};

use crate::rules::{future_time, negative_value, out_of_range, register_backwards, unit_mismatch};

#[derive(Clone, Copy)]
pub(crate) struct Expectation {
    /// The unit is not one we know.
    pub(crate) unknown_unit: bool,
    /// The unit measures something else than the quantity is.
    pub(crate) unit_mismatch: bool,
    /// Values are settled before their time comes.
    pub(crate) settled_ahead: bool,
    /// The direction is in the OBIS code, so amounts and registers have none.
    pub(crate) directional: bool,
    /// A register of this quantity counts upwards alone.
    pub(crate) counts_up: bool,
    /// Lowest and highest value, in the unit of the readings.
    pub(crate) range: Option<(Decimal, Decimal)>,
}

/// The expectation of each channel in the unit that its last reading had: nearly always the unit of the next one.
pub(crate) struct Expectations<'b> {
    batch: &'b Batch,
    by_channel: Vec<Option<(u16, Expectation)>>,
}

impl<'b> Expectations<'b> {
    pub(crate) fn new(batch: &'b Batch) -> Self {
        Self { batch, by_channel: vec![None; batch.channels().len()] }
    }

    pub(crate) fn of(&mut self, row: &Row) -> &Expectation {
        let slot = &mut self.by_channel[row.channel as usize];
        if slot.as_ref().is_some_and(|(unit, _)| *unit != row.unit) {
            *slot = None;
        }
        &slot.get_or_insert_with(|| (row.unit, expect(self.batch, row))).1
    }
}

fn expect(batch: &Batch, row: &Row) -> Expectation {
    let (quantity, unit) = (&batch.channel(row).quantity, batch.unit(row));
    let dimension = unit.dimension();
    Expectation {
        unknown_unit: dimension == Dimension::Other,
        unit_mismatch: !unit_mismatch::suits(quantity, dimension),
        settled_ahead: future_time::is_settled_ahead(quantity),
        directional: negative_value::is_directional(quantity),
        counts_up: register_backwards::counts_up(quantity),
        range: out_of_range::range(quantity, unit),
    }
}
