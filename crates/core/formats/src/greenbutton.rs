//! Green Button downloads: the Atom feed of the Energy Services Provider Interface (ESPI, NAESB REQ.21).
//!
//! Usage points, meter readings, reading types and blocks of intervals are entries of their own, in any order, that name each
//! other by links ([`links`]). A block's values wait until its entry has ended and, where its reading type comes later, until
//! that has come; what [`blocks`] holds is bounded. Values are told at the usage point, whose id is that of its entry, and
//! become known at the time at which their entry was updated. Times are seconds of UTC, so the parameters of the local time
//! are not needed; costs, summaries and everything about customers are not read.

mod blocks;
mod kinds;
mod links;
mod quality;

use metrify_domain::{Severity, Timestamp};

use crate::detect::Head;
use crate::espi;
use crate::format::Options;
use crate::output::{Output, Problem};
use crate::page::Table;
use crate::xml::{self, Attributes, Event, Node, Text, Then, Xml};
use blocks::{Block, Blocks};
use kinds::ReadingType;
use links::{Links, Resource, Resources};

const NAMESPACE: &str = "http://naesb.org/espi";
/// Longest text that is kept, in characters. The schema allows 256.
const TEXT_CHARS_MAX: usize = 300;

#[must_use]
pub fn tables() -> Vec<Table> {
    [kinds::tables(), vec![quality::table(), espi::units()]].concat()
}

#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    let root = xml::root(head)?;
    let is_feed = root.is_named("feed") || root.is_named("entry");
    (is_feed && xml::contains(head.bytes, NAMESPACE)).then_some("an Atom feed with the namespace of ESPI")
}

#[derive(Default)]
pub struct Decoder {
    xml: Xml,
    reader: Reader,
}

impl Decoder {
    #[must_use]
    pub fn new(_options: &Options) -> Self {
        Self::default()
    }

    pub fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        let Self { xml, reader } = self;
        xml.push(bytes, |node, event| {
            match event {
                Event::Start(attributes) => reader.start(node, attributes, out),
                Event::End(text) => reader.end(node, text, out),
                Event::Broken { reason, bytes } => reader.broken(node.path.name(), reason, bytes, out),
            }
            // Problems are written anew with the entries that they need.
            Then::Forget
        });
    }

    pub fn finish(&mut self, out: &mut Output<'_>) {
        // Values that were read are held, and not lost with what is cut off.
        self.xml.finish_with_problem("feed", |_, _| 1, out);
        self.reader.finish(out);
    }
}

/// What an entry holds.
#[derive(Default)]
enum Content {
    /// Something that is not read, or nothing yet.
    #[default]
    Other,
    UsagePoint,
    MeterReading,
    ReadingType(Box<ReadingType>),
    IntervalBlock,
    /// Amounts of a billing period and their costs.
    Summary,
}

/// The entry that is being read.
#[derive(Default)]
struct Entry {
    id: String,
    title: String,
    updated_at: Option<Timestamp>,
    links: Links,
    content: Content,
    blocks: Vec<Block>,
}

#[derive(Default)]
struct Reader {
    entries: u64,
    entry: Entry,
    resources: Resources,
    blocks: Blocks,
    costs: u64,
    summaries: u64,
    /// Whether the root is one, once it has come.
    is_feed: Option<bool>,
}

impl Reader {
    fn start(&mut self, node: &Node<'_>, attributes: &Attributes<'_>, out: &mut Output<'_>) {
        if node.path.name() == "entry" {
            // One that did not end holds values that were read.
            self.end_entry(out);
        }
        let entry = &mut self.entry;
        match (node.path.parent(), node.path.name()) {
            (parent, "entry") => {
                self.entries += 1;
                if parent.is_empty() {
                    self.is_feed = Some(true);
                }
            }
            ("", name) => self.is_feed = Some(name == "feed"),
            ("entry", "link") => entry.links.read(&attributes.get("rel"), &attributes.get("href")),
            ("content", "UsagePoint") => entry.content = Content::UsagePoint,
            ("content", "MeterReading") => entry.content = Content::MeterReading,
            ("content", "ReadingType") => entry.content = Content::ReadingType(Box::default()),
            ("content", "IntervalBlock") => {
                entry.content = Content::IntervalBlock;
                entry.blocks.push(Block::default());
            }
            ("content", "UsageSummary" | "ElectricPowerUsageSummary" | "ElectricPowerQualitySummary") => {
                entry.content = Content::Summary;
            }
            ("IntervalBlock", "IntervalReading") => self.blocks.begin_reading(),
            _ => {}
        }
    }

