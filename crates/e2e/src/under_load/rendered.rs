//! Who is in a segment by its SQL on Databend: at a switch, of the events before it, and at the end.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use schema::{Timestamp, UserId};
use warehouse::databend::{Databend, DatabendOptions};

use super::switches::Switch;

/// The members of a segment just before a switch or just after it.
pub(super) type Members = BTreeSet<UserId>;

/// Databend, and where the history is on it.
pub(super) struct Oracle {
    options: DatabendOptions,
    databend: Databend,
    /// The name of the database with the history.
    history: String,
    asked: u32,
}

impl Oracle {
    /// Asks the database that `url` names.
    pub(super) fn new(url: &str) -> anyhow::Result<Self> {
        let options = DatabendOptions::parse(url)?;
        let history = options.place().rsplit('/').next().unwrap_or_default().to_owned();
        Ok(Self { databend: Databend::new(options.clone())?, options, history, asked: 0 })
    }

    /// Counts the rows of a table or a view.
    pub(super) async fn count(&self, of: &str) -> anyhow::Result<u64> {
        let counted = self.databend.query(&format!("SELECT count(*) FROM {of}")).await?;
        let cell = counted.rows.first().and_then(|row| row.first()?.as_deref());
        cell.context("no count")?.parse().context("reading a count")
    }

    /// Returns who is in the segment of that clause at `now`, by all events there are.
    pub(super) async fn members(&self, clause: &str, now: Timestamp) -> anyhow::Result<Members> {
        members(&self.databend, clause, now).await
    }

    /// Returns who is in the segment of each clause at the switch, by the events before it.
    pub(super) async fn members_at<const N: usize>(
        &mut self,
        switches: &BTreeMap<u16, Switch>,
        clauses: [&str; N],
    ) -> anyhow::Result<[Members; N]> {
        let mut found = [const { Members::new() }; N];
        for (partition, switch) in switches {
            let at_switch = self.before(*partition, switch.next_offset).await?;
            for (found, clause) in found.iter_mut().zip(clauses) {
                found.append(&mut members(&at_switch, clause, switch.now).await?);
            }
        }
        Ok(found)
    }

    /// Makes a database whose `events` are those of a partition before an offset, by the views' own words.
    async fn before(&mut self, partition: u16, next_offset: u64) -> anyhow::Result<Databend> {
        self.asked += 1;
        let (history, name) = (&self.history, format!("{}_at_{}", self.history, self.asked));
        self.databend.execute(&format!("CREATE DATABASE {name}")).await?;
        let view = format!(
            "CREATE VIEW {name}.events AS
             SELECT event_id, user_id, activity_type, region, country, device_type, url, element_id, order_id,
                 order_total, created_at, received_at, payload
             FROM (SELECT r.*, row_number() OVER (PARTITION BY log_offset ORDER BY user_id) AS copy
                   FROM {history}.event_rows AS r
                   WHERE log_partition = {partition} AND log_offset < {next_offset}) AS copies
             WHERE copy = 1"
        );
        self.databend.execute(&view).await?;
        Ok(Databend::new(self.options.in_database(&name))?)
    }
}

async fn members(databend: &Databend, clause: &str, now: Timestamp) -> anyhow::Result<Members> {
    let rule = rules::compile(clause).rule.with_context(|| format!("`{clause}` does not compile"))?;
    let sql = rules::render::databend(&rule, now);
    Ok(databend.user_ids(&sql).await.with_context(|| format!("asking Databend: {sql}"))?.into_iter().collect())
}
