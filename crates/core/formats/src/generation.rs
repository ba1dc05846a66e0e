//! The kinds of generation, by one name each: what stands behind `generation.`, `capacity.` and `generation_forecast.`, and
//! behind `load.` where plants of the kind consume. Forecasts have families of their own, so that they are no versions of what
//! was measured.

pub(crate) const BIOMASS: &str = "biomass";
pub(crate) const LIGNITE: &str = "lignite";
pub(crate) const COAL_GAS: &str = "coal_gas";
pub(crate) const GAS: &str = "gas";
pub(crate) const HARD_COAL: &str = "hard_coal";
pub(crate) const OIL: &str = "oil";
pub(crate) const OIL_SHALE: &str = "oil_shale";
pub(crate) const PEAT: &str = "peat";
pub(crate) const GEOTHERMAL: &str = "geothermal";
/// Run of river and reservoirs together, as SMARD tells them.
pub(crate) const HYDRO: &str = "hydro";
pub(crate) const HYDRO_RUN_OF_RIVER: &str = "hydro_run_of_river";
pub(crate) const HYDRO_RESERVOIR: &str = "hydro_reservoir";
pub(crate) const PUMPED_STORAGE: &str = "pumped_storage";
pub(crate) const MARINE: &str = "marine";
pub(crate) const NUCLEAR: &str = "nuclear";
pub(crate) const PHOTOVOLTAICS: &str = "photovoltaics";
pub(crate) const WASTE: &str = "waste";
pub(crate) const WIND_OFFSHORE: &str = "wind_offshore";
pub(crate) const WIND_ONSHORE: &str = "wind_onshore";
pub(crate) const WIND_AND_PHOTOVOLTAICS: &str = "wind_and_photovoltaics";
pub(crate) const ENERGY_STORAGE: &str = "energy_storage";
pub(crate) const OTHER_RENEWABLE: &str = "other_renewable";
pub(crate) const OTHER_CONVENTIONAL: &str = "other_conventional";
/// What the sender gives no kind of its own.
pub(crate) const OTHER: &str = "other";
pub(crate) const TOTAL: &str = "total";

/// What stands behind the family of a forecast quantity: `generation_forecast.photovoltaics`, `load_forecast`.
const FORECAST: &str = "_forecast";

/// The quantity of what is forecast of another one.
pub(crate) fn forecast(quantity: &str) -> String {
    match quantity.split_once('.') {
        Some((family, kind)) => format!("{family}{FORECAST}.{kind}"),
        None => format!("{quantity}{FORECAST}"),
    }
}

pub(crate) fn is_forecast(quantity: &str) -> bool {
    quantity.split('.').next().is_some_and(|family| family.ends_with(FORECAST))
}

/// The kinds by the codes of ENTSO-E (psrType), with the code's own words.
pub(crate) const PSR_TYPES: &[(&str, &str, &str)] = &[
    ("B01", BIOMASS, "Biomass"),
    ("B02", LIGNITE, "Fossil Brown coal/Lignite"),
    ("B03", COAL_GAS, "Fossil Coal-derived gas"),
    ("B04", GAS, "Fossil Gas"),
    ("B05", HARD_COAL, "Fossil Hard coal"),
    ("B06", OIL, "Fossil Oil"),
    ("B07", OIL_SHALE, "Fossil Oil shale"),
    ("B08", PEAT, "Fossil Peat"),
    ("B09", GEOTHERMAL, "Geothermal"),
    ("B10", PUMPED_STORAGE, "Hydro Pumped Storage"),
    ("B11", HYDRO_RUN_OF_RIVER, "Hydro Run-of-river and poundage"),
    ("B12", HYDRO_RESERVOIR, "Hydro Water Reservoir"),
    ("B13", MARINE, "Marine"),
    ("B14", NUCLEAR, "Nuclear"),
    ("B15", OTHER_RENEWABLE, "Other renewable"),
    ("B16", PHOTOVOLTAICS, "Solar"),
    ("B17", WASTE, "Waste"),
    ("B18", WIND_OFFSHORE, "Wind Offshore"),
    ("B19", WIND_ONSHORE, "Wind Onshore"),
    ("B20", OTHER, "Other"),
    ("B25", ENERGY_STORAGE, "Energy storage"),
];
