//! Which kind of reply an object is, and where its steps stand.

use metrify_domain::time::{HOUR, SECOND};
use metrify_domain::{Quality, Timestamp};

use super::fields::{self, Shape};
use crate::json::{List, Object, Value};

/// How far the values of a group can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Now,
    Forecast,
    /// Told by whether their time lies behind that of receipt.
    ByTime,
}

impl Standing {
    pub(super) fn quality(self, at: Timestamp, received_at: Timestamp) -> Quality {
        match self {
            Self::Forecast => Quality::Forecast,
            Self::ByTime if at > received_at => Quality::Forecast,
            Self::Now | Self::ByTime => Quality::True,
        }
    }
}

/// Steps of one kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group<'a> {
    /// Where they stand; empty where the reply itself is the step.
    pub(super) key: &'static str,
    list: Option<List<'a>>,
    one: Option<Object<'a>>,
    pub(super) shape: &'static Shape,
    pub(super) standing: Standing,
}

impl<'a> Group<'a> {
    fn new(key: &'static str, value: Value<'a>, shape: &'static Shape, standing: Standing) -> Self {
        Self { key, list: value.list(), one: value.object(), shape, standing }
    }

    /// With the place of each, where there is a list.
    pub(super) fn steps(self) -> impl Iterator<Item = (Option<usize>, Value<'a>)> {
        let listed = self.list.into_iter().flat_map(List::elements).enumerate();
        listed.map(|(index, value)| (Some(index), value)).chain(self.one.map(|object| (None, Value::Object(object))))
    }
}

/// What a reply is.
#[derive(Debug)]
pub(super) enum Reply<'a> {
    Weather(Vec<Group<'a>>),
    /// Names of places.
    Geocoding,
    /// The service did not answer what was asked, with its reason.
    Refusal(String),
    Unknown,
}

/// The steps of One Call.
const ONE_CALL: [(&str, &Shape, Standing); 5] = [
    ("current", &fields::MOMENT, Standing::Now),
    ("minutely", &fields::MINUTELY, Standing::Forecast),
    ("hourly", &fields::HOURLY, Standing::Forecast),
    ("daily", &fields::DAILY, Standing::Forecast),
    ("data", &fields::MOMENT, Standing::ByTime),
];

impl<'a> Reply<'a> {
    pub(super) fn read(object: Object<'a>) -> Self {
        let get = |key: &str| object.get(key);
        let itself = |shape, standing| Self::Weather(vec![Group::new("", Value::Object(object), shape, standing)]);
        if let Some(list) = get("list").filter(|value| value.list().is_some()) {
            return Self::Weather(vec![listed(object, list)]);
        }
        if get("lat").is_some() && get("lon").is_some() {
            let groups = ONE_CALL.iter().filter_map(|(key, shape, standing)| {
                let value = get(key).filter(|value| value.list().is_some() || value.object().is_some())?;
                Some(Group::new(key, value, shape, *standing))
            });
            let groups: Vec<_> = groups.collect();
            if !groups.is_empty() {
                return Self::Weather(groups);
            }
            if get("date").is_some() && get("temperature").is_some() {
                return itself(&fields::SUMMARY, Standing::ByTime);
            }
            if get("name").is_some() && get("country").is_some() {
                return Self::Geocoding;
            }
        }
        if get("main").is_some() && get("dt").is_some() {
            return itself(&fields::CURRENT, Standing::Now);
        }
        match (get("cod").and_then(Value::said), get("message").and_then(Value::said)) {
            (Some(code), Some(message)) => {
                Self::Refusal(format!("the service refused with {}: {}", shown(&code), shown(&message)))
            }
            _ => Self::Unknown,
        }
    }
}

fn shown(text: &str) -> String {
    const SHOWN_CHARS: usize = 200;
    text.chars().take(SHOWN_CHARS).collect()
}

/// What the elements of `list` are: air, days, or weather of the future (of one `city`), of the past, or of several places now.
fn listed<'a>(object: Object<'a>, list: Value<'a>) -> Group<'a> {
    let first = list.list().and_then(|list| list.open_elements().next()).and_then(Value::object);
    // Two steps of the hourly forecast lie an hour apart.
    let times = list.list().into_iter().flat_map(List::elements).filter_map(Value::object).take(2);
    let times: Vec<_> = times.filter_map(|step| step.get("dt")?.whole()).collect();
    let hourly = matches!(times.as_slice(), [first, second] if second.checked_sub(*first) == Some(HOUR / SECOND));
    let has = |key: &str| first.and_then(|first| first.get(key));
    let (shape, standing) = if has("components").is_some() {
        (&fields::AIR, Standing::ByTime)
    } else if has("temp").and_then(Value::object).is_some() {
        (&fields::DAILY, Standing::Forecast)
    } else if object.get("city").is_some() {
        (if hourly { &fields::FORECAST_HOURLY } else { &fields::FORECAST }, Standing::Forecast)
    } else {
        (&fields::CURRENT, Standing::Now)
    };
    Group::new("list", list, shape, standing)
}
