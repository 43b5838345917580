//! The store as a whole: which installation it belongs to, and letting go of it.

use async_trait::async_trait;
use schema::{Mark, StoreLineage};

use super::Backend;
use crate::sql_error::damaged;
use crate::{Store, StoreError};

#[derive(sqlx::FromRow)]
struct Row {
    installation: String,
    starts: i64,
    confirmed: Option<String>,
    pending: Option<String>,
}

#[async_trait]
impl Store for Backend {
    async fn lineage(&self) -> Result<Option<StoreLineage>, StoreError> {
        let row: Option<Row> = sqlx::query_as("SELECT installation, starts, confirmed, pending FROM lineage")
            .fetch_optional(self.readers())
            .await?;
        row.map(StoreLineage::try_from).transpose()
    }

    async fn set_lineage(&self, lineage: &StoreLineage) -> Result<(), StoreError> {
        let text = |mark: &Option<Mark>| mark.as_ref().map(|mark| mark.0.clone());
        let mut transaction = self.begin_durable().await?;
        sqlx::query(
            "INSERT INTO lineage (lineage_id, installation, starts, confirmed, pending) VALUES (1, $1, $2, $3, $4) \
             ON CONFLICT (lineage_id) DO UPDATE SET installation = excluded.installation, starts = excluded.starts, \
             confirmed = excluded.confirmed, pending = excluded.pending",
        )
        .bind(lineage.installation.to_string())
        .bind(i64::try_from(lineage.starts).unwrap_or(i64::MAX))
        .bind(text(&lineage.confirmed))
        .bind(text(&lineage.pending))
        .execute(transaction.connection())
        .await?;
        transaction.commit().await
    }

    async fn close(&self) {
        self.close_connections().await;
    }
}

impl TryFrom<Row> for StoreLineage {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let Row { installation, starts, confirmed, pending } = row;
        Ok(Self {
            installation: installation.parse().map_err(|_| damaged("installation", installation))?,
            starts: u64::try_from(starts).map_err(|_| damaged("number of starts", starts))?,
            confirmed: confirmed.map(Mark),
            pending: pending.map(Mark),
        })
    }
}
