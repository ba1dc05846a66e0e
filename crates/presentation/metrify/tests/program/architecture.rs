//! The four layers as they stand in ARCHITECTURE.md, kept: which crate may know which, told by cargo itself.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A layer is a folder under `crates/`. It may use the layers named beside it, and its own only where it is named, too.
const LAYERS: [(&str, &[&str]); 4] = [
    ("core", &["core"]),
    ("application", &["core"]),
    ("infrastructure", &["core", "application"]),
    ("presentation", &["core", "application"]),
];

/// Edges that are allowed beside those of the layers.
const EXCEPTIONS: [(&str, &[&str]); 3] = [
    // The engine opens tables through the lake, which alone knows where they lie.
    ("metrify-query", &["metrify-lake"]),
    // Answers go out in columns as the engine makes them: the application's port tells of text alone, so that it knows no Arrow.
    ("metrify-wire", &["metrify-query"]),
    // The binary builds the program: its wiring names adapters, its commands speak the API's records.
    (
        "metrify",
        &[
            "metrify-journal",
            "metrify-archive",
            "metrify-audit",
            "metrify-registry",
            "metrify-identity",
            "metrify-lake",
            "metrify-query",
            "metrify-wire",
            "metrify-api",
        ],
    ),
];

/// Every crate of others that core may use: small, pure, without I/O.
const CORE_MAY_USE: [&str; 17] = [
    "aes",
    "aes-gcm",
    "bzip2",
    "cedar-policy",
    "chrono",
    "chrono-tz",
    "cmac",
    "flate2",
    "foldhash",
    "hashbrown",
    "mail-parser",
    "miette",
    "quick-xml",
    "ruzstd",
    "tar",
    "thiserror",
    "zip",
];
/// As [`CORE_MAY_USE`], for its tests.
const CORE_TESTS_MAY_USE: [&str; 3] = ["expect-test", "peak_alloc", "proptest"];

/// Crates of others that only some of ours may know, in tests too.
const KEPT_IN: [(&[&str], &[&str]); 11] = [
    (&["sea-orm"], &["metrify-registry"]),
    (&["utoipa", "utoipa-axum", "utoipa-swagger-ui"], &["metrify-api"]),
    (&["arrow"], &["metrify-lake", "metrify-query", "metrify-wire"]),
    (&["parquet"], &["metrify-lake", "metrify-query"]),
    (&["deltalake", "object_store"], &["metrify-lake"]),
    (&["datafusion"], &["metrify-query", "metrify-wire"]),
    (
        &[
            "arrow-flight",
            "arrow-pg",
            "datafusion-pg-catalog",
            "pgwire",
            "postgres-types",
            "prost",
            "tokio-rustls",
            "tonic",
        ],
        &["metrify-wire"],
    ),
    (&["axum"], &["metrify-api", "metrify"]),
    (&["clap", "clap_complete", "indicatif", "serde_norway", "tracing-subscriber"], &["metrify"]),
    (&["argon2", "jsonwebtoken"], &["metrify-identity"]),
    (&["reqwest"], &["metrify-identity", "metrify"]),
];

/// Lines of a source file that a reader can still hold together.
const SOURCE_LINES_MAX: usize = 500;

/// A crate of the workspace.
struct Package {
    name: String,
    layer: String,
    dependencies: Vec<Dependency>,
}

struct Dependency {
    name: String,
    /// For tests alone.
    dev: bool,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").canonicalize().expect("the workspace")
}

fn packages() -> Vec<Package> {
    let mut cargo = Command::new(env!("CARGO"));
    let told = cargo.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(root()).output();
    let told = told.expect("cargo runs");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let metadata: Value = serde_json::from_slice(&told.stdout).expect("metadata are JSON");
    metadata["packages"].as_array().expect("packages").iter().map(package).collect()
}

fn package(package: &Value) -> Package {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let manifest = PathBuf::from(text(&package["manifest_path"]));
    let place = manifest.strip_prefix(root().join("crates")).expect("every crate lies under crates/");
    let layer = place.components().next().expect("a layer").as_os_str().to_string_lossy().into_owned();
    let dependencies = package["dependencies"].as_array().expect("dependencies").iter();
    let dependencies = dependencies.map(|one| Dependency { name: text(&one["name"]), dev: one["kind"] == "dev" });
    Package { name: text(&package["name"]), layer, dependencies: dependencies.collect() }
}

/// Every edge that must not be, as a sentence with both names.
fn forbidden(packages: &[Package]) -> Vec<String> {
    let edges = packages.iter().flat_map(|from| from.dependencies.iter().map(move |to| (from, to)));
    let judged = edges.filter_map(|(from, to)| {
        let reason = match packages.iter().find(|package| package.name == to.name) {
            Some(ours) => between_ours(from, ours),
            None => to_others(from, to),
        };
        reason.map(|reason| format!("{} must not depend on {}: {reason}", from.name, to.name))
    });
    judged.collect()
}

