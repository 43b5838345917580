//! Calls: which function a name is, and scalar functions.

use sqlparser::ast::{self, DuplicateTreatment, Function, FunctionArg, FunctionArgExpr, FunctionArguments};

use crate::compile::aggregates::AggregateName;
use crate::compile::dates::DateCall;
use crate::compile::lower::Lowering;
use crate::compile::scope::{Scope, folded};
use crate::compile::{names, typing};
use crate::rule::{CastType, ScalarFunction};
use crate::{Code, Diagnostic, Expr, ExprKind, Span, SqlType, Value};

/// Functions whose value is not decided by events and `now()`.
const NON_DETERMINISTIC: [&str; 22] = [
    "rand",
    "random",
    "uuid",
    "gen_random_uuid",
    "newid",
    "nextval",
    "connection_id",
    "current_user",
    "current_role",
    "current_catalog",
    "current_database",
    "current_schema",
    "database",
    "session_user",
    "system_user",
    "user",
    "version",
    "sleep",
    "sysdate",
    "clock_timestamp",
    "statement_timestamp",
    "last_query_id",
];

/// Functions of SQL that the language is to have, and does not yet.
const NOT_YET: [&str; 66] = [
    "retention",
    "row_number",
    "rank",
    "dense_rank",
    "lag",
    "lead",
    "ntile",
    "first_value",
    "last_value",
    "date_add",
    "date_sub",
    "date_diff",
    "datediff",
    "dateadd",
    "to_timestamp",
    "to_datetime",
    "to_string",
    "to_number",
    "to_decimal",
    "to_int64",
    "to_year",
    "to_month",
    "to_hour",
    "to_day_of_week",
    "to_start_of_day",
    "to_start_of_week",
    "to_start_of_month",
    "to_start_of_hour",
    "current_time",
    "localtime",
    "localtimestamp",
    "yesterday",
    "tomorrow",
    "year",
    "month",
    "day",
    "hour",
    "minute",
    "left",
    "right",
    "replace",
    "position",
    "locate",
    "split_part",
    "regexp_like",
    "regexp",
    "truncate",
    "if",
    "iff",
    "ifnull",
    "nvl",
    "get_path",
    "json_extract",
    "median",
    "count_distinct",
    "count_distinct_if",
    "max_by",
    "min_by",
    "bool_or",
    "bool_and",
    "any_value",
    "date",
    "dayofweek",
    "mod",
    "contains",
    "concat_ws",
];

/// The most digits that numbers are rounded to, on either side of the point: powers of ten that a DOUBLE holds exactly.
const MAX_ROUND_DIGITS: i64 = 18;

pub(super) fn is_non_deterministic(name: &str) -> bool {
    NON_DETERMINISTIC.contains(&name)
}

pub(super) fn non_deterministic(name: &str, span: Span) -> Diagnostic {
    let message = format!("`{name}` may differ between two evaluations at the same instant");
    Diagnostic::error(Code::NonDeterministicFunction, span, message)
        .with_hint("membership is decided by events and `now()` alone")
}

/// An argument as it is written.
pub(super) enum Argument<'a> {
    Star,
    Value(&'a ast::Expr),
}

