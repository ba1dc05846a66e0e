//! The meters of a delivery: what each is called, what was told of it, and their channels.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use metrify_domain::{Channel, Point, PointKind, Quantity};

use super::address::Address;
use super::frames::{Frame, Link};
use crate::output;
use crate::remarks::Remarks;
use crate::timeline::Timeline;

/// Meters that are kept at once; a gateway hears some hundred.
const METERS_MAX: usize = 20_000;
/// Channels that are kept at once, not counting those of one last telegram.
const CHANNELS_MAX: usize = 200_000;

#[derive(Debug)]
pub(super) struct Meter {
    pub address: Address,
    pub point: Point,
    pub timeline: Timeline,
    pub remarks: Remarks,
    /// The content of its last wireless telegram that was placed on the timeline, and where.
    last: Option<(Vec<u8>, i64)>,
}

impl Meter {
    /// The second of a telegram. One that is heard twice, by two receivers or by way of a repeater, was sent once.
    pub(super) fn second(&mut self, frame: &Frame<'_>) -> i64 {
        match (&self.last, frame.link) {
            (Some((content, second)), Link::Wireless { .. }) if content == frame.content => return *second,
            (Some(_) | None, Link::Wireless { .. } | Link::Wired { .. }) => {}
        }
        let second = self.timeline.place(None).second;
        if matches!(frame.link, Link::Wireless { .. }) {
            self.last = Some((frame.content.to_vec(), second));
        }
        second
    }

    /// What the delivery tells about the device.
    pub(super) fn describe(&self) -> output::Meter {
        output::Meter {
            point: self.point.clone(),
            kind: Some(PointKind::Device),
            name: None,
            server_id: Some(self.address.bytes().to_vec()),
            maker: self.address.maker(),
            resolution: None,
        }
    }
}

/// Numbers the meters and channels in the order in which they come.
#[derive(Debug, Default)]
pub(super) struct Meters {
    meters: Vec<Meter>,
    by_address: HashMap<Address, u32>,
    by_point: HashMap<Point, u32>,
    channels: Vec<(Channel, u32)>,
    by_quantity: HashMap<(u32, Quantity), u32>,
}

impl Meters {
    /// Whether more would be kept than the limits allow, if another telegram came.
    pub(super) fn is_full(&self) -> bool {
        self.by_address.len() >= METERS_MAX || self.channels.len() >= CHANNELS_MAX
    }

    /// The number of the meter that names itself so.
    pub(super) fn number(&mut self, address: Address) -> Option<u32> {
        if let Some(number) = self.by_address.get(&address) {
            return Some(*number);
        }
        let point: Point = address.name().parse().ok()?;
        let next = u32::try_from(self.meters.len()).ok()?;
        // A meter and its pulse inputs may share a number and differ in their type: they are one point.
        let number = *self.by_point.entry(point.clone()).or_insert(next);
        if number == next {
            let (timeline, remarks) = (Timeline::default(), Remarks::default());
            self.meters.push(Meter { address, point, timeline, remarks, last: None });
        }
        self.by_address.insert(address, number);
        Some(number)
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Meter> {
        self.meters.get_mut(number as usize)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Meter> {
        self.meters.iter_mut()
    }

    /// The number of a meter's channel; `None` for a meter that is not known.
    pub(super) fn channel(&mut self, meter: u32, quantity: Quantity) -> Option<u32> {
        match self.by_quantity.entry((meter, quantity)) {
            Slot::Occupied(slot) => Some(*slot.get()),
            Slot::Vacant(slot) => {
                let point = self.meters.get(meter as usize)?.point.clone();
                let next = u32::try_from(self.channels.len()).ok()?;
                self.channels.push((Channel { point, quantity }, meter));
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
