//! Values of readings in 64 bits, exact: as multiples of the largest power of ten that all of them are multiples of.

use metrify_domain::decimal::SCALE;

/// Stands for a value that is missing.
const MISSING: i64 = i64::MIN;
/// Stands for a value that does not fit.
const UNFIT: i64 = i64::MAX;

pub(crate) struct Values {
    /// In units of a decimal's last digit.
    step: i128,
    multiples: Vec<i64>,
}

impl Default for Values {
    fn default() -> Self {
        Self { step: 10_i128.pow(SCALE + 6), multiples: Vec::new() }
    }
}

impl Values {
    /// Adds a value in units of a decimal's last digit, or that there is none.
    pub(crate) fn push(&mut self, units: Option<i128>) {
        let Some(units) = units else { return self.multiples.push(MISSING) };
        while units % self.step != 0 {
            self.refine();
        }
        let fits = i64::try_from(units / self.step).ok().filter(|multiple| multiple.unsigned_abs() < UNFIT as u64);
        self.multiples.push(fits.unwrap_or(UNFIT));
    }

    fn refine(&mut self) {
        self.step /= 10;
        for multiple in self.multiples.iter_mut().filter(|multiple| ![MISSING, UNFIT].contains(multiple)) {
            let finer = multiple.checked_mul(10).filter(|finer| finer.unsigned_abs() < UNFIT as u64);
            *multiple = finer.unwrap_or(UNFIT);
        }
    }

    /// The value of a row, `Some(None)` where it is missing; `None` where it did not fit.
    pub(crate) fn get(&self, row: usize) -> Option<Option<i128>> {
        match self.multiples[row] {
            UNFIT => None,
            MISSING => Some(None),
            multiple => Some(Some(i128::from(multiple) * self.step)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_comes_back_or_is_said_not_to_fit() {
        const UNIT: i128 = 10_i128.pow(SCALE);
        let told =
            [Some(7 * UNIT), None, Some(0), Some(-UNIT / 1_000), Some(90_000_000 * UNIT), Some(1), Some(i128::MAX)];
        let mut values = Values::default();
        told.into_iter().for_each(|value| values.push(value));
        let read: Vec<Option<Option<i128>>> = (0..told.len()).map(|row| values.get(row)).collect();
        // With twelve places, what is beyond nine millions does not fit.
        let unfit = [4, 6];
        for (row, (told, read)) in told.into_iter().zip(read).enumerate() {
            assert_eq!(read, (!unfit.contains(&row)).then_some(told), "{row}");
        }
    }
}
