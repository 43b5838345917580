//! A run of the tests ends by saying which of them were not run, each reason once.

use std::process::Command;

use crate::files::path;

#[test]
fn tests_that_were_not_run_are_counted_by_reason_whatever_module_they_are_in() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tests-not-run");
    let lines = [
        "fencing::a_zombie_is_fenced: Kafka is not available: no java: not on the path",
        "kafka::fencing::another: Kafka is not available: no java: not on the path",
        "plain: Postgres is not available: no initdb",
        "the log on Kafka: Kafka is not available: its client needs a compiler",
    ];
    std::fs::write(&file, lines.map(|line| format!("{line}\n")).concat()).unwrap();
    let output = Command::new(path("scripts/not-run")).arg(&file).env("LC_ALL", "C").output().unwrap();
    let expected = "4 tests were not run:\n  \
        1 because Kafka is not available: its client needs a compiler\n  \
        2 because Kafka is not available: no java: not on the path\n  \
        1 because Postgres is not available: no initdb\n";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}
