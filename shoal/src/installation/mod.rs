//! An installation in one folder: its parts, opened together, and whether they belong together.
//!
//! [`parts`] opens the log, the history and the store of a data directory; [`wholeness`] sees that none is older
//! than the others, or from elsewhere. Who runs services on them is `up`, who copies them `transfer`.

mod parts;
pub(crate) mod wholeness;

pub(crate) use parts::{DataDirectory, Parts, unmake};
