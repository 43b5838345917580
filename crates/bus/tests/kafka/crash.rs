//! `kill -9` of a segmenter at random moments: nothing is lost, nothing repeated, nothing half done.
//!
//! A process of its own counts; it is killed, and the next one goes on. `SEED` repeats a run.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bus::EventLog as _;
use bus::kafka::{KafkaLog, KafkaOptions};
use schema::UserId;
use tokio::sync::watch;

use crate::counting::{self, Tally, event};
use crate::installed::OnKafka;

const BROKERS: &str = "SHOAL_CRASH_BROKERS";
const PREFIX: &str = "SHOAL_CRASH_PREFIX";
const SEED: &str = "SEED";
const ROUNDS: u64 = 4;
const USERS: u64 = 50;
const EVENTS: u64 = 2_400;
const PATIENCE: Duration = Duration::from_secs(90);

/// A process that does not say goodbye is taken for alive this long.
const SESSION: Duration = Duration::from_secs(6);

fn options(brokers: String, prefix: String) -> KafkaOptions {
    KafkaOptions {
        brokers,
        group: format!("{prefix}segmenter"),
        topic_prefix: prefix,
        partitions: bus::conformance::PARTITIONS,
        session_timeout: SESSION,
        request_timeout: Duration::from_secs(60),
        ..KafkaOptions::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the test below, in a process of its own"]
async fn count_until_killed() {
    let (Ok(brokers), Ok(prefix)) = (std::env::var(BROKERS), std::env::var(PREFIX)) else { return };
    let log = KafkaLog::open(options(brokers, prefix)).await.unwrap();
    let tally: &'static Tally = Box::leak(Box::default());
    let (_never, stop) = watch::channel(false);
    tokio::spawn(async move {
        loop {
            let commits = tally.commits.load(std::sync::atomic::Ordering::Relaxed);
            println!("commits {commits}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    counting::count(log.ownership(), tally, stop).await;
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Lets a process count for some milliseconds after its first commit.
fn count_and_kill(options: &KafkaOptions, millis: u64) {
    let mut process = Killed(
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::count_until_killed", "--ignored", "--nocapture"])
            .env(BROKERS, &options.brokers)
            .env(PREFIX, &options.topic_prefix)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let lines = BufReader::new(process.0.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut commits = lines.filter_map(|line| line.strip_prefix("commits ")?.parse::<u64>().ok());
    assert!(commits.any(|commits| commits > 0), "it ended before it committed anything");
    std::thread::sleep(Duration::from_millis(millis));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_segmenter_loses_and_repeats_nothing() {
    let Some(installed) = OnKafka::new() else { return };
    let seed: u64 = std::env::var(SEED).map_or_else(
        |_| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos().into(),
        |seed| seed.parse().unwrap(),
    );
    println!("SEED={seed}");
    let options = options(installed.options.brokers.clone(), installed.options.topic_prefix.clone());
    let log = KafkaLog::open(options.clone()).await.unwrap();
    for round in 0..ROUNDS {
        let records = (0..EVENTS / ROUNDS).map(|nth| {
            let number = round * (EVENTS / ROUNDS) + nth;
            event(UserId(i64::try_from(1 + (number * 7 + seed) % USERS).unwrap()), number)
        });
        log.append(records.collect()).await.unwrap();
        let (options, millis) = (options.clone(), (seed >> round) % 60);
        tokio::task::spawn_blocking(move || count_and_kill(&options, millis)).await.unwrap();
    }
    let tally: &'static Tally = Box::leak(Box::default());
    let (stop, stopped) = watch::channel(false);
    let last = log.clone();
    let finishing = tokio::spawn(async move { counting::count(last.ownership(), tally, stopped).await });
    let counts = counting::check(&log, PATIENCE).await;
    assert_eq!(counts.values().sum::<u64>(), EVENTS);
    stop.send(true).unwrap();
    finishing.await.unwrap();
}
