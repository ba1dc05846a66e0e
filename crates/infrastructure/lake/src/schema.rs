//! The tables of a tenant and their columns.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use metrify_domain::decimal::{PRECISION, SCALE};
use metrify_formats::{Column, ColumnKind, RecordTable};

/// A table of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TableName {
    /// What holds now.
    Readings,
    /// What held before something newer came or its message was taken back.
    Superseded,
    /// Messages taken back as a whole.
    Withdrawals,
    /// Versions that their deliveries turned out not to say.
    Retractions,
    Points,
    Meters,
    Findings,
    Rejects,
    Deliveries,
    /// What requests were answered with.
    Receipts,
    /// What is told beside readings.
    Records(RecordTable),
}

impl TableName {
    pub const ALL: [Self; 16] = [
        Self::Readings,
        Self::Superseded,
        Self::Withdrawals,
        Self::Retractions,
        Self::Points,
        Self::Meters,
        Self::Findings,
        Self::Rejects,
        Self::Deliveries,
        Self::Receipts,
        Self::Records(RecordTable::Redispatch),
        Self::Records(RecordTable::GridStatus),
        Self::Records(RecordTable::MasterData),
        Self::Records(RecordTable::Acknowledgements),
        Self::Records(RecordTable::Signatures),
        Self::Records(RecordTable::LoadProfiles),
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Readings => "readings",
            Self::Superseded => "readings_superseded",
            Self::Withdrawals => "withdrawals",
            Self::Retractions => "retractions",
            Self::Points => "points",
            Self::Meters => "meters",
            Self::Findings => "findings",
            Self::Rejects => "rejects",
            Self::Deliveries => "deliveries",
            Self::Receipts => "receipts",
            Self::Records(table) => table.name(),
        }
    }

    /// Readings are parted by the month (UTC) in which their period starts.
    #[must_use]
    pub const fn is_parted_by_month(self) -> bool {
        matches!(self, Self::Readings | Self::Superseded)
    }

    /// The columns whose texts are digests by which its rows are looked for one by one; none where they are not.
    pub(crate) const fn named_by(self) -> &'static [&'static str] {
        match self {
            Self::Deliveries | Self::Rejects | Self::Findings => &["delivery"],
            // A request is known by its key and by what it held.
            Self::Receipts => &["key", "request"],
            Self::Records(_) => &["record"],
            Self::Readings | Self::Superseded | Self::Withdrawals | Self::Retractions | Self::Points | Self::Meters => {
                &[]
            }
        }
    }

    /// The column that tells since when a row is known.
    #[must_use]
    pub const fn known_since(self) -> &'static str {
        match self {
            Self::Readings | Self::Superseded | Self::Records(_) => "recorded_at",
            Self::Withdrawals => "withdrawn_at",
            Self::Retractions => "retracted_at",
            Self::Points | Self::Meters => "since",
            Self::Findings => "found_at",
            Self::Rejects => "rejected_at",
            Self::Deliveries => "received_at",
            Self::Receipts => "answered_at",
        }
    }

    /// The columns of its data files.
    #[must_use]
    pub fn schema(self) -> SchemaRef {
        let fields = match self {
            Self::Readings | Self::Superseded => readings(),
            Self::Withdrawals => {
                vec![text("document"), text("withdrawn_by"), time("withdrawn_at"), text("delivery")]
            }
            Self::Retractions => vec![required("sequence", DataType::Int64), time("retracted_at"), text("delivery")],
            Self::Points => vec![
                text("point"),
                text("kind"),
                optional("name", DataType::Utf8),
                text("status"),
                time("since"),
                text("delivery"),
            ],
            Self::Meters => vec![
                text("meter"),
                optional("server_id", DataType::Utf8),
                optional("maker", DataType::Utf8),
                optional("resolution", decimal()),
                optional("resolution_unit", DataType::Utf8),
                time("since"),
                text("delivery"),
            ],
            Self::Findings => findings(),
            Self::Rejects => rejects(),
            Self::Deliveries => deliveries(),
            Self::Receipts => receipts(),
            Self::Records(table) => records(table),
        };
        Arc::new(Schema::new(fields))
    }
}

/// The columns that users see of a reading, in their order; the rest serve versions and lineage.
pub const READING_COLUMNS: [&str; 12] = [
    "point",
    "quantity",
    "kind",
    "period_start",
    "period_end",
    "value",
    "unit",
    "quality",
    "method",
    "reason",
    "recorded_at",
    "delivery",
];

