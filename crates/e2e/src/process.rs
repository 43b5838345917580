//! One `shoal up`, as a process of its own on free ports.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde::Deserialize;
use tokio::process::{Child, Command};

/// How long a start or a clean stop may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(10);

/// Where a running `shoal up` listens.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Places {
    /// URL of the ingestion-api.
    pub ingestion: String,
    /// URL of the config-api.
    pub config: String,
    /// URLs of the metrics of ingestion-api, config-api and segmenter, in this order.
    pub metrics: [String; 3],
}

/// A program and the folder it works in; can be started again after it ended.
#[derive(Clone, Debug)]
pub struct Installation {
    binary: PathBuf,
    folder: PathBuf,
    environment: Vec<(String, String)>,
}

impl Installation {
    /// Names the binary and a folder for its data, its ports file and its log.
    pub fn new(binary: &Path, folder: &Path) -> Self {
        Self { binary: binary.to_owned(), folder: folder.to_owned(), environment: Vec::new() }
    }

    /// Sets an environment variable of the process.
    #[must_use]
    pub fn with_environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Returns the data directory.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Returns the file that everything it wrote is in, over all starts.
    pub fn log(&self) -> PathBuf {
        self.folder.join("shoal.log")
    }

    fn ports_file(&self) -> PathBuf {
        self.folder.join("ports.json")
    }

    /// Starts the process without waiting for anything.
    pub fn launch(&self) -> anyhow::Result<Launched> {
        // The file of the last start must not be taken for this one's.
        let _absent_is_fine = std::fs::remove_file(self.ports_file());
        let log = self.open_log()?;
        let child = Command::new(&self.binary)
            .arg("up")
            .arg("--data")
            .arg(self.data())
            .arg("--free-ports")
            .arg("--ports-file")
            .arg(self.ports_file())
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("sharing the log file")?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {}", self.binary.display()))?;
        Ok(Launched { child, ports_file: self.ports_file(), log: self.log() })
    }

    /// Starts the process and waits until everything is up.
    pub async fn start(&self) -> anyhow::Result<Running> {
        self.launch()?.up().await
    }

    fn open_log(&self) -> anyhow::Result<File> {
        let path = self.log();
        OpenOptions::new().create(true).append(true).open(&path).with_context(|| format!("opening {}", path.display()))
    }
}

/// A process that may still be starting.
#[derive(Debug)]
pub struct Launched {
    child: Child,
    ports_file: PathBuf,
    log: PathBuf,
}

impl Launched {
    /// Waits until everything is up.
    pub async fn up(mut self) -> anyhow::Result<Running> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Ok(text) = std::fs::read_to_string(&self.ports_file) {
                let places = serde_json::from_str(&text).context("reading the ports file")?;
                return Ok(Running { child: self.child, places });
            }
            if let Some(status) = self.child.try_wait().context("looking at the process")? {
                bail!("shoal up ended with {status}: see {}\n{}", self.log.display(), tail(&self.log));
            }
            if Instant::now() > deadline {
                bail!("shoal up did not come up in {PATIENCE:?}: see {}\n{}", self.log.display(), tail(&self.log));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Ends it at once with SIGKILL, wherever its start-up stands.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("killing the process")
    }
}

/// A process that is up.
#[derive(Debug)]
pub struct Running {
    child: Child,
    places: Places,
}

impl Running {
    /// Returns where it listens.
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// Returns its exit status if it has ended.
    pub fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        self.child.try_wait().context("looking at the process")
    }

    /// Ends it at once with SIGKILL.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("killing the process")
    }

    /// Sends SIGTERM and waits for its exit code to be 0.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let id = self.child.id().context("the process has ended already")?;
        terminate(id).await?;
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        let status = status.with_context(|| format!("still running {PATIENCE:?} after SIGTERM"))?;
        let status = status.context("waiting for the process")?;
        anyhow::ensure!(status.success(), "it ended with {status} after SIGTERM");
        Ok(())
    }
}

/// Asks a process of ours to stop.
pub(crate) async fn terminate(id: u32) -> anyhow::Result<()> {
    // Through the shell: the standard library can only send SIGKILL.
    let sent = Command::new("sh").arg("-c").arg(format!("kill -TERM {id}")).status().await;
    anyhow::ensure!(sent.context("running kill")?.success(), "SIGTERM could not be sent to {id}");
    Ok(())
}

/// The end of a log file, for the message of what went wrong.
fn tail(path: &Path) -> String {
    const LINES: usize = 20;
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}
