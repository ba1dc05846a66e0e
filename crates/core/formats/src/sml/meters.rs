//! The meters of a delivery: which server ids name which point, what is known of each, and their channels.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use metrify_domain::{Channel, ObisCode, Point, PointKind, Quantity};

use super::message::List;
use super::resolution::Evidence;
use super::tree::Element;
use crate::output;
use crate::page::Table;
use crate::remarks::Remarks;
use crate::server_id;
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
            self.maker = MAKER_ENTRIES.iter().find_map(|groups| octets(list, *groups)).and_then(server_id::letters);
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
    /// The meter of the list before.
    last: u32,
    /// The channel after that of the entry before: lists of one meter have the same entries in the same order.
    next_channel: u32,
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
        let point = server_id::point(server_id)?;
        let next = u32::try_from(self.meters.len()).ok()?;
        let number = *self.by_point.entry(point.clone()).or_insert(next);
        if number == next {
            self.meters.push(Meter {
                point,
                server_id: server_id.to_vec(),
                maker: server_id::maker(server_id),
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
        let next = self.channels.get(self.next_channel as usize);
        let is_next = next.is_some_and(|(channel, of)| *of == meter && channel.quantity == Quantity::Obis(code));
        let number = if is_next { self.next_channel } else { self.channel_of(meter, code)? };
        self.next_channel = number + 1;
        Some(number)
    }

    fn channel_of(&mut self, meter: u32, code: ObisCode) -> Option<u32> {
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
