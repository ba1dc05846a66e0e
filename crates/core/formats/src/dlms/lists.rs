//! Lists that leave out what their values mean: those known by the position of their values, and those whose values have
//! codes, but neither scaler nor unit.
//!
//! Each is as its maker or grid operator describes it. A list that is none of these is not guessed at.

use metrify_domain::ObisCode;

use super::clock;
use super::data::Value;
use crate::page::Table;
use crate::units;

/// What stands at one position of a list.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slot {
    /// The name of the list, which begins so.
    Version(&'static str),
    Number,
    Model,
    Clock,
    TimeOfDay,
    Date,
    /// The name of the push itself.
    Push,
    Empty,
    /// A number: groups C and D of its code, which is `1-0:C.D.0`, and its scaler.
    Measured(u8, u8, i8),
}

/// A list that is known by its positions.
#[derive(Debug)]
pub(super) struct Positions {
    pub name: &'static str,
    pub slots: &'static [Slot],
}

use Slot::{Clock, Date, Empty, Measured, Model, Number, Push, TimeOfDay, Version};

const KAIFA: Slot = Version("KFM_");
// Registers and powers, in Wh, varh, W and var.
const A1: Slot = Measured(1, 8, 0);
const A2: Slot = Measured(2, 8, 0);
const A3: Slot = Measured(3, 8, 0);
const A4: Slot = Measured(4, 8, 0);
const P1: Slot = Measured(1, 7, 0);
const P2: Slot = Measured(2, 7, 0);
const P3: Slot = Measured(3, 7, 0);
const P4: Slot = Measured(4, 7, 0);
// Currents of Kaifa in milliamperes, its voltages in tenths of a volt.
const I1: Slot = Measured(31, 7, -3);
const I2: Slot = Measured(51, 7, -3);
const I3: Slot = Measured(71, 7, -3);
const U1: Slot = Measured(32, 7, -1);
const U2: Slot = Measured(52, 7, -1);
const U3: Slot = Measured(72, 7, -1);

pub(super) const POSITIONS: [Positions; 9] = [
    Positions { name: "Kaifa, Norway, list 1", slots: &[P1] },
    Positions { name: "Kaifa, Norway, list 2, one phase", slots: &[KAIFA, Number, Model, P1, P2, P3, P4, I1, U1] },
    Positions {
        name: "Kaifa, Norway, list 2, three phases",
        slots: &[KAIFA, Number, Model, P1, P2, P3, P4, I1, I2, I3, U1, U2, U3],
    },
    Positions {
        name: "Kaifa, Norway, list 3, one phase",
        slots: &[KAIFA, Number, Model, P1, P2, P3, P4, I1, U1, Clock, A1, A2, A3, A4],
    },
    Positions {
        name: "Kaifa, Norway, list 3, three phases",
        slots: &[KAIFA, Number, Model, P1, P2, P3, P4, I1, I2, I3, U1, U2, U3, Clock, A1, A2, A3, A4],
    },
    Positions {
        name: "Iskraemeco AM550 and Landis+Gyr E450, Wiener Netze",
        slots: &[Clock, A1, A2, A3, A4, P1, P2, P3, P4],
    },
    Positions { name: "Siemens IM350, Wiener Netze", slots: &[Number, Clock, A1, A2, A3, A4, P1, P2, P3, P4] },
    Positions {
        name: "Iskraemeco AM550 and Siemens IM350, Kaernten Netz",
        slots: &[Push, Number, TimeOfDay, Date, A1, A2, A3, A4, P1, P2, Empty, Empty],
    },
    Positions { name: "Siemens IM350, Wels Strom", slots: &[Push, Number, TimeOfDay, Date, A1, A2, A3, A4, P1, P2] },
];

impl Slot {
    fn fits(self, value: &Value<'_>) -> bool {
        match (self, value) {
            (Version(name), Value::Octets(bytes) | Value::Text(bytes)) => bytes.starts_with(name.as_bytes()),
            (Number, Value::Octets(bytes) | Value::Text(bytes)) => is_number(bytes),
            (Model, Value::Octets(bytes) | Value::Text(bytes)) => bytes.is_ascii(),
            (Clock, Value::Octets(bytes)) => bytes.len() == clock::BYTES,
            (TimeOfDay, Value::Octets(bytes)) => bytes.len() == 4,
            (Date, Value::Octets(bytes)) => bytes.len() == 5,
            (Push, Value::Octets(bytes)) => matches!(bytes, [0, _, 25, 9, 0, _]),
            (Empty, Value::Octets(bytes)) => bytes.is_empty(),
            (Measured(..), Value::Integer(_)) => true,
            _ => false,
        }
    }
}

/// Whether a text may be a meter's number: digits and letters.
pub(super) fn is_number(bytes: &[u8]) -> bool {
    (4..=32).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_alphanumeric)
}

