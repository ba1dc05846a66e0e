//! Weather stations as JSON.

use metrify_application::read::ToldStation;
use metrify_application::register::KnownStation;
use metrify_application::registry::Edition;
use metrify_application::{Error, Kind, Result};
use metrify_domain::master::{Elevation, Status, WeatherStation};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::master::{StatusBody, label, one_id, place, point, text};

/// What is told of a weather station when it is registered or changed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StationFacts {
    /// Its number at the DWD, or another one's name for it, by which its readings go; at most 64 bytes. Where it stands in the path, it may
    /// be left away.
    #[schema(example = "10315", min_length = 1, max_length = 64)]
    pub id: Option<String>,
    #[schema(example = "Münster/Osnabrück", max_length = 100)]
    pub name: Option<String>,
    /// Degrees, WGS 84; together with the longitude.
    #[schema(minimum = -90, maximum = 90)]
    pub latitude: Option<f64>,
    #[schema(minimum = -180, maximum = 180)]
    pub longitude: Option<f64>,
    /// Metres above the sea, to the centimetre.
    #[schema(example = 48.0, minimum = -500, maximum = 9000)]
    pub elevation_m: Option<f64>,
    /// Who runs it.
    #[schema(example = "dwd", max_length = 100)]
    pub operator: Option<String>,
    /// `active` where it is registered, and as it is where it is changed, if it is left away.
    #[schema(inline)]
    pub status: Option<StatusBody>,
}

/// A weather station, as it is known or was known then: registered, or told of by readings alone.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StationBody {
    pub id: String,
    /// Somebody registered it. Of one that readings alone tell of, no more is known than its id, since when, and perhaps its name.
    pub registered: bool,
    pub name: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    /// Metres above the sea.
    pub elevation_m: Option<f64>,
    pub operator: Option<String>,
    #[schema(inline)]
    pub status: Option<StatusBody>,
    /// `null` where it is not registered.
    pub version: Option<u64>,
    /// Since when this is known of it; of one that readings alone tell of, since the first of them came.
    #[schema(format = DateTime)]
    pub known_from: String,
    /// `null` where it is what is known today.
    #[schema(format = DateTime)]
    pub known_until: Option<String>,
}

impl From<Edition<WeatherStation>> for StationBody {
    fn from(known: Edition<WeatherStation>) -> Self {
        let station = &known.thing;
        Self {
            id: station.id.to_string(),
            registered: true,
            name: text(station.name.as_ref()),
            latitude: station.place.map(|place| place.degrees().0),
            longitude: station.place.map(|place| place.degrees().1),
            elevation_m: station.elevation.map(Elevation::metres),
            operator: text(station.operator.as_ref()),
            status: Some(station.status.into()),
            version: Some(known.version),
            known_from: known.known_from.to_string(),
            known_until: known.known_until.map(|until| until.to_string()),
        }
    }
}

impl From<ToldStation> for StationBody {
    fn from(ToldStation { id, name, since }: ToldStation) -> Self {
        Self {
            id,
            registered: false,
            name,
            latitude: None,
            longitude: None,
            elevation_m: None,
            operator: None,
            status: None,
            version: None,
            known_from: since.to_string(),
            known_until: None,
        }
    }
}

impl From<KnownStation> for StationBody {
    fn from(known: KnownStation) -> Self {
        match known {
            KnownStation::Registered(known) => known.into(),
            KnownStation::Told(told) => told.into(),
        }
    }
}

impl StationFacts {
    /// `None` where it is left away.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        self.status.map(Status::from)
    }

    /// The weather station that is told of; `named` is its id in the path.
    ///
    /// # Errors
    /// Where one of the facts means nothing, or there is no id or there are two.
    pub fn read(&self, named: Option<&str>) -> Result<WeatherStation> {
        let elevation = self.elevation_m.map(Elevation::of_metres).transpose();
        Ok(WeatherStation {
            id: point(one_id(self.id.as_deref(), named)?)?,
            name: label("name", self.name.as_deref())?,
            place: place(self.latitude, self.longitude)?,
            elevation: elevation.map_err(|error| Error::new(Kind::Invalid, "read `elevation_m`").because(error))?,
            operator: label("operator", self.operator.as_deref())?,
            status: self.status().unwrap_or_default(),
        })
    }
}
