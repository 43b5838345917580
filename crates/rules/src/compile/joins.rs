//! Joins of `events` with itself, turned into subqueries inside of each other.
//!
//! Some pair of rows passes a condition exactly when for some row there is another one that passes it
//! with it. So `EXISTS (SELECT 1 FROM events v JOIN events p ON C WHERE W)` is an `Exists` over v whose
//! filter is an `Exists` over p, which looks at v as the row around it. With LEFT JOIN the row of p may
//! also be missing: `Exists over p of C AND W`, or no p with C, and W where every column of p is NULL.
//! Here is which tables there are, and that their rows are of one user; the loops are [`super::pairs`].

use sqlparser::ast::{
    self, BinaryOperator, GroupByExpr, Join, JoinConstraint, JoinOperator, Query, Select, SelectItem, TableFactor,
};
use sqlparser::tokenizer::Token;

use crate::compile::derived::{Derived, Source, selected_as};
use crate::compile::lower::{Lowering, operands, unwrapped};
use crate::compile::pairs::Pairs;
use crate::compile::scope::{Owner, Scope};
use crate::compile::ties::tied_to;
use crate::{Code, Diagnostic, Span};

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
    /// Which one it is as they are written.
    written: usize,
    /// The conditions of its ON, apart.
    on: Vec<&'q ast::Expr>,
    /// LEFT JOIN.
    optional: bool,
}

/// By what a SELECT over joined tables groups its rows.
struct GroupedBy {
    /// The table whose columns that names.
    first: usize,
    /// Whether it names columns of several, or of one whose row may be missing.
    whole: bool,
    /// The tables whose user it names.
    users: Vec<usize>,
}

/// What ON (by table) and WHERE say besides whose the rows are.
struct Untied<'q> {
    on: Vec<Vec<&'q ast::Expr>>,
    kept: Vec<&'q ast::Expr>,
    /// Whose rows are of one user: tables by their number, the row around all of them is the one after the last.
    ties: Vec<(usize, usize)>,
    /// The table in whose `user_id` the user is looked for: it says whose the row is that was found, not whose
    /// are in its group.
    looked_for: Option<usize>,
}