fn between_ours(from: &Package, to: &Package) -> Option<String> {
    let excepted = EXCEPTIONS.iter().any(|(name, to_names)| *name == from.name && to_names.contains(&to.name.as_str()));
    let known = LAYERS.iter().find(|(layer, _)| *layer == from.layer);
    let (_, may_use) = known.unwrap_or_else(|| panic!("crates/{} is no layer", from.layer));
    let allowed = excepted || may_use.contains(&to.layer.as_str());
    (!allowed).then(|| format!("{} may not know {}", from.layer, to.layer))
}

fn to_others(from: &Package, to: &Dependency) -> Option<String> {
    let name = to.name.as_str();
    if from.layer == "core" {
        let listed = CORE_MAY_USE.contains(&name) || to.dev && CORE_TESTS_MAY_USE.contains(&name);
        return (!listed).then(|| "core uses listed crates only".to_owned());
    }
    let (_, rooms) = KEPT_IN.iter().find(|(crates, _)| crates.contains(&name))?;
    (!rooms.contains(&from.name.as_str())).then(|| format!("only {} may know it", rooms.join(" and ")))
}

/// All Rust files of the crates that lie in a folder of this name, with their text.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut waiting = vec![root().join("crates")];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(std::fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path()));
        } else if path.extension().is_some_and(|suffix| suffix == "rs")
            && path.components().any(|part| part.as_os_str() == folder)
        {
            found.push((path.clone(), std::fs::read_to_string(&path).expect("a source file")));
        }
    }
    found
}

#[test]
fn no_crate_knows_what_its_layer_must_not() {
    let packages = packages();
    assert!(packages.len() >= 10, "cargo told of {} crates", packages.len());
    let forbidden = forbidden(&packages);
    assert!(forbidden.is_empty(), "{}", forbidden.join("\n"));
}

#[test]
fn a_forbidden_edge_is_told_with_both_names() {
    let package = |name: &str, layer: &str, dependencies: &[(&str, bool)]| Package {
        name: name.to_owned(),
        layer: layer.to_owned(),
        dependencies: dependencies
            .iter()
            .map(|(name, dev)| Dependency { name: (*name).to_owned(), dev: *dev })
            .collect(),
    };
    let packages = [
        package(
            "metrify-domain",
            "core",
            &[("chrono", false), ("serde", false), ("proptest", true), ("proptest", false)],
        ),
        package("metrify-application", "application", &[("metrify-domain", false), ("metrify-lake", false)]),
        package(
            "metrify-lake",
            "infrastructure",
            &[("arrow", false), ("metrify-query", true), ("metrify-application", false)],
        ),
        package("metrify-query", "infrastructure", &[("metrify-lake", false), ("deltalake", false)]),
        package("metrify-api", "presentation", &[("axum", false), ("metrify-query", false), ("datafusion", true)]),
        package("metrify", "presentation", &[("metrify-query", false), ("metrify-api", false), ("arrow", false)]),
    ];
    assert_eq!(
        forbidden(&packages),
        [
            "metrify-domain must not depend on serde: core uses listed crates only",
            "metrify-domain must not depend on proptest: core uses listed crates only",
            "metrify-application must not depend on metrify-lake: application may not know infrastructure",
            "metrify-lake must not depend on metrify-query: infrastructure may not know infrastructure",
            "metrify-query must not depend on deltalake: only metrify-lake may know it",
            "metrify-api must not depend on metrify-query: presentation may not know infrastructure",
            "metrify-api must not depend on datafusion: only metrify-query and metrify-wire may know it",
            "metrify must not depend on arrow: only metrify-lake and metrify-query and metrify-wire may know it",
        ]
    );
}

#[test]
fn only_the_wiring_names_an_adapter() {
    let adapters = [
        "metrify_journal",
        "metrify_audit",
        "metrify_registry",
        "metrify_identity",
        "metrify_lake",
        "metrify_query",
        "metrify_wire",
    ];
    for (path, text) in sources("src") {
        let is_presentation = path.components().any(|part| part.as_os_str() == "presentation");
        if is_presentation && path.file_name().is_some_and(|name| name != "wiring.rs") {
            let named = adapters.iter().find(|adapter| text.contains(*adapter));
            assert!(named.is_none(), "{} names {}", path.display(), named.unwrap_or(&""));
        }
    }
}

#[test]
fn every_source_file_says_what_it_holds_and_can_be_held_together() {
    let sources = sources("src");
    assert!(sources.len() > 100, "{} source files were found", sources.len());
    let of_tests = |path: &Path| path.file_name().is_some_and(|name| name == "tests.rs");
    for (path, text) in sources.into_iter().filter(|(path, _)| !of_tests(path)) {
        let lines = text.lines().count();
        assert!(lines <= SOURCE_LINES_MAX, "{} has {lines} lines", path.display());
        assert!(text.starts_with("//!"), "{} does not open with what it holds", path.display());
    }
}
