//! What an aggregate costs per user: an estimate of the memory that its state takes.
//!
//! Counted from what the folds keep ([`crate::state`] says why just that): a fixed part, and so much for
//! every event, or every different value, that is kept as well. Texts are taken to have a typical
//! length. The allocator's spare room and what every user has anyway are left out.

use std::mem::size_of;

use rules::plan::argument_of;
use rules::{AggregateFunction, AggregateSpec, Demand, SqlType, Value};
use schema::{EventId, Timestamp};

use crate::catalog::Slot;
use crate::state::AggregateState;

/// What a text of an event takes besides its place, such as a region, an order's number, a path.
const TYPICAL_TEXT_BYTES: usize = 24;
/// What an entry of a set takes for its place in the tree.
const SET_ENTRY_BYTES: usize = 16;

/// What the state of one aggregate of one user takes, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Footprint {
    /// Whatever the user does.
    pub fixed_bytes: usize,
    /// For each event that is kept, or each different value; 0 when none is.
    pub bytes_per_event: usize,
    /// How many are kept at most; `None` when as many as there are in the window.
    pub max_events: Option<usize>,
}

impl Footprint {
    /// Estimates what an aggregate takes.
    pub fn of(spec: &AggregateSpec) -> Self {
        let fixed_bytes = size_of::<(Slot, AggregateState)>();
        let (item_bytes, max_events) = kept(spec);
        match max_events {
            Some(0) => Self { fixed_bytes, bytes_per_event: 0, max_events },
            _ => Self { fixed_bytes, bytes_per_event: item_bytes, max_events },
        }
    }

    /// Returns the most it takes; `None` when that depends on how many events there are.
    pub fn at_most(self) -> Option<usize> {
        self.max_events.map(|events| self.fixed_bytes + events * self.bytes_per_event)
    }
}

/// Returns how large what is kept of an event is, and of how many events it is kept.
fn kept(spec: &AggregateSpec) -> (usize, Option<usize>) {
    if let Some(interpretation) = &spec.interpretation {
        let columns = interpretation.columns.iter().map(|column| value_bytes(column.sql_type()));
        return (size_of::<(Timestamp, EventId, Vec<Value>)>() + columns.sum::<usize>(), None);
    }
    let time = size_of::<Timestamp>();
    let argument = argument_of(&spec.function).map_or(0, |argument| value_bytes(argument.sql_type));
    let item = match &spec.function {
        AggregateFunction::Exists
        | AggregateFunction::CountAll
        | AggregateFunction::Count(_)
        | AggregateFunction::Funnel { .. } => time,
        AggregateFunction::Sum(_) | AggregateFunction::Avg(_) => size_of::<(Timestamp, i128)>(),
        AggregateFunction::Min(_) | AggregateFunction::Max(_) => time + argument,
        AggregateFunction::CountDistinct(_) => time + argument + SET_ENTRY_BYTES,
        AggregateFunction::Last(_) | AggregateFunction::First(_) => time + size_of::<EventId>() + argument,
    };
    // Until their time comes, events are kept that are not inside yet.
    let waits = spec.window.until.is_some_and(|until| until < 0);
    (item, if waits { None } else { inside(spec) })
}

/// Returns of how many events inside of the window something is kept; `None` is of all.
fn inside(spec: &AggregateSpec) -> Option<usize> {
    let (forgets, enough) = (spec.window.from.is_some(), enough(spec.demand));
    match &spec.function {
        AggregateFunction::Exists => Some(0),
        AggregateFunction::CountAll | AggregateFunction::Count(_) if forgets => enough,
        AggregateFunction::CountDistinct(_) => enough,
        // In a value of its own, but for what the value itself takes.
        AggregateFunction::Last(_) => Some(1),
        AggregateFunction::Min(_) | AggregateFunction::Max(_) | AggregateFunction::First(_) if !forgets => Some(1),
        _ if forgets => None,
        _ => Some(0),
    }
}

const fn enough(demand: Demand) -> Option<usize> {
    match demand {
        Demand::UpTo(bound) => Some(bound as usize),
        Demand::Exact => None,
    }
}

fn value_bytes(sql_type: SqlType) -> usize {
    let elsewhere = match sql_type {
        SqlType::Text | SqlType::Variant => TYPICAL_TEXT_BYTES,
        _ => 0,
    };
    size_of::<Value>() + elsewhere
}

#[cfg(test)]
mod tests {
    use rules::plan::plan;

    use super::*;

    fn footprint(clause: &str) -> Footprint {
        let rule = rules::compile(clause).rule.unwrap();
        let plan = plan(&rule).unwrap();
        let specs = plan.aggregates.iter().filter(|spec| spec.function != AggregateFunction::Exists);
        let specs: Vec<_> = specs.collect();
        let [spec] = specs[..] else { panic!("{clause}: {specs:?}") };
        Footprint::of(spec)
    }

    #[track_caller]
    fn check(clause: &str, max_events: Option<usize>) {
        assert_eq!(footprint(clause).max_events, max_events, "{clause}");
    }

    #[test]
    fn a_bounded_count_keeps_its_bound_and_a_total_keeps_the_window() {
        check("count(*) >= 10", Some(0));
        check("count(*) FILTER (WHERE created_at > now() - INTERVAL 1 DAY) >= 10", Some(10));
        check("count(DISTINCT order_id) >= 3", Some(3));
        check("sum(order_total) > 5", Some(0));
        check("sum(order_total) FILTER (WHERE created_at > now() - INTERVAL 1 DAY) > 5", None);
        check("max(created_at) < now() - INTERVAL 7 DAY", Some(1));
        check("arg_max(region, created_at) = 'x'", Some(1));
        check("arg_min(region, created_at) FILTER (WHERE created_at > now() - INTERVAL 1 DAY) = 'x'", None);
    }

    #[test]
    fn events_that_wait_for_their_window_are_kept() {
        let between = "created_at BETWEEN now() - INTERVAL 90 DAY AND now() - INTERVAL 30 DAY";
        check(&format!("count(*) FILTER (WHERE {between}) >= 2"), None);
    }

    #[test]
    fn the_most_is_told_when_there_is_one() {
        let bounded = footprint("count(*) FILTER (WHERE created_at > now() - INTERVAL 1 DAY) >= 10");
        assert_eq!(bounded.at_most(), Some(bounded.fixed_bytes + 10 * 8));
        assert_eq!(
            footprint("avg(order_total) FILTER (WHERE created_at > now() - INTERVAL 1 DAY) > 5").at_most(),
            None
        );
    }
}
