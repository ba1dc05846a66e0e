//! What a reading type measures: the OBIS code of its quantity, and whether its values are amounts, states or powers.
//!
//! ESPI tells a quantity by its unit, its direction, how it accumulates and its phase. Only electricity has codes of OBIS for all
//! of them; values of other commodities are told as lost.

use metrify_domain::time::HOUR;
use metrify_domain::{Kind, ObisCode, Period, Quantity, Unit};

use crate::dates::shown;
use crate::espi;
use crate::kind::{ADVANCE, LOAD_CURVE, STATE};
use crate::page::Table;

/// Codes of `uom` by what they measure.
const ACTIVE: [&str; 2] = ["72", "38"];
const REACTIVE: [&str; 2] = ["73", "63"];
const APPARENT: [&str; 2] = ["71", "61"];
const ENERGIES: [&str; 3] = ["72", "73", "71"];
/// Voltage, current, frequency and power factor have one code each (group C).
const OTHERS: [(&str, u8); 4] = [("29", 12), ("5", 11), ("33", 14), ("65", 13)];

/// Group C by the direction of the flow, for active, reactive and apparent energy; 0 where there is none.
const FLOWS: &[(&str, &str, [u8; 3])] = &[
    ("", "not told: forward", [1, 3, 9]),
    ("0", "none: forward", [1, 3, 9]),
    ("1", "forward", [1, 3, 9]),
    ("4", "net", [16, 0, 0]),
    ("5", "quadrants 1 and 2", [0, 3, 0]),
    ("8", "quadrants 1 and 4", [1, 0, 0]),
    ("10", "quadrants 2 and 3", [2, 0, 0]),
    ("13", "quadrants 3 and 4", [0, 4, 0]),
    ("15", "quadrant 1", [0, 5, 0]),
    ("16", "quadrant 2", [0, 6, 0]),
    ("17", "quadrant 3", [0, 7, 0]),
    ("18", "quadrant 4", [0, 8, 0]),
    ("19", "reverse", [2, 4, 10]),
    ("20", "total", [15, 0, 0]),
];

/// What is added to group C: for all phases together, and for a single one, with and without neutral. The two legs of a split phase
/// are its lines 1 and 2.
const PHASES: &[(&[&str], &str, u8)] = &[
    (&["", "0", "224", "225", "768", "769", "784"], "not told, ABC, S12", 0),
    (&["128", "129", "512", "513", "528"], "A, S1", 20),
    (&["64", "65", "256", "257", "272"], "B, S2", 40),
    (&["32", "33"], "C", 60),
];
/// The neutral conductor, and group C of its current.
const NEUTRAL: &str = "16";
const CURRENT: u8 = 11;
const CURRENT_OF_NEUTRAL: u8 = 91;

/// The kind of what is counted.
const ENERGY: &str = "12";

/// The shortest day, in microseconds: that of the change to summer time.
const DAY_MIN: i64 = 23 * HOUR;

/// What else tells series apart, and has no code.
const WITHOUT_CODE: [&str; 3] = ["argument", "cpp", "interharmonic"];

/// A reading type as it stands.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadingType {
    texts: [String; NAMES.len()],
}

const NAMES: [&str; 15] = [
    "accumulationBehaviour",
    "argument",
    "commodity",
    "consumptionTier",
    "cpp",
    "dataQualifier",
    "defaultQuality",
    "flowDirection",
    "interharmonic",
    "intervalLength",
    "kind",
    "phase",
    "powerOfTenMultiplier",
    "tou",
    "uom",
];

/// What every value of a reading type has in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Series {
    code: ObisCode,
    pub(super) kind: Kind,
    pub(super) unit: Unit,
    pub(super) exponent: i32,
    /// Of values that tell no time of their own.
    pub(super) interval_s: Option<u32>,
    pub(super) quality: Option<u16>,
}

impl Series {
    /// What a value of this period is of. The amount of a day or longer is energy over a period, no part of the load curve: a usage
    /// point that tells both would count its energy twice.
    pub(super) fn quantity(&self, period: Period) -> Quantity {
        let [a, b, c, d, e, f] = self.code.groups();
        let is_long = period.end().micros() - period.start().micros() >= DAY_MIN;
        let d = if d == LOAD_CURVE && is_long { ADVANCE } else { d };
        Quantity::Obis(ObisCode::from_bytes([a, b, c, d, e, f]))
    }
}

impl ReadingType {
    pub(super) fn read(&mut self, name: &str, text: &str) {
        // The older schema spells the accumulation so.
        let name = if name == "accumulationBehavior" { NAMES[0] } else { name };
        if let Some(slot) = NAMES.iter().position(|known| *known == name).and_then(|index| self.texts.get_mut(index)) {
            *slot = text.chars().take(20).collect();
        }
    }

    fn text(&self, name: &str) -> &str {
        let index = NAMES.iter().position(|known| *known == name);
        index.and_then(|index| self.texts.get(index)).map_or("", String::as_str)
    }

