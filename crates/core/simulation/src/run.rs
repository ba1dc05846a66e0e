//! Goes through a slice of a fleet, day by day, and on each day through its areas, its stations and its meters.

use crate::fault::Fault;
use crate::fleet::{Fleet, Slice};
use crate::grid::Area;
use crate::load::{Counted, count};
use crate::meter::SimulatedMeter;
use crate::registers::{Registers, after};
use crate::scene::Scene;
use crate::section::{self, Section};
use crate::truth::{Account, Truth};
use crate::weather::STATIONS;

/// Hands out one section after the other, and keeps account of them.
#[derive(Debug)]
pub(crate) struct Run {
    fleet: Fleet,
    slice: Slice,
    /// The day that is told; the one after the last holds what came late.
    day: u32,
    source: Source,
    today: Option<Scene>,
    yesterday: Option<Scene>,
    registers: Registers,
    section: Section,
    clean: Section,
    truth: Truth,
}

/// Whose section comes next.
#[derive(Clone, Copy, Debug)]
enum Source {
    Area(usize),
    Station(usize),
    Meter(u32),
}

impl Run {
    pub(crate) fn new(fleet: &Fleet, slice: &Slice) -> Self {
        let slice = fleet.within(slice);
        let day = slice.days.start;
        let mut run = Self {
            registers: Registers::at(fleet, slice.meters.clone(), if fleet.settings().registers { day } else { 0 }),
            yesterday: day.checked_sub(1).and_then(|day| fleet.scene(day)),
            today: None,
            source: Source::Area(0),
            fleet: fleet.clone(),
            truth: Truth::new(fleet, &slice),
            section: Section::default(),
            clean: Section::default(),
            slice,
            day,
        };
        run.begin_day();
        run
    }

    /// The scenes that readings of the next section may stand in.
    pub(crate) const fn scenes(&self) -> [Option<&Scene>; 2] {
        [self.yesterday.as_ref(), self.today.as_ref()]
    }

    /// The section that [`Self::advance`] came to.
    pub(crate) const fn section(&self) -> &Section {
        &self.section
    }

    pub(crate) fn take_truth(&mut self) -> String {
        self.truth.take()
    }

    pub(crate) const fn account(&self) -> &Account {
        &self.truth.account
    }

    /// Goes on to the next section, which may be empty; `false` after the last.
    pub(crate) fn advance(&mut self) -> bool {
        while self.today.is_some() || self.yesterday.is_some() {
            match self.source {
                Source::Area(number) => match Area::ALL.get(number).filter(|_| self.has_surroundings()) {
                    Some(area) => {
                        self.source = Source::Area(number + 1);
                        self.area(*area);
                        return true;
                    }
                    None => self.source = Source::Station(0),
                },
                Source::Station(number) if number < STATIONS.len() && self.has_surroundings() => {
                    self.source = Source::Station(number + 1);
                    self.station(number);
                    return true;
                }
                Source::Station(_) => self.source = Source::Meter(self.slice.meters.start),
                Source::Meter(number) if number < self.slice.meters.end => {
                    self.source = Source::Meter(number + 1);
                    self.meter(number);
                    return true;
                }
                Source::Meter(_) => self.end_day(),
            }
        }
        self.section.begin("");
        self.truth.close();
        false
    }

    fn has_surroundings(&self) -> bool {
        self.today.is_some() && self.fleet.settings().surroundings && self.slice.meters.start == 0
    }

    fn begin_day(&mut self) {
        self.source = Source::Area(0);
        let is_within = self.day < self.slice.days.end;
        self.today = if is_within { self.fleet.scene(self.day) } else { None };
        // What came late on the last day of a slice belongs to the next slice, if there is one.
        let is_fleets_end = self.day == self.fleet.settings().days;
        if !is_within && (!is_fleets_end || self.slice.days.is_empty()) {
            self.yesterday = None;
        }
    }

    fn end_day(&mut self) {
        self.day += 1;
        self.yesterday = self.today.take();
        if self.yesterday.is_some() {
            self.begin_day();
        }
    }

    fn area(&mut self, area: Area) {
        self.section.begin(area.name());
        if let Some(scene) = &self.today {
            section::area(self.fleet.noise(), area, scene, &mut self.section.statements);
        }
        self.truth.account.sound(&self.section);
    }

    fn station(&mut self, number: usize) {
        self.section.begin(STATIONS[number].id);
        if let Some(scene) = &self.today {
            section::station(number, scene, &mut self.section.statements);
        }
        self.truth.account.sound(&self.section);
    }

    fn meter(&mut self, number: u32) {
        let Some(meter) = self.fleet.meter(number) else { return };
        self.section.begin(meter.malo.as_str());
        self.meter_today(&meter);
        if let Some(scene) = &self.yesterday
            && let Some((strike, counted)) = self.fleet.late(&meter, scene)
        {
            let from = self.section.statements.len();
            strike.afterwards(scene, &counted, &mut self.section.statements);
            self.truth.account.written(&self.section.statements[from..]);
        }
    }

    fn meter_today(&mut self, meter: &SimulatedMeter) {
        let Some(scene) = &self.today else { return };
        let counted = count(meter, scene);
        let before = self.registers.of(meter.number);
        let strike = self.fleet.strike(meter, scene).and_then(|strike| strike.seen(&counted));
        let now = after(before, &counted, strike);
        self.registers.set(meter.number, now);
        let day = MeterDay { meter, scene, counted: &counted, states: [before, now] };
        let Some(strike) = strike else {
            day.tell(&self.fleet, &mut self.section);
            self.truth.account.sound(&self.section);
            return;
        };
        self.clean.begin(&self.section.point);
        day.tell(&self.fleet, &mut self.clean);
        strike.distort(scene, &counted, &self.clean.statements, &mut self.section.statements);
        self.truth.account.expected(&self.clean);
        self.truth.account.written(&self.section.statements);
        let devices = if strike.fault == Fault::MeterExchange { self.fleet.exchanged(meter, scene.day) } else { None };
        self.truth.struck(&strike, &day, &self.section, devices);
    }
}

/// A meter on a day.
#[derive(Debug)]
pub(crate) struct MeterDay<'a> {
    pub(crate) meter: &'a SimulatedMeter,
    pub(crate) scene: &'a Scene,
    pub(crate) counted: &'a Counted,
    /// What the registers showed at the begin and at the end of the day.
    pub(crate) states: [[i64; 2]; 2],
}

impl MeterDay<'_> {
    /// What the registers would show at the end of the day if nothing had happened to them.
    pub(crate) fn unbroken_states(&self) -> [i64; 2] {
        after(self.states[0], self.counted, None)
    }

    /// All that the meter tells, as it should be.
    pub(crate) fn tell(&self, fleet: &Fleet, section: &mut Section) {
        let Self { meter, scene, counted, states } = self;
        let (settings, statements) = (fleet.settings(), &mut section.statements);
        let feeds_in = meter.photovoltaics_kw_tenths.is_some();
        section::amounts(scene, counted, feeds_in, statements);
        if settings.power {
            section::powers(meter.noise, scene, counted, statements);
        }
        if settings.registers && scene.day == 0 {
            section::registers(scene.start, states[0], feeds_in, statements);
        }
        if settings.registers {
            section::registers(scene.end, states[1], feeds_in, statements);
        }
    }
}
