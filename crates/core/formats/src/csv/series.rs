//! Tables of others with a column of times and columns of values, and nothing that names point or quantity in our words.
//!
//! A column tells its quantity and unit by its name where that is one we know; any other column is of the quantity that is given as
//! a hint. Its point is the one that is given; where none is and several columns are of that quantity, each is a point by its name.
//! Names that tell a direction are never points: beside each other they are the energy drawn and fed in of one point.
//!
//! A time is one cell, or a day and a clock time beside it. An amount holds from its stamp to the next one; where stamps are ends
//! ([`side`](super::side)), from the one before. Up to a day that is the spacing of the table: a longer step is a gap, which a
//! finding tells, and the last row is as long as those before it. Rows more than a day apart, such as bills, last until the next
//! row; the last one then has to be empty.

use std::borrow::Cow;

use metrify_domain::{Kind, ObisCode, Point, Quantity, Unit};

use super::UNSTATED;
use super::side::Side;
use crate::dates;
use crate::format::Options;

/// Names of a column of times, in lower case. Without a name it is the first column of a table that another program numbered.
pub(super) const TIMES: [&str; 15] = [
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
    "uhrzeit",
    "zeitstempel",
    "zeitpunkt",
    "datum/uhrzeit",
    "",
];
/// Of these, those that say that they are a beginning.
const BEGINS: [&str; 4] = ["start", "begin", "von", "from"];
/// Where no other column is one of times, the times are those ends.
pub(super) const ENDS: [&str; 4] = ["end", "ende", "bis", "to"];
/// Of the columns that describe the row, those that hold the day of a time that is a clock time alone.
const DAYS: [&str; 2] = ["date", "datum"];
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

/// Names that tell the direction of energy, with group C of its code.
pub(super) const DIRECTIONS: [(&[&str], u8); 2] = [
    (&["bezug", "verbrauch", "consumption", "import"], 1),
    (&["lieferung", "einspeisung", "feed-in", "feed_in", "feedin", "export"], 2),
];

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
    time: usize,
    /// Of the day, where times may be clock times alone.
    day: Option<usize>,
    pub(super) end: Option<usize>,
    /// What a time is of its interval, where its name says so.
    pub(super) side: Option<Side>,
    pub(super) columns: Vec<Column>,
    /// Columns that describe, by their number and name.
    remarks: Vec<(usize, String)>,
    /// Columns whose unit nothing states, with the one that is taken.
    pub(super) assumed: Vec<(String, Unit)>,
    pub(super) width: usize,
}

/// The places of a header, before anything is known of the columns of values.
pub(super) struct Places {
    time: usize,
    day: Option<usize>,
    end: Option<usize>,
    /// The times are ends.
    ends: bool,
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
        let time = times.iter().copied().find(|index| !nameless(index)).or_else(|| times.first().copied());
        let end = names.iter().position(|name| ENDS.contains(&name.as_str()));
        let (time, end, ends) = match (time, end) {
            (Some(time), end) => (time, end, false),
            (None, Some(end)) => (end, None, true),
            (None, None) => return None,
        };
        let day = names.iter().position(|name| DAYS.contains(&name.as_str()));
        let mut places = Self { time, day, end, ends, values: Vec::new(), remarks: Vec::new() };
        for (index, name) in names.iter().enumerate().filter(|(index, _)| *index != time && Some(*index) != end) {
            match name.as_str() {
                "" => {}
                name if REMARKS.contains(&name) || TIMES.contains(&name) => places.remarks.push(index),
                _ => places.values.push(index),
            }
        }
        // `Von;01.06.2025` says over which time a table reaches, and heads none.
        let dated = names.iter().any(|name| dates::day(name).is_ok() || dates::stamp(name).is_ok());
        (!places.values.is_empty() && !dated).then_some(places)
    }

    pub(super) fn has_named_times(&self, names: &[String]) -> bool {
        names.get(self.time).is_some_and(|name| !name.is_empty())
    }

    /// Whether a row can be one of the series: a time, and numbers where values stand.
    pub(super) fn fits(&self, fields: &[String]) -> bool {
        let field = |index: usize| fields.get(index).map(String::as_str);
        let number = |text: &str| {
            is_missing(text) || text.bytes().all(|byte| byte.is_ascii_digit() || b".,-+eE".contains(&byte))
        };
        let time = time_of(self.time, self.day, |index| field(index).unwrap_or_default().into());
        dates::stamp(&time).is_ok() && self.values.iter().all(|index| field(*index).is_some_and(number))
    }
}

