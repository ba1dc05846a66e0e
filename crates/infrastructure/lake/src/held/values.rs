//! Values of readings in blocks, exact: multiples of a power of ten, each by its distance from the smallest of its block, in as many
//! bits as the largest distance takes.

use std::ops::Range;

use arrow::array::NullBufferBuilder;
use metrify_domain::decimal::SCALE;
use serde::{Deserialize, Serialize};

/// Rows of one block at most.
pub(super) const BLOCK_ROWS: usize = 128;
/// Stands for a value that is missing.
const MISSING: u64 = 0;
/// Stands for a value that does not fit.
const UNFIT: u64 = 1;
/// Stands for the smallest value.
const SMALLEST: u64 = 2;
/// Bytes that have to follow those of a block, whatever they are: a value is read with those behind it.
pub(super) const BEYOND_BYTES: usize = size_of::<u128>();
/// Values are multiples of no larger power of ten, in units of a decimal's last digit.
const POWER_MAX: u8 = SCALE as u8 + 6;

/// How the values of rows are laid that follow each other.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Block {
    smallest: i64,
    /// Whether all of them did.
    fits: bool,
    rows: u8,
    bits: u8,
    power: u8,
}

/// The value in multiples of a power of ten; `None` where it is none.
fn whole(units: i128, power: u8) -> Option<i128> {
    match i64::try_from(units) {
        // Much the faster division.
        Ok(units) => {
            let power = 10_i64.pow(u32::from(power));
            let whole = units / power;
            (whole * power == units).then(|| i128::from(whole))
        }
        Err(_) => {
            let power = 10_i128.pow(u32::from(power));
            (units % power == 0).then(|| units / power)
        }
    }
}

/// The values as multiples of the largest power of ten that all of them are multiples of, and that power.
fn multiples(values: &[Option<i128>]) -> (Vec<Option<i128>>, u8) {
    let mut power = POWER_MAX;
    let mut all: Vec<Option<i128>> = Vec::with_capacity(values.len());
    for units in values {
        let multiple = units.map(|units| {
            loop {
                if let Some(whole) = whole(units, power) {
                    return whole;
                }
                // Those before are multiples of a tenth of it, too.
                power -= 1;
                all.iter_mut().flatten().for_each(|before| *before *= 10);
            }
        });
        all.push(multiple);
    }
    (all, power)
}

impl Block {
    /// Lays the values of up to [`BLOCK_ROWS`] rows after what is there, in units of a decimal's last digit.
    pub(super) fn lay(values: &[Option<i128>], bytes: &mut Vec<u8>) -> Self {
        let (multiples, power) = multiples(values);
        let fitting = || multiples.iter().flatten().filter_map(|multiple| i64::try_from(*multiple).ok());
        let smallest = fitting().min().unwrap_or_default();
        let code = |multiple: &Option<i128>| match multiple.map(i64::try_from) {
            None => MISSING,
            Some(Err(_)) => UNFIT,
            Some(Ok(multiple)) => multiple.abs_diff(smallest).checked_add(SMALLEST).unwrap_or(UNFIT),
        };
        let codes: Vec<u64> = multiples.iter().map(code).collect();
        let fits = !codes.contains(&UNFIT);
        let largest = codes.iter().max().copied().unwrap_or_default();
        let bits = (u64::BITS - largest.leading_zeros()) as u8;
        let (mut waiting, mut filled) = (0_u128, 0);
        for code in codes {
            waiting |= u128::from(code) << filled;
            filled += u32::from(bits);
            while filled >= u8::BITS {
                bytes.push(waiting as u8);
                waiting >>= u8::BITS;
                filled -= u8::BITS;
            }
        }
        if filled > 0 {
            bytes.push(waiting as u8);
        }
        Self { smallest, fits, rows: values.len() as u8, bits, power }
    }

    pub(super) const fn fits(&self) -> bool {
        self.fits
    }

    pub(super) const fn rows(&self) -> usize {
        self.rows as usize
    }

    /// What its values take.
    pub(super) const fn bytes(&self) -> usize {
        (self.rows as usize * self.bits as usize).div_ceil(8)
    }

