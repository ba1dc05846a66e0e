//! Weather stations of the DWD and the weather over them, which heat pumps, photovoltaics and wind parks follow.
//!
//! Fronts pass from west to east over all stations and leave each with some weather of its own. The sun follows UTC, the
//! latitude and the longitude, so that it knows no summer time.

use metrify_domain::calendar::land::Land;

use crate::curve::{ONE, TURN, UNIT, cosine, drift, sine};
use crate::grid::Area;
use crate::noise::{Noise, ten_bits};

/// A weather station, with its control area and its Land: a meter near it belongs to both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Station {
    /// The five digits of the DWD.
    pub id: &'static str,
    pub name: &'static str,
    pub area: Area,
    pub land: Land,
    /// In hundredths of a degree.
    latitude: i64,
    longitude: i64,
    height_m: i64,
}

const fn station(id: &'static str, name: &'static str, area: Area, land: Land, place: [i64; 3]) -> Station {
    let [latitude, longitude, height_m] = place;
    Station { id, name, area, land, latitude, longitude, height_m }
}

/// How many stations there are.
pub(crate) const STATION_COUNT: usize = 8;

/// Two stations for each control area, save for the small one, which has one, and the wide one, which has three.
pub const STATIONS: [Station; STATION_COUNT] = [
    station("02014", "Hannover", Area::TenneT, Land::Niedersachsen, [5246, 968, 55]),
    station("01262", "München-Flughafen", Area::TenneT, Land::Bayern, [4835, 1181, 446]),
    station("00433", "Berlin-Tempelhof", Area::FiftyHertz, Land::Berlin, [5247, 1340, 48]),
    station("01975", "Hamburg-Fuhlsbüttel", Area::FiftyHertz, Land::Hamburg, [5363, 999, 11]),
    station("02932", "Leipzig/Halle", Area::FiftyHertz, Land::Sachsen, [5143, 1224, 131]),
    station("02667", "Köln-Bonn", Area::Amprion, Land::NordrheinWestfalen, [5086, 716, 92]),
    station("01766", "Münster/Osnabrück", Area::Amprion, Land::NordrheinWestfalen, [5213, 770, 48]),
    station("04931", "Stuttgart-Echterdingen", Area::TransnetBw, Land::BadenWuerttemberg, [4869, 922, 371]),
];

/// Seconds between two computed states; ten-minute and quarter-hour values are means of them and so agree.
pub(crate) const STEP_SECONDS: i64 = 300;
const STEPS_OF_QUARTER_HOUR: usize = 3;
const STEPS_OF_TEN_MINUTES: usize = 2;

const DAY_SECONDS: i64 = 86_400;
const HOUR_SECONDS: i64 = 3_600;
/// A mean year of the Gregorian calendar, in seconds.
const YEAR_SECONDS: i64 = 31_556_952;
/// From the begin of a year to the winter solstice that ends it, in seconds.
const SOLSTICE_SECONDS: i64 = 355 * DAY_SECONDS;
/// From the begin of a year to its coldest time, in seconds.
const COLDEST_SECONDS: i64 = 21 * DAY_SECONDS;

/// The weather over a station, at an instant or as the mean over a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Air {
    /// In hundredths of a degree Celsius.
    pub(crate) temperature: i64,
    /// Global radiation, in W/m².
    pub(crate) radiation: i64,
    /// In cm/s, ten metres above ground.
    pub(crate) wind: i64,
}

/// The weather over a station for a day.
#[derive(Debug)]
pub(crate) struct Sky {
    /// One state more than the day has steps: the temperature at its end.
    steps: Vec<Air>,
    quarters: Vec<Air>,
}

impl Sky {
    /// The weather from `start`, in seconds since 1970, for so many quarter-hours.
    pub(crate) fn new(noise: Noise, number: usize, start: i64, quarters: usize) -> Self {
        let weather = Weather::new(noise, number);
        let steps = 0..=(quarters * STEPS_OF_QUARTER_HOUR) as i64;
        let steps: Vec<_> = steps.map(|step| weather.at(start + step * STEP_SECONDS)).collect();
        let quarters = steps.chunks_exact(STEPS_OF_QUARTER_HOUR).map(mean).collect();
        Self { steps, quarters }
    }

    /// The means over each quarter-hour of the day.
    pub(crate) fn quarters(&self) -> &[Air] {
        &self.quarters
    }

    /// For each ten minutes of the day: the temperature at its end, and the means of the rest over it.
    pub(crate) fn ten_minutes(&self) -> impl Iterator<Item = Air> {
        let ends = self.steps.iter().skip(STEPS_OF_TEN_MINUTES).step_by(STEPS_OF_TEN_MINUTES);
        let means = self.steps.chunks_exact(STEPS_OF_TEN_MINUTES).map(mean);
        means.zip(ends).map(|(mean, end)| Air { temperature: end.temperature, ..mean })
    }
}

/// The mean of some states; still air at freezing point where there are none.
pub(crate) fn mean<'a>(airs: impl IntoIterator<Item = &'a Air>) -> Air {
    let (mut sum, mut count) = (Air::default(), 0);
    for air in airs {
        sum.temperature += air.temperature;
        sum.radiation += air.radiation;
        sum.wind += air.wind;
        count += 1;
    }
    let count = count.max(1);
    Air { temperature: sum.temperature / count, radiation: sum.radiation / count, wind: sum.wind / count }
}

