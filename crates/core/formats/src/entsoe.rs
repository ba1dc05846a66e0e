//! Documents of the ENTSO-E Transparency Platform: load, generation, forecasts, prices and flows (IEC 62325-451, CIM).
//!
//! `GL_MarketDocument` (IEC 62325-451-6), `Publication_MarketDocument` (451-3) and `Acknowledgement_MarketDocument` (451-1). A
//! document holds series, a series periods, a period points; it is read as it comes, and no more is held than a point. Areas
//! are the EIC as it stands; [`series`] says which quantity a series is, [`period`] when its points are, and what a curve
//! leaves out. Values of different processes never share a channel: forecasts have quantities of their own.
//!
//! Realised values and prices become known on receipt: the platform writes the time of the download into its documents, and
//! with it every download would be a version. Forecasts and schedules change with their issue, so theirs is heeded.

mod acknowledgement;
mod head;
mod period;
mod series;
mod step;

use std::collections::HashSet;

use metrify_domain::{Document, Point, PointKind, Severity};

use crate::detect::Head;
use crate::format::Options;
use crate::output::{Meter, Output, Problem};
use crate::page::Table;
use crate::xml::{Event, Node, Text, Then, Xml};
use acknowledgement::Acknowledgement;
use head::{DocumentHead, Root};
use period::{Allowance, PeriodReader, Place};
use series::Series;

/// Points that are told of once; a document of all generation units of Europe has some two thousand.
const TOLD_MAX: usize = 20_000;

#[must_use]
pub fn tables() -> Vec<Table> {
    series::tables()
}

#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    let root = crate::xml::root(head)?;
    head::ROOTS.iter().find(|(name, _)| root.is_named(name)).map(|_| "the root of a document of ENTSO-E")
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
        xml.push(bytes, |node, event| match event {
            Event::Start(_) => reader.start(node, out),
            Event::End(text) => reader.end(node, text, out),
            Event::Broken { reason, bytes } => reader.broken(node.path.name(), reason, bytes, out),
        });
    }

    pub fn finish(&mut self, out: &mut Output<'_>) {
        let Self { xml, reader } = self;
        xml.finish_with_problem("document of ENTSO-E", |_, out| reader.abandon_period(out), out);
    }
}

#[derive(Default)]
struct Reader {
    head: DocumentHead,
    /// As every reading of the document has it.
    document: Document,
    series_number: u64,
    series: Series,
    period: PeriodReader,
    acknowledgement: Acknowledgement,
    allowance: Allowance,
    told: HashSet<Point>,
}

impl Reader {
    fn start(&mut self, node: &Node<'_>, out: &mut Output<'_>) -> Then {
        match node.path.name() {
            name if node.path.depth() == 1 => self.begin(name),
            "TimeSeries" => {
                self.abandon(out);
                self.series_number += 1;
                self.series = Series::default();
            }
            "Period" => {
                self.abandon(out);
                self.period = PeriodReader::default();
            }
            "Point" if self.period.begin_point(&self.head, &mut self.series) => self.begin_points(out),
            "Reason" => self.acknowledgement.begin_reason(),
            _ => {}
        }
        Then::Keep
    }

    /// A document may follow another one. What a delivery may fill is not more for it.
    fn begin(&mut self, root: &str) {
        let (allowance, told) = (std::mem::take(&mut self.allowance), std::mem::take(&mut self.told));
        *self = Self { head: DocumentHead::new(root), allowance, told, ..Self::default() };
    }

    /// Counts what was lost with a period that did not end before another one began.
    fn abandon(&mut self, out: &mut Output<'_>) {
        let readings = self.abandon_period(out);
        if readings > 0 {
            let reason = "the period does not end, and its points could not be read".to_owned();
            let (position, prelude, bytes) = (format!("series {}", self.series_number), Vec::new(), Vec::new());
            out.problem(Problem { position, reason, readings, prelude, bytes });
        }
    }

    /// How many points are lost with a period that does not end.
    fn abandon_period(&mut self, out: &mut Output<'_>) -> u64 {
        let (series, document, allowance) = (self.series_number, &self.document, &self.allowance);
        self.period.abandon(&Place { series, node: None, document, allowance }, out)
    }

