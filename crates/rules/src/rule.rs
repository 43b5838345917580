//! The typed where clause.
//!
//! `compile` normalises every way of asking about the user's other events to one node,
//! [`ExprKind::Aggregate`], which ranges over all events of the user:
//!
//! - `EXISTS (SELECT … FROM events e WHERE e.user_id = events.user_id AND P)` is `Exists` with filter P;
//! - `user_id IN (SELECT user_id FROM events WHERE P GROUP BY user_id HAVING H)` is
//!   `Exists{P} AND (H' IS TRUE)`, where H' is H with P added to the filter of each aggregate;
//! - `(SELECT agg(x) FROM events e WHERE e.user_id = events.user_id AND P)` is that aggregate with P
//!   added to its filter;
//! - an aggregate that stands directly in the clause is itself.
//!
//! So a rule is a row-level expression in which aggregates stand as values. An aggregate's filter and
//! argument may hold aggregates again, and may name the row that the aggregate stands at
//! ([`ExprKind::Outer`]): that is how two events of a user are compared with each other.
//!
//! Nothing below says how it is evaluated: from scratch by `eval`, incrementally through `plan`.

use schema::Timestamp;
use serde::{Deserialize, Serialize};

use crate::calendar::{CalendarPart, CalendarUnit};
use crate::{Span, Value};

/// A checked, typed where clause.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    /// BOOLEAN, over a row of `events`.
    pub expr: Expr,
}

/// A typed expression. Equality ignores the span: where a thing stood is not what it means.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// The type of its value; NULL belongs to every type.
    pub sql_type: SqlType,
    /// Where it stands in the text.
    pub span: Span,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.sql_type == other.sql_type && self.kind == other.kind
    }
}

/// A SQL type as far as rules distinguish it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum SqlType {
    /// The type of a bare NULL.
    Null,
    /// BOOLEAN.
    Boolean,
    /// BIGINT.
    Integer,
    /// DECIMAL(38, scale).
    Decimal {
        /// Digits behind the point.
        scale: u8,
    },
    /// DOUBLE.
    Double,
    /// VARCHAR.
    Text,
    /// TIMESTAMP.
    Timestamp,
    /// INTERVAL of a fixed length.
    Interval,
    /// DATE.
    Date,
    /// VARIANT: a JSON value.
    Variant,
}

/// What an expression is.
#[derive(Clone, PartialEq, Debug)]
pub enum ExprKind {
    /// A constant.
    Literal(Value),
    /// A column of the row (of the aggregated row, inside an aggregate's argument or filter).
    Column(Column),
    /// Inside of aggregates: a column of a row that one of them stands at, not of the aggregated one.
    Outer {
        /// How many aggregates further out; 1 is the row that the innermost one stands at.
        distance: usize,
        /// Of that row.
        column: Column,
    },
    /// `now()`: one instant per evaluation.
    Now,
    /// `NOT x`.
    Not(Box<Expr>),
    /// `a AND b AND …`; at least two.
    And(Vec<Expr>),
    /// `a OR b OR …`; at least two.
    Or(Vec<Expr>),
    /// A comparison of two values of comparable types.
    Compare {
        /// Which one.
        op: Comparison,
        /// The left side.
        left: Box<Expr>,
        /// The right side.
        right: Box<Expr>,
    },
    /// `x IS NULL`.
    IsNull(Box<Expr>),
    /// `x IS TRUE`: never NULL.
    IsTrue(Box<Expr>),
    /// `x IS NOT DISTINCT FROM y`: never NULL.
    IsNotDistinct(Box<Expr>, Box<Expr>),
    /// `x IN (a, b, …)`; NOT IN is `Not` of it.
    InList {
        /// What is looked for.
        value: Box<Expr>,
        /// Where.
        list: Vec<Expr>,
    },
    /// `x LIKE pattern`, case-sensitive, with `%` and `_`.
    Like {
        /// The text.
        value: Box<Expr>,
        /// The pattern, a constant.
        pattern: String,
    },
    /// Arithmetic over numbers, or of a timestamp and an interval.
    Arithmetic {
        /// Which one.
        op: ArithmeticOp,
        /// The left side.
        left: Box<Expr>,
        /// The right side.
        right: Box<Expr>,
    },
    /// `-x`.
    Negate(Box<Expr>),
    /// `CASE WHEN … THEN … ELSE … END` (a CASE with an operand is turned into comparisons).
    Case {
        /// `(condition, result)`, in order.
        branches: Vec<(Expr, Expr)>,
        /// The result when none is TRUE.
        otherwise: Option<Box<Expr>>,
    },
    /// A scalar function.
    Function {
        /// Which one.
        function: ScalarFunction,
        /// Its arguments.
        arguments: Vec<Expr>,
    },
    /// `CAST(x AS type)`, which is TRY_CAST: NULL when it fails.
    Cast {
        /// What is cast.
        value: Box<Expr>,
        /// To what; the expression's type is its `sql_type`.
        to: CastType,
    },
    /// `payload['k'][0]`: NULL where there is nothing; what is there may be a JSON null.
    Path {
        /// A VARIANT that is no path itself.
        value: Box<Expr>,
        /// From the outside in; at least one.
        steps: Vec<PathStep>,
    },
    /// An aggregate over all events of the user.
    Aggregate(Box<Aggregate>),
    /// What `users` says of the user, wherever it stands; NULL while it says nothing.
    OfUser(UserColumn),
    /// `EXISTS (SELECT 1 FROM segment_members …)`: whether the user is in the segment of that tag.
    InSegment(String),
    /// Only in plans: the value of the plan's aggregate of that index.
    Slot(usize),
}

