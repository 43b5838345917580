//! What expressions mean.

use schema::{Decimal, Timestamp};

use super::build::{and, boolean, column, compare, expr, integer, literal, not, now_plus, or, text};
use super::{Scope, evaluate};
use crate::rule::{ArithmeticOp, Comparison, ScalarFunction};
use crate::{Aggregate, Column, Expr, ExprKind, SqlType, Value};

struct Row;

impl Scope for Row {
    fn column(&self, column: Column) -> Value {
        match column {
            Column::Region => Value::Null,
            Column::Country => Value::Text("US".to_owned()),
            Column::OrderTotal => Value::Decimal(Decimal::parse("12.5").unwrap()),
            Column::CreatedAt => Value::Timestamp(Timestamp::from_micros(1_000)),
            _ => Value::Null,
        }
    }

    fn aggregate(&self, _: &Aggregate) -> Value {
        Value::Integer(7)
    }

    fn slot(&self, index: usize) -> Value {
        Value::Integer(index as i64)
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_micros(2_000)
    }
}

#[track_caller]
fn check(expr: &Expr, expected: Value) {
    let value = evaluate(expr, &Row);
    assert_eq!(value, expected, "{expr:?}");
    // 12.50 equals 12.5 as a number; what is printed and divided must have the same digits too.
    assert_eq!(format!("{value:?}"), format!("{expected:?}"), "{expr:?}");
}

const NULL: Value = Value::Null;
const TRUE: Value = Value::Boolean(true);
const FALSE: Value = Value::Boolean(false);

fn call(function: ScalarFunction, arguments: Vec<Expr>, sql_type: SqlType) -> Expr {
    expr(ExprKind::Function { function, arguments }, sql_type)
}

fn constant(value: &Value) -> Expr {
    boolean(ExprKind::Literal(value.clone()))
}

#[test]
fn and_or_and_not_follow_the_three_valued_tables() {
    let table = [
        (TRUE, TRUE, TRUE, TRUE),
        (TRUE, FALSE, FALSE, TRUE),
        (TRUE, NULL, NULL, TRUE),
        (FALSE, FALSE, FALSE, FALSE),
        (FALSE, NULL, FALSE, NULL),
        (NULL, NULL, NULL, NULL),
    ];
    for (left, right, both, either) in table {
        for (left, right) in [(&left, &right), (&right, &left)] {
            check(&and([constant(left), constant(right)]), both.clone());
            check(&or([constant(left), constant(right)]), either.clone());
        }
    }
    check(&not(constant(&TRUE)), FALSE);
    check(&not(constant(&NULL)), NULL);
}

#[test]
fn a_comparison_with_null_is_null_and_is_tests_never_are() {
    let unknown = compare(column(Column::Region), Comparison::NotEqual, text("CA"));
    check(&unknown, NULL);
    check(&boolean(ExprKind::IsTrue(Box::new(unknown.clone()))), FALSE);
    check(&boolean(ExprKind::IsNull(Box::new(unknown))), TRUE);
    let same = |left: Expr, right: Expr| boolean(ExprKind::IsNotDistinct(Box::new(left), Box::new(right)));
    check(&same(column(Column::Region), literal(NULL)), TRUE);
    check(&same(column(Column::Region), text("CA")), FALSE);
    check(&same(column(Column::Country), text("US")), TRUE);
}

#[test]
fn not_in_a_list_with_null_is_never_true() {
    let within = |list: Vec<Expr>| boolean(ExprKind::InList { value: Box::new(integer(2)), list });
    check(&within(vec![integer(2), literal(NULL)]), TRUE);
    check(&within(vec![integer(1), literal(NULL)]), NULL);
    check(&not(within(vec![integer(1), literal(NULL)])), NULL);
    check(&within(vec![integer(1)]), FALSE);
}

#[test]
fn numbers_compare_by_value_across_types() {
    let total = || column(Column::OrderTotal);
    check(&compare(total(), Comparison::Equal, literal(Value::Double(12.5))), TRUE);
    check(&compare(total(), Comparison::Greater, integer(12)), TRUE);
    check(&compare(text("é"), Comparison::Greater, text("z")), TRUE);
    check(&compare(constant(&TRUE), Comparison::Greater, constant(&FALSE)), TRUE);
}

#[test]
fn a_value_takes_the_type_of_its_expression() {
    let five = || vec![literal(NULL), integer(5)];
    let decimal = call(ScalarFunction::Coalesce, five(), SqlType::Decimal { scale: 4 });
    check(&decimal, Value::Decimal(Decimal::new(50_000, 4).unwrap()));
    let third = ExprKind::Arithmetic { op: ArithmeticOp::Divide, left: Box::new(decimal), right: Box::new(integer(3)) };
    check(&expr(third, SqlType::Decimal { scale: 10 }), Value::Decimal(Decimal::new(16_666_666_667, 10).unwrap()));
    check(&call(ScalarFunction::Coalesce, five(), SqlType::Double), Value::Double(5.0));
}

