//! An aggregate computed over retained events, row by row.
//!
//! Along the way it notes when the first of the comparisons with `now()` that it looked at will flip.
//! Everything else it looks at stays as it is while no event comes, so until that instant it would
//! look at the same things again and find the same. How rows are found is [`super::paths`], what of that is kept
//! between events [`super::lookups`], and which rows an event concerns at all [`super::affected`].

use std::cell::{Cell, OnceCell, RefCell};

use rules::eval::{Scope, evaluate, is_true};
use rules::plan::{DependsOn, argument_of};
use rules::rule::Comparison;
use rules::{Aggregate, AggregateFunction, Column, ExprKind, Interpretation, UserColumn, Value};
use rustc_hash::FxHashMap;
use schema::Timestamp;

use super::aggregate::AggregateState;
use super::fold::{FoldSpec, Occurrence};
use super::key::{Key, push};
use super::lookups::{Filed, Lookups, Way, key};
use super::paths::{Rank, within};
use super::retained::{Decided, RetainedRow};
use crate::user::Besides;

/// Below so many rows, looking at each of them is no slower than finding some.
pub(super) const LEAST_ROWS: usize = 8;

/// One computation, at one instant.
pub(super) struct Run<'a> {
    pub(super) interpretation: &'a Interpretation,
    /// Ascending by time and event.
    pub(super) rows: &'a [RetainedRow],
    pub(super) ways: &'a [Way<'a>],
    pub(super) lookups: &'a Lookups,
    pub(super) now: Timestamp,
    besides: &'a Besides<'a>,
    /// The traits, which are made of what was said.
    traits: OnceCell<Value>,
    /// The earliest flip of a comparison with `now()` so far.
    pub(super) next_flip: Cell<Option<Timestamp>>,
    /// Aggregates by their address: those that do not look at the row they stand at have one value.
    known: RefCell<FxHashMap<*const Aggregate, Option<Value>>>,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        interpretation: &'a Interpretation,
        rows: &'a [RetainedRow],
        (ways, lookups): (&'a [Way<'a>], &'a Lookups),
        now: Timestamp,
        besides: &'a Besides<'a>,
    ) -> Self {
        let (known, traits, next_flip) = (RefCell::default(), OnceCell::new(), Cell::new(None));
        Self { interpretation, rows, ways, lookups, now, besides, traits, next_flip, known }
    }

    /// Computes the aggregate from scratch.
    pub(super) fn interpret(&self) -> Decided {
        let aggregate = &self.interpretation.aggregate;
        let value = match &aggregate.function {
            AggregateFunction::Exists => Value::Boolean(self.some_row()),
            _ => self.aggregate(aggregate, None),
        };
        Decided { value, next_change: self.next_flip.get() }
    }

    pub(super) fn aggregate(&self, aggregate: &Aggregate, around: Option<&At<'_, 'a>>) -> Value {
        if self.rows.len() >= LEAST_ROWS
            && let Some(at) = self.ways.iter().position(|way| std::ptr::eq(way.aggregate, aggregate))
        {
            let way = &self.ways[at];
            return self.along(way, self.lookups.filed(at, way, self.interpretation, self.rows), around);
        }
        let passes = |row: &&RetainedRow| {
            self.lookups.look();
            let scope = At { run: self, row, around };
            aggregate.filter.as_ref().is_none_or(|filter| is_true(filter, &scope))
        };
        self.over(aggregate, self.rows.iter().filter(passes), around)
    }

    /// Finds the rows of an aggregate that stands at a row.
    fn along(&self, way: &Way<'a>, filed: &Filed, around: Option<&At<'_, 'a>>) -> Value {
        let Way { path, aggregate, .. } = way;
        // The row around is asked for alone: which row stands here does not matter.
        let beside = around.map(|around| At { run: self, row: around.row, around: Some(around) });
        let known_by = path.depends_on.as_ref().zip(beside.as_ref()).map(|(on, beside)| known_by(on, beside));
        if let Some(value) = known_by.as_ref().and_then(|key| way.known(key)) {
            return value;
        }
        let places = self.places(way, filed, beside.as_ref());
        let row = |place: &u32| &self.rows[self.lookups.index(*place)];
        let value = match (path.rank, around, &aggregate.function) {
            (Some(rank), Some(around), _) => {
                let own = (around.row.time, around.row.event_id);
                let before = places.partition_point(|place| (row(place).time, row(place).event_id) < own);
                let behind = places.partition_point(|place| (row(place).time, row(place).event_id) <= own);
                Value::Integer(if rank == Rank::Before { before } else { places.len() - behind } as i64)
            }
            (_, _, AggregateFunction::CountAll) if path.rest.is_empty() => Value::Integer(places.len() as i64),
            _ => {
                let passes = |row: &&RetainedRow| {
                    self.lookups.look();
                    let scope = At { run: self, row, around };
                    path.rest.iter().all(|part| is_true(part, &scope))
                };
                self.over(aggregate, places.iter().map(row).filter(passes), around)
            }
        };
        if let Some(key) = known_by {
            way.remember(key, value.clone());
        }
        value
    }

    /// Returns the places of the rows that can pass.
    fn places<'w>(&'w self, way: &Way<'a>, filed: &'w Filed, beside: Option<&At<'_, 'a>>) -> &'w [u32] {
        let own = match beside {
            Some(beside) => key(&way.path.equal, |equal| equal.around, beside),
            None => Some(Key::new()),
        };
        let Some(own) = own else { return &[] };
        let mut places = self.lookups.live(filed.own(&own));
        let time = |place: u32| self.rows[self.lookups.index(place)].time;
        for (op, bound) in &way.path.bounds {
            let bound = beside.map_or(Value::Null, |beside| evaluate(bound, beside));
            let Value::Timestamp(bound) = bound else { return &[] };
            places = within(places, *op, bound, time);
        }
        for index in &way.path.windows {
            places = self.within_window(*index, places, time);
        }
        places
    }

    /// Cuts places down to those of which a comparison with `now()` is TRUE, and notes when the next one flips.
    fn within_window<'w>(&self, index: usize, places: &'w [u32], time: impl Fn(u32) -> Timestamp) -> &'w [u32] {
        let comparison = &self.interpretation.now_comparisons[index];
        let holds = |place: &u32| comparison.holds(time(*place), self.now);
        let from_then_on = matches!(comparison.op, Comparison::Greater | Comparison::GreaterOrEqual);
        // Of those inside the oldest leaves first; of those ahead the oldest comes first.
        let edge = places.partition_point(|place| holds(place) != from_then_on);
        let next = places.get(edge).and_then(|place| comparison.next_flip(time(*place), self.now));
        self.note(next);
        if from_then_on { &places[edge..] } else { &places[..edge] }
    }

    /// Computes an aggregate over the rows that pass.
    fn over<'r>(
        &self,
        aggregate: &Aggregate,
        mut passing: impl Iterator<Item = &'r RetainedRow>,
        around: Option<&At<'_, 'a>>,
    ) -> Value {
        if aggregate.function == AggregateFunction::Exists {
            return Value::Boolean(passing.next().is_some());
        }
        if let AggregateFunction::Funnel { window, steps } = &aggregate.function {
            return Value::Integer(self.steps_made(*window, steps, passing, around));
        }
        let fold = FoldSpec::of_all(&aggregate.function);
        let mut state = AggregateState::folding(fold.kind);
        for row in passing {
            let argument = argument_of(&aggregate.function);
            let value =
                argument.map_or(Value::Boolean(true), |argument| evaluate(argument, &At { run: self, row, around }));
            if value != Value::Null {
                let occurrence = Occurrence { time: row.time, event_id: row.event_id, value, columns: Vec::new() };
                state.fold(occurrence, &fold, self.now);
            }
        }
        if state.is_empty() { aggregate.function.over_nothing() } else { state.folded_value(&fold) }
    }

    /// Returns whether an aggregate may depend on the row it stands at, also by what it compares with `now()`.
    pub(super) fn looks_around(&self, aggregate: &Aggregate) -> bool {
        let compared = |index: usize| self.interpretation.now_comparisons[index].time.reach() > 0;
        let mut found = aggregate.is_correlated();
        for part in aggregate.children() {
            part.walk(&mut |expr| found = found || matches!(expr.kind, ExprKind::Slot(index) if compared(index)));
        }
        found
    }

    fn note(&self, flip: Option<Timestamp>) {
        let earlier = [self.next_flip.get(), flip].into_iter().flatten().min();
        self.next_flip.set(earlier);
    }
}

