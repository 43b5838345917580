//! The rows of a JOIN: whether there are any, and aggregates over them.
//!
//! They are gone through in loops inside of each other, one for each table: some row of the first for which
//! there is some row of the second. What is summed over pairs is the sum, over the rows of one table, of the
//! sums over those of the other that go with each; likewise counts, the least, the greatest, the first and the
//! last; values that are counted once each are [`super::distinct_pairs`].
//!
//! A group stands for a row of the one table by whose columns it is grouped, as without a join.

use std::cell::Cell;

use sqlparser::ast;

use crate::compile::aggregates::{Call, Kind};
use crate::compile::derived::Source;
use crate::compile::functions::{Argument, is_distinct};
use crate::compile::grouping::Groups;
use crate::compile::lower::{Lowering, unwrapped};
use crate::compile::missing::{computes, names_payload, without_row};
use crate::compile::possible::{Possible, is_always_null, possible};
use crate::compile::scope::{Place, Scope, named};
use crate::plan::argument_of;
use crate::rule::{ArithmeticOp, ScalarFunction};
use crate::{AggregateFunction, CastType, Expr, ExprKind, Span, SqlType, Value};

/// Digits that integers are added up with, so that a sum on the way has room.
const WHOLE: CastType = CastType::Decimal { precision: 38, scale: 0 };

/// What a query is made over: a row of each table, together.
pub(super) struct Pairs<'q> {
    /// As they are written.
    pub(super) tables: Vec<Source>,
    /// Of each table whose row may be missing, LEFT JOIN, the conditions of its ON.
    pub(super) on: Vec<Option<Vec<&'q ast::Expr>>>,
    /// Every other condition.
    pub(super) conditions: Vec<&'q ast::Expr>,
    /// The table whose rows stand for the groups.
    pub(super) first: usize,
    /// Whether a group is stood for by a row of every table together instead, as it is by columns of several of
    /// them, or of one whose row may be missing.
    pub(super) whole: bool,
    /// Whether all rows are of the user of the query around.
    pub(super) same_user: bool,
}

impl Pairs<'_> {
    pub(super) fn alias(&self, table: usize) -> &str {
        &self.tables[table].alias
    }

    /// Returns whether the row of a table may be missing.
    pub(super) fn is_optional(&self, table: usize) -> bool {
        self.on.get(table).is_some_and(Option::is_some)
    }

    /// Returns the rows that stand for the groups.
    pub(super) fn group_rows<'s>(&'s self, scope: &'s Scope<'s>) -> Scope<'s> {
        let table = if self.whole { self.tables.len() - 1 } else { self.first };
        Scope { pairs: Some(self), ..self.rows(table, 0, scope) }
    }

    /// Returns how many rows stand for a group.
    pub(super) fn rows_of_group(&self) -> usize {
        if self.whole { self.tables.len() } else { 1 }
    }

    /// Returns the row of another table beside one that stands for a group with it.
    pub(super) fn row_of<'s>(&'s self, table: usize, beside: Scope<'s>) -> Scope<'s> {
        let source = &self.tables[table];
        Scope { alias: &source.alias, derived: source.derived.as_ref(), ..beside }
    }

    fn rows<'s>(&'s self, table: usize, between: usize, around: &'s Scope<'s>) -> Scope<'s> {
        let source = &self.tables[table];
        Scope { joined: true, between, ..around.inside(&source.alias, source.derived.as_ref()) }
    }

    /// Returns whether a name is one of the tables', but not of the one that stands for the groups.
    pub(super) fn has_beside(&self, qualifier: &str) -> bool {
        (0..self.tables.len()).any(|table| (self.whole || table != self.first) && self.alias(table) == qualifier)
    }

    /// Returns whether a column is the `user_id` of a row that is never missing.
    pub(super) fn shares_user(&self, qualifier: &str, name: &str) -> bool {
        let mut tables = self.tables.iter().enumerate();
        tables.any(|(at, source)| !self.is_optional(at) && source.alias == qualifier && source.is_user(name))
    }

    /// Returns whether a column is a `user_id`, also that of a row that may be missing.
    pub(super) fn is_user(&self, qualifier: &str, name: &str) -> bool {
        self.tables.iter().any(|source| source.alias == qualifier && source.is_user(name))
    }
}

