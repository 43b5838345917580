//! An Apache Kafka broker for a test binary: KRaft, one node, no ZooKeeper, no container.
//!
//! Its jars come from `scripts/kafka-jars`. Tests share a broker and take topics of their own, by a
//! prefix; a test that stops the broker starts one for itself.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::supervised::{Program, Supervised};
use super::{NotAvailable, free_ports};

const NAME: &str = "Kafka";
/// Three seconds on an idle machine; a loaded one takes many times as long.
const START_TIMEOUT: Duration = Duration::from_secs(120);
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// What the broker writes when it takes requests.
const STARTED: &str = "Kafka Server started";
/// What it writes when it gives up.
const FAILED: &str = "Exiting Kafka";

static SHARED: OnceLock<Result<Kafka, NotAvailable>> = OnceLock::new();
static PREFIXES: AtomicU32 = AtomicU32::new(1);

/// How a broker differs from the usual one of a test binary.
#[derive(Clone, Copy, Debug, Default)]
pub struct KafkaSettings<'a> {
    /// Lines for `server.properties`; the last of a key counts.
    pub configuration: &'a str,
    /// A listener beside the plain one, as `server.properties` names its protocol: `SASL_PLAINTEXT`.
    pub listener: Option<&'a str>,
    /// Somebody who proves a password by SCRAM-SHA-512: name and password.
    pub scram_user: Option<(&'a str, &'a str)>,
}

/// A running broker on this machine, without authentication.
#[derive(Debug)]
pub struct Kafka {
    jars: OsString,
    folder: PathBuf,
    port: u16,
    controller_port: u16,
    listener_port: u16,
    /// `None` while it is stopped.
    server: Option<Supervised>,
}

