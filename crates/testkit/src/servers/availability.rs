//! What becomes of a test whose server cannot be had.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write as _;

/// Set to 1 where every server must be there, as on a build machine.
const REQUIRE_VARIABLE: &str = "SHOAL_REQUIRE_SERVERS";
/// Names the file in which `make test` collects the tests that were not run, a line each.
const NOT_RUN_VARIABLE: &str = "SHOAL_NOT_RUN";

/// Why a server cannot be had on this machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotAvailable {
    /// The server's name, for people.
    pub server: &'static str,
    /// What is missing, and how to get it.
    pub reason: String,
}

impl fmt::Display for NotAvailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not available: {}", self.server, self.reason)
    }
}

impl std::error::Error for NotAvailable {}

/// Returns the server, or `None` after having noted that the calling test was not run.
///
/// # Panics
///
/// When the server is not available and `SHOAL_REQUIRE_SERVERS=1`.
#[track_caller]
pub fn or_not_run<T>(server: Result<T, NotAvailable>) -> Option<T> {
    // A test runs in a thread of its name.
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    or_noted(&test, server)
}

/// Returns the server, or `None` after having noted that what is named here was not run.
///
/// # Panics
///
/// When the server is not available and `SHOAL_REQUIRE_SERVERS=1`.
#[track_caller]
pub fn or_noted<T>(what: &str, server: Result<T, NotAvailable>) -> Option<T> {
    let missing = match server {
        Ok(server) => return Some(server),
        Err(missing) => missing,
    };
    assert!(!is_required(), "{what}: {missing} ({REQUIRE_VARIABLE} is set)");
    // One line, whatever the reason quotes.
    note(&format!("{what}: {missing}").replace('\n', "; "));
    None
}

/// Returns whether somebody collects what was not run, and says so at the end.
pub fn is_collected() -> bool {
    std::env::var_os(NOT_RUN_VARIABLE).is_some_and(|file| !file.is_empty())
}

fn is_required() -> bool {
    std::env::var(REQUIRE_VARIABLE).is_ok_and(|value| !matches!(value.as_str(), "" | "0"))
}

#[expect(clippy::print_stderr, reason = "the run without `make` shows it here")]
fn note(line: &str) {
    eprintln!("not run: {line}");
    let Some(file) = std::env::var_os(NOT_RUN_VARIABLE).filter(|file| !file.is_empty()) else { return };
    // One write per line: test binaries append to the same file.
    let written = OpenOptions::new().create(true).append(true).open(&file);
    let written = written.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
    assert!(written.is_ok(), "noting a test that was not run in {}: {written:?}", file.display());
}
