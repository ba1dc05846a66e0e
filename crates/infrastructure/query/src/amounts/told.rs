//! What is told of days that are settled, as columns.

use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringViewBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::Result;
use metrify_domain::amount::{SCALE, Tally};
use metrify_domain::decimal::PRECISION;

/// How many readings something became of.
type Count = fn(&Tally) -> i64;

/// How many readings there are, and how many of them are in no amount, for which reason.
const COUNTS: [(&str, Count); 7] = [
    ("readings", |tally| tally.readings),
    ("missing", |tally| tally.missing),
    ("faulty", |tally| tally.faulty),
    ("unmeasured", |tally| tally.unmeasured),
    ("overlapping", |tally| tally.overlapping),
    ("overlong", |tally| tally.overlong),
    ("too_large", |tally| tally.too_large),
];
const VALUES: [&str; 3] = ["total", "minimum", "maximum"];

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let field = |name: &str, kind: DataType| Field::new(name, kind, true);
    let mut fields = vec![
        field("point", DataType::Utf8View),
        field("day", DataType::Date32),
        field("quantity", DataType::Utf8View),
        field("unit", DataType::Utf8View),
    ];
    fields.extend(COUNTS.map(|(name, _)| field(name, DataType::Int64)));
    fields.extend(VALUES.map(|name| field(name, DataType::Decimal128(PRECISION as u8, SCALE as i8))));
    Arc::new(Schema::new(fields))
});

pub(super) fn schema() -> SchemaRef {
    SCHEMA.clone()
}

/// Rows of the table while they are made.
#[derive(Default)]
pub(super) struct Told {
    points: StringViewBuilder,
    quantities: StringViewBuilder,
    units: StringViewBuilder,
    days: Vec<i32>,
    tallies: Vec<Tally>,
}

impl Told {
    pub(super) fn add(&mut self, point: &str, day: i32, tallies: Vec<Tally>) {
        for tally in tallies {
            self.points.append_value(point);
            self.quantities.append_value(tally.code.to_string());
            self.units.append_value(tally.unit.as_str());
            self.days.push(day);
            self.tallies.push(tally);
        }
    }

    /// The rows so far.
    pub(super) fn take(&mut self) -> Result<RecordBatch> {
        let Self { mut points, mut quantities, mut units, days, tallies } = std::mem::take(self);
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(points.finish()),
            Arc::new(Date32Array::from(days)),
            Arc::new(quantities.finish()),
            Arc::new(units.finish()),
        ];
        for (_, count) in COUNTS {
            columns.push(Arc::new(tallies.iter().map(|tally| Some(count(tally))).collect::<Int64Array>()));
        }
        for place in 0..VALUES.len() {
            let values = tallies.iter().map(|tally| tally.values.map(|values| values[place]));
            let values = values.collect::<Decimal128Array>().with_precision_and_scale(PRECISION as u8, SCALE as i8)?;
            columns.push(Arc::new(values));
        }
        Ok(RecordBatch::try_new(schema(), columns)?)
    }
}
