//! Master data as JSON.

use metrify_application::register::Exchange;
use metrify_application::registry::Edition;
use metrify_application::{Error, Kind, Result};
use metrify_domain::Point;
use metrify_domain::master::{Installation, Label, Meter, MeteringPoint, Place, Status};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{meaning, moment};

/// Whether something is in service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatusBody {
    #[default]
    Active,
    Inactive,
}

impl StatusBody {
    pub(crate) fn name(self) -> &'static str {
        Status::from(self).name()
    }
}

impl From<Status> for StatusBody {
    fn from(status: Status) -> Self {
        match status {
            Status::Active => Self::Active,
            Status::Inactive => Self::Inactive,
        }
    }
}

impl From<StatusBody> for Status {
    fn from(status: StatusBody) -> Self {
        match status {
            StatusBody::Active => Self::Active,
            StatusBody::Inactive => Self::Inactive,
        }
    }
}

/// What is told of a meter when it is registered or changed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeterFacts {
    /// Its device id (DIN 43863-5), or the number that its owner gave it; at most 64 bytes. Where it stands in the path, it may be left
    /// away.
    #[schema(example = "1EMH0010599732", min_length = 1, max_length = 64)]
    pub id: Option<String>,
    #[schema(example = "EMH metering", max_length = 100)]
    pub manufacturer: Option<String>,
    #[schema(max_length = 100)]
    pub model: Option<String>,
    /// A control area, a grid area, a district.
    #[schema(example = "50Hertz", max_length = 100)]
    pub area: Option<String>,
    /// Degrees, WGS 84; together with the longitude.
    #[schema(minimum = -90, maximum = 90)]
    pub latitude: Option<f64>,
    #[schema(minimum = -180, maximum = 180)]
    pub longitude: Option<f64>,
    /// `active` where it is registered, and as it is where it is changed, if it is left away.
    #[schema(inline)]
    pub status: Option<StatusBody>,
}

/// A meter, as it is known or was known then.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MeterBody {
    pub id: String,
    pub manufacturer: Option<String>,
    pub model: Option<String>,
    pub area: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    #[schema(inline)]
    pub status: StatusBody,
    /// What it meters, where its id tells: `electricity`, `gas`, ...
    pub medium: Option<String>,
    #[serde(flatten)]
    pub known: KnownBody,
}

/// Which version it is, and in which span it was what is known.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct KnownBody {
    pub version: u64,
    #[schema(format = DateTime)]
    pub known_from: String,
    /// `null` where it is what is known today.
    #[schema(format = DateTime)]
    pub known_until: Option<String>,
}

impl KnownBody {
    pub(super) fn of<T>(known: &Edition<T>) -> Self {
        Self {
            version: known.version,
            known_from: known.known_from.to_string(),
            known_until: known.known_until.map(|until| until.to_string()),
        }
    }
}

impl From<Edition<Meter>> for MeterBody {
    fn from(known: Edition<Meter>) -> Self {
        let meter = &known.thing;
        Self {
            id: meter.id.to_string(),
            manufacturer: text(meter.manufacturer.as_ref()),
            model: text(meter.model.as_ref()),
            area: text(meter.area.as_ref()),
            latitude: meter.place.map(|place| place.degrees().0),
            longitude: meter.place.map(|place| place.degrees().1),
            status: meter.status.into(),
            medium: meter.medium().map(|medium| format!("{medium:?}").to_lowercase()),
            known: KnownBody::of(&known),
        }
    }
}

impl MeterFacts {
    /// `None` where it is left away.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        self.status.map(Status::from)
    }

    /// The meter that is told of; `named` is its id in the path.
    ///
    /// # Errors
    /// Where one of the facts means nothing, or there is no id or there are two.
    pub fn read(&self, named: Option<&str>) -> Result<Meter> {
        Ok(Meter {
            id: point(one_id(self.id.as_deref(), named)?)?,
            manufacturer: label("manufacturer", self.manufacturer.as_deref())?,
            model: label("model", self.model.as_deref())?,
            area: label("area", self.area.as_deref())?,
            place: place(self.latitude, self.longitude)?,
            status: self.status().unwrap_or_default(),
        })
    }
}

/// What is told of a metering point when it is registered or changed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeteringPointFacts {
    /// A MaLo-ID (11 digits, the last a check digit) or a MeLo-ID (33 characters). Where it stands in the path, it may be left away.
    #[schema(example = "50120962218", min_length = 11, max_length = 33)]
    pub id: Option<String>,
    /// The grid or control area that it belongs to.
    #[schema(max_length = 100)]
    pub area: Option<String>,
    /// The grid operator, by its id, its name or its market partner id: as it is told, whether or not somebody registered it.
    #[schema(max_length = 100)]
    pub grid_operator: Option<String>,
    #[schema(max_length = 100)]
    pub postcode: Option<String>,
    #[schema(max_length = 100)]
    pub town: Option<String>,
    /// Degrees, WGS 84; together with the longitude.
    #[schema(minimum = -90, maximum = 90)]
    pub latitude: Option<f64>,
    #[schema(minimum = -180, maximum = 180)]
    pub longitude: Option<f64>,
    /// `active` where it is registered, and as it is where it is changed, if it is left away.
    #[schema(inline)]
    pub status: Option<StatusBody>,
}

