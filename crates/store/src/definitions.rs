//! Segments: immutable versions, the generation that counts their changes, and the audit of who made them.

use async_trait::async_trait;
use schema::{Definitions, Generation, SegmentId, SegmentTag, SegmentVersion, Timestamp};
use serde::{Deserialize, Serialize};

use crate::StoreError;

/// Who changes a definition, as it stands in the audit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Actor(pub String);

impl Actor {
    /// Returns the actor of a request that carries no key.
    pub fn anonymous() -> Self {
        Self("anonymous".to_owned())
    }
}

/// What an analyst says of a segment. The caller has compiled the clause.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SegmentSpec {
    /// Its stable name; unique among live segments.
    pub tag: SegmentTag,
    /// For people.
    pub title: String,
    /// For people.
    pub description: String,
    /// The where clause as written.
    pub where_statement: String,
    /// Whether it concerns every activity.
    pub is_generic: bool,
}

/// A live segment at its current version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Segment {
    /// Positive, never used again.
    pub segment_id: SegmentId,
    /// Its current version.
    pub version: SegmentVersion,
    /// What that version says.
    pub spec: SegmentSpec,
    /// The catalog since which this version stands.
    pub generation: Generation,
    /// When the segment was made.
    pub created_at: Timestamp,
    /// When this version was made.
    pub updated_at: Timestamp,
}

/// One immutable version of a segment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredVersion {
    /// Counted from 1.
    pub version: SegmentVersion,
    /// What it says.
    pub spec: SegmentSpec,
    /// The catalog that first held it.
    pub generation: Generation,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: Actor,
}

/// What was done to a definition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AuditAction {
    /// It was made.
    Created,
    /// It was changed.
    Updated,
    /// It was taken away.
    Deleted,
    /// A segment was associated with an activity.
    Assigned,
    /// That association was taken away.
    Unassigned,
}

impl AuditAction {
    /// Every action.
    pub const ALL: [Self; 5] = [Self::Created, Self::Updated, Self::Deleted, Self::Assigned, Self::Unassigned];

    /// Returns the stable label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
            Self::Assigned => "assigned",
            Self::Unassigned => "unassigned",
        }
    }
}

/// What an audit entry is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AuditSubject {
    /// A segment, by its id.
    Segment,
    /// An activity, by its id.
    Activity,
}

impl AuditSubject {
    /// Every subject.
    pub const ALL: [Self; 2] = [Self::Segment, Self::Activity];

    /// Returns the stable label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Segment => "segment",
            Self::Activity => "activity",
        }
    }
}

/// Who did what to which definition, and when.
#[derive(Clone, PartialEq, Debug)]
pub struct AuditEntry {
    /// Ascending with time.
    pub audit_id: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: AuditAction,
    /// To what kind of thing.
    pub subject: AuditSubject,
    /// To which one.
    pub subject_id: i64,
    /// What it said afterwards.
    pub detail: serde_json::Value,
}

/// Definitions of segments. Every change makes the next generation and an audit entry, in its own transaction.
#[async_trait]
pub trait DefinitionStore: Send + Sync {
    /// Makes a segment at version 1. Conflict: tag.
    async fn create_segment(&self, spec: &SegmentSpec, actor: &Actor) -> Result<Segment, StoreError>;

    /// Makes the next version of a live segment; one that says the same changes nothing.
    ///
    /// With `expected`, only if that is the current version. Conflicts: tag, version.
    async fn update_segment(
        &self,
        segment_id: SegmentId,
        spec: &SegmentSpec,
        expected: Option<SegmentVersion>,
        actor: &Actor,
    ) -> Result<Option<Segment>, StoreError>;

    /// Takes a live segment out of the definitions; its versions stay and its tag is free again.
    ///
    /// Returns what it was. With `expected`, only if that is the current version. Conflict: version.
    async fn archive_segment(
        &self,
        segment_id: SegmentId,
        expected: Option<SegmentVersion>,
        actor: &Actor,
    ) -> Result<Option<Segment>, StoreError>;

    /// Returns a live segment.
    async fn segment(&self, segment_id: SegmentId) -> Result<Option<Segment>, StoreError>;

    /// Returns the live segment of that tag.
    async fn segment_by_tag(&self, tag: &SegmentTag) -> Result<Option<Segment>, StoreError>;

    /// Returns at most `limit` live segments after `after`, ascending by id.
    async fn segments(&self, after: Option<SegmentId>, limit: u32) -> Result<Vec<Segment>, StoreError>;

    /// Returns at most `limit` versions before `before`, the latest first; also of archived segments.
    async fn segment_versions(
        &self,
        segment_id: SegmentId,
        before: Option<SegmentVersion>,
        limit: u32,
    ) -> Result<Vec<StoredVersion>, StoreError>;

    /// Returns every live definition and the generation they make, read at one instant.
    async fn definitions(&self) -> Result<Definitions, StoreError>;

    /// Returns the generation alone: cheap enough to ask several times a second.
    async fn generation(&self) -> Result<Generation, StoreError>;

    /// Returns at most `limit` audit entries before `before`, the latest first.
    async fn audit(&self, before: Option<i64>, limit: u32) -> Result<Vec<AuditEntry>, StoreError>;
}
