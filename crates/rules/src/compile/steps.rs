//! How many steps it takes to compute an aggregate over retained events anew, told from its text.
//!
//! Follows how the engine finds rows: what must equal something of the row around finds its rows by that value, and
//! these are looked at one by one where anything else is asked of them. How many share a value is assumed
//! ([`shared_by`]): a column of few values hardly narrows them down. An aggregate that looks at no row around is
//! computed once. Bounds on times are taken to exclude nothing.

use crate::limits::{
    BUDGET_EVENTS, EVENTS_SHARING_A_COMMON_VALUE, EVENTS_SHARING_A_RARE_VALUE, MAX_KNOWN_VALUES, STEPS_TO_FIND,
};
use crate::plan::{DependsOn, asked_at, children, depends_on, is_around_alone, is_told_apart, names_other, names_row};
use crate::rule::Comparison;
use crate::{Aggregate, AggregateFunction, Column, Expr, ExprKind, Interpretation, NowComparison};

/// Returns the steps that the longest chain of aggregates inside of each other takes, with [`BUDGET_EVENTS`] events.
pub(super) fn steps(interpretation: &Interpretation) -> usize {
    let outermost = Rows { looked_at: BUDGET_EVENTS, are_outermost: true };
    below(&interpretation.aggregate, &outermost, &interpretation.now_comparisons).max(BUDGET_EVENTS)
}

/// The rows of an aggregate.
struct Rows {
    looked_at: usize,
    are_outermost: bool,
}

/// Returns the steps of what is computed at the rows of an aggregate.
fn below(aggregate: &Aggregate, rows: &Rows, comparisons: &[NowComparison]) -> usize {
    let (mut longest, mut left) = (0, rows.looked_at);
    let filter = aggregate.filter.as_ref();
    let others = aggregate.children().filter(|part| filter.is_none_or(|filter| !std::ptr::eq(*part, filter)));
    let mut parts = parts_of(aggregate);
    parts.sort_by_key(|part| asked_at(part));
    for part in parts.into_iter().chain(others) {
        inside(part, comparisons, &mut |inner| {
            let times = if looks_around(inner, comparisons) { left } else { 1 };
            let computed = times.min(unlike(inner, rows, comparisons));
            let looked_at = computed.saturating_mul(looked_at(inner, comparisons));
            let found = times.saturating_mul(STEPS_TO_FIND);
            let further = below(inner, &Rows { looked_at, are_outermost: false }, comparisons);
            longest = longest.max(looked_at).max(found).max(further);
        });
        left = (left / group_of(part)).max(1);
    }
    longest
}

/// Returns for how many rows an aggregate can come to something else: for all others its value is known.
fn unlike(aggregate: &Aggregate, rows: &Rows, comparisons: &[NowComparison]) -> usize {
    match depends_on(aggregate, comparisons, rows.are_outermost) {
        None => usize::MAX,
        Some(DependsOn::Row) => BUDGET_EVENTS,
        Some(DependsOn::Values(parts)) => {
            let values = parts.iter().map(|part| BUDGET_EVENTS / shared_by(part));
            let unlike = values.fold(1, usize::saturating_mul);
            if unlike > MAX_KNOWN_VALUES { usize::MAX } else { unlike }
        }
    }
}

/// Returns the parts of the filter that must all be TRUE.
fn parts_of(aggregate: &Aggregate) -> Vec<&Expr> {
    match &aggregate.filter {
        None => Vec::new(),
        Some(Expr { kind: ExprKind::And(parts), .. }) => parts.iter().collect(),
        Some(filter) => vec![filter],
    }
}

/// Returns of how many rows one passes a condition that leaves one of each group: that none of the same values stands
/// before it. Of any other condition it is 1.
fn group_of(part: &Expr) -> usize {
    let ExprKind::Not(inner) = &part.kind else { return 1 };
    let ExprKind::Aggregate(earlier) = &inner.kind else { return 1 };
    let parts = parts_of(earlier);
    let is_earlier = |part: &&&Expr| match &part.kind {
        ExprKind::Compare { op: Comparison::Less, left, right } => {
            left.kind == ExprKind::Column(Column::EventId)
                && right.kind == ExprKind::Outer { distance: 1, column: Column::EventId }
        }
        _ => false,
    };
    let equal: Vec<usize> = parts.iter().filter_map(|part| equal_to_row_around(part)).map(shared_by).collect();
    let is_group = parts.iter().filter(is_earlier).count() == 1 && equal.len() + 1 == parts.len();
    equal.into_iter().min().filter(|_| is_group).unwrap_or(1)
}

