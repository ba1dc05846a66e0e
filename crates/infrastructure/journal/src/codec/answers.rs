//! The answer to a request as bytes.

use metrify_application::ingest::{Receipt, ReceiptProblem};
use metrify_application::record::{Answered, Fingerprint};

use super::{read_counts, read_delivery_id, write_counts};
use crate::wire::{Reader, Result, WireError, Writer};

pub(super) fn write(out: &mut Writer, answered: &Answered) {
    out.option(answered.key.as_ref(), |out, key| out.blob(&key.0));
    out.blob(&answered.content.0);
    out.list(&answered.receipts, |out, receipt| {
        out.text(receipt.delivery.as_str());
        out.text(&receipt.source);
        out.text(&receipt.format);
        write_counts(out, receipt.counts);
        out.number(receipt.findings);
        out.number(receipt.problems_total);
        out.list(&receipt.problems, |out, problem| {
            out.text(&problem.position);
            out.text(&problem.reason);
        });
    });
}

pub(super) fn read(input: &mut Reader<'_>) -> Result<Answered> {
    Ok(Answered {
        key: input.option(read_name)?,
        content: read_name(input)?,
        receipts: input.list(|input| {
            Ok(Receipt {
                delivery: read_delivery_id(input)?,
                source: input.text()?.to_owned(),
                format: input.text()?.to_owned(),
                counts: read_counts(input)?,
                findings: input.number()?,
                problems_total: input.number()?,
                problems: input.list(|input| {
                    Ok(ReceiptProblem { position: input.text()?.to_owned(), reason: input.text()?.to_owned() })
                })?,
            })
        })?,
    })
}

fn read_name(input: &mut Reader<'_>) -> Result<Fingerprint> {
    input.blob()?.try_into().map(Fingerprint).map_err(|_| WireError::Nonsense("no request's name"))
}
