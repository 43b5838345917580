//! What a where clause means: text in, a typed [`Rule`] and diagnostics out.
//!
//! The only place that parses SQL. No I/O and no clock: `now` is always a parameter. A rule is
//! evaluated in two independent ways: row by row from scratch ([`eval`], which the naive evaluator
//! uses) and by folded aggregates, which [`plan`] lowers it to and the crate `engine` keeps.

pub mod calendar;
pub mod compile;
pub mod dependencies;
mod diagnostic;
pub mod eval;
pub mod json;
pub mod limits;
pub mod plan;
pub mod render;
pub mod rule;
pub mod value;
mod walk;

pub use compile::{Compiled, compile};
pub use dependencies::{cycle_diagnostic, segment_cycle};
pub use diagnostic::{Code, Diagnostic, Severity, Span};
pub use plan::{AggregateKey, AggregateSpec, Demand, Interpretation, NowComparison, Plan, WindowSpec};
pub use rule::{Aggregate, AggregateFunction, CastType, Column, Expr, ExprKind, PathStep, Rule, SqlType, UserColumn};
pub use value::{Truth, Value};
