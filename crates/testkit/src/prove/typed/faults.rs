//! Where Databend is known to answer otherwise than SQL does, or than this project decided.
//!
//! A clause that holds one of these constructs is asked there as it was typed like any other. Only where the
//! answer differs does it say why, and the proof counts it apart. Each is in `databend/semantics.sql`.

use rules::rule::{ArithmeticOp, CastType, Comparison};
use rules::{Aggregate, AggregateFunction, Expr, ExprKind, Rule, SqlType, Value, plan};

/// From here on, an integer that another one is multiplied by makes some of a million overflow.
const GREAT: i64 = i64::MAX / 1_000_000;

/// Returns the first such construct of a clause; `None` when Databend must say what everybody says.
pub(super) fn fault(text: &str, rule: &Rule) -> Option<&'static str> {
    of_text(&text.to_lowercase()).or_else(|| of_expr(&rule.expr))
}

/// Those that are gone once the clause is compiled.
fn of_text(folded: &str) -> Option<&'static str> {
    let holds = |construct: &str| folded.contains(construct);
    if holds("having") && !holds("group by") {
        return Some("a correlated group that is there even when it is empty");
    }
    if holds("group by e.user_id") {
        return Some("a correlated group that is not there");
    }
    if holds(" join ") && (holds("arg_max(") || holds("arg_min(")) {
        return Some("which of the rows joined with one event comes first");
    }
    if holds("over (order by") {
        return Some("the numbers of correlated rows without PARTITION BY");
    }
    if holds("limit 1") {
        return Some("the first of correlated rows");
    }
    if holds("(select") && (holds("least(") || holds("greatest(")) {
        return Some("a correlated NULL in least and greatest");
    }
    let others = folded.replace("user_id not in (select", "").replace("user_id in (select", "");
    if others.contains("not in (select") || (holds("not ") && others.contains(" in (select")) {
        return Some("NULLs of a correlated subquery in NOT IN");
    }
    // A row is lost there, also where the missing value would make it TRUE.
    holds("from users").then_some("a user of whom nothing is said, in a subquery")
}

fn of_expr(expr: &Expr) -> Option<&'static str> {
    let here = match &expr.kind {
        ExprKind::Like { pattern, .. } => of_pattern(pattern),
        ExprKind::Compare { op: Comparison::Equal, left, right } if left == right => Some("NULL = NULL of one column"),
        ExprKind::InList { value, list } if list.contains(value) => Some("NULL = NULL of one column"),
        ExprKind::Negate(_) if expr.sql_type == SqlType::Double => Some("-0.0 is below 0"),
        ExprKind::Arithmetic { op: ArithmeticOp::Multiply, left, right } if overflows(left) || overflows(right) => {
            Some("overflow wraps around")
        }
        ExprKind::Cast { value, to: CastType::Text }
            if value.sql_type == SqlType::Timestamp && matches!(value.kind, ExprKind::Arithmetic { .. }) =>
        {
            Some("the text of a day plus days")
        }
        ExprKind::Cast { value, to: CastType::Text } if matches!(value.sql_type, SqlType::Decimal { .. }) => {
            Some("TRY_CAST of a decimal to a text")
        }
        ExprKind::Cast { value, .. } if value.sql_type == SqlType::Text => Some("what a text is read as"),
        ExprKind::Cast { value, .. } if value.sql_type == SqlType::Variant => Some("what a JSON value is read as"),
        ExprKind::Aggregate(aggregate) if counts_json(aggregate) => Some("equal JSON numbers are counted apart"),
        _ => None,
    };
    here.or_else(|| parts(expr).into_iter().find_map(of_expr))
}

/// Whether different values of the payload are counted, as `count(DISTINCT …)` is compiled.
fn counts_json(aggregate: &Aggregate) -> bool {
    let AggregateFunction::Count(value) = &aggregate.function else { return false };
    value.sql_type == SqlType::Variant && aggregate.filter.as_ref().is_some_and(names_alike)
}

fn names_alike(filter: &Expr) -> bool {
    let here = matches!(&filter.kind, ExprKind::IsNotDistinct(left, _) if left.sql_type == SqlType::Variant);
    here || parts(filter).into_iter().any(names_alike)
}

fn of_pattern(pattern: &str) -> Option<&'static str> {
    if pattern.contains('_') {
        return Some("an underscore is one byte");
    }
    if pattern.contains('\\') {
        return Some("a backslash escapes no other");
    }
    pattern.chars().all(|character| character == '%').then_some("NULL LIKE '%' is FALSE")
}

fn overflows(factor: &Expr) -> bool {
    match &factor.kind {
        ExprKind::Literal(Value::Integer(whole)) => whole.unsigned_abs() >= GREAT.unsigned_abs(),
        ExprKind::Arithmetic { op: ArithmeticOp::Multiply, .. } => true,
        _ => false,
    }
}

fn parts(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Aggregate(aggregate) => {
            plan::argument_of(&aggregate.function).into_iter().chain(&aggregate.filter).collect()
        }
        _ => plan::children(expr),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: bool) {
        let rule = rules::compile(text).rule.unwrap();
        assert_eq!(fault(text, &rule).is_some(), expected, "{text}");
    }

    #[test]
    fn what_databend_gets_wrong_is_found_wherever_it_stands() {
        for text in [
            "region LIKE '%'",
            "region LIKE 'C_'",
            "NOT (region = region)",
            "region IN (region)",
            "payload['k'] > 1",
            "count(DISTINCT payload['k']) > 1",
            "EXISTS (SELECT 1 FROM (SELECT e.region, row_number() OVER (ORDER BY e.created_at) AS n FROM events e WHERE e.user_id = events.user_id) t WHERE t.n = 2)",
            "user_id IN (SELECT v.user_id FROM events v JOIN events p ON p.user_id = v.user_id GROUP BY v.user_id HAVING arg_max(p.region, v.created_at) = 'CA')",
            "order_total::VARCHAR = '10.0000'",
            "-round(user_id) >= 0",
            "least((SELECT max(e.url) FROM events e WHERE e.user_id = events.user_id), 'a') IS NULL",
            "NOT (events.order_id IN (SELECT e.region FROM events e WHERE e.user_id = events.user_id AND e.url > events.url))",
            "(SELECT u.created_at FROM users u WHERE u.user_id = events.user_id) IS DISTINCT FROM DATE '2026-01-01'",
            "EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.url = e.url)",
        ] {
            check(text, true);
        }
    }

    #[test]
    fn everything_else_must_be_right() {
        for text in [
            "region LIKE 'C%'",
            "count(*) FILTER (WHERE region = 'CA') > 1",
            "NOT (region = 'CA' AND created_at > now() - INTERVAL 1 DAY)",
            "user_id NOT IN (SELECT user_id FROM events WHERE region = 'CA' GROUP BY user_id HAVING sum(order_total) > 3)",
        ] {
            check(text, false);
        }
    }
}
