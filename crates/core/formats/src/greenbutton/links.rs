//! How the entries of a feed name each other: a block lies within a meter reading, which is of a reading type and lies within a
//! usage point.
//!
//! An entry's own address is `rel="self"`, the collection that it lies in `rel="up"`, and what it belongs to `rel="related"`.
//! Addresses are compared as paths, since some senders write them in full and others do not.

use std::collections::HashMap;

use metrify_domain::point::PointError;
use metrify_domain::{Document, Point, Timestamp};
use quick_xml::escape::escape;

use super::kinds::ReadingType;
use crate::dates::{self, Stamp};
use crate::output::{Meter, Output};

/// Entries of one kind that are kept. A feed has one customer's usage points.
const RESOURCES_MAX: usize = 2_000;
/// Longest address, in bytes.
const ADDRESS_BYTES_MAX: usize = 300;
/// Addresses that an entry may name beside its own.
const RELATED_MAX: usize = 12;

#[derive(Clone, Debug, Default)]
pub(super) struct Links {
    own: String,
    up: String,
    related: Vec<String>,
}

impl Links {
    pub(super) fn read(&mut self, relation: &str, address: &str) {
        let Some(path) = path(address) else { return };
        match relation {
            "self" => self.own = path.to_owned(),
            "up" => self.up = path.to_owned(),
            "related" if self.related.len() < RELATED_MAX => self.related.push(path.to_owned()),
            _ => {}
        }
    }

    fn written(&self) -> String {
        let related = self.related.iter().map(|address| ("related", address));
        let links = [("self", &self.own), ("up", &self.up)].into_iter().chain(related);
        links
            .map(|(relation, address)| format!("<link rel=\"{relation}\" href=\"{}\"/>", escape(address.as_str())))
            .collect()
    }
}

/// The path of an address, without what only tells where it is served.
fn path(address: &str) -> Option<&str> {
    let path = match address.split_once("://") {
        Some((_, rest)) => rest.get(rest.find('/')?..)?,
        None => address,
    };
    let path = path.trim().trim_end_matches('/');
    (!path.is_empty() && path.len() <= ADDRESS_BYTES_MAX).then_some(path)
}

/// An entry with its links.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    /// From 1, in the order of the feed.
    pub(super) number: u64,
    pub(super) id: String,
    pub(super) title: String,
    pub(super) updated_at: Option<Timestamp>,
    pub(super) links: Links,
}

impl Resource {
    /// Without the links that a block has no need of.
    pub(super) fn trimmed(&self) -> Self {
        let links = Links { related: Vec::new(), ..self.links.clone() };
        Self { links, ..self.clone() }
    }

    pub(super) fn document(&self) -> Document {
        Document { reference: self.id.clone(), known_at: self.updated_at }
    }

    /// The entry as XML with other content.
    pub(super) fn written(&self, content: &str) -> String {
        format!("{}{content}</content></entry>", self.written_head())
    }

    /// The entry up to its content. When it was updated stands first: its content may be cut off.
    pub(super) fn written_head(&self) -> String {
        let updated = self.updated_at.map(|at| format!("<updated>{at}</updated>")).unwrap_or_default();
        let title = escape(self.title.as_str());
        format!(
            "<entry><id>{}</id>{}<title>{title}</title>{updated}<content>",
            escape(self.id.as_str()),
            self.links.written()
        )
    }
}

/// What a block of values belongs to.
pub(super) struct Owner<'a> {
    pub(super) point: Point,
    pub(super) reading_type: &'a ReadingType,
    resources: [&'a Resource; 3],
}

impl Owner<'_> {
    /// The address of the usage point.
    pub(super) fn address(&self) -> &str {
        &self.resources[0].links.own
    }

    /// The entries that tell of it, as XML.
    pub(super) fn written(&self) -> String {
        let [usage_point, meter_reading, reading_type] = self.resources;
        [
            usage_point.written(&format!("<UsagePoint xmlns=\"{}\"/>", super::NAMESPACE)),
            meter_reading.written(&format!("<MeterReading xmlns=\"{}\"/>", super::NAMESPACE)),
            reading_type.written(&self.reading_type.written()),
        ]
        .concat()
    }
}

/// The entries that tell of others.
#[derive(Default)]
pub(super) struct Resources {
    usage_points: HashMap<String, (Resource, bool)>,
    /// By their own address.
    meter_readings: HashMap<String, Resource>,
    /// The own address of a meter reading by the collection of its blocks.
    collections: HashMap<String, String>,
    reading_types: HashMap<String, (Resource, ReadingType)>,
}

impl Resources {
    pub(super) fn add_usage_point(&mut self, resource: Resource) {
        if self.usage_points.len() < RESOURCES_MAX {
            self.usage_points.insert(resource.links.own.clone(), (resource, false));
        }
    }

    pub(super) fn add_meter_reading(&mut self, resource: Resource) {
        if self.meter_readings.len() < RESOURCES_MAX {
            for collection in &resource.links.related {
                self.collections.insert(collection.clone(), resource.links.own.clone());
            }
            self.meter_readings.insert(resource.links.own.clone(), resource);
        }
    }

    pub(super) fn add_reading_type(&mut self, resource: Resource, reading_type: ReadingType) {
        if self.reading_types.len() < RESOURCES_MAX {
            self.reading_types.insert(resource.links.own.clone(), (resource, reading_type));
        }
    }

    /// # Errors
    /// What the block lacks, in words.
    pub(super) fn owner(&self, block: &Resource) -> Result<Owner<'_>, String> {
        let named = self.collections.get(&block.links.up).and_then(|own| self.meter_readings.get(own));
        let meter_reading = named.or_else(|| above(&block.links.own, &self.meter_readings));
        let meter_reading = meter_reading.ok_or("no link of the feed names the MeterReading of the block")?;
        let mut related = meter_reading.links.related.iter();
        let reading_type = related.find_map(|address| self.reading_types.get(address));
        let (type_resource, reading_type) =
            reading_type.ok_or("no link of the feed names the ReadingType of the block")?;
        let (usage_point, _) = above(&meter_reading.links.own, &self.usage_points)
            .ok_or("the feed does not hold the UsagePoint of the block")?;
        let point = usage_point.id.parse();
        let point = point.map_err(|error: PointError| format!("the id of the UsagePoint is no point: {error}"))?;
        Ok(Owner { point, reading_type, resources: [usage_point, meter_reading, type_resource] })
    }

    /// Tells of the usage point at this address, once.
    pub(super) fn tell(&mut self, address: &str, out: &mut Output<'_>) {
        let Some((usage_point, told)) = self.usage_points.get_mut(address) else { return };
        let Ok(point) = usage_point.id.parse() else { return };
        if !std::mem::replace(told, true) {
            let name = (!usage_point.title.is_empty()).then(|| usage_point.title.clone());
            out.meter(Meter { point, kind: None, name, server_id: None, maker: None, resolution: None });
        }
    }
}

/// What lies at the nearest address above.
fn above<'a, T>(address: &str, resources: &'a HashMap<String, T>) -> Option<&'a T> {
    let mut address = address;
    while let Some((above, _)) = address.rsplit_once('/') {
        if let Some(found) = resources.get(above) {
            return Some(found);
        }
        address = above;
    }
    None
}

pub(super) fn instant(text: &str) -> Option<Timestamp> {
    match dates::stamp(text) {
        Ok(Stamp::At(at)) => Some(at),
        Ok(Stamp::Clock(_)) | Err(_) => None,
    }
}
