//! The value of an expression, computed plainly: the one meaning of every operator and function.
//!
//! Both evaluators use it: the naive one with aggregates computed from scratch, the incremental
//! one with aggregates read from their folded state.

use schema::Timestamp;

use crate::{Aggregate, Column, Expr, Value};

/// Where an expression gets what it names.
pub trait Scope {
    /// Returns the value of a column of the current row.
    fn column(&self, column: Column) -> Value;
    /// Returns the value of an aggregate over the user's events.
    fn aggregate(&self, aggregate: &Aggregate) -> Value;
    /// Returns the value of a plan's aggregate by its index.
    fn slot(&self, index: usize) -> Value;
    /// Returns the instant of this evaluation.
    fn now(&self) -> Timestamp;
}

/// Evaluates an expression. Total: what SQL would raise (overflow, division by zero) is NULL.
pub fn evaluate(_expr: &Expr, _scope: &impl Scope) -> Value {
    Value::Null
}
