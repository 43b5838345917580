//! A rule as a Databend query: the same answer, without what Databend lacks or errs in.
//!
//! The rows, and the aggregates that they are joined with, are [`super::rows`]; here is what an
//! expression over them is. What Databend answers is in `testkit/databend/semantics.sql`.

use schema::Timestamp;

use crate::render::print::{self, PRODUCT, SUM, Target};
use crate::render::rows::Rows;
use crate::rule::{ArithmeticOp, Comparison, ScalarFunction};
use crate::{Aggregate, AggregateFunction, CastType, Column, Expr, ExprKind, Rule, SqlType, UserColumn, Value, eval};

/// The most digits of a decimal that Databend calculates with before it wraps around.
const MAX_DIGITS: usize = 38;
/// Digits of the widest integer.
const INTEGER_DIGITS: usize = 19;
/// Digits that a sum has more than what is added up: more than a user has events.
const CARRY_DIGITS: usize = 12;
/// Digits of `order_total`.
const TOTAL_DIGITS: usize = 18;

/// Prints `SELECT DISTINCT events.user_id FROM events … WHERE …` for Databend, with `now()` as a literal.
pub fn databend(rule: &Rule, now: Timestamp) -> String {
    let target = Databend { now, rows: Rows::of_clause(&rule.expr) };
    let condition = print::expression(&rule.expr, &target);
    format!("SELECT DISTINCT events.user_id FROM events{} WHERE {condition}", target.joins())
}

/// Prints what stands at one kind of rows.
#[derive(Clone)]
pub(super) struct Databend<'r> {
    pub(super) now: Timestamp,
    pub(super) rows: Rows<'r>,
}

