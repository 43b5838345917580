//! Look-ups in the projection.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use schema::{Offset, PartitionId, SegmentId, SegmentTag, Timestamp, UserId};
use sqlx::QueryBuilder;

use super::{Backend, projection};
use crate::sql_error::damaged;
use crate::{Flow, MembershipStore, ProjectionBatch, SegmentMember, StoreError, UserMembership, WrongSize};

#[async_trait]
impl MembershipStore for Backend {
    async fn project(&self, batches: &[ProjectionBatch]) -> Result<Vec<Offset>, StoreError> {
        self.write_projection(batches).await
    }

    async fn projection_positions(&self) -> Result<BTreeMap<PartitionId, Offset>, StoreError> {
        let mut reader = self.readers().acquire().await?;
        projection::select_positions(&mut reader).await
    }

    async fn segments_of_user(&self, user_id: UserId) -> Result<Vec<UserMembership>, StoreError> {
        let rows: Vec<(i64, String, String, i64)> = sqlx::query_as(
            "SELECT m.segment_id, s.tag, v.title, m.since FROM memberships m \
             JOIN segments s ON s.segment_id = m.segment_id AND s.archived_at IS NULL \
             JOIN segment_versions v ON v.segment_id = s.segment_id AND v.version = s.current_version \
             WHERE m.user_id = $1 ORDER BY m.segment_id",
        )
        .bind(user_id.0)
        .fetch_all(self.readers())
        .await?;
        let membership = |(segment_id, tag, title, since): (i64, String, String, i64)| {
            let tag = SegmentTag::new(&tag).ok_or_else(|| damaged("segment tag", &tag))?;
            let since = Timestamp::from_micros(since);
            Ok(UserMembership { segment_id: SegmentId(segment_id), tag, title, since })
        };
        rows.into_iter().map(membership).collect()
    }

    async fn members_of_segment(
        &self,
        segment_id: SegmentId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<SegmentMember>, StoreError> {
        let rows: Vec<(i64, i64)> = sqlx::query_as(
            "SELECT user_id, since FROM memberships WHERE segment_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3",
        )
        .bind(segment_id.0)
        .bind(after.map_or(0, |after| after.0))
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await?;
        let member =
            |(user_id, since)| SegmentMember { user_id: UserId(user_id), since: Timestamp::from_micros(since) };
        Ok(rows.into_iter().map(member).collect())
    }

    async fn segment_sizes(&self, segment_ids: &[SegmentId]) -> Result<Vec<u64>, StoreError> {
        if segment_ids.is_empty() {
            return Ok(Vec::new());
        }
        // A sum, because a backend may count in several rows.
        let mut query = QueryBuilder::new(
            "SELECT segment_id, CAST(SUM(user_count) AS BIGINT) FROM segment_sizes WHERE segment_id IN (",
        );
        let mut list = query.separated(", ");
        for segment_id in segment_ids {
            list.push_bind(segment_id.0);
        }
        list.push_unseparated(") GROUP BY segment_id");
        let rows: Vec<(i64, i64)> = query.build_query_as().fetch_all(self.readers()).await?;
        let sizes: HashMap<i64, i64> = rows.into_iter().collect();
        let size = |segment_id: &SegmentId| {
            let count = sizes.get(&segment_id.0).copied().unwrap_or(0);
            u64::try_from(count).map_err(|_| damaged("segment size", count))
        };
        segment_ids.iter().map(size).collect()
    }

    async fn segment_flows(
        &self,
        segment_id: SegmentId,
        from: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Flow>, StoreError> {
        let rows: Vec<(i64, i64, i64)> = sqlx::query_as(
            "SELECT interval_start, CAST(SUM(entered) AS BIGINT), CAST(SUM(exited) AS BIGINT) FROM segment_flows \
             WHERE segment_id = $1 AND interval_start >= $2 AND interval_start < $3 \
             GROUP BY interval_start ORDER BY interval_start DESC LIMIT $4",
        )
        .bind(segment_id.0)
        .bind(from.as_micros())
        .bind(until.as_micros())
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await?;
        let flow = |(start, entered, exited): (i64, i64, i64)| Flow {
            interval_start: Timestamp::from_micros(start),
            entered: entered.cast_unsigned(),
            exited: exited.cast_unsigned(),
        };
        Ok(rows.into_iter().map(flow).collect())
    }

    async fn wrong_sizes(&self) -> Result<Vec<WrongSize>, StoreError> {
        self.find_wrong_sizes().await
    }

    async fn repair_sizes(&self) -> Result<Vec<WrongSize>, StoreError> {
        self.set_sizes_right().await
    }
}
