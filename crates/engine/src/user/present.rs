//! What is kept of a user.

use schema::{SegmentId, Timestamp};

use super::{DuplicateMemory, Slots};

/// A user that has events.
#[derive(Clone, Debug, Default)]
pub(crate) struct User {
    /// How many changes were published.
    pub(crate) seq: u64,
    /// The segments the user is in, ascending.
    pub(crate) members: Vec<SegmentId>,
    /// Memberships were decided at this instant; time alone has flipped none since.
    pub(crate) decided_at: Timestamp,
    pub(crate) duplicates: DuplicateMemory,
    /// Of the live catalog.
    pub(crate) slots: Slots,
    /// Of the catalog being absorbed: what the live one does not keep.
    pub(crate) absorbing: Slots,
    /// As armed in the timer queue; never later than the next change, sometimes earlier.
    pub(crate) deadline: Option<Timestamp>,
}
