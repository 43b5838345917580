//! Going over all nodes of an expression, those inside of aggregates included.
//!
//! [`plan::children`] stops at aggregates, as they are about other rows; limits and prints do not.

use crate::{Aggregate, AggregateFunction, Column, Expr, ExprKind, Span, plan};

impl Aggregate {
    /// Returns argument, steps and filter, as far as it has them.
    pub fn children(&self) -> impl Iterator<Item = &Expr> {
        let steps: &[Expr] = if let AggregateFunction::Funnel { steps, .. } = &self.function { steps } else { &[] };
        plan::argument_of(&self.function).into_iter().chain(steps).chain(&self.filter)
    }

    /// Returns how many rows further out the farthest row is that it names; 1 is the one it stands at.
    pub fn reach(&self) -> usize {
        self.children().map(Expr::reach).max().unwrap_or(0)
    }

    /// Returns whether its value depends on the row it stands at, or on one further out.
    pub fn is_correlated(&self) -> bool {
        self.reach() > 0
    }

    /// Returns whether it is about each event alone: names no other row and holds no aggregate.
    pub fn is_plain(&self) -> bool {
        !self.is_correlated() && !self.children().any(Expr::holds_aggregate)
    }
}

impl Expr {
    /// Returns its direct parts, in the order of the text; an aggregate's are its argument and filter.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Aggregate(aggregate) => aggregate.children().collect(),
            _ => plan::children(self),
        }
    }

    /// Calls `visit` for it and everything below it.
    pub fn walk<'e>(&'e self, visit: &mut impl FnMut(&'e Expr)) {
        visit(self);
        for child in self.children() {
            child.walk(visit);
        }
    }

    /// Returns how many nodes it has.
    pub fn node_count(&self) -> usize {
        let mut count = 0;
        self.walk(&mut |_| count += 1);
        count
    }

    /// Returns how many nodes stand above each other at most.
    pub fn depth(&self) -> usize {
        1 + self.children().into_iter().map(Self::depth).max().unwrap_or(0)
    }

    /// Returns whether it or anything below it is `now()`.
    pub fn names_now(&self) -> bool {
        matches!(self.kind, ExprKind::Now) || self.children().into_iter().any(Self::names_now)
    }

    /// Returns how many rows further out the farthest row is that it names, inside of aggregates too; 0 is its own.
    pub fn reach(&self) -> usize {
        match &self.kind {
            ExprKind::Outer { distance, .. } => *distance,
            ExprKind::Aggregate(aggregate) => aggregate.reach().saturating_sub(1),
            _ => plan::children(self).into_iter().map(Self::reach).max().unwrap_or(0),
        }
    }

    /// Returns it with all of its parts at one place of the text.
    #[must_use]
    pub fn at(&self, span: Span) -> Self {
        let moved = match &self.kind {
            ExprKind::Aggregate(aggregate) => {
                let kind = ExprKind::Aggregate(Box::new(plan::map_aggregate(aggregate, &mut |part| part.at(span))));
                Self { kind, ..self.clone() }
            }
            _ => plan::map_children(self, &mut |part| part.at(span)),
        };
        Self { span, ..moved }
    }

    /// Returns it as it is seen from `by` aggregates further in.
    #[must_use]
    pub fn raised(&self, by: usize) -> Self {
        self.moved(by, 0, 0)
    }

    /// Returns it with its own row as it is, and those around it `by` aggregates further out.
    #[must_use]
    pub fn with_rows_between(&self, by: usize) -> Self {
        self.moved(by, 0, 1)
    }

    /// Returns it with its own row and those around it, `rows` of them in all, as they are, and the others `by`
    /// aggregates further out.
    #[must_use]
    pub fn with_rows_behind(&self, rows: usize, by: usize) -> Self {
        self.moved(by, 0, rows)
    }

    /// `inside` is how many aggregates of its own stand around the part, `still` how many rows stay as they are.
    fn moved(&self, by: usize, inside: usize, still: usize) -> Self {
        let kind = match &self.kind {
            // The same of all of them.
            ExprKind::Column(Column::UserId) => return self.clone(),
            ExprKind::Column(column) if by > 0 && still == 0 && inside == 0 => {
                ExprKind::Outer { distance: by, column: *column }
            }
            ExprKind::Outer { distance, column } if *distance >= inside + still => {
                ExprKind::Outer { distance: distance + by, column: *column }
            }
            ExprKind::Aggregate(aggregate) => {
                let map = &mut |part: &Self| part.moved(by, inside + 1, still);
                ExprKind::Aggregate(Box::new(plan::map_aggregate(aggregate, map)))
            }
            _ => return plan::map_children(self, &mut |part| part.moved(by, inside, still)),
        };
        Self { kind, sql_type: self.sql_type, span: self.span }
    }

    /// Returns whether it or anything below it is an aggregate.
    pub fn holds_aggregate(&self) -> bool {
        matches!(self.kind, ExprKind::Aggregate(_)) || plan::children(self).into_iter().any(Self::holds_aggregate)
    }

    /// Returns whether it is something known of the user besides the events.
    pub const fn is_of_user(&self) -> bool {
        matches!(self.kind, ExprKind::OfUser(_) | ExprKind::InSegment(_))
    }

    /// Returns whether it or anything below it is something known of the user besides the events.
    pub fn reads_user(&self) -> bool {
        self.is_of_user() || self.children().into_iter().any(Self::reads_user)
    }

    /// Returns whether it or anything below it is a column, an aggregate or something known of the user.
    pub fn reads_events(&self) -> bool {
        let kind = &self.kind;
        matches!(kind, ExprKind::Column(_) | ExprKind::Outer { .. } | ExprKind::Aggregate(_))
            || self.is_of_user()
            || self.children().into_iter().any(Self::reads_events)
    }
}
