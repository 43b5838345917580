//! HTTP in, identity → user, append to the log: 202 means durable.
//!
//! A request is read ([`event`]), its identity resolved ([`identities`]), the event appended, and
//! only then answered. It also runs the warehouse writer, which fills the history from the log.
//! What events do to segments is the segmenter's business, who users are the store's.

mod config;
mod start;

mod accept;
pub mod event;
pub mod identities;
mod refusal;
mod routes;

mod embedded;
mod metrics;
pub mod warehouse_writer;

pub use config::{
    Config, CorsConfig, EmbeddedConfig, IdentityConfig, IngestConfig, UnknownUsers, WarehouseWriterConfig,
};
pub use routes::openapi;
pub use start::{Assembled, Parts, Running, assemble, run, start};