impl Target for Databend<'_> {
    fn column(&self, column: Column) -> String {
        format!("{}.{}", self.rows.name, column.as_str())
    }

    fn outer(&self, distance: usize, column: Column) -> String {
        format!("{}.{}", self.rows.around(distance), column.as_str())
    }

    fn now(&self) -> String {
        print::timestamp(self.now)
    }

    fn interval(&self, micros: i64) -> String {
        let (count, unit) = print::in_units(micros);
        format!("INTERVAL {count} {unit}")
    }

    fn aggregate(&self, aggregate: &Aggregate) -> String {
        self.rows.value_of(aggregate)
    }

    fn of_user(&self, column: UserColumn) -> String {
        let user = self.rows.user();
        match column {
            UserColumn::Known => format!("({user}.user_id IS NOT NULL)"),
            UserColumn::CreatedAt => format!("{user}.created_at"),
            UserColumn::Traits => format!("{user}.traits"),
        }
    }

    fn in_segment(&self, tag: &str) -> String {
        format!("({}.user_id IS NOT NULL)", self.rows.segment(tag))
    }

    fn compare(&self, op: Comparison, left: &Expr, right: &Expr) -> String {
        let (left, right) = (print::operand(left, SUM, self), print::operand(right, SUM, self));
        // `x = x` is TRUE in Databend's WHERE also for NULL; `x >= x` is not.
        let op = if op == Comparison::Equal && left == right { Comparison::GreaterOrEqual } else { op };
        format!("{left} {} {right}", op.as_str())
    }

    fn negate(&self, inner: &Expr) -> String {
        // That of the least integer raises.
        if inner.sql_type == SqlType::Integer {
            return format!("TRY_CAST(-{} AS BIGINT)", self.wide(inner));
        }
        // Where it knows the value, `-0.0` is below 0 for it; it does not look through a division.
        if inner.sql_type == SqlType::Double {
            return format!("{} / -1", print::operand(inner, PRODUCT, self));
        }
        print::plain_negate(inner, self)
    }

    fn in_list(&self, value: &Expr, list: &[Expr], negated: bool) -> String {
        match list {
            // `x IN (x)` is `x = x`.
            [only] if only == value => {
                let op = if negated { Comparison::Less } else { Comparison::GreaterOrEqual };
                self.compare(op, value, only)
            }
            _ => print::plain_in_list(value, list, negated, self),
        }
    }

    fn is_true(&self, inner: &Expr, negated: bool) -> String {
        let truth = format!("coalesce({}, FALSE)", print::expression(inner, self));
        if negated { format!("NOT {truth}") } else { truth }
    }

    fn like(&self, value: &Expr, pattern: &str, negated: bool) -> String {
        if is_plain(pattern) {
            return print::plain_like(value, pattern, negated, self);
        }
        let not = if negated { "NOT " } else { "" };
        // Without 'c' it ignores case.
        format!("{not}regexp_like({}, {}, 'c')", print::expression(value, self), print::text(&regex(pattern)))
    }

    fn function(&self, function: ScalarFunction, arguments: &[Expr]) -> String {
        let shown = print::comma_separated(arguments, self);
        match (function, arguments) {
            // There is no `starts_with`.
            (ScalarFunction::StartsWith, [text, prefix]) => {
                let (text, prefix) = (print::expression(text, self), print::expression(prefix, self));
                format!("(left({text}, length({prefix})) = {prefix})")
            }
            (ScalarFunction::DateTrunc(unit), _) if unit.is_date() => format!("date_trunc({}, {shown})", unit.as_str()),
            // Bare, `date_trunc(hour, t) = …` finds only blocks in which some `t` is that hour exactly.
            (ScalarFunction::DateTrunc(unit), _) => {
                format!("TRY_CAST(date_trunc({}, {shown}) AS TIMESTAMP)", unit.as_str())
            }
            (ScalarFunction::Extract(part), _) => format!("extract({} FROM {shown})", part.as_str()),
            (ScalarFunction::Rollout, [percent, salt, user]) => {
                let (percent, salt) = (print::expression(percent, self), print::expression(salt, self));
                let user = print::expression(user, self);
                // TRY_CAST, because beside an empty table Databend casts a NULL that is in no row, and fails.
                format!("(xxhash64(concat({salt}, ':', TRY_CAST({user} AS VARCHAR))) % 10000 < {percent} * 100)")
            }
            // That of the least integer has no room in an integer.
            (ScalarFunction::Abs, [value]) if value.sql_type == SqlType::Integer => {
                format!("TRY_CAST(abs({}) AS BIGINT)", self.wide(value))
            }
            _ => format!("{}({shown})", function.as_str()),
        }
    }

    fn cast(&self, value: &Expr, to: CastType) -> String {
        let name = print::cast_type(to);
        let shown = print::expression(value, self);
        let number = matches!(to, CastType::Integer { .. } | CastType::Decimal { .. } | CastType::Double);
        match (value.sql_type, to) {
            (SqlType::Variant, _) if number => {
                let of_text = of_text(&format!("TRY_CAST({shown} AS VARCHAR)"), to);
                let of_truth = format!("TRY_CAST(TRY_CAST({shown} AS BOOLEAN) AS {name})");
                format!("CASE WHEN is_boolean({shown}) THEN {of_truth} ELSE {of_text} END")
            }
            (SqlType::Variant, CastType::Text) => format!("TRY_CAST({shown} AS VARCHAR)"),
            (SqlType::Variant, _) => of_text(&format!("TRY_CAST({shown} AS VARCHAR)"), to),
            (SqlType::Text, _) => of_text(&shown, to),
            // By the shortest text; directly it would be inexact.
            (SqlType::Double, CastType::Decimal { .. }) => of_text(&format!("TO_STRING({shown})"), to),
            (SqlType::Decimal { scale }, CastType::Text) => {
                format!("CAST(CAST({shown} AS DECIMAL(38, {scale})) AS VARCHAR)")
            }
            _ => format!("TRY_CAST({shown} AS {name})"),
        }
    }

    fn arithmetic(&self, op: ArithmeticOp, left: &Expr, right: &Expr) -> String {
        if let Some(instant) = self.shifted_now(op, left, right) {
            return print::timestamp(instant);
        }
        match (op, left.sql_type, right.sql_type) {
            (
                ArithmeticOp::Add | ArithmeticOp::Subtract | ArithmeticOp::Multiply,
                SqlType::Integer,
                SqlType::Integer,
            ) => self.integers(op, left, right),
            // Beside an empty table of segments Databend puts a NULL without a type in the place of a column, and
            // refuses the sum: of a cast it knows the type.
            (_, SqlType::Timestamp, SqlType::Interval) if self.rows.joins_users() => {
                self.plain(op, format!("TRY_CAST({} AS TIMESTAMP)", print::expression(left, self)), right)
            }
            (_, SqlType::Date, SqlType::Interval) if self.rows.joins_users() => {
                self.plain(op, format!("TRY_CAST({} AS DATE)", print::expression(left, self)), right)
            }
            _ => match decimal_scale(op, left, right) {
                Some(scale) if !fits(op, left, right) => self.decimals(op, left, right, scale),
                _ => self.plain(op, print::operand(left, level(op), self), right),
            },
        }
    }
}

