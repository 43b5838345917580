//! Names of a parsed query replaced by something else, also in the subqueries inside of it.
//!
//! Says of what it does not know that it is not whole: nothing is replaced there, and its caller leaves the query.

use sqlparser::ast::{
    AccessExpr, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr, JoinConstraint, JoinOperator,
    OrderByKind, Query, Select, SelectItem, SetExpr, TableFactor,
};

use crate::compile::scope::folded;

/// What a name becomes: with what it is qualified, the name, and how many subqueries stand around it.
type Replacing<'n> = &'n dyn Fn(Option<&str>, &str, usize) -> Option<Expr>;

/// One walk over a query.
pub(super) struct Replaced<'n> {
    by: Replacing<'n>,
    /// Whether everything was understood.
    pub(super) is_whole: bool,
    /// The tables that the subqueries inside of it name.
    pub(super) declared: Vec<String>,
    depth: usize,
}

impl<'n> Replaced<'n> {
    pub(super) fn new(by: Replacing<'n>) -> Self {
        Self { by, is_whole: true, declared: Vec::new(), depth: 0 }
    }

    /// Replaces the names in what a SELECT says of its rows; its own tables stay.
    pub(super) fn select(&mut self, select: &mut Select) {
        for item in &mut select.projection {
            if let SelectItem::UnnamedExpr(shown) | SelectItem::ExprWithAlias { expr: shown, .. } = item {
                self.expr(shown);
            }
        }
        for from in &mut select.from {
            for join in &mut from.joins {
                if let Some(on) = on_of(&mut join.join_operator) {
                    self.expr(on);
                }
            }
        }
        self.optional(&mut select.selection);
        self.optional(&mut select.having);
        match &mut select.group_by {
            GroupByExpr::Expressions(by, modifiers) if modifiers.is_empty() => {
                by.iter_mut().for_each(|by| self.expr(by))
            }
            _ => self.is_whole = false,
        }
        self.is_whole &= select.named_window.is_empty() && select.qualify.is_none();
    }

    pub(super) fn order(&mut self, query: &mut Query) {
        match query.order_by.as_mut().map(|order| &mut order.kind) {
            Some(OrderByKind::Expressions(parts)) => parts.iter_mut().for_each(|part| self.expr(&mut part.expr)),
            Some(OrderByKind::All(_)) => self.is_whole = false,
            None => {}
        }
        self.is_whole &= query.with.is_none();
    }

    fn query(&mut self, query: &mut Query) {
        self.depth += 1;
        self.order(query);
        match &mut *query.body {
            SetExpr::Select(select) => {
                let tables = select.from.iter_mut();
                let tables = tables.flat_map(|from| {
                    std::iter::once(&mut from.relation).chain(from.joins.iter_mut().map(|join| &mut join.relation))
                });
                tables.for_each(|table| self.table(table));
                self.select(select);
            }
            SetExpr::Query(inner) => self.query(inner),
            _ => self.is_whole = false,
        }
        self.depth -= 1;
    }

    fn table(&mut self, table: &mut TableFactor) {
        match (alias_of(table), table) {
            (Some(alias), TableFactor::Derived { subquery, .. }) => {
                self.declared.push(alias);
                self.query(subquery);
            }
            (Some(alias), _) => self.declared.push(alias),
            (None, _) => self.is_whole = false,
        }
    }

    fn optional(&mut self, expr: &mut Option<Expr>) {
        expr.iter_mut().for_each(|expr| self.expr(expr));
    }

    fn boxed(&mut self, expr: &mut Option<Box<Expr>>) {
        expr.iter_mut().for_each(|expr| self.expr(expr));
    }

