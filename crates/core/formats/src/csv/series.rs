//! Tables of others with a column of times and columns of values, and nothing that names point or quantity in our words.
//!
//! A column tells its quantity and unit by its name where that is one we know; any other column is of the quantity that is given as
//! a hint. Its point is the one that is given; where several columns are of that quantity, each is a point by its name.
//!
//! An amount holds from its stamp to the next one. Up to a day that is the spacing of the table: a longer step is a gap, which a
//! finding tells, and the last row is as long as those before it. Rows more than a day apart, such as bills, last until the next
//! row; the last one then has to be empty.

use metrify_domain::{Kind, ObisCode, Point, Quantity, Unit};

use super::UNSTATED;
use crate::format::Options;

/// Names of a column of times, in lower case. Without a name it is the first column of a table that another program numbered.
pub(super) const TIMES: [&str; 14] = [
    "start",
    "begin",
    "von",
    "from",
    "timestamp",
    "time",
    "datetime",
    "date_time",
    "dt",
    "zeit",
    "zeitstempel",
    "zeitpunkt",
    "datum/uhrzeit",
    "",
];
/// Of these, those that say that they are a beginning.
const BEGINS: [&str; 4] = ["start", "begin", "von", "from"];
pub(super) const ENDS: [&str; 4] = ["end", "ende", "bis", "to"];
/// Columns that describe the row: no reading.
pub(super) const REMARKS: [&str; 8] =
    ["date", "datum", "holiday", "feiertag", "weekday", "wochentag", "season", "day_type"];

/// A name that tells a quantity.
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) quantity: Quantity,
    pub(super) unit: &'static str,
    /// The name does not imply the unit.
    assumed: bool,
    /// Who names a column so.
    pub(super) source: &'static str,
}

const fn known(name: &'static str, quantity: Quantity, unit: &'static str, source: &'static str) -> Known {
    Known { name, quantity, unit, assumed: false, source }
}

impl Known {
    const fn with_assumed_unit(mut self) -> Self {
        self.assumed = true;
        self
    }
}

const fn energy(channel: u8, code: u8) -> Quantity {
    Quantity::Obis(ObisCode::from_bytes([1, channel, code, 29, 0, 255]))
}

pub(super) const KNOWN: [Known; 7] = [
    known("demand", Quantity::named("load"), "MWh", "AEMO: operational demand of a region").with_assumed_unit(),
    known("temperature", Quantity::named("air_temperature"), "Cel", "tables of loads beside weather")
        .with_assumed_unit(),
    known("tempc", Quantity::named("air_temperature"), "Cel", "OpenDSM"),
    known("tempf", Quantity::named("air_temperature"), "[degF]", "OpenDSM"),
    known("gc", energy(1, 1), "kWh", "Ausgrid: general consumption"),
    known("cl", energy(2, 1), "kWh", "Ausgrid: controlled load"),
    known("gg", energy(1, 2), "kWh", "Ausgrid: gross generation"),
];

/// Families of named quantities whose values are amounts, prices or means over an interval.
const OVER_TIME: [&str; 7] =
    ["load", "residual_load", "generation", "generation_forecast", "price", "exchange", "balance"];

/// A column of values.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) index: usize,
    pub(super) point: Point,
    pub(super) quantity: Quantity,
    pub(super) kind: Kind,
    pub(super) unit: Unit,
}

/// What a header says, with what the hints add.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) time: usize,
    pub(super) end: Option<usize>,
    /// The name of the times says that they are beginnings.
    pub(super) begins: bool,
    pub(super) columns: Vec<Column>,
    /// Columns that describe.
    pub(super) remarks: Vec<String>,
    /// Columns whose unit nothing states, with the one that is taken.
    pub(super) assumed: Vec<(String, Unit)>,
    pub(super) width: usize,
}

/// The places of a header, before anything is known of the columns of values.
pub(super) struct Places {
    time: usize,
    end: Option<usize>,
    values: Vec<usize>,
    remarks: Vec<usize>,
}

/// Why the columns cannot be read yet.
pub(super) struct Untold {
    pub(super) reason: String,
    pub(super) width: u64,
}

impl Places {
    /// `None` where the header is not one of a series. `names` are in lower case.
    pub(super) fn find(names: &[String]) -> Option<Self> {
        let nameless = |index: &usize| names.get(*index).is_some_and(String::is_empty);
        let times: Vec<usize> = (0..names.len())
            .filter(|index| names.get(*index).is_some_and(|name| TIMES.contains(&name.as_str())))
            .filter(|index| !nameless(index) || *index == 0)
            .collect();
        // A first column without a name beside a column of times numbers the rows.
        let time = times.iter().copied().find(|index| !nameless(index)).or_else(|| times.first().copied())?;
        let end = names.iter().position(|name| ENDS.contains(&name.as_str()));
        let mut places = Self { time, end, values: Vec::new(), remarks: Vec::new() };
        for (index, name) in names.iter().enumerate().filter(|(index, _)| *index != time && Some(*index) != end) {
            match name.as_str() {
                "" => {}
                name if REMARKS.contains(&name) || TIMES.contains(&name) => places.remarks.push(index),
                _ => places.values.push(index),
            }
        }
        (!places.values.is_empty()).then_some(places)
    }

