//! The content of one message, read by the module of its type.

use metrify_domain::calendar::Zone;

use super::heading::Origin;
use super::message_type::MessageType;
use super::meters::Meters;
use super::segments::Segment;
use crate::output::Output;
use crate::{aperak, contrl, mscons, utilmd};

pub(super) enum Reader {
    Mscons(Box<mscons::Reader>),
    Utilmd(Box<utilmd::Reader>),
    Contrl(Box<contrl::Reader>),
    Aperak(Box<aperak::Reader>),
}

impl Reader {
    /// `zone` is that of stamps without an offset; `head` is UNH with the number of its message.
    pub(super) fn new(message_type: MessageType, zone: Zone, origin: &Origin, head: (u64, &Segment<'_>)) -> Self {
        match message_type {
            MessageType::Mscons => Self::Mscons(Box::new(mscons::Reader::new(zone, origin, head.0, head.1))),
            MessageType::Utilmd => Self::Utilmd(Box::new(utilmd::Reader::new(zone, origin, head.0, head.1))),
            MessageType::Contrl => Self::Contrl(Box::new(contrl::Reader::new(zone, origin, head.0, head.1))),
            MessageType::Aperak => Self::Aperak(Box::new(aperak::Reader::new(zone, origin, head.0, head.1))),
        }
    }

    pub(super) fn read(&mut self, segment: &Segment<'_>, meters: &mut Meters, out: &mut Output<'_>) {
        match self {
            Self::Mscons(reader) => reader.read(segment, meters, out),
            Self::Utilmd(reader) => reader.read(segment, meters, out),
            Self::Contrl(reader) => reader.read(segment, out),
            Self::Aperak(reader) => reader.read(segment, out),
        }
    }

    /// The message is over.
    pub(super) fn finish(self, out: &mut Output<'_>) {
        match self {
            Self::Mscons(mut reader) => reader.finish(out),
            Self::Utilmd(mut reader) => reader.finish(out),
            Self::Contrl(reader) => reader.finish(out),
            Self::Aperak(mut reader) => reader.finish(out),
        }
    }

    /// The delivery ends within the message, with `rest` behind the last terminator.
    pub(super) fn cut_off(self, rest: Option<&Segment<'_>>, out: &mut Output<'_>) {
        match self {
            Self::Mscons(mut reader) => reader.cut_off(rest, out),
            Self::Utilmd(mut reader) => reader.cut_off(rest, out),
            Self::Contrl(mut reader) => reader.cut_off(rest, out),
            Self::Aperak(mut reader) => reader.cut_off(rest, out),
        }
    }
}
