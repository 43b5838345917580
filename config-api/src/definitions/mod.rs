//! The definitions as the segmenter gets them, and how far each partition has come with them.

mod feed;
mod progress;

pub(crate) use feed::{Feed, poll};
pub(crate) use progress::{Progress, SegmentStatus};
