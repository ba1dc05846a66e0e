//! Where the row of each key stands in memory. Channels have numbers here, so that a key is three words.
//!
//! Rows are indexed in generations: a landing closes one, and once it is in the lake the generation goes as a whole.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use metrify_application::ports::Key;
use metrify_application::record::Position;
use metrify_domain::{Batch, Channel, Period};

/// Where a row stands in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowPlace {
    pub(crate) position: Position,
    pub(crate) row: u32,
}

/// A channel by its number, and a period.
type Numbered = (u32, Period);

/// The rows of some entries, and the channels they are on.
#[derive(Default)]
struct Generation {
    channels: HashMap<Channel, u32, RandomState>,
    rows: HashMap<Numbered, RowPlace, RandomState>,
    /// No entry after it has rows here; `None` while it takes more.
    closed_at: Option<Position>,
}

impl Generation {
    fn number(&mut self, channel: &Channel) -> u32 {
        if let Some(number) = self.channels.get(channel) {
            return *number;
        }
        let number = self.channels.len() as u32;
        self.channels.insert(channel.clone(), number);
        number
    }

    fn numbered(&self, key: &Key) -> Option<Numbered> {
        Some((*self.channels.get(&key.channel)?, key.period))
    }
}

/// The rows that hold, oldest generation first; the last one takes more.
pub(crate) struct Index {
    generations: Vec<Generation>,
}

impl Default for Index {
    fn default() -> Self {
        Self { generations: vec![Generation::default()] }
    }
}

impl Index {
    pub(crate) fn get(&self, key: &Key) -> Option<RowPlace> {
        self.generations.iter().rev().find_map(|rows| rows.rows.get(&rows.numbered(key)?).copied())
    }

    /// Takes a key out and tells where its row stood.
    pub(crate) fn remove(&mut self, key: &Key) -> Option<RowPlace> {
        self.generations.iter_mut().rev().find_map(|rows| rows.rows.remove(&rows.numbered(key)?))
    }

    pub(crate) fn insert(&mut self, key: &Key, place: RowPlace) {
        if let Some(open) = self.generations.last_mut() {
            let number = open.number(&key.channel);
            open.rows.insert((number, key.period), place);
        }
    }

    /// Adds rows of a batch, each with its place among them.
    pub(crate) fn extend(&mut self, batch: &Batch, position: Position, rows: impl Iterator<Item = usize>) {
        let Some(open) = self.generations.last_mut() else { return };
        let numbers: Vec<u32> = batch.channels().iter().map(|channel| open.number(channel)).collect();
        let periods = batch.rows();
        open.rows.extend(rows.map(|row| {
            let key = (numbers[periods[row].channel as usize], periods[row].period);
            (key, RowPlace { position, row: row as u32 })
        }));
    }

    /// Tells where the rows of a batch stand whose keys are here, among those that their channel has `reached`.
    pub(crate) fn find(&self, batch: &Batch, reached: &[bool], mut each: impl FnMut(usize, RowPlace)) {
        if !reached.contains(&true) {
            return;
        }
        for generation in self.generations.iter().filter(|generation| !generation.rows.is_empty()) {
            let numbers: Vec<Option<u32>> =
                batch.channels().iter().map(|channel| generation.channels.get(channel).copied()).collect();
            let rows = batch.rows().iter().zip(reached).enumerate();
            for (index, (row, _)) in rows.filter(|(_, (_, reached))| **reached) {
                let number = numbers[row.channel as usize];
                if let Some(place) = number.and_then(|number| generation.rows.get(&(number, row.period))) {
                    each(index, *place);
                }
            }
        }
    }

    /// What comes from now on is kept apart from what is there, up to `position`. While a generation waits whose landing failed no
    /// other is closed, so that there are never more than two to look through.
    pub(crate) fn close(&mut self, position: Position) {
        if self.generations.len() > 1 {
            return;
        }
        if let Some(open) = self.generations.last_mut().filter(|open| !open.rows.is_empty()) {
            open.closed_at = Some(position);
            self.generations.push(Generation::default());
        }
    }

    /// Forgets the rows of entries up to `position`, which are in the lake.
    pub(crate) fn landed(&mut self, position: Position) {
        self.generations.retain(|generation| generation.closed_at.is_none_or(|last| last > position));
        for generation in &mut self.generations {
            // Where it was not closed just there, row by row.
            generation.rows.retain(|_, place| place.position > position);
        }
    }
}
