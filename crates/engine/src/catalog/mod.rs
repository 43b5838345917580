//! The frozen set of every live definition, with its reverse indexes: from an event to the
//! aggregates it can touch, and from an aggregate to the rules that read it.

mod activity;
mod aggregate;
mod freeze;
mod rule;

pub use freeze::{Catalog, CatalogError};

pub(crate) use aggregate::{CatalogAggregate, Slot};
pub(crate) use rule::{CatalogRule, RuleIndex};
