//! Joins of `events` with itself, turned into subqueries inside of each other.
//!
//! Some pair of rows passes a condition exactly when for some row there is another one that passes it
//! with it. So `EXISTS (SELECT 1 FROM events v JOIN events p ON C WHERE W)` is an `Exists` over v whose
//! filter is an `Exists` over p, which looks at v as the row around it. With LEFT JOIN the row of p may
//! also be missing: `Exists over p of C AND W`, or no p with C, and W where every column of p is NULL.

use sqlparser::ast::{
    self, BinaryOperator, GroupByExpr, Join, JoinConstraint, JoinOperator, Query, Select, SelectItem,
};
use sqlparser::tokenizer::Token;

use crate::compile::derived::{Derived, Source};
use crate::compile::lower::{Lowering, operands, unwrapped};
use crate::compile::possible::{Possible, possible};
use crate::compile::scope::{Owner, Scope};
use crate::plan::{map_aggregate, map_children};
use crate::{AggregateFunction, CastType, Code, Column, Diagnostic, Expr, ExprKind, Span, SqlType, Value};

/// The most joined tables: each is another loop over the user's events.
const MAX_JOINED: usize = 3;

/// Returns whether a SELECT is over more than one table.
pub(super) fn is_join(select: &Select) -> bool {
    select.from.len() > 1 || select.from.iter().any(|from| !from.joins.is_empty())
}

/// Returns what is selected, if it is one thing.
pub(super) fn selected(select: &Select) -> Option<&ast::Expr> {
    match select.projection.as_slice() {
        [SelectItem::UnnamedExpr(selected) | SelectItem::ExprWithAlias { expr: selected, .. }] => Some(selected),
        _ => None,
    }
}

/// One of the joined tables.
struct Joined<'q> {
    source: Source,
    /// The conditions of its ON, apart.
    on: Vec<&'q ast::Expr>,
    /// LEFT JOIN.
    optional: bool,
}

/// The conditions on one of the joined rows: those of its ON, and those of WHERE.
struct Conditions {
    on: Option<Vec<Expr>>,
    kept: Option<Vec<Expr>>,
}

/// What ON (by table) and WHERE say besides whose the rows are.
struct Untied<'q> {
    on: Vec<Vec<&'q ast::Expr>>,
    kept: Vec<&'q ast::Expr>,
    is_tied: bool,
}

