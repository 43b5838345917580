//! The store as a whole: which installation it belongs to, and letting go of it.

use async_trait::async_trait;
use schema::Lineage;

use super::Backend;
use crate::sql_error::damaged;
use crate::{Store, StoreError};

#[async_trait]
impl Store for Backend {
    async fn lineage(&self) -> Result<Option<Lineage>, StoreError> {
        let row: Option<(String, i64)> =
            sqlx::query_as("SELECT installation, starts FROM lineage").fetch_optional(self.readers()).await?;
        let Some((installation, starts)) = row else { return Ok(None) };
        let installation = installation.parse().map_err(|_| damaged("installation", installation))?;
        let starts = u64::try_from(starts).map_err(|_| damaged("number of starts", starts))?;
        Ok(Some(Lineage { installation, starts }))
    }

    async fn set_lineage(&self, lineage: &Lineage) -> Result<(), StoreError> {
        let mut transaction = self.begin_durable().await?;
        sqlx::query(
            "INSERT INTO lineage (lineage_id, installation, starts) VALUES (1, $1, $2) \
             ON CONFLICT (lineage_id) DO UPDATE SET installation = excluded.installation, starts = excluded.starts",
        )
        .bind(lineage.installation.to_string())
        .bind(i64::try_from(lineage.starts).unwrap_or(i64::MAX))
        .execute(transaction.connection())
        .await?;
        transaction.commit().await
    }

    async fn close(&self) {
        self.close_connections().await;
    }
}
