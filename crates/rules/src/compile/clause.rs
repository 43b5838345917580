//! The way of a clause from text to rule.

use crate::compile::lower::Lowering;
use crate::compile::tokens::Tokens;
use crate::compile::{bounds, budget, parse, retained, statement, warnings};
use crate::{Diagnostic, Expr, ExprKind, Rule, Severity, Span, SqlType, Value, plan};

/// What became of a clause. There is a rule exactly when no diagnostic is an error.
#[derive(Clone, PartialEq, Debug)]
pub struct Compiled {
    /// The rule, when the clause can be saved.
    pub rule: Option<Rule>,
    /// Everything there is to tell, in order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

/// Compiles a where clause. Total: any text gets an answer, in bounded time and memory.
///
/// An empty text selects every user that has an event.
pub fn compile(text: &str) -> Compiled {
    let mut diagnostics = Vec::new();
    let expr = if text.trim().is_empty() { Some(every_user()) } else { checked(text, &mut diagnostics) };
    let rule = expr.map(|expr| Rule { expr }).filter(|rule| plans(rule, &mut diagnostics));
    diagnostics.sort_by_key(|diagnostic| (diagnostic.span, diagnostic.severity));
    diagnostics.dedup();
    Compiled { rule, diagnostics }
}

fn every_user() -> Expr {
    Expr { kind: ExprKind::Literal(Value::Boolean(true)), sql_type: SqlType::Boolean, span: Span::default() }
}

/// Returns the expression if nothing is wrong with it; warnings are added either way.
fn checked(text: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Expr> {
    let expr = typed(text, diagnostics).and_then(|expr| bounds::within(expr, diagnostics));
    if has_errors(diagnostics) {
        return None;
    }
    let expr = expr?;
    diagnostics.extend(warnings::about(&expr));
    Some(expr)
}

pub(crate) fn typed(text: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Expr> {
    let tokens = Tokens::scan(text).map_err(|problem| diagnostics.push(problem)).ok()?;
    diagnostics.extend(tokens.comments());
    let clause = statement::only_clause(&tokens, diagnostics)?;
    let parsed = parse::expression(&tokens, clause).map_err(|problem| diagnostics.push(problem)).ok()?;
    let mut lowering = Lowering::new(&tokens);
    let lowered = lowering.clause(&parsed);
    diagnostics.extend(lowering.into_diagnostics());
    lowered
}

/// What compiles also runs: a rule that cannot be planned is refused here, not at run time.
fn plans(rule: &Rule, diagnostics: &mut Vec<Diagnostic>) -> bool {
    match plan::plan(rule) {
        Ok(plan) => diagnostics.extend(retained::about(&plan, rule).into_iter().chain(budget::about(&plan, rule))),
        Err(problems) => {
            // What is refused needs no remark on what it would have selected.
            diagnostics.retain(|diagnostic| diagnostic.severity != Severity::Warning);
            diagnostics.extend(problems);
        }
    }
    !has_errors(diagnostics)
}

fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
}
