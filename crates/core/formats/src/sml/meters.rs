//! The meters of a delivery: which server ids name which point, what is known of each, and their channels.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use metrify_domain::identifier::DeviceId;
use metrify_domain::{Channel, ObisCode, Point, PointKind, Quantity};

use super::message::List;
use super::resolution::Evidence;
use super::tree::Element;
use crate::output;
use crate::page::Table;
use crate::remarks::Remarks;
use crate::timeline::Timeline;

/// Server ids that are kept at once; a concentrator reads some hundred meters.
const SERVER_IDS_MAX: usize = 20_000;
/// Channels that are kept at once, not counting those of one last frame.
const CHANNELS_MAX: usize = 200_000;

/// Groups C to E of the entries that hold an id of the meter, the best first.
const ID_ENTRIES: [[u8; 3]; 3] = [[96, 1, 0], [0, 0, 9], [0, 0, 0]];
/// Groups C to E of the entries that hold the maker's letters, in today's and in older meters.
const MAKER_ENTRIES: [[u8; 3]; 2] = [[96, 50, 1], [199, 130, 3]];

#[derive(Debug)]
pub(super) struct Meter {
    pub point: Point,
    pub server_id: Vec<u8>,
    pub maker: Option<String>,
    pub timeline: Timeline,
    pub evidence: Evidence,
    pub remarks: Remarks,
}

impl Meter {
    /// Learns the maker from its entry where the server id does not tell it.
    pub(super) fn learn_maker(&mut self, list: &List<'_>) {
        if self.maker.is_none() {
            self.maker = MAKER_ENTRIES.iter().find_map(|groups| octets(list, *groups)).and_then(letters);
        }
    }

    /// What the delivery tells about the device.
    pub(super) fn describe(&self) -> output::Meter {
        output::Meter {
            point: self.point.clone(),
            kind: Some(PointKind::Device),
            name: None,
            server_id: Some(self.server_id.clone()),
            maker: self.maker.clone(),
            resolution: self.evidence.step(),
        }
    }
}

/// Numbers the meters and channels in the order in which they come.
#[derive(Debug, Default)]
pub(super) struct Meters {
    meters: Vec<Meter>,
    by_server_id: HashMap<Vec<u8>, u32>,
    by_point: HashMap<Point, u32>,
    channels: Vec<(Channel, u32)>,
    by_code: HashMap<(u32, ObisCode), u32>,
    last: u32,
}

impl Meters {
    /// Whether more would be kept than the limits allow, if another frame came.
    pub(super) fn is_full(&self) -> bool {
        self.by_server_id.len() >= SERVER_IDS_MAX || self.channels.len() >= CHANNELS_MAX
    }

    /// The number of the meter that a list is from; `None` where nothing in it can name a point.
    pub(super) fn number(&mut self, list: &List<'_>) -> Option<u32> {
        let ids = ID_ENTRIES.iter().filter_map(|groups| octets(list, *groups));
        std::iter::once(list.server_id).chain(ids).find_map(|server_id| self.number_of(server_id))
    }

    fn number_of(&mut self, server_id: &[u8]) -> Option<u32> {
        if self.meters.get(self.last as usize).is_some_and(|meter| meter.server_id == server_id) {
            return Some(self.last);
        }
        self.last = match self.by_server_id.get(server_id) {
            Some(number) => *number,
            None => self.add(server_id)?,
        };
        Some(self.last)
    }

