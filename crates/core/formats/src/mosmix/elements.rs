//! The elements of MOSMIX: what each one forecasts, in which unit, and over which time. Units stay as they come.
//!
//! After DWD's list of elements (MetElementDefinition, MOSMIX-Elemente). An element "within the last N hours" is an interval of
//! N hours that ends at its step, be it a sum, an extreme or a probability; an element without such words is an instant.
//! Sums over other times than the hour have the hours in their names, since one channel must not hold overlapping amounts.
//! What stands behind a point says how the forecast speaks of the quantity: `.probability` of what the name tells, `.error`
//! that it expects of itself.

use metrify_domain::time::HOUR;
use metrify_domain::{Kind, Period, Quantity, Timestamp, Unit};

use crate::page::Table;

/// What an element forecasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) quantity: Quantity,
    pub(super) unit: Unit,
    over: Over,
}

/// The time that a value holds over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    /// The moment of the step.
    Instant,
    /// Hours before the step.
    Hours(i64),
    /// The day before that of the step: DWD says "yesterday's total". A day of UTC is meant here; the list does not say \[verify\].
    Yesterday,
}

impl Element {
    pub(super) const fn kind(&self) -> Kind {
        match self.over {
            Over::Instant => Kind::Instant,
            Over::Hours(_) | Over::Yesterday => Kind::Interval,
        }
    }

    /// Whether all steps of a day speak of one and the same day.
    pub(super) fn is_of_a_day(&self) -> bool {
        self.over == Over::Yesterday
    }

    /// `None` where time does not reach so far back.
    pub(super) fn period(&self, step: Timestamp) -> Option<Period> {
        match self.over {
            Over::Instant => Some(Period::instant(step)),
            Over::Hours(hours) => Period::interval(step.plus(-hours * HOUR)?, step),
            Over::Yesterday => {
                let midnight = Timestamp::midnight(step.utc()?.date());
                Period::interval(midnight.plus(-24 * HOUR)?, midnight)
            }
        }
    }

    /// An element that the table lacks: a value at its step, in a unit that nobody told.
    ///
    /// `None` where its name makes no quantity.
    pub(super) fn unknown(name: &str) -> Option<Self> {
        let quantity = format!("mosmix.{}", name.to_ascii_lowercase()).parse().ok()?;
        Some(Self { quantity, unit: Unit::literal("unknown"), over: Over::Instant })
    }
}

/// The element of this name; `None` where the table lacks it.
pub(super) fn element(name: &str) -> Option<&'static Element> {
    ELEMENTS.iter().find(|(known, _)| *known == name).map(|(_, element)| element)
}

const fn instant(name: &'static str, quantity: &'static str, unit: &'static str) -> (&'static str, Element) {
    (name, Element { quantity: Quantity::named(quantity), unit: Unit::literal(unit), over: Over::Instant })
}

const fn over(hours: i64, name: &'static str, quantity: &'static str, unit: &'static str) -> (&'static str, Element) {
    (name, Element { quantity: Quantity::named(quantity), unit: Unit::literal(unit), over: Over::Hours(hours) })
}

const fn yesterday(name: &'static str, quantity: &'static str, unit: &'static str) -> (&'static str, Element) {
    (name, Element { quantity: Quantity::named(quantity), unit: Unit::literal(unit), over: Over::Yesterday })
}

