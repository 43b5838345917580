//! What is written out: columns and constants.

use super::place::Grammar;
use crate::prove::alphabet::{DAYS, INSTANTS, NUMBERS, TEXT_COLUMNS, TEXTS};
use crate::prove::{Clause, Sort};

impl Grammar<'_> {
    /// A column of the row, or what is nearest to one of this sort.
    pub(super) fn column(&mut self, sort: Sort, qualifier: &str) -> Clause {
        let text = match sort {
            Sort::Number => {
                format!("{qualifier}{}", self.random.pick(&["order_total", "order_total", "order_total", "user_id"]))
            }
            Sort::Time => {
                let name = self.random.pick(&["created_at", "created_at", "created_at", "created_at", "received_at"]);
                format!("{qualifier}{name}")
            }
            Sort::Text if self.random.chance(12) => self.text_of_path(qualifier, "payload"),
            Sort::Text => format!("{qualifier}{}", self.random.pick(&TEXT_COLUMNS).0),
            Sort::Day => {
                let cut = self.random.pick(&["to_date(", "date_trunc('week', ", "date_trunc(month, "]);
                format!("{cut}{qualifier}created_at)")
            }
            Sort::Json => self.path(qualifier, "payload"),
            Sort::Boolean => format!("({qualifier}region = 'CA')"),
        };
        Clause::text(sort, text)
    }

    pub(super) fn constant(&mut self, sort: Sort) -> Clause {
        let text = match sort {
            Sort::Boolean => self.random.pick(&["TRUE", "FALSE", "NULL"]).to_owned(),
            Sort::Number => self.random.pick(&NUMBERS).to_owned(),
            Sort::Time => self.random.pick(&INSTANTS).to_owned(),
            Sort::Day => self.random.pick(&DAYS).to_owned(),
            Sort::Json => self.path("", "payload"),
            Sort::Text if self.random.chance(30) => format!("'{}'", self.random.pick(&TEXTS)),
            Sort::Text => {
                let (_, values) = self.random.pick(&TEXT_COLUMNS);
                format!("'{}'", self.random.pick(values).replace('\\', r"\\"))
            }
        };
        Clause::text(sort, text)
    }
}