/// What a CAST makes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum CastType {
    /// BOOLEAN.
    Boolean,
    /// An integer of so many bits: 8, 16, 32 or 64; NULL beyond.
    Integer {
        /// With the sign.
        bits: u8,
    },
    /// DECIMAL(precision, scale), rounded half away from zero; NULL beyond.
    Decimal {
        /// Digits in all, at most 38.
        precision: u8,
        /// Digits behind the point.
        scale: u8,
    },
    /// DOUBLE.
    Double,
    /// VARCHAR.
    Text,
    /// TIMESTAMP.
    Timestamp,
    /// DATE.
    Date,
}

impl CastType {
    /// Returns the type of the values it makes.
    pub const fn sql_type(self) -> SqlType {
        match self {
            Self::Boolean => SqlType::Boolean,
            Self::Integer { .. } => SqlType::Integer,
            Self::Decimal { scale, .. } => SqlType::Decimal { scale },
            Self::Double => SqlType::Double,
            Self::Text => SqlType::Text,
            Self::Timestamp => SqlType::Timestamp,
            Self::Date => SqlType::Date,
        }
    }
}

/// One step into a JSON value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum PathStep {
    /// The value of an object's key.
    Key(String),
    /// An array's element, counted from 0.
    Index(u32),
}

/// An aggregate over all events of the user for which `filter` is TRUE.
#[derive(Clone, PartialEq, Debug)]
pub struct Aggregate {
    /// What is computed, with its argument over the aggregated row.
    pub function: AggregateFunction,
    /// Which events count; `None` is all. Over the aggregated row; may name `now()`.
    pub filter: Option<Expr>,
}

/// What an aggregate computes. NULL arguments do not count, as in SQL.
#[derive(Clone, PartialEq, Debug)]
pub enum AggregateFunction {
    /// Whether there is any event: BOOLEAN, never NULL.
    Exists,
    /// `count(*)`.
    CountAll,
    /// `count(x)`.
    Count(Expr),
    /// `count(DISTINCT x)`.
    CountDistinct(Expr),
    /// `sum(x)`: NULL over nothing.
    Sum(Expr),
    /// `avg(x)`: NULL over nothing.
    Avg(Expr),
    /// `min(x)`: NULL over nothing.
    Min(Expr),
    /// `max(x)`: NULL over nothing.
    Max(Expr),
    /// `arg_max(x, created_at)`: of the event that is last by `(created_at, event_id)` among those
    /// where x is not NULL.
    Last(Expr),
    /// `arg_min(x, created_at)`: of the first one, likewise.
    First(Expr),
    /// `window_funnel(seconds)(created_at, step, …)`: how many of the steps events have made, one after
    /// the other or at once, not longer after the first than the window. One event can make several.
    Funnel {
        /// In microseconds.
        window: i64,
        /// Conditions on a row, at least one.
        steps: Vec<Expr>,
    },
}

