//! Moving a whole store: the statements are made from what [`Table`] says.

use std::collections::BTreeMap;

use async_trait::async_trait;
use schema::{Offset, PartitionId};
use sqlx::{QueryBuilder, Row as _, Transaction};

use super::{Backend, Connection, Database, WriteTransaction};
use super::{projection, sequences};
use crate::StoreError;
use crate::sql_error::damaged;
use crate::transfer::{Cell, ColumnKind, NewPlaces, Row, StoreFilling, StoreReading, StoreTransfer, Table};

/// With eleven columns at most, far below the 32,766 parameters that SQLite takes.
const ROWS_PER_STATEMENT: usize = 1_000;

#[async_trait]
impl StoreTransfer for Backend {
    async fn begin_reading(&self) -> Result<Box<dyn StoreReading + '_>, StoreError> {
        let mut transaction = self.begin_long_snapshot().await?;
        // The instant is that of the first statement that reads.
        let projected = projection::select_positions(&mut transaction).await?;
        Ok(Box::new(Reading { transaction, projected }))
    }

    async fn begin_filling(&self) -> Result<Option<Box<dyn StoreFilling + '_>>, StoreError> {
        // Nothing is projected meanwhile, and it may take as long as it takes.
        let mut transaction = self.begin_recount().await?;
        let is_empty = is_empty(transaction.connection()).await?;
        Ok(is_empty.then(|| Box::new(Filling(transaction)) as Box<dyn StoreFilling>))
    }
}

struct Reading<'a> {
    transaction: Transaction<'a, Database>,
    projected: BTreeMap<PartitionId, Offset>,
}

#[async_trait]
impl StoreReading for Reading<'_> {
    async fn rows(&mut self, table: Table, after: Option<&Row>, limit: u32) -> Result<Vec<Row>, StoreError> {
        let mut query = page(table, after, limit);
        let rows = query.build().fetch_all(&mut *self.transaction).await?;
        rows.iter().map(|row| read_row(table, row)).collect()
    }

    async fn last_id(&mut self, table: Table) -> Result<i64, StoreError> {
        sequences::last_id(&mut self.transaction, table).await
    }

    async fn projected(&mut self) -> Result<BTreeMap<PartitionId, Offset>, StoreError> {
        Ok(self.projected.clone())
    }
}

struct Filling<'a>(WriteTransaction<'a>);

#[async_trait]
impl StoreFilling for Filling<'_> {
    async fn put(&mut self, table: Table, rows: &[Row]) -> Result<(), StoreError> {
        if let Some(row) = rows.iter().find(|row| row.len() != table.columns().len()) {
            return Err(damaged(&format!("row of {}", table.as_str()), format!("{row:?}")));
        }
        // Its one row is there from the beginning.
        if table == Table::Catalog {
            sqlx::query("DELETE FROM catalog").execute(self.0.connection()).await?;
        }
        for some in rows.chunks(ROWS_PER_STATEMENT) {
            insertion(table, some).build().execute(self.0.connection()).await?;
        }
        Ok(())
    }

    async fn set_last_id(&mut self, table: Table, last_id: i64) -> Result<(), StoreError> {
        sequences::set_last_id(self.0.connection(), table, last_id).await
    }

    async fn finish(mut self: Box<Self>, places: &NewPlaces) -> Result<(), StoreError> {
        let connection = self.0.connection();
        sqlx::query(
            "INSERT INTO segment_sizes (segment_id, user_count) \
             SELECT segment_id, COUNT(*) FROM memberships GROUP BY segment_id",
        )
        .execute(&mut *connection)
        .await?;
        for (partition, next) in &places.projected {
            sqlx::query("INSERT INTO projection_positions (log_partition, next_offset) VALUES ($1, $2)")
                .bind(i64::from(partition.0))
                .bind(next.cast_signed())
                .execute(&mut *connection)
                .await?;
        }
        for (user_id, position) in &places.deletions {
            sqlx::query("UPDATE user_deletions SET log_partition = $2, log_offset = $3 WHERE user_id = $1 AND recorded_at IS NOT NULL")
                .bind(user_id.0)
                .bind(i64::from(position.partition.0))
                .bind(position.offset.cast_signed())
                .execute(&mut *connection)
                .await?;
        }
        self.0.commit().await
    }
}

