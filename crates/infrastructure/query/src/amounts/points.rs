//! Days settled by each of their readings.

use arrow::array::RecordBatch;
use datafusion::common::Result;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use metrify_domain::amount::{Amount, Day, settle, tallies};
use metrify_domain::calendar::day::day_number;
use metrify_domain::{Period, Timestamp};

use super::sums::{Units, Unsettled, micros, texts, value_at, values};
use super::told::Told;

/// About what a reading takes while its point is looked at.
const READING_BYTES: usize = 4 * size_of::<Amount>();

/// What is told of days by their readings, which come in the order of points and times.
pub(super) struct Points {
    unsettled: Unsettled,
    /// What those take.
    _known: MemoryReservation,
    point: String,
    days: Vec<Day>,
    units: Units,
    reserved: MemoryReservation,
    told: Told,
}

impl Points {
    pub(super) fn new((unsettled, known): (Unsettled, MemoryReservation), context: &TaskContext) -> Self {
        Self {
            unsettled,
            _known: known,
            point: String::new(),
            days: Vec::new(),
            units: Units::default(),
            reserved: MemoryConsumer::new("readings of unsettled days").register(context.memory_pool()),
            told: Told::default(),
        }
    }

    /// Takes readings; tells of the points before the last one.
    pub(super) fn add(&mut self, batch: &RecordBatch) -> Result<RecordBatch> {
        let [points, quantities, units, qualities] =
            ["point", "quantity", "unit", "quality"].map(|name| texts(batch, name));
        let (points, quantities, units, qualities) = (points?, quantities?, units?, qualities?);
        let (starts, ends) = (micros(batch, "period_start")?, micros(batch, "period_end")?);
        let values = values(batch, "value")?;
        self.reserved.try_grow(batch.num_rows() * READING_BYTES)?;
        for row in 0..batch.num_rows() {
            if self.point != points.value(row) {
                self.settle();
                points.value(row).clone_into(&mut self.point);
            }
            let counted = self.units.counted_in(units.value(row));
            let named = quantities.value(row).parse().ok().zip(qualities.value(row).parse().ok());
            let Some(((unit, times), (code, quality))) = counted.zip(named) else { continue };
            let [start, end] = [&starts, &ends].map(|times| Timestamp::from_micros(times.value(row)));
            let period = Period::interval(start, end).unwrap_or(Period::instant(start));
            let amount = Amount { code, unit, period, quality, value: value_at(&values, row, times) };
            let number = day_number(start);
            match self.days.last_mut() {
                Some(day) if day.number == number => day.amounts.push(amount),
                _ => self.days.push(Day { number, amounts: vec![amount] }),
            }
        }
        self.told.take()
    }

    fn settle(&mut self) {
        let days = std::mem::take(&mut self.days);
        if let Some(unsettled) = self.unsettled.get(&self.point) {
            for (day, fates) in days.iter().zip(settle(&days)).filter(|(day, _)| unsettled.contains(&day.number)) {
                self.told.add(&self.point, day.number, tallies(day.amounts.iter().zip(fates)));
            }
        }
        self.reserved.free();
    }

    /// Tells of the last point.
    pub(super) fn end(&mut self) -> Result<RecordBatch> {
        self.settle();
        self.told.take()
    }
}