impl Kafka {
    /// Returns the broker that the tests of this process share; the first call starts it.
    pub fn shared() -> Result<&'static Self, NotAvailable> {
        SHARED.get_or_init(|| Self::start(&KafkaSettings::default())).as_ref().map_err(NotAvailable::clone)
    }

    /// Starts a broker of the caller's own.
    pub fn start(settings: &KafkaSettings<'_>) -> Result<Self, NotAvailable> {
        let jars = jars()?;
        Self::try_start(jars, settings).map_err(|error| unavailable(format!("starting it: {error}")))
    }

    /// Returns a prefix for topics and groups that nobody else uses on this broker.
    pub fn prefix(&self) -> String {
        format!("test-{}-", PREFIXES.fetch_add(1, Ordering::Relaxed))
    }

    /// Returns `bootstrap.servers`.
    pub fn brokers(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Returns the address of the second listener.
    pub fn second_listener(&self) -> String {
        format!("127.0.0.1:{}", self.listener_port)
    }

    /// Ends it as a power cut would.
    pub fn stop(&mut self) -> io::Result<()> {
        self.server.take().map_or(Ok(()), Supervised::stop_keeping_its_folder)
    }

    /// Starts it again after [`Kafka::stop`], on the same ports and with the same records.
    pub fn resume(&mut self) -> io::Result<()> {
        let said_before = self.log().len();
        let arguments: Vec<String> = [
            "-Xms192m",
            "-Xmx512m",
            // Starts in half the time; a test is over before the second compiler would pay off.
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Dlog4j2.configurationFile=log4j2.xml",
            "-cp",
            &self.jars.to_string_lossy(),
            "kafka.Kafka",
            "server.properties",
        ]
        .map(str::to_owned)
        .to_vec();
        let program =
            Program { command: &java(), arguments: &arguments, folder: &self.folder, signal: "KILL", run_as: None };
        let server = program.start()?;
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            let said = self.log();
            let said = said.get(said_before..).unwrap_or_default();
            if said.contains(STARTED) {
                break;
            }
            if said.contains(FAILED) || Instant::now() > deadline {
                return Err(io::Error::other(format!("it does not take requests:\n{said}")));
            }
            sleep(POLL_INTERVAL);
        }
        self.server = Some(server);
        Ok(())
    }

    fn try_start(jars: OsString, settings: &KafkaSettings<'_>) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("shoal-kafka-").tempdir()?.keep();
        let [port, controller_port, listener_port] = free_ports()?;
        let mut kafka = Self { jars, folder, port, controller_port, listener_port, server: None };
        let prepared = kafka.prepare(settings).and_then(|()| kafka.resume());
        if prepared.is_err() && kafka.server.is_none() {
            let _ = std::fs::remove_dir_all(&kafka.folder);
        }
        prepared.map(|()| kafka)
    }

    fn prepare(&self, settings: &KafkaSettings<'_>) -> io::Result<()> {
        std::fs::write(self.folder.join("server.properties"), self.properties(settings))?;
        std::fs::copy(repository().join("crates/testkit/kafka/log4j2.xml"), self.folder.join("log4j2.xml"))?;
        let mut formatting = Command::new(java());
        formatting
            .arg("-Dlog4j2.configurationFile=log4j2.xml")
            .args(["-XX:TieredStopAtLevel=1", "-cp"])
            .arg(&self.jars)
            .args(["kafka.tools.StorageTool", "format", "--cluster-id", CLUSTER_ID, "--config", "server.properties"]);
        if let Some((name, password)) = settings.scram_user {
            formatting.arg("--add-scram").arg(format!("SCRAM-SHA-512=[name={name},password={password}]"));
        }
        let output = formatting.current_dir(&self.folder).output()?;
        if output.status.success() {
            return Ok(());
        }
        Err(io::Error::other(format!("formatting its storage: {}", String::from_utf8_lossy(&output.stderr).trim())))
    }

    fn properties(&self, settings: &KafkaSettings<'_>) -> String {
        let Self { port, controller_port, listener_port, .. } = self;
        let mut listeners = format!("PLAINTEXT://127.0.0.1:{port}");
        let mut protocols = "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT".to_owned();
        if let Some(protocol) = settings.listener {
            listeners = format!("{listeners},SECOND://127.0.0.1:{listener_port}");
            protocols = format!("{protocols},SECOND:{protocol}");
        }
        format!(
            "controller.quorum.voters=1@127.0.0.1:{controller_port}\n\
             listeners={listeners},CONTROLLER://127.0.0.1:{controller_port}\n\
             advertised.listeners={listeners}\n\
             listener.security.protocol.map={protocols}\n\
             {DEFAULTS}\n{}\n",
            settings.configuration
        )
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

const CLUSTER_ID: &str = "c2hvYWwtdGVzdHMtb25seQ";

/// For tests: one node, small internal topics, nobody waits for members of a group that may come, those
/// that went may be missed as soon as they say, and records stay, however long ago a test says that they
/// were written.
const DEFAULTS: &str = "\
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
log.initial.task.delay.ms=86400000
log.retention.check.interval.ms=86400000
auto.create.topics.enable=false";

/// Returns the class path of the broker, fetching its jars first if need be.
fn jars() -> Result<OsString, NotAvailable> {
    let script = repository().join("scripts/kafka-jars");
    let output = Command::new(&script).stdin(Stdio::null()).output();
    let output = output.map_err(|error| unavailable(format!("running {}: {error}", script.display())))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let reason = said.trim().lines().last().unwrap_or("its jars cannot be had");
        return Err(unavailable(reason.trim_start_matches("kafka-jars: ").to_owned()));
    }
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok(format!("{folder}/*").into())
}

fn java() -> PathBuf {
    let home = std::env::var_os("JAVA_HOME").filter(|home| !home.is_empty());
    home.map_or_else(|| PathBuf::from("java"), |home| Path::new(&home).join("bin/java"))
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn unavailable(reason: String) -> NotAvailable {
    NotAvailable { server: NAME, reason }
}
