//! Packs the XML of a sheet as a workbook, so that what stands behind the archive is reached.

use std::io::{Cursor, Write};

use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

/// Texts that cells can name by their numbers.
const STRINGS: &[u8] =
    b"<sst><si><t>M25</t></si><si><t>[kWh]</t></si><si><t>SA</t></si><si><t>00:00-00:15</t></si></sst>";

/// A workbook of this sheet; what stands behind the first zero byte is its list of texts.
#[must_use]
pub fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let sheet = parts.next().unwrap_or_default();
    let strings = parts.next().unwrap_or(STRINGS);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, text) in [("xl/sharedStrings.xml", strings), ("xl/worksheets/sheet1.xml", sheet)] {
        archive.start_file(name, options).expect("a name that is free");
        archive.write_all(text).expect("memory takes everything");
    }
    archive.finish().expect("memory takes everything").into_inner()
}
