//! The tables: one file for each kind of thing, with its rows both ways.

pub mod attempts;
pub mod event;
pub mod grant;
pub mod grid_operator;
pub mod installation;
pub mod job;
pub mod key;
pub mod log;
pub mod meter;
pub mod metering_point;
pub mod session;
pub mod tenant;
pub mod user;
pub mod weather_station;

use metrify_application::registry::{Edition, Thing};
use metrify_application::{Error, Kind, Result, Tenant};
use metrify_domain::Timestamp;
use metrify_domain::master::{Place, Status};
use sea_orm::EntityTrait;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What all rows of things begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub tenant: String,
    pub id: String,
    pub version: i64,
    pub known_from: i64,
    pub known_until: Option<i64>,
}

/// A table of things. Its rows are what events carry, as JSON.
pub trait Table: EntityTrait<Model: Serialize + DeserializeOwned + Send + Sync> {
    fn head(row: &Self::Model) -> Head;

    /// # Errors
    /// Where a column holds what cannot be.
    fn thing(row: Self::Model) -> Result<Thing>;
}

/// A row as the version that it is.
pub fn known<T: Table>(row: T::Model) -> Result<Edition<Thing>> {
    let Head { version, known_from, known_until, .. } = T::head(&row);
    Ok(Edition {
        thing: T::thing(row)?,
        version: version.cast_unsigned(),
        known_from: Timestamp::from_micros(known_from),
        known_until: known_until.map(Timestamp::from_micros),
    })
}

/// A column as what it means.
fn read<V: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>>(column: &str, text: &str) -> Result<V> {
    text.parse().map_err(|error| Error::new(Kind::Corrupt, format!("read column `{column}`")).because(error))
}

fn read_if<V: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    column: &str,
    text: Option<&String>,
) -> Result<Option<V>> {
    text.map(|text| read(column, text)).transpose()
}

fn status(text: &str) -> Result<Status> {
    Status::from_name(text).ok_or_else(|| Error::new(Kind::Corrupt, format!("read column `status`: `{text}` is none")))
}

fn place(latitude: Option<i32>, longitude: Option<i32>) -> Result<Option<Place>> {
    let both = latitude.zip(longitude).map(|(latitude, longitude)| Place::of_millionths(latitude, longitude));
    both.transpose().map_err(|error| Error::new(Kind::Corrupt, "read the columns of the place").because(error))
}

fn tenant(text: &str) -> Result<Tenant> {
    read("tenant", text)
}

/// Several names in one column.
const SEPARATOR: &str = ",";

fn join(names: impl IntoIterator<Item = &'static str>) -> String {
    names.into_iter().collect::<Vec<_>>().join(SEPARATOR)
}

fn split<V: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    column: &str,
    text: &str,
) -> Result<Vec<V>> {
    text.split(SEPARATOR).filter(|name| !name.is_empty()).map(|name| read(column, name)).collect()
}
