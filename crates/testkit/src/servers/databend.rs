//! Databend's own engine behind its HTTP protocol, as a child process on a free port.
//!
//! The server is `crates/testkit/databend/server.py`; `scripts/databend-venv` makes the Python that it
//! runs in, when it is asked for the first time.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::NotAvailable;

const NAME: &str = "Databend";
/// How long a start may take: loading the engine's library from a cold disk takes most of it.
const START_TIMEOUT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A running server; ended when this is dropped, and by itself when this process is killed.
#[derive(Debug)]
pub struct DatabendServer {
    child: Child,
    port: u16,
    /// Removed after the child has ended.
    _folder: TempDir,
}

impl DatabendServer {
    /// Starts the server on an empty data folder and waits until it answers.
    pub fn start() -> Result<Self, NotAvailable> {
        let python = Self::python()?;
        Self::try_start(&python).map_err(|error| not_available(format!("starting it: {error}")))
    }

    fn try_start(python: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("shoal-databend-").tempdir()?;
        let port_file = folder.path().join("port");
        let child = Command::new(python)
            .arg(repository().join("crates/testkit/databend/server.py"))
            .arg("--data")
            .arg(folder.path().join("engine"))
            .args(["--port", "0", "--exit-with-parent", "--port-file"])
            .arg(&port_file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?;
        // Held from here on, so that a failed start ends the child too.
        let mut server = Self { child, port: 0, _folder: folder };
        server.port = server.announced_port(&port_file)?;
        Ok(server)
    }

    /// Returns the Python of the engine's environment, making that first if need be.
    pub fn python() -> Result<PathBuf, NotAvailable> {
        let script = repository().join("scripts/databend-venv");
        let output = Command::new(&script)
            .output()
            .map_err(|error| not_available(format!("running {}: {error}", script.display())))?;
        if output.status.success() {
            return Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let reasons: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("databend-venv: ")).collect();
        Err(not_available(reasons.join("; ")))
    }

    /// Returns how the driver reaches it.
    pub fn dsn(&self) -> String {
        format!("databend://root:@127.0.0.1:{}/default?sslmode=disable", self.port)
    }

    fn announced_port(&mut self, port_file: &Path) -> io::Result<u16> {
        let deadline = Instant::now() + START_TIMEOUT;
        while Instant::now() < deadline {
            if let Ok(text) = std::fs::read_to_string(port_file) {
                return text.parse().map_err(|_| io::Error::other(format!("it announced the port {text}")));
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(io::Error::other(format!("it ended with {status}")));
            }
            std::thread::sleep(POLL_INTERVAL);
        }
        Err(io::Error::other(format!("it did not answer within {START_TIMEOUT:?}")))
    }
}

impl Drop for DatabendServer {
    fn drop(&mut self) {
        // Both fail only when the child has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

const fn not_available(reason: String) -> NotAvailable {
    NotAvailable { server: NAME, reason }
}
