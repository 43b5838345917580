//! What partitions say of their way through the history while they are on it.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use schema::{BackfillRun, Event, Generation, PartitionId};
use segmenter::Config;

use crate::rig::{PARTITIONS, Rig, Shop, TestClock, at, eventually, members};

const VIEWED_3: &str = "count(*) FILTER (WHERE activity_type = 'page_viewed') >= 3";
const USERS: i64 = 300;
const ROWS: u64 = 5 * USERS as u64;

fn views(shop: &mut Shop, now: schema::Timestamp) -> Vec<Event> {
    (0..5).flat_map(|_| (1..=USERS).collect::<Vec<_>>()).map(|user| shop.event(user, "page_viewed", now)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backfill_counts_first_then_only_grows_and_ends_with_as_many_rows_as_there_were() {
    let now = at("2026-01-01T00:00:00Z");
    // One partition reads at a time: the others have counted before it is their turn.
    let rig = Rig::configured(TestClock::standing(now), |config| config.owner.history_readers = 1).await;
    let events = views(&mut Shop::default(), now);
    rig.send(events.clone()).await;
    // Repetitions lie in the log and are no rows.
    rig.send(events[..30].to_vec()).await;
    rig.settle().await;
    rig.warehouse.page_ms.store(8, Ordering::SeqCst);
    let mut runs: BTreeMap<PartitionId, Vec<BackfillRun>> = BTreeMap::new();
    let mut waiting = 0;
    rig.define(1, &[VIEWED_3]);
    eventually("the definitions are in force", async || {
        let statuses = rig.statuses().await;
        let counted = statuses.iter().filter_map(|status| status.backfill).filter(|run| run.total_rows.is_some());
        if counted.clone().count() == usize::from(PARTITIONS) {
            waiting = waiting.max(counted.filter(|run| run.absorbed_rows == 0).count());
        }
        for status in &statuses {
            runs.entry(status.partition).or_default().extend(status.backfill);
        }
        statuses.iter().all(|status| status.generation == Generation(1))
    })
    .await;
    assert!(waiting >= 2, "all had counted when one was reading; {waiting} had nothing absorbed then");
    let mut absorbed = 0;
    for (partition, runs) in &runs {
        assert!(runs.iter().all(|run| (run.from, run.to) == (Generation(0), Generation(1))), "{runs:?}");
        assert!(runs.is_sorted_by_key(|run| run.absorbed_rows), "partition {partition}: {runs:?}");
        let totals: Vec<u64> = runs.iter().filter_map(|run| run.total_rows).collect();
        assert!(totals.is_sorted_by(|before, after| before >= after), "partition {partition}: {totals:?}");
        assert!(runs.iter().all(|run| run.absorbed_rows == 0 || run.total_rows.is_some()), "{runs:?}");
        let first_rate = runs.iter().position(|run| run.rows_per_second.is_some());
        let first_row = runs.iter().position(|run| run.absorbed_rows > 0);
        assert!(first_rate.is_some() && first_rate > first_row, "partition {partition}: {runs:?}");
        let last = runs.last().unwrap();
        assert_eq!((last.total_rows, last.rows_per_second), (Some(last.absorbed_rows), None));
        absorbed += last.absorbed_rows;
    }
    assert_eq!(absorbed, ROWS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_fast_it_is_becomes_unknown_when_the_history_is_away() {
    let now = at("2026-01-01T00:00:00Z");
    let all = |config: &mut Config| config.owner.history_readers = usize::from(PARTITIONS);
    let rig = Rig::configured(TestClock::standing(now), all).await;
    rig.send(views(&mut Shop::default(), now)).await;
    rig.settle().await;
    rig.warehouse.page_ms.store(40, Ordering::SeqCst);
    rig.define(1, &[VIEWED_3]);
    let rated = |run: Option<BackfillRun>| run.is_some_and(|run| run.rows_per_second.is_some());
    rig.until("a rate is known", |status| rated(status.backfill)).await;
    rig.warehouse.away.store(true, Ordering::SeqCst);
    rig.until("nothing moves", |status| status.absorbing.is_some() && !rated(status.backfill)).await;
    rig.warehouse.page_ms.store(0, Ordering::SeqCst);
    rig.warehouse.away.store(false, Ordering::SeqCst);
    rig.until("the definitions are in force", |status| status.generation == Generation(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_that_cannot_be_read_fails_the_new_definitions_and_nothing_else() {
    let now = at("2026-01-01T00:00:00Z");
    let mut rig = Rig::configured(TestClock::standing(now), |config| config.owner.history_retry_ms = 3_600_000).await;
    rig.define_and_wait(1, &["activity_type = 'product_purchased'"]).await;
    let mut shop = Shop::default();
    rig.send(views(&mut shop, now)).await;
    rig.settle().await;
    rig.warehouse.damaged.store(true, Ordering::SeqCst);
    let clauses = ["activity_type = 'product_purchased'", VIEWED_3];
    rig.define(2, &clauses);
    let failed = |to| {
        move |status: &schema::PartitionStatus| {
            let is_named = |failure: &schema::BackfillFailure| {
                failure.to == Generation(to) && failure.reason == "the warehouse is damaged: a row by the test"
            };
            status.generation == Generation(1)
                && status.absorbing.is_none()
                && status.failure.as_ref().is_some_and(is_named)
        }
    };
    rig.until("every partition says that it failed", failed(2)).await;
    assert!(rig.metric("segmenter_backfill_failures_total").await >= f64::from(PARTITIONS));

    // Live traffic goes on by what was there before, and what was begun for the others is forgotten.
    rig.send((1..=USERS).map(|user| shop.event(user, "product_purchased", now)).collect()).await;
    rig.settle().await;
    let changes = rig.changes().await;
    assert_eq!((members(&changes, 1).len(), members(&changes, 2).len()), (USERS as usize, 0));

    // Definitions that need none of the history take over; such as need it fail as well.
    rig.define(3, &["activity_type = 'product_purchased'", "", VIEWED_3]);
    rig.until("the next ones failed", failed(3)).await;
    rig.define_and_wait(4, &["activity_type = 'product_purchased'"]).await;
    assert!(rig.statuses().await.iter().all(|status| status.failure.is_none()));
    // A restart changes nothing of it, and when the history is whole again, everybody is where they belong.
    rig.define(5, &clauses);
    rig.until("they failed again", |status| status.failure.is_some()).await;
    rig.stop().await.expect("a clean end");
    rig.start().await;
    rig.until("they failed after a restart", |status| status.failure.is_some()).await;
    rig.warehouse.damaged.store(false, Ordering::SeqCst);
    rig.define_and_wait(6, &clauses).await;
    rig.settle().await;
    let changes = rig.changes().await;
    assert_eq!((members(&changes, 1).len(), members(&changes, 2).len()), (USERS as usize, USERS as usize));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_that_was_mended_is_read_without_anybody_asking() {
    let now = at("2026-01-01T00:00:00Z");
    let rig = Rig::configured(TestClock::standing(now), |config| config.owner.history_retry_ms = 20).await;
    rig.send(views(&mut Shop::default(), now)).await;
    rig.settle().await;
    rig.warehouse.damaged.store(true, Ordering::SeqCst);
    rig.define(1, &[VIEWED_3]);
    rig.until("every partition says that it failed", |status| status.failure.is_some()).await;
    rig.warehouse.damaged.store(false, Ordering::SeqCst);
    let live = |status: &schema::PartitionStatus| status.generation == Generation(1) && status.failure.is_none();
    rig.until("it is live", live).await;
    assert_eq!(members(&rig.changes().await, 1).len(), USERS as usize);
}