/// What readings of a channel and quality come to on a local day (Europe/Berlin): how many there are that start on it; sum, smallest and
/// largest of their values; when the last one ends, how long their periods are, and what is left of the starts where they are divided by
/// the length. The sum is null, too, where it has more digits than a value.
#[must_use]
pub fn days() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("point", DataType::Utf8View, false),
        Field::new("quantity", DataType::Utf8View, false),
        Field::new("kind", DataType::Utf8View, false),
        Field::new("unit", DataType::Utf8View, false),
        Field::new("quality", DataType::Utf8View, false),
        Field::new("day", DataType::Date32, false),
        Field::new("readings", DataType::Int64, false),
        optional("sum", decimal()),
        optional("minimum", decimal()),
        optional("maximum", decimal()),
        time("last_end"),
        required("shortest_us", DataType::Int64),
        required("longest_us", DataType::Int64),
        required("phase_min_us", DataType::Int64),
        required("phase_max_us", DataType::Int64),
    ]))
}

fn readings() -> Vec<Field> {
    vec![
        text("point"),
        text("quantity"),
        text("kind"),
        time("period_start"),
        time("period_end"),
        optional("value", decimal()),
        text("unit"),
        text("quality"),
        optional("method", DataType::Utf8),
        optional("reason", DataType::Utf8),
        time("recorded_at"),
        text("delivery"),
        // The message that carried it; empty where its format has none.
        text("document"),
        // Tells the versions of one reading apart.
        required("sequence", DataType::Int64),
        // It held before already, and holds again since a later one was taken back.
        required("restored", DataType::Boolean),
    ]
}

fn findings() -> Vec<Field> {
    vec![
        text("rule"),
        text("severity"),
        optional("point", DataType::Utf8),
        optional("quantity", DataType::Utf8),
        optional("period_start", instant()),
        optional("period_end", instant()),
        text("position"),
        text("reason"),
        time("found_at"),
        text("delivery"),
    ]
}

/// A row for each state that a reject came to, and when it did; once that was not kept, and both rows have the time of its rejection.
fn rejects() -> Vec<Field> {
    vec![
        text("reject"),
        text("delivery"),
        text("source"),
        text("format"),
        text("position"),
        text("reason"),
        required("readings", DataType::Int64),
        required("prelude", DataType::Binary),
        required("bytes", DataType::Binary),
        time("rejected_at"),
        text("state"),
    ]
}

fn deliveries() -> Vec<Field> {
    let first = [text("delivery"), text("source"), text("format"), required("bytes", DataType::Int64)];
    first.into_iter().chain(counts()).chain([time("received_at")]).collect()
}

fn counts() -> [Field; 5] {
    ["received", "stored", "duplicates", "corrections", "rejected"].map(|name| required(name, DataType::Int64))
}

/// A row for each receipt of an answer.
fn receipts() -> Vec<Field> {
    // What the request held, and what it was called.
    let first = [text("request"), optional("key", DataType::Utf8), text("delivery"), text("source"), text("format")];
    let last = [
        required("findings", DataType::Int64),
        // JSON: a list of lists of position and reason.
        text("problems"),
        required("problems_total", DataType::Int64),
        time("answered_at"),
    ];
    first.into_iter().chain(counts()).chain(last).collect()
}

/// The table's own columns, then when the row became known, with what it came, and its name.
fn records(table: RecordTable) -> Vec<Field> {
    let own = table.columns().iter().map(record_column);
    own.chain([time("recorded_at"), text("delivery"), text("record")]).collect()
}

fn record_column(column: &Column) -> Field {
    let kind = match column.kind {
        ColumnKind::Text => DataType::Utf8,
        ColumnKind::Number => decimal(),
        ColumnKind::Time => instant(),
        ColumnKind::Bytes => DataType::Binary,
    };
    Field::new(column.name, kind, !column.required)
}

pub(crate) fn instant() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC")))
}

/// A text by its number among the distinct ones.
pub(crate) fn numbered_text() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// These columns with their texts by number.
pub(crate) fn numbered(fields: &Fields) -> SchemaRef {
    let fields = fields.iter().map(|field| match field.data_type() {
        DataType::Utf8 => Arc::new(field.as_ref().clone().with_data_type(numbered_text())),
        _ => field.clone(),
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

pub(crate) fn decimal() -> DataType {
    DataType::Decimal128(PRECISION as u8, SCALE as i8)
}

fn required(name: &str, kind: DataType) -> Field {
    Field::new(name, kind, false)
}

fn optional(name: &str, kind: DataType) -> Field {
    Field::new(name, kind, true)
}

fn text(name: &str) -> Field {
    required(name, DataType::Utf8)
}

fn time(name: &str) -> Field {
    required(name, instant())
}
