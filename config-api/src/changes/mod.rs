//! The stream of changes: server-sent events that resume where they were.
//!
//! Every subscriber reads the log itself, from positions of its own, at the speed of its own
//! connection: a slow one falls behind and loses nothing, and costs others nothing. What it has
//! seen is in the `id` of each event, so any process can go on for it.

mod end;
mod filter;
mod position;
mod subscribe;
mod subscription;
mod tail;

pub(crate) use subscribe::*;
pub(crate) use tail::{Tail, follow_ends};
