//! The receipts that requests were answered with: a row for each.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use metrify_application::ingest::{Receipt, ReceiptProblem};
use metrify_application::record::{Accepted, Answered, Counts, DeliveryId, Fingerprint};

use metrify_domain::Timestamp;

use super::{Field, counts};
use crate::rows::{text_at, time_at};

pub(super) fn fields(entry: &Accepted) -> Vec<Vec<Field<'_>>> {
    let answers = entry.answered.iter().flat_map(|answered| answered.receipts.iter().map(move |one| (answered, one)));
    let rows = answers.map(|(answered, receipt)| {
        let first = [
            Field::Owned(answered.content.to_string()),
            answered.key.map_or(Field::Null, |key| Field::Owned(key.to_string())),
            Field::Text(receipt.delivery.as_str()),
            Field::Text(&receipt.source),
            Field::Text(&receipt.format),
        ];
        let last = [
            Field::Number(receipt.findings),
            Field::Owned(problems(&receipt.problems)),
            Field::Number(receipt.problems_total),
            Field::Time(entry.received_at),
        ];
        first.into_iter().chain(counts(receipt.counts)).chain(last).collect()
    });
    rows.collect()
}

fn problems(problems: &[ReceiptProblem]) -> String {
    let pairs = problems.iter().map(|problem| [problem.position.as_str(), problem.reason.as_str()]);
    serde_json::Value::from_iter(pairs.map(serde_json::Value::from_iter)).to_string()
}

/// What a request is called in a row, by its key and by what it held.
pub(crate) fn names(rows: &RecordBatch, row: usize) -> (Option<Fingerprint>, Option<Fingerprint>) {
    let name = |column: &str| Fingerprint::from_hex(text_at(rows.column_by_name(column)?, row)?);
    (name("key"), name("request"))
}

/// Adds the receipt of a row to the answer that it belongs to, where that is not another one's of another time.
pub(crate) fn read(rows: &RecordBatch, row: usize, answered: &mut Option<(Timestamp, Answered)>) -> Option<()> {
    let (key, content) = names(rows, row);
    let answered_at = time_at(rows.column_by_name("answered_at")?, row)?;
    let (at, answered) =
        answered.get_or_insert((answered_at, Answered { key, content: content?, receipts: Vec::new() }));
    if (*at, answered.key, Some(answered.content)) == (answered_at, key, content) {
        answered.receipts.push(receipt(rows, row)?);
    }
    Some(())
}

fn receipt(rows: &RecordBatch, row: usize) -> Option<Receipt> {
    let text = |name: &str| text_at(rows.column_by_name(name)?, row).map(str::to_owned);
    let number = |name: &str| {
        let column = rows.column_by_name(name)?.as_primitive_opt::<Int64Type>()?;
        Some(column.value(row).cast_unsigned())
    };
    let problems: Vec<(String, String)> = serde_json::from_str(&text("problems")?).ok()?;
    Some(Receipt {
        delivery: DeliveryId::from_stored(text("delivery")?),
        source: text("source")?,
        format: text("format")?,
        counts: Counts {
            received: number("received")?,
            stored: number("stored")?,
            duplicates: number("duplicates")?,
            corrections: number("corrections")?,
            rejected: number("rejected")?,
        },
        findings: number("findings")?,
        problems: problems.into_iter().map(|(position, reason)| ReceiptProblem { position, reason }).collect(),
        problems_total: number("problems_total")?,
    })
}
