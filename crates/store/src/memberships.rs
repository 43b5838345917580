//! Who is in which segment: a projection of the topic `segment-changes`, for look-ups.
//!
//! Nothing is decided here. The position up to which each partition is projected lies in the same
//! transaction as the rows, so a crash neither loses a change nor counts one twice.

use std::collections::BTreeMap;

use async_trait::async_trait;
use schema::{Offset, PartitionId, SegmentChange, SegmentId, SegmentTag, Timestamp, UserId};

use crate::StoreError;

/// How long an interval of [`Flow`] is, in microseconds: an hour.
///
/// A year of them is 8,760 rows per segment; days and weeks are sums of hours.
pub const FLOW_INTERVAL_MICROS: i64 = 3_600 * 1_000_000;

/// A stretch of one partition of `segment-changes`.
#[derive(Clone, PartialEq, Debug)]
pub struct ProjectionBatch {
    /// Which partition.
    pub partition: PartitionId,
    /// The position it continues from.
    pub from: Offset,
    /// The position after it.
    pub next: Offset,
    /// Its changes, in order.
    pub changes: Vec<SegmentChange>,
}

/// A segment that a user is in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UserMembership {
    /// Which segment.
    pub segment_id: SegmentId,
    /// Its stable name.
    pub tag: SegmentTag,
    /// Its title.
    pub title: String,
    /// When the user entered it last.
    pub since: Timestamp,
}

/// A user who is in a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SegmentMember {
    /// Which user.
    pub user_id: UserId,
    /// When the user entered it last.
    pub since: Timestamp,
}

/// How many entered and left a segment in one interval, by the instants at which it became true.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Flow {
    /// Where the interval begins; it is [`FLOW_INTERVAL_MICROS`] long.
    pub interval_start: Timestamp,
    /// Entries.
    pub entered: u64,
    /// Exits.
    pub exited: u64,
}

/// A segment whose size is not the number of its members.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WrongSize {
    /// Which segment.
    pub segment_id: SegmentId,
    /// The size that look-ups told.
    pub stored: i64,
    /// How many members it has.
    pub members: u64,
}

/// The projection and the look-ups in it.
#[async_trait]
pub trait MembershipStore: Send + Sync {
    /// Projects stretches of different partitions, all or none, and returns each one's position afterwards.
    ///
    /// A stretch that does not continue from its partition's stored position changes nothing, and
    /// the position returned for it is the stored one: repeated calls are harmless.
    async fn project(&self, batches: &[ProjectionBatch]) -> Result<Vec<Offset>, StoreError>;

    /// Returns up to where each partition is projected; one that is missing is at 0.
    async fn projection_positions(&self) -> Result<BTreeMap<PartitionId, Offset>, StoreError>;

    /// Returns the live segments a user is in, ascending by id.
    async fn segments_of_user(&self, user_id: UserId) -> Result<Vec<UserMembership>, StoreError>;

    /// Returns at most `limit` members after `after`, ascending by user.
    async fn members_of_segment(
        &self,
        segment_id: SegmentId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<SegmentMember>, StoreError>;

    /// Returns the exact number of members of each of these segments, in their order.
    async fn segment_sizes(&self, segment_ids: &[SegmentId]) -> Result<Vec<u64>, StoreError>;

    /// Returns at most `limit` intervals that begin in `from..until`, the latest first, without empty ones.
    async fn segment_flows(
        &self,
        segment_id: SegmentId,
        from: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Flow>, StoreError>;

    /// Counts the members of all segments anew and returns those whose size is another, ascending.
    ///
    /// Reads every membership, at one instant: minutes for a hundred million.
    async fn wrong_sizes(&self) -> Result<Vec<WrongSize>, StoreError>;

    /// Sets the sizes right that are wrong, and returns what they were; the projection waits meanwhile.
    async fn repair_sizes(&self) -> Result<Vec<WrongSize>, StoreError>;
}
