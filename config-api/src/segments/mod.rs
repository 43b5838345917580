//! Segments over HTTP: their definitions, versions and numbers.

mod backfill;
mod body;
mod clause;
mod dependencies;
mod edit;
mod known;
mod lookback;
mod missing;
mod plan;
mod precondition;
mod preview;
mod read;
mod stats;
mod validate;
mod view;

pub(crate) use backfill::*;
pub(crate) use clause::SpanView;
pub(crate) use edit::*;
pub(crate) use known::KnownRules;
pub(crate) use missing::{Missing, watch_missing};
pub(crate) use plan::{Evaluation, print};
pub(crate) use preview::*;
pub(crate) use read::*;
pub(crate) use stats::*;
pub(crate) use validate::*;
pub(crate) use view::{SegmentPage, segment_views};
