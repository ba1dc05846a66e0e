//! The channels of a data file and where their chunks are, some twenty bytes each.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};

/// Channels in the order of their texts, each with its chunks.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Channels {
    /// In one piece, and where each ends.
    points: String,
    point_ends: Vec<u32>,
    /// Where the channels of each point end.
    channel_ends: Vec<u32>,
    /// The different ones.
    quantities: Vec<String>,
    /// Of each channel, by their numbers.
    quantity_of: Vec<u32>,
    chunk_begins: Vec<u32>,
    chunk_ends: Vec<u32>,
}

impl Channels {
    /// How many there are.
    pub(super) fn count(&self) -> u32 {
        self.quantity_of.len() as u32
    }

    /// Whether a channel comes behind all that are there.
    fn is_next(&self, point: &str, quantity: &str) -> bool {
        let Some(last) = self.count().checked_sub(1) else { return true };
        (self.point(self.point_ends.len() - 1), self.quantity(last)) < (point, quantity)
    }

    fn point(&self, number: usize) -> &str {
        let begin = number.checked_sub(1).map_or(0, |before| self.point_ends[before]);
        &self.points[begin as usize..self.point_ends[number] as usize]
    }

    /// The point of a channel.
    pub(super) fn point_of(&self, channel: u32) -> &str {
        self.point(self.channel_ends.partition_point(|end| *end <= channel))
    }

    pub(super) fn quantity(&self, channel: u32) -> &str {
        &self.quantities[self.quantity_of[channel as usize] as usize]
    }

    /// The numbers of a point's channels.
    pub(super) fn of_point(&self, point: &str) -> Range<u32> {
        let Some(found) = search(0..self.point_ends.len() as u32, |number| self.point(number as usize).cmp(point))
        else {
            return 0..0;
        };
        let begin = found.checked_sub(1).map_or(0, |before| self.channel_ends[before as usize]);
        begin..self.channel_ends[found as usize]
    }

    /// The number of a channel.
    pub(super) fn number(&self, point: &str, quantity: &str) -> Option<u32> {
        search(self.of_point(point), |channel| self.quantity(channel).cmp(quantity))
    }

    pub(super) fn chunks(&self, channel: u32) -> Range<u32> {
        self.chunk_begins[channel as usize]..self.chunk_ends[channel as usize]
    }

    /// About what they take in memory.
    pub(super) fn bytes(&self) -> usize {
        let numbers = [&self.point_ends, &self.channel_ends, &self.quantity_of, &self.chunk_begins, &self.chunk_ends];
        let quantities: usize = self.quantities.iter().map(|quantity| size_of::<String>() + quantity.len()).sum();
        self.points.len() + quantities + numbers.map(|numbers| size_of_val(&**numbers)).iter().sum::<usize>()
    }
}

/// Channels while they come, mostly in the order of their texts.
#[derive(Default)]
pub(super) struct NewChannels {
    in_order: Channels,
    quantities: HashMap<String, u32, RandomState>,
    /// Those that came behind one that is greater.
    others: Vec<(String, String, Range<u32>)>,
}

impl NewChannels {
    pub(super) fn count(&self) -> u32 {
        self.in_order.count() + self.others.len() as u32
    }

    /// Adds a channel with its chunks.
    pub(super) fn push(&mut self, point: &str, quantity: &str, chunks: Range<u32>) {
        if !self.in_order.is_next(point, quantity) {
            self.others.push((point.to_owned(), quantity.to_owned(), chunks));
            return;
        }
        let number = self.in_order.count();
        let channels = &mut self.in_order;
        let points = channels.point_ends.len();
        if points == 0 || channels.point(points - 1) != point {
            channels.points.push_str(point);
            channels.point_ends.push(channels.points.len() as u32);
            channels.channel_ends.push(number);
        }
        if let Some(end) = channels.channel_ends.last_mut() {
            *end = number + 1;
        }
        let known = self.quantities.get(quantity).copied();
        channels.quantity_of.push(known.unwrap_or(channels.quantities.len() as u32));
        if known.is_none() {
            self.quantities.insert(quantity.to_owned(), channels.quantities.len() as u32);
            channels.quantities.push(quantity.to_owned());
        }
        channels.chunk_begins.push(chunks.start);
        channels.chunk_ends.push(chunks.end);
    }

    /// All of them; `None` where one came twice.
    pub(super) fn finish(self) -> Option<Channels> {
        let Self { in_order, mut others, .. } = self;
        if others.is_empty() {
            return Some(in_order);
        }
        let named = |channel| (in_order.point_of(channel).to_owned(), in_order.quantity(channel).to_owned());
        others.extend((0..in_order.count()).map(|channel| {
            let (point, quantity) = named(channel);
            (point, quantity, in_order.chunks(channel))
        }));
        others.sort_unstable_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
        let mut sorted = Self::default();
        others.into_iter().for_each(|(point, quantity, chunks)| sorted.push(&point, &quantity, chunks));
        sorted.others.is_empty().then_some(sorted.in_order)
    }
}

/// The number in a range whose order is equal, where the orders grow.
fn search(range: Range<u32>, order: impl Fn(u32) -> Ordering) -> Option<u32> {
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = low.midpoint(high);
        match order(middle) {
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
            Ordering::Equal => return Some(middle),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_channel_is_found_and_no_other() {
        let names = [("b", "x"), ("a", "y"), ("a", "x"), ("ab", "x"), ("", "z")];
        let all = (0..)
            .zip(names)
            .map(|(number, (point, quantity))| (point.to_owned(), quantity.to_owned(), number..number + 1));
        let all: Vec<(String, String, Range<u32>)> = all.collect();
        let of = |all: &[(String, String, Range<u32>)]| {
            let mut coming = NewChannels::default();
            all.iter().for_each(|(point, quantity, chunks)| coming.push(point, quantity, chunks.clone()));
            coming.finish()
        };
        let channels = of(&all);
        let chunks = |point: &str, quantity: &str| {
            let channels = channels.as_ref()?;
            channels.number(point, quantity).map(|number| channels.chunks(number))
        };
        for (point, quantity, own) in &all {
            assert_eq!(chunks(point, quantity), Some(own.clone()));
        }
        for (point, quantity) in [("a", "xx"), ("ax", ""), ("", ""), ("c", "x"), ("abx", "")] {
            assert_eq!(chunks(point, quantity), None, "{point} {quantity}");
        }
        assert!(of(&[all.clone(), vec![all[2].clone()]].concat()).is_none(), "one of them is there twice");
    }
}
