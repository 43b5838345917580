//! The HTTP surface: what is posted where, and the document that says so.

mod batch;
mod body;
mod cors;
mod document;
mod events;
mod identify;
mod router;
mod state;

pub use document::openapi;
pub(crate) use router::{Readiness, router};
pub(crate) use state::ApiState;
