//! Databend's own engine behind its HTTP protocol, as a child process on a free port.
//!
//! The server is `crates/testkit/databend/server.py`; `scripts/databend-venv` makes the Python that it
//! runs in, when it is asked for the first time.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::NotAvailable;

const NAME: &str = "Databend";
/// How long a start may take: loading the engine's library from a cold disk takes most of it.
const START_TIMEOUT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Where the server keeps what is being loaded, in its folder (`streaming_load` of `server.py`).
const LOADED_FROM: &str = "engine/data/stage/user/root/streaming_load";

static SHARED: OnceLock<Result<DatabendServer, NotAvailable>> = OnceLock::new();

/// A running server; ended when this is dropped, and by itself when this process is killed.
#[derive(Debug)]
pub struct DatabendServer {
    python: PathBuf,
    /// `None` while it is stopped.
    child: Option<Child>,
    /// The same over stops; 0 before the first start.
    port: u16,
    /// Further arguments.
    arguments: Vec<OsString>,
    databases: AtomicU32,
    /// Removed after the child has ended.
    folder: TempDir,
}

impl DatabendServer {
    /// Returns the server that the tests of this process share; the first call starts it.
    pub fn shared() -> Result<&'static Self, NotAvailable> {
        SHARED.get_or_init(Self::start).as_ref().map_err(NotAvailable::clone)
    }

    /// Starts the server on an empty data folder and waits until it answers.
    pub fn start() -> Result<Self, NotAvailable> {
        Self::start_with(Vec::new())
    }

    /// Likewise, one that takes encrypted connections only.
    pub fn start_encrypted(certificate: &Path, key: &Path) -> Result<Self, NotAvailable> {
        Self::start_with(vec!["--certificate".into(), certificate.into(), "--key".into(), key.into()])
    }

    fn start_with(arguments: Vec<OsString>) -> Result<Self, NotAvailable> {
        let python = Self::python()?;
        Self::try_start(python, arguments).map_err(|error| not_available(format!("starting it: {error}")))
    }

    fn try_start(python: PathBuf, arguments: Vec<OsString>) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("shoal-databend-").tempdir()?;
        let mut server = Self { python, child: None, port: 0, arguments, databases: AtomicU32::default(), folder };
        server.resume()?;
        Ok(server)
    }

    /// Starts the server that was stopped, with what it held then, and waits until it answers.
    pub fn resume(&mut self) -> io::Result<()> {
        let port_file = self.folder.path().join("port");
        let _ = std::fs::remove_file(&port_file);
        let child = Command::new(&self.python)
            .arg(repository().join("crates/testkit/databend/server.py"))
            .arg("--data")
            .arg(self.folder.path().join("engine"))
            .args(["--port", &self.port.to_string(), "--keep", "--exit-with-parent", "--port-file"])
            .arg(&port_file)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?;
        // Held from here on, so that a failed start ends the child too.
        self.child = Some(child);
        self.port = self.announced_port(&port_file)?;
        Ok(())
    }

    /// Stops the server: statements under way end, what it holds is kept for [`Self::resume`], and whoever
    /// asks meanwhile is refused the connection.
    ///
    /// There is no kill that keeps anything: the engine's catalog is in the memory of its process.
    pub fn stop(&mut self) -> io::Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        let terminated = Command::new("kill").arg(child.id().to_string()).status()?;
        let ended = child.wait()?;
        if terminated.success() && ended.success() {
            return Ok(());
        }
        Err(io::Error::other(format!("it ended with {ended} instead of keeping what it held")))
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

    /// Returns how many files it is loading at the moment.
    ///
    /// A file lies in the stage from its first byte until its rows are there or refused, whether or not
    /// the one who sent it still waits.
    pub fn loads_under_way(&self) -> usize {
        let files = std::fs::read_dir(self.folder.path().join(LOADED_FROM));
        files.map_or(0, |files| files.flatten().count())
    }

    /// Returns the port it listens on, on this machine alone.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns how to reach it.
    pub fn dsn(&self) -> String {
        self.dsn_of("default")
    }

    /// Returns how to reach a database that nobody else uses; whoever comes first makes it.
    pub fn database(&self) -> String {
        self.dsn_of(&format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed)))
    }

    fn dsn_of(&self, database: &str) -> String {
        format!("databend://root:@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    fn announced_port(&mut self, port_file: &Path) -> io::Result<u16> {
        let deadline = Instant::now() + START_TIMEOUT;
        while Instant::now() < deadline {
            if let Ok(text) = std::fs::read_to_string(port_file) {
                return text.parse().map_err(|_| io::Error::other(format!("it announced the port {text}")));
            }
            if let Some(status) = self.child.as_mut().map(Child::try_wait).transpose()?.flatten() {
                return Err(io::Error::other(format!("it ended with {status}")));
            }
            std::thread::sleep(POLL_INTERVAL);
        }
        Err(io::Error::other(format!("it did not answer within {START_TIMEOUT:?}")))
    }
}

impl Drop for DatabendServer {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Both fail only when the child has ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

const fn not_available(reason: String) -> NotAvailable {
    NotAvailable { server: NAME, reason }
}
