//! An aggregate computed over retained events, row by row.
//!
//! Along the way it notes when the first of the comparisons with `now()` that it looked at will flip.
//! Everything else it looks at stays as it is while no event comes, so until that instant it would
//! look at the same things again and find the same.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use rules::eval::{Scope, evaluate, is_true};
use rules::plan::argument_of;
use rules::{Aggregate, AggregateFunction, Column, Expr, ExprKind, Interpretation, UserColumn, Value};
use rustc_hash::FxHashMap;
use schema::Timestamp;

use super::aggregate::AggregateState;
use super::fold::{FoldSpec, Occurrence};
use super::paths::{Found, Key, Path, Rank, push, within};
use super::retained::{Decided, RetainedRow};
use crate::user::Besides;

/// Below so many rows, looking at each of them is no slower than finding some.
const LEAST_ROWS: usize = 8;

/// Computes the aggregate at `now`. The rows are ascending by time and event.
pub(super) fn interpret(
    interpretation: &Interpretation,
    rows: &[RetainedRow],
    now: Timestamp,
    besides: &Besides<'_>,
) -> Decided {
    let run = Run::new(interpretation, rows, now, None, besides);
    let value = run.outermost();
    Decided { value, next_change: run.next_flip.get() }
}

/// Computes the aggregate at `now` from what it was before the rows at these places came; `None` when that
/// does not tell. A user who comes often has many rows, and every one of them would otherwise be
/// compared with every other for each event.
pub(super) fn interpret_more(
    interpretation: &Interpretation,
    rows: &[RetainedRow],
    came: &[usize],
    before: &Decided,
    now: Timestamp,
    besides: &Besides<'_>,
) -> Option<Decided> {
    let same_till_now = before.next_change.is_none_or(|next_change| now < next_change);
    // A time that is compared with `now()` stands beside the filter, and may be that of other rows.
    let times_grow = !interpretation.now_comparisons.iter().any(|comparison| comparison.time.holds_aggregate());
    if !same_till_now || !times_grow || !only_grows(&interpretation.aggregate) {
        return None;
    }
    if before.value == Value::Boolean(true) {
        return Some(before.clone());
    }
    let run = Run::new(interpretation, rows, now, before.next_change, besides);
    let value = Value::Boolean(run.exists_with(&interpretation.aggregate, came, None));
    Some(Decided { value, next_change: run.next_flip.get() })
}

/// Returns whether more rows can only make it true: EXISTS over at most one EXISTS that is so, by AND alone.
fn only_grows(aggregate: &Aggregate) -> bool {
    let (within, plain) = conjuncts(aggregate);
    aggregate.function == AggregateFunction::Exists
        && within.len() <= 1
        && within.into_iter().all(only_grows)
        && !plain.into_iter().any(Expr::holds_aggregate)
}

/// Splits the filter into what must all be true: aggregates, and everything else.
fn conjuncts(aggregate: &Aggregate) -> (Vec<&Aggregate>, Vec<&Expr>) {
    let (mut within, mut plain) = (Vec::new(), Vec::new());
    let mut open: Vec<&Expr> = aggregate.filter.iter().collect();
    while let Some(expr) = open.pop() {
        match &expr.kind {
            ExprKind::And(parts) => open.extend(parts),
            ExprKind::Aggregate(aggregate) => within.push(&**aggregate),
            _ => plain.push(expr),
        }
    }
    (within, plain)
}

/// One computation, at one instant.
struct Run<'a> {
    interpretation: &'a Interpretation,
    rows: &'a [RetainedRow],
    now: Timestamp,
    besides: &'a Besides<'a>,
    /// The traits, which are made of what was said.
    traits: OnceCell<Value>,
    /// The earliest flip of a comparison with `now()` so far.
    next_flip: Cell<Option<Timestamp>>,
    /// Aggregates by their address: those that do not look at the row they stand at have one value.
    known: RefCell<FxHashMap<*const Aggregate, Option<Value>>>,
    /// Likewise, how the rows are found of those that do.
    ways: RefCell<FxHashMap<*const Aggregate, Option<Rc<Way<'a>>>>>,
}

/// How the rows of an aggregate are found.
struct Way<'a> {
    path: Path<'a>,
    found: Found,
}

