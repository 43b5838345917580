//! `count(DISTINCT …)`, `sum(DISTINCT …)` and `avg(DISTINCT …)` over the rows of a JOIN.
//!
//! What one table holds is counted over that one, as the outermost loop: what goes with a row no longer matters, only
//! whether anything does. What several hold, or what is known also where a row is missing, is counted over all rows
//! together, of those that are the first with their value.

use sqlparser::ast;

use crate::compile::aggregates::Call;
use crate::compile::lower::Lowering;
use crate::compile::missing::without_row;
use crate::compile::pairs::{Loops, Pairs};
use crate::compile::possible::is_always_null;
use crate::compile::scope::Scope;
use crate::plan::argument_of;
use crate::rule::Comparison;
use crate::{AggregateFunction, Column, Expr, ExprKind, Span, SqlType};

impl Lowering<'_> {
    /// Returns the only table that a value is of.
    pub(super) fn only_table_of(&self, value: &ast::Expr, pairs: &Pairs<'_>) -> Option<usize> {
        let mut named = (0..pairs.tables.len()).filter(|table| self.mentions(value, pairs.alias(*table)));
        match (named.next(), named.next()) {
            (None, _) => Some(pairs.first),
            (Some(only), None) => Some(only),
            _ => None,
        }
    }

    /// `count(DISTINCT x)`, `sum(DISTINCT x)`: of the rows of the only table that x is of.
    pub(super) fn distinct_of_table(
        &mut self,
        call: &Call<'_>,
        value: &ast::Expr,
        table: usize,
        loops: &Loops<'_>,
        around: &Scope<'_>,
    ) -> Result<Option<Expr>, &'static str> {
        let begun = loops.clone().beginning_with(table);
        let rows = self.with_others(&begun, around);
        let inner = begun.rows(0, around);
        let function = self.computed(call.kind, call.function, call.arguments, &inner, loops.span)?;
        let Some((function, rows)) = function.zip(rows) else { return Ok(None) };
        let is_known = |value| !is_always_null(&without_row(value, 0, true));
        if loops.pairs.is_optional(table) && argument_of(&function).is_some_and(is_known) {
            return self.distinct_of_pairs(call, value, loops, around);
        }
        Ok(self.each_once(function, true, rows, loops.span))
    }

    /// Likewise of a value that several tables hold: of the rows together that are the first with it.
    pub(super) fn distinct_of_pairs(
        &mut self,
        call: &Call<'_>,
        value: &ast::Expr,
        loops: &Loops<'_>,
        around: &Scope<'_>,
    ) -> Result<Option<Expr>, &'static str> {
        self.folded_or_divided(call, loops, around, Some(value))
    }

    /// Returns a function over the rows of a join as one of only those that are the first with their value.
    pub(super) fn of_first_pairs(
        &mut self,
        function: AggregateFunction,
        value: &ast::Expr,
        loops: &Loops<'_>,
        inner: &Scope<'_>,
    ) -> Option<AggregateFunction> {
        let span = loops.span;
        let first = self.first_with_value(value, loops, inner)?;
        let mut once = |argument: Expr| {
            let sql_type = argument.sql_type;
            self.node(ExprKind::Case { branches: vec![(first.clone(), argument)], otherwise: None }, sql_type, span)
        };
        Some(match function {
            AggregateFunction::CountDistinct(argument) | AggregateFunction::Count(argument) => {
                AggregateFunction::Count(once(argument)?)
            }
            AggregateFunction::Sum(argument) => AggregateFunction::Sum(once(argument)?),
            other => other,
        })
    }

    /// Returns the condition that no rows before these, by their events in the order of the tables, have the same
    /// value: for each table, none that are the same in those before it and earlier in it. A row that is missing is
    /// before no other: beside the same others there is none.
    fn first_with_value(&mut self, value: &ast::Expr, loops: &Loops<'_>, inner: &Scope<'_>) -> Option<Expr> {
        let own = self.expression(value, inner)?;
        let tables = (0..loops.order.len()).rev();
        let none_before: Option<Vec<Expr>> = tables.map(|table| self.none_earlier(&own, table, loops, inner)).collect();
        Some(Expr::and(none_before?, loops.span))
    }

    fn none_earlier(&mut self, own: &Expr, table: usize, loops: &Loops<'_>, inner: &Scope<'_>) -> Option<Expr> {
        let (span, rows) = (loops.span, loops.order.len() - table);
        self.charge(own.node_count() * 2 + 4, span)?;
        let compared = |op, left: Expr, right: Expr| {
            let kind = ExprKind::Compare { op, left: Box::new(left), right: Box::new(right) };
            Expr { kind, sql_type: SqlType::Boolean, span }
        };
        let same = compared(Comparison::Equal, own.with_rows_behind(rows, rows), own.raised(rows));
        let earlier = compared(Comparison::Less, event_id(rows - 1, span), event_id(2 * rows - 1, span));
        let others = loops.clone().inside(rows, vec![earlier, same]);
        let earlier = self.some_rows(&others, table, inner)?;
        self.not(earlier, span)
    }
}

/// The `event_id` of a row so many rows further out.
fn event_id(distance: usize, span: Span) -> Expr {
    let column = Column::EventId;
    let kind = if distance == 0 { ExprKind::Column(column) } else { ExprKind::Outer { distance, column } };
    Expr { kind, sql_type: SqlType::Text, span }
}