    /// Whether a row can be one of the series: a time, and numbers where values stand.
    pub(super) fn fits(&self, fields: &[String]) -> bool {
        let field = |index: usize| fields.get(index).map(String::as_str);
        let number = |text: &str| {
            is_missing(text) || text.bytes().all(|byte| byte.is_ascii_digit() || b".,-+eE".contains(&byte))
        };
        let time = field(self.time).is_some_and(|text| crate::dates::stamp(text).is_ok());
        time && self.values.iter().all(|index| field(*index).is_some_and(number))
    }
}

pub(super) fn is_missing(text: &str) -> bool {
    matches!(text, "" | "-" | "nan" | "NaN" | "NA" | "N/A" | "N.A." | "null")
}

/// A name with its unit: `load [kW]`, `load (kW)`, `load_kwh`.
fn taken_apart(name: &str) -> (&str, Option<&'static str>) {
    const SUFFIXES: [(&str, &str); 6] =
        [("_kwh", "kWh"), ("_mwh", "MWh"), ("_wh", "Wh"), ("_kw", "kW"), ("_mw", "MW"), ("_w", "W")];
    const WRITTEN: [(&str, &str); 8] = [
        ("kwh", "kWh"),
        ("mwh", "MWh"),
        ("wh", "Wh"),
        ("kw", "kW"),
        ("mw", "MW"),
        ("w", "W"),
        ("°c", "Cel"),
        ("m3", "m3"),
    ];
    let within = |open: char, close: char| name.strip_suffix(close)?.rsplit_once(open);
    if let Some((before, unit)) = within('[', ']').or_else(|| within('(', ')')) {
        let unit = WRITTEN.iter().find(|(written, _)| *written == unit.trim()).map(|(_, unit)| *unit);
        return (before.trim_end(), unit);
    }
    let suffix = SUFFIXES.iter().find_map(|(suffix, unit)| Some((name.strip_suffix(suffix)?, Some(*unit))));
    suffix.unwrap_or((name, None))
}

fn kind(quantity: &Quantity) -> Kind {
    quantity.natural_kind().unwrap_or_else(|| {
        let name = quantity.to_string();
        let family = name.split('.').next().unwrap_or_default();
        if OVER_TIME.contains(&family) { Kind::Interval } else { Kind::Instant }
    })
}

impl Series {
    /// Says what each column holds. `names` are as they came, `lower` in lower case.
    ///
    /// # Errors
    /// Where a hint is needed.
    pub(super) fn read(places: &Places, names: &[String], lower: &[String], options: &Options) -> Result<Self, Untold> {
        let name = |index: usize| lower.get(index).map_or("", String::as_str);
        let known = |index: usize| {
            let (bare, _) = taken_apart(name(index));
            KNOWN.iter().find(|known| known.name == bare)
        };
        let strangers = places.values.iter().filter(|index| known(**index).is_none()).count();
        let mut needs: Vec<String> = Vec::new();
        let (mut columns, mut assumed) = (Vec::new(), Vec::new());
        for index in places.values.iter().copied() {
            let known = known(index);
            let quantity = known.map(|known| known.quantity).or(options.quantity);
            let (_, written) = taken_apart(name(index));
            let unit = written.or(known.map(|known| known.unit)).and_then(Unit::new);
            let unit = unit.or_else(|| quantity?.default_unit());
            let own = || if strangers > 1 && known.is_none() { names.get(index)?.parse::<Point>().ok() } else { None };
            let point = own().or_else(|| options.point.clone()).or_else(|| options.area.clone());
            match (point, quantity, unit) {
                (Some(point), Some(quantity), Some(unit)) => {
                    if written.is_none() && known.is_some_and(|known| known.assumed) {
                        assumed.extend(names.get(index).map(|name| (name.clone(), unit)));
                    }
                    columns.push(Column { index, point, quantity, kind: kind(&quantity), unit });
                }
                (point, quantity, unit) => {
                    let needed = [
                        (point.is_none(), "--point"),
                        (quantity.is_none(), "--quantity"),
                        (quantity.is_some() && unit.is_none(), "its unit in its name, such as [kWh]"),
                    ];
                    let needed: Vec<_> =
                        needed.into_iter().filter(|(needed, _)| *needed).map(|(_, what)| what).collect();
                    let named = names.get(index).map_or("", String::as_str);
                    needs.push(format!("{} for `{named}`", needed.join(" and ")));
                }
            }
        }
        if !needs.is_empty() {
            let reason = format!("{UNSTATED}: give {}", needs.join(", "));
            return Err(Untold { reason, width: places.values.len() as u64 });
        }
        let remarks = places.remarks.iter().filter_map(|index| names.get(*index).cloned()).collect();
        let begins = BEGINS.contains(&name(places.time));
        Ok(Self { time: places.time, end: places.end, begins, columns, remarks, assumed, width: names.len() })
    }

    pub(super) fn has_intervals(&self) -> bool {
        self.columns.iter().any(|column| column.kind == Kind::Interval)
    }
}
