//! The description of the interface that is committed is the one that the code gives.

use expect_test::expect_file;

#[test]
fn the_committed_description_is_that_of_the_code() {
    let description = metrify_api::openapi().to_pretty_json().expect("JSON");
    expect_file!["../../../../openapi.json"].assert_eq(&format!("{description}\n"));
}
