//! Whether the parts of a data directory belong together: none is older than the others, or from elsewhere.
//!
//! Going on with a log that lost records would give new ones their places, and whoever has read the
//! lost ones would pass over the new ones without a word; going on with an older store would give ids
//! of users to other people. So `shoal up` refuses before it starts anything ([`refusal`]). It looks at
//! two things: what the parts have read of each other ([`contents`]), which says what is missing, and
//! the marks that are put on all of them at every start and stop ([`marks`]), which say that something
//! is missing also when nothing shows.

mod contents;
mod marks;
#[cfg(test)]
mod model;
mod refusal;

pub(crate) use refusal::{Refusal, advice};

use anyhow::Context as _;
use bus::EventLog as _;
use schema::{Mark, Offset, PartitionId, Topic};
use warehouse::Warehouse as _;

use super::{DataDirectory, Parts};
use marks::{Seen, Step, Turn};
use refusal::Names;

/// Refuses parts that do not belong together; marks those that do as started together.
pub(crate) async fn check(parts: &Parts, directory: &DataDirectory) -> anyhow::Result<()> {
    let seen = compare(parts, directory).await?;
    mark(parts, &seen, Turn::Start).await
}

/// Refuses parts that do not belong together, and writes nothing.
pub(crate) async fn require(parts: &Parts, directory: &DataDirectory) -> anyhow::Result<()> {
    compare(parts, directory).await.map(drop)
}

async fn compare(parts: &Parts, directory: &DataDirectory) -> anyhow::Result<Seen> {
    let names = Names::new(parts, directory);
    let seen = see(parts).await?;
    marks::check_installation(&seen, &names)?;
    // How far a history of another copy goes says nothing of the log.
    marks::check_history(&seen, &names)?;
    // Before the other marks, because it can tell what is missing.
    contents::check(parts, directory, &names).await.map_err(|error| explain_unmarked(error, &seen, &names))?;
    marks::check(&seen, &names)?;
    Ok(seen)
}

/// Marks parts as stopped together: then a copy that was made while they ran is known as such.
pub(crate) async fn seal(parts: &Parts, directory: &DataDirectory) -> anyhow::Result<()> {
    let names = Names::new(parts, directory);
    let seen = see(parts).await?;
    marks::check_installation(&seen, &names)?;
    marks::check(&seen, &names)?;
    mark(parts, &seen, Turn::Stop).await
}

/// Tells an import that was interrupted from a store that was lost, as far as that can be told.
fn explain_unmarked(error: anyhow::Error, seen: &Seen, names: &Names) -> anyhow::Error {
    let is_unmarked = seen.store.is_none() && seen.log.is_none() && seen.history.is_none();
    match error.downcast::<Refusal>() {
        Ok(Refusal::TooOld { older, newer, evidence }) if is_unmarked && older == names.store => {
            Refusal::NeverStarted { store: older, log: newer, evidence }.into()
        }
        Ok(refusal) => refusal.into(),
        Err(error) => error,
    }
}

async fn see(parts: &Parts) -> anyhow::Result<Seen> {
    let mut ends = Vec::new();
    for partition in (0..parts.log.partitions()).map(PartitionId) {
        ends.push(end_of(parts, partition).await?);
    }
    Ok(Seen {
        store: parts.store.lineage().await.context("asking which installation the store belongs to")?,
        log: parts.log.lineage().context("asking which installation the log belongs to")?,
        history: parts.warehouse.lineage().await.context("asking which installation the history belongs to")?,
        written: parts.warehouse.positions().await.context("asking how far the history is")?,
        ends,
    })
}

async fn end_of(parts: &Parts, partition: PartitionId) -> anyhow::Result<Offset> {
    Ok(parts.log.range(Topic::Events, partition).await.context("asking where the log ends")?.end)
}

/// Takes the steps one after the other, each durable before the next.
async fn mark(parts: &Parts, seen: &Seen, turn: Turn) -> anyhow::Result<()> {
    for step in marks::steps(seen, Mark::draw(), turn) {
        match step {
            Step::Store(lineage) => parts.store.set_lineage(&lineage).await.context("marking the store")?,
            Step::Log(lineage) => parts.log.set_lineage(&lineage).context("marking the log")?,
            Step::History(lineage) => parts.warehouse.set_lineage(lineage).await.context("marking the history")?,
        }
    }
    Ok(())
}
