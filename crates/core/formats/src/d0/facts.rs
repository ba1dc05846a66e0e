//! What a telegram says of its meter: its number, its clock, its faults, when it was reset.

use std::collections::BTreeMap;

use metrify_domain::identifier::DeviceId;
use metrify_domain::{Code as Reason, Point, Quality};

use super::clock;
use super::codes::{self, Code, Role};
use crate::datasets::{DataSet, Item, number_and_unit};
use crate::dates::DateError;
use crate::stamps::Stamp;
use crate::status_word;

/// A number that names a meter only where nothing else does.
const RANK_ZEROS: u8 = 9;

#[derive(Debug, Default)]
pub(super) struct Facts<'a> {
    /// The meter is one of heat with codes of its own.
    pub heat: bool,
    number: Option<(u8, Point)>,
    time: Option<&'a str>,
    date: Option<&'a str>,
    date_and_time: Option<&'a str>,
    /// Of the error register, where it is not zero.
    pub error: Option<&'a str>,
    status: Option<u64>,
    resets: BTreeMap<u8, &'a str>,
}

impl<'a> Facts<'a> {
    pub(super) fn of(items: &[Item<'a>]) -> Self {
        let sets = || items.iter().filter_map(|item| if let Item::Set(set) = item { Some(set) } else { None });
        let tells_heat = |set: &DataSet<'_>| {
            codes::tells_heat(set.code, number_and_unit(set.values.first().copied().unwrap_or_default()).1)
        };
        let mut facts = Self { heat: sets().any(tells_heat), ..Self::default() };
        for set in sets() {
            if let (Some(code), Some(value)) = (codes::read(set.code, facts.heat), set.values.first()) {
                facts.learn(code, value.trim());
            }
        }
        facts
    }

    fn learn(&mut self, code: Code, value: &'a str) {
        match code.role {
            Role::Number(rank) => {
                if let Some((rank, point)) = point(value, rank)
                    && self.number.as_ref().is_none_or(|(known, _)| rank < *known)
                {
                    self.number = Some((rank, point));
                }
            }
            Role::Time => self.time = self.time.or(Some(value)),
            Role::Date => self.date = self.date.or(Some(value)),
            Role::DateAndTime => self.date_and_time = self.date_and_time.or(Some(value)),
            Role::ResetTime => {
                self.resets.insert(code.obis.groups()[5], value);
            }
            Role::Error if value.bytes().any(|digit| !matches!(digit, b'0' | b' ')) => self.error = Some(value),
            Role::Status => self.status = fnn_status(value),
            Role::Error | Role::Profile | Role::Log | Role::Count | Role::Service | Role::Value => {}
        }
    }

    pub(super) fn point(&self) -> Option<&Point> {
        self.number.as_ref().map(|(_, point)| point)
    }

    /// What the meter's clock showed; `None` where it tells none.
    pub(super) fn clock(&self) -> Option<Result<Stamp, DateError>> {
        match (self.date_and_time, self.date, self.time) {
            (Some(both), ..) => Some(clock::stamp(both)),
            (None, Some(date), Some(time)) => Some(clock::date_and_time(date, time)),
            (None, Some(alone), None) | (None, None, Some(alone)) => Some(Err(DateError::NotATime(alone.to_owned()))),
            (None, None, None) => None,
        }
    }

    /// When reset `number` was.
    pub(super) fn reset(&self, number: u8) -> Option<&'a str> {
        self.resets.get(&number).copied()
    }

    /// How far the values can be trusted, and what the meter says of that.
    pub(super) fn standing(&self) -> (Quality, Option<Reason>) {
        match (self.status, self.error) {
            (Some(status), _) => (status_word::quality(status), status_word::code(status)),
            (None, Some(error)) => (Quality::True, Reason::new(&format!("F.F {error}"))),
            (None, None) => (Quality::True, None),
        }
    }
}

/// The point that a number names, and how well. A device id of DIN 43863-5 is the best, also where zeros fill it up.
fn point(value: &str, rank: u8) -> Option<(u8, Point)> {
    let device = value.trim_start_matches('0').parse::<DeviceId>().ok();
    if let Some(device) = device {
        return device.as_str().parse().ok().map(|point| (0, point));
    }
    let is_zero = value.bytes().all(|digit| digit == b'0');
    // What should be a device id and is none is a number of the maker's own.
    let rank = if is_zero {
        RANK_ZEROS
    } else if rank == 0 {
        4
    } else {
        rank
    };
    value.parse().ok().map(|point| (rank, point))
}

/// A status word in the form of the FNN: eight or sixteen hexadecimal digits whose last two are 04.
fn fnn_status(value: &str) -> Option<u64> {
    let status = u64::from_str_radix(value, 16).ok().filter(|_| matches!(value.len(), 8 | 16))?;
    (status & 0xFF == 4).then_some(status)
}

#[cfg(test)]
mod tests {
    use super::Facts;
    use crate::datasets::DataSets;

    fn point(text: &str) -> Option<String> {
        let items: Vec<_> = DataSets::new(text).collect();
        Facts::of(&items).point().map(ToString::to_string)
    }

    #[test]
    fn the_best_of_several_numbers_names_the_meter() {
        assert_eq!(point("C.1.0(05939068)0.0.0(4711)").as_deref(), Some("4711"));
        assert_eq!(point("0.0.0(05939068)0.0.9(1EMH0005939068)").as_deref(), Some("1EMH0005939068"));
        assert_eq!(point("1-0:96.1.0*255(001LOG0065800041)").as_deref(), Some("1LOG0065800041"));
        assert_eq!(
            point("0-0:96.1.255*255(0000120120)1-0:0.0.0*255(1095100000071685)").as_deref(),
            Some("1095100000071685")
        );
        assert_eq!(point("0.0.0(00000000)C.1.0(4711)").as_deref(), Some("4711"));
        assert_eq!(point("0.0.0(00000000)").as_deref(), Some("00000000"));
        assert_eq!(point("1.8.0(1*kWh)C.1.0()"), None);
    }
}
