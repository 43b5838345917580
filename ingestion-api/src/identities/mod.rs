//! Identity → user: a bounded cache in front of one task that asks the store in batches.
//!
//! The task is the only one that fills the cache and the only one that hears of removed identities,
//! one after the other: so an answer that was read before a removal can never be kept after it.

mod cache;
mod lookup;
mod resolver;
mod task;

pub use lookup::{Identities, Resolution};
pub use resolver::{IdentityResolver, ResolveError, StoreResolver};
pub use task::ResolverTask;
