//! Curves in whole numbers: shares, sines, and noise that runs smoothly in time.
//!
//! The mathematical functions of a platform's library may differ in the last digit, and one digit is enough to make two fleets
//! of one seed differ. Integers do not, so nothing here is a float.

use crate::noise::{Noise, ten_bits};

/// One, as the shares of this crate are counted: in 1024ths.
pub(crate) const ONE: i64 = 1 << 10;
/// A full turn, as angles are counted.
pub(crate) const TURN: i64 = 1 << 16;
/// One, as sines are counted.
pub(crate) const UNIT: i64 = 1 << 15;

/// A share of a value, in 1024ths.
pub(crate) const fn part(value: i64, share: i64) -> i64 {
    (value * share) >> 10
}

/// The sine of an angle by the rule of Bhaskara (7th century), which is off by 0.0017 at most.
pub(crate) const fn sine(angle: i64) -> i64 {
    const HALF: i64 = TURN / 2;
    let angle = angle.rem_euclid(TURN);
    let part = angle % HALF;
    let product = part * (HALF - part);
    let sine = 16 * product * UNIT / (5 * HALF * HALF - 4 * product);
    if angle < HALF { sine } else { -sine }
}

pub(crate) const fn cosine(angle: i64) -> i64 {
    sine(angle + TURN / 4)
}

/// Noise from -1024 to 1023 that changes smoothly: it is drawn anew every `spacing` seconds and eased in between.
pub(crate) const fn drift(noise: Noise, at: i64, spacing: i64) -> i64 {
    let place = at.div_euclid(spacing);
    let part = at.rem_euclid(spacing) * ONE / spacing;
    let eased = (part * part * (3 * ONE - 2 * part)) >> 20;
    let (from, to) = (lattice(noise, place), lattice(noise, place + 1));
    from + (((to - from) * eased) >> 10)
}

const fn lattice(noise: Noise, place: i64) -> i64 {
    2 * ten_bits(noise.at(place), 40) - ONE
}

#[cfg(test)]
mod tests {
    use super::{ONE, TURN, UNIT, cosine, drift, sine};
    use crate::noise::Noise;

    #[test]
    fn the_sine_is_near_the_true_one() {
        for angle in -TURN..=2 * TURN {
            let true_sine = (angle as f64 / TURN as f64 * std::f64::consts::TAU).sin();
            assert!((sine(angle) as f64 / UNIT as f64 - true_sine).abs() < 0.0018, "{angle}");
        }
        assert_eq!((sine(0), sine(TURN / 4), cosine(0), cosine(TURN / 2)), (0, UNIT, UNIT, -UNIT));
    }

    #[test]
    fn drift_runs_smoothly_within_its_bounds() {
        let noise = Noise::seeded(5);
        let drawn: Vec<_> = (-5_000..5_000).map(|at| drift(noise, at, 100)).collect();
        assert!(drawn.iter().all(|value| (-ONE..ONE).contains(value)));
        assert!(drawn.windows(2).all(|pair| (pair[1] - pair[0]).abs() <= 40), "it leaps");
        assert!(drawn.iter().max() > Some(&700) && drawn.iter().min() < Some(&-700), "it does not range");
    }
}
