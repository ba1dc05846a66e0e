//! What the header line of a download says: where the times stand, and which channel each column is.

use metrify_domain::{Channel, Point, Quality, Quantity, Unit};

use super::series::{Family, Language, Name, Series};
use crate::dates::shown;
use crate::generation;

/// Where the times of a row stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    /// `Datum von;Datum bis`.
    FromTo,
    /// `Datum von`, or the date and time of the beginning under `Datum`.
    From,
    /// `Datum;Uhrzeit` or `Datum;Anfang`.
    DayAndStart,
    /// `Datum;Anfang;Ende`.
    DayStartEnd,
}

impl Times {
    /// How many columns hold times.
    pub(super) const fn columns(self) -> usize {
        match self {
            Self::From => 1,
            Self::FromTo | Self::DayAndStart => 2,
            Self::DayStartEnd => 3,
        }
    }

    fn read(names: &[&str]) -> Option<Self> {
        let name = |index: usize| names.get(index).map(|name| name.to_lowercase()).unwrap_or_default();
        match (name(0).as_str(), name(1).as_str(), name(2).as_str()) {
            ("datum von" | "start date", "datum bis" | "end date", _) => Some(Self::FromTo),
            ("datum" | "date", "anfang" | "start", "ende" | "end") => Some(Self::DayStartEnd),
            ("datum" | "date", "uhrzeit" | "anfang" | "start" | "time" | "time of day", _) => Some(Self::DayAndStart),
            ("datum von" | "datum" | "start date" | "date", _, _) => Some(Self::From),
            _ => None,
        }
    }
}

/// A column that we know.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) index: usize,
    pub(super) channel: Channel,
    pub(super) unit: Unit,
    pub(super) quality: Quality,
}

/// A column that we do not know, with the values lost by it.
#[derive(Clone, Debug)]
pub(super) struct Stranger {
    pub(super) index: usize,
    pub(super) reason: String,
    pub(super) values: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) times: Times,
    pub(super) columns: Vec<Column>,
    pub(super) strangers: Vec<Stranger>,
    /// How many columns there are in all.
    pub(super) width: usize,
    /// Numbers are written `1,234.5` instead of `1.234,5`.
    pub(super) english: bool,
    /// No column tells whether the values were measured or forecast.
    pub(super) untold: bool,
}

/// What the names of a file say together.
struct Company {
    load: bool,
    generation: bool,
    forecast: bool,
    /// Nothing tells whether the values were measured or forecast.
    untold: bool,
}

impl Company {
    fn of(found: &[Option<(Name, &'static Series, Language)>], hinted: bool) -> Self {
        let energy = || found.iter().flatten().filter(|(name, ..)| !name.is_capacity()).map(|(_, series, _)| *series);
        let has = |family: Family| energy().any(|series| series.family == family);
        let told = |series: &Series| matches!(series.family, Family::Either | Family::Measured | Family::Forecast);
        let load = energy().any(Series::is_load);
        let generation = energy().any(|series| told(series) && !series.is_load());
        // Only the forecast of generation has sums.
        let forecast = has(Family::Forecast) || generation && has(Family::Sum);
        let said = found.iter().flatten().any(|(name, ..)| name.forecast);
        let measured = has(Family::Measured) || has(Family::PumpedStorage);
        let untold = has(Family::Either) && !measured && !forecast && !said;
        Self { load, generation, forecast: forecast || untold && hinted, untold: untold && !hinted }
    }
}

impl Header {
    /// `hinted` says that the values are forecast where nothing else tells.
    ///
    /// # Errors
    /// Where the line is not the header of a download: what was found and what is needed.
    pub(super) fn read(line: &str, area: &Point, hinted: bool) -> Result<Self, String> {
        let names: Vec<&str> = line.split(';').map(|name| name.trim().trim_matches('"').trim()).collect();
        let times = Times::read(&names).ok_or_else(|| {
            format!("the header begins with `{}`; needed are `Datum von;Datum bis` or `Datum;Anfang;Ende`", shown(line))
        })?;
        let read = |name: &&str| {
            Name::read(name).and_then(|name| name.find().map(|(series, language)| (name, series, language)))
        };
        let found: Vec<_> = names.iter().map(read).collect();
        let company = Company::of(&found, hinted);
        let mut header = Self {
            times,
            columns: Vec::new(),
            strangers: Vec::new(),
            width: names.len(),
            english: english(&found, &names),
            untold: false,
        };
        for (index, (name, found)) in names.iter().zip(found).enumerate().skip(times.columns()) {
            if name.is_empty() {
                continue;
            }
            match channel(name, found, &company, area).and_then(|(channel, unit, quality)| {
                let twice = header.columns.iter().any(|column| column.channel == channel);
                if twice { Err("another column is the same series".to_owned()) } else { Ok((channel, unit, quality)) }
            }) {
                Ok((channel, unit, quality)) => header.columns.push(Column { index, channel, unit, quality }),
                Err(reason) => {
                    let reason = format!("the column `{}` is not read: {reason}", shown(name));
                    header.strangers.push(Stranger { index, reason, values: 0 });
                }
            }
        }
        header.untold = company.untold;
        if header.columns.is_empty() {
            return Err(format!("no column of the header is a series of SMARD that we know: `{}`", shown(line)));
        }
        Ok(header)
    }
}

fn english(found: &[Option<(Name, &'static Series, Language)>], names: &[&str]) -> bool {
    let speaks = |wanted: Language| found.iter().flatten().any(|(_, _, language)| *language == wanted);
    let times = names.first().is_some_and(|name| name.to_lowercase().ends_with("date"));
    speaks(Language::English) || !speaks(Language::German) && times
}

/// The channel of a column, its unit and the quality of its values.
fn channel(
    column: &str,
    found: Option<(Name, &'static Series, Language)>,
    company: &Company,
    area: &Point,
) -> Result<(Channel, Unit, Quality), String> {
    let unknown = || "it is no series of SMARD that we know".to_owned();
    let Some((name, series, _)) = found else {
        let name = Name::read(column).filter(Name::is_neighbours_price).ok_or_else(unknown)?;
        let channel = new_channel("DE-LU", "price.day_ahead_neighbours").ok_or_else(unknown)?;
        return Ok((channel, name.unit, Quality::True));
    };
    let is_forecast = name.forecast || company.forecast && !name.is_capacity() && series.family != Family::Price;
    let quantity = match series.family {
        _ if name.is_capacity() => format!("capacity.{}", series.name),
        Family::Price => "price.day_ahead".to_owned(),
        Family::PumpedStorage if company.load && !company.generation => format!("load.{}", series.name),
        Family::PumpedStorage | Family::Sum if company.load || !company.generation => {
            return Err("nothing beside it tells whether it is consumption or generation".to_owned());
        }
        Family::Either | Family::Measured if series.is_load() => series.name.to_owned(),
        Family::Either | Family::Measured | Family::Forecast | Family::PumpedStorage | Family::Sum => {
            format!("generation.{}", series.name)
        }
    };
    let point = if series.family == Family::Price { series.name } else { area.as_str() };
    let (quantity, quality) =
        if is_forecast { (generation::forecast(&quantity), Quality::Forecast) } else { (quantity, Quality::True) };
    new_channel(point, &quantity).map(|channel| (channel, name.unit, quality)).ok_or_else(unknown)
}

fn new_channel(point: &str, quantity: &str) -> Option<Channel> {
    Some(Channel { point: point.parse().ok()?, quantity: quantity.parse::<Quantity>().ok()? })
}
