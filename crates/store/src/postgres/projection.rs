//! Writing the projection: read the rows of the users concerned, fold, write the difference.
//!
//! Several processes may project; the rows of the positions, locked first, say who is ahead. A
//! user's changes lie in one partition, so that transactions on different partitions share nothing
//! but the counters: those are kept in several rows per segment, by partition, and summed when read.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use schema::{Offset, PartitionId, SegmentChange, SegmentId, Timestamp, UserId};

use super::{Connection, PostgresStore};
use crate::fold::{Difference, UserRows, fold};
use crate::sql_error::damaged;
use crate::{ProjectionBatch, StoreError};

/// Rows per segment that count its members, and per interval its flow. Partitions that differ by a
/// multiple of it share one.
const BUCKETS: u16 = 16;
/// How long all of it may take, so that a server that vanished without a word is noticed; the server
/// itself ends single statements much sooner.
const DEADLINE: Duration = Duration::from_secs(60);

impl PostgresStore {
    pub(super) async fn write_projection(&self, batches: &[ProjectionBatch]) -> Result<Vec<Offset>, StoreError> {
        match tokio::time::timeout(DEADLINE, self.project_all(batches)).await {
            Ok(positions) => positions,
            Err(_) => Err(StoreError::Unavailable("the server did not answer in time".to_owned())),
        }
    }

    async fn project_all(&self, batches: &[ProjectionBatch]) -> Result<Vec<Offset>, StoreError> {
        let mut transaction = self.begin_durable().await?;
        let connection = transaction.connection();
        let mut positions = lock_positions(connection, batches).await?;
        let mut continuing: BTreeMap<PartitionId, Vec<&SegmentChange>> = BTreeMap::new();
        for batch in batches {
            let position = positions.entry(batch.partition).or_default();
            if *position == batch.from {
                *position = batch.next;
                continuing.entry(batch.partition).or_default().extend(&batch.changes);
            }
        }
        if !continuing.is_empty() {
            write(connection, &continuing).await?;
            let moved = continuing.keys().filter_map(|partition| Some((*partition, *positions.get(partition)?)));
            update_positions(connection, moved).await?;
            transaction.commit().await?;
        }
        Ok(batches.iter().map(|batch| positions.get(&batch.partition).copied().unwrap_or_default()).collect())
    }
}

pub(super) async fn select_positions(connection: &mut Connection) -> Result<BTreeMap<PartitionId, Offset>, StoreError> {
    let rows: Vec<(i64, i64)> =
        sqlx::query_as("SELECT log_partition, next_offset FROM projection_positions").fetch_all(connection).await?;
    rows.into_iter().map(position).collect()
}

/// Locks the positions of these partitions, in their order, and returns them; missing ones are made.
async fn lock_positions(
    connection: &mut Connection,
    batches: &[ProjectionBatch],
) -> Result<BTreeMap<PartitionId, Offset>, StoreError> {
    let partitions: Vec<i64> = batches.iter().map(|batch| i64::from(batch.partition.0)).collect();
    let known = "SELECT log_partition, next_offset FROM projection_positions WHERE log_partition = ANY($1) \
         ORDER BY log_partition FOR UPDATE";
    let mut rows: Vec<(i64, i64)> = sqlx::query_as(known).bind(&partitions).fetch_all(&mut *connection).await?;
    if rows.len() < HashSet::<_>::from_iter(&partitions).len() {
        sqlx::query(
            "INSERT INTO projection_positions (log_partition, next_offset) \
             SELECT DISTINCT p, 0 FROM UNNEST($1::bigint[]) AS p ORDER BY p ON CONFLICT DO NOTHING",
        )
        .bind(&partitions)
        .execute(&mut *connection)
        .await?;
        rows = sqlx::query_as(known).bind(&partitions).fetch_all(connection).await?;
    }
    rows.into_iter().map(position).collect()
}

fn position((partition, next): (i64, i64)) -> Result<(PartitionId, Offset), StoreError> {
    let partition = u16::try_from(partition).map_err(|_| damaged("log partition", partition))?;
    Ok((PartitionId(partition), next.cast_unsigned()))
}

