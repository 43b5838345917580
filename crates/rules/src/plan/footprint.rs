//! What an aggregate costs per user: an estimate of the memory that its state takes.
//!
//! Counted from what the engine keeps: a row of cells for what most conditions are about (times, order totals,
//! latest values), else a state of its own; a fixed part, and so much for every event, or every different value,
//! that is kept as well. Texts are taken to have a typical length. The allocator's spare room and what every user
//! has anyway are left out, and that conditions on the same events share their cells. The sizes are the
//! engine's; tests there and in the workload hold them against it.

use std::mem::size_of;

use schema::{EventId, Timestamp};

use super::spec::{AggregateSpec, Demand};
use super::walk::argument_of;
use crate::{AggregateFunction, Column, Expr, ExprKind, SqlType, Value};

/// What a text of an event takes besides its place, such as a region, an order's number, a path.
const TYPICAL_TEXT_BYTES: usize = 24;
/// What an entry of a set takes for its place in the tree.
const SET_ENTRY_BYTES: usize = 16;
/// A series is made of these: a time, a number, half of an event's id.
const CELL_BYTES: usize = 8;
/// Where a series begins, and its deadline.
const CELLS_OF_SERIES: usize = 2;
/// A window's running sum.
const CELLS_OF_TOTAL: usize = 3;
/// Time and value of what a window's sum is made of.
const CELLS_OF_PART: usize = 2;
/// Time, event and value.
const CELLS_OF_LATEST: usize = 4;

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
    /// What the state takes of an aggregate that is folded by itself or computed over retained events.
    pub const STATE_BYTES: usize = 208;
    /// What a retained event takes besides its columns: time, event and their list.
    pub const ROW_BYTES: usize = size_of::<(Timestamp, EventId, Vec<Value>)>();
    /// The most times that are kept in cells.
    pub const MAX_CELL_TIMES: u32 = 64;

    /// Estimates what an aggregate takes.
    pub fn of(spec: &AggregateSpec) -> Self {
        in_cells(spec).unwrap_or_else(|| by_itself(spec))
    }

    /// Returns the most it takes; `None` when that depends on how many events there are.
    pub fn at_most(self) -> Option<usize> {
        self.max_events.map(|events| self.fixed_bytes + events * self.bytes_per_event)
    }

    /// Returns what it takes when so many events count.
    pub fn with_events(self, events: usize) -> usize {
        self.fixed_bytes + self.max_events.map_or(events, |most| most.min(events)) * self.bytes_per_event
    }

    const fn cells(fixed: usize, per_event: usize, max_events: Option<usize>) -> Self {
        let fixed_bytes = (CELLS_OF_SERIES + fixed) * CELL_BYTES;
        Self { fixed_bytes, bytes_per_event: per_event * CELL_BYTES, max_events }
    }
}

/// Returns what it takes in cells; `None` of what is kept by itself.
fn in_cells(spec: &AggregateSpec) -> Option<Footprint> {
    let window = spec.window;
    if spec.interpretation.is_some()
        || window.until.is_some()
        || window.from_unit.is_some()
        || window.until_unit.is_some()
    {
        return None;
    }
    let ever = window.from.is_none();
    match (&spec.function, spec.demand) {
        // That there is an event at all is known of every user.
        (AggregateFunction::Exists, _) if ever && spec.filter.is_none() => {
            Some(Footprint { fixed_bytes: 0, bytes_per_event: 0, max_events: Some(0) })
        }
        (AggregateFunction::Exists, _) => Some(Footprint::cells(1, 0, Some(0))),
        // How many there ever were is one number.
        (AggregateFunction::CountAll, Demand::UpTo(_)) if ever => Some(Footprint::cells(1, 0, Some(0))),
        (AggregateFunction::CountAll, Demand::UpTo(count)) if count <= Footprint::MAX_CELL_TIMES => {
            Some(Footprint::cells(0, 1, Some(count as usize)))
        }
        (AggregateFunction::Max(time), _) if ever && is(time, Column::CreatedAt) => {
            Some(Footprint::cells(1, 0, Some(0)))
        }
        (AggregateFunction::Sum(total), _) if is(total, Column::OrderTotal) => Some(match ever {
            true => Footprint::cells(CELLS_OF_TOTAL, 0, Some(0)),
            false => Footprint::cells(CELLS_OF_TOTAL, CELLS_OF_PART, None),
        }),
        (AggregateFunction::Last(value), _) if ever && is_kept_as_text(value) => {
            let in_cells = Footprint::cells(CELLS_OF_LATEST, 0, Some(0));
            Some(Footprint { fixed_bytes: in_cells.fixed_bytes + TYPICAL_TEXT_BYTES, ..in_cells })
        }
        _ => None,
    }
}

fn is(expr: &Expr, column: Column) -> bool {
    expr.kind == ExprKind::Column(column)
}

fn is_kept_as_text(expr: &Expr) -> bool {
    expr.sql_type == SqlType::Text && matches!(expr.kind, ExprKind::Column(column) if column != Column::EventId)
}

fn by_itself(spec: &AggregateSpec) -> Footprint {
    let (item_bytes, max_events) = kept(spec);
    let bytes_per_event = if max_events == Some(0) { 0 } else { item_bytes };
    Footprint { fixed_bytes: Footprint::STATE_BYTES, bytes_per_event, max_events }
}

/// Returns how large what is kept of an event is, and of how many events it is kept.
fn kept(spec: &AggregateSpec) -> (usize, Option<usize>) {
    if let Some(interpretation) = &spec.interpretation {
        let columns = interpretation.columns.iter().map(|column| value_bytes(column.sql_type()));
        return (Footprint::ROW_BYTES + columns.sum::<usize>(), None);
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
    use super::*;
    use crate::plan::plan;

    fn footprint(clause: &str) -> Footprint {
        let rule = crate::compile(clause).rule.unwrap();
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
        check("count(*) FILTER (WHERE created_at > now() - INTERVAL 1 DAY) >= 100", Some(100));
        check("count(DISTINCT order_id) >= 3", Some(3));
        check("sum(order_total) > 5", Some(0));
        check("sum(order_total) FILTER (WHERE created_at > now() - INTERVAL 1 DAY) > 5", None);
        check("max(created_at) < now() - INTERVAL 7 DAY", Some(0));
        check("arg_max(region, created_at) = 'x'", Some(0));
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