impl Databend<'_> {
    /// Prints `left op right`; division by zero would fail the whole query.
    fn plain(&self, op: ArithmeticOp, left: String, right: &Expr) -> String {
        match op {
            // The remainder of the least integer by -1 raises; by 1 it is the same.
            ArithmeticOp::Modulo if right.sql_type == SqlType::Integer && !is_positive(right) => {
                let divisor = print::operand(right, SUM, self);
                format!("{left} % CASE WHEN {divisor} = -1 THEN 1 ELSE NULLIF({divisor}, 0) END")
            }
            ArithmeticOp::Divide | ArithmeticOp::Modulo => {
                format!("{left} {} NULLIF({}, 0)", op.as_str(), print::expression(right, self))
            }
            _ => format!("{left} {} {}", op.as_str(), print::operand(right, level(op) + 1, self)),
        }
    }

    /// Integers wrap around in Databend; as decimals they have room, and what is too great is NULL.
    fn integers(&self, op: ArithmeticOp, left: &Expr, right: &Expr) -> String {
        format!("TRY_CAST({} {} {} AS BIGINT)", self.wide(left), op.as_str(), self.wide(right))
    }

    fn wide(&self, integer: &Expr) -> String {
        format!("CAST({} AS DECIMAL(38, 0))", print::expression(integer, self))
    }

    /// Decimals of 38 digits wrap around or raise; with 76 they have room, and what is too great is NULL.
    fn decimals(&self, op: ArithmeticOp, left: &Expr, right: &Expr, scale: u8) -> String {
        let wide = format!("CAST({} AS DECIMAL(76, {}))", print::expression(left, self), scale_of(left.sql_type));
        format!("TRY_CAST({} AS DECIMAL(38, {scale}))", self.plain(op, wide, right))
    }

    /// `now() ± interval` is as constant as `now()`.
    fn shifted_now(&self, op: ArithmeticOp, left: &Expr, right: &Expr) -> Option<Timestamp> {
        let (ExprKind::Now, ExprKind::Literal(Value::Interval(micros))) = (&left.kind, &right.kind) else {
            return None;
        };
        let shift = if op == ArithmeticOp::Subtract { micros.checked_neg()? } else { *micros };
        let shifted = self.now.plus_micros(shift);
        shifted.to_datetime().map(|_| shifted)
    }

    /// An aggregate over the user's events. `sum_if` and its like give 0 where only NULLs pass the
    /// condition, and cut averages: a CASE inside does not.
    pub(super) fn call(&self, aggregate: &Aggregate) -> String {
        let Aggregate { function, filter } = aggregate;
        let name = print::aggregate_name(function);
        let condition = filter.as_ref().map(|filter| print::expression(filter, self));
        let only = |value: &Expr| {
            let value = print::expression(value, self);
            condition.as_ref().map_or(value.clone(), |condition| format!("CASE WHEN {condition} THEN {value} END"))
        };
        let all = || condition.as_ref().map_or("count(*)".to_owned(), |condition| format!("count_if({condition})"));
        match function {
            AggregateFunction::Exists => format!("{} > 0", all()),
            AggregateFunction::CountAll => all(),
            AggregateFunction::CountDistinct(value) => format!("count(DISTINCT {})", only(value)),
            AggregateFunction::Last(value) | AggregateFunction::First(value) => {
                let row = &self.rows.name;
                format!("{name}({}, ({row}.created_at, {row}.event_id))", only(value))
            }
            // Its window is in the unit of its time, which is microseconds; NULL is no step.
            AggregateFunction::Funnel { window, steps } => {
                let row = &self.rows.name;
                let step = |step: &Expr| match &condition {
                    Some(condition) => {
                        format!("coalesce(({condition}) AND ({}), FALSE)", print::expression(step, self))
                    }
                    None => format!("coalesce({}, FALSE)", print::expression(step, self)),
                };
                let steps = steps.iter().map(step).collect::<Vec<_>>().join(", ");
                format!("CAST({name}({window})({row}.created_at, {steps}) AS BIGINT)")
            }
            AggregateFunction::Sum(value) => total(name, value, &only(value)),
            AggregateFunction::Avg(value) if value.sql_type == SqlType::Integer => {
                format!("{} / NULLIF(count({}), 0)", total("sum", value, &only(value)), only(value))
            }
            AggregateFunction::Avg(value) => total(name, value, &only(value)),
            // Of values that are equal, such as `10` and `10.0`, Databend may pick any.
            AggregateFunction::Min(value) | AggregateFunction::Max(value) if value.sql_type == SqlType::Variant => {
                let shown = only(value);
                format!("arg_{name}({shown}, ({shown}, coalesce(TRY_CAST({shown} AS VARCHAR), '')))")
            }
            AggregateFunction::Count(value) | AggregateFunction::Min(value) | AggregateFunction::Max(value) => {
                format!("{name}({})", only(value))
            }
        }
    }
}

