//! Reading segments: a version joined with its segment, converted to what the callers know.

use schema::{Generation, SegmentDefinition, SegmentId, SegmentTag, SegmentVersion, Timestamp};

use super::{Backend, Connection};
use crate::sql_error::damaged;
use crate::{Actor, Segment, SegmentSpec, StoreError, StoredVersion};

/// A version joined with its segment; the columns that [`Row`] names.
macro_rules! select_versions {
    ($rest:literal) => {
        concat!(
            "SELECT s.segment_id, s.created_at AS segment_created_at, v.version, v.tag, v.title, v.description, ",
            "v.where_statement, v.is_generic, v.generation, v.created_at, v.created_by ",
            "FROM segments s JOIN segment_versions v ON v.segment_id = s.segment_id ",
            $rest
        )
    };
}

#[derive(sqlx::FromRow)]
struct Row {
    segment_id: i64,
    segment_created_at: i64,
    version: i64,
    tag: String,
    title: String,
    description: String,
    where_statement: String,
    is_generic: bool,
    generation: i64,
    created_at: i64,
    created_by: String,
}

impl Backend {
    pub(super) async fn select_by_tag(&self, tag: &SegmentTag) -> Result<Option<Segment>, StoreError> {
        let row: Option<Row> = sqlx::query_as(select_versions!(
            "WHERE v.version = s.current_version AND s.archived_at IS NULL AND s.tag = $1"
        ))
        .bind(tag.as_str())
        .fetch_optional(self.readers())
        .await?;
        row.map(Segment::try_from).transpose()
    }

    pub(super) async fn select_segments(
        &self,
        after: Option<SegmentId>,
        limit: u32,
    ) -> Result<Vec<Segment>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(select_versions!(
            "WHERE v.version = s.current_version AND s.archived_at IS NULL AND s.segment_id > $1 \
             ORDER BY s.segment_id LIMIT $2"
        ))
        .bind(after.map_or(0, |after| after.0))
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(Segment::try_from).collect()
    }

    /// Returns live segments that are generic or list the activity.
    pub(super) async fn select_about(
        &self,
        code: &str,
        after: Option<SegmentId>,
        limit: u32,
    ) -> Result<Vec<Segment>, StoreError> {
        // A code with NUL is nowhere stored, and Postgres refuses to look for it.
        let code = if code.contains('\0') { "" } else { code };
        let rows: Vec<Row> = sqlx::query_as(select_versions!(
            "WHERE v.version = s.current_version AND s.archived_at IS NULL AND s.segment_id > $1 \
             AND (v.is_generic OR EXISTS (SELECT 1 FROM segment_activities a \
             WHERE a.segment_id = s.segment_id AND a.code = $2)) ORDER BY s.segment_id LIMIT $3"
        ))
        .bind(after.map_or(0, |after| after.0))
        .bind(code)
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(Segment::try_from).collect()
    }

    pub(super) async fn select_versions(
        &self,
        segment_id: SegmentId,
        before: Option<SegmentVersion>,
        limit: u32,
    ) -> Result<Vec<StoredVersion>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(select_versions!(
            "WHERE s.segment_id = $1 AND v.version < $2 ORDER BY v.version DESC LIMIT $3"
        ))
        .bind(segment_id.0)
        .bind(before.map_or(i64::MAX, |before| i64::from(before.0)))
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(StoredVersion::try_from).collect()
    }
}

pub(super) async fn select_live(
    connection: &mut Connection,
    segment_id: SegmentId,
) -> Result<Option<Segment>, StoreError> {
    let row: Option<Row> = sqlx::query_as(select_versions!(
        "WHERE v.version = s.current_version AND s.archived_at IS NULL AND s.segment_id = $1"
    ))
    .bind(segment_id.0)
    .fetch_optional(connection)
    .await?;
    row.map(Segment::try_from).transpose()
}

pub(super) async fn select_definitions(connection: &mut Connection) -> Result<Vec<SegmentDefinition>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(select_versions!(
        "WHERE v.version = s.current_version AND s.archived_at IS NULL ORDER BY s.segment_id"
    ))
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(SegmentDefinition::try_from).collect()
}

impl Row {
    fn version(&self) -> Result<SegmentVersion, StoreError> {
        u32::try_from(self.version).map(SegmentVersion).map_err(|_| damaged("segment version", self.version))
    }

    fn tag(&self) -> Result<SegmentTag, StoreError> {
        SegmentTag::new(&self.tag).ok_or_else(|| damaged("segment tag", &self.tag))
    }

    fn into_spec(self) -> Result<SegmentSpec, StoreError> {
        Ok(SegmentSpec {
            tag: self.tag()?,
            title: self.title,
            description: self.description,
            where_statement: self.where_statement,
            is_generic: self.is_generic,
        })
    }
}

impl TryFrom<Row> for Segment {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            segment_id: SegmentId(row.segment_id),
            version: row.version()?,
            generation: Generation(row.generation.cast_unsigned()),
            created_at: Timestamp::from_micros(row.segment_created_at),
            updated_at: Timestamp::from_micros(row.created_at),
            spec: row.into_spec()?,
        })
    }
}

impl TryFrom<Row> for StoredVersion {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            version: row.version()?,
            generation: Generation(row.generation.cast_unsigned()),
            created_at: Timestamp::from_micros(row.created_at),
            created_by: Actor(row.created_by.clone()),
            spec: row.into_spec()?,
        })
    }
}

impl TryFrom<Row> for SegmentDefinition {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            segment_id: SegmentId(row.segment_id),
            tag: row.tag()?,
            version: row.version()?,
            where_statement: row.where_statement,
        })
    }
}
