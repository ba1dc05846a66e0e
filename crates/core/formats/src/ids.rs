//! Ids of points as they are written: what a spreadsheet or a slip of the pen made of one.

use metrify_domain::Point;
use metrify_domain::identifier::{IdentifierError, MaloId};
use metrify_domain::point::PointError;

use crate::dates::shown;

/// Why an id of a table names no point.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IdError {
    #[error(
        "the id `{0}` is a number in scientific notation, as a spreadsheet such as Excel writes long numbers: digits of it are lost; \
         format its column as text and export the table again"
    )]
    Scientific(String),
    #[error(transparent)]
    Point(#[from] PointError),
}

/// The point that an id names.
pub(crate) fn point(id: &str) -> Result<Point, IdError> {
    if is_scientific(id) { Err(IdError::Scientific(shown(id))) } else { Ok(id.parse::<Point>()?) }
}

/// What is doubtful about an id in the form of a market location's: it is kept as it stands.
pub(crate) fn doubt(id: &str) -> Option<IdentifierError> {
    id.parse::<MaloId>().err().filter(|error| matches!(error, IdentifierError::CheckDigit { .. }))
}

/// `5,14813E+10`: spreadsheets write the sign of the exponent always, ids of devices never.
fn is_scientific(id: &str) -> bool {
    let Some((number, exponent)) = id.split_once(['E', 'e']) else { return false };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, places) = number.split_once([',', '.']).unwrap_or((number, "0"));
    exponent.strip_prefix('+').is_some_and(is_digits) && is_digits(whole) && is_digits(places)
}

#[cfg(test)]
mod tests {
    use super::{doubt, point};

    #[test]
    fn numbers_that_a_spreadsheet_shortened_are_no_ids() {
        for id in ["5,14813E+10", "5.14813E+10", "5E+10", "5,1e+10"] {
            assert!(point(id).is_err_and(|error| error.to_string().contains("Excel")), "{id}");
        }
        for id in ["51481308448", "5E10", "1EMH0010599732", "E+10", "5,1,2E+10", "A5E+10"] {
            assert!(point(id).is_ok(), "{id}");
        }
    }

    #[test]
    fn a_wrong_check_digit_is_told() {
        assert_eq!(doubt("51481308448"), None);
        assert_eq!(doubt("4711"), None);
        assert!(doubt("51481308449").is_some_and(|error| error.to_string().contains("check digit")));
    }
}
