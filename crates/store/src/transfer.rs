//! Moving a whole store to another database: its rows as they are, read in pages, written all or none.
//!
//! Which rows there are is said once, in [`Table`], for both backends. What follows from other rows
//! (sizes of segments) or belongs to one installation (positions in its log, its marks) is not moved.

use std::collections::BTreeMap;

use async_trait::async_trait;
use schema::{LogPosition, Offset, PartitionId, UserId};
use serde::{Deserialize, Serialize};

use crate::StoreError;

/// What is moved, in an order in which what is referred to comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Table {
    /// Who there is.
    Users,
    /// Their identities.
    Identities,
    /// Who was erased.
    UserDeletions,
    /// The segments.
    Segments,
    /// Each of their versions.
    SegmentVersions,
    /// The generation, one row.
    Catalog,
    /// Who did what.
    Audit,
    /// Descriptions of activities.
    Activities,
    /// Which segments are about them.
    SegmentActivities,
    /// Who is in which segment.
    Memberships,
    /// The last change of each user.
    MembershipSeqs,
    /// How many entered and left.
    SegmentFlows,
}

/// One value of a row.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    /// Nothing.
    Null,
    /// Yes or no.
    Truth(bool),
    /// A number.
    Integer(i64),
    /// A text.
    Text(String),
}

/// One row, in the order of [`Table::columns`]; it begins with its key.
pub type Row = Vec<Cell>;

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ColumnKind {
    /// A number or nothing.
    Integer,
    /// A number that some databases keep in several rows, to be summed.
    Summed,
    /// A text or nothing.
    Text,
    /// Yes or no.
    Truth,
}

use ColumnKind::{Integer, Summed, Text, Truth};

type Columns = &'static [(&'static str, ColumnKind)];

impl Table {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Users,
        Self::Identities,
        Self::UserDeletions,
        Self::Segments,
        Self::SegmentVersions,
        Self::Catalog,
        Self::Audit,
        Self::Activities,
        Self::SegmentActivities,
        Self::Memberships,
        Self::MembershipSeqs,
        Self::SegmentFlows,
    ];

    /// Returns its name in the database, which is also its name in an export.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Identities => "identities",
            Self::UserDeletions => "user_deletions",
            Self::Segments => "segments",
            Self::SegmentVersions => "segment_versions",
            Self::Catalog => "catalog",
            Self::Audit => "audit",
            Self::Activities => "activities",
            Self::SegmentActivities => "segment_activities",
            Self::Memberships => "memberships",
            Self::MembershipSeqs => "membership_seqs",
            Self::SegmentFlows => "segment_flows",
        }
    }

    /// Returns its columns; the first [`Table::key_length`] are its key.
    pub const fn columns(self) -> Columns {
        match self {
            Self::Users => &[("user_id", Integer), ("name", Text), ("email", Text), ("created_at", Integer)],
            Self::Identities => &[("kind", Text), ("value", Text), ("user_id", Integer)],
            Self::UserDeletions => &[
                ("user_id", Integer),
                ("requested_at", Integer),
                ("log_partition", Integer),
                ("log_offset", Integer),
                ("recorded_at", Integer),
            ],
            Self::Segments => &[
                ("segment_id", Integer),
                ("tag", Text),
                ("current_version", Integer),
                ("created_at", Integer),
                ("archived_at", Integer),
            ],
            Self::SegmentVersions => &[
                ("segment_id", Integer),
                ("version", Integer),
                ("kind", Text),
                ("tag", Text),
                ("title", Text),
                ("description", Text),
                ("where_statement", Text),
                ("is_generic", Truth),
                ("generation", Integer),
                ("created_at", Integer),
                ("created_by", Text),
            ],
            Self::Catalog => &[("catalog_id", Integer), ("generation", Integer)],
            Self::Audit => &[
                ("audit_id", Integer),
                ("at", Integer),
                ("actor", Text),
                ("action", Text),
                ("subject", Text),
                ("subject_id", Integer),
                ("detail", Text),
            ],
            Self::Activities => &[
                ("activity_id", Integer),
                ("code", Text),
                ("title", Text),
                ("description", Text),
                ("created_at", Integer),
                ("updated_at", Integer),
            ],
            Self::SegmentActivities => &[("segment_id", Integer), ("code", Text), ("source", Text)],
            Self::Memberships => &[("user_id", Integer), ("segment_id", Integer), ("since", Integer)],
            Self::MembershipSeqs => &[("user_id", Integer), ("seq", Integer)],
            Self::SegmentFlows => {
                &[("segment_id", Integer), ("interval_start", Integer), ("entered", Summed), ("exited", Summed)]
            }
        }
    }

    /// Returns how many of its columns are its key.
    pub const fn key_length(self) -> usize {
        match self {
            Self::Identities
            | Self::SegmentVersions
            | Self::SegmentActivities
            | Self::Memberships
            | Self::SegmentFlows => 2,
            _ => 1,
        }
    }

    /// Whether its ids are counted up by the database and never given again.
    pub const fn is_numbered(self) -> bool {
        matches!(self, Self::Users | Self::Segments | Self::Audit | Self::Activities)
    }
}

/// Where a filled store stands in its new log.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NewPlaces {
    /// How far the changes of each partition are projected.
    pub projected: Vec<(PartitionId, Offset)>,
    /// Where the deletions lie that were recorded.
    pub deletions: Vec<(UserId, LogPosition)>,
}

/// Reading a whole store, and filling an empty one.
#[async_trait]
pub trait StoreTransfer: Send + Sync {
    /// Begins to read everything as it is at one instant. It may take as long as it takes, and holds up nobody.
    async fn begin_reading(&self) -> Result<Box<dyn StoreReading + '_>, StoreError>;

    /// Begins to fill an empty store; `None` when it is not empty.
    async fn begin_filling(&self) -> Result<Option<Box<dyn StoreFilling + '_>>, StoreError>;
}

/// A store as it was at one instant.
#[async_trait]
pub trait StoreReading: Send {
    /// Returns at most `limit` rows behind the row `after`, ascending by key.
    async fn rows(&mut self, table: Table, after: Option<&Row>, limit: u32) -> Result<Vec<Row>, StoreError>;

    /// Returns the greatest id that a numbered table ever gave, also what it gave since that instant; 0 when
    /// it gave none.
    async fn last_id(&mut self, table: Table) -> Result<i64, StoreError>;

    /// Returns how far into the log the memberships of that instant are.
    async fn projected(&mut self) -> Result<BTreeMap<PartitionId, Offset>, StoreError>;
}

/// A store that is being filled; dropped before it is finished, it stays empty.
#[async_trait]
pub trait StoreFilling: Send {
    /// Puts rows; of a table that another refers to before those of the other.
    async fn put(&mut self, table: Table, rows: &[Row]) -> Result<(), StoreError>;

    /// Goes on numbering a table after this id.
    async fn set_last_id(&mut self, table: Table, last_id: i64) -> Result<(), StoreError>;

    /// Counts the members of all segments, says where things lie in the log, and makes all of it durable.
    async fn finish(self: Box<Self>, places: &NewPlaces) -> Result<(), StoreError>;
}