async fn update_positions(
    connection: &mut Connection,
    positions: impl Iterator<Item = (PartitionId, Offset)>,
) -> Result<(), StoreError> {
    let (partitions, nexts): (Vec<i64>, Vec<i64>) =
        positions.map(|(partition, next)| (i64::from(partition.0), next.cast_signed())).unzip();
    sqlx::query(
        "UPDATE projection_positions p SET next_offset = m.next_offset \
         FROM UNNEST($1::bigint[], $2::bigint[]) AS m (log_partition, next_offset) \
         WHERE p.log_partition = m.log_partition",
    )
    .bind(partitions)
    .bind(nexts)
    .execute(connection)
    .await?;
    Ok(())
}

async fn write(
    connection: &mut Connection,
    changes: &BTreeMap<PartitionId, Vec<&SegmentChange>>,
) -> Result<(), StoreError> {
    let user_ids: HashSet<UserId> = changes.values().flatten().map(|change| change.user_id).collect();
    let before = select_rows(connection, &Vec::from_iter(user_ids.into_iter().map(|user_id| user_id.0))).await?;
    let mut counters = Counters::default();
    for (partition, changes) in changes {
        let difference = fold(&before, changes.iter().copied());
        write_rows(connection, &difference).await?;
        counters.add(partition.0 % BUCKETS, &difference);
    }
    // After all rows, and in the order of their keys: the only rows for which others wait.
    counters.write(connection).await
}

async fn select_rows(connection: &mut Connection, user_ids: &[i64]) -> Result<HashMap<UserId, UserRows>, StoreError> {
    let mut rows: HashMap<UserId, UserRows> = HashMap::with_capacity(user_ids.len());
    let seqs: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT s.user_id, s.seq FROM UNNEST($1::bigint[]) AS u (user_id) \
         JOIN membership_seqs s ON s.user_id = u.user_id",
    )
    .bind(user_ids)
    .fetch_all(&mut *connection)
    .await?;
    for (user_id, seq) in seqs {
        rows.entry(UserId(user_id)).or_default().seq = seq.cast_unsigned();
    }
    let members: Vec<(i64, i64, i64)> = sqlx::query_as(
        "SELECT m.user_id, m.segment_id, m.since FROM UNNEST($1::bigint[]) AS u (user_id) \
         JOIN memberships m ON m.user_id = u.user_id",
    )
    .bind(user_ids)
    .fetch_all(connection)
    .await?;
    for (user_id, segment_id, since) in members {
        let since = Timestamp::from_micros(since);
        rows.entry(UserId(user_id)).or_default().since.insert(SegmentId(segment_id), since);
    }
    Ok(rows)
}

async fn write_rows(connection: &mut Connection, difference: &Difference) -> Result<(), StoreError> {
    let Difference { removed, inserted, seqs, erased, .. } = difference;
    if !removed.is_empty() {
        let (segment_ids, user_ids): (Vec<i64>, Vec<i64>) = removed.iter().map(|(s, u)| (s.0, u.0)).unzip();
        sqlx::query(
            "DELETE FROM memberships m USING UNNEST($1::bigint[], $2::bigint[]) AS r (user_id, segment_id) \
             WHERE m.user_id = r.user_id AND m.segment_id = r.segment_id",
        )
        .bind(user_ids)
        .bind(segment_ids)
        .execute(&mut *connection)
        .await?;
    }
    if !inserted.is_empty() {
        let user_ids: Vec<i64> = inserted.iter().map(|(_, user_id, _)| user_id.0).collect();
        let segment_ids: Vec<i64> = inserted.iter().map(|(segment_id, ..)| segment_id.0).collect();
        let since: Vec<i64> = inserted.iter().map(|(.., since)| since.as_micros()).collect();
        sqlx::query(
            "INSERT INTO memberships (user_id, segment_id, since) \
             SELECT * FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[])",
        )
        .bind(user_ids)
        .bind(segment_ids)
        .bind(since)
        .execute(&mut *connection)
        .await?;
    }
    upsert_seqs(connection, seqs).await?;
    if !erased.is_empty() {
        let erased: Vec<i64> = erased.iter().map(|user_id| user_id.0).collect();
        sqlx::query("DELETE FROM membership_seqs WHERE user_id = ANY($1)").bind(erased).execute(connection).await?;
    }
    Ok(())
}

