//! The truth beside what is written: a line for each injected fault, and in the end a summary that the readings add up to.
//!
//! Each line is a JSON object. That of a fault names the fault, the point, the quantity and the time it strikes, with the true
//! values and those written on the day itself (null where none was); `later_at` is when the rest of them comes. Swapped registers
//! are told by the import, whose written values are the true ones of the export. Registers that begin anew are told by the state
//! of the import at the end of the day, and an exchange by its two devices; the export begins anew with it.
//!
//! The summary counts the lines written: each is the first of
//! its channel and time (`distinct`), a repetition (`duplicates`) or a newer version (`corrections`). `absent` are readings that
//! were never written. For each quantity of intervals it gives the sum of the true values, and the sum of what is written as
//! it holds in the end, after corrections.

use metrify_domain::identifier::DeviceId;
use metrify_domain::{Decimal, Kind};

use crate::fault::{Fault, Strike};
use crate::fleet::{Fleet, Slice};
use crate::measure::Measure;
use crate::run::MeterDay;
use crate::section::{Section, Standing, Statement, instant};

/// What was written and what should have been, for one quantity. Sums count the last place of the measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Tally {
    pub true_readings: u64,
    true_sum: i128,
    pub distinct: u64,
    sum: i128,
}

/// What was written and what should have been.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Account {
    /// All readings written: distinct ones, duplicates and corrections.
    pub lines: u64,
    pub duplicates: u64,
    pub corrections: u64,
    /// Readings that are never written.
    pub absent: u64,
    faults: [u64; Fault::ALL.len()],
    tallies: [Tally; Measure::ALL.len()],
}

impl Account {
    /// Readings of a channel and a time that no line before told of.
    #[must_use]
    pub const fn distinct(&self) -> u64 {
        self.lines - self.duplicates - self.corrections
    }

    /// How many of a fault were injected.
    #[must_use]
    pub const fn faults(&self, fault: Fault) -> u64 {
        self.faults[fault as usize]
    }

    #[must_use]
    pub const fn tally(&self, measure: Measure) -> Tally {
        self.tallies[measure as usize]
    }

    /// The sum of the true values; `None` for states and instants, which do not add up.
    #[must_use]
    pub fn true_sum(&self, measure: Measure) -> Option<Decimal> {
        exact(measure, self.tally(measure).true_sum)
    }

    /// The sum of the values that hold in the end; `None` for states and instants, which do not add up.
    #[must_use]
    pub fn sum(&self, measure: Measure) -> Option<Decimal> {
        exact(measure, self.tally(measure).sum)
    }

    /// Statements that are written as they should be.
    pub(crate) fn sound(&mut self, section: &Section) {
        for (measure, run) in section.runs() {
            let (count, sum) = (run.len() as u64, sum(run));
            let tally = &mut self.tallies[measure as usize];
            tally.true_readings += count;
            tally.true_sum += sum;
            tally.distinct += count;
            tally.sum += sum;
            self.lines += count;
        }
    }

    /// Statements that should be written.
    pub(crate) fn expected(&mut self, section: &Section) {
        for (measure, run) in section.runs() {
            let tally = &mut self.tallies[measure as usize];
            tally.true_readings += run.len() as u64;
            tally.true_sum += sum(run);
        }
    }

    /// Statements that are written, whatever should be.
    pub(crate) fn written(&mut self, statements: &[Statement]) {
        for statement in statements {
            let tally = &mut self.tallies[statement.measure as usize];
            let value = i128::from(statement.value);
            self.lines += 1;
            match statement.standing {
                Standing::True => {
                    tally.distinct += 1;
                    tally.sum += value;
                }
                Standing::Repeated => self.duplicates += 1,
                Standing::Provisional { .. } => tally.distinct += 1,
                Standing::Corrected { .. } => {
                    self.corrections += 1;
                    tally.sum += value;
                }
            }
        }
    }
}

fn sum(run: &[Statement]) -> i128 {
    i128::from(run.iter().map(|statement| statement.value).sum::<i64>())
}

fn exact(measure: Measure, sum: i128) -> Option<Decimal> {
    if measure.kind() == Kind::Interval { measure.decimal(sum) } else { None }
}

/// The lines of the truth about a slice, as they come about.
#[derive(Debug)]
pub(crate) struct Truth {
    pub(crate) account: Account,
    /// What the summary begins with.
    head: String,
    lines: String,
}

impl Truth {
    pub(crate) fn new(fleet: &Fleet, slice: &Slice) -> Self {
        let settings = fleet.settings();
        let (seed, first_day) = (settings.seed, settings.first_day);
        let (meters, days) = (&slice.meters, &slice.days);
        let head = format!(
            "{{\"summary\":true,\"seed\":{seed},\"first_day\":\"{first_day}\",\"meters\":[{},{}],\"days\":[{},{}]",
            meters.start, meters.end, days.start, days.end
        );
        Self { account: Account::default(), head, lines: String::new() }
    }

