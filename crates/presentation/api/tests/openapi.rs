//! The description of the interface that is committed is the one that the code gives, and holds what each route has to take.

use expect_test::expect_file;
use serde_json::Value;

#[test]
fn the_committed_description_is_that_of_the_code() {
    let description = metrify_api::openapi().to_pretty_json().expect("JSON");
    expect_file!["../../../../openapi.json"].assert_eq(&format!("{description}\n"));
}

/// What is read and takes no `as_known_at`, each for its reason.
const OF_NOW: [(&str, &str); 6] = [
    ("/api/v1/audit/verify", "whether the log is whole is seen by looking at it as it is"),
    ("/api/v1/deliveries/{id}/content", "bytes never change, and are there as long as they are kept"),
    ("/api/v1/events", "tells what happens from now on"),
    ("/api/v1/jobs/{id}/content", "what one export wrote never changes, and is there for an hour"),
    ("/api/v1/roles", "public knowledge of no tenant, the same at all times"),
    ("/api/v1/uploads/{id}", "where to go on with an upload, which is gone once it is received"),
];

/// Reads that are asked with a body.
const ASKED_WITH_A_BODY: [&str; 3] = ["/api/v1/export", "/api/v1/series", "/api/v1/sql"];

#[test]
fn every_read_takes_as_known_at_or_is_of_now_for_a_reason() {
    let described = serde_json::to_value(metrify_api::openapi()).expect("JSON");
    let paths = described["paths"].as_object().expect("paths");
    let mut reads = 0;
    for (path, methods) in paths.iter().filter(|(_, methods)| !methods["get"].is_null()) {
        let parameters = methods["get"]["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        let is_as_known = parameters.iter().any(|parameter| parameter["name"] == "as_known_at");
        let is_of_now = OF_NOW.iter().any(|(of_now, _)| of_now == path);
        assert_ne!(
            is_as_known, is_of_now,
            "{path} takes as_known_at, or stands in OF_NOW with its reason, and not both"
        );
        reads += 1;
    }
    assert!(reads > OF_NOW.len());
    for (path, _) in OF_NOW {
        assert!(paths.contains_key(path), "{path} is a route no more");
    }
    for path in ASKED_WITH_A_BODY {
        let body = &paths[path]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let place = body.as_str().and_then(|place| place.strip_prefix('#')).expect("a schema of its own");
        let schema = described.pointer(place).expect("the schema");
        assert_ne!(schema["properties"]["as_known_at"], Value::Null, "{path}: {schema}");
    }
}
