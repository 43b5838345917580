//! From an event's activity type to the aggregates that it can touch.
//!
//! Most filters name the activity types they are about; an event must not pay for the others.

use std::collections::BTreeSet;

use rules::rule::Comparison;
use rules::{Column, Expr, ExprKind, Value};
use rustc_hash::FxHashMap;

use super::aggregate::Slot;

/// Which aggregates count events of which activity type.
#[derive(Debug, Default)]
pub(super) struct ActivityIndex {
    named: FxHashMap<String, Vec<Slot>>,
    any: Vec<Slot>,
}

impl ActivityIndex {
    pub(super) fn insert(&mut self, slot: Slot, filter: Option<&Expr>) {
        match filter.and_then(activity_types) {
            Some(names) => names.into_iter().for_each(|name| self.named.entry(name).or_default().push(slot)),
            None => self.any.push(slot),
        }
    }

    pub(super) fn candidates(&self, activity_type: &str) -> impl Iterator<Item = Slot> {
        let named = self.named.get(activity_type).map(Vec::as_slice).unwrap_or_default();
        self.any.iter().chain(named).copied()
    }
}

/// Returns the activity types outside of which the filter is never TRUE; `None` when it names none.
fn activity_types(filter: &Expr) -> Option<BTreeSet<String>> {
    match &filter.kind {
        ExprKind::And(parts) => {
            parts.iter().filter_map(activity_types).reduce(|left, right| left.intersection(&right).cloned().collect())
        }
        ExprKind::Or(parts) => {
            let all: Option<Vec<_>> = parts.iter().map(activity_types).collect();
            all.map(|names| names.into_iter().flatten().collect())
        }
        ExprKind::Compare { op: Comparison::Equal, left, right } => {
            let constant = if is_activity_type(left) { right } else { left };
            (is_activity_type(left) || is_activity_type(right)).then(|| text(constant))?.map(|name| [name].into())
        }
        ExprKind::InList { value, list } if is_activity_type(value) => list.iter().map(text).collect(),
        _ => None,
    }
}

fn is_activity_type(expr: &Expr) -> bool {
    expr.kind == ExprKind::Column(Column::ActivityType)
}

fn text(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Literal(Value::Text(text)) => Some(text.clone()),
        _ => None,
    }
}
