//! `x::type` and `CAST(x AS type)` as `TRY_CAST(x AS type)`, which they mean: a cast that fails is NULL.

use super::tokens::{Kind, Token};

/// Words before a parenthesis that are no function's name.
const NO_FUNCTION: [&str; 20] = [
    "and", "or", "not", "in", "when", "then", "else", "case", "is", "between", "like", "select", "where", "on",
    "having", "by", "from", "as", "distinct", "exists",
];

/// Returns the tokens without casts that fail.
pub(super) fn tried(tokens: &[Token]) -> Vec<Token> {
    let mut done: Vec<Token> = Vec::new();
    let mut rest = tokens;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if let Some((of_type, left)) = shorthand(first, after) {
            let mut inside = done.split_off(start_of_operand(&done));
            let space = inside.first_mut().map(|first| std::mem::take(&mut first.space));
            inside.push(word(" ", "AS"));
            inside.extend(of_type);
            done.push(word(&space.unwrap_or_default(), "TRY_CAST"));
            done.push(Token { space: String::new(), kind: Kind::Group(inside, String::new()) });
            rest = left;
        } else {
            done.push(tried_one(first, after));
        }
    }
    done
}

fn tried_one(token: &Token, after: &[Token]) -> Token {
    let kind = match &token.kind {
        Kind::Group(inside, space) => Kind::Group(tried(inside), space.clone()),
        Kind::Word(_) if token.is("CAST") && after.first().is_some_and(|next| next.group().is_some()) => {
            Kind::Word("TRY_CAST".to_owned())
        }
        other => other.clone(),
    };
    Token { space: token.space.clone(), kind }
}

/// Returns the type behind `::`, and what follows it.
fn shorthand<'t>(first: &Token, after: &'t [Token]) -> Option<(Vec<Token>, &'t [Token])> {
    let (second, after) = after.split_first()?;
    let is_cast = first.kind == Kind::Mark(':') && second.kind == Kind::Mark(':') && second.space.is_empty();
    let (name, after) = after.split_first().filter(|_| is_cast)?;
    let has_digits = name.is("DECIMAL") || name.is("NUMERIC");
    let digits = after.first().filter(|next| has_digits && next.group().is_some());
    let of_type = std::iter::once(word(" ", &name.word()?)).chain(digits.cloned()).collect();
    Some((of_type, &after[usize::from(digits.is_some())..]))
}

/// Returns where the value begins that the last of the tokens ends.
fn start_of_operand(tokens: &[Token]) -> usize {
    let Some((last, before)) = tokens.split_last() else { return 0 };
    let start = before.len();
    let previous = before.last();
    match &last.kind {
        Kind::Mark(']') => {
            let opened = before.iter().rposition(|token| token.kind == Kind::Mark('['));
            opened.map_or(start, |opened| start_of_operand(&tokens[..opened]))
        }
        Kind::Group(..) => match previous.and_then(Token::word) {
            Some(name) if !NO_FUNCTION.contains(&name.as_str()) => start - 1,
            _ => start,
        },
        Kind::Quoted(_) if previous.is_some_and(|token| token.is("TIMESTAMP") || token.is("DATE")) => start - 1,
        Kind::Word(_) if previous.is_some_and(|token| matches!(token.kind, Kind::Mark('.' | ':'))) => {
            start_of_operand(&tokens[..start - 1])
        }
        _ => start,
    }
}

fn word(space: &str, word: &str) -> Token {
    Token { space: space.to_owned(), kind: Kind::Word(word.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::super::tokens::{print, read};
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(print(&tried(&read(text).unwrap())), expected);
    }

    #[test]
    fn a_cast_takes_the_value_right_before_it() {
        check("a::INT > 1", "TRY_CAST(a AS int) > 1");
        check("x = -e.a ::DECIMAL(10, 2)*2", "x = -TRY_CAST(e.a AS decimal(10, 2))*2");
        check("payload['k'][0]::TEXT", "TRY_CAST(payload['k'][0] AS text)");
        check("NOT (a || b)::BOOL", "NOT TRY_CAST((a || b) AS bool)");
        check("max(payload:k.n::INT)::TEXT", "TRY_CAST(max(TRY_CAST(payload:k.n AS int)) AS text)");
        check("DATE '2026-01-01'::TEXT::INT", "TRY_CAST(TRY_CAST(DATE '2026-01-01' AS text) AS int)");
        check("cast(a AS INT) + CAST", "TRY_CAST(a AS INT) + CAST");
    }
}
