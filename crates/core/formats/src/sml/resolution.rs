//! The step in which a meter's energy registers count. A meter without its PIN shows whole kilowatt hours only.
//!
//! Two things tell such a meter: a scaler of thousands (as ISKRA, HOLLEY and eBZ send without PIN), or registers that promise
//! finer digits and never show one, from a meter that sends no power. Chance is excluded by counting the digits that were
//! zero: with four of them it is one in ten thousand. A register at zero proves nothing, nor does the same value again.

use metrify_domain::{Decimal, ObisCode, Unit};

use super::entries::Shown;
use crate::units::{WATT, WATT_HOUR};

/// The scaler of kilowatt hours in watt hours.
const KILO: i8 = 3;
/// Zero digits that must have been seen where the scaler promises more.
const ZERO_DIGITS_MIN: i32 = 4;
/// Registers of one meter whose last value is kept; meters have up to ten.
const REGISTERS_MAX: usize = 32;

/// What was seen of one meter's registers.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    scaler: Option<i8>,
    sends_power: bool,
    /// A value was no whole number of kilowatt hours.
    shows_parts: bool,
    zero_digits: i32,
    registers: Vec<(ObisCode, Decimal)>,
}

impl Evidence {
    pub(super) fn see(&mut self, shown: &Shown) {
        self.sends_power |= shown.unit == WATT;
        if shown.unit == WATT_HOUR && is_energy_register(shown.code) {
            self.register(shown.code, shown.value, shown.scaler);
        }
    }

    fn register(&mut self, code: ObisCode, value: Decimal, scaler: i8) {
        self.scaler = Some(self.scaler.map_or(scaler, |finest| finest.min(scaler)));
        self.shows_parts |= !value.is_multiple_of(Decimal::from(1_000));
        if value != Decimal::ZERO && self.is_new(code, value) {
            self.zero_digits = self.zero_digits.saturating_add(i32::from(KILO) - i32::from(scaler));
        }
    }

    fn is_new(&mut self, code: ObisCode, value: Decimal) -> bool {
        if let Some((_, last)) = self.registers.iter_mut().find(|(known, _)| *known == code) {
            return std::mem::replace(last, value) != value;
        }
        let has_room = self.registers.len() < REGISTERS_MAX;
        if has_room {
            self.registers.push((code, value));
        }
        has_room
    }

    /// Why the registers count whole kilowatt hours; `None` where they count finer, or nothing tells.
    pub(super) fn whole_kwh(&self) -> Option<&'static str> {
        let scaler = self.scaler?;
        if scaler >= KILO {
            return Some("the scaler of its energy registers is a thousand watt hours");
        }
        let seen = !self.sends_power && !self.shows_parts && self.zero_digits >= ZERO_DIGITS_MIN;
        seen.then_some("its energy registers never show less, and it sends no power")
    }

    /// The step of the finest energy register.
    pub(super) fn step(&self) -> Option<(Decimal, Unit)> {
        let scaler = self.scaler?;
        let (exponent, unit) = match self.whole_kwh() {
            Some(_) => (scaler.max(KILO) - KILO, const { Unit::literal("kWh") }),
            None => (scaler, const { Unit::literal("Wh") }),
        };
        Decimal::scaled(1, i32::from(exponent)).ok().map(|step| (step, unit))
    }
}

/// The counting registers 1.8.x and 2.8.x, without the past periods of group F, which are rounded by themselves.
fn is_energy_register(code: ObisCode) -> bool {
    matches!(code.groups(), [1, _, 1 | 2, 8, _, 255])
}

#[cfg(test)]
mod tests {
    use super::{Evidence, is_energy_register};

    /// Register, value and scaler of what a meter shows; the power is that of 16.7.0.
    fn check(shown: &[(&str, &str, i8)], expected: Option<&str>, whole: bool) {
        let mut evidence = Evidence::default();
        for (code, value, scaler) in shown {
            let (code, value) = (code.parse().expect(code), value.parse().expect(value));
            if is_energy_register(code) {
                evidence.register(code, value, *scaler);
            } else {
                evidence.sends_power |= code.groups()[3] == 7;
            }
        }
        let step = evidence.step().map(|(step, unit)| format!("{step} {unit}"));
        assert_eq!((step.as_deref(), evidence.whole_kwh().is_some()), (expected, whole), "{shown:?}");
    }

    #[test]
    fn a_scaler_of_thousands_tells_whole_kilowatt_hours() {
        check(&[("1-0:1.8.0", "2043000", 3), ("1-0:2.8.0", "0", 3)], Some("1 kWh"), true);
        check(&[("1-0:1.8.0", "0", 3), ("1-0:16.7.0", "5", 0)], Some("1 kWh"), true);
        check(&[("1-0:1.8.0", "2040000", 4)], Some("10 kWh"), true);
    }

    #[test]
    fn registers_that_never_show_less_tell_it_where_no_power_is_sent() {
        check(&[("1-0:1.8.0", "2043000", -1)], Some("1 kWh"), true);
        check(&[("1-0:1.8.0", "2043000", 0), ("1-0:1.8.0", "2044000", 0)], Some("1 kWh"), true);
        check(&[("1-0:1.8.0", "2043000", 0), ("1-0:1.8.0", "2043000", 0)], Some("1 Wh"), false);
        check(&[("1-0:1.8.0", "0", -1), ("1-0:2.8.0", "0", -1)], Some("0.1 Wh"), false);
        check(&[("1-0:1.8.0", "2043000", -1), ("1-0:16.7.0", "0", 0)], Some("0.1 Wh"), false);
        check(&[("1-0:1.8.0", "2043000", -1), ("1-0:2.8.0", "0.1", -1)], Some("0.1 Wh"), false);
    }

    #[test]
    fn the_finest_register_tells_the_step() {
        check(&[("1-0:1.8.0", "2043000", 3), ("1-0:1.8.0", "2043104.7", -1)], Some("0.1 Wh"), false);
        check(&[("1-0:1.8.0", "1.5", -4), ("1-0:1.8.0*96", "4100", 2)], Some("0.0001 Wh"), false);
        check(&[("1-0:16.7.0", "193", 0)], None, false);
    }
}
