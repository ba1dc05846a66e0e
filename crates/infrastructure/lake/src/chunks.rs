//! The entries in memory, in the order of their positions. A copy costs little, however many small ones there are.

use std::sync::Arc;

use metrify_application::record::Position;

use crate::memory::Chunk;
use crate::weight;

/// Entries that copies share.
const BLOCK: usize = 128;

#[derive(Clone, Default)]
pub(crate) struct Chunks {
    /// Blocks of [`BLOCK`].
    full: Vec<Arc<Vec<Chunk>>>,
    last: Vec<Chunk>,
    weight: usize,
}

impl Chunks {
    pub(crate) fn push(&mut self, chunk: Chunk) {
        self.weight += weight::rows(&chunk.entry);
        self.last.push(chunk);
        if self.last.len() == BLOCK {
            self.full.push(Arc::new(std::mem::take(&mut self.last)));
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Chunk> + Clone {
        self.full.iter().flat_map(|block| block.iter()).chain(&self.last)
    }

    pub(crate) fn first(&self) -> Option<&Chunk> {
        self.iter().next()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first().is_none()
    }

    /// What all of them take in memory, in rows.
    pub(crate) const fn weight(&self) -> usize {
        self.weight
    }

    /// The block that an entry is in, if it is in one.
    fn block(&self, position: Position) -> Option<usize> {
        let block = self.full.partition_point(|block| block.last().is_some_and(|last| last.position < position));
        (block < self.full.len()).then_some(block)
    }

    pub(crate) fn at(&self, position: Position) -> Option<&Chunk> {
        let block = self.block(position).map_or(&self.last, |block| &self.full[block]);
        block.binary_search_by_key(&position, |chunk| chunk.position).ok().map(|place| &block[place])
    }

    /// As [`Self::at`], to be changed; what it takes in memory stays the same.
    pub(crate) fn at_mut(&mut self, position: Position) -> Option<&mut Chunk> {
        let block = match self.block(position) {
            Some(block) => Arc::make_mut(&mut self.full[block]),
            None => &mut self.last,
        };
        block.binary_search_by_key(&position, |chunk| chunk.position).ok().map(|place| &mut block[place])
    }
}

impl FromIterator<Chunk> for Chunks {
    fn from_iter<I: IntoIterator<Item = Chunk>>(chunks: I) -> Self {
        let mut all = Self::default();
        chunks.into_iter().for_each(|chunk| all.push(chunk));
        all
    }
}
