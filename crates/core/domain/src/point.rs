//! Where something is measured: a metering point, a device, a control area, a weather station.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::identifier;

/// The identifier of a point as it stands in its source, at most 64 bytes, without white space at its ends and without control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point(Arc<str>);

/// Longest identifier of a point, in bytes. The longest of the trade, the metering point designation, has 33.
pub const POINT_BYTES_MAX: usize = 64;

/// What the shape and the check digit of an identifier say it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PointKind {
    /// Marktlokation (MaLo-ID), 11 digits with check digit; a Tranche has the same shape.
    MarketLocation,
    /// Messlokation (MeLo-ID), 33 characters.
    MeteringLocation,
    /// Netzlokation, steuerbare or technische Ressource (NeLo, SR, TR): a letter and ten characters.
    GridResource,
    /// A meter named by its device id (DIN 43863-5).
    Device,
    /// An EIC area or party (ENTSO-E).
    EnergyIdentificationCode,
    /// A control area or country by its plain name (`DE`, `TenneT`, `50Hertz`).
    Area,
    /// A weather station of the DWD.
    Station,
    /// Anything else: it is stored, and named as not recognised.
    Other,
}

impl PointKind {
    pub const ALL: [Self; 8] = [
        Self::MarketLocation,
        Self::MeteringLocation,
        Self::GridResource,
        Self::Device,
        Self::EnergyIdentificationCode,
        Self::Area,
        Self::Station,
        Self::Other,
    ];

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MarketLocation => "market_location",
            Self::MeteringLocation => "metering_location",
            Self::GridResource => "grid_resource",
            Self::Device => "device",
            Self::EnergyIdentificationCode => "eic",
            Self::Area => "area",
            Self::Station => "station",
            Self::Other => "other",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointError {
    #[error("the point is empty")]
    Empty,
    #[error("the point has more than {POINT_BYTES_MAX} bytes")]
    TooLong,
    #[error("the point holds a control character or white space at an end")]
    Unprintable,
}

impl Point {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The kind told by the identifier alone. Stations and areas are known by their decoder instead, since `01766` and `DE` could be anything.
    #[must_use]
    pub fn kind(&self) -> PointKind {
        identifier::kind_of(self.as_str())
    }
}

impl FromStr for Point {
    type Err = PointError;

    fn from_str(text: &str) -> Result<Self, PointError> {
        if text.is_empty() {
            return Err(PointError::Empty);
        }
        if text.len() > POINT_BYTES_MAX {
            return Err(PointError::TooLong);
        }
        if text.trim() != text || text.chars().any(char::is_control) {
            return Err(PointError::Unprintable);
        }
        Ok(Self(Arc::from(text)))
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
