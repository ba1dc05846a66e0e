//! The structure of a forecast in KML: the product's definition, then places with their elements.
//!
//! Elements of XML that are not ours are passed over. Places are read as the KML schema orders them: name and description
//! before the values.

use std::collections::BTreeSet;

use metrify_domain::{Document, PointKind, Severity, Timestamp};

use super::elements::{Element, element};
use super::values::{Issue, Place, Values};
use crate::dates::{self, Stamp};
use crate::limits::REJECT_BYTES_MAX;
use crate::output::{Meter, Output, Problem};
use crate::xml::{Attributes, End, Event, Text, Then, Xml};

/// Most steps of an issue, which are kept with every problem of its values; MOSMIX has 247.
const STEPS_MAX: usize = 1_000;
/// Longest name and description of a place, in characters.
const NAME_CHARS_MAX: usize = 200;
/// Unknown elements that are told of.
const UNKNOWN_MAX: usize = 1_000;

#[derive(Debug, Default)]
pub(super) struct Kml {
    xml: Xml,
    reader: Reader,
}

impl Kml {
    /// `product` is what the name of the file tells, which the KML tells less well.
    pub(super) fn new(product: Option<&'static str>) -> Self {
        Self { xml: Xml::default(), reader: Reader { file_product: product, ..Reader::default() } }
    }

    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        let Self { xml, reader } = self;
        xml.push(bytes, |node, event| {
            match event {
                Event::Start(attributes) => reader.start(node.path.name(), attributes, out),
                Event::End(text) => reader.end(node.path.name(), text, out),
                Event::Broken { reason, bytes } => out.problem(reader.problem(reason, bytes)),
            }
            // Problems are written anew with what they need.
            Then::Forget
        });
    }

    pub(super) fn finish(&mut self, out: &mut Output<'_>) {
        let Self { xml, reader } = self;
        let (rest, node, end) = xml.finish();
        reader.tell(out);
        match (end, reader.values()) {
            (End::Whole, _) if reader.is_kml => {}
            _ if !reader.is_kml => out.problem(reader.problem("there is no KML".to_owned(), &rest)),
            (End::CutOff(text), Some(values)) if node.path.name() == "value" => {
                values.refuse("the forecast is cut off within the element's values", text.resolved().as_bytes(), out);
            }
            (End::Whole | End::Nothing | End::CutOff(_), _) => {
                let reason = "the forecast is cut off: its KML does not end";
                out.problem(reader.problem(reason.to_owned(), &rest));
            }
        }
    }
}

#[derive(Debug, Default)]
struct Reader {
    file_product: Option<&'static str>,
    issue: Issue,
    document: Document,
    places: u64,
    place: Option<Place>,
    /// Whether the place was told of.
    told: bool,
    forecast: Option<Forecast>,
    unknown: BTreeSet<String>,
    /// Whether the root of a KML has come.
    is_kml: bool,
}

/// An element of the forecast that is being read.
#[derive(Debug)]
struct Forecast {
    name: String,
    /// `None` where its name makes no quantity.
    element: Option<Element>,
}

impl Reader {
    fn start(&mut self, name: &str, attributes: &Attributes<'_>, out: &mut Output<'_>) {
        match name {
            "kml" => self.is_kml = true,
            "ForecastTimeSteps" => self.issue.forget_steps(),
            "Placemark" => {
                self.places += 1;
                self.place = Some(Place { number: self.places, ..Place::default() });
                (self.told, self.forecast) = (false, None);
            }
            "Forecast" if self.place.is_some() => {
                self.tell(out);
                let name = attributes.get("elementName");
                let name = name.chars().filter(|letter| !letter.is_control()).take(NAME_CHARS_MAX).collect();
                self.forecast = Some(self.forecast(name, out));
            }
            _ => {}
        }
    }

    fn forecast(&mut self, name: String, out: &mut Output<'_>) -> Forecast {
        let known = element(&name).copied();
        if known.is_none() && self.unknown.len() < UNKNOWN_MAX && self.unknown.insert(name.clone()) {
            let reason = format!(
                "the element `{name}` is none of DWD's that are known; its values are kept at their steps, in the unit `unknown`"
            );
            out.remark(Severity::Note, "unknown_element", String::new(), reason);
        }
        Forecast { element: known.or_else(|| Element::unknown(&name)), name }
    }

