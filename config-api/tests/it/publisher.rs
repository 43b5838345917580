//! Stands where the segmenter stands: owns all partitions, commits changes, reports how far it is.

use std::collections::{BTreeMap, BTreeSet};

use bus::embedded::EmbeddedLog;
use bus::{Ownership, OwnershipChange, PartitionCommit, PartitionOwner};
use schema::{
    BackfillRun, Cause, Generation, Offset, PartitionId, PartitionStatus, SegmentChange, SegmentId, Timestamp, UserId,
    partition_of,
};

use crate::app::PARTITIONS;

struct Owned {
    owner: Box<dyn PartitionOwner>,
    changes_end: Offset,
    next_offset: Offset,
}

pub(crate) struct Publisher {
    partitions: Vec<Owned>,
    /// What the changes published so far add up to.
    pub(crate) members: BTreeMap<UserId, BTreeSet<SegmentId>>,
    seqs: BTreeMap<UserId, u64>,
    clock: i64,
}

impl Publisher {
    pub(crate) async fn own(log: &EmbeddedLog) -> Self {
        let mut ownership = log.ownership();
        let mut partitions = Vec::new();
        for _ in 0..PARTITIONS {
            let Some(OwnershipChange::Assigned(mut owner)) = ownership.next().await.unwrap() else {
                panic!("a partition was not assigned");
            };
            let restored = owner.restore(&mut |_, _| {}).await.unwrap();
            partitions.push(Owned { owner, changes_end: restored.changes_end, next_offset: restored.next_offset });
        }
        Self { partitions, members: BTreeMap::new(), seqs: BTreeMap::new(), clock: 1_700_000_000_000_000 }
    }

    /// Lets go of the log; what was published stays in mind.
    pub(crate) fn release(&mut self) {
        self.partitions.clear();
    }

    /// Owns the partitions of an app that was started again.
    pub(crate) async fn reclaim(&mut self, log: &EmbeddedLog) {
        self.partitions = Self::own(log).await.partitions;
    }

    /// Makes the change that puts a user into exactly these segments.
    pub(crate) fn change(&mut self, user_id: UserId, segments: &[i64]) -> SegmentChange {
        let after: BTreeSet<_> = segments.iter().copied().map(SegmentId).collect();
        let before = self.members.insert(user_id, after.clone()).unwrap_or_default();
        let seq = self.seqs.entry(user_id).or_default();
        *seq += 1;
        self.clock += 1;
        SegmentChange {
            user_id,
            in_segments: after.difference(&before).copied().collect(),
            out_segments: before.difference(&after).copied().collect(),
            segments: after.into_iter().collect(),
            seq: *seq,
            cause: Cause::Time,
            definition_versions: BTreeMap::new(),
            evaluated_at: Timestamp::from_micros(self.clock),
        }
    }

    /// Publishes changes, one commit per partition, in order.
    pub(crate) async fn publish(&mut self, changes: Vec<SegmentChange>) {
        let mut by_partition: BTreeMap<PartitionId, Vec<SegmentChange>> = BTreeMap::new();
        for change in changes {
            by_partition.entry(partition_of(change.user_id, PARTITIONS)).or_default().push(change);
        }
        for (partition, changes) in by_partition {
            let owned = &mut self.partitions[usize::from(partition.0)];
            owned.changes_end += changes.len() as u64;
            let commit = PartitionCommit { next_offset: owned.next_offset, changes, ..PartitionCommit::default() };
            owned.owner.commit(commit).await.unwrap();
        }
    }

    /// Puts a user into exactly these segments.
    pub(crate) async fn put(&mut self, user_id: i64, segments: &[i64]) {
        let change = self.change(UserId(user_id), segments);
        self.publish(vec![change]).await;
    }

    /// Says of every partition that it is exact up to `as_of` and decides by `generation`.
    pub(crate) fn report(&mut self, as_of: Timestamp, generation: u64) {
        self.report_some(usize::MAX, as_of, generation, None);
    }

    /// Says so of the first `count` partitions; they absorb `absorbing`.
    pub(crate) fn report_some(&mut self, count: usize, as_of: Timestamp, generation: u64, absorbing: Option<u64>) {
        for owned in self.partitions.iter_mut().take(count) {
            let status = PartitionStatus {
                partition: owned.owner.partition(),
                as_of,
                next_offset: owned.next_offset,
                changes_end: owned.changes_end,
                generation: Generation(generation),
                absorbing: absorbing.map(Generation),
                backfill: None,
                failure: None,
                users: 0,
            };
            owned.owner.report(status);
        }
    }

    /// Says of each partition which backfill it is on, or which ended there: that is so if it has no rate
    /// and as many rows as there are.
    pub(crate) fn report_backfills(&mut self, as_of: Timestamp, runs: [BackfillRun; PARTITIONS as usize]) {
        for (owned, run) in self.partitions.iter_mut().zip(runs) {
            let ended = run.total_rows == Some(run.absorbed_rows) && run.rows_per_second.is_none();
            let status = PartitionStatus {
                partition: owned.owner.partition(),
                as_of,
                next_offset: owned.next_offset,
                changes_end: owned.changes_end,
                generation: if ended { run.to } else { run.from },
                absorbing: (!ended).then_some(run.to),
                backfill: Some(run),
                failure: None,
                users: 0,
            };
            owned.owner.report(status);
        }
    }
}

/// Numbers that look random and are the same for a seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, bound: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// Returns a seed and prints it: a failing test can be run again with it.
pub(crate) fn seed() -> u64 {
    let seed = std::env::var("SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(|| {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        since_epoch.as_nanos() as u64
    });
    println!("SEED={seed}");
    seed
}
