//! SMARD's numbers for its series (`filter` in the address of a chart), and what each one is.

use metrify_domain::{Quality, Quantity, Unit};

use crate::generation;
use crate::page::Table;

/// What the values of a chart are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meaning {
    pub(super) quantity: Quantity,
    pub(super) unit: Unit,
    pub(super) quality: Quality,
    /// The zone that a series of prices is for.
    pub(super) area: Option<&'static str>,
}

/// A series: its number, quantity, quality, and for a price its zone.
struct Filter(u32, &'static str, Quality, Option<&'static str>);

const fn measured(number: u32, quantity: &'static str) -> Filter {
    Filter(number, quantity, Quality::True, None)
}

const fn forecast(number: u32, quantity: &'static str) -> Filter {
    Filter(number, quantity, Quality::Forecast, None)
}

const fn price(number: u32, area: &'static str) -> Filter {
    Filter(number, "price.day_ahead", Quality::True, Some(area))
}

/// After the description of the interface by bundesAPI (smard-api), which calls 257 and 258 both Poland; 258 is left out.
const FILTERS: &[Filter] = &[
    measured(410, "load"),
    measured(4359, "residual_load"),
    measured(4387, "load.pumped_storage"),
    measured(1223, "generation.lignite"),
    measured(1224, "generation.nuclear"),
    measured(1225, "generation.wind_offshore"),
    measured(1226, "generation.hydro"),
    measured(1227, "generation.other_conventional"),
    measured(1228, "generation.other_renewable"),
    measured(4066, "generation.biomass"),
    measured(4067, "generation.wind_onshore"),
    measured(4068, "generation.photovoltaics"),
    measured(4069, "generation.hard_coal"),
    measured(4070, "generation.pumped_storage"),
    measured(4071, "generation.gas"),
    forecast(122, "generation_forecast.total"),
    forecast(123, "generation_forecast.wind_onshore"),
    forecast(125, "generation_forecast.photovoltaics"),
    forecast(715, "generation_forecast.other"),
    forecast(3791, "generation_forecast.wind_offshore"),
    forecast(5097, "generation_forecast.wind_and_photovoltaics"),
    price(4169, "DE-LU"),
    Filter(5078, "price.day_ahead_neighbours", Quality::True, Some("DE-LU")),
    price(252, "DK1"),
    price(253, "DK2"),
    price(254, "FR"),
    price(255, "IT-NORTH"),
    price(256, "NL"),
    price(257, "PL"),
    price(259, "CH"),
    price(260, "SI"),
    price(261, "CZ"),
    price(262, "HU"),
    price(4170, "AT"),
    price(4996, "BE"),
    price(4997, "NO2"),
];

/// What stands before the number of a series in a quantity.
const NUMBERED: &str = "smard.";

/// What a caller means by a quantity: that quantity, or the series of that number. `None` where SMARD has none such.
pub(super) fn meaning(quantity: Quantity) -> Option<Meaning> {
    let name = quantity.to_string();
    let (quantity, quality, area) = match name.strip_prefix(NUMBERED) {
        None if generation::is_forecast(&name) => (quantity, Quality::Forecast, None),
        None => (quantity, Quality::True, None),
        Some(number) => {
            let number: u32 = number.parse().ok()?;
            let Filter(_, quantity, quality, area) = FILTERS.iter().find(|filter| filter.0 == number)?;
            (quantity.parse().ok()?, *quality, *area)
        }
    };
    let named = matches!(quantity, Quantity::Named(_));
    let unit = quantity.default_unit().filter(|unit| named && matches!(unit.as_str(), "MWh" | "EUR/MWh"))?;
    Some(Meaning { quantity, unit, quality, area })
}

pub(super) fn table() -> Table {
    let rows = FILTERS.iter().map(|Filter(number, quantity, quality, area)| {
        vec![
            format!("`{NUMBERED}{number}`"),
            format!("`{quantity}`"),
            quality.to_string(),
            area.unwrap_or("`--area`, else `DE`").to_owned(),
        ]
    });
    Table { name: "filters", columns: &["`--quantity`", "quantity", "quality", "area"], rows: rows.collect() }
}

#[cfg(test)]
mod tests {
    use super::{FILTERS, meaning};
    use metrify_domain::Quantity;

    #[test]
    fn every_number_stands_once_and_has_a_quantity_with_a_unit() {
        let mut numbers: Vec<u32> = FILTERS.iter().map(|filter| filter.0).collect();
        for number in &numbers {
            let quantity: Quantity = format!("smard.{number}").parse().expect("a name");
            assert!(meaning(quantity).is_some(), "{number}");
        }
        numbers.sort_unstable();
        assert!(numbers.windows(2).all(|pair| pair[0] != pair[1]), "{numbers:?}");
    }
}