impl Lowering<'_> {
    pub(super) fn call(&mut self, function: &Function, scope: &Scope<'_>, span: Span) -> Option<Expr> {
        let [ast::ObjectNamePart::Identifier(ident)] = function.name.0.as_slice() else {
            return self.report(Diagnostic::error(Code::UnknownFunction, span, "functions have no schema here"));
        };
        let name = folded(ident);
        let name_span = self.tokens.span_at(ident.span);
        self.plain_call(function, &name, span)?;
        if function.over.is_some() {
            return self.over(&name, function, scope, span);
        }
        if let Some(aggregate) = AggregateName::named(&name) {
            return self.aggregate_call(aggregate, &name, function, scope, span);
        }
        if let Some(filter) = &function.filter {
            let at = self.tokens.span_of(filter);
            let message = format!("FILTER belongs to an aggregate; `{name}` is none");
            self.report::<()>(Diagnostic::error(Code::MisplacedAggregate, at, message));
        }
        if name == "now" || name == "current_timestamp" {
            return self.now(function, span);
        }
        if let Some(call) = DateCall::named(&name) {
            let arguments = self.values(function, span)?;
            return self.date_call(call, &arguments, scope, span);
        }
        let scalar = scalar_named(&name);
        if scalar.is_none() && name != "rollout" {
            return self.no_such_function(&name, name_span, span);
        }
        let arguments = self.values(function, span)?;
        let arguments = self.expressions(arguments, scope)?;
        match scalar {
            Some(scalar) => self.scalar_call(scalar, arguments, span),
            None => self.rollout(arguments, scope, span),
        }
    }

    /// Refuses windows, ORDER BY inside of calls and the like.
    fn plain_call(&mut self, function: &Function, name: &str, span: Span) -> Option<()> {
        let clauses = match &function.args {
            FunctionArguments::List(list) => !list.clauses.is_empty(),
            _ => false,
        };
        let parameters = !matches!(function.parameters, FunctionArguments::None);
        let odd = clauses || function.uses_odbc_syntax || function.null_treatment.is_some();
        if odd
            || !function.within_group.is_empty()
            || (parameters && name != "window_funnel" && !NOT_YET.contains(&name))
        {
            return self.unsupported(span, &format!("this form of calling `{name}` is"));
        }
        Some(())
    }

    fn now(&mut self, function: &Function, span: Span) -> Option<Expr> {
        if !self.arguments(function, span)?.is_empty() {
            return self.wrong_arguments("now", "no argument", span);
        }
        self.node(ExprKind::Now, SqlType::Timestamp, span)
    }

    fn no_such_function(&mut self, name: &str, name_span: Span, span: Span) -> Option<Expr> {
        if is_non_deterministic(name) {
            return self.report(non_deterministic(name, span));
        }
        if NOT_YET.contains(&name) {
            return self.unsupported(span, &format!("`{name}` is"));
        }
        let problem = Diagnostic::error(Code::UnknownFunction, name_span, format!("there is no function `{name}`"));
        let known = AggregateName::ALL_NAMES.into_iter().chain(ScalarFunction::ALL.map(ScalarFunction::as_str));
        let known = known.chain(DateCall::ALL_NAMES).chain(["now", "rollout"]);
        self.report(match names::nearest(name, known) {
            Some(near) => problem.with_hint(format!("did you mean `{near}`?")).with_replacement(near),
            None => problem,
        })
    }

    /// Returns the arguments, DISTINCT left aside.
    pub(super) fn arguments<'a>(&mut self, function: &'a Function, span: Span) -> Option<Vec<Argument<'a>>> {
        let list = match &function.args {
            FunctionArguments::None => return Some(Vec::new()),
            FunctionArguments::Subquery(_) => return self.unsupported(span, "a subquery as an argument is"),
            FunctionArguments::List(list) => list,
        };
        let arguments = list.args.iter().map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => Some(Argument::Value(value)),
            FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => Some(Argument::Star),
            _ => None,
        });
        match arguments.collect::<Option<_>>() {
            Some(arguments) => Some(arguments),
            None => self.unsupported(span, "a named argument is"),
        }
    }

    fn values<'a>(&mut self, function: &'a Function, span: Span) -> Option<Vec<&'a ast::Expr>> {
        if is_distinct(function) {
            let message = "DISTINCT belongs to an aggregate";
            return self.report(Diagnostic::error(Code::MisplacedAggregate, span, message));
        }
        let values = self.arguments(function, span)?.into_iter().map(|argument| match argument {
            Argument::Value(value) => Some(value),
            Argument::Star => None,
        });
        match values.collect::<Option<_>>() {
            Some(values) => Some(values),
            None => self.report(Diagnostic::error(Code::WrongArguments, span, "`*` is an argument of `count` only")),
        }
    }

    pub(super) fn wrong_arguments<T>(&mut self, name: &str, wanted: &str, span: Span) -> Option<T> {
        self.report(Diagnostic::error(Code::WrongArguments, span, format!("`{name}` takes {wanted}")))
    }

    pub(super) fn trim(&mut self, inner: &ast::Expr, scope: &Scope<'_>, span: Span) -> Option<Expr> {
        let inner = self.expression(inner, scope)?;
        self.scalar_call(ScalarFunction::Trim, vec![inner], span)
    }

    /// `floor(x)` and `ceil(x)`, which the parser reads by themselves.
    pub(super) fn one_number(
        &mut self,
        function: ScalarFunction,
        number: &ast::Expr,
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        let number = self.expression(number, scope)?;
        self.scalar_call(function, vec![number], span)
    }

    /// `substr(text, start[, length])` and `substring(text FROM start FOR length)`.
    pub(super) fn substring(
        &mut self,
        text: &ast::Expr,
        start: &ast::Expr,
        length: Option<&ast::Expr>,
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        let arguments = self.expressions([text, start].into_iter().chain(length), scope)?;
        self.scalar_call(ScalarFunction::Substr, arguments, span)
    }

    fn substr(&mut self, arguments: Vec<Expr>) -> Option<Vec<Expr>> {
        let bounds: Vec<Expr> = arguments.get(1..).unwrap_or_default().to_vec();
        for (index, bound) in bounds.iter().enumerate() {
            let whole = constant_integer(bound).filter(|whole| index == 0 || *whole >= 0);
            if whole.is_none() {
                let what = "a start or length of a text that is not a constant whole number is";
                return self.unsupported(bound.span, what);
            }
        }
        let text = self.texts(arguments.into_iter().take(1).collect())?;
        Some(text.into_iter().chain(bounds).collect())
    }

    fn round(&mut self, arguments: Vec<Expr>) -> Option<(Vec<Expr>, SqlType)> {
        let mut arguments = arguments.into_iter();
        let number = self.number_of(arguments.next()?)?;
        let Some(digits) = arguments.next() else {
            let sql_type = rounded(number.sql_type, 0);
            return Some((vec![number], sql_type));
        };
        let whole = constant_integer(&digits).filter(|whole| whole.abs() <= MAX_ROUND_DIGITS);
        let Some(whole) = whole else {
            let message = format!("digits to round to are a constant from -{MAX_ROUND_DIGITS} to {MAX_ROUND_DIGITS}");
            return self.report(Diagnostic::error(Code::InvalidLiteral, digits.span, message));
        };
        let sql_type = rounded(number.sql_type, whole);
        Some((vec![number, digits], sql_type))
    }

    /// Demands a number; of the payload's values that which they are as DOUBLE.
    pub(super) fn number_of(&mut self, value: Expr) -> Option<Expr> {
        let value = self.variant_as(value, CastType::Double)?;
        self.demand(value, "a number", typing::is_number)
    }

    /// The length of a VARIANT is that of an array in Databend, not of a text.
    fn no_variant(&mut self, arguments: &[Expr]) -> Option<()> {
        let Some(variant) = arguments.iter().find(|argument| argument.sql_type == SqlType::Variant) else {
            return Some(());
        };
        let problem = Diagnostic::error(Code::TypeMismatch, variant.span, "this is VARIANT; a text is needed here");
        self.report(problem.with_hint("take its text: `payload->>'k'`"))
    }

    fn scalar_call(&mut self, function: ScalarFunction, arguments: Vec<Expr>, span: Span) -> Option<Expr> {
        let (least, most, wanted) = arity(function);
        if arguments.len() < least || arguments.len() > most {
            return self.wrong_arguments(function.as_str(), wanted, span);
        }
        let (arguments, sql_type) = match function {
            ScalarFunction::Coalesce | ScalarFunction::Greatest | ScalarFunction::Least => {
                self.meet(arguments, span)?
            }
            ScalarFunction::NullIf => {
                let (arguments, together) = self.meet(arguments, span)?;
                // A bare NULL compared with something has the other one's type.
                let first = arguments.first().map(|first| first.sql_type).filter(|first| *first != SqlType::Null);
                (arguments, first.unwrap_or(together))
            }
            ScalarFunction::Abs | ScalarFunction::Floor | ScalarFunction::Ceil => {
                let numbers: Vec<_> = arguments.into_iter().map(|argument| self.number_of(argument)).collect();
                let numbers = numbers.into_iter().collect::<Option<Vec<_>>>()?;
                let of = numbers.first().map_or(SqlType::Null, |first| first.sql_type);
                let sql_type = match (function, of) {
                    (ScalarFunction::Floor, SqlType::Integer) => SqlType::Double,
                    (ScalarFunction::Floor | ScalarFunction::Ceil, SqlType::Decimal { .. }) => rounded(of, 0),
                    _ => of,
                };
                (numbers, sql_type)
            }
            ScalarFunction::Round => self.round(arguments)?,
            ScalarFunction::Substr => (self.substr(arguments)?, SqlType::Text),
            ScalarFunction::Length => {
                self.no_variant(&arguments)?;
                (self.texts(arguments)?, SqlType::Integer)
            }
            ScalarFunction::DateTrunc(_) | ScalarFunction::Extract(_) | ScalarFunction::Rollout => return None,
            ScalarFunction::StartsWith => (self.texts(arguments)?, SqlType::Boolean),
            ScalarFunction::Lower | ScalarFunction::Upper | ScalarFunction::Trim | ScalarFunction::Concat => {
                (self.texts(arguments)?, SqlType::Text)
            }
        };
        self.node(ExprKind::Function { function, arguments }, sql_type, span)
    }

    fn texts(&mut self, arguments: Vec<Expr>) -> Option<Vec<Expr>> {
        let arguments: Vec<_> =
            arguments.into_iter().map(|argument| self.variant_as(argument, CastType::Text)).collect();
        self.all(arguments.into_iter().collect::<Option<Vec<_>>>()?, "a text", |found| found == SqlType::Text)
    }

    fn all(&mut self, arguments: Vec<Expr>, wanted: &str, fits: fn(SqlType) -> bool) -> Option<Vec<Expr>> {
        let done: Vec<_> = arguments.into_iter().map(|argument| self.demand(argument, wanted, fits)).collect();
        done.into_iter().collect()
    }
}

