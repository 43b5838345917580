//! The distributed form: services as processes of their own, on brokers and a store that all share.
//!
//! What makes it distributed is the environment alone, as an operator would set it. A [`Seat`] is a place
//! in which a service runs: it keeps its ports and its log over restarts.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tempfile::TempDir;
use testkit::servers::free_ports;
use tokio::process::{Child, Command};

/// How long a start or a clean stop may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(20);

/// One of the three services.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ServiceName {
    /// Takes events.
    IngestionApi,
    /// Knows definitions, projects changes.
    ConfigApi,
    /// Owns partitions.
    Segmenter,
}

impl ServiceName {
    const fn as_str(self) -> &'static str {
        match self {
            Self::IngestionApi => "ingestion-api",
            Self::ConfigApi => "config-api",
            Self::Segmenter => "segmenter",
        }
    }

    const fn address_variables(self) -> (Option<&'static str>, &'static str) {
        match self {
            Self::IngestionApi => (Some("INGESTION_ADDRESS"), "INGESTION_METRICS_ADDRESS"),
            Self::ConfigApi => (Some("CONFIG_API_ADDRESS"), "CONFIG_API_METRICS_ADDRESS"),
            Self::Segmenter => (None, "SEGMENTER_METRICS_ADDRESS"),
        }
    }
}

/// What all services of one installation have in common.
pub struct Cluster {
    binary: PathBuf,
    environment: Vec<(String, String)>,
    http: reqwest::Client,
    folder: TempDir,
}

impl Cluster {
    /// Names the program that is the services (`shoal-e2e-service`) and the environment of each of them.
    pub fn new(binary: &str, environment: &[(&str, &str)]) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("shoal-cluster-").tempdir().context("making a folder")?;
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build();
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Ok(Self {
            binary: binary.into(),
            environment: environment.iter().map(own).collect(),
            http: http.context("making the HTTP client")?,
            folder,
        })
    }

    /// Returns the HTTP client that everybody shares.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Makes a place for a service; `label` tells it from others of the kind.
    pub fn seat(&self, service: ServiceName, label: &str) -> anyhow::Result<Seat> {
        let name = format!("{}-{label}", service.as_str());
        let [http, metrics] = free_ports().context("looking for free ports")?;
        let mut environment = self.environment.clone();
        let (public, private) = service.address_variables();
        environment.extend(public.map(|variable| (variable.to_owned(), format!("127.0.0.1:{http}"))));
        environment.push((private.to_owned(), format!("127.0.0.1:{metrics}")));
        // With shared parts nothing is kept there; each has its own all the same.
        let data = self.folder.path().join(&name);
        environment.push(("SHOAL_DATA".to_owned(), data.to_string_lossy().into_owned()));
        Ok(Seat {
            binary: self.binary.clone(),
            service,
            log: self.folder.path().join(format!("{name}.log")),
            environment,
            url: format!("http://127.0.0.1:{http}"),
            metrics: format!("http://127.0.0.1:{metrics}"),
            http: self.http.clone(),
        })
    }

    /// Starts one of each service, all at once: ingestion-api, config-api, segmenter.
    pub async fn start_each(&self) -> anyhow::Result<[Serving; 3]> {
        let [ingestion, config, segmenter] =
            [ServiceName::IngestionApi, ServiceName::ConfigApi, ServiceName::Segmenter]
                .map(|service| self.start(service, "1"));
        let (ingestion, config, segmenter) = tokio::try_join!(ingestion, config, segmenter)?;
        Ok([ingestion, config, segmenter])
    }

    /// Starts a service in a place of its own and waits until it is ready.
    pub async fn start(&self, service: ServiceName, label: &str) -> anyhow::Result<Serving> {
        self.seat(service, label)?.start().await
    }
}

