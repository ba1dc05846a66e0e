//! What deliveries tell beside readings: rows of tables of their own, each named and described here once.
//!
//! Journal, lake and SQL take the tables from these descriptions. A row has no key: the same row told twice within one
//! delivery is two rows (two measures may share plant and time), told again by another delivery it is known already.

use metrify_domain::{Decimal, Document, Timestamp};

/// What a column of a [`RecordTable`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    Text,
    Number,
    Time,
    Bytes,
}

/// A column of a [`RecordTable`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub kind: ColumnKind,
    /// Whether every row has a value.
    pub required: bool,
}

const fn required(name: &'static str, kind: ColumnKind) -> Column {
    Column { name, kind, required: true }
}

const fn optional(name: &'static str, kind: ColumnKind) -> Column {
    Column { name, kind, required: false }
}

/// A table of what is no reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RecordTable {
    /// Measures of grid operators against congestion (Redispatch, Countertrade).
    Redispatch = 0,
    /// What is told of a grid's state as a word, such as the traffic light of the control areas.
    GridStatus = 1,
    /// Facts about points and meters with their validity (UTILMD, BO4E): one row a fact.
    MasterData = 2,
    /// Answers to messages (CONTRL, APERAK, acknowledgement documents).
    Acknowledgements = 3,
    /// Certificates and signatures of readings, kept for proof.
    Signatures = 4,
    /// Tables of standard load profiles: one row a value.
    LoadProfiles = 5,
}

impl RecordTable {
    pub const ALL: [Self; 6] = [
        Self::Redispatch,
        Self::GridStatus,
        Self::MasterData,
        Self::Acknowledgements,
        Self::Signatures,
        Self::LoadProfiles,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Redispatch => "redispatch",
            Self::GridStatus => "grid_status",
            Self::MasterData => "master_data",
            Self::Acknowledgements => "acknowledgements",
            Self::Signatures => "signatures",
            Self::LoadProfiles => "load_profiles",
        }
    }

    /// The columns in their order. When a row became known and with which delivery is kept with each row beside them.
    #[must_use]
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Redispatch => &REDISPATCH,
            Self::GridStatus => &GRID_STATUS,
            Self::MasterData => &MASTER_DATA,
            Self::Acknowledgements => &ACKNOWLEDGEMENTS,
            Self::Signatures => &SIGNATURES,
            Self::LoadProfiles => &LOAD_PROFILES,
        }
    }
}

const REDISPATCH: [Column; 11] = [
    required("period_start", ColumnKind::Time),
    required("period_end", ColumnKind::Time),
    required("reason", ColumnKind::Text),
    required("direction", ColumnKind::Text),
    optional("mean_power_mw", ColumnKind::Number),
    optional("max_power_mw", ColumnKind::Number),
    optional("energy_mwh", ColumnKind::Number),
    // Several operators are told one after the other, set apart by ` & `.
    required("instructing_operator", ColumnKind::Text),
    required("requesting_operator", ColumnKind::Text),
    required("plant", ColumnKind::Text),
    optional("energy_source", ColumnKind::Text),
];

const GRID_STATUS: [Column; 4] = [
    required("area", ColumnKind::Text),
    required("period_start", ColumnKind::Time),
    required("period_end", ColumnKind::Time),
    required("status", ColumnKind::Text),
];

const MASTER_DATA: [Column; 14] = [
    required("subject", ColumnKind::Text),
    // `market_location`, `metering_location`, `meter`, ...
    required("subject_kind", ColumnKind::Text),
    required("fact", ColumnKind::Text),
    required("value", ColumnKind::Text),
    optional("valid_from", ColumnKind::Time),
    optional("valid_to", ColumnKind::Time),
    // The kind of message: a Pruefidentifikator such as `55001`.
    optional("category", ColumnKind::Text),
    optional("sender", ColumnKind::Text),
    optional("receiver", ColumnKind::Text),
    required("document", ColumnKind::Text),
    // The register of a meter or of a point, as an OBIS code.
    optional("part", ColumnKind::Text),
    optional("unit", ColumnKind::Text),
    // How the data stand, where the message says so: `expected`, `in_system`, `informative`, ...
    optional("standing", ColumnKind::Text),
    // The transaction of the message, where it has several.
    optional("transaction", ColumnKind::Text),
];

