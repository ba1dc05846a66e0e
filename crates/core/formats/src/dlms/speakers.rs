//! Who speaks in a delivery, and which meter that is: by system title where a telegram is ciphered, else by its address.
//!
//! Short lists of a meter do not name it. They are those of the meter that named itself with the same title or on the same
//! address, if only one did; else the title is the point, else the one that the caller gave, and at last the address.

use std::collections::HashMap;

use metrify_domain::identifier::DeviceId;
use metrify_domain::{Point, PointKind};

use super::cipher::Title;
use super::clock::Teller;
use super::joins::Source;
use crate::output::Meter;
use crate::remarks::Remarks;
use crate::timeline::Timeline;

/// Speakers that are kept at once; a concentrator passes on some thousand meters.
const SPEAKERS_MAX: usize = 20_000;
/// M-Bus addresses of one meter; those above speak to all or to none.
const WIRED_ADDRESS_MAX: u8 = 250;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Voice {
    Title(Title),
    Source(Source),
}

impl Voice {
    /// The point where no number tells it; `None` for an address that names nobody.
    fn point(self) -> Option<Point> {
        let name = match self {
            Self::Title(title) => title.to_string(),
            Self::Source(Source::Hdlc { source, .. }) => format!("HDLC address {source}"),
            Self::Source(Source::Wired([address @ 1..=WIRED_ADDRESS_MAX, ..])) => format!("M-Bus address {address}"),
            Self::Source(Source::Wired(_) | Source::Bare) => return None,
        };
        name.parse().ok()
    }
}

/// The numbers that a speaker gave itself.
#[derive(Debug, Default)]
enum Numbers {
    #[default]
    None,
    One(Point),
    /// Several meters speak with one voice.
    Several,
}

#[derive(Debug)]
pub(super) struct Speaker {
    voice: Voice,
    numbers: Numbers,
    pub teller: Teller,
    pub timeline: Timeline,
    pub remarks: Remarks,
}

impl Speaker {
    /// Whether it has a point even where it never tells its number.
    pub(super) fn is_named(&self) -> bool {
        self.voice.point().is_some()
    }

    pub(super) fn learn(&mut self, number: &Point) {
        match &self.numbers {
            Numbers::None => self.numbers = Numbers::One(number.clone()),
            Numbers::One(known) if known != number => self.numbers = Numbers::Several,
            Numbers::One(_) | Numbers::Several => {}
        }
    }

    /// The point of a telegram without a number; `given` is what the caller says, which counts above an address.
    pub(super) fn point(&self, given: Option<&Point>) -> Option<Point> {
        match (&self.numbers, self.voice) {
            (Numbers::One(number), _) => Some(number.clone()),
            (Numbers::None | Numbers::Several, Voice::Title(_)) => self.voice.point(),
            (Numbers::None | Numbers::Several, Voice::Source(_)) => given.cloned().or_else(|| self.voice.point()),
        }
    }

    pub(super) fn describe(&self, point: &Point) -> Meter {
        let title = match self.voice {
            Voice::Title(title) => Some(title.0),
            Voice::Source(_) => None,
        };
        let device = point.as_str().parse::<DeviceId>().ok().map(|device| device.maker().to_owned());
        let letters = title.and_then(|title| title.first_chunk::<3>().copied());
        let letters = letters.filter(|letters| letters.iter().all(u8::is_ascii_uppercase));
        Meter {
            point: point.clone(),
            kind: Some(PointKind::Device),
            name: None,
            server_id: title.map(Vec::from),
            maker: device.or_else(|| letters.map(|letters| String::from_utf8_lossy(&letters).into_owned())),
            resolution: None,
        }
    }
}

/// Numbers the speakers in the order in which they come.
#[derive(Debug, Default)]
pub(super) struct Speakers {
    speakers: Vec<Speaker>,
    by_voice: HashMap<Voice, usize>,
}

impl Speakers {
    pub(super) fn is_full(&self) -> bool {
        self.speakers.len() >= SPEAKERS_MAX
    }

    pub(super) fn number(&mut self, voice: Voice) -> usize {
        let next = self.speakers.len();
        let number = *self.by_voice.entry(voice).or_insert(next);
        if number == next {
            self.speakers.push(Speaker {
                voice,
                numbers: Numbers::None,
                teller: Teller::default(),
                timeline: Timeline::default(),
                remarks: Remarks::default(),
            });
        }
        number
    }

    pub(super) fn get(&self, number: usize) -> Option<&Speaker> {
        self.speakers.get(number)
    }

    pub(super) fn get_mut(&mut self, number: usize) -> Option<&mut Speaker> {
        self.speakers.get_mut(number)
    }

    pub(super) fn settle(&mut self) {
        self.speakers.iter_mut().for_each(|speaker| speaker.timeline.settle());
    }
}

/// The point that a number names: its text, or the bytes in hexadecimal digits where they are none.
pub(super) fn point(number: &[u8]) -> Option<Point> {
    match std::str::from_utf8(number).map(str::trim) {
        Ok(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) => text.parse().ok(),
        _ => number.iter().map(|byte| format!("{byte:02x}")).collect::<String>().parse().ok(),
    }
}