    fn add(&mut self, server_id: &[u8]) -> Option<u32> {
        let point = point(server_id)?;
        let next = u32::try_from(self.meters.len()).ok()?;
        let number = *self.by_point.entry(point.clone()).or_insert(next);
        if number == next {
            self.meters.push(Meter {
                point,
                server_id: server_id.to_vec(),
                maker: maker(server_id),
                timeline: Timeline::default(),
                evidence: Evidence::default(),
                remarks: Remarks::default(),
            });
        }
        self.by_server_id.insert(server_id.to_vec(), number);
        Some(number)
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Meter> {
        self.meters.get_mut(number as usize)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Meter> {
        self.meters.iter_mut()
    }

    /// The number of a meter's channel; `None` for a meter that is not known.
    pub(super) fn channel(&mut self, meter: u32, code: ObisCode) -> Option<u32> {
        match self.by_code.entry((meter, code)) {
            Slot::Occupied(slot) => Some(*slot.get()),
            Slot::Vacant(slot) => {
                let point = self.meters.get(meter as usize)?.point.clone();
                let next = u32::try_from(self.channels.len()).ok()?;
                self.channels.push((Channel { point, quantity: Quantity::Obis(code) }, meter));
                Some(*slot.insert(next))
            }
        }
    }

    /// A channel with its meter.
    pub(super) fn of_channel(&self, number: u32) -> Option<(&Channel, &Meter)> {
        let (channel, meter) = self.channels.get(number as usize)?;
        Some((channel, self.meters.get(*meter as usize)?))
    }
}

/// The point that a server id names: the device id of the norm, a text as it stands, or the bytes in hexadecimal digits.
///
/// EMH and ISKRA had forms of their own (prefix 06) and others send an M-Bus address; what the nameplate says cannot be told
/// from these, so their bytes are the name that stays the same. `None` for no bytes, and for more than a point can hold.
fn point(server_id: &[u8]) -> Option<Point> {
    if let Some(device) = DeviceId::from_server_id(server_id) {
        return device.as_str().parse().ok();
    }
    match std::str::from_utf8(server_id) {
        Ok(text) if text.bytes().all(|byte| byte.is_ascii_graphic()) => text.parse().ok(),
        _ => server_id.iter().map(|byte| format!("{byte:02x}")).collect::<String>().parse().ok(),
    }
}

/// The maker's letters within a server id: of a device id, or of the form `06`, letters, number.
fn maker(server_id: &[u8]) -> Option<String> {
    match (DeviceId::from_server_id(server_id), server_id) {
        (Some(device), _) => Some(device.maker().to_owned()),
        (None, [0x06, maker @ .., _, _, _, _, _, _]) => letters(maker),
        (None, _) => None,
    }
}

/// Three letters of the FLAG association; other names (`HAGER`) are no such letters.
fn letters(bytes: &[u8]) -> Option<String> {
    let are_letters = bytes.len() == 3 && bytes.iter().all(u8::is_ascii_uppercase);
    are_letters.then(|| String::from_utf8_lossy(bytes).into_owned())
}

/// The bytes of the entry with these groups C to E.
fn octets<'a>(list: &List<'a>, wanted: [u8; 3]) -> Option<&'a [u8]> {
    list.entries.iter().find_map(|entry| {
        let [_, _, groups @ .., _] = entry.code.groups();
        match entry.value {
            Element::Octets(bytes) if groups == wanted => Some(bytes),
            Element::Octets(_) | Element::Flag | Element::Signed(_) | Element::Unsigned(_) | Element::List(_) => None,
        }
    })
}

/// The entries that tell something of the meter, for the page.
pub(super) fn table() -> Table {
    let codes = |entries: &[[u8; 3]]| {
        let codes = entries.iter().map(|[c, d, e]| format!("`{c}.{d}.{e}`"));
        codes.collect::<Vec<_>>().join(", ")
    };
    let rows = [
        (codes(&ID_ENTRIES), "a number of the meter, where its list names none"),
        (codes(&MAKER_ENTRIES), "the maker's letters"),
    ];
    let rows = rows.map(|(codes, what)| vec![codes, what.to_owned()]).to_vec();
    Table { name: "entries", columns: &["entries", "what they tell"], rows }
}

#[cfg(test)]
mod tests {
    use super::{maker, point};

    fn check(server_id: &[u8], expected: Option<&str>, letters: Option<&str>) {
        assert_eq!(point(server_id).map(|point| point.to_string()).as_deref(), expected, "{server_id:02x?}");
        assert_eq!(maker(server_id).as_deref(), letters, "{server_id:02x?}");
    }

    #[test]
    fn every_form_of_server_id_names_a_stable_point() {
        check(b"\x0a\x01ISK\x00\x04\x7a\x55\x44", Some("1ISK0075126084"), Some("ISK"));
        check(b"\x09\x01ESY\x11\x03\xb5\x99\xa5", Some("1ESY1162232997"), Some("ESY"));
        check(b"\x06EMH\x01\x02\x71\x56\xcd\x45", Some("06454d4801027156cd45"), Some("EMH"));
        check(b"\x01\xa8\x15\x98\x64\x80\x02\x01\x02", Some("01a815986480020102"), None);
        check(b"1001185", Some("1001185"), None);
        check(b"two words", Some("74776f20776f726473"), None);
        check(b"", None, None);
        check(&[0xFF; 33], None, None);
    }
}
