//! Activities, and which segments are about them: descriptions for people.

use async_trait::async_trait;
use schema::{ActivityType, SegmentId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Actor, Segment, StoreError};

/// Identifies an activity; positive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActivityId(pub i64);

/// What somebody says of an activity.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ActivitySpec {
    /// The activity type that events carry; unique.
    pub code: ActivityType,
    /// For people.
    pub title: String,
    /// For people.
    pub description: String,
}

/// A described activity.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Activity {
    /// Which one.
    pub activity_id: ActivityId,
    /// What it says.
    pub spec: ActivitySpec,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Why a segment lists an activity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AssociationSource {
    /// Its clause names the activity.
    Rule,
    /// Somebody said so.
    Assigned,
}

impl AssociationSource {
    /// Returns the stable label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Assigned => "assigned",
        }
    }
}

/// An activity that a segment lists.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SegmentActivity {
    /// Which segment.
    pub segment_id: SegmentId,
    /// The activity type.
    pub code: ActivityType,
    /// Its description, if there is one.
    pub activity_id: Option<ActivityId>,
    /// Why it is listed.
    pub source: AssociationSource,
}

/// Activities and their association with segments.
#[async_trait]
pub trait ActivityStore: Send + Sync {
    /// Makes an activity. Conflict: code.
    async fn create_activity(&self, spec: &ActivitySpec, actor: &Actor) -> Result<Activity, StoreError>;

    /// Replaces what an activity says; segments it was assigned to follow its code. Conflict: code.
    async fn update_activity(
        &self,
        activity_id: ActivityId,
        spec: &ActivitySpec,
        actor: &Actor,
    ) -> Result<Option<Activity>, StoreError>;

    /// Takes an activity and its assignments away and returns what it was.
    async fn delete_activity(&self, activity_id: ActivityId, actor: &Actor) -> Result<Option<Activity>, StoreError>;

    /// Returns an activity.
    async fn activity(&self, activity_id: ActivityId) -> Result<Option<Activity>, StoreError>;

    /// Returns at most `limit` activities after `after`, ascending by id.
    async fn activities(&self, after: Option<ActivityId>, limit: u32) -> Result<Vec<Activity>, StoreError>;

    /// Assigns an activity to a live segment; `None` when one of them is not there. Repeating it is harmless.
    async fn assign_activity(
        &self,
        segment_id: SegmentId,
        activity_id: ActivityId,
        actor: &Actor,
    ) -> Result<Option<()>, StoreError>;

    /// Takes the association away; `None` when one of them is not there. Repeating it is harmless.
    async fn unassign_activity(
        &self,
        segment_id: SegmentId,
        activity_id: ActivityId,
        actor: &Actor,
    ) -> Result<Option<()>, StoreError>;

    /// Makes `codes` the activities that the segment lists because of its rule; assigned ones stay.
    async fn set_named_activities(&self, segment_id: SegmentId, codes: &[ActivityType]) -> Result<(), StoreError>;

    /// Returns the activities of these segments, ascending by segment and code.
    async fn activities_of_segments(&self, segment_ids: &[SegmentId]) -> Result<Vec<SegmentActivity>, StoreError>;

    /// Returns at most `limit` live segments after `after` that are generic or list the code, ascending by id.
    async fn segments_about(
        &self,
        code: &str,
        after: Option<SegmentId>,
        limit: u32,
    ) -> Result<Vec<Segment>, StoreError>;
}
