//! The series that SMARD offers, by the names of their columns in German and English.

use metrify_domain::Unit;

use crate::generation;
use crate::page::Table;

/// What a column can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Offered as measured and as forecast values under one name.
    Either,
    Measured,
    Forecast,
    /// `Pumpspeicher`: consumption beside a load, generation beside another kind of generation.
    PumpedStorage,
    /// `Gesamt` and `Sonstige`: a sum of forecast generation, beside a kind of generation.
    Sum,
    Price,
}

/// Which language a name belongs to; several are the same in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    German,
    English,
    Both,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Series {
    german: &'static str,
    english: &'static str,
    pub(super) family: Family,
    /// Behind `generation.` and `capacity.` for the kinds of generation, else the whole name; for a price its area.
    pub(super) name: &'static str,
}

const fn series(german: &'static str, english: &'static str, family: Family, name: &'static str) -> Series {
    Series { german, english, family, name }
}

const LOADS: &[Series] = &[
    series("gesamt (netzlast)", "total (grid load)", Family::Either, "load"),
    series("netzlast", "grid load", Family::Either, "load"),
    series("residuallast", "residual load", Family::Either, "residual_load"),
    series(
        "netzlast inkl. pumpspeicher",
        "grid load incl. hydro pumped storage",
        Family::Measured,
        "load.with_pumped_storage",
    ),
];

const GENERATION: &[Series] = &[
    series("biomasse", "biomass", Family::Measured, generation::BIOMASS),
    series("wasserkraft", "hydropower", Family::Measured, generation::HYDRO),
    series("wind offshore", "wind offshore", Family::Either, generation::WIND_OFFSHORE),
    series("wind onshore", "wind onshore", Family::Either, generation::WIND_ONSHORE),
    series("photovoltaik", "photovoltaics", Family::Either, generation::PHOTOVOLTAICS),
    series("sonstige erneuerbare", "other renewable", Family::Measured, generation::OTHER_RENEWABLE),
    series("kernenergie", "nuclear", Family::Measured, generation::NUCLEAR),
    series("braunkohle", "lignite", Family::Measured, generation::LIGNITE),
    series("steinkohle", "hard coal", Family::Measured, generation::HARD_COAL),
    series("erdgas", "fossil gas", Family::Measured, generation::GAS),
    series("pumpspeicher", "hydro pumped storage", Family::PumpedStorage, generation::PUMPED_STORAGE),
    series("sonstige konventionelle", "other conventional", Family::Measured, generation::OTHER_CONVENTIONAL),
    series("gesamt", "total", Family::Sum, generation::TOTAL),
    series("photovoltaik und wind", "photovoltaics and wind", Family::Forecast, generation::WIND_AND_PHOTOVOLTAICS),
    series("sonstige", "other", Family::Sum, generation::OTHER),
];

/// Bidding zones, by the codes the market uses.
const PRICES: &[Series] = &[
    series("deutschland/luxemburg", "germany/luxembourg", Family::Price, "DE-LU"),
    series("de/at/lu", "de/at/lu", Family::Price, "DE-AT-LU"),
    series("belgien", "belgium", Family::Price, "BE"),
    series("dänemark 1", "denmark 1", Family::Price, "DK1"),
    series("dänemark 2", "denmark 2", Family::Price, "DK2"),
    series("frankreich", "france", Family::Price, "FR"),
    series("italien (nord)", "northern italy", Family::Price, "IT-NORTH"),
    series("niederlande", "netherlands", Family::Price, "NL"),
    series("norwegen 2", "norway 2", Family::Price, "NO2"),
    series("österreich", "austria", Family::Price, "AT"),
    series("polen", "poland", Family::Price, "PL"),
    series("schweden 4", "sweden 4", Family::Price, "SE4"),
    series("schweiz", "switzerland", Family::Price, "CH"),
    series("slowenien", "slovenia", Family::Price, "SI"),
    series("tschechien", "czech republic", Family::Price, "CZ"),
    series("ungarn", "hungary", Family::Price, "HU"),
];

/// For the page: the series of loads and generation, and the prices.
pub(super) fn tables() -> Vec<Table> {
    let row = |series: &Series, quantity: String, told: &str| {
        vec![series.german.to_owned(), series.english.to_owned(), format!("`{quantity}`"), told.to_owned()]
    };
    let told = |family: Family| match family {
        Family::Either => "measured or forecast",
        Family::Measured => "measured",
        Family::Forecast => "forecast",
        Family::PumpedStorage => "beside a load as `load.pumped_storage`",
        Family::Sum => "forecast, beside kinds of generation",
        Family::Price => "",
    };
    let loads = LOADS.iter().map(|series| row(series, series.name.to_owned(), told(series.family)));
    let generation =
        GENERATION.iter().map(|series| row(series, format!("generation.{}", series.name), told(series.family)));
    let price =
        |series: &Series| vec![series.german.to_owned(), series.english.to_owned(), format!("`{}`", series.name)];
    vec![
        Table {
            name: "series",
            columns: &["German", "English", "quantity", "values"],
            rows: loads.chain(generation).collect(),
        },
        Table {
            name: "prices",
            columns: &["German", "English", "bidding zone"],
            rows: PRICES.iter().map(price).collect(),
        },
    ]
}

/// A column name taken apart: `Gesamt (Netzlast) [MWh] Originalauflösungen`.
#[derive(Clone, Debug)]
pub(super) struct Name {
    /// In lower case, without unit and resolution.
    series: String,
    pub(super) unit: Unit,
    /// The name itself says `Prognostizierte`.
    pub(super) forecast: bool,
}

impl Name {
    /// `None` where the name has no unit in brackets.
    pub(super) fn read(column: &str) -> Option<Self> {
        let (series, rest) = column.split_once('[')?;
        let (unit, _) = rest.split_once(']')?;
        let unit = Unit::new(&unit.trim().replace('€', "EUR"))?;
        let series = series.trim().to_lowercase();
        let forecasts = ["prognostizierte ", "prognostizierter ", "forecasted ", "forecast "];
        let bare = forecasts.iter().find_map(|word| series.strip_prefix(word));
        Some(Self { series: bare.unwrap_or(&series).to_owned(), unit, forecast: bare.is_some() })
    }

    /// The series of that name and unit, and the language of the name.
    pub(super) fn find(&self) -> Option<(&'static Series, Language)> {
        let tables: &[&[Series]] = match self.unit.as_str() {
            "MWh" => &[LOADS, GENERATION],
            "MW" => &[GENERATION],
            "EUR/MWh" => &[PRICES],
            _ => &[],
        };
        tables.iter().copied().flatten().find_map(|series| {
            let language = match (self.series == series.german, self.series == series.english) {
                (true, true) => Language::Both,
                (true, false) => Language::German,
                (false, true) => Language::English,
                (false, false) => return None,
            };
            Some((series, language))
        })
    }

    /// Installed capacity instead of energy.
    pub(super) fn is_capacity(&self) -> bool {
        self.unit.as_str() == "MW"
    }

    /// The average price of the zones around Germany, whose name begins with a sign that not every encoding has.
    pub(super) fn is_neighbours_price(&self) -> bool {
        let neighbours = ["anrainer de/lu", "de/lu neighbours"];
        self.unit.as_str() == "EUR/MWh" && neighbours.iter().any(|name| self.series.ends_with(name))
    }
}

impl Series {
    pub(super) fn is_load(&self) -> bool {
        self.name.contains("load")
    }
}
