//! `window_funnel(seconds)(created_at, step, …)`: how far the user came.

use sqlparser::ast::{self, Function, FunctionArg, FunctionArgExpr, FunctionArguments};

use crate::compile::functions::Argument;
use crate::compile::lower::Lowering;
use crate::compile::scope::Scope;
use crate::{AggregateFunction, Code, Column, Diagnostic, ExprKind, Span, Value};

const MICROS_PER_SECOND: i64 = 1_000_000;
/// 100 years, as for intervals from `now()`.
const MAX_SECONDS: i64 = 36_525 * 86_400;

impl Lowering<'_> {
    pub(super) fn funnel(
        &mut self,
        function: &Function,
        time: &ast::Expr,
        steps: &[Argument<'_>],
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<AggregateFunction> {
        let window = self.seconds(function, scope, span);
        let at = self.tokens.span_of(time);
        let time = self.expression(time, scope);
        let steps = steps.iter().map(|step| match step {
            Argument::Value(step) => self.condition(step, scope),
            Argument::Star => self.wrong_arguments("window_funnel", "conditions as its steps", span),
        });
        let steps: Vec<_> = steps.collect();
        if time?.kind != ExprKind::Column(Column::CreatedAt) {
            return self.unsupported(at, "a funnel by anything but `created_at` is");
        }
        let steps = steps.into_iter().collect::<Option<_>>()?;
        Some(AggregateFunction::Funnel { window: window?.checked_mul(MICROS_PER_SECOND)?, steps })
    }

    fn seconds(&mut self, function: &Function, scope: &Scope<'_>, span: Span) -> Option<i64> {
        let FunctionArguments::List(list) = &function.parameters else { return self.no_seconds(span) };
        let [FunctionArg::Unnamed(FunctionArgExpr::Expr(seconds))] = list.args.as_slice() else {
            return self.no_seconds(span);
        };
        match self.expression(seconds, scope)?.kind {
            ExprKind::Literal(Value::Integer(seconds)) if (0..=MAX_SECONDS).contains(&seconds) => Some(seconds),
            _ => self.no_seconds(span),
        }
    }

    fn no_seconds<T>(&mut self, span: Span) -> Option<T> {
        let message = "a funnel takes a whole number of seconds, of 100 years at most";
        let problem = Diagnostic::error(Code::InvalidLiteral, span, message);
        self.report(problem.with_hint("`window_funnel(3600)(created_at, first_step, second_step)`"))
    }
}
