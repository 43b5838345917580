//! A clause taken apart where AND, OR and NOT join conditions.

use rules::plan::{children, plan};
use rules::{Expr, ExprKind, Rule};

/// How a part of a clause is made of others.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Joint {
    /// TRUE when all parts are.
    And,
    /// TRUE when any part is.
    Or,
    /// TRUE when its part is FALSE.
    Not,
    /// TRUE when its part is, and FALSE when that is unknown.
    IsTrue,
    /// Not made of others: a condition.
    Leaf,
}

/// What a part of a clause depends on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scope {
    /// One event: some event must make it TRUE, the same one for all parts of an AND.
    Event,
    /// All of the user's events together.
    User,
}

impl Joint {
    /// Returns the word for it in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::And => "and",
            Self::Or => "or",
            Self::Not => "not",
            Self::IsTrue => "is_true",
            Self::Leaf => "condition",
        }
    }
}

impl Scope {
    /// Returns the word for it in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::User => "user",
        }
    }
}

/// A part of a clause, and what it is made of.
#[derive(Clone, Debug)]
pub struct Condition<'r> {
    /// The part itself; its span is where it stands in the text.
    pub expr: &'r Expr,
    /// How `parts` make it.
    pub joint: Joint,
    /// What it depends on.
    pub scope: Scope,
    /// In the order of the text; none of a leaf.
    pub parts: Vec<Self>,
}

impl<'r> Condition<'r> {
    /// Takes a clause apart.
    pub fn of(rule: &'r Rule) -> Self {
        Self::of_expr(&rule.expr)
    }

    pub(super) fn of_expr(expr: &'r Expr) -> Self {
        let (joint, parts): (_, Vec<&Expr>) = match &expr.kind {
            ExprKind::And(parts) => (Joint::And, parts.iter().collect()),
            ExprKind::Or(parts) => (Joint::Or, parts.iter().collect()),
            ExprKind::Not(part) => (Joint::Not, vec![part]),
            ExprKind::IsTrue(part) => (Joint::IsTrue, vec![part]),
            _ => (Joint::Leaf, Vec::new()),
        };
        let scope = if looks_at_its_row(expr) { Scope::Event } else { Scope::User };
        Self { expr, joint, scope, parts: parts.into_iter().map(Self::of_expr).collect() }
    }

    /// Returns whether it is computed anew over retained events instead of folded event by event.
    pub fn is_interpreted(&self) -> bool {
        plan(&self.rule()).is_ok_and(|plan| plan.interpreted().next().is_some())
    }

    /// Returns it as a rule of its own: some event of the user makes it TRUE.
    pub(super) fn rule(&self) -> Rule {
        Rule { expr: self.expr.clone() }
    }

    /// Returns it and everything below it, the whole before its parts.
    pub(super) fn flattened(&self) -> Vec<&Self> {
        let mut all = vec![self];
        self.parts.iter().for_each(|part| all.extend(part.flattened()));
        all
    }
}

fn looks_at_its_row(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Column(_) => true,
        ExprKind::Aggregate(aggregate) => aggregate.is_correlated(),
        _ => children(expr).into_iter().any(looks_at_its_row),
    }
}
