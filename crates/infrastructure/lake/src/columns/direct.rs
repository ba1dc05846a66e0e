//! Rows of columns as a batch at once, where the columns have our names and types and every row says all of a reading.
//!
//! What is refused, left open or told in other types takes the way of lines, which says what is wrong with it; both ways give the
//! same readings.

use std::collections::HashMap;

use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, DictionaryArray, RecordBatch, TimestampMicrosecondArray,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Decimal128Type, Int32Type, Schema, TimeUnit, TimestampMicrosecondType};
use foldhash::fast::RandomState;
use metrify_domain::decimal::SCALE;
use metrify_domain::numbered::Numbered;
use metrify_domain::{
    Batch, Channel, Code, Decimal, Document, Kind, Period, Point, Quality, Quantity, Row, Tables, Timestamp, Unit,
};

use super::guard::{Readout, caught};
use crate::schema::{decimal, instant};

/// The columns that are read here. `delivery` is ours to assign, and passed over.
const TEXTS: [&str; 7] = ["point", "quantity", "kind", "unit", "quality", "method", "reason"];
const REQUIRED: [&str; 4] = ["point", "quantity", "period_start", "period_end"];

/// Whether columns have our names, and types that hold what ours hold.
pub(crate) fn fits(schema: &Schema) -> bool {
    let known = |field: &arrow::datatypes::FieldRef| match (field.name().as_str(), field.data_type()) {
        ("delivery", _) => true,
        ("period_start" | "period_end" | "recorded_at", DataType::Timestamp(unit, Some(_))) => {
            *unit != TimeUnit::Nanosecond
        }
        ("value", DataType::Decimal128(_, scale)) => (0..=SCALE as i8).contains(scale),
        (name, kind) => TEXTS.contains(&name) && is_text(kind),
    };
    let once = |field: &arrow::datatypes::FieldRef| {
        schema.fields().iter().filter(|other| other.name() == field.name()).count() == 1
    };
    let has = |name: &&str| schema.column_with_name(name).is_some();
    schema.fields().iter().all(|field| known(field) && once(field)) && REQUIRED.iter().all(has) && has(&"value")
}

fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, texts) => is_text(texts),
        _ => false,
    }
}

/// A column of texts: what each distinct one means, and for each row which it has.
struct Texts<T> {
    meanings: Vec<Option<T>>,
    rows: DictionaryArray<Int32Type>,
}

impl<T: Clone> Texts<T> {
    fn read(column: Option<&ArrayRef>, meaning: impl Fn(&str) -> Option<T>) -> Option<Option<Self>> {
        let Some(column) = column else { return Some(None) };
        let kind = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let rows = cast(column, &kind)?.as_dictionary::<Int32Type>().clone();
        let texts = rows.values().as_string::<i32>();
        let meanings = (0..texts.len()).map(|text| if texts.is_null(text) { None } else { meaning(texts.value(text)) });
        Some(Some(Self { meanings: meanings.collect(), rows: rows.clone() }))
    }

    /// The number of the row's text; `None` where it has none, or one without a meaning.
    fn number(&self, row: usize) -> Option<usize> {
        let number = self.rows.key(row)?;
        self.meanings.get(number)?.as_ref().map(|_| number)
    }

    fn meaning(&self, row: usize) -> Option<&T> {
        self.meanings.get(self.number(row)?)?.as_ref()
    }

    /// As [`Self::meaning`]; `Some(None)` where the row has no text.
    fn optional(&self, row: usize) -> Option<Option<&T>> {
        if self.rows.is_null(row) { Some(None) } else { self.meaning(row).map(Some) }
    }
}

fn cast(column: &ArrayRef, kind: &DataType) -> Option<ArrayRef> {
    cast_with_options(column, kind, &CastOptions { safe: false, ..CastOptions::default() }).ok()
}

/// The columns of some rows.
struct Columns {
    points: Texts<Point>,
    quantities: Texts<Quantity>,
    kinds: Option<Texts<Kind>>,
    units: Option<Texts<Unit>>,
    qualities: Option<Texts<Quality>>,
    methods: Option<Texts<Code>>,
    reasons: Option<Texts<Code>>,
    starts: TimestampMicrosecondArray,
    ends: TimestampMicrosecondArray,
    values: Decimal128Array,
    known: Option<TimestampMicrosecondArray>,
}

