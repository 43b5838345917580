//! Whether the sizes of segments are the numbers of their members, and making them so.
//!
//! They move in one transaction and cannot part by anything this program does. This is for what
//! else touches tables: a restored half, a statement typed by hand.

use schema::SegmentId;

use super::{Backend, Connection};
use crate::sql_error::damaged;
use crate::{StoreError, WrongSize};

/// One statement: both are read at one instant, also while changes are projected.
const WRONG: &str = "SELECT segment_id, CAST(SUM(stored) AS BIGINT), CAST(SUM(members) AS BIGINT) FROM (\
         SELECT segment_id, user_count AS stored, 0 AS members FROM segment_sizes \
         UNION ALL SELECT segment_id, 0, COUNT(*) FROM memberships GROUP BY segment_id\
     ) AS counted GROUP BY segment_id HAVING SUM(stored) <> SUM(members) ORDER BY segment_id";

impl Backend {
    pub(super) async fn find_wrong_sizes(&self) -> Result<Vec<WrongSize>, StoreError> {
        let mut transaction = self.begin_long_snapshot().await?;
        select_wrong(&mut transaction).await
    }

    pub(super) async fn set_sizes_right(&self) -> Result<Vec<WrongSize>, StoreError> {
        let mut transaction = self.begin_recount().await?;
        let connection = transaction.connection();
        let wrong = select_wrong(connection).await?;
        for size in &wrong {
            sqlx::query("DELETE FROM segment_sizes WHERE segment_id = $1")
                .bind(size.segment_id.0)
                .execute(&mut *connection)
                .await?;
            sqlx::query("INSERT INTO segment_sizes (segment_id, user_count) VALUES ($1, $2)")
                .bind(size.segment_id.0)
                .bind(size.members.cast_signed())
                .execute(&mut *connection)
                .await?;
        }
        transaction.commit().await?;
        Ok(wrong)
    }
}

async fn select_wrong(connection: &mut Connection) -> Result<Vec<WrongSize>, StoreError> {
    let rows: Vec<(i64, i64, i64)> = sqlx::query_as(WRONG).fetch_all(connection).await?;
    let wrong = |(segment_id, stored, members): (i64, i64, i64)| {
        let members = u64::try_from(members).map_err(|_| damaged("number of members", members))?;
        Ok(WrongSize { segment_id: SegmentId(segment_id), stored, members })
    };
    rows.into_iter().map(wrong).collect()
}
