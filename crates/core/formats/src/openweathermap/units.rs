//! The units of a reply. A caller asks for `standard`, `metric` or `imperial`, and no reply but the summary of a day says which.
//!
//! The temperatures tell: above 150 they are Kelvin, between 60 and 150 Fahrenheit, since no air has such degrees Celsius. What is
//! below is taken as metric and told of once; an imperial reply from a cold place cannot be told from a metric one. Pressures,
//! amounts and visibility are in hPa, mm and m whatever was asked for.

use metrify_domain::{Decimal, Unit};

use crate::page::Table;

/// What a caller can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum System {
    Standard,
    Metric,
    Imperial,
}

/// Kelvin are above, everything else is below.
const KELVIN_MIN: i64 = 150;
/// No air has so many degrees Celsius.
const CELSIUS_MAX: i64 = 60;

impl System {
    const ALL: [Self; 3] = [Self::Standard, Self::Metric, Self::Imperial];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Metric => "metric",
            Self::Imperial => "imperial",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|system| system.name() == name)
    }

    pub(super) const fn temperature(self) -> Unit {
        Unit::literal(match self {
            Self::Standard => "K",
            Self::Metric => "Cel",
            Self::Imperial => "[degF]",
        })
    }

    pub(super) const fn speed(self) -> Unit {
        Unit::literal(match self {
            Self::Standard | Self::Metric => "m/s",
            Self::Imperial => "[mi_i]/h",
        })
    }
}

/// What the temperatures of a reply tell.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    kelvin: bool,
    fahrenheit: bool,
    /// At most [`CELSIUS_MAX`].
    low: bool,
}

impl Evidence {
    pub(super) fn take(&mut self, temperature: Decimal) {
        if temperature > Decimal::from(KELVIN_MIN) {
            self.kelvin = true;
        } else if temperature > Decimal::from(CELSIUS_MAX) {
            self.fahrenheit = true;
        } else {
            self.low = true;
        }
    }

    /// The units, and whether they are proven.
    ///
    /// # Errors
    /// Where some temperatures can only be Kelvin and others cannot.
    pub(super) const fn system(&self) -> Result<(System, bool), &'static str> {
        match (self.kelvin, self.fahrenheit, self.low) {
            (true, true, _) | (true, _, true) => Err("some temperatures are Kelvin and others are not"),
            (true, false, false) => Ok((System::Standard, true)),
            (false, true, _) => Ok((System::Imperial, true)),
            (false, false, true) => Ok((System::Metric, false)),
            // Without a temperature only the wind has a unit that depends; it is the same for standard and metric.
            (false, false, false) => Ok((System::Standard, false)),
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        !(self.kelvin || self.fahrenheit || self.low)
    }
}

pub(super) fn table() -> Table {
    let told = |system| match system {
        System::Standard => format!("above {KELVIN_MIN}"),
        System::Metric => format!("at most {CELSIUS_MAX}, taken as such"),
        System::Imperial => format!("above {CELSIUS_MAX}, at most {KELVIN_MIN}"),
    };
    let rows = System::ALL.map(|system| {
        let units = [system.temperature(), system.speed()].map(|unit| format!("`{unit}`"));
        [vec![format!("`{}`", system.name()), told(system)], units.to_vec()].concat()
    });
    Table {
        name: "units",
        columns: &["`units`", "temperatures in the reply", "temperature", "speed"],
        rows: rows.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::Evidence;

    #[test]
    fn temperatures_tell_the_units() {
        for (temperatures, expected) in [
            (&["281.5", "274"][..], Ok(("standard", true))),
            (&["7.5", "-3"], Ok(("metric", false))),
            (&["60"], Ok(("metric", false))),
            (&["55", "60.5"], Ok(("imperial", true))),
            (&["281.5", "7.5"], Err("some temperatures are Kelvin and others are not")),
            (&[], Ok(("standard", false))),
        ] {
            let mut evidence = Evidence::default();
            temperatures.iter().for_each(|text| evidence.take(text.parse().expect("a number")));
            let told = evidence.system().map(|(system, proven)| (system.name(), proven));
            assert_eq!(told, expected, "{temperatures:?}");
            assert_eq!(evidence.is_empty(), temperatures.is_empty());
        }
    }
}
