//! What the header line says about the rows.

use std::collections::HashSet;

use metrify_domain::{Kind, ObisCode, Quantity, Unit};

use super::days::{self, Days};
use super::series::Places;
use crate::columns::Column;
use crate::fields::{delimiter, split};

/// A column of the meters layout: what its values are.
#[derive(Clone, Copy, Debug)]
pub(super) struct MeterValue {
    pub(super) column: &'static str,
    pub(super) quantity: Quantity,
    pub(super) unit: Unit,
    pub(super) kind: Kind,
}

/// Groups C and D of an electricity code without tariff and phase.
const fn meter_value(column: &'static str, [c, d]: [u8; 2], unit: &'static str, kind: Kind) -> MeterValue {
    let quantity = Quantity::Obis(ObisCode::from_bytes([1, 0, c, d, 0, 255]));
    MeterValue { column, quantity, unit: Unit::literal(unit), kind }
}

/// The value columns of the meters layout.
const METER_VALUES: [MeterValue; 5] = [
    meter_value("consumption_kwh", [1, 29], "kWh", Kind::Interval),
    meter_value("voltage_v", [12, 7], "V", Kind::Instant),
    meter_value("current_a", [11, 7], "A", Kind::Instant),
    meter_value("power_factor", [13, 7], "1", Kind::Instant),
    meter_value("frequency_hz", [14, 7], "Hz", Kind::Instant),
];

/// For the page.
pub(super) fn meter_rows() -> Vec<Vec<String>> {
    let row = |value: &MeterValue| {
        let code = |text: &str| format!("`{text}`");
        vec![code(value.column), code(&value.quantity.to_string()), code(value.unit.as_str()), code(value.kind.name())]
    };
    METER_VALUES.iter().map(row).collect()
}

const METER: &str = "meter_id";
const TIME: &str = "reading_timestamp";
/// The names of the meters layout.
const METER_NAMES: [&str; 7] =
    [METER, TIME, "consumption_kwh", "voltage_v", "current_a", "power_factor", "frequency_hz"];

/// Most values of a day: the quarter-hours of the day on which the clock is set back.
const DAY_VALUES_MAX: usize = 100;

/// What stands in a column of the rows layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Column(Column),
    /// A value of a day, counted from 0.
    Value(usize),
    Unknown,
}

impl Slot {
    pub(super) const fn is_number(&self) -> bool {
        matches!(self, Self::Column(Column::Value) | Self::Value(_))
    }
}

pub(super) enum Layout {
    /// The columns of the table `readings`, and those of a day set.
    Rows { slots: Vec<Slot>, values: usize },
    /// One column for every quantity of a meter; the numbers are those of the columns.
    Meters { columns: usize, meter: usize, time: usize, values: Vec<(usize, MeterValue)> },
    /// A day in one row, with a column for each of its intervals.
    Days(Days),
    /// A column of times and columns of values.
    Series(Places),
}

pub(super) struct Header {
    pub(super) delimiter: u8,
    pub(super) layout: Layout,
    /// As they came.
    pub(super) names: Vec<String>,
    /// Names we do not know.
    pub(super) unknown: Vec<String>,
    pub(super) known: &'static [&'static str],
}

impl Header {
    /// `mark` sets the fields apart, where that is told.
    ///
    /// # Errors
    /// Where the columns are not those of one of our layouts: which were found and which are needed.
    pub(super) fn read(line: &str, mark: Option<u8>) -> Result<Self, String> {
        let delimiter = mark.unwrap_or_else(|| delimiter(line));
        let mut fields = Vec::new();
        split(line, delimiter, &mut fields).map_err(|reason| format!("the header: {reason}"))?;
        let as_they_came: Vec<String> = fields.iter().map(|field| field.text(line).trim().to_owned()).collect();
        let names: Vec<String> = as_they_came.iter().map(|name| name.to_lowercase()).collect();
        let mut seen = HashSet::new();
        // The hour that comes twice has the same names twice.
        let unique = |name: &&String| !name.is_empty() && !days::is_label(name);
        if let Some(twice) = names.iter().filter(unique).find(|name| !seen.insert(name.as_str())) {
            return Err(format!("the column `{}` stands twice", shown(twice)));
        }
        let days = || Days::read(&names).map(|days| (days.unknown().to_vec(), Layout::Days(days)));
        let series = || Places::find(&names).map(|places| (Vec::new(), Layout::Series(places)));
        let foreign = || days().or_else(series).map(|(unknown, layout)| (layout, &Column::NAMES[..], unknown));
        let read = meters(&names).or_else(|| rows(&names)).or_else(foreign);
        let found = || fields.iter().map(|field| format!("`{}`", shown(&field.text(line))));
        let (layout, known, unknown) = read.ok_or_else(|| unfit(found()))?;
        Ok(Self { delimiter, layout, names: as_they_came, unknown, known })
    }