/// Calls `visit` for the aggregates directly inside of an expression, in what it compares with `now()` too.
fn inside<'e>(expr: &'e Expr, comparisons: &'e [NowComparison], visit: &mut impl FnMut(&'e Aggregate)) {
    match &expr.kind {
        ExprKind::Aggregate(aggregate) => visit(aggregate),
        ExprKind::Slot(index) => {
            comparisons.get(*index).into_iter().for_each(|comparison| inside(&comparison.time, &[], visit));
        }
        _ => children(expr).into_iter().for_each(|child| inside(child, comparisons, visit)),
    }
}

/// Whether the value may depend on the row it stands at, also by what is compared with `now()`.
fn looks_around(aggregate: &Aggregate, comparisons: &[NowComparison]) -> bool {
    let compared = |index: usize| comparisons.get(index).is_some_and(|comparison| comparison.time.reach() > 0);
    let mut found = aggregate.is_correlated();
    for part in aggregate.children() {
        part.walk(&mut |expr| found |= matches!(expr.kind, ExprKind::Slot(index) if compared(index)));
    }
    found
}

/// Returns how many rows an aggregate looks at for one row around.
fn looked_at(aggregate: &Aggregate, comparisons: &[NowComparison]) -> usize {
    let parts = parts_of(aggregate);
    let is_told = matches!(aggregate.function, AggregateFunction::Exists | AggregateFunction::CountAll);
    if is_told && parts.iter().all(|part| is_found(part, comparisons)) {
        return 1;
    }
    let equal = parts.into_iter().filter_map(equal_to_row_around);
    equal.map(shared_by).min().unwrap_or(BUDGET_EVENTS)
}

/// Whether all rows that are found by a part pass it, so that none is looked at.
fn is_found(part: &Expr, comparisons: &[NowComparison]) -> bool {
    let is_time = |expr: &Expr| expr.kind == ExprKind::Column(Column::CreatedAt);
    match &part.kind {
        _ if is_on_row_alone(part) => true,
        ExprKind::Slot(index) => comparisons.get(*index).is_some_and(|comparison| is_time(&comparison.time)),
        ExprKind::Compare { op: Comparison::NotEqual, .. } => false,
        ExprKind::Compare { op: Comparison::Equal, .. } | ExprKind::IsNotDistinct(..) => {
            equal_to_row_around(part).is_some_and(|own| is_told_apart(own.sql_type))
        }
        ExprKind::Compare { left, right, .. } => {
            (is_time(left) && is_around_alone(right)) || (is_time(right) && is_around_alone(left))
        }
        _ => false,
    }
}

/// Of [`BUDGET_EVENTS`] events of a user, how many are assumed to have the same value in common.
fn shared_by(value: &Expr) -> usize {
    match &value.kind {
        ExprKind::Column(column) | ExprKind::Outer { column, .. } => match column {
            Column::EventId | Column::CreatedAt | Column::ReceivedAt => 1,
            Column::OrderId | Column::Url | Column::ElementId | Column::OrderTotal | Column::Payload => {
                EVENTS_SHARING_A_RARE_VALUE
            }
            _ => EVENTS_SHARING_A_COMMON_VALUE,
        },
        // A key of the payload, perhaps as a text.
        ExprKind::Path { value, .. } | ExprKind::Cast { value, .. } if names_payload(value) => shared_by(value),
        _ => EVENTS_SHARING_A_COMMON_VALUE,
    }
}

fn names_payload(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Column(column) | ExprKind::Outer { column, .. } => *column == Column::Payload,
        ExprKind::Path { value, .. } | ExprKind::Cast { value, .. } => names_payload(value),
        _ => false,
    }
}

/// Returns what of the row must equal something of the rows around, if that is what the part asks for.
fn equal_to_row_around(part: &Expr) -> Option<&Expr> {
    let (ExprKind::Compare { op: Comparison::Equal, left, right } | ExprKind::IsNotDistinct(left, right)) = &part.kind
    else {
        return None;
    };
    let (own, around) = if left.reach() > 0 { (right, left) } else { (left, right) };
    (is_on_row_alone(own) && is_around_alone(around) && own.sql_type == around.sql_type).then_some(&**own)
}

fn is_on_row_alone(part: &Expr) -> bool {
    part.reach() == 0 && names_row(part) && !names_other(part)
}

#[cfg(test)]
mod tests {
    use crate::limits::BUDGET_STEPS;
    use crate::{compile, plan};

