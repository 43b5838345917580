//! Which segments are about which activities.

use schema::{ActivityType, SegmentId};
use sqlx::QueryBuilder;

use super::segment_rows::select_live;
use super::{Backend, Connection, activities, audit};
use crate::sql_error::damaged;
use crate::{ActivityId, Actor, AssociationSource, AuditAction, AuditSubject, SegmentActivity, StoreError, clock};

impl Backend {
    pub(super) async fn change_association(
        &self,
        segment_id: SegmentId,
        activity_id: ActivityId,
        actor: &Actor,
        action: AuditAction,
    ) -> Result<Option<()>, StoreError> {
        let mut transaction = self.begin_definition_change().await?;
        let connection = transaction.connection();
        let segment = select_live(connection, segment_id).await?;
        let activity = activities::select(connection, activity_id).await?;
        let (Some(_), Some(activity)) = (segment, activity) else { return Ok(None) };
        let code = &activity.spec.code;
        let changed = match action {
            AuditAction::Assigned => assign(connection, segment_id, code).await?,
            _ => unassign(connection, segment_id, code).await?,
        };
        if changed {
            let detail = serde_json::json!({ "activity_id": activity_id, "code": code });
            let (at, subject) = (clock::now(), AuditSubject::Segment);
            let entry = audit::NewEntry { at, actor, action, subject, subject_id: segment_id.0, detail };
            audit::insert(connection, entry).await?;
        }
        transaction.commit().await?;
        Ok(Some(()))
    }

    pub(super) async fn replace_named(&self, segment_id: SegmentId, codes: &[ActivityType]) -> Result<(), StoreError> {
        let mut transaction = self.begin_definition_change().await?;
        let connection = transaction.connection();
        sqlx::query("DELETE FROM segment_activities WHERE segment_id = $1 AND source = 'rule'")
            .bind(segment_id.0)
            .execute(&mut *connection)
            .await?;
        for code in codes {
            insert(connection, segment_id, code, AssociationSource::Rule).await?;
        }
        transaction.commit().await
    }

    pub(super) async fn select_associations(
        &self,
        segment_ids: &[SegmentId],
    ) -> Result<Vec<SegmentActivity>, StoreError> {
        if segment_ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = QueryBuilder::new(
            "SELECT l.segment_id, l.code, a.activity_id, l.source FROM segment_activities l \
             LEFT JOIN activities a ON a.code = l.code WHERE l.segment_id IN (",
        );
        let mut list = query.separated(", ");
        for segment_id in segment_ids {
            list.push_bind(segment_id.0);
        }
        list.push_unseparated(") ORDER BY l.segment_id, l.code");
        let rows: Vec<Row> = query.build_query_as().fetch_all(self.readers()).await?;
        rows.into_iter().map(SegmentActivity::try_from).collect()
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    segment_id: i64,
    code: String,
    activity_id: Option<i64>,
    source: String,
}

impl TryFrom<Row> for SegmentActivity {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let source = match row.source.as_str() {
            "rule" => AssociationSource::Rule,
            "assigned" => AssociationSource::Assigned,
            other => return Err(damaged("source of an association", other)),
        };
        let activity_id = row.activity_id.map(ActivityId);
        Ok(Self { segment_id: SegmentId(row.segment_id), code: row.code, activity_id, source })
    }
}

/// An association that the rule made becomes an assigned one: it stays when the rule changes.
async fn assign(connection: &mut Connection, segment_id: SegmentId, code: &str) -> Result<bool, StoreError> {
    let raised = sqlx::query(
        "UPDATE segment_activities SET source = 'assigned' WHERE segment_id = $1 AND code = $2 AND source = 'rule'",
    )
    .bind(segment_id.0)
    .bind(code)
    .execute(&mut *connection)
    .await?;
    let inserted = insert(connection, segment_id, code, AssociationSource::Assigned).await?;
    Ok(raised.rows_affected() > 0 || inserted)
}

async fn unassign(connection: &mut Connection, segment_id: SegmentId, code: &str) -> Result<bool, StoreError> {
    let deleted = sqlx::query("DELETE FROM segment_activities WHERE segment_id = $1 AND code = $2")
        .bind(segment_id.0)
        .bind(code)
        .execute(connection)
        .await?;
    Ok(deleted.rows_affected() > 0)
}

async fn insert(
    connection: &mut Connection,
    segment_id: SegmentId,
    code: &str,
    source: AssociationSource,
) -> Result<bool, StoreError> {
    let inserted = sqlx::query(
        "INSERT INTO segment_activities (segment_id, code, source) VALUES ($1, $2, $3) \
         ON CONFLICT (segment_id, code) DO NOTHING",
    )
    .bind(segment_id.0)
    .bind(code)
    .bind(source.as_str())
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() > 0)
}

/// An activity got another code: segments it was assigned to follow; rules name what they name.
pub(super) async fn move_assigned(connection: &mut Connection, from: &str, to: &str) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO segment_activities (segment_id, code, source) \
         SELECT segment_id, $1, source FROM segment_activities WHERE code = $2 AND source = 'assigned' \
         ON CONFLICT (segment_id, code) DO UPDATE SET source = 'assigned'",
    )
    .bind(to)
    .bind(from)
    .execute(&mut *connection)
    .await?;
    delete_assigned(connection, from).await
}

pub(super) async fn delete_assigned(connection: &mut Connection, code: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM segment_activities WHERE code = $1 AND source = 'assigned'")
        .bind(code)
        .execute(connection)
        .await?;
    Ok(())
}
