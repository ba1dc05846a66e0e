//! Places that many share: so many in all, and so many of one name, so that nobody takes all of them.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Places by name. Each is given back when it is dropped.
#[derive(Debug)]
pub struct Places<K: Eq + Hash> {
    all_max: usize,
    of_one_max: usize,
    /// Whoever has none gets one, whatever others have.
    one_for_each: bool,
    taken: Mutex<Taken<K>>,
}

#[derive(Debug)]
struct Taken<K> {
    all: usize,
    of: HashMap<K, usize>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// This name has as many as one may have.
    OfOne,
    /// All are taken.
    All,
}

impl<K: Clone + Eq + Hash> Places<K> {
    /// Where whoever comes beyond so many gets none.
    #[must_use]
    pub fn strict(all_max: usize, of_one_max: usize) -> Arc<Self> {
        Self::new(all_max, of_one_max, false)
    }

    /// Where a name that has none always gets one, whatever others have: for names that not everybody can make up. There may be one more
    /// for each of them.
    #[must_use]
    pub fn one_for_each(all_max: usize, of_one_max: usize) -> Arc<Self> {
        Self::new(all_max, of_one_max, true)
    }

    fn new(all_max: usize, of_one_max: usize, one_for_each: bool) -> Arc<Self> {
        Arc::new(Self { all_max, of_one_max, one_for_each, taken: Mutex::new(Taken { all: 0, of: HashMap::new() }) })
    }

    /// # Errors
    /// Where there is none left for this name.
    pub fn take(self: &Arc<Self>, name: K) -> Result<Place<K>, Full> {
        self.add(&name, 1)?;
        Ok(Place { places: self.clone(), name, count: 1 })
    }

    fn add(&self, name: &K, count: usize) -> Result<(), Full> {
        let mut taken = self.taken();
        let of_one = taken.of.get(name).copied().unwrap_or_default();
        let is_first = of_one == 0 && self.one_for_each && count == 1;
        if !is_first && of_one + count > self.of_one_max {
            return Err(Full::OfOne);
        }
        if !is_first && taken.all + count > self.all_max {
            return Err(Full::All);
        }
        taken.all += count;
        taken.of.insert(name.clone(), of_one + count);
        Ok(())
    }
}

impl<K: Eq + Hash> Places<K> {
    fn taken(&self) -> MutexGuard<'_, Taken<K>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place of a name, or several.
#[derive(Debug)]
pub struct Place<K: Eq + Hash> {
    places: Arc<Places<K>>,
    name: K,
    count: usize,
}

impl<K: Clone + Eq + Hash> Place<K> {
    /// Takes so many more.
    ///
    /// # Errors
    /// Where there are not so many left: then none more is taken.
    pub fn more(&mut self, count: usize) -> Result<(), Full> {
        self.places.add(&self.name, count)?;
        self.count += count;
        Ok(())
    }
}

impl<K: Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all -= self.count;
        let left = taken.of.get_mut(&self.name).map(|of_one| {
            *of_one -= self.count;
            *of_one
        });
        if left == Some(0) {
            taken.of.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_all_and_whoever_has_none_gets_one() {
        let places = Places::one_for_each(3, 2);
        let held = [places.take("a"), places.take("a")].map(|place| place.expect("a place"));
        assert_eq!(places.take("a").err(), Some(Full::OfOne));
        let of_b = places.take("b").expect("the last of all");
        assert_eq!(places.take("b").err(), Some(Full::All));
        let of_c = places.take("c").expect("it has none");
        assert_eq!(places.take("c").err(), Some(Full::All));
        drop((held, of_c));
        let _second = places.take("b").expect("those of the others");
        drop(of_b);
        assert_eq!(places.taken().all, 1);
        assert_eq!(places.taken().of.len(), 1, "who has none is forgotten");
    }

    #[test]
    fn where_names_can_be_made_up_all_are_all() {
        let places = Places::strict(2, 2);
        let _held = [places.take(1), places.take(2)].map(|place| place.expect("a place"));
        assert_eq!(places.take(3).err(), Some(Full::All));
    }

    #[test]
    fn a_place_grows_as_long_as_there_is_room() {
        let places = Places::one_for_each(10, 8);
        let mut place = places.take("a").expect("a place");
        assert_eq!((place.more(7), place.more(1)), (Ok(()), Err(Full::OfOne)));
        let mut other = places.take("b").expect("a place");
        assert_eq!((other.more(1), other.more(1)), (Ok(()), Err(Full::All)));
        drop(place);
        assert_eq!(other.more(6), Ok(()));
    }
}
