//! A formula multiplied out: alternatives, each a conjunction.

use super::formula::Formula;
use super::spec::WindowSpec;
use crate::Expr;

/// The most alternatives of a clause that is multiplied out: each costs an `Exists` of its own.
const MAX_TERMS: usize = 64;

/// One alternative: what a row must be, when it must have happened, and what the user must be.
#[derive(Clone, Default)]
pub(super) struct Term {
    pub(super) row: Vec<Expr>,
    pub(super) window: WindowSpec,
    pub(super) user: Vec<Expr>,
    /// What a row must be besides, in a way that only an interpretation can tell.
    pub(super) mixed: Vec<Expr>,
}

/// A formula cannot be multiplied out: there would be more than [`MAX_TERMS`] terms, or one edge of a
/// window would be of two units.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct DoesNotComeApart;

/// Returns the alternatives; none is never, one that asks for nothing is any row.
pub(super) fn terms(formula: Formula) -> Result<Vec<Term>, DoesNotComeApart> {
    match formula {
        Formula::Row(expr) => Ok(vec![Term { row: vec![expr], ..Term::default() }]),
        Formula::User(expr) => Ok(vec![Term { user: vec![expr], ..Term::default() }]),
        Formula::Mixed(expr) => Ok(vec![Term { mixed: vec![expr], ..Term::default() }]),
        Formula::Window(window) => Ok(vec![Term { window, ..Term::default() }]),
        Formula::Any(parts) => {
            let mut alternatives = Vec::new();
            for part in parts {
                alternatives.extend(terms(part)?);
                bounded(&alternatives)?;
            }
            Ok(alternatives)
        }
        Formula::All(parts) => {
            let mut product = vec![Term::default()];
            for part in parts {
                product = multiplied(&product, &terms(part)?)?;
                bounded(&product)?;
            }
            Ok(product)
        }
    }
}

fn bounded(alternatives: &[Term]) -> Result<(), DoesNotComeApart> {
    if alternatives.len() > MAX_TERMS { Err(DoesNotComeApart) } else { Ok(()) }
}

fn multiplied(left: &[Term], right: &[Term]) -> Result<Vec<Term>, DoesNotComeApart> {
    let pairs = left.iter().flat_map(|left| right.iter().map(move |right| left.joined(right)));
    pairs.filter(|term| !matches!(term, Ok(term) if term.window.is_empty())).collect()
}

impl Term {
    fn joined(&self, other: &Self) -> Result<Self, DoesNotComeApart> {
        Ok(Self {
            row: [self.row.as_slice(), &other.row].concat(),
            window: self.window.intersected(other.window).ok_or(DoesNotComeApart)?,
            user: [self.user.as_slice(), &other.user].concat(),
            mixed: [self.mixed.as_slice(), &other.mixed].concat(),
        })
    }
}
