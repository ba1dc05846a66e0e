//! Every path of the lake is made here.

use std::path::{Path, PathBuf};

use metrify_application::Tenant;

use crate::schema::TableName;

/// Where the lake lies: `<root>/<tenant>/<table>/`.
#[derive(Clone, Debug)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    #[must_use]
    pub fn table(&self, tenant: &Tenant, table: TableName) -> PathBuf {
        self.root.join(tenant.as_str()).join(table.name())
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
