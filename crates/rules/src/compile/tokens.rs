//! The tokens of a clause, each with the bytes of the text that it takes.
//!
//! `sqlparser` counts lines and characters. Its tokens are given back to its parser with the byte
//! offset written into the column, so that every place it reports, in the tree or in an error, is
//! already what a [`Span`] needs.

use sqlparser::tokenizer::{self, Location, Token, TokenWithSpan, Tokenizer, Whitespace};

use crate::compile::dialect::ClauseDialect;
use crate::limits::{MAX_TEXT_BYTES, MAX_TOKENS};
use crate::{Code, Diagnostic, Span};

/// One token and where it stands.
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) span: Span,
}

/// A clause's text and its tokens, white space and comments left out.
pub(super) struct Tokens<'t> {
    pub(super) text: &'t str,
    pub(super) placed: Vec<Placed>,
    comments: Vec<Span>,
}

impl<'t> Tokens<'t> {
    /// Cuts a text into tokens, unless it is too long or no SQL at all.
    pub(super) fn scan(text: &'t str) -> Result<Self, Diagnostic> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(too_long(text));
        }
        let lines = Lines::of(text);
        let scanned = Tokenizer::new(&ClauseDialect::for_tokens(0), text)
            .tokenize_with_location()
            .map_err(|error| unreadable(text, lines.byte_of(error.location), &error.message))?;
        let mut tokens = Self { text, placed: Vec::new(), comments: Vec::new() };
        for TokenWithSpan { token, span } in scanned {
            tokens.take(token, Span { start: lines.byte_of(span.start), end: lines.byte_of(span.end) });
        }
        if tokens.placed.len() > MAX_TOKENS {
            return Err(too_many(&tokens));
        }
        Ok(tokens)
    }

    fn take(&mut self, token: Token, span: Span) {
        match token {
            Token::Whitespace(Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)) => {
                self.comments.push(span);
            }
            Token::Whitespace(_) | Token::EOF => {}
            token => self.placed.push(Placed { token, span }),
        }
    }

    /// Returns one error per comment.
    pub(super) fn comments(&self) -> impl Iterator<Item = Diagnostic> {
        self.comments.iter().map(|span| {
            Diagnostic::error(Code::Comment, *span, "a comment hides text from the rule")
                .with_hint("leave it out; the segment's description is the place for notes")
                .with_replacement("")
        })
    }

    /// Returns the text of a span.
    pub(super) fn slice(&self, span: Span) -> &'t str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// Returns the index of the token that starts at a byte, or of the last one before it.
    pub(super) fn index_at(&self, byte: usize) -> usize {
        self.placed.partition_point(|placed| placed.span.start <= byte).saturating_sub(1)
    }

    /// Returns the span from the token `first` to the token `last`.
    pub(super) fn span(&self, first: usize, last: usize) -> Span {
        let end = self.text.len();
        let start = self.placed.get(first).map_or(end, |placed| placed.span.start);
        Span { start, end: self.placed.get(last).map_or(end, |placed| placed.span.end).max(start) }
    }

    /// Returns the tokens `range` for the parser, their byte offsets as columns.
    pub(super) fn for_parser(&self, range: std::ops::Range<usize>) -> Vec<TokenWithSpan> {
        let placed = self.placed.get(range).unwrap_or_default();
        placed.iter().map(|placed| TokenWithSpan { token: placed.token.clone(), span: encode(placed.span) }).collect()
    }
}

/// Bytes as `sqlparser` places: always line 1, as line 0 means nowhere; columns count from 1.
fn encode(span: Span) -> tokenizer::Span {
    let column = |byte: usize| Location { line: 1, column: byte as u64 + 1 };
    tokenizer::Span::new(column(span.start), column(span.end))
}

/// The byte that a place of the parser means, `None` when it means nowhere.
pub(super) fn decode(location: Location) -> Option<usize> {
    (location.line > 0).then(|| location.column.saturating_sub(1) as usize)
}

/// Where the lines and characters of a text are, in bytes.
struct Lines {
    /// The byte of every character, and the end of the text.
    characters: Vec<usize>,
    /// The index of each line's first character.
    starts: Vec<usize>,
}

impl Lines {
    fn of(text: &str) -> Self {
        let characters = text.char_indices().map(|(byte, _)| byte).chain([text.len()]).collect();
        let breaks = text.chars().enumerate().filter(|(_, character)| *character == '\n');
        Self { characters, starts: [0].into_iter().chain(breaks.map(|(index, _)| index + 1)).collect() }
    }

    fn byte_of(&self, location: Location) -> usize {
        let line = (location.line as usize).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(self.characters.len());
        let character = start + (location.column as usize).saturating_sub(1);
        let end = self.characters.last().copied().unwrap_or(0);
        self.characters.get(character).copied().unwrap_or(end)
    }
}

fn unreadable(text: &str, start: usize, message: &str) -> Diagnostic {
    Diagnostic::error(Code::Syntax, Span { start, end: text.len() }, super::parse::in_plain_words(message))
}

fn too_long(text: &str) -> Diagnostic {
    let message = format!("the clause has {} bytes; at most {MAX_TEXT_BYTES} are allowed", text.len());
    Diagnostic::error(Code::Limits, Span { start: 0, end: text.len() }, message)
        .with_hint("a long list of users or values belongs into a static segment")
}

fn too_many(tokens: &Tokens<'_>) -> Diagnostic {
    let message = format!("the clause has {} words and signs; at most {MAX_TOKENS} are allowed", tokens.placed.len());
    Diagnostic::error(Code::Limits, Span { start: 0, end: tokens.text.len() }, message)
        .with_hint("split it into several segments")
}
