//! The formats that are XML tell each other apart, and claim nothing else: each sample is recognised by its own alone.
#![allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]

use crate::support;

use std::path::{Path, PathBuf};

use metrify_formats::{Format, HEAD_BYTES, Head};

const XML: [Format; 4] = [Format::Entsoe, Format::Smgw, Format::Greenbutton, Format::Mosmix];

/// The format that a sample is of, where it is one of those.
fn own(path: &Path) -> Option<Format> {
    let (folder, name) = (path.parent()?.file_name()?.to_str()?, path.file_name()?.to_str()?);
    let is_xml = path.extension().is_some_and(|extension| extension == "xml");
    match folder {
        "grid-entsoe" => Some(Format::Entsoe),
        "smgw-taf" if is_xml => Some(Format::Smgw),
        "greenbutton" => Some(Format::Greenbutton),
        _ if name.starts_with("MOSMIX") => Some(Format::Mosmix),
        _ => None,
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn each_sample_is_recognised_by_its_own_format_alone() {
    if support::sample("SOURCES.md").is_none() {
        return;
    }
    let samples = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/samples"));
    for path in &samples {
        let bytes = std::fs::read(path).expect("a sample");
        let head = Head::new(&bytes[..bytes.len().min(HEAD_BYTES)]);
        let claimed: Vec<_> = XML.into_iter().filter(|format| format.recognise(&head).is_some()).collect();
        assert_eq!(claimed, own(path).into_iter().collect::<Vec<_>>(), "{}", path.display());
    }
    let own_samples = samples.iter().filter(|path| own(path).is_some()).count();
    // Six of ENTSO-E, five transparency documents, one of Green Button, and the forecast.
    assert!(own_samples >= 13, "{own_samples}");
}
