//! Definitions, users, identities and memberships: everything that is looked up by key and edited by people.
//!
//! [`Store`] is what the services see; it is four traits, one per subject. [`sqlite`] is the
//! embedded form; the distributed one (Postgres) comes behind the same trait, and [`conformance`]
//! is the one suite both must pass. The store decides nothing about membership: it projects the
//! changes that the segmenter published. Rows are stamped with the store's own clock.

mod error;

mod activities;
mod definitions;
mod memberships;
mod users;

pub mod conformance;
pub mod sqlite;

pub use activities::{Activity, ActivityId, ActivitySpec, ActivityStore, AssociationSource, SegmentActivity};
pub use definitions::{
    Actor, AuditAction, AuditEntry, AuditSubject, DefinitionStore, Segment, SegmentSpec, StoredVersion,
};
pub use error::{ConflictField, StoreError};
pub use memberships::{FLOW_INTERVAL_MICROS, Flow, MembershipStore, ProjectionBatch, SegmentMember, UserMembership};
pub use users::{User, UserErasure, UserProfile, UserStore};

/// The store as the services share it: `Arc<dyn Store>`.
pub trait Store: DefinitionStore + ActivityStore + UserStore + MembershipStore {}

impl<T: DefinitionStore + ActivityStore + UserStore + MembershipStore> Store for T {}
