//! The proof: random rules over random histories mean the same to every evaluator.
//!
//! A rule is drawn as text ([`grammar`]), so that what `compile` makes of it is part of what is
//! proven. The naive evaluator, the incremental engine and a real Databend are asked about several
//! users' histories at instants around the edges of windows ([`round`]); where the text itself is
//! Databend SQL, Databend is asked that as well. A disagreement is made small ([`shrink`]) and
//! written down ([`report`]).

mod alphabet;
mod clause;
pub mod grammar;
pub mod history;
pub mod report;
pub mod round;
pub mod shrink;
pub mod triple;
pub mod typed;

pub use clause::{Clause, Part, Sort};
