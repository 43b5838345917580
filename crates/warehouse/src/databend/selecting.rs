//! Asks which users a query selects, over the events before given positions.
//!
//! One statement, so that everything in it is of the same rows: the tables that a clause can see stand in it under
//! their names, up to the positions, before the views of these names do. What comes back is numbers and a few users,
//! however many are selected.

use schema::UserId;

use super::{Databend, DatabendError, cells};
use crate::history::{SelectedUsers, Selection, Selections};

/// The query of nobody.
const NOBODY: &str = "SELECT to_int64(0) AS user_id WHERE FALSE";

/// Asks; `None` when Databend refuses the queries, or takes longer than it may.
pub(super) async fn select(databend: &Databend, selection: &Selection) -> Result<Option<Selections>, DatabendError> {
    let found = match databend.query(&statement(selection)).await {
        Err(error @ DatabendError::Refused { .. }) => {
            tracing::warn!(%error, "users are not selected by databend itself");
            return Ok(None);
        }
        found => found?,
    };
    let mut selections = Selections::default();
    for row in &found.rows {
        let [is_asked, is_other] = [cells::number(row, 0)? == 1, cells::number(row, 1)? == 1];
        let user_id = UserId(cells::value(row, 4)?);
        match selections.users.iter_mut().find(|known| (known.is_asked, known.is_other) == (is_asked, is_other)) {
            Some(known) => known.named.push(user_id),
            None => {
                let size = cells::number(row, 2)?;
                selections.events += cells::number(row, 3)?;
                selections.users.push(SelectedUsers { is_asked, is_other, size, named: vec![user_id] });
            }
        }
    }
    Ok(Some(selections))
}

fn statement(selection: &Selection) -> String {
    let Selection { positions, asked, other, named, timeout } = selection;
    let positions = (0..).zip(positions).map(|(partition, next): (u16, _)| format!("({partition}, {next})"));
    let positions = positions.collect::<Vec<_>>().join(", ");
    let other = other.as_deref().unwrap_or(NOBODY);
    // Also when nobody is to be named, a row of each kind says how many there are.
    let (named, seconds) = (named.max(&1), timeout.as_secs().max(1));
    let kind = "PARTITION BY a.user_id IS NOT NULL, o.user_id IS NOT NULL";
    format!(
        "SETTINGS (max_execute_time_in_seconds = {seconds})
         WITH positions AS (SELECT * FROM (VALUES {positions}) AS v(log_partition, next_offset)),
         deleted AS (
             SELECT DISTINCT d.user_id FROM deletion_rows AS d
             JOIN positions AS p ON p.log_partition = d.log_partition AND d.log_offset < p.next_offset
         ),
         events AS (
             SELECT event_id, user_id, activity_type, region, country, device_type, url, element_id, order_id,
                 order_total, created_at, received_at, payload
             FROM (
                 SELECT r.*, row_number() OVER (PARTITION BY r.log_partition, r.log_offset ORDER BY r.user_id) AS copy
                 FROM event_rows AS r
                 JOIN positions AS p ON p.log_partition = r.log_partition AND r.log_offset < p.next_offset
                 WHERE r.user_id NOT IN (SELECT user_id FROM deleted)
             ) AS copies
             WHERE copy = 1
         ),
         users AS (
             SELECT user_id, created_at, traits
             FROM (
                 SELECT r.user_id, r.created_at, r.traits,
                     row_number() OVER (PARTITION BY r.user_id ORDER BY r.log_offset DESC) AS age
                 FROM trait_rows AS r
                 JOIN positions AS p ON p.log_partition = r.log_partition AND r.log_offset < p.next_offset
                 WHERE r.user_id NOT IN (SELECT user_id FROM deleted)
             ) AS ages
             WHERE age = 1
         )
         SELECT is_asked, is_other, size, events, user_id
         FROM (
             SELECT e.user_id AS user_id, a.user_id IS NOT NULL AS is_asked, o.user_id IS NOT NULL AS is_other,
                 count(*) OVER ({kind}) AS size, sum(e.number) OVER ({kind}) AS events,
                 row_number() OVER ({kind} ORDER BY xxhash64(CAST(e.user_id AS VARCHAR)), e.user_id) AS place
             FROM (SELECT user_id, count(*) AS number FROM events GROUP BY user_id) AS e
             LEFT JOIN ({asked}) AS a ON a.user_id = e.user_id
             LEFT JOIN ({other}) AS o ON o.user_id = e.user_id
         ) AS decided
         WHERE place <= {named} ORDER BY is_asked, is_other, place"
    )
}