async fn is_empty(connection: &mut Connection) -> Result<bool, StoreError> {
    for table in Table::ALL {
        let name = table.as_str();
        let mut query = QueryBuilder::<Database>::new("SELECT COUNT(*) FROM (SELECT 1 FROM ");
        query.push(name);
        if table == Table::Catalog {
            query.push(" WHERE generation <> 0");
        }
        query.push(" LIMIT 1) AS found");
        let found: i64 = query.build_query_scalar().fetch_one(&mut *connection).await?;
        if found > 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

fn page(table: Table, after: Option<&Row>, limit: u32) -> QueryBuilder<Database> {
    let keys: Vec<&str> = table.columns().iter().take(table.key_length()).map(|(name, _)| *name).collect();
    let keys = keys.join(", ");
    let mut query = QueryBuilder::new("SELECT ");
    let mut columns = query.separated(", ");
    for (name, kind) in table.columns() {
        match kind {
            ColumnKind::Summed => columns.push(format_args!("CAST(SUM({name}) AS BIGINT)")),
            _ => columns.push(name),
        };
    }
    query.push(format_args!(" FROM {}", table.as_str()));
    if let Some(after) = after {
        query.push(format_args!(" WHERE ({keys}) > ("));
        let mut values = query.separated(", ");
        for (cell, (_, kind)) in after.iter().zip(table.columns()).take(table.key_length()) {
            bind(&mut values, *kind, cell);
        }
        query.push(")");
    }
    if table.columns().iter().any(|(_, kind)| *kind == ColumnKind::Summed) {
        query.push(format_args!(" GROUP BY {keys}"));
    }
    query.push(format_args!(" ORDER BY {keys} LIMIT ")).push_bind(i64::from(limit));
    query
}

fn insertion(table: Table, rows: &[Row]) -> QueryBuilder<Database> {
    let names: Vec<&str> = table.columns().iter().map(|(name, _)| *name).collect();
    let mut query = QueryBuilder::new("INSERT INTO ");
    query.push(format_args!("{} ({}) ", table.as_str(), names.join(", ")));
    query.push_values(rows, |mut values, row| {
        for (cell, (_, kind)) in row.iter().zip(table.columns()) {
            bind(&mut values, *kind, cell);
        }
    });
    query
}

type Values<'q, 'a> = sqlx::query_builder::Separated<'q, Database, &'a str>;

/// A value of another kind is bound as nothing: the column refuses it, or nothing may stand there.
fn bind(values: &mut Values<'_, '_>, kind: ColumnKind, cell: &Cell) {
    match kind {
        ColumnKind::Integer | ColumnKind::Summed => values.push_bind(match cell {
            Cell::Integer(number) => Some(*number),
            _ => None,
        }),
        ColumnKind::Text => values.push_bind(match cell {
            Cell::Text(text) => Some(text.clone()),
            _ => None,
        }),
        ColumnKind::Truth => values.push_bind(match cell {
            Cell::Truth(truth) => Some(*truth),
            _ => None,
        }),
    };
}

fn read_row(table: Table, row: &<Database as sqlx::Database>::Row) -> Result<Row, StoreError> {
    let cell = |(index, (_, kind)): (usize, &(&str, ColumnKind))| -> Result<Cell, StoreError> {
        Ok(match kind {
            ColumnKind::Integer | ColumnKind::Summed => {
                row.try_get::<Option<i64>, _>(index)?.map_or(Cell::Null, Cell::Integer)
            }
            ColumnKind::Text => row.try_get::<Option<String>, _>(index)?.map_or(Cell::Null, Cell::Text),
            ColumnKind::Truth => row.try_get::<Option<bool>, _>(index)?.map_or(Cell::Null, Cell::Truth),
        })
    };
    table.columns().iter().enumerate().map(cell).collect()
}
