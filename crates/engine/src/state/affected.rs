//! Which of the outermost rows an event that comes concerns at all, and whether one of them passes then.
//!
//! A row passes or not by itself and by the aggregates that stand at it. Such an aggregate changes only where
//! the row that came is among its rows: the outermost rows for which it is are filed ([`super::lookups`]). All
//! others go on as before: while none passed, only those are looked at; and where `now()` does not matter, the rows
//! that pass are remembered, and only they change.

use rules::eval::is_true;
use rules::rule::{ArithmeticOp, Comparison};
use rules::{Aggregate, AggregateFunction, Column, Expr, ExprKind, Value};
use schema::Timestamp;

use super::conjuncts::{Conjuncts, Effect, only_grows};
use super::interpret::{At, Run};
use super::lookups::{Alone, Filed, Way, own_key};
use super::paths::Rank;
use super::retained::{Decided, RetainedRow};

impl<'a> Run<'a> {
    /// Returns whether any of the outermost rows passes; remembers which, where `now()` does not matter.
    pub(super) fn some_row(&self) -> bool {
        let conjuncts = Conjuncts::of(&self.interpretation.aggregate);
        if self.interpretation.now_comparisons.is_empty() && self.knows_affected() {
            let passing = (0..self.rows.len()).filter(|at| self.passes(&conjuncts, &self.rows[*at]));
            let holding: Vec<u32> = passing.map(|at| self.lookups.place(at)).collect();
            let some = !holding.is_empty();
            *self.lookups.holding.borrow_mut() = Some(holding);
            return some;
        }
        // What came last tells most often.
        self.rows.iter().rev().any(|row| self.passes(&conjuncts, row))
    }

    /// Computes the aggregate from what it was before the rows at these places came; `None` when that does
    /// not tell.
    pub(super) fn interpret_more(&self, came: &[usize], before: &Decided) -> Option<Decided> {
        let same_till_now = before.next_change.is_none_or(|next_change| self.now < next_change);
        // A time that is compared with `now()` stands beside the filter, and may be that of other rows.
        let times_grow =
            !self.interpretation.now_comparisons.iter().any(|comparison| comparison.time.holds_aggregate());
        let aggregate = &self.interpretation.aggregate;
        if !same_till_now || !times_grow || aggregate.function != AggregateFunction::Exists {
            return None;
        }
        let passed = before.value == Value::Boolean(true);
        self.next_flip.set(before.next_change);
        let value = if self.knows_affected() && (self.lookups.holding.borrow().is_some() || !passed) {
            self.some_affected(came)
        } else if !only_grows(aggregate) {
            self.next_flip.set(None);
            return None;
        } else {
            passed || self.exists_with(aggregate, came, None)
        };
        Some(Decided { value: Value::Boolean(value), next_change: self.next_flip.get() })
    }