impl Columns {
    fn of(rows: &RecordBatch) -> Option<Self> {
        let column = |name: &str| rows.column_by_name(name);
        let times =
            |name: &str| Some(cast(column(name)?, &instant())?.as_primitive::<TimestampMicrosecondType>().clone());
        Some(Self {
            points: Texts::read(column("point"), |text| text.parse().ok())??,
            quantities: Texts::read(column("quantity"), |text| text.parse().ok())??,
            kinds: Texts::read(column("kind"), |text| text.parse().ok())?,
            units: Texts::read(column("unit"), Unit::new)?,
            qualities: Texts::read(column("quality"), |text| text.parse().ok())?,
            // An empty text says as little as an absent one, which lines know.
            methods: Texts::read(column("method"), |text| Code::new(text).filter(|_| !text.is_empty()))?,
            reasons: Texts::read(column("reason"), |text| Code::new(text).filter(|_| !text.is_empty()))?,
            starts: times("period_start")?,
            ends: times("period_end")?,
            values: cast(column("value")?, &decimal())?.as_primitive::<Decimal128Type>().clone(),
            known: column("recorded_at").map_or(Some(None), |_| times("recorded_at").map(Some))?,
        })
    }
}

/// The rows as a batch; `None` where one of them has to be looked at more closely.
///
/// # Errors
/// Where columns cannot be taken for ours at all.
pub(crate) fn batch(rows: &RecordBatch) -> Readout<Option<Batch>> {
    let columns = caught(|| Ok(Columns::of(rows)))?;
    Ok(columns.and_then(|columns| made(rows, &columns)))
}

fn made(rows: &RecordBatch, columns: &Columns) -> Option<Batch> {
    let mut made = Made {
        spelled: HashMap::default(),
        channels: Numbered::default(),
        units: Numbered::default(),
        codes: Numbered::default(),
        documents: Numbered::default(),
    };
    let rows = (0..rows.num_rows()).map(|row| made.row(columns, row)).collect::<Option<Vec<Row>>>()?;
    let tables = Tables {
        channels: made.channels.take(),
        units: made.units.take(),
        codes: made.codes.take(),
        documents: made.documents.take(),
    };
    Batch::from_tables(tables, rows)
}

struct Made {
    /// By the numbers of the texts for point and quantity: one channel may be spelled in several ways.
    spelled: HashMap<(usize, usize), u32, RandomState>,
    channels: Numbered<Channel>,
    units: Numbered<Unit>,
    codes: Numbered<Code>,
    documents: Numbered<Document>,
}

impl Made {
    fn row(&mut self, columns: &Columns, row: usize) -> Option<Row> {
        let quantity = *columns.quantities.meaning(row)?;
        let channel = self.channel(columns, row)?;
        if columns.starts.is_null(row) || columns.ends.is_null(row) || columns.values.is_null(row) {
            return None;
        }
        let [start, end] = [&columns.starts, &columns.ends].map(|times| Timestamp::from_micros(times.value(row)));
        let kind = match &columns.kinds {
            Some(kinds) => *kinds.meaning(row)?,
            None => quantity.natural_kind().unwrap_or(if start == end { Kind::Instant } else { Kind::Interval }),
        };
        let period = match kind {
            Kind::Interval => Period::interval(start, end)?,
            Kind::Register | Kind::Instant => Some(Period::instant(start)).filter(|_| start == end)?,
        };
        let unit = match &columns.units {
            Some(units) => *units.meaning(row)?,
            None => quantity.default_unit()?,
        };
        let quality = match &columns.qualities {
            Some(qualities) => *qualities.meaning(row)?,
            None => Quality::True,
        };
        let known = columns.known.as_ref().filter(|known| !known.is_null(row));
        let known_at = known.map(|known| Timestamp::from_micros(known.value(row)));
        let document = self.documents.number(&Document { reference: String::new(), known_at });
        Some(Row {
            value: Some(Decimal::from_units(columns.values.value(row))?),
            period,
            channel,
            document,
            method: self.code(columns.methods.as_ref(), row)?,
            reason: self.code(columns.reasons.as_ref(), row)?,
            unit: u16::try_from(self.units.number(&unit)).ok()?,
            kind,
            quality: Some(quality).filter(|quality| *quality != Quality::Missing)?,
        })
    }

