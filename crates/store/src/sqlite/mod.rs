//! The store on SQLite: one file, one writer, a few readers, nothing to install.
//!
//! What differs from Postgres is here: whose turn it is to write, and the two paths that carry the
//! load (identities, projection). The rest is in `portable`.

mod connection;
mod identities;
mod projection;
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

pub use connection::SqliteStore;

use SqliteStore as Backend;
use connection::WriteTransaction;
use sqlx::sqlite::Sqlite as Database;
use sqlx::sqlite::SqliteConnection as Connection;