/// A metering point, as it is known or was known then.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MeteringPointBody {
    pub id: String,
    /// `market_location` or `metering_location`.
    pub kind: String,
    pub area: Option<String>,
    pub grid_operator: Option<String>,
    pub postcode: Option<String>,
    pub town: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    #[schema(inline)]
    pub status: StatusBody,
    #[serde(flatten)]
    pub known: KnownBody,
}

impl From<Edition<MeteringPoint>> for MeteringPointBody {
    fn from(known: Edition<MeteringPoint>) -> Self {
        let point = &known.thing;
        Self {
            id: point.id.to_string(),
            kind: point.kind().name().to_owned(),
            area: text(point.area.as_ref()),
            grid_operator: text(point.grid_operator.as_ref()),
            postcode: text(point.postcode.as_ref()),
            town: text(point.town.as_ref()),
            latitude: point.place.map(|place| place.degrees().0),
            longitude: point.place.map(|place| place.degrees().1),
            status: point.status.into(),
            known: KnownBody::of(&known),
        }
    }
}

impl MeteringPointFacts {
    /// `None` where it is left away.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        self.status.map(Status::from)
    }

    /// The metering point that is told of; `named` is its id in the path.
    ///
    /// # Errors
    /// Where one of the facts means nothing, or there is no id or there are two.
    pub fn read(&self, named: Option<&str>) -> Result<MeteringPoint> {
        Ok(MeteringPoint {
            id: point(one_id(self.id.as_deref(), named)?)?,
            area: label("area", self.area.as_deref())?,
            grid_operator: label("grid_operator", self.grid_operator.as_deref())?,
            postcode: label("postcode", self.postcode.as_deref())?,
            town: label("town", self.town.as_deref())?,
            place: place(self.latitude, self.longitude)?,
            status: self.status().unwrap_or_default(),
        })
    }
}

/// A meter comes to a metering point; the one that is there goes.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangeBody {
    /// The meter that comes; `null` where none does.
    pub meter: Option<String>,
    /// A day, local, as its beginning, or an instant.
    #[schema(example = "2026-01-01")]
    pub at: String,
}

impl ExchangeBody {
    /// At a metering point, of which a version may be meant.
    ///
    /// # Errors
    /// Where an id or the time means nothing.
    pub fn of(&self, metering_point: &str, version: Option<u64>) -> Result<Exchange> {
        let meter = self.meter.as_deref().map(point).transpose()?;
        Ok(Exchange { version, metering_point: point(metering_point)?, meter, at: moment(&self.at)? })
    }
}

/// Which meter is at which metering point, with both times.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct InstallationBody {
    pub meter: String,
    pub metering_point: String,
    #[schema(format = DateTime)]
    pub valid_from: String,
    /// `null` where it is still there.
    #[schema(format = DateTime)]
    pub valid_until: Option<String>,
    #[serde(flatten)]
    pub known: KnownBody,
}

impl From<Edition<Installation>> for InstallationBody {
    fn from(known: Edition<Installation>) -> Self {
        let Installation { meter, metering_point, from, until } = &known.thing;
        Self {
            meter: meter.to_string(),
            metering_point: metering_point.to_string(),
            valid_from: from.to_string(),
            valid_until: until.map(|until| until.to_string()),
            known: KnownBody::of(&known),
        }
    }
}

/// The id stands in the body or in the path; in both it has to be the same.
pub(super) fn one_id<'t>(said: Option<&'t str>, named: Option<&'t str>) -> Result<&'t str> {
    match (said, named) {
        (Some(said), Some(named)) if said != named => {
            let error = Error::new(Kind::Invalid, format!("read `id`: it is `{said}`, and `{named}` in the path"));
            Err(error.hint("an id does not change: register another one"))
        }
        (None, None) => Err(Error::new(Kind::Invalid, "read `id`: it is missing")),
        (said, named) => Ok(named.or(said).unwrap_or_default()),
    }
}

pub(super) fn text(label: Option<&Label>) -> Option<String> {
    label.map(ToString::to_string)
}

pub(super) fn point(id: &str) -> Result<Point> {
    id.parse().map_err(|error| Error::new(Kind::Invalid, format!("read the id `{id}`")).because(error))
}

pub(super) fn label(name: &str, text: Option<&str>) -> Result<Option<Label>> {
    meaning(text).map_err(|error| Error::new(Kind::Invalid, format!("read `{name}`")).because(error))
}

pub(super) fn place(latitude: Option<f64>, longitude: Option<f64>) -> Result<Option<Place>> {
    let invalid = |step: &str| Error::new(Kind::Invalid, step);
    match (latitude, longitude) {
        (None, None) => Ok(None),
        (Some(latitude), Some(longitude)) => Place::of_degrees(latitude, longitude)
            .map(Some)
            .map_err(|error| invalid("read `latitude` and `longitude`").because(error)),
        _ => Err(invalid("read `latitude` and `longitude`: one of them is missing")),
    }
}