    #[track_caller]
    fn check(clause: &str, above_budget: bool) {
        let rule = compile(clause).rule.expect("a rule");
        let plan = plan::plan(&rule).expect("a plan");
        let steps = plan.interpreted().filter_map(|spec| spec.interpretation.as_deref()).map(super::steps).max();
        let steps = steps.expect("something is computed over events");
        assert_eq!(steps > BUDGET_STEPS, above_budget, "{steps} steps: {clause}");
    }

    const AFTER: &str = "JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at";
    const SAME_ORDER: &str = "JOIN events p ON p.user_id = v.user_id AND p.order_id = v.order_id";

    fn joined(rest: &str) -> String {
        format!("user_id IN (SELECT v.user_id FROM events v {rest} HAVING count(*) > 9)")
    }

    #[test]
    fn groups_of_few_values_are_computed_once_each() {
        check(&joined(&format!("{SAME_ORDER} GROUP BY v.user_id, v.region, p.region")), false);
        check(
            "user_id IN (SELECT t.user_id FROM (SELECT user_id, region, order_id, count(*) AS n FROM events
              GROUP BY user_id, region, order_id) t GROUP BY t.user_id, t.region HAVING max(t.n) > 9)",
            false,
        );
        check(
            "user_id IN (SELECT user_id FROM (SELECT user_id, d, row_number() OVER (PARTITION BY user_id ORDER BY d) AS n
              FROM (SELECT DISTINCT user_id, date_trunc('minute', created_at) AS d FROM events) x) t WHERE n = 9)",
            false,
        );
    }

    #[test]
    fn groups_of_all_pairs_or_of_many_values_are_above_the_budget() {
        check(&joined(&format!("{AFTER} GROUP BY v.user_id, v.region, p.region")), true);
        check(&joined(&format!("LEFT {AFTER} GROUP BY v.user_id, v.region, p.region")), true);
        check(&joined(&format!("{AFTER} GROUP BY v.user_id, v.created_at, p.region")), true);
    }

    #[test]
    fn three_events_compared_with_each_other_are_above_the_budget() {
        let triple = |last: &str| {
            format!(
                "EXISTS (SELECT 1 FROM events v JOIN events c ON c.user_id = v.user_id AND c.created_at > v.created_at
                  JOIN events p ON p.user_id = v.user_id AND {last} WHERE v.user_id = events.user_id)"
            )
        };
        check(&triple("p.created_at > c.created_at"), true);
        check(&triple("p.region <> c.region"), true);
        check(&triple("p.region = c.region AND p.url <> c.url"), true);
    }

    #[test]
    fn what_is_found_by_an_order_or_a_page_is_not() {
        let of_order = "JOIN events p ON p.user_id = v.user_id AND p.order_id = v.order_id";
        check(
            &format!(
                "user_id IN (SELECT v.user_id FROM events v {of_order} GROUP BY v.user_id, v.url
                  HAVING count(*) >= 3 AND sum(p.order_total) > 100)"
            ),
            false,
        );
        check(
            &format!(
                "EXISTS (SELECT 1 FROM events v {of_order} JOIN events q ON q.user_id = v.user_id
                  AND q.payload['product_id'] = p.payload['product_id'] WHERE v.user_id = events.user_id)"
            ),
            false,
        );
    }

    #[test]
    fn pairs_of_events_are_not() {
        let exists =
            |rest: &str| format!("EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND {rest})");
        check(&exists("e.order_total > events.order_total"), false);
        check(&exists("e.region = events.region AND e.url <> events.url"), false);
        check(&exists("e.created_at > events.created_at AND e.created_at > now() - INTERVAL 7 DAY"), false);
        check("order_total > 2 * avg(order_total)", false);
        check(
            "user_id IN (SELECT user_id FROM events GROUP BY user_id, to_date(created_at) HAVING count(*) > 9)",
            false,
        );
        check(
            "(SELECT e.region FROM events e WHERE e.user_id = events.user_id GROUP BY e.region
              ORDER BY count(*) DESC, e.region LIMIT 1) = 'CA'",
            false,
        );
        check(
            "user_id IN (SELECT user_id FROM (SELECT *, row_number() OVER (PARTITION BY user_id, region ORDER BY created_at)
              AS n FROM events) t WHERE n = 3)",
            false,
        );
        check(
            "user_id IN (SELECT user_id FROM (SELECT DISTINCT user_id, to_date(created_at) AS d FROM events) t
              GROUP BY user_id HAVING count(*) >= 7)",
            false,
        );
    }
}
