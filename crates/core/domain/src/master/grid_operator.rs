//! Operators of grids (Netzbetreiber): of the transmission grid, and of the distribution grids below it.

use std::fmt;
use std::str::FromStr;

use crate::identifier::{EicCode, EicType, PartnerId};
use crate::master::{Label, Status, TransmissionOperator};
use crate::{Point, PointKind};

/// What is told of an operator of a grid.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GridOperator {
    pub id: OperatorId,
    pub name: Label,
    pub kind: OperatorKind,
    /// Its code number of the BDEW or the DVGW, or its GLN.
    pub partner: Option<PartnerId>,
    /// The control area (Regelzone) that it runs, or that its grid lies in.
    pub area: Option<Label>,
    /// The code of that area at ENTSO-E.
    pub eic: Option<EicCode>,
    pub status: Status,
}

/// Which grid somebody operates.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum OperatorKind {
    /// Uebertragungsnetzbetreiber: high voltage, with a control area.
    Transmission,
    /// Verteilnetzbetreiber: what customers are connected to.
    Distribution,
}

impl OperatorKind {
    pub const ALL: [Self; 2] = [Self::Transmission, Self::Distribution];

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transmission => "transmission",
            Self::Distribution => "distribution",
        }
    }
}

impl GridOperator {
    /// As everybody knows it. `None` for no operator there is: a test holds that.
    #[must_use]
    pub fn of_transmission(operator: TransmissionOperator) -> Option<Self> {
        Some(Self {
            id: operator.id().parse().ok()?,
            name: operator.name().parse().ok()?,
            kind: OperatorKind::Transmission,
            partner: None,
            area: operator.name().parse().ok(),
            eic: operator.eic().parse().ok(),
            status: Status::Active,
        })
    }

    /// The area that readings of its grid are told of: where it runs one, and what it is called names an area. Of any other name nothing is
    /// read as a grid's: it could be that of a meter.
    #[must_use]
    pub fn control_area(&self) -> Option<Point> {
        let area: Point = self.area.as_ref()?.as_str().parse().ok()?;
        let is_area = match area.kind() {
            PointKind::Area => true,
            PointKind::EnergyIdentificationCode => {
                area.as_str().parse().is_ok_and(|eic: EicCode| eic.eic_type() == EicType::Area)
            }
            PointKind::MarketLocation
            | PointKind::MeteringLocation
            | PointKind::GridResource
            | PointKind::Device
            | PointKind::Station
            | PointKind::Other => false,
        };
        (self.kind == OperatorKind::Transmission && is_area).then_some(area)
    }
}

/// What an operator is called in paths: 1 to 40 lower-case letters, digits and `-`, none of the last at an end.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OperatorId(String);

const LETTERS_MAX: usize = 40;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no id of a grid operator (1 to {LETTERS_MAX} lower-case letters, digits and `-`, with a letter or digit at both ends)"
)]
pub struct OperatorIdError(String);

impl OperatorId {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OperatorId {
    type Err = OperatorIdError;

    fn from_str(id: &str) -> Result<Self, OperatorIdError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let has_length = (1..=LETTERS_MAX).contains(&id.len());
        if has_length && id.bytes().all(allowed) && !id.starts_with('-') && !id.ends_with('-') {
            Ok(Self(id.to_owned()))
        } else {
            Err(OperatorIdError(id.chars().take(60).collect()))
        }
    }
}

impl fmt::Display for OperatorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_transmission_operator_is_one_of_its_own_area() {
        for operator in TransmissionOperator::ALL {
            let told = GridOperator::of_transmission(operator).expect("an operator");
            assert_eq!(told.id.as_str(), operator.id());
            assert_eq!(told.eic.map(|eic| eic.to_string()).as_deref(), Some(operator.eic()));
            assert_eq!(told.control_area().map(|area| area.to_string()).as_deref(), Some(operator.name()));
        }
    }

    #[test]
    fn no_meter_is_read_under_the_name_of_an_area() {
        let tennet = GridOperator::of_transmission(TransmissionOperator::Tennet).expect("an operator");
        for (area, read) in [
            ("AT", true),
            ("10YAT-APG------L", true),
            ("12XBKW-HANDEL--X", false),
            ("50120962218", false),
            ("DE00056266802AO6G56M11SN51G21M24S", false),
            ("1EMH0010599732", false),
            ("meter 7", false),
        ] {
            let operator = GridOperator { area: area.parse().ok(), ..tennet.clone() };
            assert_eq!(operator.control_area().is_some(), read, "{area}");
            let below = GridOperator { kind: OperatorKind::Distribution, ..operator };
            assert_eq!(below.control_area(), None, "{area}");
        }
    }

    #[test]
    fn an_id_goes_into_a_path_as_it_is() {
        for good in ["tennet", "50hertz", "e-dis", "a", &"x".repeat(40)] {
            assert_eq!(good.parse::<OperatorId>().map(|id| id.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "TenneT", "-a", "a-", "a b", "a/b", "ä", ".", &"x".repeat(41)] {
            assert!(bad.parse::<OperatorId>().is_err(), "{bad:?}");
        }
    }
}
