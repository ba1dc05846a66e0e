//! The sources of a reply: which station, and whether it was observed or is a forecast.

use std::collections::HashMap;

use metrify_domain::{Point, PointKind, Quality};

use crate::json::{List, Object, Value};
use crate::output::{Meter, Output};

/// Sources of one reply that are kept. A reply names a few; `/sources` names up to some thousands, and tells of each as it comes.
const SOURCES_MAX: usize = 100_000;
/// Longest name of a station, in characters.
const NAME_CHARS_MAX: usize = 200;
/// Longest source that stands before a value that can be read again, in bytes; a usual one has four hundred.
const SOURCE_BYTES_MAX: usize = 1 << 10;

/// The kinds of observation, with the standing of their values.
pub(super) const KINDS: [(&str, Quality); 4] = [
    ("historical", Quality::True),
    ("current", Quality::True),
    ("synop", Quality::True),
    ("forecast", Quality::Forecast),
];

/// A source that can be read.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub(super) point: Point,
    pub(super) quality: Quality,
    pub(super) object: Object<'a>,
}

/// By Bright Sky's own number. What is wrong with one is told by the values that refer to it.
#[derive(Debug, Default)]
pub(super) struct Sources<'a>(HashMap<i64, Result<Source<'a>, String>>);

impl<'a> Sources<'a> {
    /// Reads the sources and tells of their stations.
    pub(super) fn read(list: List<'a>, out: &mut Output<'_>) -> Self {
        let mut sources = HashMap::new();
        // Forecasts have another name for a station than its observations, which is told of last and holds.
        for forecasts in [true, false] {
            let is_forecast = |object: &Object<'a>| {
                object.get("observation_type").and_then(Value::said).is_some_and(|kind| kind == "forecast")
            };
            let objects = list.elements().filter_map(Value::object).take(SOURCES_MAX);
            for object in objects.filter(|object| is_forecast(object) == forecasts) {
                let (id, source) = source(object, out);
                if let Some(id) = id {
                    sources.entry(id).or_insert(source);
                }
            }
        }
        Self(sources)
    }

    pub(super) fn get(&self, id: i64) -> Result<&Source<'a>, String> {
        match self.0.get(&id) {
            Some(source) => source.as_ref().map_err(|reason| format!("the source {id}: {reason}")),
            None => Err(format!("the reply has no source {id}")),
        }
    }
}

impl Source<'_> {
    /// As it stands; nothing where it is too long.
    pub(super) fn raw(&self) -> &str {
        let raw = self.object.raw();
        if raw.len() <= SOURCE_BYTES_MAX { raw } else { "" }
    }
}

fn source<'a>(object: Object<'a>, out: &mut Output<'_>) -> (Option<i64>, Result<Source<'a>, String>) {
    const KEYS: [&str; 7] =
        ["id", "dwd_station_id", "wmo_station_id", "lat", "lon", "station_name", "observation_type"];
    let [id, dwd, wmo, lat, lon, name, kind] = match object.pick(KEYS) {
        Ok(picked) => picked.map(|value| value.and_then(Value::said)),
        Err(reason) => return (None, Err(reason)),
    };
    let id = id.and_then(|id| id.parse().ok());
    // Places of forecasts without a station of their own have a number of the WMO, and as a last resort their coordinates.
    let coordinates = || Some(format!("{},{}", lat?, lon?));
    let text = dwd.or(wmo).map(std::borrow::Cow::into_owned).or_else(coordinates);
    let point = text.ok_or("it names no station").and_then(|text| text.parse().map_err(|_| "its station is no point"));
    let point: Point = match point {
        Ok(point) => point,
        Err(reason) => return (id, Err(reason.to_owned())),
    };
    let name = name.map(|name| name.chars().filter(|letter| !letter.is_control()).take(NAME_CHARS_MAX).collect());
    let kind_of_point = Some(PointKind::Station);
    out.meter(Meter {
        point: point.clone(),
        kind: kind_of_point,
        name,
        server_id: None,
        maker: None,
        resolution: None,
    });
    let kind = kind.unwrap_or_default();
    let quality = KINDS.iter().find(|(known, _)| *known == kind).map(|(_, quality)| *quality);
    let unknown = || format!("`{}` is no kind of observation that we know", crate::dates::shown(&kind));
    (id, quality.ok_or_else(unknown).map(|quality| Source { point, quality, object }))
}
