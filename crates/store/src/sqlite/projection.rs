//! Writing the projection: read the rows of the users concerned, fold, write the difference.

use std::collections::{BTreeMap, HashMap, HashSet};

use schema::{Offset, PartitionId, SegmentId, Timestamp, UserId};
use sqlx::QueryBuilder;
use sqlx::sqlite::{Sqlite, SqliteConnection};

use super::SqliteStore;
use crate::fold::{Difference, UserRows, fold};
use crate::sql_error::damaged;
use crate::{ProjectionBatch, StoreError};

/// Rows per statement: four parameters each stay far below the 32,766 that SQLite takes.
const ROWS_PER_STATEMENT: usize = 1_000;

impl SqliteStore {
    pub(super) async fn write_projection(&self, batches: &[ProjectionBatch]) -> Result<Vec<Offset>, StoreError> {
        let mut transaction = self.begin_relaxed().await?;
        let connection = transaction.connection();
        let mut positions = select_positions(connection).await?;
        let mut moved = BTreeMap::new();
        let mut continuing = Vec::new();
        for batch in batches {
            let position = positions.entry(batch.partition).or_default();
            if *position == batch.from {
                *position = batch.next;
                moved.insert(batch.partition, batch.next);
                continuing.push(batch);
            }
        }
        let changes = || continuing.iter().flat_map(|batch| &batch.changes);
        let user_ids: HashSet<UserId> = changes().map(|change| change.user_id).collect();
        let before = select_rows(connection, &Vec::from_iter(user_ids)).await?;
        write(connection, &fold(&before, changes())).await?;
        upsert_positions(connection, &Vec::from_iter(moved)).await?;
        transaction.commit().await?;
        Ok(batches.iter().map(|batch| positions.get(&batch.partition).copied().unwrap_or_default()).collect())
    }
}

pub(super) async fn select_positions(
    connection: &mut SqliteConnection,
) -> Result<BTreeMap<PartitionId, Offset>, StoreError> {
    let rows: Vec<(i64, i64)> =
        sqlx::query_as("SELECT log_partition, next_offset FROM projection_positions").fetch_all(connection).await?;
    let position = |(partition, next): (i64, i64)| {
        let partition = u16::try_from(partition).map_err(|_| damaged("log partition", partition))?;
        Ok((PartitionId(partition), next.cast_unsigned()))
    };
    rows.into_iter().map(position).collect()
}

