//! One run: rounds of load and SIGKILL, a quiet end, and the verdict.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use shoal::Dice;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use super::answers::{self, Answers};
use super::definitions::Editor;
use super::ledger::Ledger;
use super::load::{Client, IDENTITIES};
use super::report::{Fault, Report};
use super::staying::SETTLED_AFTER_SECONDS;
use super::subscriber::{Received, subscribe};
use super::verify::{count_lost, verify};
use crate::now;
use crate::process::{Installation, Places};
use crate::record::Recorded;

const SINGLE_CLIENTS: usize = 4;
const BATCH_CLIENTS: usize = 1;
/// How long the end may take until everything is written and delivered.
const PATIENCE: Duration = Duration::from_secs(60);
/// A request to a process that was killed must not hold a client for long.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// What to run.
#[derive(Clone, Debug)]
pub struct CrashOptions {
    /// The binary that is started.
    pub shoal: PathBuf,
    /// An empty folder.
    pub folder: PathBuf,
    /// How often it is killed.
    pub rounds: u32,
    /// Decides everything random.
    pub seed: u64,
}

/// Runs it all and returns what was found; an error says that it could not be run. `progress` is called
/// after each round, while nothing runs.
///
/// A system that does not come up again, or ends by itself, is a finding and no error: then what the
/// clients know is compared with what is on disk.
pub async fn run(options: &CrashOptions, mut progress: impl FnMut(String)) -> anyhow::Result<Report> {
    let installation = Installation::new(&options.shoal, &options.folder);
    let mut dice = Dice::new(options.seed);
    let mut stage = Stage::set(&installation, &mut dice).await?;
    let mut report = Report::default();
    if let Err(error) = stage.perform(&installation, &mut dice, options.rounds, &mut report, &mut progress).await {
        // What was counted before the error would be counted twice.
        report = Report { rounds: report.rounds, ..Report::default() };
        report.note(Fault::Mismatched, || format!("{error:#}"));
        stage.count_what_is_left(&installation, &mut report).await?;
    }
    Ok(report)
}

/// Everybody who takes part.
struct Stage {
    places: watch::Sender<Option<Places>>,
    stop: Arc<AtomicBool>,
    ledger: Arc<Ledger>,
    editor: Arc<Editor>,
    received: Received,
    client: Client,
    actors: JoinSet<()>,
}