impl Lowering<'_> {
    /// Some rows of the joined tables that pass; `of_user` is what `user_id` is looked for in.
    pub(super) fn join(
        &mut self,
        query: &Query,
        select: &Select,
        of_user: Option<&ast::Expr>,
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        let sources = self.sources(select, scope, span)?;
        if select.having.is_some() || is_grouped(select) {
            return self.unsupported(span, "GROUP BY or HAVING over a JOIN is");
        }
        let alias = |at: usize| sources.get(at).map_or("", |joined: &Joined<'_>| joined.source.alias.as_str());
        let derived = |at: usize| sources.get(at).and_then(|joined: &Joined<'_>| joined.source.derived.as_ref());
        let first = Scope { joined: true, ..scope.inside(alias(0), derived(0)) };
        let second = Scope { joined: true, ..first.inside(alias(1), derived(1)) };
        let third = Scope { joined: true, ..second.inside(alias(2), derived(2)) };
        let scopes = [first, second, third];
        let inner = scopes.get(sources.len() - 1)?;
        // `user_id` is the same of all of them.
        if selected(select).is_none_or(|shown| self.owns_user_id(shown, inner).is_none()) {
            self.shown_columns(select, inner);
        }
        let untied = self.untied(select, of_user, &sources, inner, span)?;
        if !untied.is_tied {
            return self.cross_user(query, alias(0), scope);
        }
        let mut conditions: Vec<Conditions> = Vec::new();
        for (at, parts) in untied.on.into_iter().enumerate() {
            let on = self.all_conditions(&parts, scopes.get(at)?);
            // Which rows a derived table has is decided before they are joined.
            let rows = sources.get(at).map(|joined| joined.source.filter()).unwrap_or_default();
            conditions.push(Conditions { on: on.map(|on| [rows, on].concat()), kept: Some(Vec::new()) });
        }
        for part in untied.kept {
            // On the innermost of the rows that it names: there it has all of them in sight.
            let at = (0..sources.len()).rev().find(|at| self.mentions(part, alias(*at))).unwrap_or(0);
            let condition = self.condition(part, scopes.get(at)?);
            let kept = &mut conditions.get_mut(at)?.kept;
            *kept = kept.take().zip(condition).map(|(kept, condition)| [kept, vec![condition]].concat());
        }
        self.loops(&sources, conditions, span)
    }

    fn all_conditions(&mut self, parts: &[&ast::Expr], scope: &Scope<'_>) -> Option<Vec<Expr>> {
        let done: Vec<Option<Expr>> = parts.iter().map(|part| self.condition(part, scope)).collect();
        done.into_iter().collect()
    }

    /// Takes the conditions apart that only say that two rows are of one user.
    fn untied<'q>(
        &mut self,
        select: &'q Select,
        selected: Option<&ast::Expr>,
        sources: &[Joined<'q>],
        inner: &Scope<'_>,
        span: Span,
    ) -> Option<Untied<'q>> {
        let last = sources.len() - 1;
        let index = |owner| match owner {
            Owner::Outer(distance) if distance > last => sources.len(),
            Owner::Outer(distance) => last - distance,
            Owner::Here | Owner::Nobody => last,
        };
        let own = sources.iter().enumerate().filter(|(_, joined)| joined.source.same_user());
        let mut ties: Vec<(usize, usize)> = own.map(|(at, _)| (at, sources.len())).collect();
        let mut on = Vec::new();
        for (at, source) in sources.iter().enumerate() {
            let (same, others): (Vec<_>, Vec<_>) = source.on.iter().partition(|part| self.tie(part, inner).is_some());
            let same = same.into_iter().filter_map(|part| self.tie(part, inner));
            let same = same.map(|(left, right)| (index(left), index(right)));
            // The ON of a LEFT JOIN does not restrict the other rows.
            ties.extend(same.filter(|(left, right)| !source.optional || *left == at || *right == at));
            on.push(others);
        }
        let written = select.selection.iter().flat_map(|selection| operands(selection, &BinaryOperator::And));
        let (same, kept): (Vec<_>, Vec<_>) = written.partition(|part| self.tie(part, inner).is_some());
        let same = same.into_iter().filter_map(|part| self.tie(part, inner));
        let mut later: Vec<(usize, usize)> = same.map(|(left, right)| (index(left), index(right))).collect();
        if let Some(selected) = selected {
            match self.owns_user_id(selected, inner) {
                Some(owner) if index(owner) <= last => later.push((index(owner), sources.len())),
                _ => return self.unsupported(span, "IN a subquery of anything but `user_id` is"),
            }
        }
        if sources[last].optional && later.iter().any(|(left, right)| *left == last || *right == last) {
            return self.unsupported(span, "the `user_id` of a LEFT JOIN outside of its ON is");
        }
        ties.extend(later);
        Some(Untied { on, kept, is_tied: all_tied(&ties, sources.len()) })
    }

    fn sources<'q>(&mut self, select: &'q Select, scope: &Scope<'_>, span: Span) -> Option<Vec<Joined<'q>>> {
        // A derived table does not see what stands beside it, though those rows lie between.
        let unseen = Derived::default();
        let one_hidden = scope.inside("", Some(&unseen));
        let two_hidden = one_hidden.inside("", Some(&unseen));
        let around = [scope, &one_hidden, &two_hidden];
        let mut sources: Vec<Joined<'q>> = Vec::new();
        let tables = select.from.iter().flat_map(|from| {
            std::iter::once((&from.relation, None)).chain(from.joins.iter().map(|join| (&join.relation, Some(join))))
        });
        for (table, join) in tables {
            let Some(around) = around.get(sources.len()) else {
                return self.unsupported(span, &format!("a JOIN of more than {MAX_JOINED} tables is"));
            };
            let source = self.source(table, around, span)?;
            let (on, optional) = match join {
                Some(join) => self.joined(join, span)?,
                None => (Vec::new(), false),
            };
            sources.push(Joined { source, on, optional });
        }
        // What is optional must come last: what would follow it could hang on it.
        if sources.iter().rev().skip(1).any(|source| source.optional) {
            return self.unsupported(span, "a table joined after a LEFT JOIN is");
        }
        let twice = sources
            .iter()
            .enumerate()
            .any(|(at, one)| sources[..at].iter().any(|two| one.source.alias == two.source.alias));
        if twice {
            let message = "two of the joined tables have the same name";
            let problem = Diagnostic::error(Code::UnknownTable, span, message);
            return self.report(problem.with_hint("name them: `FROM events v JOIN events p ON p.user_id = v.user_id`"));
        }
        Some(sources)
    }

    /// Returns the conditions of a JOIN, and whether it is LEFT.
    fn joined<'q>(&mut self, join: &'q Join, span: Span) -> Option<(Vec<&'q ast::Expr>, bool)> {
        let (constraint, optional) = match &join.join_operator {
            JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) | JoinOperator::CrossJoin(constraint) => {
                (constraint, false)
            }
            JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => (constraint, true),
            _ => return self.unsupported(span, "any JOIN but INNER and LEFT is"),
        };
        let on = match constraint {
            JoinConstraint::On(on) => operands(on, &BinaryOperator::And),
            JoinConstraint::None => Vec::new(),
            JoinConstraint::Using(_) | JoinConstraint::Natural => return self.unsupported(span, "USING or NATURAL is"),
        };
        Some((on, optional))
    }

    /// `a.user_id = b.user_id`: whose they are.
    fn tie(&self, part: &ast::Expr, inner: &Scope<'_>) -> Option<(Owner, Owner)> {
        let ast::Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = unwrapped(part) else { return None };
        let qualified = |side| matches!(unwrapped(side), ast::Expr::CompoundIdentifier(_));
        if !qualified(left) || !qualified(right) {
            return None;
        }
        let pair = (self.owns_user_id(left, inner)?, self.owns_user_id(right, inner)?);
        (pair.0 != Owner::Nobody && pair.1 != Owner::Nobody).then_some(pair)
    }

    /// Whether a part names a column of that table.
    fn mentions(&self, part: &ast::Expr, alias: &str) -> bool {
        let span = self.tokens.span_of(part);
        let inside: Vec<_> = self.tokens.placed.iter().filter(|placed| span.start <= placed.span.start).collect();
        let inside = inside.iter().take_while(|placed| placed.span.end <= span.end);
        let tokens: Vec<&Token> = inside.map(|placed| &placed.token).collect();
        tokens.windows(2).any(|pair| match pair {
            [Token::Word(word), Token::Period] if word.quote_style.is_some() => word.value == alias,
            [Token::Word(word), Token::Period] => word.value.to_lowercase() == alias,
            _ => false,
        })
    }

    /// Puts the loops into each other, the last table innermost.
    fn loops(&mut self, sources: &[Joined<'_>], conditions: Vec<Conditions>, span: Span) -> Option<Expr> {
        let mut inner: Option<Expr> = None;
        for (source, Conditions { on, kept }) in sources.iter().zip(conditions).rev() {
            let (on, kept) = on.zip(kept)?;
            inner = Some(if source.optional {
                self.optional(on, kept, span)?
            } else {
                let all = on.into_iter().chain(kept).chain(inner).collect();
                self.aggregate(AggregateFunction::Exists, all, span)?
            });
        }
        inner
    }

    /// There is a row with `on` and `kept`; or none with `on`, and `kept` holds of its NULLs.
    fn optional(&mut self, on: Vec<Expr>, kept: Vec<Expr>, span: Span) -> Option<Expr> {
        let mut missing = Vec::new();
        for part in &kept {
            let alone = without_row(part, 0, computes(part));
            if possible(&alone) == Possible::TRUE {
                continue;
            }
            // There is no NULL of that type to write down.
            if computes(part) && names_payload(part) && possible(&alone).allows(Possible::TRUE) {
                return self
                    .unsupported(part.span, "computing with the payload of the optional side of a LEFT JOIN is");
            }
            missing.push(alone);
        }
        self.charge(missing.iter().chain(&on).map(Expr::node_count).sum(), span)?;
        let never = |parts: &[Expr]| parts.iter().any(|part| !possible(part).allows(Possible::TRUE));
        let (never_joined, never_alone) = (never(&kept), never(&missing));
        let joined = self.aggregate(AggregateFunction::Exists, on.iter().cloned().chain(kept).collect(), span)?;
        if never_alone {
            return Some(joined);
        }
        let any = self.aggregate(AggregateFunction::Exists, on, span)?;
        let none = self.not(any, span)?;
        let alone = Expr::and([none].into_iter().chain(missing).collect(), span);
        self.charge(2, span)?;
        if never_joined {
            return Some(alone);
        }
        Some(Expr::or(vec![joined, alone], span))
    }
}