/// What is known of a user besides the events.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum UserColumn {
    /// Whether there is a row in `users`: BOOLEAN, never NULL.
    Known,
    /// TIMESTAMP: the earliest instant at which anything was said of the user.
    CreatedAt,
    /// VARIANT: what was said last, by event time.
    Traits,
}

impl UserColumn {
    /// Returns the type of its values.
    pub const fn sql_type(self) -> SqlType {
        match self {
            Self::Known => SqlType::Boolean,
            Self::CreatedAt => SqlType::Timestamp,
            Self::Traits => SqlType::Variant,
        }
    }
}

/// A column of `events` that a clause can name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// VARCHAR (UUID), not null.
    EventId,
    /// BIGINT, not null.
    UserId,
    /// VARCHAR, not null.
    ActivityType,
    /// VARCHAR.
    Region,
    /// VARCHAR.
    Country,
    /// VARCHAR.
    DeviceType,
    /// VARCHAR.
    Url,
    /// VARCHAR.
    ElementId,
    /// VARCHAR.
    OrderId,
    /// DECIMAL(18,4).
    OrderTotal,
    /// TIMESTAMP, not null.
    CreatedAt,
    /// TIMESTAMP, not null.
    ReceivedAt,
    /// VARIANT, not null: the payload as sent.
    Payload,
}

impl Column {
    /// Every column, in the order of the table.
    pub const ALL: [Self; 13] = [
        Self::EventId,
        Self::UserId,
        Self::ActivityType,
        Self::Region,
        Self::Country,
        Self::DeviceType,
        Self::Url,
        Self::ElementId,
        Self::OrderId,
        Self::OrderTotal,
        Self::CreatedAt,
        Self::ReceivedAt,
        Self::Payload,
    ];

    /// Returns its name in SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EventId => "event_id",
            Self::UserId => "user_id",
            Self::ActivityType => "activity_type",
            Self::Region => "region",
            Self::Country => "country",
            Self::DeviceType => "device_type",
            Self::Url => "url",
            Self::ElementId => "element_id",
            Self::OrderId => "order_id",
            Self::OrderTotal => "order_total",
            Self::CreatedAt => "created_at",
            Self::ReceivedAt => "received_at",
            Self::Payload => "payload",
        }
    }

    /// Returns the type of its values.
    pub const fn sql_type(self) -> SqlType {
        match self {
            Self::UserId => SqlType::Integer,
            Self::OrderTotal => SqlType::Decimal { scale: schema::Event::ORDER_TOTAL_SCALE },
            Self::CreatedAt | Self::ReceivedAt => SqlType::Timestamp,
            Self::Payload => SqlType::Variant,
            _ => SqlType::Text,
        }
    }

    /// Returns whether every row has a value in it.
    pub const fn is_not_null(self) -> bool {
        matches!(
            self,
            Self::EventId | Self::UserId | Self::ActivityType | Self::CreatedAt | Self::ReceivedAt | Self::Payload
        )
    }
}

impl Expr {
    /// Makes `a AND b AND …` in normal form: without nesting, and a single part is itself.
    pub fn and(parts: Vec<Self>, span: Span) -> Self {
        Self::joined(parts, span, ExprKind::And, |kind| match kind {
            ExprKind::And(parts) => Ok(parts),
            other => Err(other),
        })
    }

    /// Makes `a OR b OR …` in normal form: without nesting, and a single part is itself.
    pub fn or(parts: Vec<Self>, span: Span) -> Self {
        Self::joined(parts, span, ExprKind::Or, |kind| match kind {
            ExprKind::Or(parts) => Ok(parts),
            other => Err(other),
        })
    }

