//! One table: its columns, its values, and what is odd about them.

use metrify_domain::profile::DAY_VALUES;
use metrify_domain::{Decimal, Severity, Unit};

use super::finding;
use super::grid::{Places, Row};
use super::labels::{self, Cell};
use super::value::{self, Origin, Quarters};
use crate::limits::REJECT_BYTES_MAX;
use crate::output::{Output, Problem};

/// A column of values.
#[derive(Debug)]
struct Column {
    /// From 0.
    number: u32,
    /// The season or month as it is written.
    part: String,
    /// The day type as it is written.
    day_type: String,
    /// What it means; why it cannot be told where it means nothing.
    meaning: Result<value::Column, String>,
    values: Vec<Option<Decimal>>,
}

#[derive(Debug)]
pub(super) struct Table {
    name: Option<String>,
    /// The row with the unit.
    head: u32,
    /// The column of the times.
    label: u32,
    unit: Unit,
    /// The unit as it is written.
    written_unit: String,
    annual: Option<(Decimal, String)>,
    columns: Vec<Column>,
    quarters: Quarters,
    rounded: u64,
}

impl Table {
    /// `head` is the row with the unit, in the column `label`, and `above` the one before it.
    pub(super) fn new(above: &Row, head: &Row, label: u32, days_from_1904: bool) -> Self {
        let mut columns: Vec<Column> = Vec::new();
        for (number, cell) in head.cells.iter().filter(|(number, _)| *number > label) {
            // The nearest one at the left, since a cell over several columns is kept as that of the first of them.
            let over = above.cells.iter().rfind(|(at, _)| *at > label && at <= number).map(|(_, cell)| cell);
            let meaning = meaning(over, cell, days_from_1904).and_then(|meaning| {
                let twice = columns.iter().any(|other| other.meaning.as_ref() == Ok(&meaning));
                let reason = || format!("the column {} stands in the table twice", value::name(meaning));
                if twice { Err(reason()) } else { Ok(meaning) }
            });
            columns.push(Column {
                number: *number,
                part: over.map_or("", Cell::text).to_owned(),
                day_type: cell.text().to_owned(),
                meaning,
                values: vec![None; DAY_VALUES],
            });
        }
        let written_unit = head.cell(label).map_or("", Cell::text).to_owned();
        Self {
            name: None,
            head: head.number,
            label,
            unit: labels::unit(&written_unit).unwrap_or(Unit::literal("unknown")),
            written_unit,
            annual: None,
            columns,
            quarters: Quarters::default(),
            rounded: 0,
        }
    }

    /// Takes its name from the row above, at the left of the seasons, or else from the texts before that.
    pub(super) fn named(mut self, above: &Row, texts: &[String]) -> Self {
        let beside = above.cells.iter().take_while(|(at, _)| *at <= self.label).map(|(_, cell)| cell.text());
        let mut texts = beside.chain(texts.iter().map(String::as_str));
        self.name = texts.clone().find_map(labels::profile).map(str::to_owned);
        self.annual = texts.find_map(|text| labels::annual_kwh(text).map(|annual| (annual, text.to_owned())));
        self
    }

    /// A text that stands below the table or beside it.
    pub(super) fn text(&mut self, text: &str) {
        if self.annual.is_none() {
            self.annual = labels::annual_kwh(text).map(|annual| (annual, text.to_owned()));
        }
    }

    /// Whether a column holds times or values.
    pub(super) fn has(&self, number: u32) -> bool {
        number == self.label || self.columns.iter().any(|column| column.number == number)
    }

    /// Whether a row is one of the table, which a time at its left tells.
    pub(super) fn row(&mut self, row: &Row, places: Places, out: &mut Output<'_>) -> bool {
        let values = || row.cells.iter().filter(|(number, _)| *number != self.label && self.has(*number));
        let cell = row.cell(self.label);
        // What stands below a whole table without a time are sums, and what says that it is one.
        let is_sum = cell.map_or(self.quarters.are_complete(), |cell| labels::is_sum(cell.text()));
        if is_sum {
            return false;
        }
        let Some(label) = cell.and_then(labels::label) else {
            // With numbers behind it, it is a row whose time is damaged; else some text below the table.
            let damaged = values().any(|(_, cell)| cell.number().is_some());
            if damaged {
                self.lose_row(row, labels::no_time(cell.map_or("", Cell::text)), places, out);
            }
            return damaged;
        };
        if values().next().is_some() {
            match self.quarters.next(label) {
                Ok(quarter) => self.values(row, quarter, places, out),
                Err(reason) => self.lose_row(row, reason, places, out),
            }
        }
        true
    }

    fn values(&mut self, row: &Row, quarter: usize, places: Places, out: &mut Output<'_>) {
        let mut damaged = Vec::new();
        for (index, column) in self.columns.iter_mut().enumerate() {
            let Some(cell) = row.cell(column.number) else { continue };
            match (cell.number(), column.values.get_mut(quarter)) {
                (Some(number), Some(value)) => {
                    *value = Some(number.value);
                    self.rounded += u64::from(number.rounded);
                }
                _ => damaged.push((index, cell.text())),
            }
        }
        for (index, text) in damaged {
            let Some(column) = self.columns.get(index) else { continue };
            out.problem(Problem {
                position: places.name(row.number, column.number),
                reason: labels::no_number(text),
                readings: 1,
                prelude: self.prelude(&[column]),
                bytes: line([value::range(quarter).as_str(), text].into_iter()),
            });
        }
    }

