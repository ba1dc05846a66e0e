//! What readings come to on local days, made of chunks.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Decimal128Array, Int64Array, NullBufferBuilder};
use arrow::datatypes::SchemaRef;
use chrono::NaiveDate;
use metrify_application::{Error, Kind, Result};
use metrify_domain::Timestamp;
use metrify_domain::calendar::day::{day_number, day_period};

use super::Held;
use super::chunk::Chunk;
use super::columns::{Views, decimals, unkept};

/// What the readings of one day come to.
struct Day {
    number: i32,
    readings: i64,
    /// Of those that have one.
    values: Option<Values>,
}

#[derive(Clone, Copy)]
struct Values {
    sum: i128,
    minimum: i128,
    maximum: i128,
}

impl Day {
    fn of(number: i32, readings: usize, values: impl Iterator<Item = i128>) -> Result<Self> {
        let (mut count, mut sum, mut minimum, mut maximum) = (0, Some(0_i128), i128::MAX, i128::MIN);
        for value in values {
            count += 1;
            sum = sum.and_then(|sum| sum.checked_add(value));
            minimum = minimum.min(value);
            maximum = maximum.max(value);
        }
        let too_large = || Error::new(Kind::Invalid, "add up the values of a day: the sum has too many digits");
        let values = Values { sum: sum.ok_or_else(too_large)?, minimum, maximum };
        Ok(Self { number, readings: readings as i64, values: (count > 0).then_some(values) })
    }
}

/// The columns of [`crate::days`] while they are made.
#[derive(Default)]
pub(super) struct Days {
    points: Views,
    quantities: Views,
    kinds: Views,
    units: Views,
    qualities: Views,
    days: Vec<Day>,
    /// Of the rows that are added, kept to be used again.
    starts: Vec<i64>,
    values: Vec<i128>,
}

impl Days {
    /// Adds rows of a channel's chunk; tells on how many days they are.
    pub(super) fn push(&mut self, held: &Held, channel: u32, chunk: &Chunk, rows: Range<u32>) -> Result<usize> {
        let before = self.days.len();
        for (said, rows) in chunk.said_of(rows) {
            let own = self.days.len();
            self.add(chunk, rows)?;
            let added = self.days.len() - own;
            let (kind, unit, quality, ..) = held.told.all_said.get(usize::from(said)).ok_or_else(unkept)?;
            self.kinds.push(Some(kind), added);
            self.units.push(Some(unit), added);
            self.qualities.push(Some(quality), added);
        }
        let added = self.days.len() - before;
        self.points.push(Some(held.told.channels.point_of(channel)), added);
        self.quantities.push(Some(held.told.channels.quantity(channel)), added);
        Ok(added)
    }

    fn add(&mut self, chunk: &Chunk, rows: Range<u32>) -> Result<()> {
        let Self { days, starts, values, .. } = self;
        starts.clear();
        values.clear();
        let mut nulls = NullBufferBuilder::new(0);
        chunk.starts_of(rows.clone(), starts);
        chunk.values_of(rows, values, &mut nulls).ok_or_else(unkept)?;
        let nulls = nulls.finish();
        let mut begin = 0;
        while let Some(first) = starts.get(begin) {
            let number = day_number(Timestamp::from_micros(*first));
            let next = NaiveDate::from_epoch_days(number).and_then(day_period).map(|day| day.end().micros());
            // What no calendar names is a day of its own.
            let end = begin + next.map_or(1, |next| starts[begin..].partition_point(|start| *start < next));
            days.push(match &nulls {
                None => Day::of(number, end - begin, values[begin..end].iter().copied())?,
                Some(nulls) => {
                    let valued = (begin..end).filter(|row| nulls.is_valid(*row)).map(|row| values[row]);
                    Day::of(number, end - begin, valued)?
                }
            });
            begin = end;
        }
        Ok(())
    }

    /// The days so far, in the columns that are wanted.
    pub(super) fn finish(&mut self, wanted: &SchemaRef) -> Result<Vec<ArrayRef>> {
        let Self { mut points, mut quantities, mut kinds, mut units, mut qualities, days, .. } = std::mem::take(self);
        let of_values =
            |of: fn(Values) -> i128| decimals(days.iter().map(|day| day.values.map(of)).collect::<Decimal128Array>());
        let column = |name: &str| -> Result<ArrayRef> {
            Ok(match name {
                "point" => points.finish()?,
                "quantity" => quantities.finish()?,
                "kind" => kinds.finish()?,
                "unit" => units.finish()?,
                "quality" => qualities.finish()?,
                "day" => Arc::new(Date32Array::from_iter_values(days.iter().map(|day| day.number))),
                "readings" => Arc::new(Int64Array::from_iter_values(days.iter().map(|day| day.readings))),
                "sum" => of_values(|values| values.sum)?,
                "minimum" => of_values(|values| values.minimum)?,
                "maximum" => of_values(|values| values.maximum)?,
                _ => return Err(unkept()),
            })
        };
        wanted.fields().iter().map(|field| field.name().as_str()).map(column).collect()
    }
}