/// One way through the rows of a join.
#[derive(Clone)]
pub(super) struct Loops<'a> {
    pub(super) pairs: &'a Pairs<'a>,
    /// The tables, the outermost loop first.
    pub(super) order: Vec<usize>,
    /// The table whose row is there, though it may be missing by itself.
    required: Option<usize>,
    /// What the rows must be, besides the ON of what may be missing.
    conditions: Vec<&'a ast::Expr>,
    /// The groups, the row of one of which stands around the outermost.
    groups: Option<&'a Groups<'a>>,
    /// Rows without a name around the outermost.
    between: usize,
    /// Rows that lie between the outermost and those that stand for the group.
    beyond: usize,
    /// What the innermost row must be besides.
    also: Vec<Expr>,
    pub(super) span: Span,
}

impl<'a> Loops<'a> {
    fn new(pairs: &'a Pairs<'a>, span: Span) -> Self {
        let (order, conditions) = ((0..pairs.tables.len()).collect(), pairs.conditions.clone());
        let (required, groups, also) = (None, None, Vec::new());
        Self { pairs, order, required, conditions, groups, between: 0, beyond: 0, also, span }
    }

    /// Makes the outermost loop one over that table. If its row may be missing, only where it is not.
    pub(super) fn beginning_with(self, table: usize) -> Self {
        let others = (0..self.order.len()).filter(|other| *other != table);
        let order = std::iter::once(table).chain(others).collect();
        let on = self.pairs.on.get(table).and_then(Option::as_deref).unwrap_or_default();
        let conditions = on.iter().copied().chain(self.conditions).collect();
        Self { order, required: Some(table), conditions, ..self }
    }

    /// Returns the same way inside of itself, so many rows further in.
    pub(super) fn inside(self, rows: usize, also: Vec<Expr>) -> Self {
        Self { between: 0, beyond: self.beyond + rows, also, ..self }
    }

    /// Returns the conditions of the ON of a loop whose row may be missing.
    fn on(&self, at: usize) -> Option<&'a [&'a ast::Expr]> {
        let table = self.order[at];
        if self.required == Some(table) { None } else { self.pairs.on.get(table)?.as_deref() }
    }

    pub(super) fn rows<'s>(&'s self, at: usize, around: &'s Scope<'s>) -> Scope<'s> {
        self.pairs.rows(self.order[at], if at == 0 { self.between } else { 0 }, around)
    }

    fn is_last(&self, at: usize) -> bool {
        at + 1 == self.order.len()
    }
}

/// The conditions on the row of a loop: of its ON, if it may be missing, and all others.
struct AtRow {
    on: Vec<Expr>,
    kept: Vec<Expr>,
}

/// What is folded for each row of a loop, and for the rows around of what that gives.
struct Folding<'f> {
    innermost: &'f dyn Fn(&mut Lowering<'_>, &Scope<'_>) -> Option<AggregateFunction>,
    around: fn(Expr) -> AggregateFunction,
}

