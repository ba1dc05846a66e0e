//! The operators of the German transmission grid (Uebertragungsnetzbetreiber), each with a control area (Regelzone).

/// There are four of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TransmissionOperator {
    FiftyHertz,
    Amprion,
    Tennet,
    TransnetBw,
}

impl TransmissionOperator {
    pub const ALL: [Self; 4] = [Self::FiftyHertz, Self::Amprion, Self::Tennet, Self::TransnetBw];

    /// In lower-case letters and digits.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::FiftyHertz => "50hertz",
            Self::Amprion => "amprion",
            Self::Tennet => "tennet",
            Self::TransnetBw => "transnetbw",
        }
    }

    /// Its name, by which its control area goes, too.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FiftyHertz => "50Hertz",
            Self::Amprion => "Amprion",
            Self::Tennet => "TenneT",
            Self::TransnetBw => "TransnetBW",
        }
    }

    /// The code of its control area at ENTSO-E.
    #[must_use]
    pub const fn eic(self) -> &'static str {
        match self {
            Self::FiftyHertz => "10YDE-VE-------2",
            Self::Amprion => "10YDE-RWENET---I",
            Self::Tennet => "10YDE-EON------1",
            Self::TransnetBw => "10YDE-ENBW-----N",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identifier::EicCode;

    #[test]
    fn their_codes_have_the_right_check_character() {
        for operator in TransmissionOperator::ALL {
            assert!(operator.eic().parse::<EicCode>().is_ok(), "{operator:?}");
        }
    }
}
