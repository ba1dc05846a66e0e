//! Every path of the lake is made here.

use std::path::{Path, PathBuf};

use metrify_application::Tenant;

use crate::schema::TableName;

/// Where the lake lies, `lake/<tenant>/<table>/`, and what its data files say, `held/<tenant>/<table>/`.
#[derive(Clone, Debug)]
pub struct Layout {
    root: PathBuf,
    held: PathBuf,
}

impl Layout {
    #[must_use]
    pub fn within(folder: &Path) -> Self {
        Self { root: folder.join("lake"), held: folder.join("held") }
    }

    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    #[must_use]
    pub fn table(&self, tenant: &Tenant, table: TableName) -> PathBuf {
        self.root.join(tenant.as_str()).join(table.name())
    }

    /// Where is kept what the data files of the table in `table` say.
    pub(crate) fn held_folder(&self, table: &Path) -> PathBuf {
        self.held.join(table.strip_prefix(&self.root).unwrap_or(table))
    }

    /// Where is kept what a data file of the table in `table` says. Paths of others may be any text: of it the end is shown, as far
    /// as it may stand in a name, and a checksum tells it from others like it.
    pub(crate) fn held(&self, table: &Path, data_file: &str) -> PathBuf {
        const SHOWN: usize = 100;
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "=-_.".contains(letter);
        let name: Vec<char> = data_file.chars().map(|letter| if is_plain(letter) { letter } else { '+' }).collect();
        let shown: String = name[name.len().saturating_sub(SHOWN)..].iter().collect();
        let checksum = crc32fast::hash(data_file.as_bytes());
        self.held_folder(table).join(format!("{shown}.{checksum:08x}.held"))
    }

    /// A new data file of a table, in its partition where it has one: `month=2025-01/part-<unique>.parquet`.
    #[must_use]
    pub fn data_file(month: Option<&str>, unique: &str) -> String {
        match month {
            Some(month) => format!("month={month}/part-{unique}.zstd.parquet"),
            None => format!("part-{unique}.zstd.parquet"),
        }
    }
}
