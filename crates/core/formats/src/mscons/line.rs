//! What stands above values: the location (LOC with its RFF) and the line (LIN with its PIA), which make their channel.

use metrify_domain::point::POINT_BYTES_MAX;
use metrify_domain::{Channel, Kind, Point, Quantity, Timestamp, Unit};

use super::time::Times;
use super::unit;
use super::value::Fault;
use crate::dates::shown;
use crate::edifact::segments::Segment;
use crate::ids;

/// LOC DE3227 of a metering point: Marktlokation, Messlokation, Tranche.
const METERING_POINT: &str = "172";
/// LOC DE3227 of a profile and of a family of profiles.
const PROFILES: [&str; 2] = ["Z04", "Z06"];

/// The elements of CCI and CAV, and the components of one, in D.04B.
const TRAIT_ELEMENTS_MAX: usize = 4;
const TRAIT_COMPONENTS_MAX: usize = 5;

/// What follows LOC, and ends its id where the terminator between them was lost.
const FOLLOWING: [&str; 4] = ["DTM", "RFF", "CCI", "LIN"];

/// What a LOC names, the weightier behind the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    #[default]
    None,
    /// A balancing area, a balancing group.
    Other,
    Profile,
    MeteringPoint,
}

impl Place {
    fn of(location: &Segment<'_>) -> Self {
        let role = location.field(1);
        match () {
            () if role == METERING_POINT => Self::MeteringPoint,
            () if PROFILES.iter().any(|profile| role == *profile) => Self::Profile,
            () => Self::Other,
        }
    }
}

/// A location as far as its segments have been read.
#[derive(Debug, Default)]
pub(super) struct Location {
    pub(super) bytes: Vec<u8>,
    pub(super) times: Times,
    /// RFF+AGK.
    pub(super) configuration: Option<String>,
    /// RFF+MG.
    pub(super) meter: Option<String>,
    /// Settled with the first value.
    pub(super) point: Option<Result<Point, Fault>>,
    id: Option<String>,
    place: Place,
    is_unterminated: bool,
    pub(super) traits: Traits,
}

/// What CCI and CAV say, which tells profiles of one name apart.
#[derive(Debug, Default)]
pub(super) struct Traits {
    text: String,
}

impl Traits {
    pub(super) fn take(&mut self, characteristic: &Segment<'_>) {
        for index in 1..=TRAIT_ELEMENTS_MAX {
            for part in characteristic.composite::<TRAIT_COMPONENTS_MAX>(index) {
                // A point has no room for more.
                if !part.is_empty() && self.text.len() <= POINT_BYTES_MAX {
                    self.text.push('/');
                    self.text.push_str(part.text().trim());
                }
            }
        }
    }

    fn added_to(&self, id: &str) -> Result<Point, Fault> {
        let id = format!("{id}{}", self.text);
        id.parse().map_err(|error| Fault::NotAPoint(shown(&id), error))
    }
}

impl Location {
    /// Whether LOC begins another location, instead of telling more about this one (its balancing area, its balancing group).
    pub(super) fn ends_with(&self, location: &Segment<'_>, has_lines: bool) -> bool {
        has_lines || (self.place >= Place::Profile && self.place == Place::of(location))
    }

    /// Takes the id of LOC: that of the metering point, or else of the profile, or else the first one.
    pub(super) fn take(&mut self, location: &Segment<'_>) {
        let id = location.field(2).text().trim().to_owned();
        let place = Place::of(location);
        // Behind the id of a metering point nothing more stands in LOC.
        self.is_unterminated |= place == Place::MeteringPoint
            && !location.field(3).is_empty()
            && FOLLOWING.iter().any(|following| id.ends_with(following));
        if place > self.place || self.id.is_none() {
            self.id = (!id.is_empty()).then_some(id);
        }
        self.place = self.place.max(place);
    }

