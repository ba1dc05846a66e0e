//! The transparency documents of smart meter gateways (VDE-AR-N 2418-6, as TRuDI and the HAN interface give them): registers of
//! a usage point with their statuses, signatures and certificates, for the use cases (TAF) 1, 2, 6, 7, 9, 10 and 14.
//!
//! A register's states are readings as they stand, moved onto the raster of its measurement period where they miss it by one
//! hundredth at most. Neighbouring states on the raster make the amount between them ([`advance`]), in a channel that holds it
//! once ([`amounts`]). What the meter counted ([`list`]) is told at the meter; what the gateway derived from it for a tariff at the usage point, since both have the same
//! codes and other values. The log of the gateway, tariffs and the customer are not read.

mod advance;
mod amounts;
mod list;
mod raster;
mod status;

use std::collections::HashSet;

use metrify_domain::{Channel, Document, Point, PointKind, Severity, Timestamp};

use crate::dates::{self, Stamp};
use crate::detect::Head;
use crate::espi;
use crate::format::Options;
use crate::output::{Meter, Output, Problem};
use crate::page::Table;
use crate::record::{Record, RecordTable};
use crate::xml::{Event, Node, Text, Then, Xml};
use list::{List, Place};

const ROOT: &str = "UsagePoints";
/// A part of the namespace is enough: its version may change.
const NAMESPACE: &str = "vde.de/AR_2418-6";
/// Longest text of the head that is kept, in characters. The schema allows 256.
const TEXT_CHARS_MAX: usize = 300;
/// Facts that are told once; a document has one usage point and a few meters.
const TOLD_MAX: usize = 10_000;

#[must_use]
pub fn tables() -> Vec<Table> {
    vec![status::table(), espi::units()]
}

#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    let root = crate::xml::root(head)?;
    (root.is_named(ROOT) && root.declares(NAMESPACE)).then_some("the root of a transparency document (AR 2418-6)")
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
            Event::Broken { reason, bytes } => reader.broken(node, reason, bytes, out),
        });
    }

    pub fn finish(&mut self, out: &mut Output<'_>) {
        let Self { xml, reader } = self;
        xml.finish_with_problem("transparency document", |node, out| reader.abandon(node, out), out);
        reader.finish(out);
    }
}

/// What stands around the lists of a usage point.
#[derive(Default)]
struct Context {
    usage_point: String,
    gateway: String,
    /// As every reading has it: the gateway's own time, where the document tells it.
    document: Document,
}

#[derive(Default)]
struct Certificate {
    id: String,
    content: Option<Vec<u8>>,
}

#[derive(Default)]
struct Reader {
    root: Option<bool>,
    context: Context,
    certificate: Certificate,
    list: List,
    lists: u64,
    readings: u64,
    log_entries: u64,
    told: HashSet<(String, &'static str, String)>,
}

impl Reader {
    fn start(&mut self, node: &Node<'_>, out: &mut Output<'_>) -> Then {
        match node.path.name() {
            name if node.path.depth() == 1 => self.root = Some(name == ROOT),
            "UsagePoint" => self.context = Context::default(),
            "Certificate" => self.certificate = Certificate::default(),
            "MeterReading" => {
                let readings = self.abandon(node, out);
                if readings > 0 {
                    let reason = "the list does not end, and its values could not be read".to_owned();
                    out.problem(node.problem(format!("list {}", self.lists), reason, readings));
                }
                self.lists += 1;
                self.list = List::default();
            }
            "IntervalReading" => self.list.begin_reading(),
            _ => {}
        }
        Then::Keep
    }

    /// Takes leave of a list that does not end: how many of its values are lost.
    fn abandon(&mut self, node: &Node<'_>, out: &mut Output<'_>) -> u64 {
        let place = Place { context: &self.context, number: self.lists, node };
        std::mem::take(&mut self.list).abandon(&place, out)
    }

    fn end(&mut self, node: &Node<'_>, text: Option<Text<'_>>, out: &mut Output<'_>) -> Then {
        let (parent, name) = (node.path.parent(), node.path.name());
        if let Some(text) = text {
            match (parent, name) {
                ("Certificate", "certContent") => self.certificate.content = espi::hex(&text.read()),
                ("timePeriod" | "IntervalReading", name) => self.list.read_reading(name, text),
                ("ReadingType" | "Meter" | "MeterReading", name) => {
                    self.list.read(name, text.short(TEXT_CHARS_MAX));
                }
                ("UsagePoint" | "SMGW" | "AnalysisProfile" | "Certificate", name) => {
                    self.head(parent, name, text.short(TEXT_CHARS_MAX), out);
                }
                _ => {}
            }
        }
        match name {
            "IntervalReading" => return self.reading(node, out),
            "Certificate" => self.certificate(node, out),
            "MeterReading" => {
                let place = Place { context: &self.context, number: self.lists, node };
                std::mem::take(&mut self.list).finish(&place, out);
            }
            // Who the customer is belongs into no reject.
            "Customer" | "AnalysisProfile" | "IntervalBlock" | "UsagePoint" => {}
            "LogEntry" => self.log_entries += 1,
            _ => return Then::Keep,
        }
        Then::Forget
    }

