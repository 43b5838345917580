//! Why a user is in a segment, or is not: each condition of the clause with what it came to.
//!
//! Explained from scratch over the user's events, by the evaluator that defines membership
//! ([`crate::naive`]); only when time alone will change something is asked of the [`crate::Engine`],
//! which knows that exactly. Nothing here decides a membership that anybody is told.

mod condition;
mod describe;
mod explanation;
mod flip;
mod inside;
mod known;
mod truths;

pub use condition::{Condition, Joint, Scope};
pub use describe::Compared;
pub use explanation::{Explained, Explanation, Listed, explain, max_events};
pub use flip::Until;
pub use inside::{Asked, Looked};
pub use known::Known;
