//! The value of an expression, computed plainly: the one meaning of every operator and function.
//!
//! Both evaluators use it: the naive one with aggregates computed from scratch, the incremental
//! one with aggregates read from their folded state. It is total: what SQL would raise (overflow,
//! division by zero) is NULL. Types were settled by `compile`; where two values meet that no typed
//! expression brings together, the result is NULL as well.

mod arithmetic;
mod cast;
mod compare;
mod evaluate;
mod function;
mod like;
mod numeral;
mod truth;
mod wide;

pub use arithmetic::{arithmetic, arithmetic_type, average};
pub(crate) use cast::{DAY, INSTANT, day};
pub use compare::{compare, order};
pub use evaluate::{Scope, conform, evaluate, is_true};

pub(crate) use numeral::NUMERAL;

#[cfg(test)]
pub(crate) mod build;
#[cfg(test)]
mod tests;
