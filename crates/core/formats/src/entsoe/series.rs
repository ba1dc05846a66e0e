//! What a series of a document is: its area, its quantity, its unit, and whether its values are measured or forecast.

use metrify_domain::{Channel, Point, PointKind, Quality, Quantity, Unit};

use super::head::{DocumentHead, Root};
use crate::dates::shown;
use crate::generation::{self, PSR_TYPES};
use crate::mscons::unit;
use crate::page::Table;

/// Longest text of a series that is kept, in characters.
const TEXT_CHARS_MAX: usize = 100;

/// What a document type of generation and load tells of an area that generates (in) and of one that consumes (out).
struct Kind {
    document_type: &'static str,
    words: &'static str,
    process: Process,
    generates: Option<Name>,
    consumes: Option<Name>,
}

/// For which processes a row holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Process {
    /// Realised (A16), or a forecast: any other of [`HORIZONS`].
    Any,
    /// Year ahead (A33) alone.
    YearAhead,
    /// Every one but year ahead.
    NotYearAhead,
}

/// How a quantity's name is made.
#[derive(Clone, Copy, Debug)]
enum Name {
    /// The whole name.
    Whole(&'static str),
    /// The kind of generation stands behind it.
    Of(&'static str),
}

#[rustfmt::skip] // A table is read by its columns.
const KINDS: &[Kind] = &[
    Kind { document_type: "A65", words: "system total load", process: Process::Any, generates: None, consumes: Some(Name::Whole("load")) },
    Kind { document_type: "A68", words: "installed generation capacity per type", process: Process::YearAhead, generates: Some(Name::Of("capacity")), consumes: None },
    Kind { document_type: "A69", words: "wind and solar forecast", process: Process::Any, generates: Some(Name::Of("generation")), consumes: None },
    Kind { document_type: "A71", words: "installed generation capacity per unit", process: Process::YearAhead, generates: Some(Name::Of("capacity")), consumes: None },
    Kind { document_type: "A71", words: "generation forecast; consumption of generation units", process: Process::NotYearAhead, generates: Some(Name::Of("generation")), consumes: Some(Name::Of("load")) },
    Kind { document_type: "A73", words: "actual generation per unit", process: Process::Any, generates: Some(Name::Of("generation")), consumes: Some(Name::Of("load")) },
    Kind { document_type: "A75", words: "actual generation per type", process: Process::Any, generates: Some(Name::Of("generation")), consumes: Some(Name::Of("load")) },
];

const REALISED: &str = "A16";
const YEAR_AHEAD: &str = "A33";

/// What stands behind the quantity of a forecast, by its process.
const HORIZONS: [(&str, &str, &str); 6] = [
    ("A01", "", "day ahead"),
    ("A18", ".current", "current forecast"),
    ("A31", ".week_ahead", "week ahead"),
    ("A32", ".month_ahead", "month ahead"),
    (YEAR_AHEAD, ".year_ahead", "year ahead"),
    ("A40", ".intraday", "intraday"),
];

/// What stands behind the quantity of the lowest and of the highest load that are forecast.
const EXTREMES: [(&str, &str); 2] = [("A60", ".min"), ("A61", ".max")];

/// A series as it stands in the document.
#[derive(Debug, Default)]
pub(super) struct Series {
    business_type: String,
    /// The area that generates, or to which is carried.
    in_area: String,
    /// The area that consumes, or from which is carried.
    out_area: String,
    psr_type: String,
    unit_id: String,
    unit_name: String,
    resource_id: String,
    quantity_unit: String,
    currency: String,
    price_unit: String,
    contract: String,
    sequence: String,
    pub(super) curve: String,
    /// Points of it were read.
    pub(super) is_begun: bool,
}

/// What every value of a series has in common.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) channel: Channel,
    pub(super) unit: Unit,
    pub(super) quality: Quality,
    /// The values are issued with their document, and change with the next.
    pub(super) is_issued: bool,
}

impl Series {
    /// Whether the element tells something of the series' values.
    pub(super) fn read(&mut self, parent: &str, name: &str, text: &str) -> bool {
        let slot = match (parent, name) {
            ("TimeSeries", "businessType") => &mut self.business_type,
            ("TimeSeries", "in_Domain.mRID" | "inBiddingZone_Domain.mRID") => &mut self.in_area,
            ("TimeSeries", "out_Domain.mRID" | "outBiddingZone_Domain.mRID") => &mut self.out_area,
            ("TimeSeries", "registeredResource.mRID") => &mut self.resource_id,
            ("TimeSeries", "quantity_Measure_Unit.name" | "quantity_Measurement_Unit.name") => &mut self.quantity_unit,
            ("TimeSeries", "currency_Unit.name") => &mut self.currency,
            ("TimeSeries", "price_Measure_Unit.name" | "price_Measurement_Unit.name") => &mut self.price_unit,
            ("TimeSeries", "contract_MarketAgreement.type") => &mut self.contract,
            ("TimeSeries", "classificationSequence_AttributeInstanceComponent.position") => &mut self.sequence,
            ("TimeSeries", "curveType") => &mut self.curve,
            ("MktPSRType", "psrType") => &mut self.psr_type,
            ("PowerSystemResources", "mRID") => &mut self.unit_id,
            ("PowerSystemResources", "name") => &mut self.unit_name,
            _ => return false,
        };
        *slot = text.chars().filter(|letter| !letter.is_control()).take(TEXT_CHARS_MAX).collect();
        true
    }