/// Prints `sum` or `avg` with room for the sum, which wraps around in the width of what is added up.
fn total(name: &str, value: &Expr, shown: &str) -> String {
    match value.sql_type {
        SqlType::Integer => format!("TRY_CAST({name}(CAST({shown} AS DECIMAL(38, 0))) AS BIGINT)"),
        SqlType::Decimal { scale } if digits(value) + CARRY_DIGITS <= MAX_DIGITS => {
            format!("{name}(CAST({shown} AS DECIMAL(38, {scale})))")
        }
        SqlType::Decimal { scale } => {
            let sum = format!("{name}(CAST({shown} AS DECIMAL(76, {scale})))");
            let scale = if name == "avg" { scale_of(average_type(value.sql_type)) } else { scale };
            format!("TRY_CAST({sum} AS DECIMAL(38, {scale}))")
        }
        _ => format!("{name}({shown})"),
    }
}

/// Casts a text, if it has the form that the type has here: Databend reads more than that.
fn of_text(shown: &str, to: CastType) -> String {
    let like = |form: &str| format!("regexp_substr({shown}, {})", print::text(form));
    let name = print::cast_type(to);
    match to {
        // What is too great for a precision below 38 comes through from a text, not from a decimal.
        CastType::Decimal { scale, .. } => {
            format!("TRY_CAST(TRY_CAST({} AS DECIMAL(38, {scale})) AS {name})", like(eval::NUMERAL))
        }
        CastType::Integer { .. } | CastType::Double => format!("TRY_CAST({} AS {name})", like(eval::NUMERAL)),
        CastType::Timestamp => format!("TRY_CAST({} AS {name})", like(eval::INSTANT)),
        CastType::Date => format!("TRY_CAST({} AS {name})", like(eval::DAY)),
        CastType::Boolean | CastType::Text => format!("TRY_CAST({shown} AS {name})"),
    }
}

