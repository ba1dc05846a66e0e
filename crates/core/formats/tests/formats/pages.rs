//! Every format has its page in `docs/formats`, whose tables are those that its decoder works by, a small file in
//! `samples/formats` or `samples/day`, and a row in the README. `UPDATE_EXPECT=1` writes the tables anew.
#![allow(clippy::expect_used, clippy::panic, reason = "what a helper of a test expects, the test expects")]

use crate::support;

use std::path::{Path, PathBuf};

use metrify_formats::{Detected, Format, HEAD_BYTES, Head, Options, detect};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// The text between `<!-- name -->` and the next `<!-- end -->`, as a range of bytes.
fn block(page: &str, name: &str) -> Option<std::ops::Range<usize>> {
    let mark = format!("<!-- {name} -->\n");
    let start = page.find(&mark)? + mark.len();
    let end = page[start..].find("<!-- end -->")?;
    Some(start..start + end)
}

#[test]
fn the_tables_of_a_page_are_those_of_the_decoder() {
    for format in Format::ALL {
        let path = root().join(format!("docs/formats/{format}.md"));
        let mut page = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{format} has no page: {error}"));
        for table in format.tables() {
            let name = table.name;
            let place = block(&page, name).unwrap_or_else(|| {
                panic!("docs/formats/{format}.md has no place `<!-- {name} -->` ... `<!-- end -->`")
            });
            let text = table.to_string();
            if page[place.clone()] == text {
                continue;
            }
            assert!(
                std::env::var_os("UPDATE_EXPECT").is_some(),
                "table `{name}` of docs/formats/{format}.md is not what the decoder works by; UPDATE_EXPECT=1 writes it"
            );
            page.replace_range(place, &text);
            std::fs::write(&path, &page).expect("the page is written");
        }
    }
}

#[test]
fn every_format_has_its_row_in_the_readme() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let missing: Vec<_> = Format::ALL.into_iter().filter(|format| !readme.contains(&format!("`{format}`"))).collect();
    assert_eq!(missing, [], "the table of formats lacks them");
}

fn samples(folder: &str) -> impl Iterator<Item = (PathBuf, Vec<u8>, Format)> {
    let entries = std::fs::read_dir(root().join(folder)).expect("samples");
    entries.map(|entry| {
        let path = entry.expect("an entry").path();
        let bytes = std::fs::read(&path).expect("a sample");
        let Detected::One(format) = detect(&Head::new(&bytes[..bytes.len().min(HEAD_BYTES)])) else {
            panic!("{}: {}", path.display(), detect(&Head::new(&bytes)));
        };
        (path, bytes, format)
    })
}

/// Those of columns are read where Arrow is known, and have their samples in tests there.
#[test]
fn every_format_has_a_sample_that_is_recognised() {
    let there: Vec<Format> =
        ["samples/formats", "samples/day"].into_iter().flat_map(samples).map(|sample| sample.2).collect();
    let without: Vec<_> = Format::ALL.into_iter().filter(|format| !there.contains(format)).collect();
    assert_eq!(without, [Format::Parquet, Format::Arrow]);
}

#[test]
fn every_sample_of_a_format_is_read_without_a_problem() {
    for (path, bytes, format) in samples("samples/formats") {
        let stem = path.file_stem().expect("a name").to_string_lossy();
        assert!(stem.starts_with(format.name()), "{} is recognised as {format}", path.display());
        // What a sender says beside the bytes, for formats whose files never name their area or their quantity.
        let options = Options { area: "DE".parse().ok(), quantity: "load".parse().ok(), ..support::options() };
        let decoded = support::decode(format, &bytes, &options, bytes.len());
        if format == Format::Edifact {
            // It is what messages of types are told as that nobody reads: a problem each, and nothing else.
            let problems = decoded.iter().flat_map(|piece| &piece.problems);
            let messages: Vec<&str> = problems.map(|problem| problem.position.as_str()).collect();
            assert_eq!(messages, ["message 1", "message 2"]);
            continue;
        }
        assert!(decoded.iter().all(|piece| piece.problems.is_empty()), "{}", support::describe(&decoded));
        let said = decoded.iter().any(|piece| !piece.batch.rows().is_empty() || !piece.records.is_empty());
        assert!(said, "{}: nothing was found in it", path.display());
    }
}