    /// As XML.
    pub(super) fn written(&self) -> String {
        let told = NAMES.iter().zip(&self.texts).filter(|(_, text)| !text.is_empty());
        let texts: String =
            told.map(|(name, text)| format!("<{name}>{}</{name}>", quick_xml::escape::escape(text.as_str()))).collect();
        format!("<ReadingType xmlns=\"{}\">{texts}</ReadingType>", super::NAMESPACE)
    }

    /// # Errors
    /// Where no code of OBIS names the quantity, in words.
    pub(super) fn series(&self) -> Result<Series, String> {
        let commodity = self.text("commodity");
        if !matches!(commodity, "" | "0" | "1" | "2") {
            return Err(format!(
                "values of commodity {} are not read: electricity alone has its codes",
                shown(commodity)
            ));
        }
        // Energy has no harmonics, whatever stands there: example files have numbers everywhere.
        let is_energy = self.text("kind") == ENERGY;
        let is_nothing = |name: &str| matches!(self.text(name), "" | "0") || (is_energy && name != "cpp");
        if let Some(name) = WITHOUT_CODE.into_iter().find(|name| !is_nothing(name)) {
            return Err(format!("the {name} {} has no code", shown(self.text(name))));
        }
        let uom = self.text("uom");
        let number = |name: &str| match self.text(name) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| format!("the {name} `{}` is no number", shown(text))),
        };
        let exponent: Option<i16> = match self.text("powerOfTenMultiplier") {
            "" => None,
            text => Some(text.parse().map_err(|_| format!("`{}` is no power of ten", shown(text)))?),
        };
        let (processing, kind) = self.processing(uom)?;
        let code = ObisCode::from_bytes([1, 0, self.function(uom)?, processing, self.tariff()?, 255]);
        Ok(Series {
            code,
            kind,
            unit: uom.parse().ok().and_then(espi::unit).ok_or_else(|| format!("`{}` is no unit (uom)", shown(uom)))?,
            exponent: exponent.unwrap_or(0).into(),
            interval_s: number("intervalLength")?,
            quality: number("defaultQuality")?.and_then(|code| u16::try_from(code).ok()),
        })
    }

    /// Group C.
    fn function(&self, uom: &str) -> Result<u8, String> {
        let (flow, phase) = (self.text("flowDirection"), self.text("phase"));
        let row = FLOWS.iter().find(|(code, ..)| *code == flow).map(|(.., functions)| functions);
        let sorts = [ACTIVE, REACTIVE, APPARENT];
        let function = match OTHERS.iter().find(|(code, _)| *code == uom) {
            Some((_, function)) => *function,
            None => {
                let sort = sorts.iter().position(|sort| sort.contains(&uom));
                let sort = sort.ok_or_else(|| format!("the unit (uom) {} has no code", shown(uom)))?;
                row.and_then(|functions| functions.get(sort)).copied().unwrap_or(0)
            }
        };
        if function == 0 {
            return Err(format!(
                "the direction (flowDirection) {} has no code with the unit (uom) {}",
                shown(flow),
                shown(uom)
            ));
        }
        if (function, phase) == (CURRENT, NEUTRAL) {
            return Ok(CURRENT_OF_NEUTRAL);
        }
        let added = PHASES.iter().find(|(codes, ..)| codes.contains(&phase)).map(|(.., added)| function + added);
        added.ok_or_else(|| format!("the phase {} has no code with the unit (uom) {}", shown(phase), shown(uom)))
    }

    /// Group D, and what kind of value it makes.
    fn processing(&self, uom: &str) -> Result<(u8, Kind), String> {
        let (accumulation, qualifier) = (self.text("accumulationBehaviour"), self.text("dataQualifier"));
        let unknown = || {
            format!(
                "accumulation {} with qualifier {} has no code with the unit (uom) {}",
                shown(accumulation),
                shown(qualifier),
                shown(uom)
            )
        };
        match (ENERGIES.contains(&uom), accumulation, qualifier) {
            (true, "" | "0" | "4", "" | "0" | "12" | "26") => Ok((LOAD_CURVE, Kind::Interval)),
            (true, "1" | "14", "" | "0" | "12") => Ok((STATE, Kind::Register)),
            (false, "6" | "12", "" | "0" | "12") => Ok((7, Kind::Instant)),
            (false, "" | "0" | "4", "" | "0" | "2" | "12") => Ok((5, Kind::Interval)),
            (false, "" | "0" | "4" | "6" | "12", "8") => Ok((6, Kind::Interval)),
            (false, "" | "0" | "4" | "6" | "12", "9") => Ok((3, Kind::Interval)),
            _ => Err(unknown()),
        }
    }

    /// Group E: the tier, or the time of use, to which all values belong.
    fn tariff(&self) -> Result<u8, String> {
        let told =
            [self.text("tou"), self.text("consumptionTier")].map(|text| if text.is_empty() { "0" } else { text });
        match told {
            [tariff, "0"] | ["0", tariff] => tariff
                .parse()
                .ok()
                .filter(|tariff| *tariff < 64)
                .ok_or_else(|| format!("`{}` is no tariff", shown(tariff))),
            [tou, tier] => Err(format!("time of use {} within tier {} has no code", shown(tou), shown(tier))),
        }
    }
}

