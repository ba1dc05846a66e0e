//! The meters of a delivery of telegrams: what is told of each, and readings that wait until it is known when they were sent.

use std::collections::HashMap;

use metrify_domain::identifier::DeviceId;
use metrify_domain::{
    Channel, Decimal, Document, ObisCode, Period, Point, PointKind, Reading, Severity, Timestamp, Unit,
};

use crate::output::{Meter, Output};
use crate::remarks::{Remarks, finding};
use crate::timeline::Timeline;

/// Meters that are kept at once.
const METERS_MAX: usize = 20_000;
/// Readings that are held at most, give or take those of one telegram: half a day of a meter that sends twenty every ten
/// seconds. One takes some three hundred bytes. With those of a usual telegram they are no more than a power of two, so that the
/// last one does not double their room.
const HELD_READINGS_MAX: usize = (1 << 16) - (1 << 10);

/// When a telegram was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    At(Timestamp),
    /// On the line of its meter.
    Second(i64),
}

/// A reading of a meter whose time is told by its place.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub meter: usize,
    pub place: Place,
    pub channel: Channel,
    pub reading: Reading,
}

#[derive(Debug)]
struct Known {
    meter: Meter,
    timeline: Timeline,
}

#[derive(Debug)]
struct Held {
    meter: usize,
    second: i64,
    channel: Channel,
    reading: Reading,
}

#[derive(Debug)]
pub(crate) struct Meters {
    received_at: Timestamp,
    known: Vec<Known>,
    by_point: HashMap<Point, usize>,
    held: Vec<Held>,
    remarks: Remarks,
}

impl Meters {
    pub(crate) fn new(received_at: Timestamp) -> Self {
        let (known, by_point, held) = (Vec::new(), HashMap::new(), Vec::new());
        Self { received_at, known, by_point, held, remarks: Remarks::default() }
    }

    /// Hands on what is held before more would be kept than the limits allow. Call before a telegram; numbers of meters from
    /// before it may mean nothing afterwards.
    pub(crate) fn make_room(&mut self, position: &str, out: &mut Output<'_>) {
        let too_many_meters = self.known.len() >= METERS_MAX;
        if !too_many_meters && self.held.len() < HELD_READINGS_MAX {
            return;
        }
        if !self.held.is_empty() && self.remarks.first("time_of_receipt") {
            let reason = "there are more readings without a time than can be held: those before here are placed before \
                          the time of receipt, those of the same meters from here on after it";
            out.finding(finding("time_of_receipt", Severity::Warning, position, reason.to_owned()));
        }
        self.release(out);
        if too_many_meters {
            self.describe(out);
        }
    }

    /// The number of a meter, which becomes known with it.
    pub(crate) fn number(&mut self, point: &Point) -> usize {
        if let Some(number) = self.by_point.get(point) {
            return *number;
        }
        let (point, kind) = (point.clone(), Some(PointKind::Device));
        self.by_point.insert(point.clone(), self.known.len());
        let meter = Meter { point, kind, name: None, server_id: None, maker: None, resolution: None };
        self.known.push(Known { meter, timeline: Timeline::default() });
        self.known.len() - 1
    }

    /// The maker is that of the device id, or else the one that is `told` beside it.
    pub(crate) fn learn_maker(&mut self, number: usize, told: impl FnOnce() -> Option<String>) {
        if let Some(Known { meter, .. }) = self.known.get_mut(number)
            && meter.maker.is_none()
        {
            let device = meter.point.as_str().parse::<DeviceId>().ok();
            meter.maker = device.map(|device| device.maker().to_owned()).or_else(told);
        }
    }

    /// The places behind the point that a register of energy shows tell the step in which it counts.
    pub(crate) fn learn_step(&mut self, number: usize, code: ObisCode, places: usize, unit: Unit) {
        if !matches!(code.groups(), [1, _, 1 | 2, 8, _, 255]) {
            return;
        }
        let step = i32::try_from(places).ok().and_then(|places| Decimal::scaled(1, -places).ok());
        if let (Some(Known { meter, .. }), Some(step)) = (self.known.get_mut(number), step) {
            let is_finer = |(known, of): &(Decimal, Unit)| *of == unit && *known <= step;
            if !meter.resolution.as_ref().is_some_and(is_finer) {
                meter.resolution = Some((step, unit));
            }
        }
    }

    /// The place of a telegram whose meter tells no instant, but perhaps a count of seconds.
    pub(crate) fn place(&mut self, number: usize, index: Option<u64>) -> Place {
        let known = self.known.get_mut(number);
        Place::Second(known.map_or(0, |known| known.timeline.place(index).second))
    }

    /// Hands a reading on, or holds it until its place is an instant.
    pub(crate) fn take(&mut self, statement: Statement, out: &mut Output<'_>) {
        let Statement { meter, place, channel, reading } = statement;
        match place {
            Place::At(at) => {
                let period = Period::instant(at);
                out.reading(&channel, &Document::default(), &Reading { period, ..reading });
            }
            Place::Second(second) => self.held.push(Held { meter, second, channel, reading }),
        }
    }

    pub(crate) fn finish(&mut self, out: &mut Output<'_>) {
        self.release(out);
        self.describe(out);
    }

    fn release(&mut self, out: &mut Output<'_>) {
        self.known.iter_mut().for_each(|known| known.timeline.settle());
        for Held { meter, second, channel, reading } in self.held.drain(..) {
            let Some(known) = self.known.get(meter) else { continue };
            let period = Period::instant(known.timeline.instant(second, self.received_at));
            out.reading(&channel, &Document::default(), &Reading { period, ..reading });
        }
    }

    /// Hands on what was told of each meter, and forgets it.
    fn describe(&mut self, out: &mut Output<'_>) {
        self.by_point.clear();
        self.known.drain(..).for_each(|known| out.meter(known.meter));
    }
}