    fn lose_row(&self, row: &Row, reason: String, places: Places, out: &mut Output<'_>) {
        let filled = self.columns.iter().filter_map(|column| Some((column, row.cell(column.number)?.text())));
        let (columns, cells): (Vec<_>, Vec<_>) = filled.unzip();
        let label = row.cell(self.label).map_or("", Cell::text);
        out.problem(Problem {
            position: places.name(row.number, self.label),
            reason,
            readings: (cells.len() as u64).max(1),
            prelude: self.prelude(&columns),
            bytes: line(std::iter::once(label).chain(cells)),
        });
    }

    /// The rows that stand before the values of some columns, as text.
    fn prelude(&self, columns: &[&Column]) -> Vec<u8> {
        let annual = self.annual.iter().flat_map(|(_, text)| line(std::iter::once(text.as_str())));
        let name = std::iter::once(self.name.as_deref().unwrap_or_default());
        let parts = line(name.chain(columns.iter().map(|column| column.part.as_str())));
        let unit = std::iter::once(self.written_unit.as_str());
        let types = line(unit.chain(columns.iter().map(|column| column.day_type.as_str())));
        annual.chain(parts).chain(types).collect()
    }

    /// Hands on what was held.
    pub(super) fn finish(self, places: Places, out: &mut Output<'_>) {
        for column in &self.columns {
            if let Err(reason) = &column.meaning {
                self.lose_column(column, reason, places, out);
            }
        }
        let Some(profile) = &self.name else {
            return self.lose_table(places, out);
        };
        let annual_kwh = self.annual.as_ref().map(|(annual, _)| *annual);
        let origin = Origin { profile: profile.clone(), unit: self.unit, annual_kwh };
        let understood = self.columns.iter().filter_map(|column| Some((column.meaning.as_ref().ok()?, &column.values)));
        let (mut values, mut missing, mut first_missing) = (0, 0, None);
        for (meaning, quarters) in understood {
            for (quarter, value) in quarters.iter().enumerate() {
                match value {
                    Some(value) => {
                        value::tell(&origin, *meaning, quarter, *value, out);
                        values += 1;
                    }
                    None => {
                        missing += 1;
                        first_missing.get_or_insert((*meaning, quarter));
                    }
                }
            }
        }
        let position = || places.name(self.head, self.label);
        if let Some((meaning, quarter)) = first_missing {
            let reason = format!(
                "{missing} of {} values of profile {profile} are missing, the first of {}, {}",
                missing + values,
                value::name(meaning),
                value::range(quarter)
            );
            out.finding(finding(Severity::Warning, "incomplete_profile", position(), reason));
        }
        if self.rounded > 0 {
            let reason = format!(
                "{} values of profile {profile} have more than twelve places and are rounded there",
                self.rounded
            );
            out.finding(finding(Severity::Note, "rounded_value", position(), reason));
        }
    }

    fn lose_column(&self, column: &Column, reason: &str, places: Places, out: &mut Output<'_>) {
        let told: Vec<_> =
            column.values.iter().enumerate().filter_map(|(quarter, value)| Some((quarter, (*value)?))).collect();
        let lines = told
            .iter()
            .flat_map(|(quarter, value)| line([value::range(*quarter).as_str(), &value.to_string()].into_iter()));
        out.problem(Problem {
            position: places.name(self.head, column.number),
            reason: reason.to_owned(),
            readings: (told.len() as u64).max(1),
            prelude: self.prelude(&[column]),
            bytes: lines.collect(),
        });
    }

    /// The table as text, in the columns that mean something: the others have their own problems.
    fn lose_table(&self, places: Places, out: &mut Output<'_>) {
        let columns: Vec<_> = self.columns.iter().filter(|column| column.meaning.is_ok()).collect();
        let values = columns.iter().flat_map(|column| &column.values).flatten().count() as u64;
        let lines = (0..DAY_VALUES).flat_map(|quarter| {
            let cells = columns.iter().map(|column| column.values.get(quarter).copied().flatten());
            let cells: Vec<_> = cells.map(|value| value.map_or(String::new(), |value| value.to_string())).collect();
            let range = value::range(quarter);
            line(std::iter::once(range.as_str()).chain(cells.iter().map(String::as_str)))
        });
        out.problem(Problem {
            position: places.name(self.head, self.label),
            reason: "the table does not name its profile: write its name, such as H25, into the cell above the unit"
                .to_owned(),
            readings: values.max(1),
            prelude: self.prelude(&columns),
            bytes: lines.take(REJECT_BYTES_MAX).collect(),
        });
    }
}

/// What a column means, by the cell with its season or month and the one with its day type.
fn meaning(part: Option<&Cell>, day_type: &Cell, days_from_1904: bool) -> Result<value::Column, String> {
    let part = part.ok_or("no season or month stands above the column")?;
    let day_type = labels::day_type(day_type.text())
        .ok_or_else(|| format!("`{}` is no day type such as SA, FT, WT", day_type.text()))?;
    let part = labels::part(part, days_from_1904)
        .ok_or_else(|| format!("`{}` is neither a season nor a month", part.text()))?;
    Ok((part, day_type))
}

/// Fields as a line of text that can be read again.
fn line<'a>(fields: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let fields = fields.map(|field| {
        if field.contains([',', '"', '\n', '\r', ';', '\t', '|']) {
            format!("\"{}\"", field.replace('"', "\"\"").replace(['\n', '\r'], " "))
        } else {
            field.to_owned()
        }
    });
    (fields.collect::<Vec<_>>().join(",") + "\n").into_bytes()
}