    fn head(&mut self, parent: &str, name: &str, text: String, out: &mut Output<'_>) {
        match (parent, name) {
            ("UsagePoint", "usagePointId") => self.context.usage_point = text,
            ("SMGW", "smgwId") => {
                self.context.gateway = text.clone();
                self.fact("gateway", text, out);
            }
            ("SMGW", "SystemTime") => {
                let at = instant(&text);
                let gateway = &self.context.gateway;
                let reference = at.map(|at| format!("SMGW/{gateway}/{at}")).unwrap_or_default();
                self.context.document = Document { reference, known_at: at };
            }
            ("AnalysisProfile", "tariffUseCase") => self.fact("tariff_use_case", text, out),
            ("Certificate", "certId") => self.certificate.id = text,
            _ => {}
        }
    }

    fn reading(&mut self, node: &Node<'_>, out: &mut Output<'_>) -> Then {
        self.readings += 1;
        let place = Place { context: &self.context, number: self.lists, node };
        let then = self.list.end_reading(&place, out);
        if let Some((server_id, point)) = self.list.take_meter() {
            self.meter(server_id, point, out);
        }
        then
    }

    /// Tells of the meter of a list.
    fn meter(&mut self, server_id: Option<Vec<u8>>, point: Point, out: &mut Output<'_>) {
        if self.is_told(point.to_string(), "device", String::new()) {
            return;
        }
        let maker = server_id.as_deref().and_then(crate::server_id::maker);
        let (kind, name) = (Some(PointKind::Device), None);
        self.fact("meter", point.to_string(), out);
        out.meter(Meter { point, kind, name, server_id, maker, resolution: None });
    }

    /// A fact about the usage point.
    fn fact(&mut self, fact: &'static str, value: String, out: &mut Output<'_>) {
        let Context { usage_point, document, .. } = &self.context;
        let Ok(point) = usage_point.parse::<Point>() else { return };
        let document = document.clone();
        if value.is_empty() || self.is_told(point.to_string(), fact, value.clone()) {
            return;
        }
        let cells = vec![
            point.to_string().into(),
            point.kind().name().into(),
            fact.into(),
            value.into(),
            None::<Timestamp>.into(),
            None::<Timestamp>.into(),
            None::<String>.into(),
            None::<String>.into(),
            None::<String>.into(),
            document.reference.clone().into(),
        ];
        Record::new(RecordTable::MasterData, document, cells).into_iter().for_each(|record| out.record(record));
    }

    fn is_told(&mut self, of: String, what: &'static str, value: String) -> bool {
        if self.told.len() >= TOLD_MAX {
            self.told.clear();
        }
        !self.told.insert((of, what, value))
    }

    fn certificate(&mut self, node: &Node<'_>, out: &mut Output<'_>) {
        let Certificate { id, content } = std::mem::take(&mut self.certificate);
        let Some(content) = content else {
            let reason = "the certificate is not written in hexadecimal digits; it is not kept".to_owned();
            return out.remark(Severity::Warning, "certificate", node.path.to_string(), reason);
        };
        let signer = signer(&self.context.gateway, &id);
        signature("certificate", signer, None, content, &self.context.document)
            .into_iter()
            .for_each(|record| out.record(record));
    }

    fn broken(&mut self, node: &Node<'_>, reason: String, bytes: &[u8], out: &mut Output<'_>) -> Then {
        let position = if self.lists == 0 { String::new() } else { format!("list {}", self.lists) };
        let lost = if node.path.name() == "MeterReading" { self.abandon(node, out) } else { 0 };
        out.problem(Problem { position, reason, readings: lost.max(1), prelude: Vec::new(), bytes: bytes.to_vec() });
        Then::Keep
    }

    fn finish(&self, out: &mut Output<'_>) {
        if self.log_entries > 0 {
            let reason = format!("entries of the gateway's log are not read: {}", self.log_entries);
            out.remark(Severity::Note, "log_entries", String::new(), reason);
        }
        match self.root {
            Some(true) if self.readings == 0 => {
                let reason = "there are no readings: a document of a supplier tells a tariff alone".to_owned();
                out.remark(Severity::Note, "no_readings", String::new(), reason);
            }
            Some(false) if self.readings == 0 => out.problem(Problem {
                position: String::new(),
                reason: format!("there are no readings, and the root is not `{ROOT}`"),
                readings: 1,
                prelude: Vec::new(),
                bytes: Vec::new(),
            }),
            Some(_) | None => {}
        }
    }
}

/// `EXXX0012345678/1`: the gateway and the number of its certificate, by which signatures name it.
fn signer(gateway: &str, certificate: &str) -> String {
    match (gateway, certificate) {
        ("", certificate) => format!("certificate {certificate}"),
        (gateway, "") => gateway.to_owned(),
        (gateway, certificate) => format!("{gateway}/{certificate}"),
    }
}

/// `of` is the channel of a value, and when that was captured.
fn signature(
    kind: &'static str,
    signer: String,
    of: Option<(&Channel, Timestamp)>,
    bytes: Vec<u8>,
    document: &Document,
) -> Option<Record> {
    let point = of.map(|(channel, _)| channel.point.to_string());
    let quantity = of.map(|(channel, _)| channel.quantity.to_string());
    let at = of.map(|(_, at)| at);
    let cells = vec![kind.into(), signer.into(), point.into(), quantity.into(), at.into(), bytes.into()];
    Record::new(RecordTable::Signatures, document.clone(), cells)
}

fn instant(text: &str) -> Option<Timestamp> {
    match dates::stamp(text) {
        Ok(Stamp::At(at)) => Some(at),
        Ok(Stamp::Clock(_)) | Err(_) => None,
    }
}
