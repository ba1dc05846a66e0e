//! JSON of all kinds: every sample is recognised as what it is, by one format, and the others are left alone.

#![allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]

use crate::support;

use std::path::{Path, PathBuf};

use metrify_formats::{Detected, Format, HEAD_BYTES, Head, detect};

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(std::fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path()));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn every_sample_is_claimed_by_the_format_it_is_and_by_no_other_of_json() {
    if support::sample("expected.json").is_none() {
        return;
    }
    const OURS: [Format; 5] =
        [Format::Bo4e, Format::OpenWeatherMap, Format::Brightsky, Format::SmardChart, Format::TrafficLight];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/samples");
    let mut claimed = 0;
    for path in files(&folder) {
        let bytes = std::fs::read(&path).expect("a sample");
        let head = Head::new(&bytes[..bytes.len().min(HEAD_BYTES)]);
        let claims: Vec<Format> = OURS.into_iter().filter(|format| format.recognise(&head).is_some()).collect();
        let name = path.strip_prefix(&folder).expect("below the folder").display().to_string();
        let expected = match name.split('/').next() {
            Some("bo4e") => vec![Format::Bo4e],
            Some("weather-owm") => vec![Format::OpenWeatherMap],
            _ => Vec::new(),
        };
        assert_eq!(claims, expected, "{name}");
        claimed += claims.len();
        if name.ends_with(".json") {
            let detected = if let [format] = expected.as_slice() { Detected::One(*format) } else { Detected::None };
            assert_eq!(detect(&head), detected, "{name}");
        }
    }
    assert_eq!(claimed, 22 + 11);
}

#[test]
fn json_of_nobody_is_claimed_by_nobody() {
    for text in [
        "",
        "{",
        "{}",
        "[]",
        "[{}]",
        "null",
        "{\"type\":\"FeatureCollection\",\"features\":[]}",
        "{\"DeviceId\":\"EXXX0012345678\",\"User\":\"x\"}",
        "{\"a\":{\"_typ\":\"LASTGANG\"}}",
        "<a>{\"_typ\":\"LASTGANG\"}</a>",
    ] {
        assert_eq!(detect(&Head::new(text.as_bytes())), Detected::None, "{text}");
    }
}
