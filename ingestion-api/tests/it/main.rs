//! The ingestion API as its clients see it: the real router on the real embedded log and store.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod app;
mod fakes;

mod bad_input;
mod batch;
mod document;
mod durability;
mod good_events;
mod identify;
mod identities;
mod running;
mod serving;