/// The time of a row: where it is a clock time alone, with the day that stands beside it.
fn time_of<'a>(time: usize, day: Option<usize>, cell: impl Fn(usize) -> Cow<'a, str>) -> Cow<'a, str> {
    match (cell(time), day) {
        (time, Some(day)) if is_clock(&time) => format!("{} {time}", cell(day)).into(),
        (time, _) => time,
    }
}

fn is_clock(time: &str) -> bool {
    let plain = dates::lettered(time);
    dates::is_time_of_day(plain.as_ref().map_or(time, |(plain, _)| plain))
}

/// What stands for no value; `#NV` and `#N/A` are Excel's own.
pub(super) fn is_missing(text: &str) -> bool {
    matches!(text, "" | "-" | "nan" | "NaN" | "NA" | "N/A" | "n/a" | "N.A." | "n.a." | "null" | "#NV" | "#N/A")
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

/// What the header and the hints tell of the columns of values.
struct Columns<'a> {
    names: &'a [String],
    /// In lower case.
    lower: &'a [String],
    options: &'a Options,
    /// Columns whose names tell no quantity.
    strangers: Vec<usize>,
}

impl<'a> Columns<'a> {
    fn lower(&self, index: usize) -> &'a str {
        self.lower.get(index).map_or("", String::as_str)
    }

    fn name(&self, index: usize) -> &'a str {
        self.names.get(index).map_or("", String::as_str)
    }

    fn known(&self, index: usize) -> Option<&'static Known> {
        let (bare, _) = taken_apart(self.lower(index));
        KNOWN.iter().find(|known| known.name == bare)
    }

    /// Group C by the direction that a name tells.
    fn direction(&self, index: usize) -> Option<u8> {
        let (bare, _) = taken_apart(self.lower(index));
        DIRECTIONS.iter().find(|(names, _)| names.contains(&bare)).map(|(_, code)| *code)
    }

    /// Whether the names of columns beside each other tell the direction of the energy that is given as a hint.
    fn are_directed(&self) -> bool {
        let tells = |index: &usize| self.direction(*index).is_some() && taken_apart(self.lower(*index)).1.is_some();
        let energy =
            matches!(self.options.quantity, Some(Quantity::Obis(code)) if matches!(code.groups(), [1, _, 1 | 2, ..]));
        energy && self.strangers.len() > 1 && self.strangers.iter().all(tells)
    }

    fn quantity(&self, index: usize) -> Option<Quantity> {
        match (self.options.quantity, self.direction(index)) {
            (Some(Quantity::Obis(code)), Some(direction)) if self.are_directed() => {
                let [a, b, _, rest @ ..] = code.groups();
                Some(Quantity::Obis(ObisCode::from_bytes([a, b, direction, rest[0], rest[1], rest[2]])))
            }
            (quantity, _) => quantity,
        }
    }

    fn point(&self, index: usize) -> Option<Point> {
        let given = self.options.point.clone().or_else(|| self.options.area.clone());
        let directed = self.strangers.iter().any(|index| self.direction(*index).is_some());
        let own = self.strangers.len() > 1 && self.strangers.contains(&index) && !directed;
        given.or_else(|| if own { self.name(index).parse().ok() } else { None })
    }

    /// The column, with its unit where that is assumed.
    ///
    /// # Errors
    /// What has to be given.
    fn column(&self, index: usize) -> Result<(Column, Option<(String, Unit)>), String> {
        let known = self.known(index);
        let quantity = known.map(|known| known.quantity).or_else(|| self.quantity(index));
        let (_, written) = taken_apart(self.lower(index));
        let unit = written.or(known.map(|known| known.unit)).and_then(Unit::new);
        let unit = unit.or_else(|| quantity?.default_unit());
        match (self.point(index), quantity, unit) {
            (Some(point), Some(quantity), Some(unit)) => {
                let assumed = written.is_none() && known.is_some_and(|known| known.assumed);
                let column = Column { index, point, quantity, kind: kind(&quantity), unit };
                Ok((column, assumed.then(|| (self.name(index).to_owned(), unit))))
            }
            (point, quantity, unit) => {
                let needed = [
                    (point.is_none(), "--point"),
                    (quantity.is_none(), "--quantity"),
                    (quantity.is_some() && unit.is_none(), "its unit in its name, such as [kWh]"),
                ];
                let needed: Vec<_> = needed.into_iter().filter(|(needed, _)| *needed).map(|(_, what)| what).collect();
                Err(format!("{} for `{}`", needed.join(" and "), self.name(index)))
            }
        }
    }

    /// Why two columns cannot both be what they would be.
    fn clash(&self, columns: &[Column]) -> Option<String> {
        let same = |one: &Column, other: &Column| one.point == other.point && one.quantity == other.quantity;
        let (second, first) = columns.iter().enumerate().find_map(|(number, column)| {
            Some((column, columns.iter().take(number).find(|before| same(before, column))?))
        })?;
        let directed = self.direction(first.index).or_else(|| self.direction(second.index));
        let advice = match directed {
            Some(_) => {
                "name both by direction and unit, such as `Bezug [kWh]` and `Lieferung [kWh]`, give a code of active energy with \
                 --quantity, or leave one column away"
            }
            None => "leave --point and --area away where each is a point by its own name, or leave one column away",
        };
        let (first_name, second_name) = (self.name(first.index), self.name(second.index));
        let (quantity, point) = (first.quantity, &first.point);
        Some(format!("`{first_name}` and `{second_name}` would both be {quantity} of `{point}`: {advice}"))
    }
}

