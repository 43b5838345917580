//! `users` and `segment_members` beside events: `FROM events v JOIN users u ON u.user_id = v.user_id`.
//!
//! Of the user there is one row at most in `users`, and one in a segment. So either is a derived table of one row,
//! which the user's first event stands for, and whose columns are what is known of the user.

use sqlparser::ast::{BinaryOperator, JoinConstraint, JoinOperator, Select};

use crate::compile::derived::{Derived, Source};
use crate::compile::lower::{Lowering, operands};
use crate::compile::user::{UserTable, tags};
use crate::rule::Comparison;
use crate::{AggregateFunction, Code, Column, Diagnostic, Expr, ExprKind, Span, SqlType, UserColumn, Value};

impl Lowering<'_> {
    /// Returns one of these tables as it stands in a JOIN; if its row may be missing, so that its columns are NULL
    /// then.
    pub(super) fn source_of_user(
        &mut self,
        table: &UserTable,
        optional: bool,
        select: &Select,
        span: Span,
    ) -> Option<Source> {
        let alias = table.alias().to_owned();
        let user = ("user_id".to_owned(), ExprKind::Column(Column::UserId), SqlType::Integer);
        let (row, others) = if table.is_users() {
            let of = |name: &str, column: UserColumn| (name.to_owned(), ExprKind::OfUser(column), column.sql_type());
            let others = vec![of("created_at", UserColumn::CreatedAt), of("traits", UserColumn::Traits)];
            (ExprKind::OfUser(UserColumn::Known), others)
        } else {
            let tag = self.tag_of_join(&alias, select, span)?;
            let segment = ("segment".to_owned(), ExprKind::Literal(Value::Text(tag.clone())), SqlType::Text);
            (ExprKind::InSegment(tag), vec![segment])
        };
        let row = self.node(row, SqlType::Boolean, span)?;
        let first = self.first_event(span)?;
        let mut columns = Vec::new();
        for (at, (name, kind, sql_type)) in std::iter::once(user).chain(others).enumerate() {
            let column = Expr { kind, sql_type, span };
            let column = if optional && at > 0 { self.while_there(column, span)? } else { column };
            columns.push((name, Some(column)));
        }
        let mut source = Derived::of_user(columns);
        source.filter = vec![row, first];
        Some(Source { alias, derived: Some(source) })
    }

    /// `event_id = min(event_id)`: one event of each user, and that is computed once for all rows.
    fn first_event(&mut self, span: Span) -> Option<Expr> {
        let event = self.node(ExprKind::Column(Column::EventId), SqlType::Text, span)?;
        let first = self.aggregate(AggregateFunction::Min(event.clone()), Vec::new(), span)?;
        let kind = ExprKind::Compare { op: Comparison::Equal, left: Box::new(event), right: Box::new(first) };
        self.node(kind, SqlType::Boolean, span)
    }

    /// `CASE WHEN event_id IS NOT NULL THEN x END`: NULL where the row is missing, as a column would be.
    fn while_there(&mut self, column: Expr, span: Span) -> Option<Expr> {
        let sql_type = column.sql_type;
        let event = self.node(ExprKind::Column(Column::EventId), SqlType::Text, span)?;
        let missing = self.node(ExprKind::IsNull(Box::new(event)), SqlType::Boolean, span)?;
        let there = self.node(ExprKind::Not(Box::new(missing)), SqlType::Boolean, span)?;
        self.node(ExprKind::Case { branches: vec![(there, column)], otherwise: None }, sql_type, span)
    }

    /// Returns the one segment that the ON or the WHERE names of a joined `segment_members`.
    fn tag_of_join(&mut self, alias: &str, select: &Select, span: Span) -> Option<String> {
        let on = select.from.iter().flat_map(|from| &from.joins).filter_map(|join| match &join.join_operator {
            JoinOperator::Join(JoinConstraint::On(on))
            | JoinOperator::Inner(JoinConstraint::On(on))
            | JoinOperator::Left(JoinConstraint::On(on))
            | JoinOperator::LeftOuter(JoinConstraint::On(on)) => Some(on),
            _ => None,
        });
        let parts = on.chain(&select.selection).flat_map(|part| operands(part, &BinaryOperator::And));
        let mut found = parts.filter(|part| self.mentions(part, alias)).filter_map(tags);
        match found.next().as_deref() {
            Some([tag]) => Some(tag.clone()),
            _ => {
                let message = format!("a joined `segment_members` is of one segment: `{alias}.segment = 'loyal'`");
                let problem = Diagnostic::error(Code::Unsupported, span, message);
                self.report(problem.with_hint(
                    "join it once for each, or ask `user_id IN (SELECT user_id FROM segment_members WHERE segment IN (…))`",
                ))
            }
        }
    }
}
