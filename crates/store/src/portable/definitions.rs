//! Segments as rows.

use async_trait::async_trait;
use schema::{Definitions, Generation, SegmentId, SegmentTag, SegmentVersion, Timestamp};

use super::segment_rows::{select_definitions, select_live};
use super::{Backend, Connection, audit};
use crate::sql_error::damaged;
use crate::{
    Actor, AuditAction, AuditEntry, AuditSubject, ConflictField, DefinitionStore, Segment, SegmentSpec, StoreError,
    StoredVersion, clock,
};

#[async_trait]
impl DefinitionStore for Backend {
    async fn create_segment(&self, spec: &SegmentSpec, actor: &Actor) -> Result<Segment, StoreError> {
        let mut transaction = self.begin_definition_change().await?;
        let connection = transaction.connection();
        require_free_tag(connection, &spec.tag, None).await?;
        let now = clock::now();
        let segment_id = insert_segment(connection, &spec.tag, now).await?;
        let version = NewVersion { segment_id, version: SegmentVersion(1), spec, actor, now };
        let generation = insert_version(connection, &version, AuditAction::Created).await?;
        transaction.commit().await?;
        Ok(version.into_segment(generation, now))
    }

    async fn update_segment(
        &self,
        segment_id: SegmentId,
        spec: &SegmentSpec,
        expected: Option<SegmentVersion>,
        actor: &Actor,
    ) -> Result<Option<Segment>, StoreError> {
        let mut transaction = self.begin_definition_change().await?;
        let connection = transaction.connection();
        let Some(current) = current(connection, segment_id, expected).await? else { return Ok(None) };
        if current.spec == *spec {
            return Ok(Some(current));
        }
        require_free_tag(connection, &spec.tag, Some(segment_id)).await?;
        let version = SegmentVersion(current.version.0.saturating_add(1));
        let version = NewVersion { segment_id, version, spec, actor, now: clock::now() };
        let generation = insert_version(connection, &version, AuditAction::Updated).await?;
        set_current(connection, &version).await?;
        transaction.commit().await?;
        Ok(Some(version.into_segment(generation, current.created_at)))
    }

    async fn archive_segment(
        &self,
        segment_id: SegmentId,
        expected: Option<SegmentVersion>,
        actor: &Actor,
    ) -> Result<Option<Segment>, StoreError> {
        let mut transaction = self.begin_definition_change().await?;
        let connection = transaction.connection();
        let Some(current) = current(connection, segment_id, expected).await? else { return Ok(None) };
        let now = clock::now();
        set_archived(connection, segment_id, now).await?;
        next_generation(connection).await?;
        let action = AuditAction::Deleted;
        audit::insert(connection, entry(segment_id, &current.spec, actor, action, now)?).await?;
        transaction.commit().await?;
        Ok(Some(current))
    }

    async fn segment(&self, segment_id: SegmentId) -> Result<Option<Segment>, StoreError> {
        let mut reader = self.readers().acquire().await?;
        select_live(&mut reader, segment_id).await
    }

    async fn segment_by_tag(&self, tag: &SegmentTag) -> Result<Option<Segment>, StoreError> {
        self.select_by_tag(tag).await
    }

    async fn segments(&self, after: Option<SegmentId>, limit: u32) -> Result<Vec<Segment>, StoreError> {
        self.select_segments(after, limit).await
    }

    async fn segment_versions(
        &self,
        segment_id: SegmentId,
        before: Option<SegmentVersion>,
        limit: u32,
    ) -> Result<Vec<StoredVersion>, StoreError> {
        self.select_versions(segment_id, before, limit).await
    }

    async fn definitions(&self) -> Result<Definitions, StoreError> {
        // One transaction: the generation and the definitions belong to the same instant.
        let mut transaction = self.begin_snapshot().await?;
        let generation: i64 = sqlx::query_scalar("SELECT generation FROM catalog").fetch_one(&mut *transaction).await?;
        let segments = select_definitions(&mut transaction).await?;
        Ok(Definitions { generation: Generation(generation.cast_unsigned()), segments })
    }

    async fn generation(&self) -> Result<Generation, StoreError> {
        let generation: i64 = sqlx::query_scalar("SELECT generation FROM catalog").fetch_one(self.readers()).await?;
        Ok(Generation(generation.cast_unsigned()))
    }

    async fn audit(&self, before: Option<i64>, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.audit_before(before, limit).await
    }
}

