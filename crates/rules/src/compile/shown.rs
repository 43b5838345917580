//! What EXISTS selects: it does not matter, but it must mean something.

use sqlparser::ast::{self, Select, SelectItem, SelectItemQualifiedWildcardKind};

use crate::compile::grouping::Grouping;
use crate::compile::lower::Lowering;
use crate::compile::scope::{Owner, Place, Scope, folded};

impl Lowering<'_> {
    /// What EXISTS selects does not matter, but it must mean something.
    pub(super) fn shown_columns(&mut self, select: &Select, inner: &Scope<'_>) {
        for item in &select.projection {
            match item {
                SelectItem::UnnamedExpr(shown) | SelectItem::ExprWithAlias { expr: shown, .. } => {
                    // The user is the same, whichever of the rows it is named of.
                    if !matches!(self.owns_user_id(shown, inner), Some(Owner::Here | Owner::Outer(_))) {
                        self.expression(shown, inner);
                    }
                }
                SelectItem::Wildcard(_) => {}
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _)
                    if one_name(name).is_some() =>
                {
                    self.table_in_sight(one_name(name), inner);
                }
                SelectItem::QualifiedWildcard(..) | SelectItem::ExprWithAliases { .. } => {
                    let at = self.tokens.span_at(select.select_token.0.span);
                    self.unsupported::<()>(at, "this form of `*` is");
                }
            }
        }
    }

    fn table_in_sight(&mut self, name: Option<&ast::Ident>, rows: &Scope<'_>) {
        let Some(name) = name.filter(|name| !rows.aliases().contains(&folded(name).as_str())) else { return };
        let span = self.tokens.span_at(name.span);
        self.unknown_alias(&folded(name), span, rows);
    }
}

/// Returns what a SELECT shows of its rows: of each, of each group, or of all of them together.
pub(super) fn shown_rows<'s>(inner: &Scope<'s>, grouping: Option<&'s Grouping<'s>>, select: &Select) -> Scope<'s> {
    match grouping {
        Some(Grouping::None) if select.having.is_none() => *inner,
        Some(Grouping::By(groups)) if !groups.is_whole_user() => inner.at(Place::Grouped(groups)),
        _ => inner.at(Place::Group { filter: &[] }),
    }
}

/// Returns a name that has one part.
fn one_name(name: &ast::ObjectName) -> Option<&ast::Ident> {
    match name.0.as_slice() {
        [ast::ObjectNamePart::Identifier(ident)] => Some(ident),
        _ => None,
    }
}
