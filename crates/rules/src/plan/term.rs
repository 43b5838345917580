//! A formula multiplied out: alternatives, each a conjunction.

use super::formula::Formula;
use super::spec::WindowSpec;
use crate::Expr;

/// The most alternatives of a clause that is multiplied out: each costs an `Exists` of its own.
pub(super) const MAX_TERMS: usize = 64;

/// One alternative: what a row must be, when it must have happened, and what the user must be.
#[derive(Clone, Default)]
pub(super) struct Term {
    pub(super) row: Vec<Expr>,
    pub(super) window: WindowSpec,
    pub(super) user: Vec<Expr>,
}

/// Why a formula cannot be multiplied out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Trouble {
    /// There are more than [`MAX_TERMS`].
    TooManyTerms,
    /// One edge of a window would be of two units.
    MixedUnits,
}

/// Returns the alternatives; none is never, one that asks for nothing is any row.
pub(super) fn terms(formula: Formula) -> Result<Vec<Term>, Trouble> {
    match formula {
        Formula::Row(expr) => Ok(vec![Term { row: vec![expr], ..Term::default() }]),
        Formula::User(expr) => Ok(vec![Term { user: vec![expr], ..Term::default() }]),
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

fn bounded(alternatives: &[Term]) -> Result<(), Trouble> {
    if alternatives.len() > MAX_TERMS { Err(Trouble::TooManyTerms) } else { Ok(()) }
}

fn multiplied(left: &[Term], right: &[Term]) -> Result<Vec<Term>, Trouble> {
    let pairs = left.iter().flat_map(|left| right.iter().map(move |right| left.joined(right)));
    pairs.filter(|term| !matches!(term, Ok(term) if term.window.is_empty())).collect()
}

impl Term {
    fn joined(&self, other: &Self) -> Result<Self, Trouble> {
        Ok(Self {
            row: [self.row.as_slice(), &other.row].concat(),
            window: self.window.intersected(other.window).ok_or(Trouble::MixedUnits)?,
            user: [self.user.as_slice(), &other.user].concat(),
        })
    }
}
