//! How a rule is evaluated incrementally: aggregates, and an expression over their values.
//!
//! A user is in the segment when *some* row makes the clause TRUE. Three-valued logic is first
//! turned into two-valued: "W is TRUE" is pushed through AND, OR and NOT ([`formula`]) until it
//! reaches parts that depend on the row alone or on the user alone, and the whole is multiplied out
//! ([`term`]): *some* row makes a disjunction of conjunctions TRUE exactly when for one conjunction
//! the user's part holds and *some* row makes the row's part TRUE, which is an `Exists` aggregate.
//! Times in a row part that are compared with `now()` become the aggregate's window ([`time`]).
//!
//! What does not come apart this way, a row against the user's other events or against `now()` in
//! some other form, is computed anew over the events retained for it ([`interpret`]); as an aggregate
//! with a value of its own it shares everything else with the folded ones. What cannot be exact even
//! so is refused, never approximated.

mod activities;
mod around;
mod demand;
mod footprint;
mod formula;
mod interpret;
mod key;
mod lower;
mod retention;
mod slots;
mod spec;
mod term;
mod time;
mod unsupported;
mod walk;

pub use activities::activity_types;
pub use around::{DependsOn, asked_at, depends_on, is_around_alone, is_told_apart, names_other, names_row};
pub use footprint::Footprint;
pub use lower::plan;
pub use spec::{AggregateKey, AggregateSpec, Demand, Interpretation, NowComparison, Plan, WindowSpec};
pub use walk::{argument_of, children};
pub(crate) use walk::{map_aggregate, map_children};

#[cfg(test)]
mod tests;