    /// Whether the column of times has a name, where the layout could do without.
    pub(super) fn has_named_times(&self) -> bool {
        match &self.layout {
            Layout::Rows { .. } | Layout::Meters { .. } | Layout::Days(_) => true,
            Layout::Series(places) => places.has_named_times(&self.names),
        }
    }

    /// Whether the header tells by itself that the table is one of ours; of a series the first row has to tell it as well.
    pub(super) fn is_ours(&self, first_row: Option<&[String]>) -> bool {
        match &self.layout {
            Layout::Rows { .. } | Layout::Meters { .. } | Layout::Days(_) => true,
            Layout::Series(places) => first_row.is_some_and(|row| places.fits(row)),
        }
    }
}

type Read = (Layout, &'static [&'static str], Vec<String>);

fn meters(names: &[String]) -> Option<Read> {
    let find = |wanted: &str| names.iter().position(|name| name == wanted);
    let (meter, time) = (find(METER)?, find(TIME)?);
    let values: Vec<_> =
        METER_VALUES.into_iter().filter_map(|value| find(value.column).map(|column| (column, value))).collect();
    let unknown = names.iter().filter(|name| !METER_NAMES.contains(&name.as_str())).cloned().collect();
    let layout = Layout::Meters { columns: names.len(), meter, time, values };
    matches!(&layout, Layout::Meters { values, .. } if !values.is_empty()).then_some((layout, &METER_NAMES, unknown))
}

fn rows(names: &[String]) -> Option<Read> {
    let has = |column: Column| names.iter().any(|name| name == column.name());
    let values = if has(Column::Day) { names.iter().filter_map(|name| value_number(name)).count() } else { 0 };
    let slots: Vec<Slot> = names.iter().map(|name| slot(name, values)).collect();
    let complete = (0..values).all(|number| slots.contains(&Slot::Value(number)));
    let one = has(Column::Value) && (has(Column::At) || has(Column::PeriodStart));
    let ours = has(Column::Point) && has(Column::Quantity) && (one || values > 0) && complete;
    let strangers = names.iter().zip(&slots).filter(|(_, slot)| **slot == Slot::Unknown);
    let unknown = strangers.map(|(name, _)| name.clone()).collect();
    ours.then_some((Layout::Rows { slots, values }, &Column::NAMES, unknown))
}

fn slot(name: &str, values: usize) -> Slot {
    match (Column::named(name), value_number(name)) {
        (Some(Column::Values), _) => Slot::Unknown,
        (Some(column), _) => Slot::Column(column),
        (None, Some(number)) if number < values => Slot::Value(number),
        (None, _) => Slot::Unknown,
    }
}

/// `v1` to `v100`, counted from 0.
fn value_number(name: &str) -> Option<usize> {
    let number = name.strip_prefix('v').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let number = number.parse::<usize>().ok().filter(|_| !number.starts_with('0'))?;
    (number <= DAY_VALUES_MAX).then(|| number - 1)
}

/// Most names of a foreign header that a reason shows.
const NAMES_SHOWN: usize = 12;

fn unfit(names: impl ExactSizeIterator<Item = String>) -> String {
    let more = names.len().saturating_sub(NAMES_SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let found: Vec<_> = names.take(NAMES_SHOWN).collect();
    format!(
        "the columns are {}{more}; needed are `point`, `quantity`, `value` and a time (`at`, or `period_start` and \
         `period_end`), or `point`, `quantity`, `day` and `v1` to `v96`, or `meter_id`, `reading_timestamp` and one of {}, or \
         a day and a column for each of its intervals, or a column of times and columns of values",
        found.join(", "),
        METER_VALUES.map(|value| format!("`{}`", value.column)).join(", "),
    )
}

fn shown(name: &str) -> String {
    name.chars().take(40).collect()
}