/// Returns by what the value of an aggregate is known that stands beside a row.
fn known_by(on: &DependsOn, beside: &At<'_, '_>) -> Key {
    match on {
        // Rows do not move while they are looked at.
        DependsOn::Row => std::ptr::from_ref(beside.row).addr().to_le_bytes().to_vec(),
        DependsOn::Values(parts) => {
            let mut key = Key::new();
            parts.iter().for_each(|part| push(&mut key, &evaluate(part, beside)));
            key
        }
    }
}

/// A row of a run, and the row around the aggregate that goes over it.
pub(super) struct At<'a, 'r> {
    pub(super) run: &'a Run<'r>,
    pub(super) row: &'a RetainedRow,
    pub(super) around: Option<&'a At<'a, 'r>>,
}

impl Scope for At<'_, '_> {
    fn column(&self, column: Column) -> Value {
        self.row.column(&self.run.interpretation.columns, column)
    }

    fn outer(&self, distance: usize, column: Column) -> Value {
        match (self.around, distance) {
            (Some(around), 1) => around.column(column),
            (Some(around), _) => around.outer(distance - 1, column),
            (None, _) => Value::Null,
        }
    }

    fn aggregate(&self, aggregate: &Aggregate) -> Value {
        let address: *const Aggregate = aggregate;
        let known = self.run.known.borrow().get(&address).cloned();
        if let Some(value) = known {
            return value.unwrap_or_else(|| self.run.aggregate(aggregate, Some(self)));
        }
        let own = (!self.run.looks_around(aggregate)).then(|| self.run.aggregate(aggregate, None));
        self.run.known.borrow_mut().insert(address, own.clone());
        own.unwrap_or_else(|| self.run.aggregate(aggregate, Some(self)))
    }

    /// A comparison with `now()`.
    fn slot(&self, index: usize) -> Value {
        let comparison = &self.run.interpretation.now_comparisons[index];
        let now = self.run.now;
        match evaluate(&comparison.time, self) {
            Value::Timestamp(at) => {
                self.run.note(comparison.next_flip(at, now));
                Value::Boolean(comparison.holds(at, now))
            }
            _ => Value::Null,
        }
    }

    fn of_user(&self, column: UserColumn) -> Value {
        let value = || self.run.besides.of_user(column);
        if column == UserColumn::Traits { self.run.traits.get_or_init(value).clone() } else { value() }
    }

    fn is_in_segment(&self, tag: &str) -> bool {
        self.run.besides.is_in_segment(tag)
    }

    fn now(&self) -> Timestamp {
        self.run.now
    }
}
