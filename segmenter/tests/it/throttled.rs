//! History never goes before live traffic.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use schema::{Generation, UserId};

use crate::rig::{PARTITIONS, Rig, Shop, TestClock, at, eventually, members};

const BUYERS: &str = "activity_type = 'product_purchased'";
const VIEWED_3: &str = "count(*) FILTER (WHERE activity_type = 'page_viewed') >= 3";
/// So many rows wait behind each other that no turn of the history ends for want of rows.
const PAGE: usize = 2_000;
const LIVE: i64 = 20;
/// All live events together: many times what they take, and a fraction of what they took if a turn of the history
/// were seconds long.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_that_comes_without_a_pause_leaves_live_traffic_its_turns() {
    let now = at("2026-01-01T00:00:00Z");
    let rig = Rig::configured(TestClock::standing(now), |config| {
        config.owner.history_rows = PAGE;
        config.owner.history_readers = usize::from(PARTITIONS);
    })
    .await;
    let mut shop = Shop::default();
    rig.define_and_wait(1, &[BUYERS]).await;
    rig.send((1..=300).map(|user| shop.event(user, "page_viewed", now)).collect()).await;
    rig.settle().await;
    rig.warehouse.endless.store(true, Ordering::SeqCst);
    rig.define(2, &[BUYERS, VIEWED_3]);
    let absorbed = |status: &schema::PartitionStatus| status.backfill.map_or(0, |run| run.absorbed_rows);
    rig.until("history is absorbed", |status| status.absorbing.is_some() && absorbed(status) > 0).await;
    let before = rig.statuses().await;
    // Each is sent when the one before it has made its change: it waits behind one turn of the history at least.
    let serving = async {
        for user in 1..=LIVE {
            rig.send(vec![shop.event(user, "product_purchased", now)]).await;
            eventually("the buyer is in", async || members(&rig.changes().await, 1).contains(&UserId(user))).await;
        }
    };
    tokio::time::timeout(PATIENCE, serving).await.expect("live events wait for history");
    rig.until("history went on meanwhile", |status| {
        absorbed(status) > absorbed(&before[usize::from(status.partition.0)])
    })
    .await;
    assert!(rig.statuses().await.iter().all(|status| status.generation == Generation(1)));
    rig.warehouse.endless.store(false, Ordering::SeqCst);
    rig.until("the definitions are in force", |status| status.generation == Generation(2)).await;
    assert_eq!(members(&rig.changes().await, 1), (1..=LIVE).map(UserId).collect::<BTreeSet<_>>());
}
