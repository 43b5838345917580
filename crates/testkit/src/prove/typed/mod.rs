//! The clause as the analyst typed it, asked of Databend beside the rendered rule: what `compile` makes of a
//! clause could be wrong in a way that rendering repeats.
//!
//! What the analyst typed is the WHERE of a plain query over the events. It is read as [`tokens`] only, and
//! changed in words only where Databend has no such form ([`spelling`], [`casts`]); where it is known to answer
//! wrongly, a difference is counted apart ([`faults`]).

mod casts;
mod faults;
mod spelling;
mod tokens;

use rules::Rule;
use schema::Timestamp;

use super::segments::Members;
use crate::databend::{Databend, Refused, answered};

/// A join's runtime filter drops rows that correlated aggregates need.
const WITHOUT_RUNTIME_FILTER: &str = "SETTINGS (enable_join_runtime_filter = 0, max_threads = 1)";

/// What Databend says of a clause as it was typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Typed {
    /// Refused is what is no SQL of Databend's, and a division by zero, which fails there.
    pub said: Result<Members, Refused>,
    /// What of the clause Databend is known to get wrong.
    pub fault: Option<&'static str>,
}

impl Typed {
    /// Asks Databend, whose tables hold the events.
    pub async fn ask(databend: &Databend, text: &str, rule: &Rule, now: Timestamp) -> anyhow::Result<Self> {
        let fault = faults::fault(text, rule);
        let said = match query(text, now) {
            Some(sql) => answered(databend.user_ids(&sql).await)?,
            None => Err(Refused { code: 0, message: "its parentheses or quotes do not close".to_owned() }),
        };
        Ok(Self { said, fault })
    }

    /// Returns whether nothing speaks against these members.
    pub fn allows(&self, members: &Members) -> bool {
        self.fault.is_some() || self.said.as_ref().map_or(true, |said| said == members)
    }
}

/// Returns the query with `now()` as a literal; `None` where the text cannot be read.
pub fn query(text: &str, now: Timestamp) -> Option<String> {
    let clause = spelling::spell(&tokens::read(text)?, now);
    Some(format!("{WITHOUT_RUNTIME_FILTER} SELECT DISTINCT user_id FROM events WHERE {clause}"))
}