/// The list that these values make by their positions.
pub(super) fn by_position(values: &[Value<'_>], typed_time: bool) -> Option<&'static Positions> {
    POSITIONS.iter().find(|list| {
        // One number alone may be anything; what tells Kaifa's is how it writes the time before it.
        (typed_time || list.slots.len() > 1)
            && list.slots.len() == values.len()
            && list.slots.iter().zip(values).all(|(slot, value)| slot.fits(value))
    })
}

/// The code of a value that only its position names.
pub(super) const fn code(function: u8, processing: u8) -> ObisCode {
    ObisCode::from_bytes([1, 0, function, processing, 0, 255])
}

/// The scalers of a list whose values have codes alone; units are those of the codes (Wh, varh, W, var, A, V).
#[derive(Debug)]
pub(super) struct Scales {
    pub name: &'static str,
    power: i8,
    energy: i8,
    current: i8,
    voltage: i8,
}

pub(super) static KAIFA_SCALES: Scales =
    Scales { name: "Kaifa (list `KFM_...`)", power: 0, energy: 0, current: -3, voltage: -1 };
pub(super) static KAMSTRUP_SCALES: Scales =
    Scales { name: "Kamstrup (list `Kamstrup_V...`)", power: 0, energy: 1, current: -2, voltage: 0 };
pub(super) static KAMSTRUP_TRANSFORMER_SCALES: Scales = Scales {
    name: "Kamstrup behind current transformers (type `685...`)",
    power: 0,
    energy: 1,
    current: -3,
    voltage: 0,
};
pub(super) static E450_SCALES: Scales = Scales {
    name: "Landis+Gyr E450 (system title `4c475a67...`, or HDLC from 1 to 103/127)",
    power: 0,
    energy: 0,
    current: -2,
    voltage: 0,
};

impl Scales {
    /// The scales of a list by its name, with the type of its meter.
    pub(super) fn of_version(version: &[u8], model: Option<&[u8]>) -> Option<&'static Self> {
        if version.starts_with(b"KFM_") {
            Some(&KAIFA_SCALES)
        } else if !version.starts_with(b"Kamstrup_V") {
            None
        } else if model.is_some_and(|model| model.starts_with(b"685")) {
            Some(&KAMSTRUP_TRANSFORMER_SCALES)
        } else {
            Some(&KAMSTRUP_SCALES)
        }
    }

    /// Scaler and unit of a code; `None` for what the list is not known to hold.
    pub(super) fn scale(&self, code: ObisCode) -> Option<(i8, u8)> {
        let [_, _, _, processing, ..] = code.groups();
        let scaler = match (code.electric_function()?, processing) {
            (1..=10 | 15 | 16, 7) => self.power,
            (1..=10 | 15 | 16, 8) => self.energy,
            (11, 7) => self.current,
            (12, 7) => self.voltage,
            _ => return None,
        };
        Some((scaler, units::natural(code)))
    }
}

pub(super) fn tables() -> Vec<Table> {
    let positions = POSITIONS.iter().map(|list| {
        let slots: Vec<String> = list.slots.iter().map(|slot| word(*slot)).collect();
        vec![list.name.to_owned(), slots.join(", ")]
    });
    let scales = [&KAIFA_SCALES, &KAMSTRUP_SCALES, &KAMSTRUP_TRANSFORMER_SCALES, &E450_SCALES];
    let scales = scales.into_iter().map(|list| {
        let scalers = [list.power, list.energy, list.current, list.voltage];
        let steps = scalers.into_iter().zip(["W, var, VA", "Wh, varh, VAh", "A", "V"]);
        let steps = steps.map(|(scaler, units)| step(scaler, units));
        std::iter::once(list.name.to_owned()).chain(steps).collect()
    });
    vec![
        Table { name: "positions", columns: &["list", "its values"], rows: positions.collect() },
        Table {
            name: "scales",
            columns: &["list", "powers", "registers", "currents", "voltages"],
            rows: scales.collect(),
        },
    ]
}

fn word(slot: Slot) -> String {
    match slot {
        Version(name) => format!("`{name}...`"),
        Number => "number".to_owned(),
        Model => "type".to_owned(),
        Clock => "date and time".to_owned(),
        TimeOfDay => "time of day".to_owned(),
        Date => "date".to_owned(),
        Push => "name of the push".to_owned(),
        Empty => "nothing".to_owned(),
        Measured(function, processing, scaler) => {
            let code = code(function, processing);
            let unit = units::unit(units::natural(code));
            format!("`{code}` ({})", step(scaler, unit.as_str()))
        }
    }
}

fn step(scaler: i8, unit: &str) -> String {
    if scaler == 0 { unit.to_owned() } else { format!("10^{scaler} {unit}") }
}
