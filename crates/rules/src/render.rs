//! A rule as text: canonical (prints and compiles to itself) and for Databend.

use schema::Timestamp;

use crate::Rule;

/// Prints the canonical clause: compiling it gives an equal rule.
pub fn canonical(_rule: &Rule) -> String {
    String::new()
}

/// Prints `SELECT DISTINCT user_id FROM events WHERE …` for Databend, with `now()` as a literal.
pub fn databend(_rule: &Rule, _now: Timestamp) -> String {
    String::new()
}
