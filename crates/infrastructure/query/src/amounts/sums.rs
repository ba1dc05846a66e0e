//! Days settled by what their readings come to.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Int64Array, RecordBatch, StringViewArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int64Type};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use metrify_domain::amount::{Summed, counted_in};
use metrify_domain::calendar::day::day_period;
use metrify_domain::{Period, Unit};

use super::told::Told;
use crate::functions::date;

/// Days of which the bounds are kept.
const BOUNDS_MAX: usize = 1 << 12;
/// About what it takes to know that a day of a point is not settled, beside the point's name.
const UNSETTLED_BYTES: usize = 64;

/// Points, and which of their days their sums do not settle.
pub(super) type Unsettled = BTreeMap<String, BTreeSet<i32>>;

/// What is told of days by their sums, which come in the order of points and days.
pub(super) struct Sums {
    point: String,
    day: i32,
    rows: Vec<Summed>,
    bounds: HashMap<i32, Option<Period>>,
    units: Units,
    unsettled: Unsettled,
    reserved: MemoryReservation,
    told: Told,
}

/// The unit that amounts count in, mostly that of the row before.
#[derive(Default)]
pub(super) struct Units(Option<(String, (Unit, i128))>);

impl Units {
    pub(super) fn counted_in(&mut self, text: &str) -> Option<(Unit, i128)> {
        if self.0.as_ref().is_none_or(|(last, _)| last != text) {
            self.0 = Some((text.to_owned(), counted_in(Unit::new(text)?)));
        }
        self.0.as_ref().map(|(_, counted)| *counted)
    }
}

pub(super) fn texts(batch: &RecordBatch, name: &str) -> Result<StringViewArray> {
    Ok(cast(named(batch, name)?, &DataType::Utf8View)?.as_string_view().clone())
}

pub(super) fn micros(batch: &RecordBatch, name: &str) -> Result<Int64Array> {
    Ok(cast(named(batch, name)?, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
}

pub(super) fn values(batch: &RecordBatch, name: &str) -> Result<Decimal128Array> {
    Ok(named(batch, name)?.as_primitive::<Decimal128Type>().clone())
}

fn named<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b ArrayRef> {
    batch.column_by_name(name).ok_or_else(|| DataFusionError::Internal(format!("amounts lack the column {name}")))
}

pub(super) fn value_at(column: &Decimal128Array, row: usize, times: i128) -> Option<i128> {
    if column.is_null(row) { None } else { column.value(row).checked_mul(times) }
}

impl Sums {
    pub(super) fn new(context: &TaskContext) -> Self {
        Self {
            point: String::new(),
            day: 0,
            rows: Vec::new(),
            bounds: HashMap::new(),
            units: Units::default(),
            unsettled: Unsettled::new(),
            reserved: MemoryConsumer::new("unsettled days").register(context.memory_pool()),
            told: Told::default(),
        }
    }

    /// Takes rows of `readings_daily`; tells of the days before the last one.
    pub(super) fn add(&mut self, batch: &RecordBatch) -> Result<RecordBatch> {
        let [points, quantities, units, qualities] =
            ["point", "quantity", "unit", "quality"].map(|name| texts(batch, name));
        let (points, quantities, units, qualities) = (points?, quantities?, units?, qualities?);
        let days = named(batch, "day")?.as_primitive::<Date32Type>();
        let [readings, last_end, shortest, longest, phase_min, phase_max] =
            ["readings", "last_end", "shortest_us", "longest_us", "phase_min_us", "phase_max_us"]
                .map(|name| micros(batch, name));
        let (readings, last_end, shortest) = (readings?, last_end?, shortest?);
        let (longest, phases) = (longest?, [phase_min?, phase_max?]);
        let [sum, minimum, maximum] = ["sum", "minimum", "maximum"].map(|name| values(batch, name));
        let (sum, minimum, maximum) = (sum?, minimum?, maximum?);
        for row in 0..batch.num_rows() {
            if (self.point.as_str(), self.day) != (points.value(row), days.value(row)) {
                self.settle()?;
                if self.point != points.value(row) {
                    points.value(row).clone_into(&mut self.point);
                }
                self.day = days.value(row);
            }
            // What is no code, unit or quality adds up to nothing.
            let counted = self.units.counted_in(units.value(row));
            let named = quantities.value(row).parse().ok().zip(qualities.value(row).parse().ok());
            let Some(((unit, times), (code, quality))) = counted.zip(named) else { continue };
            let values = [&sum, &minimum, &maximum].map(|column| value_at(column, row, times));
            let values =
                if let [Some(sum), Some(least), Some(most)] = values { Some([sum, least, most]) } else { None };
            self.rows.push(Summed {
                code,
                unit,
                quality,
                readings: readings.value(row),
                values,
                last_end: last_end.value(row),
                shortest: shortest.value(row),
                longest: longest.value(row),
                phases: [phases[0].value(row), phases[1].value(row)],
            });
        }
        self.told.take()
    }

    fn settle(&mut self) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        if self.bounds.len() >= BOUNDS_MAX {
            self.bounds.clear();
        }
        let bounds = self.bounds.entry(self.day).or_insert_with(|| date(self.day).and_then(day_period));
        match bounds.and_then(|bounds| Summed::settled(bounds, &self.rows)) {
            Some(tallies) => self.told.add(&self.point, self.day, tallies),
            None => {
                self.reserved.try_grow(UNSETTLED_BYTES + self.point.len())?;
                self.unsettled.entry(self.point.clone()).or_default().insert(self.day);
            }
        }
        self.rows.clear();
        Ok(())
    }

    /// Tells of the last day, and which days are not settled.
    pub(super) fn end(mut self) -> Result<(RecordBatch, (Unsettled, MemoryReservation))> {
        self.settle()?;
        Ok((self.told.take()?, (self.unsettled, self.reserved)))
    }
}