    /// The name of the generation unit, where the series is of one.
    pub(super) fn unit_name(&self) -> Option<&str> {
        (!self.unit_name.is_empty()).then_some(self.unit_name.as_str())
    }

    /// The area whose calendar tells its days.
    pub(super) fn area(&self) -> &str {
        if self.out_area.is_empty() { &self.in_area } else { &self.out_area }
    }

    /// # Errors
    /// Where nothing tells what its values are, in words.
    pub(super) fn plan(&self, head: &DocumentHead) -> Result<Plan, String> {
        match (&head.root, head.document_type.as_str()) {
            (Root::GenerationAndLoad, _) => self.generation_or_load(head),
            (Root::Publication, "A44") => self.price(),
            (Root::Publication, "A09" | "A11") => self.exchange(&head.document_type),
            (_, other) => Err(format!("documents of type `{}` are not read", shown(other))),
        }
    }

    fn generation_or_load(&self, head: &DocumentHead) -> Result<Plan, String> {
        let (document_type, process) = (head.document_type.as_str(), head.process_type.as_str());
        let holds = |row: Process| match row {
            Process::Any => true,
            Process::YearAhead => process == YEAR_AHEAD,
            Process::NotYearAhead => process != YEAR_AHEAD,
        };
        let kind = KINDS.iter().find(|kind| kind.document_type == document_type && holds(kind.process));
        let kind = kind.ok_or_else(|| {
            format!("documents of type `{}` and process `{}` are not read", shown(document_type), shown(process))
        })?;
        let (area, name) = match (self.in_area.as_str(), self.out_area.as_str()) {
            ("", "") => return Err("the series names no area".to_owned()),
            (area, "") => (area, kind.generates.ok_or("a load is of the area that consumes (outBiddingZone)")?),
            ("", area) => (area, kind.consumes.ok_or("the series is of an area that consumes, yet tells generation")?),
            _ => return Err("the series names both an area that generates and one that consumes".to_owned()),
        };
        let point =
            [&self.unit_id, &self.resource_id].into_iter().find(|id| !id.is_empty()).map_or(area, String::as_str);
        let (name, quality) = self.name(name, kind, process)?;
        let unit = unit::named(&self.quantity_unit);
        Ok(Plan {
            channel: channel(point, &name)?,
            unit: unit.ok_or_else(|| format!("`{}` is no unit", shown(&self.quantity_unit)))?,
            quality,
            is_issued: quality == Quality::Forecast,
        })
    }

    /// The quantity's name and the quality of its values.
    fn name(&self, name: Name, kind: &Kind, process: &str) -> Result<(String, Quality), String> {
        let is_measured = process == REALISED || kind.process == Process::YearAhead;
        let horizon = if is_measured {
            ""
        } else {
            let horizon = HORIZONS.iter().find(|(code, ..)| *code == process);
            let (_, horizon, _) = horizon.ok_or_else(|| format!("the process `{}` is not read", shown(process)))?;
            horizon
        };
        let family = if is_measured { "" } else { "_forecast" };
        let name = match name {
            Name::Whole(base) => format!("{base}{family}"),
            Name::Of(base) => format!("{base}{family}.{}", self.kind_of_generation(kind)?),
        };
        let extreme = EXTREMES.iter().find(|(code, _)| *code == self.business_type).map_or("", |(_, extreme)| extreme);
        let quality = if is_measured { Quality::True } else { Quality::Forecast };
        Ok((format!("{name}{horizon}{extreme}"), quality))
    }

    fn kind_of_generation(&self, kind: &Kind) -> Result<&'static str, String> {
        let known = PSR_TYPES.iter().find(|(code, ..)| *code == self.psr_type).map(|(_, name, _)| *name);
        // Forecasts of all generation name no kind.
        let total = (kind.document_type == "A71" && self.psr_type.is_empty()).then_some(generation::TOTAL);
        known.or(total).ok_or_else(|| format!("`{}` is no kind of generation (psrType)", shown(&self.psr_type)))
    }

