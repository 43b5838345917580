//! Segmenters that come and go while events arrive.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bus::kafka::KafkaLog;
use bus::{EventLog as _, Ownership, OwnershipChange};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use schema::UserId;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::counting::{self, Tally, event};
use crate::installed::OnKafka;

const USERS: u64 = 60;
const EVENTS: u64 = 3_000;
const PATIENCE: Duration = Duration::from_secs(90);

struct Counter {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Counter {
    /// A process of its own would have clients of its own.
    async fn start(installed: &OnKafka, tally: &'static Tally) -> Self {
        let log = installed.log().await;
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(async move { counting::count(log.ownership(), tally, stopped).await });
        Self { stop, task }
    }

    async fn stop(self) {
        self.stop.send(true).unwrap();
        self.task.await.unwrap();
    }

    /// It neither commits what it began nor says goodbye to its owners.
    fn abort(self) {
        self.task.abort();
    }
}

async fn append(log: KafkaLog) {
    for round in 0..EVENTS / 20 {
        let records = (0..20).map(|nth| {
            let number = round * 20 + nth;
            event(UserId(i64::try_from(1 + number % USERS).unwrap()), number)
        });
        log.append(records.collect()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until the partitions have changed hands.
async fn rebalanced(tally: &Tally, assigned: u64) {
    let waiting = async {
        while tally.assigned.load(Ordering::Relaxed) < assigned {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("partitions are handed out");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn segmenters_that_come_and_go_lose_and_repeat_nothing() {
    let Some(installed) = OnKafka::new() else { return };
    let tally: &'static Tally = Box::leak(Box::default());
    let log = installed.log().await;
    let appending = tokio::spawn(append(log.clone()));
    let first = Counter::start(&installed, tally).await;
    rebalanced(tally, 4).await;
    let second = Counter::start(&installed, tally).await;
    rebalanced(tally, 6).await;
    first.stop().await;
    rebalanced(tally, 8).await;
    let third = Counter::start(&installed, tally).await;
    rebalanced(tally, 10).await;
    second.abort();
    rebalanced(tally, 12).await;
    appending.await.unwrap();
    let counts = counting::check(&log, PATIENCE).await;
    assert_eq!(counts.values().sum::<u64>(), EVENTS);
    third.stop().await;
    assert!(tally.revoked.load(Ordering::Relaxed) >= 4, "a planned handover says so");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partitions_that_stay_do_not_notice_who_comes() {
    let Some(installed) = OnKafka::new() else { return };
    let tally: &'static Tally = Box::leak(Box::default());
    let first = Counter::start(&installed, tally).await;
    rebalanced(tally, 4).await;
    let second = Counter::start(&installed, tally).await;
    rebalanced(tally, 6).await;
    // Who gave all up, to get two back, would have said so before the newcomer got any.
    assert_eq!(tally.revoked.load(Ordering::Relaxed), 2, "two of four partitions change hands");
    first.stop().await;
    rebalanced(tally, 8).await;
    second.stop().await;
    assert_eq!(tally.assigned.load(Ordering::Relaxed), 8, "the two that the first gave back, and no other");
    assert_eq!(tally.fenced.load(Ordering::Relaxed), 0);
}

async fn next(ownership: &mut dyn Ownership) -> OwnershipChange {
    let next = tokio::time::timeout(PATIENCE, ownership.next()).await.expect("something is said");
    next.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_no_partition_is_left_for_is_told_so_and_gets_one_when_its_owner_goes() {
    let Some(mut installed) = OnKafka::new() else { return };
    installed.options.partitions = 1;
    let (mut first, mut second) = (installed.log().await.ownership(), installed.log().await.ownership());
    let OwnershipChange::Assigned(owner) = next(&mut first).await else { panic!("nothing was assigned") };
    assert!(matches!(next(&mut second).await, OwnershipChange::Idle), "the only partition has an owner");
    drop(owner);
    drop(first);
    assert!(matches!(next(&mut second).await, OwnershipChange::Assigned(_)));
}

/// Returns how many processes the brokers take for members of the group.
fn members(installed: &OnKafka, asking: &BaseConsumer) -> usize {
    let groups = asking.fetch_group_list(Some(&installed.options.group), PATIENCE).unwrap();
    groups.groups().iter().map(|group| group.members().len()).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stops_has_left_the_group_before_its_process_can_end() {
    let Some(installed) = OnKafka::new() else { return };
    let log = installed.log().await;
    let mut ownership = log.ownership();
    let Some(OwnershipChange::Assigned(owner)) = ownership.next().await.unwrap() else {
        panic!("nothing was assigned")
    };
    // Connected before, so that the answer comes at once.
    let asking = ClientConfig::new().set("bootstrap.servers", &installed.options.brokers).create().unwrap();
    assert_eq!(members(&installed, &asking), 1);
    drop(owner);
    drop(ownership);
    assert_eq!(members(&installed, &asking), 0, "the next one would wait until a session has timed out");
}