    fn channel(&mut self, columns: &Columns, row: usize) -> Option<u32> {
        let key = (columns.points.number(row)?, columns.quantities.number(row)?);
        if let Some(number) = self.spelled.get(&key) {
            return Some(*number);
        }
        let channel =
            Channel { point: columns.points.meaning(row)?.clone(), quantity: *columns.quantities.meaning(row)? };
        let number = self.channels.number(&channel);
        self.spelled.insert(key, number);
        Some(number)
    }

    fn code(&mut self, codes: Option<&Texts<Code>>, row: usize) -> Option<Option<u16>> {
        let Some(code) = codes.map_or(Some(None), |codes| codes.optional(row))? else { return Some(None) };
        Some(Some(u16::try_from(self.codes.number(code)).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::sync::Arc;

    use arrow::array::{Array, ArrayRef, DictionaryArray, Int32Array, RecordBatch, StringArray};
    use arrow::compute::cast;
    use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
    use metrify_domain::{
        Batch, BatchBuilder, Channel, Code, Document, Kind, Period, Quality, Reading, Timestamp, Unit,
    };
    use metrify_formats::{Decoded, Decoder, Format, Options, Output};

    use super::{batch, fits};
    use crate::columns::as_lines;
    use crate::rows::statements_batch;

    fn told(quality: Quality, kind: Kind, hour: i64) -> (Channel, Document, Reading) {
        let at = |hour: i64| Timestamp::from_micros(hour * 3_600_000_000);
        let period = match kind {
            Kind::Interval => Period::interval(at(hour), at(hour + 1)).expect("an hour"),
            Kind::Register | Kind::Instant => Period::instant(at(hour)),
        };
        let quantity = if kind == Kind::Register { "1-0:1.8.0" } else { "generation.photovoltaics" };
        let channel = Channel {
            point: if hour % 2 == 0 { "DE" } else { "50Hertz" }.parse().expect("a point"),
            quantity: quantity.parse().expect("a quantity"),
        };
        let code = |text: &str| (hour % 3 == 0).then(|| Code::new(text).expect("a code"));
        let value = (quality != Quality::Missing).then(|| format!("-{hour}.000000000001").parse().expect("a number"));
        let (method, reason) = (code("Z92"), code("ZB0 Z86"));
        let reading = Reading { kind, period, value, unit: Unit::literal("MWh"), quality, method, reason };
        let known_at = (hour % 4 == 0).then(|| at(hour + 2));
        (channel, Document { reference: String::new(), known_at }, reading)
    }

    fn batch_of(statements: &[(Channel, Document, Reading)]) -> Batch {
        let mut builder = BatchBuilder::default();
        statements.iter().for_each(|(channel, document, reading)| builder.push(channel, document, reading));
        builder.take()
    }

    fn by_lines(rows: &RecordBatch) -> Vec<(Channel, Document, Reading)> {
        let mut found = Vec::new();
        let mut sink = |decoded: Decoded| {
            assert!(decoded.problems.is_empty(), "{:?}", decoded.problems);
            found.extend(statements(&decoded.batch));
            ControlFlow::Continue(())
        };
        let mut out = Output::new(&mut sink);
        let mut decoder = Decoder::new(Format::Ndjson, &Options::at(Timestamp::default())).expect("lines");
        decoder.push(&as_lines(rows).expect("lines"), &mut out);
        decoder.finish(&mut out);
        out.flush();
        found
    }

    fn statements(batch: &Batch) -> Vec<(Channel, Document, Reading)> {
        let all = batch.rows().iter();
        all.map(|row| (batch.channel(row).clone(), batch.document(row).clone(), batch.reading(row))).collect()
    }

    #[test]
    fn columns_and_lines_say_the_same() {
        let mut all = Vec::new();
        for (hour, quality) in (0..).zip(Quality::ALL.into_iter().filter(|quality| *quality != Quality::Missing)) {
            all.extend([Kind::Register, Kind::Interval, Kind::Instant].map(|kind| told(quality, kind, hour)));
        }
        let rows = statements_batch(&batch_of(&all)).expect("columns");
        assert!(fits(&rows.schema()));
        let direct = batch(&rows).expect("columns").expect("plain rows");
        assert_eq!(statements(&direct), all);
        assert_eq!(by_lines(&rows), all);

        // Without the columns that have a default, and with other types that hold as much.
        let few = rows.project(&[0, 1, 3, 4, 5]).expect("columns");
        let narrow = ["period_start", "period_end"].map(|name| {
            let seconds = DataType::Timestamp(TimeUnit::Second, Some(Arc::from("+00:00")));
            (name, cast(few.column_by_name(name).expect("a column"), &seconds).expect("seconds"))
        });
        let view = cast(few.column(0), &DataType::Utf8View).expect("texts");
        let columns: Vec<(&str, ArrayRef)> = vec![("point", view), ("value", few.column(4).clone())];
        let quantities: ArrayRef = Arc::new(StringArray::from(vec!["load_forecast"; few.num_rows()]));
        let units: ArrayRef = Arc::new(StringArray::from(vec!["MWh"; few.num_rows()]));
        let all = columns.into_iter().chain(narrow).chain([("quantity", quantities), ("unit", units)]);
        let rows = RecordBatch::try_from_iter(all).expect("rows").slice(1, 2);
        let direct = batch(&rows).expect("columns").map(|batch| statements(&batch));
        assert_eq!(direct, Some(by_lines(&rows)).filter(|_| fits(&rows.schema())));
    }

    #[test]
    fn one_channel_spelled_in_several_ways_is_one() {
        let row = |hour: i64| told(Quality::True, Kind::Interval, 2 * hour);
        let rows = statements_batch(&batch_of(&[row(0), row(1), row(2), row(3)])).expect("columns");
        let place = |name: &str| rows.schema().index_of(name).expect("a column");
        let mut columns = rows.columns().to_vec();
        // A dictionary may hold a text twice, and some codes are written with and without their last group.
        let values = StringArray::from(vec!["DE", "DE"]);
        let points = DictionaryArray::new(Int32Array::from(vec![0, 1, 0, 1]), Arc::new(values));
        let spelled = StringArray::from(vec!["1-1:1.29.0", "1-1:1.29.0*255", "1-1:1.29.0*255", "1-1:1.29.0"]);
        columns[place("quantity")] = cast(&spelled, &columns[place("quantity")].data_type().clone()).expect("texts");
        let schema = rows.schema();
        let fields = schema.fields().iter().map(|field| match field.name().as_str() {
            "point" => field.as_ref().clone().with_data_type(points.data_type().clone()),
            _ => field.as_ref().clone(),
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        columns[place("point")] = Arc::new(points);
        let rows = RecordBatch::try_new(schema, columns).expect("rows");
        let direct = batch(&rows).expect("columns").expect("plain rows");
        assert_eq!((direct.channels().len(), direct.rows().len()), (1, 4));
        assert_eq!(statements(&direct), by_lines(&rows));
    }

    #[test]
    fn what_is_not_plain_takes_the_way_of_lines() {
        let plain = [told(Quality::True, Kind::Interval, 1)];
        let rows = statements_batch(&batch_of(&plain)).expect("columns");
        assert!(batch(&rows).expect("columns").is_some());
        let missing = statements_batch(&batch_of(&[told(Quality::Missing, Kind::Interval, 1)])).expect("columns");
        assert!(batch(&missing).expect("columns").is_none());
        for (name, text) in [("point", ""), ("quantity", "Eins"), ("kind", "amount"), ("quality", "good")] {
            let place = rows.schema().index_of(name).expect("a column");
            let mut columns = rows.columns().to_vec();
            columns[place] = Arc::new(StringArray::from(vec![text]));
            let rows = RecordBatch::try_new(rows.schema(), columns).expect("rows");
            assert!(batch(&rows).expect("columns").is_none(), "{name}");
        }
        let fields = |kind: DataType, name: &str| {
            let fields = rows.schema().fields().iter().map(|field| field.as_ref().clone()).collect::<Vec<_>>();
            let of = |field: Field| if field.name() == name { field.with_data_type(kind.clone()) } else { field };
            Schema::new(fields.into_iter().map(of).collect::<Vec<_>>())
        };
        assert!(!fits(&fields(DataType::Float64, "value")));
        assert!(!fits(&fields(DataType::Decimal128(38, 13), "value")));
        assert!(!fits(&fields(DataType::Timestamp(TimeUnit::Microsecond, None), "period_start")));
        assert!(!fits(&fields(DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())), "period_end")));
        assert!(!fits(&fields(DataType::Int32, "unit")));
    }
}
