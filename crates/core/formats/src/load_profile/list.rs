//! A text with one value a line: `profile_id,period,day,timestamp,watts`.
//!
//! Lines come column by column, 96 of one season and day type after another. The first time of each such run tells whether times
//! name the begin or the end of a quarter-hour.

use metrify_domain::profile::DAY_VALUES;
use metrify_domain::{Severity, Unit};

use super::finding;
use super::labels::{self, Cell};
use super::text::Fields;
use super::value::{self, Column, Origin, Quarters};
use crate::output::{Output, Problem};

/// What the columns are called, each with the names that are known.
const NAMES: [&[&str]; 5] = [
    &["profile_id", "profile"],
    &["period", "season", "month"],
    &["day", "day_type"],
    &["timestamp", "time"],
    &["watts", "kwh"],
];

/// The columns of a list, from its first line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    /// Profile, season or month, day type, time, value.
    places: [usize; 5],
    unit: Unit,
}

impl Header {
    /// `None` where the line is no header of a list.
    pub(super) fn read(fields: &Fields) -> Option<Self> {
        let names: Vec<String> = fields.iter().map(|field| field.to_lowercase()).collect();
        let mut places = [0; 5];
        for (place, known) in places.iter_mut().zip(NAMES) {
            *place = names.iter().position(|name| known.contains(&name.as_str()))?;
        }
        let [.., value] = places;
        Some(Self { places, unit: labels::unit(names.get(value)?)? })
    }
}

#[derive(Debug)]
pub(super) struct List {
    header: Header,
    prelude: Vec<u8>,
    run: Option<Run>,
}

/// Lines of one profile, season and day type.
#[derive(Debug)]
struct Run {
    origin: Origin,
    column: Column,
    quarters: Quarters,
    line: u64,
    values: usize,
}

impl List {
    pub(super) fn new(header: Header, line: &[u8]) -> Self {
        Self { header, prelude: [line, b"\n"].concat(), run: None }
    }

    pub(super) fn line(&mut self, number: u64, bytes: &[u8], fields: &Fields, out: &mut Output<'_>) {
        if let Err(reason) = self.read(number, fields, out) {
            let (position, prelude) = (format!("line {number}"), self.prelude.clone());
            out.problem(Problem { position, reason, readings: 1, prelude, bytes: bytes.to_vec() });
        }
    }

    fn read(&mut self, number: u64, fields: &Fields, out: &mut Output<'_>) -> Result<(), String> {
        let last = self.header.places.into_iter().max().unwrap_or_default();
        if fields.len() <= last {
            return Err(format!("the row has {} fields, and {} are needed", fields.len(), last + 1));
        }
        let [profile, part, day_type, time, value] =
            self.header.places.map(|place| fields.get(place).map_or("", String::as_str));
        let cell = |text: &str| Cell::Text(text.to_owned());
        let profile = labels::profile(profile).ok_or_else(|| format!("`{profile}` is no name of a profile"))?;
        let part =
            labels::part(&cell(part), false).ok_or_else(|| format!("`{part}` is neither a season nor a month"))?;
        let day_type = labels::day_type(day_type).ok_or_else(|| format!("`{day_type}` is no day type"))?;
        let label = labels::label(&cell(time)).ok_or_else(|| labels::no_time(time))?;
        let value = cell(value).number().ok_or_else(|| labels::no_number(value))?;
        let column = (part, day_type);
        let goes_on = self.run.as_ref().is_some_and(|run| run.origin.profile == profile && run.column == column);
        if !goes_on {
            self.end_run(out);
            let origin = Origin { profile: profile.to_owned(), unit: self.header.unit, annual_kwh: None };
            self.run = Some(Run { origin, column, quarters: Quarters::default(), line: number, values: 0 });
        }
        let Some(run) = &mut self.run else { return Ok(()) };
        let quarter = run.quarters.next(label)?;
        run.values += 1;
        value::tell(&run.origin, run.column, quarter, value.value, out);
        Ok(())
    }

    fn end_run(&mut self, out: &mut Output<'_>) {
        let Some(run) = self.run.take() else { return };
        let missing = DAY_VALUES - run.values;
        if missing > 0 {
            let (profile, column) = (&run.origin.profile, value::name(run.column));
            let reason = format!("{missing} of {DAY_VALUES} values of profile {profile}, {column}, are missing");
            out.finding(finding(Severity::Warning, "incomplete_profile", format!("line {}", run.line), reason));
        }
    }

    pub(super) fn finish(mut self, out: &mut Output<'_>) {
        self.end_run(out);
    }
}
