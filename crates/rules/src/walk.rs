//! Going over the nodes of an expression: one list of children that everything else is made from.

use crate::{Aggregate, AggregateFunction, Expr, ExprKind};

impl AggregateFunction {
    /// Returns what is aggregated, if it has an argument.
    pub fn argument(&self) -> Option<&Expr> {
        match self {
            Self::Exists | Self::CountAll => None,
            Self::Count(argument)
            | Self::CountDistinct(argument)
            | Self::Sum(argument)
            | Self::Avg(argument)
            | Self::Min(argument)
            | Self::Max(argument)
            | Self::Last(argument)
            | Self::First(argument) => Some(argument),
        }
    }
}

impl Aggregate {
    /// Returns argument and filter, as far as it has them.
    pub fn children(&self) -> impl Iterator<Item = &Expr> {
        self.function.argument().into_iter().chain(&self.filter)
    }
}

impl Expr {
    /// Returns its direct parts, in the order of the text; an aggregate's are its argument and filter.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Literal(_) | ExprKind::Column(_) | ExprKind::Now | ExprKind::Slot(_) => Vec::new(),
            ExprKind::Not(inner) | ExprKind::IsNull(inner) | ExprKind::IsTrue(inner) | ExprKind::Negate(inner) => {
                vec![inner]
            }
            ExprKind::Like { value, .. } => vec![value],
            ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().collect(),
            ExprKind::Function { arguments, .. } => arguments.iter().collect(),
            ExprKind::Compare { left, right, .. }
            | ExprKind::Arithmetic { left, right, .. }
            | ExprKind::IsNotDistinct(left, right) => vec![left, right],
            ExprKind::InList { value, list } => std::iter::once(&**value).chain(list).collect(),
            ExprKind::Case { branches, otherwise } => {
                let pairs = branches.iter().flat_map(|(condition, result)| [condition, result]);
                pairs.chain(otherwise.as_deref()).collect()
            }
            ExprKind::Aggregate(aggregate) => aggregate.children().collect(),
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

    /// Returns whether it or anything below it is a column or an aggregate.
    pub fn reads_events(&self) -> bool {
        matches!(self.kind, ExprKind::Column(_) | ExprKind::Aggregate(_))
            || self.children().into_iter().any(Self::reads_events)
    }
}
