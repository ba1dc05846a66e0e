//! What a data set shows: numbers with their unit, and the stamp of when they were.

use metrify_domain::{Decimal, ObisCode, Unit};

use super::codes::{self, Code, HEAT_RETURN_TEMPERATURE, Role};
use crate::datasets::{DataSet, Losses, number, number_and_unit};
use crate::kind::assumed_unit;

/// A number, or that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown<'a> {
    pub code: ObisCode,
    /// `None` where the meter shows dashes.
    pub value: Option<Decimal>,
    /// Digits behind the point, as they came.
    pub places: usize,
    pub unit: Unit,
    /// It counts events.
    pub counts: bool,
    pub stamp: Option<&'a str>,
}

/// The numbers of a data set. Texts, empty parentheses, and numbers without a unit that the code does not give one are none.
pub(super) fn read<'a>(set: &DataSet<'a>, code: Code, losses: &mut Losses) -> Vec<Shown<'a>> {
    let mut numbers: Vec<Shown<'a>> = Vec::new();
    let counts = code.role == Role::Count;
    let mut stamp = None;
    for value in set.values.iter().flat_map(|value| value.split('&')) {
        let (text, unit) = number_and_unit(value);
        if unit.is_none() && is_stamp(text) && set.values.len() > 1 {
            stamp = stamp.or(Some(text));
            continue;
        }
        let unit = match unit {
            Some(unit) => codes::unit(unit).ok_or("its unit is no text"),
            None if counts => Ok(const { Unit::literal("1") }),
            None => match assumed_unit(code.obis) {
                Some(assumed) if !text.is_empty() => assumed,
                Some(_) | None => continue,
            },
        };
        match (number(text), unit) {
            (Ok((value, places)), Ok(unit)) => {
                numbers.push(Shown { code: code.obis, value, places, unit, counts, stamp: None });
            }
            (Ok(_), Err(reason)) => losses.add(1, || format!("{}: {reason}", set.code)),
            (Err(reason), _) => losses.add(1, || format!("{}: {reason}", set.code)),
        }
    }
    if let [_, second] = numbers.as_mut_slice()
        && code.obis.groups()[..4] == [6, 0, 10, 5]
    {
        let [.., f] = second.code.groups();
        let [a, b, c, d, e, _] = HEAT_RETURN_TEMPERATURE.groups();
        second.code = ObisCode::from_bytes([a, b, c, d, e, f]);
    } else if numbers.len() > 1 {
        let more = numbers.len() - 1;
        losses.add(more as u64, || format!("{} has {more} more values, and nothing tells what they are", set.code));
        numbers.truncate(1);
    }
    numbers.iter_mut().for_each(|number| number.stamp = stamp);
    numbers
}

/// Ten to thirteen digits, or digits in groups with marks.
fn is_stamp(text: &str) -> bool {
    let bare = matches!(text.len(), 10..=13) && text.bytes().all(|byte| byte.is_ascii_digit());
    let marked = || text.contains([':', '-']) && text.bytes().filter(u8::is_ascii_digit).count() >= 10;
    bare || marked()
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::d0::codes;
    use crate::datasets::{DataSets, Item, Losses};

    fn check(text: &str, heat: bool, expected: &[&str]) {
        let mut losses = Losses::default();
        let mut said = Vec::new();
        for item in DataSets::new(text) {
            let Item::Set(set) = item else { continue };
            for shown in read(&set, codes::read(set.code, heat).expect("a code"), &mut losses) {
                let value = shown.value.map_or("-".to_owned(), |value| value.to_string());
                said.push(format!("{} {value} {} {}", shown.code, shown.unit, shown.stamp.unwrap_or_default()));
            }
        }
        said.extend(losses.told().map(|(readings, reason)| format!("{readings} lost: {reason}")));
        assert_eq!(said, expected, "{text}");
    }

    #[test]
    fn numbers_have_a_unit_or_that_of_their_code() {
        check("1.8.0(00012.5*kWh)", false, &["1-0:1.8.0 12.5 kWh "]);
        check("1.8.0*00(000062.26)", false, &["1-0:1.8.0*0 62.26 kWh "]);
        check("16.7(123)", false, &["1 lost: 16.7: it has no unit, and powers are shown in watts or in kilowatts"]);
        check("1.8.0(--.--*kWh)", false, &["1-0:1.8.0 - kWh "]);
        check("1.8.0(1,5*kWh)", false, &["1 lost: 1.8.0: `1,5` is not a decimal number"]);
        check("1.8.3()1.7.1(text)", false, &["1 lost: 1.7.1: `text` is not a decimal number"]);
        check("C.7.0(0003)", false, &["1-0:96.7.0 3 1 "]);
        check("13.25(0.83*P/S)", false, &["1-0:13.25.0 0.83 P/S "]);
    }

    #[test]
    fn a_maximum_has_its_own_stamp() {
        check("1.6.1(0.482*kW)(1190711111500)", false, &["1-0:1.6.1 0.482 kW 1190711111500"]);
        check("1.6.1(0.482*kW)(19-07-11 11:15)", false, &["1-0:1.6.1 0.482 kW 19-07-11 11:15"]);
        check(
            "1.8.0(1*kWh)(2*kWh)",
            false,
            &["1-0:1.8.0 1 kWh ", "1 lost: 1.8.0 has 1 more values, and nothing tells what they are"],
        );
    }

    #[test]
    fn two_temperatures_stand_in_one() {
        check("9.4*01(088*C&082*C)", true, &["6-0:10.5.0*1 88 Cel ", "6-0:11.5.0*1 82 Cel "]);
    }
}
