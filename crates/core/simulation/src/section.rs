//! What one meter, control area or station tells on one day: statements in whole numbers, in the order in which they are written.

use metrify_domain::time::SECOND;
use metrify_domain::{Channel, Document, Kind, Period, Point, Quality, Reading, Timestamp};

use crate::grid::{self, Area};
use crate::load::Counted;
use crate::measure::Measure;
use crate::noise::{Noise, between};
use crate::scene::{QUARTER_SECONDS, Scene};

/// What a statement is among those of its channel and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    True,
    /// The statement before, word for word.
    Repeated,
    /// Known at an instant, in seconds since 1970, and to be corrected.
    Provisional {
        known_at: i64,
    },
    Corrected {
        known_at: i64,
    },
}

impl Standing {
    pub(crate) const fn quality(self) -> Quality {
        match self {
            Self::True | Self::Repeated | Self::Corrected { .. } => Quality::True,
            Self::Provisional { .. } => Quality::Provisional,
        }
    }

    pub(crate) const fn known_at(self) -> Option<Timestamp> {
        match self {
            Self::True | Self::Repeated => None,
            Self::Provisional { known_at } | Self::Corrected { known_at } => Timestamp::from_seconds(known_at),
        }
    }
}

/// One reading before it is written. Times are seconds since 1970, the value counts the last place of its measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) value: i64,
    pub(crate) measure: Measure,
    pub(crate) standing: Standing,
}

impl Statement {
    /// An amount of a quarter-hour.
    pub(crate) const fn interval(measure: Measure, start: i64, value: i64) -> Self {
        Self { start, end: start + QUARTER_SECONDS, value, measure, standing: Standing::True }
    }

    /// A state or a value at an instant.
    pub(crate) const fn at(measure: Measure, at: i64, value: i64) -> Self {
        Self { start: at, end: at, value, measure, standing: Standing::True }
    }

    pub(crate) const fn with_standing(self, standing: Standing) -> Self {
        Self { standing, ..self }
    }

    /// `None` only beyond the range of instants and decimals, where no fleet reaches.
    pub(crate) fn reading(&self) -> Option<Reading> {
        let (start, end) = (Timestamp::from_seconds(self.start)?, Timestamp::from_seconds(self.end)?);
        let kind = self.measure.kind();
        let period = match kind {
            Kind::Interval => Period::interval(start, end)?,
            Kind::Register | Kind::Instant => Period::instant(start),
        };
        let value = self.measure.decimal(i128::from(self.value))?;
        let (unit, quality) = (self.measure.unit(), self.standing.quality());
        Some(Reading { kind, period, value: Some(value), unit, quality, method: None, reason: None })
    }

    pub(crate) fn document(&self) -> Document {
        Document { reference: String::new(), known_at: self.standing.known_at() }
    }
}

/// The statements of one point on one day.
#[derive(Debug, Default)]
pub(crate) struct Section {
    pub(crate) point: String,
    pub(crate) statements: Vec<Statement>,
}

impl Section {
    pub(crate) fn begin(&mut self, point: &str) {
        point.clone_into(&mut self.point);
        self.statements.clear();
    }

    /// The statements of one measure that follow each other.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (Measure, &[Statement])> {
        let runs = self.statements.chunk_by(|one, next| one.measure == next.measure);
        runs.filter_map(|run| run.first().map(|first| (first.measure, run)))
    }

    /// `None` where the point is none, which no name of a fleet is.
    pub(crate) fn channel(&self, measure: Measure) -> Option<Channel> {
        Some(Channel { point: self.point.parse::<Point>().ok()?, quantity: measure.quantity() })
    }
}

/// The amounts of a meter's day, import first.
pub(crate) fn amounts(scene: &Scene, counted: &Counted, feeds_in: bool, statements: &mut Vec<Statement>) {
    let mut tell = |measure, values: &[i64]| {
        let slots = values.iter().enumerate();
        statements.extend(slots.map(|(slot, value)| Statement::interval(measure, scene.slot_start(slot), *value)));
    };
    tell(Measure::Import, counted.import());
    if feeds_in {
        tell(Measure::Export, counted.export());
    }
}

/// The power at the end of each quarter-hour: near the mean over it.
pub(crate) fn powers(noise: Noise, scene: &Scene, counted: &Counted, statements: &mut Vec<Statement>) {
    let noise = noise.about(*b"power   ");
    let slots = counted.import().iter().zip(counted.export()).enumerate();
    statements.extend(slots.map(|(slot, (import, export))| {
        let at = scene.slot_start(slot + 1);
        let mean = 4 * (import - export);
        Statement::at(Measure::Power, at, mean * between(noise.at(at), 0, 900, 1_148) / 1_024)
    }));
}

/// The states of a meter's registers at an instant, in Wh.
pub(crate) fn registers(at: i64, states: [i64; 2], feeds_in: bool, statements: &mut Vec<Statement>) {
    let [import, export] = states;
    statements.push(Statement::at(Measure::ImportRegister, at, import));
    if feeds_in {
        statements.push(Statement::at(Measure::ExportRegister, at, export));
    }
}

/// Load and generation of a control area.
pub(crate) fn area(noise: Noise, area: Area, scene: &Scene, statements: &mut Vec<Statement>) {
    let quarters = grid::day(noise, area, scene);
    let mut tell = |measure, value: fn(&grid::Quarter) -> i64| {
        let slots = quarters.iter().enumerate();
        statements
            .extend(slots.map(|(slot, quarter)| Statement::interval(measure, scene.slot_start(slot), value(quarter))));
    };
    tell(Measure::Load, |quarter| quarter.load);
    tell(Measure::Photovoltaics, |quarter| quarter.photovoltaics);
    tell(Measure::WindOnshore, |quarter| quarter.wind_onshore);
}

/// Seconds between the readings of a weather station.
const TEN_MINUTES: i64 = 600;

/// The weather over a station, as the DWD gives it: the temperature of an instant, the radiation of the ten minutes before it
/// in J/cm², the mean wind of those ten minutes.
pub(crate) fn station(number: usize, scene: &Scene, statements: &mut Vec<Statement>) {
    let ends = || (1..).map(|count: i64| scene.start + count * TEN_MINUTES);
    let sky = scene.sky(number);
    statements.extend(
        ends()
            .zip(sky.ten_minutes())
            .map(|(end, air)| Statement::at(Measure::AirTemperature, end, tenths(air.temperature))),
    );
    statements.extend(ends().zip(sky.ten_minutes()).map(|(end, air)| {
        // W/m² over 600 s are 600 J/m², and 1 J/cm² is 10,000 J/m².
        let value = air.radiation * TEN_MINUTES / 1_000;
        Statement { end, ..Statement::interval(Measure::GlobalRadiation, end - TEN_MINUTES, value) }
    }));
    statements.extend(
        ends().zip(sky.ten_minutes()).map(|(end, air)| Statement::at(Measure::WindSpeed, end, tenths(air.wind))),
    );
}

const fn tenths(hundredths: i64) -> i64 {
    (hundredths + 5).div_euclid(10)
}

/// Seconds as an instant.
pub(crate) const fn instant(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * SECOND)
}
