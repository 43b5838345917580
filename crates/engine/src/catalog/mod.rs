//! The frozen set of every live definition, with its reverse indexes.
//!
//! From an event to what it is folded into ([`index`]), from that to the conditions it can flip
//! ([`series`], [`condition`]), from a condition to the rules that name it, and from a rule to whether it
//! holds ([`formula`]). Conditions that `recognise` knows are answered by series; all others are
//! expressions over aggregates that are folded one by one. What does not matter for users of one
//! latest region or device is left out by their [`profile`].

mod aggregate;
mod build;
mod condition;
mod draft;
mod formula;
mod freeze;
mod index;
mod lower;
mod order;
mod profile;
mod readers;
mod recognise;
mod rule;
mod series;
mod texts;
mod user_conditions;

pub use freeze::{Catalog, CatalogError};

pub(crate) use aggregate::{CatalogAggregate, Slot};
pub(crate) use condition::{Asked, Condition, GeneralCondition, Order, SeriesCondition};
pub(crate) use formula::Bit;
pub(crate) use index::Target;
pub(crate) use profile::{ProfileIndex, Profiles};
pub(crate) use rule::{CatalogRule, RuleIndex};
#[cfg(test)]
pub(crate) use series::MAX_DEPTH;
pub(crate) use series::{
    LatestSpec, MAX_ROW, Outline, OutlineKind, RecentSpec, SINCE_EVER, Series, SeriesIndex, SeriesKind, TotalSpec,
};