    /// The lines since the last call.
    pub(crate) fn take(&mut self) -> String {
        std::mem::take(&mut self.lines)
    }

    /// Tells of a fault, with what is written on its day.
    pub(crate) fn struck(
        &mut self,
        strike: &Strike,
        day: &MeterDay<'_>,
        written: &Section,
        devices: Option<[DeviceId; 2]>,
    ) {
        self.account.faults[strike.fault as usize] += 1;
        if strike.fault == Fault::Gap {
            self.account.absent += strike.count as u64;
        }
        let (begin, end) = strike.span(day.scene);
        let line = if strike.fault.restarts_registers() {
            let device =
                devices.map(|[before, after]| format!(",\"device\":\"{before}\",\"device_after\":\"{after}\""));
            let states = [day.unbroken_states()[0], day.states[1][0]];
            let [unbroken, shown] = states.map(|state| values(Measure::ImportRegister, [Some(state)]));
            Line { measure: Measure::ImportRegister, begin, end: day.scene.end, expected: unbroken, written: shown }
                .text(strike, &written.point, &device.unwrap_or_default())
        } else {
            let told = |slot| first_told(&written.statements, day.scene.slot_start(slot));
            let slots = || strike.first..strike.first + strike.count;
            let expected = values(Measure::Import, slots().map(|slot| Some(day.counted.import[slot])));
            let written_values = values(Measure::Import, slots().map(told));
            let later = strike
                .fault
                .comes_late()
                .then(|| format!(",\"later_at\":\"{}\"", instant(Strike::later_at(day.scene))));
            Line { measure: Measure::Import, begin, end, expected, written: written_values }.text(
                strike,
                &written.point,
                &later.unwrap_or_default(),
            )
        };
        self.lines.push_str(&line);
    }

    /// Adds the summary, once.
    pub(crate) fn close(&mut self) {
        let head = std::mem::take(&mut self.head);
        if head.is_empty() {
            return;
        }
        let account = &self.account;
        let faults = Fault::ALL.map(|fault| format!("\"{}\":{}", fault.name(), account.faults(fault))).join(",");
        let told = Measure::ALL.into_iter().filter(|measure| account.tally(*measure) != Tally::default());
        let quantities: Vec<_> = told.map(|measure| quantity(account, measure)).collect();
        let (lines, distinct, absent) = (account.lines, account.distinct(), account.absent);
        let (duplicates, corrections) = (account.duplicates, account.corrections);
        self.lines.push_str(&format!(
            "{},\"lines\":{lines},\"distinct\":{distinct},\"duplicates\":{duplicates},\"corrections\":{corrections},\
             \"absent\":{absent},\"faults\":{{{faults}}},\"quantities\":{{{}}}}}\n",
            head,
            quantities.join(",")
        ));
    }
}

/// What the line of a fault says.
struct Line {
    measure: Measure,
    begin: i64,
    end: i64,
    expected: String,
    written: String,
}

impl Line {
    fn text(&self, strike: &Strike, point: &str, more: &str) -> String {
        let Self { expected, written, .. } = self;
        let (fault, quantity) = (strike.fault.name(), self.measure.quantity());
        let [from, to] = [self.begin, self.end].map(instant);
        format!(
            "{{\"fault\":\"{fault}\",\"point\":\"{point}\",\"quantity\":\"{quantity}\",\"from\":\"{from}\",\"to\":\"{to}\",\
             \"true_values\":[{expected}],\"written_values\":[{written}]{more}}}\n"
        )
    }
}

/// The value of an import that is told first on the day itself.
fn first_told(statements: &[Statement], start: i64) -> Option<i64> {
    let told = |statement: &&Statement| statement.measure == Measure::Import && statement.start == start;
    statements.iter().find(told).map(|statement| statement.value)
}

fn values(measure: Measure, values: impl IntoIterator<Item = Option<i64>>) -> String {
    let text = |value: Option<i64>| match value.and_then(|value| measure.decimal(i128::from(value))) {
        Some(value) => value.to_string(),
        None => "null".to_owned(),
    };
    values.into_iter().map(text).collect::<Vec<_>>().join(",")
}

fn quantity(account: &Account, measure: Measure) -> String {
    let tally = account.tally(measure);
    let (expected, distinct) = (tally.true_readings, tally.distinct);
    let mut text = format!("\"{}\":{{\"unit\":\"{}\",\"true_readings\":{expected}", measure.quantity(), measure.unit());
    if let Some(sum) = account.true_sum(measure) {
        text.push_str(&format!(",\"true_sum\":{sum}"));
    }
    text.push_str(&format!(",\"distinct\":{distinct}"));
    if let Some(sum) = account.sum(measure) {
        text.push_str(&format!(",\"sum\":{sum}"));
    }
    text.push('}');
    text
}
