//! The store on SQLite: one file, one writer, a few readers, nothing to install.
//!
//! The statements keep to what Postgres reads as well (`$1`, `ON CONFLICT`, `RETURNING`); what
//! differs (types of keys, pragmas) is in the migrations and in `connection`.

mod clock;
mod connection;
mod error;

mod activities;
mod associations;
mod audit;
mod definitions;
mod segment_rows;

mod erasures;
mod identities;
mod user_rows;
mod users;

mod fold;
mod memberships;
mod projection;

pub use connection::SqliteStore;
