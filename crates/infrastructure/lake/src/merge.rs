//! Joins data files of readings, each in the order of files, into one in that order: piece by piece, however many rows they have.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, RecordBatch, TimestampMicrosecondArray};
use arrow::compute::{cast, interleave_record_batch};
use arrow::datatypes::{DataType, Fields, Int32Type, Schema, TimestampMicrosecondType};
use metrify_application::{Error, Kind, Result};

use crate::land::READINGS_ORDER;
use crate::schema::{TableName, numbered, numbered_text};
use crate::texts::Texts;
use crate::write::internal;

/// Rows that are handed on at once.
const PIECE_ROWS: usize = 1 << 16;

/// The rows of one file in pieces, their texts as dictionaries or as texts.
pub(crate) type Pieces = Box<dyn Iterator<Item = Result<RecordBatch>> + Send>;

/// The next row of a run, by what orders it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    point: Arc<str>,
    quantity: Arc<str>,
    period: (i64, i64),
    run: usize,
}

impl Head {
    fn channel(&self) -> (&str, &str) {
        (&self.point, &self.quantity)
    }
}

/// A piece whose texts are numbers that mean the same in all runs.
struct Piece {
    rows: RecordBatch,
    channels: [Int32Array; 2],
    periods: [TimestampMicrosecondArray; 2],
}

impl Piece {
    fn channel(&self, row: usize) -> [i32; 2] {
        self.channels.each_ref().map(|numbers| numbers.value(row))
    }

    fn period(&self, row: usize) -> (i64, i64) {
        let [starts, ends] = &self.periods;
        (starts.value(row), ends.value(row))
    }
}

/// The columns of a table, whose texts have numbers.
struct Numbering {
    fields: Fields,
    texts: Vec<Texts>,
}

impl Numbering {
    fn of(table: TableName) -> Self {
        let fields = table.schema().fields().clone();
        Self { texts: fields.iter().map(|_| Texts::default()).collect(), fields }
    }

    /// Numbers the texts of some rows of a file. `known` has the dictionary of each column that came last in that file, and the
    /// numbers of its texts: it is mostly the same in the next rows.
    fn number(&mut self, rows: &RecordBatch, known: &mut Known) -> Result<Piece> {
        let mut columns = Vec::with_capacity(self.fields.len());
        known.resize(self.fields.len(), None);
        for ((field, texts), known) in self.fields.iter().zip(&mut self.texts).zip(known) {
            let missing = || corrupt(&format!("column `{}` is missing", field.name()));
            let column = rows.column_by_name(field.name()).ok_or_else(missing)?;
            let failed = |error| internal("read a column of a data file", error);
            columns.push(match field.data_type() {
                DataType::Utf8 if *column.data_type() == numbered_text() => {
                    Arc::new(numbers(column.as_dictionary::<Int32Type>(), texts, known)) as ArrayRef
                }
                DataType::Utf8 => {
                    let column = cast(column, &numbered_text()).map_err(failed)?;
                    Arc::new(numbers(column.as_dictionary::<Int32Type>(), texts, known))
                }
                kind => cast(column, kind).map_err(failed)?,
            });
        }
        let fields = self.fields.iter().zip(&columns);
        let fields = fields.map(|(field, column)| field.as_ref().clone().with_data_type(column.data_type().clone()));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let rows = RecordBatch::try_new(schema, columns).map_err(|error| corrupt(&error.to_string()))?;
        let column = |name: &str| rows.column_by_name(name).ok_or_else(|| corrupt(&format!("it has no `{name}`")));
        let numbers = |name: &str| Ok::<_, Error>(column(name)?.as_primitive::<Int32Type>().clone());
        let times = |name: &str| Ok::<_, Error>(column(name)?.as_primitive::<TimestampMicrosecondType>().clone());
        let [point, quantity, start, end] = READINGS_ORDER;
        let channels = [numbers(point)?, numbers(quantity)?];
        let periods = [times(start)?, times(end)?];
        Ok(Piece { channels, periods, rows })
    }