impl Lowering<'_> {
    /// Whether there are such rows at all.
    pub(super) fn some_pair(&mut self, pairs: &Pairs<'_>, scope: &Scope<'_>, span: Span) -> Option<Expr> {
        self.some_rows(&Loops::new(pairs, span), 0, scope)
    }

    /// Whether there is a group of them that holds all conditions, which are over the rows that stand for it.
    pub(super) fn some_group(
        &mut self,
        pairs: &Pairs<'_>,
        conditions: Vec<Expr>,
        inner: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        self.some_rows(&Loops { also: conditions, ..Loops::new(pairs, span) }, 0, inner.outer?)
    }

    /// Returns the conditions of a row of the first table that others go with.
    pub(super) fn first_of_pairs(&mut self, pairs: &Pairs<'_>, inner: &Scope<'_>, span: Span) -> Option<Vec<Expr>> {
        let loops = Loops::new(pairs, span).beginning_with(pairs.first);
        self.with_others(&loops, inner.outer?)
    }

    /// Returns the conditions of a row of the outermost loop that others go with.
    pub(super) fn with_others(&mut self, loops: &Loops<'_>, around: &Scope<'_>) -> Option<Vec<Expr>> {
        let inner = loops.rows(0, around);
        let own = self.at_row(loops, 0, &inner);
        let others = self.some_rows(loops, 1, &inner)?;
        Some(own?.kept.into_iter().chain([others]).collect())
    }

    pub(super) fn some_rows(&mut self, loops: &Loops<'_>, at: usize, around: &Scope<'_>) -> Option<Expr> {
        let inner = loops.rows(at, around);
        let own = self.at_row(loops, at, &inner);
        let others = if loops.is_last(at) { None } else { Some(self.some_rows(loops, at + 1, &inner)?) };
        let AtRow { on, mut kept } = own?;
        kept.extend(others);
        match loops.on(at) {
            Some(_) => self.optional(on, kept, loops.span),
            None => self.aggregate(AggregateFunction::Exists, kept, loops.span),
        }
    }

    /// Returns what is asked of the row of a loop: what names no row further in.
    fn at_row(&mut self, loops: &Loops<'_>, at: usize, inner: &Scope<'_>) -> Option<AtRow> {
        let table = loops.order[at];
        let derived = loops.pairs.tables[table].derived.as_ref();
        let moved = loops.between > 0 || !loops.order.is_sorted();
        if moved && derived.is_some_and(|derived| derived.looks_around()) {
            return self
                .unsupported(loops.span, "a derived table that names the row around it, in groups of a JOIN, is");
        }
        let rows = loops.pairs.tables[table].filter();
        self.charge(rows.iter().map(Expr::node_count).sum(), loops.span)?;
        let alike = self.in_group(loops, at, inner);
        let own: Vec<&ast::Expr> =
            loops.conditions.iter().copied().filter(|part| self.innermost(part, loops) == at).collect();
        let optional = loops.on(at);
        let on = self.all_conditions(optional.unwrap_or_default(), inner);
        let kept = self.all_conditions(&own, inner);
        let (alike, on, mut kept) = (alike?, on?, kept?);
        kept.extend(loops.also.iter().filter(|_| loops.is_last(at)).cloned());
        // Which rows a derived table has is decided before they are joined.
        Some(if optional.is_some() {
            AtRow { on: [rows, on].concat(), kept: [alike, kept].concat() }
        } else {
            AtRow { on, kept: [rows, alike, kept].concat() }
        })
    }

    fn all_conditions(&mut self, parts: &[&ast::Expr], scope: &Scope<'_>) -> Option<Vec<Expr>> {
        let done: Vec<Option<Expr>> = parts.iter().map(|part| self.condition(part, scope)).collect();
        done.into_iter().collect()
    }

    /// Returns the innermost loop whose row a condition names: there it has all of them in sight.
    fn innermost(&self, part: &ast::Expr, loops: &Loops<'_>) -> usize {
        (0..loops.order.len()).rev().find(|at| self.mentions(part, loops.pairs.alias(loops.order[*at]))).unwrap_or(0)
    }

    /// The conditions that the rows are of the group of the row around them.
    fn in_group(&mut self, loops: &Loops<'_>, at: usize, inner: &Scope<'_>) -> Option<Vec<Expr>> {
        let mut alike = Vec::new();
        for (written, key) in loops.groups.iter().flat_map(|groups| groups.keys()) {
            let is_here = match loops.pairs.whole {
                true => self.innermost(written, loops) == at,
                false => loops.order[at] == loops.pairs.first,
            };
            if !is_here {
                continue;
            }
            let own = self.expression(written, inner)?;
            self.charge(key.node_count(), loops.span)?;
            let kind = ExprKind::IsNotDistinct(Box::new(own), Box::new(key.raised(at + 1 + loops.beyond)));
            alike.push(self.node(kind, SqlType::Boolean, loops.span)?);
        }
        Some(alike)
    }

    /// There is a row with `on` and `kept`; or none with `on`, and `kept` holds of its NULLs.
    fn optional(&mut self, on: Vec<Expr>, kept: Vec<Expr>, span: Span) -> Option<Expr> {
        let missing = self.of_missing(&kept)?;
        self.charge(missing.iter().chain(&on).map(Expr::node_count).sum(), span)?;
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

    /// Returns what conditions are of the row around where the row is missing, but those that are TRUE then.
    fn of_missing(&mut self, kept: &[Expr]) -> Option<Vec<Expr>> {
        let mut missing = Vec::new();
        for part in kept {
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
        Some(missing)
    }

    /// An aggregate over joined rows; an error is what arguments it wants.
    pub(super) fn aggregate_of_pairs(
        &mut self,
        call: &Call<'_>,
        pairs: &Pairs<'_>,
        filters: Vec<&ast::Expr>,
        scope: &Scope<'_>,
    ) -> Result<Option<Expr>, &'static str> {
        let Some(around) = scope.outer else { return Ok(None) };
        let groups = if let Place::Grouped(groups) = scope.place { Some(groups) } else { None };
        let mut loops = Loops::new(pairs, call.span);
        loops.conditions.extend(filters);
        loops.between = scope.between + if groups.is_some() { scope.rows() } else { 0 };
        loops.groups = groups;
        let distinct = is_distinct(call.function);
        match (call.kind, call.arguments) {
            (Kind::Count | Kind::Sum | Kind::Avg, [Argument::Value(value)]) if distinct => {
                match self.only_table_of(value, pairs) {
                    Some(table) => self.distinct_of_table(call, value, table, &loops, around),
                    None => self.distinct_of_pairs(call, value, &loops, around),
                }
            }
            (Kind::Funnel, _) => Ok(self.unsupported(call.span, "a funnel over a JOIN is")),
            (Kind::Last | Kind::First, [Argument::Value(value), Argument::Value(order)]) => {
                Ok(self.at_an_end_of_pairs(call.kind, value, order, loops, around))
            }
            _ => self.folded_or_divided(call, &loops, around, None),
        }
    }

    pub(super) fn folded_or_divided(
        &mut self,
        call: &Call<'_>,
        loops: &Loops<'_>,
        around: &Scope<'_>,
        once: Option<&ast::Expr>,
    ) -> Result<Option<Expr>, &'static str> {
        if call.kind != Kind::Avg || call.arguments.len() != 1 {
            return self.folded_pairs(*call, loops, around, once);
        }
        let sum = self.folded_pairs(Call { kind: Kind::Sum, ..*call }, loops, around, once)?;
        let count = self.folded_pairs(Call { kind: Kind::Count, ..*call }, loops, around, once)?;
        Ok(sum.zip(count).and_then(|(sum, count)| self.divided(sum, count, call.span)))
    }

    fn divided(&mut self, sum: Expr, count: Expr, span: Span) -> Option<Expr> {
        let sql_type = super::typing::average(sum.sql_type);
        let kind = ExprKind::Arithmetic { op: ArithmeticOp::Divide, left: Box::new(sum), right: Box::new(count) };
        self.node(kind, sql_type, span)
    }

    /// A count, a sum, the least or the greatest; of each value `once` only, if that is given.
    fn folded_pairs(
        &mut self,
        call: Call<'_>,
        loops: &Loops<'_>,
        around: &Scope<'_>,
        once: Option<&ast::Expr>,
    ) -> Result<Option<Expr>, &'static str> {
        let Call { kind, function, arguments, span } = call;
        // What arguments it wants is the same wherever it stands.
        let (wanted, whole) = (Cell::new(None), Cell::new(false));
        let innermost = |lowering: &mut Lowering<'_>, inner: &Scope<'_>| {
            let computed = lowering.computed(kind, function, arguments, inner, span);
            let computed = computed.unwrap_or_else(|error| {
                wanted.set(Some(error));
                None
            })?;
            let computed = match once {
                Some(value) => lowering.of_first_pairs(computed, value, loops, inner)?,
                None => computed,
            };
            match computed {
                AggregateFunction::Sum(value) if value.sql_type == SqlType::Integer => {
                    whole.set(true);
                    lowering.cast_to(value, WHOLE, span).map(AggregateFunction::Sum)
                }
                other => Some(other),
            }
        };
        let outer = match kind {
            Kind::Min => AggregateFunction::Min,
            Kind::Max => AggregateFunction::Max,
            _ => AggregateFunction::Sum,
        };
        let folded = self.folded_rows(loops, 0, around, &Folding { innermost: &innermost, around: outer });
        if let Some(wanted) = wanted.get() {
            return Err(wanted);
        }
        Ok(folded.and_then(|folded| match kind {
            Kind::Count => self.or_zero(folded, span),
            _ if whole.get() => self.cast_to(folded, CastType::Integer { bits: 64 }, span),
            _ => Some(folded),
        }))
    }

    /// Over no rows at all a count is 0.
    fn or_zero(&mut self, count: Expr, span: Span) -> Option<Expr> {
        let zero = self.node(ExprKind::Literal(Value::Integer(0)), SqlType::Integer, span)?;
        let kind = ExprKind::Function { function: ScalarFunction::Coalesce, arguments: vec![count, zero] };
        self.node(kind, SqlType::Integer, span)
    }

    fn folded_rows(&mut self, loops: &Loops<'_>, at: usize, around: &Scope<'_>, folding: &Folding<'_>) -> Option<Expr> {
        let inner = loops.rows(at, around);
        let own = self.at_row(loops, at, &inner);
        let function = match loops.is_last(at) {
            true => (folding.innermost)(self, &inner)?,
            false => (folding.around)(self.folded_rows(loops, at + 1, &inner, folding)?),
        };
        let AtRow { on, kept } = own?;
        match loops.on(at) {
            Some(_) => self.folded_optional(function, on, kept, loops.span),
            None => self.aggregate(function, kept, loops.span),
        }
    }

    /// Of the rows with `on` and `kept`; where there is none with `on`, of the one row of NULLs.
    fn folded_optional(
        &mut self,
        function: AggregateFunction,
        on: Vec<Expr>,
        kept: Vec<Expr>,
        span: Span,
    ) -> Option<Expr> {
        let missing = self.of_missing(&kept)?;
        let of_nulls = self.of_nulls(&function, span)?;
        self.charge(missing.iter().chain(&on).map(Expr::node_count).sum(), span)?;
        let never_joined = never(&kept);
        let joined = self.aggregate(function, on.iter().cloned().chain(kept).collect(), span)?;
        let Some(of_nulls) = of_nulls.filter(|_| !never(&missing)) else { return Some(joined) };
        let sql_type = joined.sql_type;
        let any = self.aggregate(AggregateFunction::Exists, on, span)?;
        let (branches, otherwise) = if never_joined {
            let none = self.not(any, span)?;
            (vec![(Expr::and([none].into_iter().chain(missing).collect(), span), of_nulls)], None)
        } else if missing.is_empty() {
            (vec![(any, joined)], Some(Box::new(of_nulls)))
        } else {
            (vec![(any, joined), (Expr::and(missing, span), of_nulls)], None)
        };
        self.node(ExprKind::Case { branches, otherwise }, sql_type, span)
    }

    /// Returns what a function adds for a row that is missing, beside the rows around; `None` for nothing.
    fn of_nulls(&mut self, function: &AggregateFunction, span: Span) -> Option<Option<Expr>> {
        let one = || Expr { kind: ExprKind::Literal(Value::Integer(1)), sql_type: SqlType::Integer, span };
        let Some(argument) = argument_of(function) else { return Some(Some(one())) };
        let alone = without_row(argument, 0, computes(argument));
        if is_always_null(&alone) {
            return Some(None);
        }
        if computes(argument) && names_payload(argument) {
            return self.unsupported(span, "computing with the payload of the optional side of a LEFT JOIN is");
        }
        self.charge(alone.node_count(), span)?;
        if !matches!(function, AggregateFunction::Count(_)) {
            return Some(Some(alone));
        }
        let null = self.node(ExprKind::IsNull(Box::new(alone)), SqlType::Boolean, span)?;
        let known = self.not(null, span)?;
        let kind = ExprKind::Case { branches: vec![(known, one())], otherwise: None };
        Some(Some(self.node(kind, SqlType::Integer, span)?))
    }

    /// `arg_max(x, v.created_at)`: the rows of v are gone through first.
    fn at_an_end_of_pairs(
        &mut self,
        kind: Kind,
        value: &ast::Expr,
        order: &ast::Expr,
        loops: Loops<'_>,
        around: &Scope<'_>,
    ) -> Option<Expr> {
        let first = match unwrapped(order) {
            ast::Expr::Tuple(parts) => parts.first().unwrap_or(order),
            single => single,
        };
        let alias = named(unwrapped(first)).and_then(|(alias, _)| alias).unwrap_or_default();
        let table =
            (0..loops.order.len()).find(|table| loops.pairs.alias(*table) == alias).unwrap_or(loops.pairs.first);
        if loops.pairs.is_optional(table) {
            return self.unsupported(loops.span, "an order by the optional side of a LEFT JOIN is");
        }
        let loops = loops.beginning_with(table);
        self.ordered_by_time(order, &loops.rows(0, around))?;
        let end = if kind == Kind::Last { AggregateFunction::Last } else { AggregateFunction::First };
        let innermost = |lowering: &mut Lowering<'_>, inner: &Scope<'_>| lowering.expression(value, inner).map(end);
        self.folded_rows(&loops, 0, around, &Folding { innermost: &innermost, around: end })
    }
}

/// Whether conditions can never all be TRUE.
fn never(conditions: &[Expr]) -> bool {
    conditions.iter().any(|condition| !possible(condition).allows(Possible::TRUE))
}
