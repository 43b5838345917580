//! One run: load and trouble, a quiet end, and the verdict.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bus::EventLog as _;
use bus::kafka::{KafkaLog, KafkaOptions};
use schema::{PartitionId, SegmentChange, Topic, UserId};
use shoal::Dice;
use testkit::servers::{Kafka, Postgres};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use warehouse::Warehouse as _;

use super::absence::{Absence, History};
use super::fleet::Fleet;
use super::rendered;
use super::report::ChaosReport;
use super::rush::{CLIENTS, Pace};
use super::trouble;
use crate::cluster::Cluster;
use crate::committed::CommittedChanges;
use crate::crash::answers;
use crate::crash::definitions::Editor;
use crate::crash::events;
use crate::crash::ledger::Ledger;
use crate::crash::load::Client;
use crate::crash::memberships;
use crate::crash::report::Fault;
use crate::crash::sequences;
use crate::crash::staying::SETTLED_AFTER_SECONDS;
use crate::crash::subscriber::{Received, subscribe};
use crate::crash::verify::verify_outcome;
use crate::now;
use crate::record::Recorded;

const PARTITIONS: u16 = 6;
/// A killed segmenter is taken for alive this long.
const SESSION: Duration = Duration::from_secs(2);
/// A request to a process that was killed must not hold a client for long.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the end may take until everything is written and delivered.
const PATIENCE: Duration = Duration::from_secs(180);
const POSTS_PER_SECOND: usize = 10;
/// The load is such that all events are posted in about this time, and that for which Databend is away.
const LOAD_SECONDS: u64 = 40;
/// Of so many users at most each change on the way is explained too: that takes long per user.
const EXPLAINED_USERS: usize = 400;
/// How long trouble goes on after the last event, if something that must happen did not.
const OVERTIME: Duration = Duration::from_secs(120);

/// What to run.
pub struct ChaosOptions<'a> {
    /// The program that is the services (`shoal-e2e-service`).
    pub services: PathBuf,
    /// Brokers.
    pub kafka: &'a Kafka,
    /// A Postgres that may be restarted.
    pub postgres: Postgres,
    /// A Databend that may be restarted.
    pub history: History,
    /// How long Databend is to be away.
    pub away_for: Duration,
    /// How many events are to be acknowledged.
    pub events: usize,
    /// Decides everything random but the timing of the machine.
    pub seed: u64,
}

/// Runs it all and returns what was found and whether all happened that must; an error says that it could not be run, or that a service
/// ended by itself or did not come back. `progress` is called after each thing that happens.
pub async fn run(mut options: ChaosOptions<'_>, mut progress: impl FnMut(String)) -> anyhow::Result<ChaosReport> {
    let mut dice = Dice::new(options.seed);
    let prefix = options.kafka.prefix();
    let cluster = cluster(&options, &prefix)?;
    let mut report = ChaosReport::default();
    let mut stage = Stage::set(cluster, &options, &mut dice).await?;
    stage.perform(&mut options, &mut dice, &mut report, &mut progress).await?;
    stage.close(&options, &prefix, &mut report).await?;
    Ok(report)
}

fn cluster(options: &ChaosOptions<'_>, prefix: &str) -> anyhow::Result<Cluster> {
    let (brokers, group, store) = (options.kafka.brokers(), group(prefix), options.postgres.database());
    let (partitions, session) = (PARTITIONS.to_string(), SESSION.as_millis().to_string());
    let services = options.services.to_str().context("a path that is no text")?;
    Cluster::new(
        services,
        &[
            ("BUS_BROKERS", &brokers),
            ("BUS_TOPIC_PREFIX", prefix),
            ("BUS_GROUP", &group),
            ("BUS_SESSION_TIMEOUT_MS", &session),
            ("STORE_URL", &store),
            ("STORE_ACQUIRE_TIMEOUT_MS", "1000"),
            ("WAREHOUSE_URL", &options.history.url),
            // It is away for seconds here, not for hours.
            ("WAREHOUSE_WRITER_RETRY_MAX_MS", "1000"),
            ("SHOAL_PARTITIONS", &partitions),
        ],
    )
}

fn group(prefix: &str) -> String {
    format!("{prefix}segmenter")
}

/// Everybody who takes part.
struct Stage {
    fleet: Fleet,
    stop: Arc<AtomicBool>,
    ledger: Arc<Ledger>,
    editor: Arc<Editor>,
    received: Received,
    client: Client,
    actors: JoinSet<()>,
}

