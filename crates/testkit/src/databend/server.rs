//! The embedded engine's server as a child process on a free port.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tempfile::TempDir;

/// How long a start may take: loading the engine's library from a cold disk takes most of it.
const START_TIMEOUT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A running server; ended when this is dropped, and by itself when this process is killed.
#[derive(Debug)]
pub(super) struct EmbeddedServer {
    child: Child,
    port: u16,
    /// Removed after the child has ended.
    _folder: TempDir,
}

impl EmbeddedServer {
    /// Starts the server on an empty data folder and waits until it answers.
    pub(super) async fn start() -> anyhow::Result<Self> {
        let python = python()?;
        let folder = tempfile::tempdir().context("making a data folder for Databend")?;
        let port_file = folder.path().join("port");
        let child = Command::new(python)
            .arg(repository().join("crates/testkit/databend/server.py"))
            .arg("--data")
            .arg(folder.path().join("engine"))
            .args(["--port", "0", "--exit-with-parent", "--port-file"])
            .arg(&port_file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .context("starting the embedded Databend")?;
        // Held from here on, so that a failed start ends the child too.
        let mut server = Self { child, port: 0, _folder: folder };
        server.port = server.announced_port(&port_file).await?;
        Ok(server)
    }

    /// Returns how the driver reaches it.
    pub(super) fn dsn(&self) -> String {
        format!("databend://root:@127.0.0.1:{}/default?sslmode=disable", self.port)
    }

    async fn announced_port(&mut self, port_file: &Path) -> anyhow::Result<u16> {
        let deadline = Instant::now() + START_TIMEOUT;
        while Instant::now() < deadline {
            if let Ok(text) = std::fs::read_to_string(port_file) {
                return text.parse().context("reading the port of the embedded Databend");
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the embedded Databend ended while it started: {status}");
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        bail!("the embedded Databend did not start within {START_TIMEOUT:?}")
    }
}

impl Drop for EmbeddedServer {
    fn drop(&mut self) {
        // Both fail only when the child has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns the Python of the engine's environment, making that first if need be.
fn python() -> anyhow::Result<PathBuf> {
    let script = repository().join("scripts/databend-venv");
    let output = Command::new(&script)
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("running {}", script.display()))?;
    if !output.status.success() {
        bail!("no Python for the embedded Databend (see above); DATABEND_DSN may name a running one instead");
    }
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}