    /// The price of an area is told as one from the area to itself.
    fn price(&self) -> Result<Plan, String> {
        if self.in_area != self.out_area && !self.out_area.is_empty() {
            return Err("the price is between two areas".to_owned());
        }
        let auction = match self.contract.as_str() {
            "" | "A01" => "price.day_ahead",
            "A07" => "price.intraday_auction",
            other => return Err(format!("prices of contracts `{}` are not read", shown(other))),
        };
        // A zone may have a second auction, told apart by its sequence alone; the first of the day ahead is the coupled market.
        let name = match (self.sequence.as_str(), self.contract.as_str()) {
            ("", _) => auction.to_owned(),
            ("1", "" | "A01") => auction.to_owned(),
            (number, _) => format!("{auction}.sequence_{number}"),
        };
        let energy = unit::named(&self.price_unit).filter(|_| !self.currency.is_empty());
        let unit = energy.and_then(|energy| Unit::new(&format!("{}/{energy}", self.currency)));
        Ok(Plan {
            channel: channel(&self.in_area, &name)?,
            unit: unit.ok_or_else(|| {
                format!("`{}` and `{}` make no unit of a price", shown(&self.currency), shown(&self.price_unit))
            })?,
            quality: Quality::True,
            is_issued: false,
        })
    }

    /// What is carried from one area (out) to another (in) is told at the first, and named for the second: never negative, and
    /// each direction a channel of its own.
    fn exchange(&self, document_type: &str) -> Result<Plan, String> {
        if self.in_area.is_empty() || self.out_area.is_empty() || self.in_area == self.out_area {
            return Err("the series does not name the area that gives (out) and another that takes (in)".to_owned());
        }
        let to = self.in_area.to_ascii_lowercase().replace('-', "_");
        let name = match (document_type, self.contract.as_str()) {
            ("A11", _) => format!("exchange.{to}"),
            // All that is scheduled, and what the day ahead market alone has scheduled of it.
            (_, "" | "A05") => format!("exchange_scheduled.{to}"),
            (_, "A01") => format!("exchange_scheduled.{to}.day_ahead"),
            (_, other) => return Err(format!("schedules of contracts `{}` are not read", shown(other))),
        };
        let unit = unit::named(&self.quantity_unit);
        Ok(Plan {
            channel: channel(&self.out_area, &name)?,
            unit: unit.ok_or_else(|| format!("`{}` is no unit", shown(&self.quantity_unit)))?,
            quality: Quality::True,
            is_issued: document_type != "A11",
        })
    }
}

fn channel(point: &str, name: &str) -> Result<Channel, String> {
    let quantity: Quantity = name.parse().map_err(|_| format!("`{}` makes no quantity", shown(name)))?;
    debug_assert_eq!(quantity.kind_of_point(), PointKind::Area);
    let point =
        point.parse::<Point>().map_err(|error| format!("the area `{}` cannot be a point: {error}", shown(point)))?;
    Ok(Channel { point, quantity })
}

pub(super) fn tables() -> Vec<Table> {
    let told = |name: Option<Name>| match name {
        None => "-".to_owned(),
        Some(Name::Whole(name)) => format!("`{name}`"),
        Some(Name::Of(name)) => format!("`{name}.<kind>`"),
    };
    let process = |process: Process| match process {
        Process::Any => "any",
        Process::YearAhead => "A33",
        Process::NotYearAhead => "any but A33",
    };
    let documents = KINDS.iter().map(|kind| {
        let cells = [kind.document_type, kind.words, process(kind.process)].map(str::to_owned);
        cells.into_iter().chain([told(kind.generates), told(kind.consumes)]).collect()
    });
    let realised = ("`A16`".to_owned(), "realised".to_owned(), "-".to_owned(), "`true`".to_owned());
    let forecasts = HORIZONS.iter().map(|(code, suffix, words)| {
        (
            format!("`{code}`"),
            (*words).to_owned(),
            if suffix.is_empty() { "`_forecast`".to_owned() } else { format!("`_forecast` and `{suffix}`") },
            "`forecast`".to_owned(),
        )
    });
    let processes = std::iter::once(realised).chain(forecasts);
    let kinds =
        PSR_TYPES.iter().map(|(code, name, words)| vec![format!("`{code}`"), format!("`{name}`"), (*words).to_owned()]);
    let zones = super::step::ZONES.iter().map(|(eic, zone)| vec![format!("`{eic}`"), (*zone).to_owned()]);
    vec![
        Table {
            name: "documents",
            columns: &["type", "what", "process", "area that generates (in)", "area that consumes (out)"],
            rows: documents.collect(),
        },
        Table {
            name: "processes",
            columns: &["process", "what", "in the quantity's name", "quality"],
            rows: processes.map(|(code, words, suffix, quality)| vec![code, words, suffix, quality]).collect(),
        },
        Table { name: "kinds", columns: &["psrType", "kind", "of ENTSO-E"], rows: kinds.collect() },
        Table { name: "zones", columns: &["area", "zone of its days"], rows: zones.collect() },
    ]
}