impl Stage {
    /// Makes the segments that stay and connects the subscriber, then lets the load begin.
    async fn set(cluster: Cluster, options: &ChaosOptions<'_>, dice: &mut Dice) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().timeout(REQUEST_TIMEOUT).build().context("making the HTTP client")?;
        let stream = reqwest::Client::builder().build().context("making the HTTP client")?;
        let fleet = Fleet::start(cluster).await.context("starting the services")?;
        let editor = Arc::new(Editor::new(http.clone(), fleet.config.told()));
        editor.create_staying().await.context("creating segments")?;
        let (stop, ledger): (Arc<AtomicBool>, Arc<Ledger>) = Default::default();
        let client = Client {
            http,
            places: fleet.ingestion[0].told(),
            ledger: ledger.clone(),
            stop: stop.clone(),
            identities: (options.events as u64 / 60).max(60),
        };
        let (received, mut actors) = (Received::default(), JoinSet::new());
        let (connected, first_connection) = oneshot::channel();
        actors.spawn(subscribe(stream, fleet.config.told(), received.clone(), connected));
        first_connection.await.context("connecting the subscriber")?;
        let mut stage = Self { fleet, stop, ledger, editor, received, client, actors };
        stage.let_load_begin(options, dice);
        Ok(stage)
    }

    fn let_load_begin(&mut self, options: &ChaosOptions<'_>, dice: &mut Dice) {
        let clients = CLIENTS * self.fleet.ingestion.len();
        let seconds = (LOAD_SECONDS + options.away_for.as_secs()) as usize;
        let batch = options.events.div_ceil(seconds * POSTS_PER_SECOND * clients).max(1);
        let pace = Pace { batch, interval: Duration::from_secs(1) / POSTS_PER_SECOND as u32 };
        for number in 0..clients {
            let fronting = &self.fleet.ingestion[number / CLIENTS];
            let client = Client { places: fronting.told(), ..self.client.clone() };
            let (rush, own) = (fronting.rush.clone(), Dice::new(dice.next_u64()));
            self.actors.spawn(async move { rush.post(client, own, pace).await });
        }
        let (editor, stop, own) = (self.editor.clone(), self.stop.clone(), Dice::new(dice.next_u64()));
        self.actors.spawn(async move { editor.edit(own, &stop).await });
    }

