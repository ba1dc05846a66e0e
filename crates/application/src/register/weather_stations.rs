//! Weather stations: registered, found, changed, taken out of service; and beside them those that readings alone tell of.

use std::collections::BTreeMap;

use metrify_domain::master::{Status, WeatherStation};
use metrify_domain::{Point, PointKind, Timestamp};
use metrify_governance::{Action, Resource};

use crate::app::App;
use crate::audit::audited;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::ingest::vouch;
use crate::read::{ToldStation, WantedTold, told_stations};
use crate::registry::{Changed, Cursor, Edition, Field, Happened, Near, Sort, ThingKind, Wanted};
use crate::things;

/// A weather station as it is known: registered, with its master data, or told of by readings alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownStation {
    Registered(Edition<WeatherStation>),
    Told(ToldStation),
}

/// Which stations are wanted, ordered by the bytes of their ids.
#[derive(Clone, Debug)]
pub struct WantedStations {
    /// Of a station that readings alone tell of no status is known: a filter chooses registered ones.
    pub status: Option<Status>,
    /// Nor a place. A page of those in a circle may be shorter than its limit although another one follows.
    pub near: Option<Near>,
    pub changed: Changed,
    /// As it was known then; `None` for today.
    pub known_at: Option<Timestamp>,
    /// From the last to the first.
    pub down: bool,
    /// Those behind it alone.
    pub after: Option<Point>,
    pub limit: u64,
}

/// A page of stations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StationListing {
    pub stations: Vec<KnownStation>,
    /// The last of the page; `None` where no other page follows.
    pub next: Option<String>,
}

/// Registers a weather station that nobody registered before; readings may have told of it.
///
/// # Errors
/// Where it is denied, its id is that of a meter or a metering point, there is one of this id, or the registry cannot be written.
pub async fn register_weather_station(
    app: &App,
    ctx: &Context,
    station: WeatherStation,
) -> Result<Edition<WeatherStation>> {
    let act = ctx.act(Action::Register, Resource::WeatherStations, Some(station.id.to_string()));
    audited(app, ctx, act, async {
        match station.id.kind() {
            PointKind::Station | PointKind::Other => {}
            // What is told of stations is told without a purpose: nothing that belongs to people goes by their name.
            kind @ (PointKind::MarketLocation
            | PointKind::MeteringLocation
            | PointKind::GridResource
            | PointKind::Device
            | PointKind::EnergyIdentificationCode
            | PointKind::Area) => {
                let kind = kind.name().replace('_', " ");
                let step = format!("register weather station `{}`: that is the id of a {kind}", station.id);
                return Err(
                    Error::new(Kind::Invalid, step).hint("a station of the DWD goes by its number, such as 10315")
                );
            }
        }
        let known = things::append(app, ctx, Happened::Registered, station, None).await?;
        vouch(app, ctx, &known.thing.id, known.thing.status).await?;
        Ok(known)
    })
    .await
}

/// A weather station, as it is known or was known then.
///
/// # Errors
/// Where it is denied, nothing is known of it, or the registry or the store cannot be read.
pub async fn find_weather_station(
    app: &App,
    ctx: &Context,
    id: &str,
    known_at: Option<Timestamp>,
) -> Result<KnownStation> {
    let act = ctx.act(Action::Read, Resource::WeatherStations, Some(id.to_owned()));
    audited(app, ctx, act, async {
        if let Some(known) = things::known_of(app, ctx.tenant(), id, known_at).await? {
            return Ok(KnownStation::Registered(known));
        }
        let told = told_stations(app, ctx.tenant(), &WantedTold::One(id), known_at).await?;
        let missing = || {
            let error = Error::new(Kind::NotFound, format!("find the weather station `{id}`"));
            error.hint("/api/v1/weather/stations lists those that there are")
        };
        told.into_iter().next().map(KnownStation::Told).ok_or_else(missing)
    })
    .await
}

/// Weather stations, a page of them: those that are registered and those that readings alone tell of, each once.
///
/// # Errors
/// Where it is denied, or the registry or the store cannot be read.
pub async fn list_weather_stations(app: &App, ctx: &Context, wanted: &WantedStations) -> Result<StationListing> {
    let act = ctx.act(Action::Read, Resource::WeatherStations, None);
    audited(app, ctx, act, async {
        let near = wanted.near;
        let keep = move |station: &WeatherStation| near.is_none_or(|near| near.holds(station.place));
        let registered = things::page(app, ctx, &wanted.registered(), keep).await?;
        if near.is_some() || wanted.status.is_some() || wanted.changed != Changed::default() {
            let stations = registered.things.into_iter().map(KnownStation::Registered).collect();
            return Ok(StationListing { stations, next: registered.next.map(|last| last.id) });
        }
        let told = told_stations(app, ctx.tenant(), &wanted.told(), wanted.known_at).await?;
        Ok(merged(registered.things, told, wanted))
    })
    .await
}

