//! Activities as rows.

use async_trait::async_trait;
use schema::{ActivityType, SegmentId, Timestamp};

use super::{Backend, Connection, associations, audit};
use crate::sql_error::damaged;
use crate::{
    Activity, ActivityId, ActivitySpec, ActivityStore, Actor, AuditAction, AuditSubject, ConflictField, Segment,
    SegmentActivity, StoreError, clock,
};

#[derive(sqlx::FromRow)]
struct Row {
    activity_id: i64,
    code: String,
    title: String,
    description: String,
    created_at: i64,
    updated_at: i64,
}

#[async_trait]
impl ActivityStore for Backend {
    async fn create_activity(&self, spec: &ActivitySpec, actor: &Actor) -> Result<Activity, StoreError> {
        let mut transaction = self.begin_definition_change().await?;
        let connection = transaction.connection();
        require_free_code(connection, &spec.code, None).await?;
        let activity = insert(connection, spec, clock::now()).await?;
        audit::insert(connection, entry(&activity, actor, AuditAction::Created)?).await?;
        transaction.commit().await?;
        Ok(activity)
    }

    async fn update_activity(
        &self,
        activity_id: ActivityId,
        spec: &ActivitySpec,
        actor: &Actor,
    ) -> Result<Option<Activity>, StoreError> {
        let mut transaction = self.begin_definition_change().await?;
        let connection = transaction.connection();
        let Some(current) = select(connection, activity_id).await? else { return Ok(None) };
        if current.spec == *spec {
            return Ok(Some(current));
        }
        require_free_code(connection, &spec.code, Some(activity_id)).await?;
        let activity = Activity { spec: spec.clone(), updated_at: clock::now(), ..current };
        update(connection, &activity).await?;
        if current.spec.code != spec.code {
            associations::move_assigned(connection, &current.spec.code, &spec.code).await?;
        }
        audit::insert(connection, entry(&activity, actor, AuditAction::Updated)?).await?;
        transaction.commit().await?;
        Ok(Some(activity))
    }

    async fn delete_activity(&self, activity_id: ActivityId, actor: &Actor) -> Result<Option<Activity>, StoreError> {
        let mut transaction = self.begin_definition_change().await?;
        let connection = transaction.connection();
        let Some(activity) = select(connection, activity_id).await? else { return Ok(None) };
        sqlx::query("DELETE FROM activities WHERE activity_id = $1")
            .bind(activity_id.0)
            .execute(&mut *connection)
            .await?;
        associations::delete_assigned(connection, &activity.spec.code).await?;
        audit::insert(connection, entry(&activity, actor, AuditAction::Deleted)?).await?;
        transaction.commit().await?;
        Ok(Some(activity))
    }

    async fn activity(&self, activity_id: ActivityId) -> Result<Option<Activity>, StoreError> {
        let mut reader = self.readers().acquire().await?;
        select(&mut reader, activity_id).await
    }

    async fn activities(&self, after: Option<ActivityId>, limit: u32) -> Result<Vec<Activity>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT activity_id, code, title, description, created_at, updated_at FROM activities \
             WHERE activity_id > $1 ORDER BY activity_id LIMIT $2",
        )
        .bind(after.map_or(0, |after| after.0))
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await?;
        Ok(rows.into_iter().map(Activity::from).collect())
    }

    async fn assign_activity(
        &self,
        segment_id: SegmentId,
        activity_id: ActivityId,
        actor: &Actor,
    ) -> Result<Option<()>, StoreError> {
        self.change_association(segment_id, activity_id, actor, AuditAction::Assigned).await
    }

    async fn unassign_activity(
        &self,
        segment_id: SegmentId,
        activity_id: ActivityId,
        actor: &Actor,
    ) -> Result<Option<()>, StoreError> {
        self.change_association(segment_id, activity_id, actor, AuditAction::Unassigned).await
    }

    async fn set_named_activities(&self, segment_id: SegmentId, codes: &[ActivityType]) -> Result<(), StoreError> {
        self.replace_named(segment_id, codes).await
    }

    async fn activities_of_segments(&self, segment_ids: &[SegmentId]) -> Result<Vec<SegmentActivity>, StoreError> {
        self.select_associations(segment_ids).await
    }

    async fn segments_about(
        &self,
        code: &str,
        after: Option<SegmentId>,
        limit: u32,
    ) -> Result<Vec<Segment>, StoreError> {
        self.select_about(code, after, limit).await
    }
}

pub(super) async fn select(
    connection: &mut Connection,
    activity_id: ActivityId,
) -> Result<Option<Activity>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT activity_id, code, title, description, created_at, updated_at FROM activities WHERE activity_id = $1",
    )
    .bind(activity_id.0)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Activity::from))
}

async fn require_free_code(connection: &mut Connection, code: &str, own: Option<ActivityId>) -> Result<(), StoreError> {
    let holder: Option<i64> = sqlx::query_scalar("SELECT activity_id FROM activities WHERE code = $1")
        .bind(code)
        .fetch_optional(connection)
        .await?;
    match holder {
        Some(holder) if own != Some(ActivityId(holder)) => Err(StoreError::Conflict(ConflictField::Code)),
        _ => Ok(()),
    }
}

async fn insert(connection: &mut Connection, spec: &ActivitySpec, now: Timestamp) -> Result<Activity, StoreError> {
    let activity_id = sqlx::query_scalar(
        "INSERT INTO activities (code, title, description, created_at, updated_at) VALUES ($1, $2, $3, $4, $4) \
         RETURNING activity_id",
    )
    .bind(&spec.code)
    .bind(&spec.title)
    .bind(&spec.description)
    .bind(now.as_micros())
    .fetch_one(connection)
    .await?;
    Ok(Activity { activity_id: ActivityId(activity_id), spec: spec.clone(), created_at: now, updated_at: now })
}

async fn update(connection: &mut Connection, activity: &Activity) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE activities SET code = $1, title = $2, description = $3, updated_at = $4 WHERE activity_id = $5",
    )
    .bind(&activity.spec.code)
    .bind(&activity.spec.title)
    .bind(&activity.spec.description)
    .bind(activity.updated_at.as_micros())
    .bind(activity.activity_id.0)
    .execute(connection)
    .await?;
    Ok(())
}

fn entry<'a>(activity: &Activity, actor: &'a Actor, action: AuditAction) -> Result<audit::NewEntry<'a>, StoreError> {
    let detail = serde_json::to_value(&activity.spec).map_err(|error| damaged("activity", error))?;
    let (subject, subject_id) = (AuditSubject::Activity, activity.activity_id.0);
    Ok(audit::NewEntry { at: clock::now(), actor, action, subject, subject_id, detail })
}

impl From<Row> for Activity {
    fn from(row: Row) -> Self {
        Self {
            activity_id: ActivityId(row.activity_id),
            spec: ActivitySpec { code: row.code, title: row.title, description: row.description },
            created_at: Timestamp::from_micros(row.created_at),
            updated_at: Timestamp::from_micros(row.updated_at),
        }
    }
}
