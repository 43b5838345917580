//! Print → compile is the identity, over rules made from the whole grammar; and Databend's text.

use proptest::prelude::*;
use schema::{Decimal, Timestamp};

use crate::rule::{ArithmeticOp, Comparison, ScalarFunction};
use crate::{Aggregate, AggregateFunction, Column, Expr, ExprKind, Rule, Span, SqlType, Value, compile, eval, render};

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_printed_rule_compiles_to_itself(seed in any::<u64>()) {
        let expr = Maker { state: seed | 1, level: 0 }.condition(4, true);
        let printed = render::canonical(&Rule { expr: expr.clone() });
        let mut diagnostics = Vec::new();
        let again = compile::typed(&printed, &mut diagnostics);
        // What outgrows a rule is refused, of course.
        if diagnostics.iter().all(|problem| problem.code != crate::Code::Limits) {
            prop_assert_eq!(again, Some(expr), "seed {}: {} {:?}", seed, printed, diagnostics);
        }
    }
}

/// Makes rules in normal form from a seed.
struct Maker {
    state: u64,
    /// How many aggregates the next expression stands in.
    level: usize,
}

const TEXTS: [&str; 6] = ["CA", "", "it's", r"a\b", "Île", "a\nb"];
const DAY: i64 = 86_400_000_000;

