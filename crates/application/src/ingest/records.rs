//! Rows that are no readings: each is named by what it says and by how often its delivery said it before, so that a delivery
//! that comes again, or another one that says the same, adds nothing.

use std::collections::{HashMap, HashSet};

use metrify_domain::Timestamp;
use metrify_formats::{Cell, Record};
use sha2::{Digest, Sha256};

use crate::error::Result;
use crate::ports::Ledger;
use crate::record::{Fingerprint, RecordRow, recorded_at};
use metrify_domain::Tenant;

/// Names the records of one delivery, piece after piece.
#[derive(Debug, Default)]
pub(super) struct Namer {
    /// How often each content was told.
    told: HashMap<[u8; Fingerprint::BYTES], u32>,
}

impl Namer {
    pub(super) fn name(&mut self, records: Vec<Record>, received_at: Timestamp) -> Vec<RecordRow> {
        let named = records.into_iter().map(|record| {
            let content = digest(&record);
            let times = self.told.entry(content).or_default();
            *times += 1;
            let id = Sha256::new().chain_update(content).chain_update(times.to_be_bytes()).finalize();
            RecordRow {
                id: Fingerprint::from_digest(&id),
                recorded_at: recorded_at(record.document(), received_at),
                record,
            }
        });
        named.collect()
    }
}

/// What became of the records of a piece.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) new: Vec<RecordRow>,
    pub(super) known: u64,
}

/// # Errors
/// Where the store cannot be read.
pub(super) async fn settle(ledger: &dyn Ledger, tenant: &Tenant, records: Vec<RecordRow>) -> Result<Kept> {
    if records.is_empty() {
        return Ok(Kept::default());
    }
    let mut known: HashSet<Fingerprint> = ledger.records(tenant, &records).await?;
    let told = records.len();
    let new: Vec<RecordRow> = records.into_iter().filter(|row| known.insert(row.id)).collect();
    Ok(Kept { known: (told - new.len()) as u64, new })
}

/// The table and the cells; lengths and kinds before contents, so that no two rows have the same bytes.
fn digest(record: &Record) -> [u8; Fingerprint::BYTES] {
    let mut digest = Sha256::new();
    digest.update([record.table() as u8]);
    let mut put = |kind: u8, bytes: &[u8]| {
        digest.update([kind]);
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    };
    for cell in record.cells() {
        match cell {
            Cell::Null => put(0, &[]),
            Cell::Text(text) => put(1, text.as_bytes()),
            Cell::Number(number) => put(2, &number.units().to_be_bytes()),
            Cell::Time(at) => put(3, &at.micros().to_be_bytes()),
            Cell::Bytes(bytes) => put(4, bytes),
        }
    }
    Fingerprint::from_digest(&digest.finalize()).0
}

#[cfg(test)]
mod tests {
    use super::Namer;
    use metrify_domain::{Document, Timestamp};
    use metrify_formats::{Record, RecordTable};

    fn status(area: &str, status: &str) -> Record {
        let at = Timestamp::from_micros(0);
        let cells = vec![area.into(), at.into(), at.into(), status.into()];
        Record::new(RecordTable::GridStatus, Document::default(), cells).expect("the cells of the table")
    }

    #[test]
    fn a_row_told_twice_is_two_rows_and_a_delivery_told_twice_is_one() {
        let name = |namer: &mut Namer| {
            let records = vec![status("DE", "GREEN"), status("DE", "GREEN"), status("D", "EGREEN")];
            let rows = namer.name(records, Timestamp::from_micros(1));
            rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
        };
        let first = name(&mut Namer::default());
        assert!(first[0] != first[1] && first[0] != first[2]);
        assert_eq!(name(&mut Namer::default()), first);
    }
}