fn is_grouped(select: &Select) -> bool {
    !matches!(&select.group_by, GroupByExpr::Expressions(by, modifiers) if by.is_empty() && modifiers.is_empty())
}

/// Whether every row is tied to the user: rows are numbered from 0, the one around all of them is the last.
fn all_tied(ties: &[(usize, usize)], around: usize) -> bool {
    let mut reached = vec![around];
    let mut at = 0;
    while let Some(next) = reached.get(at).copied() {
        for (left, right) in ties {
            let neighbour = if *left == next { *right } else { *left };
            if (*left == next || *right == next) && !reached.contains(&neighbour) {
                reached.push(neighbour);
            }
        }
        at += 1;
    }
    reached.len() == around + 1
}

/// Whether anything but a test is made of the row's columns.
fn computes(condition: &Expr) -> bool {
    let computed = matches!(
        condition.kind,
        ExprKind::Function { .. } | ExprKind::Case { .. } | ExprKind::Arithmetic { .. } | ExprKind::Negate(_)
    );
    computed && condition.reads_events() || condition.children().into_iter().any(computes)
}

fn names_payload(condition: &Expr) -> bool {
    let mut named = false;
    condition.walk(&mut |part| named |= part.kind == ExprKind::Column(Column::Payload));
    named
}

/// Returns the condition as it is of the row around, where the joined row is missing. A NULL that is
/// computed with keeps the type of its column.
fn without_row(condition: &Expr, inside: usize, typed: bool) -> Expr {
    let missing = |column: Column| {
        let sql_type = if typed { column.sql_type() } else { SqlType::Null };
        let null = Expr { kind: ExprKind::Literal(Value::Null), sql_type: SqlType::Null, span: condition.span };
        match null_type(sql_type) {
            Some(to) => Expr { kind: ExprKind::Cast { value: Box::new(null), to }, sql_type, span: condition.span },
            None => null,
        }
    };
    let kind = match &condition.kind {
        ExprKind::Column(Column::UserId) if inside > 0 => return condition.clone(),
        ExprKind::Column(column) if inside == 0 => return missing(*column),
        ExprKind::Outer { distance, column } if *distance == inside => return missing(*column),
        ExprKind::Outer { distance: 1, column } if inside == 0 => ExprKind::Column(*column),
        ExprKind::Outer { distance, column } if *distance > inside => {
            ExprKind::Outer { distance: distance - 1, column: *column }
        }
        ExprKind::Aggregate(aggregate) => {
            ExprKind::Aggregate(Box::new(map_aggregate(aggregate, &mut |part| without_row(part, inside + 1, typed))))
        }
        _ => return map_children(condition, &mut |part| without_row(part, inside, typed)),
    };
    Expr { kind, sql_type: condition.sql_type, span: condition.span }
}

const fn null_type(sql_type: SqlType) -> Option<CastType> {
    match sql_type {
        SqlType::Boolean => Some(CastType::Boolean),
        SqlType::Integer => Some(CastType::Integer { bits: 64 }),
        SqlType::Decimal { scale } => Some(CastType::Decimal { precision: 38, scale }),
        SqlType::Double => Some(CastType::Double),
        SqlType::Text => Some(CastType::Text),
        SqlType::Timestamp => Some(CastType::Timestamp),
        SqlType::Date => Some(CastType::Date),
        SqlType::Null | SqlType::Interval | SqlType::Variant => None,
    }
}
