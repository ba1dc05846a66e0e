//! What a fleet tells during one quarter-hour: for a server that readings keep coming to.
//!
//! A reading comes at the end of its time, a register state at midnight, and what was late or corrected at a quarter past three
//! on the day after, at the end of the quarter-hour that holds 03:07. Together, the quarter-hours of a fleet's days tell what
//! its slices tell, save for the registers at the very first midnight. Days after the last of the settings are told as well.

use std::ops::Range;

use metrify_domain::calendar::day::local_day;
use metrify_domain::time::QUARTER_HOUR;
use metrify_domain::{Batch, BatchBuilder, Timestamp};

use crate::batches::push;
use crate::fault::Strike;
use crate::fleet::{Fleet, Slice};
use crate::run::Run;
use crate::scene::{QUARTER_SECONDS, Scene};
use crate::section::{Section, Statement};
use crate::write::{Form, Writer};

/// Appends what some meters, and with meter 0 the surroundings, tell in the quarter-hour that ends at `end`: a text of its own,
/// with a header where the form has one. Returns how many readings that is. At midnight, registers are counted from the first day on.
pub fn append(fleet: &Fleet, end: Timestamp, meters: Range<u32>, form: Form, out: &mut Vec<u8>) -> u64 {
    let mut writer = Writer::new(form);
    let mut readings = 0;
    writer.header(out);
    each(fleet, end, meters, &mut |scenes, section| {
        readings += section.statements.len() as u64;
        writer.section(scenes, section, out);
    });
    readings
}

/// As [`append`], in batches.
#[must_use]
pub fn batches(fleet: &Fleet, end: Timestamp, meters: Range<u32>) -> Vec<Batch> {
    let (mut builder, mut batches) = (BatchBuilder::default(), Vec::new());
    each(fleet, end, meters, &mut |_, section| {
        push(&mut builder, section);
        if builder.is_full() {
            batches.push(builder.take());
        }
    });
    if !builder.is_empty() {
        batches.push(builder.take());
    }
    batches
}

fn each(
    fleet: &Fleet,
    end: Timestamp,
    meters: Range<u32>,
    tell: &mut dyn FnMut([Option<&Scene>; 2], &Section),
) -> Option<()> {
    // Times are those of the clock's quarter-hours.
    let to = end.micros().div_euclid(QUARTER_HOUR) * QUARTER_SECONDS;
    let [date, next] = [to - 1, to].map(|at| Timestamp::from_seconds(at).and_then(local_day));
    let day = u32::try_from((date? - fleet.settings().first_day).num_days()).ok()?;
    // Registers are told at midnight alone; to count them from the first day on for every quarter-hour would be idle.
    let fleet = fleet.lasting(day.checked_add(2)?, date != next)?;
    let mut run = Run::new(&fleet, &Slice { meters, days: day..day + 1 });
    let mut section = Section::default();
    while run.advance() {
        section.begin(&run.section().point);
        let told = run.section().statements.iter().filter(|statement| is_told(run.scenes(), statement, to));
        section.statements.extend(told);
        tell(run.scenes(), &section);
    }
    Some(())
}

/// Whether a statement of a day comes in the quarter-hour that ends at `to`.
fn is_told(scenes: [Option<&Scene>; 2], statement: &Statement, to: i64) -> bool {
    let [yesterday, today] = scenes;
    let due = match (yesterday, today) {
        (Some(yesterday), Some(today)) if statement.start < today.start => Strike::later_at(yesterday),
        _ => statement.end,
    };
    (to - QUARTER_SECONDS < due) && due <= to
}
