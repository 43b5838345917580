//! The definitions as the segmenter gets them, and how far each partition has come with them.

mod announce;
mod feed;
mod progress;

pub(crate) use announce::announce;
pub(crate) use feed::{Feed, poll};
pub(crate) use progress::{Progress, SegmentStatus};
