//! What the application handbook allows in each application that is written.

use std::fmt;

use metrify_domain::{Kind, ObisCode, PointKind};

/// The medium of electricity (OBIS group A).
pub(super) const ELECTRICITY: u8 = 1;
/// Values of one line at most (SG10).
pub(super) const VALUES_MAX: usize = 9_999;

/// An application of MSCONS that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Application {
    /// 13017: register readings of a Messlokation at the beginning of a day.
    RegisterReading,
    /// 13018: the load curve of a Messlokation or Netzlokation.
    LoadCurve,
    /// 13019: amounts of a Marktlokation between beginnings of days, or of a Messlokation that were ordered.
    Energy,
    /// 13025: the load curve of a Marktlokation or Tranche.
    MarketLocationLoadCurve,
}

/// What tells the applications apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) pruefidentifikator: &'static str,
    /// UNB DE0026.
    pub(super) reference: &'static str,
    /// BGM DE1001.
    pub(super) document: &'static str,
    pub(super) points: &'static [PointKind],
    pub(super) kind: Kind,
    /// The group D of the OBIS codes.
    pub(super) processing: u8,
    pub(super) is_curve: bool,
    /// Whether provisional values are sent.
    pub(super) provisional: bool,
    /// Whether a substitute must have its method and reason.
    pub(super) explained: bool,
}

impl Application {
    pub const ALL: [Self; 4] = [Self::RegisterReading, Self::LoadCurve, Self::Energy, Self::MarketLocationLoadCurve];

    /// Whether values of this quantity and kind can stand in it, by what its OBIS code says of them.
    #[must_use]
    pub fn takes(self, quantity: ObisCode, kind: Kind) -> bool {
        let rules = self.rules();
        let [medium, _, _, processing, ..] = quantity.groups();
        (medium, processing, kind) == (ELECTRICITY, rules.processing, rules.kind)
    }

    pub(super) const fn rules(self) -> Rules {
        let curve = Rules {
            pruefidentifikator: "13018",
            reference: "TL",
            document: "7",
            points: &[PointKind::MeteringLocation, PointKind::GridResource],
            kind: Kind::Interval,
            processing: 29,
            is_curve: true,
            provisional: true,
            explained: true,
        };
        match self {
            Self::LoadCurve => curve,
            Self::MarketLocationLoadCurve => {
                Rules { pruefidentifikator: "13025", document: "Z48", points: &[PointKind::MarketLocation], ..curve }
            }
            Self::RegisterReading => Rules {
                pruefidentifikator: "13017",
                reference: "VL",
                points: &[PointKind::MeteringLocation],
                kind: Kind::Register,
                processing: 8,
                is_curve: false,
                provisional: false,
                ..curve
            },
            Self::Energy => Rules {
                pruefidentifikator: "13019",
                reference: "EM",
                points: &[PointKind::MarketLocation, PointKind::MeteringLocation],
                processing: 9,
                is_curve: false,
                provisional: false,
                explained: false,
                ..curve
            },
        }
    }
}

impl fmt::Display for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rules().pruefidentifikator)
    }
}
