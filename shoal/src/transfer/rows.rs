//! The rows of the store, page by page, and what tells two sets of them apart.

use anyhow::Context as _;
use serde::Serialize;
use store::transfer::{Cell, Row, StoreReading, Table};
use xxhash_rust::xxh3::xxh3_128;

/// Rows of one statement.
pub(super) const PAGE: u32 = 1_000;

/// Reads a table row by row, a page at a time.
pub(super) async fn for_each_row(
    reading: &mut dyn StoreReading,
    table: Table,
    mut visit: impl FnMut(&Row) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut after: Option<Row> = None;
    loop {
        let rows = reading.rows(table, after.as_ref(), PAGE).await;
        let rows = rows.with_context(|| format!("reading the table {}", table.as_str()))?;
        rows.iter().try_for_each(&mut visit)?;
        match rows.into_iter().next_back() {
            Some(last) => after = Some(last),
            None => return Ok(()),
        }
    }
}

/// How many there are, and the sum of their hashes: equal for equal sets, in whatever order they are seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Sum {
    count: u64,
    hash: u128,
}

impl Sum {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.count += 1;
        self.hash = self.hash.wrapping_add(xxh3_128(bytes));
    }

    pub(super) fn add_value(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        self.add(&serde_json::to_vec(value).context("encoding a value")?);
        Ok(())
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }
}

/// A row without what says where something lies in the log: that differs between installations.
pub(super) fn without_places(table: Table, row: &Row) -> Row {
    let is_place = |index: usize| {
        table == Table::UserDeletions
            && table.columns().get(index).is_some_and(|(name, _)| ["log_partition", "log_offset"].contains(name))
    };
    row.iter().enumerate().map(|(index, cell)| if is_place(index) { Cell::Null } else { cell.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_tells_sets_apart_and_not_orders() {
        let sum = |values: &[&str]| {
            let mut sum = Sum::default();
            values.iter().for_each(|value| sum.add(value.as_bytes()));
            sum
        };
        assert_eq!(sum(&["a", "b"]), sum(&["b", "a"]));
        assert_ne!(sum(&["a", "b"]), sum(&["a", "c"]));
        assert_ne!(sum(&["a"]), sum(&["a", "a"]));
    }
}
