//! config-api: definitions of segments, look-ups, and the stream of changes, over HTTP.
//!
//! It knows what analysts want and tells the segmenter; it never decides a membership. What it
//! answers about memberships is the projection that `projection` keeps of the topic
//! `segment-changes`, and every such answer says how fresh it is; only `explain` and the preview of a
//! segment compute some anew, beside it.

mod config;
mod metrics;
mod state;

mod web;

mod definitions;
mod projection;

mod activities;
mod changes;
mod segments;
mod users;

mod explain;

mod console;
mod openapi;
mod router;
mod start;

pub use config::{ChangesConfig, Config, DefinitionsConfig, EmbeddedConfig, PreviewConfig};
pub use openapi::document;
pub use start::{Parts, Running, run, start};
