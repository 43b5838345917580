//! How fast identities resolve and changes project; run by hand: `cargo test -p store --test speed -- --ignored --nocapture`.

use std::collections::BTreeMap;
use std::time::Instant;

use schema::{Cause, Identity, IdentityKind, PartitionId, SegmentChange, SegmentId, Timestamp, UserId};
use store::sqlite::SqliteStore;
use store::{MembershipStore, ProjectionBatch, UserStore};

const IDENTITIES: usize = 100_000;
const BATCH: usize = 1_000;

#[tokio::test]
#[ignore = "a measurement, not a test"]
async fn rates() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path().join("shoal.sqlite")).await.unwrap();
    let identities: Vec<_> =
        (0..IDENTITIES).map(|n| Identity { kind: IdentityKind::Cookie, value: format!("cookie-{n:036}") }).collect();
    for (name, create) in [("create", true), ("look up", false)] {
        let started = Instant::now();
        for chunk in identities.chunks(BATCH) {
            store.resolve_identities(chunk, create).await.unwrap();
        }
        println!("{name}: {:.0} identities/s", IDENTITIES as f64 / started.elapsed().as_secs_f64());
    }
    let changes: Vec<_> = (0..IDENTITIES as i64).map(enters).collect();
    let started = Instant::now();
    for (number, chunk) in changes.chunks(BATCH).enumerate() {
        let from = (number * BATCH) as u64;
        let next = from + chunk.len() as u64;
        let batch = ProjectionBatch { partition: PartitionId(0), from, next, changes: chunk.to_vec() };
        store.project(&[batch]).await.unwrap();
    }
    println!("project: {:.0} changes/s", IDENTITIES as f64 / started.elapsed().as_secs_f64());
    let started = Instant::now();
    for number in 0..200 {
        let from = IDENTITIES as u64 + number;
        let change = SegmentChange { seq: 2 + number, ..enters(7) };
        let batch = ProjectionBatch { partition: PartitionId(0), from, next: from + 1, changes: vec![change] };
        store.project(&[batch]).await.unwrap();
    }
    println!("project one: {:.0} us", started.elapsed().as_micros() as f64 / 200.0);
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
