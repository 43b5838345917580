//! Aggregates: directly in the clause, in HAVING and in scalar subqueries.
//!
//! Every way of restricting one (FILTER, `…_if`, the WHERE around it) ends in its one filter.

use sqlparser::ast::{self, Function};

use crate::compile::functions::{Argument, is_distinct};
use crate::compile::lower::{Lowering, unwrapped};
use crate::compile::order::equal;
use crate::compile::scope::{Place, Scope};
use crate::compile::typing;
use crate::rule::CastType;
use crate::{Aggregate, AggregateFunction, Code, Column, Diagnostic, Expr, ExprKind, Span, SqlType, Value};

/// What a DOUBLE is added up as.
const TOTAL_PRECISION: u8 = 38;
const TOTAL_SCALE: u8 = 9;

/// An aggregate as it is written.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) kind: Kind,
    pub(super) function: &'a Function,
    pub(super) arguments: &'a [Argument<'a>],
    pub(super) span: Span,
}

/// Which aggregate a name means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Count,
    Sum,
    Avg,
    Min,
    Max,
    Last,
    First,
    Funnel,
}

/// The name of an aggregate, with or without `_if`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct AggregateName {
    kind: Kind,
    conditional: bool,
}

impl AggregateName {
    /// Every name, as it is written.
    pub(super) const ALL_NAMES: [&'static str; 15] = [
        "count",
        "sum",
        "avg",
        "min",
        "max",
        "arg_max",
        "arg_min",
        "count_if",
        "sum_if",
        "avg_if",
        "min_if",
        "max_if",
        "arg_max_if",
        "arg_min_if",
        "window_funnel",
    ];

    /// Returns the aggregate of a name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let (base, conditional) = match name.strip_suffix("_if") {
            Some(base) => (base, true),
            None => (name, false),
        };
        let kind = match base {
            "count" => Kind::Count,
            "sum" => Kind::Sum,
            "avg" => Kind::Avg,
            "min" => Kind::Min,
            "max" => Kind::Max,
            "arg_max" => Kind::Last,
            "arg_min" => Kind::First,
            "window_funnel" if !conditional => Kind::Funnel,
            _ => return None,
        };
        Some(Self { kind, conditional })
    }
}