    fn end(&mut self, name: &str, text: Option<Text<'_>>, out: &mut Output<'_>) {
        match (name, text) {
            ("ProductID", Some(text)) => self.product_id(text),
            ("IssueTime", Some(text)) => self.issue_time(text, out),
            ("TimeStep", Some(text)) => self.time_step(text, out),
            ("name", Some(text)) => self.name(text),
            ("description", Some(text)) => self.description(text),
            ("value", Some(text)) => self.value(text, out),
            ("Forecast", _) => self.forecast = None,
            ("Placemark", _) => {
                self.tell(out);
                self.place = None;
                self.forecast = None;
            }
            _ => {}
        }
    }

    fn product_id(&mut self, text: Text<'_>) {
        self.issue.product = self.file_product.map_or_else(|| text.short(NAME_CHARS_MAX), str::to_owned);
        self.document = self.issue.document();
    }

    fn issue_time(&mut self, text: Text<'_>, out: &mut Output<'_>) {
        let text = text.short(NAME_CHARS_MAX);
        self.issue.issued_at = instant(&text);
        self.document = self.issue.document();
        if self.issue.issued_at.is_none() {
            let reason = format!(
                "the issue time `{text}` is not a time such as 2023-04-12T09:00:00Z; the time of receipt stands for it"
            );
            out.remark(Severity::Warning, "issue_time", String::new(), reason);
        }
    }

    fn time_step(&mut self, text: Text<'_>, out: &mut Output<'_>) {
        let text = text.short(NAME_CHARS_MAX);
        let step = instant(&text);
        if self.issue.steps() >= STEPS_MAX {
            return;
        }
        self.issue.add_step(step);
        let number = self.issue.steps();
        if number == STEPS_MAX {
            let reason = format!("there are {STEPS_MAX} steps, and none beyond is read");
            out.remark(Severity::Warning, "time_step", String::new(), reason);
        } else if step.is_none() {
            let reason =
                format!("the step `{text}` is not a time such as 2023-04-12T09:00:00Z; its values cannot be read");
            out.remark(Severity::Warning, "time_step", format!("step {number}"), reason);
        }
    }

    fn name(&mut self, text: Text<'_>) {
        if let Some(place) = self.place.as_mut().filter(|_| self.forecast.is_none()) {
            let name = text.short(NAME_CHARS_MAX);
            place.point = name.parse().ok();
            place.name = name;
        }
    }

    fn description(&mut self, text: Text<'_>) {
        if let Some(place) = self.place.as_mut().filter(|_| self.forecast.is_none()) {
            let description = text.short(NAME_CHARS_MAX);
            place.description = (!description.is_empty()).then_some(description);
        }
    }

    /// Tells of the place, once, before its first values.
    fn tell(&mut self, out: &mut Output<'_>) {
        let Some(Place { point: Some(point), description, .. }) = &self.place else { return };
        if !std::mem::replace(&mut self.told, true) {
            let (point, name) = (point.clone(), description.clone());
            let kind = Some(PointKind::Station);
            out.meter(Meter { point, kind, name, server_id: None, maker: None, resolution: None });
        }
    }

    fn value(&self, text: Text<'_>, out: &mut Output<'_>) {
        let Some(values) = self.values() else { return };
        let (is_cut, text) = (text.is_cut, text.resolved());
        if is_cut {
            return values.refuse("the element has more values than any forecast", text.as_bytes(), out);
        }
        values.read(text.as_bytes(), out);
    }

    /// What the values that come now belong to.
    fn values(&self) -> Option<Values<'_>> {
        let (place, forecast) = (self.place.as_ref()?, self.forecast.as_ref()?);
        Some(Values {
            issue: &self.issue,
            document: &self.document,
            place,
            element_name: &forecast.name,
            element: forecast.element.as_ref(),
        })
    }

    fn problem(&self, reason: String, bytes: &[u8]) -> Problem {
        let position = self.place.as_ref().map(|place| format!("place {} ({})", place.number, place.name));
        let bytes = bytes.get(..REJECT_BYTES_MAX).unwrap_or(bytes).to_vec();
        // How many values follow in what is cut off cannot be told.
        Problem { position: position.unwrap_or_default(), reason, readings: 1, prelude: Vec::new(), bytes }
    }
}

fn instant(text: &str) -> Option<Timestamp> {
    match dates::stamp(text) {
        Ok(Stamp::At(at)) => Some(at),
        Ok(Stamp::Clock(_)) | Err(_) => None,
    }
}