async fn upsert_seqs(connection: &mut Connection, seqs: &[(UserId, u64)]) -> Result<(), StoreError> {
    if seqs.is_empty() {
        return Ok(());
    }
    let (user_ids, seqs): (Vec<i64>, Vec<i64>) =
        seqs.iter().map(|(user_id, seq)| (user_id.0, seq.cast_signed())).unzip();
    sqlx::query(
        "INSERT INTO membership_seqs (user_id, seq) SELECT * FROM UNNEST($1::bigint[], $2::bigint[]) \
         ON CONFLICT (user_id) DO UPDATE SET seq = excluded.seq",
    )
    .bind(user_ids)
    .bind(seqs)
    .execute(connection)
    .await?;
    Ok(())
}

/// What is added to the counters, in the order of their keys.
#[derive(Default)]
struct Counters {
    sizes: BTreeMap<(SegmentId, u16), i64>,
    flows: BTreeMap<(SegmentId, Timestamp, u16), (i64, i64)>,
}

impl Counters {
    fn add(&mut self, bucket: u16, difference: &Difference) {
        for (segment_id, by) in &difference.sizes {
            *self.sizes.entry((*segment_id, bucket)).or_default() += by;
        }
        for ((segment_id, start), (entered, exited)) in &difference.flows {
            let flow = self.flows.entry((*segment_id, *start, bucket)).or_default();
            flow.0 += entered.cast_signed();
            flow.1 += exited.cast_signed();
        }
    }

    async fn write(mut self, connection: &mut Connection) -> Result<(), StoreError> {
        self.sizes.retain(|_, by| *by != 0);
        self.upsert_sizes(connection).await?;
        self.upsert_flows(connection).await
    }

    async fn upsert_sizes(&self, connection: &mut Connection) -> Result<(), StoreError> {
        if self.sizes.is_empty() {
            return Ok(());
        }
        let keys = self.sizes.keys();
        let (segment_ids, buckets): (Vec<i64>, Vec<i16>) =
            keys.map(|(id, bucket)| (id.0, bucket.cast_signed())).unzip();
        sqlx::query(
            "INSERT INTO segment_sizes AS s (segment_id, bucket, user_count) \
             SELECT * FROM UNNEST($1::bigint[], $2::smallint[], $3::bigint[]) \
             ON CONFLICT (segment_id, bucket) DO UPDATE SET user_count = s.user_count + excluded.user_count",
        )
        .bind(segment_ids)
        .bind(buckets)
        .bind(Vec::from_iter(self.sizes.values().copied()))
        .execute(connection)
        .await?;
        Ok(())
    }

    async fn upsert_flows(&self, connection: &mut Connection) -> Result<(), StoreError> {
        if self.flows.is_empty() {
            return Ok(());
        }
        let keys = || self.flows.keys();
        let (entered, exited): (Vec<i64>, Vec<i64>) = self.flows.values().copied().unzip();
        sqlx::query(
            "INSERT INTO segment_flows AS f (segment_id, interval_start, bucket, entered, exited) \
             SELECT * FROM UNNEST($1::bigint[], $2::bigint[], $3::smallint[], $4::bigint[], $5::bigint[]) \
             ON CONFLICT (segment_id, interval_start, bucket) DO UPDATE SET \
             entered = f.entered + excluded.entered, exited = f.exited + excluded.exited",
        )
        .bind(keys().map(|(segment_id, ..)| segment_id.0).collect::<Vec<_>>())
        .bind(keys().map(|(_, start, _)| start.as_micros()).collect::<Vec<_>>())
        .bind(keys().map(|(.., bucket)| bucket.cast_signed()).collect::<Vec<_>>())
        .bind(entered)
        .bind(exited)
        .execute(connection)
        .await?;
        Ok(())
    }
}