const ACKNOWLEDGEMENTS: [Column; 10] = [
    // `contrl`, `aperak`, `acknowledgement`.
    required("kind", ColumnKind::Text),
    required("document", ColumnKind::Text),
    required("answers", ColumnKind::Text),
    // `accepted`, `rejected`, or `no_data` where it was a question.
    required("outcome", ColumnKind::Text),
    optional("code", ColumnKind::Text),
    optional("reason", ColumnKind::Text),
    optional("position", ColumnKind::Text),
    optional("sender", ColumnKind::Text),
    optional("receiver", ColumnKind::Text),
    optional("issued_at", ColumnKind::Time),
];

const SIGNATURES: [Column; 6] = [
    // `certificate` or `signature`.
    required("kind", ColumnKind::Text),
    required("signer", ColumnKind::Text),
    optional("point", ColumnKind::Text),
    optional("quantity", ColumnKind::Text),
    optional("at", ColumnKind::Time),
    required("bytes", ColumnKind::Bytes),
];

const LOAD_PROFILES: [Column; 8] = [
    required("profile", ColumnKind::Text),
    // `winter`, `summer`, `transition`, or the number of a month: a table has the one or the other.
    optional("season", ColumnKind::Text),
    optional("month", ColumnKind::Number),
    // `working_day`, `saturday`, `sunday`.
    required("day_type", ColumnKind::Text),
    // When the quarter-hour begins, in minutes from midnight: 0 to 1425.
    required("minute", ColumnKind::Number),
    required("value", ColumnKind::Number),
    // `W`: mean power, or `kWh`: energy of the quarter-hour.
    required("unit", ColumnKind::Text),
    // The consumption of a year that the values are made for, where the table says it.
    optional("annual_kwh", ColumnKind::Number),
];

/// One value of a [`Record`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    Null,
    Text(String),
    Number(Decimal),
    Time(Timestamp),
    Bytes(Vec<u8>),
}

impl Cell {
    /// Whether a column may hold it.
    #[must_use]
    pub const fn fits(&self, column: &Column) -> bool {
        match self {
            Self::Null => !column.required,
            Self::Text(_) => matches!(column.kind, ColumnKind::Text),
            Self::Number(_) => matches!(column.kind, ColumnKind::Number),
            Self::Time(_) => matches!(column.kind, ColumnKind::Time),
            Self::Bytes(_) => matches!(column.kind, ColumnKind::Bytes),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Decimal> for Cell {
    fn from(number: Decimal) -> Self {
        Self::Number(number)
    }
}

impl From<Timestamp> for Cell {
    fn from(at: Timestamp) -> Self {
        Self::Time(at)
    }
}

impl From<Vec<u8>> for Cell {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A row of a [`RecordTable`]: one cell for each of its columns, each of the column's kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    table: RecordTable,
    document: Document,
    cells: Vec<Cell>,
}

impl Record {
    /// `document` names the message that told it and when it became known, as for readings. Cells that are left out at the
    /// end are null. `None` where the cells are not those of the table's columns.
    #[must_use]
    pub fn new(table: RecordTable, document: Document, mut cells: Vec<Cell>) -> Option<Self> {
        let columns = table.columns();
        if cells.len() < columns.len() {
            cells.resize(columns.len(), Cell::Null);
        }
        let fits = columns.len() == cells.len() && columns.iter().zip(&cells).all(|(column, cell)| cell.fits(column));
        fits.then_some(Self { table, document, cells })
    }

    #[must_use]
    pub const fn table(&self) -> RecordTable {
        self.table
    }

    #[must_use]
    pub const fn document(&self) -> &Document {
        &self.document
    }

    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, Record, RecordTable};
    use metrify_domain::{Document, Timestamp};

    #[test]
    fn a_row_has_the_cells_of_its_columns() {
        let at = Timestamp::from_micros(0);
        let cells = |status: Cell| vec!["DE".into(), at.into(), at.into(), status];
        let record = |cells| Record::new(RecordTable::GridStatus, Document::default(), cells);
        assert!(record(cells("GREEN".into())).is_some());
        assert!(record(cells(Cell::Null)).is_none());
        assert!(record(cells(at.into())).is_none());
        assert!(record(vec!["DE".into()]).is_none());
        assert!(record([cells("GREEN".into()), vec![Cell::Null]].concat()).is_none());
    }

    #[test]
    fn optional_cells_at_the_end_may_be_left_out() {
        let cells = ["50120962218", "market_location", "voltage_level", "E06"].map(Cell::from).to_vec();
        let told = [cells, vec![Cell::Null; 5], vec!["9900/1".into()]].concat();
        let record = Record::new(RecordTable::MasterData, Document::default(), told).map(|row| row.cells().to_vec());
        assert_eq!(record.map(|cells| cells.len()), Some(RecordTable::MasterData.columns().len()));
    }
}
