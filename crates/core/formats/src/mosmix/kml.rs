//! The structure of a forecast in KML: the product's definition, then places with their elements.
//!
//! Elements of XML are known by their names without prefix; those that are not ours are passed over. Places are read as the KML
//! schema orders them: name and description before the values.

use std::collections::BTreeSet;

use metrify_domain::{Document, PointKind, Severity, Timestamp};
use quick_xml::escape::unescape;
use quick_xml::events::BytesStart;

use super::elements::{Element, element};
use super::finding;
use super::values::{Issue, Place, Values};
use crate::dates::{self, Stamp};
use crate::encoding;
use crate::limits::REJECT_BYTES_MAX;
use crate::markup::{Markup, Token};
use crate::output::{Meter, Output, Problem};

/// Longest text of one element of XML, in bytes. The values of 247 steps take three thousand.
const TEXT_BYTES_MAX: usize = 1 << 20;
/// Most steps of an issue, which are kept with every problem of its values; MOSMIX has 247.
const STEPS_MAX: usize = 1_000;
/// Longest name and description of a place, in characters.
const NAME_CHARS_MAX: usize = 200;
/// Unknown elements that are told of.
const UNKNOWN_MAX: usize = 1_000;

#[derive(Debug, Default)]
pub(super) struct Kml {
    markup: Markup,
    reader: Reader,
}

impl Kml {
    /// `product` is what the name of the file tells, which the KML tells less well.
    pub(super) fn new(product: Option<&'static str>) -> Self {
        Self { markup: Markup::default(), reader: Reader { file_product: product, ..Reader::default() } }
    }

    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        let Self { markup, reader } = self;
        markup.push(bytes, |token| reader.token(token, out));
    }

    pub(super) fn finish(&mut self, out: &mut Output<'_>) {
        let rest = self.markup.finish();
        self.reader.finish(&rest, out);
    }
}

/// An element of XML whose text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaf {
    ProductId,
    IssueTime,
    TimeStep,
    Name,
    Description,
    Value,
}

#[derive(Debug, Default)]
struct Reader {
    file_product: Option<&'static str>,
    issue: Issue,
    document: Document,
    leaf: Option<Leaf>,
    /// Of the leaf, at most [`TEXT_BYTES_MAX`].
    text: Vec<u8>,
    overlong: bool,
    places: u64,
    place: Option<Place>,
    /// Whether the place was told of.
    told: bool,
    forecast: Option<Forecast>,
    unknown: BTreeSet<String>,
    opened: bool,
    closed: bool,
}

/// An element of the forecast that is being read.
#[derive(Debug)]
struct Forecast {
    name: String,
    /// `None` where its name makes no quantity.
    element: Option<Element>,
}

impl Reader {
    fn token(&mut self, token: Token<'_>, out: &mut Output<'_>) {
        match token {
            Token::Text(text) => self.hold(text),
            Token::Tag(tag) => self.tag(tag, out),
            Token::Overlong(tag) => out.problem(self.problem("a tag is longer than any of a forecast", tag)),
        }
    }

    fn hold(&mut self, text: &[u8]) {
        if self.leaf.is_some() {
            let room = TEXT_BYTES_MAX - self.text.len();
            self.overlong |= text.len() > room;
            self.text.extend_from_slice(text.get(..room).unwrap_or(text));
        }
    }

