//! The columns of the table `readings`, as our CSV and our NDJSON name them, and one record of either.
//!
//! `at` stands for both times of a register state or an instant. `day` with `values` is a day set: one value for every
//! quarter-hour or every hour of a local day. `delivery` is ours to assign: it is known, and passed over.

mod resolve;

use std::borrow::Cow;
use std::fmt;

use metrify_domain::{Finding, Severity};

use crate::output::Output;
use crate::page::Table;

pub(crate) use resolve::{Known, Loss, Resolver};

macro_rules! columns {
    ($($variant:ident = $name:literal,)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Column {
            $($variant,)+
        }

        impl Column {
            pub(crate) const NAMES: [&'static str; [$($name,)+].len()] = [$($name,)+];
            const ALL: [Self; Self::NAMES.len()] = [$(Self::$variant,)+];

            pub(crate) fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)+
                    _ => None,
                }
            }

            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

columns! {
    Point = "point",
    Quantity = "quantity",
    Kind = "kind",
    PeriodStart = "period_start",
    PeriodEnd = "period_end",
    At = "at",
    Value = "value",
    Unit = "unit",
    Quality = "quality",
    Method = "method",
    Reason = "reason",
    RecordedAt = "recorded_at",
    Delivery = "delivery",
    Day = "day",
    Values = "values",
}

impl Column {
    const fn meaning(self) -> &'static str {
        match self {
            Self::Point => "where it was measured",
            Self::Quantity => "an OBIS code or a name such as `load`",
            Self::Kind => "`register`, `interval` or `instant`; may be left out where quantity and times tell it",
            Self::PeriodStart => "when the value begins to hold",
            Self::PeriodEnd => "when it ends to hold, itself not included",
            Self::At => "stands for both times of a register state or an instant",
            Self::Value => "a decimal number",
            Self::Unit => "may be left out where the quantity fixes it",
            Self::Quality => {
                "`true`, `provisional`, `substitute`, `proposed`, `forecast`, `faulty`, `missing`; `true` where it is left out"
            }
            Self::Method => "how a substitute was formed",
            Self::Reason => "why, or another code of the sender",
            Self::RecordedAt => "when the value became known; the time of receipt where it is left out",
            Self::Delivery => "ours to assign: passed over",
            Self::Day => "the local day of a day set",
            Self::Values => "the values of a day set: one for every quarter-hour or every hour of the day",
        }
    }
}

/// The columns as a table of a page.
pub(crate) fn table() -> Table {
    let rows = Column::ALL.map(|column| vec![format!("`{}`", column.name()), column.meaning().to_owned()]);
    Table { name: "columns", columns: &["column", "meaning"], rows: rows.to_vec() }
}

/// What one record says, each column at most once.
#[derive(Debug, Default)]
pub(crate) struct Record<'a> {
    /// As they stand in the delivery; empty where there is none, and where it is among the `rewritten`.
    cells: [&'a str; Column::NAMES.len()],
    /// Texts that do not stand in the delivery as they are meant: they hold escapes, or come from elsewhere.
    rewritten: Vec<(Column, String)>,
    /// A bit for each column that was set.
    told: u32,
    /// The values of a day set; `None` is a missing one.
    pub(crate) values: Vec<Option<Cow<'a, str>>>,
    /// There is a place for every value of the longest day, so that those at the end may stay empty.
    padded: bool,
    /// The line has fewer fields than its table has columns.
    pub(crate) cut: Option<Cut>,
}

/// A line of a day set that has fewer fields than its table has columns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    pub(crate) line: u64,
    /// Values for which there is a field.
    pub(crate) values: usize,
}

impl<'a> Record<'a> {
    pub(crate) fn padded() -> Self {
        Self { padded: true, ..Self::default() }
    }

    /// An empty text says as little as an absent one.
    #[inline]
    pub(crate) fn get(&self, column: Column) -> Option<&str> {
        let cell = self.cells[column as usize];
        if !cell.is_empty() || self.rewritten.is_empty() {
            return (!cell.is_empty()).then_some(cell);
        }
        let rewritten = self.rewritten.iter().find(|(of, _)| *of == column);
        rewritten.map(|(_, text)| text.as_str()).filter(|text| !text.is_empty())
    }

