//! Plays the scenario files; `SHOAL_BLESS=1` rewrites what they expect.

use std::path::Path;

#[test]
fn every_scenario_happens_as_it_is_written() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let summary = testkit::scenario::test_directory(&directory, std::env::var_os("SHOAL_BLESS").is_some()).unwrap();
    let failures: Vec<String> =
        summary.failures.iter().map(|(file, error)| format!("{}: {error:#}", file.display())).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(summary.scenarios >= 15, "only {} scenarios were found", summary.scenarios);
}
