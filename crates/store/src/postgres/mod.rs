//! The store on Postgres: what the distributed form shares between its processes.
//!
//! What differs from SQLite is here: many writers at once (so: which lock keeps which two apart),
//! the two paths that carry the load (identities, projection), and hearing of what other processes
//! removed. The rest is in `portable`.
//!
//! Locks, in the order in which a transaction takes them, so that none waits in a circle:
//!
//! - a change of definitions holds one lock for all of them: people make few, and each reads before it writes;
//! - a change of a user holds one lock for all such changes, which are few: bulk comes as identities;
//! - making identities waits for another batch's equal ones, key by key in their order;
//! - the projection holds the positions of its partitions, in their order, then rows of users that
//!   belong to these partitions alone, then counters in their order.
//!
//! One circle is left to the server, which breaks it within a second, for the loser to try again: a
//! `clientRefId` on its way from one user to another beside a batch that makes both names anew.

mod connection;
mod error;
mod identities;
mod locks;
mod options;
mod projection;
mod removals;
mod sequences;

#[path = "../portable/activities.rs"]
mod activities;
#[path = "../portable/associations.rs"]
mod associations;
#[path = "../portable/audit.rs"]
mod audit;
#[path = "../portable/definitions.rs"]
mod definitions;
#[path = "../portable/erasures.rs"]
mod erasures;
#[path = "../portable/lineage.rs"]
mod lineage;
#[path = "../portable/memberships.rs"]
mod memberships;
#[path = "../portable/segment_rows.rs"]
mod segment_rows;
#[path = "../portable/sizes.rs"]
mod sizes;
#[path = "../portable/transfer.rs"]
mod transfer;
#[path = "../portable/user_rows.rs"]
mod user_rows;
#[path = "../portable/users.rs"]
mod users;

pub use connection::PostgresStore;
pub use options::PostgresOptions;

pub(crate) use error::of_postgres;

use PostgresStore as Backend;
use connection::WriteTransaction;
use sqlx::postgres::PgConnection as Connection;
use sqlx::postgres::Postgres as Database;
