//! What can be saved but may not be what was meant.

use crate::compile::possible::{Possible, is_null, possible};
use crate::compile::{contradiction, negation};
use crate::rule::Comparison;
use crate::{Code, Column, Diagnostic, Expr, ExprKind, Rule, SqlType, render};

/// Returns what to say about a rule without errors.
pub(super) fn about(expr: &Expr) -> Vec<Diagnostic> {
    let mut parts = Vec::new();
    expr.walk(&mut |part| parts.extend(compared_with_null(part).or_else(|| contradicting(part))));
    // What says why the whole clause is never TRUE says that it is.
    let is_told = parts.iter().any(|part| part.span == expr.span);
    let whole = constant(expr).into_iter().chain(timeless(expr)).filter(|_| !is_told);
    let mut warnings: Vec<Diagnostic> = whole.collect();
    warnings.extend(parts);
    warnings.extend(negation::about(expr));
    warnings.extend(about_user_alone(expr));
    warnings
}

fn constant(expr: &Expr) -> Option<Diagnostic> {
    let possible = possible(expr);
    if !possible.allows(Possible::TRUE) {
        let message = "no user can ever be in this segment: the clause is never TRUE";
        return Some(Diagnostic::warning(Code::AlwaysFalse, expr.span, message));
    }
    let message = "every user that has an event is in this segment: the clause is always TRUE";
    (possible == Possible::TRUE).then(|| Diagnostic::warning(Code::AlwaysTrue, expr.span, message))
}

fn contradicting(part: &Expr) -> Option<Diagnostic> {
    let ExprKind::And(parts) = &part.kind else { return None };
    let found = contradiction::among(parts)?;
    let span = part.span;
    if found.swapped {
        let message = "this is never TRUE: the edges are swapped, nothing lies between them";
        let hint = "write the lower edge first, as in `BETWEEN now() - INTERVAL 1 DAY AND now()`";
        return Some(Diagnostic::warning(Code::AlwaysFalse, span, message).with_hint(hint));
    }
    let shown = |part: &Expr| render::canonical(&Rule { expr: part.clone() });
    let message =
        format!("this is never TRUE: `{}` and `{}` exclude each other", shown(found.first), shown(found.second));
    let warning = Diagnostic::warning(Code::AlwaysFalse, span, message);
    let hint = "both are asked of one event: write OR, or an EXISTS for each if different events are meant";
    Some(if found.first.holds_aggregate() { warning } else { warning.with_hint(hint) })
}

fn about_user_alone(expr: &Expr) -> Option<Diagnostic> {
    let mut names_events = false;
    expr.walk(&mut |part| {
        names_events |= match &part.kind {
            ExprKind::Column(column) | ExprKind::Outer { column, .. } => *column != Column::UserId,
            ExprKind::Aggregate(_) => true,
            _ => false,
        };
    });
    let message = "the clause names no event, and selects only users with at least one event";
    (!names_events && expr.reads_user()).then(|| Diagnostic::warning(Code::OnlyUsersWithEvents, expr.span, message))
}

fn timeless(expr: &Expr) -> Option<Diagnostic> {
    let message = "the clause names `now()`, but time alone never changes who is in the segment";
    (expr.names_now() && !is_moved_by_time(expr))
        .then(|| Diagnostic::warning(Code::NeverChangesWithTime, expr.span, message))
}

/// Whether `now()` stands where it can matter: not in a part whose truth is settled.
fn is_moved_by_time(expr: &Expr) -> bool {
    let condition = expr.sql_type == SqlType::Boolean;
    if condition && possible(expr).is_settled() {
        return false;
    }
    matches!(expr.kind, ExprKind::Now) || expr.children().into_iter().any(is_moved_by_time)
}

fn compared_with_null(part: &Expr) -> Option<Diagnostic> {
    let ExprKind::Compare { op, left, right } = &part.kind else { return None };
    let other = match (is_null(left), is_null(right)) {
        (true, false) => right,
        (false, true) => left,
        _ => return None,
    };
    let test = match op {
        Comparison::Equal => "IS NULL",
        Comparison::NotEqual => "IS NOT NULL",
        _ => "",
    };
    let warning = Diagnostic::warning(
        Code::AlwaysFalse,
        part.span,
        "nothing compares with NULL: this is never TRUE, nor is its NOT",
    );
    Some(match (&other.kind, test) {
        (_, "") => warning,
        (ExprKind::Column(column), test) => {
            warning.with_hint(format!("use {test}")).with_replacement(format!("{} {test}", column.as_str()))
        }
        _ => warning.with_hint(format!("use {test}")),
    })
}