impl Lowering<'_> {
    pub(super) fn aggregate_call(
        &mut self,
        name: AggregateName,
        written: &str,
        function: &Function,
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        match scope.place {
            Place::Aggregated => return self.misplaced(span),
            Place::User => return self.unsupported(span, "an aggregate over `users` or `segment_members` is"),
            Place::Numbered { .. } => return self.ungrouped_aggregate(span),
            Place::Selected { aggregated, .. } => aggregated.set(true),
            Place::Clause | Place::Group { .. } | Place::Grouped(_) => {}
        }
        let mut arguments = self.arguments(function, span)?;
        let condition = if name.conditional { arguments.pop() } else { None };
        let condition = match condition {
            Some(Argument::Value(condition)) => Some(condition),
            _ if name.conditional => return self.wrong_arguments(written, "a condition as its last argument", span),
            _ => None,
        };
        let wanted = condition.into_iter().chain(function.filter.as_deref());
        if let Some(pairs) = scope.pairs {
            let call = Call { kind: name.kind, function, arguments: &arguments, span };
            return match self.aggregate_of_pairs(&call, pairs, wanted.collect(), scope) {
                Ok(computed) => computed,
                Err(wanted) => self.wrong_arguments(written, wanted, span),
            };
        }
        let (inner, group) = self.rows_of_group(scope, span)?;
        let filters: Vec<Option<Expr>> = wanted.map(|condition| self.condition(condition, &inner)).collect();
        let computed = match self.computed(name.kind, function, &arguments, &inner, span) {
            Ok(computed) => computed,
            Err(wanted) => self.wrong_arguments(written, wanted, span),
        };
        let mut conditions = group;
        conditions.extend(filters.into_iter().collect::<Option<Vec<_>>>()?);
        self.each_once(computed?, is_distinct(function), conditions, span)
    }

    /// Makes the aggregate, if it is DISTINCT over the first event with each value. A count does that by itself, and
    /// the least and the greatest value are the same.
    pub(super) fn each_once(
        &mut self,
        function: AggregateFunction,
        distinct: bool,
        mut conditions: Vec<Expr>,
        span: Span,
    ) -> Option<Expr> {
        let function = match function {
            AggregateFunction::Sum(ref value) | AggregateFunction::Avg(ref value) if distinct => {
                let first = self.first_of(&conditions, vec![equal(value)], span)?;
                conditions.push(first);
                function
            }
            // To Databend's own count `10`, `10.0` and `1e1` are three, though it says that they are equal.
            AggregateFunction::CountDistinct(value) if value.sql_type == SqlType::Variant => {
                let first = self.first_of(&conditions, vec![equal(&value)], span)?;
                conditions.push(first);
                AggregateFunction::Count(value)
            }
            other => other,
        };
        self.aggregate(function, conditions, span)
    }

    /// Makes the aggregate over the events that pass all conditions.
    pub(super) fn aggregate(&mut self, function: AggregateFunction, conditions: Vec<Expr>, span: Span) -> Option<Expr> {
        let filter = (!conditions.is_empty()).then(|| Expr::and(conditions, span));
        let sql_type = result_type(&function);
        self.node(ExprKind::Aggregate(Box::new(Aggregate { function, filter })), sql_type, span)
    }

    fn ungrouped_aggregate(&mut self, span: Span) -> Option<Expr> {
        let message = "an aggregate beside the rows that it goes over needs GROUP BY";
        let problem = Diagnostic::error(Code::MisplacedAggregate, span, message);
        self.report(problem.with_hint("write `GROUP BY user_id` and what else the groups have in common"))
    }

    fn misplaced(&mut self, span: Span) -> Option<Expr> {
        let message = "an aggregate cannot stand inside another aggregate or in a subquery's WHERE";
        let problem = Diagnostic::error(Code::MisplacedAggregate, span, message);
        self.report(problem.with_hint("conditions on aggregates belong into HAVING or directly into the clause"))
    }

    /// Returns what is computed; an error is what arguments it wants.
    pub(super) fn computed(
        &mut self,
        kind: Kind,
        function: &Function,
        arguments: &[Argument<'_>],
        scope: &Scope<'_>,
        span: Span,
    ) -> Result<Option<AggregateFunction>, &'static str> {
        let distinct = is_distinct(function);
        if distinct && matches!(kind, Kind::Last | Kind::First | Kind::Funnel) {
            return Ok(self.unsupported(span, "DISTINCT in `arg_max`, `arg_min` and `window_funnel` is"));
        }
        Ok(match (kind, arguments) {
            (Kind::Funnel, [Argument::Value(time), steps @ ..]) if !steps.is_empty() => {
                self.funnel(function, time, steps, scope, span)
            }
            (Kind::Funnel, _) => return Err("`created_at` and the steps"),
            (Kind::Count, [] | [Argument::Star]) if !distinct => Some(AggregateFunction::CountAll),
            (Kind::Count, [Argument::Value(value)]) => self.count(value, distinct, scope),
            (Kind::Last | Kind::First, [Argument::Value(value), Argument::Value(order)]) => {
                self.at_an_end(kind, value, order, scope)
            }
            (Kind::Last | Kind::First, _) => return Err("a value and `created_at`"),
            (Kind::Count, _) => return Err("`*` or one argument"),
            (_, [Argument::Value(value)]) => self.folded_value(kind, value, scope),
            _ => return Err("one argument"),
        })
    }

    fn count(&mut self, value: &ast::Expr, distinct: bool, scope: &Scope<'_>) -> Option<AggregateFunction> {
        let value = self.expression(value, scope)?;
        if distinct {
            return Some(AggregateFunction::CountDistinct(value));
        }
        Some(match value.kind {
            // `count(1)` is how many write `count(*)`.
            ExprKind::Literal(ref constant) if *constant != Value::Null => AggregateFunction::CountAll,
            _ => AggregateFunction::Count(value),
        })
    }

    fn folded_value(&mut self, kind: Kind, value: &ast::Expr, scope: &Scope<'_>) -> Option<AggregateFunction> {
        let value = self.expression(value, scope)?;
        let ordered = |found| !matches!(found, SqlType::Boolean | SqlType::Interval);
        match kind {
            Kind::Sum => self.added_up(value).map(AggregateFunction::Sum),
            Kind::Avg => self.added_up(value).map(AggregateFunction::Avg),
            Kind::Min => self.demand(value, "a number, a text or a time", ordered).map(AggregateFunction::Min),
            _ => self.demand(value, "a number, a text or a time", ordered).map(AggregateFunction::Max),
        }
    }

    /// What is added up must not depend on the order: of a DOUBLE it is the decimal of its shortest text.
    fn added_up(&mut self, value: Expr) -> Option<Expr> {
        if !matches!(value.sql_type, SqlType::Double | SqlType::Variant) {
            return self.demand(value, "a number", typing::is_number);
        }
        let span = value.span;
        let message = format!(
            "these numbers are added up as DECIMAL({TOTAL_PRECISION}, {TOTAL_SCALE}), each by its shortest text, so that the order of the events does not matter"
        );
        self.inform(Diagnostic::information(Code::DecimalTotal, span, message));
        self.cast_to(value, CastType::Decimal { precision: TOTAL_PRECISION, scale: TOTAL_SCALE }, span)
    }

    /// `arg_max(x, created_at)`; ties are broken by `event_id`, which may be written out.
    fn at_an_end(
        &mut self,
        kind: Kind,
        value: &ast::Expr,
        order: &ast::Expr,
        scope: &Scope<'_>,
    ) -> Option<AggregateFunction> {
        let value = self.expression(value, scope);
        self.ordered_by_time(order, scope)?;
        Some(if kind == Kind::Last { AggregateFunction::Last(value?) } else { AggregateFunction::First(value?) })
    }

    /// Demands `created_at`, or it and `event_id`.
    pub(super) fn ordered_by_time(&mut self, order: &ast::Expr, scope: &Scope<'_>) -> Option<()> {
        let at = self.tokens.span_of(order);
        let columns = match unwrapped(order) {
            ast::Expr::Tuple(parts) => self.expressions(parts, scope)?,
            single => self.expressions([single], scope)?,
        };
        let names: Vec<&ExprKind> = columns.iter().map(|column| &column.kind).collect();
        match names.as_slice() {
            [ExprKind::Column(Column::CreatedAt)]
            | [ExprKind::Column(Column::CreatedAt), ExprKind::Column(Column::EventId)] => Some(()),
            _ => self.unsupported(at, "an order by anything but `created_at` is"),
        }
    }
}

/// Returns the type of an aggregate's value.
pub(crate) fn result_type(function: &AggregateFunction) -> SqlType {
    match function {
        AggregateFunction::Exists => SqlType::Boolean,
        AggregateFunction::CountAll
        | AggregateFunction::Count(_)
        | AggregateFunction::CountDistinct(_)
        | AggregateFunction::Funnel { .. } => SqlType::Integer,
        AggregateFunction::Avg(value) => typing::average(value.sql_type),
        AggregateFunction::Sum(value)
        | AggregateFunction::Min(value)
        | AggregateFunction::Max(value)
        | AggregateFunction::Last(value)
        | AggregateFunction::First(value) => value.sql_type,
    }
}