impl Stage {
    /// Makes the segments that stay and connects the subscriber, then lets the load begin.
    async fn set(installation: &Installation, dice: &mut Dice) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().timeout(REQUEST_TIMEOUT).build().context("making the HTTP client")?;
        let stream = reqwest::Client::builder().build().context("making the HTTP client")?;
        let (places, seen) = watch::channel(None);
        let stage = Self {
            places,
            stop: Arc::default(),
            ledger: Arc::default(),
            editor: Arc::new(Editor::new(http.clone(), seen.clone())),
            received: Received::default(),
            client: Client {
                http,
                places: seen.clone(),
                ledger: Arc::default(),
                stop: Arc::default(),
                identities: IDENTITIES,
            },
            actors: JoinSet::new(),
        };
        stage.start(installation, dice, stream, seen).await
    }

    async fn start(
        mut self,
        installation: &Installation,
        dice: &mut Dice,
        stream: reqwest::Client,
        seen: watch::Receiver<Option<Places>>,
    ) -> anyhow::Result<Self> {
        self.client.ledger = self.ledger.clone();
        self.client.stop = self.stop.clone();
        let running = installation.start().await?;
        self.places.send_replace(Some(running.places().clone()));
        self.editor.create_staying().await.context("creating segments")?;
        let (connected, first_connection) = oneshot::channel();
        self.actors.spawn(subscribe(stream, seen, self.received.clone(), connected));
        first_connection.await.context("connecting the subscriber")?;
        self.let_load_begin(dice);
        // A stream can only be resumed after a first change has told its id.
        let deadline = Instant::now() + PATIENCE;
        while self.received.count() == 0 {
            ensure!(Instant::now() < deadline, "no change was received in {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.down();
        running.kill().await?;
        Ok(self)
    }

    fn let_load_begin(&mut self, dice: &mut Dice) {
        for _ in 0..SINGLE_CLIENTS {
            self.actors.spawn(self.client.clone().post_singles(Dice::new(dice.next_u64())));
        }
        for _ in 0..BATCH_CLIENTS {
            self.actors.spawn(self.client.clone().post_batches(Dice::new(dice.next_u64())));
        }
        let (editor, stop, own) = (self.editor.clone(), self.stop.clone(), Dice::new(dice.next_u64()));
        self.actors.spawn(async move { editor.edit(own, &stop).await });
    }

    fn down(&self) {
        self.places.send_replace(None);
    }

    /// All rounds, the quiet end and the verdict.
    async fn perform(
        &mut self,
        installation: &Installation,
        dice: &mut Dice,
        rounds: u32,
        report: &mut Report,
        progress: &mut impl FnMut(String),
    ) -> anyhow::Result<()> {
        for round in 1..=rounds {
            let what = self.round(installation, dice).await.with_context(|| format!("round {round}"))?;
            report.rounds = round;
            progress(format!("round {round}: {what}; {} changes received", self.received.count()));
        }
        self.close(installation, report).await
    }

    /// Starts the process, lets it live for a moment, kills it, leaves it dead for a moment.
    async fn round(&mut self, installation: &Installation, dice: &mut Dice) -> anyhow::Result<String> {
        let launched = installation.launch()?;
        let what = if dice.chance(20) {
            let lived = dice.below(400);
            tokio::time::sleep(Duration::from_millis(lived)).await;
            launched.kill().await?;
            format!("killed {lived} ms after it was launched")
        } else {
            let mut running = launched.up().await?;
            self.places.send_replace(Some(running.places().clone()));
            let lived = 100 + dice.below(2_000);
            tokio::time::sleep(Duration::from_millis(lived)).await;
            ensure!(running.ended()?.is_none(), "it ended by itself: see {}", installation.log().display());
            running.kill().await?;
            format!("killed {lived} ms after it was up")
        };
        self.down();
        let dead = dice.below(1_500);
        tokio::time::sleep(Duration::from_millis(dead)).await;
        Ok(format!("{what}, dead for {dead} ms"))
    }

    /// Lets everything come to rest, stops it in order, and compares.
    async fn close(&mut self, installation: &Installation, report: &mut Report) -> anyhow::Result<()> {
        let running = installation.start().await?;
        self.places.send_replace(Some(running.places().clone()));
        self.stop.store(true, Ordering::Relaxed);
        // All but the subscriber end by themselves now.
        while self.actors.len() > 1 {
            self.actors.join_next().await.context("waiting for the clients")?.context("a client")?;
        }
        let settling = Client { stop: Arc::default(), ..self.client.clone() }.settle();
        tokio::time::timeout(PATIENCE, settling).await.context("posting what had no answer")?;
        self.editor.until_live().await?;
        let answers = self.ask_when_settled(running.places()).await.context("asking the look-ups")?;
        let recorded = self.stop_when_written(installation, running).await?;

        // Once more, for the subscriber to receive what it may have missed at the very end.
        let running = installation.start().await?;
        self.places.send_replace(Some(running.places().clone()));
        self.wait_for_changes(&recorded).await;
        running.stop().await?;
        verify(&self.ledger, &self.editor.expected(), &self.received.all(), &answers, &recorded, report)
    }

    /// Stops everybody and counts what is lost, whatever else cannot be known any more.
    async fn count_what_is_left(&mut self, installation: &Installation, report: &mut Report) -> anyhow::Result<()> {
        self.down();
        self.actors.shutdown().await;
        let deadline = Instant::now() + PATIENCE;
        let recorded = loop {
            match Recorded::read(&installation.data()).await {
                // A process that was killed a moment ago may still have it open.
                Err(_) if Instant::now() < deadline => tokio::time::sleep(Duration::from_millis(100)).await,
                read => break read.context("reading what is left")?,
            }
        };
        count_lost(&self.ledger, &self.received.all(), &recorded, report);
        Ok(())
    }

    /// Waits without any load until no window holds anything any more and time makes no more changes;
    /// then asks until everything up to that instant has been decided.
    async fn ask_when_settled(&self, places: &Places) -> anyhow::Result<Answers> {
        let settled = Duration::from_secs(SETTLED_AFTER_SECONDS);
        let passed = now().plus_micros(i64::try_from(settled.as_micros())?);
        tokio::time::sleep(settled).await;
        answers::ask(&self.client.http, &places.config, &self.ledger.users(), passed).await
    }

    /// Stops in order; starts again while the history has not caught up with the log.
    async fn stop_when_written(
        &self,
        installation: &Installation,
        mut running: crate::process::Running,
    ) -> anyhow::Result<Recorded> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.down();
            running.stop().await?;
            let recorded = Recorded::read(&installation.data()).await?;
            if recorded.behind() == 0 || Instant::now() > deadline {
                return Ok(recorded);
            }
            running = installation.start().await?;
            self.places.send_replace(Some(running.places().clone()));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
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