    /// What stands in a place of the block's bytes, which [`BEYOND_BYTES`] follow at least.
    fn code(&self, bytes: &[u8], place: usize) -> Option<u64> {
        let first = place * usize::from(self.bits);
        let word = u128::from_le_bytes(*bytes.get(first / 8..)?.first_chunk()?);
        let mask = (1_u128 << self.bits) - 1;
        Some(((word >> (first % 8)) & mask) as u64)
    }

    /// The value in a place, `Some(None)` where it is missing; `None` where it did not fit.
    pub(super) fn value(&self, bytes: &[u8], place: usize) -> Option<Option<i128>> {
        if place >= self.rows() {
            return None;
        }
        match self.code(bytes, place)? {
            MISSING => Some(None),
            UNFIT => None,
            code => Some(Some(self.multiple(code) * self.one())),
        }
    }

    /// What one is worth in units of a decimal's last digit.
    const fn one(&self) -> i128 {
        10_i128.pow(self.power as u32)
    }

    /// The multiple that a code stands for.
    const fn multiple(&self, code: u64) -> i128 {
        self.smallest.wrapping_add_unsigned(code.wrapping_sub(SMALLEST)) as i128
    }

    /// Adds the values in some places; `None` where one did not fit.
    pub(super) fn values(
        &self,
        bytes: &[u8],
        places: Range<usize>,
        values: &mut Vec<i128>,
        nulls: &mut NullBufferBuilder,
    ) -> Option<()> {
        if !self.fits {
            return None;
        }
        let (one, mut missing) = (self.one(), false);
        for place in places.clone() {
            let code = self.code(bytes, place)?;
            missing |= code == MISSING;
            values.push(self.multiple(code) * one);
        }
        if missing {
            for place in places {
                nulls.append(self.code(bytes, place)? != MISSING);
            }
        } else {
            nulls.append_n_non_nulls(places.len());
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: i128 = 10_i128.pow(SCALE);

    fn read(values: &[Option<i128>]) -> (Vec<Option<Option<i128>>>, usize) {
        let mut bytes = vec![7; 3];
        let block = Block::lay(values, &mut bytes);
        let laid = bytes.len() - 3;
        bytes.extend([7; BEYOND_BYTES]);
        ((0..values.len()).map(|place| block.value(&bytes[3..], place)).collect(), laid)
    }

    #[test]
    fn every_value_comes_back_or_is_said_not_to_fit() {
        let told =
            [Some(7 * UNIT), None, Some(0), Some(-UNIT / 1_000), Some(90_000_000 * UNIT), Some(1), Some(i128::MAX)];
        // With twelve places, what is beyond nine millions does not fit.
        let unfit = [4, 6];
        for (row, (told, read)) in told.into_iter().zip(read(&told).0).enumerate() {
            assert_eq!(read, (!unfit.contains(&row)).then_some(told), "{row}");
        }
        let ends = [Some(i128::from(i64::MIN)), Some(i128::from(i64::MAX)), Some(0), Some(1)];
        // Beside the smallest number that there is, the largest is too far away.
        assert_eq!(read(&ends).0, [Some(ends[0]), None, Some(ends[2]), Some(ends[3])]);
    }

    #[test]
    fn values_take_the_bits_of_their_distances() {
        let block = |values: Vec<Option<i128>>| {
            let (read, bytes) = read(&values);
            assert_eq!(read, values.into_iter().map(Some).collect::<Vec<_>>());
            bytes
        };
        assert_eq!(block(vec![None; BLOCK_ROWS]), 0);
        assert_eq!(block(vec![Some(40_000 * UNIT); BLOCK_ROWS]), BLOCK_ROWS * 2 / 8);
        let watt_hours = (0..BLOCK_ROWS as i128).map(|row| Some((9_000_000 + row * 7) * UNIT / 1_000));
        assert_eq!(block(watt_hours.collect()), BLOCK_ROWS * 10 / 8);
        for bits in 1..63 {
            block((0..100).map(|row| Some((1_i128 << bits) * row % ((1 << bits) + 13) - 5)).collect());
        }
    }
}
