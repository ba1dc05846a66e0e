//! A set of keys that columns of texts and times can be asked against without making keys of them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Int32Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{Int32Type, TimestampMicrosecondType};
use metrify_application::Result;
use metrify_application::ports::Key;

use crate::write::internal;

/// Start and end of a period in microseconds.
type Ends = (i64, i64);

/// Keys, by point and quantity.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    points: HashMap<String, HashMap<String, HashSet<Ends>>>,
}

impl KeySet {
    pub(crate) fn of<'k>(keys: impl Iterator<Item = &'k Key>) -> Self {
        let mut set = Self::default();
        for key in keys {
            set.insert(key);
        }
        set
    }

    pub(crate) fn insert(&mut self, key: &Key) {
        let ends = (key.period.start().micros(), key.period.end().micros());
        let point = key.channel.point.as_str();
        if !self.points.contains_key(point) {
            self.points.insert(point.to_owned(), HashMap::new());
        }
        if let Some(quantities) = self.points.get_mut(point) {
            quantities.entry(key.channel.quantity.to_string()).or_default().insert(ends);
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The periods of a channel; its point and quantity are not asked for where the set is empty.
    pub(crate) fn periods<'c>(&self, channel: impl FnOnce() -> (&'c str, &'c str)) -> Option<&HashSet<Ends>> {
        if self.is_empty() {
            return None;
        }
        let (point, quantity) = channel();
        self.points.get(point)?.get(quantity)
    }

    /// The keys as columns.
    ///
    /// # Errors
    /// Never, but for a mistake in the schema.
    pub fn columns(&self) -> Result<RecordBatch> {
        let mut keys = Vec::new();
        for (point, quantities) in &self.points {
            for (quantity, ends) in quantities {
                keys.extend(ends.iter().map(|(start, end)| (point, quantity, *start, *end)));
            }
        }
        let instants = |instants: TimestampMicrosecondArray| Arc::new(instants.with_timezone("UTC")) as ArrayRef;
        let columns: [ArrayRef; 4] = [
            Arc::new(StringArray::from_iter_values(keys.iter().map(|key| key.0))),
            Arc::new(StringArray::from_iter_values(keys.iter().map(|key| key.1))),
            instants(keys.iter().map(|key| Some(key.2)).collect()),
            instants(keys.iter().map(|key| Some(key.3)).collect()),
        ];
        let names = ["point", "quantity", "period_start", "period_end"];
        RecordBatch::try_from_iter(names.into_iter().zip(columns))
            .map_err(|error| internal("lay keys into columns", error))
    }

    /// For each row whether its key is in the set. The columns point, quantity, period_start and period_end must be there
    /// as texts, numbered or not, and microseconds; `None` where they are not.
    #[must_use]
    pub fn contains(&self, rows: &RecordBatch) -> Option<BooleanArray> {
        let points = Texts::of(rows.column_by_name("point")?)?;
        let quantities = Texts::of(rows.column_by_name("quantity")?)?;
        let starts = rows.column_by_name("period_start")?.as_primitive_opt::<TimestampMicrosecondType>()?;
        let ends = rows.column_by_name("period_end")?.as_primitive_opt::<TimestampMicrosecondType>()?;
        let mut last: (&str, Option<&HashMap<String, HashSet<Ends>>>) = ("", None);
        let found = (0..rows.num_rows()).map(|row| {
            let point = points.value(row);
            if last.0 != point || last.1.is_none() {
                last = (point, self.points.get(point));
            }
            let periods = last.1.and_then(|by_quantity| by_quantity.get(quantities.value(row)));
            periods.is_some_and(|periods| periods.contains(&(starts.value(row), ends.value(row))))
        });
        Some(found.map(Some).collect())
    }
}

/// A column of texts, by number or as they are.
enum Texts<'c> {
    Numbered(&'c Int32Array, &'c StringArray),
    Plain(&'c StringArray),
}

impl<'c> Texts<'c> {
    fn of(column: &'c ArrayRef) -> Option<Self> {
        if let Some(numbered) = column.as_dictionary_opt::<Int32Type>() {
            return Some(Self::Numbered(numbered.keys(), numbered.values().as_string_opt()?));
        }
        column.as_string_opt().map(Self::Plain)
    }

    fn value(&self, row: usize) -> &'c str {
        match self {
            Self::Numbered(numbers, texts) => texts.value(numbers.value(row) as usize),
            Self::Plain(texts) => texts.value(row),
        }
    }
}
