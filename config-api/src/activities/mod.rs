//! Activities over HTTP, and their association with segments.

mod assign;
mod edit;
mod view;

pub(crate) use assign::*;
pub(crate) use edit::*;