#[rustfmt::skip] // A table is read by its columns.
const ELEMENTS: &[(&str, Element)] = &[
    instant("TTT", "air_temperature", "K"),
    instant("Td", "dew_point", "K"),
    instant("T5cm", "air_temperature_ground", "K"),
    instant("T_2M", "air_temperature_model", "K"),
    over(12, "TX", "air_temperature_max", "K"),
    over(12, "TN", "air_temperature_min", "K"),
    over(12, "TG", "air_temperature_ground_min", "K"),
    over(24, "TM", "air_temperature_mean", "K"),
    instant("PPPP", "air_pressure_sea_level", "Pa"),
    instant("DD", "wind_direction", "deg"),
    instant("FF", "wind_speed", "m/s"),
    over(1, "FX1", "wind_gust", "m/s"),
    over(3, "FX3", "wind_gust_3h", "m/s"),
    over(12, "FXh", "wind_gust_12h", "m/s"),
    over(6, "FX625", "wind_gust_25kn_6h.probability", "%"),
    over(6, "FX640", "wind_gust_40kn_6h.probability", "%"),
    over(6, "FX655", "wind_gust_55kn_6h.probability", "%"),
    over(12, "FXh25", "wind_gust_25kn_12h.probability", "%"),
    over(12, "FXh40", "wind_gust_40kn_12h.probability", "%"),
    over(12, "FXh55", "wind_gust_55kn_12h.probability", "%"),
    // The absolute errors that the forecast expects of itself.
    instant("E_TTT", "air_temperature.error", "K"),
    instant("E_Td", "dew_point.error", "K"),
    instant("E_PPP", "air_pressure_sea_level.error", "Pa"),
    instant("E_DD", "wind_direction.error", "deg"),
    instant("E_FF", "wind_speed.error", "m/s"),
    instant("N", "cloud_cover", "%"),
    instant("Neff", "cloud_cover_effective", "%"),
    instant("Nlm", "cloud_cover_below_7km", "%"),
    instant("Nh", "cloud_cover_high", "%"),
    instant("Nm", "cloud_cover_mid", "%"),
    instant("Nl", "cloud_cover_low", "%"),
    instant("N05", "cloud_cover_below_500ft", "%"),
    instant("H_BsC", "cloud_base_convective", "m"),
    instant("VV", "visibility", "m"),
    instant("VV10", "visibility_below_1km.probability", "%"),
    over(1, "Rad1h", "global_radiation", "kJ/m2"),
    // Of what a clear sky would give.
    over(1, "RRad1", "global_radiation_relative", "%"),
    over(3, "RadS3", "shortwave_radiation_balance_3h", "kJ/m2"),
    over(3, "RadL3", "longwave_radiation_balance_3h", "kJ/m2"),
    over(1, "SunD1", "sunshine_duration", "s"),
    over(3, "SunD3", "sunshine_duration_3h", "s"),
    yesterday("SunD", "sunshine_duration_day", "s"),
    over(24, "RSunD", "sunshine_relative_24h", "%"),
    over(24, "PSd00", "sunshine_over_0_percent_24h.probability", "%"),
    over(24, "PSd30", "sunshine_over_30_percent_24h.probability", "%"),
    over(24, "PSd60", "sunshine_over_60_percent_24h.probability", "%"),
    over(24, "PEvap", "evapotranspiration_24h", "kg/m2"),
    // Amounts that agree with the significant weather (c), and those that need not.
    over(1, "RR1c", "precipitation", "kg/m2"),
    over(3, "RR3c", "precipitation_3h", "kg/m2"),
    over(6, "RR6c", "precipitation_6h", "kg/m2"),
    over(12, "RRhc", "precipitation_12h", "kg/m2"),
    over(24, "RRdc", "precipitation_24h", "kg/m2"),
    over(1, "RRL1c", "precipitation_liquid", "kg/m2"),
    over(1, "RRS1c", "snow_rain_equivalent", "kg/m2"),
    over(3, "RRS3c", "snow_rain_equivalent_3h", "kg/m2"),
    over(1, "RR1", "precipitation_unadjusted", "kg/m2"),
    over(3, "RR3", "precipitation_unadjusted_3h", "kg/m2"),
    over(6, "RR6", "precipitation_unadjusted_6h", "kg/m2"),
    over(12, "RRh", "precipitation_unadjusted_12h", "kg/m2"),
    over(24, "RRd", "precipitation_unadjusted_24h", "kg/m2"),
    over(1, "DRR1", "precipitation_duration", "s"),
    over(1, "R101", "precipitation_over_0_1mm_1h.probability", "%"),
    over(1, "R102", "precipitation_over_0_2mm_1h.probability", "%"),
    over(1, "R103", "precipitation_over_0_3mm_1h.probability", "%"),
    over(1, "R105", "precipitation_over_0_5mm_1h.probability", "%"),
    over(1, "R107", "precipitation_over_0_7mm_1h.probability", "%"),
    over(1, "R110", "precipitation_over_1mm_1h.probability", "%"),
    over(1, "R120", "precipitation_over_2mm_1h.probability", "%"),
    over(1, "R130", "precipitation_over_3mm_1h.probability", "%"),
    over(1, "R150", "precipitation_over_5mm_1h.probability", "%"),
    over(1, "RR1o1", "precipitation_over_10mm_1h.probability", "%"),
    over(1, "RR1w1", "precipitation_over_15mm_1h.probability", "%"),
    over(1, "RR1u1", "precipitation_over_25mm_1h.probability", "%"),
    over(6, "R600", "precipitation_over_0mm_6h.probability", "%"),
    over(6, "R602", "precipitation_over_0_2mm_6h.probability", "%"),
    over(6, "R610", "precipitation_over_1mm_6h.probability", "%"),
    over(6, "R650", "precipitation_over_5mm_6h.probability", "%"),
    over(12, "Rh00", "precipitation_over_0mm_12h.probability", "%"),
    over(12, "Rh02", "precipitation_over_0_2mm_12h.probability", "%"),
    over(12, "Rh10", "precipitation_over_1mm_12h.probability", "%"),
    over(12, "Rh50", "precipitation_over_5mm_12h.probability", "%"),
    over(24, "Rd00", "precipitation_over_0mm_24h.probability", "%"),
    over(24, "Rd02", "precipitation_over_0_2mm_24h.probability", "%"),
    over(24, "Rd10", "precipitation_over_1mm_24h.probability", "%"),
    over(24, "Rd50", "precipitation_over_5mm_24h.probability", "%"),
    // Codes of the weather (WMO 4677 and 4561), numbers without a unit.
    instant("ww", "weather_code", "1"),
    over(3, "ww3", "weather_code_3h", "1"),
    over(6, "W1W2", "weather_code_past_6h", "1"),
    over(1, "WPc11", "weather_code_optional_1h", "1"),
    over(3, "WPc31", "weather_code_optional_3h", "1"),
    over(6, "WPc61", "weather_code_optional_6h", "1"),
    over(12, "WPch1", "weather_code_optional_12h", "1"),
    over(24, "WPcd1", "weather_code_optional_24h", "1"),
    over(1, "wwP", "precipitation_1h.probability", "%"),
    over(6, "wwP6", "precipitation_6h.probability", "%"),
    over(12, "wwPh", "precipitation_12h.probability", "%"),
    over(24, "wwPd", "precipitation_24h.probability", "%"),
    over(1, "wwM", "fog_1h.probability", "%"),
    over(6, "wwM6", "fog_6h.probability", "%"),
    over(12, "wwMh", "fog_12h.probability", "%"),
    over(24, "wwMd", "fog_24h.probability", "%"),
    over(1, "wwZ", "drizzle_1h.probability", "%"),
    over(6, "wwZ6", "drizzle_6h.probability", "%"),
    over(12, "wwZh", "drizzle_12h.probability", "%"),
    over(1, "wwD", "precipitation_stratiform_1h.probability", "%"),
    over(6, "wwD6", "precipitation_stratiform_6h.probability", "%"),
    over(12, "wwDh", "precipitation_stratiform_12h.probability", "%"),
    over(1, "wwC", "precipitation_convective_1h.probability", "%"),
    over(6, "wwC6", "precipitation_convective_6h.probability", "%"),
    over(12, "wwCh", "precipitation_convective_12h.probability", "%"),
    over(1, "wwL", "precipitation_liquid_1h.probability", "%"),
    over(6, "wwL6", "precipitation_liquid_6h.probability", "%"),
    over(12, "wwLh", "precipitation_liquid_12h.probability", "%"),
    over(1, "wwS", "precipitation_solid_1h.probability", "%"),
    over(6, "wwS6", "precipitation_solid_6h.probability", "%"),
    over(12, "wwSh", "precipitation_solid_12h.probability", "%"),
    over(1, "wwF", "freezing_rain_1h.probability", "%"),
    over(6, "wwF6", "freezing_rain_6h.probability", "%"),
    over(12, "wwFh", "freezing_rain_12h.probability", "%"),
    over(1, "wwT", "thunderstorm_1h.probability", "%"),
    over(6, "wwT6", "thunderstorm_6h.probability", "%"),
    over(12, "wwTh", "thunderstorm_12h.probability", "%"),
    over(24, "wwTd", "thunderstorm_24h.probability", "%"),
];

