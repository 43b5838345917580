//! Segments over HTTP: their definitions, versions and numbers.

mod body;
mod clause;
mod edit;
mod plan;
mod precondition;
mod read;
mod stats;
mod validate;
mod view;

pub(crate) use edit::*;
pub(crate) use read::*;
pub(crate) use stats::*;
pub(crate) use validate::*;
pub(crate) use view::{SegmentPage, segment_views};
