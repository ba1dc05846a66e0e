//! Stamps of P1 telegrams: `YYMMDDhhmmss` and `S` in summer time, `W` in winter; versions 2 and 3 leave the letter out.

use metrify_domain::Timestamp;
use metrify_domain::calendar::{LocalClock, Zone};

use crate::dates::DateError;
use crate::stamps::{Season, Stamp, digits};

/// The clock of the Netherlands, Belgium, Luxembourg and Hungary, whose time the norm means: all four have the same as Berlin.
const HOME: Zone = Zone::BERLIN;
/// How meters write a stamp whose bytes say that nothing is known.
const UNKNOWN: &str = "632525252525";
/// The year in which the clock of a device begins that was never set.
const UNSET_YEAR: &str = "70";

/// What a stamp means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum When {
    At(Timestamp),
    /// Nothing has happened yet.
    Unset,
    Unknown(DateError),
}

pub(super) fn read(text: &str, zone: Option<Zone>, series: &mut Option<LocalClock>) -> When {
    let (figures, season) = match text.strip_suffix('S') {
        Some(figures) => (figures, Some(Season::Summer)),
        None => text.strip_suffix('W').map_or((text, None), |figures| (figures, Some(Season::Standard))),
    };
    if figures == UNKNOWN || figures.starts_with(UNSET_YEAR) || figures.bytes().all(|figure| figure == b'0') {
        return When::Unset;
    }
    let zone = Some(zone.unwrap_or(HOME));
    match digits(figures).and_then(|clock| Stamp { clock, season }.at(zone, HOME, series)) {
        Ok(at) => When::At(at),
        Err(error) => When::Unknown(error),
    }
}

/// Longest value that is compared with the next.
const VALUE_BYTES_MAX: usize = 64;

/// The stamps of one value of a meter, in the order of its telegrams.
#[derive(Debug, Default)]
pub(super) struct OldStamps {
    clock: Option<LocalClock>,
    last: Option<Said>,
}

/// A stamp without its letter, with the value beside it.
#[derive(Debug)]
struct Said {
    stamp: String,
    value: String,
    at: Timestamp,
}

impl OldStamps {
    /// A telegram comes every ten seconds and tells a value of the hour again and again: that is the same moment, until the
    /// value is another, or the stamp.
    pub(super) fn read(&mut self, stamp: &str, value: &str, zone: Option<Zone>) -> When {
        if let Some(last) = &self.last
            && (last.stamp.as_str(), last.value.as_str()) == (stamp, value)
        {
            return When::At(last.at);
        }
        let when = read(stamp, zone, &mut self.clock);
        self.last = match when {
            When::At(at) if value.len() <= VALUE_BYTES_MAX => {
                Some(Said { stamp: stamp.to_owned(), value: value.to_owned(), at })
            }
            _ => None,
        };
        when
    }
}

/// Whether a text has the form of a stamp with its letter.
pub(super) fn is_stamp(text: &str) -> bool {
    let figures = text.strip_suffix(['S', 'W']);
    figures.is_some_and(|figures| figures.len() == 12 && figures.bytes().all(|figure| figure.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::{When, is_stamp, read};

    fn at(text: &str) -> String {
        match read(text, None, &mut None) {
            When::At(at) => at.to_string(),
            When::Unset => "unset".to_owned(),
            When::Unknown(error) => error.to_string(),
        }
    }

    #[test]
    fn the_letter_tells_the_doubled_hour() {
        assert_eq!(at("231029023000S"), "2023-10-29T00:30:00Z");
        assert_eq!(at("231029023000W"), "2023-10-29T01:30:00Z");
        assert_eq!(at("230702190200S"), "2023-07-02T17:02:00Z");
        assert_eq!(at("161107190000"), "2016-11-07T18:00:00Z");
        assert!(at("231029023000").contains("came twice"));
    }

    #[test]
    fn a_stamp_may_have_been_never_set() {
        for text in ["700101010000W", "632525252525W", "000000000000", ""] {
            assert_eq!(at(text), "unset", "{text}");
        }
        assert!(at("991332256199S").contains("names no moment"));
        assert!(is_stamp("231029023000S") && !is_stamp("231029023000") && !is_stamp("04.157*kW"));
    }
}
