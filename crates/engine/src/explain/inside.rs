//! What an interpreted condition looks at: the rows of its subqueries, and what is asked of each of them.
//!
//! A condition that compares events with each other is one value from outside. Inside of it the filter of each
//! aggregate is taken apart like a clause: which rows pass each comparison, what it compares of one of them, and
//! when time alone changes that.

use rules::plan::children;
use rules::{Expr, ExprKind, Rule, Truth, Value};
use schema::{Event, EventId, Timestamp};

use super::condition::{Condition, Joint};
use super::describe::{Compared, compared};
use super::explanation::{Listed, listed};
use super::flip::Until;
use crate::naive::{Evaluation, Person, next_candidates};

/// How many subqueries inside of each other are taken apart.
const MAX_INSIDE: usize = 3;
/// How many instants are looked at for one comparison of a row.
const MAX_INSTANTS: usize = 400;
/// How many pairs of events are looked at in all for that, where the comparison holds an aggregate.
const MAX_PAIRS: usize = 400_000;

/// One aggregate of a condition, and the rows that it goes over.
#[derive(Clone, PartialEq, Debug)]
pub struct Looked<'r> {
    /// The aggregate.
    pub aggregate: &'r Expr,
    /// How many others it stands in.
    pub inside: usize,
    /// What it came to.
    pub value: Value,
    /// The rows that its filter lets pass.
    pub rows: Listed,
    /// What the filter asks of a row, in order of the text.
    pub asked: Vec<Asked<'r>>,
}

/// One comparison of a filter.
#[derive(Clone, PartialEq, Debug)]
pub struct Asked<'r> {
    /// The comparison.
    pub expr: &'r Expr,
    /// How many aggregates it stands in.
    pub inside: usize,
    /// The rows of which it is TRUE, whatever else the filter asks.
    pub rows: Listed,
    /// Of which row the rest is: the latest that passes the filter, or else the one that passes the most of it.
    pub of: EventId,
    /// What it is of that row.
    pub truth: Truth,
    /// What it compares of that row.
    pub compared: Compared,
    /// How long it stays TRUE, or not TRUE, of that row while no event comes.
    pub until: Until,
    /// The aggregates in it.
    pub looks_at: Vec<Looked<'r>>,
}

/// The rows of one user at one instant.
pub(super) struct Inside<'u, 'a> {
    pub(super) person: Person<'a>,
    pub(super) evaluation: &'u Evaluation<'a>,
    pub(super) now: Timestamp,
}

impl<'a> Inside<'_, 'a> {
    /// Takes the aggregates of an expression apart, as they are at the last of the rows, which stands inside of those
    /// before it.
    pub(super) fn looked_at<'r: 'a>(&self, expr: &'r Expr, rows: &[&'a Event]) -> Vec<Looked<'r>> {
        if rows.is_empty() || rows.len() > MAX_INSIDE {
            return Vec::new();
        }
        aggregates(expr).into_iter().map(|(of, filter)| self.looked(of, filter, rows)).collect()
    }

    fn looked<'r: 'a>(&self, aggregate: &'r Expr, filter: Option<&'r Expr>, around: &[&'a Event]) -> Looked<'r> {
        let inside = |event: &'a Event| [around, &[event]].concat();
        let is_true = |expr: &'r Expr, event: &'a Event| self.truth(expr, &inside(event)) == Truth::True;
        let events = || self.person.events.iter();
        let passing: Vec<&'a Event> =
            events().filter(|event| filter.is_none_or(|filter| is_true(filter, event))).collect();
        let parts = filter.map(leaves).unwrap_or_default();
        let passed = |event: &&'a Event| parts.iter().filter(|part| is_true(part, event)).count();
        // Of equal ones the first, which is the latest.
        let best = passing.first().copied().or_else(|| events().rev().max_by_key(passed));
        let asked = best.map(|best| parts.iter().map(|part| self.asked(part, around, best)).collect());
        Looked {
            aggregate,
            inside: around.len() - 1,
            value: self.evaluation.value_within(aggregate, around),
            rows: listed(passing.into_iter()),
            asked: asked.unwrap_or_default(),
        }
    }

    fn asked<'r: 'a>(&self, expr: &'r Expr, around: &[&'a Event], row: &'a Event) -> Asked<'r> {
        let rows = [around, &[row]].concat();
        let with = |event: &'a Event| [around, &[event]].concat();
        let is_true = |event: &&'a Event| self.truth(expr, &with(event)) == Truth::True;
        let looks_at = self.looked_at(expr, &rows);
        let counted = looks_at.first().map_or(0, |looked| looked.rows.total);
        Asked {
            expr,
            inside: around.len(),
            rows: listed(self.person.events.iter().filter(is_true)),
            of: row.event_id,
            truth: self.truth(expr, &rows),
            compared: compared(expr, counted, |part| self.evaluation.value_within(part, &rows)),
            until: self.until(expr, &rows),
            looks_at,
        }
    }

    fn truth<'r: 'a>(&self, expr: &'r Expr, rows: &[&'a Event]) -> Truth {
        Truth::of(&self.evaluation.value_within(expr, rows))
    }

    /// Looks at the instants at which anything that the comparison names can change.
    fn until<'r: 'a>(&self, expr: &'r Expr, rows: &[&'a Event]) -> Until {
        let mut names_now = false;
        expr.walk(&mut |part| names_now |= part.kind == ExprKind::Now);
        if !names_now {
            return Until::Forever;
        }
        let (named, most): (Vec<Event>, usize) = match expr.holds_aggregate() {
            true => (self.person.events.to_vec(), MAX_PAIRS / self.person.events.len().pow(2).max(1)),
            false => (rows.iter().copied().cloned().collect(), MAX_INSTANTS),
        };
        let holds = self.truth(expr, rows) == Truth::True;
        let candidates = next_candidates(&Rule { expr: expr.clone() }, &named);
        let mut ahead = candidates.into_iter().filter(|instant| *instant > self.now);
        for instant in ahead.by_ref().take(most.min(MAX_INSTANTS)) {
            let then = Evaluation::new(self.person, instant);
            if (Truth::of(&then.value_within(expr, rows)) == Truth::True) != holds {
                return Until::At(instant);
            }
        }
        ahead.next().map_or(Until::Forever, Until::AtLeast)
    }
}

/// Returns the comparisons that a filter is made of.
fn leaves(filter: &Expr) -> Vec<&Expr> {
    let parts = Condition::of_expr(filter);
    parts.flattened().into_iter().filter(|part| part.joint == Joint::Leaf).map(|part| part.expr).collect()
}

/// Returns the aggregates that stand in an expression, with their filters.
fn aggregates(expr: &Expr) -> Vec<(&Expr, Option<&Expr>)> {
    match &expr.kind {
        ExprKind::Aggregate(aggregate) => vec![(expr, aggregate.filter.as_ref())],
        _ => children(expr).into_iter().flat_map(aggregates).collect(),
    }
}