impl Maker {
    fn below(&mut self, bound: usize) -> usize {
        // xorshift64*
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        (self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        let index = self.below(from.len());
        from[index].clone()
    }

    fn condition(&mut self, depth: usize, whole: bool) -> Expr {
        if depth == 0 {
            let truth = self.below(2) == 0;
            return make(ExprKind::Literal(Value::Boolean(truth)), SqlType::Boolean);
        }
        let sort = self.below(if whole { 11 } else { 10 });
        let kind = match sort {
            0 => return Expr::and(self.conditions(depth, whole), Span::default()),
            1 => return Expr::or(self.conditions(depth, whole), Span::default()),
            2 => ExprKind::Not(Box::new(self.condition(depth - 1, whole))),
            3 => ExprKind::IsTrue(Box::new(self.condition(depth - 1, whole))),
            4 => {
                let value = self.value(depth - 1, whole);
                ExprKind::IsNull(Box::new(value))
            }
            5 => {
                let (left, right) = self.pair(depth - 1, whole);
                ExprKind::IsNotDistinct(Box::new(left), Box::new(right))
            }
            6 => {
                let (value, first) = self.pair(depth - 1, whole);
                if first.holds_aggregate() {
                    return self.condition(depth - 1, whole);
                }
                let null = make(ExprKind::Literal(Value::Null), SqlType::Null);
                ExprKind::InList { value: Box::new(value), list: vec![first, null] }
            }
            7 => {
                let value = self.text(depth - 1, whole);
                ExprKind::Like { value: Box::new(value), pattern: self.pick(&["%a_", "", r"100\%", "it's"]).to_owned() }
            }
            8 | 9 => {
                let (left, right) = self.pair(depth - 1, whole);
                let op = self.pick(&[
                    Comparison::Equal,
                    Comparison::NotEqual,
                    Comparison::Less,
                    Comparison::LessOrEqual,
                    Comparison::Greater,
                    Comparison::GreaterOrEqual,
                ]);
                ExprKind::Compare { op, left: Box::new(left), right: Box::new(right) }
            }
            _ => return self.aggregate(AggregateFunction::Exists, depth),
        };
        make(kind, SqlType::Boolean)
    }

    fn conditions(&mut self, depth: usize, whole: bool) -> Vec<Expr> {
        let count = 2 + self.below(2);
        (0..count).map(|_| self.condition(depth - 1, whole)).collect()
    }

    fn pair(&mut self, depth: usize, whole: bool) -> (Expr, Expr) {
        match self.below(3) {
            0 => (self.number(depth, whole), self.number(depth, whole)),
            1 => (self.text(depth, whole), self.text(depth, whole)),
            _ => (self.time(depth, whole), self.time(depth, whole)),
        }
    }

    fn value(&mut self, depth: usize, whole: bool) -> Expr {
        self.pair(depth, whole).0
    }

    /// Makes what stands inside of an aggregate.
    fn inside<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> T {
        self.level += 1;
        let made = make(self);
        self.level -= 1;
        made
    }

    /// Makes a column of the row, or of the one around it.
    fn column(&mut self, columns: &[Column]) -> Expr {
        let column = self.pick(columns);
        let around = self.level > 0 && column != Column::UserId && self.below(3) == 0;
        let kind = if around { ExprKind::Outer(column) } else { ExprKind::Column(column) };
        make(kind, column.sql_type())
    }

    fn aggregate(&mut self, function: AggregateFunction, depth: usize) -> Expr {
        // Two levels are enough to have every kind of row around a row.
        let whole = self.level < 2;
        let filter = (self.below(2) == 0).then(|| self.inside(|maker| maker.condition(depth - 1, whole)));
        let sql_type = compile::result_type(&function);
        make(ExprKind::Aggregate(Box::new(Aggregate { function, filter })), sql_type)
    }

    fn number(&mut self, depth: usize, whole: bool) -> Expr {
        if depth == 0 || self.below(3) == 0 {
            return self.plain_number();
        }
        match self.below(if whole { 6 } else { 4 }) {
            0 => self.arithmetic(depth, whole),
            1 => {
                let inner = self.number(depth - 1, whole);
                if matches!(inner.kind, ExprKind::Literal(_)) {
                    return inner;
                }
                let sql_type = inner.sql_type;
                make(ExprKind::Negate(Box::new(inner)), sql_type)
            }
            2 => {
                let inner = self.number(depth - 1, whole);
                let sql_type = inner.sql_type;
                call(ScalarFunction::Abs, vec![inner], sql_type)
            }
            3 => {
                let inner = self.text(depth - 1, whole);
                call(ScalarFunction::Length, vec![inner], SqlType::Integer)
            }
            4 => {
                let value = self.inside(|maker| maker.column(&Column::ALL));
                let function = match self.below(3) {
                    0 => AggregateFunction::CountAll,
                    1 => AggregateFunction::Count(value),
                    _ => AggregateFunction::CountDistinct(value),
                };
                self.aggregate(function, depth)
            }
            _ => {
                let value = self.inside(|maker| maker.number(depth - 1, false));
                let function = match self.below(4) {
                    0 => AggregateFunction::Sum(value),
                    1 => AggregateFunction::Avg(value),
                    2 => AggregateFunction::Min(value),
                    _ => AggregateFunction::Last(value),
                };
                self.aggregate(function, depth)
            }
        }
    }

    fn plain_number(&mut self) -> Expr {
        let (value, sql_type) = match self.below(4) {
            0 => return self.column(&[Column::OrderTotal]),
            1 => (Value::Integer(self.pick(&[0, 7, -5, i64::MAX, i64::MIN])), SqlType::Integer),
            _ => {
                let (units, scale) = self.pick(&[(50, 2), (-125, 1), (1, 18)]);
                (Value::Decimal(Decimal::new(units, scale).unwrap()), SqlType::Decimal { scale })
            }
        };
        make(ExprKind::Literal(value), sql_type)
    }

    fn arithmetic(&mut self, depth: usize, whole: bool) -> Expr {
        let (left, right) = (self.number(depth - 1, whole), self.number(depth - 1, whole));
        let op = self.pick(&[
            ArithmeticOp::Add,
            ArithmeticOp::Subtract,
            ArithmeticOp::Multiply,
            ArithmeticOp::Divide,
            ArithmeticOp::Modulo,
        ]);
        let sql_type = eval::arithmetic_type(op, left.sql_type, right.sql_type).unwrap();
        make(ExprKind::Arithmetic { op, left: Box::new(left), right: Box::new(right) }, sql_type)
    }

    fn text(&mut self, depth: usize, whole: bool) -> Expr {
        if depth == 0 || self.below(3) == 0 {
            return match self.below(2) {
                0 => self.column(&[Column::Region, Column::Url, Column::ActivityType]),
                _ => make(ExprKind::Literal(Value::Text(self.pick(&TEXTS).to_owned())), SqlType::Text),
            };
        }
        let inner = self.text(depth - 1, whole);
        match self.below(if whole { 5 } else { 4 }) {
            0 => call(self.pick(&[ScalarFunction::Lower, ScalarFunction::Trim]), vec![inner], SqlType::Text),
            1 => {
                let other = self.text(depth - 1, whole);
                let function = self.pick(&[ScalarFunction::Concat, ScalarFunction::NullIf, ScalarFunction::Coalesce]);
                call(function, vec![inner, other], SqlType::Text)
            }
            2 => {
                let branches = vec![(self.condition(depth - 1, whole), inner)];
                make(ExprKind::Case { branches, otherwise: None }, SqlType::Text)
            }
            3 => {
                let branches = vec![(self.condition(depth - 1, whole), inner)];
                let otherwise = Some(Box::new(self.text(depth - 1, whole)));
                make(ExprKind::Case { branches, otherwise }, SqlType::Text)
            }
            _ => {
                let value = self.inside(|maker| maker.text(depth - 1, false));
                self.aggregate(AggregateFunction::First(value), depth)
            }
        }
    }

    fn time(&mut self, depth: usize, whole: bool) -> Expr {
        match self.below(if depth > 0 && whole { 5 } else { 4 }) {
            0 => self.column(&[Column::CreatedAt, Column::ReceivedAt]),
            1 => make(ExprKind::Now, SqlType::Timestamp),
            2 => {
                let micros = self.pick(&[0, 1_767_225_600_000_000, -1, 1_767_225_600_000_001]);
                make(ExprKind::Literal(Value::Timestamp(Timestamp::from_micros(micros))), SqlType::Timestamp)
            }
            3 => {
                let micros = self.pick(&[0, 30 * DAY, -DAY, 90_000_000, 1, -1_500_000, 26 * DAY / 24]);
                let interval = make(ExprKind::Literal(Value::Interval(micros)), SqlType::Interval);
                let op = self.pick(&[ArithmeticOp::Add, ArithmeticOp::Subtract]);
                let now = make(ExprKind::Now, SqlType::Timestamp);
                let kind = ExprKind::Arithmetic { op, left: Box::new(now), right: Box::new(interval) };
                make(kind, SqlType::Timestamp)
            }
            _ => {
                let value = self.inside(|maker| maker.time(depth - 1, false));
                self.aggregate(AggregateFunction::Max(value), depth)
            }
        }
    }
}

fn make(kind: ExprKind, sql_type: SqlType) -> Expr {
    Expr { kind, sql_type, span: Span::default() }
}

fn call(function: ScalarFunction, arguments: Vec<Expr>, sql_type: SqlType) -> Expr {
    make(ExprKind::Function { function, arguments }, sql_type)
}

#[track_caller]
fn check_databend(clause: &str, expected: &str) {
    let rule = compile(clause).rule.expect("the clause compiles");
    let now = Timestamp::parse("2026-01-31T12:00:00Z").unwrap();
    let sql = render::databend(&rule, now);
    assert_eq!(sql.strip_prefix("SELECT DISTINCT user_id FROM events WHERE "), Some(expected));
}

#[test]
fn now_is_a_literal_for_databend_wherever_it_stands() {
    check_databend("created_at >= now() - INTERVAL 30 DAY", "events.created_at >= TIMESTAMP '2026-01-01 12:00:00'");
    check_databend(
        "created_at + INTERVAL 1 DAY > now()",
        "TRY_CAST(events.created_at AS TIMESTAMP) + INTERVAL 1 DAY > TIMESTAMP '2026-01-31 12:00:00'",
    );
}

#[test]
fn an_aggregate_is_a_subquery_with_its_filter_inside() {
    check_databend(
        "count(*) FILTER (WHERE region = 'CA' OR url IS NULL) >= 3",
        "(SELECT count_if(e.region = 'CA' OR e.url IS NULL) FROM events e WHERE e.user_id = events.user_id) >= 3",
    );
    check_databend(
        "count(DISTINCT order_id) FILTER (WHERE region = 'CA') >= 3",
        "(SELECT count(DISTINCT CASE WHEN e.region = 'CA' THEN e.order_id END) FROM events e WHERE e.user_id = events.user_id) >= 3",
    );
    check_databend(
        "count(order_id) FILTER (WHERE region = 'CA' OR url IS NULL) >= 3",
        "(SELECT count(CASE WHEN e.region = 'CA' OR e.url IS NULL THEN e.order_id END) FROM events e WHERE e.user_id = events.user_id) >= 3",
    );
}

#[test]
fn a_sum_over_nothing_but_nulls_is_null_also_in_databend() {
    check_databend(
        "sum(order_total) FILTER (WHERE region = 'CA') > 3",
        "(SELECT sum(CASE WHEN e.region = 'CA' THEN e.order_total END) FROM events e WHERE e.user_id = events.user_id) > 3",
    );
}

#[test]
fn one_character_of_a_pattern_is_not_one_byte() {
    check_databend("url LIKE '%a.b%' AND order_id IS NULL", "events.url LIKE '%a.b%' AND events.order_id IS NULL");
    check_databend("url LIKE 'a._\\_%'", "regexp_like(events.url, '(?s)^a\\\\.._.*$')");
    check_databend(
        "activity_type = 'x' AND url NOT LIKE '_'",
        "events.activity_type = 'x' AND NOT regexp_like(events.url, '(?s)^.$')",
    );
}

#[test]
fn ties_are_broken_by_the_event_and_nulls_do_not_count() {
    check_databend(
        "arg_max(region, created_at) = 'CA'",
        "(SELECT arg_max_if(e.region, (e.created_at, e.event_id), e.region IS NOT NULL) FROM events e WHERE e.user_id = events.user_id) = 'CA'",
    );
}

#[test]
fn nothing_raises_in_databend() {
    check_databend(
        "order_total / 0 > 1 OR order_total % (user_id - 1.0) > 1",
        "events.order_total / NULLIF(0, 0) > 1 OR events.order_total % NULLIF(events.user_id - 1.0, 0) > 1",
    );
    check_databend(
        "user_id + 1 > 5 AND url IS NULL",
        "TRY_CAST(CAST(events.user_id AS DECIMAL(38, 0)) + CAST(1 AS DECIMAL(38, 0)) AS BIGINT) > 5 AND events.url IS NULL",
    );
}

#[test]
fn a_row_is_compared_with_the_row_around_its_subquery() {
    check_databend(
        "order_total > avg(order_total)",
        "events.order_total > (SELECT avg(e.order_total) FROM events e WHERE e.user_id = events.user_id)",
    );
    check_databend(
        "EXISTS (SELECT 1 FROM events a WHERE a.user_id = events.user_id AND a.order_total > \
         (SELECT max(b.order_total) FROM events b WHERE b.user_id = a.user_id AND b.url = a.url))",
        "EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.order_total > \
         (SELECT max(CASE WHEN e2.url = o2.url THEN e2.order_total END) FROM events e2 JOIN events o2 \
         ON o2.user_id = e2.user_id WHERE o2.user_id = e.user_id AND o2.event_id = e.event_id \
         AND o2.received_at = e.received_at))",
    );
}

#[test]
fn a_subquery_never_stands_inside_an_aggregates_argument() {
    check_databend(
        "count(*) FILTER (WHERE EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.url > events.url)) < 2",
        "coalesce((SELECT count(*) FROM events e WHERE e.user_id = events.user_id AND (coalesce((SELECT \
         count_if(e2.url > o2.url) FROM events e2 JOIN events o2 ON o2.user_id = e2.user_id WHERE o2.user_id = e.user_id \
         AND o2.event_id = e.event_id AND o2.received_at = e.received_at), 0) > 0)), 0) < 2",
    );
}
