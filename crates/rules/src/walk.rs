//! Going over all nodes of an expression, those inside of aggregates included.
//!
//! [`plan::children`] stops at aggregates, as they are about other rows; limits and prints do not.

use crate::{Aggregate, Expr, ExprKind, plan};

impl Aggregate {
    /// Returns argument and filter, as far as it has them.
    pub fn children(&self) -> impl Iterator<Item = &Expr> {
        plan::argument_of(&self.function).into_iter().chain(&self.filter)
    }

    /// Returns whether its value depends on the row it stands at.
    pub fn is_correlated(&self) -> bool {
        self.children().any(Expr::names_outer)
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

    /// Returns whether it names the row around its aggregate. Inside of further aggregates that word
    /// means the row they stand at, which is its own.
    pub fn names_outer(&self) -> bool {
        matches!(self.kind, ExprKind::Outer(_)) || plan::children(self).into_iter().any(Self::names_outer)
    }

    /// Returns whether it or anything below it is an aggregate.
    pub fn holds_aggregate(&self) -> bool {
        matches!(self.kind, ExprKind::Aggregate(_)) || plan::children(self).into_iter().any(Self::holds_aggregate)
    }

    /// Returns whether it or anything below it is a column or an aggregate.
    pub fn reads_events(&self) -> bool {
        matches!(self.kind, ExprKind::Column(_) | ExprKind::Outer(_) | ExprKind::Aggregate(_))
            || self.children().into_iter().any(Self::reads_events)
    }
}