impl WantedStations {
    fn registered(&self) -> Wanted {
        let status = self.status.map(|status| (Field::Status, status.name().to_owned()));
        // In the order of ids nobody asks since when something is known.
        let behind = |id: &Point| Cursor { known_from: Timestamp::from_micros(0), id: id.to_string() };
        Wanted {
            equal: status.into_iter().collect(),
            near: self.near,
            changed: self.changed,
            known_at: self.known_at,
            sort: if self.down { Sort::IdDown } else { Sort::Id },
            after: self.after.as_ref().map(behind),
            ..Wanted::all(ThingKind::WeatherStation, self.limit)
        }
    }

    fn told(&self) -> WantedTold<'_> {
        WantedTold::Page { after: self.after.as_ref().map(Point::as_str), down: self.down, limit: self.limit }
    }
}

/// The first of both. Each half brings as many as a page has, so that none of the page is missing, and whatever is in both is seen to be.
fn merged(registered: Vec<Edition<WeatherStation>>, told: Vec<ToldStation>, wanted: &WantedStations) -> StationListing {
    let mut known: BTreeMap<String, KnownStation> =
        told.into_iter().map(|station| (station.id.clone(), KnownStation::Told(station))).collect();
    let registered = registered.into_iter().map(|known| (known.thing.id.to_string(), KnownStation::Registered(known)));
    known.extend(registered);
    let limit = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
    let all = known.into_iter();
    let page: Vec<(String, KnownStation)> =
        if wanted.down { all.rev().take(limit).collect() } else { all.take(limit).collect() };
    let next = page.last().filter(|_| page.len() == limit).map(|(id, _)| id.clone());
    StationListing { stations: page.into_iter().map(|(_, known)| known).collect(), next }
}

/// Says anew what is told of a weather station; its status stays where `status` is `None`; `version` is the one that is
/// meant to be changed.
///
/// # Errors
/// Where it is denied, it is not registered, it was changed meanwhile, or the registry cannot be written.
pub async fn put_weather_station(
    app: &App,
    ctx: &Context,
    station: WeatherStation,
    status: Option<Status>,
    version: Option<u64>,
) -> Result<Edition<WeatherStation>> {
    let act = ctx.act(Action::Register, Resource::WeatherStations, Some(station.id.to_string()));
    audited(app, ctx, act, async {
        let known = registered(app, ctx, station.id.as_str()).await?;
        things::expect(&known, version)?;
        let station = WeatherStation { status: status.unwrap_or(known.thing.status), ..station };
        if known.thing == station {
            return Ok(known);
        }
        let happened = Happened::between(known.thing.status, station.status);
        let changed = things::append(app, ctx, happened, station, Some(&known)).await?;
        vouch(app, ctx, &changed.thing.id, changed.thing.status).await?;
        Ok(changed)
    })
    .await
}

/// Takes a weather station out of service; what is known of it stays.
///
/// # Errors
/// Where it is denied, it is not registered, it was changed meanwhile, or the registry cannot be written.
pub async fn deactivate_weather_station(
    app: &App,
    ctx: &Context,
    id: &str,
    version: Option<u64>,
) -> Result<Edition<WeatherStation>> {
    let act = ctx.act(Action::Register, Resource::WeatherStations, Some(id.to_owned()));
    audited(app, ctx, act, async {
        let known = registered(app, ctx, id).await?;
        things::expect(&known, version)?;
        if known.thing.status == Status::Inactive {
            return Ok(known);
        }
        let station = WeatherStation { status: Status::Inactive, ..known.thing.clone() };
        things::append(app, ctx, Happened::Deactivated, station, Some(&known)).await
    })
    .await
}

async fn registered(app: &App, ctx: &Context, id: &str) -> Result<Edition<WeatherStation>> {
    things::find(app, ctx, id, None).await.map_err(|error| match error.kind() {
        Kind::NotFound => error.hint("one that readings alone tell of is registered first"),
        _ => error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(down: bool, limit: u64) -> (Vec<String>, Option<String>) {
        let registered = ["a", "c", "e"].map(|id| Edition {
            thing: WeatherStation {
                id: id.parse().expect("an id"),
                name: None,
                place: None,
                elevation: None,
                operator: None,
                status: Status::Active,
            },
            version: 1,
            known_from: Timestamp::from_micros(0),
            known_until: None,
        });
        let told = ["b", "c", "d"].map(|id| ToldStation { id: id.to_owned(), name: None, since: Timestamp::default() });
        let wanted = WantedStations {
            status: None,
            near: None,
            changed: Changed::default(),
            known_at: None,
            down,
            after: None,
            limit,
        };
        let StationListing { stations, next } = merged(registered.into(), told.into(), &wanted);
        let name = |known: KnownStation| match known {
            KnownStation::Registered(known) => known.thing.id.to_string().to_uppercase(),
            KnownStation::Told(told) => told.id,
        };
        (stations.into_iter().map(name).collect(), next)
    }

    #[test]
    fn both_halves_are_one_list_and_what_is_in_both_is_registered() {
        for (down, limit, expected, next) in [
            (false, 9, "AbCdE", None),
            (false, 5, "AbCdE", Some("e")),
            (false, 3, "AbC", Some("c")),
            (true, 4, "EdCb", Some("b")),
            (true, 1, "E", Some("e")),
        ] {
            let (stations, last) = page(down, limit);
            assert_eq!((stations.concat().as_str(), last.as_deref()), (expected, next), "{down} {limit}");
        }
    }
}