impl<'a> Run<'a> {
    fn new(
        interpretation: &'a Interpretation,
        rows: &'a [RetainedRow],
        now: Timestamp,
        next_flip: Option<Timestamp>,
        besides: &'a Besides<'a>,
    ) -> Self {
        let (known, ways, traits) = (RefCell::default(), RefCell::default(), OnceCell::new());
        Self { interpretation, rows, now, besides, traits, next_flip: Cell::new(next_flip), known, ways }
    }

    fn outermost(&self) -> Value {
        let aggregate = &self.interpretation.aggregate;
        if aggregate.function != AggregateFunction::Exists {
            return self.aggregate(aggregate, None);
        }
        let (within, plain) = conjuncts(aggregate);
        // What holds an aggregate costs the most, and comes last.
        let (costly, cheap): (Vec<&Expr>, Vec<&Expr>) = plain.into_iter().partition(|part| part.holds_aggregate());
        let passes = |row: &RetainedRow| {
            let scope = At { run: self, row, around: None };
            cheap.iter().all(|part| is_true(part, &scope))
                && within.iter().all(|within| scope.aggregate(within) == Value::Boolean(true))
                && costly.iter().all(|part| is_true(part, &scope))
        };
        // What came last tells most often.
        Value::Boolean(self.rows.iter().rev().any(passes))
    }

    fn aggregate(&self, aggregate: &Aggregate, around: Option<&At<'_, 'a>>) -> Value {
        if let Some(around) = around
            && self.rows.len() >= LEAST_ROWS
            && let Some(way) = self.way(aggregate)
        {
            return self.along(&way, aggregate, around);
        }
        let passes = |row: &&RetainedRow| {
            let scope = At { run: self, row, around };
            aggregate.filter.as_ref().is_none_or(|filter| is_true(filter, &scope))
        };
        self.over(aggregate, self.rows.iter().filter(passes), around)
    }

    /// Finds the rows of an aggregate that stands at a row.
    fn along(&self, way: &Way<'a>, aggregate: &Aggregate, around: &At<'_, 'a>) -> Value {
        let Way { path, found } = way;
        // The row around is asked for alone: which row stands here does not matter.
        let beside = At { run: self, row: around.row, around: Some(around) };
        let known_by = path.depends_on.as_ref().map(|parts| {
            let mut key = Key::new();
            parts.iter().for_each(|part| push(&mut key, &evaluate(part, &beside)));
            key
        });
        if let Some(value) = known_by.as_ref().and_then(|key| found.known(key)) {
            return value;
        }
        let places = self.places(way, &beside);
        let row = |place: &u32| &self.rows[*place as usize];
        let value = match (path.rank, &aggregate.function) {
            (Some(rank), _) => {
                let own = (around.row.time, around.row.event_id);
                let before = places.partition_point(|place| (row(place).time, row(place).event_id) < own);
                let behind = places.partition_point(|place| (row(place).time, row(place).event_id) <= own);
                Value::Integer(if rank == Rank::Before { before } else { places.len() - behind } as i64)
            }
            (None, AggregateFunction::CountAll) if path.rest.is_empty() => Value::Integer(places.len() as i64),
            _ => {
                let passes = |row: &&RetainedRow| {
                    let scope = At { run: self, row, around: Some(around) };
                    path.rest.iter().all(|part| is_true(part, &scope))
                };
                self.over(aggregate, places.iter().map(row).filter(passes), Some(around))
            }
        };
        if let Some(key) = known_by {
            found.learn(key, value.clone());
        }
        value
    }

    /// Returns the places of the rows that can pass.
    fn places<'w>(&self, way: &'w Way<'a>, beside: &At<'_, 'a>) -> &'w [u32] {
        let mut key = Key::new();
        for equal in &way.path.equal {
            let value = evaluate(equal.around, beside);
            if value == Value::Null && !equal.nulls {
                return &[];
            }
            push(&mut key, &value);
        }
        let mut places = way.found.places(&key);
        for (op, bound) in &way.path.bounds {
            let Value::Timestamp(bound) = evaluate(bound, beside) else { return &[] };
            places = within(places, *op, bound, |place| self.rows[place as usize].time);
        }
        places
    }