struct NewVersion<'a> {
    segment_id: SegmentId,
    version: SegmentVersion,
    spec: &'a SegmentSpec,
    actor: &'a Actor,
    now: Timestamp,
}

impl NewVersion<'_> {
    fn into_segment(self, generation: Generation, created_at: Timestamp) -> Segment {
        Segment {
            segment_id: self.segment_id,
            version: self.version,
            spec: self.spec.clone(),
            generation,
            created_at,
            updated_at: self.now,
        }
    }
}

/// Reads the segment inside a write transaction and refuses a caller that has not seen its latest version.
async fn current(
    connection: &mut Connection,
    segment_id: SegmentId,
    expected: Option<SegmentVersion>,
) -> Result<Option<Segment>, StoreError> {
    let segment = select_live(connection, segment_id).await?;
    match (&segment, expected) {
        (Some(segment), Some(expected)) if segment.version != expected => {
            Err(StoreError::Conflict(ConflictField::Version))
        }
        _ => Ok(segment),
    }
}

async fn require_free_tag(
    connection: &mut Connection,
    tag: &SegmentTag,
    own: Option<SegmentId>,
) -> Result<(), StoreError> {
    let holder: Option<i64> =
        sqlx::query_scalar("SELECT segment_id FROM segments WHERE tag = $1 AND archived_at IS NULL")
            .bind(tag.as_str())
            .fetch_optional(connection)
            .await?;
    match holder {
        Some(holder) if own != Some(SegmentId(holder)) => Err(StoreError::Conflict(ConflictField::Tag)),
        _ => Ok(()),
    }
}

async fn insert_segment(
    connection: &mut Connection,
    tag: &SegmentTag,
    now: Timestamp,
) -> Result<SegmentId, StoreError> {
    let segment_id = sqlx::query_scalar(
        "INSERT INTO segments (tag, current_version, created_at) VALUES ($1, 1, $2) RETURNING segment_id",
    )
    .bind(tag.as_str())
    .bind(now.as_micros())
    .fetch_one(connection)
    .await?;
    Ok(SegmentId(segment_id))
}

async fn insert_version(
    connection: &mut Connection,
    version: &NewVersion<'_>,
    action: AuditAction,
) -> Result<Generation, StoreError> {
    let generation = next_generation(connection).await?;
    sqlx::query(
        "INSERT INTO segment_versions (segment_id, version, tag, title, description, where_statement, is_generic, \
         generation, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(version.segment_id.0)
    .bind(i64::from(version.version.0))
    .bind(version.spec.tag.as_str())
    .bind(&version.spec.title)
    .bind(&version.spec.description)
    .bind(&version.spec.where_statement)
    .bind(version.spec.is_generic)
    .bind(generation.0.cast_signed())
    .bind(version.now.as_micros())
    .bind(&version.actor.0)
    .execute(&mut *connection)
    .await?;
    let entry = entry(version.segment_id, version.spec, version.actor, action, version.now)?;
    audit::insert(connection, entry).await?;
    Ok(generation)
}

async fn set_current(connection: &mut Connection, version: &NewVersion<'_>) -> Result<(), StoreError> {
    sqlx::query("UPDATE segments SET tag = $1, current_version = $2 WHERE segment_id = $3")
        .bind(version.spec.tag.as_str())
        .bind(i64::from(version.version.0))
        .bind(version.segment_id.0)
        .execute(connection)
        .await?;
    Ok(())
}

async fn set_archived(connection: &mut Connection, segment_id: SegmentId, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE segments SET archived_at = $1 WHERE segment_id = $2")
        .bind(now.as_micros())
        .bind(segment_id.0)
        .execute(connection)
        .await?;
    Ok(())
}

async fn next_generation(connection: &mut Connection) -> Result<Generation, StoreError> {
    let generation: i64 = sqlx::query_scalar("UPDATE catalog SET generation = generation + 1 RETURNING generation")
        .fetch_one(connection)
        .await?;
    Ok(Generation(generation.cast_unsigned()))
}

fn entry<'a>(
    segment_id: SegmentId,
    spec: &SegmentSpec,
    actor: &'a Actor,
    action: AuditAction,
    at: Timestamp,
) -> Result<audit::NewEntry<'a>, StoreError> {
    let detail = serde_json::to_value(spec).map_err(|error| damaged("segment", error))?;
    Ok(audit::NewEntry { at, actor, action, subject: AuditSubject::Segment, subject_id: segment_id.0, detail })
}
