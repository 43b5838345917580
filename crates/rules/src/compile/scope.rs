//! Which rows a name can mean, and what may stand at a place.

use sqlparser::ast::Ident;

use crate::Expr;

/// The rows in sight: the innermost row first, then those of the queries around it.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    /// The name that qualifies columns of the innermost row.
    pub(super) alias: &'s str,
    /// What the query around it sees.
    pub(super) outer: Option<&'s Scope<'s>>,
    /// What may stand here.
    pub(super) place: Place<'s>,
    /// Whether there are other rows beside it, so that a name without a table could be of either.
    pub(super) joined: bool,
}

/// What may stand at a place of the clause.
#[derive(Clone, Copy)]
pub(super) enum Place<'s> {
    /// The clause itself: columns of the row, aggregates over all events of the user.
    Clause,
    /// An aggregate's filter, or a subquery's WHERE: columns of that row and of the one around it.
    Aggregated,
    /// An aggregate's argument: likewise, but no subquery.
    Argument,
    /// HAVING: aggregates over the events that pass `filter`, and no column but `user_id`.
    Group {
        /// The conditions of the subquery's WHERE.
        filter: &'s [Expr],
    },
    /// What a scalar subquery selects: likewise, and one row only as long as it is aggregated.
    Selected {
        /// The conditions of the subquery's WHERE.
        filter: &'s [Expr],
    },
}

/// Whose column a qualifier names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Owner {
    /// The innermost row.
    Here,
    /// A row so many rows further out; 0 is what the expression's own row is once it is lowered.
    Outer(usize),
    /// Nobody's.
    Nobody,
}

impl<'s> Scope<'s> {
    /// The clause over a row of `events`.
    pub(super) const CLAUSE: Scope<'static> =
        Scope { alias: "events", outer: None, place: Place::Clause, joined: false };

    /// Returns the same rows at another place.
    pub(super) fn at(self, place: Place<'s>) -> Self {
        Self { place, ..self }
    }

    /// Returns whose column `qualifier.column` (or a bare `column`) is, by SQL's rule: the innermost.
    pub(super) fn owner(&self, qualifier: Option<&str>) -> Owner {
        let Some(qualifier) = qualifier else { return Owner::Here };
        if self.alias == qualifier {
            return Owner::Here;
        }
        let own_row = usize::from(self.has_row());
        match self.outer.map(|outer| outer.owner(Some(qualifier))) {
            Some(Owner::Here) => Owner::Outer(own_row),
            Some(Owner::Outer(distance)) => Owner::Outer(own_row + distance),
            _ => Owner::Nobody,
        }
    }

    /// A condition on a group is one on the row around it, in the normal form.
    const fn has_row(&self) -> bool {
        !matches!(self.place, Place::Group { .. } | Place::Selected { .. })
    }

    /// Returns every alias in sight.
    pub(super) fn aliases(&self) -> Vec<&'s str> {
        let outer = self.outer.map(Scope::aliases).unwrap_or_default();
        [self.alias].into_iter().chain(outer).collect()
    }
}

/// Returns a name as SQL compares it: without quotes it is in lower case.
pub(super) fn folded(ident: &Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
}