    fn way(&self, aggregate: &Aggregate) -> Option<Rc<Way<'a>>> {
        let address: *const Aggregate = aggregate;
        if let Some(way) = self.ways.borrow().get(&address) {
            return way.clone();
        }
        let way = self.interpretation_of(address).map(|aggregate| Rc::new(self.find(Path::of(aggregate))));
        self.ways.borrow_mut().insert(address, way.clone());
        way
    }

    fn find(&self, path: Path<'a>) -> Way<'a> {
        let key = |row: &RetainedRow| {
            let scope = At { run: self, row, around: None };
            if !path.own.iter().all(|part| is_true(part, &scope)) {
                return None;
            }
            let mut key = Key::new();
            for equal in &path.equal {
                let value = evaluate(equal.own, &scope);
                if value == Value::Null && !equal.nulls {
                    return None;
                }
                push(&mut key, &value);
            }
            Some(key)
        };
        let found = Found::new((0..).zip(self.rows).map(|(place, row)| (place, key(row))));
        Way { path, found }
    }

    /// Returns the aggregate of the interpretation at an address.
    fn interpretation_of(&self, address: *const Aggregate) -> Option<&'a Aggregate> {
        let mut found = None;
        let times = self.interpretation.now_comparisons.iter().map(|comparison| &comparison.time);
        for part in self.interpretation.aggregate.children().chain(times) {
            part.walk(&mut |part| match &part.kind {
                ExprKind::Aggregate(aggregate) if std::ptr::eq(&raw const **aggregate, address) => {
                    found = Some(&**aggregate);
                }
                _ => {}
            });
        }
        found
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

    /// Returns whether rows pass, at least one of which came: of an aggregate that only grows.
    fn exists_with(&self, aggregate: &Aggregate, came: &[usize], around: Option<&At<'_, 'a>>) -> bool {
        let (within, plain) = conjuncts(aggregate);
        let within = within.first();
        let passes = |place: usize, row: &RetainedRow| {
            let scope = At { run: self, row, around };
            plain.iter().all(|conjunct| is_true(conjunct, &scope))
                && within.is_none_or(|within| match came.contains(&place) {
                    true => self.aggregate(within, Some(&scope)) == Value::Boolean(true),
                    false => self.exists_with(within, came, Some(&scope)),
                })
        };
        if within.is_none() {
            // Nothing further in can be what came: look at that alone.
            return came.iter().any(|place| self.rows.get(*place).is_some_and(|row| passes(*place, row)));
        }
        self.rows.iter().enumerate().any(|(place, row)| passes(place, row))
    }

    /// Goes through the rows once; of all ways to a step the one that began last is enough to know.
    fn steps_made<'r>(
        &self,
        window: i64,
        steps: &[Expr],
        rows: impl Iterator<Item = &'r RetainedRow>,
        around: Option<&At<'_, 'a>>,
    ) -> i64 {
        // When the way to each step began, of those that are in time.
        let mut begun: Vec<Option<Timestamp>> = vec![None; steps.len()];
        let mut most = 0;
        let mut rows = rows.peekable();
        while let Some(row) = rows.next() {
            let mut made = vec![false; steps.len()];
            let mut note = |row| {
                let scope = At { run: self, row, around };
                made.iter_mut().zip(steps).for_each(|(made, step)| *made = *made || is_true(step, &scope));
            };
            note(row);
            // Events of one instant are in no order: whatever any of them makes is made then.
            while let Some(other) = rows.next_if(|other| other.time == row.time) {
                note(other);
            }
            for at in 0..steps.len() {
                let before = if at == 0 { Some(row.time) } else { begun[at - 1] };
                let in_time = before.filter(|first| made[at] && row.time.micros_since(*first) <= window);
                if in_time.is_some() {
                    begun[at] = in_time;
                    most = most.max(at as i64 + 1);
                }
            }
        }
        most
    }

    /// Returns whether an aggregate may depend on the row it stands at, also by what it compares with `now()`.
    fn looks_around(&self, aggregate: &Aggregate) -> bool {
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

    fn column(&self, row: &RetainedRow, column: Column) -> Value {
        let at = self.interpretation.columns.binary_search(&column);
        at.map_or(Value::Null, |at| row.columns[at].clone())
    }
}

/// A row of a run, and the row around the aggregate that goes over it.
struct At<'a, 'r> {
    run: &'a Run<'r>,
    row: &'a RetainedRow,
    around: Option<&'a At<'a, 'r>>,
}

impl Scope for At<'_, '_> {
    fn column(&self, column: Column) -> Value {
        self.run.column(self.row, column)
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
