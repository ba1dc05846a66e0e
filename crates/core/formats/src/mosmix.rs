//! MOSMIX: point forecasts of the Deutscher Wetterdienst, as KMZ (a zip archive with a KML) or as the KML itself.
//!
//! One issue holds time steps (some 240 hours), then a place after another with an element after another, each with one value
//! for every step. A KML of all stations has about a gigabyte: it is read as it comes, and no more is held than one element's
//! values. The document is the issue, `DWD/MOSMIX_L/2023-04-12T09:00:00Z`, known at its issue time; every value is a forecast.
//! Most elements are given for every third, sixth or twelfth hour only. The steps between (`-`) are missing readings, so that
//! what came can be counted: steps times elements times places, but for sums of a whole day, which one step a day tells.
//! [`elements`] says what each element is, [`kml`] how the product's structure is read.

mod elements;
mod kml;
mod values;

use metrify_domain::Severity;

use crate::archive::{Members, Unpacker};
use crate::detect::Head;
use crate::format::Options;
use crate::output::Output;
use crate::page::Table;
use kml::Kml;

#[must_use]
pub fn tables() -> Vec<Table> {
    vec![elements::table()]
}

#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    if head.zip_members().iter().any(|name| is_kml(name)) {
        return Some("a KML in a zip archive");
    }
    // The namespace stands in the root element. A part of it is enough: its version may change.
    const NAMESPACE: &[u8] = b"/pointforecast_dwd_extension";
    let xml = head.first_line().starts_with(b"<");
    (xml && head.bytes.windows(NAMESPACE.len()).any(|window| window == NAMESPACE))
        .then_some("the namespace of DWD point forecasts")
}

fn is_kml(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".kml")
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
    }
}

/// The forecasts of one delivery, one after another.
#[derive(Default)]
struct Delivery {
    kml: Kml,
}

impl Members for Delivery {
    fn begin(&mut self, name: &str, out: &mut Output<'_>) -> bool {
        if name.is_empty() || is_kml(name) {
            self.kml = Kml::new(product(name));
            return true;
        }
        let reason = "the member is no KML; it is not read".to_owned();
        out.remark(Severity::Warning, "unknown_member", String::new(), reason);
        false
    }

    fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        self.kml.push(bytes, out);
    }

    fn end(&mut self, out: &mut Output<'_>) {
        self.kml.finish(out);
    }
}

/// The product that a file's name tells: `MOSMIX_L` of `MOSMIX_L_2023041209.kml`. The KML itself says MOSMIX for both of them.
fn product(name: &str) -> Option<&'static str> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    ["MOSMIX_L", "MOSMIX_S"].into_iter().find(|product| name.starts_with(product))
}