impl Lowering<'_> {
    /// Returns the rows of the joined tables; `of_user` is what `user_id` is looked for in. If they are `shown`
    /// as they are, ungrouped, what is selected must mean something.
    pub(super) fn pairs<'q>(
        &mut self,
        query: &Query,
        select: &'q Select,
        of_user: Option<&ast::Expr>,
        shown: bool,
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Pairs<'q>> {
        let sources = self.sources(select, scope, span)?;
        let alias = |at: usize| sources.get(at).map_or("", |joined: &Joined<'_>| joined.source.alias.as_str());
        let derived = |at: usize| sources.get(at).and_then(|joined: &Joined<'_>| joined.source.derived.as_ref());
        let first = Scope { joined: true, ..scope.inside(alias(0), derived(0)) };
        let second = Scope { joined: true, ..first.inside(alias(1), derived(1)) };
        let third = Scope { joined: true, ..second.inside(alias(2), derived(2)) };
        let inner = *[first, second, third].get(sources.len() - 1)?;
        // `user_id` is the same of all of them.
        if shown && selected(select).is_none_or(|shown| self.owns_user_id(shown, &inner).is_none()) {
            self.shown_columns(select, &inner);
        }
        if shown {
            self.shown_order(query, select, &inner)?;
        }
        let Untied { on, kept, ties, looked_for } = self.untied(select, of_user, &sources, &inner, span)?;
        let by = self.grouped_by(select, &sources, &inner, span)?;
        let around = sources.len();
        let same_user = untied_row(&ties, around).is_none();
        let of_group = by.users.first().copied();
        if let Some(at) = untied_in_group(&ties, of_group, looked_for, around).filter(|_| !same_user) {
            let place = if sources[at].optional { "ON" } else { "WHERE" };
            let hint = match of_group.or(looked_for).map(alias) {
                Some(other) => format!("add `{}.user_id = {other}.user_id` to its {place}", alias(at)),
                None => tied_to(alias(at), scope),
            };
            return self.cross_user_until(query, hint);
        }
        self.only_known_tables(&sources, &on)?;
        let (mut conditions, mut tables, mut of_optional) = (Vec::new(), Vec::new(), Vec::new());
        for (joined, on) in sources.into_iter().zip(on) {
            tables.push(joined.source);
            of_optional.push(if joined.optional {
                Some(on)
            } else {
                conditions.extend(on);
                None
            });
        }
        conditions.extend(kept);
        Some(Pairs { tables, on: of_optional, conditions, first: by.first, whole: by.whole, same_user })
    }

    /// Says by whose columns a SELECT groups.
    fn grouped_by(
        &mut self,
        select: &Select,
        sources: &[Joined<'_>],
        inner: &Scope<'_>,
        span: Span,
    ) -> Option<GroupedBy> {
        let GroupByExpr::Expressions(by, _) = &select.group_by else {
            return Some(GroupedBy { first: 0, whole: false, users: Vec::new() });
        };
        let last = sources.len() - 1;
        let mut users = Vec::new();
        let mut named = Vec::new();
        for part in by.iter().map(|part| selected_as(select, unwrapped(part), inner).unwrap_or(part)) {
            match self.owns_user_id(part, inner) {
                Some(owner @ (Owner::Here | Owner::Outer(_))) if place_of(owner, last).is_some() => {
                    let table = place_of(owner, last).unwrap_or(last);
                    if sources[table].optional {
                        return self.unsupported(span, "GROUP BY the `user_id` of the optional side of a LEFT JOIN is");
                    }
                    users.push(table);
                }
                _ => named.extend((0..=last).filter(|at| self.mentions(part, &sources[*at].source.alias))),
            }
        }
        named.sort_unstable();
        named.dedup();
        let whole = named.len() > 1 || named.iter().any(|at| sources[*at].optional);
        Some(GroupedBy { first: named.first().copied().unwrap_or(0), whole, users })
    }

    /// An ON sees the tables up to its own.
    fn only_known_tables(&mut self, sources: &[Joined<'_>], on: &[Vec<&ast::Expr>]) -> Option<()> {
        for (at, part) in on.iter().enumerate().flat_map(|(at, parts)| parts.iter().map(move |part| (at, part))) {
            let is_later = |joined: &&Joined<'_>| joined.written > sources[at].written;
            let mut later = sources.iter().filter(is_later);
            let later = later.find(|joined| self.mentions(part, &joined.source.alias));
            if let Some(later) = later {
                let message = format!("`{}` is joined after this condition", later.source.alias);
                return self.report(Diagnostic::error(Code::UnknownTable, self.tokens.span_of(part), message));
            }
        }
        Some(())
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
        let index = |owner| place_of(owner, last).unwrap_or(sources.len());
        let is_optional = |table: usize| sources.get(table).is_some_and(|joined| joined.optional);
        let mut outside = Vec::new();
        let own = sources.iter().enumerate().filter(|(_, joined)| joined.source.same_user());
        let mut ties: Vec<(usize, usize)> = own.map(|(at, _)| (at, sources.len())).collect();
        let mut on = Vec::new();
        for (at, source) in sources.iter().enumerate() {
            let (same, others): (Vec<_>, Vec<_>) = source.on.iter().partition(|part| self.tie(part, inner).is_some());
            let same = same.into_iter().filter_map(|part| self.tie(part, inner));
            let same: Vec<(usize, usize)> = same.map(|(left, right)| (index(left), index(right))).collect();
            outside.extend(same.iter().flat_map(|(left, right)| [*left, *right]).filter(|table| *table != at));
            // The ON of a LEFT JOIN does not restrict the other rows.
            ties.extend(same.into_iter().filter(|(left, right)| !source.optional || *left == at || *right == at));
            on.push(others);
        }
        let written = select.selection.iter().flat_map(|selection| operands(selection, &BinaryOperator::And));
        let (same, kept): (Vec<_>, Vec<_>) = written.partition(|part| self.tie(part, inner).is_some());
        let same = same.into_iter().filter_map(|part| self.tie(part, inner));
        let later: Vec<(usize, usize)> = same.map(|(left, right)| (index(left), index(right))).collect();
        let looked_for = match selected.map(|selected| self.owns_user_id(selected, inner)) {
            None => None,
            Some(Some(owner)) if index(owner) <= last => Some(index(owner)),
            Some(_) => return self.unsupported(span, "IN a subquery of anything but `user_id` is"),
        };
        outside.extend(later.iter().flat_map(|(left, right)| [*left, *right]).chain(looked_for));
        if outside.into_iter().any(is_optional) {
            return self.unsupported(span, "the `user_id` of a LEFT JOIN outside of its ON is");
        }
        ties.extend(later);
        Some(Untied { on, kept, ties, looked_for })
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
        let mut tables: Vec<(usize, (&'q TableFactor, Option<&'q Join>))> = tables.enumerate().collect();
        if tables.len() > MAX_JOINED {
            return self.unsupported(span, &format!("a JOIN of more than {MAX_JOINED} tables is"));
        }
        // Which row an optional table adds depends on those before it alone: what is joined after it, whatever its ON
        // says, can as well be there already, and be asked for in the end.
        tables.sort_by_key(|(_, (_, join))| join.is_some_and(is_left));
        for ((written, (table, join)), around) in tables.into_iter().zip(around) {
            let source = match self.user_table_named(table) {
                Some(table) => self.source_of_user(&table, join.is_some_and(is_left), select, span)?,
                None => self.source(table, around, span)?,
            };
            let (on, optional) = match join {
                Some(join) => self.joined(join, span)?,
                None => (Vec::new(), false),
            };
            sources.push(Joined { source, written, on, optional });
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
            JoinOperator::FullOuter(_) => return self.unsupported(span, "a FULL JOIN is"),
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
    pub(super) fn mentions(&self, part: &ast::Expr, alias: &str) -> bool {
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
}

/// Returns the table of a row, by its number; `None` for one around all of them.
fn place_of(owner: Owner, last: usize) -> Option<usize> {
    match owner {
        Owner::Outer(distance) => last.checked_sub(distance),
        Owner::Here | Owner::Nobody => Some(last),
    }
}

fn is_left(join: &Join) -> bool {
    matches!(join.join_operator, JoinOperator::Left(_) | JoinOperator::LeftOuter(_))
}

/// Returns whether a SELECT has GROUP BY.
pub(super) fn is_grouped(select: &Select) -> bool {
    !matches!(&select.group_by, GroupByExpr::Expressions(by, modifiers) if by.is_empty() && modifiers.is_empty())
}

/// Returns a row of a group that may be another user's than the one the group is of, or that was looked for. A
/// group is of one user only if its rows are tied to each other, not each by itself to something else.
fn untied_in_group(
    ties: &[(usize, usize)],
    grouped_by: Option<usize>,
    looked_for: Option<usize>,
    around: usize,
) -> Option<usize> {
    let ties = ties.iter().copied();
    let ties: Vec<(usize, usize)> = match grouped_by {
        Some(table) => ties.filter(|(left, right)| *left.max(right) < around).chain([(table, around)]).collect(),
        None => ties.chain(looked_for.map(|table| (table, around))).collect(),
    };
    untied_row(&ties, around)
}

/// Returns a row that is not tied to the user: rows are numbered from 0, the one around all of them is the last.
fn untied_row(ties: &[(usize, usize)], around: usize) -> Option<usize> {
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
    (0..around).find(|row| !reached.contains(row))
}
