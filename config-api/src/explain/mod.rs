//! Why a user is in a segment, or is not.
//!
//! [`gather`] brings the user's events together, [`view`] shows what `engine::explain` makes of them,
//! and [`answer`] puts beside it what was published, and why that may differ for a moment.

mod answer;
mod gather;
mod view;

pub(crate) use answer::*;
