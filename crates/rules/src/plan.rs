//! How a rule is evaluated incrementally: aggregates, and an expression over their values.
//!
//! A user is in the segment when *some* row makes the clause TRUE. The clause is split into parts
//! that depend on the row and parts that do not; "some row" of a row part becomes an `Exists`
//! aggregate. Times in a row part that are compared with `now()` become the aggregate's window.

use serde::{Deserialize, Serialize};

use crate::{AggregateFunction, Diagnostic, Expr, Rule};

/// Which events count, by `created_at - now` in microseconds; both edges are included.
///
/// `created_at > now() - INTERVAL 1 DAY` is `from = -86_400_000_000 + 1`: times are whole
/// microseconds, so every edge can be written as an included one, and equal windows are equal.
/// An event at `t` is inside exactly while `t - until <= now <= t - from`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct WindowSpec {
    /// The least `created_at - now` that counts; `None` is no lower edge.
    pub from: Option<i64>,
    /// The greatest `created_at - now` that counts; `None` is no upper edge.
    pub until: Option<i64>,
}

/// How much of a count its readers need to know.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Demand {
    /// The value up to this bound; beyond it any value not less than the bound will do.
    UpTo(u32),
    /// The exact value.
    Exact,
}

/// An aggregate as it is kept per user.
#[derive(Clone, PartialEq, Debug)]
pub struct AggregateSpec {
    /// What is computed; its argument names neither `now()` nor aggregates.
    pub function: AggregateFunction,
    /// Which events can count at all; names neither `now()` nor aggregates.
    pub filter: Option<Expr>,
    /// When they count.
    pub window: WindowSpec,
    /// How much of it this rule needs to know.
    pub demand: Demand,
}

/// Fingerprint of function, argument, filter and window of an [`AggregateSpec`]: equal keys share state.
///
/// Excludes the demand: the state holds as much as its most demanding reader needs. Stable across
/// releases: it is filed under in stored state.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct AggregateKey(pub u128);

/// A rule lowered to aggregates.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// The aggregates that `membership` names by index ([`crate::ExprKind::Slot`]); no two are equal.
    pub aggregates: Vec<AggregateSpec>,
    /// The user is a member exactly when this is TRUE. Names no columns.
    pub membership: Expr,
}

/// Lowers a rule; errors say what cannot be evaluated incrementally, and where it stands.
pub fn plan(_rule: &Rule) -> Result<Plan, Vec<Diagnostic>> {
    Err(Vec::new())
}
