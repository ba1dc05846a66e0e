//! The channels of a data file and their runs, few bytes each.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Texts of channels in one piece, in their order.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Channels {
    texts: String,
    channels: Vec<Place>,
}

/// Where the texts of a channel begin, and its runs.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Place {
    point: u32,
    quantity: u32,
    runs: (u32, u32),
}

/// Point, quantity, and the channel's runs.
pub(super) type ChannelRuns = (String, String, Range<u32>);

impl Channels {
    /// `None` where one of them is there twice.
    pub(super) fn of(mut all: Vec<ChannelRuns>) -> Option<Self> {
        all.sort_unstable_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
        if all.windows(2).any(|pair| (&pair[0].0, &pair[0].1) == (&pair[1].0, &pair[1].1)) {
            return None;
        }
        let mut channels = Self::default();
        for (point, quantity, runs) in all {
            let start = channels.texts.len() as u32;
            channels.texts.extend([point.as_str(), quantity.as_str()]);
            let place = Place { point: start, quantity: start + point.len() as u32, runs: (runs.start, runs.end) };
            channels.channels.push(place);
        }
        Some(channels)
    }

    fn texts_of(&self, number: usize) -> (&str, &str) {
        let Place { point, quantity, .. } = self.channels[number];
        let end = self.channels.get(number + 1).map_or(self.texts.len(), |next| next.point as usize);
        (&self.texts[point as usize..quantity as usize], &self.texts[quantity as usize..end])
    }

    pub(super) fn runs_of(&self, point: &str, quantity: &str) -> Option<Range<u32>> {
        let (mut low, mut high) = (0, self.channels.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.texts_of(middle).cmp(&(point, quantity)) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => {
                    let (start, end) = self.channels[middle].runs;
                    return Some(start..end);
                }
            }
        }
        None
    }

    /// About what they take in memory.
    pub(super) fn bytes(&self) -> usize {
        self.texts.len() + size_of_val(&*self.channels)
    }
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
        let all: Vec<ChannelRuns> = all.collect();
        let channels = Channels::of(all.clone());
        let runs =
            |point: &str, quantity: &str| channels.as_ref().and_then(|channels| channels.runs_of(point, quantity));
        for (point, quantity, own) in &all {
            assert_eq!(runs(point, quantity), Some(own.clone()));
        }
        for (point, quantity) in [("a", "xx"), ("ax", ""), ("", ""), ("c", "x"), ("abx", "")] {
            assert_eq!(runs(point, quantity), None, "{point} {quantity}");
        }
        assert!(Channels::of([all.clone(), vec![all[2].clone()]].concat()).is_none(), "one of them is there twice");
    }
}
