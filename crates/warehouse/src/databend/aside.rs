//! What Databend refuses becomes a dead letter, and `errors` has word of it, before the position passes it.
//!
//! The log and Databend have no common commit. So the letter comes first: a writer that dies in between loads the
//! batch again, is refused again, and finds its own letter at the end of the topic, by the place of the record.
//! Two writers of the same stretch may both find none; then there are two letters about one record, never none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bus::{BusError, DeadLetter, EventLog, LetterHead};
use bytes::Bytes;
use schema::{ErrorType, Offset, PartitionId, Topic};

use super::loading::Refused;
use super::metrics;

/// The reason of the letters, as a stable label.
const REASON: &str = "refused_by_warehouse";
/// In how many of a partition's last letters one's own is looked for.
const LOOKED_THROUGH: u64 = 10_000;
/// How many letters are read at once.
const LETTERS_AT_ONCE: usize = 1_000;

/// Where what is refused is told; nowhere when nobody gave a log.
pub(super) struct Aside(pub(super) Option<Arc<dyn EventLog>>);

impl Aside {
    /// Tells of rows; durable when it returns. Of those that were told of already it says nothing.
    pub(super) async fn tell(&self, refused: &[Refused]) -> Result<(), BusError> {
        let Some(log) = &self.0 else {
            metrics::refused(refused.len());
            return Ok(());
        };
        let mut by_partition: BTreeMap<PartitionId, Vec<&Refused>> = BTreeMap::new();
        for row in refused {
            by_partition.entry(row.at.partition).or_default().push(row);
        }
        for (partition, mut rows) in by_partition {
            let told = told(log.as_ref(), partition).await?;
            rows.retain(|row| !told.contains(&row.at.offset));
            put(log.as_ref(), &rows).await?;
            metrics::refused(rows.len());
        }
        Ok(())
    }
}

/// Returns of which records of a partition there is a letter.
async fn told(log: &dyn EventLog, partition: PartitionId) -> Result<BTreeSet<Offset>, BusError> {
    let range = log.range(Topic::DeadLetters, partition).await?;
    let (mut next, mut told) = (range.start.max(range.end.saturating_sub(LOOKED_THROUGH)), BTreeSet::new());
    while next < range.end {
        let records = log.read(Topic::DeadLetters, partition, next, LETTERS_AT_ONCE).await?;
        let Some(last) = records.last() else { break };
        next = last.offset + 1;
        let heads = records.iter().filter_map(LetterHead::of);
        told.extend(heads.filter(|head| head.reason == REASON).map(|head| head.offset));
    }
    Ok(told)
}

/// The letters come last: where there is one, everything was said.
async fn put(log: &dyn EventLog, rows: &[&Refused]) -> Result<(), BusError> {
    let (mut letters, mut errors) = (Vec::new(), Vec::new());
    for row in rows {
        let letter = letter(log, row).await?;
        let detail = format!("Databend does not take it into {}: {}", row.table, row.reason);
        errors.push(letter.error_record(ErrorType::IngestEventError, &detail));
        letters.push(letter);
    }
    log.append_errors(errors).await?;
    match log.append_dead_letters(letters.clone()).await {
        // Then without the messages: they are in the log, and the rows in `refused_rows`.
        Err(BusError::TooLarge { .. }) => {
            letters.iter_mut().for_each(|letter| letter.value = Bytes::new());
            log.append_dead_letters(letters).await
        }
        appended => appended,
    }
}

async fn letter(log: &dyn EventLog, row: &Refused) -> Result<DeadLetter, BusError> {
    let Refused { at, user_id, .. } = *row;
    let found = match log.read(Topic::Events, at.partition, at.offset, 1).await {
        Ok(records) => records.into_iter().find(|record| record.offset == at.offset),
        // Removed meanwhile; `refused_rows` has what it said.
        Err(BusError::Trimmed { .. }) => None,
        Err(error) => return Err(error),
    };
    let value = found.map_or_else(Bytes::new, |record| record.value);
    Ok(DeadLetter { user_id, partition: at.partition, offset: at.offset, reason: REASON, value })
}