impl Series {
    /// Says what each column holds. `names` are as they came, `lower` in lower case.
    ///
    /// # Errors
    /// Where a hint is needed, or contradicts the columns.
    pub(super) fn read(places: &Places, names: &[String], lower: &[String], options: &Options) -> Result<Self, Untold> {
        let mut told = Columns { names, lower, options, strangers: Vec::new() };
        told.strangers = places.values.iter().copied().filter(|index| told.known(*index).is_none()).collect();
        let (mut columns, mut assumed, mut needs) = (Vec::new(), Vec::new(), Vec::new());
        for index in places.values.iter().copied() {
            match told.column(index) {
                Ok((column, unit)) => {
                    columns.push(column);
                    assumed.extend(unit);
                }
                Err(needed) => needs.push(needed),
            }
        }
        let untold =
            |reason: String| Untold { reason: format!("{UNSTATED}: {reason}"), width: places.values.len() as u64 };
        if !needs.is_empty() {
            return Err(untold(format!("give {}", needs.join(", "))));
        }
        if let Some(reason) = told.clash(&columns) {
            return Err(untold(reason));
        }
        let remarks = places.remarks.iter().map(|index| (*index, told.name(*index).to_owned())).collect();
        let begins = places.end.is_some() || BEGINS.contains(&told.lower(places.time));
        let side = if places.ends { Some(Side::End) } else { begins.then_some(Side::Begin) };
        let Places { time, day, end, .. } = *places;
        Ok(Self { time, day, end, side, columns, remarks, assumed, width: names.len() })
    }

    pub(super) fn has_intervals(&self) -> bool {
        self.columns.iter().any(|column| column.kind == Kind::Interval)
    }

    /// The time of a row.
    pub(super) fn time<'a>(&self, cell: impl Fn(usize) -> Cow<'a, str>) -> Cow<'a, str> {
        time_of(self.time, self.day, cell)
    }

    /// The end of a row, where it has one of its own. A day that ends with it ends at 24:00, however that is written.
    pub(super) fn end<'a>(&self, cell: impl Fn(usize) -> Cow<'a, str>) -> Option<Cow<'a, str>> {
        let end = cell(self.end?);
        let plain = dates::lettered(&end).map_or(end, |(plain, _)| plain.into());
        Some(match self.day {
            Some(day) if dates::is_time_of_day(&plain) => {
                let clock = if plain.starts_with("00:00") { "24:00" } else { &plain };
                format!("{} {clock}", cell(day)).into()
            }
            _ => plain,
        })
    }

    /// The columns that are passed over, where this is the first row.
    pub(super) fn remarks<'a>(&self, cell: impl Fn(usize) -> Cow<'a, str>) -> impl Iterator<Item = &str> {
        let day = self.day.filter(|_| is_clock(&cell(self.time)));
        self.remarks.iter().filter(move |(index, _)| Some(*index) != day).map(|(_, name)| name.as_str())
    }
}
