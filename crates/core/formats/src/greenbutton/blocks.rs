//! Blocks of interval values, held until their entry has ended and their reading type is known.

use metrify_domain::time::SECOND;
use metrify_domain::{Channel, Decimal, Kind, Period, Quality, Reading, Timestamp};

use super::NAMESPACE;
use super::kinds::Series;
use super::links::{Owner, Resource, Resources};
use super::quality;
use crate::dates::shown;
use crate::limits::REJECT_BYTES_MAX;
use crate::output::{Output, Problem};

/// Values that are held at once: more than five years of quarter-hours.
const HELD_MAX: usize = 200_000;
/// Blocks that wait for their reading type: more than ten years of days.
const WAITING_MAX: usize = 5_000;
/// Longest text of a value, in characters.
const TEXT_CHARS_MAX: usize = 40;
const CLOSING: &str = "</IntervalBlock></content></entry></feed>";

/// A value as it stands.
#[derive(Clone, Debug, Default)]
struct Texts {
    start: String,
    duration: String,
    value: String,
    /// The code of the worst standing, as there may be several.
    quality: Option<(Quality, u16)>,
    /// A code that there is not.
    unknown: String,
}

/// A value whose texts could be read.
#[derive(Clone, Copy, Debug)]
struct Value {
    /// From the beginning of the block, where it tells none itself.
    start_s: Option<i64>,
    duration_s: Option<u32>,
    value: i64,
    quality: Option<(Quality, u16)>,
}

#[derive(Debug)]
enum Held {
    Value(Value),
    /// What could not be read, and why.
    Lost(Box<(Texts, String)>),
}

#[derive(Debug, Default)]
pub(super) struct Block {
    start_s: Option<i64>,
    values: Vec<Held>,
}

impl Block {
    pub(super) fn begin(&mut self, start: &str) {
        self.start_s = start.parse().ok();
    }
}

/// Blocks that wait, and the value that is being read.
#[derive(Default)]
pub(super) struct Blocks {
    texts: Texts,
    waiting: Vec<(Resource, Block)>,
    held: usize,
}

impl Blocks {
    pub(super) fn begin_reading(&mut self) {
        self.texts = Texts::default();
    }

    pub(super) fn read(&mut self, name: &str, text: &str) {
        let texts = &mut self.texts;
        let slot = match name {
            "start" => &mut texts.start,
            "duration" => &mut texts.duration,
            "value" => &mut texts.value,
            "quality" => {
                match text.parse().ok().and_then(|code| Some((quality::quality(code)?, code))) {
                    Some(told) => texts.quality = Some(texts.quality.map_or(told, |worst| worst.min(told))),
                    None => texts.unknown = text.chars().take(TEXT_CHARS_MAX).collect(),
                }
                return;
            }
            _ => return,
        };
        *slot = text.chars().take(TEXT_CHARS_MAX).collect();
    }

    /// Whether there was room for the value that was read.
    pub(super) fn end_reading(&mut self, block: &mut Block) -> bool {
        if self.held >= HELD_MAX {
            return false;
        }
        self.held += 1;
        block.values.push(match self.texts.read() {
            Ok(value) => Held::Value(value),
            Err(reason) => Held::Lost(Box::new((std::mem::take(&mut self.texts), reason))),
        });
        true
    }

    /// The value that was read last, as XML.
    pub(super) fn last_written(&self) -> Vec<u8> {
        self.texts.written().into_bytes()
    }

    /// Hands on a block, or lets it wait for what it belongs to.
    pub(super) fn add(&mut self, entry: &Resource, block: Block, resources: &mut Resources, out: &mut Output<'_>) {
        if block.values.is_empty() {
            return;
        }
        if resources.owner(entry).is_err() && self.waiting.len() < WAITING_MAX {
            return self.waiting.push((entry.trimmed(), block));
        }
        self.hand_on(entry, &block, resources, out);
    }

    pub(super) fn finish(&mut self, resources: &mut Resources, out: &mut Output<'_>) {
        for (entry, block) in std::mem::take(&mut self.waiting) {
            self.hand_on(&entry, &block, resources, out);
        }
    }

    fn hand_on(&mut self, entry: &Resource, block: &Block, resources: &mut Resources, out: &mut Output<'_>) {
        self.held = self.held.saturating_sub(block.values.len());
        let address = resources.owner(entry).ok().map(|owner| owner.address().to_owned());
        address.iter().for_each(|address| resources.tell(address, out));
        let readable = resources.owner(entry).and_then(|owner| {
            let series = owner.reading_type.series()?;
            Ok((owner, series))
        });
        match readable {
            Ok((owner, series)) => block.read(entry, &owner, &series, out),
            Err(reason) => {
                let owner = resources.owner(entry).ok();
                out.problem(block.problem(entry, owner.as_ref(), reason));
            }
        }
    }
}

impl Block {
    fn read(&self, entry: &Resource, owner: &Owner<'_>, series: &Series, out: &mut Output<'_>) {
        let document = entry.document();
        for (index, held) in self.values.iter().enumerate() {
            let reading = match held {
                Held::Value(value) => value.reading(index, self.start_s, series),
                Held::Lost(lost) => Err(lost.1.clone()),
            };
            match reading {
                Ok(reading) => {
                    let channel = Channel { point: owner.point.clone(), quantity: series.quantity(reading.period) };
                    out.reading(&channel, &document, &reading);
                }
                Err(reason) => {
                    let position = format!("entry {}, value {}", entry.number, index + 1);
                    let prelude = self.prelude(entry, Some(owner)).into_bytes();
                    let bytes = [held.written().as_str(), CLOSING].concat().into_bytes();
                    out.problem(Problem { position, reason, readings: 1, prelude, bytes });
                }
            }
        }
    }

