//! Backups of an installation that goes on, and what is restored from them.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use e2e::process::Installation;
use e2e::record::Recorded;
use e2e::system::eventually;
use schema::{EventId, LogRecord, UserId};
use serde_json::{Value, json};
use shoal::client::IngestionClient;
use tokio::process::Command;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::transfer::{Clients, check_begins_with, check_changes, check_done, check_refused, folder, shoal};
use crate::{SHOAL, event};

/// Events of the traffic, and the readers they are of.
pub(crate) const EVENTS: usize = 900;
const READERS: usize = 45;
/// Who is in which segment is counted here once more.
pub(crate) const FREQUENT: (&str, &str) = ("frequent", "count(*) >= 25");
pub(crate) const NEWS: (&str, &str) = ("news", "count(*) FILTER (WHERE url = '/3') >= 4");

/// The `number`th event: some readers have many, some few; it can be sent again.
fn numbered(number: usize) -> Value {
    let created_at = schema::Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
    let created_at = created_at.plus_micros(i64::try_from(number).unwrap() * 1_000_000).to_string();
    let payload = json!({ "activity_type": "page_viewed", "url": format!("/{}", number % 7) });
    let rest = json!({ "event_id": event_id(number), "created_at": created_at, "payload": payload });
    event(&reader(number), "page_viewed", &rest)
}

fn event_id(number: usize) -> EventId {
    EventId(Uuid::from_u128(number as u128 + 1))
}

fn reader(number: usize) -> String {
    format!("reader-{}", number % (1 + number % READERS))
}

/// Those who are in a segment when all events are there.
fn expected(holds: impl Fn(&[usize]) -> bool) -> BTreeSet<String> {
    let mut of_readers: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for number in 0..EVENTS {
        of_readers.entry(reader(number)).or_default().push(number);
    }
    of_readers.into_iter().filter(|(_, numbers)| holds(numbers)).map(|(reader, _)| reader).collect()
}

/// Events on their way, one after the other, until all are sent or nobody answers.
pub(crate) struct Traffic {
    accepted: Arc<AtomicUsize>,
    sending: JoinHandle<BTreeMap<String, UserId>>,
}

impl Traffic {
    pub(crate) fn to(ingestion: &str) -> Self {
        let accepted = Arc::new(AtomicUsize::new(0));
        let (client, counted) = (IngestionClient::new(reqwest::Client::new(), ingestion), accepted.clone());
        let sending = tokio::spawn(async move {
            let mut users = BTreeMap::new();
            for number in 0..EVENTS {
                let Ok(answer) = client.post(&numbered(number)).await else { break };
                users.insert(reader(number), answer.user_id);
                counted.fetch_add(1, Ordering::SeqCst);
            }
            users
        });
        Self { accepted, sending }
    }

    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    pub(crate) async fn until(&self, accepted: usize) {
        let what = format!("{accepted} events accepted");
        eventually(&what, || async { Ok((self.accepted() >= accepted).then_some(())) }).await.unwrap();
    }

    /// Waits for its end; returns who the readers are.
    pub(crate) async fn ended(self) -> BTreeMap<String, UserId> {
        self.sending.await.unwrap()
    }
}

/// Sends all events to an installation that has some of them, and waits until segments are as they must be.
pub(crate) async fn send_again(clients: &Clients, ingestion: &str, known: &BTreeMap<String, UserId>) {
    let traffic = Traffic::to(ingestion);
    traffic.until(EVENTS).await;
    let readers = traffic.ended().await;
    for (reader, user_id) in known {
        assert_eq!(readers[reader], *user_id, "{reader} is somebody else now");
    }
    let frequent = expected(|numbers| numbers.len() >= 25);
    let news = expected(|numbers| numbers.iter().filter(|number| **number % 7 == 3).count() >= 4);
    for ((tag, _), expected) in [(FREQUENT, frequent), (NEWS, news)] {
        assert!((2..READERS - 2).contains(&expected.len()), "{tag} tells readers apart: {expected:?}");
        let expected: BTreeSet<UserId> = expected.iter().map(|reader| readers[reader]).collect();
        let reached = eventually(tag, || async { Ok((clients.members(tag).await? == expected).then_some(())) }).await;
        assert!(reached.is_ok(), "{tag} has {:?}, must have {expected:?}", clients.members(tag).await);
    }
}

/// Sees that everything that was accepted before a backup began is in the log of what was restored from it.
#[track_caller]
fn check_has(recorded: &Recorded, accepted: usize) {
    let mut there = HashSet::new();
    for (_, record) in recorded.partitions.iter().flat_map(|partition| &partition.events) {
        if let LogRecord::Event(event) = record {
            there.insert(event.event_id);
        }
    }
    let lost: Vec<usize> = (0..accepted).filter(|number| !there.contains(&event_id(*number))).collect();
    assert_eq!(lost, Vec::<usize>::new(), "were accepted before the backup began");
}