    fn tag(&mut self, tag: &[u8], out: &mut Output<'_>) {
        if let Some(text) = tag.strip_prefix(b"<![CDATA[").and_then(|rest| rest.strip_suffix(b"]]>")) {
            // What is quoted so has no entities; quoted again it has, and reads the same.
            return self.hold(quick_xml::escape::escape(encoding::text(text)).as_bytes());
        }
        let Some(content) = tag.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">")) else { return };
        let text = encoding::text(content);
        if let Some(name) = text.strip_prefix('/') {
            return self.end(local(name.trim_end()), out);
        }
        if text.starts_with(['?', '!']) {
            return;
        }
        let (content, empty) = text.strip_suffix('/').map_or((&*text, false), |content| (content, true));
        let length = content.find(|letter: char| letter.is_ascii_whitespace()).unwrap_or(content.len());
        let start = BytesStart::from_content(content, length);
        self.start(&start, out);
        if empty {
            self.end(start.local_name().into_inner(), out);
        }
    }

    fn start(&mut self, start: &BytesStart<'_>, out: &mut Output<'_>) {
        match start.local_name().into_inner() {
            "kml" => self.opened = true,
            "ProductID" => self.read(Leaf::ProductId),
            "IssueTime" => self.read(Leaf::IssueTime),
            "ForecastTimeSteps" => self.issue.forget_steps(),
            "TimeStep" => self.read(Leaf::TimeStep),
            "Placemark" => {
                self.places += 1;
                self.place = Some(Place { number: self.places, ..Place::default() });
                (self.told, self.forecast) = (false, None);
            }
            "name" if self.place.is_some() && self.forecast.is_none() => self.read(Leaf::Name),
            "description" if self.place.is_some() && self.forecast.is_none() => self.read(Leaf::Description),
            "Forecast" if self.place.is_some() => {
                self.tell(out);
                let name = attribute(start, "elementName");
                self.forecast = Some(self.forecast(name, out));
            }
            "value" if self.forecast.is_some() => self.read(Leaf::Value),
            _ => {}
        }
    }

    fn read(&mut self, leaf: Leaf) {
        self.leaf = Some(leaf);
        self.text.clear();
        self.overlong = false;
    }

    fn forecast(&mut self, name: String, out: &mut Output<'_>) -> Forecast {
        let known = element(&name).copied();
        if known.is_none() && self.unknown.len() < UNKNOWN_MAX && self.unknown.insert(name.clone()) {
            let reason = format!(
                "the element `{name}` is none of DWD's that are known; its values are kept at their steps, in the unit `unknown`"
            );
            out.finding(finding(Severity::Note, "unknown_element", String::new(), reason));
        }
        Forecast { element: known.or_else(|| Element::unknown(&name)), name }
    }

    fn end(&mut self, name: &str, out: &mut Output<'_>) {
        match (name, self.leaf) {
            ("ProductID", Some(Leaf::ProductId)) => self.product_id(),
            ("IssueTime", Some(Leaf::IssueTime)) => self.issue_time(out),
            ("TimeStep", Some(Leaf::TimeStep)) => self.time_step(out),
            ("name", Some(Leaf::Name)) => self.name(),
            ("description", Some(Leaf::Description)) => self.description(),
            ("value", Some(Leaf::Value)) => self.values(out),
            ("Forecast", _) => self.forecast = None,
            ("Placemark", _) => {
                self.tell(out);
                self.place = None;
                self.forecast = None;
            }
            ("kml", _) => self.closed = true,
            _ => return,
        }
        self.leaf = None;
    }

    /// The text of the leaf without white space around it, at most as long as a name may be.
    fn short_text(&self) -> String {
        let raw = encoding::text(self.text.trim_ascii());
        let text = unescape(&raw).map_or_else(|_| raw.to_string(), std::borrow::Cow::into_owned);
        text.chars().filter(|letter| !letter.is_control()).take(NAME_CHARS_MAX).collect()
    }

    fn product_id(&mut self) {
        self.issue.product = self.file_product.map_or_else(|| self.short_text(), str::to_owned);
        self.document = self.issue.document();
    }

    fn issue_time(&mut self, out: &mut Output<'_>) {
        let text = self.short_text();
        self.issue.issued_at = instant(&text);
        self.document = self.issue.document();
        if self.issue.issued_at.is_none() {
            let reason = format!(
                "the issue time `{text}` is not a time such as 2023-04-12T09:00:00Z; the time of receipt stands for it"
            );
            out.finding(finding(Severity::Warning, "issue_time", String::new(), reason));
        }
    }

    fn time_step(&mut self, out: &mut Output<'_>) {
        let text = self.short_text();
        let step = instant(&text);
        if self.issue.steps() >= STEPS_MAX {
            return;
        }
        self.issue.add_step(step);
        let number = self.issue.steps();
        if number == STEPS_MAX {
            let reason = format!("there are {STEPS_MAX} steps, and none beyond is read");
            out.finding(finding(Severity::Warning, "time_step", String::new(), reason));
        } else if step.is_none() {
            let reason =
                format!("the step `{text}` is not a time such as 2023-04-12T09:00:00Z; its values cannot be read");
            out.finding(finding(Severity::Warning, "time_step", format!("step {number}"), reason));
        }
    }

    fn name(&mut self) {
        let name = self.short_text();
        if let Some(place) = &mut self.place {
            place.point = name.parse().ok();
            place.name = name;
        }
    }

    fn description(&mut self) {
        let description = self.short_text();
        if let Some(place) = &mut self.place {
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

    fn values(&mut self, out: &mut Output<'_>) {
        if self.text.contains(&b'&')
            && let Ok(text) = unescape(&encoding::text(&self.text))
        {
            self.text = text.into_owned().into_bytes();
        }
        let Some(values) = self.current() else { return };
        if self.overlong {
            return values.refuse("the element has more values than any forecast", out);
        }
        values.read(out);
    }

    fn current(&self) -> Option<Values<'_>> {
        let (place, forecast) = (self.place.as_ref()?, self.forecast.as_ref()?);
        Some(Values {
            issue: &self.issue,
            document: &self.document,
            place,
            element_name: &forecast.name,
            element: forecast.element.as_ref(),
            text: &self.text,
        })
    }

    fn finish(&mut self, rest: &[u8], out: &mut Output<'_>) {
        if self.closed {
            return;
        }
        self.tell(out);
        if !self.opened {
            return out.problem(self.problem("there is no KML", rest));
        }
        match self.current().filter(|_| self.leaf == Some(Leaf::Value)) {
            Some(values) => values.refuse("the forecast is cut off within the element's values", out),
            None => out.problem(self.problem("the forecast is cut off: its KML does not end", rest)),
        }
    }

    fn problem(&self, reason: &str, bytes: &[u8]) -> Problem {
        let position = self.place.as_ref().map(|place| format!("place {} ({})", place.number, place.name));
        let bytes = bytes.get(..REJECT_BYTES_MAX).unwrap_or(bytes).to_vec();
        // How many values follow in what is cut off cannot be told.
        Problem {
            position: position.unwrap_or_default(),
            reason: reason.to_owned(),
            readings: 1,
            prelude: Vec::new(),
            bytes,
        }
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, name)| name)
}

/// The value of an attribute by its name without prefix; empty where there is none.
fn attribute(start: &BytesStart<'_>, name: &str) -> String {
    let found =
        start.attributes().with_checks(false).flatten().find(|attribute| attribute.key.local_name().as_ref() == name);
    let value =
        found.map(|attribute| unescape(&attribute.value).map_or_else(|_| attribute.value.to_string(), Into::into));
    value.unwrap_or_default().chars().filter(|letter| !letter.is_control()).take(NAME_CHARS_MAX).collect()
}

fn instant(text: &str) -> Option<Timestamp> {
    match dates::stamp(text) {
        Ok(Stamp::At(at)) => Some(at),
        Ok(Stamp::Clock(_)) | Err(_) => None,
    }
}
