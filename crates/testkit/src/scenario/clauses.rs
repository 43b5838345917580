//! The clauses that scenarios show something of.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

use super::files;
use super::line::{Step, parse};

/// Returns the clauses of every `*.seg` file below `directory` which somebody enters as they are written.
pub fn shown_clauses(directory: &Path) -> Result<Vec<String>> {
    let mut shown = Vec::new();
    for file in files::below(directory)? {
        let text = std::fs::read_to_string(&file)?;
        shown.extend(entered(&text).with_context(|| file.display().to_string())?);
    }
    Ok(shown)
}

/// Of several definitions of a tag the last one before the entry is meant.
fn entered(text: &str) -> Result<Vec<String>> {
    let mut defined = BTreeMap::new();
    let mut shown = Vec::new();
    for written in parse(text)? {
        if let Step::Rule { tag, where_statement } = written.step {
            defined.insert(tag.to_string(), where_statement);
        }
        for line in &written.expected {
            let mut words = line.split_whitespace().skip_while(|word| *word != "entered").skip(1);
            if let Some(clause) = words.next().and_then(|tag| defined.get(tag)) {
                shown.push(clause.clone());
            }
        }
    }
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clause_is_shown_when_somebody_enters_it_as_it_is_written() {
        let text = "rule  a: 1 = 1\nrule  b: 2 = 2\nadvance to 2026-01-01T00:00Z\n  -> ana entered b  (time)\n\
                    rule  b: 3 = 3\n  -> ana left b  (definition)\n";
        assert_eq!(entered(text).unwrap(), ["2 = 2"]);
    }
}
