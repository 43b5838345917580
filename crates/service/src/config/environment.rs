//! Environment variables: the text of each becomes a value of the type its key has by default.

use figment::value::{Dict, Map, Num, Value};
use figment::{Metadata, Profile, Provider};

/// One environment variable that is set, as a layer of its own so that a problem names it.
pub(super) struct Variable {
    name: &'static str,
    path: &'static str,
    value: Value,
}

impl Variable {
    /// Reads `text` as a value of the type that `default` has.
    pub(super) fn new(name: &'static str, path: &'static str, text: &str, default: &Value) -> Result<Self, String> {
        let value = typed(text, default).ok_or_else(|| format!("`{name}` ({path}) must be {}", expected(default)))?;
        Ok(Self { name, path, value })
    }
}

impl Provider for Variable {
    fn metadata(&self) -> Metadata {
        Metadata::named(format!("environment variable {}", self.name))
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let nested = figment::util::nest(self.path, self.value.clone());
        let dict = nested.into_dict().unwrap_or_default();
        Ok(Map::from([(Profile::Default, dict)]))
    }
}

fn typed(text: &str, default: &Value) -> Option<Value> {
    Some(match default {
        Value::Bool(..) => text.parse::<bool>().ok()?.into(),
        Value::Num(_, Num::F32(_) | Num::F64(_)) => text.parse::<f64>().ok()?.into(),
        Value::Num(..) => text.parse::<i64>().ok()?.into(),
        Value::Array(..) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            items.map(Value::from).collect::<Vec<_>>().into()
        }
        _ => text.into(),
    })
}

fn expected(default: &Value) -> &'static str {
    match default {
        Value::Bool(..) => "`true` or `false`",
        Value::Num(_, Num::F32(_) | Num::F64(_)) => "a number",
        _ => "a whole number",
    }
}

/// Puts two tables of variables and keys into one: a process's own and those of a section that
/// several processes share. `N` is the length of both.
pub const fn joined<const N: usize>(
    own: &[(&'static str, &'static str)],
    shared: &[(&'static str, &'static str)],
) -> [(&'static str, &'static str); N] {
    assert!(own.len() + shared.len() == N);
    let mut all = [("", ""); N];
    let mut index = 0;
    while index < N {
        all[index] = if index < own.len() { own[index] } else { shared[index - own.len()] };
        index += 1;
    }
    all
}

/// Compares the text of an `.env.example` with the variables that processes know.
///
/// Returns a sentence for each variable that is in one and not in the other. A line counts when it
/// is `NAME=value` or the same behind `#`.
pub fn env_example_problems(example: &str, known: &[&'static str]) -> Vec<String> {
    let listed: Vec<&str> = example.lines().filter_map(variable_of).collect();
    let unknown = listed.iter().filter(|name| !known.contains(name)).map(|name| format!("`{name}` is read by nobody"));
    let missing = known.iter().filter(|name| !listed.contains(name)).map(|name| format!("`{name}` is not listed"));
    unknown.chain(missing).collect()
}

fn variable_of(line: &str) -> Option<&str> {
    let (name, _) = line.trim_start_matches('#').trim().split_once('=')?;
    let is_name =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || b"_0123456789".contains(&byte));
    is_name.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_file_lists_exactly_the_known_variables() {
        let example = "# The port.\nPORT=4000\n# FILTER=info\nOLD=1\n";
        assert_eq!(
            env_example_problems(example, &["PORT", "FILTER", "NEW"]),
            ["`OLD` is read by nobody", "`NEW` is not listed"]
        );
    }
}
