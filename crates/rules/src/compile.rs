//! Text → [`Rule`], or everything that is wrong with it.

use crate::{Diagnostic, Rule};

/// What became of a clause. There is a rule exactly when no diagnostic is an error.
#[derive(Clone, PartialEq, Debug)]
pub struct Compiled {
    /// The rule, when the clause can be saved.
    pub rule: Option<Rule>,
    /// Everything there is to tell, in order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

/// Compiles a where clause. Total: any text gets an answer, in bounded time and memory.
pub fn compile(_text: &str) -> Compiled {
    Compiled { rule: None, diagnostics: Vec::new() }
}
