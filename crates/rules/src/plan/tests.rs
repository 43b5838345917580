//! What clauses are lowered to.

use super::{AggregateSpec, Demand, NowComparison, Plan, WindowSpec, plan};
use crate::eval::build::{aggregate, and, boolean, column, compare, expr, integer, not, now_plus, or, text, time};
use crate::rule::Comparison::{self, Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
use crate::{AggregateFunction, Code, Column, Expr, ExprKind, Rule, SqlType};

const DAY: i64 = 86_400_000_000;

fn lowered(expr: Expr) -> Plan {
    plan(&Rule { expr }).unwrap()
}

fn region(op: Comparison, name: &str) -> Expr {
    compare(column(Column::Region), op, text(name))
}

fn activity(name: &str) -> Expr {
    compare(column(Column::ActivityType), Equal, text(name))
}

fn since(days: i64) -> Expr {
    compare(column(Column::CreatedAt), GreaterOrEqual, now_plus(-days * DAY))
}

fn count(filter: Option<Expr>) -> Expr {
    aggregate(AggregateFunction::CountAll, filter)
}

#[track_caller]
fn check_windows(expr: Expr, expected: &[(Option<i64>, Option<i64>)]) {
    let plan = lowered(expr);
    let windows: Vec<_> = plan.aggregates.iter().map(|spec| (spec.window.from, spec.window.until)).collect();
    assert_eq!(windows, expected);
}

#[test]
fn a_comparison_of_created_at_with_now_is_the_window_of_an_exists() {
    let against = |op| compare(column(Column::CreatedAt), op, now_plus(-DAY));
    check_windows(against(GreaterOrEqual), &[(Some(-DAY), None)]);
    check_windows(against(Greater), &[(Some(-DAY + 1), None)]);
    check_windows(against(LessOrEqual), &[(None, Some(-DAY))]);
    check_windows(against(Less), &[(None, Some(-DAY - 1))]);
    check_windows(against(Equal), &[(Some(-DAY), Some(-DAY))]);
    check_windows(against(NotEqual), &[(None, Some(-DAY - 1)), (Some(-DAY + 1), None)]);
    check_windows(not(against(Less)), &[(Some(-DAY), None)]);
    check_windows(compare(now_plus(-DAY), LessOrEqual, column(Column::CreatedAt)), &[(Some(-DAY), None)]);
    let between = and([against(GreaterOrEqual), compare(column(Column::CreatedAt), LessOrEqual, now_plus(0))]);
    check_windows(between, &[(Some(-DAY), Some(0))]);
}

#[test]
fn some_row_must_make_the_whole_conjunction_true() {
    // One Exists over both conditions, not one for each.
    let plan = lowered(and([region(Equal, "CA"), activity("a"), since(1)]));
    assert_eq!(plan.aggregates.len(), 1);
    assert_eq!(plan.membership.kind, ExprKind::Slot(0));
    let plan = lowered(or([region(Equal, "CA"), and([activity("a"), since(1)])]));
    assert_eq!(plan.aggregates.len(), 2);
}

#[test]
fn a_clause_without_a_row_part_asks_for_some_event() {
    let plan = lowered(compare(count(None), Less, integer(3)));
    assert_eq!(plan.aggregates[0].function, AggregateFunction::CountAll);
    assert_eq!(plan.aggregates[1].function, AggregateFunction::Exists);
    assert_eq!(plan.aggregates[1].filter, None);
}

#[test]
fn equal_aggregates_are_one_slot_with_the_greater_demand() {
    let filter = |parts: [Expr; 2]| Some(and(parts));
    let few = compare(count(filter([activity("a"), since(7)])), GreaterOrEqual, integer(2));
    let many = compare(integer(5), Less, count(filter([since(7), activity("a")])));
    let plan = lowered(and([few, many]));
    let counts: Vec<&AggregateSpec> =
        plan.aggregates.iter().filter(|spec| spec.function == AggregateFunction::CountAll).collect();
    assert_eq!(counts.len(), 1);
    assert_eq!(counts[0].demand, Demand::UpTo(6));
    assert_eq!(counts[0].filter, Some(activity("a")));
}

#[test]
fn a_count_that_is_not_compared_with_a_constant_is_kept_exactly() {
    let plan = lowered(compare(count(Some(since(7))), Greater, count(None)));
    assert!(plan.aggregates[..2].iter().all(|spec| spec.demand == Demand::Exact));
}

#[test]
fn a_time_of_the_user_against_now_is_kept_as_a_comparison() {
    let last = || aggregate(AggregateFunction::Max(column(Column::CreatedAt)), None);
    let plan = lowered(compare(now_plus(-7 * DAY), Greater, last()));
    assert_eq!(plan.now_comparisons.len(), 1);
    let comparison = &plan.now_comparisons[0];
    assert_eq!((comparison.op, comparison.offset), (Less, -7 * DAY));
    assert_eq!(comparison.time.kind, ExprKind::Slot(0));
}

#[test]
fn a_comparison_with_now_flips_at_its_edge_or_just_behind_it() {
    let at = |micros| schema::Timestamp::from_micros(micros);
    let flips = |op, now| {
        let comparison = NowComparison { time: integer(0), op, offset: -10, unit: None };
        comparison.next_flip(at(100), at(now)).map(|flip| flip.as_micros())
    };
    // 100 op now - 10
    assert_eq!(flips(Less, 0), Some(111));
    assert_eq!(flips(GreaterOrEqual, 110), Some(111));
    assert_eq!(flips(LessOrEqual, 0), Some(110));
    assert_eq!(flips(Greater, 109), Some(110));
    assert_eq!(flips(Greater, 110), None);
    assert_eq!(flips(Equal, 0), Some(110));
    assert_eq!(flips(NotEqual, 110), Some(111));
    assert_eq!(flips(NotEqual, 111), None);
}

#[test]
fn is_true_of_a_mixed_condition_can_be_negated() {
    let mixed = and([region(Equal, "CA"), compare(count(None), Greater, integer(3))]);
    let plan = lowered(not(boolean(ExprKind::IsTrue(Box::new(mixed)))));
    // Some row is not in CA (or nowhere), or there are at most three.
    assert!(matches!(&plan.membership.kind, ExprKind::Or(alternatives) if alternatives.len() == 2));
}

#[track_caller]
fn check_refused(expr: Expr, code: Code, words: &str) {
    let diagnostics = plan(&Rule { expr }).unwrap_err();
    assert_eq!(diagnostics.len(), 1, "{diagnostics:?}");
    assert_eq!(diagnostics[0].code, code);
    assert!(diagnostics[0].message.contains(words), "{}", diagnostics[0].message);
}

#[test]
fn what_cannot_be_exact_is_refused() {
    let clock = compare(now_plus(0), Equal, expr(ExprKind::Negate(Box::new(now_plus(0))), SqlType::Timestamp));
    check_refused(clock, Code::Unsupported, "can only stand in a comparison");
    let total = column(Column::OrderTotal);
    let double = expr(ExprKind::Negate(Box::new(total.clone())), SqlType::Double);
    let above_average = compare(total, Greater, aggregate(AggregateFunction::Avg(double), None));
    check_refused(above_average, Code::Unsupported, "DOUBLE");
    let high = compare(count(None), Greater, integer(10_001));
    check_refused(high, Code::Limits, "10000");
    let long = compare(column(Column::CreatedAt), Greater, now_plus(-40_000 * DAY));
    check_refused(long, Code::Unsupported, "100 years");
}

#[test]
fn a_clause_of_too_many_alternatives_is_evaluated_as_a_whole() {
    let alternatives =
        |at: u8| or([and([region(Equal, &at.to_string()), since(i64::from(at) + 1)]), and([activity("a"), since(1)])]);
    let clause = and((0..7).map(alternatives).collect::<Vec<_>>());
    let plan = lowered(clause);
    assert_eq!((plan.aggregates.len(), plan.interpreted().count()), (1, 1));
}

#[test]
fn a_window_that_cannot_hold_anything_selects_nobody() {
    let plan = lowered(and([since(1), compare(column(Column::CreatedAt), Less, now_plus(-DAY))]));
    assert_eq!(plan.aggregates.len(), 0);
}

#[test]
fn the_key_of_an_aggregate_never_changes() {
    let spec = |function, filter, window| AggregateSpec {
        function,
        filter,
        window,
        demand: Demand::Exact,
        interpretation: None,
    };
    let month = WindowSpec { from: Some(-30 * DAY), ..WindowSpec::default() };
    let purchases =
        Some(and([activity("product_purchased"), compare(column(Column::CreatedAt), Less, time("2026-01-01"))]));
    let golden = [
        (spec(AggregateFunction::Exists, None, WindowSpec::default()), 0x6e7864553efa73dda130fa1729ce14af_u128),
        (spec(AggregateFunction::CountAll, purchases.clone(), month), 0xdedd71508ad0eb62159e5e29ce861808_u128),
        (
            spec(AggregateFunction::Sum(column(Column::OrderTotal)), purchases, month),
            0xbd12c690e76936d30d1450078d496be7_u128,
        ),
    ];
    let found: Vec<String> = golden.iter().map(|(spec, _)| format!("{:#x}", spec.key().0)).collect();
    let expected: Vec<String> = golden.iter().map(|(_, key)| format!("{key:#x}")).collect();
    assert_eq!(found, expected);
}

/// What is retained of the events for the one interpreted aggregate of a rule.
#[track_caller]
fn check_retained(expr: Expr, filter: Option<Expr>, from: Option<i64>, columns: &[Column]) {
    let plan = lowered(expr);
    let [spec] = plan.interpreted().collect::<Vec<_>>()[..] else { panic!("{:?}", plan.aggregates) };
    assert_eq!((&spec.filter, spec.window), (&filter, WindowSpec { from, ..WindowSpec::default() }));
    assert_eq!(spec.interpretation.as_ref().unwrap().columns, columns);
}

fn outer(column: Column) -> Expr {
    expr(ExprKind::Outer { distance: 1, column }, column.sql_type())
}

#[test]
fn a_row_against_an_aggregate_retains_every_event() {
    let total = || column(Column::OrderTotal);
    let above_average = || compare(total(), Greater, aggregate(AggregateFunction::Avg(total()), None));
    check_retained(above_average(), None, None, &[Column::OrderTotal]);
    // What the row must be besides says nothing of the rows that are averaged.
    let columns = [Column::ActivityType, Column::OrderTotal];
    check_retained(and([above_average(), activity("a")]), None, None, &columns);
}

#[test]
fn what_the_user_must_be_besides_is_still_folded() {
    let total = || column(Column::OrderTotal);
    let above_average = compare(total(), Greater, aggregate(AggregateFunction::Avg(total()), None));
    let plan = lowered(and([above_average, compare(count(Some(since(7))), Greater, integer(3))]));
    let folded: Vec<_> = plan.aggregates.iter().filter(|spec| spec.interpretation.is_none()).collect();
    assert_eq!(folded.len(), 1);
    assert_eq!(folded[0].demand, Demand::UpTo(4));
}

#[test]
fn only_events_that_some_filter_can_pass_are_retained() {
    let later = compare(column(Column::CreatedAt), Greater, outer(Column::CreatedAt));
    let bought = |extra: Vec<Expr>| {
        let filter = and([vec![activity("b"), later.clone()], extra].concat());
        aggregate(AggregateFunction::Exists, Some(filter))
    };
    let columns = [Column::ActivityType, Column::CreatedAt];
    let either = Some(or([activity("a"), activity("b")]));
    check_retained(and([activity("a"), bought(vec![])]), either.clone(), None, &columns);
    // A window bounds them when every use of a row is bounded.
    check_retained(and([activity("a"), since(7), bought(vec![])]), either.clone(), None, &columns);
    check_retained(and([activity("a"), since(7), bought(vec![since(3)])]), either, Some(-7 * DAY), &columns);
}

#[test]
fn several_windows_in_a_filter_retain_what_lies_in_the_widest() {
    let several = compare(count(Some(or([and([activity("a"), since(1)]), since(3)]))), Greater, integer(1));
    check_retained(several, None, Some(-3 * DAY), &[Column::ActivityType, Column::CreatedAt]);
}

#[test]
fn other_times_against_now_retain_events() {
    let received = compare(column(Column::ReceivedAt), Greater, now_plus(-DAY));
    check_retained(
        and([region(Equal, "CA"), received]),
        Some(region(Equal, "CA")),
        None,
        &[Column::Region, Column::ReceivedAt],
    );
}

#[test]
fn a_count_that_is_multiplied_or_divided_is_kept_as_far_as_the_threshold_needs() {
    #[track_caller]
    fn check(clause: &str, expected: Demand) {
        let rule = crate::compile(clause).rule.unwrap();
        assert_eq!(plan(&rule).unwrap().aggregates[0].demand, expected, "{clause}");
    }
    check("count(*) * 2 > 5", Demand::UpTo(4));
    check("count(*) * 2 >= 6", Demand::UpTo(3));
    check("3 * count(*) = 9", Demand::UpTo(4));
    check("count(*) / 2 >= 1.5", Demand::UpTo(3));
    check("count(*) / 2 > 2", Demand::UpTo(5));
    check("count(*) * 2 > -5", Demand::UpTo(1));
    check("count(*) * 0 > 5", Demand::Exact);
    check("count(*) * -2 > -5", Demand::Exact);
    check("10 / count(*) > 5", Demand::Exact);
}