    fn end(&mut self, node: &Node<'_>, text: Option<Text<'_>>, out: &mut Output<'_>) -> Then {
        let (parent, name) = (node.path.parent(), node.path.name());
        if let Some(text) = text {
            let text = text.read();
            let read = match parent {
                "TimeSeries" | "MktPSRType" | "PowerSystemResources" => self.series.read(parent, name, &text),
                "timeInterval" | "Period" if node.path.is_within("Period") => self.period.read(name, &text),
                "Point" => {
                    self.period.read_point(name, &text);
                    return Then::Keep;
                }
                "Reason" => self.acknowledgement.read_reason(name, &text),
                _ if node.path.depth() == 2 => self.head.read(name, &text),
                _ => false,
            };
            if read && self.series.is_begun && parent != "Period" && parent != "timeInterval" {
                self.late(name, out);
            }
        }
        self.leave(node, name, out)
    }

    /// What ends with an element that has others within.
    fn leave(&mut self, node: &Node<'_>, name: &str, out: &mut Output<'_>) -> Then {
        match name {
            "Point" => {
                let (series, document, allowance) = (self.series_number, &self.document, &self.allowance);
                return self.period.end_point(&Place { series, node: Some(node), document, allowance }, out);
            }
            "Period" => {
                let (series, document, allowance) = (self.series_number, &self.document, &self.allowance);
                self.period.finish(&Place { series, node: Some(node), document, allowance }, out);
            }
            "TimeSeries" => self.series = Series::default(),
            "Reason" if self.head.root == Root::Acknowledgement => {
                self.acknowledgement.tell(&self.head, node, out);
            }
            _ if node.path.depth() == 1 => self.finish(node, out),
            _ => return Then::Keep,
        }
        Then::Forget
    }

    fn finish(&self, node: &Node<'_>, out: &mut Output<'_>) {
        match &self.head.root {
            Root::Acknowledgement if self.acknowledgement.is_silent() => {
                let reason = "the acknowledgement gives no reason, so it tells neither yes nor no".to_owned();
                out.problem(node.problem(String::new(), reason, 1));
            }
            Root::Other(name) if self.series_number == 0 => {
                let reason = format!("the document is `{name}`, which is none that is read");
                out.problem(node.problem(String::new(), reason, 1));
            }
            Root::GenerationAndLoad | Root::Publication | Root::Acknowledgement | Root::Other(_) | Root::None => {}
        }
    }

    /// Elements stand in their order; one that comes behind the points it should have told of came too late.
    fn late(&self, name: &str, out: &mut Output<'_>) {
        let position = format!("series {}", self.series_number);
        let reason = format!("`{name}` stands behind the points that it tells of, which were read without it");
        out.remark(Severity::Warning, "late_element", position, reason);
    }

    /// Before the first point of a period: its area is told of, once.
    fn begin_points(&mut self, out: &mut Output<'_>) {
        let plan = self.period.plan();
        self.document = self.head.document(plan.is_some_and(|plan| plan.is_issued));
        let Some(plan) = plan else { return };
        let point = &plan.channel.point;
        if self.told.contains(point) {
            return;
        }
        if self.told.len() >= TOLD_MAX {
            self.told.clear();
        }
        self.told.insert(point.clone());
        let kind = Some(point.kind()).filter(|kind| *kind != PointKind::Other).or(Some(PointKind::Area));
        let name = self.series.unit_name().map(str::to_owned);
        out.meter(Meter { point: point.clone(), kind, name, server_id: None, maker: None, resolution: None });
    }

    fn broken(&mut self, name: &str, reason: String, bytes: &[u8], out: &mut Output<'_>) -> Then {
        let position = if self.series_number == 0 { String::new() } else { format!("series {}", self.series_number) };
        let readings = if name == "Period" { self.abandon_period(out).max(1) } else { 1 };
        out.problem(Problem { position, reason, readings, prelude: Vec::new(), bytes: bytes.to_vec() });
        Then::Keep
    }
}
