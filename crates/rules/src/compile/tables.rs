//! The tables by their names.

use sqlparser::ast::{self, TableFactor};

use crate::compile::lower::Lowering;
use crate::compile::names;
use crate::compile::scope::folded;
use crate::{Code, Diagnostic, Span};

const ONLY_TABLE: &str = "events";
pub(super) const OTHER_TABLES: [&str; 2] = ["users", "segment_members"];

impl Lowering<'_> {
    pub(super) fn table_named(&mut self, table: &TableFactor, span: Span) -> Option<String> {
        let TableFactor::Table { name, alias, .. } = table else {
            return self.unsupported(span, "a derived table is");
        };
        if !is_plain(table) {
            return self.unsupported(span, "this form of FROM is");
        }
        let [ast::ObjectNamePart::Identifier(ident)] = name.0.as_slice() else {
            let message = "tables have no database or schema here";
            return self.report(Diagnostic::error(Code::UnknownTable, span, message));
        };
        let table = folded(ident);
        if table != ONLY_TABLE {
            let at = self.tokens.span_at(ident.span);
            return self.unknown_table(&table, at);
        }
        match alias {
            Some(alias) if !alias.columns.is_empty() || alias.at.is_some() => {
                self.unsupported(span, "renaming columns is")
            }
            Some(alias) => Some(folded(&alias.name)),
            None => Some(table),
        }
    }

    fn unknown_table(&mut self, table: &str, span: Span) -> Option<String> {
        if OTHER_TABLES.contains(&table) {
            return self.unsupported(span, &format!("the table `{table}` as the only one of a derived table is"));
        }
        let problem = Diagnostic::error(Code::UnknownTable, span, format!("there is no table `{table}`"));
        self.report(match names::nearest(table, OTHER_TABLES.into_iter().chain([ONLY_TABLE])) {
            Some(near) => problem.with_hint(format!("did you mean `{near}`?")).with_replacement(near),
            None => problem.with_hint("the table of events is `events`"),
        })
    }
}

/// Whether a table is only its name and alias: no sample, version, hint or partition.
fn is_plain(table: &TableFactor) -> bool {
    match table {
        TableFactor::Table {
            args: None,
            sample: None,
            version: None,
            json_path: None,
            with_ordinality: false,
            with_hints,
            partitions,
            index_hints,
            ..
        } => with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty(),
        _ => false,
    }
}
