//! The check digits of the German market and of GS1. One wrong digit changes the sum, save where a rule's weight lets it cancel.

/// The procedure of locomotives and waggons (BDEW "Identifikatoren in der Marktkommunikation", 8.1), and for codes with letters
/// the ASCII procedure (8.2), which is the same with a letter worth its ASCII code: the sum of the values at odd positions
/// plus twice the sum at even positions, filled up to a multiple of ten. It is not Luhn: no cross-sum is taken.
///
/// It notices every wrong digit at an odd position and every two neighbours swapped. At an even position it overlooks a digit
/// that is off by five, and among letters those whose codes end alike (A, K and U).
pub(super) fn code_number(body: &str) -> char {
    let value = |byte: u8| u32::from(if byte.is_ascii_digit() { byte - b'0' } else { byte });
    let weighted = |(index, byte)| value(byte) * if index % 2 == 0 { 1 } else { 2 };
    fill_up(body.bytes().enumerate().map(weighted).sum())
}

/// The procedure of GS1 for article and location numbers: weights 1 and 3 in turn, filled up to a multiple of ten.
///
/// It notices every wrong digit, and two neighbours swapped unless they differ by five.
pub(super) fn gs1(body: &str) -> char {
    let weighted = |(index, byte): (usize, u8)| u32::from(byte.wrapping_sub(b'0')) * if index % 2 == 0 { 1 } else { 3 };
    fill_up(body.bytes().enumerate().map(weighted).sum())
}

fn fill_up(sum: u32) -> char {
    char::from_digit((10 - sum % 10) % 10, 10).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::{code_number, gs1};
    use proptest::prelude::*;

    fn changed(body: &str, index: usize, step: u8) -> String {
        let change = |(at, byte)| if at == index { b'0' + (byte - b'0' + step) % 10 } else { byte };
        body.bytes().enumerate().map(change).map(char::from).collect()
    }

    fn swapped(body: &str, index: usize) -> String {
        let mut bytes = body.as_bytes().to_vec();
        bytes.swap(index, index + 1);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[test]
    fn the_worked_examples_of_the_procedures_come_out() {
        for (body, digit) in
            [("4137355924", '1'), ("1234567890", '5'), ("1000123456", '6'), ("990504800000", '7'), ("E168811748", '2')]
        {
            assert_eq!(code_number(body), digit, "{body}");
        }
        assert_eq!(gs1("404140700000"), '8');
        assert_eq!((gs1("401234567890"), code_number("401234567890")), ('1', '1'));
    }

    proptest! {
        #[test]
        fn a_code_number_overlooks_a_digit_off_by_five_at_even_positions_alone(
            body in "[0-9]{12}", index in 0..12_usize, step in 1..10_u8,
        ) {
            let same = code_number(&changed(&body, index, step)) == code_number(&body);
            prop_assert_eq!(same, index % 2 == 1 && step == 5);
        }

        #[test]
        fn a_code_number_notices_neighbours_swapped(body in "[0-9]{12}", index in 0..11_usize) {
            let swapped = swapped(&body, index);
            prop_assert_eq!(code_number(&swapped) == code_number(&body), swapped == body);
        }

        #[test]
        fn a_location_number_notices_every_wrong_digit(body in "[0-9]{12}", index in 0..12_usize, step in 1..10_u8) {
            prop_assert_ne!(gs1(&changed(&body, index, step)), gs1(&body));
        }
    }
}
