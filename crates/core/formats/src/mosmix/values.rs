//! The values of one element at one place, one for every step of the issue: numbers, or `-` for a step without one.

use metrify_domain::{Channel, Decimal, Document, Point, Quality, Reading, Timestamp};
use quick_xml::escape::escape;

use super::elements::Element;
use crate::encoding;
use crate::output::{Output, Problem};

/// What every value of an issue has in common.
#[derive(Debug, Default)]
pub(super) struct Issue {
    /// `MOSMIX_L`.
    pub(super) product: String,
    pub(super) issued_at: Option<Timestamp>,
    /// `None` for a step whose time cannot be read.
    steps: Vec<Option<Timestamp>>,
    /// The steps as XML, written once: they stand before every element that is refused.
    written_steps: String,
}

impl Issue {
    pub(super) const fn steps(&self) -> usize {
        self.steps.len()
    }

    pub(super) fn add_step(&mut self, step: Option<Timestamp>) {
        self.steps.push(step);
        self.written_steps.extend(step.map(written));
    }

    pub(super) fn forget_steps(&mut self) {
        self.steps.clear();
        self.written_steps.clear();
    }

    /// Without an issue time there is no reference, and the values become known on receipt.
    pub(super) fn document(&self) -> Document {
        let reference = self.issued_at.map(|at| format!("DWD/{}/{at}", self.product)).unwrap_or_default();
        Document { reference, known_at: self.issued_at }
    }
}

fn written(step: Timestamp) -> String {
    format!("<dwd:TimeStep>{step}</dwd:TimeStep>")
}

/// Where values stand.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// From 1, in the order of the delivery.
    pub(super) number: u64,
    /// As it stands, for positions; may be no point.
    pub(super) name: String,
    pub(super) point: Option<Point>,
    pub(super) description: Option<String>,
}

/// What the values of one element belong to.
pub(super) struct Values<'a> {
    pub(super) issue: &'a Issue,
    pub(super) document: &'a Document,
    pub(super) place: &'a Place,
    pub(super) element_name: &'a str,
    /// `None` where the name makes no quantity.
    pub(super) element: Option<&'a Element>,
}

impl Values<'_> {
    pub(super) fn read(&self, text: &[u8], out: &mut Output<'_>) {
        let Some(point) = &self.place.point else {
            return self.refuse("the place has no name that can be a point", text, out);
        };
        let Some(element) = self.element else {
            return self.refuse("the name of the element makes no quantity", text, out);
        };
        let values = || text.split(u8::is_ascii_whitespace).filter(|value| !value.is_empty());
        let (found, steps) = (values().count(), self.issue.steps.len());
        if found != steps || steps == 0 {
            return self.refuse(&format!("the element has {found} values for {steps} steps"), text, out);
        }
        let channel = Channel { point: point.clone(), quantity: element.quantity };
        for (index, (value, step)) in values().zip(&self.issue.steps).enumerate() {
            // A day's sum is told at one of the day's steps: nothing at the others is no missing value of that day.
            if value == b"-" && element.is_of_a_day() {
                continue;
            }
            match reading(element, value, *step) {
                Ok(reading) => out.reading(&channel, self.document, &reading),
                Err(reason) => {
                    let position = format!("{}, step {}", self.position(), index + 1);
                    let step = step.map(written).unwrap_or_default();
                    out.problem(self.problem(position, reason, &step, value));
                }
            }
        }
    }

    /// All values of the element are lost.
    pub(super) fn refuse(&self, reason: &str, text: &[u8], out: &mut Output<'_>) {
        let problem = self.problem(self.position(), reason.to_owned(), &self.issue.written_steps, text);
        out.problem(Problem { readings: self.issue.steps.len().max(1) as u64, ..problem });
    }

    fn position(&self) -> String {
        let Place { number, name, .. } = self.place;
        format!("place {number} ({name}), element {}", self.element_name)
    }

    fn problem(&self, position: String, reason: String, steps: &str, text: &[u8]) -> Problem {
        Problem { position, reason, readings: 1, prelude: self.prelude(steps), bytes: [text, CLOSING].concat() }
    }

    /// A forecast of this element alone up to its values, which [`CLOSING`] ends.
    fn prelude(&self, steps: &str) -> Vec<u8> {
        let issued_at =
            self.issue.issued_at.map(|at| format!("<dwd:IssueTime>{at}</dwd:IssueTime>")).unwrap_or_default();
        let [product, place, element] =
            [&self.issue.product, &self.place.name, self.element_name].map(|text: &str| escape(text).into_owned());
        format!(
            "<kml:kml xmlns:dwd=\"https://opendata.dwd.de/weather/lib/pointforecast_dwd_extension_V1_0.xsd\" \
             xmlns:kml=\"http://www.opengis.net/kml/2.2\"><dwd:ProductDefinition><dwd:ProductID>{product}</dwd:ProductID>\
             {issued_at}<dwd:ForecastTimeSteps>{steps}</dwd:ForecastTimeSteps></dwd:ProductDefinition>\
             <kml:Placemark><kml:name>{place}</kml:name><dwd:Forecast dwd:elementName=\"{element}\"><dwd:value>"
        )
        .into_bytes()
    }
}

const CLOSING: &[u8] = b"</dwd:value></dwd:Forecast></kml:Placemark></kml:kml>";

fn reading(element: &Element, value: &[u8], step: Option<Timestamp>) -> Result<Reading, String> {
    let step = step.ok_or("the time of the step cannot be read")?;
    let (kind, unit) = (element.kind(), element.unit);
    let period = element.period(step).ok_or("the time of the step is beyond what can be stored")?;
    if value == b"-" {
        return Ok(Reading::missing(kind, period, unit));
    }
    let value = Decimal::parse(value, b'.').map_err(|error| {
        let text = encoding::text(value.get(..40).unwrap_or(value)).into_owned();
        format!("the value `{text}` {error}")
    })?;
    Ok(Reading { kind, period, value: Some(value), unit, quality: Quality::Forecast, method: None, reason: None })
}