    /// All its values are lost.
    fn problem(&self, entry: &Resource, owner: Option<&Owner<'_>>, reason: String) -> Problem {
        let mut bytes = String::new();
        for held in &self.values {
            if bytes.len() >= REJECT_BYTES_MAX {
                break;
            }
            bytes.push_str(&held.written());
        }
        bytes.push_str(CLOSING);
        Problem {
            position: format!("entry {}", entry.number),
            reason,
            readings: self.values.len().max(1) as u64,
            prelude: self.prelude(entry, owner).into_bytes(),
            bytes: bytes.into_bytes(),
        }
    }

    /// A feed up to the block's values.
    fn prelude(&self, entry: &Resource, owner: Option<&Owner<'_>>) -> String {
        let owner = owner.map(Owner::written).unwrap_or_default();
        let start =
            self.start_s.map(|start| format!("<interval><start>{start}</start></interval>")).unwrap_or_default();
        format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\">{owner}{}<IntervalBlock xmlns=\"{NAMESPACE}\">{start}",
            entry.written_head()
        )
    }
}

impl Value {
    fn reading(&self, index: usize, block_start_s: Option<i64>, series: &Series) -> Result<Reading, String> {
        let duration_s = self.duration_s.or(series.interval_s);
        let start_s = match self.start_s {
            Some(start_s) => start_s,
            // Values without times follow each other from the beginning of their block.
            None => {
                let before = i64::try_from(index).ok().zip(series.interval_s);
                let before = before.and_then(|(index, interval_s)| index.checked_mul(interval_s.into()));
                let start_s = block_start_s.zip(before).and_then(|(start_s, before)| start_s.checked_add(before));
                start_s.ok_or("neither the value nor its block and its reading type tell its time")?
            }
        };
        let beyond = "its time is beyond what can be stored";
        let start = Timestamp::from_seconds(start_s).ok_or(beyond)?;
        let period = match series.kind {
            Kind::Register | Kind::Instant => Period::instant(start),
            Kind::Interval => {
                let duration_s = duration_s.ok_or("neither the value nor its reading type tells its duration")?;
                let end = start.plus(i64::from(duration_s) * SECOND).ok_or(beyond)?;
                Period::interval(start, end).ok_or("the interval has no duration")?
            }
        };
        let value = Decimal::scaled(self.value.into(), series.exponent);
        let value =
            value.map_err(|error| format!("the value {} times ten to the {} {error}", self.value, series.exponent))?;
        let default = series.quality.and_then(|code| Some((quality::quality(code)?, code)));
        let (quality, code) = self.quality.or(default).unwrap_or((Quality::True, 0));
        // Valid needs no reason.
        let reason = if code == 0 { None } else { quality::reason(code) };
        Ok(Reading { kind: series.kind, period, value: Some(value), unit: series.unit, quality, method: None, reason })
    }
}

impl Texts {
    fn read(&self) -> Result<Value, String> {
        if !self.unknown.is_empty() {
            return Err(format!("there is no quality `{}`", shown(&self.unknown)));
        }
        let value = self.value.parse().map_err(|_| format!("the value `{}` is no integer", shown(&self.value)))?;
        let start_s = match self.start.as_str() {
            "" => None,
            text => Some(text.parse().map_err(|_| format!("the start `{}` is no number of seconds", shown(text)))?),
        };
        let duration_s = match self.duration.as_str() {
            "" => None,
            text => Some(text.parse().map_err(|_| format!("the duration `{}` is no number of seconds", shown(text)))?),
        };
        Ok(Value { start_s, duration_s, value, quality: self.quality })
    }

    fn written(&self) -> String {
        let escape = |text: &str| quick_xml::escape::escape(text).into_owned();
        let element = |name: &str, text: &str| match text {
            "" => String::new(),
            text => format!("<{name}>{}</{name}>", escape(text)),
        };
        let code = self.quality.map(|(_, code)| code.to_string()).unwrap_or_default();
        let qualities: String = [code.as_str(), &self.unknown]
            .into_iter()
            .filter(|code| !code.is_empty())
            .map(|code| format!("<ReadingQuality>{}</ReadingQuality>", element("quality", code)))
            .collect();
        let period = [element("duration", &self.duration), element("start", &self.start)].concat();
        format!(
            "<IntervalReading>{qualities}{}{}</IntervalReading>",
            if period.is_empty() { String::new() } else { format!("<timePeriod>{period}</timePeriod>") },
            element("value", &self.value)
        )
    }
}

impl Held {
    fn written(&self) -> String {
        match self {
            Self::Value(value) => {
                let told = |number: Option<String>| number.unwrap_or_default();
                let texts = Texts {
                    start: told(value.start_s.map(|start| start.to_string())),
                    duration: told(value.duration_s.map(|duration| duration.to_string())),
                    value: value.value.to_string(),
                    quality: value.quality,
                    unknown: String::new(),
                };
                texts.written()
            }
            Self::Lost(lost) => lost.0.written(),
        }
    }
}
