//! Numbers for what comes again and again.

use std::hash::{BuildHasher, Hash};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// A table that numbers its entries in the order of their first use, quick where the same one comes many times in a row.
#[derive(Clone, Debug)]
pub struct Numbered<T> {
    entries: Vec<T>,
    /// The numbers, by the hashes of their entries.
    numbers: HashTable<u32>,
    hasher: RandomState,
    last: u32,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), numbers: HashTable::new(), hasher: RandomState::default(), last: 0 }
    }
}

impl<T: Clone + Eq + Hash> Numbered<T> {
    pub fn number(&mut self, entry: &T) -> u32 {
        // Mostly the one of the row before; where rows go round, as those of a meter's lists do, the one after it.
        for likely in [self.last, self.last.saturating_add(1)] {
            if self.entries.get(likely as usize) == Some(entry) {
                self.last = likely;
                return likely;
            }
        }
        let Self { entries, numbers, hasher, last } = self;
        let found = numbers.entry(
            hasher.hash_one(entry),
            |number| entries[*number as usize] == *entry,
            |number| hasher.hash_one(&entries[*number as usize]),
        );
        *last = *found.or_insert(entries.len() as u32).get();
        if *last as usize == entries.len() {
            entries.push(entry.clone());
        }
        *last
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries by their numbers; the table begins anew.
    pub fn take(&mut self) -> Vec<T> {
        self.numbers.clear();
        self.last = 0;
        std::mem::take(&mut self.entries)
    }
}

#[cfg(test)]
mod tests {
    use super::Numbered;

    #[test]
    fn the_same_entry_has_the_same_number_until_they_are_taken() {
        let mut table = Numbered::default();
        for round in 0..2 {
            let numbers: Vec<u32> = "abacbdaadc".chars().map(|entry| table.number(&entry)).collect();
            assert_eq!(numbers, [0, 1, 0, 2, 1, 3, 0, 0, 3, 2], "round {round}");
            assert_eq!((table.len(), table.is_empty()), (4, false));
            assert_eq!(table.take(), ['a', 'b', 'c', 'd']);
            assert!(table.is_empty());
        }
    }
}