/// Sees that each event is in the history once, and no event of the erased.
#[track_caller]
fn check_history(recorded: &Recorded, erased: UserId) {
    let mut seen = HashSet::new();
    for row in recorded.partitions.iter().flat_map(|partition| &partition.history) {
        assert!(seen.insert((row.event.user_id, row.event.event_id)), "{row:?} is there twice");
        assert_ne!(row.event.user_id, erased);
    }
    let numbered = (0..EVENTS).map(event_id).collect::<HashSet<_>>();
    assert_eq!(seen.iter().filter(|(_, event_id)| numbered.contains(event_id)).count(), EVENTS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_running_installation_goes_on_when_it_is_restored() {
    let (folder, old, backup) = folder("old");
    let backup = backup.to_str().unwrap();
    let running = old.start().await.unwrap();
    let clients = Clients::of(&running);
    let users = clients.fill().await;
    clients.create(FREQUENT.0, FREQUENT.1).await;
    clients.create(NEWS.0, NEWS.1).await;
    let traffic = Traffic::to(&running.places().ingestion);
    traffic.until(200).await;
    let erased = users["visitor-9"];
    clients.erase(erased).await;
    let before = traffic.accepted();
    check_done(&shoal(&["backup", "--to", backup, "--data", old.data().to_str().unwrap()], &[]).await);
    let meanwhile = traffic.accepted() - before;
    assert!(meanwhile > 0, "nobody waits for a backup");
    traffic.until(600).await;
    running.kill().await.unwrap();
    let known = traffic.ended().await;

    let new_folder = folder.path().join("new");
    std::fs::create_dir(&new_folder).unwrap();
    let new = Installation::new(Path::new(SHOAL), &new_folder);
    check_done(&shoal(&["restore", "--from", backup, "--data", new.data().to_str().unwrap()], &[]).await);
    let (source, restored) = (Recorded::read(&old.data()).await.unwrap(), Recorded::read(&new.data()).await.unwrap());
    check_has(&restored, before);
    check_begins_with(&source.changes(), &restored.changes());

    let running = new.start().await.unwrap();
    let clients = Clients::of(&running);
    // Whoever came after the backup is unknown, and may be anybody else.
    let of_backup: BTreeSet<UserId> = restored.partitions.iter().flat_map(|of| of.states.keys().copied()).collect();
    let known = known.into_iter().filter(|(_, user_id)| of_backup.contains(user_id)).collect();
    send_again(&clients, &running.places().ingestion, &known).await;
    clients.until_size("viewers", 0).await;
    clients.until_size("pros", 1).await;
    assert!(!clients.members("regulars").await.unwrap().contains(&erased));
    running.stop().await.unwrap();
    let later = Recorded::read(&new.data()).await.unwrap();
    check_changes(&later);
    check_begins_with(&later.changes(), &restored.changes());
    check_history(&later, erased);
    let verify = ["store", "verify", "--data", new.data().to_str().unwrap()].map(str::to_owned);
    check_done(&shoal(&verify.each_ref().map(String::as_str), &[]).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_interrupted_does_not_look_whole() {
    let (folder, old, backup) = folder("old");
    let to = backup.to_str().unwrap();
    let running = old.start().await.unwrap();
    let users = Clients::of(&running).fill().await;
    let data = old.data();
    check_done(&shoal(&["backup", "--to", to, "--data", data.to_str().unwrap()], &[]).await);
    let refused = shoal(&["backup", "--to", to, "--data", data.to_str().unwrap()], &[]).await;
    check_refused(&refused, "is not empty");
    running.stop().await.unwrap();
    assert!(!data.join("backup.sock").exists(), "nobody answers any more");
    // Of a directory that no process has open too.
    let stopped = folder.path().join("stopped");
    check_done(&shoal(&["backup", "--to", stopped.to_str().unwrap(), "--data", data.to_str().unwrap()], &[]).await);

    // The manifest comes last.
    let new_folder = folder.path().join("new");
    std::fs::create_dir(&new_folder).unwrap();
    let new = Installation::new(Path::new(SHOAL), &new_folder);
    let manifest = backup.join("manifest.json");
    let aside = folder.path().join("manifest.json");
    std::fs::rename(&manifest, &aside).unwrap();
    let new_data = new.data();
    let restore = ["restore", "--from", to, "--data", new_data.to_str().unwrap()];
    check_refused(&shoal(&restore, &[]).await, "an export has it when it is complete");
    std::fs::rename(&aside, &manifest).unwrap();

    let mut killed = 0;
    for milliseconds in [20, 60, 150, 400] {
        let mut restoring = Command::new(SHOAL).args(restore).kill_on_drop(true).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        if restoring.try_wait().unwrap().is_some() {
            break;
        }
        restoring.kill().await.unwrap();
        // Between these two it may have become whole.
        if !new_data.exists() {
            killed += 1;
        }
    }
    assert!(killed > 0, "no restore was interrupted");
    if !new_data.exists() {
        check_done(&shoal(&restore, &[]).await);
    }
    check_refused(&shoal(&restore, &[]).await, "is not empty");
    let running = new.start().await.unwrap();
    Clients::of(&running).goes_on(&users, "newcomer").await;
    running.stop().await.unwrap();
    check_changes(&Recorded::read(&new.data()).await.unwrap());
}
