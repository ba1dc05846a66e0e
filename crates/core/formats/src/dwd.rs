//! Observations of the Deutscher Wetterdienst (Climate Data Center): 10-minute and hourly values of weather stations.
//!
//! A delivery is a zip archive with one or more tables (`produkt_*.txt`) and descriptions (`Metadaten_*`), or one of these
//! texts by itself. Of the descriptions only `Metadaten_Geographie_*` is read, which names the stations; the others tell of
//! instruments and parameters and hold no readings. Point is the station's number with five digits, as in the names of the
//! files. [`columns`] says what each column is, [`product`] how a row becomes readings.

mod columns;
mod product;
mod stamp;
mod stations;

use metrify_domain::{Finding, Severity};

use crate::archive::{Members, Unpacker};
use crate::detect::Head;
use crate::encoding::without_mark;
use crate::format::Options;
use crate::lines::Lines;
use crate::output::Output;
use crate::page::Table;
use product::Product;
use stations::Stations;

#[must_use]
pub fn tables() -> Vec<Table> {
    columns::tables()
}

#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    let members = head.zip_members();
    if members.iter().any(|name| matches!(Member::of(name), Member::Product | Member::Geography | Member::Description))
    {
        return Some("the names of DWD files in a zip archive");
    }
    let line = without_mark(head.first_line());
    if product::is_header(line) {
        return Some("the header of a DWD table");
    }
    stations::is_header(line).then_some("the header of a DWD station description")
}

/// What a member of an archive is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Product,
    Geography,
    Description,
    Other,
}

impl Member {
    fn of(name: &str) -> Self {
        let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
        match name.rsplit_once('.') {
            Some((stem, "txt")) if stem.starts_with("produkt_") => Self::Product,
            Some((stem, "txt")) if stem.starts_with("Metadaten_Geographie") => Self::Geography,
            Some((stem, "txt" | "html")) if stem.starts_with("Metadaten_") => Self::Description,
            Some(_) | None => Self::Other,
        }
    }
}

#[derive(Default)]
pub struct Decoder {
    unpacker: Unpacker,
    delivery: Delivery,
}

impl Decoder {
    #[must_use]
    pub fn new(_options: &Options) -> Self {
        Self::default()
    }

    pub fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        self.unpacker.push(bytes, &mut self.delivery, out);
    }

    pub fn finish(&mut self, out: &mut Output<'_>) {
        self.unpacker.finish(&mut self.delivery, out);
        self.delivery.finish(out);
    }
}

/// The texts of one delivery, one after another.
#[derive(Default)]
struct Delivery {
    lines: Lines,
    text: Text,
    product: Product,
    stations: Stations,
    texts: Texts,
}

/// Texts with observations or stations: how many there are, and how many could be read to their end.
#[derive(Clone, Copy, Default)]
struct Texts {
    begun: usize,
    ended: usize,
}

/// What the text is that is being read.
#[derive(Clone, Copy, Default)]
enum Text {
    /// Its first line will tell.
    #[default]
    Unknown,
    Product,
    Geography,
}

impl Members for Delivery {
    fn begin(&mut self, name: &str, out: &mut Output<'_>) -> bool {
        self.lines = Lines::default();
        self.text = Text::Unknown;
        match Member::of(name) {
            Member::Description => false,
            Member::Other if !name.is_empty() => {
                let reason =
                    "the member is neither a table (produkt_*.txt) nor a description (Metadaten_*); it is not read";
                out.finding(finding(Severity::Warning, "unknown_member", String::new(), reason.to_owned()));
                false
            }
            Member::Product | Member::Geography | Member::Other => {
                self.texts.begun += 1;
                true
            }
        }
    }

    fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        let Self { lines, text, product, stations, .. } = self;
        lines.push(bytes, |line| text.line(line, product, stations, out));
    }

    fn end(&mut self, out: &mut Output<'_>) {
        let Self { lines, text, product, stations, .. } = self;
        lines.finish(|line| text.line(line, product, stations, out));
        product.end(out);
        self.texts.ended += 1;
    }
}

impl Text {
    fn line(&mut self, line: crate::Line<'_>, product: &mut Product, stations: &mut Stations, out: &mut Output<'_>) {
        match self {
            Self::Unknown if line.bytes.trim_ascii().is_empty() => {}
            Self::Unknown if stations::is_header(without_mark(line.bytes)) => {
                *self = Self::Geography;
                stations.header(without_mark(line.bytes));
            }
            Self::Unknown => {
                *self = Self::Product;
                product.header(line, out);
            }
            Self::Product => product.line(line, stations, out),
            Self::Geography => stations.line(line, out),
        }
    }
}

impl Delivery {
    fn finish(&mut self, out: &mut Output<'_>) {
        self.stations.finish(out);
        let whole = self.texts.begun > 0 && self.texts.begun == self.texts.ended;
        if whole && self.product.is_silent() {
            let reason = "the delivery holds no observation: it only describes stations, or its tables have no rows";
            out.finding(finding(Severity::Note, "no_observations", String::new(), reason.to_owned()));
        }
    }
}

fn finding(severity: Severity, rule: &'static str, position: String, reason: String) -> Finding {
    Finding { rule: rule.into(), severity, channel: None, period: None, position, reason }
}
