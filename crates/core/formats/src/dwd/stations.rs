//! The stations of a delivery and their names (`Metadaten_Geographie_*`), which have one row for every place a station stood at.
//!
//! A station is told of before its first reading, by the name it had then, so that its readings find it; once more at the end
//! where it had another name by then. Without readings it is told of by its latest name.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use metrify_domain::{Point, PointKind, Severity, Timestamp};

use super::finding;
use super::stamp;
use crate::encoding;
use crate::lines::Line;
use crate::output::{Meter, Output};

/// Rows of descriptions that are kept. A station has some ten; an archive is of one station.
const ROWS_MAX: usize = 100_000;
/// Longest name of a station, in characters.
const NAME_CHARS_MAX: usize = 200;
/// Rows that cannot be read and are told of.
const UNREADABLE_MAX: usize = 100;

const FIELDS: [&str; 4] = ["stations_id", "von_datum", "bis_datum", "stationsname"];

/// Whether a line is the header of a station description.
pub(super) fn is_header(line: &[u8]) -> bool {
    columns(line).is_some()
}

/// Where the fields of a row stand, in the order of [`FIELDS`].
fn columns(header: &[u8]) -> Option<[usize; FIELDS.len()]> {
    let names: Vec<String> =
        header.split(|byte| *byte == b';').map(|name| encoding::text(name.trim_ascii()).to_ascii_lowercase()).collect();
    let mut at = [0; FIELDS.len()];
    for (place, field) in at.iter_mut().zip(FIELDS) {
        *place = names.iter().position(|name| name == field)?;
    }
    // Other descriptions have such fields as well, after the station's number and name.
    (at[0] == 0 && at[3] + 1 == names.len()).then_some(at)
}

/// A name and the days it held, both ends included.
#[derive(Debug)]
struct Named {
    from: NaiveDate,
    /// `None` for a name that still holds.
    to: Option<NaiveDate>,
    name: String,
}

#[derive(Debug, Default)]
struct Station {
    names: Vec<Named>,
    seen: Option<Seen>,
}

/// What was told of a station with readings.
#[derive(Debug)]
struct Seen {
    name: Option<String>,
    /// Its latest reading.
    last: Timestamp,
}

impl Station {
    /// The name at a time, else the latest one before it, else the first one after it.
    fn name(&self, at: Timestamp) -> Option<String> {
        let day = at.utc().map_or(NaiveDate::MAX, |clock| clock.date());
        let holds = |named: &&Named| named.from <= day && named.to.is_none_or(|to| day <= to);
        let before = || self.names.iter().filter(|named| named.from <= day).max_by_key(|named| named.from);
        let after = || self.names.iter().min_by_key(|named| named.from);
        self.names.iter().rfind(holds).or_else(before).or_else(after).map(|named| named.name.clone())
    }

    fn latest_name(&self) -> Option<String> {
        self.names.iter().max_by_key(|named| named.from).map(|named| named.name.clone())
    }
}

#[derive(Debug, Default)]
pub(super) struct Stations {
    stations: BTreeMap<Point, Station>,
    columns: [usize; FIELDS.len()],
    rows: usize,
    unreadable: usize,
}

/// The point of a station: its number with five digits, as DWD names its files. `None` for anything but one to five digits.
pub(super) fn point(number: &[u8]) -> Option<Point> {
    let digits = std::str::from_utf8(number).ok()?;
    let valid = (1..=5).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    valid.then(|| format!("{digits:0>5}").parse().ok())?
}

impl Stations {
    pub(super) fn header(&mut self, line: &[u8]) {
        self.columns = columns(line).unwrap_or_default();
    }

    pub(super) fn line(&mut self, line: Line<'_>, out: &mut Output<'_>) {
        let bytes = line.bytes.trim_ascii();
        if bytes.is_empty() || bytes.starts_with(b"generiert") || bytes.starts_with(b"Legende") {
            return;
        }
        match self.row(bytes) {
            Some((point, named)) if self.rows < ROWS_MAX => {
                self.rows += 1;
                self.stations.entry(point).or_default().names.push(named);
            }
            Some(_) => self.tell(line, "there are more rows than are kept", out),
            None => self.tell(line, "the row has no station number, no day from which it holds, or no name", out),
        }
    }

    fn tell(&mut self, line: Line<'_>, reason: &str, out: &mut Output<'_>) {
        self.unreadable += 1;
        if self.unreadable <= UNREADABLE_MAX {
            let reason = format!("{reason}; the station may be without its name");
            out.finding(finding(Severity::Warning, "station_description", format!("line {}", line.number), reason));
        }
    }

    fn row(&self, line: &[u8]) -> Option<(Point, Named)> {
        let fields: Vec<&[u8]> = line.split(|byte| *byte == b';').map(<[u8]>::trim_ascii).collect();
        let field = |index: usize| fields.get(*self.columns.get(index)?).copied();
        let to = field(2).filter(|day| !day.is_empty());
        let named = Named {
            from: stamp::date(field(1)?)?,
            to: to.map(|day| stamp::date(day).ok_or(())).transpose().ok()?,
            name: encoding::text(field(3)?)
                .chars()
                .filter(|letter| !letter.is_control())
                .take(NAME_CHARS_MAX)
                .collect(),
        };
        (!named.name.is_empty()).then_some((point(field(0)?)?, named))
    }

    /// A row of readings of a station follows.
    pub(super) fn seen(&mut self, point: &Point, at: Timestamp, out: &mut Output<'_>) {
        if let Some(seen) = self.stations.get_mut(point).and_then(|station| station.seen.as_mut()) {
            seen.last = seen.last.max(at);
            return;
        }
        let station = self.stations.entry(point.clone()).or_default();
        let name = station.name(at);
        station.seen = Some(Seen { name: name.clone(), last: at });
        out.meter(meter(point, name));
    }

    pub(super) fn finish(&mut self, out: &mut Output<'_>) {
        for (point, station) in &self.stations {
            match &station.seen {
                None => out.meter(meter(point, station.latest_name())),
                Some(seen) => {
                    let name = station.name(seen.last);
                    if seen.name != name {
                        out.meter(meter(point, name));
                    }
                }
            }
        }
    }
}

fn meter(point: &Point, name: Option<String>) -> Meter {
    let kind = Some(PointKind::Station);
    Meter { point: point.clone(), kind, name, server_id: None, maker: None, resolution: None }
}
