//! A delivery of some megabytes for each format: a fleet for our own lines and columns, else the sample of the repository, a part
//! of it over and over.

use std::path::Path;

use chrono::NaiveDate;
use metrify_formats::Format;
use metrify_simulation::{Fleet, Form, Pieces, Settings};

/// Bytes that a delivery is made of at least, where its sample can be drawn out.
const BYTES: usize = 4 << 20;

/// A delivery and where it comes from.
pub struct Delivery {
    pub name: &'static str,
    pub format: Format,
    pub bytes: Vec<u8>,
}

/// The part of a sample that is repeated.
enum Repeated {
    /// Everything.
    Whole,
    /// All lines but so many at its head and at its end.
    Lines { head: usize, tail: usize },
    /// From the first text up to the end of the second, set apart by the third.
    Between(&'static str, &'static str, &'static str),
    /// Nothing: the format allows one of it.
    Nothing,
}

use Repeated::{Between, Lines, Nothing, Whole};

const SAMPLES: [(&str, Format, &str, Repeated); 32] = [
    ("sml", Format::Sml, "day/meter.sml", Whole),
    ("d0", Format::D0, "formats/d0.txt", Whole),
    ("d0 load profile", Format::D0, "formats/d0-load-profile.d0", Whole),
    ("dsmr", Format::Dsmr, "formats/dsmr.txt", Whole),
    ("dlms", Format::Dlms, "formats/dlms-mbus.bin", Whole),
    ("dlms as text", Format::Dlms, "formats/dlms-aidon.hex", Whole),
    ("mbus as text", Format::Mbus, "formats/mbus-telegrams.hex", Whole),
    ("smgw", Format::Smgw, "formats/smgw-taf7.xml", Between("<IntervalReading>", "</IntervalReading>", "\n")),
    (
        "greenbutton",
        Format::Greenbutton,
        "formats/greenbutton.xml",
        Between("<IntervalReading>", "</IntervalReading>", "\n"),
    ),
    ("nem12", Format::Nem12, "formats/nem12.csv", Lines { head: 2, tail: 1 }),
    ("mscons 13018", Format::Mscons, "day/mscons-2025-03-31.edi", Whole),
    ("utilmd", Format::Utilmd, "formats/utilmd.edi", Whole),
    ("contrl", Format::Contrl, "formats/contrl.edi", Whole),
    ("aperak", Format::Aperak, "formats/aperak.edi", Whole),
    ("bo4e", Format::Bo4e, "formats/bo4e.json", Nothing),
    ("csv, a day a row", Format::Csv, "formats/csv-days.csv", Lines { head: 1, tail: 0 }),
    ("csv of households", Format::Csv, "day/meters.csv", Lines { head: 1, tail: 0 }),
    ("load_profile", Format::LoadProfile, "formats/load_profile.csv", Nothing),
    ("load_profile, xlsx", Format::LoadProfile, "formats/load_profile.xlsx", Nothing),
    ("smard", Format::Smard, "day/smard-consumption.csv", Lines { head: 1, tail: 0 }),
    (
        "smard_chart",
        Format::SmardChart,
        "formats/smard_chart-load.json",
        Between("[1743292800000,9876.25]", "[1743294600000,9810.0]", ","),
    ),
    ("entsoe", Format::Entsoe, "formats/entsoe-generation.xml", Between("<TimeSeries>", "</TimeSeries>", "\n")),
    ("netztransparenz", Format::Netztransparenz, "formats/netztransparenz-balance.csv", Lines { head: 1, tail: 0 }),
    ("redispatch", Format::Redispatch, "formats/redispatch.csv", Lines { head: 1, tail: 0 }),
    (
        "traffic_light",
        Format::TrafficLight,
        "formats/traffic_light.json",
        Between("{\"From\":\"2025-03-30T00:58", "}", ","),
    ),
    ("frequency", Format::Frequency, "formats/frequency.csv", Lines { head: 1, tail: 0 }),
    ("dwd", Format::Dwd, "day/dwd-temperature.txt", Lines { head: 1, tail: 0 }),
    ("poi", Format::Poi, "formats/poi.csv", Lines { head: 3, tail: 0 }),
    ("mosmix", Format::Mosmix, "day/mosmix.kmz", Nothing),
    ("brightsky", Format::Brightsky, "formats/brightsky.json", Nothing),
    ("openweathermap", Format::OpenWeatherMap, "formats/openweathermap.json", Nothing),
    ("ndjson of several kinds", Format::Ndjson, "day/readings.ndjson", Whole),
];

const FLEETS: [(&str, Format, Form); 3] = [
    ("ndjson", Format::Ndjson, Form::Ndjson),
    ("csv", Format::Csv, Form::Csv),
    ("ndjson, a day a line", Format::Ndjson, Form::DaySets),
];

/// Deliveries of the formats that are read from bytes: all, or the one of this name.
///
/// # Errors
/// Where a sample is missing, or is not what it was.
pub fn named(wanted: Option<&str>) -> Result<Vec<Delivery>, Box<dyn std::error::Error>> {
    let mut deliveries = Vec::new();
    let is_wanted = |name: &str| wanted.is_none_or(|wanted| wanted == name);
    for (name, format, form) in FLEETS.into_iter().filter(|(name, ..)| is_wanted(name)) {
        deliveries.push(fleet(name, format, form)?);
    }
    for (name, format, sample, repeated) in SAMPLES.into_iter().filter(|(name, ..)| is_wanted(name)) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples").join(sample);
        let bytes = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let bytes =
            drawn_out(&bytes, &repeated).ok_or_else(|| format!("{sample} has not the part that is repeated"))?;
        deliveries.push(Delivery { name, format, bytes });
    }
    Ok(deliveries)
}

/// Households of a small town for a few days.
fn fleet(name: &'static str, format: Format, form: Form) -> Result<Delivery, Box<dyn std::error::Error>> {
    let first_day = NaiveDate::from_ymd_opt(2025, 3, 28).ok_or("a date")?;
    let fleet = Fleet::new(Settings::new(7, 400, first_day, 4))?;
    let mut pieces = Pieces::new(&fleet, &fleet.whole(), form);
    let mut bytes = Vec::new();
    while pieces.append(&mut bytes) {}
    Ok(Delivery { name, format, bytes })
}

fn drawn_out(sample: &[u8], repeated: &Repeated) -> Option<Vec<u8>> {
    let (start, end, between) = match repeated {
        Nothing => return Some(sample.to_vec()),
        Whole => (0, sample.len(), ""),
        Lines { head, tail } => {
            let ends: Vec<usize> = (1..=sample.len()).filter(|end| sample[*end - 1] == b'\n').collect();
            (*ends.get(*head - 1)?, *ends.get(ends.len().checked_sub(tail + 1)?)?, "")
        }
        Between(from, to, between) => {
            let start = find(sample, from.as_bytes())?;
            (start, start + find(&sample[start..], to.as_bytes())? + to.len(), *between)
        }
    };
    let (head, body, tail) = (&sample[..start], &sample[start..end], &sample[end..]);
    let mut bytes = head.to_vec();
    while bytes.len() < BYTES {
        bytes.extend_from_slice(body);
        bytes.extend_from_slice(between.as_bytes());
    }
    bytes.extend_from_slice(body);
    bytes.extend_from_slice(tail);
    Some(bytes)
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}
