//! Which rows a name can mean, and what may stand at a place.

use std::cell::Cell;

use sqlparser::ast::{self, Ident};

use crate::compile::derived::Derived;
use crate::compile::grouping::Groups;
use crate::compile::pairs::Pairs;
use crate::{Column, Expr};

/// The rows in sight: the innermost row first, then those of the queries around it.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    /// The name that qualifies columns of the innermost row.
    pub(super) alias: &'s str,
    /// What it has for columns; `None` is those of `events`.
    pub(super) derived: Option<&'s Derived>,
    /// What the query around it sees.
    pub(super) outer: Option<&'s Scope<'s>>,
    /// What may stand here.
    pub(super) place: Place<'s>,
    /// Whether there are other rows beside it, so that a name without a table could be of either.
    pub(super) joined: bool,
    /// Rows without a name between it and the query around.
    pub(super) between: usize,
    /// What the groups of a join are made of, that this row stands for, or the last of several that do.
    pub(super) pairs: Option<&'s Pairs<'s>>,
    /// Of several rows that stand for a group, how many there are behind this one.
    pub(super) behind: usize,
}

/// What may stand at a place of the clause.
#[derive(Clone, Copy)]
pub(super) enum Place<'s> {
    /// The clause itself: columns of the row, aggregates over all events of the user.
    Clause,
    /// An aggregate's filter, or a subquery's WHERE: columns of that row and of the one around it.
    Aggregated,
    /// WHERE and SELECT of a subquery over `users` or `segment_members`: what is known of the user.
    User,
    /// What a derived table selects of each row: likewise, and its number among the rows.
    Numbered {
        /// Which rows there are.
        filter: &'s [Expr],
        /// Whether they all belong to one user.
        of_one_user: bool,
    },
    /// HAVING of the user's one group: aggregates over the events that pass `filter`, and no column but `user_id`.
    Group {
        /// The conditions of the subquery's WHERE.
        filter: &'s [Expr],
    },
    /// HAVING or SELECT of several groups: what they have in common, and aggregates over one of them.
    Grouped(&'s Groups<'s>),
    /// What a scalar subquery selects: likewise, and one row only as long as it is aggregated.
    Selected {
        /// The conditions of the subquery's WHERE.
        filter: &'s [Expr],
        /// Whether anything was.
        aggregated: &'s Cell<bool>,
    },
}

/// Whose column a name is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Owner {
    /// The innermost row's.
    Here,
    /// That of a row so many rows further out; 0 is what the expression's own row is once it is lowered.
    Outer(usize),
    /// Nobody's.
    Nobody,
}

impl<'s> Scope<'s> {
    /// The clause over a row of `events`.
    pub(super) const CLAUSE: Scope<'static> = Scope {
        alias: "events",
        derived: None,
        outer: None,
        place: Place::Clause,
        joined: false,
        between: 0,
        pairs: None,
        behind: 0,
    };

    /// Returns the rows of a subquery, inside of these.
    pub(super) fn inside(&'s self, alias: &'s str, derived: Option<&'s Derived>) -> Self {
        Scope { alias, derived, outer: Some(self), place: Place::Aggregated, ..Self::CLAUSE }
    }

    /// Returns the same rows at another place.
    pub(super) fn at(self, place: Place<'s>) -> Self {
        Self { place, ..self }
    }

    /// Returns whose column `qualifier.name` (or a bare `name`) is, by SQL's rule: the innermost. With the
    /// scope whose row it is.
    pub(super) fn find(&self, qualifier: Option<&str>, name: &str) -> Option<(Owner, Self)> {
        let is_here = match qualifier {
            Some(qualifier) => self.alias == qualifier,
            None => self.outer.is_none() || self.derived.is_none_or(|derived| derived.has(name)),
        };
        if is_here {
            return Some((Owner::Here, *self));
        }
        if let Some((pairs, at)) = qualifier.and_then(|qualifier| self.beside(qualifier)) {
            let behind = pairs.tables.len() - 1 - at;
            return Some((Owner::Outer(behind), Self { behind, ..pairs.row_of(at, *self) }));
        }
        let own_rows = if self.has_row() { self.rows() } else { 0 } + self.between;
        let (owner, scope) = self.outer?.find(qualifier, name)?;
        let further = if let Owner::Outer(distance) = owner { distance } else { 0 };
        Some((Owner::Outer(own_rows + further), scope))
    }

    /// Returns how many rows it is of: that one, or all of those that stand for a group.
    pub(super) fn rows(&self) -> usize {
        self.pairs.map_or(1, Pairs::rows_of_group)
    }

    /// Returns another one of the tables whose rows together stand for a group, and its number.
    fn beside(&self, qualifier: &str) -> Option<(&'s Pairs<'s>, usize)> {
        let pairs = self.pairs.filter(|pairs| pairs.whole)?;
        pairs.tables.iter().position(|source| source.alias == qualifier).map(|at| (pairs, at))
    }

    /// Returns whether a bare name is a column of its rows; of joined ones it could be of any.
    pub(super) fn has(&self, name: &str) -> bool {
        let is_column = |derived: &Derived| derived.has(name);
        !self.joined && self.derived.map_or_else(|| Column::ALL.iter().any(|own| own.as_str() == name), is_column)
    }

    /// Returns whether a column of its row is `user_id`.
    pub(super) fn is_user(&self, name: &str) -> bool {
        self.derived.map_or(name == Column::UserId.as_str(), |derived| derived.is_user(name))
    }

    /// A condition on the user's one group is one on the row around it, in the normal form.
    const fn has_row(&self) -> bool {
        !matches!(self.place, Place::Group { .. } | Place::Selected { .. } | Place::User)
    }

    /// Returns every alias in sight.
    pub(super) fn aliases(&self) -> Vec<&'s str> {
        let outer = self.outer.map(Scope::aliases).unwrap_or_default();
        [self.alias].into_iter().filter(|alias| !alias.is_empty()).chain(outer).collect()
    }
}

/// Returns a name as SQL compares it: without quotes it is in lower case.
pub(super) fn folded(ident: &Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
}

/// Returns the qualifier and the name of a column.
pub(super) fn named(parsed: &ast::Expr) -> Option<(Option<String>, String)> {
    match parsed {
        ast::Expr::Identifier(name) => Some((None, folded(name))),
        ast::Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [alias, name] => Some((Some(folded(alias)), folded(name))),
            _ => None,
        },
        _ => None,
    }
}
