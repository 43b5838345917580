//! The contract every process shares: what an event, a change and a definition are on the wire.
//!
//! Wire formats and the few functions that all processes must compute alike (which partition a
//! user belongs to, when a record is a duplicate, which value of a trait stands). No logic, no I/O: what a clause means is
//! `rules`, what an event does to a user is `engine`.

mod change;
mod decimal;
mod definition;
mod duplicates;
mod event;
mod identity;
mod ids;
mod lineage;
mod partition;
mod record;
mod status;
mod timestamp;
mod topics;
mod user_traits;

pub use change::{Cause, SegmentChange};
pub use decimal::{Decimal, DecimalError};
pub use definition::{Definitions, Generation, SegmentDefinition};
pub use duplicates::{DUPLICATE_WINDOW_MICROS, is_duplicate_of};
pub use event::{Event, Payload, Text};
pub use identity::{Identity, IdentityKind};
pub use ids::{ActivityType, EventId, SegmentId, SegmentTag, SegmentVersion, UserId};
pub use lineage::{EarlierMark, HistoryLineage, LogLineage, Mark, StoreLineage};
pub use partition::{DEFAULT_PARTITIONS, PartitionId, partition_of};
pub use record::{DecodeRecordError, LogPosition, LogRecord, Offset, UserDeletion, UserTraits};
pub use status::{BackfillFailure, BackfillRun, PartitionStatus};
pub use timestamp::{Timestamp, TimestampError};
pub use topics::{ErrorRecord, ErrorType, Topic};
pub use user_traits::StandingTraits;
