//! A server that does not outlive the process that started it, however that ends.
//!
//! A shell stands in between and waits for its standard input to close: the kernel closes it when the
//! test process is gone, also after a panic or `kill -9`. A parent-death signal would be simpler, but
//! it is lost when the child changes its user, and Postgres must not run as root.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

/// `$1` the signal that ends the server, `$2` its folder, the rest its command line.
const SUPERVISOR: &str = r#"
trap '' INT HUP TERM
signal=$1 folder=$2
shift 2
"$@" </dev/null &
server=$!
read -r word
# Again and again: a server that is about to start ignores the first.
while kill -s "$signal" "$server" && sleep 0.1; do :; done 2>/dev/null &
wait "$server"
if [ "$word" != keep ]; then rm -rf "$folder"; fi
"#;

/// Who a child runs as: user and group; `None` for whoever we are.
pub(super) type RunAs = Option<(u32, u32)>;

/// A running server. Dropping this ends it and removes its folder.
#[derive(Debug)]
pub(super) struct Supervised {
    supervisor: Child,
    /// Closing it, by whatever way, ends the server.
    lifeline: Option<ChildStdin>,
}

/// What to run, and where.
pub(super) struct Program<'a> {
    pub(super) command: &'a Path,
    pub(super) arguments: &'a [String],
    pub(super) folder: &'a Path,
    /// The name of the signal that ends it.
    pub(super) signal: &'static str,
    pub(super) run_as: RunAs,
}

impl Program<'_> {
    /// Starts it; what it prints goes to `log` in its folder.
    pub(super) fn start(&self) -> std::io::Result<Supervised> {
        let log = File::options().create(true).append(true).open(self.folder.join("log"))?;
        let mut shell = as_user(OsStr::new("/bin/sh"), self.run_as);
        shell.arg("-c").arg(SUPERVISOR).args(["supervisor", self.signal]).arg(self.folder).arg(self.command);
        shell.args(self.arguments).current_dir(self.folder);
        // A group of its own: Ctrl-C is for the tests, and reaches the server through their end.
        shell.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log).process_group(0);
        let mut supervisor = shell.spawn()?;
        let lifeline = supervisor.stdin.take();
        Ok(Supervised { supervisor, lifeline })
    }
}

impl Supervised {
    /// Ends the server, waits for that, and leaves its folder as it is.
    pub(super) fn stop_keeping_its_folder(mut self) -> std::io::Result<()> {
        if let Some(mut lifeline) = self.lifeline.take() {
            lifeline.write_all(b"keep\n")?;
        }
        self.supervisor.wait().map(|_| ())
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        // Fails only when it was waited for already.
        let _ = self.supervisor.wait();
    }
}

/// Returns a command that runs as that user.
pub(super) fn as_user(program: &OsStr, run_as: RunAs) -> Command {
    let mut command = Command::new(program);
    if let Some((user, group)) = run_as {
        command.gid(group).uid(user);
    }
    command
}