    /// The rows as they are written, with the texts of their numbers.
    fn spell(&self, rows: &RecordBatch) -> Result<RecordBatch> {
        let columns = self.fields.iter().zip(&self.texts).zip(rows.columns());
        let columns = columns.map(|((field, texts), column)| match field.data_type() {
            DataType::Utf8 => texts.column(column.as_primitive::<Int32Type>().clone()),
            _ => Ok(column.clone()),
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        RecordBatch::try_new(numbered(&self.fields), columns).map_err(|error| internal("join data files", error))
    }

    fn head(&self, run: usize, piece: &Piece, row: usize) -> Head {
        let text = |name: &str, number: i32| {
            let column = self.fields.iter().zip(&self.texts).find(|(field, _)| field.name() == name);
            column.map_or_else(|| Arc::from(""), |(_, texts)| texts.text(number).clone())
        };
        let ([point, quantity], [point_name, quantity_name, ..]) = (piece.channel(row), READINGS_ORDER);
        let (point, quantity) = (text(point_name, point), text(quantity_name, quantity));
        Head { point, quantity, period: piece.period(row), run }
    }
}

/// For each column the dictionary that came last, and the numbers of its texts.
type Known = Vec<Option<(ArrayRef, Vec<i32>)>>;

fn numbers(
    column: &DictionaryArray<Int32Type>,
    texts: &mut Texts,
    known: &mut Option<(ArrayRef, Vec<i32>)>,
) -> Int32Array {
    let same = known.take().filter(|(dictionary, _)| dictionary.to_data().ptr_eq(&column.values().to_data()));
    let (_, numbers) = known.insert(same.unwrap_or_else(|| {
        let all = column.values().as_string::<i32>();
        (column.values().clone(), (0..all.len()).map(|place| texts.number(all.value(place))).collect())
    }));
    // Where a row is null, its key means nothing.
    column.keys().unary(|key| numbers.get(key as usize).copied().unwrap_or_default())
}

fn corrupt(why: &str) -> Error {
    Error::new(Kind::Corrupt, format!("join data files of readings: {why}"))
}

/// The rows of a file that are not taken yet.
struct Run {
    file: String,
    pieces: Pieces,
    known: Known,
    piece: Piece,
    row: usize,
}

impl Run {
    /// `None` where there are no rows.
    fn of(file: String, mut pieces: Pieces, numbering: &mut Numbering) -> Result<Option<Self>> {
        let mut known = Known::new();
        let piece = next(&mut pieces, &mut known, numbering)?;
        Ok(piece.map(|piece| Self { file, pieces, known, piece, row: 0 }))
    }

    fn out_of_order(&self) -> Error {
        corrupt(&format!("rows of `{}` are not in the order that it claims", self.file))
    }

    /// Goes on by a row; tells whether there is one.
    fn step(&mut self, numbering: &mut Numbering) -> Result<bool> {
        self.row += 1;
        if self.row < self.piece.rows.num_rows() {
            return Ok(true);
        }
        let Some(piece) = next(&mut self.pieces, &mut self.known, numbering)? else {
            return Ok(false);
        };
        (self.piece, self.row) = (piece, 0);
        Ok(true)
    }
}

fn next(pieces: &mut Pieces, known: &mut Known, numbering: &mut Numbering) -> Result<Option<Piece>> {
    for rows in pieces {
        let rows = rows?;
        if rows.num_rows() > 0 {
            return numbering.number(&rows, known).map(Some);
        }
    }
    Ok(None)
}

/// Rows that are handed on together.
struct Chosen {
    pieces: Vec<RecordBatch>,
    /// Where the present piece of each run stands among them.
    places: Vec<Option<usize>>,
    /// Piece and row.
    rows: Vec<(usize, usize)>,
}

impl Chosen {
    fn push(&mut self, number: usize, run: &Run) {
        let place = *self.places[number].get_or_insert_with(|| {
            self.pieces.push(run.piece.rows.clone());
            self.pieces.len() - 1
        });
        self.rows.push((place, run.row));
    }
}

/// The rows of all files in order, in pieces.
pub(crate) struct Merge {
    numbering: Numbering,
    runs: Vec<Run>,
    heads: BinaryHeap<Reverse<Head>>,
}

impl Merge {
    /// # Errors
    /// Where the first rows of a file cannot be read.
    pub(crate) fn of(table: TableName, files: Vec<(String, Pieces)>) -> Result<Self> {
        let mut merge = Self { numbering: Numbering::of(table), runs: Vec::new(), heads: BinaryHeap::new() };
        for (file, pieces) in files {
            if let Some(run) = Run::of(file, pieces, &mut merge.numbering)? {
                merge.heads.push(Reverse(merge.numbering.head(merge.runs.len(), &run.piece, 0)));
                merge.runs.push(run);
            }
        }
        Ok(merge)
    }

    fn piece(&mut self) -> Result<Option<RecordBatch>> {
        let mut chosen = Chosen { pieces: Vec::new(), places: vec![None; self.runs.len()], rows: Vec::new() };
        while chosen.rows.len() < PIECE_ROWS {
            let Some(Reverse(head)) = self.heads.pop() else { break };
            self.take(head, &mut chosen)?;
        }
        if chosen.rows.is_empty() {
            return Ok(None);
        }
        let pieces: Vec<&RecordBatch> = chosen.pieces.iter().collect();
        let rows =
            interleave_record_batch(&pieces, &chosen.rows).map_err(|error| internal("join data files", error))?;
        self.numbering.spell(&rows).map(Some)
    }

    /// Takes rows of the run with the least one, until another run has a lesser one or enough is chosen.
    fn take(&mut self, mut head: Head, chosen: &mut Chosen) -> Result<()> {
        let other = self.heads.peek().map(|Reverse(other)| other);
        let run = &mut self.runs[head.run];
        let before = |head: &Head| other.map_or(Ordering::Less, |other| head.channel().cmp(&other.channel()));
        let mut channel_before = before(&head);
        loop {
            chosen.push(head.run, run);
            let channel = run.piece.channel(run.row);
            if !run.step(&mut self.numbering)? {
                return Ok(());
            }
            if run.row == 0 {
                chosen.places[head.run] = None;
            }
            if run.piece.channel(run.row) == channel {
                let period = run.piece.period(run.row);
                if std::mem::replace(&mut head.period, period) > period {
                    return Err(run.out_of_order());
                }
            } else {
                let next = self.numbering.head(head.run, &run.piece, run.row);
                if next.channel() < head.channel() {
                    return Err(run.out_of_order());
                }
                head = next;
                channel_before = before(&head);
            }
            let others_turn = channel_before.then_with(|| {
                other.map_or(Ordering::Less, |other| (head.period, head.run).cmp(&(other.period, other.run)))
            });
            if others_turn.is_gt() || chosen.rows.len() >= PIECE_ROWS {
                self.heads.push(Reverse(head));
                return Ok(());
            }
        }
    }
}

impl Iterator for Merge {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.piece().transpose()
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]
mod tests {
    use metrify_application::record::{DeliveryId, Sequence, Version};
    use metrify_domain::{Channel, Kind, Period, Reading, Timestamp, Unit};

    use super::*;
    use crate::land::concat;
    use crate::rows::{plain, versions_batch};
    use crate::write::sorted;

    /// Readings of a few channels in any order; none comes twice.
    fn versions(count: u64, seed: u64) -> Vec<Version> {
        let mut state = seed;
        let mut below = |end: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % end
        };
        let version = |number: u64| {
            // Of two orders of texts: `SM-10` comes before `SM-9`.
            let (point, quantity) = (format!("SM-{}", below(12)), ["1-0:1.8.0", "1-0:1.29.0"][below(2) as usize]);
            let period = Period::instant(Timestamp::from_micros((below(1_000) * count + number) as i64));
            let reading = Reading::missing(Kind::Instant, period, Unit::literal("kWh"));
            Version {
                channel: Channel {
                    point: point.parse().expect("a point"),
                    quantity: quantity.parse().expect("a quantity"),
                },
                reading: Reading { value: (below(9) > 0).then(|| (number as i64).into()), ..reading },
                recorded_at: Timestamp::from_micros(number as i64),
                delivery: DeliveryId::from_stored(format!("delivery {}", below(4))),
                document: String::new(),
                sequence: Sequence(number as i64),
            }
        };
        (0..count).map(version).collect()
    }

    fn rows(versions: &[Version]) -> RecordBatch {
        sorted(&versions_batch(versions.iter(), true).expect("columns"), &READINGS_ORDER).expect("rows in order")
    }

    /// In pieces of a few rows each, as a reader of files hands them on.
    fn pieces(rows: &RecordBatch, size: usize) -> Pieces {
        let starts = (0..rows.num_rows()).step_by(size);
        let pieces = starts.map(|start| Ok(rows.slice(start, size.min(rows.num_rows() - start))));
        Box::new(pieces.collect::<Vec<_>>().into_iter())
    }

    #[test]
    fn rows_of_many_files_come_in_one_order_and_as_they_were() {
        for seed in 0..20 {
            let versions = versions(3_000, seed);
            let files = versions.chunks(700 + seed as usize * 90).zip([1, 7, 64, 5_000, 333]);
            let files = files.map(|(chunk, size)| ("a file".to_owned(), pieces(&rows(chunk), size)));
            let merged = Merge::of(TableName::Readings, files.collect()).expect("files");
            let merged = merged.map(|piece| plain(&piece.expect("a piece")).expect("columns")).collect::<Vec<_>>();
            assert!(merged.iter().all(|piece| piece.num_rows() <= PIECE_ROWS));
            assert_eq!(concat(&merged).expect("one piece"), rows(&versions), "seed {seed}");
        }
    }

    #[test]
    fn more_rows_than_a_piece_has_come_in_several() {
        let versions = versions(PIECE_ROWS as u64 + 1_000, 1);
        let files = versions.chunks(40_000).map(|chunk| ("a file".to_owned(), pieces(&rows(chunk), 8_192)));
        let merged = Merge::of(TableName::Readings, files.collect()).expect("files");
        let merged = merged.map(|piece| plain(&piece.expect("a piece")).expect("columns")).collect::<Vec<_>>();
        assert_eq!(merged.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [PIECE_ROWS, 1_000]);
        assert_eq!(concat(&merged).expect("one piece"), rows(&versions));
    }

    #[test]
    fn a_file_that_is_not_in_the_order_that_it_claims_is_named() {
        let unsorted = versions_batch(versions(100, 3).iter(), true).expect("columns");
        let files = vec![("part-1.parquet".to_owned(), pieces(&unsorted, 10))];
        let merged = Merge::of(TableName::Readings, files).expect("its first rows");
        let failed = merged.filter_map(Result::err).next().expect("an error");
        assert!(failed.to_string().contains("part-1.parquet"), "{failed}");
    }

    #[test]
    fn files_without_rows_give_none() {
        let empty = rows(&[]);
        let files =
            vec![("one".to_owned(), pieces(&empty, 1)), ("other".to_owned(), Box::new(std::iter::once(Ok(empty))))];
        assert!(Merge::of(TableName::Readings, files).expect("no rows").next().is_none());
    }
}
