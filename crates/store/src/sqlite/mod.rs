//! The store on SQLite: one file, one writer, a few readers, nothing to install.
//!
//! The statements keep to what Postgres reads as well (`$1`, `ON CONFLICT`, `RETURNING`); what
//! differs (types of keys, pragmas) is in the migrations and in `connection`.

mod audit;
mod clock;
mod connection;
mod definitions;
mod erasures;
mod error;
mod identities;
mod user_rows;
mod users;

pub use connection::SqliteStore;
