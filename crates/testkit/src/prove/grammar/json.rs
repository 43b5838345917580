//! Values of the payload and of traits, on each of the ways into it.

use super::place::{Grammar, Place};
use crate::prove::alphabet::PATHS;
use crate::prove::{Clause, Sort};

impl Grammar<'_> {
    pub(super) fn json(&mut self, depth: usize, place: Place) -> Clause {
        match place {
            Place::Group | Place::Rows { .. } => self.leaf(Sort::Json, depth, place),
            Place::Both if depth > 0 => self.leaf(Sort::Json, depth, place),
            Place::User(qualifier) => self.column_of_user(Sort::Json, qualifier),
            Place::Row("" | "events.") if depth > 0 && self.random.chance(6) => {
                self.value_of_user(Sort::Json, depth, place)
            }
            _ => Clause::text(Sort::Json, self.path(place.qualifier(), "payload")),
        }
    }

    /// Writes a path into a column; the sort of what is there is up to the events.
    pub(super) fn path(&mut self, qualifier: &str, column: &str) -> String {
        let steps = self.random.pick(&PATHS);
        let root = format!("{qualifier}{column}");
        let plain = |step: &&str| step.chars().all(|character| character.is_ascii_lowercase());
        // A colon cannot follow a qualifier, and takes no key with an odd character.
        let spelling = if steps.iter().all(plain) && qualifier.is_empty() { self.random.below(3) } else { 0 };
        match spelling {
            1 => format!("{root}:{}", steps.join(".")),
            2 => steps.iter().fold(root, |path, step| format!("{path}->'{step}'")),
            _ => steps.iter().fold(root, |path, step| format!("{path}[{}]", subscript(step))),
        }
    }

    /// The text of a value of the payload.
    pub(super) fn text_of_path(&mut self, qualifier: &str, column: &str) -> String {
        let key = self.random.pick(&["k", "s", "o", "list", "t"]);
        format!("{qualifier}{column}->>'{key}'")
    }
}

fn subscript(step: &str) -> String {
    if step.bytes().all(|byte| byte.is_ascii_digit()) {
        return step.to_owned();
    }
    format!("'{}'", step.replace('\'', "''"))
}