pub(super) fn tables() -> Vec<Table> {
    vec![directions(), phases()]
}

fn phases() -> Table {
    let rows = PHASES.iter().map(|(codes, words, added)| {
        let codes: Vec<String> =
            codes.iter().map(|code| if code.is_empty() { "-".into() } else { format!("`{code}`") }).collect();
        vec![codes.join(", "), (*words).to_owned(), added.to_string()]
    });
    let neutral = [format!("`{NEUTRAL}`"), "N".to_owned(), format!("a current alone: `1-0:{CURRENT_OF_NEUTRAL}`")];
    let rows = rows.chain([neutral.to_vec()]).collect();
    Table { name: "phases", columns: &["phase", "what", "added to group C"], rows }
}

fn directions() -> Table {
    let code = |function: u8| if function == 0 { "-".to_owned() } else { format!("`1-0:{function}`") };
    let rows = FLOWS.iter().map(|(flow, words, functions)| {
        let name = if flow.is_empty() { "-".to_owned() } else { format!("`{flow}`") };
        [name, (*words).to_owned()].into_iter().chain(functions.map(code)).collect()
    });
    let columns = &["flowDirection", "what", "active (W, Wh)", "reactive (var, varh)", "apparent (VA, VAh)"];
    Table { name: "directions", columns, rows: rows.collect() }
}

#[cfg(test)]
mod tests {
    use super::ReadingType;

    fn series(told: &[(&str, &str)]) -> String {
        let mut reading_type = ReadingType::default();
        told.iter().for_each(|(name, text)| reading_type.read(name, text));
        match reading_type.series() {
            Ok(series) => format!("{} {} {}", series.code, series.kind, series.unit),
            Err(reason) => reason,
        }
    }

    #[test]
    fn a_reading_type_has_the_code_of_its_quantity() {
        for (told, expected) in [
            (&[("uom", "72"), ("flowDirection", "1"), ("accumulationBehaviour", "4")][..], "1-0:1.29.0 interval Wh"),
            (&[("uom", "72"), ("flowDirection", "19"), ("accumulationBehaviour", "1")], "1-0:2.8.0 register Wh"),
            (&[("uom", "72"), ("flowDirection", "4"), ("tou", "2")], "1-0:16.29.2 interval Wh"),
            (&[("uom", "73"), ("flowDirection", "15")], "1-0:5.29.0 interval varh"),
            (&[("uom", "38"), ("accumulationBehaviour", "12")], "1-0:1.7.0 instant W"),
            (&[("uom", "38"), ("dataQualifier", "8")], "1-0:1.6.0 interval W"),
            (&[("uom", "29"), ("accumulationBehaviour", "12"), ("phase", "64")], "1-0:52.7.0 instant V"),
            (&[("uom", "72"), ("cpp", "0"), ("argument", "0")], "1-0:1.29.0 interval Wh"),
            (&[("uom", "72"), ("cpp", "2")], "the cpp 2 has no code"),
            (&[("uom", "72"), ("interharmonic", "3")], "the interharmonic 3 has no code"),
            (&[("uom", "72"), ("phase", "512")], "1-0:21.29.0 interval Wh"),
            (&[("uom", "72"), ("phase", "256")], "1-0:41.29.0 interval Wh"),
            (&[("uom", "72"), ("phase", "768")], "1-0:1.29.0 interval Wh"),
            (&[("uom", "5"), ("accumulationBehaviour", "12"), ("phase", "16")], "1-0:91.7.0 instant A"),
            (
                &[("uom", "29"), ("accumulationBehaviour", "12"), ("phase", "132")],
                "the phase 132 has no code with the unit (uom) 29",
            ),
            (
                &[("uom", "72"), ("commodity", "7")],
                "values of commodity 7 are not read: electricity alone has its codes",
            ),
            (
                &[("uom", "72"), ("flowDirection", "7")],
                "the direction (flowDirection) 7 has no code with the unit (uom) 72",
            ),
            (&[("uom", "169")], "the unit (uom) 169 has no code"),
            (
                &[("uom", "72"), ("accumulationBehaviour", "3")],
                "accumulation 3 with qualifier  has no code with the unit (uom) 72",
            ),
            (&[("uom", "72"), ("tou", "1"), ("consumptionTier", "2")], "time of use 1 within tier 2 has no code"),
        ] {
            assert_eq!(series(told), expected, "{told:?}");
        }
    }
}
