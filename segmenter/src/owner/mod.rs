//! The owner of one partition: everything that happens to its users happens here, one input at a time.
//!
//! An owner restores its partition, then takes inputs until it is told to stop. Each input is
//! worked off whole: due deadlines fire, records are applied, everything is committed at once, and
//! only then metrics and status say so. Who owns what is `partitions`; what a record does to a
//! user is `engine`; how a commit becomes durable is `bus`.

mod absorption;
mod commit;
mod end;
mod input;
mod owning;
mod pace;
mod progress;
mod restore;
mod step;
mod unreadable;

pub(crate) use end::OwnerEnd;
pub(crate) use owning::Owner;
pub(crate) use restore::restore;
use unreadable::Unreadable;
