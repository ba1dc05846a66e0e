//! Chance by number: SplitMix64 (Steele, Lea and Flood, 2014), read at any place of its sequence.
//!
//! Nothing is drawn one after another. The noise of a meter in a quarter-hour is a function of the seed, the meter and the
//! quarter-hour, so any part of a fleet can be made alone. The numbers are fixed here rather than taken from a library, whose
//! next version may choose others: a seed means the same readings for good.

/// A sequence of 64-bit numbers, each of them read by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Noise(u64);

/// The step of SplitMix64: 2^64 divided by the golden ratio, made odd.
const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

impl Noise {
    pub(crate) const fn seeded(seed: u64) -> Self {
        Self(mix(seed))
    }

    /// The sequence of this one's own that is about something, named by eight letters.
    pub(crate) const fn about(self, topic: [u8; 8]) -> Self {
        self.branch(u64::from_le_bytes(topic))
    }

    /// One of many sequences of this one's own.
    pub(crate) const fn branch(self, number: u64) -> Self {
        Self(mix(self.0 ^ mix(number.wrapping_add(GAMMA))))
    }

    /// The number at a place of the sequence.
    pub(crate) const fn at(self, place: i64) -> u64 {
        mix(self.0.wrapping_add((place as u64).wrapping_mul(GAMMA)))
    }
}

/// The finaliser of SplitMix64: every bit of the input sways every bit of the output.
const fn mix(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}

/// Ten of the bits, from `shift` on, as a number from 0 to 1023.
pub(crate) const fn ten_bits(bits: u64, shift: u32) -> i64 {
    ((bits >> shift) & 1023) as i64
}

/// A number from `low` to `high`, both included, by ten of the bits: fine steps want a range that is not much wider than 1024.
pub(crate) const fn between(bits: u64, shift: u32, low: i64, high: i64) -> i64 {
    low + ((ten_bits(bits, shift) * (high - low + 1)) >> 10)
}

#[cfg(test)]
mod tests {
    use super::{GAMMA, Noise, between, mix};

    #[test]
    fn the_sequence_is_the_published_one() {
        // The first outputs of SplitMix64 for the state 1234567, as its reference implementation gives them.
        let outputs: Vec<_> =
            (1..=3_u64).map(|place| mix(1_234_567_u64.wrapping_add(place.wrapping_mul(GAMMA)))).collect();
        assert_eq!(outputs, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn branches_and_places_differ() {
        let noise = Noise::seeded(1);
        assert_ne!(noise.branch(0), noise.branch(1));
        assert_ne!(noise.about(*b"weather "), noise.about(*b"fault   "));
        assert_ne!(noise.at(0), noise.at(-1));
        assert_eq!(noise.branch(7).at(9), Noise::seeded(1).branch(7).at(9));
    }

    #[test]
    fn a_range_is_reached_from_end_to_end() {
        let drawn: Vec<_> = (0..20_000).map(|place| between(Noise::seeded(3).at(place), 20, -3, 4)).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&-3), Some(&4)));
    }
}
