//! Which of the amounts of a point count, day by day.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Amount, Fate, Flow, Rank, are_beside};
use crate::calendar::day::offset_micros;
use crate::obis::ObisCode;
use crate::time::HOUR;
use crate::unit::Unit;

/// What a point tells of periods that begin on a local day, each of them once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// Counted from 1970-01-01 as day 0.
    pub number: i32,
    pub amounts: Vec<Amount>,
}

/// What becomes of each amount of days in their order. What is told of a day is the same whatever other days there are, but for the one
/// before it and the two behind it.
#[must_use]
pub fn settle(days: &[Day]) -> Vec<Vec<Fate>> {
    let alone = |day: &Day| day.amounts.iter().map(Amount::alone).collect::<Vec<_>>();
    let mut fates: Vec<Vec<Fate>> = days.iter().map(alone).collect();
    let mut flows: BTreeMap<(Flow, Unit), BTreeMap<usize, Vec<usize>>> = BTreeMap::new();
    for (place, (day, fates)) in days.iter().zip(&fates).enumerate() {
        for (number, amount) in day.amounts.iter().enumerate().filter(|(number, _)| fates[*number] == Fate::Counted) {
            let of_flow = flows.entry((Flow::of(amount.code), amount.unit)).or_default();
            of_flow.entry(place).or_default().push(number);
        }
    }
    for numbers in flows.values() {
        let flowing = Flowing::of(days, numbers);
        for (place, number) in numbers.iter().flat_map(|(place, own)| own.iter().map(|number| (*place, *number))) {
            if !flowing.counts(place, &days[place].amounts[number]) {
                fates[place][number] = Fate::Overlapping;
            }
        }
    }
    fates
}

/// What may count of a flow, by the place of its day.
struct Flowing<'a> {
    days: &'a [Day],
    within: BTreeMap<usize, Taken>,
    over: BTreeMap<usize, Vec<&'a Amount>>,
}

impl<'a> Flowing<'a> {
    fn of(days: &'a [Day], numbers: &BTreeMap<usize, Vec<usize>>) -> Self {
        let mut flowing = Self { days, within: BTreeMap::new(), over: BTreeMap::new() };
        let mut reaching: Vec<(usize, Vec<&Amount>)> = Vec::new();
        for (place, numbers) in numbers {
            let amounts = numbers.iter().map(|number| &days[*place].amounts[*number]);
            let (over, within): (Vec<&Amount>, Vec<&Amount>) = amounts.partition(|amount| amount.reaches_on());
            flowing.within.insert(*place, Taken::of(within));
            reaching.push((*place, over));
        }
        flowing.over = reaching.into_iter().map(|(place, over)| (place, flowing.chosen(place, over))).collect();
        flowing
    }

    /// The place of the next day, where it is told of.
    fn next(&self, place: usize) -> Option<usize> {
        let next = self.days.get(place + 1)?;
        (next.number == self.days[place].number + 1).then_some(place + 1)
    }

    fn before(&self, place: usize) -> Option<usize> {
        place.checked_sub(1).filter(|before| self.next(*before) == Some(place))
    }

    /// Of what reaches over one midnight the first that nothing overlaps which lies on either day, and its tariffs: all of it overlaps there.
    fn chosen(&self, place: usize, mut over: Vec<&'a Amount>) -> Vec<&'a Amount> {
        let is_taken =
            |place: usize, amount: &Amount| self.within.get(&place).is_some_and(|taken| taken.overlaps(amount));
        over.retain(|amount| {
            [Some(place), self.next(place)].into_iter().flatten().all(|place| !is_taken(place, amount))
        });
        over.sort_by_key(|amount| preference(amount));
        let mut chosen: Vec<&Amount> = Vec::new();
        for amount in over {
            if chosen.iter().all(|first| !first.overlaps(amount)) {
                chosen.push(amount);
            }
        }
        chosen
    }

    fn counts(&self, place: usize, amount: &Amount) -> bool {
        if !amount.reaches_on() {
            return self.within.get(&place).is_some_and(|taken| taken.has(amount));
        }
        let over = |place: usize| self.over.get(&place).into_iter().flatten();
        let mut others = [self.before(place), self.next(place)].into_iter().flatten().flat_map(over);
        over(place).any(|chosen| *chosen == amount)
            && !others.any(|other| other.overlaps(amount) && preference(other) < preference(amount))
    }
}

/// The order of what reaches into another day: what is longer first, and of the same length what begins earlier on the clock, so that the same
/// one is first on every day.
fn preference(amount: &Amount) -> impl Ord + use<> {
    let start = amount.period.start();
    let clock = start.micros().saturating_add(offset_micros(start)).rem_euclid(24 * HOUR);
    (Reverse(amount.clock_micros()), Rank::of(amount.code), clock, amount.code, amount.period)
}

/// What counts of a flow and lies on one day, by code and start: those of one code overlap nowhere.
#[derive(Default)]
struct Taken(BTreeMap<ObisCode, BTreeMap<i64, i64>>);

impl Taken {
    fn of(amounts: Vec<&Amount>) -> Self {
        let mut candidates: BTreeMap<(Rank, i64), Vec<&Amount>> = BTreeMap::new();
        for amount in amounts {
            let (start, end) = amount.micros();
            candidates.entry((Rank::of(amount.code), end - start)).or_default().push(amount);
        }
        let mut candidates: Vec<_> = candidates.into_iter().collect();
        candidates.iter_mut().for_each(|(_, amounts)| amounts.sort_by_key(|amount| (amount.period, amount.code)));
        // What covers as much keeps its order.
        candidates.sort_by_key(|(_, amounts)| Reverse(covered(amounts)));
        let mut taken = Self::default();
        for amount in candidates.into_iter().flat_map(|(_, amounts)| amounts) {
            if !taken.overlaps(amount) {
                let (start, end) = amount.micros();
                taken.0.entry(amount.code).or_default().insert(start, end);
            }
        }
        taken
    }

    fn overlaps(&self, amount: &Amount) -> bool {
        let (start, end) = amount.micros();
        let reaches =
            |periods: &BTreeMap<i64, i64>| periods.range(..end).next_back().is_some_and(|(_, end)| *end > start);
        self.0.iter().any(|(code, periods)| !are_beside(*code, amount.code) && reaches(periods))
    }

    fn has(&self, amount: &Amount) -> bool {
        let (start, end) = amount.micros();
        self.0.get(&amount.code).and_then(|periods| periods.get(&start)) == Some(&end)
    }
}

/// How much time amounts cover that come in the order of their periods.
fn covered(amounts: &[&Amount]) -> i64 {
    let (mut covered, mut until) = (0, i64::MIN);
    for (start, end) in amounts.iter().map(|amount| amount.micros()) {
        covered += end - start.max(until).min(end);
        until = until.max(end);
    }
    covered
}
