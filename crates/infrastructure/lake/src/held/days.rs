//! What readings come to on local days, made of chunks.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Decimal128Array, Int64Array, NullBufferBuilder, TimestampMicrosecondArray};
use arrow::datatypes::SchemaRef;
use chrono::NaiveDate;
use metrify_application::{Error, Kind, Result};
use metrify_domain::calendar::day::{day_number, day_period};
use metrify_domain::{Decimal, Timestamp};

use super::Held;
use super::chunk::{Chunk, Steps};
use super::columns::{Views, decimals, unkept};

/// What the readings of one day come to.
struct Day {
    number: i32,
    readings: i64,
    /// Of those that have one.
    values: Option<Values>,
    /// Nothing where nobody wants them.
    periods: Periods,
}

#[derive(Clone, Copy)]
struct Values {
    /// `None` where it has too many digits.
    sum: Option<i128>,
    minimum: i128,
    maximum: i128,
}

/// Whoever does not ask for the sum of such a day does not meet it.
fn too_large() -> Error {
    Error::new(Kind::Invalid, "add up the values of a day: the sum has too many digits")
}

/// When periods end, how long they are, and how their starts lie, in microseconds.
#[derive(Clone, Copy, Default)]
struct Periods {
    last_end: i64,
    shortest: i64,
    longest: i64,
    /// The smallest and the largest of what is left of a start where it is divided by the length.
    phases: [i64; 2],
}

impl Periods {
    fn of(chunk: &Chunk, rows: Range<u32>) -> Self {
        let mut all: Option<Self> = None;
        for Steps { first, count, step, length } in chunk.steps_of(rows) {
            let last_end = first + step * (count - 1) + length;
            let phase = |start: i64| if length == 0 { 0 } else { start % length };
            // Where one begins as another ends, or whole lengths later, they all begin alike.
            let differing = if length == 0 || step % length == 0 { 1 } else { count };
            for phase in (0..differing).map(|number| phase(first + step * number)) {
                let own = all.get_or_insert(Self { last_end, shortest: length, longest: length, phases: [phase; 2] });
                own.phases = [own.phases[0].min(phase), own.phases[1].max(phase)];
                own.last_end = own.last_end.max(last_end);
                own.shortest = own.shortest.min(length);
                own.longest = own.longest.max(length);
            }
        }
        all.unwrap_or_default()
    }
}

impl Day {
    fn of(number: i32, readings: usize, values: impl Iterator<Item = i128>, periods: Periods) -> Self {
        let (mut count, mut sum, mut minimum, mut maximum) = (0, Some(0_i128), i128::MAX, i128::MIN);
        for value in values {
            count += 1;
            sum = sum.and_then(|sum| sum.checked_add(value));
            minimum = minimum.min(value);
            maximum = maximum.max(value);
        }
        let sum = sum.and_then(Decimal::from_units).map(Decimal::units);
        let values = Values { sum, minimum, maximum };
        Self { number, readings: readings as i64, values: (count > 0).then_some(values), periods }
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
    with_periods: bool,
    /// Of the rows that are added, kept to be used again.
    starts: Vec<i64>,
    values: Vec<i128>,
}

impl Days {
    pub(super) fn of(wanted: &SchemaRef) -> Self {
        let of_periods = ["last_end", "shortest_us", "longest_us", "phase_min_us", "phase_max_us"];
        Self { with_periods: of_periods.iter().any(|name| wanted.index_of(name).is_ok()), ..Self::default() }
    }

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
        let Self { days, starts, values, with_periods, .. } = self;
        let first_row = rows.start;
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
            let rows = first_row + begin as u32..first_row + end as u32;
            let periods = if *with_periods { Periods::of(chunk, rows) } else { Periods::default() };
            days.push(match &nulls {
                None => Day::of(number, end - begin, values[begin..end].iter().copied(), periods),
                Some(nulls) => {
                    let valued = (begin..end).filter(|row| nulls.is_valid(*row)).map(|row| values[row]);
                    Day::of(number, end - begin, valued, periods)
                }
            });
            begin = end;
        }
        Ok(())
    }

    /// The days so far, in the columns that are wanted.
    pub(super) fn finish(&mut self, wanted: &SchemaRef) -> Result<Vec<ArrayRef>> {
        let next = Self::of(wanted);
        let Self { mut points, mut quantities, mut kinds, mut units, mut qualities, days, .. } =
            std::mem::replace(self, next);
        let of_values =
            |of: fn(Values) -> i128| decimals(days.iter().map(|day| day.values.map(of)).collect::<Decimal128Array>());
        let sums = || {
            let sums = days.iter().map(|day| day.values.map(|values| values.sum.ok_or_else(too_large)).transpose());
            decimals(sums.collect::<Result<Decimal128Array>>()?)
        };
        let of_periods = |of: fn(Periods) -> i64| days.iter().map(move |day| of(day.periods));
        let micros = |of| Arc::new(Int64Array::from_iter_values(of_periods(of)));
        let column = |name: &str| -> Result<ArrayRef> {
            Ok(match name {
                "point" => points.finish()?,
                "quantity" => quantities.finish()?,
                "kind" => kinds.finish()?,
                "unit" => units.finish()?,
                "quality" => qualities.finish()?,
                "day" => Arc::new(Date32Array::from_iter_values(days.iter().map(|day| day.number))),
                "readings" => Arc::new(Int64Array::from_iter_values(days.iter().map(|day| day.readings))),
                "sum" => sums()?,
                "minimum" => of_values(|values| values.minimum)?,
                "maximum" => of_values(|values| values.maximum)?,
                "last_end" => {
                    let ends = of_periods(|periods| periods.last_end);
                    Arc::new(TimestampMicrosecondArray::from_iter_values(ends).with_timezone("UTC"))
                }
                "shortest_us" => micros(|periods| periods.shortest),
                "longest_us" => micros(|periods| periods.longest),
                "phase_min_us" => micros(|periods| periods.phases[0]),
                "phase_max_us" => micros(|periods| periods.phases[1]),
                _ => return Err(unkept()),
            })
        };
        wanted.fields().iter().map(|field| field.name().as_str()).map(column).collect()
    }
}
