//! How fast identities resolve and changes project; run by hand:
//! `cargo test -p store --features postgres --test speed -- --ignored --nocapture --test-threads 1`.

#![expect(clippy::print_stdout, reason = "its figures are what it is for")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use schema::{Cause, Identity, IdentityKind, PartitionId, SegmentChange, SegmentId, Timestamp, UserId};
use store::sqlite::SqliteStore;
use store::{ProjectionBatch, Store, StoreError};
use tokio::task::JoinSet;

const IDENTITIES: usize = 200_000;
/// What the ingestion API asks for at once at most.
const BATCH: usize = 5_000;
const CHANGES: i64 = 100_000;
const CHANGES_PER_STRETCH: usize = 500;

#[tokio::test]
#[ignore = "a measurement, not a test"]
async fn rates_of_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path().join("shoal.sqlite")).await.unwrap();
    measure(&[Arc::new(store)]).await.unwrap();
}

/// On a server that syncs every commit; by one process, then by two at the same time.
#[cfg(feature = "postgres")]
#[tokio::test]
#[ignore = "a measurement, not a test"]
async fn rates_of_postgres() {
    use store::postgres::{PostgresOptions, PostgresStore};
    use testkit::servers::{Postgres, PostgresSettings, or_not_run};

    let settings = PostgresSettings { configuration: "fsync = on\nfull_page_writes = on", ..Default::default() };
    let Some(server) = or_not_run(Postgres::start(&settings)) else { return };
    for processes in [1, 2] {
        let options = PostgresOptions::new(server.database());
        let mut stores: Vec<Arc<dyn Store>> = Vec::new();
        for _ in 0..processes {
            stores.push(Arc::new(PostgresStore::open(&options).await.unwrap()));
        }
        measure(&stores).await.unwrap();
    }
}

async fn measure(stores: &[Arc<dyn Store>]) -> Result<(), StoreError> {
    println!("processes: {}", stores.len());
    let identities: Vec<_> =
        (0..IDENTITIES).map(|n| Identity { kind: IdentityKind::Cookie, value: format!("cookie-{n:036}") }).collect();
    for (name, create) in [("new", true), ("known", false)] {
        let batches = identities.chunks(BATCH).map(<[Identity]>::to_vec).collect();
        let started = Instant::now();
        on_all(stores, batches, move |store, batch| async move {
            store.resolve_identities(&batch, create).await.map(|_| ())
        })
        .await?;
        println!("  {name}: {:.0} identities/s", IDENTITIES as f64 / started.elapsed().as_secs_f64());
    }
    let started = Instant::now();
    on_all(stores, stretches(stores.len() as i64), |store, batches: Vec<ProjectionBatch>| async move {
        for batch in batches {
            store.project(&[batch]).await?;
        }
        Ok(())
    })
    .await?;
    println!("  project: {:.0} changes/s", CHANGES as f64 / started.elapsed().as_secs_f64());
    let started = Instant::now();
    for number in 0..200 {
        let batch = ProjectionBatch {
            partition: PartitionId(99),
            from: number,
            next: number + 1,
            changes: vec![SegmentChange { seq: 1 + number, ..enters(-7) }],
        };
        stores[0].project(&[batch]).await?;
    }
    println!("  project one: {:.0} µs", started.elapsed().as_micros() as f64 / 200.0);
    let started = Instant::now();
    for identity in identities.iter().take(500) {
        stores[0].resolve_identities(std::slice::from_ref(identity), false).await?;
    }
    println!("  look one up: {:.0} µs", started.elapsed().as_micros() as f64 / 500.0);
    Ok(())
}

/// Gives every store its share of the work, and waits for all of them.
async fn on_all<W, F>(
    stores: &[Arc<dyn Store>],
    work: Vec<W>,
    each: impl Fn(Arc<dyn Store>, W) -> F + Copy + Send + 'static,
) -> Result<(), StoreError>
where
    W: Send + 'static,
    F: Future<Output = Result<(), StoreError>> + Send,
{
    let mut shares: Vec<Vec<W>> = stores.iter().map(|_| Vec::new()).collect();
    for (number, work) in work.into_iter().enumerate() {
        shares[number % stores.len()].push(work);
    }
    let mut tasks = JoinSet::new();
    for (store, share) in stores.iter().cloned().zip(shares) {
        tasks.spawn(async move {
            for work in share {
                each(store.clone(), work).await?;
            }
            Ok(())
        });
    }
    tasks.join_all().await.into_iter().collect()
}

/// Stretches of as many partitions as there are processes, a list for each.
fn stretches(partitions: i64) -> Vec<Vec<ProjectionBatch>> {
    let of = |partition: i64| {
        let changes: Vec<_> = (0..CHANGES).filter(|user| user % partitions == partition).map(enters).collect();
        let stretch = |(number, changes): (usize, &[SegmentChange])| {
            let from = (number * CHANGES_PER_STRETCH) as u64;
            let next = from + changes.len() as u64;
            ProjectionBatch { partition: PartitionId(partition as u16), from, next, changes: changes.to_vec() }
        };
        changes.chunks(CHANGES_PER_STRETCH).enumerate().map(stretch).collect()
    };
    (0..partitions).map(of).collect()
}

fn enters(user: i64) -> SegmentChange {
    SegmentChange {
        user_id: UserId(user + 1),
        in_segments: vec![SegmentId(1), SegmentId(2)],
        out_segments: Vec::new(),
        segments: vec![SegmentId(1), SegmentId(2)],
        seq: 1,
        cause: Cause::Time,
        definition_versions: BTreeMap::new(),
        evaluated_at: Timestamp::from_micros(user),
    }
}
