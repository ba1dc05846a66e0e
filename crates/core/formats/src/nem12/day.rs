//! A day of a datastream: its values (record 300), and how good each of them is (records 400).

use chrono::NaiveDate;
use metrify_domain::time::HOUR;
use metrify_domain::{Code, Document, Kind, Period, Quality, Reading, Timestamp};

use super::stream::Stream;
use crate::columns::Loss;
use crate::dates::shown;
use crate::numbers::Notation;
use crate::output::Output;

/// Australian Eastern Standard Time, ten hours ahead of UTC in summer and winter alike: the one clock of the format.
const AEST: i64 = 10 * HOUR;
/// The quality of a day whose intervals have one each, told by records 400.
const VARIABLE: char = 'V';

/// Quality flags, with what they mean here.
pub(super) const FLAGS: [(char, Quality, &str); 5] = [
    ('A', Quality::True, "actual"),
    ('S', Quality::Substitute, "substituted"),
    ('F', Quality::Substitute, "final substituted"),
    ('E', Quality::Forecast, "forward estimated"),
    ('N', Quality::Missing, "null"),
];

/// How good a value is, and why.
#[derive(Clone, Copy, Debug)]
struct Standing {
    quality: Quality,
    method: Option<Code>,
    reason: Option<Code>,
}

impl Standing {
    /// Reads `QualityMethod,ReasonCode,ReasonDescription`; `None` for a day whose intervals have one each.
    fn read(quality_method: &str, code: &str, description: &str) -> Result<Option<Self>, String> {
        let wrong = || format!("the quality `{}` is none of A, S, F, E, N and V", shown(quality_method));
        let flag = quality_method.chars().next().ok_or_else(wrong)?;
        if quality_method == "V" {
            return Ok(None);
        }
        let (_, quality, _) = FLAGS.iter().find(|(known, ..)| *known == flag).ok_or_else(wrong)?;
        let method = quality_method.get(flag.len_utf8()..).unwrap_or_default();
        if !method.bytes().all(|byte| byte.is_ascii_digit()) || method.len() > 2 {
            return Err(wrong());
        }
        let words = format!("{code} {description}");
        let reason = Code::new(words.trim()).or_else(|| Code::new(code));
        Ok(Some(Self {
            quality: *quality,
            method: Code::new(quality_method).filter(|_| quality_method != "A"),
            reason,
        }))
    }
}

#[derive(Debug)]
pub(super) struct Day {
    pub(super) number: u64,
    /// Its record 300, and the records 400 behind it.
    pub(super) bytes: Vec<u8>,
    start: Timestamp,
    values: Vec<String>,
    /// One for each value; `None` until a record 400 tells it.
    standings: Vec<Option<Standing>>,
    known_at: Option<Timestamp>,
    /// Why a record 400 was not understood.
    wrong: Option<String>,
}