    /// How many readings the record was to hold.
    pub(crate) fn readings(&self) -> u64 {
        let values = if self.padded { self.filled() } else { self.values.len() };
        values.max(1) as u64
    }

    /// Values up to the last that is there.
    fn filled(&self) -> usize {
        self.values.iter().rposition(Option::is_some).map_or(0, |last| last + 1)
    }

    /// As [`set`](Self::set), whatever the column had before.
    pub(crate) fn put(&mut self, column: Column, text: String) {
        self.cells[column as usize] = "";
        self.rewritten.retain(|(of, _)| *of != column);
        self.rewritten.push((column, text));
        self.told |= 1 << column as u32;
    }

    /// Takes in a text as it stands; `false` where the column already had one.
    #[inline]
    pub(crate) fn set(&mut self, column: Column, text: &'a str) -> bool {
        let first = self.is_first(column);
        if first {
            self.cells[column as usize] = text;
        }
        first
    }

    /// As [`set`](Self::set), a text that may have had to be rewritten.
    pub(crate) fn set_rewritten(&mut self, column: Column, text: Cow<'a, str>) -> bool {
        match text {
            Cow::Borrowed(text) => self.set(column, text),
            Cow::Owned(text) => {
                let first = self.is_first(column);
                if first {
                    self.rewritten.push((column, text));
                }
                first
            }
        }
    }

    #[inline]
    fn is_first(&mut self, column: Column) -> bool {
        let bit = 1 << column as u32;
        let first = self.told & bit == 0;
        self.told |= bit;
        first
    }
}

/// Which columns of a table are ours; of the others a finding tells.
pub fn known_columns<'n>(names: impl Iterator<Item = &'n str>, out: &mut Output<'_>) -> Vec<bool> {
    let mut unknown = UnknownNames::new("unknown_column");
    let mut known = |name: &str| {
        let known = Column::named(name).is_some();
        if !known {
            unknown.tell(name, &Column::NAMES, format_args!(""), out);
        }
        known
    };
    names.map(&mut known).collect()
}

/// Most names we do not know that are told of in one delivery.
const UNKNOWN_NAMES_MAX: usize = 100;
/// Most bytes of such a name that are compared and shown.
const NAME_BYTES_MAX: usize = 40;

/// Tells once of every key or column that we do not know.
#[derive(Debug)]
pub(crate) struct UnknownNames {
    /// Of the findings: `unknown_key` or `unknown_column`.
    rule: &'static str,
    seen: Vec<String>,
}

impl UnknownNames {
    pub(crate) const fn new(rule: &'static str) -> Self {
        Self { rule, seen: Vec::new() }
    }

    /// `known` are the names it may have been meant for, if any.
    pub(crate) fn tell(&mut self, name: &str, known: &[&str], position: fmt::Arguments<'_>, out: &mut Output<'_>) {
        let name: String = name.chars().take(NAME_BYTES_MAX).collect();
        if self.seen.len() >= UNKNOWN_NAMES_MAX || self.seen.contains(&name) {
            return;
        }
        let nearest = known.iter().min_by_key(|candidate| distance(&name, candidate));
        let nearest = nearest.map(|nearest| format!("; the nearest is `{nearest}`")).unwrap_or_default();
        out.finding(Finding {
            rule: self.rule.into(),
            severity: Severity::Warning,
            channel: None,
            period: None,
            position: position.to_string(),
            reason: format!("`{name}` is passed over, since it is not one we know{nearest}"),
        });
        self.seen.push(name);
    }
}

/// How many letters have to be changed, left out or put in to turn one name into the other.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.bytes().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(to.bytes()) {
            let changed = diagonal + usize::from(!letter.eq_ignore_ascii_case(&other));
            diagonal = *cell;
            left = changed.min(diagonal + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Column, distance};

    #[test]
    fn every_name_leads_back_to_its_column() {
        for name in Column::NAMES {
            assert_eq!(Column::named(name).map(Column::name), Some(name));
        }
        assert_eq!(Column::named("Point"), None);
    }

    #[test]
    fn names_are_as_far_apart_as_the_letters_to_change() {
        assert_eq!(distance("valeu", "value"), 2);
        assert_eq!(distance("period_strat", "period_start"), 2);
        assert_eq!(distance("", "at"), 2);
        assert_eq!(distance("at", ""), 2);
        assert_eq!(distance("unit", "unit"), 0);
    }
}
