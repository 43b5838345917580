//! The clause as the analyst typed it, where Databend understands it too.
//!
//! It is asked beside the rendered rule, because what `compile` makes of a clause could be wrong in a
//! way that rendering repeats. Left out is where Databend is known to answer otherwise than SQL does
//! or than this project decided; each such construct is in `databend/semantics.sql`.

use rules::rule::{CastType, Comparison, ScalarFunction};
use rules::{Expr, ExprKind, Rule, SqlType, plan};
use schema::Timestamp;

/// What the text must not hold, in lower case.
const LEFT_OUT: [&str; 12] = [
    // Databend does not have it.
    " filter (",
    "starts_with(",
    // Ties are broken by `event_id` here, and at random there.
    "arg_m",
    "row_number(",
    // Correlated, a group that is not there counts 0.
    "group by e.user_id",
    "limit 1",
    // Its window is one of microseconds there, and events of one instant are in the order in which they are read.
    "window_funnel(",
    // There, aggregates with a condition make 0 and '' of NULL, and cut averages to the scale of the argument.
    "sum_if(",
    "avg_if(",
    "min_if(",
    "max_if(",
    // Its own clock.
    "current_timestamp",
];

/// A join's runtime filter drops rows that correlated aggregates need.
const WITHOUT_RUNTIME_FILTER: &str = "SETTINGS (enable_join_runtime_filter = 0)";

/// Returns the query with `now()` as a literal; `None` where Databend is known to answer otherwise.
pub fn query(text: &str, rule: &Rule, now: Timestamp) -> Option<String> {
    let folded = text.to_lowercase();
    // Correlated, a group that is there even when it is empty is not there for Databend.
    let lacks_group = folded.contains("having") && !folded.contains("group by");
    // A correlated value is lost in a `least` or `greatest` when it is NULL.
    let loses_null = folded.contains("(select") && (folded.contains("least(") || folded.contains("greatest("));
    // It loses the NULLs of a subquery that looks at the row around, also under a NOT further out.
    let loses_nulls = folded.replace("user_id not in (select", "").contains("not in (select")
        || (folded.contains("not ") && folded.replace("user_id in (select", "").contains(" in (select"));
    // A row is lost there whose user has no value in a subquery, also where the missing value would make it TRUE.
    let loses_user = folded.contains("from users");
    if lacks_group
        || loses_user
        || loses_nulls
        || loses_null
        || LEFT_OUT.iter().any(|construct| folded.contains(construct))
        || errs(&rule.expr)
    {
        return None;
    }
    let shown = now.to_string().replacen('T', " ", 1);
    let literal = format!("TIMESTAMP '{}'", shown.trim_end_matches('Z'));
    let today = format!("to_date({literal})");
    let clause = ["today()", "current_date"].iter().fold(text.to_owned(), |text, name| text.replace(name, &today));
    let clause = clause.replace("now()", &literal).replace("NOW()", &literal);
    Some(format!("{WITHOUT_RUNTIME_FILTER} SELECT DISTINCT user_id FROM events WHERE {clause}"))
}

/// Returns whether a part of the rule is something that Databend gets wrong.
fn errs(expr: &Expr) -> bool {
    let here = match &expr.kind {
        // `_` is one byte there, and a pattern that all texts match is matched by NULL as FALSE.
        ExprKind::Like { pattern, .. } => pattern.contains('_') || pattern.chars().all(|character| character == '%'),
        // `x = x` and `x IN (x)` are TRUE there, also for NULL.
        ExprKind::Compare { op: Comparison::Equal, left, right } => left == right,
        ExprKind::InList { value, list } => list.contains(value),
        // What of a text is a number or a time is narrower here; a VARIANT beside a number is one of the
        // number's type there, with 1.5 = 2 and NULL for 300 > 200.
        // Its bloom filters take a time that is cut down for the time itself.
        ExprKind::Function { function: ScalarFunction::DateTrunc(unit), .. } => !unit.is_date(),
        // Where it knows the value, -0.0 is below 0 for it.
        ExprKind::Negate(_) => expr.sql_type == SqlType::Double,
        // A day plus days written as such is a day there, a time here: its text differs.
        ExprKind::Cast { value, to: CastType::Text } if matches!(value.kind, ExprKind::Arithmetic { .. }) => {
            value.sql_type == SqlType::Timestamp
        }
        ExprKind::Cast { value, .. } => matches!(value.sql_type, SqlType::Text | SqlType::Variant),
        _ => false,
    };
    here || parts(expr).into_iter().any(errs)
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
    fn check(text: &str, expected: Option<&str>) {
        let rule = rules::compile(text).rule.unwrap();
        let now = Timestamp::parse("2026-01-01T00:00:00.000001Z").unwrap();
        let query = query(text, &rule, now);
        let clause = query.as_deref().and_then(|sql| sql.split_once("WHERE ")).map(|(_, clause)| clause);
        assert_eq!(clause, expected, "{text}");
    }

    #[test]
    fn now_is_written_as_the_instant() {
        check(
            "created_at > now() - INTERVAL 1 DAY",
            Some("created_at > TIMESTAMP '2026-01-01 00:00:00.000001' - INTERVAL 1 DAY"),
        );
    }

    #[test]
    fn today_is_the_day_of_the_instant_and_not_databends_own() {
        for today in ["today()", "current_date"] {
            check(
                &format!("created_at < {today}"),
                Some("created_at < to_date(TIMESTAMP '2026-01-01 00:00:00.000001')"),
            );
        }
    }

    #[test]
    fn what_databend_gets_wrong_is_left_out_wherever_it_stands() {
        check("region LIKE 'C%'", Some("region LIKE 'C%'"));
        for text in [
            "region LIKE '%'",
            "region LIKE 'C_'",
            "NOT (region = region)",
            "region IN (region)",
            "payload['k'] > 1",
            "date_trunc('hour', created_at) = TIMESTAMP '2026-01-01 10:00:00'",
            "-round(user_id) >= 0",
            "least((SELECT max(e.url) FROM events e WHERE e.user_id = events.user_id), 'a') IS NULL",
            "NOT (events.order_id IN (SELECT e.region FROM events e WHERE e.user_id = events.user_id AND e.url > events.url))",
            "count(*) FILTER (WHERE region = 'CA') > 1",
            "(SELECT u.created_at FROM users u WHERE u.user_id = events.user_id) IS DISTINCT FROM DATE '2026-01-01'",
            "EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.url = e.url)",
        ] {
            check(text, None);
        }
    }
}
