//! From an event to what it can change.
//!
//! Most filters name an activity type, and many one value of one column besides; an event must not
//! pay for the others. Equal filters are looked at once.

use rules::eval::is_true;
use rules::plan::activity_types;
use rules::rule::Comparison;
use rules::{Column, Expr, ExprKind, SqlType, Value};
use schema::Event;

use super::aggregate::Slot;
use super::series::SeriesIndex;
use super::texts::Texts;
use crate::row::{Row, text_of};

/// What an event is folded into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// A series, with those of its row.
    Series(SeriesIndex),
    /// An aggregate that is folded by itself.
    Aggregate(Slot),
}

/// Which events are folded into what.
#[derive(Debug, Default)]
pub(super) struct EventIndex {
    /// The filters over events of any activity type.
    any: Branch,
    /// Those over events of one, and of what every event is folded into, a list for both.
    by_activity: Texts<Branch>,
}

/// The filters over events of some activity type.
#[derive(Debug, Default)]
struct Branch {
    gates: Gates,
    /// Those that ask for one value of a column.
    by_text: Vec<(Column, Texts<Gates>)>,
}

/// What events are folded into that have come so far.
#[derive(Debug, Default)]
struct Gates {
    /// Of which nothing is left to ask.
    open: Vec<Target>,
    filtered: Vec<Gate>,
}

/// What is left to ask of an event, and what it is folded into then.
#[derive(Debug)]
struct Gate {
    filter: Expr,
    targets: Vec<Target>,
}

impl EventIndex {
    pub(super) fn insert(&mut self, target: Target, filter: Option<&Expr>) {
        let Some(filter) = filter else { return self.any.gates.open.push(target) };
        let mut rest: Vec<&Expr> = conjuncts(filter);
        if let Some(at) = rest.iter().position(|part| named(part, Column::ActivityType).is_some()) {
            let activity = named(rest.remove(at), Column::ActivityType).unwrap_or_default();
            return self.by_activity.entry(activity).insert(target, rest);
        }
        match activity_types(filter) {
            Some(names) => names.into_iter().for_each(|name| {
                self.by_activity.entry(name).insert(target, rest.clone());
            }),
            None => self.any.insert(target, rest),
        }
    }

    /// Ends inserting: puts what every event is folded into first in the lists of all activity types.
    pub(super) fn finish(&mut self) {
        let any = &self.any.gates.open;
        self.by_activity.values_mut().for_each(|branch| drop(branch.gates.open.splice(..0, any.iter().copied())));
    }

    /// Calls with lists of everything whose filter the event passes.
    #[inline]
    pub(super) fn for_each(&self, event: &Event, mut call: impl FnMut(&[Target])) {
        match self.by_activity.get(event.activity_type.as_str()) {
            Some(branch) => branch.for_each(event, &mut call),
            None => self.any.gates.pass_open(&mut call),
        }
        if self.any.asks() {
            self.any.for_each_asked(event, &mut call);
        }
    }
}

impl Branch {
    fn insert(&mut self, target: Target, mut rest: Vec<&Expr>) {
        let equality = rest.iter().enumerate().find_map(|(at, part)| Some((at, text_equality(part)?)));
        let Some((at, (column, text))) = equality else {
            return self.gates.insert(joined(rest), target);
        };
        rest.remove(at);
        let place = self.by_text.iter().position(|(known, _)| *known == column).unwrap_or_else(|| {
            self.by_text.push((column, Texts::default()));
            self.by_text.len() - 1
        });
        self.by_text[place].1.entry(text).insert(joined(rest), target);
    }

    #[inline]
    fn for_each(&self, event: &Event, call: &mut impl FnMut(&[Target])) {
        self.gates.pass_open(call);
        self.for_each_asked(event, call);
    }

    /// Returns whether anything is asked of an event, so that it may be folded into more.
    #[inline]
    fn asks(&self) -> bool {
        !self.gates.filtered.is_empty() || !self.by_text.is_empty()
    }

    /// Leaves out what nothing is asked for.
    #[inline]
    fn for_each_asked(&self, event: &Event, call: &mut impl FnMut(&[Target])) {
        self.gates.pass_filtered(event, call);
        for (column, gates) in &self.by_text {
            if let Some(gates) = text_of(event, *column).and_then(|text| gates.get(text)) {
                gates.pass_open(call);
                gates.pass_filtered(event, call);
            }
        }
    }
}

impl Gates {
    fn insert(&mut self, filter: Option<Expr>, target: Target) {
        let Some(filter) = filter else { return self.open.push(target) };
        match self.filtered.iter_mut().find(|gate| gate.filter == filter) {
            Some(gate) => gate.targets.push(target),
            None => self.filtered.push(Gate { filter, targets: vec![target] }),
        }
    }

    #[inline]
    fn pass_open(&self, call: &mut impl FnMut(&[Target])) {
        if !self.open.is_empty() {
            call(&self.open);
        }
    }

    #[inline]
    fn pass_filtered(&self, event: &Event, call: &mut impl FnMut(&[Target])) {
        for gate in &self.filtered {
            if is_true(&gate.filter, &Row(event)) {
                call(&gate.targets);
            }
        }
    }
}

fn conjuncts(filter: &Expr) -> Vec<&Expr> {
    match &filter.kind {
        ExprKind::And(parts) => parts.iter().collect(),
        _ => vec![filter],
    }
}

fn joined(parts: Vec<&Expr>) -> Option<Expr> {
    let span = parts.first()?.span;
    Some(Expr::and(parts.into_iter().cloned().collect(), span))
}

/// Returns the text that a column must equal, for a condition of that kind.
fn named(condition: &Expr, column: Column) -> Option<&str> {
    text_equality(condition).filter(|(known, _)| *known == column).map(|(_, text)| text)
}

fn text_equality(condition: &Expr) -> Option<(Column, &str)> {
    let ExprKind::Compare { op: Comparison::Equal, left, right } = &condition.kind else { return None };
    let (column, constant) = match (&left.kind, &right.kind) {
        (ExprKind::Column(column), constant) | (constant, ExprKind::Column(column)) => (*column, constant),
        _ => return None,
    };
    let is_text = column.sql_type() == SqlType::Text && column != Column::EventId;
    match constant {
        ExprKind::Literal(Value::Text(text)) if is_text => Some((column, text)),
        _ => None,
    }
}