async fn upsert_positions(
    connection: &mut SqliteConnection,
    positions: &[(PartitionId, Offset)],
) -> Result<(), StoreError> {
    for chunk in positions.chunks(ROWS_PER_STATEMENT) {
        let mut query = QueryBuilder::new("INSERT INTO projection_positions (log_partition, next_offset) ");
        query.push_values(chunk, |mut row, (partition, next)| {
            row.push_bind(i64::from(partition.0)).push_bind(next.cast_signed());
        });
        query.push(" ON CONFLICT (log_partition) DO UPDATE SET next_offset = excluded.next_offset");
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

async fn select_rows(
    connection: &mut SqliteConnection,
    user_ids: &[UserId],
) -> Result<HashMap<UserId, UserRows>, StoreError> {
    let mut rows: HashMap<UserId, UserRows> = HashMap::with_capacity(user_ids.len());
    for chunk in user_ids.chunks(ROWS_PER_STATEMENT) {
        let mut query = with_users("SELECT user_id, seq FROM membership_seqs WHERE user_id IN (", chunk);
        let seqs: Vec<(i64, i64)> = query.build_query_as().fetch_all(&mut *connection).await?;
        for (user_id, seq) in seqs {
            rows.entry(UserId(user_id)).or_default().seq = seq.cast_unsigned();
        }
        let mut query = with_users("SELECT user_id, segment_id, since FROM memberships WHERE user_id IN (", chunk);
        let members: Vec<(i64, i64, i64)> = query.build_query_as().fetch_all(&mut *connection).await?;
        for (user_id, segment_id, since) in members {
            let since = Timestamp::from_micros(since);
            rows.entry(UserId(user_id)).or_default().since.insert(SegmentId(segment_id), since);
        }
    }
    Ok(rows)
}

fn with_users(statement: &'static str, user_ids: &[UserId]) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(statement);
    let mut list = query.separated(", ");
    for user_id in user_ids {
        list.push_bind(user_id.0);
    }
    list.push_unseparated(")");
    query
}

async fn write(connection: &mut SqliteConnection, difference: &Difference) -> Result<(), StoreError> {
    delete_memberships(connection, &difference.removed).await?;
    insert_memberships(connection, &difference.inserted).await?;
    upsert_seqs(connection, &difference.seqs).await?;
    for erased in difference.erased.chunks(ROWS_PER_STATEMENT) {
        with_users("DELETE FROM membership_seqs WHERE user_id IN (", erased).build().execute(&mut *connection).await?;
    }
    upsert_sizes(connection, &Vec::from_iter(&difference.sizes)).await?;
    upsert_flows(connection, &Vec::from_iter(&difference.flows)).await
}

async fn delete_memberships(
    connection: &mut SqliteConnection,
    removed: &[(SegmentId, UserId)],
) -> Result<(), StoreError> {
    for chunk in removed.chunks(ROWS_PER_STATEMENT) {
        let mut query = QueryBuilder::new("DELETE FROM memberships WHERE (segment_id, user_id) IN (");
        query.push_values(chunk, |mut row, (segment_id, user_id)| {
            row.push_bind(segment_id.0).push_bind(user_id.0);
        });
        query.push(")").build().execute(&mut *connection).await?;
    }
    Ok(())
}

async fn insert_memberships(
    connection: &mut SqliteConnection,
    inserted: &[(SegmentId, UserId, Timestamp)],
) -> Result<(), StoreError> {
    for chunk in inserted.chunks(ROWS_PER_STATEMENT) {
        let mut query = QueryBuilder::new("INSERT INTO memberships (segment_id, user_id, since) ");
        query.push_values(chunk, |mut row, (segment_id, user_id, since)| {
            row.push_bind(segment_id.0).push_bind(user_id.0).push_bind(since.as_micros());
        });
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

async fn upsert_seqs(connection: &mut SqliteConnection, seqs: &[(UserId, u64)]) -> Result<(), StoreError> {
    for chunk in seqs.chunks(ROWS_PER_STATEMENT) {
        let mut query = QueryBuilder::new("INSERT INTO membership_seqs (user_id, seq) ");
        query.push_values(chunk, |mut row, (user_id, seq)| {
            row.push_bind(user_id.0).push_bind(seq.cast_signed());
        });
        query.push(" ON CONFLICT (user_id) DO UPDATE SET seq = excluded.seq");
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

async fn upsert_sizes(connection: &mut SqliteConnection, sizes: &[(&SegmentId, &i64)]) -> Result<(), StoreError> {
    for chunk in sizes.chunks(ROWS_PER_STATEMENT) {
        let mut query = QueryBuilder::new("INSERT INTO segment_sizes (segment_id, user_count) ");
        query.push_values(chunk, |mut row, (segment_id, by)| {
            row.push_bind(segment_id.0).push_bind(**by);
        });
        query.push(
            " ON CONFLICT (segment_id) DO UPDATE SET user_count = segment_sizes.user_count + excluded.user_count",
        );
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

type FlowRow<'a> = (&'a (SegmentId, Timestamp), &'a (u64, u64));

async fn upsert_flows(connection: &mut SqliteConnection, flows: &[FlowRow<'_>]) -> Result<(), StoreError> {
    for chunk in flows.chunks(ROWS_PER_STATEMENT) {
        let mut query = QueryBuilder::new("INSERT INTO segment_flows (segment_id, interval_start, entered, exited) ");
        query.push_values(chunk, |mut row, ((segment_id, start), (entered, exited))| {
            row.push_bind(segment_id.0)
                .push_bind(start.as_micros())
                .push_bind(entered.cast_signed())
                .push_bind(exited.cast_signed());
        });
        query.push(
            " ON CONFLICT (segment_id, interval_start) DO UPDATE SET \
             entered = segment_flows.entered + excluded.entered, exited = segment_flows.exited + excluded.exited",
        );
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}
