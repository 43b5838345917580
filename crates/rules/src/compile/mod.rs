//! Text → [`crate::Rule`], or everything that is wrong with it.
//!
//! The text is cut into tokens ([`tokens`]), parsed by `sqlparser` ([`parse`]), and what comes out
//! is lowered node by node to the typed rule ([`lower`] and the files behind it) by an allow-list:
//! a node that nobody here knows is refused. Nothing stops at the first problem.

mod aggregates;
mod around;
mod bounds;
mod budget;
mod casts;
mod clause;
mod contradiction;
mod dates;
mod derived;
mod dialect;
mod distinct_pairs;
mod extent;
mod functions;
mod funnel;
mod grouping;
mod inlined;
mod instead;
mod intervals;
mod joined_users;
mod joins;
mod json;
mod literals;
mod lower;
mod missing;
mod names;
mod names_replaced;
mod negation;
mod operators;
mod order;
mod pairs;
mod parse;
mod possible;
mod query;
mod retained;
mod rollout;
mod scalar;
mod scope;
mod shown;
mod statement;
mod steps;
mod subquery;
mod tables;
mod ties;
mod tokens;
mod typing;
mod user;
mod warnings;

pub use clause::{Compiled, compile};
pub(crate) use possible::constant_value;

#[cfg(test)]
pub(crate) use {aggregates::result_type, bounds::within, clause::typed};
