//! LIKE: `%` is any run of characters, `_` one character, a backslash takes the next one literally.

/// Returns whether the whole text matches. Linear in practice, at worst text times pattern; no recursion.
pub(super) fn like(text: &str, pattern: &str) -> bool {
    let tokens = tokens(pattern);
    let characters: Vec<char> = text.chars().collect();
    let (mut at, mut token) = (0, 0);
    // Where the last `%` stood, and up to where it has swallowed: the only place to go back to.
    let mut retry: Option<(usize, usize)> = None;
    while at < characters.len() {
        match tokens.get(token) {
            Some(Token::Any) => {
                retry = Some((token, at));
                token += 1;
            }
            Some(wanted) if wanted.accepts(characters[at]) => {
                at += 1;
                token += 1;
            }
            _ => {
                let Some((any, swallowed)) = retry else { return false };
                retry = Some((any, swallowed + 1));
                (token, at) = (any + 1, swallowed + 1);
            }
        }
    }
    tokens[token..].iter().all(|rest| matches!(rest, Token::Any))
}

enum Token {
    Any,
    One,
    Exactly(char),
}

impl Token {
    fn accepts(&self, character: char) -> bool {
        match self {
            Self::Any | Self::One => true,
            Self::Exactly(wanted) => *wanted == character,
        }
    }
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        tokens.push(match character {
            '%' => Token::Any,
            '_' => Token::One,
            '\\' => Token::Exactly(characters.next().unwrap_or('\\')),
            other => Token::Exactly(other),
        });
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, pattern: &str, expected: bool) {
        assert_eq!(like(text, pattern), expected, "{text:?} LIKE {pattern:?}");
    }

    #[test]
    fn wildcards_stand_for_characters() {
        check("", "", true);
        check("", "%", true);
        check("", "_", false);
        check("abc", "abc", true);
        check("abc", "ABC", false);
        check("abc", "a%", true);
        check("abc", "%c", true);
        check("abc", "%b", false);
        check("abcbc", "%bc", true);
        check("aéb", "a_b", true);
        check("ab", "a%%b", true);
        check("ab", "a_%b", false);
        check("mississippi", "%iss%ip_i", true);
        check("mississippi", "m%iss%ix%", false);
    }

    #[test]
    fn a_backslash_takes_the_next_character_literally() {
        check("10%", r"10\%", true);
        check("100", r"10\%", false);
        check("a_b", r"a\_b", true);
        check("axb", r"a\_b", false);
        check(r"a\b", r"a\\b", true);
    }

    #[test]
    fn a_hostile_pattern_takes_bounded_time() {
        check(&"a".repeat(5_000), &format!("{}b", "%a".repeat(40)), false);
    }
}
