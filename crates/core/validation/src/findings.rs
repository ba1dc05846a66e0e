//! Collects findings, a limited number of each rule, and loses none silently: those beyond the limit are counted.

use std::borrow::Cow;
use std::collections::HashMap;

use metrify_domain::{Batch, Finding, Period, Row, Unit};

use crate::rules::Rule;

/// Findings of one rule about one batch that are listed unless the ruleset says otherwise.
pub(crate) const FINDINGS_MAX: usize = 1_000;

/// The place of a finding that is counted and not listed.
const UNLISTED: usize = usize::MAX;

pub(crate) struct Findings<'b> {
    batch: &'b Batch,
    max: usize,
    counts: [usize; Rule::ALL.len()],
    found: Vec<Finding>,
    /// Where the finding about a rule, a channel and a unit stands, for rules that speak of them once.
    of_channel: HashMap<(Rule, u32, u16), usize>,
}

impl<'b> Findings<'b> {
    pub(crate) fn new(batch: &'b Batch, max: usize) -> Self {
        Self { batch, max, counts: [0; Rule::ALL.len()], found: Vec::new(), of_channel: HashMap::new() }
    }

    /// A finding about one reading; `reason` is given the unit of its value.
    pub(crate) fn add(&mut self, rule: Rule, row: &Row, reason: impl FnOnce(Unit) -> String) {
        self.counts[rule as usize] += 1;
        if self.counts[rule as usize] <= self.max {
            self.found.push(Finding {
                rule: Cow::Borrowed(rule.name()),
                severity: rule.severity(),
                channel: Some(self.batch.channel(row).clone()),
                period: Some(row.period),
                position: String::new(),
                reason: reason(self.batch.unit(row)),
            });
        }
    }

    /// A finding about all readings of a channel in a unit: one, whose period spans them.
    pub(crate) fn add_once(&mut self, rule: Rule, row: &Row, reason: impl FnOnce(Unit) -> String) {
        let key = (rule, row.channel, row.unit);
        if let Some(index) = self.of_channel.get(&key) {
            if let Some(finding) = self.found.get_mut(*index) {
                finding.period = finding.period.map(|period| spanning(period, row.period));
            }
            return;
        }
        let is_listed = self.counts[rule as usize] < self.max;
        self.of_channel.insert(key, if is_listed { self.found.len() } else { UNLISTED });
        self.add(rule, row, reason);
    }

    /// What was found, and for each rule with more than the limit how many more there were.
    pub(crate) fn finish(mut self) -> Vec<Finding> {
        for rule in Rule::ALL {
            let more = self.counts[rule as usize].saturating_sub(self.max);
            if more > 0 {
                self.found.push(Finding {
                    rule: Cow::Borrowed(rule.name()),
                    severity: rule.severity(),
                    channel: None,
                    period: None,
                    position: String::new(),
                    reason: format!("{more} more findings of this rule are not listed, beyond the first {}", self.max),
                });
            }
        }
        self.found
    }
}

fn spanning(one: Period, other: Period) -> Period {
    let (start, end) = (one.start().min(other.start()), one.end().max(other.end()));
    Period::interval(start, end).unwrap_or(Period::instant(start))
}
