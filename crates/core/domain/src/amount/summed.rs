//! Days whose amounts are settled by what they come to, so that nobody has to look at each of them: nearly all.

use super::{Amount, Fate, Flow, LARGEST, Rank};
use crate::obis::ObisCode;
use crate::quality::Quality;
use crate::reading::Period;
use crate::time::HOUR;
use crate::unit::Unit;

/// Longer than any local day, whatever clocks do.
const LONGER: i64 = 26 * HOUR;

/// What the amounts of a channel, a unit and a quality that begin on a local day come to; times in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summed {
    pub code: ObisCode,
    pub unit: Unit,
    pub quality: Quality,
    pub readings: i64,
    /// Sum, smallest and largest of their values in 10^-15 of the unit of the trade; `None` where they are missing, or have no place.
    pub values: Option<[i128; 3]>,
    /// When the last one ends.
    pub last_end: i64,
    pub shortest: i64,
    pub longest: i64,
    /// The smallest and the largest of their phases: what is left of the start where it is divided by the length.
    pub phases: [i64; 2],
}

/// What becomes of the amounts of a code and unit on a local day: how many there are, and what counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    pub code: ObisCode,
    pub unit: Unit,
    pub readings: i64,
    pub missing: i64,
    pub faulty: i64,
    pub unmeasured: i64,
    pub overlapping: i64,
    pub overlong: i64,
    pub too_large: i64,
    /// Sum, smallest and largest of what counts, in 10^-15 of the unit.
    pub values: Option<[i128; 3]>,
}

impl Tally {
    const fn of(code: ObisCode, unit: Unit) -> Self {
        Self {
            code,
            unit,
            readings: 0,
            missing: 0,
            faulty: 0,
            unmeasured: 0,
            overlapping: 0,
            overlong: 0,
            too_large: 0,
            values: None,
        }
    }

    fn add(&mut self, fate: Fate, readings: i64, values: Option<[i128; 3]>) {
        self.readings += readings;
        match fate {
            Fate::Counted => {
                self.values = match (self.values, values) {
                    (Some([sum, least, most]), Some([more, smallest, largest])) => {
                        Some([sum + more, least.min(smallest), most.max(largest)])
                    }
                    (own, other) => own.or(other),
                }
            }
            Fate::Missing => self.missing += readings,
            Fate::Faulty => self.faulty += readings,
            Fate::Unmeasured => self.unmeasured += readings,
            Fate::Overlapping => self.overlapping += readings,
            Fate::Overlong => self.overlong += readings,
            Fate::TooLarge => self.too_large += readings,
        }
    }
}

/// What becomes of settled amounts, by code and unit.
pub fn tallies<'a>(settled: impl Iterator<Item = (&'a Amount, Fate)>) -> Vec<Tally> {
    gathered(settled.map(|(amount, fate)| {
        let values = amount.value.map(|value| [value; 3]);
        ((amount.code, amount.unit), fate, 1, values)
    }))
}

type Part = ((ObisCode, Unit), Fate, i64, Option<[i128; 3]>);

fn gathered(parts: impl Iterator<Item = Part>) -> Vec<Tally> {
    let mut tallies: Vec<Tally> = Vec::new();
    for ((code, unit), fate, readings, values) in parts {
        let place = tallies.iter().position(|tally| (tally.code, tally.unit) == (code, unit)).unwrap_or(tallies.len());
        if place == tallies.len() {
            tallies.push(Tally::of(code, unit));
        }
        tallies[place].add(fate, readings, values);
    }
    tallies
}

/// Which amounts of a flow count, of those that might.
#[derive(Clone, Copy)]
enum Counting {
    All,
    /// Those of this code, which leaves no time to any other.
    Only(ObisCode),
}

impl Summed {
    /// What becomes of the amounts that begin on a local day, where what they come to tells it: where no two of them can overlap, or one code
    /// covers the day. `None` where each has to be looked at.
    #[must_use]
    pub fn settled(day: Period, rows: &[Self]) -> Option<Vec<Tally>> {
        let flow = |row: &Self| (Flow::of(row.code), row.unit);
        let mut known: Vec<((Flow, Unit), Counting)> = Vec::new();
        let mut parts = Vec::with_capacity(rows.len());
        for row in rows {
            let mut fate = row.alone();
            if fate == Fate::Counted {
                let counting = match known.iter().find(|(of, _)| *of == flow(row)) {
                    Some((_, counting)) => *counting,
                    None => {
                        let might = |other: &&Self| flow(other) == flow(row) && other.alone() == Fate::Counted;
                        let own: Vec<&Self> = rows.iter().filter(might).collect();
                        let counting = counting(day, &own)?;
                        known.push((flow(row), counting));
                        counting
                    }
                };
                fate = match counting {
                    Counting::Only(code) if code != row.code => Fate::Overlapping,
                    Counting::All | Counting::Only(_) => Fate::Counted,
                };
            }
            parts.push(((row.code, row.unit), fate, row.readings, row.values));
        }
        Some(gathered(parts.into_iter()))
    }

    /// What becomes of them where nothing else is told; those that might count may be longer than a day or too large, one by one.
    const fn alone(&self) -> Fate {
        match Fate::of(self.quality) {
            Fate::Counted if self.shortest > LONGER => Fate::Overlong,
            fate => fate,
        }
    }

    fn is_plain(&self, day: Period) -> bool {
        let fits = |[_, least, most]: [i128; 3]| least >= -LARGEST && most <= LARGEST;
        self.values.is_some_and(fits) && self.last_end <= day.end().micros() && self.shortest > 0
    }
}

fn counting(day: Period, own: &[&Summed]) -> Option<Counting> {
    if !own.iter().all(|row| row.is_plain(day)) {
        return None;
    }
    let mut codes: Vec<(Rank, ObisCode)> = own.iter().map(|row| (Rank::of(row.code), row.code)).collect();
    codes.sort_unstable();
    codes.dedup();
    let &(first, _) = codes.first()?;
    if codes.iter().all(|(rank, _)| *rank == first) {
        return codes.iter().all(|(_, code)| raster(own, *code).is_some()).then_some(Counting::All);
    }
    let whole = day.end().micros() - day.start().micros();
    for (rank, code) in codes {
        // What tariffs cover together is not told.
        let (length, readings) = raster(own, code).filter(|_| !rank.is_of_tariffs())?;
        if length * readings == whole {
            return Some(Counting::Only(code));
        }
    }
    None
}

/// The length of the periods of a code, and how many there are, where they are of one raster: no two of those overlap.
fn raster(own: &[&Summed], code: ObisCode) -> Option<(i64, i64)> {
    let mut rows = own.iter().filter(|row| row.code == code);
    let first = rows.next()?;
    let [length, phase] = [first.shortest, first.phases[0]];
    let is_of_raster = |row: &Summed| row.shortest == length && row.longest == length && row.phases == [phase; 2];
    let mut readings = first.readings;
    for row in rows {
        readings += row.readings;
        if !is_of_raster(row) {
            return None;
        }
    }
    is_of_raster(first).then_some((length, readings))
}
