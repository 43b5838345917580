//! A clause as words, marks and what stands in parentheses, each with the space before it.
//!
//! Read by hand and not by the parser that `compile` uses, so that what is asked of Databend does not hang
//! on how that one understood the clause. Printing gives the text back byte by byte.

/// A word, a number, a quoted text or name, a mark, or a pair of parentheses with what is inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// The space before it.
    pub(super) space: String,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, a keyword or a number, as typed.
    Word(String),
    /// With its quotes.
    Quoted(String),
    Mark(char),
    /// What stands in parentheses, and the space before the closing one.
    Group(Vec<Token>, String),
}

impl Token {
    /// Returns whether it is this keyword or name, in any case.
    pub(super) fn is(&self, word: &str) -> bool {
        matches!(&self.kind, Kind::Word(typed) if typed.eq_ignore_ascii_case(word))
    }

    /// Returns the word in lower case.
    pub(super) fn word(&self) -> Option<String> {
        match &self.kind {
            Kind::Word(typed) => Some(typed.to_lowercase()),
            _ => None,
        }
    }

    /// Returns what stands in the parentheses.
    pub(super) fn group(&self) -> Option<&[Token]> {
        match &self.kind {
            Kind::Group(inside, _) => Some(inside),
            _ => None,
        }
    }
}

/// Reads a clause; `None` when its parentheses or quotes do not close.
pub(super) fn read(text: &str) -> Option<Vec<Token>> {
    let mut reader = Reader { rest: text };
    let (tokens, _) = reader.tokens(false)?;
    reader.rest.is_empty().then_some(tokens)
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    /// Reads up to the closing parenthesis or the end; returns the space before it as well.
    fn tokens(&mut self, is_inside: bool) -> Option<(Vec<Token>, String)> {
        let mut tokens = Vec::new();
        loop {
            let space = self.take(self.rest.find(|next: char| !next.is_whitespace()).unwrap_or(self.rest.len()));
            let Some(next) = self.rest.chars().next() else { return (!is_inside).then_some((tokens, space)) };
            let kind = match next {
                '(' => {
                    self.take(1);
                    let (inside, before_end) = self.tokens(true)?;
                    Kind::Group(inside, before_end)
                }
                ')' => {
                    self.take(1);
                    return is_inside.then_some((tokens, space));
                }
                '\'' | '"' | '`' => Kind::Quoted(self.quoted(next)?),
                next if is_of_word(next) => {
                    let length = self.rest.find(|next: char| !is_of_word(next)).unwrap_or(self.rest.len());
                    Kind::Word(self.take(length))
                }
                mark => {
                    self.take(mark.len_utf8());
                    Kind::Mark(mark)
                }
            };
            tokens.push(Token { space, kind });
        }
    }

    /// A doubled quote is one inside, and so is one behind a backslash.
    fn quoted(&mut self, quote: char) -> Option<String> {
        let mut characters = self.rest.char_indices().skip(1).peekable();
        while let Some((at, next)) = characters.next() {
            if next == '\\' {
                characters.next();
            } else if next == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
                return Some(self.take(at + quote.len_utf8()));
            }
        }
        None
    }

    fn take(&mut self, length: usize) -> String {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken.to_owned()
    }
}

fn is_of_word(next: char) -> bool {
    next.is_alphanumeric() || next == '_'
}

/// Prints tokens as they were typed.
pub(super) fn print(tokens: &[Token]) -> String {
    tokens.iter().map(|token| format!("{}{}", token.space, print_kind(&token.kind))).collect()
}

fn print_kind(kind: &Kind) -> String {
    match kind {
        Kind::Word(text) | Kind::Quoted(text) => text.clone(),
        Kind::Mark(mark) => mark.to_string(),
        Kind::Group(inside, space) => format!("({}{space})", print(inside)),
    }
}

/// Splits what stands in a call's parentheses at its commas.
pub(super) fn arguments(inside: &[Token]) -> Vec<&[Token]> {
    if inside.is_empty() {
        return Vec::new();
    }
    inside.split(|token| token.kind == Kind::Mark(',')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clause_is_printed_as_it_was_typed() {
        for text in [
            "",
            " count(*)  FILTER (WHERE a = 'it''s (' ) > 1.5",
            r"url LIKE '100\\%' AND region = 'é\')' OR payload['k']:n->>'x' = -1",
            "x IN (\n(1), ((2)))",
        ] {
            assert_eq!(read(text).map(|tokens| print(&tokens)).as_deref(), Some(text));
        }
        assert_eq!([read("(a"), read("a)"), read("'a")], [None, None, None]);
    }
}