    fn joined(
        parts: Vec<Self>,
        span: Span,
        join: fn(Vec<Self>) -> ExprKind,
        split: fn(ExprKind) -> Result<Vec<Self>, ExprKind>,
    ) -> Self {
        let flat = parts.into_iter().flat_map(|part| match split(part.kind) {
            Ok(inner) => inner,
            Err(kind) => vec![Self { kind, ..part }],
        });
        let mut flat: Vec<Self> = flat.collect();
        match flat.pop() {
            Some(only) if flat.is_empty() => only,
            last => {
                flat.extend(last);
                Self { kind: join(flat), sql_type: SqlType::Boolean, span }
            }
        }
    }
}

/// `= <> < <= > >=`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// Returns its sign in SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

/// `+ - * / %`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum ArithmeticOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`; NULL for a divisor of zero.
    Divide,
    /// `%`; NULL for a divisor of zero.
    Modulo,
}

impl ArithmeticOp {
    /// Returns its sign in SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
        }
    }
}

/// Scalar functions. The list grows with the language; each has one meaning in `eval` and one in `render`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum ScalarFunction {
    /// `coalesce(a, b, …)`.
    Coalesce,
    /// `nullif(a, b)`.
    NullIf,
    /// `lower(text)`.
    Lower,
    /// `upper(text)`.
    Upper,
    /// `trim(text)`: spaces off both ends.
    Trim,
    /// `length(text)`: in characters.
    Length,
    /// `concat(a, b, …)` and `||`.
    Concat,
    /// `starts_with(text, prefix)`.
    StartsWith,
    /// `abs(number)`.
    Abs,
    /// `greatest(a, b, …)`: NULL if any is.
    Greatest,
    /// `least(a, b, …)`: NULL if any is.
    Least,
    /// `substr(text, start[, length])`: characters from 1, or from the end for a negative start.
    Substr,
    /// `round(number[, digits])`: half away from zero; a decimal keeps so many digits at most.
    Round,
    /// `floor(number)`.
    Floor,
    /// `ceil(number)`.
    Ceil,
    /// `date_trunc(unit, time)`: a TIMESTAMP up to a day, a DATE beyond.
    DateTrunc(CalendarUnit),
    /// `extract(part FROM time)`.
    Extract(CalendarPart),
    /// `rollout(percent, salt)`; the third argument is the column `user_id`.
    Rollout,
}

impl ScalarFunction {
    /// Every function that is called by its name and plain arguments.
    pub const ALL: [Self; 15] = [
        Self::Coalesce,
        Self::NullIf,
        Self::Lower,
        Self::Upper,
        Self::Trim,
        Self::Length,
        Self::Concat,
        Self::StartsWith,
        Self::Abs,
        Self::Greatest,
        Self::Least,
        Self::Substr,
        Self::Round,
        Self::Floor,
        Self::Ceil,
    ];

    /// Returns its name in SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Coalesce => "coalesce",
            Self::NullIf => "nullif",
            Self::Lower => "lower",
            Self::Upper => "upper",
            Self::Trim => "trim",
            Self::Length => "length",
            Self::Concat => "concat",
            Self::StartsWith => "starts_with",
            Self::Abs => "abs",
            Self::Greatest => "greatest",
            Self::Least => "least",
            Self::Substr => "substr",
            Self::Round => "round",
            Self::Floor => "floor",
            Self::Ceil => "ceil",
            Self::DateTrunc(_) => "date_trunc",
            Self::Extract(_) => "extract",
            Self::Rollout => "rollout",
        }
    }
}

/// The instant a literal names, if it is one.
impl Expr {
    /// Returns the timestamp when this is a TIMESTAMP literal.
    pub fn as_timestamp(&self) -> Option<Timestamp> {
        match self.kind {
            ExprKind::Literal(Value::Timestamp(timestamp)) => Some(timestamp),
            _ => None,
        }
    }
}