#[test]
fn functions_are_those_of_databend() {
    let over = |function, arguments: Vec<Expr>| call(function, arguments, SqlType::Text);
    check(&over(ScalarFunction::Upper, vec![text("ßé")]), Value::Text("SSÉ".to_owned()));
    check(&over(ScalarFunction::Lower, vec![text("İ")]), Value::Text("i̇".to_owned()));
    check(&over(ScalarFunction::Trim, vec![text("  a\t ")]), Value::Text("a\t".to_owned()));
    check(&over(ScalarFunction::Length, vec![text("é")]), Value::Integer(1));
    check(&over(ScalarFunction::Concat, vec![text("a"), literal(NULL)]), NULL);
    check(&over(ScalarFunction::Greatest, vec![integer(1), literal(NULL)]), NULL);
    check(&over(ScalarFunction::Greatest, vec![integer(1), integer(3), integer(2)]), Value::Integer(3));
    check(&over(ScalarFunction::Least, vec![integer(2), integer(1)]), Value::Integer(1));
    check(&over(ScalarFunction::NullIf, vec![integer(2), integer(2)]), NULL);
    check(&over(ScalarFunction::NullIf, vec![integer(2), literal(NULL)]), Value::Integer(2));
    check(&over(ScalarFunction::Abs, vec![integer(i64::MIN)]), NULL);
    check(&over(ScalarFunction::StartsWith, vec![text("abc"), text("ab")]), TRUE);
}

#[test]
fn the_first_true_branch_of_a_case_is_taken_and_null_is_not_true() {
    let branches = vec![(constant(&NULL), integer(1)), (constant(&TRUE), integer(2)), (constant(&TRUE), integer(3))];
    check(&expr(ExprKind::Case { branches, otherwise: None }, SqlType::Integer), Value::Integer(2));
    let branches = vec![(constant(&FALSE), integer(1))];
    check(&expr(ExprKind::Case { branches, otherwise: None }, SqlType::Integer), NULL);
}

#[test]
fn now_is_the_instant_of_the_scope() {
    check(&compare(column(Column::CreatedAt), Comparison::GreaterOrEqual, now_plus(-1_000)), TRUE);
    check(&compare(column(Column::CreatedAt), Comparison::Greater, now_plus(-1_000)), FALSE);
}

#[test]
fn a_rollouts_share_of_a_user_is_the_one_that_databend_computes() {
    // xxhash64('salt:1') % 10000 is 1270 in Databend.
    let share = |percent: Value| {
        let percent = literal(percent);
        call(ScalarFunction::Rollout, vec![percent, text("salt"), integer(1)], SqlType::Boolean)
    };
    check(&share(Value::Decimal(Decimal::new(1270, 2).unwrap())), FALSE);
    check(&share(Value::Decimal(Decimal::new(1271, 2).unwrap())), TRUE);
    check(&share(Value::Integer(0)), FALSE);
    check(&share(Value::Integer(100)), TRUE);
}

#[test]
fn numbers_are_rounded_as_in_databend() {
    let over = |function, value: Value, digits: Option<i64>| {
        let sql_type = match &value {
            Value::Decimal(number) => {
                SqlType::Decimal { scale: digits.unwrap_or(0).clamp(0, number.scale().into()) as u8 }
            }
            _ => SqlType::Double,
        };
        call(function, [literal(value)].into_iter().chain(digits.map(integer)).collect(), sql_type)
    };
    let decimal = |units, scale| Value::Decimal(Decimal::new(units, scale).unwrap());
    check(&over(ScalarFunction::Round, decimal(105_000, 4), None), decimal(11, 0));
    check(&over(ScalarFunction::Round, decimal(-105_000, 4), None), decimal(-11, 0));
    check(&over(ScalarFunction::Round, decimal(33_333, 4), Some(2)), decimal(333, 2));
    check(&over(ScalarFunction::Round, decimal(105_000, 4), Some(-1)), decimal(10, 0));
    check(&over(ScalarFunction::Round, decimal(15, 1), Some(5)), decimal(15, 1));
    check(&over(ScalarFunction::Round, decimal(999_999, 2), Some(-9)), decimal(0, 0));
    check(&over(ScalarFunction::Round, Value::Double(2.675), Some(2)), Value::Double(2.68));
    check(&over(ScalarFunction::Round, Value::Double(1_234.5), Some(-2)), Value::Double(1_200.0));
    check(&over(ScalarFunction::Floor, decimal(-105_000, 4), None), decimal(-11, 0));
    check(&over(ScalarFunction::Ceil, decimal(-105_000, 4), None), decimal(-10, 0));
    check(&over(ScalarFunction::Floor, Value::Integer(7), None), Value::Double(7.0));
}

#[test]
fn a_part_of_a_text_is_counted_as_in_databend() {
    let part = |start: i64, length: Option<i64>| {
        let bounds = [start].into_iter().chain(length).map(integer);
        call(ScalarFunction::Substr, [text("Grüße")].into_iter().chain(bounds).collect(), SqlType::Text)
    };
    for (start, length, expected) in [
        (3, Some(2), "üß"),
        (0, Some(2), ""),
        (-2, None, "ße"),
        (-2, Some(1), "ß"),
        (-9, Some(2), ""),
        (2, None, "rüße"),
        (9, None, ""),
        (1, Some(0), ""),
        (-1, Some(5), "e"),
    ] {
        check(&part(start, length), Value::Text(expected.to_owned()));
    }
}
