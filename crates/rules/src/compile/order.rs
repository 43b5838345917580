//! ORDER BY: which of two rows comes first, and what follows from it, the number of a row and the first one.
//!
//! Every order is completed by `event_id`, in the direction of its last part. NULLs come last, as Databend has them.

use sqlparser::ast::{
    self, Function, LimitClause, NamedWindowExpr, OrderByExpr, OrderByKind, OrderBySort, Query, WindowFrame,
    WindowFrameBound, WindowSpec, WindowType,
};

use crate::compile::lower::Lowering;
use crate::compile::possible::can_be_null;
use crate::compile::scope::{Place, Scope, folded};
use crate::rule::{ArithmeticOp, Comparison};
use crate::{AggregateFunction, Code, Column, Diagnostic, Expr, ExprKind, Span, SqlType, Value};

/// One part of an order.
pub(super) struct Ordered {
    value: Expr,
    descending: bool,
    nulls_first: bool,
}

impl Lowering<'_> {
    /// `ROW_NUMBER() OVER (PARTITION BY … ORDER BY …)`: one more than there are rows before it.
    pub(super) fn over(&mut self, name: &str, function: &Function, scope: &Scope<'_>, span: Span) -> Option<Expr> {
        let Place::Numbered { filter, of_one_user } = scope.place else {
            let message = format!("`{name} OVER` can only stand in what a derived table selects");
            let problem = Diagnostic::error(Code::MisplacedAggregate, span, message);
            return self.report(problem.with_hint(
                "`user_id IN (SELECT user_id FROM (SELECT user_id, row_number() OVER (…) AS n FROM events) t WHERE n = 1)`",
            ));
        };
        if name != "row_number" {
            return self.unsupported(span, "any window function but ROW_NUMBER is");
        }
        let window = &self.window(function.over.as_ref()?, span)?;
        if window.window_name.is_some() {
            return self.unsupported(span, "a window made of another one is");
        }
        // The number of a row is the same in every frame from the first row on.
        if window.window_frame.as_ref().is_some_and(|frame| !begins_with_the_first(frame)) {
            return self.unsupported(span, "a frame of ROW_NUMBER is");
        }
        if !self.arguments(function, span)?.is_empty() || function.filter.is_some() {
            return self.wrong_arguments(name, "no argument", span);
        }
        let row = scope.at(Place::Aggregated);
        let (by_user, alike) = self.partition(window, &row)?;
        if !by_user && !of_one_user {
            let message = "the number of a row among those of all users changes with every event of anyone";
            let problem = Diagnostic::error(Code::CrossUserSubquery, span, message);
            return self.report(problem.with_hint("write `PARTITION BY user_id`"));
        }
        let order = self.order(&window.order_by, &row, span)?;
        let rows = filter.iter().map(|part| part.with_rows_between(1));
        let conditions: Vec<Expr> = rows.chain(alike).chain([before(&order, span)]).collect();
        self.charge(conditions.iter().map(Expr::node_count).sum(), span)?;
        let earlier = self.aggregate(AggregateFunction::CountAll, conditions, span)?;
        let one = self.node(ExprKind::Literal(Value::Integer(1)), SqlType::Integer, span)?;
        let kind = ExprKind::Arithmetic { op: ArithmeticOp::Add, left: Box::new(earlier), right: Box::new(one) };
        self.node(kind, SqlType::Integer, span)
    }

    /// Returns the window of a call, also one that the SELECT around gives a name.
    fn window(&mut self, over: &WindowType, span: Span) -> Option<WindowSpec> {
        let name = match over {
            WindowType::WindowSpec(window) => return Some(window.clone()),
            WindowType::NamedWindow(name) => folded(name),
        };
        match self.windows.iter().find(|window| folded(&window.0) == name).map(|window| window.1.clone()) {
            Some(NamedWindowExpr::WindowSpec(window)) => Some(window),
            Some(NamedWindowExpr::NamedWindow(_)) => self.unsupported(span, "a window made of another one is"),
            None => {
                let message = format!("there is no window `{name}`");
                let problem = Diagnostic::error(Code::UnknownTable, span, message);
                self.report(problem.with_hint("define it: `FROM events WINDOW w AS (PARTITION BY user_id ORDER BY …)`"))
            }
        }
    }

    /// Returns whether a window is of one user, and what else the rows in it have in common.
    fn partition(&mut self, window: &WindowSpec, row: &Scope<'_>) -> Option<(bool, Vec<Expr>)> {
        let (mut by_user, mut alike) = (false, Vec::new());
        for part in &window.partition_by {
            if self.is_user_id(part, row) {
                by_user = true;
            } else {
                alike.push(equal(&self.expression(part, row)?));
            }
        }
        Some((by_user, alike))
    }

    /// Lowers an order over the rows of a scope.
    pub(super) fn order(&mut self, parts: &[OrderByExpr], scope: &Scope<'_>, span: Span) -> Option<Vec<Ordered>> {
        let mut order = Vec::new();
        for OrderByExpr { expr, options, with_fill } in parts {
            let descending = match options.sort {
                None | Some(OrderBySort::Asc) => false,
                Some(OrderBySort::Desc) => true,
                _ => return self.unsupported(span, "ORDER BY … USING is"),
            };
            if with_fill.is_some() {
                return self.unsupported(span, "ORDER BY … WITH FILL is");
            }
            let value = self.expression(expr, scope)?;
            let sorts = |found| found != SqlType::Interval;
            let value = self.demand(value, "a number, a text or a time", sorts)?;
            order.push(Ordered { value, descending, nulls_first: options.nulls_first.unwrap_or(false) });
        }
        let event = column(Column::EventId, span);
        if order.iter().all(|part| part.value != event) {
            let descending = order.last().is_some_and(|last| last.descending);
            order.push(Ordered { value: event, descending, nulls_first: false });
        }
        Some(order)
    }

    /// Returns the order of a query that asks for its first row only.
    pub(super) fn first_row<'q>(&mut self, query: &'q Query, span: Span) -> Option<Option<&'q [OrderByExpr]>> {
        let limit = match &query.limit_clause {
            None => return Some(None),
            Some(LimitClause::LimitOffset { limit: Some(limit), offset: None, limit_by }) if limit_by.is_empty() => {
                limit
            }
            Some(_) => return self.unsupported(span, "this form of LIMIT is"),
        };
        let is_one = matches!(limit, ast::Expr::Value(value) if value.value.to_string() == "1");
        let order = match query.order_by.as_ref().map(|order| (&order.kind, &order.interpolate)) {
            Some((OrderByKind::Expressions(order), None)) => order.as_slice(),
            Some(_) => return self.unsupported(span, "this form of ORDER BY is"),
            None => &[],
        };
        if is_one { Some(Some(order)) } else { self.more_than_one_row(span) }
    }

    /// Returns the condition that no other row with `filter` stands before it in the order.
    pub(super) fn none_before(&mut self, filter: &[Expr], order: &[Ordered], span: Span) -> Option<Expr> {
        let before = before(order, span);
        self.no_other(filter, vec![before], span)
    }

    /// Returns the condition that it is the first event of those with `filter` that are `alike`.
    pub(super) fn first_of(&mut self, filter: &[Expr], alike: Vec<Expr>, span: Span) -> Option<Expr> {
        let event = Ordered { value: column(Column::EventId, span), descending: false, nulls_first: false };
        self.no_other(filter, alike.into_iter().chain([before(&[event], span)]).collect(), span)
    }

    fn no_other(&mut self, filter: &[Expr], conditions: Vec<Expr>, span: Span) -> Option<Expr> {
        let rows = filter.iter().map(|part| part.with_rows_between(1));
        let all: Vec<Expr> = rows.chain(conditions).collect();
        self.charge(all.iter().map(Expr::node_count).sum(), span)?;
        let other = self.aggregate(AggregateFunction::Exists, all, span)?;
        self.not(other, span)
    }
}

