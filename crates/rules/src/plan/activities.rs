//! Which kinds of events a rule looks at.

use std::collections::BTreeSet;

use schema::Timestamp;

use crate::eval::{Scope, is_true};
use crate::rule::Comparison;
use crate::{Aggregate, AggregateFunction, AggregateSpec, Column, Expr, ExprKind, Plan, Value, WindowSpec};

impl Plan {
    /// Returns whether events of an activity type can decide anything; never `false` of one that can.
    pub fn reads_events_of(&self, activity_type: &str) -> bool {
        let reads = |spec: &AggregateSpec| {
            let named = spec.filter.as_ref().and_then(activity_types);
            named.is_none_or(|names| names.contains(activity_type))
        };
        let existence_decides = self.existence_decides();
        self.aggregates.iter().filter(|spec| existence_decides || !is_existence(spec)).any(reads)
    }

    /// Returns whether it can matter that a user has any event: whether the rule can be TRUE of one who has none that
    /// the other aggregates count. Else whoever is a member has such an event.
    fn existence_decides(&self) -> bool {
        let is_alone = self.interpreted().next().is_none()
            && !self.membership.names_now()
            && self.now_comparisons.is_empty()
            && !self.reads_traits()
            && self.segments().is_empty();
        !is_alone || is_true(&self.membership, &NothingElse(&self.aggregates))
    }
}

/// Whether it says that the user has an event, of whatever kind and whenever.
fn is_existence(spec: &AggregateSpec) -> bool {
    spec.function == AggregateFunction::Exists && spec.filter.is_none() && spec.window == WindowSpec::default()
}

/// A user with an event that no other aggregate counts.
struct NothingElse<'p>(&'p [AggregateSpec]);

impl Scope for NothingElse<'_> {
    fn column(&self, _: Column) -> Value {
        Value::Null
    }

    fn aggregate(&self, aggregate: &Aggregate) -> Value {
        aggregate.function.over_nothing()
    }

    fn slot(&self, index: usize) -> Value {
        match self.0.get(index) {
            Some(spec) if is_existence(spec) => Value::Boolean(true),
            Some(spec) => spec.function.over_nothing(),
            None => Value::Null,
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }
}

/// Returns the activity types outside of which the filter is never TRUE; `None` when it names none.
pub fn activity_types(filter: &Expr) -> Option<BTreeSet<&str>> {
    match &filter.kind {
        ExprKind::And(parts) => {
            parts.iter().filter_map(activity_types).reduce(|left, right| left.intersection(&right).copied().collect())
        }
        ExprKind::Or(parts) => {
            let all: Option<Vec<_>> = parts.iter().map(activity_types).collect();
            all.map(|names| names.into_iter().flatten().collect())
        }
        ExprKind::Compare { op: Comparison::Equal, left, right } => match (&left.kind, &right.kind) {
            (ExprKind::Column(Column::ActivityType), _) => text(right).map(|name| [name].into()),
            (_, ExprKind::Column(Column::ActivityType)) => text(left).map(|name| [name].into()),
            _ => None,
        },
        ExprKind::InList { value, list } if value.kind == ExprKind::Column(Column::ActivityType) => {
            list.iter().map(text).collect()
        }
        _ => None,
    }
}

fn text(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Literal(Value::Text(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #[track_caller]
    fn check(clause: &str, views: bool, purchases: bool) {
        let rule = crate::compile(clause).rule.unwrap();
        let plan = crate::plan::plan(&rule).unwrap();
        let read = ["page_viewed", "purchase"].map(|activity| plan.reads_events_of(activity));
        assert_eq!(read, [views, purchases], "{clause}");
    }

    #[test]
    fn a_rule_reads_the_events_that_it_names_and_all_where_it_names_none() {
        check("activity_type = 'purchase'", false, true);
        check("'purchase' = activity_type AND region = 'x'", false, true);
        check("activity_type IN ('purchase', 'refund')", false, true);
        check("activity_type = 'purchase' OR activity_type = 'page_viewed'", true, true);
        check("activity_type = 'purchase' OR region = 'x'", true, true);
        check("NOT activity_type = 'purchase'", true, true);
        check("region = 'x'", true, true);
        check("count(*) FILTER (WHERE activity_type = 'purchase') >= 3", false, true);
        check("count(*) FILTER (WHERE activity_type = 'refund') >= 3", false, false);
        check("count(*) FILTER (WHERE activity_type = 'purchase') >= 3 OR activity_type = 'page_viewed'", true, true);
    }

    #[test]
    fn where_a_user_without_such_events_may_be_a_member_every_event_decides() {
        check("count(*) FILTER (WHERE activity_type = 'purchase') = 0", true, true);
        check("sum(order_total) FILTER (WHERE activity_type = 'purchase') > 5", false, true);
        check("sum(order_total) FILTER (WHERE activity_type = 'purchase') IS NULL", true, true);
        check("user_id IN (SELECT user_id FROM segment_members WHERE segment = 'other')", true, true);
        check("user_id IN (SELECT user_id FROM users WHERE traits['plan'] = 'pro')", true, true);
    }
}