impl Drop for Cluster {
    /// A test that fails says what its services said: which of them is at fault is seldom clear from what it waited for.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let mut logs: Vec<_> = std::fs::read_dir(self.folder.path()).into_iter().flatten().flatten().collect();
        logs.retain(|entry| entry.path().extension().is_some_and(|extension| extension == "log"));
        logs.sort_by_key(std::fs::DirEntry::path);
        for entry in logs {
            eprintln!("--- the last of {}:\n{}", entry.file_name().display(), last_lines(&entry.path()));
        }
    }
}

/// Returns the end of a log.
fn last_lines(log: &Path) -> String {
    const LINES: usize = 20;
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

/// A place in which a service runs.
#[derive(Clone, Debug)]
pub struct Seat {
    binary: PathBuf,
    service: ServiceName,
    environment: Vec<(String, String)>,
    log: PathBuf,
    url: String,
    metrics: String,
    http: reqwest::Client,
}

impl Seat {
    /// Returns the URL of the public server; segmenters have none.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Starts the process without waiting for anything.
    pub fn launch(&self) -> anyhow::Result<Serving> {
        let log = self.open_log()?;
        let child = Command::new(&self.binary)
            .arg(self.service.as_str())
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("sharing the log file")?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {}", self.binary.display()))?;
        Ok(Serving { child, seat: self.clone() })
    }

    /// Starts the process and waits until it is ready.
    pub async fn start(&self) -> anyhow::Result<Serving> {
        let mut serving = self.launch()?;
        serving.until_ready().await?;
        Ok(serving)
    }

    /// Returns what it wrote last, over all starts.
    pub fn said(&self) -> String {
        last_lines(&self.log)
    }

    fn open_log(&self) -> anyhow::Result<File> {
        let opened = OpenOptions::new().create(true).append(true).open(&self.log);
        opened.with_context(|| format!("opening {}", self.log.display()))
    }
}

/// A service that runs, or is about to. It is killed when it is dropped.
#[derive(Debug)]
pub struct Serving {
    child: Child,
    seat: Seat,
}

impl Serving {
    /// Returns where it runs.
    pub fn seat(&self) -> &Seat {
        &self.seat
    }

    /// Returns the URL of its public server.
    pub fn url(&self) -> &str {
        &self.seat.url
    }

    /// Returns where it tells Prometheus about itself.
    pub fn metrics_url(&self) -> String {
        format!("{}/metrics", self.seat.metrics)
    }

    /// Returns whether it says that it can do its work; of a segmenter, whether it owns partitions.
    pub async fn is_ready(&self) -> bool {
        let answer = self.seat.http.get(format!("{}/readyz", self.seat.metrics)).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// Waits until it says that it can do its work.
    pub async fn until_ready(&mut self) -> anyhow::Result<()> {
        let (deadline, name) = (Instant::now() + PATIENCE, self.seat.service.as_str());
        loop {
            if self.is_ready().await {
                return Ok(());
            }
            if let Some(status) = self.ended()? {
                bail!("{name} ended with {status}:\n{}", self.seat.said());
            }
            if Instant::now() > deadline {
                bail!("{name} is not ready after {PATIENCE:?}:\n{}", self.seat.said());
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Returns its exit status if it has ended.
    pub fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        self.child.try_wait().context("looking at the process")
    }

    /// Sends SIGKILL and does not wait for its end.
    pub fn strike(&mut self) -> anyhow::Result<()> {
        self.child.start_kill().context("killing the process")
    }

    /// Ends it at once with SIGKILL; returns where it ran.
    pub async fn kill(mut self) -> anyhow::Result<Seat> {
        self.child.kill().await.context("killing the process")?;
        Ok(self.seat)
    }

    /// Sends SIGTERM and waits for its exit code to be 0; returns where it ran.
    pub async fn stop(mut self) -> anyhow::Result<Seat> {
        let id = self.child.id().context("the process has ended already")?;
        crate::process::terminate(id).await?;
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        let status = status.with_context(|| format!("still running {PATIENCE:?} after SIGTERM"))?;
        let status = status.context("waiting for the process")?;
        anyhow::ensure!(status.success(), "it ended with {status} after SIGTERM:\n{}", self.seat.said());
        Ok(self.seat)
    }
}