fn begins_with_the_first(frame: &WindowFrame) -> bool {
    matches!(frame.start_bound, WindowFrameBound::Preceding(None))
        && matches!(frame.end_bound, None | Some(WindowFrameBound::CurrentRow | WindowFrameBound::Following(None)))
}

/// Returns the condition that a row is like the row around it in a value.
pub(super) fn equal(value: &Expr) -> Expr {
    let span = value.span;
    boolean(ExprKind::IsNotDistinct(Box::new(value.with_rows_between(1)), Box::new(value.raised(1))), span)
}

/// Returns the condition that a row stands before the row around it.
fn before(order: &[Ordered], span: Span) -> Expr {
    let Some((first, rest)) = order.split_first() else {
        return boolean(ExprKind::Literal(Value::Boolean(false)), span);
    };
    let earlier = strictly_before(first, span);
    if rest.is_empty() {
        return earlier;
    }
    let tied = Expr::and(vec![equal(&first.value), before(rest, span)], span);
    Expr::or(vec![earlier, tied], span)
}

fn strictly_before(ordered: &Ordered, span: Span) -> Expr {
    let (own, other) = (ordered.value.with_rows_between(1), ordered.value.raised(1));
    let op = if ordered.descending { Comparison::Greater } else { Comparison::Less };
    let compare = ExprKind::Compare { op, left: Box::new(own.clone()), right: Box::new(other.clone()) };
    let compare = boolean(compare, span);
    if !can_be_null(&ordered.value) {
        return compare;
    }
    let null = |expr| boolean(ExprKind::IsNull(Box::new(expr)), span);
    let not = |expr| boolean(ExprKind::Not(Box::new(expr)), span);
    let (own, other) = if ordered.nulls_first { (null(own), not(null(other))) } else { (not(null(own)), null(other)) };
    Expr::or(vec![compare, Expr::and(vec![own, other], span)], span)
}

fn column(column: Column, span: Span) -> Expr {
    Expr { kind: ExprKind::Column(column), sql_type: column.sql_type(), span }
}

fn boolean(kind: ExprKind, span: Span) -> Expr {
    Expr { kind, sql_type: SqlType::Boolean, span }
}