    /// Returns whether it can be told which outermost rows another row concerns: every aggregate that stands at
    /// them looks at them, and has none inside.
    fn knows_affected(&self) -> bool {
        let shallow = |way: &Way<'_>| {
            way.is_direct && self.looks_around(way.aggregate) && !way.aggregate.children().any(Expr::holds_aggregate)
        };
        !self.ways.is_empty() && self.ways.iter().all(shallow)
    }

    fn some_affected(&self, came: &[usize]) -> bool {
        let conjuncts = Conjuncts::of(&self.interpretation.aggregate);
        let before = self.lookups.holding.borrow().clone();
        let mut holding = self.lookups.holding.borrow_mut();
        let mut look = |at: usize| {
            let passes = self.passes(&conjuncts, &self.rows[at]);
            if let Some(holding) = &mut *holding {
                let place = self.lookups.place(at);
                match holding.binary_search(&place) {
                    Ok(known) if !passes => drop(holding.remove(known)),
                    Err(new) if passes => holding.insert(new, place),
                    _ => {}
                }
            }
            passes
        };
        let mut found = came.iter().filter(|at| look(**at)).count() > 0;
        drop(holding);
        for (index, way) in self.ways.iter().enumerate() {
            let filed = self.lookups.filed(index, way, self.interpretation, self.rows);
            for at in came {
                let places = self.affected(way, filed, *at);
                let others = places.iter().rev().find(|place| !came.contains(&self.lookups.index(**place)));
                let Some(other) = others else { continue };
                if conjuncts.are_alike(way, self.ways) {
                    // One of those that were there tells of all, as far as aggregates decide. Before, they did
                    // if any row passed: one that did not may have failed by itself.
                    let passes = self.passes_aggregates(&conjuncts, &self.rows[self.lookups.index(*other)]);
                    let passed = before.as_ref().is_some_and(|before| have_common(before, places));
                    if passes == passed {
                        continue;
                    }
                }
                found |= self.look_at_affected(way, places, &conjuncts);
            }
        }
        self.lookups.holding.borrow().as_ref().map_or(found, |holding| !holding.is_empty())
    }

    /// Returns the places of the outermost rows for which the row that came is one of a way's.
    fn affected<'f>(&'f self, way: &Way<'a>, filed: &'f Filed, came: usize) -> &'f [u32] {
        let columns = &self.interpretation.columns;
        let scope = Alone { columns, row: Some(&self.rows[came]), around: None };
        let Some(key) = own_key(&way.path, &scope) else { return &[] };
        let mut places = self.lookups.live(filed.around(&key));
        let own = self.lookups.place(came);
        match way.path.rank {
            Some(Rank::Before) => places = &places[places.partition_point(|place| *place <= own)..],
            Some(Rank::Behind) => places = &places[..places.partition_point(|place| *place < own)],
            None => {}
        }
        for (op, bound) in &way.path.bounds {
            if let Some(offset) = offset_of(bound) {
                places = self.within_reach(places, *op, offset, self.rows[came].time);
            }
        }
        places
    }

    /// Looks at those of some places that may have changed; returns whether any of them passes.
    fn look_at_affected(&self, way: &Way<'a>, places: &[u32], conjuncts: &Conjuncts<'a>) -> bool {
        let mut holding = self.lookups.holding.borrow_mut();
        let holds = |holding: &Option<Vec<u32>>, place: u32| {
            holding.as_ref().is_some_and(|holding| holding.binary_search(&place).is_ok())
        };
        let effect = conjuncts.effect(way.aggregate);
        let concerned: Vec<u32> = match (&*holding, effect) {
            (None, Effect::Falls) => return false,
            (Some(holding), Effect::Falls) if holding.len() < places.len() => {
                holding.iter().copied().filter(|place| places.binary_search(place).is_ok()).collect()
            }
            (Some(_), Effect::Falls) => places.iter().copied().filter(|place| holds(&holding, *place)).collect(),
            (Some(_), Effect::Rises) => places.iter().copied().filter(|place| !holds(&holding, *place)).collect(),
            _ => places.to_vec(),
        };
        let mut found = false;
        for place in concerned.into_iter().rev() {
            let passes = self.passes(conjuncts, &self.rows[self.lookups.index(place)]);
            found |= passes;
            match &mut *holding {
                Some(holding) => match holding.binary_search(&place) {
                    Ok(known) if !passes => drop(holding.remove(known)),
                    Err(new) if passes => holding.insert(new, place),
                    _ => {}
                },
                None if found => return true,
                None => {}
            }
        }
        found
    }

    /// Cuts outermost rows down to those whose time, moved by an offset, compares so with that of a row of theirs.
    fn within_reach<'p>(&self, places: &'p [u32], op: Comparison, offset: i64, time: Timestamp) -> &'p [u32] {
        let bound = |place: &u32| self.rows[self.lookups.index(*place)].time.plus_micros(offset);
        let before = places.partition_point(|place| bound(place) < time);
        let till = places.partition_point(|place| bound(place) <= time);
        match op {
            Comparison::Less => &places[till..],
            Comparison::LessOrEqual => &places[before..],
            Comparison::Greater => &places[..before],
            Comparison::GreaterOrEqual => &places[..till],
            Comparison::Equal => &places[before..till],
            Comparison::NotEqual => places,
        }
    }

    fn passes(&self, conjuncts: &Conjuncts<'a>, row: &RetainedRow) -> bool {
        self.lookups.look();
        let scope = At { run: self, row, around: None };
        conjuncts.cheap.iter().all(|part| is_true(part, &scope)) && self.passes_aggregates(conjuncts, row)
    }

    fn passes_aggregates(&self, conjuncts: &Conjuncts<'a>, row: &RetainedRow) -> bool {
        use rules::eval::Scope as _;
        let scope = At { run: self, row, around: None };
        conjuncts.within.iter().all(|within| scope.aggregate(within) == Value::Boolean(true))
            && conjuncts.costly.iter().all(|part| is_true(part, &scope))
    }

    /// Returns whether rows pass, at least one of which came: of an aggregate that only grows.
    fn exists_with(&self, aggregate: &Aggregate, came: &[usize], around: Option<&At<'_, 'a>>) -> bool {
        let Conjuncts { cheap, within, .. } = Conjuncts::of(aggregate);
        let within = within.first();
        let passes = |place: usize, row: &RetainedRow| {
            self.lookups.look();
            let scope = At { run: self, row, around };
            cheap.iter().all(|conjunct| is_true(conjunct, &scope))
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
}

/// Returns whether two ascending lists have an entry in common.
fn have_common(left: &[u32], right: &[u32]) -> bool {
    let (few, many) = if left.len() < right.len() { (left, right) } else { (right, left) };
    few.iter().rev().any(|entry| many.binary_search(entry).is_ok())
}

/// Returns how far from the time of the row around a bound lies, if it is that.
fn offset_of(bound: &Expr) -> Option<i64> {
    let is_time = |expr: &Expr| expr.kind == ExprKind::Outer { distance: 1, column: Column::CreatedAt };
    match &bound.kind {
        _ if is_time(bound) => Some(0),
        ExprKind::Arithmetic { op, left, right } if is_time(left) => match (op, &right.kind) {
            (ArithmeticOp::Add, ExprKind::Literal(Value::Interval(micros))) => Some(*micros),
            (ArithmeticOp::Subtract, ExprKind::Literal(Value::Interval(micros))) => micros.checked_neg(),
            _ => None,
        },
        _ => None,
    }
}