pub(super) fn table() -> Table {
    let rows = ELEMENTS.iter().map(|(name, element)| {
        let over = match element.over {
            Over::Instant => "-".to_owned(),
            Over::Hours(hours) => format!("{hours} h"),
            Over::Yesterday => "the day before".to_owned(),
        };
        vec![format!("`{name}`"), format!("`{}`", element.quantity), format!("`{}`", element.unit), over]
    });
    Table { name: "elements", columns: &["element", "quantity", "unit", "over"], rows: rows.collect() }
}

#[cfg(test)]
mod tests {
    use super::ELEMENTS;
    use metrify_domain::Quantity;

    #[test]
    fn every_element_has_one_row_and_a_valid_quantity_of_its_own() {
        let mut names: Vec<_> = ELEMENTS.iter().map(|(name, _)| *name).collect();
        let mut quantities: Vec<_> = ELEMENTS.iter().map(|(_, element)| element.quantity.to_string()).collect();
        for (quantity, (_, element)) in quantities.iter().zip(ELEMENTS) {
            assert_eq!(quantity.parse::<Quantity>(), Ok(element.quantity));
        }
        names.sort_unstable();
        quantities.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
        assert!(quantities.windows(2).all(|pair| pair[0] != pair[1]), "{quantities:?}");
    }
}
