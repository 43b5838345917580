//! What people read: results on stdout, complaints on stderr.
//!
//! A reader that went away (`shoal … | head`) is no error: there is nobody left to tell.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};

/// Writes one line to stdout.
pub(crate) fn say(line: fmt::Arguments<'_>) {
    let mut stdout = io::stdout().lock();
    let _reader_may_be_gone = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

/// Writes one line to stderr.
pub(crate) fn complain(line: fmt::Arguments<'_>) {
    let _reader_may_be_gone = writeln!(io::stderr().lock(), "{line}");
}

/// The few colours that the change list uses; none when stdout is no terminal or NO_COLOR is set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Palette {
    enabled: bool,
}

impl Palette {
    /// Looks at stdout and at the environment.
    pub(crate) fn of_stdout() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { enabled: io::stdout().is_terminal() && !refused }
    }

    /// Returns the text in green.
    pub(crate) fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// Returns the text in yellow.
    pub(crate) fn yellow(self, text: &str) -> String {
        self.paint("33", text)
    }

    /// Returns the text dimmed.
    pub(crate) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.enabled { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
