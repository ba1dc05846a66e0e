//! The channels of a data file and where their chunks are, some twenty bytes each.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;

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

/// Point, quantity, and the channel's chunks.
pub(super) type ChannelChunks = (String, String, Range<u32>);

impl Channels {
    /// `None` where one of them is there twice.
    pub(super) fn of(mut all: Vec<ChannelChunks>) -> Option<Self> {
        all.sort_unstable_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
        if all.windows(2).any(|pair| (&pair[0].0, &pair[0].1) == (&pair[1].0, &pair[1].1)) {
            return None;
        }
        let mut channels = Self::default();
        let mut quantities: HashMap<String, u32> = HashMap::new();
        for (number, (point, quantity, chunks)) in (0..).zip(all) {
            if number == 0 || channels.point(channels.point_ends.len() - 1) != point {
                channels.points.push_str(&point);
                channels.point_ends.push(channels.points.len() as u32);
                channels.channel_ends.push(number);
            }
            if let Some(end) = channels.channel_ends.last_mut() {
                *end = number + 1;
            }
            let next = channels.quantities.len() as u32;
            let quantity = *quantities.entry(quantity).or_insert_with_key(|quantity| {
                channels.quantities.push(quantity.clone());
                next
            });
            channels.quantity_of.push(quantity);
            channels.chunk_begins.push(chunks.start);
            channels.chunk_ends.push(chunks.end);
        }
        Some(channels)
    }

    fn point(&self, number: usize) -> &str {
        let begin = number.checked_sub(1).map_or(0, |before| self.point_ends[before]);
        &self.points[begin as usize..self.point_ends[number] as usize]
    }

    pub(super) fn count(&self) -> u32 {
        self.quantity_of.len() as u32
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
        let all: Vec<ChannelChunks> = all.collect();
        let channels = Channels::of(all.clone());
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
        assert!(Channels::of([all.clone(), vec![all[2].clone()]].concat()).is_none(), "one of them is there twice");
    }
}
