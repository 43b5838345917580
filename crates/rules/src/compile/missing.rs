//! What a condition is of the row around where the joined row of a LEFT JOIN is missing.

use crate::plan::{map_aggregate, map_children};
use crate::{CastType, Column, Expr, ExprKind, SqlType, Value};

/// Whether anything but a test is made of the row's columns.
pub(super) fn computes(condition: &Expr) -> bool {
    let computed = matches!(
        condition.kind,
        ExprKind::Function { .. } | ExprKind::Case { .. } | ExprKind::Arithmetic { .. } | ExprKind::Negate(_)
    );
    computed && condition.reads_events() || condition.children().into_iter().any(computes)
}

/// Whether it names the payload of the row, inside of aggregates too.
pub(super) fn names_payload(condition: &Expr) -> bool {
    names_payload_of(condition, 0)
}

fn names_payload_of(part: &Expr, inside: usize) -> bool {
    match &part.kind {
        ExprKind::Column(column) => inside == 0 && *column == Column::Payload,
        ExprKind::Outer { distance, column } => *distance == inside && *column == Column::Payload,
        ExprKind::Aggregate(aggregate) => aggregate.children().any(|child| names_payload_of(child, inside + 1)),
        _ => part.children().into_iter().any(|child| names_payload_of(child, inside)),
    }
}

/// Returns the condition as it is of the row around, where the joined row is missing. A NULL that is
/// computed with keeps the type of its column.
pub(super) fn without_row(condition: &Expr, inside: usize, typed: bool) -> Expr {
    let missing = |column: Column| {
        let sql_type = if typed { column.sql_type() } else { SqlType::Null };
        let null = Expr { kind: ExprKind::Literal(Value::Null), sql_type: SqlType::Null, span: condition.span };
        match null_type(sql_type) {
            Some(to) => Expr { kind: ExprKind::Cast { value: Box::new(null), to }, sql_type, span: condition.span },
            None => null,
        }
    };
    let kind = match &condition.kind {
        ExprKind::Column(Column::UserId) if inside > 0 => return condition.clone(),
        ExprKind::Column(column) if inside == 0 => return missing(*column),
        ExprKind::Outer { distance, column } if *distance == inside => return missing(*column),
        ExprKind::Outer { distance: 1, column } if inside == 0 => ExprKind::Column(*column),
        ExprKind::Outer { distance, column } if *distance > inside => {
            ExprKind::Outer { distance: distance - 1, column: *column }
        }
        ExprKind::Aggregate(aggregate) => {
            ExprKind::Aggregate(Box::new(map_aggregate(aggregate, &mut |part| without_row(part, inside + 1, typed))))
        }
        _ => return map_children(condition, &mut |part| without_row(part, inside, typed)),
    };
    Expr { kind, sql_type: condition.sql_type, span: condition.span }
}

const fn null_type(sql_type: SqlType) -> Option<CastType> {
    match sql_type {
        SqlType::Boolean => Some(CastType::Boolean),
        SqlType::Integer => Some(CastType::Integer { bits: 64 }),
        SqlType::Decimal { scale } => Some(CastType::Decimal { precision: 38, scale }),
        SqlType::Double => Some(CastType::Double),
        SqlType::Text => Some(CastType::Text),
        SqlType::Timestamp => Some(CastType::Timestamp),
        SqlType::Date => Some(CastType::Date),
        SqlType::Null | SqlType::Interval | SqlType::Variant => None,
    }
}
