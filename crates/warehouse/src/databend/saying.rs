//! Reads what was said of a partition's users, by stretches of users.

use schema::{Offset, PartitionId, StandingTraits, UserId};

use super::cells::{self, Row};
use super::draft::standing_of;
use super::{Databend, DatabendError};
use crate::PartitionTraits;

/// How many users' traits are read at once: a trait may have kilobytes.
const TRAIT_ROWS: usize = 8_192;

/// What stands of some users.
type Standing = Vec<(UserId, StandingTraits)>;

/// Reads it of everybody.
///
/// The position is asked for first: all rows before it are there, whatever is loaded meanwhile.
pub(super) async fn partition_traits(
    databend: &Databend,
    partition: PartitionId,
) -> Result<PartitionTraits, DatabendError> {
    let position = databend.query(&position_of(partition)).await?.rows;
    let before: Offset = cells::number(&position.into_iter().next().unwrap_or_default(), 0)?;
    let (mut users, mut after) = (Standing::new(), None);
    loop {
        let found = read(databend, partition, &before.to_string(), after, TRAIT_ROWS).await?;
        let is_last = found.len() < TRAIT_ROWS;
        users.extend(found);
        if is_last {
            return Ok(PartitionTraits { before, users });
        }
        after = users.last().map(|(user_id, _)| *user_id);
    }
}

/// Reads it of at most `max_users` behind `after`, ascending by user, by one question.
pub(super) async fn traits_page(
    databend: &Databend,
    partition: PartitionId,
    after: Option<UserId>,
    max_users: usize,
) -> Result<Standing, DatabendError> {
    let before = format!("({})", position_of(partition));
    read(databend, partition, &before, after, max_users.min(TRAIT_ROWS)).await
}

fn position_of(partition: PartitionId) -> String {
    format!("SELECT max(next_offset) FROM log_positions WHERE log_partition = {partition}")
}

async fn read(
    databend: &Databend,
    partition: PartitionId,
    before: &str,
    after: Option<UserId>,
    limit: usize,
) -> Result<Standing, DatabendError> {
    let behind = after.map_or_else(String::new, |UserId(user_id)| format!("AND user_id > {user_id}"));
    let sql = format!(
        "SELECT user_id, arg_max(standing, log_offset) FROM trait_rows
         WHERE log_partition = {partition} AND log_offset < {before} {behind}
         AND user_id NOT IN (SELECT user_id FROM deleted_users)
         GROUP BY user_id ORDER BY user_id LIMIT {limit}"
    );
    let read = |row: &dyn Row| Ok((UserId(cells::integer(row, 0)?), standing_of(cells::text(row, 1)?)?));
    databend.read_each(&sql, read).await
}