    /// Makes trouble until enough events are acknowledged.
    async fn perform(
        &mut self,
        options: &mut ChaosOptions<'_>,
        dice: &mut Dice,
        report: &mut ChaosReport,
        progress: &mut impl FnMut(String),
    ) -> anyhow::Result<()> {
        // A subscriber can only resume after a first change has told it where it is.
        let deadline = Instant::now() + PATIENCE;
        while self.received.count() == 0 {
            ensure!(Instant::now() < deadline, "no change was received in {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let mut next = Instant::now();
        let (mut best, mut moved) = (0, Instant::now());
        let mut absence = Absence::of(options.away_for);
        let mut enough = None;
        loop {
            if self.ledger.acknowledged() >= options.events && absence.is_over() {
                let since = *enough.get_or_insert_with(Instant::now);
                if report.unreached().is_empty() || since.elapsed() > OVERTIME {
                    return Ok(());
                }
            }
            report.rebalances += self.fleet.look_after().await?;
            let per_cent = self.ledger.acknowledged() * 100 / options.events.max(1);
            if let Some(what) = absence.go_on(&mut options.history, &mut self.fleet, per_cent, report).await? {
                progress(format!("{} acknowledged: {what}", self.ledger.acknowledged()));
            }
            if Instant::now() >= next {
                let what = trouble::make(&mut self.fleet, &mut options.postgres, dice, report).await?;
                progress(format!("{} acknowledged: {what}", self.ledger.acknowledged()));
                next = Instant::now() + Duration::from_millis(800 + dice.below(1_700));
            }
            if self.ledger.acknowledged() > best {
                (best, moved) = (self.ledger.acknowledged(), Instant::now());
            }
            ensure!(moved.elapsed() < PATIENCE, "nothing was acknowledged for {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Lets everything come to rest, stops it in order, and compares.
    async fn close(mut self, options: &ChaosOptions<'_>, prefix: &str, report: &mut ChaosReport) -> anyhow::Result<()> {
        self.fleet.until_ready().await?;
        self.stop.store(true, Ordering::Relaxed);
        // All but the subscriber end by themselves now.
        while self.actors.len() > 1 {
            self.actors.join_next().await.context("waiting for the clients")?.context("a client")?;
        }
        let settling = Client { stop: Arc::default(), ..self.client.clone() }.settle();
        tokio::time::timeout(PATIENCE, settling).await.context("posting what had no answer")?;
        // Segments that were edited while Databend was away wait for it, and so do their backfills for this.
        until_written(options, prefix).await?;
        self.editor.until_live().await?;
        let settled = Duration::from_secs(SETTLED_AFTER_SECONDS);
        let passed = now().plus_micros(i64::try_from(settled.as_micros())?);
        tokio::time::sleep(settled).await;
        let config = self.fleet.config.told().borrow().clone().context("config-api is away")?.config;
        let answers = answers::ask(&self.client.http, &config, &self.ledger.users(), passed).await?;
        self.fleet.stop_all_but_config().await?;

        let recorded = read(options, prefix).await.context("reading what is in the log")?;
        self.wait_for_changes(&recorded).await;
        self.fleet.stop().await?;
        let (received, expected) = (self.received.all(), self.editor.expected());
        let found = &mut report.found;
        verify_outcome(&self.ledger, &expected, &received, &answers, &recorded, found)?;
        let sampled = events::of_some_users(events::counted(&recorded), EXPLAINED_USERS, &mut Dice::new(options.seed));
        memberships::check_on_the_way(&sampled, &recorded.changes(), &recorded, answers.passed, found)?;
        let databend = options.history.client()?;
        rendered::check_events(&databend, &recorded, found).await.context("counting events on Databend")?;
        let changes = recorded.changes();
        let memberships = rendered::check_memberships(&databend, &changes, &recorded, answers.passed, found);
        memberships.await.context("asking Databend who is in the segments")?;
        check_committed(&committed(options, prefix).await?, &recorded, report);
        Ok(())
    }

    /// Gives the subscriber time; what it does not have then is found by the comparison.
    async fn wait_for_changes(&self, recorded: &Recorded) {
        let expected: usize = recorded.changes().values().map(Vec::len).sum();
        let deadline = Instant::now() + PATIENCE;
        while self.received.count() < expected && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // A change that is delivered twice would come now.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn open_log(options: &ChaosOptions<'_>, prefix: &str) -> anyhow::Result<KafkaLog> {
    let log = KafkaLog::open(KafkaOptions {
        brokers: options.kafka.brokers(),
        topic_prefix: prefix.to_owned(),
        group: group(prefix),
        partitions: PARTITIONS,
        ..KafkaOptions::default()
    });
    Ok(log.await?)
}

/// Waits until everything that is in the log is in the history.
async fn until_written(options: &ChaosOptions<'_>, prefix: &str) -> anyhow::Result<()> {
    let (log, history) = (open_log(options, prefix).await?, options.history.warehouse(PARTITIONS)?);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let positions = history.positions().await.context("asking Databend for the positions")?;
        let mut behind = 0;
        for (partition, written) in (0..PARTITIONS).map(PartitionId).zip(positions) {
            behind += log.range(Topic::Events, partition).await?.end.saturating_sub(written);
        }
        if behind == 0 {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "{behind} records are not on Databend after {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Reads topics, state and history as the next owner of every partition.
async fn read(options: &ChaosOptions<'_>, prefix: &str) -> anyhow::Result<Recorded> {
    let log = open_log(options, prefix).await?;
    let mut ownership = log.ownership();
    let history = options.history.warehouse(PARTITIONS)?;
    let reading = Recorded::read_all(&log, &mut ownership, &history);
    let mut recorded = tokio::time::timeout(PATIENCE, reading).await.context("taking the partitions")??;
    for partition in &mut recorded.partitions {
        // Compaction keeps the latest of each user, whenever it comes to it.
        let latest: BTreeMap<UserId, SegmentChange> =
            partition.memberships.drain(..).map(|change| (change.user_id, change)).collect();
        partition.memberships = latest.into_values().collect();
    }
    Ok(recorded)
}

/// Reads the changes as a subscriber who knows Kafka and not us.
async fn committed(options: &ChaosOptions<'_>, prefix: &str) -> anyhow::Result<Vec<SegmentChange>> {
    let mut committed =
        CommittedChanges::open(&options.kafka.brokers(), &format!("{prefix}segment-changes"), PARTITIONS)?;
    let reading =
        tokio::task::spawn_blocking(move || committed.read_until_quiet(Duration::from_secs(2)).map(<[_]>::to_vec));
    reading.await.context("reading the topic of changes")?
}

fn check_committed(committed: &[SegmentChange], recorded: &Recorded, report: &mut ChaosReport) {
    let mut of_users: BTreeMap<UserId, Vec<SegmentChange>> = BTreeMap::new();
    for change in committed {
        of_users.entry(change.user_id).or_default().push(change.clone());
    }
    let topic = recorded.changes();
    for (user_id, changes) in &topic {
        let received = of_users.remove(user_id).unwrap_or_default();
        sequences::check_received(&received, changes, &mut report.found);
    }
    for user_id in of_users.into_keys() {
        report.found.note(Fault::Mismatched, || format!("user {user_id} has changes that nobody of us sees"));
    }
}
