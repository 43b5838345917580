//! Random clauses, put together as analysts would type them, from the whole language.
//!
//! Most are accepted by `rules::compile`; the others tell nothing and are drawn again. Conditions
//! stand in [`conditions`], what they are about in [`values`], [`calendar`] and [`json`], the user's
//! other events in [`subqueries`], [`joins`] and [`aggregates`], traits and other segments in [`users`],
//! what is written out in [`constants`].

mod aggregates;
mod calendar;
mod conditions;
mod constants;
mod joins;
mod json;
mod place;
mod subqueries;
mod users;
mod values;

pub use place::clause;
