//! The proof: random rules over random histories mean the same to every evaluator.
//!
//! A rule is drawn as text ([`grammar`]), so that what `compile` makes of it is part of what is
//! proven. The naive evaluator, the incremental engine and a real Databend are asked about several
//! users' histories ([`history`]) at instants around the edges of windows ([`round`]); some clauses are
//! segments that others name ([`segments`]). Databend is asked both for the SQL that is rendered and for
//! the text as it was typed ([`typed`]). A clause that a person wrote is asked about histories that fit it ([`fitting`]). A
//! disagreement is made small ([`shrink`]) and written down ([`report`]).

mod alphabet;
mod clause;
pub mod fitting;
pub mod grammar;
pub mod history;
pub mod report;
pub mod round;
pub mod segments;
pub mod shrink;
pub mod triple;
pub mod typed;

pub use clause::{Clause, Part, Sort};