    /// The point that LOC names, or what stands for it, and what is odd about that, by rule.
    ///
    /// Every operator has profiles of the same names: a profile is one of the sender.
    pub(super) fn settle(&self, sender: &str) -> (Result<Point, Fault>, Option<(&'static str, String)>) {
        if self.is_unterminated {
            return (Err(Fault::UnterminatedLocation), None);
        }
        if let (Place::Profile, Some(profile)) = (self.place, &self.id) {
            return (self.traits.added_to(&format!("{sender}/{profile}")), None);
        }
        let (id, odd) = match (&self.id, &self.configuration, &self.meter) {
            (Some(id), ..) => (id, self.doubt(id)),
            // A LOC that was lost is another thing than one without an id.
            (None, ..) if self.place != Place::MeteringPoint => return (Err(Fault::NoPoint), None),
            (None, Some(id), _) => (id, Some(stands_in("configuration", id, "RFF+AGK"))),
            (None, None, Some(id)) => (id, Some(stands_in("meter", id, "RFF+MG"))),
            (None, None, None) => return (Err(Fault::NoPoint), None),
        };
        (id.parse().map_err(|error| Fault::NotAPoint(shown(id), error)), odd)
    }

    /// The place that LOC names.
    pub(super) fn named_place(&self) -> Option<Point> {
        self.id.as_ref()?.parse().ok()
    }

    /// The meter beside the place that LOC names.
    pub(super) fn named_meter(&self) -> Option<Point> {
        self.id.as_ref().and(self.meter.as_ref())?.parse().ok()
    }

    /// A market location id with a slip is kept as it stands, and told of.
    fn doubt(&self, id: &str) -> Option<(&'static str, String)> {
        let error = ids::doubt(id).filter(|_| self.place == Place::MeteringPoint)?;
        Some(("check_digit", format!("the id `{id}` (LOC): {error}")))
    }
}

fn stands_in(what: &str, id: &str, by: &str) -> (&'static str, String) {
    ("empty_location", format!("LOC names no point; the {what} `{}` ({by}) stands for it", shown(id)))
}

/// What all values of a line have in common.
#[derive(Debug)]
pub(super) struct Basis {
    pub(super) channel: Channel,
    /// Where LOC names the point: the same quantity of the meter itself (RFF+MG).
    pub(super) of_meter: Option<Channel>,
    /// The unit where QTY names none.
    pub(super) unit: Option<Unit>,
    pub(super) nature: Option<Kind>,
    /// D = 29, a load curve.
    pub(super) curve: bool,
    pub(super) gas: bool,
}

impl Basis {
    fn new(point: Point, meter: Option<Point>, quantity: Quantity) -> Self {
        let channel = Channel { point, quantity };
        let of_meter = meter.map(|point| Channel { point, quantity });
        match quantity {
            Quantity::Named(_) => Self { channel, of_meter, unit: None, nature: None, curve: false, gas: false },
            Quantity::Obis(obis) => {
                let [medium, _, function, processing, ..] = obis.groups();
                let gas = medium == 7;
                // Z-Zahl (52) and Brennwert (54) share D = 0 with volumes, but do not count.
                let nature = if gas && function >= 50 { None } else { obis.natural_kind() };
                Self { channel, of_meter, unit: unit::implied(obis), nature, curve: processing == 29, gas }
            }
        }
    }
}

/// Values of one line that are lost for one and the same reason.
#[derive(Debug)]
pub(super) struct Lost {
    /// Where the first of them stands.
    pub(super) segment: u64,
    pub(super) reason: String,
    pub(super) readings: u64,
    pub(super) bytes: Vec<u8>,
}

/// A line as far as its segments have been read.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) bytes: Vec<u8>,
    pub(super) times: Times,
    /// What PIA says; `None` before it.
    pub(super) quantity: Option<Result<Quantity, Fault>>,
    /// Settled with the first value.
    pub(super) basis: Option<Result<Basis, Fault>>,
    /// The end of the last value.
    pub(super) before: Option<Timestamp>,
    pub(super) lost: Option<Lost>,
    /// Another meter told the same register of this place before.
    pub(super) of_other_meter: bool,
    pub(super) traits: Traits,
}

impl Line {
    pub(super) fn basis(&self, location: &Location) -> Result<Basis, Fault> {
        let quantity = self.quantity.clone().unwrap_or(Err(Fault::NoQuantity))?;
        let mut point = location.point.clone().unwrap_or(Err(Fault::NoPoint))?;
        if location.place == Place::Profile {
            point = self.traits.added_to(point.as_str())?;
        }
        Ok(Basis::new(point, location.named_meter(), quantity))
    }
}

/// What a PIA names, and whether a separator in it was not released.
pub(super) struct Product {
    pub(super) quantity: Result<Quantity, Fault>,
    pub(super) unreleased: bool,
}

/// Reads PIA: an OBIS code (SRW, or Z02 for codes that only look like one), or a medium of Redispatch (Z08).
pub(super) fn product(segment: &Segment<'_>) -> Product {
    let [id, kind, rest] = segment.composite(2);
    let text = id.text();
    if kind == "Z08" {
        let named = format!("medium.{}", text.to_ascii_lowercase()).parse();
        return Product { quantity: named.map_err(|_| Fault::NotAQuantity(shown(&text))), unreleased: false };
    }
    if let Ok(obis) = text.trim().parse() {
        return Product { quantity: Ok(Quantity::Obis(obis)), unreleased: false };
    }
    // `1-1:1.29.0` with a colon that was not released falls into two components.
    let joined = format!("{text}:{}", kind.text());
    match joined.trim().parse() {
        Ok(obis) => Product { quantity: Ok(Quantity::Obis(obis)), unreleased: true },
        Err(_) if rest.is_empty() && text.is_empty() => Product { quantity: Err(Fault::NoQuantity), unreleased: false },
        Err(_) => Product { quantity: Err(Fault::NotAQuantity(shown(&text))), unreleased: false },
    }
}