impl Day {
    /// Reads `300,IntervalDate,value1..valueN,QualityMethod,ReasonCode,ReasonDescription,UpdateDateTime,MSATSLoadDateTime`.
    ///
    /// # Errors
    /// Where the day as a whole cannot be read.
    pub(super) fn read(number: u64, line: &[u8], fields: &[String], stream: &Stream) -> Result<Self, String> {
        let field = |index: usize| fields.get(index).map_or("", String::as_str);
        let date = date(field(1)).ok_or_else(|| format!("`{}` is not a day such as 20250330", shown(field(1))))?;
        let behind = 2 + stream.intervals;
        let quality = field(behind);
        if quality.is_empty() || !quality.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
            return Err(format!(
                "behind the {} values that a day of {} minutes has, `{}` is no quality",
                stream.intervals,
                stream.length / metrify_domain::time::MINUTE,
                shown(quality)
            ));
        }
        let standing = Standing::read(quality, field(behind + 1), field(behind + 2))?;
        let updated = field(behind + 3);
        let known_at = if updated.is_empty() { None } else { Some(stamp(updated)?) };
        let start = Timestamp::midnight(date).plus(-AEST).ok_or("the day lies beyond the calendar")?;
        let values = fields.get(2..behind).unwrap_or_default().to_vec();
        let standings = vec![standing; values.len()];
        Ok(Self { number, bytes: ended(line), start, values, standings, known_at, wrong: None })
    }

    /// Reads `400,StartInterval,EndInterval,QualityMethod,ReasonCode,ReasonDescription`.
    pub(super) fn event(&mut self, line: &[u8], fields: &[String]) {
        self.bytes.extend(ended(line));
        if let Err(reason) = self.apply(fields) {
            self.wrong.get_or_insert(reason);
        }
    }

    fn apply(&mut self, fields: &[String]) -> Result<(), String> {
        let field = |index: usize| fields.get(index).map_or("", String::as_str);
        let number = |text: &str| text.parse::<usize>().ok().filter(|number| (1..=self.values.len()).contains(number));
        let (Some(first), Some(last)) = (number(field(1)), number(field(2))) else {
            return Err(format!("the intervals `{}` to `{}` are none of the day", shown(field(1)), shown(field(2))));
        };
        let standing = Standing::read(field(3), field(4), field(5))?;
        let standing = standing.ok_or_else(|| format!("a record 400 has the quality {VARIABLE}"))?;
        let range = self.standings.get_mut(first - 1..last);
        let range = range.ok_or_else(|| format!("the intervals {first} to {last} run backwards"))?;
        range.fill(Some(standing));
        Ok(())
    }

    /// Hands on the values.
    ///
    /// # Errors
    /// Those that cannot be read, as far as they can be counted.
    pub(super) fn release(&self, stream: &Stream, out: &mut Output<'_>) -> Result<(), Loss> {
        let document = Document { reference: String::new(), known_at: self.known_at };
        let (mut lost, mut first) = (0, self.wrong.clone());
        let mut start = self.start;
        for (index, (text, standing)) in self.values.iter().zip(&self.standings).enumerate() {
            let end = start.plus(stream.length).unwrap_or(start);
            match reading(text, *standing, Period::interval(start, end), stream, out) {
                Ok(reading) => out.reading(&stream.channel, &document, &reading),
                Err(reason) => {
                    lost += 1;
                    first.get_or_insert(format!("interval {}: {reason}", index + 1));
                }
            }
            start = end;
        }
        match first {
            Some(reason) if lost > 0 => Err(Loss { reason, readings: lost }),
            // A record 400 that means nothing for values that have their quality all the same.
            Some(reason) => Err(Loss::one(reason)),
            None => Ok(()),
        }
    }
}

fn reading(
    text: &str,
    standing: Option<Standing>,
    period: Option<Period>,
    stream: &Stream,
    out: &mut Output<'_>,
) -> Result<Reading, String> {
    let period = period.ok_or("the day lies beyond the calendar")?;
    let standing = standing.ok_or("no record 400 tells its quality")?;
    let Standing { quality, method, reason } = standing;
    let (kind, unit) = (Kind::Interval, stream.unit);
    if quality == Quality::Missing {
        return Ok(Reading { method, reason, ..Reading::missing(kind, period, unit) });
    }
    let value = Notation::Point.read(text, out).map_err(|error| error.to_string())?;
    Ok(Reading { kind, period, value: Some(value), unit, quality, method, reason })
}

fn ended(line: &[u8]) -> Vec<u8> {
    [line, b"\n"].concat()
}

/// `20250330`.
fn date(text: &str) -> Option<NaiveDate> {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u32>().ok();
    digits.then(|| NaiveDate::from_ymd_opt(i32::try_from(number(0, 4)?).ok()?, number(4, 6)?, number(6, 8)?))?
}

/// `20250330101500`, or without the seconds.
pub(super) fn stamp(text: &str) -> Result<Timestamp, String> {
    let wrong = || format!("`{}` is not a time such as 20250330101500", shown(text));
    let (day, clock) = text.split_at_checked(8).ok_or_else(wrong)?;
    let date = date(day).ok_or_else(wrong)?;
    let digits = matches!(clock.len(), 4 | 6) && clock.bytes().all(|byte| byte.is_ascii_digit());
    let number = |at: usize| clock.get(at..at + 2).map_or(Some(0), |text| text.parse::<u32>().ok());
    let at = digits.then(|| date.and_hms_opt(number(0)?, number(2)?, number(4)?)).flatten();
    let at = Timestamp::from_utc(at.ok_or_else(wrong)?).plus(-AEST);
    at.ok_or_else(wrong)
}
