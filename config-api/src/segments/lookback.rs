//! How far back a rule looks: before that, no event of a user makes any difference.
//!
//! Every rule needs the user to have an event at all. Mostly that says nothing new, as whatever makes
//! the rule hold is such an event; only where it does, the rule looks back for ever.

use rules::calendar::CalendarUnit;
use rules::eval::{Scope, is_true};
use rules::{Aggregate, AggregateFunction, AggregateSpec, Column, Expr, ExprKind, Plan, Value, WindowSpec};
use schema::Timestamp;

const DAY_MICROS: i64 = 86_400_000_000;

/// Returns how far back the plan looks, in microseconds; `None` is for ever.
pub(super) fn lookback_micros(plan: &Plan) -> Option<i64> {
    let needed = |spec: &&AggregateSpec| !is_any_event(spec) || any_event_decides(plan);
    let lookbacks: Option<Vec<i64>> =
        plan.aggregates.iter().filter(needed).map(|spec| of_window(spec.window)).collect();
    lookbacks.map(|lookbacks| lookbacks.into_iter().max().unwrap_or(0).max(0))
}

/// At most: what `date_trunc` cuts off `now()` depends on `now()`.
fn of_window(window: WindowSpec) -> Option<i64> {
    let cut_off = window.from_unit.map_or(0, |unit| match unit {
        CalendarUnit::Month => 31 * DAY_MICROS,
        CalendarUnit::Quarter => 92 * DAY_MICROS,
        CalendarUnit::Year => 366 * DAY_MICROS,
        unit => unit.length_micros().unwrap_or(0),
    });
    window.from.map(|from| from.saturating_neg().saturating_add(cut_off))
}

fn is_any_event(spec: &AggregateSpec) -> bool {
    spec.function == AggregateFunction::Exists
        && spec.filter.is_none()
        && spec.interpretation.is_none()
        && spec.window == WindowSpec::default()
}

/// Returns whether a user can be a member by an event that nothing else in the plan counts.
fn any_event_decides(plan: &Plan) -> bool {
    let moves_by_itself = plan.now_comparisons.iter().any(|comparison| !reads_slots(&comparison.time));
    moves_by_itself || is_true(&plan.membership, &OnlyThere(plan))
}

fn reads_slots(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Slot(_)) || expr.children().into_iter().any(reads_slots)
}

/// A user with an event that counts nowhere.
struct OnlyThere<'a>(&'a Plan);

impl Scope for OnlyThere<'_> {
    fn column(&self, _: Column) -> Value {
        Value::Null
    }

    fn aggregate(&self, _: &Aggregate) -> Value {
        Value::Null
    }

    fn slot(&self, index: usize) -> Value {
        match self.0.aggregates.get(index) {
            Some(spec) if is_any_event(spec) => Value::Boolean(true),
            Some(spec) => spec.function.over_nothing(),
            None => Value::Null,
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Option<i64> = Some(DAY_MICROS);

    #[track_caller]
    fn check(clause: &str, expected: Option<i64>) {
        let rule = rules::compile(clause).rule.unwrap();
        let plan = rules::plan::plan(&rule).unwrap();
        assert_eq!(lookback_micros(&plan), expected, "{clause}");
    }

    const IN_A_DAY: &str = "count(*) FILTER (WHERE created_at >= now() - INTERVAL 1 DAY)";

    #[test]
    fn a_window_is_how_far_back_it_looks_unless_its_absence_makes_a_member() {
        check("created_at >= now() - INTERVAL 1 DAY", DAY);
        check(&format!("{IN_A_DAY} >= 3"), DAY);
        check(&format!("{IN_A_DAY} < 3"), None);
        check(&format!("NOT ({IN_A_DAY} < 3)"), DAY);
        check(&format!("{IN_A_DAY} >= 3 AND created_at >= now() - INTERVAL 2 DAY"), Some(2 * DAY_MICROS));
        check(&format!("{IN_A_DAY} >= 3 OR region = 'x'"), None);
        check(&format!("{IN_A_DAY} >= 3 OR now() > TIMESTAMP '2030-01-01'"), None);
        check("max(created_at) < now() - INTERVAL 7 DAY", None);
        check("", None);
    }

    #[test]
    fn what_is_cut_off_now_counts_at_most() {
        check("created_at >= date_trunc('day', now())", DAY);
        check("created_at >= date_trunc('month', now()) - INTERVAL 1 DAY", Some(32 * DAY_MICROS));
    }
}
