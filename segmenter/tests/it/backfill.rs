//! What partitions say of their way through the history while they are on it.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use schema::{BackfillRun, Event, Generation, PartitionId};
use segmenter::Config;

use crate::rig::{PARTITIONS, Rig, Shop, TestClock, at, eventually};

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
