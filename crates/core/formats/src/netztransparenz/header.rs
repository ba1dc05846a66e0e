//! What the header of a table says: where its times stand, and what its columns hold.

use metrify_domain::{Channel, Point, Quantity, Unit};

use super::series::{self, NAMED, NEGATIVE, PRICES, REMARKS};
use crate::format::Options;
use crate::sheet::{Unfit, column};

/// Where the times of a row stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    /// A day, and both times of day, each with the zone beside it; both may share one.
    Zoned { day: usize, start: [usize; 2], end: [usize; 2] },
    /// The beginning of an hour on a clock that nothing names.
    Hour { at: usize },
}

/// What a column holds.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// A channel that the header tells, with its unit; `None` for one that the row tells.
    Told(Channel, Option<Unit>),
    /// An area; the category of the row tells the quantity.
    OfCategory { area: Point, direction: Option<&'static str> },
    /// A column that is not known.
    Stranger(String),
}

#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) times: Times,
    /// `Datenkategorie`, `Datentyp` and `Einheit`, where there are such.
    pub(super) category: Option<usize>,
    pub(super) kind: Option<usize>,
    pub(super) unit: Option<usize>,
    pub(super) values: Vec<(usize, Value)>,
    /// Columns that are passed over.
    pub(super) remarks: Vec<String>,
    pub(super) width: usize,
    /// The quantity was a hint: nothing in the table tells it.
    pub(super) hinted: bool,
}

/// How the columns of times are named, for the layouts there are.
fn times(header: &[String]) -> Option<(Times, usize)> {
    let names: Vec<String> = header.iter().map(|name| name.trim().to_lowercase()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match names.as_slice() {
        ["datum", "zeitzone", "von", "bis", ..] => Some((Times::Zoned { day: 0, start: [2, 1], end: [3, 1] }, 4)),
        ["datum", "von", "zeitzone von", "bis", "zeitzone bis", ..]
        | [
            "datum von",
            "(uhrzeit) von",
            "zeitzone von" | "zeitzone",
            "(uhrzeit) bis",
            "zeitzone bis" | "zeitzone",
            ..,
        ] => Some((Times::Zoned { day: 0, start: [1, 2], end: [3, 4] }, 5)),
        ["datum", "stunde1" | "stunde3" | "stunde4" | "stunde6" | "negativ", ..] => Some((Times::Hour { at: 0 }, 1)),
        _ => None,
    }
}

/// Whether a line is the header of one of these tables.
pub(super) fn is_header(header: &[String]) -> bool {
    let Some((times, first)) = times(header) else { return false };
    let known = |name: &String| {
        let name = name.trim();
        let (area, _) = series::taken_apart(name);
        series::area(area).is_some()
            || NAMED.iter().chain(&PRICES).any(|(known, ..)| *known == name)
            || matches!(times, Times::Hour { .. })
    };
    header.iter().skip(first).any(known)
}

impl Header {
    pub(super) fn read(header: &[String], options: &Options) -> Result<Self, Unfit> {
        let foreign = || Unfit::Foreign("the columns are none of netztransparenz.de that are known".to_owned());
        let (times, first) = times(header).ok_or_else(foreign)?;
        let place = |name: &str| column(header, name);
        let (category, kind, unit) = (place("Datenkategorie"), place("Datentyp"), place("Einheit"));
        let mut read = Self {
            times,
            category,
            kind,
            unit,
            values: Vec::new(),
            remarks: Vec::new(),
            width: header.len(),
            hinted: false,
        };
        let mut untold = 0;
        for (index, name) in header.iter().enumerate().skip(first) {
            let name = name.trim();
            if name.is_empty() || [category, kind, unit].contains(&Some(index)) {
                continue;
            }
            match read.value(name, options) {
                Named::Value(value) => read.values.push((index, value)),
                Named::Remark => read.remarks.push(name.to_owned()),
                Named::Untold => untold += 1,
            }
        }
        if untold > 0 {
            let reason = "the table does not say whether its values are of solar or of wind power, measured, projected, \
                          forecast or sold: give --quantity, such as generation.photovoltaics or \
                          generation_forecast.wind_onshore";
            return Err(Unfit::Untold { reason: reason.to_owned(), width: untold });
        }
        if read.values.is_empty() {
            let reason = "the table does not say after how many hours of negative prices it counts; the one with the \
                          columns Stunde1 to Stunde6 does";
            return Err(if header.iter().any(|name| name.trim() == "Negativ") {
                Unfit::Foreign(reason.to_owned())
            } else {
                foreign()
            });
        }
        Ok(read)
    }

    fn value(&mut self, name: &str, options: &Options) -> Named {
        if REMARKS.contains(&name) || name == "Negativ" {
            return Named::Remark;
        }
        let fixed = NAMED.iter().map(|named| (named, false)).chain(PRICES.iter().map(|named| (named, true)));
        for ((known, quantity, area, unit), in_name) in fixed {
            if *known == name {
                let unit = if in_name { Unit::new(unit) } else { None };
                return told(area, Some(quantity), unit, name);
            }
        }
        if let Some((_, quantity)) = NEGATIVE.iter().find(|(known, _)| *known == name) {
            return told("DE-LU", Some(quantity), Unit::new("1"), name);
        }
        let (area_name, within) = series::taken_apart(name);
        let (Some(area), unit) = (series::area(area_name), within.and_then(series::unit)) else {
            return stranger(name);
        };
        let direction = within.and_then(series::direction);
        match (self.category, within, unit, direction) {
            (Some(_), None, _, _) | (Some(_), _, _, Some(_)) => match area.parse() {
                Ok(area) => Named::Value(Value::OfCategory { area, direction }),
                Err(_) => stranger(name),
            },
            (None, _, Some(unit), None) if unit == Unit::literal("kWh") => {
                told(area, Some(series::RENEWABLES_IN_KWH), Some(unit), name)
            }
            (None, _, Some(unit), None) => {
                self.hinted = true;
                options.quantity.map_or(Named::Untold, |quantity| {
                    area.parse().map_or_else(
                        |_| stranger(name),
                        |point| Named::Value(Value::Told(Channel { point, quantity }, Some(unit))),
                    )
                })
            }
            _ => stranger(name),
        }
    }
}

enum Named {
    Value(Value),
    Remark,
    /// Nothing tells its quantity.
    Untold,
}

fn stranger(name: &str) -> Named {
    Named::Value(Value::Stranger(name.chars().take(60).collect()))
}

fn told(area: &str, quantity: Option<&str>, unit: Option<Unit>, name: &str) -> Named {
    let channel = quantity
        .and_then(|quantity| Some(Channel { point: area.parse().ok()?, quantity: quantity.parse::<Quantity>().ok()? }));
    channel.map_or_else(|| stranger(name), |channel| Named::Value(Value::Told(channel, unit)))
}