pub(super) fn is_distinct(function: &Function) -> bool {
    match &function.args {
        FunctionArguments::List(list) => list.duplicate_treatment == Some(DuplicateTreatment::Distinct),
        _ => false,
    }
}

/// The type of a rounded number.
fn rounded(sql_type: SqlType, digits: i64) -> SqlType {
    match sql_type {
        SqlType::Integer => SqlType::Double,
        SqlType::Decimal { scale } => {
            SqlType::Decimal { scale: u8::try_from(digits.max(0)).unwrap_or(u8::MAX).min(scale) }
        }
        other => other,
    }
}

fn constant_integer(expr: &Expr) -> Option<i64> {
    match expr.kind {
        ExprKind::Literal(Value::Integer(whole)) => Some(whole),
        _ => None,
    }
}

fn scalar_named(name: &str) -> Option<ScalarFunction> {
    match name {
        "char_length" | "character_length" => Some(ScalarFunction::Length),
        "ceiling" => Some(ScalarFunction::Ceil),
        "substring" => Some(ScalarFunction::Substr),
        _ => ScalarFunction::ALL.into_iter().find(|function| function.as_str() == name),
    }
}

fn arity(function: ScalarFunction) -> (usize, usize, &'static str) {
    match function {
        ScalarFunction::Coalesce | ScalarFunction::Greatest | ScalarFunction::Least | ScalarFunction::Concat => {
            (1, usize::MAX, "at least one argument")
        }
        ScalarFunction::NullIf | ScalarFunction::StartsWith => (2, 2, "two arguments"),
        ScalarFunction::Lower
        | ScalarFunction::Upper
        | ScalarFunction::Trim
        | ScalarFunction::Length
        | ScalarFunction::Floor
        | ScalarFunction::Ceil
        | ScalarFunction::DateTrunc(_)
        | ScalarFunction::Extract(_)
        | ScalarFunction::Abs => (1, 1, "one argument"),
        ScalarFunction::Round => (1, 2, "a number and how many digits to keep"),
        ScalarFunction::Substr => (2, 3, "a text, a start and a length"),
        ScalarFunction::Rollout => (2, 2, "a percentage and a salt"),
    }
}