    pub(super) fn expr(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Identifier(name) => {
                if let Some(by) = (self.by)(None, &folded(name), self.depth) {
                    *expr = by;
                }
            }
            Expr::CompoundIdentifier(parts) => {
                if let [table, name] = parts.as_slice()
                    && let Some(by) = (self.by)(Some(&folded(table)), &folded(name), self.depth)
                {
                    *expr = by;
                }
            }
            Expr::CompoundFieldAccess { root, access_chain } => self.field(root, access_chain),
            Expr::Value(_) | Expr::TypedString(_) | Expr::Interval(_) => {}
            Expr::BinaryOp { left, right, .. }
            | Expr::IsDistinctFrom(left, right)
            | Expr::IsNotDistinctFrom(left, right) => {
                self.expr(left);
                self.expr(right);
            }
            Expr::UnaryOp { expr, .. }
            | Expr::Nested(expr)
            | Expr::IsNull(expr)
            | Expr::IsNotNull(expr)
            | Expr::IsTrue(expr)
            | Expr::IsNotTrue(expr)
            | Expr::IsFalse(expr)
            | Expr::IsNotFalse(expr)
            | Expr::IsUnknown(expr)
            | Expr::IsNotUnknown(expr)
            | Expr::Cast { expr, .. }
            | Expr::Extract { expr, .. }
            | Expr::Ceil { expr, .. }
            | Expr::Floor { expr, .. }
            | Expr::Like { expr, .. }
            | Expr::JsonAccess { value: expr, .. } => self.expr(expr),
            Expr::Trim { expr, trim_what: None, trim_characters: None, .. } => self.expr(expr),
            Expr::Substring { expr, substring_from, substring_for, .. } => {
                self.expr(expr);
                self.boxed(substring_from);
                self.boxed(substring_for);
            }
            Expr::InList { expr, list, .. } => {
                self.expr(expr);
                list.iter_mut().for_each(|part| self.expr(part));
            }
            Expr::Between { expr, low, high, .. } => [expr, low, high].into_iter().for_each(|part| self.expr(part)),
            Expr::Case { operand, conditions, else_result, .. } => {
                self.boxed(operand);
                self.boxed(else_result);
                for when in conditions {
                    self.expr(&mut when.condition);
                    self.expr(&mut when.result);
                }
            }
            Expr::Function(function) => {
                self.is_whole &= function.over.is_none() && function.within_group.is_empty();
                self.arguments(&mut function.args);
                self.boxed(&mut function.filter);
            }
            Expr::Exists { subquery, .. } | Expr::Subquery(subquery) => self.query(subquery),
            Expr::InSubquery { expr, subquery, .. } => {
                self.expr(expr);
                self.query(subquery);
            }
            _ => self.is_whole = false,
        }
    }

    /// `t.payload['k']` comes as a name with a dot and what follows.
    fn field(&mut self, root: &mut Expr, chain: &mut Vec<AccessExpr>) {
        if let (Expr::Identifier(table), Some(AccessExpr::Dot(Expr::Identifier(name)))) = (&*root, chain.first()) {
            if let Some(by) = (self.by)(Some(&folded(table)), &folded(name), self.depth) {
                chain.remove(0);
                *root = by;
            }
        } else {
            self.expr(root);
        }
    }

    fn arguments(&mut self, arguments: &mut FunctionArguments) {
        match arguments {
            FunctionArguments::None => {}
            FunctionArguments::List(list) if list.clauses.is_empty() => {
                for argument in &mut list.args {
                    match argument {
                        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => self.expr(expr),
                        FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => {}
                        _ => self.is_whole = false,
                    }
                }
            }
            _ => self.is_whole = false,
        }
    }
}

/// Returns the condition of a JOIN.
pub(super) fn on_of(join: &mut JoinOperator) -> Option<&mut Expr> {
    match join {
        JoinOperator::Join(JoinConstraint::On(on))
        | JoinOperator::Inner(JoinConstraint::On(on))
        | JoinOperator::Left(JoinConstraint::On(on))
        | JoinOperator::LeftOuter(JoinConstraint::On(on)) => Some(on),
        _ => None,
    }
}

/// Returns what the columns of a table are qualified with.
pub(super) fn alias_of(table: &TableFactor) -> Option<String> {
    match table {
        TableFactor::Table { alias: Some(alias), .. } | TableFactor::Derived { alias: Some(alias), .. } => {
            Some(folded(&alias.name))
        }
        TableFactor::Table { name, .. } => match name.0.as_slice() {
            [sqlparser::ast::ObjectNamePart::Identifier(name)] => Some(folded(name)),
            _ => None,
        },
        _ => None,
    }
}