    fn end(&mut self, node: &Node<'_>, text: Option<Text<'_>>, out: &mut Output<'_>) {
        let (parent, name) = (node.path.parent(), node.path.name());
        if let Some(text) = text {
            let text = text.short(TEXT_CHARS_MAX);
            match (parent, name) {
                ("entry", "id") => self.entry.id = text,
                ("entry", "title") => self.entry.title = text,
                ("entry", "updated") => self.entry.updated_at = links::instant(&text),
                ("IntervalReading", "cost") => self.costs += 1,
                ("IntervalReading" | "ReadingQuality" | "timePeriod", name) => self.blocks.read(name, &text),
                ("interval", "start") => {
                    if let Some(block) = self.entry.blocks.last_mut() {
                        block.begin(&text);
                    }
                }
                // A harmonic, or a value between two of them, has the number of it here.
                ("ReadingType", name) | (name @ ("argument" | "interharmonic"), "numerator") => {
                    if let Content::ReadingType(reading_type) = &mut self.entry.content {
                        reading_type.read(name, &text);
                    }
                }
                _ => {}
            }
        }
        match name {
            "IntervalReading" => self.end_reading(out),
            "entry" => self.end_entry(out),
            _ => {}
        }
    }

    fn end_reading(&mut self, out: &mut Output<'_>) {
        let Some(block) = self.entry.blocks.last_mut() else { return };
        if !self.blocks.end_reading(block) {
            let reason = "more values wait for their reading type than can be held".to_owned();
            let position = format!("entry {}", self.entries);
            let bytes = self.blocks.last_written();
            out.problem(Problem { position, reason, readings: 1, prelude: Vec::new(), bytes });
        }
    }

    fn end_entry(&mut self, out: &mut Output<'_>) {
        let Entry { id, title, updated_at, links, content, blocks } = std::mem::take(&mut self.entry);
        let resource = Resource { number: self.entries, id, title, updated_at, links };
        match content {
            Content::Other => {}
            Content::Summary => self.summaries += 1,
            Content::UsagePoint => self.resources.add_usage_point(resource),
            Content::MeterReading => self.resources.add_meter_reading(resource),
            Content::ReadingType(reading_type) => self.resources.add_reading_type(resource, *reading_type),
            Content::IntervalBlock => {
                for block in blocks {
                    self.blocks.add(&resource, block, &mut self.resources, out);
                }
            }
        }
    }

    fn broken(&mut self, name: &str, reason: String, bytes: &[u8], out: &mut Output<'_>) {
        if name == "entry" {
            self.end_entry(out);
        }
        let position = if self.entries == 0 { String::new() } else { format!("entry {}", self.entries) };
        out.problem(Problem { position, reason, readings: 1, prelude: Vec::new(), bytes: bytes.to_vec() });
    }

    fn finish(&mut self, out: &mut Output<'_>) {
        // An entry that a cut left open holds what was read of it.
        self.end_entry(out);
        self.blocks.finish(&mut self.resources, out);
        if self.is_feed == Some(false) {
            let reason = "the root is no `feed` and no `entry` of Atom".to_owned();
            let (position, prelude, bytes) = (String::new(), Vec::new(), Vec::new());
            out.problem(Problem { position, reason, readings: 1, prelude, bytes });
        }
        for (count, rule, what) in
            [(self.costs, "costs", "costs of values"), (self.summaries, "summaries", "summaries")]
        {
            if count > 0 {
                out.remark(Severity::Note, rule, String::new(), format!("{what} are not read: {count}"));
            }
        }
    }
}
