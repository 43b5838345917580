//! A clause as the tree of texts that it was put together from, so that it can be taken apart again.

/// What kind of value a piece of a clause has: only its own kind can stand in its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sort {
    /// BOOLEAN.
    Boolean,
    /// A number of any type.
    Number,
    /// VARCHAR.
    Text,
    /// TIMESTAMP.
    Time,
    /// DATE.
    Day,
    /// VARIANT.
    Json,
}

/// A piece of a clause, up to the whole of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clause {
    sort: Sort,
    parts: Vec<Part>,
}

/// Text, or a smaller piece inside of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Part {
    /// As it stands.
    Text(String),
    /// In parentheses, when it has more than one part.
    Inner(Clause),
    /// Without parentheses: how it is read is up to SQL's precedence.
    Bare(Clause),
    /// Always in parentheses.
    Enclosed(Clause),
}

impl From<&str> for Part {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Clause> for Part {
    fn from(inner: Clause) -> Self {
        Self::Inner(inner)
    }
}

impl Clause {
    /// Makes a piece that cannot be taken apart.
    pub fn text(sort: Sort, text: impl Into<String>) -> Self {
        Self { sort, parts: vec![Part::Text(text.into())] }
    }

    /// Puts a piece together.
    pub fn of<const N: usize>(sort: Sort, parts: [Part; N]) -> Self {
        Self { sort, parts: parts.into() }
    }

    /// Puts a piece together from a list with a separator, as in `a AND b AND c`.
    pub fn joined(sort: Sort, separator: &str, pieces: impl IntoIterator<Item = Part>) -> Self {
        let mut parts = Vec::new();
        for piece in pieces {
            if !parts.is_empty() {
                parts.push(separator.into());
            }
            parts.push(piece);
        }
        Self { sort, parts }
    }

    /// Returns the clause as an analyst would type it.
    pub fn print(&self) -> String {
        self.parts.iter().map(Part::print).collect()
    }

    /// Returns every clause that has one piece less: a piece gives way to a smaller one inside of it,
    /// or to the plainest constant of its sort. The greatest steps come first.
    pub fn smaller(&self) -> Vec<Self> {
        let mut smaller: Vec<Self> = self.within().into_iter().filter(|piece| piece.sort == self.sort).collect();
        smaller
            .extend(plainest(self.sort).map(|constant| Self::text(self.sort, constant)).filter(|plain| plain != self));
        for (at, part) in self.parts.iter().enumerate() {
            if let Part::Inner(piece) | Part::Bare(piece) = part {
                smaller.extend(piece.smaller().into_iter().map(|piece| self.with(at, Part::Inner(piece))));
            }
            if let Part::Enclosed(piece) = part {
                smaller.extend(piece.smaller().into_iter().map(|piece| self.with(at, Part::Enclosed(piece))));
            }
        }
        smaller
    }

    /// Returns every piece strictly inside, outer ones first.
    fn within(&self) -> Vec<Self> {
        let inner = self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Inner(piece) | Part::Bare(piece) | Part::Enclosed(piece) => Some(piece),
        });
        inner.flat_map(|piece| std::iter::once(piece.clone()).chain(piece.within())).collect()
    }

    fn with(&self, at: usize, part: Part) -> Self {
        let mut changed = self.clone();
        changed.parts[at] = part;
        changed
    }
}

impl Part {
    fn print(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Enclosed(piece) => format!("({})", piece.print()),
            Self::Inner(piece) if piece.parts.len() > 1 => format!("({})", piece.print()),
            Self::Inner(piece) | Self::Bare(piece) => piece.print(),
        }
    }
}

fn plainest(sort: Sort) -> impl Iterator<Item = &'static str> {
    let constants: &[&str] = match sort {
        Sort::Boolean => &["TRUE", "FALSE"],
        Sort::Number => &["1", "0"],
        Sort::Text => &["'CA'"],
        Sort::Time => &["created_at", "now()"],
        Sort::Day => &["DATE '2026-05-31'"],
        Sort::Json => &["payload['k']"],
    };
    constants.iter().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smaller_clause_keeps_what_is_around_the_piece_that_went() {
        let leaf = |text: &str| Clause::text(Sort::Boolean, text);
        let negated = Clause::of(Sort::Boolean, ["NOT ".into(), leaf("a").into()]);
        let both = Clause::joined(Sort::Boolean, " AND ", [Part::from(negated), leaf("b").into()]);
        assert_eq!(both.print(), "(NOT a) AND b");
        let smaller: Vec<String> = both.smaller().iter().map(Clause::print).collect();
        for expected in ["NOT a", "a", "b", "TRUE", "a AND b", "(NOT a) AND TRUE", "(NOT TRUE) AND b"] {
            assert!(smaller.iter().any(|text| text == expected), "{expected} in {smaller:?}");
        }
    }
}
