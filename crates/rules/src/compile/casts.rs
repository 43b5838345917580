//! CAST, TRY_CAST and `::`, which are one: a cast that fails is NULL.

use sqlparser::ast::{self, DataType, ExactNumberInfo, TimezoneInfo};

use crate::compile::lower::Lowering;
use crate::compile::scope::Scope;
use crate::compile::typing;
use crate::rule::CastType;
use crate::{Code, Diagnostic, Expr, ExprKind, Span, SqlType};

/// The most digits of a DECIMAL.
const MAX_PRECISION: u64 = 38;

impl Lowering<'_> {
    pub(super) fn cast(
        &mut self,
        value: &ast::Expr,
        data_type: &DataType,
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        let value = self.expression(value, scope);
        let to = self.cast_type(data_type, span);
        self.cast_to(value?, to?, span)
    }

    /// Casts; a cast to what it is already is left out.
    pub(super) fn cast_to(&mut self, value: Expr, to: CastType, span: Span) -> Option<Expr> {
        if is_already(value.sql_type, to) {
            return Some(value);
        }
        if !casts(value.sql_type, to) {
            let (from, to) = (typing::name(value.sql_type), typing::name(to.sql_type()));
            let message = format!("{from} cannot be cast to {to}");
            return self.report(Diagnostic::error(Code::TypeMismatch, span, message));
        }
        self.node(ExprKind::Cast { value: Box::new(value), to }, to.sql_type(), span)
    }

    fn cast_type(&mut self, data_type: &DataType, span: Span) -> Option<CastType> {
        Some(match data_type {
            DataType::Boolean | DataType::Bool => CastType::Boolean,
            DataType::TinyInt(None) => CastType::Integer { bits: 8 },
            DataType::SmallInt(None) => CastType::Integer { bits: 16 },
            DataType::Int(None) | DataType::Integer(None) => CastType::Integer { bits: 32 },
            DataType::BigInt(None) => CastType::Integer { bits: 64 },
            DataType::Double(ExactNumberInfo::None) | DataType::Float64 => CastType::Double,
            DataType::Varchar(None) | DataType::Text | DataType::String(None) => CastType::Text,
            DataType::Timestamp(None, TimezoneInfo::None) | DataType::Datetime(None) => CastType::Timestamp,
            DataType::Date => CastType::Date,
            DataType::Decimal(digits) | DataType::Numeric(digits) => return self.decimal_type(digits, span),
            _ => return self.unsupported(span, &format!("a cast to {data_type} is")),
        })
    }

    fn decimal_type(&mut self, digits: &ExactNumberInfo, span: Span) -> Option<CastType> {
        let (precision, scale) = match digits {
            ExactNumberInfo::PrecisionAndScale(precision, scale) => (*precision, u64::try_from(*scale).ok()),
            ExactNumberInfo::Precision(precision) => (*precision, Some(0)),
            ExactNumberInfo::None => return self.unsupported(span, "a DECIMAL without its digits is"),
        };
        let fitting = scale.filter(|scale| (1..=MAX_PRECISION).contains(&precision) && *scale <= precision);
        match fitting {
            Some(scale) => Some(CastType::Decimal { precision: precision as u8, scale: scale as u8 }),
            None => {
                let problem = Diagnostic::error(Code::InvalidLiteral, span, "there is no such DECIMAL");
                self.report(
                    problem.with_hint("DECIMAL(18, 4) has 18 digits, 4 of them behind the point; 38 is the most"),
                )
            }
        }
    }
}

fn is_already(sql_type: SqlType, to: CastType) -> bool {
    match to {
        CastType::Decimal { .. } => false,
        CastType::Integer { bits } => sql_type == SqlType::Integer && bits == 64,
        other => sql_type == other.sql_type(),
    }
}

/// Whether there is any value of the one type that becomes one of the other.
fn casts(from: SqlType, to: CastType) -> bool {
    let to_number = matches!(to, CastType::Integer { .. } | CastType::Decimal { .. } | CastType::Double);
    match from {
        SqlType::Null | SqlType::Text | SqlType::Variant => true,
        SqlType::Boolean => to_number || to == CastType::Text,
        SqlType::Integer | SqlType::Decimal { .. } | SqlType::Double => {
            to_number || matches!(to, CastType::Text | CastType::Boolean)
        }
        SqlType::Timestamp => matches!(to, CastType::Text | CastType::Date | CastType::Integer { bits: 64 }),
        SqlType::Date => matches!(to, CastType::Text | CastType::Timestamp),
        SqlType::Interval => false,
    }
}