/// What the weather over a station is drawn from.
struct Weather {
    /// Shared by all stations.
    fronts: Noise,
    own: Noise,
    longitude: i64,
    height_m: i64,
    sine_of_latitude: i64,
    cosine_of_latitude: i64,
}

impl Weather {
    fn new(noise: Noise, number: usize) -> Self {
        let fronts = noise.about(*b"weather ");
        let Station { latitude, longitude, height_m, .. } = STATIONS[number % STATION_COUNT];
        let angle = degrees(latitude);
        let (sine_of_latitude, cosine_of_latitude) = (sine(angle), cosine(angle));
        Self { fronts, own: fronts.branch(number as u64), longitude, height_m, sine_of_latitude, cosine_of_latitude }
    }

    fn at(&self, at: i64) -> Air {
        let cloud = self.cloud(at);
        Air { temperature: self.temperature(at, cloud), radiation: self.radiation(at, cloud), wind: self.wind(at) }
    }

    /// Noise that all stations share, the eastern ones later: a front takes ten hours for six degrees.
    fn front(&self, topic: [u8; 8], at: i64, spacing: i64) -> i64 {
        drift(self.fronts.about(topic), at - self.longitude * 60, spacing)
    }

    /// How much of the sky is covered, from 0 to [`ONE`]; more in winter.
    fn cloud(&self, at: i64) -> i64 {
        let front = self.front(*b"cloud   ", at, 7 * HOUR_SECONDS);
        let own = drift(self.own.about(*b"cloud   "), at, 2 * HOUR_SECONDS);
        let winter = season(at, SOLSTICE_SECONDS) * 130 / UNIT;
        (600 + winter + front * 7 / 10 + own * 4 / 10).clamp(0, ONE)
    }

    fn temperature(&self, at: i64, cloud: i64) -> i64 {
        let season = season(at, COLDEST_SECONDS);
        let fronts = self.front(*b"mass    ", at, 84 * HOUR_SECONDS) * 700 / ONE;
        let own = drift(self.own.about(*b"mass    "), at, 9 * HOUR_SECONDS) * 110 / ONE;
        // Warmest at half past two by the sun; clear days and summer days have the wider range.
        let range = 180 + (ONE - cloud) * 260 / ONE - season * 130 / UNIT;
        let by_day = range * cosine(self.solar_angle(at - 2 * HOUR_SECONDS - HOUR_SECONDS / 2)) / UNIT;
        let jitter = ten_bits(self.own.about(*b"jitter  ").at(at / STEP_SECONDS), 0) / 64 - 8;
        1_030 - 65 * self.height_m / 100 - season * 930 / UNIT + fronts + own + by_day + jitter
    }

    fn radiation(&self, at: i64, cloud: i64) -> i64 {
        let height = self.sun_height(at + STEP_SECONDS / 2);
        if height <= 0 {
            return 0;
        }
        // Haurwitz: 1098 · sin h · exp(-0.057 / sin h), the exponential by its first fraction.
        let clear = 1_098 * height / UNIT * height / (height + 57 * UNIT / 1_000);
        let broken = cloud * (ONE - cloud) / (ONE / 4);
        let flicker = ten_bits(self.own.about(*b"flicker ").at(at / STEP_SECONDS), 0) * broken / ONE / 3;
        let passed = ONE - cloud * 780 / ONE - flicker.min(200);
        clear * passed / ONE
    }

    fn wind(&self, at: i64) -> i64 {
        let season = season(at, COLDEST_SECONDS) * 60 / UNIT;
        let fronts = self.front(*b"wind    ", at, 58 * HOUR_SECONDS) * 260 / ONE;
        let front = self.front(*b"gale    ", at, 15 * HOUR_SECONDS) * 130 / ONE;
        let own = drift(self.own.about(*b"wind    "), at, 3 * HOUR_SECONDS) * 90 / ONE;
        let gust = ten_bits(self.own.about(*b"gust    ").at(at / STEP_SECONDS), 0) / 16 - 32;
        (390 + season + fronts + front + own + gust).max(10)
    }

    /// The sine of the sun's height over the horizon.
    fn sun_height(&self, at: i64) -> i64 {
        // The axis leans by 23.44 degrees, the sine of which is 0.3978.
        let sine_of_declination = -season(at, SOLSTICE_SECONDS) * 3_978 / 10_000;
        let cosine_of_declination = (UNIT * UNIT - sine_of_declination * sine_of_declination).isqrt();
        let at_noon = self.cosine_of_latitude * cosine_of_declination / UNIT;
        (self.sine_of_latitude * sine_of_declination + at_noon * cosine(self.solar_angle(at))) / UNIT
    }

    /// The angle of the sun past noon.
    fn solar_angle(&self, at: i64) -> i64 {
        at.rem_euclid(DAY_SECONDS) * TURN / DAY_SECONDS + degrees(self.longitude) - TURN / 2
    }
}

/// One (as [`UNIT`]) at the day of the year that lies so many seconds after its begin, minus one half a year later.
pub(crate) const fn season(at: i64, peak: i64) -> i64 {
    cosine((at - peak).rem_euclid(YEAR_SECONDS) * TURN / YEAR_SECONDS)
}

/// How much it is winter, from 0 to [`ONE`].
pub(crate) const fn winter(at: i64) -> i64 {
    (UNIT + season(at, COLDEST_SECONDS)) * ONE / (2 * UNIT)
}

const fn degrees(hundredths: i64) -> i64 {
    hundredths * TURN / 36_000
}
