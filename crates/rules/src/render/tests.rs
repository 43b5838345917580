//! Print → compile is the identity, over rules made from the whole grammar; and Databend's text.

use proptest::prelude::*;
use schema::{Decimal, Timestamp};

use crate::calendar::{CalendarPart, CalendarUnit};
use crate::rule::{ArithmeticOp, CastType, Comparison, PathStep, ScalarFunction};
use crate::{Aggregate, AggregateFunction, Column, Expr, ExprKind, Rule, Span, SqlType, Value, compile, eval, render};

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_printed_rule_compiles_to_itself(seed in any::<u64>()) {
        let expr = Maker { state: seed | 1, level: 0 }.clause();
        let mut diagnostics = Vec::new();
        // What outgrows a rule is none.
        let Some(expr) = compile::within(expr, &mut diagnostics) else { return Ok(()) };
        let printed = render::canonical(&Rule { expr: expr.clone() });
        let again = compile::typed(&printed, &mut diagnostics);
        prop_assert_eq!(again, Some(expr), "seed {}: {} {:?}", seed, printed, diagnostics);
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

    /// Every form, or few forms deeply inside of each other, or side by side as far as a rule goes.
    fn clause(&mut self) -> Expr {
        match self.below(4) {
            0 => {
                let depth = 2 + self.below(14);
                self.nested(depth)
            }
            1 => {
                let count = 2 + self.below(60);
                let parts = (0..count).map(|_| self.nested(2)).collect();
                Expr::and(parts, Span::default())
            }
            _ => self.condition(4, true),
        }
    }

    /// What groups of joined rows become: aggregates in the filters and arguments of each other, compared and negated.
    fn nested(&mut self, depth: usize) -> Expr {
        if depth == 0 {
            return self.condition(1, false);
        }
        let kind = match self.below(8) {
            0 => return self.some_row(depth),
            1 => ExprKind::Not(Box::new(self.some_row(depth))),
            2 => {
                let found = self.some_row(depth);
                ExprKind::IsNotDistinct(Box::new(found.clone()), Box::new(found))
            }
            3 => ExprKind::IsTrue(Box::new(self.nested(depth - 1))),
            4 => ExprKind::Case { branches: vec![(self.nested(depth - 1), self.condition(1, false))], otherwise: None },
            5 => {
                let parts = vec![self.condition(1, false), self.some_row(depth)];
                return Expr::or(vec![Expr::and(parts, Span::default()), self.condition(1, false)], Span::default());
            }
            _ => {
                let left = Box::new(self.sum_of_sums(depth));
                let right = Box::new(self.plain_number());
                ExprKind::Compare { op: Comparison::Greater, left, right }
            }
        };
        make(kind, SqlType::Boolean)
    }

    fn some_row(&mut self, depth: usize) -> Expr {
        let parts = self.inside(|maker| vec![maker.condition(1, false), maker.nested(depth - 1)]);
        let filter = Some(Expr::and(parts, Span::default()));
        make(ExprKind::Aggregate(Box::new(Aggregate { function: AggregateFunction::Exists, filter })), SqlType::Boolean)
    }

    /// A sum over the rows of one table of what is summed over those of the next.
    fn sum_of_sums(&mut self, depth: usize) -> Expr {
        let (value, filter) = self.inside(|maker| match depth {
            0 => (of_row(Column::OrderTotal), None),
            _ if maker.below(2) == 0 => (maker.sum_of_sums(depth - 1), None),
            _ => (of_row(Column::OrderTotal), Some(maker.nested(depth - 1))),
        });
        let function = AggregateFunction::Sum(value);
        let sql_type = compile::result_type(&function);
        make(ExprKind::Aggregate(Box::new(Aggregate { function, filter })), sql_type)
    }

    fn condition(&mut self, depth: usize, whole: bool) -> Expr {
        if depth == 0 {
            let truth = self.below(2) == 0;
            return make(ExprKind::Literal(Value::Boolean(truth)), SqlType::Boolean);
        }
        let sort = self.below(if whole { 13 } else { 12 });
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
                // A rule says that by a comparison.
                if left.names_now() || right.names_now() {
                    return self.condition(depth - 1, whole);
                }
                ExprKind::IsNotDistinct(Box::new(left), Box::new(right))
            }
            6 => {
                let (value, first) = self.pair(depth - 1, whole);
                if first.holds_aggregate() || first.names_now() || value.names_now() {
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
            10 => return self.rollout(),
            11 => {
                let (value, to) = (self.text(depth - 1, whole), CastType::Boolean);
                ExprKind::Cast { value: Box::new(value), to }
            }
            _ => return self.aggregate(AggregateFunction::Exists, depth),
        };
        make(kind, SqlType::Boolean)
    }

    fn rollout(&mut self) -> Expr {
        let percent = match self.below(2) {
            0 => make(ExprKind::Literal(Value::Integer(10)), SqlType::Integer),
            _ => make(ExprKind::Literal(Value::Decimal(Decimal::new(1250, 2).unwrap())), SqlType::Decimal { scale: 2 }),
        };
        let salt = make(ExprKind::Literal(Value::Text(self.pick(&TEXTS).to_owned())), SqlType::Text);
        call(ScalarFunction::Rollout, vec![percent, salt, of_row(Column::UserId)], SqlType::Boolean)
    }

    /// A value of the payload.
    fn json(&mut self, depth: usize, whole: bool) -> Expr {
        let steps = [PathStep::Key("k".to_owned()), PathStep::Index(3), PathStep::Key("it's a\\b".to_owned())];
        let taken = 1 + self.below(3);
        let value = match self.below(if depth > 0 && whole { 3 } else { 2 }) {
            0 | 1 => of_row(Column::Payload),
            _ => self.aggregate(AggregateFunction::Last(of_row(Column::Payload)), depth),
        };
        let kind = ExprKind::Path { value: Box::new(value), steps: steps[..taken].to_vec() };
        make(kind, SqlType::Variant)
    }

    fn cast_from_json(&mut self, depth: usize, whole: bool, to: CastType) -> Expr {
        let value = Box::new(self.json(depth, whole));
        make(ExprKind::Cast { value, to }, to.sql_type())
    }

    fn conditions(&mut self, depth: usize, whole: bool) -> Vec<Expr> {
        let count = 2 + self.below(2);
        (0..count).map(|_| self.condition(depth - 1, whole)).collect()
    }

    fn pair(&mut self, depth: usize, whole: bool) -> (Expr, Expr) {
        match self.below(5) {
            3 => (self.day(depth, whole), self.day(depth, whole)),
            4 => (self.json(depth, whole), self.json(depth, whole)),
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
        let distance = 1 + self.below(self.level.max(1));
        let kind = if around { ExprKind::Outer { distance, column } } else { ExprKind::Column(column) };
        make(kind, column.sql_type())
    }

    fn aggregate(&mut self, function: AggregateFunction, depth: usize) -> Expr {
        // Two levels are enough to have every kind of row around a row; deeper ones are made by `nested`.
        let whole = self.level < 2;
        let filter = (self.below(2) == 0).then(|| self.inside(|maker| maker.condition(depth - 1, whole)));
        let sql_type = compile::result_type(&function);
        make(ExprKind::Aggregate(Box::new(Aggregate { function, filter })), sql_type)
    }

    fn number(&mut self, depth: usize, whole: bool) -> Expr {
        if depth == 0 || self.below(3) == 0 {
            return self.plain_number();
        }
        match self.below(if whole { 10 } else { 8 }) {
            4 => {
                let to = self.pick(&[
                    CastType::Integer { bits: 64 },
                    CastType::Integer { bits: 8 },
                    CastType::Decimal { precision: 10, scale: 2 },
                    CastType::Double,
                ]);
                let value = Box::new(self.text(depth - 1, whole));
                make(ExprKind::Cast { value, to }, to.sql_type())
            }
            5 => self.cast_from_json(depth - 1, whole, CastType::Double),
            6 => {
                let time = self.time(depth - 1, whole);
                call(ScalarFunction::Extract(CalendarPart::Hour), vec![time], SqlType::Integer)
            }
            7 => {
                let digits = make(ExprKind::Literal(Value::Integer(1)), SqlType::Integer);
                let total = of_row(Column::OrderTotal);
                call(ScalarFunction::Round, vec![total, digits], SqlType::Decimal { scale: 1 })
            }
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
            8 => {
                let columns = [Column::Region, Column::OrderTotal, Column::CreatedAt, Column::UserId];
                let value = self.inside(|maker| maker.column(&columns));
                let function = match self.below(3) {
                    0 => AggregateFunction::CountAll,
                    1 => AggregateFunction::Count(value),
                    _ => AggregateFunction::CountDistinct(value),
                };
                self.aggregate(function, depth)
            }
            _ => {
                let value = self.inside(|maker| maker.number(depth - 1, false));
                let double = value.sql_type == SqlType::Double;
                let function = match if double { 2 + self.below(2) } else { self.below(4) } {
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
        match self.below(if whole { 7 } else { 6 }) {
            4 => self.cast_from_json(depth - 1, whole, CastType::Text),
            5 => {
                let start = make(ExprKind::Literal(Value::Integer(-2)), SqlType::Integer);
                call(ScalarFunction::Substr, vec![inner, start], SqlType::Text)
            }
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

    fn day(&mut self, depth: usize, whole: bool) -> Expr {
        match self.below(4) {
            0 => make(ExprKind::Literal(Value::Date(self.pick(&[0, 20_454, -719_162]))), SqlType::Date),
            1 => {
                let time = self.time(depth, whole);
                call(ScalarFunction::DateTrunc(CalendarUnit::Week), vec![time], SqlType::Date)
            }
            2 => self.cast_from_json(depth, whole, CastType::Date),
            _ => {
                let value = Box::new(self.time(depth, whole));
                make(ExprKind::Cast { value, to: CastType::Date }, SqlType::Date)
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

fn of_row(column: Column) -> Expr {
    make(ExprKind::Column(column), column.sql_type())
}

fn call(function: ScalarFunction, arguments: Vec<Expr>, sql_type: SqlType) -> Expr {
    make(ExprKind::Function { function, arguments }, sql_type)
}

#[track_caller]
fn check_databend(clause: &str, expected: &str) {
    let rule = compile(clause).rule.expect("the clause compiles");
    let now = Timestamp::parse("2026-01-31T12:00:00Z").unwrap();
    let sql = render::databend(&rule, now);
    assert_eq!(sql.strip_prefix("SELECT DISTINCT events.user_id FROM events "), Some(expected));
}

/// Checks the columns of the user's group and the condition over them.
#[track_caller]
fn check_grouped(clause: &str, columns: &str, condition: &str) {
    let join = format!("JOIN (SELECT e.user_id AS k0, {columns} FROM events e GROUP BY e.user_id) u");
    check_databend(clause, &format!("{join} ON u.k0 = events.user_id WHERE {condition}"));
}

#[test]
fn now_is_a_literal_for_databend_wherever_it_stands() {
    check_databend(
        "created_at >= now() - INTERVAL 30 DAY",
        "WHERE events.created_at >= TIMESTAMP '2026-01-01 12:00:00'",
    );
    check_databend(
        "created_at + INTERVAL 1 DAY > now()",
        "WHERE events.created_at + INTERVAL 1 DAY > TIMESTAMP '2026-01-31 12:00:00'",
    );
    check_grouped(
        "count(*) FILTER (WHERE created_at >= now() - INTERVAL 30 DAY) > 3",
        "count_if(e.created_at >= TIMESTAMP '2026-01-01 12:00:00') AS a0",
        "u.a0 > 3",
    );
}

#[test]
fn an_aggregate_is_a_column_of_the_group_with_its_filter_inside() {
    check_grouped(
        "count(*) FILTER (WHERE region = 'CA' OR url IS NULL) >= 3",
        "count_if(e.region = 'CA' OR e.url IS NULL) AS a0",
        "u.a0 >= 3",
    );
    check_grouped(
        "count(DISTINCT order_id) FILTER (WHERE region = 'CA') >= 3",
        "count(DISTINCT CASE WHEN e.region = 'CA' THEN e.order_id END) AS a0",
        "u.a0 >= 3",
    );
    check_grouped(
        "region = 'CA' AND NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.url IS NULL)",
        "count_if(e.url IS NULL) > 0 AS a0",
        "events.region = 'CA' AND NOT u.a0",
    );
}

#[test]
fn aggregates_share_one_join_and_equal_ones_one_column() {
    check_grouped(
        "max(created_at) + INTERVAL 1 DAY < now() OR count(*) > 3 AND max(created_at) > TIMESTAMP '2026-01-01 00:00:00'",
        "max(e.created_at) AS a0, count(*) AS a1",
        "u.a0 + INTERVAL 1 DAY < TIMESTAMP '2026-01-31 12:00:00' OR (u.a1 > 3 AND u.a0 > TIMESTAMP '2026-01-01 00:00:00')",
    );
}

#[test]
fn an_aggregate_over_nothing_but_nulls_is_null_also_in_databend() {
    check_grouped(
        "sum(order_total) FILTER (WHERE region = 'CA') > 3",
        "sum(CAST(CASE WHEN e.region = 'CA' THEN e.order_total END AS DECIMAL(38, 4))) AS a0",
        "u.a0 > 3",
    );
}

#[test]
fn one_character_of_a_pattern_is_not_one_byte() {
    check_databend(
        "url LIKE '%a.b%' AND order_id IS NULL",
        "WHERE events.url LIKE '%a.b%' AND events.order_id IS NULL",
    );
    check_databend(r"url LIKE 'a._\_%'", r"WHERE regexp_like(events.url, '(?s)^a\\.._.*$', 'c')");
    check_databend(
        "activity_type = 'x' AND url NOT LIKE '_'",
        "WHERE events.activity_type = 'x' AND NOT regexp_like(events.url, '(?s)^.$', 'c')",
    );
}

#[test]
fn null_is_neither_like_anything_nor_equal_to_itself() {
    check_databend("url LIKE '%'", "WHERE regexp_like(events.url, '(?s)^.*$', 'c')");
    check_databend("url = url", "WHERE events.url >= events.url");
    check_databend("upper(url) = upper(url)", "WHERE upper(events.url) >= upper(events.url)");
    check_databend("url = order_id", "WHERE events.url = events.order_id");
}

#[test]
fn ties_are_broken_by_the_event() {
    check_grouped(
        "arg_max(region, created_at) FILTER (WHERE url = '/a') = 'CA'",
        "arg_max(CASE WHEN e.url = '/a' THEN e.region END, (e.created_at, e.event_id)) AS a0",
        "u.a0 = 'CA'",
    );
}

#[test]
fn nothing_raises_in_databend() {
    check_databend(
        "order_total / 0 > 1 OR order_total % (user_id - 1.0) > 1",
        "WHERE events.order_total / NULLIF(0, 0) > 1 OR events.order_total % NULLIF(events.user_id - 1.0, 0) > 1",
    );
}

#[test]
fn what_is_too_great_is_null_instead_of_wrapping_around() {
    check_databend(
        "user_id + 1 > 5 AND url IS NULL",
        "WHERE TRY_CAST(CAST(events.user_id AS DECIMAL(38, 0)) + CAST(1 AS DECIMAL(38, 0)) AS BIGINT) > 5 AND events.url IS NULL",
    );
    check_databend(
        "order_total * order_total * order_total > 5",
        "WHERE TRY_CAST(CAST(events.order_total * events.order_total AS DECIMAL(76, 8)) * events.order_total AS DECIMAL(38, 12)) > 5",
    );
    check_grouped("sum(user_id) > 5", "TRY_CAST(sum(CAST(e.user_id AS DECIMAL(38, 0))) AS BIGINT) AS a0", "u.a0 > 5");
    check_grouped("avg(order_total) > 5", "avg(CAST(e.order_total AS DECIMAL(38, 4))) AS a0", "u.a0 > 5");
}

#[test]
fn a_remainder_by_minus_one_does_not_raise() {
    check_databend("user_id % 7 = 1 AND url IS NULL", "WHERE events.user_id % NULLIF(7, 0) = 1 AND events.url IS NULL");
    check_databend(
        "7 % user_id = 1 AND url IS NULL",
        "WHERE 7 % CASE WHEN events.user_id = -1 THEN 1 ELSE NULLIF(events.user_id, 0) END = 1 AND events.url IS NULL",
    );
}

#[test]
fn a_row_is_joined_with_a_group_of_its_own() {
    check_databend(
        "order_total > max(order_total)",
        "JOIN (SELECT e.user_id AS k0, max(e.order_total) AS a0 FROM events e GROUP BY e.user_id) u \
         ON u.k0 = events.user_id WHERE events.order_total > u.a0",
    );
    check_databend(
        "EXISTS (SELECT 1 FROM events a WHERE a.user_id = events.user_id AND a.url = events.url)",
        "JOIN (SELECT e.user_id AS k0, o1.event_id AS k1, o1.received_at AS k2, count_if(e.url = o1.url) > 0 AS a0 \
         FROM events e JOIN events o1 ON o1.user_id = e.user_id GROUP BY e.user_id, o1.event_id, o1.received_at) c \
         ON c.k0 = events.user_id AND c.k1 = events.event_id AND c.k2 = events.received_at WHERE c.a0",
    );
}

#[test]
fn an_aggregate_inside_of_another_is_joined_to_its_rows() {
    check_databend(
        "count(*) FILTER (WHERE order_total > (SELECT max(f.order_total) FROM events f WHERE f.user_id = events.user_id)) < 2",
        "JOIN (SELECT e.user_id AS k0, count_if(e.order_total > u1.a0) AS a0 FROM events e \
         JOIN (SELECT e2.user_id AS k0, max(e2.order_total) AS a0 FROM events e2 GROUP BY e2.user_id) u1 \
         ON u1.k0 = e.user_id GROUP BY e.user_id) u ON u.k0 = events.user_id WHERE u.a0 < 2",
    );
}
