//! Shoal's HTTP interfaces from a client's side: what `demo`, `replay` and the tests talk through.
//!
//! Nothing in here knows how the services are built; it follows the published interface only, as
//! any other client would.

mod backoff;
mod call;
mod changes;
mod ingestion;
mod segments;
mod sse;

pub use backoff::Backoff;
pub use call::CallError;
pub use changes::ChangeStream;
pub use ingestion::{Accepted, BatchAnswer, IngestionClient, ItemFault, ItemOutcome};
pub use segments::{NewSegment, SegmentBody, SegmentsClient};
pub use sse::{SseEvent, SseParser};
