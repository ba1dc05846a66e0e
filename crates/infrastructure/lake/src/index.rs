//! Where the row of each key stands in memory. Channels have numbers here, so that a key is three words.
//!
//! Rows are indexed in generations: a landing closes one, and once it is in the lake the generation goes as a whole. They are
//! indexed when the first one is looked for: of readings that come in the order of their time none ever is.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use metrify_application::ports::Key;
use metrify_application::record::{Accepted, Position, Standing};
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
pub(crate) struct Generation {
    channels: HashMap<Channel, u32, RandomState>,
    rows: HashMap<Numbered, RowPlace, RandomState>,
    /// Entries whose own rows are not among `rows` yet.
    unread: Vec<(Position, Arc<Accepted>)>,
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

    /// Its rows, with those of the entries that were not read yet.
    fn read(&mut self) -> &mut Self {
        let unread = std::mem::take(&mut self.unread);
        self.rows.reserve(unread.iter().map(|(_, entry)| entry.batch.rows().len()).sum());
        for (position, entry) in unread {
            let numbers: Vec<u32> = entry.batch.channels().iter().map(|channel| self.number(channel)).collect();
            let rows = entry.batch.rows().iter().zip(&entry.standings).zip(0..);
            self.rows.extend(rows.filter(|((_, standing), _)| **standing != Standing::Late).map(
                |((row, _), number)| ((numbers[row.channel as usize], row.period), RowPlace { position, row: number }),
            ));
        }
        self
    }

    fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.unread.is_empty()
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
    pub(crate) fn get(&mut self, key: &Key) -> Option<RowPlace> {
        self.generations
            .iter_mut()
            .rev()
            .map(Generation::read)
            .find_map(|rows| rows.rows.get(&rows.numbered(key)?).copied())
    }

    /// Takes a key out and tells where its row stood.
    pub(crate) fn remove(&mut self, key: &Key) -> Option<RowPlace> {
        self.generations.iter_mut().rev().map(Generation::read).find_map(|rows| rows.rows.remove(&rows.numbered(key)?))
    }

    /// Forgets the entries behind a position whose own rows were not read yet; tells which these are.
    pub(crate) fn forget_unread_behind(&mut self, position: Position) -> Vec<Position> {
        let behind = self.generations.iter_mut().flat_map(|generation| {
            let first = generation.unread.partition_point(|(entry, _)| *entry <= position);
            generation.unread.drain(first..)
        });
        behind.map(|(entry, _)| entry).collect()
    }

    /// Takes a key out where its row stands behind a position.
    pub(crate) fn remove_behind(&mut self, position: Position, key: &Key) {
        if self.get(key).is_some_and(|place| place.position > position) {
            self.remove(key);
        }
    }

    pub(crate) fn insert(&mut self, key: &Key, place: RowPlace) {
        if let Some(open) = self.generations.last_mut() {
            let number = open.number(&key.channel);
            open.rows.insert((number, key.period), place);
        }
    }

    /// Adds the rows of an entry that hold.
    pub(crate) fn extend(&mut self, position: Position, entry: &Arc<Accepted>) {
        if let Some(open) = self.generations.last_mut() {
            open.unread.push((position, entry.clone()));
        }
    }

    /// Tells where the rows of a batch stand whose keys are here, among those that their channel has `reached`.
    pub(crate) fn find(&mut self, batch: &Batch, reached: &[bool], mut each: impl FnMut(usize, RowPlace)) {
        if !reached.contains(&true) {
            return;
        }
        for generation in self.generations.iter_mut().filter(|generation| !generation.is_empty()) {
            let generation = generation.read();
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
        if let Some(open) = self.generations.last_mut().filter(|open| !open.is_empty()) {
            open.closed_at = Some(position);
            self.generations.push(Generation::default());
        }
    }

    /// Takes out the rows of entries up to `position`, which are in the lake.
    pub(crate) fn landed(&mut self, position: Position) -> Vec<Generation> {
        let has_landed = |generation: &mut Generation| generation.closed_at.is_some_and(|last| last <= position);
        let landed = self.generations.extract_if(.., has_landed).collect();
        for generation in &mut self.generations {
            // Where it was not closed just there, row by row.
            generation.unread.retain(|(entry, _)| *entry > position);
            generation.rows.retain(|_, place| place.position > position);
        }
        landed
    }
}