const fn level(op: ArithmeticOp) -> u8 {
    match op {
        ArithmeticOp::Add | ArithmeticOp::Subtract => SUM,
        ArithmeticOp::Multiply | ArithmeticOp::Divide | ArithmeticOp::Modulo => PRODUCT,
    }
}

const fn is_positive(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Literal(Value::Integer(1..)))
}

/// Returns the scale of a result that is a decimal.
fn decimal_scale(op: ArithmeticOp, left: &Expr, right: &Expr) -> Option<u8> {
    match eval::arithmetic_type(op, left.sql_type, right.sql_type) {
        Some(SqlType::Decimal { scale }) => Some(scale),
        _ => None,
    }
}

/// Returns the type of an average: that of a sum divided by a count.
fn average_type(of: SqlType) -> SqlType {
    eval::arithmetic_type(ArithmeticOp::Divide, of, SqlType::Integer).unwrap_or(of)
}

const fn scale_of(sql_type: SqlType) -> u8 {
    match sql_type {
        SqlType::Decimal { scale } => scale,
        _ => 0,
    }
}

/// Whether no result has more digits than Databend calculates with.
fn fits(op: ArithmeticOp, left: &Expr, right: &Expr) -> bool {
    // A sum's carry and the digits that meet another scale, or what a quotient has more.
    const MARGIN: usize = 7;
    let scales = usize::from(scale_of(left.sql_type)) + usize::from(scale_of(right.sql_type));
    let both = digits(left) + digits(right);
    match op {
        ArithmeticOp::Multiply => both <= MAX_DIGITS,
        ArithmeticOp::Divide => digits(left) + scales + MARGIN <= MAX_DIGITS,
        _ => digits(left).max(digits(right)) + scales < MAX_DIGITS,
    }
}

/// Returns how many digits a number can have.
fn digits(expr: &Expr) -> usize {
    match (&expr.kind, expr.sql_type) {
        (ExprKind::Literal(Value::Decimal(value)), _) => value.units().unsigned_abs().to_string().len(),
        (ExprKind::Literal(Value::Integer(value)), _) => value.unsigned_abs().to_string().len(),
        (ExprKind::Column(Column::OrderTotal), _) => TOTAL_DIGITS,
        (_, SqlType::Integer) => INTEGER_DIGITS,
        (ExprKind::Aggregate(aggregate), _) => digits_of(&aggregate.function),
        _ => MAX_DIGITS,
    }
}

/// Returns how many digits an aggregate of decimals can have.
fn digits_of(function: &AggregateFunction) -> usize {
    match function {
        AggregateFunction::Sum(value) => MAX_DIGITS.min(digits(value) + CARRY_DIGITS),
        AggregateFunction::Min(value)
        | AggregateFunction::Max(value)
        | AggregateFunction::Last(value)
        | AggregateFunction::First(value) => digits(value),
        _ => MAX_DIGITS,
    }
}

/// Whether Databend's LIKE means this pattern as SQL does: `_` is one byte there, a backslash is not
/// escaped by another one, and NULL is not like `%` (FALSE).
fn is_plain(pattern: &str) -> bool {
    !pattern.contains(['_', '\\']) && pattern.chars().any(|character| character != '%')
}

/// Returns the regular expression of a LIKE pattern.
fn regex(pattern: &str) -> String {
    let mut regex = "(?s)^".to_owned();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '%' => regex += ".*",
            '_' => regex.push('.'),
            '\\' => push_literally(&mut regex, characters.next().unwrap_or('\\')),
            other => push_literally(&mut regex, other),
        }
    }
    regex + "$"
}

fn push_literally(regex: &mut String, character: char) {
    if r"\.+*?()|[]{}^$#&-~".contains(character) {
        regex.push('\\');
    }
    regex.push(character);
}
