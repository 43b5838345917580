//! Definitions, users, identities and memberships: everything that is looked up by key and edited by people.
//!
//! [`Store`] is what the services see; it is four traits, one per subject, and [`transfer`], which moves all of it. [`sqlite`] is the
//! embedded form, `postgres` (a cargo feature) the distributed one, and [`conformance`] is the one
//! suite both must pass. Statements that both read stand once, in the files of `portable`: each is
//! a module of both, compiled against the connection of its parent. The store decides nothing about
//! membership: it projects the changes that the segmenter published. Rows are stamped with the
//! store's own clock.

#![cfg_attr(
    feature = "postgres",
    expect(clippy::duplicate_mod, reason = "one portable statement, compiled against both databases")
)]

mod error;

mod activities;
mod definitions;
mod memberships;
mod users;

pub mod transfer;

mod clock;
mod fold;
mod older;
mod open;
mod sql_error;

pub mod conformance;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod sqlite;

use async_trait::async_trait;
use schema::StoreLineage;

pub use activities::{Activity, ActivityId, ActivitySpec, ActivityStore, AssociationSource, SegmentActivity};
pub use definitions::{
    Actor, AuditAction, AuditEntry, AuditSubject, DefinitionStore, Segment, SegmentSpec, StoredVersion,
};
pub use error::{ConflictField, StoreError};
pub use memberships::{
    FLOW_INTERVAL_MICROS, Flow, MembershipStore, ProjectionBatch, SegmentMember, UserMembership, WrongSize,
};
pub use older::{OlderStore, Seen, refuse_older};
pub use open::{StoreOptions, open};
pub use users::{IdentityRemoval, User, UserErasure, UserProfile, UserStore};

/// The store as the services share it: `Arc<dyn Store>`.
#[async_trait]
pub trait Store: DefinitionStore + ActivityStore + UserStore + MembershipStore + transfer::StoreTransfer {
    /// Returns which installation the store belongs to; `None` before that was said.
    async fn lineage(&self) -> Result<Option<StoreLineage>, StoreError>;

    /// Says which installation it belongs to; durable when this returns.
    async fn set_lineage(&self, lineage: &StoreLineage) -> Result<(), StoreError>;

    /// Waits for what is under way and lets go of the database; calls that come later fail.
    ///
    /// A file that was closed is whole by itself, without a journal beside it.
    async fn close(&self);
}
