//! Rows of record tables as bytes: the table by its number, then a cell for each of its columns.

use metrify_application::record::{Fingerprint, RecordRow};
use metrify_domain::{Decimal, Timestamp};
use metrify_formats::{Cell, Record, RecordTable};

use super::{read_document, write_document};
use crate::wire::{Reader, Result, WireError, Writer};

pub(super) fn write(out: &mut Writer, row: &RecordRow) {
    out.byte(row.record.table() as u8);
    out.blob(&row.id.0);
    out.signed(row.recorded_at.micros());
    write_document(out, row.record.document());
    out.list(row.record.cells(), |out, cell| match cell {
        Cell::Null => out.byte(0),
        Cell::Text(text) => {
            out.byte(1);
            out.text(text);
        }
        Cell::Number(number) => {
            out.byte(2);
            out.wide(number.units());
        }
        Cell::Time(at) => {
            out.byte(3);
            out.signed(at.micros());
        }
        Cell::Bytes(bytes) => {
            out.byte(4);
            out.blob(bytes);
        }
    });
}

pub(super) fn read(input: &mut Reader<'_>) -> Result<RecordRow> {
    let number = input.byte()?;
    let table = RecordTable::ALL.into_iter().find(|table| *table as u8 == number);
    let table = table.ok_or(WireError::Nonsense("a table that does not exist"))?;
    let id = input.blob()?.try_into().map_err(|_| WireError::Nonsense("no record's id"))?;
    let recorded_at = input.signed().map(Timestamp::from_micros)?;
    let document = read_document(input)?;
    let cells = input.list(read_cell)?;
    let record = Record::new(table, document, cells).ok_or(WireError::Nonsense("cells of another table"))?;
    Ok(RecordRow { id: Fingerprint(id), recorded_at, record })
}

fn read_cell(input: &mut Reader<'_>) -> Result<Cell> {
    Ok(match input.byte()? {
        0 => Cell::Null,
        1 => Cell::Text(input.text()?.to_owned()),
        2 => {
            let number = Decimal::from_units(input.wide()?);
            Cell::Number(number.ok_or(WireError::Nonsense("a value of more than 38 digits"))?)
        }
        3 => Cell::Time(Timestamp::from_micros(input.signed()?)),
        4 => Cell::Bytes(input.blob()?.to_vec()),
        _ => return Err(WireError::Nonsense("a cell of no kind")),
    })
}
