//! A register counts upwards. A step back is an overflow, an exchanged meter or a wrong value, and never an amount.
//!
//! Successive states of one channel in one unit are compared, as far as they come in one batch.

use metrify_domain::{Batch, Decimal, Kind, Quality, Quantity, Row, Timestamp};

use super::{Rule, impossible_time};
use crate::expectation::Expectation;
use crate::findings::Findings;

/// Watches the registers of a batch: those whose states come in time and rise cost a comparison, the others are sorted at the end.
pub(crate) struct Registers<'b> {
    batch: &'b Batch,
    by_channel: Vec<Watch>,
}

#[derive(Clone, Copy)]
enum Watch {
    Unseen,
    Rising { at: Timestamp, value: Decimal, unit: u16 },
    LookCloser,
}

impl<'b> Registers<'b> {
    pub(crate) fn new(batch: &'b Batch) -> Self {
        Self { batch, by_channel: vec![Watch::Unseen; batch.channels().len()] }
    }

    pub(crate) fn see(&mut self, row: &Row, expected: &Expectation) {
        let Some(value) = state(row).filter(|_| expected.counts_up) else { return };
        let (at, unit) = (row.period.start(), row.unit);
        let watch = &mut self.by_channel[row.channel as usize];
        *watch = match *watch {
            Watch::Unseen => Watch::Rising { at, value, unit },
            Watch::Rising { at: before, value: less, unit: same } if before < at && less <= value && same == unit => {
                Watch::Rising { at, value, unit }
            }
            Watch::Rising { .. } | Watch::LookCloser => Watch::LookCloser,
        };
    }

    pub(crate) fn check(&self, found: &mut Findings<'_>) {
        let suspect = |row: &&Row| matches!(self.by_channel[row.channel as usize], Watch::LookCloser);
        let counts = |row: &&Row| state(row).is_some() && !impossible_time::is_impossible(row);
        let mut rows: Vec<&Row> = self.batch.rows().iter().filter(suspect).filter(counts).collect();
        // The sort keeps the order of states of one instant: the last that came is the one that counts.
        rows.sort_by_key(|row| key(row));
        let last_of_instants =
            rows.chunk_by(|one, other| key(one) == key(other)).filter_map(|rows| rows.last().copied());
        let mut last: Option<&Row> = None;
        for after in last_of_instants {
            if let Some(before) = last.replace(after)
                && (before.channel, before.unit) == (after.channel, after.unit)
                && let (Some(more), Some(less)) = (before.value, after.value)
                && less < more
            {
                let reason = |_| format!("the register shows {less} after {more} at {}", before.period.start());
                found.add(Rule::RegisterBackwards, after, reason);
            }
        }
    }
}

fn key(row: &Row) -> (u32, u16, Timestamp) {
    (row.channel, row.unit, row.period.start())
}

/// What a register showed, where the row says so and can be believed.
fn state(row: &Row) -> Option<Decimal> {
    match (row.kind, row.quality) {
        (Kind::Register, Quality::True | Quality::Provisional | Quality::Substitute) => row.value,
        (Kind::Register, Quality::Missing | Quality::Faulty | Quality::Forecast | Quality::Proposed) => None,
        (Kind::Interval | Kind::Instant, _) => None,
    }
}

/// The signed sum of both directions (C = 16) runs backwards with every feed-in.
pub(crate) fn counts_up(quantity: &Quantity) -> bool {
    match quantity {
        Quantity::Obis(code) => code.electric_function() != Some(16),
        Quantity::Named(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check_lines;

    #[test]
    fn a_step_back_is_noticed_in_whatever_order_states_come() {
        let rising = "1EMH0010599732 1-0:1.8.0 register 0 100.5 kWh";
        let back = "1EMH0010599732 1-0:1.8.0 register 15 100.4 kWh";
        let on = "1EMH0010599732 1-0:1.8.0 register 30 100.6 kWh";
        let expected = "warning register_backwards 1-0:1.8.0 2025-01-01T00:15:00Z: \
                        the register shows 100.4 after 100.5 at 2025-01-01T00:00:00Z\n";
        assert_eq!(check_lines(&[rising, back, on]), expected);
        assert_eq!(check_lines(&[on, back, rising]), expected);
        assert_eq!(check_lines(&[back, rising, on]), expected);
    }

    #[test]
    fn states_of_two_channels_or_units_or_of_one_instant_are_not_compared() {
        assert_eq!(
            check_lines(&[
                "1EMH0010599732 1-0:1.8.0 register 0 100 kWh",
                "1EMH0010599732 1-0:2.8.0 register 15 50 kWh",
                "1ISK0075126084 1-0:1.8.0 register 15 50 kWh",
                "1EMH0010599732 1-0:1.8.0 register 15 100000 Wh",
                "1EMH0010599732 1-0:1.8.0 register 30 99 kWh",
                "1EMH0010599732 1-0:1.8.0 register 30 101 kWh",
                "1EMH0010599732 1-0:1.8.0 register 45 0 kWh faulty",
                "1EMH0010599732 1-0:1.8.0 register 60 101 kWh",
                "1EMH0010599732 1-0:16.8.0 register 0 5 kWh",
                "1EMH0010599732 1-0:16.8.0 register 15 4 kWh",
            ]),
            ""
        );
    }
}
