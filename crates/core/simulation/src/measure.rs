//! What a fleet tells: the quantities with their kind, their unit and the places in which their values are counted.

use metrify_domain::decimal::SCALE;
use metrify_domain::{Decimal, Kind, ObisCode, Quantity, Unit};

/// A quantity of a meter, of a control area or of a weather station.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Measure {
    /// Lastgang of what the customer draws, a quarter-hour each.
    Import = 0,
    /// Lastgang of what the customer feeds in, a quarter-hour each.
    Export = 1,
    /// Zaehlerstand of what the customer drew.
    ImportRegister = 2,
    ExportRegister = 3,
    /// Power over all phases at an instant; negative while feeding in.
    Power = 4,
    Load = 5,
    Photovoltaics = 6,
    WindOnshore = 7,
    AirTemperature = 8,
    GlobalRadiation = 9,
    WindSpeed = 10,
}

impl Measure {
    pub const ALL: [Self; 11] = [
        Self::Import,
        Self::Export,
        Self::ImportRegister,
        Self::ExportRegister,
        Self::Power,
        Self::Load,
        Self::Photovoltaics,
        Self::WindOnshore,
        Self::AirTemperature,
        Self::GlobalRadiation,
        Self::WindSpeed,
    ];

    #[must_use]
    pub const fn quantity(self) -> Quantity {
        match self {
            Self::Import => Quantity::Obis(ObisCode::from_bytes([1, 0, 1, 29, 0, 255])),
            Self::Export => Quantity::Obis(ObisCode::from_bytes([1, 0, 2, 29, 0, 255])),
            Self::ImportRegister => Quantity::Obis(ObisCode::from_bytes([1, 0, 1, 8, 0, 255])),
            Self::ExportRegister => Quantity::Obis(ObisCode::from_bytes([1, 0, 2, 8, 0, 255])),
            Self::Power => Quantity::Obis(ObisCode::from_bytes([1, 0, 16, 7, 0, 255])),
            Self::Load => Quantity::named("load"),
            Self::Photovoltaics => Quantity::named("generation.photovoltaics"),
            Self::WindOnshore => Quantity::named("generation.wind_onshore"),
            Self::AirTemperature => Quantity::named("air_temperature"),
            Self::GlobalRadiation => Quantity::named("global_radiation"),
            Self::WindSpeed => Quantity::named("wind_speed"),
        }
    }

    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::ImportRegister | Self::ExportRegister => Kind::Register,
            Self::Power | Self::AirTemperature | Self::WindSpeed => Kind::Instant,
            Self::Import
            | Self::Export
            | Self::Load
            | Self::Photovoltaics
            | Self::WindOnshore
            | Self::GlobalRadiation => Kind::Interval,
        }
    }

    #[must_use]
    pub const fn unit(self) -> Unit {
        Unit::literal(self.unit_name())
    }

    /// The exact decimal that so many of the last place mean; `None` only beyond the range of decimals.
    pub(crate) const fn decimal(self, units: i128) -> Option<Decimal> {
        match units.checked_mul(10_i128.pow(SCALE - self.places())) {
            Some(units) => Decimal::from_units(units),
            None => None,
        }
    }

    const fn unit_name(self) -> &'static str {
        match self {
            Self::Import | Self::Export | Self::ImportRegister | Self::ExportRegister => "kWh",
            Self::Power => "W",
            Self::Load | Self::Photovoltaics | Self::WindOnshore => "MWh",
            Self::AirTemperature => "Cel",
            Self::GlobalRadiation => "J/cm2",
            Self::WindSpeed => "m/s",
        }
    }

    /// Digits after the point: energies of meters are counted in Wh, those of control areas in 10 kWh as SMARD gives them.
    #[must_use]
    pub const fn places(self) -> u32 {
        match self {
            Self::Import | Self::Export | Self::ImportRegister | Self::ExportRegister => 3,
            Self::Power => 0,
            Self::Load | Self::Photovoltaics | Self::WindOnshore => 2,
            Self::AirTemperature | Self::GlobalRadiation | Self::WindSpeed => 1,
        }
    }
}