#[cfg(test)]
mod tests {
    use crate::compile;

    /// The codes of the warnings, in order of the text.
    #[track_caller]
    fn check(clause: &str, expected: &[&str]) {
        let compiled = compile(clause);
        assert!(compiled.rule.is_some(), "{clause}: {:#?}", compiled.diagnostics);
        let codes: Vec<&str> = compiled.diagnostics.iter().map(|warning| warning.code.as_str()).collect();
        assert_eq!(codes, expected, "{clause}: {:#?}", compiled.diagnostics);
    }

    #[test]
    fn conditions_that_exclude_each_other_are_never_true() {
        for clause in [
            "order_total > 5 AND order_total < 3",
            "order_total >= 5 AND order_total < 5",
            "5 < order_total AND order_total = 5",
            "count(*) > 3 AND count(*) < 2",
            "created_at BETWEEN now() AND now() - INTERVAL 1 DAY",
            "created_at >= now() - INTERVAL 1 DAY AND created_at < now() - INTERVAL 2 DAY",
            "max(created_at) < now() - INTERVAL 1 DAY AND max(created_at) > now()",
            "region = 'CA' AND NOT region = 'CA'",
            "region = 'CA' AND region IS NULL",
            "(country = 'US' OR region LIKE 'C%') AND NOT (country = 'US' OR region LIKE 'C%')",
            "region = NULL",
        ] {
            check(clause, &["always_false"]);
        }
    }

    #[test]
    fn conditions_that_meet_somewhere_are_not() {
        for clause in [
            "order_total >= 5 AND order_total <= 5",
            "order_total > 3 AND order_total < 5",
            "order_total > 5 OR order_total < 3",
            "count(*) > 3 AND count(*) FILTER (WHERE region = 'CA') < 2",
            "count(*) > 1 AND count(*) < 3",
            "created_at BETWEEN now() - INTERVAL 1 DAY AND now()",
            "created_at < now() - INTERVAL 1 DAY AND created_at >= now() - INTERVAL 2 DAY",
            "max(created_at) > now() - INTERVAL 1 DAY AND min(created_at) < now() - INTERVAL 2 DAY",
            "created_at > TIMESTAMP '2030-01-01' AND created_at < now()",
            "payload['n'] >= 9007199254740993 AND payload['n'] <= 9007199254740992",
            "region = 'CA' AND country IS NULL",
        ] {
            check(clause, &[]);
        }
    }

    #[test]
    fn swapped_edges_are_named() {
        let compiled = compile("region = 'CA' OR order_total BETWEEN 10 AND 5");
        let [warning] = compiled.diagnostics.as_slice() else { panic!("{compiled:#?}") };
        assert!(warning.message.contains("the edges are swapped"), "{warning:#?}");
    }

    #[test]
    fn whoever_is_asked_about_has_an_event() {
        check("count(*) < 1", &["always_false"]);
        check("count(*) >= 1", &["always_true"]);
        check("count(event_id) > 0", &["always_true"]);
        check("count(*) > 1", &[]);
        check("count(*) <= 1", &[]);
        check("count(order_id) < 1", &[]);
        check("count(*) FILTER (WHERE region = 'CA') < 1", &[]);
        check("count(*) FILTER (WHERE region = 'CA') >= 1", &[]);
        check("count_if(region = 'CA') = 0", &[]);
    }

    #[test]
    fn a_rollout_to_nobody_or_everybody_is_settled() {
        check("rollout(0, 'x')", &["always_false"]);
        check("rollout(100, 'x')", &["always_true"]);
        check("rollout(100, 'x') AND region = 'CA'", &[]);
        check("rollout(0.01, 'x')", &[]);
        check("length(region) < 0", &["always_false"]);
        check("length(region) >= 0", &[]);
    }

    #[test]
    fn a_negation_within_a_window_does_not_say_never() {
        check("activity_type <> 'a' AND created_at >= now() - INTERVAL 7 DAY", &["negation_is_not_never"]);
        check("NOT (region = 'CA' OR region = 'NY')", &["negation_is_not_never"]);
        check("activity_type = 'b' AND region <> 'CA' AND created_at >= now() - INTERVAL 7 DAY", &[]);
        check("NOT (region = 'CA' OR country = 'US')", &[]);
    }
}
